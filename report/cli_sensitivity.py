"""``eacu sensitivity``: how sure a result is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .console import CHECK_FAILED, check_table, print_json, print_tables, progress, write_table
from .options import AllRegions, BaseYear, Closure, Json, Table, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ..experiments.base_year import BaseYear as BaseYearData
    from ..experiments.run import Run
    from ..experiments.sensitivity.bases import Across
    from ..experiments.sensitivity.sweep import Sensitivity

EXAMPLES = examples(
    "eacu sensitivity union-2011",
    "eacu sensitivity union-2010-07 union-2011 --draws 1000 --seed 7 --keep my-sweep",
    "eacu sensitivity union-2011 --method sobol --draws 64 --factors trade,destinations,border_costs",
    "eacu sensitivity union-2011 --method closures --json",
    "eacu sensitivity union-2011 --sams 10 --draws 100 --method monte-carlo",
)
METHOD_HELP = (
    "local: exact derivatives; quadrature: Stroud's points, two solves a factor; monte-carlo; quasi-random; "
    "sobol: shares of the variance; morris: elementary effects; closures: every closure."
)
CLOSURES_HELP = (
    "With --sams, --base-years: solve the regimes under every closure too, for the range beside the shares."
)
MOST_TOLD = 5
"""So many failures are told one by one."""
KEEP_HELP = "Keep every draw in this folder (Parquet); a sweep that was stopped goes on there with --resume."


def sensitivity(
    regimes: Annotated[
        list[str],
        typer.Argument(help="Names of regimes or your own .toml files.", autocompletion=completion.regimes),
    ],
    method: Annotated[str, typer.Option(help=METHOD_HELP)] = "quadrature",
    draws: Annotated[
        int,
        typer.Option(
            help="Draws of a random method; of sobol and morris, samples for each group of factors."
        ),
    ] = 200,
    seed: Annotated[int, typer.Option(help="Of the random numbers; the same seed gives the same draws.")] = 1,
    factors: Annotated[
        str, typer.Option(help="Vary these alone, joined by commas (see data/parameters/distributions.csv).")
    ] = "",
    distributions: Annotated[
        Path | None,
        typer.Option(help="A .csv of your own with the columns of data/parameters/distributions.csv."),
    ] = None,
    spread: Annotated[float, typer.Option(help="Multiplies every spread.")] = 1.0,
    of: Annotated[str, typer.Option(help="Print these indicators, joined by commas.")] = "",
    closure: Closure = None,
    base_year: BaseYear = None,
    base_years: Annotated[
        str,
        typer.Option(help="The same draws on each of these base years, joined by commas: what the SAM adds."),
    ] = "",
    sams: Annotated[
        int,
        typer.Option(help="The same draws on so many SAMs, drawn from their reliabilities."),
    ] = 0,
    closures: Annotated[bool, typer.Option("--closures/--no-closures", help=CLOSURES_HELP)] = True,
    all_regions: AllRegions = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes on this machine (default: one for each core).", min=1)
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Solve on a Dask cluster: the address of its scheduler, tcp://host:8786."),
    ] = None,
    keep: Annotated[Path | None, typer.Option(help=KEEP_HELP)] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the sweep in the folder of --keep.")
    ] = False,
    table: Table = None,
    as_json: Json = False,
) -> None:
    """Say how sure results are: bands over elasticities and policy sizes, and what the spread comes from."""
    from ..experiments.base_year import load_base_year
    from ..experiments.sensitivity.bases import across, drawn_bases
    from ..experiments.sensitivity.closures import closure_sweep
    from ..experiments.sensitivity.execution import LocalPool, cores
    from ..experiments.sensitivity.factors import SensitivityError
    from ..experiments.sensitivity.sweep import Execution
    from ..experiments.sensitivity.sweep import sensitivity as sweep
    from .sensitivity_tables import SHOWN

    check_table(table)
    if resume and keep is None:
        raise SensitivityError("--resume needs the folder that the sweep was kept in: add --keep FOLDER")
    base = load_base_year(base_year) if base_year else None
    shown = _known([name.strip() for name in of.split(",") if name.strip()]) or list(SHOWN)
    if method == "closures":
        pool = LocalPool(workers or cores())
        try:
            rows = closure_sweep(*regimes, base=base, pool=pool, tell=progress)
        finally:
            pool.close()
        _show_closures(rows, all_regions, shown, table, as_json)
        return
    ask: dict[str, Any] = {
        "method": method,
        "draws": draws,
        "seed": seed,
        "closure": closure,
        "factors": [name.strip() for name in factors.split(",") if name.strip()],
        "table": distributions,
        "spread": spread,
        "execution": Execution(workers, scheduler, keep, resume),
        "tell": progress,
    }
    if base_years or sams:
        bases = (_bases(base_years) if base_years else {}) | drawn_bases(sams, seed)
        _show_across(across(bases, *regimes, closures=closures, **ask), all_regions, shown, table, as_json)
        return
    found = sweep(*regimes, base=base, **ask)
    _show(found, all_regions, shown, table, as_json)


def bands_of(
    result: Run, closure: str | None, base: BaseYearData | None, market_structure: str | None
) -> Sensitivity:
    """The bands of the regimes of a run, on the same base year and under the same closures."""
    from ..experiments.base_year import with_structure
    from ..experiments.run import base_of
    from ..experiments.sensitivity.bands import regime_bands

    regimes = [solved.regime for solved in result]
    base = base or base_of(regimes)
    if market_structure is not None:
        base = with_structure(base, market_structure)
    return regime_bands(*regimes, closure=closure, base=base, tell=progress)


def with_bands(document: list[dict[str, Any]], found: Sensitivity) -> list[dict[str, Any]]:
    """The summary of a run, each regime with its bands."""
    rows = {name: part.to_dict("records") for name, part in found.bands.groupby("regime")}
    return [
        entry | {"bands": rows[entry["regime"]]} if entry["regime"] in rows else entry for entry in document
    ]


def print_bands(found: Sensitivity, regions: Sequence[str]) -> None:
    """Print the bands of the outcomes that are shown by default."""
    from .sensitivity_tables import SHOWN, bands_table

    print_tables([bands_table(found, regions, SHOWN)])


def _known(names: list[str]) -> list[str]:
    """The names of outcomes; raises SensitivityError for an unknown one."""
    from ..experiments.sensitivity.factors import SensitivityError
    from ..model.measures import MEASURES
    from ..model.names import unknown_name

    for name in names:
        if name not in MEASURES:
            raise SensitivityError(unknown_name("indicator", name, MEASURES))
    return names


def _regions(table: pd.DataFrame, all_regions: bool) -> list[str]:
    """Regions to print: the members that the base year names, or all."""
    from ..experiments.base_year import load_base_year

    there = [r for r in dict.fromkeys(table["region"]) if isinstance(r, str) and r]
    members = [r for r in there if r in load_base_year().benchmark.members]
    return there if all_regions or not members else members


def _show(found: Sensitivity, all_regions: bool, shown: list[str], table: Path | None, as_json: bool) -> None:
    from .sensitivity_tables import bands_table, factors_table, sensitivity_json, shares_table

    if table:
        write_table(found.bands, table)
    if as_json:
        print_json(sensitivity_json(found))
    else:
        regions = _regions(found.bands, all_regions)
        parts = [bands_table(found, regions, shown), shares_table(found, regions, shown[0])]
        print_tables([*parts, *(factors_table(found, region, shown[0]) for region in regions)])
    if len(found.failed):
        first = found.failed.iloc[0]
        typer.echo(
            f"eacu: error: {len(found.failed)} draws have no solution and are left out of the bands; the first is draw "
            f"{first['draw']} of {first['regime']}: {first['reason']}",
            err=True,
        )
        raise typer.Exit(CHECK_FAILED)


def _bases(text: str) -> dict[str, BaseYearData]:
    """Base years by name or folder; ``shipped`` is the one that comes with the program."""
    from ..experiments.base_year import load_base_year

    names = [name.strip() for name in text.split(",") if name.strip()]
    return {Path(name).name: load_base_year(None if name == "shipped" else name) for name in names}


def _show_across(
    found: Across, all_regions: bool, shown: list[str], table: Path | None, as_json: bool
) -> None:
    from .sensitivity_tables import across_json, across_table, origins_table

    if table:
        write_table(found.bands, table)
    if as_json:
        print_json(across_json(found))
    else:
        regions = _regions(found.bands, all_regions)
        print_tables([across_table(found, regions, shown), origins_table(found, regions, shown)])
        _tell_reasons(found.closures)
    if len(found.failed):
        for row in found.failed.head(MOST_TOLD).to_dict("records"):
            what = (
                f"draw {row['draw']} of {row['regime']} has no solution" if row["regime"] else "is left out"
            )
            typer.echo(
                f"eacu: error: {row['base']}{_seed(found, row['base'])}: {what}: {row['reason']}", err=True
            )
        if len(found.failed) > MOST_TOLD:
            typer.echo(f"eacu: error: and {len(found.failed) - MOST_TOLD} more (--json has all)", err=True)
        raise typer.Exit(CHECK_FAILED)


def _seed(found: Across, name: str) -> str:
    """Of which series a drawn SAM is."""
    return f" of seed {found.sams[name].seed}" if name in found.sams else ""


def _tell_reasons(closures: pd.DataFrame) -> None:
    """Say which closures gave no result, and why."""
    rows = closures[closures["value"].isna() & (closures["reason"] != "")] if len(closures) else closures
    for row in rows.to_dict("records"):
        typer.echo(f"{row['regime']} under {row['closure']}: {row['reason']}", err=True)


def _show_closures(
    rows: pd.DataFrame, all_regions: bool, shown: list[str], table: Path | None, as_json: bool
) -> None:
    from .sensitivity_tables import closures_table

    if table:
        write_table(rows, table)
    if as_json:
        print_json({"method": "closures", "rows": rows.to_dict("records")})
        return
    print_tables([closures_table(rows, _regions(rows, all_regions), name) for name in shown])
    _tell_reasons(rows)
