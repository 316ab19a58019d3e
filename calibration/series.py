"""Small idioms used all over the calibration: a table by key, its cells one by one, what is made of tables once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import pandas as pd

Tables = Callable[[str], pd.DataFrame]
"""Reader of a committed table by name, e.g. ``tables("sources/trade_pairs")``."""
Made = TypeVar("Made")


class Remembered:
    """A reader that reads each table once, and remembers what `once` made of its tables.

    For work that estimates many times from the same tables. Every call gets a copy of a table; what was made is
    shared, and nobody may change it.
    """

    def __init__(self, tables: Tables) -> None:
        self._read = lru_cache(maxsize=None)(tables)
        self._made: dict[tuple[Any, ...], Any] = {}

    def __call__(self, name: str) -> pd.DataFrame:
        """A copy of the table."""
        return self._read(name).copy()

    def made(self, make: Callable[..., Made], *arguments: Any) -> Made:
        """``make(*arguments, self)``, computed the first time."""
        key = (make, *arguments)
        if key not in self._made:
            self._made[key] = make(*arguments, self)
        return self._made[key]


def remembered(tables: Tables) -> Remembered:
    """The reader with a memory; one that has it stays itself."""
    return tables if isinstance(tables, Remembered) else Remembered(tables)


def once(tables: Tables, make: Callable[..., Made], *arguments: Any) -> Made:
    """``make(*arguments, tables)``, made once by a reader that remembers; the answer must not be changed."""
    return tables.made(make, *arguments) if isinstance(tables, Remembered) else make(*arguments, tables)


def keyed(table: pd.DataFrame, *levels: str) -> pd.Series:
    """The column ``value`` of a table, indexed by the given key columns."""
    return pd.Series(table.set_index(list(levels))["value"])


def entries(series: pd.Series) -> Iterator[tuple[Any, Any]]:
    """Key and value of every entry; the key is a tuple when the index has several levels."""
    yield from series.items()
