r"""Taxes: revenue of each, million USD, as named expressions that the government's income adds up.

Rates are instruments of the blocks that pay them; a negative rate is a subsidy. Import duties belong to
``customs_union``.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

EQUATIONS: dict[str, str] = {}


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.production_tax_revenue = pyo.Expression(m.R, rule=production_tax_revenue)
    m.factor_tax_revenue = pyo.Expression(m.R, rule=factor_tax_revenue)
    m.sales_tax_revenue = pyo.Expression(m.R, rule=sales_tax_revenue)
    m.export_duty = pyo.Expression(m.flows, rule=export_duty)
    m.export_tax_revenue = pyo.Expression(m.R, rule=export_tax_revenue)
    m.direct_tax_revenue = pyo.Expression(m.R, rule=direct_tax_revenue)


def production_tax_revenue(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Tax on the value of output.

    .. math:: R^{production}_r = \sum_j t^Y_{jr}\, \bar Y_{jr}\, y_{jr}\, p^Y_{jr}
    """
    return sum(
        m.production_tax[j, r] * m.output0[j, r] * m.activity[j, r] * m.output_price[j, r]
        for j in m.activities_of[r]
    )


def factor_tax_revenue(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Tax on the factor payments of an activity.

    .. math:: R^{factor}_r = \sum_{fj} t^F_{jr}\, \bar F_{fjr}\, w_{fjr}\, x_{fjr}
    """
    return sum(
        m.factor_tax[j, r] * m.factor_value0[f, j, r] * m.rental[f, j, r] * m.factor_use[f, j, r]
        for f, j in m.employment_of[r]
    )


def sales_tax_revenue(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Tax on the purchases of final users; spending :math:`E` includes it.

    .. math:: R^{sales}_r = \sum_{u} \frac{\hat t^S_{ur}}{1+\hat t^S_{ur}}\, E_{ur}, \qquad
              E_{hr} = E_r,\; E_{gr} = \bar G_r g_r P^G_r,\; E_{vr} = \bar I_r v_r P^I_r
    """
    spending = {
        "household": m.household_spending[r],
        "government": m.government_consumption0[r] * m.government_consumption[r] * m.government_price[r],
        "investment": m.investment0[r] * m.investment[r] * m.investment_price[r],
    }
    return sum(m.sales_tax_rate[u, r] / (1 + m.sales_tax_rate[u, r]) * spending[u] for u in m.final_users)


def export_duty(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Export tax on a flow at basic price, and on what is shipped above a quota.

    .. math:: T^X_{grs} = t^X_{grs}\, \bar X_{grs}\, z_{grs}\, p^F_{grs} + R^Q_{grs}
    """
    paid = m.export_tax[g, r, s] * m.exports0[g, r, s] * m.shipments[g, r, s] * m.flow_price[g, r, s]
    return paid + m.over_quota_revenue[g, r, s] if (g, r, s) in m.quota_flows else paid


def export_tax_revenue(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Tax on shipments, received by the exporter's government.

    .. math:: R^{export}_r = \sum_{gs} T^X_{grs}
    """
    return sum(m.export_duty[g, r, s] for g, s in m.export_flows_of[r])


def direct_tax_revenue(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Tax on factor income: of labour where it is earned, of capital where its owner lives, of rents on foreign
    firms too.

    .. math:: R^{direct}_r = \hat t^D_r\, \Big(Y^F_r + Y^K_r + \sum_g N^F_{gr}\Big)
    """
    taxed = m.factor_income[r] + m.capital_income[r] + m.presence_rent_income[r]
    return m.direct_tax_rate[r] * taxed
