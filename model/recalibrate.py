r"""Other elasticities on the same benchmark: from elasticities to the parameters of a compiled model.

In calibrated-share form the shares of the base year do not depend on elasticities, so that the model replicates its
benchmark for all of them. What does depend on them, the linear expenditure system of households, is computed
anew. A draw is then a vector of parameters; nothing is built or compiled again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from numpy.typing import NDArray

from ..calibration.benchmark import SECTOR_ELASTICITIES, Benchmark
from .blocks.households import les_of_draws
from .engine import CompiledSystem

Array = NDArray[Any]
Index = NDArray[np.int64]

NEAREST_TO_ONE = 1e-3
r"""A price index :math:`(\sum \theta p^{1-\sigma})^{1/(1-\sigma)}` loses digits near :math:`\sigma = 1`; an elasticity
of substitution that comes nearer is put at this distance, which changes no result that anybody reads."""
SUBSTITUTION = ("sigma_value_added", "sigma_armington", "sigma_sources")
DIRECT = (*SUBSTITUTION, "omega_supply", "omega_destinations")
"""Elasticities that are parameters of the model as they stand."""


@dataclass(frozen=True)
class Cells:
    """The elasticities that may vary: one row each, (parameter, sector, region, value); sector ``all`` of ``frisch``.

    Elasticities that choose a functional form (0, 1, infinity) are not among them, nor those between the varieties of
    sectors under monopolistic competition, on which the mark-up of the base year depends.
    """

    table: pd.DataFrame

    @classmethod
    def of(cls, b: Benchmark) -> Cells:
        """Those of a benchmark."""
        parts = []
        for name in (*SECTOR_ELASTICITIES, "frisch"):
            series = getattr(b, name).rename("value")
            rows = series.reset_index().assign(parameter=name)
            parts.append(rows if "sector" in rows else rows.assign(sector="all"))
        table = pd.concat(parts, ignore_index=True)[["parameter", "sector", "region", "value"]]
        value = table["value"].to_numpy(float)
        form = ~np.isfinite(value) | (value == 0.0) | (table["parameter"].isin(SUBSTITUTION) & (value == 1.0))
        firms = {sector for sector, _ in b.increasing_returns}
        form |= table["sector"].isin(firms) & table["parameter"].isin(("sigma_armington", "sigma_sources"))
        return cls(table[~form].reset_index(drop=True))


class Recalibration:
    """Parameter vectors of a compiled model from multipliers of its elasticities.

    Args:
        model: the economy.
        system: it, compiled.

    Attributes:
        cells: what may vary; the rows of the multipliers.
    """

    def __init__(self, model: pyo.ConcreteModel, system: CompiledSystem):
        self.cells = Cells.of(model.benchmark)
        self._slots = {p.name: k for k, p in enumerate(system.parameters)}
        self._model = model
        self._centre = np.array([p.value for p in system.parameters], dtype=float)
        table = self.cells.table
        self._value = table["value"].to_numpy(float)[:, None]
        self._is_substitution = table["parameter"].isin(SUBSTITUTION).to_numpy()
        self._frisch = (table["parameter"] == "frisch").to_numpy()
        names = [
            f"{p}[{s},{r}]"
            for p, s, r in zip(table["parameter"], table["sector"], table["region"], strict=True)
        ]
        slot = np.array([self._slots.get(name, -1) for name in names])
        self._direct: Index = np.flatnonzero(slot >= 0)
        self._direct_slot: Index = slot[self._direct]
        self._demand = [self._household(str(r)) for r in model.R]
        self._model = None  # arrays are all that is needed from here on

    def _household(self, r: str) -> tuple[Array, Index, int, tuple[Index, Index, Index], Array]:
        """Budget, cells of the income elasticities, cell of the Frisch parameter, slots of a region's demand."""
        m = self._model
        goods = [str(i) for i in m.household_goods_of[r]]
        tax = 1 + m.sales_tax0["household", r]
        value = np.array([m.household_demand0[i, r] * tax for i in goods])
        place = {
            key: k for k, key in enumerate(self.cells.table.iloc[:, :3].itertuples(index=False, name=None))
        }
        eta: Index = np.array([place["income_elasticity", i, r] for i in goods])
        slots = [
            np.array([self._slots.get(f"{name}[{i},{r}]", -1) for i in goods])
            for name in ("budget_share", "committed0")
        ]
        rest = np.array([self._slots.get(f"supernumerary0[{r}]", -1)])
        return value, eta, place["frisch", "all", r], (slots[0], slots[1], rest), value.sum()

    @property
    def moves(self) -> NDArray[np.bool_]:
        """Which parameters depend on elasticities, in slot order."""
        result = np.zeros(len(self._centre), dtype=bool)
        result[self._direct_slot] = True
        for *_, slots, _ in self._demand:
            for place in slots:
                result[place[place >= 0]] = True
        return result

    def elasticities(self, multipliers: Array) -> Array:
        """Elasticities of each draw, shape (cells, draws), from multipliers of the same shape.

        The Frisch parameter is varied by what it exceeds minus one in size, so that a budget remains.
        """
        value = self._value * multipliers
        value = np.where(self._frisch[:, None], -1.0 + (self._value + 1.0) * multipliers, value)
        gap = value.real - 1.0
        near = self._is_substitution[:, None] & (np.abs(gap) < NEAREST_TO_ONE)
        return np.where(near, value - gap + np.where(gap >= 0.0, NEAREST_TO_ONE, -NEAREST_TO_ONE), value)

    def parameters(self, multipliers: Array) -> Array:
        """Mutable parameters in slot order of each draw, shape (parameters, draws).

        Args:
            multipliers: of each elasticity, shape (cells, draws); complex ones carry a derivative.
        """
        value = self.elasticities(multipliers)
        shape = len(self._centre), multipliers.shape[1]
        result = np.broadcast_to(self._centre[:, None], shape).astype(value.dtype)
        result[self._direct_slot] = value[self._direct]
        for budget, eta, frisch, slots, spending in self._demand:
            beta, gamma, _ = les_of_draws(budget, value[eta], value[frisch])
            for place, numbers in zip(
                slots, (beta, gamma, spending - gamma.sum(axis=0, keepdims=True)), strict=True
            ):
                has = place >= 0
                result[place[has]] = numbers[has]
        return result

    def derivative(self, multipliers: Array, direction: Array) -> Array:
        """Derivative of the parameters along directions of the logarithms of multipliers, (parameters, directions).

        Args:
            multipliers: where, shape (cells,).
            direction: change of each logarithm, shape (cells, directions).

        Exact: the imaginary part along a vanishing imaginary step (Squire and Trapp 1998, SIAM Review 40).
        """
        tiny = 1e-30
        return self.parameters(multipliers[:, None] * np.exp(1j * tiny * direction)).imag / tiny
