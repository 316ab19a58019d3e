"""Sectors, and trade created and diverted, in tidy frames; volumes at base-year prices, million USD."""

from __future__ import annotations

import pandas as pd

from ...model.trade_effects import EFFECTS, split_changes, trade_changes
from .rows import records
from .study import Study

FROM, TO = "from", "to"
MORE, FEWER = "more imports in all", "fewer imports in all"


def sectors(study: Study) -> pd.DataFrame:
    """Output by sector: region, sector, base (base-year volume), change (million USD), percent of base."""
    b, after, before = study.base.benchmark, study.solved.solution.state, study.base_state
    base = b.output
    moved = base * (after["activity"].reindex(base.index) - before["activity"].reindex(base.index))
    frame = pd.DataFrame({"base": base, "change": moved}).reset_index()
    frame["percent"] = 100 * frame["change"] / frame["base"]
    return frame[frame["region"].isin(study.regions)][
        ["region", "sector", "base", "change", "percent"]
    ].reset_index(drop=True)


def flows(study: Study) -> pd.DataFrame:
    """Imports of the concerned regions by flow: importer, partner, sector, group, base, change.

    ``group`` is *inside* for trade between members of the regime's union, else *outside*.
    """
    solution = study.solved.solution
    frame = trade_changes(solution.benchmark, solution.state, solution.members)
    if study.against:
        earlier = trade_changes(solution.benchmark, study.against.solution.state, solution.members)
        frame["change"] -= earlier["change"]
    return frame[frame["importer"].isin(study.regions)].reset_index(drop=True)


def by_pair(study: Study) -> pd.DataFrame:
    """Imports by importer and partner, all goods: importer, partner, group, base, change, percent of base."""
    sums = (
        flows(study)
        .groupby(["importer", "partner", "group"], sort=False, as_index=False)[["base", "change"]]
        .sum()
    )
    sums["percent"] = 100 * sums["change"] / sums["base"]
    return sums


def creation_and_diversion(study: Study) -> pd.DataFrame:
    """Effects by importer, summed over goods: index importer, columns those of ``EFFECTS`` (million USD)."""
    keys = ["importer", "sector", "group"]
    sums = flows(study).groupby(keys, sort=False)["change"].sum().unstack("group")
    sums = sums.reindex(columns=["inside", "outside"]).fillna(0.0)  # no partner in a group, no trade with it
    effects = split_changes(sums["inside"], sums["outside"])
    return effects.groupby("importer", sort=False)[list(EFFECTS)].sum().reindex(list(study.regions)).dropna()


def redirection(study: Study) -> pd.DataFrame:
    """Where each importer's purchases moved: importer, side, partner, value (million USD, positive).

    Rows with side ``from`` are partners who sell less to the importer, rows ``to`` those who sell more. The sums
    of the two sides are equal: what all partners together gain or lose is a row of its own.
    """
    rows = []
    for importer, own in by_pair(study).groupby("importer", sort=False):
        net = float(own["change"].sum())
        for row in records(own):
            if row.change != 0.0:
                rows.append((importer, TO if row.change > 0 else FROM, row.partner, abs(row.change)))
        if net:
            rows.append((importer, FROM if net > 0 else TO, MORE if net > 0 else FEWER, abs(net)))
    return pd.DataFrame(rows, columns=["importer", "side", "partner", "value"])
