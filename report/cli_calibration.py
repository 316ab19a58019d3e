"""Commands about the base year: ``eacu calibrate`` makes it, ``eacu sam`` audits it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .console import CHECK_FAILED, errors_in_words, print_tables

if TYPE_CHECKING:
    import pandas as pd


def calibrate(
    to: Annotated[Path, typer.Option("--to", help="Folder to write sam/ and policy/ into.")] = Path(
        "base-year"
    ),
    belarus: Annotated[
        str, typer.Option(help="Prior of the synthetic table of Belarus: neighbours, baltic, poland, russia.")
    ] = "neighbours",
    ukraine: Annotated[
        str | None,
        typer.Option(
            help="Prior of the synthetic table of Ukraine (--base-year ukraine): neighbours, russia, west."
        ),
    ] = None,
    base_year: Annotated[
        str | None,
        typer.Option(help="Regions and tables of this base year: ukraine, or a folder like data/."),
    ] = None,
    method: Annotated[
        Literal["cross_entropy", "least_squares", "least_absolute"],
        typer.Option(help="Balancing of the national tables."),
    ] = "cross_entropy",
    page: Annotated[
        Path | None, typer.Option("--page", help="Also write the page of controls, Markdown.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Estimate the SAM of 2007 and the tariff schedules from the tables of data/."""
    with errors_in_words(debug):
        from ..calibration.build import build_sam
        from ..calibration.publish import publish, published_tables
        from ..data import base_year_folder, reader

        own = base_year_folder(base_year) if base_year else None
        read = reader(own)
        priors = {"belarus": belarus} | ({"ukraine": ukraine} if ukraine else {})
        build = build_sam(read, priors, method)
        for file in publish(build, read, to, own):
            typer.echo(f"wrote {file}", err=True)
        tables = published_tables(build, read)
        if page is not None:
            from .sam_page import sam_page

            temporary = page.with_suffix(page.suffix + ".tmp")
            text = sam_page(tables["sam/controls"], tables["sam/adjustments"], base_year)
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(page)
            typer.echo(f"wrote {page}", err=True)
        held = _print_controls(tables["sam/controls"], pairs=False)
    if not held:
        raise typer.Exit(CHECK_FAILED)


def sam(
    pairs: Annotated[bool, typer.Option("--pairs", help="List the trade of every pair of regions.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="Audit this SAM instead of the shipped one.")
    ] = None,
    base_year: Annotated[
        str | None, typer.Option(help="Audit this base year: ukraine, or a folder of eacu calibrate.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Compare the SAM with national accounts, trade, revenue and published tariffs."""
    with errors_in_words(debug):
        from ..calibration.audit import audit
        from ..calibration.sam import Sam
        from ..data import base_year_folder, path, reader

        own = base_year_folder(base_year) if base_year else None
        held = _print_controls(audit(Sam.read(file or path("sam/sam_2007", own)), reader(own)), pairs)
    if not held:
        raise typer.Exit(CHECK_FAILED)


def _print_controls(controls: pd.DataFrame, pairs: bool) -> bool:
    from .sam_page import controls_table

    print_tables([controls_table(controls, pairs)])
    return bool(controls["held"].all())
