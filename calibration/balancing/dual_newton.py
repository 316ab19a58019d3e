"""Least squares and cross entropy by Newton's method on their dual, one multiplier per constraint.

Both methods minimise a separable strictly convex distance from the prior, so the cells follow from the
multipliers l in closed form. With the pull u = A'l on each cell and z = u s^2 / x0,

    least squares    minimise sum ((x - x0)/s)^2                                   x / x0 = 1 + z
    cross entropy    minimise sum 2 (x0/s)^2 (r ln r - r + 1),  r = x/x0           x / x0 = exp(z)

(cut off at the floor). The entropy weight makes the second equal the first for small adjustments, so either
objective reads as a sum of squared standard errors. Soft constraints add ((a x - b)/t)^2 with standard
error t, and enter the dual as -t^2 l^2. What is left is to find l with

    g(l) = b - A x(l) - t^2 l = 0,     -dg/dl = A diag(dx/du) A' + diag(t^2)

which is the gradient of a concave function: Newton with a line search. A small ridge on the diagonal makes
redundant constraints harmless. Unknown cells (infinite standard error) have no such closed form and go to the
interior point method, as does a problem on which the dual does not settle.

Sources: R. P. Byron (1978), "The estimation of large social account matrices", J. R. Stat. Soc. A 141;
A. Golan, G. Judge, D. Miller (1996), "Maximum Entropy Econometrics".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from .interior_point import solve_interior
from .linear_program import Basis
from .problem import BalanceProblem

Ratio = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

SETTLED = 1e-10  # relative residual at which the dual has converged (it ends near 1e-15)


def least_squares_ratio(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x / x0 and its derivative by z, least squares."""
    return 1 + z, np.ones_like(z)


