"""The command line: the application, its commands, and the two that everybody starts with, ``run`` and ``regimes``.

Tables and JSON go to standard output, progress and errors to standard error; nothing ever asks a question.
`eacu.report.console.EXIT_CODES` are the exit codes. Heavy libraries are imported by the command that needs them, so
that ``eacu --help`` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from . import (
    cli_analysis,
    cli_bands,
    cli_calibration,
    cli_check,
    cli_claims,
    cli_closures,
    cli_compare,
    cli_dynamics,
    cli_experiments,
    cli_export,
    cli_import,
    cli_report,
    cli_reproduce,
    cli_runs,
    cli_scenario,
    cli_sensitivity,
    cli_tutorial,
    completion,
)
from .console import (
    CHECK_FAILED,
    EXIT_CODES,
    check_figure,
    print_json,
    print_tables,
    progress,
    unsolved_in_words,
)
from .options import (
    AllRegions,
    Band,
    BaseYear,
    Closure,
    CommandLine,
    Elasticities,
    Figure,
    Json,
    MarketStructure,
    Out,
    examples,
)
from .references import other_references

if TYPE_CHECKING:
    from ..experiments.base_year import BaseYear as BaseYearRead
    from ..experiments.run import Run
    from ..experiments.sensitivity.sweep import Sensitivity

DEFAULT_REGIMES = ("pre-union", "union-2010-07", "wto-joint")
app = CommandLine(
    help="A computable general equilibrium model of the customs union of Russia, Belarus and Kazakhstan. "
    "New here? Try: eacu tutorial",
    epilog="Exit codes: " + "; ".join(f"{code} {words}" for code, words in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"eacu {version('eacu')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Options of the program itself; its commands have their own."""


@app.command(
    epilog=examples(
        "eacu run",
        "eacu run union-2010-07 my-union.toml --closure short-run",
        "eacu run ces-2012 --json --no-save --quiet > ces.json",
    )
)
def run(
    regimes: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of regimes (see: eacu regimes) or your own .toml files. "
            f"Default: {' '.join(DEFAULT_REGIMES)}.",
            show_default=False,
            autocompletion=completion.regimes,
        ),
    ] = None,
    closure: Closure = None,
    as_json: Json = False,
    all_regions: AllRegions = False,
    out: Out = Path("runs"),
    save: Annotated[bool, typer.Option("--save/--no-save", help="Write a run folder.")] = True,
    base_year: BaseYear = None,
    market_structure: MarketStructure = None,
    elasticities: Elasticities = None,
    figure: Figure = None,
    excel: Annotated[
        Path | None, typer.Option(help="Write all tables into this .xlsx workbook (see also: eacu export).")
    ] = None,
    welfare: Annotated[
        bool, typer.Option("--welfare", help="Keep the terms of welfare in the run folder, for eacu query.")
    ] = False,
    band: Band = False,
) -> None:
    """Solve regimes and print what they do to each member, then the checks."""
    from ..experiments.base_year import load_base_year
    from ..experiments.run import run as solve
    from .sensitivity_tables import sweep_words

    if welfare and not save:
        raise ValueError(
            "--welfare keeps terms in the run folder, but --no-save writes none; drop one of them"
        )
    check_figure(figure)
    if excel and excel.suffix.lower() != ".xlsx":
        raise ValueError(f"--excel {excel}: the name of an Excel workbook must end in .xlsx")
    base = load_base_year(base_year) if base_year else None
    if elasticities:
        base = _with_elasticities(elasticities, base, regimes or DEFAULT_REGIMES, market_structure)
    result = solve(
        *(regimes or DEFAULT_REGIMES),
        closure=closure,
        base=base,
        tell=progress,
        market_structure=market_structure,
    )
    bands = None
    try:
        bands = cli_bands.bands_of(result, closure, base, market_structure) if band else None
    finally:  # what is solved is kept, even if its bands cannot be
        folder = _save(result, out, welfare, bands) if save else None
    if excel:
        progress(f"written in {cli_export.write_excel(result, excel, folder, bands)}")
    if figure:
        from .plots import effects_figure

        progress(f"drawn in {effects_figure(result, figure)}")
    if as_json:
        from .summary import summary

        document = summary(result)
        print_json(document if bands is None else cli_bands.with_bands(document, bands))
    else:
        _print_tables(result, all_regions)
        if bands is not None:
            shown = result.regions if all_regions else result.concerned
            cli_bands.print_bands(bands.bands, shown, sweep_words(bands)[0])
        for line in other_references(solved.regime for solved in result):
            typer.echo(line)
    _end(result, bands is not None and cli_bands.report_failed(bands.failed))


