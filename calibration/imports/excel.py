"""A SAM in a sheet of an Excel workbook, or in a part of a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .cells import ImportDataError, Payments, listing, square
from .libraries import library


def read_excel(
    file: Path, sheet: str | None = None, area: str | None = None, blanks_are_zero: bool = False
) -> Payments:
    """Read a square SAM: the first column of the area names the rows, the first row the columns.

    ``sheet`` may be left out if the workbook has one; ``area`` is a range such as ``B3:K12``, by default the used part
    of the sheet. Formulas count as the values last computed. Raises :class:`ImportDataError` naming sheet and cell.
    """
    openpyxl = library("openpyxl", "Excel workbooks")
    try:
        book = openpyxl.load_workbook(file, data_only=True, read_only=False)
    except Exception as error:  # whatever a damaged or protected workbook raises in the library
        raise ImportDataError(f"{file}: cannot be read as an Excel workbook (.xlsx): {error}") from error
    chosen = _sheet(file, book.sheetnames, sheet)
    page = book[chosen]
    try:
        cells = [list(line) for line in (page[area] if area else page.iter_rows())]
    except (ValueError, TypeError) as error:
        raise ImportDataError(f"{file}: {area!r} is no range of cells; expected one like B3:K12") from error
    cells = [line for line in cells if any(cell.value is not None for cell in line)]
    if len(cells) < 2:
        raise ImportDataError(f"{file}, sheet {chosen!r}{f', {area}' if area else ''}: there is no table")
    texts = [[_text(cell.value) for cell in line] for line in cells]
    names, _ = blocks_of(file, texts[0], texts[1:], f"{chosen}!{cells[0][0].coordinate}")
    body = [[cell.value for cell in line[1:]] for line in cells[1:]]
    address = [[f"{chosen}!{cell.coordinate}" for cell in line[1:]] for line in cells[1:]]
    return Payments.of(file, square(names, texts[0][1:], body, address), blanks_are_zero)


def _sheet(file: Path, names: Sequence[str], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    said = "say which with --sheet" if wanted is None else f"there is no sheet {wanted!r}"
    raise ImportDataError(f"{file}: {said}; the workbook has {listing(names)}")


def _text(content: object) -> str:
    return "" if content is None else str(content).strip()


def blocks_of(
    file: Path, header: list[str], lines: list[list[str]], corner: str = "line 1, column 1"
) -> tuple[list[str], list[list[str]]]:
    """Names of the rows and contents of a square matrix.

    Raises :class:`ImportDataError` unless rows and columns name the same accounts, each once.
    """
    names, columns = [line[0] for line in lines], header[1:]
    problems = [
        f"{what}: {listing(repr(name) for name in found)}"
        for what, found in (
            ("only in the first column", [name for name in names if name not in columns]),
            ("only in the first row", [name for name in columns if name not in names]),
            ("twice in the first column", sorted({name for name in names if names.count(name) > 1})),
            ("twice in the first row", sorted({name for name in columns if columns.count(name) > 1})),
        )
        if found
    ]
    if problems:
        raise ImportDataError(
            f"{file}, table at {corner}: rows and columns do not name the same accounts ({len(names)} rows, "
            f"{len(columns)} columns).\n  "
            + "\n  ".join(problems)
            + "\nA SAM is square: the first column and "
            "the first row hold the same names. A table with one row a payment has the columns row, column, value."
        )
    return names, [line[1:] for line in lines]
