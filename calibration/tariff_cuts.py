"""Bound rates as a share of the common tariff of 2011, by sector: how far a schedule in the WTO lies below it."""

from __future__ import annotations

import pandas as pd

from .series import Tables, keyed
from .trade import sector_list

RUSSIA = "russia"
AGRICULTURE = ("agr", "dmt", "ofd")


def bound_cuts(schedule: str, tables: Tables) -> pd.Series:
    """Bound over 2011 average by sector, ratio.

    ``russia``: by product group of Russia's accession. Any other name: the country's own bound averages of
    agricultural and other goods (``parameters/tariff_bounds_<name>``) over those of the common tariff.
    """
    return _russian(tables) if schedule == RUSSIA else _by_two_groups(schedule, tables)


def _russian(tables: Tables) -> pd.Series:
    table = tables("sources/tariff_averages")
    averages = keyed(table[table["region"] == "RUS"], "concept", "product_group")
    groups = tables("parameters/tariff_groups").set_index("sector")["product_group"]
    cut = {
        g: 1.0 if group == "none" else averages["wto_bound", group] / averages["cet_2011", group]
        for g, group in groups.items()
    }
    return pd.Series(cut).reindex(sector_list(tables)).fillna(1.0)  # services carry no tariff


def _by_two_groups(schedule: str, tables: Tables) -> pd.Series:
    table = tables("sources/tariff_averages")
    averages = keyed(table[table["concept"] == "cet_2011"], "product_group")
    bound = keyed(tables(f"parameters/tariff_bounds_{schedule}"), "product_group")
    farm = bound["agricultural"] / averages["agricultural"]
    other = bound["non-agricultural"] / averages["manufactured / non-agricultural"]
    sectors = sector_list(tables)
    return pd.Series([farm if g in AGRICULTURE else other for g in sectors], index=sectors)
