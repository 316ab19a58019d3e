"""Where the members of each variable stand in the vector of a compiled system."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..model.engine import CompiledSystem

Key = tuple[str, ...]
Positions = NDArray[np.intp]


class Columns:
    """Positions of variables by name, in the order of their index; and which are exogenous now."""

    def __init__(self, system: CompiledSystem):
        self._system = system
        self._members: dict[str, list[tuple[Key, int]]] = {}
        for column, variable in enumerate(system.variables):
            index = variable.index()
            key = index if isinstance(index, tuple) else () if index is None else (index,)
            self._members.setdefault(variable.parent_component().name, []).append((key, column))

    @property
    def fixed(self) -> NDArray[np.bool_]:
        """Which variables the closure fixes, by position."""
        return self._system.partition.fixed

    def of(self, name: str, where: Callable[[Key], bool] | None = None) -> Positions:
        """Positions of a variable's members, or of those whose index ``where`` accepts."""
        return np.array([c for key, c in self._members[name] if where is None or where(key)], dtype=np.intp)

    def index(self, name: str, where: Callable[[Key], bool] | None = None) -> list[Key]:
        """The index of the same members, in the same order."""
        return [key for key, _ in self._members[name] if where is None or where(key)]

    def grow(
        self,
        values: NDArray[np.float64],
        name: str,
        by_region: pd.Series,
        chosen: Callable[[str, Key], bool],
    ) -> None:
        """Multiply each exogenous member that is ``chosen`` by the number of its region, the last of its index.

        Raises KeyError for a region without a number.
        """
        fixed = self.fixed
        for key, column in self._members[name]:
            if fixed[column] and chosen(name, key):
                values[column] *= float(by_region[key[-1]])
