r"""Many solutions of one system at once, near one that is known.

A sweep solves the same equations for thousands of parameter vectors that differ a little. The sums are then evaluated
for all points at once (`flat`), and all points share the factorised Jacobian of the known solution: with the unknowns
in logarithms, :math:`z`, and the equations in the forms of `forms`,

.. math:: z^{k+1} = z^k - J_0^{-1} f(z^k; \theta)

a chord iteration, accelerated by Anderson's method (Walker and Ni 2011, SIAM Journal on Numerical Analysis 49). It
contracts where the Jacobian has changed little. What a point is accepted by is the same relative residual as
elsewhere; a point that does not get there is reported and left to the ordinary solver.

Everything here is arrays: it can be sent to other processes, which need neither Pyomo's model nor a compilation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .complementarity import Conditions, merge
from .expressions import Walker
from .flat import Constants, FlatSums, Mask
from .linear import PairedSolver
from .newton import Newton, Progress
from .plan import inner_levels
from .record import SolveOptions
from .system import CompiledSystem
from .tape import Array
from .terms import Index, Level

_MEMORY = 5
"""Earlier steps that Anderson's method combines."""
_LONGEST = 1.0
"""Largest change of a logarithm in one step."""


@dataclass(frozen=True)
class ManySolved:
    """Where the iterations ended: one column of ``x``, one entry of the rest for each point.

    ``relative`` is the largest relative residual, not a number where the equations have no value; ``solved`` says
    whether it is within the tolerance; ``steps`` counts iterations.
    """

    x: Array
    relative: Array
    steps: Index
    solved: Mask


