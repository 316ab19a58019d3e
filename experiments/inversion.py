r"""Inversion: which border cut, productivity or elasticity would give an effect that somebody published?

A file names a regime, *targets* (indicators of regions with a value and a standard error) and *free* parameters with
bounds. With outcomes :math:`y(\theta)` of the solved economy, targets :math:`y^*_k` and their errors :math:`s_k`,

.. math:: \min_{l \le \theta \le h} \sum_k \left( \frac{y_k(\theta) - y^*_k}{s_k} \right)^2 .

Where there are as many parameters as targets and each is an instrument, the closure is swapped instead: the targets
become exogenous, the instruments are determined (`eacu.experiments.targets`), and one solve is exact. Otherwise SciPy's
trust-region method with bounds; derivatives of outcomes are exact, by instruments
(`eacu.model.results.Solution.sensitivity`) and by elasticities (`eacu.model.engine.parameters`). Differences are taken
only of outcomes that are no expression of the model, and by elasticities that choose a functional form.

What the targets can tell is read from the singular values of

.. math:: J_{kj} = s_k^{-1}\, \frac{\partial y_k}{\partial \theta_j}\, (h_j - l_j),

by how many standard errors the targets move when a combination of parameters is moved across its
bounds. A combination that moves them by less than one is not identified, and named.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import qmc

from ..model.engine import EngineError
from ..model.engine.many import ManyOutputs
from ..model.engine.parameters import along, response
from ..model.instruments import INSTRUMENTS
from ..model.measures import MEASURES
from ..model.names import unknown_name
from ..model.recalibrate import Cells, Recalibration
from .base_year import BaseYear, load_base_year
from .doing import Tell
from .identification import NOTHING, Combination, combinations, plausibility, standard_errors
from .inversion_file import FreeParameter, InversionError, InversionFile, InversionTarget, load_inversion
from .policy import policy_of
from .regimes import Regime, RegimeError, load_regime
from .run import SolvedRegime, Workbenches, run
from .shock_tables import Shock, outcome_units

Array = NDArray[np.float64]
EXACT, LEAST_SQUARES = "closure swap", "least squares"
STEP = 1e-4
"""Step of numerical derivatives, as a share of the distance between the bounds."""
MET = 1e-6
"""A target counts as met within this many of its standard errors."""
ECONOMIES = 3
"""Economies with other elasticities that are kept: one in the middle, and on each side of a difference if any."""
ALIKE = 1e-3
"""Two ends of least squares are one minimum if no parameter differs by more than this share of its bounds' distance."""
REJECTED = 0.05
"""Probability below which a misfit is called too large for chance."""
AT_BOUND = 1e-6
"""A parameter nearer to a bound than this share of the distance between them is at it."""


@dataclass(frozen=True)
class Minimum:
    """Where least squares ended: the parameters by name, and the sum of squared gaps there."""

    parameters: pd.Series
    misfit: float


