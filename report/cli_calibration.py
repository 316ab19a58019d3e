"""Commands about the base year: ``eacu calibrate`` makes it, ``eacu sam`` audits it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .console import CHECK_FAILED, print_json, print_tables, progress
from .options import examples

if TYPE_CHECKING:
    import pandas as pd

Json = Annotated[bool, typer.Option("--json", help="Print the controls only, as JSON.")]
CALIBRATE_EXAMPLES = examples(
    "eacu calibrate --to base-year --belarus russia", "eacu run --base-year base-year"
)
SAM_EXAMPLES = examples("eacu sam", "eacu sam --base-year ukraine --pairs")


def calibrate(
    to: Annotated[Path, typer.Option("--to", help="Folder to write sam/ and policy/ into.")] = Path(
        "base-year"
    ),
    belarus: Annotated[
        str,
        typer.Option(
            help="Prior of the synthetic table of Belarus: neighbours, baltic, lithuania, latvia, poland, russia, "
            "or weights of the four countries, e.g. LTU=0.7,RUS=0.3."
        ),
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
    as_json: Json = False,
) -> None:
    """Estimate the SAM of 2007 and the tariff schedules from the tables of data/."""
    from ..calibration.build import build_sam
    from ..calibration.publish import publish, published_tables
    from ..calibration.regions import Regions
    from ..data import base_year_folder, reader
    from ..experiments.doing import Work

    own = base_year_folder(base_year) if base_year else None
    read = reader(own)
    priors = {"belarus": belarus} | ({"ukraine": ukraine} if ukraine else {})
    work = Work(progress, 1 + len(Regions.of(read).names))
    build = build_sam(read, priors, method, work.at)
    work.finish()
    for file in publish(build, read, to, own):
        progress(f"wrote {file}")
    tables = published_tables(build, read)
    if page is not None:
        _write_page(page, tables, base_year)
    _print_controls(tables["sam/controls"], pairs=False, as_json=as_json)


def _write_page(page: Path, tables: dict[str, pd.DataFrame], base_year: str | None) -> None:
    from .sam_page import sam_page

    temporary = page.with_suffix(page.suffix + ".tmp")
    text = sam_page(tables["sam/controls"], tables["sam/adjustments"], base_year)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(page)
    progress(f"wrote {page}")


def sam(
    pairs: Annotated[bool, typer.Option("--pairs", help="List the trade of every pair of regions.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="Audit this SAM instead of the shipped one.")
    ] = None,
    base_year: Annotated[
        str | None, typer.Option(help="Audit this base year: ukraine, or a folder of eacu calibrate.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the SAM with national accounts, trade, revenue and published tariffs."""
    from ..calibration.audit import audit
    from ..calibration.sam import Sam
    from ..data import base_year_folder, path, reader

    own = base_year_folder(base_year) if base_year else None
    controls = audit(Sam.read(file or path("sam/sam_2007", own)), reader(own))
    _print_controls(controls, pairs, as_json)


def _print_controls(controls: pd.DataFrame, pairs: bool, as_json: bool) -> None:
    """Print the controls; exit code 1 unless all of them are held."""
    from .sam_page import controls_table

    if as_json:
        print_json(controls.to_dict(orient="records"))
    else:
        print_tables([controls_table(controls, pairs)])
    if not controls["held"].all():
        raise typer.Exit(CHECK_FAILED)
