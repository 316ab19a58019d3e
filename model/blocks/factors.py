r"""Factor markets: endowments meet the demands of activities.

A *mobile* factor earns the same in all activities of a region: its premiums are fixed at one and its use is
free. A *specific* factor stays where it is: its use is fixed, its premium is free, and its market price is
only a unit (fixed at one), so that the endowment is simply the sum of the uses. The closure says which is
which. The market of one mobile factor in the numeraire region is implied by all other equations (Walras' law):
it is no equation, and its excess demand is the expression ``walras``, the test of the whole model.

The endowment of labour is the labour force; what is employed of it depends on the unemployment rate
:math:`\bar u_{fr}\, \upsilon_{fr}`, where :math:`\bar u` is the benchmark's and :math:`\upsilon` is one in the
benchmark. A closure fixes unemployment, puts it on a wage curve (Blanchflower and Oswald 1994) or lets a floor
under the real wage decide. The return to capital over the price of investment is what a steady state holds
fixed.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..engine import pair
from ..sets import money, param, positive

EQUATIONS = {
    "market_factor": "factor_price",
    "income_factors": "factor_income",
    "definition_wage_curve": "off_wage_curve",
    "definition_capital_return": "capital_return",
}
COMPLEMENTARITIES = {"wage_floor_binds": "unemployment"}
"""Condition -> the variable it determines where a closure puts it in force."""

LABOUR = ("unskilled", "skilled")
CAPITAL = "capital"
SPECIFIC_CAPITAL = "specific_capital"
"""Capital that is of use in one activity only, where the market structure sets some apart."""
UNEMPLOYMENT_RATE = 0.06
"""Benchmark unemployment of every kind of labour in every region unless ``unemployment_rate`` is set. The figure is the
world's rate of 2007 (ILO 2008, *Global Employment Trends*, January: 6.0 per cent); that it holds for each region
and skill is an assumption, and for the region a low one (the same report gives about 8.5 per cent for CIS and
non-EU South-Eastern Europe)."""
WAGE_CURVE = -0.1
"""Elasticity of pay to the local unemployment rate: about -0.1 on average over the countries studied (Blanchflower and
Oswald 1992, NBER working paper 4200; 1994, *The Wage Curve*). That it holds for the members is an assumption."""


def dropped_market(benchmark: Benchmark) -> tuple[str, str]:
    """The redundant market: unskilled labour (else the first factor) in the numeraire region."""
    factor = "unskilled" if "unskilled" in benchmark.factors else benchmark.factors[0]
    return factor, benchmark.numeraire_region


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Factor markets and income; the endowment is exogenous for mobile factors.

    Instruments unemployment_rate and wage_floor matter in closures with unemployment only.
    """
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
    m.labour = pyo.Set(dimen=2, initialize=[key for key in m.factor_markets if key[0] in LABOUR])
    m.unemployment = pyo.Var(m.labour, domain=pyo.NonNegativeReals, initialize=1.0)
    m.unemployment_rate = pyo.Var(m.labour, domain=pyo.PositiveReals, initialize=UNEMPLOYMENT_RATE)
    m.wage_curve_elasticity = pyo.Param(initialize=WAGE_CURVE, mutable=True, domain=pyo.NegativeReals)
    m.off_wage_curve = pyo.Var(m.labour, domain=pyo.Reals, initialize=0.0)
    m.wage_floor = positive(m.labour)
    m.capital_regions = pyo.Set(initialize=[r for f, r in m.factor_markets if f == CAPITAL])
    m.capital_return = positive(m.capital_regions)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.real_wage = pyo.Expression(m.labour, rule=real_wage)
    m.employment_rate = pyo.Expression(m.labour, rule=employment_rate)
    m.factor_supply = pyo.Expression(m.factor_markets, rule=factor_supply)
    m.definition_wage_curve = pyo.Constraint(m.labour, rule=definition_wage_curve)
    m.definition_capital_return = pyo.Constraint(m.capital_regions, rule=definition_capital_return)
    m.wage_floor_binds = pyo.Constraint(m.labour, rule=wage_floor_binds)
    pair(m.wage_floor_binds, m.unemployment)
    m.market_factor = pyo.Constraint(m.cleared_factor_markets, rule=market_factor)
    m.income_factors = pyo.Constraint(m.R, rule=income_factors)
    m.walras = pyo.Expression(expr=walras(m, *dropped_market(m.benchmark)))


