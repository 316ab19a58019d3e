"""A sweep as tables for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import floor, log10
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from .drawn_sams import HELD
from .importance_table import percent
from .layout import titled_table

if TYPE_CHECKING:
    from ..experiments.sensitivity.bases import Across
    from ..experiments.sensitivity.sweep import Sensitivity

SHOWN = ("ev_usd_mn", "ev_pct_consumption", "real_gdp_pct", "tariff_received_usd_mn")
"""Outcomes that are printed unless others are asked for; JSON and files hold all."""
MOST_FACTORS = 8
MOST_BASES = 5
"""More base years than this are shown by the ends of their means."""
PLACE = ["regime", "region", "indicator"]
NORMAL_ENDS = "90 % band (normal)"
DEFAULT = "default"
"""The closure that others are compared with."""
ALIKE = 1e-7
"""Outcomes of two closures that differ by less, relative to their size or to one, are the same equilibrium."""
NOTHING, MOST_DECIMALS = 1e-9, 4


def bands_table(
    bands: pd.DataFrame,
    regions: Sequence[str],
    indicators: Sequence[str],
    title: str,
    ends: str = NORMAL_ENDS,
) -> Table:
    """Central value, mean, spread and band of the chosen outcomes (frame of `summary.bands`).

    The standard deviation has two significant digits, the other figures of its row as many decimals as those make
    sense of (`decimals`). The share of draws above zero is a column where there is one; the points of Morris say
    nothing of the spread, and there is none.
    """
    spread, drawn = bands["sd"].notna().any(), bands["positive"].notna().any()
    heads = ["mean", "s.d.", ends, *(["above zero"] if drawn else [])] if spread else []
    table = titled_table(title, ["central", *heads])
    for regime, rows in bands.groupby("regime", sort=False):
        for region in regions:
            table.add_row(Text(f"{regime}, {region}", style="bold"))
            for row in rows[(rows["region"] == region) & rows["indicator"].isin(indicators)].to_dict(
                "records"
            ):
                shown = decimals(row["sd"], row["central"])
                central, mean, low, high = (
                    fixed(row[key], shown) for key in ("central", "mean", "low", "high")
                )
                sd = fixed(row["sd"], places(row["sd"], 2))
                positive = "–" if pd.isna(row["positive"]) else f"{100 * row['positive']:.0f} %"
                cells = [mean, sd, f"{low} to {high}", *([positive] if drawn else [])] if spread else []
                table.add_row(f"  {row['indicator']}, {row['unit']}", central, *cells)
        table.add_section()
    return table


def sweep_words(found: Sensitivity) -> tuple[str, str]:
    """Title of the table of bands of a sweep, and what the ends of its band are."""
    ends = "5 % to 95 %" if found.method not in ("local", "quadrature") else NORMAL_ENDS
    return f"What is uncertain, {found.method}: {len(found.t) or 'no'} draws", ends


def across_table(found: Across, regions: Sequence[str], indicators: Sequence[str]) -> Table:
    """The base years' own means (the ends only, of many), then mean, spread and band over all."""
    few = len(found.each) <= MOST_BASES
    heads = [f"mean, {name}" for name in found.each] if few else ["lowest mean", "highest mean"]
    table = titled_table(f"On {len(found.each)} base years", heads)
    for heading in ("mean", "s.d.", NORMAL_ENDS):
        table.add_column(heading, justify="right", no_wrap=True)
    own = [sweep.bands.set_index(PLACE)["mean"] for sweep in found.each.values()]

    def cells(row: Mapping[Any, Any]) -> list[str]:
        place, shown_places = tuple(row[key] for key in PLACE), decimals(row["sd"], row["mean"])
        means = [float(of_base[place]) for of_base in own]
        shown = means if few else [min(means), max(means)]
        low, high = fixed(row["low"], shown_places), fixed(row["high"], shown_places)
        figures = [fixed(v, shown_places) for v in (*shown, row["mean"])]
        return [*figures, fixed(row["sd"], places(row["sd"], 2)), f"{low} to {high}"]

    _rows_by_place(table, found, regions, indicators, cells)
    return table


def origins_table(found: Across, regions: Sequence[str], indicators: Sequence[str]) -> Table:
    """How much is data, elasticities, policy sizes (shares of the variance); the range over closures beside it."""
    table = titled_table("How much of the spread is", ["the SAM"])
    for heading in ("90 % limits", "elasticities", "policy sizes", "over closures"):
        table.add_column(heading, justify="right", no_wrap=True)

    def cells(row: Mapping[Any, Any]) -> list[str]:
        limits = [percent(row[key]) for key in ("sam_low", "sam_high")]
        shares = [percent(row[key]) for key in ("sam", "elasticities", "policy")]
        return [shares[0], " to ".join(limits), *shares[1:], _closure_words(row)]

    _rows_by_place(table, found, regions, indicators, cells)
    return table


def _closure_words(row: Mapping[Any, Any]) -> str:
    """The range over closures, with those at its ends."""
    if "closure_low" not in row or pd.isna(row["closure_low"]):
        return "–"
    low, high = significant(row["closure_low"]), significant(row["closure_high"])
    return f"{low} ({row['closure_lowest']}) to {high} ({row['closure_highest']})"


