"""The core of a system: what is left without equations that only define a variable nobody else uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .terms import Index


@dataclass(frozen=True)
class Part:
    """Some of the equations and some of the free variables, as masks."""

    rows: NDArray[np.bool_]
    columns: NDArray[np.bool_]

    @property
    def complement(self) -> Part:
        """The other equations and variables."""
        return Part(~self.rows, ~self.columns)


def core_of(indices: Index, indptr: Index, n_equations: int) -> Part:
    """Equations and variables that remain when definitions are peeled off from the end.

    A variable in one equation only is defined by it; without the two, other variables may be left in one
    equation only. Where nothing at all would remain (a model that is solved one equation after another) the
    core is everything.

    Args:
        indices, indptr: CSC pattern of the Jacobian, one column for each free variable.
        n_equations: number of rows.
    """
    n = len(indptr) - 1
    column: Index = np.repeat(np.arange(n), np.diff(indptr))
    rows, columns = np.ones(n_equations, dtype=bool), np.ones(n, dtype=bool)
    while True:
        live = rows[indices] & columns[column]
        uses = np.bincount(column[live], minlength=n)
        defining = live & (uses[column] == 1)
        row, first = np.unique(indices[defining], return_index=True)
        if not len(row):
            break
        rows[row] = False
        columns[column[defining][first]] = False
    if not rows.any():
        rows[:] = columns[:] = True
    return Part(rows, columns)
