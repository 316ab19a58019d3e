"""What must be true of every economy, in one call: :func:`property_checks`.

The checks know the benchmark and the solved prices and quantities, not the model's equations: payments, market
balances, demand systems and price indices are worked out again from their definitions. A fault in an equation
that no check betrays is a missing check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.sam import COLUMNS, SamError
from eacu.model.accounts import payments, sam_of
from eacu.model.blocks.factors import dropped_market
from eacu.model.checks import (
    HOMOGENEITY,
    REPLICATION,
    WALRAS,
    benchmark_residuals,
    price_homogeneity,
    scale_homogeneity,
    union_neutrality,
    walras,
)
from eacu.model.closures import Closure, ClosureError
from eacu.model.economy import build_economy
from eacu.model.engine import (
    CompiledSystem,
    ConvergenceError,
    EngineError,
    SolveOptions,
    compile_model,
    solve_system,
)
from eacu.model.state import State
from tests.support import energy_principles, first_principles, mobility_principles

SAM_AGREEMENT = 1e-10
"""Largest relative departure of a cell of the rebuilt benchmark SAM from its original."""
DEFINITIONS = 1e-8
"""Largest relative departure of a solved price or quantity from its definition."""
SMALL = 0.02
"""Share of the shock that is solved where the whole has no solution."""
OPTIONS = SolveOptions(max_steps=25, step_budget=25)
"""A sound economy takes fewer than ten steps; a faulty one is not to be tried for long."""

STRUCTURE, BUILD = "structure", "build"
"""Failures before any check: the closure or the compilation refuses the model; an equation cannot be written."""


@dataclass(frozen=True)
class Failure:
    """A property that does not hold, with what was measured."""

    check: str
    found: str


@dataclass
class Trial:
    """A benchmark under test: its model, compiled once, and the closure.

    ``unsolved`` says why the whole shock has no solution, if it has none.
    """

    benchmark: Benchmark
    closure: str | Closure
    members: tuple[str, ...]
    model: pyo.ConcreteModel
    system: CompiledSystem
    solution: State | None = None
    unsolved: str = ""

    def solve(self, model: pyo.ConcreteModel | None = None) -> None:
        """Solve from the model's present values and write the solution into it."""
        self.system.refresh()
        solve_system(self.system, OPTIONS)
        self.system.write_back(self.system.values)
        self.solution = None

    def keep_of_the_shock(self, share: float) -> None:
        """Move every exogenous variable back towards the benchmark, to a share of its shock, the others wholly."""
        for variable in self.model.component_data_objects(pyo.Var):
            start = self.model.benchmark_values[variable.parent_component().name][variable.index()]
            left = share * (variable.value - start) if variable.fixed else 0.0
            variable.set_value(start + left)

    def state(self) -> State:
        """The solution, read once."""
        if self.solution is None:
            self.solution = State.of(self.model)
        return self.solution


def property_checks(
    benchmark: Benchmark,
    closure: str | Closure = "default",
    members: tuple[str, ...] = ("RUS", "BLR", "KAZ"),
    first_only: bool = False,
) -> list[Failure]:
    """Build the economy and check all properties, at the benchmark and after a shock of every instrument.

    Args:
        benchmark: the base year; ``members`` are three or fewer of its regions.
        closure: as for :func:`eacu.model.economy.build_economy`.
        members: regions of the customs union of the shock.
        first_only: stop at the first failure.

    Returns:
        The failures, none for a sound model.
    """
    failures: list[Failure] = []
    for failure in _failures(benchmark, closure, members):
        failures.append(failure)
        if first_only:
            break
    return failures


def _failures(benchmark: Benchmark, closure: str | Closure, members: tuple[str, ...]) -> Iterator[Failure]:
    try:
        model = build_economy(benchmark, closure)
        system = compile_model(model)
    except (EngineError, ClosureError) as error:  # the model's own checks of its structure
        yield Failure(STRUCTURE, f"{type(error).__name__}: {error}")
        return
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        yield Failure(BUILD, f"{type(error).__name__}: {error}")
        return
    trial = Trial(benchmark, closure, members, model, system)
    for name, check in CHECKS.items():
        try:
            found = check(trial)
        except (EngineError, SamError, TypeError, ValueError, ArithmeticError, RuntimeWarning) as error:
            yield Failure(name, f"{type(error).__name__}: {error.args[0]}")
            if isinstance(error, EngineError | RuntimeWarning):
                return  # there is no solution to look at
            continue
        if found:
            yield Failure(name, found)


