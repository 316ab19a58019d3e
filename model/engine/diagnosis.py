"""What is wrong at a point: `diagnose` says it in the model's own names.

Four findings: the equations that are furthest from holding, with their terms; the variables at their bounds; the
combination of variables that the equations (nearly) leave open, and the equations that (nearly) repeat one
another; and the smallest set of equations and bounds that, linearised here, cannot hold together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from .elastic import find_conflict
from .errors import EquationResidual, SingularJacobianError
from .forms import equation_form
from .linear import PairedSolver
from .system import CompiledSystem, Evaluation
from .tape import Array
from .terms import Index

NEIGHBOURHOOD = 10.0
"""Variables may change up to this factor in the linearised equations that are asked whether they can hold."""
_NEAR = 1e-9
_OPEN = 1e8
"""Norm of the inverse of the equilibrated Jacobian from which a combination of variables counts as left open."""
_SHOWN = 6
_ENORMOUS = 20.0
"""Change of a logarithm (a factor of half a billion) that no economy goes through within the rest of a shock."""
_Declared = tuple[NDArray[np.bool_], NDArray[np.bool_]]


@dataclass(frozen=True)
class AtBound:
    """A free variable at one of its bounds (``bound`` is "lower" or "upper"), or at zero."""

    variable: str
    value: float
    bound: str

    def __str__(self) -> str:
        """Name, value and bound."""
        return f"{self.variable} = {self.value:g} ({self.bound} bound)"


@dataclass(frozen=True)
class Direction:
    """A direction in which the variables move without any equation noticing, and the equations that coincide.

    Attributes:
        variables: component of each variable that takes part, largest first; relative changes for positive
            variables. The largest is one.
        equations: the same for the equations that repeat one another.
        strength: norm of the inverse of the equilibrated Jacobian; 1e16 and more is an exact singularity.
    """

    variables: dict[str, float]
    equations: dict[str, float]
    strength: float

    def __str__(self) -> str:
        """The finding in words."""
        together = len(self.variables) > 1
        words = f"{_grouped(self.variables)} {'move together' if together else 'moves freely'}"
        shares = list(self.variables.values())
        if together and min(shares) > 0.9:
            words += " in equal proportion, as prices do when no numeraire is fixed"
        elif together and min(shares) < 0.0:
            words += " (those with a minus the other way)"
        else:
            words += ": their joint level is not determined" if together else ": nothing determines it"
        return (
            f"{words}. These equations repeat one another: {_grouped(self.equations)}. Usual reasons: no "
            "numeraire is fixed, or no market was dropped although Walras' law makes one redundant."
        )


_MANY = 50
"""A set of more equations than this names no culprit."""


@dataclass(frozen=True)
class Contradiction:
    """Equations and bounds that, linearised at a point, cannot hold together.

    Attributes:
        equations: price of each equation: how much the least total error falls per unit of slack in it. The
            equations with the largest prices are the first to look at.
        bounds: reduced cost of each declared bound that takes part.
        far: the same for variables that would have to change by more than the `NEIGHBOURHOOD` factor.
        error: least sum of the relative errors of all equations of the system.
        smallest: whether no equation can be left out of the set.
    """

    equations: dict[str, float]
    bounds: dict[str, float]
    far: dict[str, float]
    error: float
    smallest: bool

    def __str__(self) -> str:
        """The finding in words."""
        if not self.smallest and len(self.equations) > _MANY:
            return (
                f"Linearised here, no small set of equations is to blame: {len(self.equations)} have a price; "
                f"dearest: {_priced(self.equations)}"
            )
        size = "a smallest such set" if self.smallest else "the search for a smaller set ran out of time"
        many = f"these {len(self.equations)} equations cannot hold together"
        lines = [
            f"Linearised here, {many if len(self.equations) > 1 else 'this equation cannot hold'} ({size}; price "
            f"in brackets; least sum of relative errors {self.error:.2g}): {_priced(self.equations)}"
        ]
        if self.bounds:
            lines.append(f"  given these bounds (reduced cost in brackets): {_priced(self.bounds)}")
        if self.far:
            lines.append(
                f"  unless these change by more than a factor {NEIGHBOURHOOD:g} (reduced cost in brackets): "
                f"{_priced(self.far)}"
            )
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Findings at one point. It holds no model, so it can be stored and sent between processes.

    Attributes:
        worst: worst equation of each Constraint component that does not hold, worst first, with its terms.
        at_bounds: free variables at a declared bound or at zero.
        fraction: largest fraction of the shock that was solved, if it was applied in fractions.
        fastest: the variables that moved fastest where a shock in fractions got stuck: the change of the logarithm
            that the rest of the shock would bring at the rate of the last stage, largest first.
    """

    worst: tuple[EquationResidual, ...]
    at_bounds: tuple[AtBound, ...]
    fraction: float | None
    _equations: tuple[str, ...] = field(repr=False)
    _variables: tuple[str, ...] = field(repr=False)
    _matrix: csc_array = field(repr=False)
    _value: Array = field(repr=False)
    _lower: Array = field(repr=False)
    _upper: Array = field(repr=False)
    _declared: _Declared = field(repr=False)
    _singular: csc_array | None = field(repr=False, default=None)
    fastest: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def undetermined(self) -> Direction | None:
        """The near-null direction of the Jacobian in names; None if the variables are well determined."""
        matrix = self._matrix if self._singular is None else self._singular
        if matrix.shape[0] != matrix.shape[1]:
            return None
        solver = PairedSolver(matrix.indices, matrix.indptr)
        try:
            solver.factorise(matrix.data)
            probe = solver.solve(np.cos(np.arange(solver.n)))
            strength = float(np.abs(probe).max(initial=0.0))
        except SingularJacobianError:
            strength = np.inf
        if strength < _OPEN:
            return None
        try:
            left, right = solver.null_vectors()
        except (RuntimeError, AttributeError):  # an empty or non-finite row: there is nothing to factorise
            return None
        return Direction(_largest(self._variables, right), _largest(self._equations, left), strength)

    @cached_property
    def conflict(self) -> Contradiction | None:
        """Equations and bounds that cannot hold together near here (see `elastic`); None if there are none."""
        if not (np.isfinite(self._matrix.data).all() and np.isfinite(self._value).all()):
            return None
        found = find_conflict(self._matrix, self._value, self._lower, self._upper)
        if found is None:
            return None
        limits = {
            f"{self._variables[k]} lower": (cost, self._declared[0][k]) for k, cost in found.lower.items()
        }
        limits |= {
            f"{self._variables[k]} upper": (cost, self._declared[1][k]) for k, cost in found.upper.items()
        }
        return Contradiction(
            equations={self._equations[k]: price for k, price in found.equations.items()},
            bounds={f"{name} bound": cost for name, (cost, declared) in limits.items() if declared},
            far={
                name.replace(" lower", " down").replace(" upper", " up"): cost
                for name, (cost, declared) in limits.items()
                if not declared
            },
            error=found.error,
            smallest=found.smallest,
        )

    def __str__(self) -> str:
        """All findings."""
        lines = []
        if self.worst:
            lines.append("Worst equation of each block:")
            lines += [f"  {line}" for item in self.worst for line in str(item).splitlines()]
        else:
            lines.append("Every equation holds.")
        if self.fraction is not None:
            lines.append(f"Largest fraction of the shock that was solved: {self.fraction:.4g}.")
        if self.fastest:
            lines.append(_moving(self.fastest))
        if self.at_bounds:
            shown = ", ".join(str(b) for b in self.at_bounds[:_SHOWN])
            more = len(self.at_bounds) - _SHOWN
            lines.append(f"At a bound: {shown}{f' and {more} more' if more > 0 else ''}.")
        if self.undetermined is not None:
            lines.append(f"Nearly undetermined: {self.undetermined}")
        if self.worst and self.conflict is not None:
            lines.append(str(self.conflict))
        return "\n".join(lines)


