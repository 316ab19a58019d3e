r"""Production: intermediate goods and value added in fixed proportions, CES among factors, constant returns.

Where a benchmark gives an elasticity between intermediate goods and value added, fixed proportions give way to
CES. One activity makes one good. Its unit cost is that of the textbook nested technology (Hosoe, Gasawa and
Hashimoto 2010, ch. 6; Hertel 1997, ch. 2), written in calibrated-share form (Rutherford 1999). Hicks-neutral
productivity :math:`A_{jr}` divides every input. Taxes on output and on factor use enter relative to their
benchmark rates, marked by a bar.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..functions import ces_demand, ces_price
from ..sets import elasticity, money, param, positive

EQUATIONS = {
    "zero_profit_production": "activity",
    "zero_profit_value_added": "value_added_price",
    "demand_factor": "factor_use",
}
"""Equation -> the variable it determines."""


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Activities, their input prices and factor demands; instruments production_tax, factor_tax, productivity."""
    b = benchmark
    net_revenue = b.output * (1 - b.production_tax)
    value_added = b.factor_value.groupby(["sector", "region"]).sum()
    with_tax = value_added * (1 + b.factor_tax)
    m.output0 = param(m.activities, b.output, "output")
    m.intermediate0 = param(m.uses, b.intermediate, "intermediate")
    m.input_share = param(m.uses, _over(b.intermediate, net_revenue), "input share")
    m.value_added_share = param(m.activities, with_tax / net_revenue, "value-added share")
    m.factor_share = param(m.employment, _over(b.factor_value, value_added), "factor share")
    m.sigma_inputs = param(m.activities, b.sigma_inputs, "sigma_inputs")
    m.sigma_value_added = elasticity(m.activities, b.sigma_value_added, "sigma_value_added")
    m.production_tax0 = param(m.activities, b.production_tax, "production_tax")
    m.factor_tax0 = param(m.activities, b.factor_tax, "factor_tax")

    m.production_tax = money(m.activities, b.production_tax, "production_tax")
    m.factor_tax = money(m.activities, b.factor_tax, "factor_tax")
    m.productivity = positive(m.activities)
    m.activity = positive(m.activities)
    m.output_price = positive(m.activities)
    m.value_added_price = positive(m.activities)
    m.factor_use = positive(m.employment)
    m.factor_price = positive(m.factor_markets)
    m.rental_premium = positive(m.employment)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.rental = pyo.Expression(m.employment, rule=rental)
    m.factor_cost = pyo.Expression(m.employment, rule=factor_cost)
    m.net_revenue = pyo.Expression(m.activities, rule=net_revenue)
    m.input_use = pyo.Expression(m.uses, rule=input_use)
    m.value_added = pyo.Expression(m.activities, rule=value_added)
    m.zero_profit_production = pyo.Constraint(m.activities, rule=zero_profit_production)
    m.zero_profit_value_added = pyo.Constraint(m.activities, rule=zero_profit_value_added)
    m.demand_factor = pyo.Constraint(m.employment, rule=demand_factor)


def _over(flows: Any, total: Any) -> Any:
    """Each (input, sector, region) flow as a share of its (sector, region) total."""
    base = total.reindex(flows.index.droplevel(0))
    return flows / base.to_numpy()


def rental(m: pyo.ConcreteModel, f: str, j: str, r: str) -> Any:
    r"""Return to a factor in an activity: its market price times the activity's premium.

    .. math:: w_{fjr} = \pi_{fjr}\, w_{fr}

    A mobile factor has :math:`\pi = 1` everywhere; that of a specific factor clears its own market.
    """
    return m.rental_premium[f, j, r] * m.factor_price[f, r]


def factor_cost(m: pyo.ConcreteModel, f: str, j: str, r: str) -> Any:
    r"""Cost of a factor to the activity, relative to the benchmark.

    .. math:: c_{fjr} = w_{fjr} \frac{1 + t^F_{jr}}{1 + \bar t^F_{jr}}
    """
    return m.rental[f, j, r] * ((1 + m.factor_tax[j, r]) / (1 + m.factor_tax0[j, r]))


