r"""Macro indicators as expressions of the model's variables, so that they have exact derivatives.

The definitions, names and units are those of `eacu.model.indicators`, which computes the same figures from the
numbers of a solution; tests hold the two together. Here they are Pyomo expressions: they can be
differentiated, decomposed by instrument, or be the objective of a policy problem.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo


def equivalent_variation(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Equivalent variation, million USD at benchmark prices.

    .. math:: EV_r = N_r \sum_i \bar\gamma_{ir} + \bar S_r s_r \prod_i (k_{hr}\, p^Q_{ir})^{-\beta_{ir}} - \bar E_r
    """
    goods = m.household_goods_of[r]
    tax = m.sales_tax_factor["household", r]
    log_price = sum(m.budget_share[i, r] * pyo.log(tax * m.composite_price[i, r]) for i in goods)
    committed = sum(m.committed0[i, r] for i in goods) * m.population[r]
    return (
        committed + m.supernumerary0[r] * m.supernumerary[r] * pyo.exp(-log_price) - m.household_spending0[r]
    )


def real_gdp(m: pyo.ConcreteModel, r: str) -> Any:
    """Volume of GDP at benchmark prices, million USD: final demand, net exports, sales to the pool."""
    b = m.benchmark
    household = sum(m.household_demand0[i, r] * m.household_demand[i, r] for i in m.household_goods_of[r])
    final = (
        (1 + m.sales_tax0["household", r]) * household
        + m.government_consumption0[r] * m.government_consumption[r]
        + m.investment0[r] * m.investment[r]
    )
    sold = sum(float(b.fob[g, r, s]) * m.shipments[g, r, s] for g, s in m.export_flows_of[r])
    carried = sum(m.margin_supply0[k] * m.carrier_supply[k] for k in m.carriers if k[1] == r)
    bought = sum(m.cif0[g, s, r] * m.shipments[g, s, r] for g, s in m.import_flows_of[r])
    return final + sold + carried - bought


def consumption(m: pyo.ConcreteModel, r: str) -> Any:
    """Volume of household consumption relative to the benchmark."""
    goods = m.household_goods_of[r]
    volume = sum(m.household_demand0[i, r] * m.household_demand[i, r] for i in goods)
    return volume / sum(m.household_demand0[i, r] for i in goods)


MEASURES: dict[str, Callable[[pyo.ConcreteModel, str], Any]] = {
    "real_gdp_pct": lambda m, r: 100 * (real_gdp(m, r) / float(m.benchmark.gdp[r]) - 1),
    "ev_usd_mn": equivalent_variation,
    "ev_pct_consumption": lambda m, r: 100 * equivalent_variation(m, r) / m.household_spending0[r],
    "consumption_pct": lambda m, r: 100 * (consumption(m, r) - 1),
    "cpi_pct": lambda m, r: 100 * (m.consumer_price[r] / m.numeraire - 1),
    "tariff_revenue_usd_mn": lambda m, r: m.tariff_collected[r] / m.numeraire,
    "tariff_received_usd_mn": lambda m, r: m.tariff_received[r] / m.numeraire,
    "pool_transfer_usd_mn": lambda m, r: m.pool_transfer[r] / m.numeraire,
}
"""Indicator -> expression of the model and a region; units in :data:`eacu.model.indicators.UNITS`."""
