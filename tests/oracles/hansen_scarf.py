"""Hansen's activity analysis of equilibrium (Scarf and Hansen 1973): which activities run is part of the answer.

market of good c    0 <= p_c  complementary to  sum_s A_cs y_s + endowment_c - demand_c >= 0
activity s          0 <= y_s  complementary to  - sum_c A_cs p_c >= 0   (no activity makes a profit)
"""

from __future__ import annotations

import pandas as pd
import pyomo.environ as pyo
from pyomo.mpec import Complementarity, complements

from tests.oracles.reading import DATA

FOLDER = DATA / "hansen_scarf"
NUMERAIRE = "agric"


def build() -> pyo.ConcreteModel:
    """The model at prices and activities of one, no solution; the market of the numeraire is left to Walras' law."""
    technology = pd.read_csv(FOLDER / "activity_matrix_output_minus_input.csv", index_col=0)
    endowment = pd.read_csv(FOLDER / "endowments.csv", index_col=0)
    reference = pd.read_csv(FOLDER / "reference_demands.csv", index_col=0)
    elasticity = pd.read_csv(FOLDER / "demand_elasticities.csv", index_col=0)["esub"]
    share = reference / reference.sum()
    goods, activities, agents = list(technology.index), list(technology.columns), list(endowment.columns)
    m = pyo.ConcreteModel()
    m.c, m.s, m.h = pyo.Set(initialize=goods), pyo.Set(initialize=activities), pyo.Set(initialize=agents)
    positive = {"domain": pyo.NonNegativeReals, "initialize": 1.0}
    m.p, m.y, m.income = pyo.Var(m.c, **positive), pyo.Var(m.s, **positive), pyo.Var(m.h, **positive)
    m.p[NUMERAIRE].fix(1.0)

    def wanted(c, h):
        if share.loc[c, h] == 0:
            return 0.0
        sigma = float(elasticity[h])
        index = sum(share.loc[k, h] * m.p[k] ** (1 - sigma) for k in goods if share.loc[k, h] > 0)
        return m.income[h] * float(share.loc[c, h]) * m.p[c] ** -sigma / index

    @m.Expression(m.c)
    def excess_supply(m, c):
        made = sum(technology.loc[c, s] * m.y[s] for s in activities if technology.loc[c, s] != 0)
        return made + float(endowment.loc[c].sum()) - sum(wanted(c, h) for h in agents)

    @m.Expression(m.s)
    def loss(m, s):
        return -sum(technology.loc[c, s] * m.p[c] for c in goods if technology.loc[c, s] != 0)

    m.income_household = pyo.Constraint(
        m.h,
        rule=lambda m, h: (
            m.income[h] == sum(endowment.loc[c, h] * m.p[c] for c in goods if endowment.loc[c, h])
        ),
    )
    cleared = [c for c in goods if c != NUMERAIRE]
    m.market = Complementarity(cleared, rule=lambda m, c: complements(m.p[c] >= 0, m.excess_supply[c] >= 0))
    m.activity = Complementarity(m.s, rule=lambda m, s: complements(m.y[s] >= 0, m.loss[s] >= 0))
    return m
