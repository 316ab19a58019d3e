"""Labour that moves between members, in years in which wages grow at different rates.

In a single year workers move when the ratio of wages between two regions, relative to the base year's, passes a barrier
that a regime sets. Along a path wages drift apart for reasons that are no policy's, and what kept workers at home
before keeps them there still: the barrier is meant relative to the *baseline's* ratio of the same year, and where
no regime opens it nobody moves. What moves is labour of the base year's efficiency.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from .columns import Columns
from .labour import CLOSED

Array = NDArray[np.float64]
BARRIER, CONDITION = "migration_barrier", "migration_barrier_binds"


class WageGaps:
    """The barriers of an economy, where its closure lets labour move; else everything here does nothing."""

    def __init__(self, m: pyo.ConcreteModel, columns: Columns):
        self._model = m
        self.in_force = CONDITION in m.closure.conditions
        self._barrier = columns.of(BARRIER) if self.in_force else np.array([], dtype=np.intp)
        self._pairs = columns.index(BARRIER) if self.in_force else []

    def close(self, values: Array) -> None:
        """Nobody moves: barriers out of reach."""
        values[self._barrier] = CLOSED

    def ratios(self) -> Array:
        """Take-home wage of destination over origin, benchmark = 1, at the model's present point."""
        wage = self._model.take_home_wage if self.in_force else {}
        return np.array([pyo.value(wage[f, d]) / pyo.value(wage[f, o]) for f, o, d in self._pairs])

    def relate(self, values: Array, baseline: Array) -> None:
        """Barriers relative to the ratios of the baseline."""
        values[self._barrier] *= baseline
