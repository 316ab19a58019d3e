r"""Subtotals: what each group of exogenous changes contributes to the change of a solution.

Exogenous variables move on the straight line :math:`x(t) = x_0 + t\,(x_1 - x_0)`; the solution moves along
:math:`y(t)` with :math:`F(y(t), x(t)) = 0`. The contribution of the group :math:`k`, whose part of the
change is :math:`\Delta_k`, to an expression :math:`g` is the line integral

.. math:: g_k = \int_0^1 \big(g_x - g_y F_y^{-1} F_x\big)\, \Delta_k\, dt, \qquad \sum_k g_k = g(1) - g(0)

Source: Harrison, Horridge and Pearson (2000), "Decomposing simulation results with respect to exogenous
shocks", Computational Economics 15. There the path is followed by a few linear steps and extrapolated; here
the integral is taken by Gauss-Legendre rules on points of the path that are solved to full precision, so it
converges geometrically and its accuracy is known: the total is computed independently. Where the path has a
kink (a quota that begins to bind), the interval around it is halved until it no longer matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .derivatives import DerivativeError, Derivatives, Outputs
from .errors import EngineError
from .record import SolvedPoint, SolveOptions
from .solve import solve_system
from .system import CompiledSystem
from .tape import Array

COARSE, FINE = 4, 7
"""Points of the two Gauss-Legendre rules on each piece of the path."""
MOST_PIECES = 60
TOLERANCE = 1e-8
ROUNDING = 1e-14
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
            the contributions against the total, and each contribution against that of the coarse rule. (An
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
        AccuracyError: the accuracy is not reached with the most pieces of the path.
        ConvergenceError: a point of the path has no solution.
    """
    fixed = system.partition.fixed if fixed is None else fixed
    change = np.where(fixed, end - start, 0.0)
    parts = _parts(system, change, groups, fixed)
    first, last = of.values(start), of.values(end)
    floor = ROUNDING / tolerance * np.maximum(of.sizes(start), of.sizes(end))
    with _kept(system, fixed):
        path = _Path(system, of, start, end, change)
        found, error = _integrate(path, parts, last - first, floor, tolerance)
    accuracy = float(error.max(initial=0.0))
    if not accuracy <= tolerance:
        raise AccuracyError(
            f"the subtotals of {of.names[int(error.argmax())]} are accurate to {accuracy:.1e} only (asked: "
            f"{tolerance:g}) with {path.points} points of the path: it bends too sharply. Ask for less "
            "accuracy (tolerance), or decompose the shock in two parts."
        )
    names = list(of.names)
    table = pd.DataFrame(found, index=list(groups), columns=names)
    return Subtotals(table, pd.Series(first, names), pd.Series(last, names), accuracy, path.points)


def partway(
    system: CompiledSystem, start: Array, end: Array, columns: Sequence[int], fixed: NDArray[np.bool_]
) -> Array:
    """The solution when only these fixed variables have moved from one solution's values to another's.

    It makes a path of two legs out of one, for changes whose order matters. The system's point is left as it
    was. Raises ConvergenceError if there is no solution there.
    """
    point = start.copy()
    point[list(columns)] = end[list(columns)]
    with _kept(system, fixed):
        system.values = point
        solve_system(system, _PRECISE, SolvedPoint(start, system.parameter_values))
        return system.values.copy()


def solution_at(system: CompiledSystem, guess: Array, origin: Array, fixed: NDArray[np.bool_]) -> Array:
    """The solution for the exogenous values in ``guess``, sought from the others in it.

    Args:
        system: the compiled equations. Its point is left as it was.
        guess: values of all variables.
        origin: a solution not far away, to continue from if Newton's method fails.
        fixed: which variables are exogenous.

    Raises:
        ConvergenceError: there is none.
    """
    with _kept(system, fixed):
        system.values = guess.copy()
        solve_system(system, _PRECISE, SolvedPoint(origin, system.parameter_values))
        return system.values.copy()


def joined(first: Subtotals, second: Subtotals) -> Subtotals:
    """Subtotals of a path of two legs: contributions add up; the second leg starts where the first ends."""
    contributions = first.contributions.add(second.contributions)
    accuracy = max(first.accuracy, second.accuracy)
    return Subtotals(contributions, first.start, second.end, accuracy, first.points + second.points)


@dataclass(frozen=True, eq=False)
class _Piece:
    """Contributions on one interval of the path, and the error of each expression there.

    The error is the larger of the difference between the two rules and that between the sum of the
    contributions and the change of the expression from one end of the interval to the other.
    """

    start: float
    end: float
    found: Array
    error: Array


