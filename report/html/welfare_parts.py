"""Who gains, and which instrument did it: welfare by term, and contributions of instruments. Both sum to the EV."""

from __future__ import annotations

import pandas as pd

from .names import TERM_ORDER, instrument_words, region_titles, terms_in_words
from .rows import long
from .study import Study

SMALL = 0.02
"""Instruments below this part of every member's largest contribution are shown together."""
ROUNDING = 1e-6
"""Contributions smaller than this, in the unit of the measure, are rounding."""
OTHERS = "others, each under 2 %"


def welfare_terms(study: Study) -> pd.DataFrame:
    """Terms of the equivalent variation in words: region, term, value (million USD); they sum to it by region.

    A region in which a term does not occur has it as zero.
    """
    named = study.welfare.assign(term=terms_in_words(study.welfare).astype(str))
    sums = named.pivot_table(index="region", columns="term", values="value", aggfunc="sum")
    sums = sums.reindex(index=list(study.regions)).fillna(0.0)  # a term that does not occur is nil
    terms = [term for term in TERM_ORDER if term in sums.columns]
    return long(sums[terms], "region", "term")


def welfare_details(study: Study, largest: int = 8) -> pd.DataFrame:
    """The largest single contributions by region: region, term, detail, sector, partner, value (million USD)."""
    frame = study.welfare[study.welfare["value"] != 0.0]
    ranked = frame.sort_values("value", key=abs, ascending=False, kind="stable")
    return (
        ranked.groupby("region")
        .head(largest)
        .sort_values(
            ["region"],
            key=lambda names: names.map(list(study.regions).index),
            kind="stable",
            ignore_index=True,
        )
    )


def instrument_contributions(study: Study, measure: str = "ev_usd_mn") -> pd.DataFrame:
    """What each instrument contributed: member, group, value; for a member the values sum to the measure.

    ``group`` is the instrument and who sets it, in words. Instruments that give no member as much as :data:`SMALL` of
    its largest contribution are one group, *others*, if they are more than rounding.
    """
    rows = study.subtotals[study.subtotals["measure"] == measure]
    titles = region_titles(study)
    group = [
        instrument_words(i) + (f", {titles[r]}" if r in titles else "")
        for i, r in zip(rows["instrument"], rows["region"], strict=True)
    ]
    sums = rows.assign(group=group).groupby(["group", "member"], sort=False)["value"].sum().unstack("member")
    if sums.empty:
        return pd.DataFrame(columns=["member", "group", "value"])
    sums = sums[list(study.regions)]
    told = (sums.abs() >= SMALL * sums.abs().max()).any(axis=1) & (sums.abs().max(axis=1) >= ROUNDING)
    rest = sums[~told].sum()
    shown = sums[told]
    if rest.abs().max() >= ROUNDING:
        shown = pd.concat([shown, rest.to_frame(OTHERS).T])
    return long(shown, "group", "member")[["member", "group", "value"]]
