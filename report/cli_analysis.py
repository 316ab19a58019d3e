"""Commands about a solved regime: ``decompose`` says what did it, ``trade`` whose trade it moved, ``explain`` how."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import CHECK_FAILED, check_figure, errors_in_words, print_tables, progress

if TYPE_CHECKING:
    from ..experiments.run import Run, SolvedRegime

Closure = Annotated[str | None, typer.Option(help="Solve under this closure instead of the regime's own.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def decompose(
    regime: Annotated[str, typer.Argument(help="Name of a regime (see: eacu regimes) or a .toml file.")],
    by: Annotated[
        str | None,
        typer.Option(
            help="What groups are made of, joined by commas: instrument, region, partner, sector (default "
            "instrument,region,partner); with --welfare term, detail, sector, partner (default term).",
            show_default=False,
        ),
    ] = None,
    of: Annotated[
        str,
        typer.Option(help="Indicators to decompose, joined by commas."),
    ] = "ev_usd_mn,ev_pct_consumption,real_gdp_pct,cpi_pct",
    closure: Closure = None,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Show every region, not only members.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON, all regions.")] = False,
    welfare: Annotated[
        bool,
        typer.Option(
            "--welfare", help="Split welfare into economic terms: allocation, terms of trade, transfers, ..."
        ),
    ] = False,
    figure: Annotated[
        Path | None, typer.Option(help="With --welfare: draw the terms into this .svg, .png or .pdf.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Split a regime's effects on each member into the contributions of its instruments, or its welfare into terms."""
    if welfare:
        solved = _decompose_welfare(
            regime, _words(by or "term"), closure, all_regions, as_json, figure, debug
        )
    else:
        chosen = _words(by or "instrument,region,partner")
        solved = _decompose_instruments(
            regime, chosen, _words(of), closure, all_regions, as_json, figure, debug
        )
    if not solved.passed:
        raise typer.Exit(CHECK_FAILED)


def _decompose_instruments(
    regime: str,
    by: list[str],
    of: list[str],
    closure: str | None,
    all_regions: bool,
    as_json: bool,
    figure: Path | None,
    debug: bool,
) -> SolvedRegime:
    with errors_in_words(debug):
        from .analysis import check_indicators, contributions_json, contributions_table

        if figure:
            raise ValueError("--figure draws the terms of welfare; give it together with --welfare")
        indicators = check_indicators(of)
        solved = _solve(regime, closure)
        found = solved.solution.subtotals(indicators, by)
        progress(
            f"contributions sum to the totals within {found.accuracy:.0e} of the largest "
            f"({found.points} points of the path solved)"
        )
        if as_json:
            typer.echo(contributions_json(solved, found))
        else:
            regions = solved.solution.benchmark.regions if all_regions else solved.solution.members
            print_tables([contributions_table(found, indicators, region) for region in regions])
    return solved


def _decompose_welfare(
    regime: str,
    by: list[str],
    closure: str | None,
    all_regions: bool,
    as_json: bool,
    figure: Path | None,
    debug: bool,
) -> SolvedRegime:
    with errors_in_words(debug):
        from .welfare import WELFARE_DIMENSIONS, check_dimensions, welfare_json, welfare_table

        check_figure(figure)
        dimensions = check_dimensions(by, WELFARE_DIMENSIONS)
        result = _run(regime, closure)
        (solved,) = result
        found = solved.solution.welfare()
        progress(
            f"terms sum to the equivalent variation; along the path they agree with it within {found.accuracy:.0e} "
            f"of a region's largest term ({found.points} points solved)"
        )
        if figure:
            from .plots import welfare_figure

            progress(f"drawn in {welfare_figure(found, solved.name, result.concerned, figure)}")
        if as_json:
            typer.echo(welfare_json(solved, found, dimensions))
        else:
            regions = result.regions if all_regions else result.concerned
            print_tables([welfare_table(found, dimensions, regions)])
    return solved


def trade(
    regime: Annotated[str, typer.Argument(help="Name of a regime (see: eacu regimes) or a .toml file.")],
    by: Annotated[
        str, typer.Option(help="Rows of the tables: sector, partner, or both joined by a comma.")
    ] = "sector",
    closure: Closure = None,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Show every importer, not only those concerned.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON, all importers.")] = False,
    debug: Debug = False,
) -> None:
    """Say which trade a regime created and which it diverted, by importer, good and partner."""
    with errors_in_words(debug):
        from .welfare import TRADE_DIMENSIONS, check_dimensions, trade_json, trade_tables

        dimensions = check_dimensions(_words(by), TRADE_DIMENSIONS)
        result = _run(regime, closure)
        (solved,) = result
        if as_json:
            typer.echo(trade_json(solved, dimensions))
        else:
            regions = result.regions if all_regions else result.concerned
            print_tables(trade_tables(solved, dimensions, regions))
    if not solved.passed:
        raise typer.Exit(CHECK_FAILED)


def explain(
    equation: Annotated[
        str, typer.Argument(help="Name of an equation (docs/equations.md), e.g. market_flow.")
    ],
    index: Annotated[
        list[str] | None,
        typer.Argument(help="Its index, e.g. mvh EU KAZ; * is any. Several members: a list."),
    ] = None,
    regime: Annotated[
        str, typer.Option(help="The regime to compare with the base year: a name or a .toml file.")
    ] = "union-2010-07",
    closure: Closure = None,
    rows: Annotated[int, typer.Option(min=1, help="Show at most this many terms and variables.")] = 20,
    debug: Debug = False,
) -> None:
    """Say what an equation means, its terms before and after, and what moved the variable it determines."""
    with errors_in_words(debug):
        from ..model.explain import documentation
        from .analysis import explanation_tables, headline, survey_table

        typer.echo(f"{documentation(equation).words}\n")
        solved = _solve(regime, closure)
        labels = [part for text in index or () for part in _words(text)]
        survey = solved.solution.survey(f"{equation}[{','.join(labels)}]" if labels else equation)
        if len(survey) > 1:
            print_tables([survey_table(survey, rows)])
        else:
            found = solved.solution.explain(survey.index[0])
            typer.echo(f"{headline(found, survey)}\n")
            print_tables(explanation_tables(found, rows))
    if not solved.passed:
        raise typer.Exit(CHECK_FAILED)


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _run(regime: str, closure: str | None) -> Run:
    from ..experiments.run import run

    return run(regime, closure=closure, tell=progress)


def _solve(regime: str, closure: str | None) -> SolvedRegime:
    (solved,) = _run(regime, closure)
    return solved
