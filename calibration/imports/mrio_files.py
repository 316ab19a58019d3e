"""The files of input-output releases, looked at cell by cell before ``pymrio`` reads them.

``pymrio`` reads an empty cell as zero, takes the columns of an ICIO table for its rows in the same order, and answers
a text with the message of another library. So the files are scanned first: every cell is a number, every industry has
its row and its column, no row stands twice. A fault is named with file, line and labels.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from .cells import ImportDataError, listing
from .libraries import library

ICIO_TOTALS = ("OUT", "OUTPUT", "TOTAL")
ICIO_VALUE_ADDED = ("VA", "VALU")
ICIO_INPUTS = ("TLS", *ICIO_VALUE_ADDED)
EORA_PARTS = {"T": ("T", "T"), "FD": ("T", "FD"), "VA": ("VA", "T")}
"""Files of an EORA release that a SAM is made of, with the lists that name their rows and columns."""
WIOD_HEADER, WIOD_FIRST = (2, 6), 4
"""Rows of the sheet (from 0) that name its columns, and the first column with a number."""
WIOD_TOTALS = ("r60", "r69")


def check_files(path: Path, form: str, year: int) -> None:
    """Scan a release of the format ``icio``, ``eora`` or ``wiod``; what ``pymrio`` saved itself is checked when read.

    Raises :class:`.cells.ImportDataError` naming file, line, row and column.
    """
    checks: dict[str, Callable[[], None]] = {
        "icio": lambda: check_icio(icio_file(path, year), year),
        "eora": lambda: check_eora(path, year),
        "wiod": lambda: check_wiod(path, year),
    }
    if form in checks:
        checks[form]()


def require_number(cell: object, place: str) -> None:
    """Raise :class:`.cells.ImportDataError` unless a cell holds a finite number."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        raise ImportDataError(
            f"{place}: the cell is empty. A missing figure is not a zero: write 0 if there is none."
        )
    try:
        number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ImportDataError(
            f"{place}: the cell holds {cell!r}, which is no number. Numbers are written with a decimal point and "
            "without thousands separators."
        )


def _all_numbers(cells: Iterable[str]) -> bool:
    """Whether every text is a finite number; quick, because a release has millions of cells."""
    try:
        return all(map(math.isfinite, map(float, cells)))
    except ValueError:
        return False


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
    """Refuse an ICIO file with a cell that is no number, or whose rows are not the industries of its columns.

    Raises :class:`.cells.ImportDataError` naming line, row and column; also if the file's name ends in another year.
    """
    other = file.stem[-4:]
    if other.isdigit() and int(other) != year and not file.stem.endswith(f"ICIO{other}"):
        raise ImportDataError(f"{file}: the name says {other}, but the table of {year} is wanted")
    lines_of: dict[str, int] = {}
    with _text_of(file) as stream:
        lines = csv.reader(stream)
        header = next(lines, [])
        for number, line in enumerate(lines, 2):
            if len(line) != len(header):
                raise ImportDataError(
                    f"{file}, line {number}: {len(line)} cells, but the header has {len(header)}"
                )
            if line[0] in lines_of:
                raise ImportDataError(
                    f"{file}, line {number}: row {line[0]!r} stands in line {lines_of[line[0]]} already"
                )
            lines_of[line[0]] = number
            if _all_numbers(line[1:]):
                continue
            for name, cell in zip(header[1:], line[1:], strict=True):
                # totals and value added have no figure for final users
                spare = line[0] in (*ICIO_TOTALS, *ICIO_VALUE_ADDED) and name not in lines_of
                if not (spare and cell == ""):
                    require_number(cell, f"{file}, line {number}, row {line[0]!r}, column {name!r}")
    _same_industries(file, header[1:], list(lines_of))