def _above(measured: float, tolerance: float) -> str:
    return "" if measured <= tolerance else f"{measured:.3g} exceeds {tolerance:g}"


def replicates(t: Trial) -> str:
    """Every equation holds at the benchmark."""
    replication = benchmark_residuals(t.model)
    return _above(replication.worst, REPLICATION)


def rebuilds_the_benchmark_sam(t: Trial) -> str:
    """Payments at the benchmark point are those of the SAM, cell by cell."""
    cell = list(COLUMNS[:4])
    rebuilt = sam_of(payments(t.benchmark, t.model.benchmark_state)).table.set_index(cell)["value"]
    original = t.benchmark.sam.set_index(cell)["value"]
    original = original[original != 0]
    if set(rebuilt.index) != set(original.index):
        return f"cells differ: {sorted(set(rebuilt.index) ^ set(original.index))[:3]}"
    return _above(float((rebuilt.reindex(original.index) / original - 1).abs().max()), SAM_AGREEMENT)


def measures_excess_demand(t: Trial) -> str:
    """Away from equilibrium the Walras residual is the value of the dropped market's excess demand.

    The shock of every instrument is applied here and solved by the next check.
    """
    shock_everything(t.model, t.members)
    factor, region = dropped_market(t.benchmark)
    wage = t.model.factor_price[factor, region]
    wage.set_value(1.3)
    excess = first_principles.excess_demand(t.benchmark, State.of(t.model), factor, region)
    found = float(pyo.value(t.model.walras))
    wage.set_value(1.0)
    return _above(abs(found / excess - 1), DEFINITIONS)


def solves(t: Trial) -> str:
    """The shock has a solution; later checks look at it.

    A faulty model may have none, or none that is found. A small part of the shock is then solved instead, so that
    what is wrong with the equations shows, and not only that something is.
    """
    try:
        t.solve()
    except (ConvergenceError, RuntimeWarning) as error:
        t.unsolved = f"{type(error).__name__}: {error.args[0]}"
        t.keep_of_the_shock(SMALL)
        t.solve()
    return ""


def solves_the_whole_shock(t: Trial) -> str:
    """Not only a small part of the shock has a solution."""
    return t.unsolved


def clears_the_dropped_market(t: Trial) -> str:
    """Walras' law, by the model's own expression and by the factor's uses and supply."""
    return _above(walras(t.model), WALRAS)


def balances_the_sam(t: Trial) -> str:
    """The SAM of the solution balances."""
    gap = sam_of(first_principles.payments_of(t.benchmark, t.state())).balance_gap()
    return _above(gap, SAM_AGREEMENT)


def _agrees(check: first_principles.Check) -> Callable[[Trial], str]:
    def found(t: Trial) -> str:
        gaps = check(t.benchmark, t.state())
        worst = {name: gap for name, gap in gaps.items() if not gap <= DEFINITIONS}
        return ", ".join(f"{name} off by {gap:.3g}" for name, gap in worst.items())

    return found


def holds_the_wage_floor(t: Trial) -> str:
    """Where the closure puts a floor under real wages, it binds or unemployment is nil, and neither is negative."""
    if "wage_floor_binds" not in t.model.closure.conditions:
        return ""
    x = t.state()
    idle = x["unemployment"]
    wage = first_principles.real_wage(t.benchmark, x)
    above = wage / x["wage_floor"] - 1
    apart = np.minimum(idle, above).abs().max()
    return _above(float(apart), DEFINITIONS)


def holds_the_quotas(t: Trial) -> str:
    """Where the closure puts quotas in force: not used up, binding, or exceeded at the price with duty."""
    if "quota_binds" not in t.model.closure.conditions:
        return ""
    return _above(energy_principles.quota_gap(t.state()), DEFINITIONS)


def holds_the_migration_barrier(t: Trial) -> str:
    """Where the closure lets labour move, the wage ratio is at the barrier or nobody moves."""
    if "migration_barrier_binds" not in t.model.closure.conditions:
        return ""
    x = t.state()
    price = first_principles.consumer_price(t.benchmark, x)
    return _above(mobility_principles.barrier_gap(t.benchmark, x, price), DEFINITIONS)


