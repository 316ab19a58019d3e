r"""Households: one per region, linear expenditure system (Stone 1954; Geary 1950).

The household receives all factor income and the government's transfer, pays direct tax, saves, and spends the
rest on goods at prices including sales tax. Committed quantities :math:`\gamma` grow with population; the
remaining *supernumerary* budget is spent in fixed shares :math:`\beta`, or at constant elasticity of substitution
where the benchmark gives one. Calibration (Dervis, de Melo and
Robinson 1982, app. A; Hosoe et al. 2010, ch. 6): with budget shares :math:`s`, income elasticities
:math:`\eta` normalised to Engel aggregation :math:`\sum_i s_i \eta_i = 1`, and the Frisch parameter
:math:`\varphi = -\,\text{budget}/\text{supernumerary budget}`,

.. math:: \beta_i = s_i \eta_i, \qquad \gamma_i = \bar c_i\,(1 + \eta_i/\varphi).
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from numpy.typing import NDArray

from ...calibration.benchmark import Benchmark
from ..functions import ces_price
from ..sets import elasticity, money, param, positive

EQUATIONS = {
    "demand_household": "household_demand",
    "definition_supernumerary": "supernumerary",
    "definition_consumer_price": "consumer_price",
    "income_household": "disposable_income",
    "budget_household": "household_spending",
    "definition_savings_rate": "savings_rate",
}

log = logging.getLogger(__name__)

Array = NDArray[Any]


def les_parameters(benchmark: Benchmark) -> pd.DataFrame:
    """Marginal budget shares ``beta`` (pure numbers) and committed purchases ``gamma`` (million USD).

    Index (sector, region) of goods the household buys; gamma is at benchmark prices including sales tax.
    Income elasticities are scaled to Engel aggregation; one above minus the Frisch parameter would make the
    committed quantity negative, so it is held there and the others are scaled up again (logged by good).
    """
    b = benchmark
    value = b.household_demand * (
        1 + b.sales_tax["household"].reindex(_regions(b.household_demand)).to_numpy()
    )
    parts = [
        _les_of_region(value.xs(r, level="region"), b.income_elasticity.xs(r, level="region"), b.frisch[r], r)
        for r in b.regions
    ]
    frame = pd.concat(dict(zip(b.regions, parts, strict=True)), names=["region"])
    return frame.reorder_levels(["sector", "region"]).reindex(value.index)


def _les_of_region(value: pd.Series, elasticity: pd.Series, frisch: float, region: str) -> pd.DataFrame:
    eta = elasticity.reindex(value.index).to_numpy(float)[:, None]
    beta, gamma, held = les_of_draws(value.to_numpy(float), eta, np.array([frisch]))
    if held.any():
        names = ", ".join(value.index[held[:, 0]])
        log.info("%s: income elasticity held at %.3g for %s", region, -frisch, names)
    return pd.DataFrame({"beta": beta[:, 0], "gamma": gamma[:, 0]}, index=value.index)


def les_of_draws(value: Array, eta: Array, frisch: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """The linear expenditure system of one region for many draws of its elasticities.

    Args:
        value: budget by good at benchmark prices, shape (goods,).
        eta: income elasticities before they are scaled, shape (goods, draws); may be complex, for derivatives.
        frisch: Frisch parameter of each draw, shape (draws,).

    Returns:
        Marginal budget shares, committed purchases, and which elasticities are held; each (goods, draws).
    """
    shares = (value / value.sum())[:, None]
    held = np.zeros(eta.shape, dtype=bool)
    while True:
        room = 1 - (shares * held * -frisch).sum(axis=0)
        eta = np.where(held, -frisch, eta * (room / (shares * eta * ~held).sum(axis=0)))
        above = ~held & (eta.real > -frisch.real * (1 + 1e-12))
        if not above.any():
            break
        held |= above
    gamma = value[:, None] * (1 + eta / frisch)
    return shares * eta, np.where(gamma.real > 0.0, gamma, 0.0), held


def _regions(series: pd.Series) -> pd.Index:
    return series.index.get_level_values("region")


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Demand system, income and saving; instruments direct_tax, sales_tax, population.

    A factor on the power of the sales taxes and one on the retention rate of the direct tax are one unless a
    closure lets them balance the government's budget.
    """
    b = benchmark
    les = les_parameters(b)
    spending = b.household_demand.groupby("region").sum() * (1 + b.sales_tax["household"])
    disposable = spending + b.household_savings
    m.sigma_consumption = param(m.R, b.sigma_consumption, "sigma_consumption")
    m.household_demand0 = param(m.household_goods, b.household_demand, "household_demand")
    m.household_spending0 = param(m.R, spending, "household spending")
    m.budget_share = elasticity(m.household_goods, les["beta"], "marginal budget share")
    m.committed0 = elasticity(m.household_goods, les["gamma"], "committed purchases")
    m.supernumerary0 = elasticity(
        m.R, spending - les["gamma"].groupby("region").sum(), "supernumerary budget"
    )
    users = pd.MultiIndex.from_product([list(m.final_users), b.regions], names=["user", "region"])
    m.sales_tax0 = param(m.final_users * m.R, b.sales_tax.reindex(users), "sales_tax")

    m.sales_tax = money(m.final_users * m.R, b.sales_tax.reindex(users), "sales_tax")
    m.direct_tax = money(m.R, b.direct_tax, "direct_tax")
    m.sales_tax_power = positive(m.R)
    m.direct_tax_retention = positive(m.R)
    m.population = positive(m.R)
    m.household_demand = positive(m.household_goods)
    m.supernumerary = positive(m.R)
    m.consumer_price = positive(m.R)
    m.disposable_income = money(m.R, disposable, "disposable income", pyo.PositiveReals)
    m.household_spending = money(m.R, spending, "household spending", pyo.PositiveReals)
    m.household_savings = money(m.R, b.household_savings, "household_savings")
    m.savings_rate = money(m.R, b.household_savings / disposable, "savings rate")
    m.transfer = money(m.R, b.transfer, "transfer")
    m.sales_tax_rate = pyo.Expression(m.final_users, m.R, rule=sales_tax_rate)  # other final users pay it too
    m.sales_tax_factor = pyo.Expression(m.final_users, m.R, rule=sales_tax_factor)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.direct_tax_rate = pyo.Expression(m.R, rule=direct_tax_rate)
    m.committed_spending = pyo.Expression(m.R, rule=committed_spending)
    m.supernumerary_price = pyo.Expression(m.R, rule=supernumerary_price)
    m.demand_household = pyo.Constraint(m.household_goods, rule=demand_household)
    m.definition_supernumerary = pyo.Constraint(m.R, rule=definition_supernumerary)
    m.definition_consumer_price = pyo.Constraint(m.R, rule=definition_consumer_price)
    m.income_household = pyo.Constraint(m.R, rule=income_household)
    m.budget_household = pyo.Constraint(m.R, rule=budget_household)
    m.definition_savings_rate = pyo.Constraint(m.R, rule=definition_savings_rate)


