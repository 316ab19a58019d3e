r"""External balance and numeraire.

The world is closed: foreign savings :math:`S^F_r` are exogenous amounts of the numeraire that sum to zero over
regions, and the current account of each region follows from its budgets. The numeraire is the consumer price
of one region; it replaces the market that Walras' law makes redundant (see ``factors``).
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..sets import money

EQUATIONS = {"numeraire_definition": "numeraire_region's price level"}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Numeraire and foreign savings, both exogenous in the default closure."""
    m.numeraire_region = pyo.Set(initialize=[benchmark.numeraire_region])
    m.numeraire = pyo.Var(domain=pyo.PositiveReals, initialize=1.0)
    m.foreign_savings = money(m.R, benchmark.foreign_savings, "foreign_savings")


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.numeraire_definition = pyo.Constraint(m.numeraire_region, rule=numeraire_definition)


def numeraire_definition(m: pyo.ConcreteModel, r: str) -> Any:
    r"""The price level of the world is that of the numeraire region's consumers.

    .. math:: P^C_{r_0} = P^0
    """
    return m.consumer_price[r] == m.numeraire
