"""Walking over the rows of a frame, with types that a checker can follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples; what a column holds is known to the reader of the frame, not to the checker."""
    return iter(frame.itertuples(index=False))


def labelled(frame: pd.DataFrame) -> Iterator[tuple[Any, list[float]]]:
    """Labels of rows with their numbers, in the order of the columns."""
    return zip(frame.index, frame.to_numpy(float).tolist(), strict=True)


def long(table: pd.DataFrame, row: str, column: str, value: str = "value") -> pd.DataFrame:
    """A table as rows (``row``, ``column``, ``value``), its own rows one after the other; it has no empty cell."""
    stacked = pd.Series(table.rename_axis(row).rename_axis(column, axis=1).stack())
    return stacked.rename(value).reset_index()
