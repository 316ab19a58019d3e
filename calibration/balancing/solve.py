"""`solve`: balance a problem by one of three named methods."""

from __future__ import annotations

from typing import Literal, NoReturn, get_args

import numpy as np

from .dual_newton import (
    SETTLED,
    DualSolution,
    cross_entropy_ratio,
    least_squares_ratio,
    solve_dual,
    solve_sturdy,
)
from .feasibility import find_conflict
from .least_absolute import solve_least_absolute
from .problem import BalanceError, BalanceProblem, ConvergenceError, InfeasibleError
from .result import BalanceResult, build_result

Method = Literal["least_squares", "cross_entropy", "least_absolute"]
METHODS: tuple[str, ...] = get_args(Method)

EXACT = 1e-9  # every exact constraint holds to this, relative to its flow
STATIONARY = 1e-8  # the same for the optimality condition of a soft constraint


def solve(
    problem: BalanceProblem, method: Method = "least_squares", max_iterations: int = 200
) -> BalanceResult:
    """Balance: the cells nearest their priors at which every exact constraint holds.

    - `least_squares`: minimise sum ((x - x0)/s)^2 + sum ((a x - b)/t)^2;
    - `cross_entropy`: minimise sum 2 (x0/s)^2 (r ln r - r + 1) + sum ((a x - b)/t)^2 with r = x / x0;
    - `least_absolute`: minimise sum |x - x0|/s + sum |a x - b|/t,

    the second sum over soft constraints (standard error t), subject to a x = b for the exact ones and
    x / x0 >= floor. The first two coincide for small adjustments; cross entropy takes large ones in
    proportion and never meets zero; least absolute moves few cells and resists a single bad figure.

    Least absolute deviations begin at `problem.start` if there is one.

    `max_iterations` bounds the Newton steps of the first two; HiGHS has no limit.

    Exact constraints hold to 1e-9 of their flow. Raises `InfeasibleError` naming the constraints that cannot
    hold together, `ConvergenceError` when the method gave up although they can, `BalanceError` for an
    unknown method.
    """
    if method not in METHODS:
        raise BalanceError(f"method {method!r} is unknown; choose one of {', '.join(METHODS)}")
    solution: DualSolution | None
    if method == "least_absolute":
        solution, dual_factor = solve_least_absolute(problem), 1.0
    else:
        ratio = least_squares_ratio if method == "least_squares" else cross_entropy_ratio
        solution, dual_factor = solve_dual(problem, ratio, max_iterations), 2.0
        if solution.residual > SETTLED:
            _refuse_conflict(problem)
            solution = solve_sturdy(problem, ratio, max_iterations)
    exact = problem.constraint_errors == 0
    if solution is None or not _converged(problem, solution, exact):
        _explain_failure(problem, method, solution)
    objective = _objective(problem, method, solution.x)
    dual = dual_factor * solution.multipliers
    return build_result(problem, method, solution.x, dual, objective, solution.iterations, solution.basis)


def _converged(problem: BalanceProblem, solution: DualSolution, exact: np.ndarray) -> bool:
    worst = float(np.max(problem.violation(solution.x)[exact], initial=0.0))
    return worst <= EXACT and solution.residual <= STATIONARY


def _refuse_conflict(problem: BalanceProblem) -> None:
    """Raise `InfeasibleError` if exact constraints contradict each other."""
    conflict = find_conflict(problem)
    if conflict is not None:
        hint = "Check their targets against each other, free a fixed cell, or give one a standard error."
        raise InfeasibleError(f"{problem!r}: {conflict}\n{hint}", conflict)


def _explain_failure(problem: BalanceProblem, method: str, solution: DualSolution | None) -> NoReturn:
    _refuse_conflict(problem)
    reached = "no solution" if solution is None else f"relative residual {solution.residual:.1e}"
    raise ConvergenceError(
        f"{problem!r}: {method} ended with {reached} (wanted {EXACT:.0e}), although the constraints can hold "
        "together. Likely reasons: standard errors that differ by many orders of magnitude, or a target that "
        "drives cells to their floor. Try another method, or give the tightest constraint a standard error."
    )


def _objective(problem: BalanceProblem, method: str, x: np.ndarray) -> float:
    prior = problem.cells["prior"].to_numpy()
    error = problem.cells["standard_error"].to_numpy()
    counted = (error > 0) & np.isfinite(error)
    r, certainty = (x / prior)[counted], (np.abs(prior)[counted] / error[counted])
    soft = problem.constraint_errors > 0
    missed = (problem.matrix @ x - problem.targets)[soft] / problem.constraint_errors[soft]
    if method == "least_absolute":
        return float(certainty @ np.abs(r - 1) + np.abs(missed).sum())
    if method == "least_squares":
        return float(certainty**2 @ (r - 1) ** 2 + missed @ missed)
    entropy = r * np.log(np.maximum(r, 1e-300)) - r + 1
    return float(2 * certainty**2 @ entropy + missed @ missed)
