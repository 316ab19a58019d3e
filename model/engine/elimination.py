r"""Factorisation for economies: local unknowns are eliminated in a few rounds, the dense rest goes to LAPACK.

Most unknowns of an equilibrium model are local: a flow's price enters its own market and a handful of price
indices. What is left when they are gone (a few prices and activities of each sector and region) is coupled by
input-output tables within regions and by trade within sectors, so that no ordering keeps it sparse. With the
matrix split into pivots :math:`D` that do not touch one another and the rest,

.. math:: \begin{pmatrix} D & U \\ L & A \end{pmatrix}, \qquad S = A - L D^{-1} U

each round eliminates all of :math:`D` at once in vectorised NumPy and continues with the Schur complement
:math:`S`, pivots of least fill first (Markowitz 1957), until a dense factorisation is cheaper. The order and
where every product goes are found once and kept: another matrix of the same pattern costs a few gathers and
one LAPACK call.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgetrf, dgetrs, sgetrs
from scipy.sparse import csr_array, eye_array, vstack
from threadpoolctl import ThreadpoolController

from .tape import Array
from .terms import Index

_STABLE = 0.01
"""A pivot is no smaller than this share of the largest entry of its column or row when the order is chosen."""
_GROWTH = 1e8
"""Multipliers above this ask for a new order."""
_DENSE = 1000.0
"""One product of a sparse round takes about as long as this many of a dense factorisation."""
_SMALL = 100
"""A rest of this size is dense at once."""
_MANY_THREADS = 4_000
"""Size of a dense rest from which LAPACK may use several threads. Smaller ones gain little from them, and on busy
cores, where threads wait for one another, lose much: 0.9 s instead of 0.011 s at size 666 with four cores taken."""


class UnstableOrderError(ArithmeticError):
    """The order found for other values does not suit the present ones."""


@dataclass(frozen=True)
class _Round:
    """One round on a matrix of given pattern; every array holds positions in the data of the matrix before.

    ``left`` and ``right`` are positions in the lists ``lower`` and ``upper``; the product of the two entries is
    subtracted from the entry ``target`` of the matrix after.
    """

    pivots: Index
    rest: Index
    diagonal: Index
    lower: Index
    lower_row: Index
    lower_pivot: Index
    upper: Index
    upper_column: Index
    upper_pivot: Index
    kept: Index
    kept_target: Index
    left: Index
    right: Index
    target: Index
    size: int


@dataclass(frozen=True)
class _Eliminated:
    """Numbers of one round: its pivots, multipliers and rows of U."""

    pivot: Array
    lower: Array
    upper: Array


class Elimination:
    """The order of elimination for one sparsity pattern, chosen by the values of one matrix.

    Args:
        matrix: square, rows paired with columns so that the diagonal is structurally full.

    Attributes:
        n, dense: size of the matrix and of the rest that is factorised as a dense one.
    """

    def __init__(self, matrix: csr_array):
        matrix.sort_indices()
        self.n = matrix.shape[0]
        self._rounds: list[_Round] = []
        row: Index = np.repeat(np.arange(self.n), np.diff(matrix.indptr))
        column, data, n = matrix.indices.astype(np.int64), matrix.data, self.n
        while n > _SMALL:
            pivots = _independent_pivots(n, row, column, data)
            if not len(pivots):
                break
            step, row, column = _plan(n, row, column, pivots)
            data = _eliminate(step, data)[1]
            self._rounds.append(step)
            n = len(step.rest)
        self.dense = n
        self._place: Index = row * n + column

    @property
    def work(self) -> float:
        """Multiplications of one factorisation."""
        return self.dense**3 / 3.0 + sum(len(r.left) for r in self._rounds)

    def factorise(self, data: Array) -> Factors:
        """Factorise a matrix of the same pattern (CSR order).

        Raises:
            UnstableOrderError: a pivot is (nearly) zero.
        """
        done: list[_Eliminated] = []
        for step in self._rounds:
            eliminated, data = _eliminate(step, data)
            if not np.abs(eliminated.lower).max(initial=0.0) <= _GROWTH:
                raise UnstableOrderError
            done.append(eliminated)
        dense = np.zeros(self.dense * self.dense)
        dense[self._place] = data
        threads = None if self.dense >= _MANY_THREADS else 1
        with _libraries().limit(limits=threads, user_api="blas"):
            # rows of ours are columns to LAPACK, which therefore factorises the transpose
            lu, pivots, info = dgetrf(dense.reshape(self.dense, self.dense).T, overwrite_a=True)
        if info or not np.isfinite(data).all():
            raise UnstableOrderError
        return Factors(self._rounds, done, lu, pivots)


class Factors:
    """A factorised matrix."""

    def __init__(self, rounds: list[_Round], done: list[_Eliminated], lu: Array, pivots: NDArray[np.int32]):
        self._rounds, self._done, self._lu, self._pivots = rounds, done, lu, pivots

    def solve(self, b: Array) -> Array:
        """Solution ``x`` of ``A x = b``."""
        held = []
        for step, numbers in zip(self._rounds, self._done, strict=True):
            own = b[step.pivots]
            taken = numbers.lower * own[step.lower_pivot]
            b = b[step.rest] - np.bincount(step.lower_row, taken, len(step.rest))
            held.append(own)
        x = dgetrs(self._lu, self._pivots, b, trans=1)[0] if len(b) else b
        for step, numbers, own in zip(
            reversed(self._rounds), reversed(self._done), reversed(held), strict=True
        ):
            given = np.bincount(step.upper_pivot, numbers.upper * x[step.upper_column], len(own))
            whole = np.empty(len(step.pivots) + len(step.rest))
            whole[step.rest] = x
            whole[step.pivots] = (own - given) / numbers.pivot
            x = whole
        return x


@dataclass(frozen=True)
class ManyFactors:
    r"""A factorised matrix for many right-hand sides at once, without what factorising another one would need.

    The rounds of elimination are multiplied out: of the rounds' pivots :math:`P` and the core :math:`C` that is left,

    .. math:: x = F \, C^{-1} E \, b + G \, b

    with sparse :math:`E` (core, n), :math:`F` (n, core) and :math:`G` (n, n).
    """

    to_core: csr_array
    from_core: csr_array
    beside: csr_array
    lu: NDArray[np.float32]
    lu_pivots: NDArray[np.int32]

    @classmethod
    def of(cls, factors: Factors, rows: csr_array) -> ManyFactors:
        """The factors of ``rows @ A``, ready for right-hand sides of ``A`` itself.

        Args:
            factors: of ``rows @ A``.
            rows: puts the rows of ``A`` in order and scales them, shape (n, n).
        """
        to_core, own = rows, []
        for step, numbers in zip(factors._rounds, factors._done, strict=True):
            shape = len(step.rest), len(step.pivots)
            lower = csr_array((numbers.lower, (step.lower_row, step.lower_pivot)), shape=shape)
            own.append(to_core[step.pivots])
            to_core = csr_array(to_core[step.rest] - lower @ own[-1])
        m, n = len(factors._pivots), rows.shape[0]
        from_core, beside = csr_array(eye_array(m)), csr_array((m, n))
        for step, numbers, given in zip(
            reversed(factors._rounds), reversed(factors._done), reversed(own), strict=True
        ):
            shape = len(step.pivots), len(step.rest)
            upper = csr_array(
                (numbers.upper / numbers.pivot[step.upper_pivot], (step.upper_pivot, step.upper_column)),
                shape=shape,
            )
            place = np.argsort(np.concatenate([step.rest, step.pivots]))
            scaled = csr_array(given * (1.0 / numbers.pivot)[:, None])
            from_core = csr_array(vstack([from_core, -(upper @ from_core)], format="csr")[place])
            beside = csr_array(vstack([beside, scaled - upper @ beside], format="csr")[place])
        to_core, from_core, beside = (part.astype(np.float32) for part in (to_core, from_core, beside))
        lu = np.asfortranarray(factors._lu, dtype=np.float32)
        return cls(to_core, from_core, beside, lu, factors._pivots)

    def solve(self, b: Array) -> NDArray[np.float32]:
        """Solutions ``X`` of ``A X = B``, one column for each right-hand side, to six digits."""
        b = b.astype(np.float32)
        core = self.to_core @ b
        with _libraries().limit(limits=1, user_api="blas"):
            core = sgetrs(self.lu, self.lu_pivots, core, trans=1)[0] if len(core) else core
        x: NDArray[np.float32] = self.from_core @ core
        x += self.beside @ b
        return x


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """The loaded BLAS libraries; finding them takes longer than a small factorisation."""
    return ThreadpoolController()


def _eliminate(step: _Round, data: Array) -> tuple[_Eliminated, Array]:
    pivot = data[step.diagonal]
    upper = data[step.upper]
    with np.errstate(all="ignore"):
        lower = data[step.lower] / pivot[step.lower_pivot]
        after: Array = -np.bincount(step.target, lower[step.left] * upper[step.right], step.size).astype(
            float
        )
    after[step.kept_target] += data[step.kept]
    return _Eliminated(pivot, lower, upper), after


def _independent_pivots(n: int, row: Index, column: Index, data: Array) -> Index:
    """Diagonal entries of low fill and sufficient size, no two of them in each other's row or column."""
    size = np.abs(data)
    diagonal = np.zeros(n)
    on_diagonal = row == column
    diagonal[row[on_diagonal]] = size[on_diagonal]
    by_row, by_column = np.zeros(n), np.zeros(n)
    np.maximum.at(by_row, row, size)
    np.maximum.at(by_column, column, size)
    fill = (np.bincount(row, minlength=n) - 1.0) * (np.bincount(column, minlength=n) - 1.0)
    stable = diagonal >= _STABLE * np.minimum(by_row, by_column)
    fill[~stable | (diagonal == 0.0)] = np.inf
    limit = min(4.0 * fill.min() + 16.0, n * n / _DENSE)
    rank = np.empty(n)
    rank[np.lexsort((_scattered(n), fill))] = np.arange(n)
    free = fill <= limit
    off = free[row] & free[column] & ~on_diagonal
    one, other = row[off], column[off]
    one, other = np.concatenate([one, other]), np.concatenate([other, one])
    chosen = np.zeros(n, dtype=bool)
    while free.any():
        best = np.full(n, np.inf)
        np.minimum.at(best, one, rank[other])
        first = free & (rank < best)
        chosen |= first
        free &= ~first
        free[one[first[other]]] = False
        live = free[one] & free[other]
        one, other = one[live], other[live]
    return np.flatnonzero(chosen)


