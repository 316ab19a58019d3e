"""A thin door to HiGHS: one linear program with equality rows, columns with bounds."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from .problem import ConvergenceError


@dataclass(frozen=True)
class Basis:
    """Where the simplex method ended: status of each column and row, in HiGHS's numbers."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True)
class LinearSolution:
    """Optimal columns, row duals, objective, simplex iterations and the last basis."""

    x: np.ndarray
    dual: np.ndarray
    objective: float
    iterations: int
    basis: Basis


def solve_linear_program(
    cost: np.ndarray, matrix: sparse.sparray, rhs: np.ndarray, upper: np.ndarray, start: Basis | None = None
) -> LinearSolution | None:
    """Minimise cost'y subject to matrix y = rhs, 0 <= y <= upper; None when HiGHS proves infeasibility.

    ``start`` is the basis of a program of the same shape with other figures; of another shape it is left alone.

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
    if start is not None and (len(start.columns), len(start.rows)) == (len(cost), len(rhs)):
        highs.setBasis(_to_highs(start))
    highs.run()
    status = highs.getModelStatus()
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise ConvergenceError(f"HiGHS stopped with status {highs.modelStatusToString(status)!r}")
    solution, info, ended = highs.getSolution(), highs.getInfo(), highs.getBasis()
    return LinearSolution(
        x=np.array(solution.col_value),
        dual=np.array(solution.row_dual),
        objective=info.objective_function_value,
        iterations=info.simplex_iteration_count,
        basis=Basis(tuple(map(int, ended.col_status)), tuple(map(int, ended.row_status))),
    )


def _to_highs(basis: Basis) -> highspy.HighsBasis:
    found = highspy.HighsBasis()
    found.col_status = [highspy.HighsBasisStatus(k) for k in basis.columns]
    found.row_status = [highspy.HighsBasisStatus(k) for k in basis.rows]
    found.valid = True
    return found
