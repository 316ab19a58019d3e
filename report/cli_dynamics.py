"""``eacu path``: years instead of a single one; the effect of a sequence of regimes against a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import CHECK_FAILED, errors_in_words, print_tables, progress

if TYPE_CHECKING:
    import pandas as pd

    from ..experiments.path_run import PathRun

FIGURE_TYPES = (".svg", ".png", ".pdf")
DEFAULT_PATHS = ("union", "union-wto", "wto-alone")


def path(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Names of paths (see: eacu path --list) or your own .toml files. Default: {' '.join(DEFAULT_PATHS)}.",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        str, typer.Option(help="The path that grows as the members did; effects are differences to it.")
    ] = "no-union",
    until: Annotated[int, typer.Option(help="Last year.")] = 2030,
    closure: Annotated[
        str, typer.Option(help="Closure of every year (see: eacu closures), e.g. savings-driven+specific.")
    ] = "savings-driven",
    progress_in: Annotated[
        str,
        typer.Option(help="What technical progress makes more productive: labour, or neutral (everything)."),
    ] = "labour",
    hold_capital: Annotated[
        bool, typer.Option("--hold-capital", help="Give every path the baseline's capital: no accumulation.")
    ] = False,
    base_year: Annotated[
        str | None,
        typer.Option(help="Another base year: a shipped one by name, or a folder (see: eacu calibrate)."),
    ] = None,
    discount: Annotated[float, typer.Option(help="Rate at which later years count less, a fraction.")] = 0.05,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Show every region, not only members.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON, all regions and years.")] = False,
    figure: Annotated[
        Path | None, typer.Option(help="Draw real GDP and welfare by year into this .svg, .png or .pdf.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Write all results, tidy, into this .csv or .parquet.")
    ] = None,
    list_paths: Annotated[bool, typer.Option("--list", help="List the paths and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Solve paths of regimes year by year and print what they change against the baseline."""
    with errors_in_words(debug):
        if list_paths:
            _list()
            return
        _check_endings(figure, table)
        from ..experiments import path_run

        result = path_run.run_paths(
            *(paths or DEFAULT_PATHS),
            baseline=baseline,
            until=until,
            closure=closure,
            bias=progress_in,
            hold_capital=hold_capital,
            base=path_run.load_base_year(base_year) if base_year else None,
            tell=progress,
        )
        if table:
            _write(result.frame(), table)
        if figure:
            from .path_tables import path_figure

            progress(f"drawn in {path_figure(result, figure)}")
        _print(result, as_json, all_regions, discount)
    if not result.passed:
        raise typer.Exit(CHECK_FAILED)


def _list() -> None:
    from ..experiments.paths import load_path, path_names

    for name in path_names():
        found = load_path(name)
        typer.echo(f"{name}\n    {found.title}\n    {found.question}")


def _check_endings(figure: Path | None, table: Path | None) -> None:
    if figure and figure.suffix not in FIGURE_TYPES:
        raise ValueError(f"--figure {figure}: its ending must be one of {', '.join(FIGURE_TYPES)}")
    if table and table.suffix not in (".csv", ".parquet"):
        raise ValueError(f"--table {table}: its ending must be .csv or .parquet")


def _write(frame: pd.DataFrame, table: Path) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    if table.suffix == ".csv":
        frame.to_csv(table, index=False, lineterminator="\n")
    else:
        frame.to_parquet(table, index=False)
    progress(f"written to {table}")


def _print(result: PathRun, as_json: bool, all_regions: bool, discount: float) -> None:
    import json

    from .path_tables import checks_line, path_json, path_tables, present_value_table

    if as_json:
        typer.echo(json.dumps(path_json(result, discount), indent=1, ensure_ascii=False, allow_nan=False))
        return
    regions = result.benchmark.regions if all_regions else result.members
    print_tables([*path_tables(result, regions), present_value_table(result, regions, discount)])
    typer.echo(checks_line(result))
