"""The equations as Newton sees them: logarithms of both sides, levels where a side is zero, conditions merged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .complementarity import Conditions, merge
from .system import CompiledSystem, Evaluation
from .tape import Array

_ALONE = 0.9
"""A variable with this elasticity in an equation is (nearly) a side of its own there: it tells no scale."""
_DUST = 1e-30
"""An equation with one side zero is taken for empty if its terms are smaller than this share of the largest one."""
_LIFT = 1e3
"""Most by which the present value of a variable may refine the scale told by the equations."""


@dataclass(frozen=True)
class Form:
    """The equations as Newton sees them at one point (log form or scaled levels).

    ``value`` and ``relative`` have one entry for each equation; the weights one for each sum, those of the
    distances of complementarity conditions last (see `CompiledSystem.term_weights`).
    """

    value: Array
    relative: Array
    positive_weight: Array
    negative_weight: Array
    one_sided: NDArray[np.bool_]  # equations with exactly one side zero


def equation_form(at: Evaluation, reference: Array, in_levels: NDArray[np.bool_] | None = None) -> Form:
    """Log form where both sides are positive, otherwise levels over ``max(P + N, reference)``.

    A complementarity condition takes the form of its function F and merges it with the scaled distances to
    the bounds.

    Args:
        at: the equations at a point.
        reference: the size each equation had before: it is what makes "zero" meaningful for an equation
            whose every term vanishes.
        in_levels: equations to keep in levels even so, over ``P + N``.
    """
    P, N = at.positive, at.negative
    both = (P > 0.0) & (N > 0.0)
    in_logs = both if in_levels is None else both & ~in_levels
    size = np.where(both, P + N, np.maximum(P + N, reference))
    if at.conditions is not None:
        rows = at.conditions.rows
        size[rows] = np.where(both[rows], size[rows], at.conditions.floor)
    dust = ~both & (size <= _DUST * size.max(initial=0.0))  # rounding of what says that zero is zero
    size = np.where(dust | (size <= 0.0), 1.0, size)
    with np.errstate(all="ignore"):
        value = np.where(in_logs, np.log(P) - np.log(N), (P - N) / size)
        relative = np.abs(P - N) / np.where(both, np.maximum(P, N), size)
        up, down = np.where(in_logs, 1.0 / P, 1.0 / size), np.where(in_logs, 1.0 / N, 1.0 / size)
    one_sided = ~both & (P + N > 0.0)
    if at.conditions is None:
        return Form(value, relative, up, down, one_sided)
    merged = merge(at.conditions, at.distance, value[rows])
    value[rows], relative[rows] = merged.value, at.relative[rows]
    up[rows] *= merged.by_function
    down[rows] *= merged.by_function
    one_sided[rows] = False
    up, down = (np.concatenate([weight, merged.by_distance]) for weight in (up, down))
    return Form(value, relative, up, down, one_sided)


def scaled_conditions(system: CompiledSystem) -> Conditions:
    r"""The conditions of a system with the scales that its present point suggests.

    A variable's unit is the change that moves some equation by about its own size,
    :math:`1 / \max_i |\partial \log f_i / \partial x_j|`; equations in which the variable is a whole side (its
    own definition) say nothing about that and are left out. The scale of a distance to a bound and the
    floor of F follow from these units.
    """
    conditions = system.conditions
    assert conditions is not None
    plain = replace(conditions, scale=np.ones_like(conditions.scale), floor=np.ones_like(conditions.floor))
    at = replace(system.evaluate(), conditions=None)
    if not at.is_finite:
        return plain
    form = equation_form(at, at.positive + at.negative)
    silent = np.zeros(len(at.distance))
    known = (at.positive + at.negative > 0.0).astype(float)
    columns = system.jacobian_indices
    unit = 1.0 / _effects(
        system,
        at,
        np.concatenate([known * form.positive_weight, silent]),
        np.concatenate([known * form.negative_weight, silent]),
    )
    function, distance = np.zeros(system.n_equations), np.concatenate([0.0 * known, silent])
    function[conditions.rows] = 1.0
    distance[system.n_equations + conditions.lower] = 1.0
    sizes = []
    for weight in (np.concatenate([function, silent]), distance):
        moved = (
            np.abs(system.jacobian_data(at, system.term_weights(weight, weight, at.terms))) * unit[columns]
        )
        largest = np.zeros(system.n_equations)
        row = np.repeat(np.arange(system.n_equations), np.diff(system.jacobian_indptr))
        np.maximum.at(largest, row, np.where(np.isfinite(moved), moved, 0.0))
        sizes.append(np.where(largest > 0.0, largest, 1.0)[conditions.rows])
    scale = np.ones(len(at.distance))
    scale[conditions.lower] = 1.0 / sizes[1]
    has_upper = conditions.upper >= 0
    scale[conditions.upper[has_upper]] = 1.0 / sizes[1][has_upper]
    return replace(conditions, scale=scale, floor=sizes[0])


def _effects(system: CompiledSystem, at: Evaluation, up: Array, down: Array) -> Array:
    """Largest relative effect of each variable on an equation, per unit of the variable."""
    data = np.abs(system.jacobian_data(at, system.term_weights(up, down, at.terms)))
    data = np.where(np.isfinite(data), data, 0.0)
    columns, x = system.jacobian_indices, np.abs(at.x)
    any_effect, told = np.zeros(len(x)), np.zeros(len(x))
    np.maximum.at(any_effect, columns, data)
    np.maximum.at(told, columns, np.where(data * x[columns] <= _ALONE, data, 0.0))
    with np.errstate(divide="ignore"):
        own = np.where(x > 0.0, 1.0 / x, 0.0)
    effect = np.where(told > 0.0, np.maximum(told, np.minimum(own, _LIFT * told)), own)
    effect = np.where(effect > 0.0, effect, any_effect)
    return np.where(effect > 0.0, effect, 1.0)
