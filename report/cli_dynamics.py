"""``eacu path``: years instead of a single one; the effect of a sequence of regimes against a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import completion
from .console import (
    CHECK_FAILED,
    check_figure,
    check_table,
    print_json,
    print_tables,
    progress,
    write_table,
)
from .options import AllRegions, BaseYear, Figure, Json, Table, examples

if TYPE_CHECKING:
    from pathlib import Path

    from ..experiments import base_year as base_years
    from ..experiments.path_run import Assumptions, PathRun

DEFAULT_PATHS = ("union", "union-wto", "wto-alone")
EXAMPLES = examples(
    "eacu path --list",
    "eacu path union --until 2015",
    "eacu path my-path.toml --figure path.svg --table path.csv",
)

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help=f"Names of paths (see: eacu path --list) or your own .toml files. Default: {' '.join(DEFAULT_PATHS)}.",
        show_default=False,
        autocompletion=completion.paths,
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
    str,
    typer.Option(
        help="The path that grows as the members did; effects are differences to it.",
        autocompletion=completion.paths,
    ),
]
Until = Annotated[int, typer.Option(help="Last year; that of a target is its own.")]
YearlyClosure = Annotated[
    str,
    typer.Option(
        help="Closure of every year (see: eacu closures), e.g. savings-driven+specific.",
        autocompletion=completion.closures,
    ),
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
Discount = Annotated[float, typer.Option(help="Rate at which later years count less, a fraction.")]
ListThem = Annotated[bool, typer.Option("--list", help="List the paths and targets and stop.")]


def path(
    paths: Paths = None,
    target: Target = None,
    baseline: Baseline = "no-union",
    until: Until = 2030,
    closure: YearlyClosure = "savings-driven",
    progress_in: ProgressIn = "labour",
    installation_cost: InstallationCost = 0.0,
    hold_capital: HoldCapital = False,
    base_year: BaseYear = None,
    discount: Discount = 0.05,
    all_regions: AllRegions = False,
    as_json: Json = False,
    figure: Figure = None,
    table: Table = None,
    list_paths: ListThem = False,
) -> None:
    """Solve paths of regimes year by year and print what they change against the baseline."""
    if list_paths:
        _list(as_json)
        return
    check_figure(figure)
    check_table(table)
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
    target: str, baseline: str, assumptions: Assumptions, base: base_years.BaseYear | None, as_json: bool
) -> PathRun:
    """Solve and print a target."""
    from ..experiments.required_productivity import required_productivity
    from .path_tables import checks_line
    from .required_tables import required_json, required_table

    found = required_productivity(target, baseline, assumptions, base, tell=progress)
    if as_json:
        print_json(required_json(found))
    else:
        print_tables([required_table(found)])
        typer.echo(checks_line(found.run))
    return found.run


def _draw_and_write(result: PathRun, figure: Path | None, table: Path | None) -> None:
    if table:
        write_table(result.frame(), table)
    if figure:
        from .path_tables import path_figure

        progress(f"drawn in {path_figure(result, figure)}")


def _list(as_json: bool) -> None:
    from ..experiments.paths import load_path, path_names
    from ..experiments.required_productivity import load_target, target_names

    paths = [load_path(name) for name in path_names()]
    targets = {name: load_target(name).title for name in target_names()}
    if as_json:
        found = [{"name": p.name, "title": p.title, "question": p.question} for p in paths]
        print_json({"paths": found, "targets": [{"name": n, "title": title} for n, title in targets.items()]})
        return
    for path in paths:
        typer.echo(f"{path.name}\n    {path.title}\n    {path.question}")
    for name, title in targets.items():
        typer.echo(f"--target {name}\n    {title}")


def _print(result: PathRun, as_json: bool, all_regions: bool, discount: float) -> None:
    from .path_tables import checks_line, path_json, path_tables, present_value_table

    if as_json:
        print_json(path_json(result, discount))
        return
    regions = result.benchmark.regions if all_regions else result.members
    print_tables([*path_tables(result, regions), present_value_table(result, regions, discount)])
    typer.echo(checks_line(result))