def net_revenue(m: pyo.ConcreteModel, j: str, r: str) -> Any:
    r"""Revenue after tax from the output of a unit of inputs.

    .. math:: \rho_{jr} = p^Y_{jr} \frac{1 - t^Y_{jr}}{1 - \bar t^Y_{jr}} A_{jr}
    """
    net_price = m.output_price[j, r] * ((1 - m.production_tax[j, r]) / (1 - m.production_tax0[j, r]))
    return net_price * m.productivity[j, r]


def zero_profit_production(m: pyo.ConcreteModel, j: str, r: str) -> Any:
    r"""Net revenue equals the cost of inputs; :math:`\sigma^U_{jr}` is zero unless the benchmark says otherwise.

    .. math:: \rho_{jr} = \Big(\sum_i \theta_{ijr} (p^Q_{ir})^{1-\sigma^U_{jr}}
              + \theta^V_{jr} (p^V_{jr})^{1-\sigma^U_{jr}}\Big)^{1/(1-\sigma^U_{jr})}

    Source: Rutherford (1999); Hosoe, Gasawa and Hashimoto (2010), eq. 6.5.
    """
    terms = [(m.input_share[i, j, r], m.composite_price[i, r]) for i in m.inputs[j, r]]
    terms.append((m.value_added_share[j, r], m.value_added_price[j, r]))
    return m.net_revenue[j, r] == ces_price(terms, m.sigma_inputs[j, r])


def input_use(m: pyo.ConcreteModel, i: str, j: str, r: str) -> Any:
    r"""Use of an intermediate good relative to the benchmark.

    .. math:: u_{ijr} = \frac{y_{jr}}{A_{jr}} \Big(\frac{\rho_{jr}}{p^Q_{ir}}\Big)^{\sigma^U_{jr}}
    """
    scale = m.activity[j, r] / m.productivity[j, r]
    return ces_demand(scale, m.net_revenue[j, r], m.composite_price[i, r], m.sigma_inputs[j, r])


def value_added(m: pyo.ConcreteModel, j: str, r: str) -> Any:
    r"""Value added in use, times productivity, relative to the benchmark.

    .. math:: v_{jr} = y_{jr} \Big(\frac{\rho_{jr}}{p^V_{jr}}\Big)^{\sigma^U_{jr}}
    """
    return ces_demand(m.activity[j, r], m.net_revenue[j, r], m.value_added_price[j, r], m.sigma_inputs[j, r])


def zero_profit_value_added(m: pyo.ConcreteModel, j: str, r: str) -> Any:
    r"""Unit cost of value added, CES over factors.

    .. math:: p^V_{jr} = \Big(\sum_f \theta_{fjr}\, c_{fjr}^{1-\sigma_{jr}}\Big)^{1/(1-\sigma_{jr})}

    Source: Arrow, Chenery, Minhas and Solow (1961); Rutherford (1999).
    """
    terms = [(m.factor_share[f, j, r], m.factor_cost[f, j, r]) for f in m.employed[j, r]]
    return m.value_added_price[j, r] == ces_price(terms, m.sigma_value_added[j, r])


def demand_factor(m: pyo.ConcreteModel, f: str, j: str, r: str) -> Any:
    r"""Cost-minimising use of a factor (Shephard's lemma), relative to the benchmark.

    .. math:: x_{fjr} A_{jr} = v_{jr} \Big(\frac{p^V_{jr}}{c_{fjr}}\Big)^{\sigma_{jr}}
    """
    relative_price = m.value_added_price[j, r] / m.factor_cost[f, j, r]
    return (
        m.factor_use[f, j, r] * m.productivity[j, r]
        == m.value_added[j, r] * relative_price ** m.sigma_value_added[j, r]
    )
