"""A tariff schedule of one's own: a CSV file beside the regime, named in ``[schedules]``.

Columns ``importer``, ``source``, ``sector``, ``rate_pct``, in any order. ``all`` as source or sector stands for every
one that has no row of its own; a row that names both goes before one that names the sector, that before one that
names the source.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path

import pandas as pd

from ..calibration.benchmark import Benchmark
from ..model.names import unknown_name
from .regimes import Problems, Regime, RegimeError
from .schedules import ALL, COLUMNS, Schedules

OWN_COLUMNS = ("importer", "source", "sector", "rate_pct")
Key = tuple[str, str, str]


def with_own_schedules(regime: Regime, benchmark: Benchmark, schedules: Schedules) -> Schedules:
    """The schedules with those of the regime's own files.

    Raises RegimeError for a name that exists already, and with every fault of a file and its line.
    """
    if not regime.schedules:
        return schedules
    problems = Problems()
    added: dict[tuple[str, ...], float] = {}
    for name, file in regime.schedules.items():
        with problems.collecting():
            if name in schedules.names:
                raise RegimeError(
                    f"{regime.at('schedules', name)}: [schedules] {name}: a schedule of that name comes with eacu; "
                    "choose another name"
                )
            cells = _expanded(_read(file, benchmark), benchmark)
            added |= {(name, *key): rate for key, rate in cells.items()}
    problems.refuse()
    index = pd.MultiIndex.from_tuples(list(added), names=COLUMNS[:-1])
    rates = pd.concat([schedules.rates, pd.Series(list(added.values()), index=index)]).sort_index()
    files = {name: str(file) for name, file in regime.schedules.items()}
    return replace(schedules, rates=rates, own=files)


def _read(file: Path, benchmark: Benchmark) -> dict[Key, float]:
    """Rates by importer, source and sector as written; raises RegimeError with every faulty line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            columns = reader.fieldnames or []
            lines = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RegimeError(f"{file.name} is not a CSV file in UTF-8: {error}") from error
    odd = [c for c in (*OWN_COLUMNS, *columns) if (c in OWN_COLUMNS) is not (c in columns)]
    if odd:
        raise RegimeError(
            f"{file.name}, line 1: the columns are {', '.join(columns) or 'none'}; they must be "
            f"{', '.join(OWN_COLUMNS)} ({odd[0]!r} is {'missing' if odd[0] in OWN_COLUMNS else 'not one of them'})"
        )
    if not lines:
        raise RegimeError(f"{file.name} has no rates: write at least one row under the column names")
    found: dict[Key, float] = {}
    first_line: dict[Key, int] = {}
    problems = Problems()
    for line, row in lines:
        with problems.collecting():
            key, rate = _checked_row(row, benchmark, f"{file.name}, line {line}")
            if key in found:
                raise RegimeError(
                    f"{file.name}, line {line}: {' '.join(key)} has a rate already, in line {first_line[key]}"
                )
            found[key], first_line[key] = rate, line
    problems.refuse()
    return found


def _checked_row(row: Mapping[str | None, str | None], b: Benchmark, where: str) -> tuple[Key, float]:
    if None in row or None in row.values():
        raise RegimeError(f"{where}: the row has not as many fields as there are columns")
    importer, source, sector, text = (str(row[column]).strip() for column in OWN_COLUMNS)
    known = {"importer": b.regions, "source": (*b.regions, ALL), "sector": (*b.sectors, ALL)}
    for (column, valid), name in zip(known.items(), (importer, source, sector), strict=True):
        if name not in valid:
            raise RegimeError(f"{where}: {unknown_name(column, name, valid)}")
    try:
        rate = float(text)
    except ValueError as error:
        raise RegimeError(
            f"{where}: rate_pct {text!r} is not a number; a missing rate is not zero"
        ) from error
    if not isfinite(rate) or rate <= -100:
        raise RegimeError(f"{where}: rate_pct {text} is not a legal rate; it must be a number above -100")
    return (importer, source, sector), rate


def _expanded(rates: Mapping[Key, float], b: Benchmark) -> dict[Key, float]:
    """A rate for each cell that a row covers, of the row that names it most closely."""
    found: dict[Key, float] = {}
    for importer in dict.fromkeys(key[0] for key in rates):
        for source in b.regions:
            for sector in b.sectors:
                candidates = (
                    (importer, source, sector),
                    (importer, ALL, sector),
                    (importer, source, ALL),
                    (importer, ALL, ALL),
                )
                hit = next((key for key in candidates if key in rates), None)
                if hit is not None:
                    found[importer, source, sector] = rates[hit]
    return found
