"""A run as an Excel workbook: a sheet that says what it is, then one sheet for each table."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xlsxwriter

from .export_tables import SMALL, ExportTable, tables_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from .saved import SavedRun

HEADER_ROW = 3
"""Row of a sheet's column heads (counted from 0); above it title, note and the way back."""
_WIDEST, _NARROWEST, _SAMPLE = 60, 8, 500
_ABOUT = "about"
_BAD = ("not solved", "status: see checks")


def write_workbook(run: SavedRun, file: Path) -> Path:
    """Write the workbook; an existing file of that name is replaced when the new one is complete.

    Numbers are stored in full and shown with the decimals of their unit. An empty cell is a figure that is not
    defined. Raises ValueError when the name does not end in ``.xlsx``, OSError when it cannot be written (on Windows
    while Excel has it open).
    """
    if file.suffix.lower() != ".xlsx":
        raise ValueError(f"{file}: the name of an Excel workbook must end in .xlsx")
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.stem}-{uuid.uuid4().hex[:8]}.xlsx")
    try:
        with xlsxwriter.Workbook(temporary, {"default_date_format": "yyyy-mm-dd"}) as book:
            book.set_properties({"title": f"eacu run {run.name}", "comments": "Written by eacu"})
            tables = tables_of(run)
            formats = _Formats(book)
            _write_about(book.add_worksheet(_ABOUT), run, tables, formats)
            for table in tables:
                _write_table(book.add_worksheet(table.name), table, formats)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return file


class _Formats:
    """The formats of the workbook, made once each."""

    def __init__(self, book: Workbook):
        self._book = book
        self._numbers: dict[int | None, Format] = {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.note = book.add_format({"italic": True, "font_color": "#555555"})
        self.head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF5", "text_wrap": True})
        self.bold = book.add_format({"bold": True, "valign": "top"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.bad = book.add_format({"bold": True, "font_color": "#C00000", "text_wrap": True})

    def number(self, decimals: int | None) -> Format:
        """The format of a number with so many decimals; None: a whole number as it is."""
        if decimals not in self._numbers:
            zeros = f".{'0' * decimals}" if decimals and decimals > 0 else ""
            code = "0" if decimals is None else "0.0E+00" if decimals == SMALL else f"#,##0{zeros}"
            self._numbers[decimals] = self._book.add_format({"num_format": code})
        return self._numbers[decimals]


def _write_about(sheet: Worksheet, run: SavedRun, tables: list[ExportTable], formats: _Formats) -> None:
    """What the run is, how it ended, and where its tables are."""
    facts = run.facts
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 110, formats.wrapped)
    sheet.hide_gridlines(2)
    sheet.write(
        0, 0, "eacu: effects of trade policy in a computable general equilibrium model", formats.title
    )
    row = 2
    for label, text in _about(facts, run):
        sheet.write(row, 0, label, formats.bold)
        sheet.write_string(
            row, 1, text, formats.bad if label in ("not solved", "status: see checks") else formats.wrapped
        )
        row += 1
    row += 1
    sheet.write(row, 0, "Tables", formats.title)
    for table in tables:
        row += 1
        sheet.write_url(row, 0, f"internal:'{table.name}'!A1", string=table.name)
        sheet.write_string(row, 1, f"{table.title}. {table.note}".strip(), formats.wrapped)


def _about(facts: Mapping[str, Any], run: SavedRun) -> list[tuple[str, str]]:
    code = facts["code"]
    lines = [
        ("run", run.name),
        ("made", facts["created"]),
        ("status" if facts["status"] == "ok" else "status: see checks", facts["status"]),
        ("base year", f"{facts['base_year']}: changes are against it; money is million USD of that year"),
        ("market structure", facts["market_structure"]),
        ("members", ", ".join(f"{run.regions[code]} ({code})" for code in run.members)),
    ]
    for name in facts["regimes"]:
        lines.append(("regime", f"{name}: {facts['titles'][name]}\n{facts['questions'][name]}"))
    lines += [("not solved", f"{name}: {reason}") for name, reason in facts["errors"].items()]
    lines += [("closure", f"{name}: {text}") for name, text in facts["closures"].items()]
    return [
        *lines,
        ("data", f"SHA-256 {facts['data_sha256']} over the files of the sheet sources"),
        (
            "code",
            f"eacu {facts['versions']['eacu']}, SHA-256 {code['sha256']}, commit {code['commit'] or 'unknown'}",
        ),
        ("empty cells", "a figure that is not defined, never a zero"),
    ]


def _write_table(sheet: Worksheet, table: ExportTable, formats: _Formats) -> None:
    frame = table.frame
    sheet.write(0, 0, table.title, formats.title)
    sheet.write(1, 0, table.note, formats.note)
    sheet.write_url(2, 0, f"internal:'{_ABOUT}'!A1", string="about this workbook")
    for column, name in enumerate(frame.columns):
        sheet.write(HEADER_ROW, column, str(name), formats.head)
        decimals = table.decimals.get(name)
        sheet.set_column(column, column, _width(frame[name], str(name)))
        for row, value in enumerate(frame[name].tolist()):
            own = table.row_decimals[row] if table.row_decimals and decimals is not None else decimals
            _write_cell(sheet, HEADER_ROW + 1 + row, column, value, formats, own)
    texts = sum(1 for name in frame.columns if name not in table.decimals)
    sheet.freeze_panes(HEADER_ROW + 1, min(texts, 3) if table.decimals else 1)
    if len(frame):
        sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + len(frame), len(frame.columns) - 1)


def _write_cell(
    sheet: Worksheet, row: int, column: int, value: object, formats: _Formats, decimals: int | None
) -> None:
    """A number in its format, a text as a text (never as a formula), nothing for what is not defined."""
    if isinstance(value, str):
        sheet.write_string(row, column, value)
    elif not pd.isna(value):  # type: ignore[call-overload]
        sheet.write_number(row, column, float(value), formats.number(decimals))  # type: ignore[arg-type]


def _width(values: pd.Series, name: str) -> float:
    """A width that shows texts and formatted numbers, within bounds."""
    if pd.api.types.is_numeric_dtype(values):
        return max(12, min(len(name) + 2, 20))
    longest = int(values.dropna().astype(str).head(_SAMPLE).str.len().max() or 0) if len(values) else 0
    return max(_NARROWEST, min(max(longest, len(name)) + 2, _WIDEST))
