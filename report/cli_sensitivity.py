"""``eacu sensitivity``: how sure a result is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .cli_bands import print_held_fixed, report_failed
from .console import CHECK_FAILED, check_table, print_json, print_tables, progress, write_table
from .options import COMMON, AllRegions, BaseYear, Closure, Json, Table, examples

if TYPE_CHECKING:
    import pandas as pd

    from ..experiments.base_year import BaseYear as BaseYearData
    from ..experiments.regimes import Regime
    from ..experiments.sensitivity.bases import Across
    from ..experiments.sensitivity.sweep import Sensitivity

EXAMPLES = examples(
    "eacu sensitivity union-2011",
    "eacu sensitivity union-2010-07 union-2011 --draws 1000 --seed 7 --keep my-sweep",
    "eacu sensitivity union-2011 --method sobol --draws 64 --factors trade,destinations,border_costs",
    "eacu sensitivity union-2011 --method closures --json",
    "eacu sensitivity union-2011 --sams 10 --draws 100",
)
METHOD_HELP = (
    "local: exact derivatives; quadrature: Stroud's points, two solves a factor (the default); monte-carlo (where "
    "--draws or --seed is given, the default); quasi-random; sobol: shares of the variance; morris: elementary "
    "effects; closures: every closure."
)
CLOSURES_HELP = (
    "With --sams, --base-years: solve the regimes under every closure too, for the range beside the shares."
)
MOST_TOLD = 5
"""So many failures are told one by one."""
KEEP_HELP = "Keep every draw in this folder (Parquet); a sweep that was stopped goes on there with --resume."


def sensitivity(
    context: typer.Context,
    regimes: Annotated[
        list[str],
        typer.Argument(help="Names of regimes or your own .toml files.", autocompletion=completion.regimes),
    ],
    method: Annotated[str | None, typer.Option(help=METHOD_HELP, show_default=False)] = None,
    draws: Annotated[
        int,
        typer.Option(
            help="Draws of a random method; of sobol and morris, samples for each group of factors.", min=2
        ),
    ] = 200,
    seed: Annotated[
        int, typer.Option(help="Of the random numbers; the same seed gives the same draws.", min=0)
    ] = 1,
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
        typer.Option(help="The same draws on so many SAMs, drawn from their reliabilities.", min=0),
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
    derivatives: Annotated[
        bool,
        typer.Option(
            "--derivatives", help="With --json: every exact derivative too (local has them always)."
        ),
    ] = False,
) -> None:
    """Say how sure results are: bands over elasticities and policy sizes, and what the spread comes from."""
    from ..experiments.base_year import load_base_year
    from ..experiments.run import base_of, load_all
    from ..experiments.sensitivity.bases import across, drawn_bases
    from ..experiments.sensitivity.sweep import Execution
    from ..experiments.sensitivity.sweep import sensitivity as sweep
    from .sensitivity_options import CLOSURES, chosen_method, refuse_unread
    from .sensitivity_tables import SHOWN

    check_table(table)
    given = _given(context)
    method = chosen_method(method, given, sams)
    refuse_unread(given, method)
    chosen = load_all(regimes)
    base = load_base_year(base_year) if base_year else base_of(chosen)
    show = _Show(
        None if all_regions else _concerned(chosen, base),
        _known(_listed(of)) or list(SHOWN),
        table,
        as_json,
        derivatives or method == "local",
    )
    if method == CLOSURES:
        show.closures(_closures(chosen, base, workers))
        return
    ask: dict[str, Any] = {
        "method": method,
        "draws": draws,
        "seed": seed,
        "closure": closure,
        "factors": _listed(factors),
        "table": distributions,
        "spread": spread,
        "execution": Execution(workers, scheduler, keep, resume),
        "tell": progress,
    }
    if base_years or sams:
        bases = _bases(base_years) | drawn_bases(sams, seed)
        show.across(across(bases, *chosen, closures=closures, **ask))
    else:
        show.sweep(sweep(*chosen, base=base, **ask))


def _given(context: typer.Context) -> list[str]:
    """Names of the options that the user wrote, in the order of the command's help."""
    written = ("COMMANDLINE", "ENVIRONMENT")  # by name: Typer has click's enumeration or one of its own
    common = {"regimes", *COMMON}
    sources = {name: context.get_parameter_source(name) for name in context.params if name not in common}
    return [name for name, source in sources.items() if source is not None and source.name in written]


