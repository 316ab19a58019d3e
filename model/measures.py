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

    .. math:: EV_r = N_r \sum_i \bar\gamma_{ir} + \bar S_r s_r / P^S_r - \bar E_r
              + \sum_{fd} (1-\rho_{frd}) V_{frd} / P^S_d - \sum_{fo} (1-\rho_{for}) V_{for} / P^S_r

    The last two terms count migrants with the people of their origin (see ``abroad``).
    """
    committed = sum(m.committed0[i, r] for i in m.household_goods_of[r]) * m.population[r]
    utility = m.supernumerary0[r] * m.supernumerary[r] / m.supernumerary_price[r]
    own = sum(_spent(m, f, r, d) / m.supernumerary_price[d] for f, d in m.emigrants_from[r])
    guests = sum(_spent(m, f, o, r) / m.supernumerary_price[r] for f, o in m.immigrants_to[r])
    return committed + utility - m.household_spending0[r] + own - guests


def _spent(m: pyo.ConcreteModel, f: str, o: str, d: str) -> Any:
    """What the migrants of a pair spend where they work, million USD."""
    return m.migrant_wages[f, o, d] - m.sent_home[f, o, d]


def remittances(m: pyo.ConcreteModel, r: str) -> Any:
    """Wages sent home by a region's people less those sent by its guests, million USD of the numeraire."""
    sent = sum(m.sent_home[f, o, r] for f, o in m.immigrants_to[r])
    return (m.remittances_received[r] - sent) / m.numeraire


def migrants(m: pyo.ConcreteModel, r: str) -> Any:
    """A region's people abroad less its guests, thousand persons."""
    own = sum(m.migrants[f, r, d] for f, d in m.emigrants_from[r])
    return own - sum(m.migrants[f, o, r] for f, o in m.immigrants_to[r])


def real_gdp(m: pyo.ConcreteModel, r: str) -> Any:
    """Volume of GDP at benchmark prices, million USD: final demand, net exports, sales to the pool."""
    b = m.benchmark
    household = sum(m.household_demand0[i, r] * m.household_demand[i, r] for i in m.household_goods_of[r])
    final = (
        (1 + m.sales_tax0["household", r]) * household
        + (1 + m.sales_tax0["government", r])
        * sum(m.government_demand0[i, r] * m.government_use[i, r] for i in m.government_goods_of[r])
        + (1 + m.sales_tax0["investment", r])
        * sum(m.investment_demand0[i, r] * m.investment_use[i, r] for i in m.investment_goods_of[r])
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
    "ev_pct_gdp": lambda m, r: 100 * equivalent_variation(m, r) / float(m.benchmark.gdp[r]),
    "consumption_pct": lambda m, r: 100 * (consumption(m, r) - 1),
    "cpi_pct": lambda m, r: 100 * (m.consumer_price[r] / m.numeraire - 1),
    "tariff_revenue_usd_mn": lambda m, r: m.tariff_collected[r] / m.numeraire,
    "tariff_received_usd_mn": lambda m, r: m.tariff_received[r] / m.numeraire,
    "pool_transfer_usd_mn": lambda m, r: m.pool_transfer[r] / m.numeraire,
    "oil_duty_transfer_usd_mn": lambda m, r: m.oil_duty_transfer[r] / m.numeraire,
    "remittances_usd_mn": remittances,
    "migrants_thousand": migrants,
    "capital_income_abroad_usd_mn": lambda m, r: m.capital_income[r] / m.numeraire,
    "rents_usd_mn": lambda m, r: m.rent_income[r] / m.numeraire,
    "export_duty_usd_mn": lambda m, r: m.export_tax_revenue[r] / m.numeraire,
}
"""Indicator -> expression of the model and a region; units in :data:`eacu.model.indicators.UNITS`."""