@dataclass(frozen=True)
class Inversion:
    """What was found.

    ``parameters``: rows by name, columns ``value``, ``standard_error`` (infinite: not identified; NaN: at a bound),
    ``with_misfit`` (the same times the square root of misfit over degrees of freedom where that is more than one),
    ``low``, ``high``, ``at_bound``. ``targets``: rows by name, columns ``wanted``, ``standard_error``, ``reached``,
    ``gap`` (in standard errors). ``jacobian``: outcome by parameter, in their units.
    """

    problem: InversionFile
    method: str
    parameters: pd.DataFrame
    targets: pd.DataFrame
    jacobian: pd.DataFrame
    combinations: tuple[Combination, ...]
    solved: SolvedRegime = field(repr=False)
    solves: int
    minima: tuple[Minimum, ...] = ()
    """Where least squares ended from each start, the best first; the first one is the answer."""

    @property
    def freedom(self) -> int:
        """Degrees of freedom: targets less parameters that no bound holds."""
        return len(self.targets) - int((~self.parameters["at_bound"]).sum())

    @property
    def plausibility(self) -> float:
        """Probability of so large a misfit if the model were right; NaN without a degree of freedom."""
        return plausibility(self.misfit, self.freedom)

    @property
    def misfit(self) -> float:
        """Sum of squared gaps; about the number of targets less that of parameters if the model is right."""
        return float((self.targets["gap"] ** 2).sum())

    @property
    def statements(self) -> list[str]:
        """What the targets do not identify, and which bounds bind, in words."""
        told = [
            f"Not identified: {c.in_words()}. Across its bounds it moves the targets by "
            f"{'nothing' if c.standard_errors < NOTHING else f'{c.standard_errors:.2g} standard errors'}; "
            "any value along it fits about as well."
            for c in self.combinations
            if not c.identified
        ]
        for name, row in self.parameters[self.parameters["at_bound"]].iterrows():
            more = "less" if row["value"] - row["low"] < row["high"] - row["value"] else "more"
            told.append(
                f"{name} is at its bound, {row['value']:g}: the targets ask for {more} than it is allowed."
            )
        for name, row in self.targets[self.targets["gap"].abs() > 1].iterrows():
            told.append(
                f"{name} cannot be met: {row['reached']:.4g} instead of {row['wanted']:.4g}, "
                f"{abs(row['gap']):.2g} standard errors off."
            )
        if self.plausibility < REJECTED:
            told.append(
                f"Rejected: a misfit of {self.misfit:.3g} with {self.freedom} degree(s) of freedom would come about by "
                f"chance with probability {self.plausibility:.1g}. No values within the bounds agree with these "
                "targets, so the standard errors do not say how well the parameters are known."
            )
        for other in self.minima[1:]:
            told.append(
                "Another minimum, misfit "
                f"{other.misfit:.4g}: "
                + ", ".join(f"{n} = {v:.4g}" for n, v in other.parameters.items())
                + "."
            )
        return told or ["All parameters are identified by the targets, and every target is met."]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "title": self.problem.title,
            "regime": self.problem.regime,
            "closure": self.solved.closure.name,
            "method": self.method,
            "solves": self.solves,
            "misfit": self.misfit,
            "degrees_of_freedom": self.freedom,
            "plausibility": self.plausibility,
            "minima": [{"misfit": m.misfit, **m.parameters.to_dict()} for m in self.minima],
            "parameters": self.parameters.rename_axis("name").reset_index().to_dict(orient="records"),
            "targets": self.targets.rename_axis("name").reset_index().to_dict(orient="records"),
            "jacobian": self.jacobian.to_dict(orient="index"),
            "combinations": [
                {
                    "weights": c.weights.to_dict(),
                    "standard_errors": c.standard_errors,
                    "identified": c.identified,
                }
                for c in self.combinations
            ],
            "statements": self.statements,
        }


def invert(
    problem: InversionFile | str | Path, base: BaseYear | None = None, tell: Tell = lambda line: None
) -> Inversion:
    """Find the parameters with which the economy comes as near the targets as it can.

    Raises:
        InversionError: the file cannot be used, or a target names a region the economy does not have.
        RegimeError: a free parameter selects nothing or is not legal at its bounds.
        ConvergenceError: the economy has no solution at some value of the parameters; a note names them.
    """
    wanted = problem if isinstance(problem, InversionFile) else load_inversion(problem)
    economy = _Economy(wanted, base or load_base_year(), tell)
    theta = _by_swap(economy)
    if theta is not None:
        return _result(economy, theta, EXACT, ())
    minima = _minima(economy)
    return _result(economy, minima[0].parameters.to_numpy(), LEAST_SQUARES, minima)