@app.command(epilog=examples("eacu regimes", "eacu regimes ces-2012", "eacu regimes --json"))
def regimes(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tell all about these: what is counted and what is not.",
            show_default=False,
            autocompletion=completion.regimes,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """List the regimes that come with eacu and the question each one answers."""
    from ..experiments.regimes import all_regime_names, load_regime

    found = [load_regime(name) for name in names or all_regime_names()]
    if as_json:
        keys = ("name", "title", "question", "reference", "description", "builds_on", "closure", "base_year")
        print_json([{key: getattr(regime, key) for key in keys} for regime in found])
        return
    for regime in found:
        needs = f" (base year {regime.base_year})" if regime.base_year else ""
        typer.echo(f"{regime.name}{needs}\n    {regime.title}\n    {regime.question}")
        if names:
            typer.echo(f"    builds on: {regime.builds_on or 'nothing'}; closure: {regime.closure}")
            typer.echo(f"    its question compares with: {regime.reference or 'the base year'}\n")
            typer.echo(f"{regime.description}\n")


app.command(epilog=cli_tutorial.EXAMPLES)(cli_tutorial.tutorial)
app.command(epilog=cli_scenario.EXAMPLES)(cli_scenario.new_scenario)
app.command(epilog=cli_compare.EXAMPLES)(cli_compare.compare)
app.command(epilog=cli_analysis.DECOMPOSE_EXAMPLES)(cli_analysis.decompose)
app.command(epilog=cli_analysis.TRADE_EXAMPLES)(cli_analysis.trade)
app.command(epilog=cli_analysis.EXPLAIN_EXAMPLES)(cli_analysis.explain)
app.command(epilog=cli_closures.EXAMPLES)(cli_closures.closures)
app.command(epilog=cli_sensitivity.EXAMPLES)(cli_sensitivity.sensitivity)
app.command(epilog=cli_claims.EXAMPLES)(cli_claims.claims)
app.command(epilog=cli_dynamics.EXAMPLES)(cli_dynamics.path)
app.command(epilog=cli_reproduce.EXAMPLES)(cli_reproduce.reproduce)
app.add_typer(cli_runs.app, name="runs")
app.command(epilog=cli_runs.QUERY_EXAMPLES)(cli_runs.query)
app.command(epilog=cli_export.EXAMPLES)(cli_export.export)
app.command(epilog=cli_report.EXAMPLES)(cli_report.report)
app.command(epilog=cli_check.EXAMPLES)(cli_check.check)
app.command(name="import", epilog=cli_import.EXAMPLES)(cli_import.import_)
app.command(epilog=cli_calibration.SAM_EXAMPLES)(cli_calibration.sam)
app.command(epilog=cli_calibration.CALIBRATE_EXAMPLES)(cli_calibration.calibrate)
app.command(epilog=cli_experiments.SAM_EXAMPLES)(cli_experiments.sam_experiments)
app.command(epilog=cli_experiments.BACKCAST_EXAMPLES)(cli_experiments.backcast)
app.command(epilog=cli_experiments.INVERT_EXAMPLES)(cli_experiments.invert)
app.command(epilog=cli_experiments.ELASTICITIES_EXAMPLES)(cli_experiments.elasticities)


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows ? instead of an error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="eacu")
    except BrokenPipeError:  # the reader (head, a pager) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _with_elasticities(
    name: str, base: BaseYearRead | None, regimes: Sequence[str], market_structure: str | None
) -> BaseYearRead:
    """The base year that the regimes need, with a named set of trade elasticities."""
    from ..experiments.elasticity_sets import ElasticityError, with_elasticities
    from ..experiments.run import base_of, load_all

    if market_structure not in (None, "armington"):
        raise ElasticityError(
            f"--elasticities {name} and --market-structure {market_structure}: a market structure sets "
            "elasticities itself; choose one of the two"
        )
    return with_elasticities(base or base_of(load_all(list(regimes))), name)


def _end(result: Run, draws_failed: bool) -> None:
    """Name the regimes without a solution; exit code 1 unless all is well."""
    for failure in result.failed:
        typer.echo(
            f"eacu: error: {failure.name} was not solved: {unsolved_in_words(failure.error)}", err=True
        )
    if draws_failed or not result.passed:
        raise typer.Exit(CHECK_FAILED)


def _save(result: Run, out: Path, welfare: bool, bands: Sensitivity | None) -> Path:
    from .runfolder import save_run

    terms = {regime.name: regime.solution.welfare() for regime in result} if welfare else {}
    folder = save_run(result, out, terms, bands)
    progress(f"saved in {folder}")
    return folder


def _print_tables(result: Run, all_regions: bool) -> None:
    from .tables import checks_table, effects_table

    regions = result.regions if all_regions else result.concerned
    year = result.solved[0].solution.benchmark.year
    print_tables([effects_table(list(result), regions, year), checks_table(list(result))])
    for name, description in result.closures.items():
        typer.echo(fill(f"Closure {name}: {description}", width=80))
    if result.market_structure != "armington":
        typer.echo(f"Market structure: {result.market_structure}")
    if result.elasticities != "envisage":
        typer.echo(f"Trade elasticities: {result.elasticities}")
    if result.failed:
        typer.echo(f"NOT SOLVED: {', '.join(failure.name for failure in result.failed)}")


if __name__ == "__main__":
    main()