class ManySystem:
    """The equations around a solved point, ready to be solved for many values of parameters and fixed variables.

    Args:
        system: compiled and solved: its values are a solution.
        options: ``accept`` is the relative residual every point must reach.
        moves: which fixed variables may differ from their value here, of all variables (default: every one);
            what stays is folded into the equations.
        parameter_moves: likewise.

    Raises:
        SingularJacobianError: there is no stable order of elimination at this point.
    """

    def __init__(
        self,
        system: CompiledSystem,
        options: SolveOptions | None = None,
        moves: Mask | None = None,
        parameter_moves: Mask | None = None,
    ):
        self.options = options or SolveOptions()
        self.centre = system.values.copy()
        self.parameters = system.parameter_values.copy()
        self.free = system.partition.free
        self.n_equations = system.n_equations
        self.sums = FlatSums(
            [(row.level, row.targets) for row in system.plan.inner],
            system.plan.level,
            Constants.around(system, moves, parameter_moves),
        )
        self._place = np.searchsorted(self.sums.reads, self.free)
        self.conditions = _as_columns(system.conditions)
        self._linearise(system)
        limited, lower, upper = (part[self.free] for part in system.limits)
        members = np.flatnonzero(limited)
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = [
                self._to_units(bound[limited].astype(float)[:, None], members) for bound in (lower, upper)
            ]
        self._limits = (
            members,
            np.nan_to_num(bounds[0], nan=-np.inf, neginf=-np.inf, posinf=np.inf),
            bounds[1],
        )

    def _linearise(self, system: CompiledSystem) -> None:
        """Forms of the equations and the factorised Jacobian, both kept as they are at the centre."""
        newton = Newton(system, self.options, Progress())
        at = system.evaluate()
        form = newton.form(at, at.positive + at.negative)
        weights = system.term_weights(form.positive_weight, form.negative_weight, at.terms)
        data = system.jacobian_data(at, weights)[system.partition.take]
        scale = newton.column_scale(at.x[self.free], data)
        self.in_logs = newton.in_logs(at.x[self.free])
        self._unit = np.where(self.in_logs, 1.0, scale)[:, None]  # the unknowns are logarithms, or in these
        self._plain = np.flatnonzero(~self.in_logs)
        both = (at.positive > 0.0) & (at.negative > 0.0)
        in_logs = both & ~newton._in_levels
        with np.errstate(divide="ignore"):
            size = np.where(both, at.positive + at.negative, 1.0 / form.positive_weight[: self.n_equations])
        if at.conditions is not None:
            size[at.conditions.rows] = at.conditions.floor
        size = np.where(np.isfinite(size) & (size > 0.0), size, 1.0)
        self._row_in_logs = in_logs
        self._levels, self._size = np.flatnonzero(~in_logs), size[~in_logs][:, None]
        solver = PairedSolver(system.partition.indices, system.partition.indptr)
        solver.factorise(data * np.repeat(scale, np.diff(system.partition.indptr)))
        self.jacobian = solver.frozen()

    # ---- equations ----------------------------------------------------------------------------------

    def residuals(self, x: Array, parameters: Array) -> tuple[Array, Array]:
        """The equations in Newton's form and their relative residuals, both (equations, points).

        Args:
            x: values of the variables that the sums read, shape (reads, points).
            parameters: likewise.
        """
        positive, negative = self.sums.sides(x, parameters)
        n = self.n_equations
        P, N = positive[:n], negative[:n]
        largest = np.maximum(P, N)
        with np.errstate(all="ignore"):
            gap = P - N
            relative = np.abs(gap) / np.where(largest > 0.0, largest, 1.0)
            value = np.log(P / N)
            value[self._levels] = gap[self._levels] / self._size
        if self.conditions is not None:
            rows = self.conditions.rows
            distance = (positive - negative)[n:]
            both = (P[rows] > 0.0) & (N[rows] > 0.0)
            size = np.where(both, largest[rows], self.conditions.floor)
            function = gap[rows] / size
            relative[rows] = np.abs(merge(self.conditions, distance, function).value)
            with np.errstate(all="ignore"):
                in_form = np.where(
                    both & self._row_in_logs[rows][:, None], np.log(P[rows] / N[rows]), function
                )
            value[rows] = merge(self.conditions, distance, in_form).value
        return value, relative

    # ---- solution -----------------------------------------------------------------------------------

    def solve(self, x: Array, parameters: Array, most: int = 100) -> ManySolved:
        """Solve from a start for each point.

        Args:
            x: values of all variables, shape (variables, points); fixed ones hold the scenario.
            parameters: mutable parameters in slot order, shape (parameters, points).
            most: iterations after which a point is given up.

        Raises:
            ValueError: something moves that was said to stay.
        """
        self._check(x, parameters)
        n, reads = x.shape[1], self.sums.reads
        now, given = x[reads], parameters[self.sums.reads_parameters]
        u = self._to_units(now[self._place], np.arange(len(self.free)))
        found, error, best = now.copy(), np.full(n, np.nan), np.full(n, np.inf)
        steps: Index = np.zeros(n, dtype=np.int64)
        live: Index = np.arange(n)
        anderson = _Anderson(_MEMORY)
        for step in range(most + 1):
            value, relative = self.residuals(now, given)
            largest = relative.max(axis=0)
            error[live] = largest
            best[live] = np.fmin(best[live], largest)
            with np.errstate(invalid="ignore"):
                going = (largest > self.options.accept) & (largest < 100.0 * best[live])
            going &= step < most
            if not going.all():
                found[:, live[~going]] = now[:, ~going]
                if not going.any():
                    break
                live = live[going]
                now, given, u, value = (part[:, going] for part in (now, given, u, value))
                anderson.keep(going)
            u = self._limited(u, anderson.next(u, -self.jacobian.solve(value).astype(float)))
            now[self._place] = self._from_units(u)
            steps[live] += 1
        x = x.copy()
        x[reads] = found
        with np.errstate(invalid="ignore"):
            return ManySolved(x, error, steps, error <= self.options.accept)

    def _check(self, x: Array, parameters: Array) -> None:
        for what, given, centre, reads in (
            ("variables", x, self.centre, self.sums.reads),
            ("parameters", parameters, self.parameters, self.sums.reads_parameters),
        ):
            stays = np.ones(len(centre), dtype=bool)
            stays[reads] = False
            moved = np.flatnonzero((given[stays] != centre[stays][:, None]).any(axis=1))
            if len(moved):
                raise ValueError(f"{len(moved)} {what} move that were said to stay, the first {moved[0]}")

    def _to_units(self, x: Array, members: Index) -> Array:
        """Unknowns as the iterations see them: logarithms, or in units that make them comparable."""
        logs = self.in_logs[members][:, None]
        return np.log(x, out=x / self._unit[members], where=logs)

    def _from_units(self, u: Array) -> Array:
        x = u.copy()
        x[self._plain] = 0.0
        np.exp(x, out=x)
        x[self._plain] = u[self._plain] * self._unit[self._plain]
        return x

    def _limited(self, u: Array, towards: Array) -> Array:
        """The step, not longer than logarithms may move and not beyond the bounds."""
        moved = towards - u
        size = np.abs(moved)
        size[self._plain] = 0.0
        u = u + moved * np.minimum(1.0, _LONGEST / np.maximum(size.max(axis=0, initial=0.0), 1e-300))
        members, lower, upper = self._limits
        u[members] = np.clip(u[members], lower, upper)
        return u