class _Economy:
    """Outcomes and their derivatives as functions of the free parameters; every value is solved once."""

    def __init__(self, problem: InversionFile, base: BaseYear, tell: Tell):
        self.problem, self.base, self.tell = problem, base, tell
        self.regime = load_regime(problem.regime)
        self.solves = 0
        self._benches: OrderedDict[tuple[float, ...], tuple[BaseYear, Workbenches]] = OrderedDict()
        self._outcomes: dict[tuple[float, ...], Array] = {}
        self._last: tuple[tuple[float, ...], SolvedRegime] | None = None
        for target in problem.targets:
            if target.region not in base.benchmark.regions:
                raise InversionError(unknown_name("region", target.region, base.benchmark.regions))
        self.wanted = np.array([t.value for t in problem.targets])
        self.errors = np.array([t.standard_error for t in problem.targets])
        self.low, self.high, self.start = (
            np.array([getattr(p, key) for p in problem.free]) for key in ("low", "high", "start")
        )

    def regime_at(self, theta: Array) -> Regime:
        """The regime with every free entry at its value."""
        regime = self.regime
        for parameter, value in zip(self.problem.free, theta.tolist(), strict=True):
            regime = parameter.on(regime, value)
        return regime

    def base_at(self, theta: Array) -> tuple[BaseYear, Workbenches]:
        """The base year with its elasticities, and the economies built on it."""
        factors = [
            (p.elasticity, v) for p, v in zip(self.problem.free, theta.tolist(), strict=True) if p.elasticity
        ]
        benchmark = self.base.benchmark
        for elasticity, factor in factors:
            benchmark = elasticity.on(benchmark, factor)
        key = tuple(factor for _, factor in factors)
        if key not in self._benches:
            self._benches[key] = (replace(self.base, benchmark=benchmark) if factors else self.base), {}
            if len(self._benches) > ECONOMIES:
                self._benches.popitem(last=False)
        return self._benches[key]

    def solve(self, theta: Array) -> SolvedRegime:
        """The solved regime at the parameters; the last one is remembered."""
        key = tuple(theta.tolist())
        if self._last is None or self._last[0] != key:
            base, benches = self.base_at(theta)
            try:
                result = run(
                    self.regime_at(theta), closure=self.problem.closure, base=base, workbenches=benches
                )
            except EngineError as error:
                named = zip((p.name for p in self.problem.free), theta, strict=True)
                error.add_note(
                    "The free parameters were " + ", ".join(f"{n} = {v:g}" for n, v in named) + "."
                )
                raise
            self.solves += 1
            self._last = key, result.solved[0]
        return self._last[1]

    def outcomes(self, theta: Array) -> Array:
        """Value of every target's indicator."""
        key = tuple(theta.tolist())
        if key not in self._outcomes:
            solved = self.solve(theta)
            found = np.array([_outcome(solved, t) for t in self.problem.targets])
            self._outcomes[key] = found
            gap = np.linalg.norm((found - self.wanted) / self.errors)
            self.tell(f"solve {self.solves}: {gap:.4g} standard errors from the targets")
        return self._outcomes[key]

    def residuals(self, theta: Array) -> Array:
        """Gaps in standard errors."""
        return (self.outcomes(theta) - self.wanted) / self.errors

    def jacobian(self, theta: Array) -> Array:
        """Derivatives of the outcomes by the parameters, exact where they can be."""
        exact = all(t.outcome in MEASURES for t in self.problem.targets)
        return np.column_stack(
            [self._column(theta, n) if exact else self._numerical(theta, n) for n in range(len(theta))]
        )

    def _column(self, theta: Array, n: int) -> Array:
        if self.problem.free[n].elasticity is None:
            return self._exact(theta, n)
        found = self._by_elasticity(theta, n)
        return self._numerical(theta, n) if found is None else found

    def _by_elasticity(self, theta: Array, n: int) -> Array | None:
        """Exact derivatives by the factor of elasticities; None where they are no mere parameters of the model."""
        equations = self.solve(theta).solution.equations
        elasticity = self.problem.free[n].elasticity
        assert equations is not None
        assert elasticity is not None
        model, system = equations.model, equations.system
        recalibration = Recalibration(model, system)
        cells = recalibration.cells.table
        if not cells.equals(Cells.of(self.base_at(theta)[0].benchmark).table):
            return (
                None  # services divided by type of firm: the model has other elasticities than the file names
            )
        direction = elasticity.direction(cells, model.benchmark, float(theta[n]))
        if direction is None:
            return None
        changed = recalibration.derivative(np.ones(len(cells)), direction[:, None])
        outputs = ManyOutputs(system, [MEASURES[t.outcome](model, t.region) for t in self.problem.targets])
        moved = response(system, changed)
        return along(outputs, system.values, system.parameter_values, moved, changed)[:, 0]

    def weighted(self, theta: Array) -> Array:
        """The same per standard error of the target."""
        return self.jacobian(theta) / self.errors[:, None]

    def _ends(self, theta: Array, n: int) -> tuple[Array, Array, float]:
        """Two values of one parameter around the present one, inside the bounds, and their distance."""
        step = STEP * (self.high[n] - self.low[n])
        down, up = theta.copy(), theta.copy()
        down[n], up[n] = max(theta[n] - step, self.low[n]), min(theta[n] + step, self.high[n])
        return down, up, float(up[n] - down[n])

    def _numerical(self, theta: Array, n: int) -> Array:
        down, up, width = self._ends(theta, n)
        return (self.outcomes(up) - self.outcomes(down)) / width

    def _exact(self, theta: Array, n: int) -> Array:
        """Exact derivatives by the instruments, times what the parameter does to them (a formula, no solve)."""
        down, up, width = self._ends(theta, n)
        moved = self._instruments(theta, down, up)
        slope = moved[moved != 0.0] / width
        if slope.empty:
            raise RegimeError(
                f"{self.problem.free[n].name}: changes no instrument, so no target can tell its value"
            )
        found = self.solve(theta).solution.sensitivity(
            [t.name for t in self.problem.targets], list(slope.index)
        )
        return found[list(slope.index)].to_numpy() @ slope.to_numpy()

    def _instruments(self, theta: Array, down: Array, up: Array) -> pd.Series:
        """Difference of all instruments set at two values of the parameters, by the names of the model's variables."""
        base, _ = self.base_at(theta)
        before, after = (
            policy_of(self.regime_at(t), base.benchmark, base.schedules).settings for t in (down, up)
        )
        parts = []
        for name, values in after.items():
            if isinstance(values, pd.Series):
                old = before[name]
                change = values - (old.reindex(values.index) if isinstance(old, pd.Series) else old)
                labels = [",".join(k) if isinstance(k, tuple) else str(k) for k in values.index]
                parts.append(pd.Series(change.to_numpy(), index=[f"{name}[{label}]" for label in labels]))
            else:
                step = float(values) - float(np.asarray(before[name]))
                parts.append(pd.Series([step], index=[name]))
        return pd.concat(parts)


