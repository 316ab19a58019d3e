"""What a page is made of: sections of paragraphs, tables and figures. The templates only lay these out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from .numbers import NOT_AVAILABLE, change, level


@dataclass(frozen=True)
class Cell:
    """One cell: its text, a smaller line below it, and a tone that the style sheet colours."""

    text: str
    below: str = ""
    tone: str = ""
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table with a caption that says units and base, and notes below it; the first column names the row."""

    caption: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    folded: bool = False
    """Shown on demand (always when printed)."""


@dataclass(frozen=True)
class Figure:
    """An interactive plot (a Plotly specification) with the words that stand in for it; tables hold its numbers."""

    key: str
    label: str
    spec: Mapping[str, Any]
    height: int
    legend: Sequence[tuple[str, str]] = ()
    """Names and colours; the page writes them above the plot, where they can fold."""


@dataclass(frozen=True)
class Section:
    """A numbered section of the page; ``figures`` side by side where there is room."""

    key: str
    title: str
    text: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    quote: Sequence[str] = field(default=())
    """Sentences set larger, such as the answer."""


def words(text: str, below: str = "", tone: str = "") -> Cell:
    """A cell of text."""
    return Cell(text, below, tone)


def moved(value: float, below: str = "", reason: str = "") -> Cell:
    """A change with its sign; a number that does not exist is ``n/a`` with the reason below it."""
    if not isfinite(value):
        return Cell(NOT_AVAILABLE, reason, "missing", number=True)
    text = change(value)
    return Cell(text, below, "" if text == "0" else "up" if value > 0 else "down", number=True)


def amount(value: float, reason: str = "") -> Cell:
    """An amount or a rate, no change."""
    return Cell(
        level(value), "" if isfinite(value) else reason, "" if isfinite(value) else "missing", number=True
    )
