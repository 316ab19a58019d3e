r"""Which equations and bounds cannot hold together: an elastic linear programme at one point, solved by HiGHS.

The equations, linearised in the changes :math:`u` of the unknowns (logarithms of positive variables), may be
off by :math:`e`:

.. math:: \min \sum_i |e_i| \quad\text{s.t.}\quad J u + r = e,\quad \underline u \le u \le \overline u

Where the minimum is not zero, no small change satisfies all. The equations that are off are not the ones to
blame, for the programme is free to choose them; the ones that matter carry a price (dual value) and the bounds
that matter a reduced cost. Equations with a price are then left out one after the other, as long as the rest
still cannot hold: what remains is a smallest set, from which nothing can be left out (deletion filter,
Chinneck and Dravnieks 1991, ORSA Journal on Computing 3).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, eye_array, hstack

from .tape import Array
from .terms import Index

_ZERO = 1e-7
_SECONDS = 10.0
"""Time for the whole search; the set is then as small as it has become."""


@dataclass(frozen=True)
class Conflict:
    """Equations and bounds that cannot hold together near a point.

    Attributes:
        equations: positions and price of each: how much the least total error falls per unit of slack in it.
        lower, upper: positions of variables whose lower (upper) limit takes part, with its reduced cost.
        error: least sum of relative errors of all equations together.
        smallest: whether no equation can be left out of the set.
    """

    equations: dict[int, float]
    lower: dict[int, float]
    upper: dict[int, float]
    error: float
    smallest: bool


@dataclass(frozen=True)
class _Answer:
    error: float
    price: Array
    lower: Array
    upper: Array


def find_conflict(matrix: csc_array, residual: Array, lower: Array, upper: Array) -> Conflict | None:
    """A smallest set of equations and bounds that contradict one another; None if there is none.

    Args:
        matrix: derivatives of the equations (pure numbers) by the unknowns.
        residual: value of each equation.
        lower, upper: limits of the change of each unknown.
    """
    deadline = time.perf_counter() + _SECONDS
    rows = matrix.tocsr()
    whole = _solve(rows, residual, lower, upper)
    if whole is None or whole.error <= _ZERO:
        return None
    chosen = np.flatnonzero(np.abs(whole.price) > _ZERO)
    chosen = chosen[np.argsort(np.abs(whole.price[chosen]), kind="stable")]  # the dearest are tried last
    answer = _solve(rows[chosen, :], residual[chosen], lower, upper)
    if answer is None or answer.error <= _ZERO:  # a price within rounding of zero was needed
        chosen, answer, smallest = np.arange(len(residual)), whole, False
    else:
        chosen, answer, smallest = _filter(rows, residual, lower, upper, chosen, answer, deadline)
    return Conflict(
        {int(k): float(price) for k, price in zip(chosen, answer.price, strict=True) if abs(price) > _ZERO},
        {int(k): float(answer.lower[k]) for k in np.flatnonzero(np.abs(answer.lower) > _ZERO)},
        {int(k): float(answer.upper[k]) for k in np.flatnonzero(np.abs(answer.upper) > _ZERO)},
        whole.error,
        smallest,
    )


def _filter(
    rows: csc_array,
    residual: Array,
    lower: Array,
    upper: Array,
    chosen: Index,
    answer: _Answer,
    deadline: float,
) -> tuple[Index, _Answer, bool]:
    """Leave out chunks of equations, ever smaller ones, as long as the rest cannot hold."""
    size = max(len(chosen) // 2, 1)
    while True:
        start = 0
        while start < len(chosen) and len(chosen) > 1:
            if time.perf_counter() > deadline:
                return chosen, answer, False
            rest = np.concatenate([chosen[:start], chosen[start + size :]])
            trial = _solve(rows[rest, :], residual[rest], lower, upper) if len(rest) else None
            if trial is None or trial.error <= _ZERO:
                start += size
                continue
            needed = np.abs(trial.price) > _ZERO
            kept = rest[needed]
            again = _solve(rows[kept, :], residual[kept], lower, upper)
            if again is not None and again.error > _ZERO:
                rest, trial = kept, again
                start = 0 if needed[:start].all() else min(start, len(rest))
            chosen, answer = rest, trial
        if size == 1:
            return chosen, answer, True
        size = max(size // 2, 1)


def _solve(rows: csc_array, residual: Array, lower: Array, upper: Array) -> _Answer | None:
    """The elastic programme over some equations; None if HiGHS finds no answer."""
    from scipy.optimize import linprog  # costs a quarter of a second to import and is needed only on failure

    used = np.flatnonzero(np.diff(rows.tocsc().indptr))
    own = rows.tocsc()[:, used]
    m, n = own.shape
    identity = eye_array(m, format="csc")
    result = linprog(
        np.concatenate([np.zeros(n), np.ones(2 * m)]),
        A_eq=hstack([own, identity, -identity], format="csc"),
        b_eq=-residual,
        bounds=np.column_stack(
            [
                np.concatenate([lower[used], np.zeros(2 * m)]),
                np.concatenate([upper[used], np.full(2 * m, np.inf)]),
            ]
        ),
        method="highs",
        options={"time_limit": _SECONDS},
    )
    if result.status != 0:
        return None
    low, up = np.zeros(len(lower)), np.zeros(len(upper))
    low[used], up[used] = result.lower.marginals[:n], result.upper.marginals[:n]
    return _Answer(float(result.fun), np.asarray(result.eqlin.marginals), low, up)
