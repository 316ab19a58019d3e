"""The tables of policy: tariff schedules, how bound rates are phased in, exceptions, costs of borders.

Every figure a regime refers to by name lives in ``data/policy``; a regime that asks for a row that is not there is
refused, because a missing rate is not a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..model.names import unknown_name
from .regimes import RegimeError

PRE_UNION = "pre-union"
TABLE = "data/policy/tariffs.csv"
COLUMNS = ("schedule", "importer", "source", "sector", "rate_pct")
KEYS = {
    "phases": ("schedule", "importer", "sector"),
    "exceptions": ("list", "importer", "sector"),
    "border_costs": ("kind", "exporter", "importer", "sector"),
    "services_barriers": ("barrier", "region", "sector"),
    "oil_rules": ("rules", "item"),
    "energy_prices": ("year", "item"),
}
"""Other tables of ``data/policy`` that regimes draw on, and what identifies a row."""
ALL = "all"
"""In a key of those tables: every sector (or region) without a row of its own."""


@dataclass(frozen=True)
class Schedules:
    """Tariff schedules in per cent: ``rates[schedule, importer, source, sector]``, cif ad valorem; other tables.

    Built with :meth:`from_table`; an absent cell is an error when a regime asks for it, never a zero. ``tables``
    holds the other policy tables by name (see `KEYS`), each indexed by its key.
    """

    rates: pd.Series = field(repr=False)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    own: Mapping[str, str] = field(default_factory=dict)
    """Files of schedules that do not come with eacu, by name."""

    @classmethod
    def from_table(
        cls, table: pd.DataFrame, where: str = TABLE, others: Mapping[str, pd.DataFrame] | None = None
    ) -> Schedules:
        """Check the table of schedules (columns schedule, importer, source, sector, rate_pct, ...).

        ``others`` are the tables named in `KEYS`, as read. Raises RegimeError for a missing column, a rate that is
        missing or not above -100 %, a repeated cell.
        """
        absent = [column for column in COLUMNS if column not in table]
        if absent:
            raise RegimeError(f"{where}: the column(s) {', '.join(absent)} are missing")
        rates = table.set_index(list(COLUMNS[:-1]))["rate_pct"].astype(float)
        illegal = rates[~((rates > -100.0) & np.isfinite(rates))]
        if len(illegal):
            raise RegimeError(
                f"{where}: the rate of {illegal.index[0]} is {illegal.iloc[0]}; it must exceed -100 %"
            )
        repeated = rates.index[rates.index.duplicated()]
        if len(repeated):
            raise RegimeError(f"{where}: {repeated[0]} appears more than once")
        return cls(rates.sort_index(), {name: _keyed(name, frame) for name, frame in (others or {}).items()})

    @property
    def names(self) -> tuple[str, ...]:
        """The schedules a regime may name; ``pre-union`` always exists, it is the benchmark's."""
        return tuple(dict.fromkeys((PRE_UNION, *self.rates.index.unique("schedule"))))

    def column(self, schedule: str, importer: str, cells: pd.MultiIndex) -> pd.Series:
        """Rates (fractions) that ``schedule`` lays down for ``importer`` on ``cells`` = (sector, source).

        Raises RegimeError naming the first cell for which the table has no rate.
        """
        keys = [(schedule, importer, source, sector) for sector, source in cells]
        wanted = pd.MultiIndex.from_tuples(keys, names=COLUMNS[:-1])
        missing = wanted[~wanted.isin(self.rates.index)]
        if len(missing):
            _, _, source, sector = missing[0]
            file = self.own.get(schedule, TABLE)
            raise RegimeError(
                f"{file} has no rate in schedule {schedule!r} for importer {importer}, source {source}, "
                f"sector {sector} ({len(missing)} cells are missing). Add the rows; a missing rate is not "
                "read as zero"
            )
        return pd.Series(self.rates.loc[wanted].to_numpy() / 100.0, index=cells)

    def table(self, name: str) -> pd.DataFrame:
        """One of the other policy tables, indexed by its key. Raises RegimeError when it was not read."""
        if name not in self.tables:
            raise RegimeError(
                f"the regime needs the table data/policy/{name}.csv, which this base year does not have"
            )
        return self.tables[name]

    def row(self, name: str, key: tuple[str, ...]) -> pd.Series:
        """The row of a policy table for a key; a key part without a row of its own falls back to ``all``.

        Later parts of the key fall back before earlier ones. Raises RegimeError when no row applies.
        """
        table = self.table(name)
        for candidate in _candidates(key):
            if candidate in table.index:
                found: Any = table.loc[candidate, :]
                return found
        described = ", ".join(f"{k} {v}" for k, v in zip(KEYS[name], key, strict=True))
        raise RegimeError(
            f"data/policy/{name}.csv has no row for {described} (nor one for 'all'). "
            f"It knows: {', '.join(map(str, table.index.unique(0)))} ({KEYS[name][0]})"
        )

    def require_list(self, name: str, first: str, where: str) -> None:
        """Refuse a name that no row of a policy table starts with, offering the nearest."""
        known = list(map(str, self.table(name).index.unique(0)))
        if first not in known:
            raise RegimeError(f"{where}: {unknown_name(KEYS[name][0], first, known)}")


def _candidates(key: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The key itself, then with its last parts replaced by ``all``, most specific first; the first part stays."""
    free = len(key) - 1
    for pattern in sorted(range(2**free), key=lambda bits: (bin(bits).count("1"), bits)):
        yield tuple(
            ALL if place > 0 and pattern >> (free - place) & 1 else part for place, part in enumerate(key)
        )


def _keyed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    keys = list(KEYS[name])
    absent = [key for key in keys if key not in frame]
    if absent:
        raise RegimeError(f"data/policy/{name}.csv: the column(s) {', '.join(absent)} are missing")
    keyed = frame.set_index(keys).sort_index()
    repeated = keyed.index[keyed.index.duplicated()]
    if len(repeated):
        raise RegimeError(f"data/policy/{name}.csv: {repeated[0]} appears more than once")
    return keyed
