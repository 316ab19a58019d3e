"""Solve a Pyomo equilibrium model: the engine's front door."""

from __future__ import annotations

import time
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from pyomo.core.base.block import BlockData

from .active_set import choose_binding
from .compile import compile_model
from .continuation import fade_residuals, follow_shock
from .diagnosis import diagnose
from .errors import LIKELY_REASONS, NO_VALUE_AT_START, ConvergenceError, SingularJacobianError
from .forms import equation_form
from .newton import Newton, Outcome, Progress
from .record import Path, SolvedPoint, SolveOptions, SolveRecord
from .structure import require_sound
from .system import CompiledSystem, Evaluation
from .tape import Array

_SOLVED: WeakKeyDictionary[BlockData, tuple[tuple[int, ...], SolvedPoint]] = WeakKeyDictionary()
_NOTHING = 1e-4
"""Below this a variable of an equation with one side zero is tried at exactly zero."""
_DIRECT = 20
"""Newton steps from afar after which continuation, where there is a point to continue from, is faster."""


def solve(model: BlockData, options: SolveOptions | None = None) -> SolveRecord:
    """Solve a square Pyomo model from its present values and write the solution into its free Vars.

    Fixed Vars are the instruments and exogenous quantities; the values of the free ones are the starting
    point, usually the benchmark. To solve many scenarios of one model, compile it once and use
    `solve_system`.

    Args:
        model: a ConcreteModel of equality constraints (see `compile_model`).
        options: solver choices.

    Returns:
        The record of the solve.

    Raises:
        UnsupportedModelError, MissingValueError: the model cannot be compiled.
        StructuralError: the system is not square or is structurally singular.
        SingularJacobianError: the start solves the equations, but they leave something undetermined there (no
            numeraire is fixed, say).
        ConvergenceError: no solution was found; the model keeps its old values. Its ``diagnosis`` says what
            was found about the reasons.

    Example:
        A tax on the use of one good, its market cleared by the price:

        >>> import pyomo.environ as pyo
        >>> m = pyo.ConcreteModel()
        >>> m.price = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
        >>> m.demand = pyo.Var(initialize=10.0, domain=pyo.PositiveReals)
        >>> m.tax = pyo.Var(initialize=0.0)
        >>> m.tax.fix()
        >>> m.use = pyo.Constraint(expr=m.demand == 10.0 * ((1 + m.tax) * m.price) ** -2)
        >>> m.market = pyo.Constraint(expr=10.0 * m.price ** 0.5 == m.demand)
        >>> solve(m).iterations  # the benchmark replicates: no step is needed
        0
        >>> m.tax.fix(0.25)
        >>> record = solve(m)
        >>> print(f"{m.price.value:.4f} {record.status}")
        0.8365 converged
    """
    system = compile_model(model)
    identity = tuple(map(id, (*system.variables, *system.parameters)))
    known = _SOLVED.get(model)
    record = solve_system(system, options, known[1] if known and known[0] == identity else None)
    system.write_back(system.values)
    assert system.solved is not None
    _SOLVED[model] = identity, system.solved
    return record


def solve_system(
    system: CompiledSystem,
    options: SolveOptions | None = None,
    origin: SolvedPoint | None = None,
) -> SolveRecord:
    """Solve a compiled system from ``system.values``; the solution replaces them.

    If the direct solve fails, the shock is applied in adaptive fractions, from the exogenous values of the
    last solved point (``origin``, or the point this system solved last) to the present ones; failing that, the
    residuals at the start are made to fade out (see `continuation`). Where the options ask for it,
    an integer programme then chooses which complementarity conditions bind (see `active_set`).

    Args:
        system: compiled model; fixed variables hold the scenario.
        options: solver choices.
        origin: a solved point to continue from.

    Returns:
        The record of the solve. ``system.values`` holds the solution and ``system.solved`` remembers it.

    Raises:
        StructuralError: the system is not square or is structurally singular.
        SingularJacobianError: the start solves the equations, but they leave something undetermined there.
        ConvergenceError: no solution was found; ``system.values`` is unchanged.
    """
    options = options or SolveOptions()
    progress = Progress()
    began = time.perf_counter()
    if system.checked is not system.partition:
        require_sound(system)
        system.checked = system.partition
    progress.seconds["structure"] += time.perf_counter() - began
    start = system.evaluate()
    form = equation_form(start, start.positive + start.negative)
    if start.is_finite and form.relative.max(initial=0.0) <= options.accept:
        if system.regular is not system.partition:
            _require_regular(system, options, progress, start)
            system.regular = system.partition
        system.solved = SolvedPoint(system.values.copy(), system.parameter_values.copy())
        return _record(system, start, form.relative, "none", progress, 0, began)

    newton = Newton(system, options, progress)
    fallbacks = newton.solver.fallbacks
    origin = origin or system.solved
    path: Path = "direct"
    patience = _DIRECT if options.continuation and origin is not None else None
    outcome = newton.run(system.values, max_steps=patience)
    attempts = [outcome]
    near = system.conditions is None
    if outcome.failure and not near:
        progress.log.append(f"direct solve failed: {outcome.failure}; now across the bounds of conditions")
        newton = Newton(system, options, progress, within_limits=False)
        outcome = newton.run(system.values, max_steps=patience)
    if outcome.failure and options.continuation:
        progress.log.append(f"direct solve failed: {outcome.failure}")
        if origin is not None:
            outcome, path = follow_shock(newton, system.values, origin), "shock continuation"
            attempts.append(outcome)
        if outcome.failure and start.is_finite:
            in_logs = Newton(system, options, progress, all_in_logs=True, within_limits=near)
            outcome, path = fade_residuals(in_logs, start), "residual continuation"
            attempts.append(outcome)
    if outcome.failure and system.conditions is not None and options.active_set:
        chosen = choose_binding(newton, [_best(attempts).at.x, start.x])
        if chosen is not None:
            outcome, path = chosen, "active set"
    if outcome.failure:
        raise _failure(system, attempts, progress)
    system.regular = system.partition  # every fresh factorisation on the way was tested
    outcome = _on_bounds(system, _on_zero(system, outcome, options), options)
    system.values = outcome.at.x
    system.solved = SolvedPoint(system.values.copy(), system.parameter_values.copy())
    return _record(
        system, outcome.at, outcome.relative, path, progress, newton.solver.fallbacks - fallbacks, began
    )