def _rows_by_place(
    table: Table,
    found: Across,
    regions: Sequence[str],
    indicators: Sequence[str],
    cells: Callable[[Mapping[Any, Any]], list[str]],
) -> None:
    for (regime, region), rows in _by_place(found.bands):
        if region in regions:
            table.add_row(Text(f"{regime}, {region}", style="bold"))
            for row in rows[rows["indicator"].isin(indicators)].to_dict("records"):
                table.add_row(f"  {row['indicator']}, {row['unit']}", *cells(row))


def across_json(found: Across) -> dict[str, Any]:
    """Everything but the single draws; ``draw`` is -1 and ``regime`` empty where a whole base year failed."""
    return {
        "bands": found.bands.to_dict("records"),
        "each": {name: sweep.bands.to_dict("records") for name, sweep in found.each.items()},
        "failed": found.failed.to_dict("records"),
        "closures": found.closures.to_dict("records"),
        "sams": [
            {"name": name, "number": drawn.number, "seed": drawn.seed} for name, drawn in found.sams.items()
        ],
    }


def factors_table(found: Sensitivity, region: str, indicator: str) -> Table:
    """The single factors that move one outcome of a region most: its change for one standard deviation."""
    rows = found.derivatives
    rows = rows[(rows["indicator"] == indicator) & (rows["region"] == region)]
    regimes = list(dict.fromkeys(rows["regime"]))
    table = titled_table(
        f"{indicator} of {region}: change for one standard deviation of a factor", regimes[:1]
    )
    for regime in regimes[1:]:
        table.add_column(regime, justify="right", no_wrap=True)
    wide = rows.pivot_table(index="factor", columns="regime", values="per_sd")[regimes]
    order = wide.abs().max(axis=1).sort_values(ascending=False).index[:MOST_FACTORS]
    for factor in order:
        table.add_row(Text(str(factor)), *map(significant, wide.loc[factor]))
    return table


def closures_table(rows: pd.DataFrame, regions: Sequence[str], indicator: str) -> Table:
    """One outcome of every regime and region under every closure; those that change nothing are marked."""
    chosen = rows[(rows["indicator"] == indicator) & rows["region"].isin(regions)]
    places = [place for place, _ in _by_place(chosen)]
    values = chosen.set_index(["closure", "regime", "region"])["value"]
    wide = {
        str(closure): [float(values.get((closure, *place), float("nan"))) for place in places]
        for closure in dict.fromkeys(rows["closure"])
    }
    alike = {name for name, own in wide.items() if name != DEFAULT and _as(wide.get(DEFAULT), own)}
    heads = [f"{regime}, {region}" for regime, region in places]
    table = titled_table(f"{indicator} under each closure", [*heads, *([""] if alike else [])])
    for name, own in wide.items():
        marks = ["as default" if name in alike else ""] if alike else []
        table.add_row(name, *map(significant, own), *marks)
    return table


def _as(default: Sequence[float] | None, own: Sequence[float]) -> bool:
    """Whether a closure gives what the default one gives, to what a solve is accurate to."""
    return default is not None and all(
        abs(value - other) <= ALIKE * max(1.0, abs(other)) for value, other in zip(own, default, strict=True)
    )


def sensitivity_json(found: Sensitivity, derivatives: bool) -> dict[str, Any]:
    """Everything but the single draws; the derivatives, a row for each outcome and factor, if they are asked for."""
    document = {
        "method": found.method,
        "seed": found.seed,
        "draws": len(found.t),
        "workers": found.workers,
        "seconds": found.seconds,
        "folder": str(found.folder) if found.folder else None,
        "holds": HELD,
        "factors": [
            {"name": f.name, "acts_on": list(f.acts_on), "family": f.family, "spread": f.spread}
            for f in found.factors
        ],
        "bands": found.bands.to_dict("records"),
        "shares": found.shares.to_dict("records"),
        "failed": found.failed.to_dict("records"),
    }
    return document | ({"derivatives": found.derivatives.to_dict("records")} if derivatives else {})


def _by_place(rows: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Rows of each regime and region."""
    pairs = dict.fromkeys(zip(rows["regime"], rows["region"], strict=True))
    return [(pair, rows[(rows["regime"] == pair[0]) & (rows["region"] == pair[1])]) for pair in pairs]


def decimals(sd: float, value: float) -> int:
    """Decimals of a figure: those of two significant digits of its spread, at most those of four digits of its own.

    Of a figure without spread those of three of its own digits.
    """
    if not sd > NOTHING:
        return places(value, 3)
    return min(places(sd, 2), places(max(abs(value), sd), 4))


def places(size: float, digits: int) -> int:
    """Decimals that show so many significant digits, :data:`MOST_DECIMALS` at most."""
    if not abs(size) > NOTHING:
        return 0
    return min(max(digits - 1 - floor(log10(abs(size))), 0), MOST_DECIMALS)


def fixed(value: float, places: int) -> str:
    """A number with so many decimals, thousands separated; a dash for one that does not exist."""
    return "–" if pd.isna(value) else f"{value:,.{places}f}"


def significant(value: float) -> str:
    """A number with three significant digits or all before its point."""
    return fixed(value, decimals(0.0, value))
