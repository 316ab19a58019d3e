"""The command ``eacu report``: one regime as a self-contained web page."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import completion
from .console import CHECK_FAILED, print_json, progress
from .options import BaseYear, Closure, MarketStructure, examples

if TYPE_CHECKING:
    from .html.study import Study

EXAMPLES = examples(
    "eacu report union-2010-07 --out union.html",
    "eacu report wto-joint --against union-2010-07",
    "eacu report oil-2010 --no-band",
)


def report(
    regime: Annotated[
        str | None,
        typer.Argument(
            help="Name of a regime (see: eacu regimes) or a .toml file; with --run one of its regimes.",
            show_default=False,
            autocompletion=completion.regimes,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Compare with this regime. Default: the one that the regime's own question compares with, else the "
            "base year; base-year asks for that in any case.",
            autocompletion=completion.regimes,
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write (default: REGIME.html).")] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a saved run: solve its regime again and check that it comes out as saved."
        ),
    ] = None,
    closure: Closure = None,
    base_year: BaseYear = None,
    market_structure: MarketStructure = None,
    band: Annotated[
        bool,
        typer.Option(
            "--band/--no-band",
            help="Bands as eacu run --band; other elasticities and closures, one at a time.",
        ),
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the file's name and the verdict as JSON.")
    ] = False,
) -> None:
    """Write what a regime does to each member as one web page: who gains, why, how sure, on which data.

    The page needs no network. Exit code 1 if a check failed; the page is written and says so.
    """
    from .html.evidence import passed
    from .html.headline import answer
    from .html.page import write

    study = _study(regime, against, run, closure, base_year, market_structure, band)
    options = {
        "against": against,
        "run": run,
        "closure": closure,
        "base-year": base_year,
        "market-structure": market_structure,
    }
    study = replace(study, command=_command(regime, options, band))
    page, sound = write(study, out or Path(f"{study.solved.name}.html")), passed(study)
    progress(f"written to {page}")
    if as_json:
        print_json({"page": str(page), "passed": sound, "answer": answer(study)})
    if not sound:
        typer.echo("eacu: error: a check failed; the page names it", err=True)
        raise typer.Exit(CHECK_FAILED)


def _command(regime: str | None, options: dict[str, str | Path | None], band: bool) -> str:
    """The command that was given, but for the name of the page."""
    words = ["eacu", "report", *([regime] if regime else [])]
    for name, value in options.items():
        words += [f"--{name}", str(value)] if value is not None else []
    return shlex.join([*words, *([] if band else ["--no-band"])])


def _study(
    regime: str | None,
    against: str | None,
    run: Path | None,
    closure: str | None,
    base_year: str | None,
    market_structure: str | None,
    band: bool,
) -> Study:
    from ..calibration.market_structure import ARMINGTON
    from ..experiments.base_year import load_base_year
    from ..experiments.readings import READINGS
    from .html.saved import study_of_run
    from .html.study import make_study

    readings = READINGS if band else ()
    base = None
    if base_year or market_structure:
        base = load_base_year(base_year, market_structure or ARMINGTON)
    if run is not None:
        return study_of_run(run, regime, against, readings, closure, base, progress, band)
    if regime is None:
        raise ValueError("no regime is named; eacu regimes lists them, e.g. eacu report union-2010-07")
    return make_study(regime, against, closure, base, readings, progress, band)
