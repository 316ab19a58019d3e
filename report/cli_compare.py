"""``eacu compare``: regimes and saved runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .cli_bands import difference_bands, print_bands
from .console import (
    CHECK_FAILED,
    check_table,
    print_json,
    print_tables,
    progress,
    unsolved_in_words,
    write_table,
)
from .options import AllRegions, Band, BaseYear, Closure, Json, Out, Table, examples

if TYPE_CHECKING:
    from .compare import Compared

EXAMPLES = examples(
    "eacu compare union-2010-07 wto-only",
    "eacu compare latest:union-2010-07 my-union.toml",
    "eacu compare union-2010-07 wto-joint --of ev_usd_mn,real_gdp_pct --table compared.csv",
)


def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...",
            help="Regimes, .toml files, saved runs (see: eacu runs) or RUN:REGIME; the first is the reference.",
            autocompletion=completion.regimes_and_runs,
        ),
    ],
    of: Annotated[
        str, typer.Option(help="Print these indicators, joined by commas (default: those of eacu run).")
    ] = "",
    closure: Closure = None,
    all_regions: AllRegions = False,
    base_year: BaseYear = None,
    out: Out = Path("runs"),
    table: Table = None,
    band: Band = False,
    as_json: Json = False,
) -> None:
    """Set regimes and saved runs side by side: welfare, GDP, trade, revenue of each member, and the differences.

    Regimes are solved now, on one base year; saved runs are read. --table and --json hold all indicators.
    """
    from .compare import comparison_json, comparison_table, shown_indicators, side_by_side
    from .drawn_sams import HELD
    from .importance_table import importance_table
    from .sensitivity_tables import SHOWN

    check_table(table)
    if band:
        _refuse_saved(names)
    indicators = shown_indicators([name.strip() for name in of.split(",") if name.strip()])
    columns, regions, lines = _columns(names, closure, base_year, out)
    rows = side_by_side(columns)
    if table:
        write_table(rows, table)
    bands = difference_bands(names, closure, base_year) if band else None
    if as_json:
        more: dict[str, Any] = {}
        if bands is not None:
            more = {key: getattr(bands, key).to_dict("records") for key in ("bands", "shares")}
            more["holds"] = HELD
        print_json(comparison_json(columns, rows) | more)
    else:
        everywhere = list(dict.fromkeys(rows["region"]))
        shown = everywhere if all_regions else regions
        print_tables([comparison_table(rows, shown, indicators)])
        if bands is not None:
            print_bands(bands.bands, shown, "What is uncertain in the differences, quadrature")
            print_tables([importance_table(bands.shares, shown, SHOWN[0])])
        for line in lines:
            typer.echo(line)
    wrong = [
        f"{column.label} ({column.source}): {column.status}" for column in columns if column.status != "ok"
    ]
    if wrong:
        typer.echo("eacu: error: " + "; ".join(wrong), err=True)
        raise typer.Exit(CHECK_FAILED)


def _refuse_saved(names: list[str]) -> None:
    """Raise CompareError for a name that is no regime to be solved now: --band needs draws of every one."""
    from .compare import CompareError, is_regime

    for name in names:
        if not is_regime(name):
            regime = name.rpartition(":")[2] if ":" in name else "REGIME"
            raise CompareError(
                f"--band: a saved run has no draws, so that {name} has no band of differences: name the regime "
                f"itself ({regime}), which is solved now, or leave --band out"
            )


def _columns(
    names: list[str], closure: str | None, base_year: str | None, out: Path
) -> tuple[list[Compared], list[str], list[str]]:
    """What is named, in that order; the regions to show, members and those whose tariffs a regime sets; and a line
    for each regime whose question compares with one that is not named."""
    from ..experiments.base_year import load_base_year
    from ..experiments.regimes import load_regime
    from ..experiments.run import run
    from .compare import of_run, split_names
    from .references import other_references

    regimes, found = split_names(names, out)
    base = load_base_year(base_year) if base_year else None
    members: tuple[str, ...] = ()
    lines: list[str] = []
    if regimes:
        result = run(*regimes, closure=closure, base=base, tell=progress)
        for failure in result.failed:
            words = unsolved_in_words(failure.error)
            typer.echo(f"eacu: error: {failure.name} was not solved: {words}", err=True)
        solved = {column.label: column for column in of_run(result)}
        names_of = {name: load_regime(name).name for name in regimes}
        found |= {name: [solved[own]] for name, own in names_of.items() if own in solved}
        members = result.concerned
        shown = [label.label for named in found.values() for label in named]
        lines = other_references((one.regime for one in result), shown)
    columns = [column for name in names if name in found for column in found[name]]
    if not members:
        present = columns[0].indicators.index
        members = tuple(m for m in (base or load_base_year()).benchmark.members if m in present)
    return columns, list(members), lines