def _outcome(solved: SolvedRegime, target: InversionTarget) -> float:
    """The target's indicator in a regime just solved, whose values the model still holds where it has an expression."""
    equations = solved.solution.equations
    if target.outcome in MEASURES and equations is not None:
        return float(pyo.value(MEASURES[target.outcome](equations.model, target.region)))
    return float(solved.indicators[target.outcome].loc[target.region])


def _by_swap(economy: _Economy) -> Array | None:
    """The parameters by a swap of the closure; None where there is none, or it leads out of the bounds."""
    problem = economy.problem
    if len(problem.free) != len(problem.targets) or any(t.outcome not in MEASURES for t in problem.targets):
        return None
    shocks = [p.entry(p.start) for p in problem.free]
    starts = [_in_step(economy, n) for n in range(len(shocks))]
    if any(start is None for start in starts):
        return None
    freed = [
        Shock.model_validate(
            {
                **{k: v for k, v in (p.shock or {}).items() if k not in ("as", "unit")},
                "as": "target",
                "outcome": t.outcome,
                "outcome_region": t.region,
                "unit": outcome_units(t.outcome)[0],
                "value": t.value,
            }
        )
        for p, t in zip(problem.free, problem.targets, strict=True)
    ]
    regime = replace(economy.regime, shocks=(*economy.regime.shocks, *freed))
    try:
        solved = run(regime, closure=problem.closure, base=economy.base).solved[0]
    except (EngineError, RegimeError) as error:
        economy.tell(f"no swap of the closure: {str(error).splitlines()[0]}")
        return None
    economy.solves += 1
    theta = np.array([_theta(solved, s, p) for s, p in zip(starts, problem.free, strict=True)])
    inside = bool(((theta >= economy.low) & (theta <= economy.high)).all())
    if not inside:
        economy.tell("the exact solution lies outside the bounds: least squares instead")
        return None
    return theta if np.abs(economy.residuals(theta)).max() <= MET else None


def _in_step(economy: _Economy, n: int) -> tuple[str, float] | None:
    """Name and value without the parameter of one cell of a shock whose cells a target moves alike; else None."""
    parameter = economy.problem.free[n]
    entry = parameter.entry(parameter.start)
    if not isinstance(entry, Shock) or entry.mode not in ("percent", "factor"):
        return None
    if INSTRUMENTS[entry.instrument].unit != "index":
        return None
    moved = economy.start.copy()
    moved[n] = parameter.low
    cells = economy._instruments(economy.start, moved, economy.start)
    changed = cells[cells != 0.0]
    if changed.empty:
        return None
    name = str(changed.index[0])
    per_unit = float(changed.iloc[0]) / (parameter.start - parameter.low)
    return name, per_unit * (100.0 if entry.mode == "percent" else 1.0)


