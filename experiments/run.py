"""Solve regimes: one economy, built and compiled once, replicated first, then shocked regime by regime.

    result = run("union-2010-07", "wto-joint")
    result["wto-joint"].indicators.loc["KAZ", "ev_pct_consumption"]

Nothing is solved on an economy that does not reproduce its base year: a `Workbench` that fails to replicate is
never made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from ..calibration.market_structure import ARMINGTON
from ..calibration.sam import TOLERANCE as SAM_TOLERANCE
from ..calibration.sam import Sam
from ..model.arrays import to_dataset
from ..model.checks import REPLICATION, WALRAS, ReplicationError, benchmark_residuals
from ..model.choices import CHOICES, MARKETS
from ..model.closures import Closure, ClosureError, find_closure
from ..model.economy import build_economy
from ..model.engine import CompiledSystem, EngineError, SolvedPoint, SolveRecord, compile_model, solve_system
from ..model.explain import Explanation
from ..model.instruments import apply_policy
from ..model.results import Solution
from ..model.swap import swap
from .base_year import ENVISAGE, BaseYear, load_base_year, with_structure
from .doing import Tell, Work
from .kept import KEPT
from .odd_rates import odd_rates
from .policy import needed_choices, policy_of
from .presentation import run_html, run_text, solved_html, solved_text
from .quotas import with_quota_flows
from .regimes import Problems, Regime, RegimeError, Swap, load_regime
from .services import with_services
from .shocks import TARGET, refuse_determined
from .targets import Target, add_targets, free_instruments, set_targets, targets_of, without_targets

if TYPE_CHECKING:
    import xarray

AUDIT_TOLERANCE = 1e-9
AUDITED = 30
"""Members of each kind of equation whose compiled value is compared with Pyomo's; all have one source."""
UNION_CAPITAL = "mobile-in-union"
BUILD_WEIGHT = 3.0
"""Building, compiling and replicating an economy takes about as long as solving this many regimes."""


@dataclass(frozen=True)
class Check:
    """One figure that must not exceed its tolerance for a result to count."""

    name: str
    value: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the figure is a number within the tolerance."""
        return isfinite(self.value) and abs(self.value) <= self.tolerance

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a figure that is not a number becomes null."""
        return {**asdict(self), "value": self.value if isfinite(self.value) else None, "passed": self.passed}


@dataclass(frozen=True)
class Setup:
    """What an economy must be built for: regimes with the same share a workbench."""

    closure: Closure
    swaps: tuple[Swap, ...] = ()
    targets: tuple[Target, ...] = ()
    services: bool = False
    """Services divided into home firms, foreign firms and suppliers from abroad."""

    @property
    def name(self) -> str:
        """What a workbench without swaps and targets is known by."""
        return f"{self.closure.name}, services divided" if self.services else self.closure.name


@dataclass(frozen=True)
class SolvedRegime:
    """A regime, the equilibrium it leads to, and the checks that equilibrium was put to."""

    regime: Regime
    closure: Closure
    solution: Solution = field(repr=False)
    checks: tuple[Check, ...]
    iterations: int
    """Newton steps."""
    seconds: float

    @property
    def name(self) -> str:
        """The regime's name."""
        return self.regime.name

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Macro indicators, one row per region; `eacu.model.indicators.UNITS` defines the columns."""
        return self.solution.regions

    @cached_property
    def results(self) -> pd.DataFrame:
        """Everything, tidy: region, sector, partner, variable, unit, base, value, change, percent."""
        return self.solution.frame()

    @property
    def sam(self) -> Sam:
        """The social accounting matrix after the regime, million USD."""
        return self.solution.sam

    @property
    def max_residual(self) -> float:
        """Largest relative residual of an equation."""
        return self._figure(RESIDUAL_CHECK)

    @property
    def walras(self) -> float:
        """Excess demand in the market that is not an equation, as a share of world GDP."""
        return self._figure(WALRAS_CHECK)

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def equation(self, name: str, *index: str) -> Explanation:
        """An equation between the base year and this solution; it prints its mathematics with numbers.

        ``equation("market_flow", "mvh", "RUS", "KAZ")``. Raises SelectionError for an unknown name or index,
        offering the nearest.
        """
        return self.solution.explain(f"{name}[{','.join(index)}]" if index else name)

    def to_xarray(self) -> xarray.Dataset:
        """The results as labelled arrays over regime, region, sector, partner (`eacu.model.arrays.to_dataset`)."""
        return to_dataset({self.name: self.results})

    def __repr__(self) -> str:
        return solved_text(self)

    def _repr_html_(self) -> str:
        return solved_html(self)

    def _figure(self, name: str) -> float:
        return next(check.value for check in self.checks if check.name == name)


RESIDUAL_CHECK = "largest residual"
WALRAS_CHECK = "dropped market, share of world GDP"
SAM_CHECK = "SAM rebuilt, largest imbalance"
BOUNDS_CHECK = "variables outside their bounds"


@dataclass(frozen=True)
class FailedRegime:
    """A regime for which no equilibrium was found, and why."""

    regime: Regime
    closure: Closure
    error: EngineError

    @property
    def name(self) -> str:
        """The regime's name."""
        return self.regime.name

    @property
    def message(self) -> str:
        """What went wrong, with the notes that say where."""
        return "\n".join([str(self.error), *getattr(self.error, "__notes__", ())])


