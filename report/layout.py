"""Pieces of printed tables and pages: numbers with enough digits, ranges, Markdown, JSON without NaN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


def number(value: float) -> str:
    """Enough digits to see the sign, no more."""
    if not isfinite(value):
        return "–"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}" if size >= 0.005 else f"{value:.3f}"


def band(low: float, high: float) -> str:
    """A range, or a dash."""
    return f"{number(low)} to {number(high)}" if isfinite(low) and isfinite(high) else "–"


def plain_table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    """An empty table of text columns and right-aligned columns of numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def rows_by_label(frame: pd.DataFrame) -> Iterator[tuple[Any, dict[str, float]]]:
    """Label of every row of a frame of numbers, a tuple where the index has levels, and its numbers by column."""
    columns = [str(column) for column in frame]
    for label, numbers in zip(frame.index, frame.to_numpy(float).tolist(), strict=True):
        yield label, dict(zip(columns, numbers, strict=True))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame of numbers whose index has named levels: the labels by level, then the numbers by column."""
    levels = [str(name) for name in frame.index.names]
    return [{**dict(zip(levels, label, strict=True)), **row} for label, row in rows_by_label(frame)]


def finite(value: Any) -> Any:
    """The same document with null for numbers that do not exist."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def titled_table(title: str, columns: Sequence[str] = ()) -> Table:
    """An empty table of labels and right-aligned columns, at least as wide as its title, which would fold else."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title),
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        min_width=len(title),
    )
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
