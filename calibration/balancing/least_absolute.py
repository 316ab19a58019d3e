"""Least absolute deviations: sum |x - x0| / s + sum |a x - b| / t, a linear program.

Few cells move, each by as much as it must. In relative form x / x0 = 1 + up - down with up >= 0 and
0 <= down <= 1 - floor, so the sign of the prior is kept and every column has the same size.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from .dual_newton import DualSolution, least_squares_ratio, solve_dual
from .linear_program import solve_linear_program
from .problem import BalanceProblem


def solve_least_absolute(problem: BalanceProblem) -> DualSolution | None:
    """The L1 solution with row multipliers of the objective; None when the constraints conflict."""
    prior = problem.cells["prior"].to_numpy()
    error = problem.cells["standard_error"].to_numpy()
    soft_error = problem.constraint_errors
    flow = problem.flow(prior)
    fixed, soft = error == 0, np.flatnonzero(soft_error > 0)
    weight = np.divide(np.abs(prior), error, out=np.zeros_like(prior), where=~fixed)
    cost = np.concatenate([weight, weight, *[flow[soft] / soft_error[soft]] * 2])
    positive = cost[cost > 0]
    unit = np.median(positive) if positive.size else 1.0  # keeps HiGHS's absolute tolerances meaningful
    cells = sparse.diags_array(1 / flow) @ problem.matrix @ sparse.diags_array(prior)
    slack = sparse.eye_array(len(flow), format="csc")[:, soft]
    upper = np.concatenate(
        [
            np.where(fixed, 0.0, np.inf),
            np.where(fixed, 0.0, 1 - problem.floor),
            np.full(2 * len(soft), np.inf),
        ]
    )
    lp = solve_linear_program(
        cost=cost / unit,
        matrix=sparse.hstack([cells, -cells, slack, -slack]),
        rhs=(problem.targets - problem.matrix @ prior) / flow,
        upper=upper,
        start=problem.start,
    )
    if lp is None:
        return None
    n = len(prior)
    up, down = lp.x[:n], lp.x[n : 2 * n]
    x = _polished(
        problem,
        prior * np.maximum(1 + up - down, problem.floor),
        (up > 0) | ((down > 0) & (down < upper[n : 2 * n])),
    )
    exact = soft_error == 0
    residual = float(np.max(problem.violation(x)[exact], initial=0.0))
    return DualSolution(x, lp.dual * unit / flow, residual, lp.iterations, lp.basis)


def _polished(problem: BalanceProblem, x: np.ndarray, movable: np.ndarray) -> np.ndarray:
    """Remove what HiGHS's tolerance (1e-10) left in the exact constraints, moving only the cells it moved."""
    exact = np.flatnonzero(problem.constraint_errors == 0)
    before = float(np.max(problem.violation(x)[exact], initial=0.0))
    if before <= 1e-15 or not movable.any():
        return x
    signed = np.where(x == 0, problem.cells["prior"].to_numpy() * 1e-300, x)
    cells = pd.DataFrame({"prior": signed, "standard_error": np.where(movable, np.abs(x), 0.0)})
    small = BalanceProblem(cells, floor=0.0)
    small.constraints(problem.names[exact].tolist(), problem.matrix[exact], problem.targets[exact])
    refined = solve_dual(small, least_squares_ratio, max_iterations=5).x
    after = float(np.max(problem.violation(refined)[exact], initial=0.0))
    kept = (refined / problem.cells["prior"].to_numpy() >= problem.floor).all()
    return refined if kept and after < before else x
