"""Errors of the engine: each says what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .diagnosis import Diagnosis


class EngineError(Exception):
    """Base class of every error raised by the engine."""


class UnsupportedModelError(EngineError):
    """The Pyomo model contains something that a square system of smooth equations cannot contain."""


class UnsupportedExpressionError(UnsupportedModelError):
    """An equation contains an operation the engine cannot differentiate; the message names it."""


class MissingValueError(EngineError):
    """A variable or a parameter has no value, so no starting point or no shock is defined."""


class StructuralError(EngineError):
    """The system is not square or is structurally singular: no value of the data could make it solvable."""


class SingularJacobianError(EngineError):
    """The Jacobian is singular at the current point although its structure is sound."""


@dataclass(frozen=True)
class Term:
    """One signed term of an equation ``left - right = 0`` with its value at some point."""

    text: str
    value: float


@dataclass(frozen=True)
class EquationResidual:
    """An equation that does not hold: its relative residual ``|P - N| / max(P, N)`` and its terms."""

    equation: str
    relative: float
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """The equation, its residual and its largest terms, one per line."""
        largest = sorted(self.terms, key=lambda term: -abs(term.value))[:6]
        lines = [f"{self.equation}: relative residual {self.relative:.3e}"]
        lines += [f"    {term.value:+.6e}  {term.text}" for term in largest]
        if len(self.terms) > len(largest):
            lines.append(f"    ... and {len(self.terms) - len(largest)} smaller terms")
        return "\n".join(lines)


LIKELY_REASONS = (
    "a shock the economy cannot absorb (an endowment or a flow driven to zero), an equation or a share that "
    "contradicts the benchmark, or a missing numeraire. Check that the unshocked model replicates with zero steps, "
    "then apply the shock in part."
)
NO_VALUE_AT_START = (
    "the start lies outside the domain of an equation: a logarithm or a fractional power of a number that is not "
    "positive, a division by zero, or an overflow. Give the variables of the equations above starting values at which "
    "these have a value (the benchmark)."
)


class ConvergenceError(EngineError):
    """No solution was found.

    Attributes:
        worst: the worst equation of each block (Constraint component), worst block first, with its terms
            and their values at the best point reached.
        log: what the solver did, line by line.
        diagnosis: all findings at that point (see `diagnose`); some are computed when first read, as they are
            when the error is printed.
        likely: what usually is behind such a failure, and what to do.
    """

    def __init__(
        self,
        reason: str,
        worst: Sequence[EquationResidual],
        log: Sequence[str],
        diagnosis: Diagnosis | None = None,
        likely: str = LIKELY_REASONS,
    ):
        super().__init__(reason, tuple(worst), tuple(log), diagnosis, likely)
        self.reason = reason
        self.worst = tuple(worst)
        self.log = tuple(log)
        self.diagnosis = diagnosis
        self.likely = likely

    def __str__(self) -> str:
        """The reason and the findings."""
        if self.diagnosis is not None:
            findings = str(self.diagnosis)
        else:
            findings = "\n".join(f"  {line}" for item in self.worst for line in str(item).splitlines())
        return f"{self.reason}\nAt the best point reached:\n{findings}\nLikely reasons: {self.likely}"
