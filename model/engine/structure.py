"""Structural checks before any solve, in economic words.

A square system is structurally sound when every equation can be paired with a variable of its own that it
determines. Where it is not, the Dulmage-Mendelsohn decomposition finds the equations that together determine
too few variables and the variables that nothing determines.

Source: Dulmage and Mendelsohn (1958), "Coverings of bipartite graphs", Canadian Journal of Mathematics 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array

from .errors import StructuralError
from .linear import structural_matching
from .system import CompiledSystem
from .terms import Index


@dataclass(frozen=True)
class Conflict:
    """A set of equations (or variables) one side of which is too numerous for the other."""

    equations: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Structure:
    """Outcome of the structural check.

    Attributes:
        n_equations, n_free: sizes of the system.
        overdetermined: equations that outnumber the variables they determine.
        underdetermined: variables that outnumber the equations that could determine them.
        unused: free variables that appear in no equation.
        without_unknown: equations all of whose variables are fixed.
    """

    n_equations: int
    n_free: int
    overdetermined: tuple[Conflict, ...]
    underdetermined: tuple[Conflict, ...]
    unused: tuple[str, ...]
    without_unknown: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Square and structurally non-singular."""
        return not (self.overdetermined or self.underdetermined or self.unused or self.without_unknown) and (
            self.n_equations == self.n_free
        )

    def __str__(self) -> str:
        """The findings as sentences."""
        if self.is_sound:
            return f"{self.n_equations} equations determine {self.n_free} variables."
        lines = [f"{self.n_equations} equations for {self.n_free} free variables."]
        for c in self.overdetermined:
            both = "both" if len(c.equations) == 2 else "all"
            lines.append(f"{_join(c.equations)} {both} determine {_join(c.variables)}.")
        for c in self.underdetermined:
            if not c.equations:
                lines.append(f"Nothing determines {_join(c.variables)}.")
            else:
                lines.append(
                    f"Nothing determines one of {_join(c.variables, 'or')}: only {_join(c.equations)} "
                    f"contain{'s' if len(c.equations) == 1 else ''} them."
                )
        for name in self.unused:
            lines.append(f"Nothing determines {name}: it appears in no active equation (fix or remove it).")
        for name in self.without_unknown:
            lines.append(f"{name} contains no free variable: it can only hold or fail, not determine.")
        return "\n".join(lines)


def check_structure(system: CompiledSystem) -> Structure:
    """Check that the free variables are as many as the equations and can be paired with them."""
    p = system.partition
    n_rows, n_columns = system.n_equations, len(p.free)
    row_of = structural_matching(p.indices, p.indptr, n_rows)
    column_of = np.full(n_rows, -1, dtype=np.int64)
    column_of[row_of[row_of >= 0]] = np.flatnonzero(row_of >= 0)
    by_row = csc_array((np.ones(len(p.indices)), p.indices, p.indptr), shape=(n_rows, n_columns)).tocsr()

    def columns_in(row: int) -> Index:
        return by_row.indices[by_row.indptr[row] : by_row.indptr[row + 1]]

    def rows_with(column: int) -> Index:
        return p.indices[p.indptr[column] : p.indptr[column + 1]]

    def equations(rows: Sequence[int]) -> tuple[str, ...]:
        return tuple(system.equation_names[k] for k in rows)

    def variables(columns: Sequence[int]) -> tuple[str, ...]:
        return tuple(system.variable_names[p.free[k]] for k in columns)

    empty_rows = [k for k in np.flatnonzero(column_of < 0).tolist() if not len(columns_in(k))]
    empty_columns = [k for k in np.flatnonzero(row_of < 0).tolist() if not len(rows_with(k))]
    over = [
        _reach(k, columns_in, row_of) for k in np.flatnonzero(column_of < 0).tolist() if k not in empty_rows
    ]
    under = [
        _reach(k, rows_with, column_of) for k in np.flatnonzero(row_of < 0).tolist() if k not in empty_columns
    ]
    return Structure(
        n_equations=n_rows,
        n_free=n_columns,
        overdetermined=tuple(Conflict(equations(rows), variables(columns)) for rows, columns in over),
        underdetermined=tuple(Conflict(equations(rows), variables(columns)) for columns, rows in under),
        unused=variables(empty_columns),
        without_unknown=equations(empty_rows),
    )


def require_sound(system: CompiledSystem) -> None:
    """Refuse a system that is not square or is structurally singular.

    Raises:
        StructuralError: with the finding in economic words.
    """
    structure = check_structure(system)
    if not structure.is_sound:
        raise StructuralError(
            f"the model has no unique solution by its structure.\n{structure}\n"
            "Look at the closure: each variable that is unfixed needs an equation, each one fixed frees one."
        )


def _reach(start, neighbours, partner) -> tuple[list[int], list[int]]:  # type: ignore[no-untyped-def]
    """Nodes on the two sides reached from an unmatched node by alternating paths."""
    here, there, queue = [start], [], [start]
    seen = set()
    while queue:
        for other in neighbours(queue.pop()).tolist():
            if other in seen:
                continue
            seen.add(other)
            there.append(other)
            mate = int(partner[other])
            if mate >= 0:
                here.append(mate)
                queue.append(mate)
    return sorted(here), sorted(there)


def _join(names: Sequence[str], word: str = "and", limit: int = 6) -> str:
    shown = list(names[:limit])
    if len(names) > limit:
        shown.append(f"{len(names) - limit} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"