def sales_tax_rate(m: pyo.ConcreteModel, user: str, r: str) -> Any:
    r"""Sales tax in force: the power of the tax, one plus the rate, times a factor common to all users.

    .. math:: 1 + \hat t^S_{ur} = \mu^S_r\, (1 + t^S_{ur})

    A factor on the rate itself could not raise revenue where the rate is nil.
    """
    return m.sales_tax[user, r] + (m.sales_tax_power[r] - 1) * (1 + m.sales_tax[user, r])


def direct_tax_rate(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Direct tax in force: what the household retains, one less the rate, times a factor.

    .. math:: 1 - \hat t^D_r = \mu^D_r\, (1 - t^D_r)
    """
    return m.direct_tax[r] + (1 - m.direct_tax_retention[r]) * (1 - m.direct_tax[r])


def sales_tax_factor(m: pyo.ConcreteModel, user: str, r: str) -> Any:
    r"""Change of purchaser prices through the sales tax of a final user.

    .. math:: k_{ur} = \frac{1+\hat t^S_{ur}}{1+\bar t^S_{ur}}
    """
    return (1 + m.sales_tax_rate[user, r]) / (1 + m.sales_tax0[user, r])


def committed_spending(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Cost of committed quantities, million USD.

    .. math:: E^\gamma_r = N_r k_{hr} \sum_i \bar\gamma_{ir}\, p^Q_{ir}
    """
    basket = sum(m.committed0[i, r] * m.composite_price[i, r] for i in m.household_goods_of[r])
    return m.population[r] * m.sales_tax_factor["household", r] * basket


def definition_supernumerary(m: pyo.ConcreteModel, r: str) -> Any:
    r"""What is left after committed purchases, relative to the benchmark.

    .. math:: \bar S_r\, s_r + E^\gamma_r = E_r
    """
    return m.supernumerary0[r] * m.supernumerary[r] + m.committed_spending[r] == m.household_spending[r]


def supernumerary_price(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Price of what is bought beyond committed quantities; :math:`\sigma^C_r` is one unless the benchmark says
    otherwise.

    .. math:: P^S_r = k_{hr} \prod_i (p^Q_{ir})^{\beta_{ir}}, \qquad
              P^S_r = k_{hr} \Big(\sum_i \beta_{ir} (p^Q_{ir})^{1-\sigma^C_r}\Big)^{1/(1-\sigma^C_r)}

    It is the true price index of the utility :math:`s_r / P^S_r`.
    """
    terms = [(m.budget_share[i, r], m.composite_price[i, r]) for i in m.household_goods_of[r]]
    return m.sales_tax_factor["household", r] * ces_price(terms, m.sigma_consumption[r])


def demand_household(m: pyo.ConcreteModel, i: str, r: str) -> Any:
    r"""Linear expenditure system; :math:`\bar C` and :math:`\bar\gamma` include benchmark sales tax.

    .. math:: \bar C_{ir} (1+\bar t^S_{hr})\, c_{ir}
              = \bar\gamma_{ir} N_r + \beta_{ir} \frac{\bar S_r s_r}{k_{hr}\, p^Q_{ir}}
              \Big(\frac{P^S_r}{k_{hr}\, p^Q_{ir}}\Big)^{\sigma^C_r - 1}

    Source: Stone (1954); Hosoe, Gasawa and Hashimoto (2010), ch. 6.
    """
    value = m.household_demand0[i, r] * (1 + m.sales_tax0["household", r])
    price = m.sales_tax_factor["household", r] * m.composite_price[i, r]
    luxury = m.budget_share[i, r] * m.supernumerary0[r] * m.supernumerary[r] / price
    if m.sigma_consumption[r] != 1:
        luxury *= (m.supernumerary_price[r] / price) ** (m.sigma_consumption[r] - 1)
    return value * m.household_demand[i, r] == m.committed0[i, r] * m.population[r] + luxury


def definition_consumer_price(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Consumer price index at purchaser prices with benchmark weights (Laspeyres).

    .. math:: P^C_r = k_{hr} \sum_i \bar s_{ir}\, p^Q_{ir}
    """
    weight = (1 + m.sales_tax0["household", r]) / m.household_spending0[r]
    basket = sum(
        weight * m.household_demand0[i, r] * m.composite_price[i, r] for i in m.household_goods_of[r]
    )
    return m.consumer_price[r] == m.sales_tax_factor["household", r] * basket


def income_household(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Disposable income of residents: factor income after direct tax, the transfer, rents, money from abroad.

    .. math:: Y_r = (1 - \hat t^D_r) \Big(\sum_{fj} \bar F_{fjr}\, w_{fjr}\, x_{fjr} + Y^K_r
              + \sum_g N^F_{gr}\Big) + T_r
              + N_r + Y^\Pi_r - V_r + \sum_{fd} \rho_{frd}\, V_{frd}

    Guests' wages :math:`V` are not theirs, remittances are (see ``migration``), so is the income :math:`Y^K` of
    their capital abroad (see ``capital``); :math:`N` are rents on trade (see ``rents``), :math:`N^F` those on
    the presence of foreign firms and :math:`Y^\Pi` their profits abroad (see ``foreign_firms``).
    """
    taxed = m.factor_income[r] + m.capital_income[r] + m.presence_rent_income[r]
    earned = (1 - m.direct_tax_rate[r]) * taxed
    migration = m.remittances_received[r] - m.guest_wages[r]
    abroad = migration + m.profit_abroad[r]
    return m.disposable_income[r] == earned + m.transfer[r] + abroad + m.rent_income[r]


def budget_household(m: pyo.ConcreteModel, r: str) -> Any:
    r"""What residents do not save is spent, and so is what guests do not send home.

    .. math:: E_r + H_r = Y_r + E^V_r
    """
    spent_or_saved = m.household_spending[r] + m.household_savings[r]
    return spent_or_saved == m.disposable_income[r] + m.guest_spending[r]


def definition_savings_rate(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Savings as a share of disposable income; a closure fixes the rate or lets it follow investment.

    .. math:: H_r = h_r\, Y_r
    """
    return m.household_savings[r] == m.savings_rate[r] * m.disposable_income[r]