def diagnose(
    system: CompiledSystem,
    x: Array | None = None,
    fraction: float | None = None,
    singular_at: Array | None = None,
    fastest: Mapping[str, float] | None = None,
) -> Diagnosis:
    """Say what is wrong at a point.

    The near-null direction and the conflict are computed when they are first read.

    Args:
        system: a compiled system.
        x: values of all variables (default: the system's present ones).
        fraction: largest fraction of a shock solved so far, for the record.
        singular_at: another point, where the Jacobian was found singular: ``undetermined`` is about that one.
        fastest: variables that moved fastest where the shock got stuck, for the record.

    Example:
        >>> import pyomo.environ as pyo
        >>> from eacu.model.engine import compile_model, diagnose
        >>> m = pyo.ConcreteModel()
        >>> m.wheat = pyo.Var(initialize=1.0, bounds=(0, 3))
        >>> m.bread = pyo.Var(initialize=1.0, bounds=(0, None))
        >>> m.need = pyo.Constraint(expr=m.bread == 5.0)
        >>> m.bake = pyo.Constraint(expr=m.bread == m.wheat)
        >>> found = diagnose(compile_model(m))
        >>> sorted(found.conflict.equations), list(found.conflict.bounds)
        (['bake', 'need'], ['wheat upper bound'])
    """
    at = system.evaluate(x)
    form = equation_form(at, at.positive + at.negative)
    partition = system.partition
    free = partition.free
    with np.errstate(all="ignore"):
        weights = system.term_weights(form.positive_weight, form.negative_weight, at.terms)
        data = system.jacobian_data(at, weights)[partition.take]
        columns: Index = np.repeat(np.arange(len(free)), np.diff(partition.indptr))
        values = at.x[free]
        in_logs = system.positive_domain[free] & (values > 0.0)
        unit = np.where(in_logs, values, _units(data, columns, len(free)))
        low, up, declared = _limits(system, values, unit, in_logs)
    return Diagnosis(
        worst=worst_by_block(system, at),
        at_bounds=_at_bounds(system, at),
        fraction=fraction,
        _equations=system.equation_names,
        _variables=tuple(system.variable_names[k] for k in free),
        _matrix=csc_array(
            (data * unit[columns], partition.indices, partition.indptr), shape=(system.n_equations, len(free))
        ),
        _value=form.value,
        _lower=low,
        _upper=up,
        _declared=declared,
        _singular=None if singular_at is None else diagnose(system, singular_at)._matrix,
        fastest=dict(fastest or {}),
    )


