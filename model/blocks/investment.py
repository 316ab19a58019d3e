r"""Investment: a basket of goods, paid by household, government and foreign savings.

Its proportions are fixed unless the benchmark gives an elasticity of substitution. The default closure fixes its
volume; household savings adjust. In a steady state it keeps pace with the stock of capital.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..functions import ces_demand, ces_price
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
    m.sigma_investment = param(m.R, b.sigma_investment, "sigma_investment")
    m.investment_demand0 = param(m.investment_goods, b.investment_demand, "investment_demand")
    m.investment0 = param(m.R, investment, "investment")
    m.investment = positive(m.R)
    m.investment_price = positive(m.R)
    m.investment_rate = positive(m.capital_regions)
    m.investment_use = pyo.Expression(m.investment_goods, rule=investment_use)  # the goods market asks for it


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.definition_investment_price = pyo.Constraint(m.R, rule=definition_investment_price)
    m.budget_savings = pyo.Constraint(m.R, rule=budget_savings)
    m.definition_investment_rate = pyo.Constraint(m.capital_regions, rule=definition_investment_rate)


def definition_investment_price(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Price of the investment basket; :math:`\sigma^I_r` is zero unless the benchmark says otherwise.

    .. math:: P^I_r = k_{vr} \Big(\sum_i \bar s^I_{ir}\, (p^Q_{ir})^{1-\sigma^I_r}\Big)^{1/(1-\sigma^I_r)}
    """
    weight = (1 + m.sales_tax0["investment", r]) / m.investment0[r]
    terms = [(weight * m.investment_demand0[i, r], m.composite_price[i, r]) for i in m.investment_goods_of[r]]
    basket = ces_price(terms, m.sigma_investment[r])
    return m.investment_price[r] == m.sales_tax_factor["investment", r] * basket


def investment_use(m: pyo.ConcreteModel, i: str, r: str) -> Any:
    r"""Use of a good in investment relative to the benchmark.

    .. math:: v_{ir} = v_r \Big(\frac{P^I_r}{k_{vr}\, p^Q_{ir}}\Big)^{\sigma^I_r}
    """
    price = m.sales_tax_factor["investment", r] * m.composite_price[i, r]
    return ces_demand(m.investment[r], m.investment_price[r], price, m.sigma_investment[r])


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
