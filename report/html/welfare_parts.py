"""Who gains, and which instrument did it: welfare by term, and contributions of instruments. Both sum to the EV."""

from __future__ import annotations

import pandas as pd

from ...model.welfare import ORDER
from .names import instrument_words, region_titles
from .study import Study

SMALL = 0.005
"""A contribution below this part of a member's largest one is shown in *all smaller ones together*."""
OTHERS = "all smaller ones together"


def welfare_terms(study: Study) -> pd.DataFrame:
    """Terms of the equivalent variation: region, term, value (million USD); for each region they sum to its EV.

    A region in which a term does not occur has it as zero.
    """
    sums = study.welfare.pivot_table(index="region", columns="term", values="value", aggfunc="sum")
    sums = sums.reindex(index=list(study.regions)).fillna(0.0)  # a term that does not occur is nil
    terms = [term for term in ORDER if term in sums.columns]
    return pd.DataFrame(sums[terms].rename_axis("term", axis=1).stack().rename("value").reset_index())


def welfare_details(study: Study, largest: int = 8) -> pd.DataFrame:
    """The largest single contributions by region: region, term, detail, sector, partner, value (million USD)."""
    frame = study.welfare[study.welfare["value"] != 0.0]
    ranked = frame.sort_values("value", key=abs, ascending=False, kind="stable")
    return ranked.groupby("region").head(largest).sort_values(
        ["region"], key=lambda names: names.map(list(study.regions).index), kind="stable", ignore_index=True
    )


def instrument_contributions(study: Study, measure: str = "ev_usd_mn") -> pd.DataFrame:
    """What each instrument contributed: member, instrument, setter, group, value; for a member they sum to the measure.

    ``setter`` is who sets the instrument, ``group`` both in words. Contributions below :data:`SMALL` of the
    member's largest one are one row, *all smaller ones together*.
    """
    rows = study.subtotals[study.subtotals["measure"] == measure]
    sums = rows.groupby(["member", "instrument", "region"], sort=False, as_index=False)["value"].sum()
    sums = sums.rename(columns={"region": "setter"})
    titles = region_titles(study)
    sums["group"] = [
        instrument_words(i) + (f", {titles[r]}" if r in titles else "")
        for i, r in zip(sums["instrument"], sums["setter"], strict=True)
    ]
    parts = [_with_small_ones_joined(own) for _, own in sums.groupby("member", sort=False)]
    columns = ["member", "instrument", "setter", "group", "value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _with_small_ones_joined(own: pd.DataFrame) -> pd.DataFrame:
    small = own["value"].abs() < SMALL * own["value"].abs().max()
    if not small.any():
        return own
    rest = {"member": own["member"].iloc[0], "instrument": "", "setter": "", "group": OTHERS}
    return pd.concat(
        [own[~small], pd.DataFrame([{**rest, "value": own.loc[small, "value"].sum()}])], ignore_index=True
    )
