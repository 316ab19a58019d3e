"""Run paths of policy against a baseline, and what comes of it: tidy results by year, welfare in present value.

result = run_paths("union", "wto-alone")
result.frame().query("path == 'union' and region == 'KAZ' and variable == 'welfare'")
result.present_value()
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..calibration.benchmark import Benchmark
from ..calibration.market_structure import ARMINGTON
from ..model.blocks.growth import LABOUR_AUGMENTING
from ..model.choices import CHOICES, MARKETS
from ..model.closures import Closure, find_closure
from .accumulation import USUAL_RULES, CapitalRules
from .base_year import BaseYear, load_base_year
from .doing import Tell, Work
from .dynamics import CLOSURE, DynamicEconomy, SolvedPath
from .growth import Growth
from .paths import PathError, PolicyPath, load_path
from .policy import needed_choices, policy_of
from .quotas import with_quota_flows
from .regimes import Regime
from .shocks import TARGET

BASELINE = "no-union"
LAST_YEAR = 2030
DISCOUNT = 0.05
"""Rate a year at which welfare of later years is counted less, unless another is asked for."""
COLUMNS = ["path", "year", "region", "variable", "unit", "baseline", "value", "change", "percent"]
REAL = "mn USD, base-year prices"
MONEY = "mn USD, numeraire units"
INDEX = "benchmark = 1"


@dataclass(frozen=True)
class PathRun:
    """Solved paths and the baseline they are compared with."""

    baseline: SolvedPath
    paths: tuple[SolvedPath, ...]
    policies: dict[str, PolicyPath] = field(repr=False)
    benchmark: Benchmark = field(repr=False)
    growth: Growth = field(repr=False)
    closure: str
    seconds: dict[str, float] = field(repr=False)

    def __iter__(self) -> Iterator[SolvedPath]:
        return iter(self.paths)

    def __getitem__(self, name: str) -> SolvedPath:
        for path in (self.baseline, *self.paths):
            if path.name == name:
                return path
        raise KeyError(f"no path {name!r} in this run; it has {', '.join(p.name for p in self.paths)}")

    @property
    def years(self) -> tuple[int, ...]:
        """The years solved."""
        return self.baseline.years

    @property
    def passed(self) -> bool:
        """Whether every year of every path passed its checks."""
        return all(path.passed for path in (self.baseline, *self.paths))

    @property
    def members(self) -> tuple[str, ...]:
        """Regions that are in a union at the end of any path; without one the members that the benchmark names."""
        named = {member for path in self.policies.values() for member in path.members}
        named = named or set(self.benchmark.members)
        return tuple(region for region in self.benchmark.regions if region in named)

    def frame(self) -> pd.DataFrame:
        """Results of every path, the baseline first: :data:`COLUMNS`.

        ``baseline`` is the baseline's value of the same year; the change of ``welfare`` is the equivalent variation
        of that year. ``percent`` is NaN where the baseline has zero.
        """
        reference = _series(self.baseline, self.benchmark, self.growth)
        parts = []
        for path in (self.baseline, *self.paths):
            own = reference if path is self.baseline else _series(path, self.benchmark, self.growth)
            part = own.assign(path=path.name, baseline=reference["value"].to_numpy())
            parts.append(part)
        frame = pd.concat(parts, ignore_index=True)
        frame["change"] = frame["value"] - frame["baseline"]
        base = frame["baseline"].where(frame["baseline"] != 0)
        frame["percent"] = 100 * frame["change"] / base
        return frame[COLUMNS]

    def percent(self, variable: str, path: str) -> pd.DataFrame:
        """Change of a variable against the baseline, per cent, by year (rows) and region (columns).

        Raises KeyError for an unknown path or variable.
        """
        self[path]
        frame = self.frame()
        chosen = frame[(frame["path"] == path) & (frame["variable"] == variable)]
        if chosen.empty:
            raise KeyError(f"no variable {variable!r}; there is {', '.join(frame['variable'].unique())}")
        regions = list(self.benchmark.regions)
        return chosen.pivot(index="year", columns="region", values="percent")[regions]

    def present_value(self, discount: float = DISCOUNT) -> pd.DataFrame:
        r"""Welfare of all years, discounted to the base year: rows (path, region).

        .. math:: PV = \sum_t (1 + \rho)^{-(t - t_0)}\, EV(t)

        Columns: ``ev_usd_mn``, and ``ev_pct_consumption``, per cent of the baseline's consumption discounted
        alike. What capital is worth at the end of the last year is not counted.

        Raises:
            ValueError: the rate is not above -1.
        """
        if not discount > -1:
            raise ValueError(f"the discount rate is {discount:g}; it must be above -1, e.g. 0.05")
        frame = self.frame().query("variable == 'welfare'").copy()
        weight = (1.0 + discount) ** -(frame["year"] - self.years[0]).to_numpy(float)
        frame["ev_usd_mn"], frame["consumption"] = frame["change"] * weight, frame["baseline"] * weight
        sums = frame.groupby(["path", "region"], sort=False)[["ev_usd_mn", "consumption"]].sum()
        sums["ev_pct_consumption"] = 100 * sums["ev_usd_mn"] / sums["consumption"]
        return sums[["ev_usd_mn", "ev_pct_consumption"]]

    def checks(self) -> pd.DataFrame:
        """Every year of every path: path, year, iterations, residual, walras, seconds, passed."""
        rows = [
            (path.name, c.year, c.iterations, c.residual, c.walras, c.seconds, c.passed)
            for path in (self.baseline, *self.paths)
            for c in path.checks
        ]
        names = ["path", "year", "iterations", "residual", "walras", "seconds", "passed"]
        return pd.DataFrame(rows, columns=names)


@dataclass(frozen=True)
class Assumptions:
    """How the years of a run are solved.

    ``closure`` is of every year (see `eacu.experiments.dynamics`), ``bias`` what technical progress makes more
    productive, ``"labour"`` or ``"neutral"`` (everything), ``rules`` how capital is put in place and divided.
    """

    closure: str = CLOSURE
    bias: str = LABOUR_AUGMENTING
    rules: CapitalRules = USUAL_RULES


USUAL = Assumptions()
"""Household and government save as they did, labour becomes more productive, nothing is lost in installation."""


class Prepared:
    """An economy of years, compiled, and what every regime of some paths does to its instruments.

    Raises:
        RegimeError, GrowthError, ClosureError: an input does not fit the economy.
        PathError: regimes need different base years.
    """

    def __init__(
        self,
        paths: Sequence[PolicyPath],
        until: int,
        assumptions: Assumptions,
        base: BaseYear | None,
        growth: Growth | None,
        tell: Tell,
    ):
        began = time.perf_counter()
        regimes = {name: regime for path in paths for name, regime in path.regimes.items()}
        base = base or _base_of(regimes.values())
        if base.market_structure != ARMINGTON:
            raise PathError(
                f"paths of years know no free entry of firms, but the base year has the market structure "
                f"{base.market_structure}: how specific capital grows is not said; start from one without"
            )
        if base.benchmark.increasing_returns or len(base.benchmark.foreign_sales):
            raise PathError(
                "paths of years know neither free entry of firms nor foreign firms in services, but the benchmark has "
                "them: how their specific capital grows is not said; start from a base year without, such as "
                "load_base_year()"
            )
        _refuse_targets(regimes.values())
        self.benchmark = benchmark = with_quota_flows(base.benchmark, regimes.values())
        self.growth = growth or Growth.from_tables(benchmark, range(benchmark.year, until + 1))
        self.seconds = {"load": time.perf_counter() - began}
        began = time.perf_counter()
        closure = _closure_of(assumptions.closure, regimes.values())
        self.work = Work(tell, 1 + len(self.growth.years) * len(paths))
        self.work.at("building the economy")
        self.economy = DynamicEconomy(
            benchmark, self.growth, closure, assumptions.bias, assumptions.rules, self.work.each
        )
        self.policies = self.economy.policies(
            {name: policy_of(regime, benchmark, base.schedules) for name, regime in regimes.items()}
        )
        self.seconds["build"] = time.perf_counter() - began

    def baseline(self, path: PolicyPath) -> SolvedPath:
        """Solve the path that grows as it is given."""
        began = time.perf_counter()
        solved = self.economy.baseline(path.name, path.table(self.growth.years), self.policies)
        self.seconds["baseline"] = time.perf_counter() - began
        return solved

    def path(
        self,
        path: PolicyPath,
        baseline: SolvedPath,
        hold_capital: bool = False,
        real_gdp: pd.DataFrame | None = None,
    ) -> SolvedPath:
        """Solve another path, see `DynamicEconomy.path`."""
        weights = path.table(self.growth.years)
        return self.economy.path(path.name, weights, self.policies, baseline, hold_capital, real_gdp)

    def result(
        self, baseline: SolvedPath, solved: Sequence[SolvedPath], paths: Sequence[PolicyPath]
    ) -> PathRun:
        """Solved paths with the baseline they are compared with; ``paths`` are all of them."""
        self.work.finish()
        closure = self.economy.model.closure.name
        by_name = {path.name: path for path in paths}
        return PathRun(baseline, tuple(solved), by_name, self.benchmark, self.growth, closure, self.seconds)


def run_paths(
    *paths: str | Path | PolicyPath,
    baseline: str | Path | PolicyPath = BASELINE,
    until: int = LAST_YEAR,
    closure: str = CLOSURE,
    bias: str = LABOUR_AUGMENTING,
    rules: CapitalRules = USUAL_RULES,
    base: BaseYear | None = None,
    growth: Growth | None = None,
    hold_capital: bool = False,
    tell: Tell = lambda line: None,
) -> PathRun:
    """Solve a baseline and paths of policy year by year.

    Args:
        paths: names of shipped paths, TOML files of your own, or `PolicyPath` objects.
        baseline: the path that reproduces the growth of real GDP it is given.
        until: last year.
        closure: see :class:`Assumptions`.
        bias: the same.
        rules: the same.
        base: benchmark and tariff schedules (default: those shipped).
        growth: default: that of ``data/sources``.
        hold_capital: give every path the baseline's stocks of capital, so that accumulation adds nothing.
        tell: is called with each line of progress.

    Raises:
        PathError: no path is named, one is named twice or is the baseline, or one cannot be used.
        RegimeError, GrowthError, ClosureError: an input does not fit the economy.
        ConvergenceError: a year has no solution; a note names path and year.
    """
    reference = loaded(baseline)
    chosen = [loaded(path) for path in paths]
    _refuse_repeated(chosen, reference)
    ready = Prepared([reference, *chosen], until, Assumptions(closure, bias, rules), base, growth, tell)
    solved = ready.baseline(reference)
    began = time.perf_counter()
    others = [ready.path(path, solved, hold_capital) for path in chosen]
    ready.seconds["paths"] = time.perf_counter() - began
    return ready.result(solved, others, [reference, *chosen])


def _base_of(regimes: Iterable[Regime]) -> BaseYear:
    """The base year that the regimes need. Raises PathError if they name two."""
    needed = {regime.base_year: regime.name for regime in regimes if regime.base_year is not None}
    if len(needed) > 1:
        raise PathError(f"regimes of one run need different base years: {needed}; run their paths apart")
    return load_base_year(*needed)


def _refuse_targets(regimes: Iterable[Regime]) -> None:
    """A target is met in one year's equilibrium; along a path there is none to meet it in."""
    for regime in regimes:
        if any(shock.mode == TARGET for shock in regime.shocks):
            raise PathError(f"the regime {regime.name} has a target, which only eacu run can meet")


