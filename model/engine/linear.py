"""Sparse linear algebra of the Newton step: elimination on a paired, equilibrated matrix.

Rows are permuted so that a large entry of every equation stands on the diagonal (the economist's pairing of
equation and variable, found by matching). On such a matrix local unknowns can be eliminated without pivoting
(see `elimination`); the order is kept for the next step. Solutions are refined; where the order found for other
values no longer suits, another is found, and SuperLU with free pivoting is the last resort.

Where the factors are heavy (thousands of prices that all depend on one another), they are kept as well: later
systems are solved by GMRES preconditioned with them, and factorised anew only when that is slow.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching, min_weight_full_bipartite_matching
from scipy.sparse.linalg import LinearOperator, SuperLU, gmres, splu

from .elimination import Elimination, Factors, ManyFactors, UnstableOrderError
from .errors import SingularJacobianError
from .tape import Array
from .terms import Index

_ACCURATE = 1e-10  # accepted backward error of a row after refinement
_EXACT = 1e-14  # backward error at which refinement has nothing left to gain
_REFINEMENTS = 6
_HEAVY = 6e9  # multiplications of a factorisation (half a second) above which the factors are kept
_KRYLOV = 15  # GMRES iterations in each of at most two cycles before factorising anew
_WEIGHTED_LIMIT = 20_000  # above this size the weighted matching costs more than it saves


class PairedSolver:
    """Solves ``A x = b`` for a sequence of square matrices with one sparsity pattern.

    Args:
        indices, indptr: CSC pattern, columns in the order of the unknowns.
    """

    def __init__(self, indices: Index, indptr: Index):
        self.n = len(indptr) - 1
        self._indices, self._indptr = indices, indptr
        self._column: Index = np.repeat(np.arange(self.n), np.diff(indptr))
        self._order: Elimination | None = None
        self._pairing: Index = np.arange(self.n)  # row paired with each column
        self._take: Index = np.empty(0, dtype=np.int64)  # entries in the order of the paired rows
        self._lu: SuperLU | Factors | None = None
        self._lu_row_scale: Array = np.ones(self.n)
        self._work = 0.0  # about the multiplications that the factorisation took
        self.is_fresh = False  # whether the factors are those of the present matrix
        self.fallbacks = 0
        self.factorisations = 0

    def factorise(self, data: Array) -> None:
        """Take the matrix with these values (CSC order) and factorise it, unless heavy old factors serve.

        Raises:
            SingularJacobianError: the matrix is numerically singular.
        """
        if not np.isfinite(data).all():
            raise SingularJacobianError("the Jacobian has an empty or non-finite row")
        row_size = np.zeros(self.n)
        np.maximum.at(row_size, self._indices, np.abs(data))
        if (row_size == 0.0).any():
            raise SingularJacobianError("the Jacobian has an empty or non-finite row")
        self._row_scale = 1.0 / row_size
        scaled = data * self._row_scale[self._indices]
        self._matrix = csc_array((scaled, self._indices, self._indptr), shape=(self.n, self.n))
        self._size = csc_array((np.abs(scaled), self._indices, self._indptr), shape=(self.n, self.n))
        self.is_fresh = False
        if self._lu is None or self._work < _HEAVY:
            self.refactorise()

    def refactorise(self) -> None:
        """Factorise the present matrix, even if old factors might serve."""
        self._general = False
        try:
            self._factorise_paired()
        except UnstableOrderError:
            self._factorise_general()

    def solve(self, b: Array) -> Array:
        """Solve with the present matrix; refined until accurate, refactorised generally if it is not."""
        scaled = b * self._row_scale
        if not self.is_fresh:
            x = self._krylov(scaled)
            if x is not None:
                return x
            self.refactorise()
        x = self._refine(scaled)
        if x is None and not self._general:
            self._order = None
            self.refactorise()
            x = self._refine(scaled)
        if x is None and not self._general:
            self._factorise_general()
            x = self._refine(scaled)
        if x is None:
            raise SingularJacobianError("the Jacobian is too ill-conditioned to solve with")
        return x

    def frozen(self) -> ManyFactors:
        """The present factors as plain arrays, to be applied to many right-hand sides: cheap to send elsewhere.

        Raises:
            SingularJacobianError: the order of elimination did not suit the matrix (SuperLU served instead).
        """
        if not isinstance(self._lu, Factors):
            raise SingularJacobianError("no order of elimination suits this matrix")
        scale = self._lu_row_scale[self._pairing]
        rows = csr_array((scale, (np.arange(self.n), self._pairing)), shape=(self.n, self.n))
        return ManyFactors.of(self._lu, rows)

    def null_vectors(self) -> tuple[Array, Array]:
        """Left and right vectors that the (nearly) singular matrix maps to almost nothing.

        Large entries of the left vector name equations that repeat one another (Walras' law with no market
        dropped), of the right one the variables that nothing pins down (a missing numeraire).
        """
        shifted = (self._matrix + 1e-10 * csc_array(self._paired_identity())).tocsc()
        lu = splu(shifted)
        rng = np.random.default_rng(0)
        left = right = rng.standard_normal(self.n)
        for _ in range(4):
            right = lu.solve(right)
            left = lu.solve(left, trans="T")
            right, left = right / np.linalg.norm(right), left / np.linalg.norm(left)
        return left, right

    # ---- factorisations -----------------------------------------------------------------------------

    def _keep(self, order: Elimination) -> None:
        self._lu = order.factorise(self._matrix.data[self._take])
        self._fresh(order.work)

    def _fresh(self, work: float) -> None:
        self._work = work
        self._lu_row_scale = self._row_scale
        self.is_fresh = True
        self.factorisations += 1

    def _krylov(self, b: Array) -> Array | None:
        """GMRES preconditioned with the old factors; None if they no longer serve."""
        rescale = self._lu_row_scale / self._row_scale
        old = LinearOperator((self.n, self.n), matvec=lambda r: self._apply(rescale * r), dtype=float)
        x, failed = gmres(self._matrix, b, rtol=1e-6, atol=0.0, restart=_KRYLOV, maxiter=2, M=old)
        return None if failed or not np.isfinite(x).all() else x

    def _factorise_paired(self) -> None:
        """Eliminate in the kept order; if there is none, or it no longer suits, by the present values."""
        if self._order is not None:
            try:
                self._keep(self._order)
            except UnstableOrderError:
                self._order = None
            else:
                return
        self._pairing = self._pair()
        position = csc_array((np.arange(1, len(self._indices) + 1), self._indices, self._indptr))
        paired = csr_array(position.tocsr()[self._pairing, :])
        paired.sort_indices()
        self._take = paired.data - 1
        values = csr_array((self._matrix.data[self._take], paired.indices, paired.indptr), shape=paired.shape)
        self._order = Elimination(values)
        self._keep(self._order)

    def _factorise_general(self) -> None:
        self.fallbacks += 1
        self._general = True
        self._order = None  # pair again by the new values next time
        try:
            self._lu = lu = splu(self._matrix)
        except RuntimeError as error:
            raise SingularJacobianError("the Jacobian is singular") from error
        self._fresh(float(np.square(np.diff(lu.L.indptr), dtype=float).sum()))

    def _apply(self, b: Array) -> Array:
        assert self._lu is not None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            return self._lu.solve(b if self._general else b[self._pairing])

    def _refine(self, b: Array) -> Array | None:
        """Solve and improve by iterative refinement; None if the backward error stays large.

        Of a pivoted factorisation no more can be asked than a small error relative to the largest numbers; of
        elimination without pivoting a small one in every row.
        """
        x = self._apply(b)
        before = np.inf
        with np.errstate(all="ignore"):
            for _ in range(_REFINEMENTS):
                gap = b - self._matrix @ x
                error = self._row_error(gap, x, b)
                if error <= _EXACT or not error <= 0.5 * before:
                    break
                x, before = x + self._apply(gap), error
            if self._general:
                error = np.abs(gap).max(initial=0.0) / (
                    np.abs(b).max(initial=0.0) + np.abs(x).max(initial=0.0)
                )
        return x if error <= _ACCURATE or not b.any() else None

    def _row_error(self, gap: Array, x: Array, b: Array) -> float:
        """Largest backward error of a row relative to the size of its own terms (Oettli and Prager 1964).

        Relative to the largest number of all, an error would hide a row that is about small ones: the market
        of a factor whose wage is a billionth of other prices.
        """
        size = self._size @ np.abs(x) + np.abs(b)
        return float(np.max(np.abs(gap) / np.where(size > 0.0, size, 1.0), initial=0.0))

    # ---- pairing ------------------------------------------------------------------------------------

    def _pair(self) -> Index:
        """Row to put on the diagonal of each column: a full matching that prefers large entries."""
        if self.n <= _WEIGHTED_LIMIT:
            nonzero = self._matrix.data != 0.0
            # Whole numbers: over ties that differ by rounding alone SciPy's search can go on for ever.
            cost = np.round(1000.0 * (1.0 - np.log(np.abs(self._matrix.data[nonzero]))))
            coordinates = (self._column[nonzero], self._indices[nonzero])
            try:
                columns, rows = min_weight_full_bipartite_matching(
                    csr_array((cost, coordinates), shape=(self.n, self.n))
                )
                return rows[np.argsort(columns)].astype(np.int64)
            except ValueError:  # no full matching among the numerical non-zeros
                pass
        return structural_matching(self._indices, self._indptr, self.n)

    def _paired_identity(self) -> csc_array:
        pairing = structural_matching(self._indices, self._indptr, self.n)
        columns = np.flatnonzero(pairing >= 0)
        uneven = 1.0 + 0.5 * np.sin(columns)  # equal entries may cancel in the determinant
        return csc_array((uneven, (pairing[columns], columns)), shape=(self.n, self.n))


def structural_matching(indices: Index, indptr: Index, n_rows: int) -> Index:
    """Row matched to each column by pattern alone; -1 for columns left over."""
    n_columns = len(indptr) - 1
    graph = csr_array((np.ones(len(indices)), indices, indptr), shape=(n_columns, n_rows))
    return maximum_bipartite_matching(graph, perm_type="column").astype(np.int64)