def _scattered(n: int) -> Array:
    """Numbers without order, the same every time, to break ties between like pivots."""
    return np.random.default_rng(n).random(n)


def _plan(n: int, row: Index, column: Index, pivots: Index) -> tuple[_Round, Index, Index]:
    """Where everything goes when these pivots are eliminated; rows and columns of the pattern that is left."""
    is_pivot = np.zeros(n, dtype=bool)
    is_pivot[pivots] = True
    rest = np.flatnonzero(~is_pivot)
    place = np.empty(n, dtype=np.int64)
    place[pivots], place[rest] = np.arange(len(pivots)), np.arange(len(rest))
    in_row, in_column = is_pivot[row], is_pivot[column]
    kept, diagonal = np.flatnonzero(~in_row & ~in_column), np.flatnonzero(in_row & in_column)
    lower, upper = np.flatnonzero(~in_row & in_column), np.flatnonzero(in_row & ~in_column)
    upper = upper[np.argsort(place[row[upper]], kind="stable")]
    lower_pivot, upper_pivot = place[column[lower]], place[row[upper]]
    counts = np.bincount(upper_pivot, minlength=len(pivots))
    starts = np.cumsum(counts) - counts
    times = counts[lower_pivot]
    left = np.repeat(np.arange(len(lower)), times)
    right = np.arange(len(left)) - np.repeat(np.cumsum(times) - times, times) + starts[lower_pivot][left]
    lower_row, upper_column = place[row[lower]], place[column[upper]]
    m = len(rest)
    kept_key = place[row[kept]] * m + place[column[kept]]
    keys, kept_target, target = _merge(m, kept_key, lower_row[left] * m + upper_column[right])
    step = _Round(
        pivots=pivots,
        rest=rest,
        diagonal=diagonal[np.argsort(place[row[diagonal]])],
        lower=lower,
        lower_row=lower_row,
        lower_pivot=lower_pivot,
        upper=upper,
        upper_column=upper_column,
        upper_pivot=upper_pivot,
        kept=kept,
        kept_target=kept_target,
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        target=target,
        size=len(keys),
    )
    return step, keys // m, keys % m


def _merge(m: int, kept: Index, added: Index) -> tuple[Index, Index, Index]:
    """Sorted keys of both lists and the position of every member of each."""
    if m * m > 16 * (len(kept) + len(added)):
        keys, inverse = np.unique(np.concatenate([kept, added]), return_inverse=True)
        return keys, inverse[: len(kept)], inverse[len(kept) :]
    present = np.zeros(m * m, dtype=bool)
    present[kept] = True
    present[added] = True
    keys = np.flatnonzero(present)
    position: Index = np.empty(m * m, dtype=np.int64)
    position[keys] = np.arange(len(keys))
    return keys, position[kept], position[added]
