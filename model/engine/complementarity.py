r"""Complementarity: equations that hold only while a variable is away from its bounds.

Two ways to declare one, both compiled to the same rows of the Newton system:

- Pyomo's own component, ``Complementarity(expr=complements(rent >= 0, imports <= quota))``;
- `pair`, which ties an ordinary constraint to a variable with bounds.

With :math:`F = \text{left} - \text{right}` of the constraint and :math:`l \le x \le u` the variable's bounds,

.. math:: x = l,\ F \ge 0 \quad\text{or}\quad l < x < u,\ F = 0 \quad\text{or}\quad x = u,\ F \le 0

which is written as one equation by the function :math:`\varphi(a, b) = a + b - \sqrt{a^2 + b^2}` of Fischer
(1992), zero exactly where :math:`a, b \ge 0` and :math:`ab = 0`; for two bounds
:math:`\varphi(x - l, -\varphi(u - x, -F)) = 0` (Billups 1995). Newton's method on such rows is semismooth: it
converges as fast as on smooth ones (De Luca, Facchinei and Kanzow 1996, Mathematical Programming 75). Both
arguments are pure numbers: :math:`F` is taken relative to the size of its terms (in logarithms where it has
two sides), the distance to a bound relative to how much the variable moves the other equations. So a quota in
million USD and a rent near one meet on equal terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import Constraint, ConstraintData, IndexedConstraint
from pyomo.core.base.suffix import Suffix
from pyomo.core.base.var import IndexedVar, Var, VarData
from pyomo.core.expr.numvalue import is_potentially_variable, native_numeric_types
from pyomo.core.expr.relational_expr import EqualityExpression, InequalityExpression, RangedExpression
from pyomo.mpec import Complementarity
from pyomo.mpec.complementarity import ComplementarityData

from .errors import UnsupportedModelError
from .tape import Array
from .terms import Index

SUFFIX = "complementary_variable"
"""Name of the Pyomo Suffix in which `pair` notes the variable of each constraint."""

Signed = tuple[tuple[float, Any], ...]


def pair(constraint: Constraint | ConstraintData, variable: Var | VarData) -> None:
    """Let a constraint hold only while its variable is strictly between its bounds.

    An inequality with a variable that has one bound: the variable is at the bound, or the constraint holds
    with equality (a quota and its rent). An equality with a variable that has one bound or two: at the lower
    bound the left side may exceed the right one, at the upper bound fall short of it.

    Args:
        constraint: an inequality or an equality; indexed ones are paired member by member.
        variable: a Var with bounds (by domain or ``bounds=``), which are numbers read when the model is
            compiled. Let a bound that a scenario moves be a fixed variable inside the constraint.

    Raises:
        UnsupportedModelError: the two do not have the same members.

    Example:
        An import quota of 6 under a demand of 10, and the rent that it creates:

        >>> import pyomo.environ as pyo
        >>> from eacu.model.engine import pair, solve
        >>> m = pyo.ConcreteModel()
        >>> m.imports = pyo.Var(initialize=10.0, domain=pyo.PositiveReals)
        >>> m.rent = pyo.Var(initialize=0.0, domain=pyo.NonNegativeReals)
        >>> m.limit = pyo.Var(initialize=6.0)
        >>> m.limit.fix()
        >>> m.demand = pyo.Constraint(expr=m.imports == 10.0 * (1 + m.rent) ** -2)
        >>> m.quota = pyo.Constraint(expr=m.imports <= m.limit)
        >>> pair(m.quota, m.rent)
        >>> solve(m).status
        'converged'
        >>> print(f"{m.imports.value:.6f} {m.rent.value:.6f}")
        6.000000 0.290994
        >>> m.limit.fix(12.0)
        >>> solve(m).status, m.rent.value
        ('converged', 0.0)
    """
    if isinstance(constraint, IndexedConstraint) != isinstance(variable, IndexedVar):
        raise UnsupportedModelError(
            f"{constraint.name} and {variable.name} cannot be paired: one is indexed, the other is not"
        )
    if not isinstance(constraint, IndexedConstraint):
        _note(constraint, variable)
        return
    missing = [index for index in constraint if index not in variable]
    if missing:
        raise UnsupportedModelError(
            f"{constraint.name} and {variable.name} cannot be paired: the variable has no member "
            f"{missing[0]} ({len(missing)} such members)"
        )
    for index, member in constraint.items():
        _note(member, variable[index])


def _note(constraint: ConstraintData, variable: VarData) -> None:
    block = constraint.parent_block()
    if block.component(SUFFIX) is None:
        block.add_component(SUFFIX, Suffix(direction=Suffix.LOCAL))
    block.component(SUFFIX)[constraint] = variable


@dataclass(frozen=True)
class Declared:
    """One complementarity condition as sums of signed expressions.

    ``function`` is F; ``lower`` and ``upper`` are the distances to the two bounds, of which one at least
    exists. A condition with an upper bound only is turned round, so it has ``lower`` only. ``limits`` are the
    variables that the condition keeps between two numbers.
    """

    source: ConstraintData | ComplementarityData
    function: Signed
    lower: Signed
    upper: Signed | None = None
    limits: tuple[tuple[VarData, float, float], ...] = ()


def declared_pairs(model: BlockData) -> dict[int, VarData]:
    """The variable of each paired constraint, by ``id(constraint)``."""
    found: dict[int, VarData] = {}
    for block in model.block_data_objects(active=True):
        suffix = block.component(SUFFIX)
        if suffix is not None:
            found.update((id(constraint), variable) for constraint, variable in suffix.items())
    return found


def components(model: BlockData) -> Iterator[ComplementarityData]:
    """Active Pyomo Complementarity components of a model."""
    return model.component_data_objects(Complementarity, active=True, descend_into=True)


def read_pair(constraint: ConstraintData, variable: VarData) -> Declared:
    """The condition that `pair` declared."""
    lower, upper = variable.lb, variable.ub
    if lower is None and upper is None:
        raise UnsupportedModelError(
            f"{constraint.name} is paired with {variable.name}, which has no bound: it can only hold. Give the "
            "variable a bound or make the constraint an equation of its own."
        )
    expression = constraint.expr
    if isinstance(expression, RangedExpression):
        raise UnsupportedModelError(
            f"{constraint.name} has two bounds and is paired with {variable.name}: put the bounds on a variable"
        )
    if isinstance(expression, EqualityExpression):
        left, right = expression.args
    else:
        right, left = expression.args  # smaller <= larger
        if lower is not None and upper is not None:
            raise UnsupportedModelError(
                f"{constraint.name} is an inequality, but {variable.name} is bounded on both sides: at the upper "
                "bound the condition would break it. Write it as an equality (see `pair`) or drop a bound."
            )
    function: Signed = ((1.0, left), (-1.0, right))
    above: Signed | None = None if lower is None else ((1.0, variable), (-1.0, lower))
    below: Signed | None = None if upper is None else ((1.0, upper), (-1.0, variable))
    limits = ((variable, *_limits(lower, upper)),)
    if above is not None:
        return Declared(constraint, function, above, below, limits)
    assert below is not None
    if isinstance(expression, EqualityExpression):  # at the upper bound the left side falls short
        function = tuple((-sign, side) for sign, side in function)
    return Declared(constraint, function, below, None, limits)


def read_component(condition: ComplementarityData) -> Declared | Signed:
    """The condition of a Pyomo Complementarity; plain signed sides if one argument is an equality."""
    arguments = condition._args
    for argument in arguments:
        if isinstance(argument, EqualityExpression):
            left, right = argument.args
            return (1.0, left), (-1.0, right)
    (low1, body1, up1), (low2, body2, up2) = (_bounded(argument) for argument in arguments)
    bounds = [b for b in (low1, up1, low2, up2) if b is not None]
    if len(bounds) != 2:
        raise UnsupportedModelError(
            f"complementarity {condition.name} has {len(bounds)} finite bounds; it must have two: one on each "
            "side, or both on one expression with the other free"
        )
    first, second = (low1, body1, up1), (low2, body2, up2)
    if (low1 is None and up1 is None) or _is_variable_from_zero(*second):
        first, second = second, first
    low, body, up = first
    if low is not None and up is not None:
        above: Signed = ((1.0, body), (-1.0, low))
        below: Signed = ((1.0, up), (-1.0, body))
        return Declared(condition, ((1.0, second[1]),), above, below, _variable_limits(*first))
    limits = _variable_limits(*first)
    if _is_variable_from_zero(*second):
        limits += _variable_limits(*second)
    return Declared(condition, _slack(*second), _slack(*first), None, limits)


def _bounded(expression: Any) -> tuple[Any, Any, Any]:
    """An expression as lower bound, body and upper bound; bounds are whatever holds no variable."""
    if isinstance(expression, RangedExpression):
        return expression.args[0], expression.args[1], expression.args[2]
    if isinstance(expression, InequalityExpression):
        left, right = expression.args
        if not is_potentially_variable(left):
            return left, right, None
        if not is_potentially_variable(right) or right.is_fixed():
            return None, left, right
        return (left, right, None) if left.is_fixed() else (0.0, right - left, None)
    return None, expression, None


def _slack(low: Any, body: Any, up: Any) -> Signed:
    return ((1.0, body), (-1.0, low)) if low is not None else ((1.0, up), (-1.0, body))


def _is_variable_from_zero(low: Any, body: Any, up: Any) -> bool:
    return isinstance(body, VarData) and low.__class__ in native_numeric_types and low == 0 and up is None


def _variable_limits(low: Any, body: Any, up: Any) -> tuple[tuple[VarData, float, float], ...]:
    return ((body, *_limits(low, up)),) if isinstance(body, VarData) else ()


def _limits(low: Any, up: Any) -> tuple[float, float]:
    """Bounds that are plain numbers; others are left to the condition itself."""
    return (
        float(low) if low.__class__ in native_numeric_types else -np.inf,
        float(up) if up.__class__ in native_numeric_types else np.inf,
    )


# ---- the rows at a point --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conditions:
    """The complementarity rows of a compiled system; sums beyond the equations hold distances to bounds.

    Attributes:
        rows: equation that is the condition; its own terms are F. Shape (conditions,).
        lower, upper: which distance (0 .. distances - 1) is that to the bounds; ``upper`` is -1 for none.
        scale: turns each distance into a pure number. Shape (distances,).
        floor: size of F when all of its terms are small, in its own units. Shape (conditions,).
        binding: if it is known, whether F is zero (else the distance to the lower bound is). Shape (conditions,).
    """

    rows: Index
    lower: Index
    upper: Index
    scale: Array
    floor: Array
    binding: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Merged:
    """Value of each condition and its derivatives by F and by each (scaled) distance."""

    value: Array
    by_function: Array
    by_distance: Array


def merge(conditions: Conditions, distance: Array, function: Array) -> Merged:
    """The Fischer-Burmeister value of each condition from the pure numbers that enter it.

    Args:
        conditions: the rows.
        distance: distances to bounds in their own units, shape (distances,); of many points (distances, points),
            the scale being a column then.
        function: F as a pure number, shape (conditions,) or (conditions, points).
    """
    a = (distance * conditions.scale)[conditions.lower]
    by_distance = np.zeros_like(distance)
    if conditions.binding is not None:
        by_distance[conditions.lower] = ~conditions.binding
        value = np.where(conditions.binding, function, a)
        return Merged(value, conditions.binding.astype(float), by_distance * conditions.scale)
    two = np.flatnonzero(conditions.upper >= 0)
    inner, inner_by = function.copy(), np.ones_like(function)
    if len(two):
        upper = conditions.upper[two]
        value, by_upper, by_function = fischer_burmeister(
            (distance * conditions.scale)[upper], -function[two]
        )
        inner[two], inner_by[two] = -value, by_function
        by_distance[upper] = -by_upper
    value, by_lower, by_inner = fischer_burmeister(a, inner)
    if len(two):
        by_distance[conditions.upper[two]] *= by_inner[two]
    by_distance[conditions.lower] = by_lower
    return Merged(value, by_inner * inner_by, by_distance * conditions.scale)


def fischer_burmeister(a: Array, b: Array) -> tuple[Array, Array, Array]:
    r"""Fischer's function :math:`a + b - \sqrt{a^2 + b^2}`, free of cancellation, and an element of its gradient."""
    radius = np.hypot(a, b)
    total = a + b
    with np.errstate(all="ignore"):
        value = np.where(total > 0.0, 2.0 * a * (b / (total + radius)), total - radius)
        at_zero = radius == 0.0
        cosine = np.where(at_zero, np.sqrt(0.5), a / radius)
        sine = np.where(at_zero, np.sqrt(0.5), b / radius)
    return np.where(at_zero, 0.0, value), 1.0 - cosine, 1.0 - sine
