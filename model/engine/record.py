"""How a system was solved: options, the record that travels with every solution, and solved points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .tape import Array

Status = Literal["start is a solution", "converged"]
Path = Literal["none", "direct", "shock continuation", "residual continuation", "active set"]


@dataclass(frozen=True)
class SolveOptions:
    """Choices of the Newton solver; the defaults are meant to be left alone.

    Attributes:
        accept: relative residual ``|P - N| / max(P, N)`` below which a point counts as a solution. A start
            that is this good is taken as it is, with zero steps.
        tolerance: relative residual at which Newton stops at once; between the two it polishes as long as
            a step still helps.
        max_steps: Newton steps per attempt.
        step_budget: Newton steps after which a continuation gives up.
        step_cap: largest change of any logarithm in one step.
        continuation: whether to apply the shock in fractions when the direct solve fails.
        active_set: whether to choose by an integer programme which complementarity conditions bind when all else
            fails (see `active_set`). Off unless asked for: it takes seconds, and once a process running it died.
        smallest_fraction: give up continuation below this fraction of the shock.
    """

    accept: float = 1e-9
    tolerance: float = 1e-12
    max_steps: int = 60
    step_budget: int = 400
    step_cap: float = 4.0
    continuation: bool = True
    active_set: bool = False
    smallest_fraction: float = 1.0 / 2048.0


@dataclass(frozen=True)
class SolveRecord:
    """The record of one solve.

    Attributes:
        status: whether the start already was a solution.
        path: how the solution was reached; "none" if the start was one.
        iterations: Newton steps in all, those of continuation stages included.
        max_residual: largest relative residual ``|P - N| / max(P, N)`` over the equations.
        worst_equation: the equation that has it.
        equations: number of equations, which is the number of free variables.
        fallbacks: factorisations for which the fast ordering was not accurate enough.
        seconds: wall time by phase ("structure", "evaluate", "factorise", "solve", "total").
        log: one line per step.
        outside_bounds: free variables whose solution lies outside their declared bounds.
    """

    status: Status
    path: Path
    iterations: int
    max_residual: float
    worst_equation: str
    equations: int
    fallbacks: int
    seconds: Mapping[str, float]
    log: tuple[str, ...]
    outside_bounds: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for reports."""
        return (
            f"{self.status} ({self.path}): {self.iterations} Newton steps, {self.equations} equations, "
            f"largest relative residual {self.max_residual:.1e} in {self.worst_equation}, "
            f"{self.seconds['total']:.3f} s"
            + (
                f"; OUTSIDE DECLARED BOUNDS: {', '.join(self.outside_bounds[:6])}"
                if self.outside_bounds
                else ""
            )
        )


@dataclass(frozen=True)
class SolvedPoint:
    """A point that solved the system: all variables (free and fixed) and the mutable parameters."""

    values: Array
    parameters: Array