@dataclass(frozen=True)
class Run:
    """Solved regimes with everything that defines them: data files, log, time by phase (seconds).

    Iterate over it, or ask by name: ``run["union-2010-07"]``. Regimes without a solution are in ``failed``; at least
    one regime is solved.
    """

    solved: tuple[SolvedRegime, ...]
    members: tuple[str, ...]
    data_files: tuple[Path, ...]
    log: tuple[str, ...] = field(repr=False)
    seconds: dict[str, float] = field(repr=False)
    failed: tuple[FailedRegime, ...] = ()
    market_structure: str = ARMINGTON
    elasticities: str = ENVISAGE

    def __iter__(self) -> Iterator[SolvedRegime]:
        return iter(self.solved)

    def __len__(self) -> int:
        return len(self.solved)

    def __getitem__(self, name: str) -> SolvedRegime:
        for regime in self.solved:
            if regime.name == name:
                return regime
        for failure in self.failed:
            if failure.name == name:
                raise KeyError(f"the regime {name!r} was not solved: {failure.message}")
        raise KeyError(f"no regime {name!r} in this run; it has {', '.join(r.name for r in self.solved)}")

    @property
    def closures(self) -> dict[str, str]:
        """The closures used, name and description."""
        return {regime.closure.name: regime.closure.description for regime in self.solved}

    @property
    def passed(self) -> bool:
        """Whether every regime was solved and every check passed."""
        return not self.failed and all(regime.passed for regime in self.solved)

    @property
    def status(self) -> str:
        """In a word or two: ``ok``, ``check failed``, or ``not solved`` where a regime has no solution."""
        return "not solved" if self.failed else "ok" if self.passed else "check failed"

    @property
    def concerned(self) -> tuple[str, ...]:
        """The members and every region whose tariff a regime sets, in the order of the economy's regions."""
        named = {*self.members, *(importer for result in self.solved for importer in result.regime.tariffs)}
        return tuple(region for region in self.regions if region in named)

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region of the economy."""
        return self.solved[0].solution.benchmark.regions

    def to_xarray(self) -> xarray.Dataset:
        """All results as labelled arrays; the first entry of the dimension ``regime`` is the base year."""
        return to_dataset({regime.name: regime.results for regime in self.solved})

    def __repr__(self) -> str:
        return run_text(self)

    def _repr_html_(self) -> str:
        return run_html(self)

    @property
    def effects(self) -> pd.DataFrame:
        """The members' macro indicators: rows (member, indicator), one column per regime."""
        members = list(self.members)
        by_regime = {r.name: r.indicators.loc[members].T.unstack() for r in self.solved}
        return pd.DataFrame(by_regime).rename_axis(["member", "indicator"])


