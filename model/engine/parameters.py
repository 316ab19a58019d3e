r"""Derivatives of the equations with respect to mutable parameters.

A parameter enters a tape as a variable does. Read once more with the parameters among the variables, the plan of
a system gives the exact columns :math:`F_\theta` by the same reverse mode that gives its Jacobian. At a solution every
unknown then has an exact derivative along directions :math:`t` of parameters and of fixed variables :math:`x`,

.. math:: \frac{dy}{dt} = -F_y^{-1} \Big(F_\theta \frac{d\theta}{dt} + F_x \frac{dx}{dt}\Big)

and so has every expression of unknowns, fixed variables and parameters.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from .derivatives import Derivatives
from .many import ManyOutputs
from .plan import InnerLevel, Plan
from .system import CompiledSystem
from .tape import Array, compile_tape
from .terms import Assembly, Index, Level, TermGroup


class ParameterDerivatives:
    """The system with its mutable parameters as further columns.

    Args:
        system: the compiled equations.

    Attributes:
        n: number of variables; columns from there on are the parameters in slot order.
    """

    def __init__(self, system: CompiledSystem):
        self._system = system
        self.n = len(system.variables)
        self._n_columns = self.n + len(system.parameters)
        self._plan = _opened(system.plan, self.n, len(system.parameters), system)

    def columns(self, x: Array, parameters: Array | None = None) -> csr_array:
        """Derivative of ``left - right`` by each parameter, shape (equations, parameters)."""
        return self._jacobian(x, parameters)[:, self.n :]

    def _jacobian(self, x: Array, parameters: Array | None) -> csr_array:
        system, plan = self._system, self._plan
        at = system.evaluate(x)
        values = np.empty(self._n_columns + plan.n_inner)
        values[: self.n] = x
        values[self.n : self._n_columns] = system.parameter_values if parameters is None else parameters
        none = np.empty(0)
        inner = np.empty(len(plan.inner_columns))
        filled = 0
        for row in plan.inner:
            terms, kept = row.level.run(values, none)
            values[row.targets] = row.level.sums(terms)
            data = row.assembly.gather(row.level.derivatives(kept, None), inner)
            inner[filled : filled + row.assembly.nnz] = data
            filled += row.assembly.nnz
        _, kept = plan.level.run(values, none)
        weights = None if at.side_weights is None else at.side_weights[plan.level.row]
        data = plan.assembly.gather(plan.level.derivatives(kept, weights), inner)
        shape = (system.n_equations, self._n_columns)
        return csr_array((data, (plan.assembly.rows, plan.assembly.columns)), shape=shape)


def response(system: CompiledSystem, parameters: Array, moved: Array | None = None) -> Array:
    """Derivative of every variable along directions at the solution that the system holds.

    Args:
        system: compiled and solved.
        parameters: change of the parameters, shape (parameters, directions).
        moved: change of the fixed variables, shape (variables, directions); entries of free ones are zero. Default:
            none is moved.

    Returns:
        Shape (variables, directions), fixed variables included.

    Raises:
        DerivativeError, SingularJacobianError: as `Derivatives`.
    """
    shape = len(system.values), parameters.shape[1]
    found = np.zeros(shape) if moved is None else moved.copy()
    pressure = ParameterDerivatives(system).columns(system.values) @ parameters
    pressure += system.jacobian() @ found
    found[~system.partition.fixed] = Derivatives(system).respond(pressure)
    return found


def along(outputs: ManyOutputs, x: Array, parameters: Array, moved: Array, changed: Array) -> Array:
    """Derivative of expressions along directions of variables and parameters, shape (expressions, directions).

    Args:
        outputs: the expressions.
        x: values of all variables.
        parameters: values of all parameters.
        moved: change of the variables, shape (variables, directions), as `response` gives it.
        changed: change of the parameters, shape (parameters, directions).

    Exact: the imaginary part along a vanishing imaginary step (Squire and Trapp 1998, SIAM Review 40).
    """
    tiny = 1e-30
    at = x[:, None] + 1j * tiny * moved, parameters[:, None] + 1j * tiny * changed
    return outputs.values(*at).imag / tiny


def _opened(plan: Plan, n: int, n_parameters: int, system: CompiledSystem) -> Plan:
    """The plan with parameters read as variables ``n, n + 1, ...`` and inner rows after them."""
    n_columns = n + n_parameters
    start, span = np.zeros(plan.n_inner, dtype=np.int64), np.zeros(plan.n_inner, dtype=np.int64)
    columns: Index = np.empty(0, dtype=np.int64)
    inner = []
    for row in plan.inner:
        level = _open_level(row.level, n, n_parameters)
        members = row.targets - n
        assembly = Assembly(level, n_columns, start, span, columns)
        length = np.bincount(assembly.rows, minlength=len(members))
        start[members] = len(columns) + np.cumsum(length) - length
        span[members] = length
        columns = np.concatenate([columns, assembly.columns])
        inner.append(InnerLevel(level, members + n_columns, assembly))
    level = _open_level(plan.level, n, n_parameters)
    rows = np.arange(level.n_rows)
    if system.conditions is not None:
        c = system.conditions
        for which in (c.lower, c.upper):
            has = which >= 0
            rows[system.n_equations + which[has]] = c.rows[has]
    assembly = Assembly(level, n_columns, start, span, columns, rows)
    return Plan(level, assembly, tuple(inner), columns, plan.n_inner)


def _open_level(level: Level, n: int, n_parameters: int) -> Level:
    return Level.of_groups([_open_group(group, n, n_parameters) for group in level.groups], level.n_rows)


def _open_group(group: TermGroup, n: int, n_parameters: int) -> TermGroup:
    """The same terms with each parameter leaf as a variable leaf, in the order of reading."""
    if group.tape is None or not group.tape.parameters:
        return replace(group, slots=_shifted(group.slots, n, n_parameters))
    leaves = {register: group.parameters[k] + n for k, register in enumerate(group.tape.parameters)}
    own = _shifted(group.slots, n, n_parameters)
    leaves |= {register: own[k] for k, register in enumerate(group.tape.variables)}
    return replace(
        group,
        tape=compile_tape(group.code.replace("p", "v")),
        code=group.code.replace("p", "v"),
        slots=np.array([leaves[register] for register in sorted(leaves)], dtype=np.int64),
        parameters=np.empty((0, len(group.row)), dtype=np.int64),
    )


def _shifted(slots: Index, n: int, n_parameters: int) -> Index:
    return np.where(slots >= n, slots + n_parameters, slots)