def is_homogeneous_in_prices(t: Trial) -> str:
    """The numeraire scales prices and nothing else."""
    return _above(price_homogeneity(t.model, solver=t.solve), HOMOGENEITY)


def has_constant_returns(t: Trial) -> str:
    """Everything extensive, scaled together, scales quantities and no price."""
    return _above(scale_homogeneity(t.model, solver=t.solve), HOMOGENEITY)


def keeps_a_neutral_union_neutral(t: Trial) -> str:
    """A union that changes no tariff and whose keys are the members' own collections changes nothing."""
    return _above(union_neutrality(t.model, t.members, solver=t.solve), HOMOGENEITY)


CHECKS: dict[str, Callable[[Trial], str]] = {
    "replication": replicates,
    "Walras measure": measures_excess_demand,
    "solution": solves,
    "Walras": clears_the_dropped_market,
    "SAM balance": balances_the_sam,
    **{name: _agrees(check) for name, check in first_principles.CHECKS.items()},
    "wage floor": holds_the_wage_floor,
    "quotas": holds_the_quotas,
    "migration barrier": holds_the_migration_barrier,
    "whole shock": solves_the_whole_shock,
    "price homogeneity": is_homogeneous_in_prices,
    "scale homogeneity": has_constant_returns,
    "union neutrality": keeps_a_neutral_union_neutral,
    "benchmark SAM": rebuilds_the_benchmark_sam,
}
"""In the order in which they run: each leaves the model where the next expects it."""


def shock_everything(m: pyo.ConcreteModel, members: tuple[str, ...], seed: int = 7) -> None:
    """Move every fixed variable by its own random amount and pool duties.

    No two members of an instrument move alike, so that a mixed-up index shows; for the same reason a region that
    is no member pools part of its duties, too.
    """
    rng = np.random.default_rng(seed)
    for name, (low, high) in RATES.items():
        for variable in m.component(name).values():
            if variable.fixed:
                variable.set_value(variable.value + rng.uniform(low, high))
    for name in INDICES:
        for variable in m.component(name).values():
            if variable.fixed:
                variable.set_value(variable.value * rng.uniform(0.95, 1.05))
    for name in AMOUNTS:
        for key, variable in m.component(name).items():
            if variable.fixed:
                size = float(m.benchmark.gdp[key])
                variable.set_value(variable.value + size * rng.uniform(-0.02, 0.02))
    for variable in m.iceberg.values():
        variable.set_value(rng.uniform(1.0, 1.1))
    if all(m.foreign_savings[r].fixed for r in m.R):
        last = list(m.R)[-1]
        m.foreign_savings[last].set_value(-sum(m.foreign_savings[r].value for r in m.R if r != last))
    energy_principles.shock_energy_rules(m, rng)
    mobility_principles.shock_mobility(m, rng)
    for r, key in zip(m.R, rng.dirichlet(3 * np.ones(len(m.R))), strict=True):
        m.union_member[r].set_value(float(r in members))
        m.pooled[r].set_value(rng.uniform(0.2, 1.0))
        m.pool_share[r].set_value(key)


RATES = {
    "presence_rent": (-0.05, 0.1),
    "import_tariff": (-0.02, 0.15),
    "export_tax": (-0.05, 0.05),
    "sales_tax": (-0.03, 0.05),
    "production_tax": (-0.02, 0.03),
    "factor_tax": (-0.03, 0.05),
    "direct_tax": (-0.03, 0.03),
    "unemployment_rate": (-0.02, 0.02),
    "off_wage_curve": (-0.05, 0.05),
    "savings_rate": (-0.02, 0.02),
    "government_savings_ratio": (-0.02, 0.02),
}
INDICES = (
    "productivity",
    "fixed_cost",
    "endowment",
    "factor_use",
    "population",
    "government_consumption",
    "investment",
    "capital_return",
    "unemployment",
    "numeraire",
    "sales_tax_power",
    "direct_tax_retention",
    "investment_rate",
    "real_exchange_rate",
    "wage_floor",
)
AMOUNTS = ("government_savings", "foreign_savings", "real_transfer")
HELD = {
    "quota_scarcity": "nil where no quota is in force",
    "factor_price": "unit of a specific factor's premiums",
    "rental_premium": "one for every factor that moves: its price is that of the market",
    "foreign_savings_gap": "nil: the world is closed",
    "capital_outside": "nil: what works in the union is its members' capital",
}
"""Exogenous variables that no shock moves, and why."""
