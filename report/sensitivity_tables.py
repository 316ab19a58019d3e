"""A sweep as tables for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from .importance_table import importance_table, percent
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


def bands_table(found: Sensitivity, regions: Sequence[str], indicators: Sequence[str]) -> Table:
    """Central value, mean, spread and band of the chosen outcomes."""
    ends = "5 % to 95 %" if found.method not in ("local", "quadrature") else "90 % band (normal)"
    table = titled_table(f"What is uncertain, {found.method}: {len(found.t) or 'no'} draws", ["central"])
    spread = found.bands["sd"].notna().any()  # the points of Morris say nothing of it
    for heading in ("mean", "s.d.", ends, "above zero") if spread else ():
        table.add_column(heading, justify="right", no_wrap=True)
    for regime, rows in found.bands.groupby("regime", sort=False):
        for region in regions:
            table.add_row(Text(f"{regime}, {region}", style="bold"))
            for row in rows[(rows["region"] == region) & rows["indicator"].isin(indicators)].to_dict(
                "records"
            ):
                positive = "–" if pd.isna(row["positive"]) else f"{100 * row['positive']:.0f} %"
                numbers = [_number(row[k], row["unit"]) for k in ("central", "mean", "sd", "low", "high")]
                cells = [*numbers[1:3], f"{numbers[3]} to {numbers[4]}", positive] if spread else []
                table.add_row(f"  {row['indicator']}, {row['unit']}", numbers[0], *cells)
        table.add_section()
    return table


def shares_table(found: Sensitivity, regions: Sequence[str], indicator: str) -> Table:
    """What the spread of one outcome comes from."""
    return importance_table(found.shares, regions, indicator)


def across_table(found: Across, regions: Sequence[str], indicators: Sequence[str]) -> Table:
    """The base years' own means (the ends only, of many), then mean, spread and band over all."""
    few = len(found.each) <= MOST_BASES
    heads = [f"mean, {name}" for name in found.each] if few else ["lowest mean", "highest mean"]
    table = titled_table(f"On {len(found.each)} base years", heads)
    for heading in ("mean", "s.d.", "90 % band (normal)"):
        table.add_column(heading, justify="right", no_wrap=True)
    own = [sweep.bands.set_index(PLACE)["mean"] for sweep in found.each.values()]

    def cells(row: Mapping[Any, Any]) -> list[str]:
        place, unit = tuple(row[key] for key in PLACE), str(row["unit"])
        means = [float(of_base[place]) for of_base in own]
        shown = means if few else [min(means), max(means)]
        low, high = _number(row["low"], unit), _number(row["high"], unit)
        return [_number(v, unit) for v in (*shown, row["mean"], row["sd"])] + [f"{low} to {high}"]

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
    unit = str(row["unit"])
    low, high = _number(row["closure_low"], unit), _number(row["closure_high"], unit)
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
        table.add_row(Text(str(factor)), *[_number(v, str(rows["unit"].iloc[0])) for v in wide.loc[factor]])
    return table


def closures_table(rows: pd.DataFrame, regions: Sequence[str], indicator: str) -> Table:
    """One outcome of every regime and region under every closure."""
    chosen = rows[(rows["indicator"] == indicator) & rows["region"].isin(regions)]
    places = [place for place, _ in _by_place(chosen)]
    heads = [f"{regime}, {region}" for regime, region in places]
    table = titled_table(f"{indicator} under each closure", heads[:1])
    for head in heads[1:]:
        table.add_column(head, justify="right", no_wrap=True)
    values = chosen.set_index(["closure", "regime", "region"])["value"]
    for closure in dict.fromkeys(rows["closure"]):
        cells = [values.get((closure, *place), float("nan")) for place in places]
        table.add_row(str(closure), *[_number(v, "") for v in cells])
    return table


def sensitivity_json(found: Sensitivity) -> dict[str, Any]:
    """Everything but the single draws."""
    return {
        "method": found.method,
        "seed": found.seed,
        "draws": len(found.t),
        "workers": found.workers,
        "seconds": found.seconds,
        "folder": str(found.folder) if found.folder else None,
        "factors": [
            {"name": f.name, "acts_on": list(f.acts_on), "family": f.family, "spread": f.spread}
            for f in found.factors
        ],
        "bands": found.bands.to_dict("records"),
        "shares": found.shares.to_dict("records"),
        "derivatives": found.derivatives.to_dict("records"),
        "failed": found.failed.to_dict("records"),
    }


def _by_place(rows: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Rows of each regime and region."""
    pairs = dict.fromkeys(zip(rows["regime"], rows["region"], strict=True))
    return [(pair, rows[(rows["regime"] == pair[0]) & (rows["region"] == pair[1])]) for pair in pairs]


def _number(value: float, unit: str) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:,.0f}" if unit.startswith("USD") else f"{value:,.3f}"