class _Anderson:
    """Anderson's acceleration of ``u -> u + step(u)`` for many points side by side."""

    def __init__(self, memory: int):
        self._memory = memory
        self._last: tuple[Array, Array] | None = None
        self._both: list[Array] = []  # changes of u and step together
        self._step: list[Array] = []  # changes of the step
        self._gram = np.empty((0, 0, 0))

    def keep(self, which: Mask) -> None:
        """Forget the points that are done."""
        if self._last is not None:
            self._last = self._last[0][:, which], self._last[1][:, which]
        self._both = [d[:, which] for d in self._both]
        self._step = [d[:, which] for d in self._step]
        self._gram = self._gram[..., which] if self._step else self._gram

    def next(self, u: Array, step: Array) -> Array:
        """The next point from this one and the plain step at it."""
        if self._last is not None:
            self._add(u - self._last[0], step - self._last[1])
        self._last = u, step
        if not self._step:
            return u + step
        against = np.array([np.einsum("ij,ij->j", a, step) for a in self._step])
        matrix = np.moveaxis(self._gram, 2, 0)
        trace = np.trace(matrix, axis1=1, axis2=2)[:, None, None]
        matrix = matrix + (1e-14 * trace + 1e-300) * np.eye(len(self._step))
        weights = np.linalg.solve(matrix, against.T[:, :, None])[:, :, 0]
        weights = np.where(np.isfinite(weights), weights, 0.0)
        result = u + step
        for k, both in enumerate(self._both):
            result -= weights[:, k] * both
        return result

    def _add(self, moved: Array, change: Array) -> None:
        """Remember one more step and forget the oldest."""
        self._step = [*self._step, change][-self._memory :]
        self._both = [*self._both, moved + change][-self._memory :]
        n = len(self._step)
        gram = np.empty((n, n, change.shape[1]))
        if n > 1:
            gram[:-1, :-1] = self._gram[1 - n :, 1 - n :]
        gram[-1] = gram[:, -1] = [np.einsum("ij,ij->j", a, change) for a in self._step]
        self._gram = gram


def _as_columns(conditions: Conditions | None) -> Conditions | None:
    if conditions is None:
        return None
    return replace(conditions, scale=conditions.scale[:, None], floor=conditions.floor[:, None])


class ManyOutputs:
    """Expressions of a compiled system's variables and parameters, evaluated at many points.

    Args:
        system: the compiled equations.
        expressions: what to evaluate, in the order of the values.

    Raises:
        UnsupportedModelError: an expression reads a variable that the system does not have.
    """

    def __init__(self, system: CompiledSystem, expressions: Iterable[Any]):
        walker = Walker(list(system.variables))
        outer = Level([walker.sum_of_terms((1.0, node)) for node in expressions])
        n = len(system.variables)
        inner = [(level, rows + n) for level, rows in inner_levels(walker)]
        slots = {id(p): k for k, p in enumerate(system.parameters)}
        foreign = [p for p in walker.parameters if id(p) not in slots]
        self._own: Index = np.array([slots.get(id(p), -1) for p in walker.parameters], dtype=np.int64)
        self._constant: Array = np.array([p.value for p in foreign], dtype=float)[:, None]
        self._sums = FlatSums(inner, outer, Constants.none(n, len(walker.parameters)))

    def values(self, x: Array, parameters: Array) -> Array:
        """The expressions, shape (expressions, points); parameters that no equation reads keep their value.

        Complex points and parameters carry a derivative in their imaginary part.
        """
        own = np.empty((len(self._own), x.shape[1]), dtype=parameters.dtype)
        has = self._own >= 0
        own[has] = parameters[self._own[has]]
        own[~has] = self._constant
        return self._sums.values(x, own)
