r"""Targets: an indicator is fixed and an instrument freed to meet it.

For the target number :math:`k` the model gets a variable :math:`o_k` and the equation

.. math:: o_k = \text{indicator}_r

(`eacu.model.measures`), then :math:`o_k` is fixed and the instrument freed: an exchange of what is exogenous that
`eacu.model.swap` checks for a square and sound model before anything is solved. Where the selectors choose several
cells of the instrument they move in step: with :math:`x^0` the value that the regime gives a cell and one factor
:math:`\lambda_k` for all,

.. math:: 1 + x = \lambda_k (1 + x^0) \quad \text{(a rate)} \qquad x = \lambda_k x^0 \quad \text{(an index)}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyomo.environ as pyo
from pyomo.core.base.var import VarData

from ..calibration.benchmark import Benchmark
from ..model.choices import ClosureError
from ..model.engine import CompiledSystem
from ..model.instruments import INSTRUMENTS, Policy
from ..model.measures import MEASURES
from ..model.names import unknown_name
from ..model.state import State
from ..model.swap import swap
from .regimes import Regime, RegimeError
from .shock_tables import TIED_UNITS
from .shocks import TARGET, Shocks

Index = tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """An indicator of a region that ``instrument`` meets in ``cells``; ``where`` says where it was written."""

    instrument: str
    cells: tuple[Index, ...]
    outcome: str
    region: str
    value: float
    unit: str
    where: str

    @property
    def tied(self) -> bool:
        """Whether several cells move in step."""
        return len(self.cells) > 1

    def level(self, benchmark_value: float) -> float:
        """The target as a level of the indicator. Raises RegimeError for a per cent of nothing."""
        if self.unit != "percent" or self.outcome.endswith("_pct") or "_pct_" in self.outcome:
            return self.value
        if benchmark_value == 0:
            raise RegimeError(
                f"{self.where}: {self.outcome} of {self.region} is zero in the base year, so a change in per cent "
                "means nothing. Give the target in USD mn"
            )
        return benchmark_value * (1 + self.value / 100)


def targets_of(regime: Regime, benchmark: Benchmark) -> tuple[Target, ...]:
    """The targets among a regime's shocks.

    Raises RegimeError for an unknown region, two targets for one outcome, a cell freed twice, and several cells of an
    instrument that cannot move in step.
    """
    if not any(shock.mode == TARGET for shock in regime.shocks):
        return ()
    found: list[Target] = []
    for number, (shock, cells) in enumerate(zip(regime.shocks, Shocks(regime, benchmark).cells, strict=True)):
        if shock.mode != TARGET:
            continue
        where = f"{regime.at('shock', number)}: [[shock]] entry {number + 1}"
        region = str(shock.outcome_region)
        if region not in benchmark.regions:
            raise RegimeError(f"{where}: {unknown_name('region', region, benchmark.regions)}")
        keys = tuple(cell if isinstance(cell, tuple) else (cell,) for cell in cells)
        instrument = INSTRUMENTS[shock.instrument]
        keys = keys if instrument.levels else ((),)
        if len(keys) > 1 and instrument.unit not in TIED_UNITS:
            raise RegimeError(
                f"{where}: {shock.instrument} is freed in {len(keys)} cells, but one number can be met by one only: "
                "add selectors until one is left"
            )
        target = Target(shock.instrument, keys, str(shock.outcome), region, shock.value, shock.unit, where)
        for other in found:
            if (other.outcome, other.region) == (target.outcome, region):
                raise RegimeError(f"{where}: {target.outcome} of {region} has a target already")
            if other.instrument == target.instrument and set(other.cells) & set(keys):
                raise RegimeError(f"{where}: {target.instrument} is freed for another target already")
        found.append(target)
    return tuple(found)


def add_targets(m: pyo.ConcreteModel, targets: Sequence[Target]) -> None:
    """Variables and equations of targets with instruments fixed as before; the model stays square.

    The outcomes are free and measured; the starts of cells in step are free too and follow the cells. Raises
    RegimeError for a change in per cent of an outcome that is zero in the base year.
    """
    if not targets:
        return
    m.targets = pyo.Set(initialize=range(len(targets)))
    m.target_outcome = pyo.Var(m.targets, domain=pyo.Reals)
    tied = [(k, n) for k, target in enumerate(targets) if target.tied for n in range(len(target.cells))]
    m.targets_in_step = pyo.Set(initialize=sorted({k for k, _ in tied}))
    m.target_cells = pyo.Set(dimen=2, initialize=tied)
    m.target_factor = pyo.Var(m.targets_in_step, domain=pyo.PositiveReals, initialize=1.0)
    m.target_factor.fix()
    m.target_start = pyo.Var(m.target_cells, domain=pyo.Reals)
    for k, n in tied:
        m.target_start[k, n].set_value(_cell(m, targets[k], n).value)
    m.target_levels = []
    for k, target in enumerate(targets):
        measured = pyo.value(MEASURES[target.outcome](m, target.region))
        m.target_outcome[k].set_value(measured)
        m.target_levels.append(target.level(measured))
    m.target_met = pyo.Constraint(
        m.targets,
        rule=lambda m, k: m.target_outcome[k] == MEASURES[targets[k].outcome](m, targets[k].region),
    )
    m.target_step = pyo.Constraint(m.target_cells, rule=lambda m, k, n: _in_step(m, targets[k], k, n))
    m.benchmark_state = State.of(m)


def free_instruments(m: pyo.ConcreteModel, targets: Sequence[Target], system: CompiledSystem) -> None:
    """Fix the outcomes and free the instruments, one target after the other, each exchange checked.

    Raises ClosureError when an instrument is free already or cannot determine the outcome.
    """
    for k, target in enumerate(targets):
        fix, free = [f"target_outcome[{k}]"], [_cell(m, target, n).name for n in range(len(target.cells))]
        if target.tied:
            fix, free = [*fix, f"target_start[{k},*]"], [*free, f"target_factor[{k}]"]
        name, description = m.closure.name, m.closure.description
        try:
            swap(m, fix, free, system)
        except ClosureError as error:
            raise ClosureError(
                f"{target.where}: the target cannot be met by {target.instrument}. {error}"
            ) from error
        met = f"{target.outcome} of {target.region} is met by {target.instrument}"
        m.closure = replace(m.closure, name=f"{name} ({met})", description=f"{description} Target: {met}.")


def without_targets(policy: Policy, targets: Sequence[Target]) -> Policy:
    """The policy without the cells that targets free."""
    settings = dict(policy.settings)
    for target in targets:
        if target.instrument in settings:
            given = settings.pop(target.instrument)
            if isinstance(given, pd.Series):
                keys = [cell if len(cell) > 1 else cell[0] for cell in target.cells]
                settings[target.instrument] = given.drop(given.index.intersection(keys))
    return Policy(policy.name, settings)


def set_targets(m: pyo.ConcreteModel, targets: Sequence[Target], policy: Policy) -> None:
    """Write the wanted outcomes, and the values that the policy gives to cells in step, into fixed variables.

    The freed cells start from the policy's values.
    """
    for k, target in enumerate(targets):
        m.target_outcome[k].set_value(m.target_levels[k])
        for n, start in enumerate(_starts(m, target, policy)):
            _cell(m, target, n).set_value(start, skip_validation=True)
            if target.tied:
                m.target_start[k, n].set_value(start)


def _starts(m: pyo.ConcreteModel, target: Target, policy: Policy) -> list[float]:
    """What the policy gives each cell of a target, or where it gives nothing the base year's value."""
    values = dict(m.benchmark_values[target.instrument])
    given = policy.settings.get(target.instrument)
    if isinstance(given, pd.Series):
        values |= dict(given.items())
    elif given is not None:
        values = dict.fromkeys(values, given)
    return [float(values[cell if len(cell) > 1 else cell[0] if cell else None]) for cell in target.cells]


def _cell(m: pyo.ConcreteModel, target: Target, n: int) -> VarData:
    variable, key = m.component(target.instrument), target.cells[n]
    return variable[key if len(key) > 1 else key[0]] if key else variable


def _in_step(m: pyo.ConcreteModel, target: Target, k: int, n: int) -> Any:
    cell, start, factor = _cell(m, target, n), m.target_start[k, n], m.target_factor[k]
    if INSTRUMENTS[target.instrument].unit == "rate":
        return 1 + cell == factor * (1 + start)
    return cell == factor * start
