"""Multi-regional input-output releases, read with the library ``pymrio``.

OECD ICIO, EORA 26, WIOD and whatever ``pymrio`` has saved itself. ``pymrio`` reads an empty cell as zero and trusts
that rows and columns of an ICIO file agree; both are checked here on the file itself first.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from .cells import ImportDataError, listing
from .libraries import library
from .mapping import DROP, AccountMap

UNITS = {
    "million usd": 1.0,
    "mill usd": 1.0,
    "m usd": 1.0,
    "m.usd": 1.0,
    "mio. usd": 1.0,
    "millions of us$": 1.0,
    "000 usd": 1e-3,
    "k usd": 1e-3,
    "usd": 1e-6,
}
"""Units of releases, in million USD."""
ICIO_TOTALS = ("OUT", "OUTPUT", "TOTAL")
ICIO_VALUE_ADDED = ("VA", "VALU")
ICIO_INPUTS = ("TLS", *ICIO_VALUE_ADDED)


@dataclass(frozen=True)
class Mrio:
    """A release at its own countries and sectors, million USD at basic prices.

    ``use``: rows (country, sector), columns (country, sector); ``final``: the same rows, columns (country, category);
    ``taxes`` and ``value_added``: Series over the columns of ``use``; ``final_taxes``: over those of ``final``.
    """

    file: Path
    use: pd.DataFrame
    final: pd.DataFrame
    value_added: pd.Series
    taxes: pd.Series
    final_taxes: pd.Series

    def gap(self) -> float:
        """Largest difference between an industry's sales and its costs, as a share of the larger."""
        sales = self.use.sum(axis=1) + self.final.sum(axis=1)
        costs = self.use.sum() + self.taxes + self.value_added
        size = pd.concat([sales.abs(), costs.abs()], axis=1).max(axis=1)
        return float(((sales - costs).abs() / size.where(size > 0)).max())


def read_mrio(file: Path, form: str, year: int, mapping: AccountMap) -> Mrio:
    """Read a release: ``form`` is icio, eora, wiod or pymrio (a folder that ``pymrio`` saved).

    ``mapping`` says by rows of kind ``input`` which rows are value added and which taxes on products.

    Raises:
        ImportDataError: no such file, empty cells, rows that differ from columns, a unit other than US dollars, a
            row of inputs that is not mapped, no value added at all.
    """
    pymrio = library("pymrio", "input-output releases")
    if form == "icio":
        check_icio(icio_file(file, year), year)
    try:
        tables = _parsers(pymrio, file, year)[form]()
    except ImportDataError:
        raise
    except Exception as error:  # the library's own errors and whatever pandas raises on another format
        raise ImportDataError(f"{file}: pymrio cannot read it as {form}, year {year}: {error}") from error
    factor = _unit(file, tables.unit)
    rows = _inputs(file, tables, mapping)
    return Mrio(
        file,
        tables.Z * factor,
        tables.Y * factor,
        rows["value_added"][0] * factor,
        rows["taxes"][0] * factor,
        rows["taxes"][1] * factor,
    )


def _parsers(pymrio: Any, file: Path, year: int) -> dict[str, Any]:
    return {
        "icio": lambda: pymrio.parse_oecd(icio_file(file, year)),
        "eora": lambda: pymrio.parse_eora26(file, year=year),
        "wiod": lambda: pymrio.parse_wiod(file, year=year),
        "pymrio": lambda: pymrio.load_all(file),
    }


def _unit(file: Path, unit: pd.DataFrame) -> float:
    """Million USD in a unit of the release."""
    names = sorted({str(name).strip() for name in unit.iloc[:, 0]})
    known = [UNITS[name.lower()] for name in names if name.lower() in UNITS]
    if len(known) != len(names) or len(set(known)) != 1:
        raise ImportDataError(f"{file}: its unit is {listing(names)}; eacu reads {', '.join(UNITS)}")
    return known[0]


