r"""Investment: a basket of goods in fixed proportions, paid by household, government and foreign savings.

The default closure fixes its volume; household savings adjust. In a steady state it keeps pace with the stock
of capital.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..sets import param, positive
from .factors import CAPITAL

EQUATIONS = {
    "definition_investment_price": "investment_price",
    "budget_savings": "household_savings",
    "definition_investment_rate": "investment_rate",
}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Price of the investment basket and the savings-investment balance."""
    b = benchmark
    investment = b.investment_demand.groupby("region").sum() * (1 + b.sales_tax["investment"])
    m.investment_demand0 = param(m.investment_goods, b.investment_demand, "investment_demand")
    m.investment0 = param(m.R, investment, "investment")
    m.investment = positive(m.R)
    m.investment_price = positive(m.R)
    m.investment_rate = positive(m.capital_regions)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.definition_investment_price = pyo.Constraint(m.R, rule=definition_investment_price)
    m.budget_savings = pyo.Constraint(m.R, rule=budget_savings)
    m.definition_investment_rate = pyo.Constraint(m.capital_regions, rule=definition_investment_rate)


def definition_investment_price(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Price of the investment basket, fixed proportions.

    .. math:: P^I_r = k_{vr} \sum_i \bar s^I_{ir}\, p^Q_{ir}
    """
    weight = (1 + m.sales_tax0["investment", r]) / m.investment0[r]
    basket = sum(
        weight * m.investment_demand0[i, r] * m.composite_price[i, r] for i in m.investment_goods_of[r]
    )
    return m.investment_price[r] == m.sales_tax_factor["investment", r] * basket


def budget_savings(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Investment is paid by the savings of household, government and the rest of the world.

    .. math:: \bar I_r\, v_r\, P^I_r = H_r + S^G_r\, P^I_r + S^F_r\, P^0

    Foreign savings are an amount of the numeraire (price :math:`P^0`).
    """
    savings = (
        m.household_savings[r]
        + m.government_savings[r] * m.investment_price[r]
        + m.foreign_savings[r] * m.numeraire
    )
    return m.investment0[r] * m.investment[r] * m.investment_price[r] == savings


def definition_investment_rate(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Investment per unit of capital, relative to the benchmark.

    .. math:: v_r = \iota_r\, e_{Kr}

    In a steady state investment replaces what wears out and equips growth, so :math:`\iota` is constant.
    """
    return m.investment[r] == m.investment_rate[r] * m.endowment[CAPITAL, r]
