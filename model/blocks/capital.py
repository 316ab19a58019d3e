r"""Capital between the members of a union: where it works and whose it is.

Each member owns the capital of its benchmark (``endowment``); a closure may let it work in another member until
it earns, relative to the benchmark, the same everywhere. Capital is counted in units that earn one million USD in
the benchmark, so that differences of the returns of the base year (of risk, of measurement) stay what they were.
What works abroad earns the union's price of capital, its income goes to the owner and is taxed where the owner
lives. In all other closures no capital crosses a border.

Source: Bhagwati and Brecher (1980), Journal of International Economics 10, on income that belongs to foreigners;
Harrison, Rutherford and Tarr (1997), Economic Journal 107, on capital in a customs union.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..sets import money, positive
from .factors import CAPITAL

EQUATIONS = {
    "definition_capital_price_gap": "capital_price_gap",
    "balance_capital": "capital_outside",
}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Capital at work beyond what the region owns, and the price all members' capital has where it moves."""
    nothing = pd.Series(0.0, index=pd.Index(benchmark.regions, name="region"))
    m.capital_inflow = money(m.capital_union, nothing, "capital_inflow")
    m.capital_price_gap = positive(m.capital_union)
    m.union_capital_price = positive(m.capital_pool)
    m.capital_outside = pyo.Var(m.capital_pool, domain=pyo.Reals, initialize=0.0)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.capital_income = pyo.Expression(m.R, rule=capital_income)
    m.definition_capital_price_gap = pyo.Constraint(m.capital_union, rule=definition_capital_price_gap)
    m.balance_capital = pyo.Constraint(m.capital_pool, rule=balance_capital)


def definition_capital_price_gap(m: pyo.ConcreteModel, r: str) -> Any:
    r"""What capital earns in a member over what it earns in the union; one where capital moves freely.

    .. math:: w_{Kr} = \gamma_r\, w_K\, P^0
    """
    union = sum(m.union_capital_price[u] for u in m.capital_pool)
    return m.factor_price[CAPITAL, r] == m.capital_price_gap[r] * union * m.numeraire


def balance_capital(m: pyo.ConcreteModel, u: str) -> Any:
    r"""What works in the members is what they own; the remainder :math:`\Delta^K` is nil where capital moves.

    .. math:: \sum_r (\bar E_{Kr}\, e_{Kr} + k_r) = \sum_r \bar E_{Kr}\, e_{Kr} + \Delta^K
    """
    owned = {r: m.endowment0[CAPITAL, r] * m.endowment[CAPITAL, r] for r in m.capital_union}
    at_work = sum(owned[r] + m.capital_inflow[r] for r in m.capital_union)
    return at_work == sum(owned.values()) + m.capital_outside[u]


def capital_income(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Income from capital abroad less what foreigners' capital earns here; sums to zero over the union.

    .. math:: Y^K_r = - k_r\, w_K\, P^0
    """
    if r not in m.capital_union:
        return 0.0
    union = sum(m.union_capital_price[u] for u in m.capital_pool)
    return -m.capital_inflow[r] * union * m.numeraire
