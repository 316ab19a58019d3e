"""Recursive dynamics: a path of equilibria, year by year, joined by capital, labour and productivity.

    result = run_paths("union", "wto-alone")
    result.frame().query("region == 'KAZ' and variable == 'welfare'")

A *baseline* reproduces the growth of real GDP it is given: in each year and region productivity is what it
must be for that. Every other path has the baseline's productivity, labour force and foreign savings, its own
policies, and from its first difference on its own capital. All are solved on one compiled system; a year starts from
the baseline's solution of the same year, moved by what the path differed the year before, so that a path with the
baseline's policies needs no step and differs by nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from numpy.typing import NDArray

from ..calibration.benchmark import Benchmark
from ..model.blocks.factors import CAPITAL
from ..model.blocks.growth import LABOUR_AUGMENTING
from ..model.checks import REPLICATION, WALRAS, ReplicationError
from ..model.closures import Closure
from ..model.engine import EngineError, SolvedPoint, SolveRecord, compile_model, solve_system
from ..model.growth import build_growing_economy, hold_gdp
from ..model.instruments import Policy, apply_policy
from ..model.results import Solution
from .accumulation import USUAL_RULES, Accumulation, Capital, CapitalRules
from .columns import Columns
from .doing import Doing, Tell
from .growth import Growth
from .wage_gaps import BARRIER, WageGaps

Array = NDArray[np.float64]
CLOSURE = "savings-driven"
"""Household and government save as in the base year, government consumption and savings grow with the baseline's
GDP, investment is what is saved, foreign savings are a fixed share of the baseline's GDP."""
GROWING = {
    "labour_force": "labour_force",
    "population": "population",
    "factor_use": "resources",
    "endowment": "resources",
    "government_consumption": "real_gdp",
    "investment": "real_gdp",
    "government_savings": "real_gdp",
    "real_transfer": "real_gdp",
    "foreign_savings": "real_gdp",
}
"""Exogenous variable -> which growth it follows, where the closure fixes it. Of the stocks of factors these are land
and natural resources; capital accumulates and labour has its own."""


@dataclass(frozen=True)
class YearCheck:
    """How a year was solved: Newton steps, largest relative residual, excess demand of the dropped market."""

    year: int
    iterations: int
    residual: float
    walras: float
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether residual and Walras' law are within the tolerances of every solve."""
        return self.residual <= REPLICATION and abs(self.walras) <= WALRAS


@dataclass(frozen=True)
class SolvedPath:
    """The equilibria of one path: values of all variables, by year (rows), and the checks of each year."""

    name: str
    years: tuple[int, ...]
    values: Array = field(repr=False)
    weights: pd.DataFrame = field(repr=False)
    checks: tuple[YearCheck, ...] = field(repr=False)
    stocks: tuple[Capital, ...] = field(repr=False)
    """Capital at the start of each year and of the year after the last."""
    wage_ratios: Array = field(repr=False)
    """See `wage_gaps`."""
    given_gdp: tuple[str, ...]
    """Regions whose real GDP is given and whose productivity follows: all in a baseline, none in most other paths."""
    economy: DynamicEconomy = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether every year passed its checks."""
        return all(check.passed for check in self.checks)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A variable by year (rows) and member (columns)."""
        columns = self.economy.columns
        keys = columns.index(name)
        plain = len(keys[0]) < 2
        labels = pd.Index([k[0] if k else name for k in keys]) if plain else pd.MultiIndex.from_tuples(keys)
        index = pd.Index(self.years, name="year")
        return pd.DataFrame(self.values[:, columns.of(name)], index=index, columns=labels)

    def solution(self, year: int, members: Sequence[str] = ()) -> Solution:
        """One year as a solution of the static model: SAM, trade, indicators, all relative to the benchmark.

        Raises:
            KeyError: the year is not one of the path.
        """
        if year not in self.years:
            raise KeyError(
                f"{self.name} has no year {year}; it runs from {self.years[0]} to {self.years[-1]}"
            )
        return self.economy.solution(self.values[self.years.index(year)], self.given_gdp, members)


@dataclass(frozen=True)
class _Course:
    """What a path is solved with; ``real_gdp`` holds the regions whose real GDP is given, by year."""

    name: str
    weights: pd.DataFrame
    policies: Mapping[str, Array]
    baseline: SolvedPath | None
    real_gdp: pd.DataFrame
    hold_capital: bool = False