def _theta(solved: SolvedRegime, start: tuple[str, float] | None, parameter: FreeParameter) -> float:
    """The parameter that the freed instrument's value means."""
    assert start is not None
    name, value = start
    variable, _, index = name.rstrip("]").partition("[")
    key = tuple(index.split(","))
    level = float(solved.solution.state[variable][key if len(key) > 1 else key[0]])
    factor = level / value
    assert parameter.shock is not None
    return 100.0 * (factor - 1.0) if parameter.shock["as"] == "percent" else factor


class _Met(Exception):  # noqa: N818 - not an error
    """All targets are met; the parameters are the argument."""


def _minima(economy: _Economy) -> tuple[Minimum, ...]:
    """Where least squares end from each start, the best first; ends that are alike are one.

    The starts are the file's and points of a Sobol' sequence within the bounds. A start from which the economy has no
    solution on the way is told and left out, except the file's own.
    """
    sobol = qmc.Sobol(len(economy.start), scramble=False)
    spread = qmc.scale(sobol.random(8)[1:], economy.low, economy.high) if economy.problem.starts > 1 else []
    width = economy.high - economy.low
    names = [p.name for p in economy.problem.free]
    found: list[Minimum] = []
    for n, start in enumerate([economy.start, *spread[: economy.problem.starts - 1]]):
        try:
            theta = _by_least_squares(economy, start)
        except (EngineError, InversionError) as error:
            if n == 0:
                raise
            economy.tell(f"start {n + 1} left out: {str(error).splitlines()[0]}")
            continue
        misfit = float((economy.residuals(theta) ** 2).sum())
        economy.tell(f"start {n + 1}: misfit {misfit:.4g}")
        known = [np.abs((m.parameters.to_numpy() - theta) / width).max() for m in found]
        if min(known, default=np.inf) > ALIKE:
            found.append(Minimum(pd.Series(theta, index=names), misfit))
        if misfit <= len(economy.errors) * MET**2:
            break
    return tuple(sorted(found, key=lambda m: m.misfit))


def _by_least_squares(economy: _Economy, start: Array) -> Array:
    """Weighted least squares within the bounds; it ends at once where every target is met."""

    def residuals(theta: Array) -> Array:
        gaps = economy.residuals(theta)
        if np.abs(gaps).max() <= MET:
            raise _Met(theta.copy())
        return gaps

    try:
        found = least_squares(
            residuals,
            start,
            jac=economy.weighted,
            bounds=(economy.low, economy.high),
            x_scale=economy.high - economy.low,
            method="dogbox",
            tr_solver="exact",
            xtol=1e-8,
            ftol=1e-8,
            gtol=1e-8,
            max_nfev=60,
        )
    except _Met as met:
        return np.asarray(met.args[0])
    if found.status <= 0:
        raise InversionError(
            f"least squares gave up after {found.nfev} evaluations: {found.message}. Likely reasons: bounds that "
            "reach where the economy hardly has a solution, or parameters that do the same. Narrow the bounds"
        )
    return np.asarray(found.x)


def _result(economy: _Economy, theta: Array, method: str, minima: tuple[Minimum, ...]) -> Inversion:
    problem = economy.problem
    names = [p.name for p in problem.free]
    jacobian = pd.DataFrame(economy.jacobian(theta), index=[t.name for t in problem.targets], columns=names)
    width = economy.high - economy.low
    scaled = jacobian.to_numpy() / economy.errors[:, None] * width
    low_bound, high_bound = theta - economy.low <= AT_BOUND * width, economy.high - theta <= AT_BOUND * width
    at_bound = low_bound | high_bound
    shown = np.where(low_bound, economy.low, np.where(high_bound, economy.high, theta))
    reached = economy.outcomes(theta)
    gaps = (reached - economy.wanted) / economy.errors
    freedom = len(gaps) - int((~at_bound).sum())
    errors = standard_errors(scaled, at_bound) * width
    parameters = pd.DataFrame(
        {
            "value": shown,
            "standard_error": errors,
            "with_misfit": errors * np.sqrt(max(1.0, (gaps**2).sum() / freedom if freedom else 1.0)),
            "low": economy.low,
            "high": economy.high,
            "at_bound": at_bound,
        },
        index=names,
    )
    targets = pd.DataFrame(
        {
            "wanted": economy.wanted,
            "standard_error": economy.errors,
            "reached": reached,
            "gap": gaps,
        },
        index=list(jacobian.index),
    )
    return Inversion(
        problem,
        method,
        parameters,
        targets,
        jacobian,
        combinations(scaled, names),
        economy.solve(theta),
        economy.solves,
        minima,
    )
