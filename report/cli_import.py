"""``eacu import``: a table of one's own, in its own format, becomes a base year that the model runs on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .console import print_json, print_tables, progress
from .options import examples

if TYPE_CHECKING:
    import pandas as pd

    from ..calibration.imports.base_year import ImportedBaseYear
    from ..calibration.imports.sources import Source

EXAMPLES = examples(
    "eacu import my-sam.xlsx --sheet SAM --range B3:ZZ600 --map my-map.csv --as mine --out base-years",
    "eacu import gtap.har --table ASAM --map gtap-map.csv --as gtap --unit million",
    "eacu import ICIO2023_2007.csv --as icio",
    "eacu run --base-year base-years/mine",
)


def import_(
    file: Annotated[
        Path,
        typer.Argument(help="A SAM (.csv, .xlsx, .har, .gdx) or an input-output release (file or folder)."),
    ],
    name: Annotated[str, typer.Option("--as", help="Name of the base year: a folder below --out.")],
    mapping: Annotated[
        Path | None,
        typer.Option("--map", help="Mapping of accounts, regions and sectors, .csv (see docs/own_data.md)."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of base years.")] = Path("base-years"),
    form: Annotated[
        Literal["csv", "excel", "har", "gdx", "icio", "eora", "wiod", "pymrio"] | None,
        typer.Option("--format", help="What the file is, if its name does not tell."),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of the workbook.")] = None,
    area: Annotated[str | None, typer.Option("--range", help="Cells of the sheet, such as B3:K12.")] = None,
    table: Annotated[
        str | None, typer.Option("--table", help="Header of the HAR file or parameter of the GDX file.")
    ] = None,
    unit: Annotated[
        Literal["usd", "thousand", "million", "billion"], typer.Option(help="Unit of a SAM, in US dollars.")
    ] = "million",
    force_unit: Annotated[
        bool, typer.Option("--force-unit", help="Accept a GDP more than ten times off the national accounts.")
    ] = False,
    year: Annotated[int, typer.Option(help="Year of the table. eacu's other tables are of 2007.")] = 2007,
    blanks_are_zero: Annotated[
        bool, typer.Option("--blanks-are-zero", help="An empty cell is a payment that does not exist.")
    ] = False,
    balance: Annotated[
        bool, typer.Option("--balance", help="Close gaps of rounding in a SAM by cross-entropy.")
    ] = False,
    controls: Annotated[
        bool,
        typer.Option(
            "--controls/--as-published",
            help="Hold an input-output release to eacu's national accounts and trade, or leave it as it is.",
        ),
    ] = True,
    largest_gap: Annotated[
        float,
        typer.Option(
            "--largest-gap",
            min=0.0,
            help="Largest difference between an industry's sales and costs in a release, in per cent of the larger.",
        ),
    ] = 3.0,
    base_year: Annotated[
        str | None,
        typer.Option(help="Regions, sectors and other tables of this base year: ukraine, or a folder."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the tables of a base year of that name.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Turn a SAM or an input-output release of your own into a base year for ``eacu run --base-year``.

    Reads CSV, Excel, HAR and GDX tables, and the releases OECD ICIO, EORA and WIOD. Accounts are renamed and summed by
    a mapping file; what is not mapped, mapped twice, empty or no number is refused with its cell. Prints how the result
    compares with the national accounts, trade and tariffs that eacu knows.
    """
    from ..calibration.imports.base_year import free_folder, import_base_year
    from ..calibration.imports.sources import Source

    folder = free_folder(out, name, overwrite)
    source = Source(
        file=file,
        form=form,
        sheet=sheet,
        area=area,
        table=table,
        unit=unit,
        year=year,
        blanks_are_zero=blanks_are_zero,
        balance=balance,
        controls=controls,
        largest_gap=largest_gap / 100,
        force_unit=force_unit,
    )
    result = import_base_year(source, mapping, base_year, progress)
    for written in result.write(folder):
        progress(f"wrote {written}")
    if as_json:
        print_json(_document(result, source, folder))
        return
    _print(result, folder)


def _document(result: ImportedBaseYear, source: Source, folder: Path) -> dict[str, Any]:
    return {
        "file": str(source.file),
        "format": source.format,
        "base_year": str(folder),
        "regions": list(result.sam.regions),
        "sectors": list(result.sam.sectors),
        "notes": list(result.notes),
        "controls": result.controls.to_dict(orient="records"),
    }


def _print(result: ImportedBaseYear, folder: Path) -> None:
    from .sam_page import controls_table

    print_tables([controls_table(result.controls, False)])
    for note in result.notes:
        typer.echo(note)
    missed: pd.DataFrame = result.controls[~result.controls["held"].astype(bool)]
    if len(missed):
        typer.echo(
            f"{len(missed)} of {len(result.controls)} figures differ from eacu's sources by more than eacu itself "
            "admits; another source may well differ. All of them: sam/controls.csv"
        )
    typer.echo(f"Run it with: eacu run --base-year {folder}")