def _same_industries(file: Path, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Refuse an ICIO table in which an industry lacks its row or its column, or a column stands twice."""
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise ImportDataError(f"{file}, line 1: columns that stand twice: {listing(twice)}")
    industries = [name for name in rows if name not in (*ICIO_TOTALS, *ICIO_INPUTS) and "TAXSUB" not in name]
    known = set(columns)
    missing = [name for name in industries if name not in known]
    if missing or not industries:
        raise ImportDataError(
            f"{file}: not an ICIO table: {len(missing)} of its {len(industries)} rows have no column of the same name: "
            f"{listing(missing)}"
        )
    # What other countries have as a row is an industry, and not a category of final demand.
    kinds, there = {name.partition("_")[2] for name in industries}, set(industries)
    rowless = [name for name in columns if name.partition("_")[2] in kinds and name not in there]
    if rowless:
        raise ImportDataError(
            f"{file}: {len(rowless)} industries have a column and no row: {listing(rowless)}. The file is not whole."
        )
    if not set(rows) & set(ICIO_VALUE_ADDED):
        raise ImportDataError(f"{file}: there is no row of value added ({' or '.join(ICIO_VALUE_ADDED)})")


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


def check_eora(path: Path, year: int) -> None:
    """Refuse EORA tables with a cell that is no number, or with fewer or more rows or columns than their labels.

    ``path`` is the zip file, or a folder with the files, with the zip, or with a folder of the year. Raises
    :class:`.cells.ImportDataError` naming file, line and labels.
    """
    where = _eora_place(path, year)
    labels = {name: _eora_labels(where, f"labels_{name}.txt") for name in ("T", "FD", "VA")}
    for part, (rows, columns) in EORA_PARTS.items():
        _check_plain(where, f"Eora26_{_year_of(where, year)}_bp_{part}.txt", labels[rows], labels[columns])


def _check_plain(where: Path, name: str, rows: Sequence[str], columns: Sequence[str]) -> None:
    """A tab-separated table of numbers without labels of its own."""
    number = 0
    with _member(where, name) as stream:
        for number, line in enumerate(stream, 1):
            cells = line.rstrip("\r\n").split("\t")
            row = rows[number - 1] if number <= len(rows) else "beyond the last label"
            if len(cells) != len(columns):
                raise ImportDataError(
                    f"{where}, {name}, line {number} ({row}): {len(cells)} cells, but there are {len(columns)} labels"
                )
            if not _all_numbers(cells):
                for label, cell in zip(columns, cells, strict=True):
                    require_number(cell, f"{where}, {name}, line {number}, row {row!r}, column {label!r}")
    if number != len(rows):
        raise ImportDataError(
            f"{where}, {name}: {number} lines, but there are {len(rows)} labels of rows. The file is not whole"
            + (f": the first without a line is {rows[number]!r}." if number < len(rows) else ".")
        )


def _eora_labels(where: Path, name: str) -> list[str]:
    """Labels of rows or columns: the country's code and what follows its long name and the kind of entity."""
    with _member(where, name) as stream:
        parts = [line.rstrip("\r\n").split("\t") for line in stream if line.strip()]
    return [" ".join(part for n, part in enumerate(one) if part and n not in (0, 2)) for one in parts]


def _eora_place(path: Path, year: int) -> Path:
    """The folder or zip file that ``pymrio`` would read."""
    if path.is_file():
        return path
    folder = path / str(year) if (path / str(year)).is_dir() else path
    archives = [f for f in sorted(folder.glob("*.zip")) if str(year) in f.name and "bp" in f.name]
    return archives[0] if archives else folder


def _year_of(where: Path, year: int) -> int:
    """The year of the files: that in the name of a zip file, as ``pymrio`` takes it."""
    digits = [part for part in where.stem.replace("-", "_").split("_") if part.isdigit() and len(part) == 4]
    return int(digits[0]) if where.is_file() and digits else year


@contextmanager
def _member(where: Path, name: str) -> Iterator[TextIO]:
    """A file of a folder or of a zip; EORA keeps its labels in ``indices.zip`` beside the tables."""
    if where.is_dir():
        if not (where / name).is_file():
            raise ImportDataError(f"{where}: there is no file {name}")
        with (where / name).open(encoding="utf-8-sig", newline="") as stream:
            yield stream
        return
    for archive in (where, where.with_name("indices.zip")):
        if archive.is_file():
            with zipfile.ZipFile(archive) as content:
                if name in content.namelist():
                    with content.open(name) as raw:
                        yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
                    return
    raise ImportDataError(f"{where}: there is no file {name} in it or in indices.zip beside it")


def check_wiod(path: Path, year: int) -> None:
    """Refuse a WIOD workbook with a cell that is no number, or an industry without its row or its column.

    Raises :class:`.cells.ImportDataError` naming the cell and its labels.
    """
    openpyxl = library("openpyxl", "Excel workbooks")
    file = _wiod_file(path, year)
    try:
        book = openpyxl.load_workbook(file, data_only=True, read_only=True)
    except Exception as error:  # whatever a damaged workbook raises in the library
        raise ImportDataError(f"{file}: cannot be read as an Excel workbook (.xlsx): {error}") from error
    try:
        sheet = book.worksheets[0]
        lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    finally:
        book.close()
    head = [[_text(cell) for cell in line] for line in lines[WIOD_HEADER[0] : WIOD_HEADER[1]]]
    columns = list(zip(*head, strict=False))[WIOD_FIRST:-1]  # the last is the total
    body = [
        (n, tuple(_text(cell) for cell in line[:WIOD_FIRST]), line)
        for n, line in enumerate(lines[WIOD_HEADER[1] :], WIOD_HEADER[1] + 1)
        if _text(line[WIOD_FIRST - 1])
    ]
    rows = [(label[2], label[3]) for _, label, _ in body if label[3].startswith("c")]
    industries = set(rows)
    _wiod_industries(file, columns, rows)
    letter = openpyxl.utils.get_column_letter
    for n, label, line in body:
        if label[3] in WIOD_TOTALS:
            continue
        for k, column in enumerate(columns, WIOD_FIRST):
            cell = line[k]
            spare = not label[3].startswith("c") and (column[2], column[3]) not in industries
            if cell is None and spare:  # primary inputs have no figure for final users
                continue
            names = f"row {' '.join(label[1:3])!r}, column {' '.join(column[1:3])!r}"
            require_number(cell, f"{file}, {sheet.title}!{letter(k + 1)}{n}, {names}")


def _wiod_industries(file: Path, columns: Sequence[tuple[str, ...]], rows: Sequence[tuple[str, str]]) -> None:
    """Refuse a table in which an industry lacks its row or its column."""
    codes, there = {code for _, code in rows}, set(rows)
    named = [(one[2], one[3]) for one in columns]
    columned = set(named)
    for kind, lacking in (
        ("a column and no row", [one for one in named if one[1] in codes and one not in there]),
        ("a row and no column", [one for one in rows if one not in columned]),
    ):
        if lacking:
            raise ImportDataError(
                f"{file}: {len(lacking)} industries have {kind}: {listing(' '.join(one) for one in lacking)}. "
                "The file is not whole."
            )


def _wiod_file(path: Path, year: int) -> Path:
    if path.is_file():
        return path
    found = [file for file in sorted(path.glob("wiot*.xlsx")) if file.name[4:6] == f"{year % 100:02d}"]
    if len(found) != 1:
        raise ImportDataError(
            f"{path}: expected one file such as wiot{year % 100:02d}_row_apr12.xlsx; found "
            f"{listing(file.name for file in found) or 'none'}"
        )
    return found[0]


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()
