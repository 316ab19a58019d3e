"""The command ``eacu report``: one regime as a self-contained web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import CHECK_FAILED, errors_in_words, progress


def report(
    regime: Annotated[
        str | None,
        typer.Argument(help="Name of a regime (see: eacu regimes) or a .toml file.", show_default=False),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Compare with this regime instead of the base year.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The file to write. Default: REGIME.html.", show_default=False),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a saved run to take the regime from; its figures are solved again and compared."
        ),
    ] = None,
    closure: Annotated[
        str | None, typer.Option(help="Solve under this closure instead of the regime's own.")
    ] = None,
    band: Annotated[
        bool, typer.Option("--band/--no-band", help="Solve other elasticities and closures for the band.")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Write what a regime does to each member as one web page: who gains, why, how sure, on which data.

    The page needs no network. Exit code 1 if a check failed; the page is written and says so.

    Example: eacu report union-2010-07 --out union.html
    """
    with errors_in_words(debug):
        from ..experiments.readings import READINGS
        from .html.evidence import passed
        from .html.page import write
        from .html.saved import study_of_run
        from .html.study import make_study

        readings = READINGS if band else ()
        tell = (lambda line: None) if quiet else progress
        if run is not None:
            study = study_of_run(run, regime, against, readings, closure, tell)
        elif regime is None:
            raise ValueError("no regime is named; eacu regimes lists them, e.g. eacu report union-2010-07")
        else:
            study = make_study(regime, against, closure, readings=readings, tell=tell)
        file = write(study, out or Path(f"{study.solved.name}.html"))
        tell(f"written to {file}")
        sound = passed(study)
        if not sound:
            typer.echo("eacu: error: a check failed; the page names it", err=True)
    if not sound:
        raise typer.Exit(CHECK_FAILED)
