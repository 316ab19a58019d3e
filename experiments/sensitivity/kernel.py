r"""The sweep as arrays: what a worker needs to solve any draw, made once.

For each regime the solution at the centre of all distributions is known, with its factorised Jacobian and the exact
first-order response of every unknown to every factor,

.. math:: \frac{dy}{dt} = -F_y^{-1} \Big(F_\theta \frac{d\theta}{dt} + F_x \frac{dx}{dt}\Big)

where :math:`\theta` are parameters and :math:`x` instruments. A draw starts from there (`eacu.model.engine.many`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyomo.common.gc_manager import PauseGC

from ...model.engine import SolveOptions
from ...model.engine.many import ManyOutputs, ManySystem
from ...model.engine.parameters import along, response
from ...model.measures import MEASURES
from ...model.recalibrate import Recalibration
from ..base_year import BaseYear
from ..doing import Tell, Work
from ..regimes import Regime
from ..run import Workbench, economies
from .factors import Array, Factor

WALRAS = "walras"


@dataclass(frozen=True)
class Ask:
    """What a sweep is about: regimes, one closure for all (or their own), the base year and what is uncertain."""

    regimes: tuple[Regime, ...]
    closure: str | None
    base: BaseYear
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class Economy:
    """What regimes under one closure share."""

    recalibration: Recalibration
    outputs: ManyOutputs
    cover: Array
    """Which cells each factor multiplies, ones and zeros, shape (cells, factors)."""


@dataclass(frozen=True)
class Centre:
    """A regime solved at the centre of all distributions.

    ``response`` is the derivative of each unknown by each factor, logarithms where the unknown is one; ``shocks``
    lists for each shock factor which variables it moves and by how much at a multiplier of one.
    """

    name: str
    economy: int
    system: ManySystem
    response: Array
    derivative: Array
    """Derivative of every variable by each factor, levels."""
    shocks: tuple[tuple[int, Array, Array], ...]
    outcomes: Array
    gradients: Array
    """Total derivative of each outcome by each factor."""


@dataclass(frozen=True)
class Block:
    """Solved draws of one regime: ``outcomes`` (draws, outcomes), and how each draw went."""

    regime: str
    outcomes: Array
    residual: Array
    steps: np.ndarray
    how: list[str]


@dataclass(frozen=True)
class Kernel:
    """Everything a worker needs. ``names`` are the outcomes, ``indicator[REGION]``, the last one being ``walras``."""

    ask: Ask
    names: tuple[str, ...]
    economies: tuple[Economy, ...]
    centres: tuple[Centre, ...]

    def multipliers(self, centre: Centre, t: Array) -> tuple[Array, Array]:
        """Multipliers of all cells (cells, draws) and values of all variables at the start (variables, draws)."""
        factors = self.ask.factors
        cover = self.economies[centre.economy].cover
        logs = np.column_stack([np.log(f.multiplier(t[:, k])) for k, f in enumerate(factors)]).T
        multipliers = np.exp(cover @ logs)
        system = centre.system
        x = np.repeat(system.centre[:, None], len(t), axis=1)
        free, in_logs = system.free, system.in_logs[:, None]
        moved = centre.response @ t.T
        x[free] = np.where(in_logs, x[free] * np.exp(np.where(in_logs, moved, 0.0)), x[free] + moved)
        for k, columns, change in centre.shocks:
            x[columns] += change[:, None] * (factors[k].multiplier(t[:, k]) - 1.0)
        return multipliers, x

    def solve(self, centre: Centre, t: Array) -> tuple[Block, Array, Array]:
        """Solve draws side by side; returns also the points and parameters, (variables, draws), (parameters, draws)."""
        economy = self.economies[centre.economy]
        multipliers, start = self.multipliers(centre, t)
        parameters = economy.recalibration.parameters(multipliers)
        found = centre.system.solve(start, parameters)
        outcomes = economy.outputs.values(found.x, parameters).T
        how = ["side by side" if solved else "" for solved in found.solved]
        x = np.where(found.solved, found.x, start)
        return Block(centre.name, outcomes, found.relative, found.steps, how), x, parameters


def make_kernel(ask: Ask, tell: Tell = lambda line: None) -> Kernel:
    """Build the economies, solve the regimes at the centre, and linearise them there.

    Raises what `eacu.experiments.run.run` raises.
    """
    with PauseGC():  # what is built is kept: nothing to look for
        return _kernel(ask, Work(tell, 3 + len(ask.regimes)))


def _kernel(ask: Ask, work: Work) -> Kernel:
    pairs = economies(
        *ask.regimes, closure=ask.closure, base=ask.base, tell=work.part("building the economy", 3)
    )
    benches: list[Workbench] = []
    for _, bench in pairs:
        if bench not in benches:
            benches.append(bench)
    regions = ask.base.benchmark.regions
    names = (*(f"{name}[{r}]" for name in MEASURES for r in regions), WALRAS)
    parts = [_economy(bench, ask.factors, regions) for bench in benches]
    centres = []
    for regime, bench in pairs:
        work.at(f"solving {regime.name}")
        k = benches.index(bench)
        centres.append(_centre(regime, bench, k, parts[k], ask.factors))
    work.finish()
    return Kernel(ask, names, tuple(parts), tuple(centres))


def _economy(bench: Workbench, factors: Sequence[Factor], regions: Sequence[str]) -> Economy:
    m, system = bench.model, bench.system
    recalibration = Recalibration(m, system)
    cells = recalibration.cells.table
    cover = np.column_stack(
        [np.zeros(len(cells)) if f.is_shock else f.covers(cells).astype(float) for f in factors]
    )
    expressions = [measure(m, r) for measure in MEASURES.values() for r in regions]
    return Economy(recalibration, ManyOutputs(system, [*expressions, m.walras]), cover)


def _centre(regime: Regime, bench: Workbench, k: int, economy: Economy, factors: Sequence[Factor]) -> Centre:
    bench.solve_point(regime)
    system = bench.system
    shocks = _shocks(bench, factors)
    moves = np.zeros(len(system.values), dtype=bool)
    for _, columns, _ in shocks:
        moves[columns] = True
    many = ManySystem(system, SolveOptions(), moves, economy.recalibration.moves)
    cover = economy.cover * np.array([f.slope() for f in factors])
    parameters = economy.recalibration.derivative(np.ones(len(cover)), cover)
    derivative = _response(bench, parameters, shocks, factors)
    response = derivative[many.free].copy()
    response[many.in_logs] /= many.centre[many.free][many.in_logs][:, None]
    point, now = many.centre[:, None], many.parameters[:, None]
    gradients = along(economy.outputs, many.centre, many.parameters, derivative, parameters)
    return Centre(
        regime.name,
        k,
        many,
        response,
        derivative,
        shocks,
        economy.outputs.values(point, now)[:, 0],
        gradients,
    )


def _shocks(bench: Workbench, factors: Sequence[Factor]) -> tuple[tuple[int, Array, Array], ...]:
    """For each shock factor that moves something: its place, the fixed variables, their change by the regime."""
    found = []
    change = bench.system.values - bench.benchmark_point.values
    for k, factor in enumerate(factors):
        if factor.is_shock:
            members = [
                bench.system.column[id(v)]
                for name in factor.acts_on
                for v in bench.model.component(name).values()
            ]
            columns = np.array(
                [c for c in members if bench.system.partition.fixed[c] and change[c] != 0.0], dtype=int
            )
            if len(columns):
                found.append((k, columns, change[columns]))
    return tuple(found)


def _response(
    bench: Workbench, parameters: Array, shocks: Sequence[tuple[int, Array, Array]], factors: Sequence[Factor]
) -> Array:
    """Derivative of every variable by each factor at the solution, shape (variables, factors)."""
    moved = np.zeros((len(bench.system.values), len(factors)))
    for k, where, change in shocks:
        moved[where, k] = change * factors[k].slope()
    return response(bench.system, parameters, moved)
