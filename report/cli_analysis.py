"""Commands about a solved regime: ``eacu decompose`` says which policy did it, ``eacu explain`` how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .console import CHECK_FAILED, errors_in_words, print_tables, progress

if TYPE_CHECKING:
    from ..experiments.run import SolvedRegime

Closure = Annotated[str | None, typer.Option(help="Solve under this closure instead of the regime's own.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def decompose(
    regime: Annotated[str, typer.Argument(help="Name of a regime (see: eacu regimes) or a .toml file.")],
    by: Annotated[
        str,
        typer.Option(help="What groups are made of: instrument, region, partner, sector; joined by commas."),
    ] = "instrument,region,partner",
    of: Annotated[
        str,
        typer.Option(help="Indicators to decompose, joined by commas."),
    ] = "ev_usd_mn,ev_pct_consumption,real_gdp_pct,cpi_pct",
    closure: Closure = None,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Show every region, not only members.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON, all regions.")] = False,
    debug: Debug = False,
) -> None:
    """Split a regime's effects on each member into the contributions of its instruments."""
    with errors_in_words(debug):
        from .analysis import check_indicators, contributions_json, contributions_table

        indicators = check_indicators(_words(of))
        solved = _solve(regime, closure)
        found = solved.solution.subtotals(indicators, _words(by))
        progress(
            f"contributions sum to the totals within {found.accuracy:.0e} of the largest "
            f"({found.points} points of the path solved)"
        )
        if as_json:
            typer.echo(contributions_json(solved, found))
        else:
            regions = solved.solution.benchmark.regions if all_regions else solved.solution.members
            print_tables([contributions_table(found, indicators, region) for region in regions])
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


def _solve(regime: str, closure: str | None) -> SolvedRegime:
    from ..experiments.run import run

    (solved,) = run(regime, closure=closure, tell=progress)
    return solved
