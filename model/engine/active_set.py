r"""Which conditions bind, by a mixed-integer programme that HiGHS solves: the last resort for complementarity.

At a point the equations are linearised in the changes :math:`u` of the unknowns and may be off by :math:`e`. Of
each condition, :math:`F_i \ge 0` complementary to a distance :math:`d_i \ge 0`, one side is zero:

.. math::
    \min \sum |e| \quad\text{s.t.}\quad J u + r = e,\quad
    0 \le F_i + F_i' u + e_i \le M_i (1 - z_i),\quad 0 \le d_i + d_i' u \le N_i z_i,\quad z_i \in \{0, 1\}

where :math:`z_i = 1` says that the condition binds, :math:`|u|` is limited, and :math:`M, N` are the most that its
limits allow. Newton's method then solves the smooth system in which the sides chosen are equations, and from there
the true conditions: only what solves these is a solution. If it fails, the best point reached is linearised next.
With :math:`e = 0` this is the sequence of linear problems of Mathiesen (1985, *Math. Programming Study* 23).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array, eye_array, hstack, vstack

from .newton import Newton, Outcome
from .tape import Array
from .terms import Index

_MOST = 40  # conditions: the time of a programme may double with each
_ROUNDS = 4
_SECONDS = 3.0  # for one programme; the best choice found by then is used
_FARTHEST = 4.6  # largest change of a logarithm; in levels, of an unknown over its size
_LEAST = 0.01  # part of its value that a variable keeps where the equations have no value without it


def choose_binding(newton: Newton, starts: Sequence[Array]) -> Outcome | None:
    """Solve a system by choosing which of its conditions bind.

    Args:
        newton: iterations that may pass through bounds, on a system with conditions.
        starts: points to linearise at first (all variables), each for a few rounds.

    Returns:
        A solution. None if none is found, or if there are too many conditions or some with two bounds.
    """
    system, true = newton.system, newton.system.conditions
    if true is None or len(true.rows) > _MOST or (true.upper >= 0).any():
        return None
    for x in starts:
        for _ in range(_ROUNDS):
            lines = _linearise(newton, x)
            choice = None if lines is None else _programme(lines)
            if lines is None or choice is None:
                break
            x, binding = _moved(newton, x, lines, choice[0]), choice[1]
            system.conditions = replace(true, binding=binding)
            try:
                held = newton.run(x)
            finally:
                system.conditions = true
            count = f"{int(binding.sum())} of {len(binding)} conditions held binding"
            newton.progress.log.append(f"{count}: {held.failure or 'solved'}")
            x = held.at.x  # the best point reached
            outcome = newton.run(x)
            if not outcome.failure:
                return outcome
    return None


@dataclass(frozen=True)
class _Lines:
    """A linearised system: its equations (F of conditions), then the distances, by the changes of the unknowns."""

    matrix: csr_array
    value: Array
    unit: Array
    in_logs: NDArray[np.bool_]
    conditions: Index  # rows that are conditions
    low: Array
    up: Array


def _linearise(newton: Newton, x: Array) -> _Lines | None:
    """The system near a point; None where it has no value or derivative."""
    system, free, partition = newton.system, newton.free, newton.system.partition
    true = system.conditions
    assert true is not None
    at = replace(system.evaluate(x), conditions=None)
    if not at.is_finite:
        return None
    form = newton.form(at, at.positive + at.negative)
    silent, distances_only = np.zeros(len(at.distance)), np.append(np.zeros(system.n_equations), true.scale)
    up, down = np.append(form.positive_weight, silent), np.append(form.negative_weight, silent)
    sides, distances = (
        system.jacobian_data(at, system.term_weights(*weights, at.terms))[partition.take]
        for weights in ((up, down), (distances_only, distances_only))
    )
    if not (np.isfinite(sides).all() and np.isfinite(distances).all()):
        return None
    now, in_logs = x[free], newton.in_logs(x[free])
    unit = newton.column_scale(now, sides + distances)
    each, shape = np.repeat(unit, np.diff(partition.indptr)), (system.n_equations, len(free))
    blocks = (
        csc_array((data * each, partition.indices, partition.indptr), shape) for data in (sides, distances)
    )
    above, below = (block.tocsr() for block in blocks)
    lower, upper = (bound[free] for bound in system.bounds)
    far = _FARTHEST * np.where(in_logs, 1.0, np.maximum(np.abs(now) / unit, 1.0))
    return _Lines(
        matrix=vstack([above, below[true.rows]], format="csr"),
        value=np.append(form.value, at.distance * true.scale),
        unit=unit,
        in_logs=in_logs,
        conditions=true.rows,
        low=np.minimum(np.where(in_logs, -far, np.maximum(-far, (lower - now) / unit)), 0.0),
        up=np.maximum(np.where(in_logs, far, np.minimum(far, (upper - now) / unit)), 0.0),
    )


def _programme(lines: _Lines) -> tuple[Array, NDArray[np.bool_]] | None:
    """Changes of the unknowns and which conditions bind, with the least sum of errors; None if none is found."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # slow to import and needed on failure only

    rows, k = lines.conditions, len(lines.conditions)
    m, n = lines.matrix.shape[0] - k, lines.matrix.shape[1]
    off = vstack([eye_array(m), csr_array((k, m))])
    left = hstack([lines.matrix, off, -off], format="csr")
    exact = np.where(np.isin(np.arange(m + k), rows) | (np.arange(m + k) >= m), np.inf, -lines.value)
    most = lines.value + lines.matrix.maximum(0.0) @ lines.up + lines.matrix.minimum(0.0) @ lines.low
    both = np.append(rows, np.arange(m, m + k))  # F, then d
    M, N = np.split(np.maximum(2.0 * most[both], 2.0), 2)
    choice, bound = vstack([diags_array(M), diags_array(-N)]), np.append(M, 0.0 * N) - lines.value[both]
    most_of_all = np.concatenate([lines.up, np.full(2 * m, np.inf), np.ones(k)])
    found = milp(
        np.concatenate([np.zeros(n), np.ones(2 * m), np.zeros(k)]),
        integrality=np.append(np.zeros(n + 2 * m), np.ones(k)),
        bounds=Bounds(np.append(lines.low, np.zeros(2 * m + k)), most_of_all),
        constraints=[
            LinearConstraint(hstack([left, csr_array((m + k, k))]), -lines.value, exact),
            LinearConstraint(hstack([left[both], choice]), -np.inf, bound),
        ],
        options={"time_limit": _SECONDS, "mip_rel_gap": 1e-3},
    )
    return None if found.x is None else (found.x[:n], found.x[n + 2 * m :] > 0.5)


def _moved(newton: Newton, x: Array, lines: _Lines, change: Array) -> Array:
    free, moved = newton.free, x.copy()
    grown = x[free] * np.exp(np.where(lines.in_logs, change, 0.0))
    moved[free] = np.where(lines.in_logs, grown, x[free] + lines.unit * change)
    if not newton.system.evaluate(moved).is_finite:  # a price of zero, say
        kept = np.where(newton.system.positive_domain[free], _LEAST * x[free], -np.inf)
        moved[free] = np.maximum(moved[free], kept)
    return moved
