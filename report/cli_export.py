"""``eacu export``: a saved run as a workbook, CSV or Parquet files, LaTeX tables or plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_runs import DEFAULT_OUT, Json, Name
from .console import doing, print_json
from .options import Out, examples

if TYPE_CHECKING:
    from ..experiments.run import Run
    from ..experiments.sensitivity.sweep import Sensitivity

EXAMPLES = examples("eacu export latest", "eacu export latest --to csv --to latex")


def export(
    name: Name = "latest",
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help="xlsx (the default), csv, parquet, latex, svg, png or pdf; may be given several times.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="The file (xlsx) or folder (others) to write; default: named after the run."
        ),
    ] = None,
    out: Out = DEFAULT_OUT,
    as_json: Json = False,
) -> None:
    """Write a saved run as an Excel workbook, a folder of CSV or Parquet files, LaTeX tables, or plots.

    Prints what it wrote. Exit code 2 when the run is not there or is damaged.
    """
    from .export import KINDS, ExportError
    from .export import export as write
    from .saved import open_run

    kinds = list(dict.fromkeys(to or ["xlsx"]))
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ExportError(f"unknown --to {', '.join(unknown)}; choose from {', '.join(KINDS)}")
    if file and len(kinds) > 1:
        raise ExportError("--file names one place; with several --to leave it out")
    run = open_run(name, out)
    written = []
    for kind in kinds:
        with doing(f"writing {kind}"):
            written.append(str(write(run, kind, file)))
    if as_json:
        print_json({"run": run.name, "written": written})
    else:
        typer.echo("\n".join(written))


def write_excel(result: Run, file: Path, folder: Path | None, bands: Sensitivity | None = None) -> Path:
    """The workbook of a run that has just been solved; saved in ``folder``, or, if that is None, nowhere."""
    from tempfile import TemporaryDirectory

    from .runfolder import save_run
    from .saved import open_run
    from .workbook import write_workbook

    if folder is not None:
        return write_workbook(open_run(folder), file)
    with TemporaryDirectory(prefix="eacu-") as place:
        return write_workbook(open_run(save_run(result, Path(place), bands=bands)), file)
