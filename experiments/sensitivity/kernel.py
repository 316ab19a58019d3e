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
import pandas as pd
from numpy.typing import NDArray
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
from .factors import SPREAD_SHOCKS, Array, Factor, shock_cells

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
class Shocks:
    """What a regime does that is uncertain in size.

    Attributes:
        columns: fixed variables that the regime moves and some factor multiplies the change of.
        change: their change by the regime.
        cover: which factors multiply it, ones and zeros, shape (columns, factors).
    """

    columns: NDArray[np.int64]
    change: Array
    cover: Array


@dataclass(frozen=True)
class Centre:
    """A regime solved at the centre of all distributions.

    ``response`` is the derivative of each unknown by each factor, logarithms where the unknown is one.
    """

    name: str
    economy: int
    system: ManySystem
    response: Array
    shocks: Shocks
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
        shocks = centre.shocks
        x[shocks.columns] += shocks.change[:, None] * (np.exp(shocks.cover @ logs) - 1.0)
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
    cover = _cover(factors, cells)
    expressions = [measure(m, r) for measure in MEASURES.values() for r in regions]
    return Economy(recalibration, ManyOutputs(system, [*expressions, m.walras]), cover)


def _centre(regime: Regime, bench: Workbench, k: int, economy: Economy, factors: Sequence[Factor]) -> Centre:
    bench.solve_point(regime)
    system = bench.system
    shocks = _shocks(bench, factors)
    moves = np.zeros(len(system.values), dtype=bool)
    moves[shocks.columns] = True
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
        shocks,
        economy.outputs.values(point, now)[:, 0],
        gradients,
    )


def _cover(factors: Sequence[Factor], cells: pd.DataFrame) -> Array:
    """Which cells each factor multiplies, ones and zeros, shape (cells, factors)."""
    return np.column_stack([factor.covers(cells) for factor in factors]).astype(float)


def _shocks(bench: Workbench, factors: Sequence[Factor]) -> Shocks:
    """The fixed variables that the regime moves and some factor multiplies, by sector and region of the factor."""
    system = bench.system
    members = {name: bench.model.component(name) for name in SPREAD_SHOCKS}
    columns = np.array([system.column[id(v)] for of in members.values() for v in of.values()], dtype=np.int64)
    cells = pd.concat([shock_cells(name, of.keys()) for name, of in members.items()], ignore_index=True)
    cover = _cover(factors, cells)
    change = (system.values - bench.benchmark_point.values)[columns]
    used = system.partition.fixed[columns] & (change != 0.0) & cover.any(axis=1)
    return Shocks(columns[used], change[used], cover[used])


def _response(bench: Workbench, parameters: Array, shocks: Shocks, factors: Sequence[Factor]) -> Array:
    """Derivative of every variable by each factor at the solution, shape (variables, factors)."""
    moved = np.zeros((len(bench.system.values), len(factors)))
    moved[shocks.columns] = shocks.change[:, None] * shocks.cover * np.array([f.slope() for f in factors])
    return response(bench.system, parameters, moved)
