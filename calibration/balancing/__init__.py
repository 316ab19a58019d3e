"""Constrained estimation of tables: move uncertain cells as little as possible until every control holds.

A `BalanceProblem` holds cells (a prior and its standard error) and linear constraints (exact, or soft with
a standard error of their own); `solve` balances it by least squares, cross entropy or least absolute
deviations; `find_conflict` names the constraints that cannot hold together. `error_support_entropy` is the
estimator of Robinson, Cattaneo and El-Said for a single table whose columns have priors on coefficients.
"""

from .error_support import Control, ErrorSupport, ErrorSupportResult, error_support_entropy
from .feasibility import Conflict, find_conflict
from .linear_program import Basis
from .problem import BalanceError, BalanceProblem, ConvergenceError, InfeasibleError, Vary, unvaried
from .result import BalanceResult
from .solve import METHODS, Method, solve

__all__ = [
    "METHODS",
    "BalanceError",
    "BalanceProblem",
    "BalanceResult",
    "Basis",
    "Conflict",
    "Control",
    "ConvergenceError",
    "ErrorSupport",
    "ErrorSupportResult",
    "InfeasibleError",
    "Method",
    "Vary",
    "error_support_entropy",
    "find_conflict",
    "solve",
    "unvaried",
]
