"""Least squares and cross entropy by a primal-dual interior point method: slower and sturdier than the dual.

Used where Newton on the dual does not settle (many cells at their floor, standard errors that differ by
orders of magnitude) and for unknown cells, which have no place in the dual. In ratios r = x / x0 with
y = r - floor > 0 the optimality conditions are

    f'(r) - E'l - v = 0,    e - E r - D l = 0,    y v = 0,   y, v > 0

with E the constraints scaled to unit flow, D the variance of the soft ones, f the distance from the prior
(c = x0 / s; zero for unknown cells):

    least squares   f' = c^2 (r - 1)        cross entropy   f' = c^2 ln r.

Each step solves them with y v = mu for a falling mu (predictor and corrector share one factorisation).

Source: S. Mehrotra (1992), "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2;
S. J. Wright (1997), "Primal-Dual Interior-Point Methods".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from .problem import BalanceProblem

_LEAST_CURVATURE = 1e-6  # of an unknown cell, relative; changes the path, not the point it ends in
_STEP_TO_BOUNDARY = 0.95
_START = 1e3  # y and v; a start far inside keeps hard problems from jamming at the boundary


@dataclass(frozen=True)
class InteriorSolution:
    """Cells, multipliers of half the objective, relative residual of all conditions, iterations."""

    x: np.ndarray
    multipliers: np.ndarray
    residual: float
    iterations: int


@dataclass
class _State:
    """The iterate: excess over the floor, its dual, multipliers."""

    y: np.ndarray
    v: np.ndarray
    multipliers: np.ndarray

    def moved(self, step: float, dy: np.ndarray, dv: np.ndarray, dm: np.ndarray) -> _State:
        return _State(self.y + step * dy, self.v + step * dv, self.multipliers + step * dm)

    def longest(self, dy: np.ndarray, dv: np.ndarray) -> float:
        """Largest step in [0, 1] that keeps y and v from reaching zero."""
        fall = max(np.max(-dy / self.y, initial=0.0), np.max(-dv / self.v, initial=0.0))
        return min(1.0, _STEP_TO_BOUNDARY / fall) if fall > 0 else 1.0


class _Conditions:
    """The problem in ratios of the cells that may move, and its optimality conditions."""

    def __init__(self, problem: BalanceProblem, entropy: bool) -> None:
        prior = problem.cells["prior"].to_numpy()
        error = problem.cells["standard_error"].to_numpy()
        self.free = np.flatnonzero(error > 0)
        self.floor, self.entropy = problem.floor, entropy
        self.flow = problem.flow(prior)
        scaled = sparse.diags_array(1 / self.flow) @ problem.matrix @ sparse.diags_array(prior)
        fixed = (error == 0).astype(float)
        self.E = sparse.csr_array(sparse.csc_array(scaled)[:, self.free])
        self.e = problem.targets / self.flow - scaled @ fixed
        certainty = (prior[self.free] / error[self.free]) ** 2
        known = certainty[certainty > 0]
        self.unit = float(np.median(known)) if known.size else 1.0
        self.c2 = certainty / self.unit
        self.D = problem.constraint_errors**2 / self.flow**2 * self.unit
        self.size = np.abs(self.e)
        # the curvature an unknown cell inherits from its constraints is at most its share in them
        squares = self.E.power(2)
        share = sparse.diags_array(1 / np.maximum(squares.sum(axis=1) + self.D, 1e-300)) @ squares
        largest = share.max(axis=0).toarray().ravel() if len(self.e) else np.ones(len(self.free))
        self.least_curvature = _LEAST_CURVATURE * np.where(largest > 0, largest, 1.0)

    def distance(self, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """f' and f''."""
        if self.entropy:
            return self.c2 * np.log(ratio), self.c2 / ratio
        return self.c2 * (ratio - 1), self.c2

    def residuals(self, state: _State) -> tuple[np.ndarray, np.ndarray, float]:
        """Dual and primal residual, and the largest of all three conditions, each in its own scale."""
        ratio = state.y + self.floor
        first, _ = self.distance(ratio)
        pull = self.E.T @ state.multipliers
        dual = first - pull - state.v
        primal = self.e - self.E @ ratio - self.D * state.multipliers
        pull_size = 1 + np.abs(first) + abs(self.E).T @ np.abs(state.multipliers)
        primal_size = np.maximum(self.size, abs(self.E) @ ratio)
        worst = max(
            float(np.max(np.abs(dual) / pull_size, initial=0.0)),
            float(np.max(np.abs(primal) / np.maximum(primal_size, 1e-300), initial=0.0)),
            float(np.max(state.y * state.v / ((1 + ratio) * pull_size), initial=0.0)),
        )
        return dual, primal, worst


def solve_interior(problem: BalanceProblem, entropy: bool, max_iterations: int) -> InteriorSolution:
    """Balance by the interior point method; the caller judges `residual`."""
    conditions = _Conditions(problem, entropy)
    n = len(conditions.free)
    state = _State(np.full(n, _START), np.full(n, _START), np.zeros(len(problem.names)))
    best, best_worst, since_best = state, np.inf, 0
    for iteration in range(max_iterations + 1):  # noqa: B007 (returned below)
        dual, primal, worst = conditions.residuals(state)
        if worst < 0.5 * best_worst:
            best, best_worst, since_best = state, worst, 0
        else:
            since_best += 1
        if not np.isfinite(worst) or worst < 1e-15 or since_best > (3 if best_worst < 1e-12 else 60):
            break
        try:
            # an infeasible problem sends the iterate to infinity
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                state = _advance(conditions, state, dual, primal)
        except RuntimeError:  # SuperLU: exactly singular, the iterate has run out of digits
            break
        if not all(np.isfinite(part).all() for part in (state.y, state.v, state.multipliers)):
            break
    x = problem.cells["prior"].to_numpy().copy()
    x[conditions.free] *= best.y + problem.floor
    multipliers = best.multipliers * conditions.unit / conditions.flow
    return InteriorSolution(x, multipliers, float(best_worst), iteration)


def _advance(conditions: _Conditions, state: _State, dual: np.ndarray, primal: np.ndarray) -> _State:
    """One predictor-corrector step."""
    E, y, v = conditions.E, state.y, state.v
    _, second = conditions.distance(y + conditions.floor)
    inverse = 1 / np.maximum(second + v / y, conditions.least_curvature)
    schur = (E @ sparse.diags_array(inverse) @ E.T) + sparse.diags_array(conditions.D)
    scale = 1 / np.sqrt(np.maximum(schur.diagonal(), 1e-300))
    balanced = sparse.diags_array(scale) @ schur @ sparse.diags_array(scale)
    factor = splu(
        sparse.csc_array(balanced + sparse.diags_array(np.full(len(scale), 1e-13))),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )

    def direction(product: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The Newton direction that aims at y v = product + y v (to first order)."""
        q = product / y - dual
        dm = scale * factor.solve(scale * (primal - E @ (inverse * q)))
        dy = inverse * (q + E.T @ dm)
        return dy, (product - v * dy) / y, dm

    dy, dv, dm = direction(-y * v)
    reach = state.longest(dy, dv)
    mu = float(y @ v) / max(len(y), 1)
    centred = mu * max((1 - reach) ** 3, 1e-6)
    correction = np.clip(dy * dv, -10 * mu, 10 * mu) * reach
    dy, dv, dm = direction(centred - correction - y * v)
    return state.moved(state.longest(dy, dv), dy, dv, dm)
