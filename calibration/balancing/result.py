"""A balanced table and what balancing did to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .linear_program import Basis
from .problem import BalanceProblem


@dataclass(frozen=True)
class BalanceResult:
    """The balanced cells with the record of how they were found.

    - `values`: x, indexed as the cells of the problem.
    - `dual`: derivative of the objective with respect to each constraint's target.
    - `adjustments`: per cell `prior`, `value`, `change`, `percent`, `standard_errors` (change / s; NaN for a
      cell that is fixed or unknown), largest |change| first.
    - `constraints`: per constraint `target`, `standard_error` (0: exact), `before` and `after` (a x at prior
      and solution), `deviation` (after - target), `relative` (|deviation| / flow), `dual`.
    - `max_violation`: largest `relative` over the exact constraints.
    - `basis`: of least absolute deviations, where HiGHS ended; another problem may begin there.
    - `objective`: value of the method's objective (least squares and cross entropy: squared standard errors;
      least absolute: standard errors).
    """

    method: str
    values: pd.Series
    dual: pd.Series
    adjustments: pd.DataFrame
    constraints: pd.DataFrame
    objective: float
    iterations: int
    max_violation: float
    basis: Basis | None = field(default=None, repr=False)

    def report(self, top: int = 15) -> str:
        """A text table: the largest adjustments by size and by standard errors, each control before/after."""
        moved = self.adjustments[self.adjustments["change"] != 0]
        by_error = moved.loc[moved["standard_errors"].abs().sort_values(ascending=False).index]
        exact = int((self.constraints["standard_error"] == 0).sum())
        parts = [
            f"Balanced by {self.method}: {len(self.values)} cells ({len(moved)} moved), {exact} exact and "
            f"{len(self.constraints) - exact} soft constraints.",
            f"Objective {self.objective:.6g}, {self.iterations} iterations, "
            f"largest relative violation {self.max_violation:.1e}.",
            f"\nLargest adjustments\n{_table(moved.head(top))}",
            f"\nLargest adjustments in standard errors\n{_table(by_error.head(top))}",
            f"\nControls before and after\n{_table(self.constraints)}",
        ]
        return "\n".join(parts)


def build_result(
    problem: BalanceProblem,
    method: str,
    x: np.ndarray,
    dual: np.ndarray,
    objective: float,
    iterations: int,
    basis: Basis | None = None,
) -> BalanceResult:
    """Compare solution and prior, cell by cell and constraint by constraint."""
    prior, error = problem.cells["prior"], problem.cells["standard_error"]
    values = pd.Series(x, index=prior.index, name="value")
    change = values - prior
    certain = (error == 0) | np.isinf(error)
    adjustments = pd.DataFrame(
        {
            "prior": prior,
            "value": values,
            "change": change,
            "percent": 100 * change / prior,
            "standard_errors": change / error.mask(certain),
        }
    )
    order = np.argsort(-change.abs().to_numpy(), kind="stable")
    after = problem.matrix @ x
    relative = problem.violation(x)
    exact = problem.constraint_errors == 0
    constraints = pd.DataFrame(
        {
            "target": problem.targets,
            "standard_error": problem.constraint_errors,
            "before": problem.matrix @ prior.to_numpy(),
            "after": after,
            "deviation": after - problem.targets,
            "relative": relative,
            "dual": dual,
        },
        index=problem.names,
    )
    return BalanceResult(
        method=method,
        values=values,
        dual=constraints["dual"],
        adjustments=adjustments.iloc[order],
        constraints=constraints,
        objective=objective,
        iterations=iterations,
        max_violation=float(np.max(relative[exact], initial=0.0)),
        basis=basis,
    )


def _table(frame: pd.DataFrame) -> str:
    return "  (none)" if frame.empty else frame.to_string(float_format=lambda v: f"{v:,.6g}")
