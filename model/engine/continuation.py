r"""Continuation: a problem too far away is reached through a chain of nearer ones.

Two chains. `follow_shock` moves the exogenous values from those of a solved point to the target, positive ones
geometrically (half-way from 1 to 0.1 is 0.32, not 0.55), others along the straight line. `fade_residuals` keeps
them at the target and lets the residuals of the starting point fade out.

Each stage starts from the polynomial through the last four stages, in logarithms (Allgower and Georg 1990,
*Numerical Continuation Methods*, ch. 6), and is solved roughly only: what counts is the last one. Stages grow
while Newton needs few steps and are halved when it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .forms import equation_form
from .newton import Newton, Outcome
from .record import SolvedPoint
from .system import Evaluation
from .tape import Array

_FIRST = 0.25
_ROUGHLY: dict[str, Any] = {"enough": 1e-6, "max_steps": 10}
"""Residual at which a stage on the way is good enough to continue from, and steps after which it has failed.

A rougher one is not good enough: where nearly all of a price is the cost of inputs, residuals of 1e-3 leave the wages
behind it undetermined."""
_POINTS = 4
_FARTHEST = 2.0
"""Largest change of a logarithm by extrapolation."""
_GROWTH = {0: 2.0, 1: 2.0, 2: 2.0, 3: 1.3, 4: 1.0}
"""Factor on the next stage by the Newton steps that this one took."""
_SHRINK = 0.7
_SHOWN = 6

Stage = Callable[[float, Array, bool], Outcome]
"""Solve the problem of a fraction from a starting point, roughly if the last argument says so."""


def follow_shock(newton: Newton, target: Array, origin: SolvedPoint) -> Outcome:
    """Move exogenous values from those of a solved point to ``target``; ends at the first failure to advance."""
    system = newton.system
    parameters = system.parameter_values
    fixed, start = system.partition.fixed, origin.values
    geometric = fixed & system.positive_domain & (start > 0.0) & (target > 0.0)
    ratio = np.where(geometric, target, 1.0) / np.where(geometric, start, 1.0)

    def stage(fraction: float, guess: Array, rough: bool) -> Outcome:
        straight = target if fraction == 1.0 else start + fraction * (target - start)
        bent = target if fraction == 1.0 else start * ratio**fraction
        moved = np.where(geometric, bent, np.where(fixed, straight, guess))
        system.parameter_values = origin.parameters + fraction * (parameters - origin.parameters)
        return newton.run(moved, **(_ROUGHLY if rough else {}))

    try:
        outcome, track = _walk(newton, stage, start)
        newton.progress.fraction = 1.0
        if outcome.failure:
            newton.progress.fastest = track.fastest()
            newton.progress.fraction = track.confirmed(stage)
        return outcome
    finally:
        system.parameter_values = parameters


def fade_residuals(newton: Newton, start: Evaluation) -> Outcome:
    """The equations hold up to a wedge that fades from the start's residual to nothing."""
    wedge = equation_form(start, start.positive + start.negative).value

    def stage(fraction: float, guess: Array, rough: bool) -> Outcome:
        goal = None if fraction == 1.0 else (1.0 - fraction) * wedge
        return newton.run(guess, goal, **(_ROUGHLY if rough else {}))

    return _walk(newton, stage, start.x)[0]


def _walk(newton: Newton, stage: Stage, x: Array) -> tuple[Outcome, _Track]:
    """Go from fraction 0 to 1; returns the last outcome and the way there."""
    options, progress = newton.options, newton.progress
    track = _Track(newton, x)
    step, last = _FIRST, progress.steps + options.step_budget
    while True:
        fraction = min(1.0, track.done + step)
        before = progress.steps
        outcome = stage(fraction, track.guess(fraction), fraction < 1.0)
        progress.log.append(f"fraction {fraction:.4g}: {outcome.failure or 'solved'}")
        if outcome.failure:
            step = 0.5 * (fraction - track.done)
            if step < options.smallest_fraction or progress.steps > last:
                return outcome, track
            continue
        if fraction == 1.0:
            return outcome, track
        step = (fraction - track.done) * _GROWTH.get(progress.steps - before, _SHRINK)
        track.add(fraction, outcome.at.x)


class _Track:
    """The latest points of a chain and the polynomial through them."""

    def __init__(self, newton: Newton, x: Array):
        self._free = newton.free
        self._x = x
        self._positive = newton.system.positive_domain[newton.free]
        self._core = newton.system.partition.core.columns
        self._names = [newton.system.variable_names[k] for k in newton.free]
        self._points: list[tuple[float, Array]] = []
        self.add(0.0, x)

    @property
    def done(self) -> float:
        """Fraction reached."""
        return self._points[-1][0]

    def add(self, fraction: float, x: Array) -> None:
        """Note a point; variables that are zero somewhere on the way are followed in levels."""
        self._positive = self._positive & (x[self._free] > 0.0)
        self._points = [*self._points[1 - _POINTS :], (fraction, x[self._free])]
        self._x = x

    def confirmed(self, stage: Stage) -> float:
        """The largest fraction that is solved to full accuracy, not just roughly."""
        for fraction, free in reversed(self._points):
            x = self._x.copy()
            x[self._free] = free
            if not stage(fraction, x, False).failure:
                return fraction
        return 0.0

    def fastest(self) -> dict[str, float]:
        """Changes of logarithms that the rest of the shock would bring at the rate of the last stage, largest first."""
        if len(self._points) < 2:
            return {}
        (before, old), (now, new) = self._points[-2:]
        ahead = (1.0 - now) / (now - before)
        moved = self._positive & self._core
        change = np.where(moved, np.log(np.where(moved, new, 1.0) / np.where(moved, old, 1.0)), 0.0) * ahead
        order = np.argsort(-np.abs(change), kind="stable")[:_SHOWN]
        return {self._names[k]: float(change[k]) for k in order}

    def guess(self, fraction: float) -> Array:
        """All variables, the free ones extrapolated to ``fraction``."""
        nodes = np.array([t for t, _ in self._points])
        values = np.array([self._coordinates(free) for _, free in self._points])
        change = np.zeros(len(self._free))
        for k, node in enumerate(nodes):
            others = np.delete(nodes, k)
            change += float(np.prod((fraction - others) / (node - others))) * values[k]
        change -= values[-1]
        farthest = float(np.abs(change[self._positive]).max(initial=0.0))
        moved = values[-1] + change * min(1.0, _FARTHEST / max(farthest, 1e-300))
        x = self._x.copy()
        x[self._free] = np.where(self._positive, np.exp(np.where(self._positive, moved, 0.0)), moved)
        return x

    def _coordinates(self, free: Array) -> Array:
        return np.where(self._positive, np.log(np.where(self._positive, free, 1.0)), free)
