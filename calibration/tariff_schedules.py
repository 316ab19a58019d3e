"""Tariff schedules at model sectors: before the union, the common external tariff, the WTO-bound rates.

Concept: trade-weighted ad valorem rates on dutiable imports. The published common external tariff is a set of simple
averages by product group; mixing those levels with the trade-weighted rates of 2007 would show a tariff reform
where there was none. So the *levels* are trade-weighted and only *changes* come from the published averages:

* ``pre-union`` – the rates of 2007 (:func:`.border.mfn_rates`).
* ``cet`` – Russia's rates of 2007 for all: the common tariff kept 82 % of Russia's lines. On Kazakhstan's imports this
  gives 9.5 %, the published trade-weighted average after joining, without being fitted to it. Belarus, which had
  Russia's tariff already, keeps its own rates: they differ from Russia's only by the composition of its imports.
  Kyrgyzstan, like Kazakhstan, would take over Russia's rates.
* ``wto-bound`` – Russia's schedule: ``cet`` times bound average over 2011 average of the product group. Belarus is
  given Russia's schedule (it has none). Kazakhstan's (and Ukraine's) own: its bound averages over the 2011 averages of
  the common tariff, for agricultural and other goods (:mod:`.tariff_cuts`).

Flows that are free of duty by agreement stay so, and ROW pays less by the CIS share in it.
"""

from __future__ import annotations

import pandas as pd

from .border import mfn_rates, tariff_matrix
from .regions import Regions
from .series import Tables
from .tariff_cuts import bound_cuts
from .trade import sector_list

AGREEMENTS = "parameters/trade_agreements"


def schedules(cif: pd.Series, tables: Tables, every: pd.DataFrame | None = None) -> pd.DataFrame:
    """All schedules as a table: schedule, importer, source, sector, rate_pct, unit, source_key, quality.

    ``cif`` are the estimated imports by (sector, exporter, importer); a rate is given for every sector and pair of
    regions with a member or candidate as importer, traded or not (a candidate that never bound its tariff has no
    bound rates). ``parameters/trade_agreements`` adds schedules that differ from these for some pairs. ``every`` are
    the rates of 2007 by sector (rows) and importer (columns), those of :func:`.border.mfn_rates` unless given.
    """
    regions = Regions.of(tables)
    frame = regions.frame[regions.frame["role"].isin(["member", "candidate"])]
    every = mfn_rates(cif, tables) if every is None else every
    mfn = every[list(frame.index)]
    cet = mfn.copy()
    for region in frame.index[frame["tariff_pattern"] != "russia"]:
        cet[region] = cet["RUS"]
    bound_by = frame["bound_schedule"][frame["bound_schedule"] != "none"]
    bound = pd.DataFrame({r: cet[r] * bound_cuts(str(name), tables) for r, name in bound_by.items()})
    by_name = {"pre-union": mfn, "cet": cet, "wto-bound": bound}
    sources = list(cif.index.unique("importer"))
    parts = [_matrix(rates, sources, tables).assign(schedule=name) for name, rates in by_name.items()]
    parts += _agreements({**by_name, "pre-union": every}, sources, tables)
    table = pd.concat(parts)
    table["unit"] = "% of cif value"
    keys = {"pre-union": "GTAP9+WDI+WB2012", "cet": "GTAP9 (Russia 2007)", "wto-bound": "GTAP9 x WTO2011"}
    table["source_key"] = table["schedule"].map(keys).fillna("EACU (trade_agreements)")
    table["quality"] = "estimated"
    return table[["schedule", "importer", "source", "sector", "rate_pct", "unit", "source_key", "quality"]]


def _matrix(rates: pd.DataFrame, sources: list[str], tables: Tables) -> pd.DataFrame:
    """Rates by sector and importer as rates by sector, source and importer, per cent: partners' preferences applied."""
    pairs = [(g, r, s) for g in sector_list(tables) for s in rates for r in sources if r != s]
    index = pd.MultiIndex.from_tuples(pairs, names=["sector", "exporter", "importer"])
    matrix = tariff_matrix(rates, pd.Series(1.0, index=index), tables)
    return (100 * matrix).rename("rate_pct").reset_index().rename(columns={"exporter": "source"})


def _agreements(by_name: dict[str, pd.DataFrame], sources: list[str], tables: Tables) -> list[pd.DataFrame]:
    """Schedules made from another by treating some sources otherwise: ``free`` of duty, or at the ``mfn`` rate.

    Raises ValueError for another treatment than these two.
    """
    rules = tables(AGREEMENTS)
    rules = rules[rules["importer"].isin(sources) & rules["source"].isin(sources)]
    parts = []
    for (schedule, base, importer), rows in rules.groupby(["schedule", "base", "importer"], sort=False):
        mfn = by_name[str(base)][[str(importer)]]
        matrix = _matrix(mfn, sources, tables)
        for source, treatment in zip(rows["source"], rows["treatment"], strict=True):
            if treatment not in ("free", "mfn"):
                raise ValueError(f"data/{AGREEMENTS}.csv: unknown treatment {treatment!r} of {source}")
            own = matrix["source"] == source
            full = 100 * matrix.loc[own, "sector"].map(mfn[str(importer)])
            matrix.loc[own, "rate_pct"] = full if treatment == "mfn" else 0.0
        parts.append(matrix.assign(schedule=str(schedule)))
    return parts


def weighted_average(rates: pd.Series, cif: pd.Series) -> pd.Series:
    """Trade-weighted tariff by importer, ratio: duties over imports, both over (sector, exporter, importer)."""
    return (rates * cif).groupby("importer").sum() / cif.groupby("importer").sum()