def cross_entropy_ratio(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x / x0 and its derivative by z, cross entropy. Capped far above any real ratio to avoid overflow."""
    r = np.exp(np.clip(z, -500.0, 200.0))
    return r, r


@dataclass(frozen=True)
class DualSystem:
    """The problem with rows scaled so that every constraint starts with unit curvature."""

    A: sparse.csr_array
    b: np.ndarray
    variance: np.ndarray  # t^2 of each constraint, scaled
    row_scale: np.ndarray
    prior: np.ndarray
    spread: np.ndarray  # standard error of each cell
    floor: float  # least x / x0
    ratio: Ratio

    def cells(self, multipliers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and dx/du at the given multipliers."""
        z = (self.A.T @ multipliers) * (self.spread**2 / self.prior)
        r, slope = self.ratio(z)
        free = r > self.floor
        return self.prior * np.where(free, r, self.floor), self.spread**2 * np.where(free, slope, 0.0)

    def gradient(self, multipliers: np.ndarray, x: np.ndarray) -> np.ndarray:
        """b - A x - t^2 l."""
        return self.b - self.A @ x - self.variance * multipliers

    def flow(self, x: np.ndarray) -> np.ndarray:
        """Size of each constraint, in its scaled unit."""
        return np.maximum(np.maximum(np.abs(self.b), abs(self.A) @ np.abs(x)), np.finfo(float).tiny)


@dataclass(frozen=True)
class DualSolution:
    """Cells, multipliers (of half the objective, in the unit of the original constraints) and effort."""

    x: np.ndarray
    multipliers: np.ndarray
    residual: float  # largest |g| relative to the constraint's flow
    iterations: int
    basis: Basis | None = None  # of a linear program


def solve_dual(
    problem: BalanceProblem, ratio: Ratio, max_iterations: int, start: np.ndarray | None = None
) -> DualSolution:
    """Balance by Newton on the dual; the caller judges `residual` (infinite if there are unknown cells).

    `start` are multipliers to begin at (default: zero, the prior). Those of the undrawn figures save a draw one step
    in twelve.
    """
    start = np.zeros(len(problem.names)) if start is None else start
    if np.isinf(problem.cells["standard_error"]).any():
        return DualSolution(problem.cells["prior"].to_numpy(), start, np.inf, 0)
    return _dual(problem, ratio, start, max_iterations)


def solve_sturdy(problem: BalanceProblem, ratio: Ratio, max_iterations: int) -> DualSolution:
    """Balance by the interior point method; the caller judges `residual`.

    The solution is polished by a few dual steps from its multipliers, which put cells exactly on their floor
    and constraints down to rounding (not with unknown cells).
    """
    interior = solve_interior(problem, ratio is cross_entropy_ratio, max_iterations)
    found = DualSolution(interior.x, interior.multipliers, interior.residual, interior.iterations)
    if np.isinf(problem.cells["standard_error"]).any():
        return found
    polished = _dual(problem, ratio, interior.multipliers, 20)
    if polished.residual < found.residual:
        return replace(polished, iterations=found.iterations + polished.iterations)
    return found


def _dual(problem: BalanceProblem, ratio: Ratio, start: np.ndarray, max_iterations: int) -> DualSolution:
    """Newton on the dual from the multipliers `start`."""
    system = _scaled(problem, ratio)
    solution = _newton(system, start / system.row_scale, max_iterations)
    return replace(solution, multipliers=solution.multipliers * system.row_scale)


def _scaled(problem: BalanceProblem, ratio: Ratio) -> DualSystem:
    A, b, variance = problem.matrix, problem.targets, problem.constraint_errors**2
    prior = problem.cells["prior"].to_numpy()
    spread = problem.cells["standard_error"].to_numpy()
    curvature = A.power(2) @ spread**2 + variance
    stiff = curvature == 0  # exact, and every cell in it is fixed
    curvature[stiff] = problem.flow(prior)[stiff] ** 2
    scale = 1 / np.sqrt(curvature)
    return DualSystem(
        A=sparse.csr_array(sparse.diags_array(scale) @ A),
        b=b * scale,
        variance=variance * scale**2,
        row_scale=scale,
        prior=prior,
        spread=spread,
        floor=problem.floor,
        ratio=ratio,
    )


def _newton(system: DualSystem, multipliers: np.ndarray, max_iterations: int) -> DualSolution:
    """Damped Newton ascent until the residual is down to rounding, or no longer improves."""
    best: DualSolution | None = None
    since_best = 0
    for iteration in range(max_iterations + 1):
        x, slope = system.cells(multipliers)
        g = system.gradient(multipliers, x)
        residual = float(np.max(np.abs(g) / system.flow(x), initial=0.0))
        if best is None or residual < 0.5 * best.residual:
            best, since_best = DualSolution(x, multipliers.copy(), residual, iteration), 0
        else:
            since_best += 1
        # at rounding level one more step either halves the residual or shows that nothing is left to gain
        if residual <= 1e-15 or (best.residual < 1e-12 and since_best) or since_best > 15:
            break
        ridge = min(1e-3, max(1e-13, 1e-2 * residual))
        try:
            direction = _factorised(system, slope, ridge).solve(g)
        except RuntimeError:  # SuperLU: exactly singular, every cell of some constraint is at its floor
            break
        step = _step_length(system, multipliers, direction, float(direction @ g))
        multipliers = multipliers + step * direction
    assert best is not None
    return replace(best, iterations=iteration)


def _factorised(system: DualSystem, slope: np.ndarray, ridge: float) -> SuperLU:
    A = system.A
    H = (A @ sparse.diags_array(slope) @ A.T) + sparse.diags_array(system.variance + ridge)
    return splu(
        sparse.csc_array(H),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )


def _step_length(system: DualSystem, start: np.ndarray, direction: np.ndarray, rate: float) -> float:
    """Step to near the maximum of the dual along `direction`, never far beyond it; 1 when that is safe.

    The dual is concave, so its slope along the line falls; `rate` > 0 is the slope at the start.
    """

    def slope_at(step: float) -> float:
        multipliers = start + step * direction
        return float(direction @ system.gradient(multipliers, system.cells(multipliers)[0]))

    if slope_at(1.0) >= -0.1 * rate:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(80):
        middle = high / 10 if low == 0 else (low + high) / 2
        here = slope_at(middle)
        if here > 0.5 * rate:
            low = middle
        elif here < -0.1 * rate:
            high = middle
        else:
            return middle
    return low if low > 0 else high