def _integrate(
    path: _Path, parts: Array, total: Array, floor: Array, tolerance: float
) -> tuple[Array, Array]:
    """Contributions and the relative error of each expression; the worst piece is halved until it is small."""
    nothing = np.zeros((len(parts), len(total)))
    pieces = [path.integrate(0.0, 1.0, parts)] if parts.any() else []
    while True:
        found = sum((piece.found for piece in pieces), nothing)
        scale = np.maximum(np.maximum(np.abs(total), np.abs(found).max(axis=0, initial=0.0)), floor)
        scale = np.where(scale > 0.0, scale, 1.0)
        rules = sum((piece.error for piece in pieces), np.zeros(len(total)))
        error = np.maximum(rules, np.abs(found.sum(axis=0) - total)) / scale
        if error.max(initial=0.0) <= tolerance or not 0 < len(pieces) < MOST_PIECES:
            return found, error
        worst = max(pieces, key=lambda piece: float((piece.error / scale).max()))
        middle = 0.5 * (worst.start + worst.end)
        pieces.remove(worst)
        pieces += [path.integrate(worst.start, middle, parts), path.integrate(middle, worst.end, parts)]


class _Path:
    """Solutions along the straight line of exogenous values between two solutions."""

    def __init__(self, system: CompiledSystem, of: Outputs, start: Array, end: Array, change: Array):
        self.system, self.of = system, of
        self._start, self._change = start, change
        still = np.zeros(len(start))
        self._known: list[tuple[float, Array, Array]] = [(0.0, start, still), (1.0, end, still)]
        self._values = {0.0: of.values(start), 1.0: of.values(end)}

    @property
    def points(self) -> int:
        """Points solved so far."""
        return len(self._known) - 2

    def integrate(self, start: float, end: float, parts: Array) -> _Piece:
        """Contribution of each part on an interval, shape (parts, expressions), by the finer of two rules."""
        coarse, fine = (self._rule(n, start, end, parts) for n in (COARSE, FINE))
        gap = np.abs(fine.sum(axis=0) - (self._value(end) - self._value(start)))
        return _Piece(start, end, fine, np.maximum(gap, np.abs(fine - coarse).max(axis=0)))

    def _rule(self, n: int, start: float, end: float, parts: Array) -> Array:
        nodes, weights = np.polynomial.legendre.leggauss(n)
        half = 0.5 * (end - start)
        total = np.zeros((len(parts), len(self.of.names)))
        for t, weight in zip(start + half * (nodes + 1.0), half * weights, strict=True):
            total += weight * self._rates(float(t), parts)
        return total

    def _rates(self, t: float, parts: Array) -> Array:
        """Contributions of the parts per unit of ``t``."""
        x = self._solve(t)
        derivatives = Derivatives(self.system, x)
        moves = np.array([derivatives.push(part) for part in parts])
        self._known.append((t, x, moves.sum(axis=0)))
        return (self.of.gradients(x) @ moves.T).T

    def _value(self, t: float) -> Array:
        """The expressions at ``t``."""
        if t not in self._values:
            x = self._solve(t)
            self._known.append((t, x, np.zeros(len(x))))
            self._values[t] = self.of.values(x)
        return self._values[t]

    def _solve(self, t: float) -> Array:
        """The solution at ``t``, started from the nearest known one moved along its tangent."""
        near, x, slope = min(self._known, key=lambda known: abs(known[0] - t))
        guess = x + (t - near) * slope
        logs = self.system.positive_domain & (x > 0.0)
        with np.errstate(all="ignore"):
            guess = np.where(logs, x * np.exp((t - near) * slope / np.where(logs, x, 1.0)), guess)
        fixed = self.system.partition.fixed
        self.system.values = np.where(fixed, self._start + t * self._change, guess)
        solve_system(self.system, _PRECISE, SolvedPoint(x, self.system.parameter_values))
        return self.system.values.copy()


def _parts(
    system: CompiledSystem, change: Array, groups: Mapping[str, Sequence[int]], fixed: NDArray[np.bool_]
) -> Array:
    """The change of the exogenous variables split by group, shape (groups, variables)."""
    parts = np.zeros((len(groups), len(change)))
    seen = np.zeros(len(change), dtype=np.int64)
    for part, columns in zip(parts, groups.values(), strict=True):
        part[list(columns)] = change[list(columns)]
        seen[list(columns)] += 1
    for what, wrong in {
        "is free, so it is no exogenous change": (seen > 0) & ~fixed,
        "changes but belongs to no group": (seen == 0) & (change != 0.0),
        "belongs to more than one group": seen > 1,
    }.items():
        if wrong.any():
            raise DerivativeError(f"{system.variable_names[int(wrong.argmax())]} {what}")
    return parts


@contextmanager
def _kept(system: CompiledSystem, fixed: NDArray[np.bool_]) -> Iterator[None]:
    """Let these variables be fixed for a while, then put the system's point and partition back."""
    values, solved, partition = system.values, system.solved, system.partition
    if not np.array_equal(fixed, partition.fixed):
        system.partition = system._partition(fixed)
    try:
        yield
    finally:
        system.values, system.solved, system.partition = values, solved, partition