def _on_zero(system: CompiledSystem, outcome: Outcome, options: SolveOptions) -> Outcome:
    """The solution with what vanishes at it put exactly on zero.

    An equation with one side zero holds only if its variables vanish; towards a double root (``k * z == 0`` with
    ``k == z``) Newton's steps only halve them, and they stop short of it.
    """
    at, free = outcome.at, system.partition.free
    one_sided = np.abs(at.positive - at.negative) >= np.maximum(at.positive, at.negative)
    one_sided &= at.positive + at.negative > 0.0
    if not one_sided.any() or at.conditions is not None:
        return outcome
    entries = np.repeat(np.arange(len(free)), np.diff(system.partition.indptr))
    touched = np.unique(entries[one_sided[system.partition.indices]])
    vanishing = free[touched][system.positive_domain[free[touched]]]
    x = at.x.copy()
    x[vanishing[np.abs(x[vanishing]) < _NOTHING]] = 0.0
    zero = system.evaluate(x)
    better = zero.is_finite and zero.relative.max(initial=0.0) <= options.accept
    return Outcome(zero, zero.relative, "") if better else outcome


def _on_bounds(system: CompiledSystem, outcome: Outcome, options: SolveOptions) -> Outcome:
    """The solution with variables of conditions that ended within rounding of a bound put exactly on it."""
    if system.conditions is None:
        return outcome
    limited, lower, upper = system.limits
    moved = limited & ~system.partition.fixed
    x = np.where(moved, np.clip(outcome.at.x, lower, upper), outcome.at.x)
    at = system.evaluate(x)
    return Outcome(at, at.relative, "") if at.relative.max(initial=0.0) <= options.accept else outcome


def _record(
    system: CompiledSystem,
    at: Evaluation,
    relative: Array,
    path: Path,
    progress: Progress,
    fallbacks: int,
    began: float,
) -> SolveRecord:
    worst = int(np.argmax(relative)) if len(relative) else 0
    seconds = dict(progress.seconds) | {"total": time.perf_counter() - began}
    return SolveRecord(
        status="start is a solution" if path == "none" else "converged",
        path=path,
        iterations=progress.steps,
        max_residual=float(relative[worst]) if len(relative) else 0.0,
        worst_equation=system.equation_names[worst] if len(relative) else "",
        equations=system.n_equations,
        fallbacks=fallbacks,
        seconds=seconds,
        log=tuple(progress.log),
        outside_bounds=system.outside_bounds(at.x),
    )


def _require_regular(
    system: CompiledSystem, options: SolveOptions, progress: Progress, start: Evaluation
) -> None:
    """A start that happens to be a solution says nothing about a missing numeraire: look at the Jacobian."""
    try:
        Newton(system, options, progress).require_regular(start)
    except SingularJacobianError as error:
        direction = diagnose(system, start.x).undetermined
        raise SingularJacobianError(
            f"the starting point solves the equations, but so do others near it: {error}. {direction or ''}"
        ) from error


def _best(attempts: Sequence[Outcome]) -> Outcome:
    return min(attempts, key=lambda o: float(np.nan_to_num(o.relative, nan=np.inf).max()))


def _failure(system: CompiledSystem, attempts: Sequence[Outcome], progress: Progress) -> ConvergenceError:
    """The error of a failed solve, with the findings at the best point reached."""
    first, last = attempts[0], attempts[-1]
    best = _best((first, last))
    reason = first.failure if first.failure == last.failure else f"{first.failure}; then {last.failure}"
    singular = next((o.singular_at for o in attempts if o.singular_at is not None), None)
    diagnosis = diagnose(system, best.at.x, progress.fraction, singular, progress.fastest)
    likely = LIKELY_REASONS if first.at.is_finite else NO_VALUE_AT_START
    return ConvergenceError(
        f"no solution was found: {reason}.", diagnosis.worst, progress.log, diagnosis, likely
    )
