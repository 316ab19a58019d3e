"""Which exact constraints cannot hold together: an elastic linear program and a deletion filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from .linear_program import LinearSolution, solve_linear_program
from .problem import BalanceProblem

_TOLERANCE = 1e-8  # of the sum of relative violations; HiGHS keeps each row to 1e-10


@dataclass(frozen=True)
class Conflict:
    """Why a problem has no solution.

    `together`: names of a smallest set of exact constraints that contradict each other given the signs,
    floors and fixed cells (dropping any one of them resolves this contradiction).
    `violations`: the cheapest way out, indexed by constraint: `target`, `attainable` (the value it would
    get), `violation` (attainable - target). Violations are weighed relative to each constraint's flow.
    """

    together: list[str]
    violations: pd.DataFrame

    def __str__(self) -> str:
        shown = ", ".join(self.together[:12]) + (" ..." if len(self.together) > 12 else "")
        lines = [f"these {len(self.together)} exact constraints cannot hold together: {shown}."]
        for name, row in self.violations.head(8).iterrows():
            lines.append(f"  nearest: {name} = {row['attainable']:.6g} instead of {row['target']:.6g}")
        return "\n".join(lines)


def find_conflict(problem: BalanceProblem) -> Conflict | None:
    """Contradicting exact constraints of a problem, or None when they can all hold.

    Minimises sum_i |a_i x - b_i| / flow_i over cells that keep sign and floor (elastic program; Chinneck
    2008, "Feasibility and Infeasibility in Optimization"). Rows with a dual form an infeasible set, which
    is thinned by leaving out one row at a time.
    """
    exact = np.flatnonzero(problem.constraint_errors == 0)
    lp = _elastic(problem, exact)
    if lp is None or lp.objective <= _TOLERANCE:
        return None
    prior = problem.cells["prior"].to_numpy()
    attained = problem.matrix[exact] @ (prior * (_least_ratio(problem) + lp.x[: len(prior)]))
    target, flow = problem.targets[exact], problem.flow(prior)[exact]
    table = pd.DataFrame(
        {"target": target, "attainable": attained, "violation": attained - target}, problem.names[exact]
    )
    relative = np.abs(table["violation"].to_numpy()) / flow
    order = np.argsort(-relative, kind="stable")
    table = table.iloc[order[relative[order] > 1e-9]]
    members = _thinned(problem, exact[np.abs(lp.dual) > 1e-9])
    return Conflict(together=problem.names[members].tolist(), violations=table)


def _least_ratio(problem: BalanceProblem) -> np.ndarray:
    """Least x / x0 of each cell: the floor, or 1 where the cell is fixed."""
    return np.where(problem.cells["standard_error"] == 0, 1.0, problem.floor)


def _thinned(problem: BalanceProblem, members: np.ndarray) -> np.ndarray:
    """Deletion filter; a set too large to read is left as it is."""
    if len(members) > 60:
        return members
    for member in list(members):
        rest = members[members != member]
        lp = _elastic(problem, rest)
        if lp is not None and lp.objective > _TOLERANCE:
            members = rest
    return members


def _elastic(problem: BalanceProblem, rows: np.ndarray) -> LinearSolution | None:
    """Least sum of relative violations of `rows`; columns: x/x0 above its least value, elastic slacks."""
    if len(rows) == 0:
        return None
    prior = problem.cells["prior"].to_numpy()
    fixed = problem.cells["standard_error"].to_numpy() == 0
    flow = problem.flow(prior)[rows]
    cells = sparse.diags_array(1 / flow) @ problem.matrix[rows] @ sparse.diags_array(prior)
    identity = sparse.eye_array(len(rows))
    return solve_linear_program(
        cost=np.concatenate([np.zeros(len(prior)), np.ones(2 * len(rows))]),
        matrix=sparse.hstack([cells, identity, -identity]),
        rhs=problem.targets[rows] / flow - cells @ _least_ratio(problem),
        upper=np.concatenate([np.where(fixed, 0.0, np.inf), np.full(2 * len(rows), np.inf)]),
    )
