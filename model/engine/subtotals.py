r"""Subtotals: what each group of exogenous changes contributes to the change of a solution.

Exogenous variables move on the straight line :math:`x(t) = x_0 + t\,(x_1 - x_0)`; the solution moves along
:math:`y(t)` with :math:`F(y(t), x(t)) = 0`. The contribution of the group :math:`k`, whose part of the
change is :math:`\Delta_k`, to an expression :math:`g` is the line integral

.. math:: g_k = \int_0^1 \big(g_x - g_y F_y^{-1} F_x\big)\, \Delta_k\, dt, \qquad \sum_k g_k = g(1) - g(0)

Source: Harrison, Horridge and Pearson (2000), "Decomposing simulation results with respect to exogenous
shocks", Computational Economics 15. There the path is followed by a few linear steps and extrapolated; here
the integral is taken by Gauss-Legendre rules on points of the path that are solved to full precision, so it
converges geometrically and its accuracy is known: the total is computed independently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .derivatives import DerivativeError, Derivatives, Outputs
from .errors import EngineError
from .record import SolvedPoint, SolveOptions
from .solve import solve_system
from .system import CompiledSystem
from .tape import Array

RULES = (2, 4, 6, 8, 12, 16, 24, 32, 48)
"""Number of points of the Gauss-Legendre rules tried in turn."""
TOLERANCE = 1e-8
ROUNDING = 1e-12
"""Differences below this share of an expression's own terms are rounding, not a lack of accuracy."""
_PRECISE = SolveOptions(accept=1e-11, tolerance=1e-13)


class AccuracyError(EngineError):
    """The subtotals do not reach the accuracy asked for; the message says how close they came."""


@dataclass(frozen=True)
class Subtotals:
    """Contributions of groups of exogenous changes.

    Attributes:
        contributions: one row for each group, one column for each expression.
        start, end: value of each expression at both ends of the path.
        accuracy: largest of two errors relative to the largest contribution to the same expression: sum of
            the contributions against the total, and each contribution against that of the rule before. (An
            expression that hardly moves is measured against what can be told from rounding.)
        points: points of the path that were solved.
    """

    contributions: pd.DataFrame
    start: pd.Series
    end: pd.Series
    accuracy: float
    points: int

    @property
    def total(self) -> pd.Series:
        """Change of each expression between the two ends, computed without the path."""
        return self.end - self.start

    def __str__(self) -> str:
        """The contributions, their total and the accuracy."""
        table = pd.concat([self.contributions, self.total.rename("total").to_frame().T])
        return f"{table}\nsum equals total within {self.accuracy:.1e} ({self.points} points of the path)"


def subtotals(
    system: CompiledSystem,
    start: Array,
    end: Array,
    groups: Mapping[str, Sequence[int]],
    of: Outputs,
    tolerance: float = TOLERANCE,
    fixed: NDArray[np.bool_] | None = None,
) -> Subtotals:
    """Contribution of each group of fixed variables to the change of expressions between two solutions.

    Args:
        system: the compiled equations. Its point is left as it was.
        start, end: two solutions, values of all variables.
        groups: name -> positions of the fixed variables in it. Together they must hold every fixed variable
            that differs between the two points, each once.
        of: the expressions.
        tolerance: largest admissible ``accuracy`` (see `Subtotals`).
        fixed: which variables were exogenous in the two solutions (default: those that are fixed now).

    Raises:
        DerivativeError: a group holds a free variable, or a changed variable is in no group or in two.
        AccuracyError: the finest rule is not accurate enough.
        ConvergenceError: a point of the path has no solution.
    """
    fixed = system.partition.fixed if fixed is None else fixed
    change = np.where(fixed, end - start, 0.0)
    parts = _parts(system, change, groups, fixed)
    first, last = of.values(start), of.values(end)
    rounding = ROUNDING * np.maximum(of.sizes(start), of.sizes(end))
    rules = RULES if parts.any() else ()
    found, before = np.zeros((len(parts), len(of.names))), np.full((1, 1), np.inf)
    with _kept(system, fixed):
        path = _Path(system, start, change)
        for n in (*rules, 0):
            error = _errors(found, before, last - first, rounding / tolerance)
            if error.max(initial=0.0) <= tolerance or not n:
                break
            before, found = found if path.points else before, path.integrate(n, parts, of)
    ...
class _Path:
    """Solutions along the straight line of exogenous values from a solved start."""

    def __init__(self, system: CompiledSystem, start: Array, change: Array):
        self.system, self.start, self.change = system, start, change
        self._known: list[tuple[float, Array, Array]] = [(0.0, start, np.zeros(len(start)))]

    @property
    def points(self) -> int:
        """Points solved so far."""
        return len(self._known) - 1

    def integrate(self, n: int, parts: Array, of: Outputs) -> Array:
        """Integral of each part's contribution by the rule of ``n`` points, shape (parts, expressions)."""
        nodes, weights = np.polynomial.legendre.leggauss(n)
        total = np.zeros((len(parts), len(of.names)))
        for t, weight in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
            total += weight * self._rates(float(t), parts, of)
        return total

    def _rates(self, t: float, parts: Array, of: Outputs) -> Array:
        x = self._solve(t)
        derivatives = Derivatives(self.system, x)
        moves = np.array([derivatives.push(part) for part in parts]).reshape(len(parts), len(x))
        self._known.append((t, x, moves.sum(axis=0)))
        return (of.gradients(x) @ moves.T).T

    def _solve(self, t: float) -> Array:
        """The solution at ``t``, started from the nearest known one moved along its tangent."""
        near, x, slope = min(self._known, key=lambda known: abs(known[0] - t))
        guess = x + (t - near) * slope
        logs = self.system.positive_domain & (x > 0.0)
        with np.errstate(all="ignore"):
            guess = np.where(logs, x * np.exp((t - near) * slope / np.where(logs, x, 1.0)), guess)
        fixed = self.system.partition.fixed
        self.system.values = np.where(fixed, self.start + t * self.change, guess)
        solve_system(self.system, _PRECISE, SolvedPoint(x, self.system.parameter_values))
        return self.system.values.copy()


def _parts(system: CompiledSystem, change: Array, groups: Mapping[str, Sequence[int]]) -> Array:
    """The change of the exogenous variables split by group, shape (groups, variables)."""
    parts = np.zeros((len(groups), len(change)))
    seen = np.zeros(len(change), dtype=np.int64)
    for part, columns in zip(parts, groups.values(), strict=True):
        part[list(columns)] = change[list(columns)]
        seen[list(columns)] += 1
    for what, wrong in {
        "is free, so it is no exogenous change": (seen > 0) & ~system.partition.fixed,
        "changes but belongs to no group": (seen == 0) & (change != 0.0),
        "belongs to more than one group": seen > 1,
    }.items():
        if wrong.any():
            raise DerivativeError(f"{system.variable_names[int(wrong.argmax())]} {what}")
    return parts


@contextmanager
def _kept(system: CompiledSystem) -> Iterator[None]:
    """Put the system's point back at the end."""
    values, solved = system.values, system.solved
    try:
        yield
    finally:
        system.values, system.solved = values, solved
