r"""Exact derivatives of a solved system with respect to anything that is fixed.

At a solution :math:`F(y, x) = 0` the implicit function theorem gives the response of the free variables
:math:`y` to the fixed ones :math:`x`, and of any expression :math:`g(y, x)` of both:

.. math:: dy = -F_y^{-1} F_x\, dx, \qquad
          \frac{dg}{dx} = g_x - g_y F_y^{-1} F_x

The product is taken from the right, one solve for each :math:`x` (direct), or from the left, one solve for
each :math:`g` (adjoint), whichever are fewer. Nothing is approximated: :math:`F_y` and :math:`F_x` are the
compiled system's own derivatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyomo.core.base.var import VarData
from scipy.sparse import csc_array, csr_array, diags_array

from .errors import EngineError, SingularJacobianError
from .expressions import Walker
from .linear import PairedSolver
from .system import CompiledSystem
from .tape import Array
from .terms import Level


class DerivativeError(EngineError, ValueError):
    """A derivative is asked of something that has none; the message names it."""


class Outputs:
    """Expressions of a compiled system's variables, compiled to be evaluated at any point with gradients.

    Args:
        system: the compiled equations.
        expressions: name -> Var member, named Expression member or any expression of the model's variables.
    """

    def __init__(self, system: CompiledSystem, expressions: Mapping[str, Any]):
        self.names = tuple(expressions)
        walker = Walker(list(system.variables))
        rows = Level([walker.sum_of_terms((1.0, node)) for node in expressions.values()])
        self._rows = CompiledSystem(system.model, system.variables, tuple(expressions.values()), walker, rows)

    def values(self, x: Array) -> Array:
        """Value of each expression at ``x`` (all variables of the system)."""
        return self._rows.evaluate(x).residual

    def sizes(self, x: Array) -> Array:
        r"""What the rounding error of each expression is relative to: :math:`\sum_v |x_v\, \partial g/\partial x_v|`.

        An expression may be tiny although it is the difference of large payments.
        """
        return abs(self.gradients(x)) @ np.abs(x)

    def gradients(self, x: Array) -> csr_array:
        """Partial derivatives with respect to all variables, shape (expressions, variables)."""
        return self._rows.jacobian(x)


class Derivatives:
    """The equations linearised at one solution: answers in both directions from one factorisation each.

    Args:
        system: the compiled equations.
        x: a solution, values of all variables (default: the system's present values).
        fixed: which variables are exogenous (default: those that are fixed now).

    Raises:
        SingularJacobianError: the free variables are not locally determined here.
    """

    def __init__(
        self, system: CompiledSystem, x: Array | None = None, fixed: NDArray[np.bool_] | None = None
    ):
        self.x = system.values.copy() if x is None else x
        self.fixed = system.partition.fixed if fixed is None else fixed
        at = system.evaluate(self.x)
        if not at.relative.max(initial=0.0) <= 1e-6:
            worst = int(np.argmax(np.nan_to_num(at.relative, nan=np.inf)))
            raise DerivativeError(
                f"this point is no solution: {system.equation_names[worst]} is off by "
                f"{at.relative[worst]:.1e}. Solve first."
            )
        shape = (system.n_equations, len(system.variables))
        jacobian = csr_array(
            (system.jacobian_data(at), system.jacobian_indices, system.jacobian_indptr), shape=shape
        )
        size = at.positive + at.negative
        self._row_scale = 1.0 / np.where(size > 0.0, size, 1.0)
        scaled = (diags_array(self._row_scale) @ jacobian).tocsc()
        self._free = np.flatnonzero(~self.fixed)
        self._exogenous = np.flatnonzero(self.fixed)
        own = csc_array(scaled[:, self._free])
        largest = np.abs(own).max(axis=0).toarray().ravel()
        self._column_scale = 1.0 / np.where(largest > 0.0, largest, 1.0)
        self._own = (own @ diags_array(self._column_scale)).tocsc()
        self._other = csc_array(scaled[:, self._exogenous])

    @cached_property
    def _direct(self) -> PairedSolver:
        return _factorised(self._own)

    @cached_property
    def _adjoint(self) -> PairedSolver:
        return _factorised(csc_array(self._own.T))

    def push(self, change: Array) -> Array:
        """Response of all variables to a change of the fixed ones.

        Args:
            change: change of every variable; only entries of fixed variables are read.

        Returns:
            First-order change of every variable, fixed ones included.
        """
        moved = np.where(self.fixed, change, 0.0)
        pressure = self._other @ moved[self._exogenous]
        moved[self._free] = -self._column_scale * self._direct.solve(pressure)
        return moved

    def respond(self, pressure: Array) -> Array:
        """Response of the free variables to changes of the residuals, for many at once.

        Args:
            pressure: change of ``left - right`` of each equation, shape (equations, cases).

        Returns:
            First-order change of each free variable, shape (free variables, cases).
        """
        scaled = self._row_scale[:, None] * pressure
        moved = [self._direct.solve(scaled[:, k]) for k in range(scaled.shape[1])]
        return -self._column_scale[:, None] * np.array(moved).reshape(scaled.shape[1], -1).T

    def pull(self, gradient: Array) -> Array:
        """Total derivative of an expression with respect to every fixed variable.

        Args:
            gradient: its partial derivatives with respect to all variables.

        Returns:
            Derivative with respect to each variable; zero for free ones.
        """
        price = self._adjoint.solve(gradient[self._free] * self._column_scale)
        total = np.zeros(len(gradient))
        total[self._exogenous] = gradient[self._exogenous] - self._other.T @ price
        return total

    def matrix(self, gradients: csr_array, columns: Sequence[int]) -> Array:
        """Total derivatives of several expressions with respect to several fixed variables.

        Args:
            gradients: partial derivatives, shape (expressions, variables).
            columns: positions of the fixed variables.

        Returns:
            Derivatives, shape (expressions, columns).
        """
        n_of = gradients.shape[0]
        if len(columns) <= n_of:
            found = [gradients @ self.push(_unit(len(self.x), k)) for k in columns]
            return np.array(found).reshape(len(columns), n_of).T
        dense = (gradients[[k], :].toarray().ravel() for k in range(n_of))
        return np.array([self.pull(row)[list(columns)] for row in dense]).reshape(n_of, len(columns))


def sensitivity(system: CompiledSystem, of: Any, to: Any) -> pd.DataFrame:
    """Exact derivatives of variables and expressions with respect to fixed variables, at the present solution.

    Args:
        system: a compiled system that has been solved.
        of: Vars and named Expressions (one or a list), indexed ones standing for all their members.
        to: fixed Vars, one or a list.

    Returns:
        One row for each member of ``of``, one column for each member of ``to``, by their Pyomo names.

    Raises:
        DerivativeError: ``of`` or ``to`` is empty, or a member of ``to`` is free or foreign to the system.
        SingularJacobianError: the equations do not determine the free variables locally.

    Example:
        >>> import pyomo.environ as pyo
        >>> from eacu.model.engine import compile_model, sensitivity
        >>> m = pyo.ConcreteModel()
        >>> m.price = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
        >>> m.endowment = pyo.Var(initialize=2.0)
        >>> m.endowment.fix()
        >>> m.market = pyo.Constraint(expr=m.endowment == 2.0 * m.price ** -0.5)
        >>> m.value = pyo.Expression(expr=m.price * m.endowment)
        >>> print(sensitivity(compile_model(m), of=[m.price, m.value], to=[m.endowment]))
               endowment
        price       -1.0
        value       -1.0
    """
    rows = {item.name: item for item in members(of)}
    columns = columns_of(system, members(to), system.partition.fixed)
    if not rows or not columns:
        raise DerivativeError("sensitivity needs at least one expression and one fixed variable")
    derivatives = Derivatives(system)
    found = derivatives.matrix(Outputs(system, rows).gradients(derivatives.x), columns)
    return pd.DataFrame(found, index=list(rows), columns=[system.variable_names[k] for k in columns])


def members(components: Any) -> list[Any]:
    """A component, or components and members of any, as one list of members.

    Raises:
        DerivativeError: something in the list is no part of a Pyomo model.
    """
    found: list[Any] = []
    for item in [components] if hasattr(components, "is_indexed") else components:
        if not hasattr(item, "is_indexed"):
            raise DerivativeError(
                f"{item!r} is no Var or named Expression of a Pyomo model: give the component itself, as in "
                "of=[m.price], not its name or value"
            )
        found += list(item.values()) if item.is_indexed() else [item]
    return found


def columns_of(system: CompiledSystem, variables: Iterable[VarData], fixed: NDArray[np.bool_]) -> list[int]:
    """Positions of fixed variables; raises DerivativeError when one is free or not of this system."""
    columns = []
    for variable in variables:
        column = system.column.get(id(variable))
        if column is None:
            raise DerivativeError(f"{variable.name} is not a variable of this system")
        if not fixed[column]:
            raise DerivativeError(
                f"{variable.name} is free: the model determines it, so nothing can be differentiated with "
                "respect to it. Name an instrument or another variable that the closure fixes."
            )
        columns.append(column)
    return columns


def _factorised(matrix: csc_array) -> PairedSolver:
    matrix.sort_indices()
    solver = PairedSolver(matrix.indices, matrix.indptr)
    solver.factorise(matrix.data)
    probe = solver.solve(np.cos(np.arange(solver.n)))
    if np.abs(probe).max(initial=0.0) > 1e13:
        raise SingularJacobianError(
            "the Jacobian is singular to working precision: nothing has a derivative here"
        )
    return solver


def _unit(n: int, k: int) -> Array:
    unit = np.zeros(n)
    unit[k] = 1.0
    return unit