def _concerned(regimes: Sequence[Regime], base: BaseYearData) -> list[str]:
    """The regions that ``eacu run`` shows: members, and every region whose tariff a regime sets."""
    named = {
        region
        for regime in regimes
        for region in (*(regime.members or base.benchmark.members), *regime.tariffs)
    }
    return [region for region in base.benchmark.regions if region in named]


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _known(names: list[str]) -> list[str]:
    """The names of outcomes; raises SensitivityError for an unknown one."""
    from ..experiments.sensitivity.factors import SensitivityError
    from ..model.measures import MEASURES
    from ..model.names import unknown_name

    for name in names:
        if name not in MEASURES:
            raise SensitivityError(unknown_name("indicator", name, MEASURES))
    return names


def _bases(text: str) -> dict[str, BaseYearData]:
    """Base years by name or folder; ``shipped`` is the one that comes with the program."""
    from ..experiments.base_year import load_base_year

    return {Path(name).name: load_base_year(None if name == "shipped" else name) for name in _listed(text)}


def _closures(regimes: Sequence[Regime], base: BaseYearData, workers: int | None) -> pd.DataFrame:
    """The closure sweep, shared by processes."""
    from ..experiments.sensitivity.closures import closure_sweep
    from ..experiments.sensitivity.execution import LocalPool, cores

    pool = LocalPool(workers or cores())
    try:
        return closure_sweep(*regimes, base=base, pool=pool, tell=progress)
    finally:
        pool.close()


@dataclass(frozen=True)
class _Show:
    """How an answer is shown: regions (None: all), indicators, a file for the tidy table, JSON, derivatives in it."""

    concerned: list[str] | None
    indicators: list[str]
    table: Path | None
    as_json: bool
    derivatives: bool

    def _regions(self, rows: pd.DataFrame) -> list[str]:
        if self.concerned is not None:
            return self.concerned
        return [region for region in dict.fromkeys(rows["region"]) if isinstance(region, str) and region]

    def sweep(self, found: Sensitivity) -> None:
        """Bands, what the spread comes from, single factors; exit code 1 if a draw failed."""
        from .importance_table import importance_table
        from .sensitivity_tables import (
            bands_table,
            factors_table,
            sensitivity_json,
            sweep_words,
        )

        if self.table:
            write_table(found.bands, self.table)
        if self.as_json:
            print_json(sensitivity_json(found, self.derivatives))
        else:
            regions, first = self._regions(found.bands), self.indicators[0]
            title, ends = sweep_words(found)
            parts = [bands_table(found.bands, regions, self.indicators, title, ends)]
            parts.append(importance_table(found.shares, regions, first))
            print_tables([*parts, *(factors_table(found, region, first) for region in regions)])
            print_held_fixed(found.bands, regions)
        if report_failed(found.failed):
            raise typer.Exit(CHECK_FAILED)

    def across(self, found: Across) -> None:
        """The bands over several base years; exit code 1 if one of them, or a draw on it, failed."""
        from .sensitivity_tables import across_json, across_table, origins_table

        if self.table:
            write_table(found.bands, self.table)
        if self.as_json:
            print_json(across_json(found))
        else:
            regions = self._regions(found.bands)
            print_tables(
                [
                    across_table(found, regions, self.indicators),
                    origins_table(found, regions, self.indicators),
                ]
            )
            _tell_reasons(found.closures)
        if _report_lost(found):
            raise typer.Exit(CHECK_FAILED)

    def closures(self, rows: pd.DataFrame) -> None:
        """The outcomes under every closure, and why a closure has none."""
        from .sensitivity_tables import closures_table

        if self.table:
            write_table(rows, self.table)
        if self.as_json:
            print_json({"method": "closures", "rows": rows.to_dict("records")})
            return
        print_tables([closures_table(rows, self._regions(rows), name) for name in self.indicators])
        _tell_reasons(rows)


def _report_lost(found: Across) -> bool:
    """Say which base years, or which draws on them, have no solution; whether there are any."""
    for row in found.failed.head(MOST_TOLD).to_dict("records"):
        what = f"draw {row['draw']} of {row['regime']} has no solution" if row["regime"] else "is left out"
        typer.echo(
            f"eacu: error: {row['base']}{_seed(found, row['base'])}: {what}: {row['reason']}", err=True
        )
    if len(found.failed) > MOST_TOLD:
        typer.echo(f"eacu: error: and {len(found.failed) - MOST_TOLD} more (--json has all)", err=True)
    return bool(len(found.failed))


def _seed(found: Across, name: str) -> str:
    """Of which series a drawn SAM is."""
    return f" of seed {found.sams[name].seed}" if name in found.sams else ""


def _tell_reasons(closures: pd.DataFrame) -> None:
    """Say which closures gave no result, and why."""
    rows = closures[closures["value"].isna() & (closures["reason"] != "")] if len(closures) else closures
    for row in rows.to_dict("records"):
        typer.echo(f"{row['regime']} under {row['closure']}: {row['reason']}", err=True)