def _closure_of(name: str, regimes: Iterable[Regime]) -> Closure:
    """The closure, with the choices that any regime's policy needs where it leaves a market as by default."""
    closure = find_closure(name)
    needed = dict.fromkeys(choice for regime in regimes for choice in needed_choices(regime))
    missing = [choice for choice in needed if MARKETS[CHOICES[choice].market][0] in closure.choices]
    return find_closure("+".join([closure.name, *missing])) if missing else closure


def loaded(path: str | Path | PolicyPath) -> PolicyPath:
    """A path by name or file, or as it is."""
    return path if isinstance(path, PolicyPath) else load_path(path)


def _refuse_repeated(paths: Sequence[PolicyPath], baseline: PolicyPath) -> None:
    if not paths:
        raise PathError("no path is named; eacu path --list shows them, e.g. run_paths('union')")
    names = [path.name for path in paths]
    if baseline.name in names:
        raise PathError(f"the path {baseline.name!r} is the baseline; name paths to compare with it")
    for name in names:
        if names.count(name) > 1:
            raise PathError(f"the path {name!r} is named {names.count(name)} times; name it once")


def _series(path: SolvedPath, b: Benchmark, growth: Growth) -> pd.DataFrame:
    """What is reported of a path: year, region, variable, unit, value."""
    regions = list(b.regions)
    spending = b.household_demand.groupby("region").sum() * (1 + b.sales_tax["household"])
    investment = b.investment_demand.groupby("region").sum() * (1 + b.sales_tax["investment"])
    numeraire = path["numeraire"].to_numpy()
    items = {
        "real_gdp": (REAL, path["real_gdp"] * b.gdp),
        "welfare": (REAL, path["welfare"] * spending),
        "consumption": (REAL, path["consumption_volume"] * spending),
        "investment": (REAL, path["investment"] * investment),
        "capital_stock": (REAL, path["endowment"].xs("capital", axis=1) * growth.capital_stock),
        "real_wage": (INDEX, _real_wage(path, b)),
        "capital_return": (INDEX, path["capital_return"]),
        "productivity": (INDEX, path["efficiency"]),
        "consumer_price": (INDEX, path["consumer_price"] / numeraire),
        "tariff_collected": (MONEY, path["tariff_collected"] / numeraire),
        "tariff_received": (MONEY, path["tariff_received"] / numeraire),
    }
    parts = []
    for name, (unit, frame) in items.items():
        long = frame[regions].rename_axis(index="year", columns="region").stack().rename("value")
        parts.append(long.reset_index().assign(variable=name, unit=unit))
    return pd.concat(parts, ignore_index=True)


def _real_wage(path: SolvedPath, b: Benchmark) -> pd.DataFrame:
    """What an average hour of work buys: wages over consumer prices, per head of the labour force."""
    labour = path["labour_force"]
    weight = b.factor_value.groupby(["factor", "region"]).sum().reindex(labour.columns)
    paid = path["factor_price"][labour.columns] * path["endowment"][labour.columns] * weight
    heads = labour * weight
    wage = paid.T.groupby(level=1).sum().T / heads.T.groupby(level=1).sum().T
    return wage / path["consumer_price"][wage.columns]
