"""A thin door to HiGHS: one linear program with equality rows, columns with bounds."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from .problem import ConvergenceError


@dataclass(frozen=True)
class LinearSolution:
    """Optimal columns, row duals, objective and simplex iterations."""

    x: np.ndarray
    dual: np.ndarray
    objective: float
    iterations: int


def solve_linear_program(
    cost: np.ndarray, matrix: sparse.sparray, rhs: np.ndarray, upper: np.ndarray
) -> LinearSolution | None:
    """Minimise cost'y subject to matrix y = rhs, 0 <= y <= upper; None when HiGHS proves infeasibility.

    Raises `ConvergenceError` for any other end than an optimum.
    """
    columns = sparse.csc_array(matrix)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), len(rhs)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(len(cost)), upper
    lp.row_lower_, lp.row_upper_ = rhs, rhs
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = columns.indptr, columns.indices
    lp.a_matrix_.value_ = columns.data
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("primal_feasibility_tolerance", 1e-10)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-9)
    highs.passModel(lp)
    highs.run()
    status = highs.getModelStatus()
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise ConvergenceError(f"HiGHS stopped with status {highs.modelStatusToString(status)!r}")
    solution, info = highs.getSolution(), highs.getInfo()
    return LinearSolution(
        x=np.array(solution.col_value),
        dual=np.array(solution.row_dual),
        objective=info.objective_function_value,
        iterations=info.simplex_iteration_count,
    )
