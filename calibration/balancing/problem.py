"""What is to be balanced: cells with a prior and a reliability, and the linear constraints they must meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

if TYPE_CHECKING:
    from .linear_program import Basis

Labels = str | Sequence[str] | pd.Series


class BalanceError(ValueError):
    """A balancing problem that is stated wrongly or cannot be solved."""


class InfeasibleError(BalanceError):
    """The exact constraints cannot hold together; `conflict` says which ones."""

    def __init__(self, message: str, conflict: object) -> None:
        super().__init__(message)
        self.conflict = conflict


class ConvergenceError(BalanceError):
    """The method stopped before the constraints held, although they can hold together."""


class BalanceProblem:
    """Cells x with prior x0 and standard error s, and constraints A x = b.

    `cells` is indexed by cell name (a plain index or a MultiIndex, e.g. row and column account) with columns

    - `prior`: x0, any unit, not zero. A cell keeps the sign of its prior; what is zero is not a cell.
    - `standard_error`: s >= 0 in the unit of the prior. 0 fixes the cell at its prior; infinity says that
      nothing but the sign is known, and the prior is only where the search begins.

    `floor` (0 <= floor < 1) bounds every cell away from zero: x / x0 >= floor.

    Raises `BalanceError` for a missing column, a NaN, an infinite or zero prior, a negative standard error
    and a duplicate cell, naming the cells.
    """

    def __init__(self, cells: pd.DataFrame, floor: float = 1e-6) -> None:
        absent = [c for c in ("prior", "standard_error") if c not in cells.columns]
        if absent:
            raise BalanceError(f"cells: no column {', '.join(absent)}; found {list(cells.columns)}")
        if not 0 <= floor < 1:
            raise BalanceError(f"floor is {floor}; it is the least x / x0 allowed, so 0 <= floor < 1")
        if len(cells) == 0:
            raise BalanceError("cells: the table is empty, there is nothing to balance")
        self.cells = cells[["prior", "standard_error"]].astype(float)
        self.floor = floor
        prior, error = self.cells["prior"], self.cells["standard_error"]
        _refuse(self.cells.index.duplicated(), self.cells.index, "cells: the same cell is given twice")
        _refuse(~np.isfinite(prior), prior, "cells: the prior is NaN or infinite")
        _refuse(prior == 0, prior, "cells: the prior is zero; leave zero cells out of the problem")
        _refuse(error.isna() | (error < 0), error, "cells: the standard error is NaN or negative")
        self._names: list[str] = []
        self._taken: set[str] = set()
        self._blocks: list[sparse.csr_array] = []
        self._targets: list[np.ndarray] = []
        self._errors: list[np.ndarray] = []
        self._assembled: sparse.csr_array | None = None
        self.start: Basis | None = None

    def __repr__(self) -> str:
        soft = int((self.constraint_errors > 0).sum())
        return f"BalanceProblem({len(self.cells)} cells, {len(self._names)} constraints, {soft} of them soft)"

    def restated(
        self,
        cells: pd.DataFrame | None = None,
        targets: np.ndarray | None = None,
        errors: np.ndarray | None = None,
        keep: np.ndarray | None = None,
        start: Basis | None = None,
    ) -> BalanceProblem:
        """The same problem with other priors and reliabilities: for experiments and draws.

        `cells` has the same index as `self.cells`; `targets` and `errors` follow the order of `names`; `keep`
        says of each constraint whether it stays (default: all). `start` is the basis of an earlier
        `BalanceResult`, from which least absolute deviations begin (one of another shape is left alone). Raises
        `BalanceError` as the constructor and `constraints`.
        """
        given = self.cells if cells is None else cells
        if not given.index.equals(self.cells.index):
            raise BalanceError("restated: the cells are not those of the problem")
        stays = np.ones(len(self._names), dtype=bool) if keep is None else np.asarray(keep, dtype=bool)
        other = BalanceProblem(given, self.floor)
        other.start = start
        target = self.targets if targets is None else targets
        error = self.constraint_errors if errors is None else errors
        names = [name for name, stay in zip(self._names, stays, strict=True) if stay]
        if names:
            other.constraints(names, self.matrix[stays], target[stays], error[stays])
        return other

    # ---- stating constraints -------------------------------------------------------------------------

    def constraint(
        self, name: str, coefficients: pd.Series, target: float, standard_error: float = 0.0
    ) -> None:
        """Add one constraint  sum_j coefficients[j] x[j] = target.

        `coefficients` is indexed by cell. `standard_error` is in the unit of the target; 0 makes the
        constraint exact. Raises `BalanceError` for an unknown or repeated cell, a NaN, or a used name.
        """
        where = f"constraint {name!r}"
        index = coefficients.index
        _refuse(index.duplicated(), index, f"{where}: a cell is named twice")
        _refuse(~np.isfinite(coefficients), coefficients, f"{where}: a coefficient is NaN or infinite")
        position = self.cells.index.get_indexer(index)
        _refuse(position < 0, index, f"{where}: not among the cells of the problem")
        values = coefficients.to_numpy(float)
        row = sparse.csr_array((values, (np.zeros(len(values), int), position)), shape=(1, len(self.cells)))
        self.constraints([name], row, [target], standard_error)

    def constraints(
        self,
        names: Sequence[str],
        matrix: sparse.sparray,
        targets: Sequence[float] | np.ndarray,
        standard_errors: float | Sequence[float] | np.ndarray = 0.0,
    ) -> None:
        """Add many constraints at once: `matrix` is constraint x cell, cells in the order of `cells`.

        `targets` and `standard_errors` follow the order of `names`. Raises `BalanceError` as `constraint`.
        """
        names = list(names)
        labels = pd.Index(names, dtype=object)
        block = sparse.csr_array(matrix).astype(float)
        block.sum_duplicates()
        block.eliminate_zeros()
        if block.shape != (len(names), len(self.cells)):
            raise BalanceError(
                f"constraints: the matrix is {block.shape[0]} x {block.shape[1]}, "
                f"but there are {len(names)} names and {len(self.cells)} cells"
            )
        target = np.array(targets, dtype=float)
        error = np.broadcast_to(np.asarray(standard_errors, dtype=float), target.shape).copy()
        if target.shape != (len(names),):
            raise BalanceError(f"constraints: {target.size} targets for {len(names)} names")
        known = labels.duplicated() | np.array([n in self._taken for n in names], dtype=bool)
        _refuse(known, labels, "constraints: the name is used twice")
        _refuse(np.diff(block.indptr) == 0, labels, "constraints: no cell has a coefficient")
        bad_rows = np.zeros(len(names), dtype=bool)
        bad_rows[block.nonzero()[0][~np.isfinite(block.data)]] = True
        _refuse(bad_rows, labels, "constraints: a coefficient is NaN or infinite")
        _refuse(~np.isfinite(target), pd.Series(target, labels), "constraints: the target is NaN or infinite")
        bad_error = ~np.isfinite(error) | (error < 0)
        _refuse(bad_error, pd.Series(error, labels), "constraints: the standard error must be finite, >= 0")
        self._names += names
        self._taken.update(names)
        self._blocks.append(block)
        self._targets.append(target)
        self._errors.append(error)
        self._assembled = None

    def totals(
        self, by: Labels, targets: pd.Series, standard_error: float | pd.Series = 0.0, name: str = "total"
    ) -> None:
        """Add one constraint per entry of `targets`: the cells labelled so sum to that target.

        `by` is an index level, several levels, or a Series of labels indexed by cell. A label without a
        target is left free. Constraints are called "<name> <label>". A target whose label no cell carries
        is a `BalanceError`: it could never be met.
        """
        _refuse(targets.index.duplicated(), targets.index, f"{name}: a target is given twice")
        position = targets.index.get_indexer(self.labels(by))
        used = np.flatnonzero(position >= 0)
        empty = ~np.isin(np.arange(len(targets)), position[used])
        _refuse(empty, targets, f"{name}: a target whose label no cell carries")
        errors = np.full(len(targets), np.nan)
        if isinstance(standard_error, pd.Series):
            aligned = standard_error.reindex(targets.index)
            _refuse(aligned.isna(), aligned, f"{name}: no standard error for this target")
            errors[:] = aligned.to_numpy(float)
        else:
            errors[:] = standard_error
        entries = (np.ones(len(used)), (position[used], used))
        matrix = sparse.csr_array(entries, shape=(len(targets), len(self.cells)))
        self.constraints(_named(name, targets.index), matrix, targets.to_numpy(float), errors)

    def account_balance(
        self,
        row: Labels = "row",
        column: Labels = "column",
        accounts: Iterable[Any] | None = None,
        standard_error: float | Sequence[float] = 0.0,
        name: str = "balance",
    ) -> None:
        """Add, for each account, row total - column total = 0.

        `row` and `column` say where a cell's two accounts stand (as `by` in `totals`; several levels such as
        region and account make an account of each combination). Without `accounts`, every account that
        occurs. An account with cells on one side only, all of one sign, cannot balance: `BalanceError`.
        """
        rows, columns = self.labels(row), self.labels(column)
        if accounts is None:
            listed = rows.set_names(None if rows.nlevels == 1 else [None] * rows.nlevels)
            listed = listed.append(columns.set_names(listed.names)).unique()
        elif rows.nlevels > 1:
            listed = pd.MultiIndex.from_tuples(list(accounts))
        else:
            listed = pd.Index(list(accounts))
        cell = np.arange(len(self.cells))
        at_row, at_column = listed.get_indexer(rows), listed.get_indexer(columns)
        shape = (len(listed), len(self.cells))
        take_row, take_column = at_row >= 0, at_column >= 0
        received = sparse.csr_array(
            (np.ones(take_row.sum()), (at_row[take_row], cell[take_row])), shape=shape
        )
        paid = sparse.csr_array(
            (np.ones(take_column.sum()), (at_column[take_column], cell[take_column])), shape=shape
        )
        matrix = sparse.csr_array(received - paid)  # a cell of an account with itself cancels
        matrix.eliminate_zeros()
        signed = matrix * self.cells["prior"].to_numpy()
        one_sided = np.abs(signed.sum(axis=1)) >= abs(signed).sum(axis=1) * (1 - 1e-12)
        _refuse(one_sided, listed, f"{name}: the account has entries on one side only and cannot balance")
        self.constraints(_named(name, listed), matrix, np.zeros(len(listed)), standard_error)

    def labels(self, by: Labels) -> pd.Index:
        """The label of each cell: an index level, several levels (tuples), or a Series indexed by cell."""
        index = self.cells.index
        if isinstance(by, pd.Series):
            _refuse(by.index.duplicated(), by.index, "labels: a cell is named twice")
            position = by.index.get_indexer(index)
            _refuse(position < 0, index, "labels: no label for this cell")
            return pd.Index(by.iloc[position])
        levels = [by] if isinstance(by, str) else list(by)
        absent = [level for level in levels if level not in index.names]
        if absent:
            raise BalanceError(f"labels: no index level {absent}; the cells have {list(index.names)}")
        if len(levels) == 1:
            return index.get_level_values(levels[0])
        return pd.MultiIndex.from_arrays([index.get_level_values(level) for level in levels])

    # ---- the problem as arrays -----------------------------------------------------------------------

    @property
    def matrix(self) -> sparse.csr_array:
        """A, sparse, constraint x cell."""
        if self._assembled is None:
            empty = sparse.csr_array((0, len(self.cells)))
            self._assembled = sparse.csr_array(sparse.vstack([empty, *self._blocks], format="csr"))
        return self._assembled

    @property
    def names(self) -> pd.Index:
        """Constraint names, in the order of `matrix`."""
        return pd.Index(self._names, dtype=object, name="constraint")

    @property
    def targets(self) -> np.ndarray:
        """b, one per constraint."""
        return np.concatenate([np.empty(0), *self._targets])

    @property
    def constraint_errors(self) -> np.ndarray:
        """Standard error of each constraint; 0 where it is exact."""
        return np.concatenate([np.empty(0), *self._errors])

    def flow(self, values: np.ndarray) -> np.ndarray:
        """The size a constraint's violation is judged by: the larger of |b| and sum_j |a_j x_j|."""
        size = np.maximum(np.abs(self.targets), abs(self.matrix) @ np.abs(values))
        return np.maximum(size, np.finfo(float).tiny)  # a constraint whose cells are all zero holds exactly

    def violation(self, values: np.ndarray) -> np.ndarray:
        """|A x - b| relative to `flow`, one per constraint."""
        return np.abs(self.matrix @ values - self.targets) / self.flow(values)


Vary = Callable[[str, BalanceProblem], BalanceProblem]
"""Restates a named problem before it is solved: other reliabilities, fewer controls, figures drawn at random."""


def unvaried(name: str, problem: BalanceProblem) -> BalanceProblem:
    """The problem as it is stated."""
    return problem


def _named(name: str, labels: pd.Index) -> list[str]:
    return [f"{name} {' '.join(map(str, x)) if isinstance(x, tuple) else x}" for x in labels]


def _refuse(bad: np.ndarray | pd.Series, what: pd.Index | pd.Series, message: str) -> None:
    """Raise `BalanceError` if anything is bad, naming up to five offenders (and their values)."""
    flags = np.asarray(bad, dtype=bool)
    if not flags.any():
        return
    if isinstance(what, pd.Series):
        shown = [f"{k!r} = {v!r}" for k, v in what[flags].iloc[:5].items()]
    else:
        shown = [repr(k) for k in what[flags][:5]]
    more = "" if flags.sum() <= 5 else f" and {flags.sum() - 5} more"
    raise BalanceError(f"{message}: {'; '.join(shown)}{more}")
