"""Commands about a solved regime: ``decompose`` says what did it, ``trade`` whose trade it moved, ``explain`` how."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from . import completion
from .console import CHECK_FAILED, check_figure, doing, print_json, print_tables, progress
from .options import AllRegions, Closure, Figure, Json, MarketStructure, Regime, examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..experiments.run import Run, SolvedRegime

DECOMPOSE_EXAMPLES = examples(
    "eacu decompose union-2010-07",
    "eacu decompose union-2010-07 --welfare --figure welfare.svg",
    "eacu decompose wto-joint --by instrument,sector --of ev_usd_mn --json",
    "eacu decompose union-2010-07 --welfare --market-structure krugman",
)
TRADE_EXAMPLES = examples("eacu trade union-2010-07", "eacu trade union-2010-07 --by sector,partner")
EXPLAIN_EXAMPLES = examples(
    "eacu explain market_flow", "eacu explain income_tariff_received KAZ --regime wto-joint"
)


def decompose(
    regime: Regime,
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
    market_structure: MarketStructure = None,
    all_regions: AllRegions = False,
    as_json: Json = False,
    welfare: Annotated[
        bool,
        typer.Option(
            "--welfare", help="Split welfare into economic terms: allocation, terms of trade, transfers, ..."
        ),
    ] = False,
    figure: Figure = None,
) -> None:
    """Split a regime's effects on each member into what its instruments contributed, or its welfare into terms.

    The parts sum to the whole. --figure draws the terms of welfare.
    """
    check_figure(figure)
    if figure and not welfare:
        raise ValueError("--figure draws the terms of welfare; give it together with --welfare")
    solve = partial(_run, regime, closure, market_structure)
    if welfare:
        groups = _words(by or "term")
        solved = _print_welfare(solve, groups, all_regions, as_json, figure)
    else:
        groups = _words(by or "instrument,region,partner")
        solved = _print_contributions(solve, groups, _words(of), all_regions, as_json)
    if not solved.passed:
        raise typer.Exit(CHECK_FAILED)


def _print_contributions(
    solve: Callable[[], Run], by: list[str], of: list[str], all_regions: bool, as_json: bool
) -> SolvedRegime:
    """Solve, and print what instruments contributed to indicators."""
    from .analysis import check_indicators, contributions_json, contributions_table

    indicators = check_indicators(of)
    (solved,) = solve()
    with doing("splitting the effects along the path to the solution"):
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


def _print_welfare(
    solve: Callable[[], Run], by: list[str], all_regions: bool, as_json: bool, figure: Path | None
) -> SolvedRegime:
    """Solve, and print welfare by economic terms."""
    from .welfare import WELFARE_DIMENSIONS, check_dimensions, welfare_json, welfare_table

    dimensions = check_dimensions(by, WELFARE_DIMENSIONS)
    result = solve()
    (solved,) = result
    with doing("splitting welfare along the path to the solution"):
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
    regime: Regime,
    by: Annotated[
        str, typer.Option(help="Rows of the tables: sector, partner, or both joined by a comma.")
    ] = "sector",
    closure: Closure = None,
    market_structure: MarketStructure = None,
    all_regions: AllRegions = False,
    as_json: Json = False,
) -> None:
    """Say which trade a regime created and which it diverted, by importer, good and partner."""
    from .welfare import TRADE_DIMENSIONS, check_dimensions, trade_json, trade_tables

    dimensions = check_dimensions(_words(by), TRADE_DIMENSIONS)
    result = _run(regime, closure, market_structure)
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
        str,
        typer.Option(
            help="The regime to compare with the base year: a name or a .toml file.",
            autocompletion=completion.regimes,
        ),
    ] = "union-2010-07",
    closure: Closure = None,
    market_structure: MarketStructure = None,
    rows: Annotated[int, typer.Option(min=1, help="Show at most this many terms and variables.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON, all rows.")] = False,
) -> None:
    """Say what an equation means, its terms before and after, and what moved the variable it determines."""
    from ..model.explain import documentation
    from .analysis import explanation_json, explanation_tables, headline, survey_table

    words = documentation(equation).words
    (solved,) = _run(regime, closure, market_structure)
    labels = [part for text in index or () for part in _words(text)]
    survey = solved.solution.survey(f"{equation}[{','.join(labels)}]" if labels else equation)
    found = solved.solution.explain(survey.index[0]) if len(survey) == 1 else None
    if as_json:
        print_json(explanation_json(words, survey, found))
    else:
        typer.echo(f"{words}\n")
        if found is None:
            print_tables([survey_table(survey, rows)])
        else:
            typer.echo(f"{headline(found, survey)}\n")
            print_tables(explanation_tables(found, rows))
    if not solved.passed:
        raise typer.Exit(CHECK_FAILED)


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _run(regime: str, closure: str | None, market_structure: str | None) -> Run:
    from ..experiments.run import run

    return run(regime, closure=closure, tell=progress, market_structure=market_structure)
