r"""What entry of firms into services is worth to those who buy them.

The price of a service is a Dixit-Stiglitz index over home firms, foreign firms in the region and suppliers from
abroad (see `blocks.foreign_firms`). Set beside the index at the same prices of firms with as many of them as in the
base year, it shows what variety alone does:

.. math:: \nu_{gr} = \frac{P(p, 1)}{P(p, n)} - 1

A sector that buys services gets so much more service for its money: with the cost shares :math:`\theta` of the base
year its productivity rises by :math:`\sum_g \theta_{gjr} \ln(1 + \nu_{gr})`, the "productivity through variety" of
Ethier (1982) and of Rutherford and Tarr (2008).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..calibration.benchmark import BY_SECTOR, Benchmark, foreign
from .state import State


def service_prices(b: Benchmark, x: State) -> pd.DataFrame:
    """By host (sector, region): prices and numbers of firms relative to the benchmark, and the gain from variety.

    Columns: ``price`` (over the region's consumer price), ``gain_from_variety_pct``, ``home_firms`` and
    ``foreign_firms`` (numbers; output where firms do not enter), ``foreign_share_pct`` (of foreign firms in what
    users pay for the service). Empty for a benchmark without foreign firms.
    """
    rows = {}
    for g, r in b.foreign_sales.index:
        sigma = float(b.sigma_armington[g, r])
        number = {name: _number(b, x, name, r) for name in (g, foreign(g))}
        rent = (1 + x["presence_rent"][g, r]) / (1 + b.presence_rent[g, r])
        imports = (
            float(b.landed.xs((g, r), level=("sector", "importer")).sum()) - b.head_office_services[g, r]
        )
        value = np.array([b.domestic_sales[g, r], b.foreign_sales[g, r], imports])
        paid = x["domestic_price"][foreign(g), r] * rent
        price = np.array([x["domestic_price"][g, r], paid, x["import_price"][g, r]])
        weight = value / value.sum() * price ** (1 - sigma)
        firms = np.array([number[g], number[foreign(g)], 1.0])
        rows[g, r] = {
            "price": x["composite_price"][g, r] / x["consumer_price"][r],
            "gain_from_variety_pct": 100 * ((weight.sum() / (weight @ firms)) ** (1 / (1 - sigma)) - 1),
            "home_firms": x["activity"][g, r],
            "foreign_firms": x["activity"][foreign(g), r],
            "foreign_share_pct": 100 * weight[1] * firms[1] / (weight @ firms),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(BY_SECTOR)


def productivity_of_users(b: Benchmark, x: State) -> pd.Series:
    """Productivity that sectors gain through variety of services, per cent, by (sector, region) of hosts."""
    gain = np.log1p(service_prices(b, x)["gain_from_variety_pct"] / 100)
    cost = b.output * (1 - b.production_tax)
    found: dict[tuple[str, str], float] = {}
    for (service, sector, region), value in zip(b.intermediate.index.tolist(), b.intermediate, strict=True):
        if (service, region) in gain.index:
            part = value / cost[sector, region] * gain[service, region]
            found[sector, region] = found.get((sector, region), 0.0) + 100 * float(part)
    return pd.Series(found, name="productivity_pct", dtype=float).rename_axis(BY_SECTOR)


def _number(b: Benchmark, x: State, activity: str, region: str) -> float:
    """Varieties of a firm type relative to the benchmark: one where none enter."""
    return float(x["varieties"][activity, region]) if (activity, region) in b.increasing_returns else 1.0
