"""Import duties before and after sharing, and the oil trade, in tidy frames (million USD unless stated)."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from ...experiments.energy import CRUDE, in_tonnes
from .study import Study

ENERGY = ("oil", "ppr", "gas")
"""Goods under rules of the oil and gas trade."""
OIL_INSTRUMENTS = ("export_tax", "over_quota_duty", "duty_remitted", "rent")
PHYSICAL = {
    "crude_mt": ("Crude oil from Russia to Belarus", "Mt"),
    "crude_over_quota_mt": ("of it above the duty-free quota", "Mt"),
    "quota_premium_usd_t": ("Premium of crude inside the quota", "USD/t"),
    "crude_duty_usd_t": ("Export duty on that crude", "USD/t"),
    "crude_duty_usd_mn": ("Export duty on that crude, in all", "USD mn"),
    "quota_rent_usd_mn": ("Rent of the quota", "USD mn"),
    "product_duty_usd_mn": ("Duty on Belarus's oil products", "USD mn"),
    "passed_on_usd_mn": ("of it passed on to Russia", "USD mn"),
}
SAME_RULES = (
    "No rule of the oil and gas trade differs between this regime and its base of comparison: export duties on crude "
    "oil, oil products and gas, quotas, duties passed on and mark-ups are the same. Duties that are rates still move a "
    "little with prices; that stands among the terms of welfare."
)


def revenue(study: Study) -> pd.DataFrame:
    """Import duty by region, million USD: before, collected, received, transfer, change.

    ``before`` is what the region received in the base of comparison; ``collected`` at its own border in the regime,
    ``received`` after sharing; ``transfer`` is received less collected, ``change`` received less before.
    """
    now, base = study.indicators, study.base_indicators
    frame = pd.DataFrame(
        {
            "before": base["tariff_received_usd_mn"],
            "collected": now["tariff_revenue_usd_mn"],
            "received": now["tariff_received_usd_mn"],
        }
    ).loc[list(study.regions)]
    frame["transfer"] = frame["received"] - frame["collected"]
    frame["change"] = frame["received"] - frame["before"]
    return frame.rename_axis("region").reset_index()


def oil_rules_differ(study: Study) -> bool:
    """Whether any instrument of the oil and gas trade differs between the regime and its base of comparison."""
    after, before = study.solved.solution.state, study.base_state
    for name in OIL_INSTRUMENTS:
        moved = after[name] != before[name]
        if moved[moved.index.get_level_values("sector").isin(ENERGY)].any():
            return True
    return False


def oil_trade(study: Study) -> pd.DataFrame:
    """The oil trade between Russia and Belarus: key, item, unit, before, after. No rows where there is none."""
    solution = study.solved.solution
    columns = ["key", "item", "unit", "before", "after"]
    if (
        CRUDE,
        "RUS",
        "BLR",
    ) not in solution.benchmark.exports.index or "ppr" not in solution.benchmark.sectors:
        return pd.DataFrame(columns=columns)
    start = replace(solution, state=study.base_state, record=None)
    before, after = (in_tonnes(s, study.base.schedules) for s in (start, solution))
    rows = [(key, *words, float(before[key]), float(after[key])) for key, words in PHYSICAL.items()]
    return pd.DataFrame(rows, columns=columns)


def oil_money(study: Study) -> pd.DataFrame:
    """By region, million USD: change of export duty collected, of duties passed on, of rents; percent of refining."""
    moved = study.changes.loc[list(study.regions)]
    frame = moved[["export_duty_usd_mn", "oil_duty_transfer_usd_mn", "rents_usd_mn"]].copy()
    activity, base = study.solved.solution.state["activity"], study.base_state["activity"]
    refining = 100 * (activity / base - 1)
    frame["refining_pct"] = [
        float(refining["ppr", r]) if ("ppr", r) in refining.index else float("nan") for r in study.regions
    ]
    return frame.rename_axis("region").reset_index()
