r"""Factor markets: endowments meet the demands of activities.

A *mobile* factor earns the same in all activities of a region: its premiums are fixed at one and its use is
free. A *specific* factor stays where it is: its use is fixed, its premium is free, and its market price is
only a unit (fixed at one), so that the endowment is simply the sum of the uses. The closure says which is
which. The market of one mobile factor in the numeraire region is implied by all other equations (Walras' law):
it is no equation, and its excess demand is the expression ``walras``, the test of the whole model.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..sets import money, param, positive

EQUATIONS = {"market_factor": "factor_price", "income_factors": "factor_income"}


def dropped_market(benchmark: Benchmark) -> tuple[str, str]:
    """The redundant market: unskilled labour (else the first factor) in the numeraire region."""
    factor = "unskilled" if "unskilled" in benchmark.factors else benchmark.factors[0]
    return factor, benchmark.numeraire_region


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Factor markets and income; the endowment is exogenous for mobile factors."""
    b = benchmark
    endowment = b.factor_value.groupby(["factor", "region"]).sum()
    dropped = dropped_market(b)
    cleared = [key for key in m.factor_markets if key != dropped]
    m.factor_value0 = param(m.employment, b.factor_value, "factor_value")
    m.endowment0 = param(m.factor_markets, endowment, "endowment")
    m.world_gdp0 = pyo.Param(initialize=float(b.gdp.sum()))
    m.endowment = positive(m.factor_markets)
    m.factor_income = money(m.R, b.factor_value.groupby("region").sum(), "factor income", pyo.PositiveReals)
    m.cleared_factor_markets = pyo.Set(dimen=2, initialize=cleared)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.market_factor = pyo.Constraint(m.cleared_factor_markets, rule=market_factor)
    m.income_factors = pyo.Constraint(m.R, rule=income_factors)
    m.walras = pyo.Expression(expr=walras(m, *dropped_market(m.benchmark)))


def market_factor(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Uses of a factor add up to its endowment.

    .. math:: \sum_j \bar F_{fjr}\, x_{fjr} = \bar E_{fr}\, e_{fr}
    """
    use = sum(m.factor_value0[f, j, r] * m.factor_use[f, j, r] for j in m.employers[f, r])
    return use == m.endowment0[f, r] * m.endowment[f, r]


def walras(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Excess demand in the dropped market, as a share of world GDP of the benchmark.

    .. math:: W = w_{fr} \Big(\sum_j \bar F_{fjr}\, x_{fjr} - \bar E_{fr}\, e_{fr}\Big)
              \Big/ \Big(P^0 \sum_r \overline{GDP}_r\Big)
    """
    use = sum(m.factor_value0[f, j, r] * m.factor_use[f, j, r] for j in m.employers[f, r])
    excess = use - m.endowment0[f, r] * m.endowment[f, r]
    return excess * m.factor_price[f, r] / (m.numeraire * m.world_gdp0)


def income_factors(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Factor income of a region before direct tax.

    .. math:: Y^F_r = \sum_{fj} \bar F_{fjr}\, w_{fjr}\, x_{fjr}

    In the dropped market the owner's income is that of the endowment, :math:`w_{fr} \bar E_{fr} e_{fr}`. Were
    it what activities pay, that market would not follow from the other equations.
    """
    paid = sum(
        m.factor_value0[f, j, r] * m.rental[f, j, r] * m.factor_use[f, j, r]
        for f, j in m.employment_of[r]
        if (f, r) in m.cleared_factor_markets
    )
    dropped = [(f, k) for f, k in m.factor_markets if k == r and (f, k) not in m.cleared_factor_markets]
    return m.factor_income[r] == paid + sum(
        m.factor_price[key] * m.endowment0[key] * m.endowment[key] for key in dropped
    )
