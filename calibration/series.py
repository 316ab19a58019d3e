"""Two small idioms used all over the calibration: a table as a series by key, and its cells one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

Tables = Callable[[str], pd.DataFrame]
"""Reader of a committed table by name, e.g. ``tables("sources/trade_pairs")``."""


def keyed(table: pd.DataFrame, *levels: str) -> pd.Series:
    """The column ``value`` of a table, indexed by the given key columns."""
    return pd.Series(table.set_index(list(levels))["value"])


def entries(series: pd.Series) -> Iterator[tuple[Any, Any]]:
    """Key and value of every entry; the key is a tuple when the index has several levels."""
    yield from series.items()
