"""How much the answer moves: with the reading of the economy, and with one point more of an instrument."""

from __future__ import annotations

import pandas as pd

from .customs import CRUDE
from .names import sector_titles
from .study import Study

POINT = 0.01
"""One percentage point of a rate, or one per cent of a border cost."""
SHOWN = 8
"""External tariffs shown, the most telling ones."""


def tornado(study: Study, indicator: str = "ev_pct_consumption") -> pd.DataFrame:
    """Values in every reading: region, subject, reading, central, value, distance; the largest distance first."""
    rows = study.variation[study.variation["indicator"] == indicator]
    rows = rows[rows["region"].isin(study.regions)]
    central = study.changes[indicator]
    frame = rows[["region", "subject", "reading", "value"]].assign(central=rows["region"].map(central))
    frame["distance"] = frame["value"] - frame["central"]
    order = frame.groupby("reading")["distance"].transform(lambda d: d.abs().max())
    return (
        frame.assign(order=order).sort_values("order", ascending=False, kind="stable").drop(columns="order")
    )


def local_effects(study: Study) -> pd.DataFrame:
    """Exact derivatives at the regime: what, size, region, value (million USD of equivalent variation).

    ``what`` is an external tariff on a good, raised by one point by all concerned importers at once on all goods
    from outside; the export duty on crude between Russia and Belarus, raised by one point; or border costs between
    members, lowered by one per cent of the landed value. The largest :data:`SHOWN` tariffs only.
    """
    solution, regions = study.solved.solution, "|".join(study.regions)
    ev = f"ev_usd_mn[{regions}]"
    tariffs = _by_flow(solution.sensitivity(ev, f"import_tariff[*,*,{regions}]")) * POINT
    outside = ~tariffs.index.get_level_values("source").isin(study.members)
    levied = tariffs.index.get_level_values("sector").isin(_goods_with_tariff(study))
    by_good = tariffs[outside & levied].groupby("sector", sort=False).sum()
    largest = by_good.abs().max(axis=1).sort_values(ascending=False, kind="stable").index[:SHOWN]
    titles = sector_titles(study)
    parts = [_tidy(by_good.loc[g], f"External tariff: {titles[str(g)]}", "+1 point") for g in largest]
    if (CRUDE, "RUS", "BLR") in solution.benchmark.exports.index:
        crude = _by_flow(solution.sensitivity(ev, f"export_tax[{CRUDE},RUS,BLR]")).sum() * POINT
        parts.append(_tidy(crude, "Export duty on crude, Russia to Belarus", "+1 point"))
    costs = _by_flow(solution.sensitivity(ev, f"iceberg[*,*,{regions}]")) * -POINT
    source, importer = (costs.index.get_level_values(k) for k in ("source", "importer"))
    inner = source.isin(study.members) & importer.isin(study.members) & (source != importer)
    if inner.any():
        parts.append(_tidy(costs[inner].sum(), "Border costs between members, all goods", "−1 %"))
    return pd.concat(parts, ignore_index=True)


def _goods_with_tariff(study: Study) -> set[str]:
    """Goods on which anybody concerned levies an import duty, in the regime or in its base of comparison."""
    goods: set[str] = set()
    for state in (study.solved.solution.state, study.base_state):
        rates = state["import_tariff"]
        rates = rates[rates.index.get_level_values("importer").isin(study.regions)]
        goods |= set(rates[rates != 0.0].index.get_level_values("sector"))
    return goods


def _by_flow(derivatives: pd.DataFrame) -> pd.DataFrame:
    """Derivatives with flows in rows (sector, source, importer) and regions in columns."""
    frame = derivatives.T
    keys = [name.partition("[")[2].rstrip("]").split(",") for name in map(str, frame.index)]
    frame.index = pd.MultiIndex.from_tuples([tuple(k) for k in keys], names=["sector", "source", "importer"])
    frame.columns = pd.Index([str(c).partition("[")[2].rstrip("]") for c in frame.columns], name="region")
    return frame


def _tidy(values: pd.Series, what: str, size: str) -> pd.DataFrame:
    return (
        values.rename("value")
        .rename_axis("region")
        .reset_index()
        .assign(what=what, size=size)[["what", "size", "region", "value"]]
    )
