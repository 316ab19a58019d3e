"""Numbers as a reader should see them: three significant digits, the sign of a change, zero apart from missing."""

from __future__ import annotations

from math import floor, isfinite, log10

DIGITS = 3
MINUS = "−"
NOT_AVAILABLE = "n/a"
TINY = 1e-6
"""Below this (per cent, million USD) a change is rounding of the solution and shown as 0."""


def level(value: float, tiny: float = TINY) -> str:
    """An amount or a rate: three significant digits, thousands separated; ``n/a`` for a number that does not exist.

    Whole numbers are never cut: 40,123 is 40,100, but its magnitude stays readable.
    """
    if not isfinite(value):
        return NOT_AVAILABLE
    if abs(value) < tiny:
        return "0"
    places = DIGITS - 1 - floor(log10(abs(value)))
    rounded = round(value, places)
    places = DIGITS - 1 - floor(log10(abs(rounded)))  # 9.996 has become 10.0
    return f"{rounded:,.{max(places, 0)}f}".replace("-", MINUS)


def change(value: float, tiny: float = TINY) -> str:
    """A change: as :func:`level`, with its sign; no sign on nothing."""
    text = level(value, tiny)
    return f"+{text}" if isfinite(value) and value >= tiny else text


def span(low: float, high: float) -> str:
    """A band or range of changes, e.g. ``−1.20 to +0.30``; ``n/a`` if one end does not exist."""
    return f"{change(low)} to {change(high)}" if isfinite(low) and isfinite(high) else NOT_AVAILABLE
