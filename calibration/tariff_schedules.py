"""Tariff schedules at model sectors: before the union, the common external tariff, the WTO-bound rates.

Concept: trade-weighted ad valorem rates on dutiable imports. The published common external tariff is a set of simple
averages by product group; mixing those levels with the trade-weighted rates of 2007 would show a tariff reform
where there was none. So the *levels* are trade-weighted and only *changes* come from the published averages:

* ``pre-union`` – the rates of 2007 (:func:`.border.mfn_rates`).
* ``cet`` – Russia's rates of 2007 for all: the common tariff kept 82 % of Russia's lines. On Kazakhstan's imports this
  gives 9.5 %, the published trade-weighted average after joining, without being fitted to it. Belarus, which had
  Russia's tariff already, keeps its own rates: they differ from Russia's only by the composition of its imports.
* ``wto-bound`` – Russia's schedule: ``cet`` times bound average over 2011 average of the product group. Belarus is
  given Russia's schedule (it has none). Kazakhstan's own: its bound averages over the 2011 averages of the common
  tariff, for agricultural and other goods.

Flows that are free of duty by agreement stay so, and ROW pays less by the CIS share in it.
"""

from __future__ import annotations

import pandas as pd

from .border import mfn_rates, tariff_matrix
from .series import Tables, keyed
from .trade import sector_list

MEMBERS = ("RUS", "BLR", "KAZ")
AGRICULTURE = ("agr", "dmt", "ofd")


def schedules(cif: pd.Series, tables: Tables) -> pd.DataFrame:
    """All schedules as a table: schedule, importer, source, sector, rate_pct, unit, source_key, quality.

    ``cif`` are the estimated imports by (sector, exporter, importer); a rate is given for every sector and pair of
    regions with a member as importer, traded or not.
    """
    mfn = mfn_rates(cif, tables)
    cet = mfn[list(MEMBERS)].copy()
    cet["KAZ"] = cet["RUS"]
    bound = cet.mul(russian_cuts(tables), axis=0)
    bound["KAZ"] = cet["KAZ"] * kazakh_cuts(tables)
    parts = []
    for name, rates in (("pre-union", mfn[list(MEMBERS)]), ("cet", cet), ("wto-bound", bound)):
        sectors, regions = sector_list(tables), cif.index.unique("importer")
        pairs = [(g, r, s) for g in sectors for s in MEMBERS for r in regions if r != s]
        index = pd.MultiIndex.from_tuples(pairs, names=["sector", "exporter", "importer"])
        matrix = tariff_matrix(rates, pd.Series(1.0, index=index), tables)
        frame = (100 * matrix).rename("rate_pct").reset_index()
        parts.append(frame.rename(columns={"exporter": "source"}).assign(schedule=name))
    table = pd.concat(parts)
    table["unit"] = "% of cif value"
    table["source_key"] = table["schedule"].map(
        {"pre-union": "GTAP9+WDI+WB2012", "cet": "GTAP9 (Russia 2007)", "wto-bound": "GTAP9 x WTO2011"}
    )
    table["quality"] = "estimated"
    return table[["schedule", "importer", "source", "sector", "rate_pct", "unit", "source_key", "quality"]]


def russian_cuts(tables: Tables) -> pd.Series:
    """Final bound average over the 2011 applied average of each sector's product group, ratio; Russia's schedule."""
    table = tables("sources/tariff_averages")
    averages = keyed(table[table["region"] == "RUS"], "concept", "product_group")
    groups = tables("parameters/tariff_groups").set_index("sector")["product_group"]
    cut = {
        g: 1.0 if group == "none" else averages["wto_bound", group] / averages["cet_2011", group]
        for g, group in groups.items()
    }
    return pd.Series(cut).reindex(sector_list(tables)).fillna(1.0)  # services carry no tariff


def kazakh_cuts(tables: Tables) -> pd.Series:
    """Kazakhstan's bound average over the common tariff of 2011, agricultural and other goods, ratio."""
    table = tables("sources/tariff_averages")
    averages = keyed(table[table["concept"] == "cet_2011"], "product_group")
    bound = keyed(tables("parameters/tariff_bounds_kazakhstan"), "product_group")
    farm = bound["agricultural"] / averages["agricultural"]
    other = bound["non-agricultural"] / averages["manufactured / non-agricultural"]
    sectors = sector_list(tables)
    return pd.Series([farm if g in AGRICULTURE else other for g in sectors], index=sectors)


def weighted_average(rates: pd.Series, cif: pd.Series) -> pd.Series:
    """Trade-weighted tariff by importer, ratio: duties over imports, both over (sector, exporter, importer)."""
    return (rates * cif).groupby("importer").sum() / cif.groupby("importer").sum()
