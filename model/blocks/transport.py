r"""International transport: one world pool that buys from carriers of all regions and serves every trade flow.

As in GTAP (Hertel 1997, ch. 2), transport services of all regions are combined by a Cobb-Douglas technology
into a world composite, which is used in fixed proportion to the quantity shipped on each flow.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..functions import ces_price
from ..sets import param, positive

EQUATIONS = {
    "zero_profit_transport": "transport_price",
    "market_transport": "transport_volume",
    "market_carrier": "carrier_price",
}

POOL = "world"


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Price and volume of the pool; an economy without margins has no pool."""
    b = benchmark
    margin = b.margin.reindex(b.exports.index, fill_value=0.0)  # no margin cell: no cost
    m.transport_pool = pyo.Set(initialize=[POOL] if len(b.margin_supply) else [])
    m.margin0 = param(m.flows, margin, "margin")
    m.pool_share_of_carrier = param(m.carriers, b.margin_supply / b.margin_supply.sum(), "carrier share")
    m.transport_price = positive(m.transport_pool)
    m.transport_volume = positive(m.transport_pool)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.zero_profit_transport = pyo.Constraint(m.transport_pool, rule=zero_profit_transport)
    m.market_carrier = pyo.Constraint(m.carriers, rule=market_carrier)
    m.market_transport = pyo.Constraint(m.transport_pool, rule=market_transport)


def zero_profit_transport(m: pyo.ConcreteModel, pool: str) -> Any:
    r"""Price of the transport composite.

    .. math:: p^M = \prod_{gr} (p^T_{gr})^{\theta^M_{gr}}
    """
    terms = [(m.pool_share_of_carrier[g, r], m.carrier_price[g, r]) for g, r in m.carriers]
    return m.transport_price[pool] == ces_price(terms, 1)


def market_carrier(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""A carrier's supply equals the pool's demand for it: a constant share of its outlay.

    .. math:: x^T_{gr} = v^M \, p^M / p^T_{gr}

    It is paid the price of exports if they are the same good as is sold at home: :math:`p^T_{gr} = p^X_{gr}`.
    """
    if (g, r) in m.one_product:
        return m.carrier_price[g, r] == m.export_price[g, r]
    return m.carrier_supply[g, r] == carrier_demand(m, g, r)


def carrier_demand(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    """The pool's demand for a carrier's services relative to the benchmark."""
    return m.transport_volume[POOL] * m.transport_price[POOL] / m.carrier_price[g, r]


def market_transport(m: pyo.ConcreteModel, pool: str) -> Any:
    r"""The pool's volume serves all shipments.

    .. math:: v^M \sum_{grs} \bar M_{grs} = \sum_{grs} \bar M_{grs}\, z_{grs}
    """
    total = sum(m.margin0[flow] for flow in m.flows)
    return m.transport_volume[pool] * total == sum(m.margin0[flow] * m.shipments[flow] for flow in m.flows)