def real_wage(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""What a wage buys.

    .. math:: \omega_{fr} = w_{fr} / P^C_r
    """
    return m.factor_price[f, r] / m.consumer_price[r]


def employment_rate(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Employed part of the labour force, relative to the benchmark.

    .. math:: \ell_{fr} = \frac{1 - \bar u_{fr}\, \upsilon_{fr}}{1 - \bar u_{fr}}
    """
    rate = m.unemployment_rate[f, r]
    return (1 - rate * m.unemployment[f, r]) / (1 - rate)


def factor_supply(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Factor on the market: the endowment, or its employed part where it is labour, at benchmark prices.

    .. math:: S_{fr} = (\bar E_{fr}\, e_{fr} + M_{fr} + k_{fr})\, \ell_{fr}, \qquad
              \ell_{fr} = 1 \text{ but for labour}

    :math:`M` is labour that has come from abroad (``migration``), :math:`k` such capital (``capital``).
    """
    here = m.endowment0[f, r] * m.endowment[f, r]
    if (f, r) in m.migration_markets:
        here += m.labour_moved[f, r]
    if f == CAPITAL and r in m.capital_union:
        here += m.capital_inflow[r]
    return here * m.employment_rate[f, r] if (f, r) in m.labour else here


def definition_wage_curve(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Wage curve: unemployment and the real wage, with elasticity :math:`\varepsilon < 0`.

    .. math:: \upsilon_{fr} = \omega_{fr}^{1/\varepsilon} + \delta_{fr}
              \quad\Longleftrightarrow\quad
              \ln \omega_{fr} = \varepsilon \ln (\upsilon_{fr} - \delta_{fr})

    The distance :math:`\delta` from the curve is zero where it holds and free where it does not. Source:
    Blanchflower and Oswald (1994), *The Wage Curve*; (2005), NBER working paper 11338.
    """
    on_curve = m.real_wage[f, r] ** (1 / m.wage_curve_elasticity)
    return m.unemployment[f, r] == on_curve + m.off_wage_curve[f, r]


def wage_floor_binds(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""The real wage is at its floor, or above it and nobody is unemployed; in force where a closure says so.

    .. math:: 0 \le \upsilon_{fr} \;\perp\; \omega_{fr} - \underline\omega_{fr} \ge 0

    """
    return m.real_wage[f, r] == m.wage_floor[f, r]


def definition_capital_return(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Average return :math:`\rho` to capital over the price of investment goods.

    .. math:: \rho_r\, P^I_r\, S_{Kr} = \sum_j \bar F_{Kjr}\, w_{Kjr}\, x_{Kjr}

    In a steady state it equals the rate of time preference and depreciation, a constant (Harrison, Rutherford
    and Tarr 1997, Economic Journal 107).
    """
    k = CAPITAL
    stock = m.factor_supply[k, r]
    earned = sum(
        m.factor_value0[k, j, r] * m.rental[k, j, r] * m.factor_use[k, j, r] for j in m.employers[k, r]
    )
    return m.capital_return[r] * m.investment_price[r] * stock == earned


def market_factor(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Uses of a factor add up to its supply.

    .. math:: \sum_j \bar F_{fjr}\, x_{fjr} = S_{fr}
    """
    use = sum(m.factor_value0[f, j, r] * m.factor_use[f, j, r] for j in m.employers[f, r])
    return use == m.factor_supply[f, r]


def walras(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Excess demand in the dropped market, as a share of world GDP of the benchmark.

    .. math:: W = w_{fr} \Big(\sum_j \bar F_{fjr}\, x_{fjr} - S_{fr}\Big)
              \Big/ \Big(P^0 \sum_r \overline{GDP}_r\Big)
    """
    use = sum(m.factor_value0[f, j, r] * m.factor_use[f, j, r] for j in m.employers[f, r])
    excess = use - m.factor_supply[f, r]
    return excess * m.factor_price[f, r] / (m.numeraire * m.world_gdp0)


def income_factors(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Factor income of a region before direct tax.

    .. math:: Y^F_r = \sum_{fj} \bar F_{fjr}\, w_{fjr}\, x_{fjr}

    In the dropped market the owner's income is that of the supply, :math:`w_{fr} S_{fr}`. Were it what
    activities pay, that market would not follow from the other equations.
    """
    paid = sum(
        m.factor_value0[f, j, r] * m.rental[f, j, r] * m.factor_use[f, j, r]
        for f, j in m.employment_of[r]
        if (f, r) in m.cleared_factor_markets
    )
    dropped = [(f, k) for f, k in m.factor_markets if k == r and (f, k) not in m.cleared_factor_markets]
    return m.factor_income[r] == paid + sum(m.factor_price[key] * m.factor_supply[key] for key in dropped)
