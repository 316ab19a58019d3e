"""A SAM in a CSV file: one row a payment, or a square matrix."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ..sam import COLUMNS
from .cells import ImportDataError, Payments, square
from .excel import blocks_of

LONG = ("row", "column", "value")
"""Columns of a long table whose labels stand in one column each."""


def read_csv(file: Path, blanks_are_zero: bool = False) -> Payments:
    """Read a SAM from CSV in one of three layouts.

    Long with the columns ``row, column, value``; long with those of eacu's own SAM
    (:data:`eacu.calibration.sam.COLUMNS`; the labels become ``REGION account``); or a square matrix with the accounts
    in the first column and the first row.
    Raises :class:`ImportDataError` naming the cell.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = [[cell.strip() for cell in line] for line in csv.reader(stream, strict=True)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ImportDataError(
            f"{file}: cannot be read as comma-separated values in UTF-8: {error}"
        ) from error
    numbered = {n: line for n, line in enumerate(lines, 1) if any(line)}
    if len(numbered) < 2:
        raise ImportDataError(f"{file}: the file holds {len(numbered)} line(s); a SAM has a header and cells")
    header = numbered.pop(min(numbered))
    for n, line in numbered.items():
        if len(line) != len(header):
            raise ImportDataError(
                f"{file}, line {n}: {len(line)} cells, but the header has {len(header)}. Likely reason: a decimal or "
                "thousands comma inside a number; a label with a comma needs quotes."
            )
    for columns in (COLUMNS, LONG):
        if set(columns) <= set(header):
            return Payments.of(file, _long(header, numbered, columns), blanks_are_zero)
    names, body = blocks_of(file, header, list(numbered.values()))
    address = [[f"line {n}, column {j}" for j in range(2, len(header) + 1)] for n in numbered]
    return Payments.of(file, square(names, header[1:], body, address), blanks_are_zero)


def _long(
    header: list[str], lines: dict[int, list[str]], columns: tuple[str, ...]
) -> Iterator[tuple[str, str, object, str]]:
    place = [header.index(column) for column in columns]
    for n, line in lines.items():
        *labels, value = (line[i] for i in place)
        half = len(labels) // 2
        yield " ".join(labels[:half]), " ".join(labels[half:]), value, f"line {n}"
