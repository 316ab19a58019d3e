r"""Government: collects all taxes, consumes, saves, and balances by a lump-sum transfer.

It consumes goods in fixed proportions unless the benchmark gives an elasticity of substitution.
Import duties enter as *received*, i.e. after a customs union has shared its pool. In the default closure real
consumption and real savings are fixed, so that the household's welfare is the whole measure of welfare. Other
closures fix the transfer in terms of consumer goods and let savings or a tax rate balance the budget.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..functions import ces_demand, ces_price
from ..sets import money, param, positive

EQUATIONS = {
    "definition_government_price": "government_price",
    "income_government": "government_income",
    "budget_government": "transfer",
    "definition_real_transfer": "real_transfer",
    "definition_government_savings_ratio": "government_savings_ratio",
}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Price of consumption, income and budget; exogenous in the default closure: consumption, savings."""
    b = benchmark
    consumption = b.government_demand.groupby("region").sum() * (1 + b.sales_tax["government"])
    m.sigma_government = param(m.R, b.sigma_government, "sigma_government")
    m.government_demand0 = param(m.government_goods, b.government_demand, "government_demand")
    m.government_consumption0 = param(m.R, consumption, "government consumption")
    m.government_consumption = positive(m.R)
    m.government_price = positive(m.R)
    m.government_savings = money(m.R, b.government_savings, "government_savings")
    m.government_income = money(m.R, b.tax_revenue.sum(axis=1), "government income")
    m.real_transfer = money(m.R, b.transfer, "transfer")
    m.government_savings_ratio = money(m.R, b.government_savings / consumption, "government savings")
    m.government_use = pyo.Expression(m.government_goods, rule=government_use)  # the goods market asks for it


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.definition_government_price = pyo.Constraint(m.R, rule=definition_government_price)
    m.income_government = pyo.Constraint(m.R, rule=income_government)
    m.budget_government = pyo.Constraint(m.R, rule=budget_government)
    m.definition_real_transfer = pyo.Constraint(m.R, rule=definition_real_transfer)
    m.definition_government_savings_ratio = pyo.Constraint(m.R, rule=definition_government_savings_ratio)


def definition_government_price(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Price of the government's basket; :math:`\sigma^G_r` is zero unless the benchmark says otherwise.

    .. math:: P^G_r = k_{gr} \Big(\sum_i \bar s^G_{ir}\, (p^Q_{ir})^{1-\sigma^G_r}\Big)^{1/(1-\sigma^G_r)}
    """
    weight = (1 + m.sales_tax0["government", r]) / m.government_consumption0[r]
    terms = [(weight * m.government_demand0[i, r], m.composite_price[i, r]) for i in m.government_goods_of[r]]
    basket = ces_price(terms, m.sigma_government[r])
    return m.government_price[r] == m.sales_tax_factor["government", r] * basket


def government_use(m: pyo.ConcreteModel, i: str, r: str) -> Any:
    r"""Government's use of a good relative to the benchmark.

    .. math:: g_{ir} = g_r \Big(\frac{P^G_r}{k_{gr}\, p^Q_{ir}}\Big)^{\sigma^G_r}
    """
    price = m.sales_tax_factor["government", r] * m.composite_price[i, r]
    return ces_demand(m.government_consumption[r], m.government_price[r], price, m.sigma_government[r])


def income_government(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Revenue of all taxes, import duties after sharing, export duties after what is passed on.

    .. math:: Y^G_r = R^{production}_r + R^{factor}_r + R^{sales}_r + R^{export}_r + R^{direct}_r
              + R^{received}_r + \Delta^X_r
    """
    taxes = (
        m.production_tax_revenue[r]
        + m.factor_tax_revenue[r]
        + m.sales_tax_revenue[r]
        + m.export_tax_revenue[r]
        + m.direct_tax_revenue[r]
    )
    return m.government_income[r] == taxes + m.tariff_received[r] + m.oil_duty_transfer[r]


def budget_government(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Income pays for consumption, savings (an amount of investment goods) and the transfer.

    .. math:: Y^G_r = \bar G_r\, g_r\, P^G_r + S^G_r\, P^I_r + T_r
    """
    consumption = m.government_consumption0[r] * m.government_consumption[r] * m.government_price[r]
    savings = m.government_savings[r] * m.investment_price[r]
    return m.government_income[r] == consumption + savings + m.transfer[r]


def definition_real_transfer(m: pyo.ConcreteModel, r: str) -> Any:
    r"""The transfer as an amount of consumer goods.

    .. math:: T_r = \tau_r\, P^C_r
    """
    return m.transfer[r] == m.real_transfer[r] * m.consumer_price[r]


def definition_government_savings_ratio(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Savings per unit of spending on consumption; a closure fixes the ratio or lets it follow.

    .. math:: S^G_r\, P^I_r = h^G_r\, \bar G_r\, g_r\, P^G_r
    """
    consumption = m.government_consumption0[r] * m.government_consumption[r] * m.government_price[r]
    return m.government_savings[r] * m.investment_price[r] == m.government_savings_ratio[r] * consumption
