r"""Many solutions of one system at once, near one that is known.

A sweep solves the same equations for thousands of parameter vectors that differ a little. Each tape is then run on
arrays of shape (terms, points) instead of (terms,), and all points share the factorised Jacobian of the known
solution: with the unknowns in logarithms, :math:`z`, and the equations in the forms of `forms`,

.. math:: z^{k+1} = z^k - J_0^{-1} f(z^k; \theta)

a chord iteration, accelerated by Anderson's method (Walker and Ni 2011, SIAM Journal on Numerical Analysis 49). It
contracts where the Jacobian has changed little. What a point is accepted by is the same relative residual as
elsewhere; a point that does not get there is reported and left to the ordinary solver.

Everything here is arrays: it can be sent to other processes, which need neither Pyomo's model nor a compilation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from .complementarity import Conditions, merge
from .expressions import Walker
from .linear import Frozen, PairedSolver
from .newton import Newton, Progress
from .record import SolveOptions
from .shared import with_shared_powers
from .system import CompiledSystem
from .tape import Array
from .terms import Index, Level

_MEMORY = 5
"""Earlier steps that Anderson's method combines."""
_LONGEST = 1.0
"""Largest change of a logarithm in one step."""


class _Inner:
    """A level of inner rows; without a matrix each row is one term."""

    def __init__(self, level: Level, targets: Index):
        single = level.n_terms == level.n_rows and bool((np.bincount(level.row) == 1).all())
        self.level = level
        self.matrix = None if single else _summing(level)
        self.targets = targets[level.row] if single else targets


class ManySums:
    """Sums of terms at many points: inner rows level by level, then the outer sums.

    Args:
        inner: the levels of inner rows and the slots of their values.
        outer: the sums wanted.
        n_slots: variables and inner rows together.
    """

    def __init__(self, inner: Sequence[tuple[Level, Index]], outer: Level, n_slots: int):
        *inner, (outer, _) = with_shared_powers([*inner, (outer, np.empty(0, dtype=np.int64))], n_slots)[0]
        self._inner = [_Inner(level, targets) for level, targets in inner]
        self._outer, self._matrix = outer, _summing(outer)
        self._n_slots = max((int(row.targets.max()) + 1 for row in self._inner), default=n_slots)

    @classmethod
    def of(cls, system: CompiledSystem) -> ManySums:
        """The sums of a system's equations and of the distances of its conditions."""
        inner = [(row.level, row.targets) for row in system.plan.inner]
        return cls(inner, system.plan.level, len(system.variables) + system.plan.n_inner)

    def sides(self, x: Array, parameters: Array) -> tuple[Array, Array]:
        """Sum of the positive terms and of the absolute values of the negative ones, each (sums, points)."""
        terms = self._terms(x, parameters)
        positive = self._matrix @ np.maximum(terms, 0.0)
        return positive, positive - self._matrix @ terms

    def values(self, x: Array, parameters: Array) -> Array:
        """The sums, shape (sums, points)."""
        return self._matrix @ self._terms(x, parameters)

    def _terms(self, x: Array, parameters: Array) -> Array:
        slots = np.empty((self._n_slots, x.shape[1]), dtype=x.dtype)
        slots[: len(x)] = x
        with np.errstate(all="ignore"):
            for row in self._inner:
                terms = _run(row.level, slots, parameters)
                slots[row.targets] = terms if row.matrix is None else row.matrix @ terms
            return _run(self._outer, slots, parameters)


@dataclass(frozen=True)
class ManySolved:
    """Where the iterations ended: one column of ``x``, one entry of the rest for each point.

    ``relative`` is the largest relative residual, not a number where the equations have no value; ``solved`` says
    whether it is within the tolerance; ``steps`` counts iterations.
    """

    x: Array
    relative: Array
    steps: Index
    solved: NDArray[np.bool_]


