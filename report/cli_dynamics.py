"""``eacu path``: years instead of a single one; the effect of a sequence of regimes against a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import CHECK_FAILED, errors_in_words, print_tables, progress

if TYPE_CHECKING:
    import pandas as pd

    from ..experiments.base_year import BaseYear
    from ..experiments.path_run import Assumptions, PathRun

FIGURE_TYPES = (".svg", ".png", ".pdf")
DEFAULT_PATHS = ("union", "union-wto", "wto-alone")


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help=f"Names of paths (see: eacu path --list) or your own .toml files. Default: {' '.join(DEFAULT_PATHS)}.",
        show_default=False,
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        help="Instead of paths: the productivity it takes for published effects on real GDP. A shipped target "
        "(see --list) or your own .toml file.",
        show_default=False,
    ),
]
Baseline = Annotated[
    str, typer.Option(help="The path that grows as the members did; effects are differences to it.")
]
Until = Annotated[int, typer.Option(help="Last year; that of a target is its own.")]
ClosureName = Annotated[
    str, typer.Option(help="Closure of every year (see: eacu closures), e.g. savings-driven+specific.")
]
ProgressIn = Annotated[
    str, typer.Option(help="What technical progress makes more productive: labour, or neutral (everything).")
]
InstallationCost = Annotated[
    float,
    typer.Option(
        help="Loss from investing faster or slower than in the base year, 0 for none (a quarter of it "
        "is lost at twice the pace with 1)."
    ),
]
HoldCapital = Annotated[
    bool, typer.Option("--hold-capital", help="Give every path the baseline's capital: no accumulation.")
]
BaseYearName = Annotated[
    str | None,
    typer.Option(help="Another base year: a shipped one by name, or a folder (see: eacu calibrate)."),
]
Discount = Annotated[float, typer.Option(help="Rate at which later years count less, a fraction.")]
AllRegions = Annotated[bool, typer.Option("--all-regions", help="Show every region, not only members.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print only JSON, all regions and years.")]
FigureFile = Annotated[
    Path | None, typer.Option(help="Draw real GDP and welfare by year into this .svg, .png or .pdf.")
]
TableFile = Annotated[Path | None, typer.Option(help="Write all results, tidy, into this .csv or .parquet.")]
ListThem = Annotated[bool, typer.Option("--list", help="List the paths and targets and stop.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def path(
    paths: Paths = None,
    target: Target = None,
    baseline: Baseline = "no-union",
    until: Until = 2030,
    closure: ClosureName = "savings-driven",
    progress_in: ProgressIn = "labour",
    installation_cost: InstallationCost = 0.0,
    hold_capital: HoldCapital = False,
    base_year: BaseYearName = None,
    discount: Discount = 0.05,
    all_regions: AllRegions = False,
    as_json: AsJson = False,
    figure: FigureFile = None,
    table: TableFile = None,
    list_paths: ListThem = False,
    debug: Debug = False,
) -> None:
    """Solve paths of regimes year by year and print what they change against the baseline."""
    with errors_in_words(debug):
        if list_paths:
            _list()
            return
        _check_endings(figure, table)
        from ..experiments import path_run
        from ..experiments.accumulation import CapitalRules

        rules = CapitalRules(installation_cost=installation_cost)
        base = path_run.load_base_year(base_year) if base_year else None
        if target:
            _refuse_with_target(paths, hold_capital)
            assumptions = path_run.Assumptions(closure, progress_in, rules)
            result = _required(target, baseline, assumptions, base, as_json)
        else:
            result = path_run.run_paths(
                *(paths or DEFAULT_PATHS),
                baseline=baseline,
                until=until,
                closure=closure,
                bias=progress_in,
                rules=rules,
                hold_capital=hold_capital,
                base=base,
                tell=progress,
            )
            _print(result, as_json, all_regions, discount)
        _draw_and_write(result, figure, table)
    if not result.passed:
        raise typer.Exit(CHECK_FAILED)


def _refuse_with_target(paths: list[str] | None, hold_capital: bool) -> None:
    if paths:
        raise ValueError(
            f"--target names its own path; leave out {' '.join(paths)}, or name it in the target's file"
        )
    if hold_capital:
        raise ValueError(
            "--target and --hold-capital do not go together: the effect comes with its own capital"
        )


def _required(
    target: str, baseline: str, assumptions: Assumptions, base: BaseYear | None, as_json: bool
) -> PathRun:
    """Solve and print a target."""
    import json

    from ..experiments.required_productivity import required_productivity
    from .path_tables import checks_line
    from .required_tables import required_json, required_table

    found = required_productivity(target, baseline, assumptions, base, tell=progress)
    if as_json:
        typer.echo(json.dumps(required_json(found), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print_tables([required_table(found)])
        typer.echo(checks_line(found.run))
    return found.run


def _draw_and_write(result: PathRun, figure: Path | None, table: Path | None) -> None:
    if table:
        _write(result.frame(), table)
    if figure:
        from .path_tables import path_figure

        progress(f"drawn in {path_figure(result, figure)}")


def _list() -> None:
    from ..experiments.paths import load_path, path_names
    from ..experiments.required_productivity import load_target, target_names

    for name in path_names():
        found = load_path(name)
        typer.echo(f"{name}\n    {found.title}\n    {found.question}")
    for name in target_names():
        typer.echo(f"--target {name}\n    {load_target(name).title}")


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