class DynamicEconomy:
    """An economy with the block ``growth``, compiled once; paths are solved on it."""

    def __init__(
        self,
        benchmark: Benchmark,
        growth: Growth,
        closure: str | Closure = CLOSURE,
        bias: str = LABOUR_AUGMENTING,
        rules: CapitalRules = USUAL_RULES,
        tell: Tell = lambda line: None,
    ):
        """Build, compile and replicate.

        Args:
            benchmark: the base year.
            growth: what grows, and the base year's capital.
            closure: of every year; it decides on investment and on whether capital moves (see `accumulation`).
            bias: of technical progress, see `eacu.model.growth`.
            rules: how capital is put in place and divided, see `accumulation`.
            tell: is called with each line of progress.

        Raises:
            ClosureError: the closure or bias cannot be used.
            ReplicationError: the model does not reproduce its benchmark.
        """
        self.benchmark, self.growth, self.tell = benchmark, growth, tell
        began = time.perf_counter()
        self.model = build_growing_economy(benchmark, closure, bias)
        self.system = compile_model(self.model)
        self.columns = Columns(self.system)
        self.start = self._replicate()
        self._labour = {f for f, _ in self.columns.index("labour_force")}
        self.gaps = WageGaps(self.model, self.columns)
        self.capital = Accumulation(benchmark, growth, self.columns, rules)
        tell(
            f"model: {self.system.n_equations:,} equations, closure {self.model.closure.name}, built and "
            f"replicated in {time.perf_counter() - began:.1f} s"
        )

    def _replicate(self) -> Array:
        record = solve_system(self.system)
        if record.iterations or record.max_residual > REPLICATION:
            raise ReplicationError(f"The model does not reproduce its benchmark: {record}.")
        return self.system.values.copy()

    def policies(self, policies: Mapping[str, Policy]) -> dict[str, Array]:
        """Values of all exogenous variables under each policy, the rest as in the benchmark.

        Raises:
            InstrumentError: a value is not admissible, or the closure determines what a policy sets.
        """
        return {name: self._values_of(policy) for name, policy in policies.items()}

    def _values_of(self, policy: Policy) -> Array:
        self._set_model(self.start, given_gdp=())
        apply_policy(self.model, policy)
        self.system.refresh()
        values = np.where(self.columns.fixed, self.system.values, self.start)
        if BARRIER not in policy.settings:
            self.gaps.close(values)
        return values

    def baseline(self, name: str, weights: pd.DataFrame, policies: Mapping[str, Array]) -> SolvedPath:
        """Solve a path in which real GDP is given and productivity follows.

        Args:
            name: of the path.
            weights: weight of each policy (columns) in each year (rows), see `PolicyPath.table`.
            policies: from :meth:`policies`.

        Raises:
            ConvergenceError: a year has no solution; a note names it.
        """
        return self._run(_Course(name, weights, policies, None, self.growth.real_gdp))

    def path(
        self,
        name: str,
        weights: pd.DataFrame,
        policies: Mapping[str, Array],
        baseline: SolvedPath,
        hold_capital: bool = False,
        real_gdp: pd.DataFrame | None = None,
    ) -> SolvedPath:
        """Solve a path with the baseline's productivity.

        Args:
            name, weights, policies: as for :meth:`baseline`.
            baseline: whose productivity the path has.
            hold_capital: give it the baseline's stocks of capital, too. What a path does beyond one with held capital
                is what accumulation adds.
            real_gdp: real GDP by year (rows) of some regions (columns), base year = 1. It is reached whatever
                productivity these regions need for it; the others keep the baseline's.

        Raises:
            ConvergenceError: as :meth:`baseline` does.
        """
        nothing = pd.DataFrame(index=pd.Index(self.growth.years, name="year"))
        given = nothing if real_gdp is None else real_gdp
        return self._run(_Course(name, weights, policies, baseline, given, hold_capital))

    def _run(self, course: _Course) -> SolvedPath:
        regions = tuple(map(str, course.real_gdp.columns))
        self._set_model(self.start, regions)
        stocks = [self.capital.start()]
        solved: list[Array] = []
        ratios: list[Array] = []
        checks: list[YearCheck] = []
        for n, year in enumerate(self.growth.years):
            began = time.perf_counter()
            self.tell(Doing(f"{course.name}: year {year}"))
            record = self._solve_year(course, n, solved, stocks[n])
            solved.append(self.system.values.copy())
            self._write(solved[-1])
            excess = float(pyo.value(self.model.walras))
            ratios.append(self.gaps.ratios())
            seconds = time.perf_counter() - began
            checks.append(YearCheck(year, record.iterations, record.max_residual, excess, seconds))
            stocks.append(self._next_stock(course, n, solved[-1], stocks[n]))
        total = sum(check.seconds for check in checks)
        steps = sum(check.iterations for check in checks)
        self.tell(f"{course.name}: {len(checks)} years, {steps} Newton steps, {total:.1f} s")
        return SolvedPath(
            name=course.name,
            years=self.growth.years,
            values=np.array(solved),
            weights=course.weights,
            checks=tuple(checks),
            stocks=tuple(stocks),
            wage_ratios=np.array(ratios),
            given_gdp=regions,
            economy=self,
        )

    def _solve_year(self, course: _Course, n: int, solved: list[Array], stock: Capital) -> SolveRecord:
        """Solve one year into ``system.values``."""
        system, baseline = self.system, course.baseline
        values = self._exogenous(course, n)
        self.capital.write(values, stock)
        free = system.partition.free
        values[free] = self._guess(n, solved, baseline)[free]
        system.values = values
        origin = SolvedPoint(baseline.values[n].copy(), system.parameter_values.copy()) if baseline else None
        try:
            return solve_system(system, origin=origin)
        except EngineError as error:
            year, closure = self.growth.years[n], self.model.closure.name
            error.add_note(f"The path was {course.name}, the year {year}, closure {closure}.")
            raise

    def _next_stock(self, course: _Course, n: int, values: Array, stock: Capital) -> Capital:
        if course.baseline is not None and course.hold_capital:
            return course.baseline.stocks[n + 1]
        return self.capital.following(values, stock)

    def _guess(self, n: int, solved: list[Array], baseline: SolvedPath | None) -> Array:
        """Where a year's solution is looked for: see the module."""
        if baseline is None:
            return solved[-1] if solved else self.start
        here = baseline.values[n]
        if not solved:
            return here
        before, own = baseline.values[n - 1], solved[-1]
        positive = self.system.positive_domain & (before > 0.0) & (own > 0.0)
        ratio = np.divide(own, before, out=np.ones_like(own), where=positive)
        return np.where(positive, here * ratio, here + (own - before))

    def _exogenous(self, course: _Course, n: int) -> Array:
        """A year's policies and growth, the real GDP that is given and, elsewhere, the baseline's productivity."""
        columns, year, baseline = self.columns, self.growth.years[n], course.baseline
        grown = self.growth.of(year)
        values = self.mixed(course.weights.T[year], course.policies)
        for name, follows in GROWING.items():
            columns.grow(values, name, grown[follows], self._grows)
        self._close_foreign_savings(values)
        given = course.real_gdp.T[year]
        values[columns.of("real_gdp", lambda key: key[0] in given.index)] = given[
            [r for (r,) in columns.index("real_gdp") if r in given.index]
        ]
        if baseline is not None:
            efficiency = columns.of("efficiency", lambda key: key[0] not in given.index)
            values[efficiency] = baseline.values[n][efficiency]
            self.gaps.relate(values, baseline.wage_ratios[n])
        return values

    def mixed(self, weights: pd.Series, policies: Mapping[str, Array]) -> Array:
        """Exogenous values of a year in which several policies are in force for part of it.

        Every instrument is the mean of its values by their share of the year. Keys of the pool are the mean over the
        time in which there is a pool.
        """
        parts = [(float(weights[name]), policies[name]) for name in weights.index if weights[name] > 0]
        if len(parts) == 1:
            return parts[0][1].copy()
        values = sum(weight * part for weight, part in parts)
        assert isinstance(values, np.ndarray)
        pooled, keys = self.columns.of("pooled"), self.columns.of("pool_share")
        pooling = [(weight, part[keys]) for weight, part in parts if part[pooled].any()]
        if pooling:
            values[keys] = sum(w * k for w, k in pooling) / sum(w for w, _ in pooling)
        return values

    def _grows(self, name: str, key: tuple[str, ...]) -> bool:
        """Whether a member of an exogenous variable follows :data:`GROWING`."""
        return name not in ("factor_use", "endowment") or key[0] not in self._labour | {CAPITAL}

    def _close_foreign_savings(self, values: Array) -> None:
        """The closing region, the numeraire's, lends what the others borrow."""
        positions = self.columns.of("foreign_savings")
        if not self.columns.fixed[positions].all():
            return
        regions = [r for (r,) in self.columns.index("foreign_savings")]
        closing = regions.index(self.benchmark.numeraire_region)
        others = np.delete(positions, closing)
        if np.any(values[positions] != self.start[positions]):
            values[positions[closing]] = -values[others].sum()

    def _write(self, values: Array) -> None:
        for variable, value in zip(self.system.variables, values.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)

    def _set_model(self, values: Array, given_gdp: Collection[str]) -> None:
        """Values into the model, and the closure in which real GDP of some regions is given."""
        self._write(values)
        hold_gdp(self.model, given_gdp)
        self.system.refresh()

    def solution(self, values: Array, given_gdp: Collection[str], members: Sequence[str]) -> Solution:
        """A point as a solution of the static model; see :meth:`SolvedPath.solution`."""
        self._set_model(values, given_gdp)
        return Solution.from_model(self.model, None, members, self.system)