class Workbench:
    """An economy under one closure, built, compiled and replicated once; regimes are solved on it in turn.

    Every regime starts from the benchmark, so the order in which regimes are solved does not matter.
    """

    def __init__(
        self,
        base: BaseYear,
        closure: str | Closure = "default",
        tell: Tell = lambda line: None,
        swaps: Sequence[Swap] = (),
        targets: Sequence[Target] = (),
    ):
        """Build, compile and replicate; ``swaps`` change the closure, ``targets`` free instruments to meet them.

        Raises:
            ClosureError: the closure is unknown or does not leave a square model.
            ReplicationError: the model does not reproduce its benchmark.
            StructuralError: the equations cannot determine the variables.
        """
        self.base, self.tell, self.targets = base, tell, tuple(targets)
        self.seconds: dict[str, float] = {}
        benchmark = base.benchmark
        with PauseGC():
            self.model = self._timed("build", lambda: build_economy(benchmark, closure))
            add_targets(self.model, targets)
            self._system = self._timed("compile", lambda: compile_model(self.model))
        for exchange in swaps:
            swap(self.model, exchange.fix, exchange.free, self._system)
        free_instruments(self.model, targets, self._system)
        self._system.refresh()
        self.closure: Closure = self.model.closure
        times = f"built in {self.seconds['build']:.1f} s, compiled in {self.seconds['compile']:.1f} s"
        tell(f"{self._sizes} ({times})")
        self._benchmark_point = self._timed("replicate", self._replicate)
        self._timed("audit", self._audit)

    def reopen(self, tell: Tell) -> None:
        """Serve another run: its progress goes to ``tell``, which is told what was built and replicated before."""
        self.tell = tell
        self.seconds.clear()
        tell(f"{self._sizes} (built before)")
        tell(self._replicated)

    @property
    def _sizes(self) -> str:
        b = self.base.benchmark
        sizes = f"{len(b.regions)} regions, {len(b.sectors)} sectors, {self._system.n_equations:,} equations"
        return f"model: {sizes}, closure {self.closure.name}"

    def solve(self, regime: Regime) -> SolvedRegime:
        """Solve one regime from the benchmark and check the solution.

        Raises:
            RegimeError: the regime names something this economy does not have.
            InstrumentError: a value is not admissible.
            ConvergenceError: no solution was found; a note names the regime.
            SamError: the SAM of the solution does not balance.
        """
        began = time.perf_counter()
        record = self.solve_point(regime)
        system = self._system
        system.write_back(system.values)
        solution = Solution.from_model(self.model, record, self.members_in(regime), system)
        checks = (
            Check(RESIDUAL_CHECK, record.max_residual, REPLICATION),
            Check(WALRAS_CHECK, solution.walras, WALRAS),
            Check(SAM_CHECK, solution.sam.balance_gap(), SAM_TOLERANCE),
            Check(BOUNDS_CHECK, float(len(record.outside_bounds)), 0.0),
        )
        seconds = time.perf_counter() - began
        self.seconds["solve"] = self.seconds.get("solve", 0.0) + record.seconds["total"]
        self.seconds["results"] = self.seconds.get("results", 0.0) + seconds - record.seconds["total"]
        self.tell(f"{regime.name}: {record}")
        return SolvedRegime(regime, self.closure, solution, checks, record.iterations, seconds)

    def solve_point(self, regime: Regime) -> SolveRecord:
        """Solve one regime without reading its results: `system` holds the solution.

        Raises:
            RegimeError, InstrumentError, ConvergenceError: as `solve`.
        """
        policy = policy_of(regime, self.base.benchmark, self.base.schedules)
        self._check_capital_market(regime)
        system = self._system
        system.write_back(self._benchmark_point.values)
        apply_policy(self.model, without_targets(policy, self.targets))
        set_targets(self.model, self.targets, policy)
        system.refresh()
        try:
            return solve_system(system, origin=self._benchmark_point)
        except EngineError as error:
            error.add_note(f"The regime was {regime.name}, closure {self.closure.name}.")
            raise

    @property
    def system(self) -> CompiledSystem:
        """The compiled equations; they hold the regime that was solved last."""
        return self._system

    @property
    def benchmark_point(self) -> SolvedPoint:
        """The base year as a solved point."""
        return self._benchmark_point

    def members_in(self, regime: Regime) -> tuple[str, ...]:
        """The union's members, or without a union the members that the benchmark names."""
        return regime.members or self.base.benchmark.members

    def _check_capital_market(self, regime: Regime) -> None:
        """Refuse a union whose members are not those that share a market for capital."""
        shared = set(self.model.capital_union)
        mobile = any(choice.name == UNION_CAPITAL for choice in self.closure.choices)
        if mobile and regime.members and set(regime.members) != shared:
            raise RegimeError(
                f"{regime.name}: its members are {', '.join(regime.members)}, but under the choice {UNION_CAPITAL} "
                f"capital moves between {', '.join(sorted(shared))}, whoever is a member. Choose another closure "
                "for a regime in which a country joins or leaves"
            )

    def _replicate(self) -> SolvedPoint:
        """The benchmark as a solved point; refuses a model that needs even one step to reproduce it."""
        if not self._system.evaluate().relative.max() <= REPLICATION:
            benchmark_residuals(self.model).require()
        record = solve_system(self._system)
        if record.iterations:
            raise ReplicationError(f"The solver moved away from the benchmark: {record}.")
        self._replicated = (
            f"benchmark replicated with no solver step, largest residual {record.max_residual:.1e}"
        )
        self.tell(self._replicated)
        return SolvedPoint(self._system.values.copy(), self._system.parameter_values.copy())

    def _audit(self) -> None:
        """Compare compiled equations, a sample of every kind, with Pyomo's own values away from the benchmark.

        At the benchmark every price is one and a wrong exponent would not show; so all variables, instruments
        too, are moved at random first. Raises EngineError naming the equation that differs most.
        """
        system, point = self._system, self._benchmark_point.values
        draw = np.random.default_rng(2007)
        moved = point * np.exp(draw.normal(0.0, 0.1, len(point)))
        moved[point == 0.0] = 0.05
        kinds = pd.Series([c.parent_component().name for c in system.equations])
        order = pd.Series(draw.permutation(len(kinds))).groupby(kinds).rank()
        sample = np.flatnonzero(order <= AUDITED)
        compiled = system.evaluate(moved)
        try:
            self._set_all(moved)
            chosen = [system.equations[k] for k in sample]
            own = np.array([pyo.value(c.body) - pyo.value(c.upper) for c in chosen])
        finally:
            self._set_all(point)
        size = np.maximum(compiled.positive, compiled.negative)[sample]
        function = (compiled.positive - compiled.negative)[sample]  # of a complementarity condition too
        difference = np.abs(function - own) / np.where(size > 0.0, size, 1.0)
        worst = int(difference.argmax())
        if not difference[worst] <= AUDIT_TOLERANCE:
            raise EngineError(
                f"the compiled equation {chosen[worst].name} differs from Pyomo's by "
                f"{difference[worst]:.1e} of its size (tolerance {AUDIT_TOLERANCE:g}); please report this"
            )

    def _set_all(self, values: np.ndarray) -> None:
        for variable, value in zip(self._system.variables, values.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)

    def _timed(self, phase: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = work()
        self.seconds[phase] = time.perf_counter() - began
        return result


Workbenches = dict[str, Workbench]
"""Built economies by the name of their closure."""


def run(
    *regimes: str | Path | Regime,
    closure: str | None = None,
    base: BaseYear | None = None,
    tell: Tell = lambda line: None,
    market_structure: str | Path | None = None,
    workbenches: Workbenches | None = None,
) -> Run:
    """Solve regimes and return them with their checks; all are validated before anything is solved.

    A regime without a solution does not lose the others: it is in ``Run.failed``. If none is solved, the first error
    is raised.

    Args:
        regimes: names of shipped regimes, paths of TOML files, or `Regime` objects.
        closure: closure for all regimes instead of the one each regime names.
        base: benchmark and tariff schedules (default: those shipped, read once per process; the base year that the
            regimes name, for all of them, so that they can be compared).
        tell: is called with each line of progress, and with a `Doing` at each step.
        market_structure: how sectors compete: ``armington``, ``krugman`` or a csv file (see `with_structure` of
            ``base_year``; default: as ``base`` has it).
        workbenches: economies already built on ``base``, by closure; those that are missing are added. Not to be
            given together with ``market_structure``, which makes another base. Default: those that the last runs of
            this process have left, see `eacu.experiments.kept`.

    Raises:
        RegimeError: no regime is named, one is named twice, or one cannot be used.
        BenchmarkError: the market structure is unknown or does not fit the base year.
        ReplicationError, EngineError, SamError: see `Workbench`.

    Example:
        >>> result = run("pre-union")
        >>> result.passed, result["pre-union"].iterations
        (True, 0)
    """
    log: list[str] = []
    phases: dict[str, float] = {}

    def note(line: str) -> None:
        log.append(line)
        tell(line)

    chosen = load_all(regimes)
    closures = [_closure_of(regime, closure) for regime in chosen]
    economies = {
        (found, regime.swaps, tuple(shock for shock in regime.shocks if shock.mode == TARGET))
        for found, regime in zip(closures, chosen, strict=True)
    }
    work = Work(tell, 1 + BUILD_WEIGHT * len(economies) + len(chosen))
    work.at("reading the base year")
    began = time.perf_counter()
    base = base or base_of(chosen)
    if market_structure is not None:
        if workbenches:
            raise ValueError("workbenches stand on one base; give market_structure to the base, not to run()")
        base = with_structure(base, market_structure)
    base = replace(base, benchmark=with_quota_flows(base.benchmark, chosen))
    phases["load"] = time.perf_counter() - began
    note(f"base year {base.benchmark.year} read in {phases['load']:.1f} s")
    if base.market_structure != ARMINGTON:
        note(f"market structure: {base.market_structure}")
    if base.elasticities != ENVISAGE:
        note(f"trade elasticities: {base.elasticities}")
    setups, bases = _set_ups(chosen, closures, base, closure is None)
    for odd in dict.fromkeys(line for regime in chosen for line in odd_rates(regime)):
        note(f"warning: {odd}")
    own = KEPT.take(base, (setup.name for setup in setups)) if workbenches is None else {}
    benches = _benches(chosen, setups, bases, note, own if workbenches is None else workbenches, work)
    solved, failed = _solve_all(chosen, benches, note, work)
    work.finish()
    for bench in dict.fromkeys(benches):
        for phase, seconds in bench.seconds.items():
            phases[phase] = phases.get(phase, 0.0) + seconds
    KEPT.give(base, own)
    for result in solved:
        record = result.solution.record
        log += [f"{result.name}: {line}" for line in (record.log if record else ())]
    named = base.market_structure, base.elasticities
    return Run(solved, _members(solved), base.files, tuple(log), phases, failed, *named)


def economies(
    *regimes: str | Path | Regime,
    closure: str | None = None,
    base: BaseYear | None = None,
    tell: Tell = lambda line: None,
) -> list[tuple[Regime, Workbench]]:
    """Each regime with the economy it is to be solved on, built and replicated; regimes alike in closure share one.

    Raises what `run` raises.
    """
    chosen = load_all(regimes)
    base = base or base_of(chosen)
    base = replace(base, benchmark=with_quota_flows(base.benchmark, chosen))
    closures = [_closure_of(regime, closure) for regime in chosen]
    setups, bases = _set_ups(chosen, closures, base, closure is None)
    work = Work(tell, BUILD_WEIGHT * len(set(setups)))
    benches = _benches(chosen, setups, bases, tell, {}, work)
    work.finish()
    return list(zip(chosen, benches, strict=True))


def _set_ups(
    regimes: Sequence[Regime], closures: Sequence[Closure], base: BaseYear, swapped: bool
) -> tuple[list[Setup], tuple[BaseYear, BaseYear]]:
    """What each regime's economy must be built for, and the base year without and with services divided.

    ``swapped`` says whether the regimes' own swaps count. Raises what `policy_of` and `targets_of` raise.
    """
    divided = with_services(base) if any(regime.services for regime in regimes) else base
    setups = []
    for regime, found in zip(regimes, closures, strict=True):
        own = (divided if regime.services else base).benchmark
        policy_of(regime, own, base.schedules)
        swaps = regime.swaps if swapped else ()
        setups.append(Setup(found, swaps, targets_of(regime, own), bool(regime.services)))
    return setups, (base, divided)


def _benches(
    regimes: Sequence[Regime],
    setups: Sequence[Setup],
    bases: tuple[BaseYear, BaseYear],
    note: Tell,
    known: Workbenches,
    work: Work,
) -> list[Workbench]:
    """The economy of each regime, one for all that need the same.

    ``bases`` are the base year and the same with services divided by type of firm.

    Raises RegimeError with its place for a swap or target that is refused, and for shocks that the closure forbids.
    """
    made: dict[Setup, Workbench] = {}
    problems = Problems()
    for regime, setup in zip(regimes, setups, strict=True):
        if setup not in made:
            work.at(f"building the economy, closure {setup.closure.name}", BUILD_WEIGHT)
            made[setup] = _bench(regime, setup, bases[setup.services], note, known)
        with problems.collecting():
            freed = {(target.instrument, cell) for target in setup.targets for cell in target.cells}
            refuse_determined(regime, made[setup].model, freed)
    problems.refuse()
    return [made[setup] for setup in setups]


def _bench(regime: Regime, setup: Setup, base: BaseYear, note: Tell, known: Workbenches) -> Workbench:
    """One that is known by its closure or a new one; its time and progress are this run's."""
    name = setup.name
    if setup.swaps or setup.targets:
        try:
            return Workbench(base, setup.closure, note, setup.swaps, setup.targets)
        except ClosureError as error:
            place = f"{regime.at('closure', 'swap')}: " if str(error).startswith("Swap") else ""
            raise RegimeError(f"{place}{error}") from error
    if name in known and known[name].base.undivided is base.undivided:
        known[name].reopen(note)
    else:
        known[name] = Workbench(base, setup.closure, note)
    return known[name]


def _solve_all(
    regimes: Sequence[Regime], benches: Sequence[Workbench], note: Tell, work: Work
) -> tuple[tuple[SolvedRegime, ...], tuple[FailedRegime, ...]]:
    """Solve what can be solved. Raises the first EngineError if that is nothing."""
    solved: list[SolvedRegime] = []
    failed: list[FailedRegime] = []
    for regime, bench in zip(regimes, benches, strict=True):
        work.at(f"solving {regime.name}")
        try:
            solved.append(bench.solve(regime))
        except EngineError as error:
            failed.append(FailedRegime(regime, bench.closure, error))
            note(f"{regime.name}: not solved, {type(error).__name__}")
    if failed and not solved:
        raise failed[0].error
    return tuple(solved), tuple(failed)


def base_of(regimes: Sequence[Regime]) -> BaseYear:
    """The base year that the regimes need: the one that any of them names, for all, else the default one.

    Raises RegimeError if they name two.
    """
    needed = {regime.base_year: regime.name for regime in regimes if regime.base_year is not None}
    if len(needed) > 1:
        raise RegimeError(
            f"regimes of one run need different base years: {needed}; run them apart, their regions differ"
        )
    return load_base_year(*needed)


def load_all(regimes: Sequence[str | Path | Regime]) -> list[Regime]:
    """Regimes by name, file or as they are; raises RegimeError if none is named, one twice, or one cannot be used."""
    if not regimes:
        raise RegimeError("no regime is named; eacu regimes lists them, e.g. run('union-2010-07')")
    loaded = [r if isinstance(r, Regime) else load_regime(r) for r in regimes]
    names = [regime.name for regime in loaded]
    for name in names:
        if names.count(name) > 1:
            raise RegimeError(f"the regime {name!r} is named {names.count(name)} times; name it once")
    return loaded


def _closure_of(regime: Regime, override: str | None) -> Closure:
    """The regime's closure, or the one asked for, with the choices that the regime's policy needs."""
    try:
        closure = find_closure(override or regime.closure)
        missing = [choice for choice in needed_choices(regime) if _by_default(closure, choice)]
        return find_closure("+".join([closure.name, *missing])) if missing else closure
    except ClosureError as error:
        raise error if override else RegimeError(f"{regime.at('closure')}: closure: {error}") from error


def _by_default(closure: Closure, choice: str) -> bool:
    """Whether a closure leaves the market of a choice as by default, so that the choice may replace it."""
    return MARKETS[CHOICES[choice].market][0] in closure.choices


def _members(solved: Sequence[SolvedRegime]) -> tuple[str, ...]:
    """Every region that is a member in any of the regimes, in the order of the economy's regions."""
    named = {member for regime in solved for member in regime.solution.members}
    return tuple(region for region in solved[0].solution.benchmark.regions if region in named)