class ManySystem:
    """The equations around a solved point, ready to be solved for many values of parameters and fixed variables.

    Args:
        system: compiled and solved: its values are a solution.
        options: ``accept`` is the relative residual every point must reach.
        sums: those of another solution of the same system, to be shared.

    Raises:
        SingularJacobianError: there is no stable order of elimination at this point.
    """

    def __init__(
        self, system: CompiledSystem, options: SolveOptions | None = None, sums: ManySums | None = None
    ):
        self.options = options or SolveOptions()
        self.centre = system.values.copy()
        self.parameters = system.parameter_values.copy()
        self.free = system.partition.free
        self.n_equations = system.n_equations
        self.sums = sums or ManySums.of(system)
        self.conditions = _as_columns(system.conditions)
        limited, lower, upper = (part[self.free] for part in system.limits)
        self._limits = np.flatnonzero(limited), lower[limited][:, None], upper[limited][:, None]
        self._linearise(system)

    def _linearise(self, system: CompiledSystem) -> None:
        """Forms of the equations and the factorised Jacobian, both kept as they are at the centre."""
        newton = Newton(system, self.options, Progress())
        at = system.evaluate()
        form = newton.form(at, at.positive + at.negative)
        weights = system.term_weights(form.positive_weight, form.negative_weight, at.terms)
        data = system.jacobian_data(at, weights)[system.partition.take]
        scale = newton.column_scale(at.x[self.free], data)
        self.in_logs = newton.in_logs(at.x[self.free])
        self._unit = np.where(self.in_logs, 1.0, scale)[
            :, None
        ]  # the unknowns are logarithms, or in these units
        both = (at.positive > 0.0) & (at.negative > 0.0)
        self._row_in_logs = both & ~newton._in_levels
        with np.errstate(divide="ignore"):
            size = np.where(both, at.positive + at.negative, 1.0 / form.positive_weight[: self.n_equations])
        if at.conditions is not None:
            size[at.conditions.rows] = at.conditions.floor
        self._size = np.where(np.isfinite(size) & (size > 0.0), size, 1.0)[:, None]
        solver = PairedSolver(system.partition.indices, system.partition.indptr)
        solver.factorise(data * np.repeat(scale, np.diff(system.partition.indptr)))
        self.jacobian: Frozen = solver.frozen()

    # ---- equations ----------------------------------------------------------------------------------

    def residuals(self, x: Array, parameters: Array) -> tuple[Array, Array]:
        """The equations in Newton's form and their relative residuals, both (equations, points)."""
        positive, negative = self.sums.sides(x, parameters)
        n = self.n_equations
        P, N, distance = positive[:n], negative[:n], (positive - negative)[n:]
        largest = np.maximum(P, N)
        with np.errstate(all="ignore"):
            relative = np.abs(P - N) / np.where(largest > 0.0, largest, 1.0)
            value = np.where(self._row_in_logs[:, None], np.log(P / N), (P - N) / self._size)
        if self.conditions is not None:
            rows = self.conditions.rows
            both = (P[rows] > 0.0) & (N[rows] > 0.0)
            size = np.where(both, largest[rows], self.conditions.floor)
            function = (P - N)[rows] / size
            relative[rows] = np.abs(merge(self.conditions, distance, function).value)
            with np.errstate(all="ignore"):
                in_form = np.where(
                    both & self._row_in_logs[rows][:, None], np.log(P[rows] / N[rows]), function
                )
            value[rows] = merge(self.conditions, distance, in_form).value
        return value, relative

    # ---- solution -----------------------------------------------------------------------------------

    def solve(self, x: Array, parameters: Array, most: int = 30) -> ManySolved:
        """Solve from a start for each point.

        Args:
            x: values of all variables, shape (variables, points); fixed ones hold the scenario.
            parameters: mutable parameters in slot order, shape (parameters, points).
            most: iterations after which a point is given up.
        """
        n = x.shape[1]
        x, error = x.copy(), np.full(n, np.nan)
        steps: Index = np.zeros(n, dtype=np.int64)
        live: Index = np.arange(n)
        anderson = _Anderson(_MEMORY)
        best = np.full(n, np.inf)
        for step in range(most + 1):
            value, relative = self.residuals(x[:, live], parameters[:, live])
            error[live] = now = relative.max(axis=0)
            best[live] = np.fmin(best[live], now)
            with np.errstate(invalid="ignore"):
                going = (now > self.options.accept) & (now < 100.0 * best[live])
            if step == most or not going.any():
                break
            if not going.all():
                live, value = live[going], value[:, going]
                anderson.keep(going)
            step_now = -self.jacobian.solve(value) * self._unit
            x[np.ix_(self.free, live)] = self._moved(x[np.ix_(self.free, live)], step_now, anderson)
            steps[live] += 1
        with np.errstate(invalid="ignore"):
            return ManySolved(x, error, steps, error <= self.options.accept)

    def _moved(self, old: Array, step: Array, anderson: _Anderson) -> Array:
        """The next point: a step of the accelerated chord iteration, logarithms where the unknown is one."""
        logs = self.in_logs[:, None]
        z = np.log(old, out=old.copy(), where=logs)
        z_next = anderson.next(z, step, self._unit)
        moved = z_next - z
        farthest = np.abs(np.where(logs, moved, 0.0)).max(axis=0)
        z_next = z + moved * np.minimum(1.0, _LONGEST / np.maximum(farthest, 1e-300))
        new = np.exp(z_next, out=z_next.copy(), where=logs)
        members, lower, upper = self._limits
        new[members] = np.clip(new[members], lower, upper)
        return new


