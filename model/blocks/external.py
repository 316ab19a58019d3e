r"""External balance and numeraire.

The world is closed: foreign savings :math:`S^F_r` are exogenous amounts of the numeraire that sum to zero over
regions, and the current account of each region follows from its budgets. A closure may instead fix the real
exchange rates of all regions but the closing one, the numeraire region: their foreign savings adjust and the
closing region's make the sum zero. The numeraire is the consumer price of one region; it replaces the market
that Walras' law makes redundant (see ``factors``).
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..sets import money, param, positive

EQUATIONS = {
    "numeraire_definition": "numeraire_region's price level",
    "definition_real_exchange_rate": "real_exchange_rate",
    "balance_foreign_savings": "foreign_savings_gap",
}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Numeraire and foreign savings, both exogenous in the default closure."""
    m.numeraire_region = pyo.Set(initialize=[benchmark.numeraire_region])
    m.numeraire = pyo.Var(domain=pyo.PositiveReals, initialize=1.0)
    m.foreign_savings = money(m.R, benchmark.foreign_savings, "foreign_savings")
    m.foreign_savings_gap = pyo.Var(domain=pyo.Reals, initialize=float(benchmark.foreign_savings.sum()))
    _add_price_levels(m, benchmark)


def _add_price_levels(m: pyo.ConcreteModel, b: Benchmark) -> None:
    """Weights of the real exchange rate: imports from abroad at cif, sales at home at basic prices."""
    source, importer = (b.cif.index.get_level_values(level) for level in ("source", "importer"))
    border = b.cif[source != importer]
    home = b.domestic_sales.groupby("region").sum()
    imports = border.groupby("importer").sum()
    trading = set(imports.index) & set(home.index)
    m.open_regions = pyo.Set(initialize=[r for r in m.R if r in trading and r not in m.numeraire_region])
    m.border_flows = pyo.Set(dimen=3, initialize=list(border.index))
    m.border_share = param(
        m.border_flows,
        border / imports.reindex(border.index.get_level_values("importer")).to_numpy(),
        "border share",
    )
    sales = home.reindex(b.domestic_sales.index.get_level_values("region")).to_numpy()
    m.home_sales_share = param(m.domestic, b.domestic_sales / sales, "share of home sales")
    m.real_exchange_rate = positive(m.open_regions)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.border_price = pyo.Expression(m.open_regions, rule=border_price)
    m.home_price = pyo.Expression(m.open_regions, rule=home_price)
    m.numeraire_definition = pyo.Constraint(m.numeraire_region, rule=numeraire_definition)
    m.definition_real_exchange_rate = pyo.Constraint(m.open_regions, rule=definition_real_exchange_rate)
    m.balance_foreign_savings = pyo.Constraint(rule=balance_foreign_savings)


def numeraire_definition(m: pyo.ConcreteModel, r: str) -> Any:
    r"""The price level of the world is that of the numeraire region's consumers.

    .. math:: P^C_{r_0} = P^0
    """
    return m.consumer_price[r] == m.numeraire


def border_price(m: pyo.ConcreteModel, s: str) -> Any:
    r"""Price of imports from abroad at the border, benchmark weights (Laspeyres).

    .. math:: P^{border}_s = \sum_{g,\, r \ne s} \theta_{grs}\, p^C_{grs}
    """
    return sum(m.border_share[g, r, s] * m.cif_price[g, r, s] for g, r in m.import_flows_of[s] if r != s)


def home_price(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Price of home goods sold at home, benchmark weights (Laspeyres).

    .. math:: P^{home}_r = \sum_g \theta_{gr}\, p^D_{gr}
    """
    return sum(
        m.home_sales_share[g, r] * m.domestic_price[g, r] for g in m.activities_of[r] if (g, r) in m.domestic
    )


def definition_real_exchange_rate(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Price of foreign goods, before duty, over that of home goods; a rise is a real depreciation.

    .. math:: q_r\, P^{home}_r = P^{border}_r

    Source: Salter (1959); Devarajan, Lewis and Robinson (1993), "External shocks, purchasing power parity, and
    the equilibrium real exchange rate", World Bank Economic Review 7.
    """
    return m.real_exchange_rate[r] * m.home_price[r] == m.border_price[r]


def balance_foreign_savings(m: pyo.ConcreteModel) -> Any:
    r"""What regions borrow others lend; the gap :math:`\Delta` is zero and is fixed where savings are free.

    .. math:: \sum_r S^F_r = \Delta
    """
    return sum(m.foreign_savings[r] for r in m.R) == m.foreign_savings_gap
