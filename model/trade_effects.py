r"""Trade creation and diversion of a preferential agreement, by importer, partner and good (Viner 1950).

All volumes are at benchmark prices: imports cif before duty, home sales at basic price. For an importer and a
good let :math:`\Delta I` be the change of its imports from the partners *inside*, the other members, and
:math:`\Delta O` that of its imports from *outside*. Then

======================  ========================================================================================
diversion               :math:`\min(\Delta I^+, \Delta O^-)`: what comes from inside instead of outside
creation                :math:`\Delta I^+` less diversion: new trade with partners inside
suppression             :math:`\Delta O^-` less diversion: outside trade lost to home goods, or no longer wanted
return                  :math:`\min(\Delta I^-, \Delta O^+)`: what comes from outside instead of inside
outside creation        :math:`\Delta O^+` less return
inside suppression      :math:`\Delta I^-` less return
======================  ========================================================================================

with :math:`x^+ = \max(x, 0)` and :math:`x^- = \max(-x, 0)`, so that

.. math:: \Delta I = creation + diversion - return - suppression^{inside}, \qquad
          \Delta O = creation^{outside} + return - diversion - suppression

hold exactly; for an importer outside the union every partner but itself is outside. Diversion is counted good by
good: a rise of one and a fall of another good are no diversion. The trade of an aggregate region with itself is
left out. These are changes of volume, not of welfare: a rise from inside raises welfare by the tariffs that its
imports still pay and costs it the tariffs that diverted imports no longer pay (see docs/welfare.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from .names import nearest
from .state import State

EFFECTS = ("creation", "diversion", "suppression", "return", "outside_creation", "inside_suppression")
"""Volumes, none negative."""
SIGNS = {
    "inside": dict(zip(EFFECTS, (1, 1, 0, -1, 0, -1), strict=True)),
    "outside": dict(zip(EFFECTS, (0, -1, -1, 1, 1, 0), strict=True)),
}
"""How each effect changes the imports from a group."""


def trade_effects(b: Benchmark, x: State, members: Sequence[str]) -> pd.DataFrame:
    """Effects by importer and good, million USD at benchmark prices.

    Args:
        b: the benchmark.
        x: the solution.
        members: regions of the union.

    Returns:
        Index (importer, sector) of every import composite; columns ``inside_base``, ``inside_change``,
        ``outside_base``, ``outside_change``, ``home_base``, ``home_change`` and :data:`EFFECTS`.

    Raises:
        ValueError: a member is no region of the benchmark.
    """
    flows = trade_changes(b, x, members)
    keys = ["importer", "sector"]
    first = flows[keys].drop_duplicates()
    frame = pd.DataFrame(index=pd.MultiIndex.from_frame(first))
    for group in SIGNS:
        sums = flows[flows["group"] == group].groupby(keys)[["base", "change"]].sum()
        for what in ("base", "change"):
            frame[f"{group}_{what}"] = sums[what].reindex(frame.index, fill_value=0.0)  # no partner, no trade
    home = pd.DataFrame(
        {
            "home_base": b.domestic_sales,
            "home_change": b.domestic_sales * (x["domestic_demand"].reindex(b.domestic_sales.index) - 1),
        }
    )
    sold = home.reorder_levels(["region", "sector"]).rename_axis(keys)
    frame = frame.join(sold.reindex(frame.index, fill_value=0.0))  # not made at home: no home sales
    return frame.join(split_changes(frame["inside_change"], frame["outside_change"]))


def trade_effects_by_partner(b: Benchmark, x: State, members: Sequence[str]) -> pd.DataFrame:
    """The effects of :func:`trade_effects` shared out to partners, million USD at benchmark prices.

    Each partner has the part of its group's effects that its change is of the group's change. Effects are signed as
    they change the imports from the partner, so that they add up to ``change``; diversion and return, which only
    move trade from one partner to another, sum to zero over partners.

    Returns:
        One row for each flow: importer, partner, sector, group (inside or outside), base, change and
        :data:`EFFECTS`.

    Raises:
        ValueError: a member is no region of the benchmark.
    """
    flows = trade_changes(b, x, members)
    effects = trade_effects(b, x, members)
    keys = pd.MultiIndex.from_frame(flows[["importer", "sector"]])
    inside = (flows["group"] == "inside").to_numpy()
    totals = {group: effects[f"{group}_change"].reindex(keys).to_numpy() for group in SIGNS}
    total = np.where(inside, totals["inside"], totals["outside"])
    share = np.divide(flows["change"].to_numpy(), total, out=np.zeros(len(flows)), where=total != 0.0)
    for name in EFFECTS:
        sign = np.where(inside, SIGNS["inside"][name], SIGNS["outside"][name])
        flows[name] = sign * share * effects[name].reindex(keys).to_numpy() + 0.0
    return flows


def trade_changes(b: Benchmark, x: State, members: Sequence[str]) -> pd.DataFrame:
    """Imports by flow: importer, partner, sector, group, base, change (million USD, benchmark cif prices)."""
    for member in members:
        if member not in b.regions:
            raise ValueError(f"Unknown union member {member!r}.{nearest(member, b.regions)}")
    sector, source, importer = (b.cif.index.get_level_values(k) for k in ("sector", "source", "importer"))
    foreign = np.asarray(source != importer)
    inside = source.isin(list(members)) & importer.isin(list(members))
    volume = b.cif * x["shipments"].reindex(b.cif.index)
    frame = pd.DataFrame(
        {
            "importer": importer,
            "partner": source,
            "sector": sector,
            "group": np.where(inside, "inside", "outside"),
            "base": b.cif.to_numpy(),
            "change": (volume - b.cif).to_numpy(),
        }
    )
    return frame[foreign].reset_index(drop=True)


def split_changes(inside: pd.Series, outside: pd.Series) -> pd.DataFrame:
    """Effects from the changes of imports from inside and from outside, by the definitions above.

    Both arguments are indexed alike, one entry for each importer and good, and have no missing numbers.
    """
    rise, fall = inside.clip(lower=0.0), -inside.clip(upper=0.0)
    rise_outside, fall_outside = outside.clip(lower=0.0), -outside.clip(upper=0.0)
    diverted, returned = np.minimum(rise, fall_outside), np.minimum(fall, rise_outside)
    parts = pd.DataFrame(
        {
            "creation": rise - diverted,
            "diversion": diverted,
            "suppression": fall_outside - diverted,
            "return": returned,
            "outside_creation": rise_outside - returned,
            "inside_suppression": fall - returned,
        }
    )
    return parts + 0.0  # no negative zeros
