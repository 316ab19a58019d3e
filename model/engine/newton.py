"""Newton's method in logarithms.

Each equation ``P = N`` (sums of its positive and of the absolute values of its negative terms) is solved as
``log P - log N = 0``, each positive variable as ``z = log x``. Constant-elasticity equations are close to
linear in this form, so few steps reach far. Where a side is exactly zero (a tariff that is removed, a
revenue that starts from nothing) the equation is used in levels, scaled by the sum of its terms, and the
variables in it may step to exactly zero. Variables that may change sign stay in levels, and so do those whose
bounds a complementarity condition is about; they move between their bounds.

Some equations only define a variable that no other equation uses (an index, a rate to report). They follow once
the rest, the core, is solved, so that they limit no step on the way and count at the end only.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .core import Part
from .errors import SingularJacobianError
from .forms import Form, equation_form
from .record import SolveOptions
from .system import CompiledSystem, Evaluation
from .tape import Array
from .terms import Index

_SHORTEST = 2.0**-10  # line search gives up below this fraction of a step
_CRAWL = 0.02  # four steps running shorter than this end the attempt
_MEMORY = 3  # the merit may rise above its last value, but not above the largest of the last three
_FARTHEST = 50.0  # largest change of the logarithm of a variable that nothing depends on
_FAR = 1e3  # growth of a variable from which on a solution is tested by one more step
_SETTLED = 1e-3  # largest relative change by that step
_DUST = (
    1e-30  # of the largest equation: an equation of which every term is smaller than this says zero is zero
)
_SINGULAR = 1e13  # norm of the inverse of the equilibrated Jacobian that counts as singular


@dataclass
class Progress:
    """What happened so far, over all attempts of one solve."""

    steps: int = 0
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    log: list[str] = field(default_factory=list)
    fraction: float | None = None  # of the shock that is solved, once it is applied in fractions
    fastest: dict[str, float] = field(default_factory=dict)  # see `Diagnosis`


@dataclass(frozen=True)
class Outcome:
    """Best point of one Newton run; ``failure`` is empty if it is a solution.

    ``singular_at`` is where the Jacobian was singular, if that ended the run.
    """

    at: Evaluation
    relative: Array
    failure: str
    singular_at: Array | None = None


class Newton:
    """Newton iterations on one system with its present set of fixed variables.

    Args:
        system: the compiled equations.
        options: tolerances and limits.
        progress: counts and log, shared by all attempts of one solve.
        all_in_logs: use the log form also for equations of the core that contain an unknown of either sign.
            Such an equation is usually linear in that unknown (a transfer, a revenue), so levels are the default.
        within_limits: keep variables of complementarity conditions between their bounds on the way. That
            is the shorter way when the start is near; from afar the freedom to pass through them helps.
    """

    def __init__(
        self,
        system: CompiledSystem,
        options: SolveOptions,
        progress: Progress,
        all_in_logs: bool = False,
        within_limits: bool = True,
    ):
        self.system = system
        self.options = options
        self.progress = progress
        self.free = system.partition.free
        self.solver = system.linear_solver()
        limited, lower, upper = system.limits
        self._limited, self._lower, self._upper = limited[self.free], lower[self.free], upper[self.free]
        self._bounded = system.positive_domain[self.free] & ~self._limited
        self._within_limits = within_limits
        self._core = system.partition.core
        signed = self._with_signed_unknown()
        self._in_levels = signed & ~self._core.rows if all_in_logs else signed
        self._definitions = self._core.complement
        self._scale: Array = np.ones(len(self.free))  # units of the unknowns in the present Jacobian

    def _with_signed_unknown(self) -> NDArray[np.bool_]:
        """Equations that contain a free variable which may change sign."""
        partition = self.system.partition
        signed = np.repeat(~self.system.positive_domain[self.free], np.diff(partition.indptr))
        rows = np.zeros(self.system.n_equations, dtype=bool)
        rows[partition.indices[signed]] = True
        return rows

    def form(self, at: Evaluation, reference: Array) -> Form:
        """The equations as this solver sees them."""
        return equation_form(at, reference, self._in_levels)

    def require_regular(self, at: Evaluation) -> None:
        """Raise SingularJacobianError where the equations do not determine the free variables locally."""
        form = self.form(at, at.positive + at.negative)
        self._direction(at, form, np.zeros_like(form.value))

    def run(
        self,
        start: Array,
        goal: Array | None = None,
        enough: float | None = None,
        max_steps: int | None = None,
    ) -> Outcome:
        """Iterate from ``start`` (all variables).

        Args:
            start: starting point; entries of fixed variables are the shock.
            goal: value the log-form residuals shall take instead of zero (residual continuation).
            enough: stop when the core has this residual (default: all equations, at the options' tolerance).
            max_steps: stop after this many steps if that is fewer than the options allow.
        """
        limit = min(self.options.max_steps, max_steps or self.options.max_steps)
        at = self._evaluate(start)
        if not at.is_finite:
            return Outcome(at, at.relative, "the equations have no value at the starting point")
        reference = at.positive + at.negative
        if enough is not None:
            return self._iterate(at, reference, self._core, enough, limit, goal)
        outcome = self._iterate(at, reference, self._core, self.options.tolerance, limit, goal)
        if not outcome.failure and goal is None:
            outcome = self._settled(start, outcome)
        if outcome.failure or not self._definitions.rows.any():
            return outcome
        return self._iterate(outcome.at, reference, self._definitions, self.options.tolerance, limit)

    def _settled(self, start: Array, outcome: Outcome) -> Outcome:
        """Relative residuals vanish on the way to infinity, too; at a solution one more step changes nothing."""
        at = outcome.at
        x = at.x[self.free]
        old = np.abs(start[self.free])
        far = self._core.columns & (np.abs(x) > _FAR * np.where(old > 0.0, old, np.inf))
        if not far.any():
            return outcome
        form = self.form(at, at.positive + at.negative)
        try:
            change = self._direction(at, form, form.value)
        except SingularJacobianError as fault:
            return replace(outcome, failure=str(fault), singular_at=at.x)
        drift = np.where(far, np.abs(change) / np.where(far, np.abs(x), 1.0), 0.0)
        k = int(np.argmax(drift))
        if drift[k] <= _SETTLED:
            return outcome
        name = self.system.variable_names[self.free[k]]
        return replace(outcome, failure=f"the equations hold ever better as {name} grows without end")

    def _iterate(
        self,
        at: Evaluation,
        reference: Array,
        part: Part,
        enough: float,
        limit: int,
        goal: Array | None = None,
    ) -> Outcome:
        """Newton steps until one part is solved; while the definitions are, the core stays where it is.

        ``reference`` is updated: the largest size that each equation had so far.
        """
        accept = self.options.accept
        merits: list[float] = []
        vanishing, crawling = np.zeros(len(self.free), dtype=np.int64), 0
        best, best_form, least = at, self.form(at, reference), np.inf
        for step in range(limit + 1):
            form = self.form(at, reference)
            residual = form.value if goal is None else form.value - goal
            error = np.where(part.rows, form.relative if goal is None else np.abs(residual), 0.0)
            worst = float(error.max(initial=0.0))
            improved = worst < 0.5 * least
            if worst <= least:
                best, best_form, least = at, form, worst
            if worst <= enough:
                return Outcome(at, form.relative, "")
            if step == limit or (step > 1 and worst <= accept and not improved):
                break
            if part is self._definitions:
                residual = np.where(part.rows, residual, 0.0)
            merits.append(float(np.square(residual[part.rows]).sum()))
            try:
                change = self._direction(at, form, residual)
            except SingularJacobianError as fault:
                return replace(self._end(best, best_form, part, str(fault)), singular_at=at.x)
            additive = self._additive(at, form, change, vanishing)
            trial = self._search(at, reference, change, additive, max(merits[-_MEMORY:]), goal, part)
            if trial is None:
                return self._end(best, best_form, part, "no step reduces the residuals")
            at, fraction = trial
            crawling = crawling + 1 if fraction < _CRAWL else 0
            if crawling == 4:
                return self._end(best, best_form, part, "the steps become too short")
            np.maximum(reference, at.positive + at.negative, out=reference)
            self._note(step, error, fraction)
        return self._end(best, best_form, part, f"not converged in {limit} steps")

    def _note(self, step: int, error: Array, fraction: float) -> None:
        self.progress.steps += 1
        k = int(np.argmax(error))
        self.progress.log.append(
            f"step {step + 1}: relative residual {error[k]:.2e} in "
            f"{self.system.equation_names[k]}, step length {fraction:.3g}"
        )

    def _end(self, at: Evaluation, form: Form, part: Part, failure: str) -> Outcome:
        solved = float(form.relative[part.rows].max(initial=0.0)) <= self.options.accept
        return Outcome(at, form.relative, "" if solved else failure)

    def _evaluate(self, x: Array) -> Evaluation:
        began = time.perf_counter()
        at = self.system.evaluate(x)
        self.progress.seconds["evaluate"] += time.perf_counter() - began
        return at

    # ---- direction ----------------------------------------------------------------------------------

    def _direction(self, at: Evaluation, form: Form, residual: Array) -> Array:
        """Newton change of the free variables in levels (the same in logs: dx = x dz)."""
        began = time.perf_counter()
        weights = self.system.term_weights(form.positive_weight, form.negative_weight, at.terms)
        data = self.system.jacobian_data(at, weights)[self.system.partition.take]
        if not np.isfinite(data).all():
            raise SingularJacobianError("the Jacobian has an empty or non-finite row")
        scale = self.column_scale(at.x[self.free], data)
        counts = np.diff(self.system.partition.indptr)
        middle = time.perf_counter()
        self.solver.factorise(data * np.repeat(scale, counts))
        factorised = time.perf_counter()
        if self.solver.is_fresh:  # with kept factors a singular matrix shows in slow GMRES
            probe = self.solver.solve(np.cos(np.arange(self.solver.n)))
            if np.abs(probe).max(initial=0.0) > _SINGULAR:
                raise SingularJacobianError("the Jacobian is singular to working precision")
        self._scale = scale
        change = scale * self.solver.solve(-residual)
        self.progress.seconds["evaluate"] += middle - began
        self.progress.seconds["factorise"] += factorised - middle
        self.progress.seconds["solve"] += time.perf_counter() - factorised
        return change

    def column_scale(self, x: Array, data: Array) -> Array:
        """The variable itself where its logarithm is the unknown, else the inverse of its largest effect."""
        in_logs = self.in_logs(x)
        largest = np.zeros(len(x))
        columns = np.repeat(np.arange(len(x)), np.diff(self.system.partition.indptr))
        np.maximum.at(largest, columns, np.abs(data))
        return np.where(in_logs, x, 1.0 / np.where(largest > 0.0, largest, 1.0))

    def in_logs(self, x: Array) -> NDArray[np.bool_]:
        """Which free variables are unknown by their logarithm."""
        return self._bounded & (x > 0.0)

    def _additive(self, at: Evaluation, form: Form, change: Array, vanishing: Index) -> NDArray[np.bool_]:
        """Which variables move in levels this time.

        Besides those of either sign: variables of an equation with one side zero, which can hold only if
        they go to zero, and those that three steps running were sent to (almost) exactly zero. Both only if
        the step does not make them negative.
        """
        x = at.x[self.free]
        in_logs = self.in_logs(x)
        with np.errstate(all="ignore"):
            remains = np.where(in_logs, 1.0 + change / x, 1.0)
        vanishing[:] = np.where(in_logs & (np.abs(remains) < 0.02), vanishing + 1, 0)
        mark = vanishing >= 3
        if form.one_sided.any():
            partition = self.system.partition
            entries = np.flatnonzero(form.one_sided[partition.indices])
            mark[np.searchsorted(partition.indptr, entries, side="right") - 1] = True
        return ~in_logs | (mark & (remains > -0.1))

    # ---- step ---------------------------------------------------------------------------------------

    def _search(
        self,
        at: Evaluation,
        reference: Array,
        change: Array,
        additive: NDArray[np.bool_],
        merit: float,
        goal: Array | None,
        part: Part,
    ) -> tuple[Evaluation, float] | None:
        """Backtrack along the step until the residuals of the part fall, or what they ask for; else None."""
        x = at.x[self.free]
        with np.errstate(all="ignore"):
            logs = np.where(additive, 0.0, change / x)
        farthest = float(np.abs(logs[part.columns]).max(initial=0.0))
        fraction = min(1.0, self.options.step_cap / max(farthest, 1e-300))
        logs = np.clip(logs, -_FARTHEST / fraction, _FARTHEST / fraction)
        shortest = fraction * _SHORTEST
        while fraction >= shortest:
            trial = self._evaluate(self._move(at.x, change, logs, additive, fraction))
            if trial.is_finite:
                value = self.form(trial, reference).value
                gap = value if goal is None else value - goal
                if float(np.square(gap[part.rows]).sum()) <= (1.0 - 1e-4 * fraction) * merit:
                    return trial, fraction
                if self._contracts(gap, change, part, fraction):
                    return trial, fraction
            fraction *= 0.5
        return None

    def _contracts(self, gap: Array, change: Array, part: Part, fraction: float) -> bool:
        """Whether the Newton step that the trial's residuals ask for, by the old Jacobian, is shorter.

        Where wages are next to nothing a step in the right direction may raise residuals and still bring the
        variables nearer (the natural monotonicity test, Deuflhard 2011, *Newton Methods for Nonlinear
        Problems*, sec. 3.3).
        """
        try:
            ahead = self.solver.solve(np.where(part.rows, -gap, 0.0))
        except SingularJacobianError:
            return False
        before = np.linalg.norm((change / self._scale)[part.columns])
        return bool(np.linalg.norm(ahead[part.columns]) <= (1.0 - 0.25 * fraction) * before)

    def _move(
        self, x: Array, change: Array, logs: Array, additive: NDArray[np.bool_], fraction: float
    ) -> Array:
        old = x[self.free]
        level = old + fraction * change
        level = np.where(np.abs(level) <= 1e-14 * np.abs(old), 0.0, level)
        level = np.where(self._bounded, np.maximum(level, 0.0), level)
        if self._within_limits:
            level = np.where(self._limited, np.clip(level, self._lower, self._upper), level)
        moved = x.copy()
        moved[self.free] = np.where(additive, level, old * np.exp(fraction * logs))
        return moved