def _inputs(file: Path, tables: Any, mapping: AccountMap) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Value added and taxes: rows of primary inputs by their target, summed; over industries and final users."""
    extension = getattr(tables, "factor_inputs", None) or getattr(tables, "VA", None)
    if extension is None:
        raise ImportDataError(f"{file}: pymrio found no primary inputs (extension factor_inputs) in it")
    names = [name if isinstance(name, str) else " ".join(map(str, name)) for name in extension.F.index]
    targets = [_input_target(mapping, name) for name in names]
    strangers = [name for name, target in zip(names, targets, strict=True) if target is None]
    if strangers:
        raise ImportDataError(
            f"{file}: {len(strangers)} row(s) of primary inputs are not mapped: {listing(strangers)}. Add rows "
            "input,<name>,value_added (or taxes, or drop) to the mapping."
        )
    if "value_added" not in targets:
        raise ImportDataError(
            f"{file}: no row of primary inputs is mapped to value_added; rows: {listing(names)}"
        )
    on_final = getattr(extension, "F_Y", None)
    parts = {}
    for kind in ("value_added", "taxes"):
        mine = [target == kind for target in targets]
        none = pd.Series(0.0, index=tables.Y.columns)  # a release without this row taxes no final user
        parts[kind] = (
            extension.F[mine].sum(),
            none if on_final is None else on_final[mine].sum().reindex(tables.Y.columns),
        )
    return parts


def _input_target(mapping: AccountMap, name: str) -> str | None:
    """Target of a row of inputs; ICIO's older releases have a row of taxes for each country, ``AUS_TAXSUB``."""
    if name.endswith("_TAXSUB"):
        return "taxes"
    target = mapping.one("input", name)
    if target not in (None, "value_added", "taxes", DROP):
        raise ImportDataError(
            f"{mapping.file}: input {name!r} goes to {target!r}; it can be value_added, taxes or drop"
        )
    return target


def icio_file(path: Path, year: int) -> Path:
    """The ICIO file of a year: the path itself, or the one file of a folder whose name ends in the year."""
    if path.is_file():
        return path
    found = [file for file in sorted(path.glob("*")) if file.suffix.lower() in (".csv", ".zip")]
    chosen = [file for file in found if file.stem.endswith(str(year))]
    if len({file.stem for file in chosen}) != 1:
        names = listing(file.name for file in chosen or found)
        raise ImportDataError(
            f"{path}: expected one file such as ICIO2023_{year}.csv for the year {year}; found {names or 'none'}"
        )
    return chosen[0]


def check_icio(file: Path, year: int) -> None:
    """Refuse an ICIO file with empty cells, or whose rows are not the industries of its columns.

    Raises :class:`.cells.ImportDataError` naming row and column; also if the file's name ends in another year.
    """
    other = file.stem[-4:]
    if other.isdigit() and int(other) != year and not file.stem.endswith(f"ICIO{other}"):
        raise ImportDataError(f"{file}: the name says {other}, but the table of {year} is wanted")
    with _text_of(file) as stream:
        lines = csv.reader(stream)
        header = next(lines, [])
        rows = []
        for number, line in enumerate(lines, 2):
            if len(line) != len(header):
                raise ImportDataError(
                    f"{file}, line {number}: {len(line)} cells, but the header has {len(header)}"
                )
            rows.append(line[0])
            empty = [header[n] for n, cell in enumerate(line) if n and cell == ""]
            if line[0] in (*ICIO_TOTALS, *ICIO_VALUE_ADDED):  # these have no figure for final users
                empty = [name for name in empty if name in rows]
            if empty:
                column = empty[0]
                raise ImportDataError(
                    f"{file}, line {number}, row {line[0]!r}, column {column!r}: the cell is empty. A missing figure "
                    "is not a zero: write 0 if there is none."
                )
    industries = [name for name in rows if name not in (*ICIO_TOTALS, *ICIO_INPUTS) and "TAXSUB" not in name]
    missing = [name for name in industries if name not in header]
    if missing or not industries:
        raise ImportDataError(
            f"{file}: not an ICIO table: {len(missing)} of its {len(industries)} rows have no column of the same name: "
            f"{listing(missing)}"
        )


@contextmanager
def _text_of(file: Path) -> Iterator[TextIO]:
    if file.suffix.lower() != ".zip":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
        return
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if len(names) != 1:
            raise ImportDataError(
                f"{file}: expected one .csv in the archive; it holds {listing(names) or 'none'}"
            )
        with archive.open(names[0]) as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
