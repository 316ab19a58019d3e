"""What the spread of an outcome comes from, as a table: which measures there are depends on the method."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import pandas as pd
from rich.table import Table
from rich.text import Text

from .layout import titled_table

TITLES = {
    "total": "Where the spread of {} comes from: shares of the variance ± half a 95 % interval",
    "mu_star": "What moves {}: mean absolute effect from 5th to 95th percentile",
    "first": "Where the spread of {} comes from, to first order, at the centre",
}
"""Titles by a measure that only the method in question has; the first that is there counts."""
NOISE = 1e-6
"""Effects smaller than this, relative to the largest, come from the tolerance of solves."""
LINEAR = "R² of the linear part"


def importance_table(shares: pd.DataFrame, regions: Sequence[str], indicator: str) -> Table:
    """What the spread of one outcome comes from: rows for each regime and region, a column for each group.

    Args:
        shares: frame of `eacu.experiments.sensitivity.summary.shares`.
        regions: whose outcomes.
        indicator: which outcome.
    """
    rows = shares[(shares["indicator"] == indicator) & shares["region"].isin(regions)]
    title = next(words for measure, words in TITLES.items() if measure in rows)
    groups = list(dict.fromkeys(rows["group"]))
    linear = "linear" in rows
    table = titled_table(title.format(indicator), [*groups, *([LINEAR] if linear else [])])
    doubts = []
    for place, part in rows.groupby(["regime", "region"], sort=False):
        name = ", ".join(map(str, place))
        values = part.set_index("group")
        for words, cells in _cells(values).items():
            extra = [_decimal(values["linear"].iloc[0])] if linear else []
            table.add_row(f"{name}: {words}", *[cells[group] for group in groups], *extra)
        if "doubtful" in rows:
            doubts += [f"{name}: {group}" for group in groups if values.loc[group, "doubtful"]]
    if doubts:
        table.caption = Text(
            "A share with others below the share alone by more than both errors cannot be: take more --draws ("
            + "; ".join(doubts)
            + ")"
        )
        table.caption_justify = "left"
    return table


def percent(value: float, error: float | None = None) -> str:
    """A share in per cent, with its error if it has one; a dash where there is nothing to share out."""
    if pd.isna(value):
        return "–"
    return f"{round(100 * value)} %" if error is None else f"{round(100 * value)} ± {round(100 * error)} %"


def _cells(values: pd.DataFrame) -> dict[str, Mapping[Hashable, str]]:
    """What each row of a place is called, and its cells by group."""
    records = dict(zip(values.index, values.to_dict("records"), strict=True))
    if "total" in values:
        return {
            "alone": {g: percent(r["first"], r["first_error"]) for g, r in records.items()},
            "with others": {g: percent(r["total"], r["total_error"]) for g, r in records.items()},
        }
    if "mu_star" in values:
        least = NOISE * values["mu_star"].max()
        return {
            "mean effect": {g: _figure(r["mu_star"], least) for g, r in records.items()},
            "s.d. of effects": {g: _sigma(r["mu_star"], r["sigma"], least) for g, r in records.items()},
        }
    return {"share of variance": {g: percent(r["first"]) for g, r in records.items()}}


def _figure(value: float, least: float) -> str:
    """Three digits, or all before the point; what is below ``least`` is the solver's tolerance."""
    if pd.isna(value):
        return "–"
    return "0" if value <= least else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"


def _sigma(mu_star: float, sigma: float, least: float) -> str:
    """The spread of effects, which groups of several factors do not have."""
    return "not defined" if pd.isna(sigma) and not pd.isna(mu_star) else _figure(sigma, least)


def _decimal(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}"
