"""Write the tables of a run: an Excel workbook, a folder of CSV or Parquet files, LaTeX tables, plots.

All from `eacu.report.export_tables`, so no format can say something else than another. Every file and folder is
written under a temporary name and renamed when it is complete.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from .export_tables import ExportTable, tables_of

if TYPE_CHECKING:
    from .saved import SavedRun

INDEX = "tables.csv"
PLOTS = ("svg", "png", "pdf")


class ExportError(ValueError):
    """The export cannot be written; the message says why and what to do."""


def export(run: SavedRun, kind: str, target: Path | None = None) -> Path:
    """Write a run as ``kind`` (one of :data:`KINDS`) and return the file or folder.

    ``target`` is a file for xlsx and a folder for the others; by default ``<run>.xlsx`` or ``<run>-<kind>`` in the
    present folder. A folder is replaced only if it is an earlier export. Raises ExportError.
    """
    if kind not in KINDS:
        raise ExportError(f"unknown kind {kind!r}; choose one of {', '.join(KINDS)}")
    if kind == "xlsx":
        from .workbook import write_workbook

        return write_workbook(run, target or Path(f"{run.name}.xlsx"))
    folder = target or Path(f"{run.name}-{kind}")
    with _new_folder(folder) as temporary:
        tables = _WRITERS[kind](run, temporary)
        rows = [(table.name, table.title, table.note, len(table.frame)) for table in tables]
        index = pd.DataFrame(rows, columns=["table", "title", "note", "rows"])
        index.assign(run=run.name).to_csv(temporary / INDEX, index=False)
    return folder


def _write_csv(run: SavedRun, folder: Path) -> list[ExportTable]:
    tables = tables_of(run)
    for table in tables:
        table.frame.to_csv(folder / f"{table.name}.csv", index=False)
    return tables


def _write_parquet(run: SavedRun, folder: Path) -> list[ExportTable]:
    tables = tables_of(run)
    for table in tables:
        table.frame.to_parquet(folder / f"{table.name}.parquet", index=False)
    return tables


def _write_latex(run: SavedRun, folder: Path) -> list[ExportTable]:
    from .latex import latex_table

    tables = [table for table in tables_of(run) if table.printed]
    for table in tables:
        (folder / f"{table.name}.tex").write_text(latex_table(table, run), encoding="utf-8")
    return tables


def _draw(kind: str, run: SavedRun, folder: Path) -> list[ExportTable]:
    """Draw what can be drawn; returns the tables that the figures show."""
    from .plots import effects_figure, terms_figure

    effects_figure(run, folder / f"effects.{kind}")
    for regime in run:
        if regime.welfare is not None:
            by = regime.welfare.groupby(["region", "term"], sort=False)["value"].sum()
            table = by.unstack("term").reindex(list(run.regions)).fillna(0.0)
            terms_figure(table, regime.name, run.members, folder / f"welfare-{regime.name}.{kind}")
    return [table for table in tables_of(run) if table.name in ("effects", "welfare")]


_WRITERS: dict[str, Callable[[SavedRun, Path], list[ExportTable]]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "latex": _write_latex,
    **{kind: partial(_draw, kind) for kind in PLOTS},
}
KINDS = ("xlsx", *_WRITERS)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes its name when the block ends well; an earlier export of that name gives way."""
    if folder.exists() and not (folder / INDEX).is_file():
        raise ExportError(f"{folder} exists and is no earlier export; name another place with --file")
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:8]
    temporary, former = (folder.with_name(f".{folder.name}-{word}-{mark}") for word in ("partial", "former"))
    temporary.mkdir()
    try:
        yield temporary
        if folder.exists():
            folder.rename(former)
        temporary.rename(folder)
        shutil.rmtree(former, ignore_errors=True)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
