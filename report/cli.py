"""The command line: ``eacu run``, ``eacu regimes``, ``eacu runs``, ``eacu query``.

Tables and JSON go to standard output, progress and errors to standard error. Exit codes: 0 all is well; 1 a
check failed or a regime could not be solved; 2 bad input. Heavy libraries are imported by the command that
needs them, so that ``eacu --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from . import (
    cli_analysis,
    cli_calibration,
    cli_claims,
    cli_closures,
    cli_dynamics,
    cli_reproduce,
    cli_scenario,
)
from .console import CHECK_FAILED, check_figure, errors_in_words, print_tables, progress

if TYPE_CHECKING:
    from ..experiments.run import Run

DEFAULT_REGIMES = ("pre-union", "union-2010-07", "wto-joint")
app = typer.Typer(
    help="A computable general equilibrium model of the customs union of Russia, Belarus and Kazakhstan.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Out = Annotated[Path, typer.Option("--out", help="Folder that holds the run folders and their catalogue.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@app.command()
def run(
    regimes: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of regimes (see: eacu regimes) or your own .toml files. "
            f"Default: {' '.join(DEFAULT_REGIMES)}.",
            show_default=False,
        ),
    ] = None,
    closure: Annotated[
        str | None, typer.Option(help="Solve under this closure instead of the regimes' own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only a JSON list, all regions.")] = False,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Show every region, not only members.")
    ] = False,
    out: Out = Path("runs"),
    save: Annotated[bool, typer.Option("--save/--no-save", help="Write a run folder.")] = True,
    base_year: Annotated[
        str | None,
        typer.Option(
            help="Another base year: ukraine (eight regions), or a folder written by eacu calibrate."
        ),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Draw welfare and real GDP by member into this .svg, .png or .pdf.")
    ] = None,
    welfare: Annotated[
        bool,
        typer.Option(
            "--welfare", help="Keep the terms of welfare in the run folder (eacu decompose --welfare)."
        ),
    ] = False,
    debug: Debug = False,
) -> None:
    """Solve regimes and print what they do to each member, then the checks."""
    with errors_in_words(debug):
        from ..experiments.base_year import load_base_year
        from ..experiments.run import run as solve

        if welfare and not save:
            raise ValueError(
                "--welfare keeps terms in the run folder, but --no-save writes none; drop one of them"
            )
        check_figure(figure)
        base = load_base_year(base_year) if base_year else None
        result = solve(*(regimes or DEFAULT_REGIMES), closure=closure, base=base, tell=progress)
        if save:
            _save(result, out, welfare)
        if figure:
            from .plots import effects_figure

            progress(f"drawn in {effects_figure(result, figure)}")
        if as_json:
            _print_json(result)
        else:
            _print_tables(result, all_regions)
        for failure in result.failed:
            typer.echo(f"eacu: error: {failure.name} was not solved: {failure.message}", err=True)
    if not result.passed:
        raise typer.Exit(CHECK_FAILED)


@app.command()
def regimes(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Tell all about these: what is counted and what is not.", show_default=False),
    ] = None,
    debug: Debug = False,
) -> None:
    """List the regimes that come with eacu and the question each one answers."""
    with errors_in_words(debug):
        from ..experiments.regimes import all_regime_names, load_regime

        for name in names or all_regime_names():
            regime = load_regime(name)
            needs = f" (base year {regime.base_year})" if regime.base_year else ""
            typer.echo(f"{regime.name}{needs}\n    {regime.title}\n    {regime.question}")
            if names:
                typer.echo(f"    builds on: {regime.builds_on or 'nothing'}; closure: {regime.closure}\n")
                typer.echo(f"{regime.description}\n")


@app.command()
def runs(out: Out = Path("runs"), debug: Debug = False) -> None:
    """List the saved runs, newest first."""
    _print_query(
        out,
        "select run, created, status, closure, array_to_string(regimes, ' ') as regimes from runs "
        "order by created desc, run desc",
        debug,
    )


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL over the tables runs, indicators, checks and results.")],
    out: Out = Path("runs"),
    debug: Debug = False,
) -> None:
    """Answer a SQL query over all saved runs, e.g. "select * from indicators where region = 'KAZ'"."""
    _print_query(out, sql, debug)


app.command()(cli_calibration.calibrate)
app.command()(cli_calibration.sam)
app.command()(cli_analysis.decompose)
app.command()(cli_analysis.trade)
app.command()(cli_analysis.explain)
app.command()(cli_closures.closures)
app.command()(cli_claims.claims)
app.command()(cli_dynamics.path)
app.command()(cli_reproduce.reproduce)
app.command()(cli_scenario.new_scenario)


def main() -> None:
    """Entry point of the console script."""
    try:
        app(prog_name="eacu")
    except BrokenPipeError:  # the reader (head, a pager) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _save(result: Run, out: Path, welfare: bool) -> None:
    from .catalogue import sync
    from .runfolder import save_run

    terms = {regime.name: regime.solution.welfare() for regime in result} if welfare else {}
    folder = save_run(result, out, terms)
    sync(out)
    progress(f"saved in {folder}")


def _print_json(result: Run) -> None:
    import json

    from .summary import summary

    typer.echo(json.dumps(summary(result), indent=2, ensure_ascii=False, allow_nan=False))


def _print_tables(result: Run, all_regions: bool) -> None:
    from .tables import checks_table, effects_table

    regions = result.regions if all_regions else result.concerned
    print_tables([effects_table(list(result), regions), checks_table(list(result))])
    for name, description in result.closures.items():
        typer.echo(fill(f"Closure {name}: {description}", width=80))
    if result.failed:
        typer.echo(f"NOT SOLVED: {', '.join(failure.name for failure in result.failed)}")


def _print_query(out: Path, sql: str, debug: bool) -> None:
    with errors_in_words(debug):
        if not out.is_dir():
            raise FileNotFoundError(f"there is no folder {out} with saved runs; eacu run writes one")
        from .catalogue import query as ask

        answer = ask(out, sql)
        typer.echo("no rows" if answer.empty else answer.to_string(index=False))


if __name__ == "__main__":
    main()
