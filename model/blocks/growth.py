r"""Growth: what joins the years of a path. Added to an economy by `eacu.model.growth`, never part of a single year.

A year of a path is the static economy with its stocks and its labour force of that year. What is added is one
shifter of productivity a region and three definitions that read the year's outcome: real GDP, consumption and
welfare as indices of the benchmark's. In a *baseline* real GDP is fixed and the shifter is free, so that growth
is reproduced whatever it was; everywhere else the shifter is fixed and GDP follows.

The shifter makes labour more productive (Harrod-neutral, the only kind of progress with which an economy can grow
steadily: Uzawa 1961, "Neutral inventions and the stability of growth equilibrium") or all inputs of all activities
(Hicks-neutral).
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from .. import measures
from ..sets import positive

EQUATIONS = {
    "definition_efficient_labour": "endowment of labour",
    "definition_productivity": "productivity",
    "definition_real_gdp": "real_gdp",
    "definition_consumption_volume": "consumption_volume",
    "definition_welfare": "welfare",
}
"""The second is there only where progress is Hicks-neutral."""

LABOUR_AUGMENTING, NEUTRAL = "labour", "neutral"
BIASES = (LABOUR_AUGMENTING, NEUTRAL)


def add_variables(m: pyo.ConcreteModel) -> None:
    """Labour force (exogenous), the shifter, and the indices of the outcome."""
    m.labour_force = positive(m.labour)
    m.efficiency = positive(m.R)
    m.real_gdp = positive(m.R)
    m.consumption_volume = positive(m.R)
    m.welfare = positive(m.R)


def add_equations(m: pyo.ConcreteModel, bias: str) -> None:
    """The equations of the block; ``bias`` is one of :data:`BIASES`."""
    m.augments_labour = bias == LABOUR_AUGMENTING
    m.definition_efficient_labour = pyo.Constraint(m.labour, rule=definition_efficient_labour)
    if not m.augments_labour:
        m.definition_productivity = pyo.Constraint(m.activities, rule=definition_productivity)
    m.definition_real_gdp = pyo.Constraint(m.R, rule=definition_real_gdp)
    m.definition_consumption_volume = pyo.Constraint(m.R, rule=definition_consumption_volume)
    m.definition_welfare = pyo.Constraint(m.R, rule=definition_welfare)


def definition_efficient_labour(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Labour in units of efficiency: heads times what each does, both one in the benchmark.

    .. math:: e_{fr} = \lambda_{fr}\, a_r

    The shifter :math:`a_r` is left out where progress is Hicks-neutral.
    """
    heads = m.labour_force[f, r]
    return m.endowment[f, r] == (heads * m.efficiency[r] if m.augments_labour else heads)


def definition_productivity(m: pyo.ConcreteModel, j: str, r: str) -> Any:
    r"""Productivity of an activity is the region's shifter.

    .. math:: A_{jr} = a_r
    """
    return m.productivity[j, r] == m.efficiency[r]


def definition_real_gdp(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Volume of GDP at benchmark prices, benchmark = 1 (Laspeyres; see ``eacu.model.measures.real_gdp``).

    .. math:: Q_r\, \overline{GDP}_r = \sum_i \bar p_i\,(c_i + g_i + v_i + x_i - m_i)
    """
    return m.real_gdp[r] * float(m.benchmark.gdp[r]) == measures.real_gdp(m, r)


def definition_consumption_volume(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Volume of household consumption at benchmark prices, benchmark = 1.

    .. math:: C_r \sum_i \bar C_{ir} = \sum_i \bar C_{ir}\, c_{ir}
    """
    return m.consumption_volume[r] == measures.consumption(m, r)


def definition_welfare(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Money-metric utility: spending that would buy the year's utility at benchmark prices, benchmark = 1.

    .. math:: U_r\, \bar E_r = e(\bar p, u_r) = \bar E_r + EV_r

    Its difference between two runs with the same population is the equivalent variation of one against the other.
    """
    metric = m.household_spending0[r] + measures.equivalent_variation(m, r)
    return m.welfare[r] * m.household_spending0[r] == metric