class _Anderson:
    """Anderson's acceleration of ``z -> z + step(z)`` for many points side by side."""

    def __init__(self, memory: int):
        self._memory = memory
        self._z: Array | None = None
        self._step: Array | None = None
        self._dz: list[Array] = []
        self._dstep: list[Array] = []

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Forget the points that are done."""
        if self._z is not None and self._step is not None:
            self._z, self._step = self._z[:, which], self._step[:, which]
        self._dz = [d[:, which] for d in self._dz]
        self._dstep = [d[:, which] for d in self._dstep]

    def next(self, z: Array, step: Array, unit: Array) -> Array:
        """The next point from this one and the plain step at it; ``unit`` makes unknowns comparable."""
        if self._z is not None and self._step is not None:
            self._dz = [*self._dz, z - self._z][-self._memory :]
            self._dstep = [*self._dstep, step - self._step][-self._memory :]
        self._z, self._step = z, step
        if not self._dz:
            return z + step
        scaled = [d / unit for d in self._dstep]
        gram = np.array([[np.einsum("ij,ij->j", a, b) for b in scaled] for a in scaled])
        against = np.array([np.einsum("ij,ij->j", a, step / unit) for a in scaled])
        matrix = np.moveaxis(gram, 2, 0)
        trace = np.trace(matrix, axis1=1, axis2=2)[:, None, None]
        matrix = matrix + (1e-14 * trace + 1e-300) * np.eye(len(scaled))
        weights = np.linalg.solve(matrix, against.T[:, :, None])[:, :, 0]
        weights = np.where(np.isfinite(weights), weights, 0.0)
        result = z + step
        for k, (dz, dstep) in enumerate(zip(self._dz, self._dstep, strict=True)):
            result -= weights[:, k] * (dz + dstep)
        return result


def _run(level: Level, slots: Array, parameters: Array) -> Array:
    """Value of every term, shape (terms, points)."""
    terms = np.empty((level.n_terms, slots.shape[1]), dtype=slots.dtype)
    start = 0
    for group in level.groups:
        stop = start + len(group.row)
        coefficient = group.coefficient[:, None]
        if group.tape is None:
            terms[start:stop] = coefficient
        else:
            registers: list[Array] = [coefficient] * len(group.tape.active)
            for k, register in enumerate(group.tape.variables):
                registers[register] = np.take(slots, group.slots[k], axis=0)
            for k, register in enumerate(group.tape.numbers):
                registers[register] = group.numbers[k][:, None]
            for k, register in enumerate(group.tape.parameters):
                registers[register] = np.take(parameters, group.parameters[k], axis=0)
            np.multiply(coefficient, group.tape.forward(registers), out=terms[start:stop])
        start = stop
    return terms


def _summing(level: Level) -> csr_array:
    """The matrix that adds the terms of each row."""
    ones = np.ones(level.n_terms)
    return csr_array((ones, (level.row, np.arange(level.n_terms))), shape=(level.n_rows, level.n_terms))


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
        levels = np.array(walker.inner_levels, dtype=np.int64)
        n = len(system.variables)
        inner = []
        for depth in range(int(levels.max(initial=-1)) + 1):
            members = np.flatnonzero(levels == depth)
            inner.append((Level([walker.inner_rows[r] for r in members]), members + n))
        slots = {id(p): k for k, p in enumerate(system.parameters)}
        foreign = [p for p in walker.parameters if id(p) not in slots]
        self._own: Index = np.array([slots.get(id(p), -1) for p in walker.parameters], dtype=np.int64)
        self._constant: Array = np.array([p.value for p in foreign], dtype=float)[:, None]
        self._sums = ManySums(inner, outer, n + len(levels))

    def values(self, x: Array, parameters: Array) -> Array:
        """The expressions, shape (expressions, points); parameters that no equation reads keep their value.

        Complex points and parameters carry a derivative in their imaginary part.
        """
        own = np.empty((len(self._own), x.shape[1]), dtype=parameters.dtype)
        has = self._own >= 0
        own[has] = parameters[self._own[has]]
        own[~has] = self._constant
        return self._sums.values(x, own)