def worst_by_block(
    system: CompiledSystem, at: Evaluation, tolerance: float = _NEAR
) -> tuple[EquationResidual, ...]:
    """The worst equation of each Constraint component that is off by more than the tolerance, at most eight."""
    relative = np.nan_to_num(at.relative, nan=np.inf)
    worst: dict[str, int] = {}
    for k in np.argsort(-relative, kind="stable").tolist():
        if relative[k] <= tolerance or len(worst) == 8:
            break
        worst.setdefault(system.equations[k].parent_component().name, k)
    return tuple(system.explain(k, at) for k in worst.values())


def _at_bounds(system: CompiledSystem, at: Evaluation) -> tuple[AtBound, ...]:
    free = system.partition.free
    lower, upper = (bound[free] for bound in system.bounds)
    x = at.x[free]
    near = _NEAR * np.where(
        system.positive_domain[system.partition.free], np.abs(x), np.maximum(1.0, np.abs(x))
    )
    found = []
    for word, reached in (("lower", x <= lower + near), ("upper", x >= upper - near)):
        found += [AtBound(system.variable_names[free[k]], float(x[k]), word) for k in np.flatnonzero(reached)]
    return tuple(found)


def _units(data: Array, columns: Index, n: int) -> Array:
    """The change of each variable that moves some equation by its own size."""
    largest = np.zeros(n)
    np.maximum.at(largest, columns, np.abs(np.nan_to_num(data)))
    return 1.0 / np.where(largest > 0.0, largest, 1.0)


def _limits(
    system: CompiledSystem, x: Array, unit: Array, in_logs: NDArray[np.bool_]
) -> tuple[Array, Array, _Declared]:
    """Limits of the change of each unknown, and which of them are declared bounds rather than far away."""
    lower, upper = (bound[system.partition.free] for bound in system.bounds)
    far = np.where(in_logs, np.log(NEIGHBOURHOOD), NEIGHBOURHOOD)
    with np.errstate(all="ignore"):
        low = np.where(in_logs, np.log(np.maximum(lower, 0.0) / x), (lower - x) / unit)
        up = np.where(in_logs, np.log(upper / x), (upper - x) / unit)
    low, up = np.minimum(low, 0.0), np.maximum(up, 0.0)
    return np.maximum(low, -far), np.minimum(up, far), (low >= -far, up <= far)


def _largest(names: tuple[str, ...], vector: Array) -> dict[str, float]:
    """Components of a vector that are at least a twentieth of the largest, which becomes one."""
    size = np.abs(vector)
    if not len(vector) or not np.isfinite(size).all() or size.max() == 0.0:
        return {}
    scaled = vector / vector[int(size.argmax())]
    order = np.argsort(-np.round(size / size.max(), 6), kind="stable")  # ties in the model's order
    return {names[k]: float(scaled[k]) for k in order if abs(scaled[k]) > 0.05}


def _grouped(shares: dict[str, float]) -> str:
    """Names with their shares; many members of one component as one entry."""
    groups: dict[str, list[str]] = {}
    for name in shares:
        groups.setdefault(name.partition("[")[0], []).append(name)
    parts = []
    for component, members in groups.items():
        if len(members) > 3:
            mean = sum(shares[name] for name in members) / len(members)
            parts.append(f"{component} ({len(members)} members, e.g. {members[0]}; on average {mean:+.2g})")
        else:
            parts += [f"{name} ({shares[name]:+.2g})" for name in members]
    return _list(parts)


def _moving(changes: Mapping[str, float]) -> str:
    if max(map(abs, changes.values())) < _ENORMOUS:
        moved = _list([f"{name} ({change:+.2g})" for name, change in changes.items()])
        return f"Moving fastest where the shock got stuck (logarithms, over the rest of the shock): {moved}."
    ends = [f"{name} to {'zero' if change < 0.0 else 'infinity'}" for name, change in changes.items()]
    return (
        f"Running away as the shock advances: {_list(ends)}. At this rate the rest of the shock would take them "
        "there, and no equilibrium with positive prices is to be expected beyond. Usual reasons: a factor that "
        "nothing is left to use, or a region whose income no longer pays for what it is committed to."
    )


def _priced(prices: dict[str, float]) -> str:
    order = sorted(prices, key=lambda name: -abs(prices[name]))
    return _list([f"{name} ({prices[name]:+.2g})" for name in order], 12)


def _list(parts: Iterable[str], limit: int = 8) -> str:
    parts = list(parts)
    shown = parts[:limit]
    if len(parts) > limit:
        shown.append(f"{len(parts) - limit} more")
    return ", ".join(shown)
