"""Takeda's small open economy (chapter 12): three goods, labour and capital, CES everywhere, fixed world prices.

Every price and activity is one in the benchmark. Services are not traded; all tax revenue goes to the household.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pyomo.environ as pyo
from pyomo.mpec import Complementarity, complements

from eacu.model.functions import ces_price, cet_price
from tests.oracles.reading import DATA

GOODS, TRADED, FACTORS = ("agr", "man", "ser"), ("agr", "man"), ("lab", "cap")
TOP, VALUE_ADDED, CONSUMPTION, ARMINGTON, TRANSFORMATION = 0.2, 0.5, 0.2, 4.0, 4.0

Closure = Literal["trade balance fixed", "real exchange rate fixed", "share of income saved abroad"]


def read_sam() -> pd.DataFrame:
    """Flows by (kind, name) of the receiving and the paying account, lower case."""
    raw = pd.read_csv(DATA / "takeda_chap_12" / "SAM_SAM.csv", header=None)
    body = raw.iloc[4:18, 3:17].astype(float).to_numpy()
    rows = pd.MultiIndex.from_arrays([raw.iloc[4:18, 1].str.lower(), raw.iloc[4:18, 2].str.lower()])
    columns = pd.MultiIndex.from_arrays([raw.iloc[2, 3:17].str.lower(), raw.iloc[3, 3:17].str.lower()])
    return pd.DataFrame(body, rows, columns)


def build(closure: Closure = "trade balance fixed", substitutes: bool = False) -> pyo.ConcreteModel:
    """The model at its benchmark; fixed for shocks: ``endowment``, consumption ``tax``, ``tariff``, ``pwe``, ``pwm``.

    With ``substitutes`` home sales and exports are the same good: it is exported only where the world pays as
    much as the home market (a complementarity), instead of being transformed at constant elasticity.
    """
    sam = read_sam()
    m = pyo.ConcreteModel()
    m.i, m.t, m.f = pyo.Set(initialize=GOODS), pyo.Set(initialize=TRADED), pyo.Set(initialize=FACTORS)
    m.output = {j: sam["sector", j].sum() for j in GOODS}
    m.input = {(i, j): sam.loc[("goods", i), ("sector", j)] for i in GOODS for j in GOODS}
    m.hire = {(f, j): sam.loc[("factor", f), ("sector", j)] for f in FACTORS for j in GOODS}
    m.value_added = {j: sum(m.hire[f, j] for f in FACTORS) for j in GOODS}
    m.home = {i: sam.loc[("de", i), ("goods", i)] for i in GOODS}
    m.export0 = {i: sam.loc[("de", i), ("agent", "row")] for i in TRADED}
    m.import0 = {i: sam.loc[("agent", "row"), ("goods", i)] for i in TRADED}
    m.consumption = {i: sam.loc[("goods", i), ("other", "utl")] for i in GOODS}
    m.lending = sam.loc[("agent", "row"), ("agent", "hh")]
    _declare(m)
    _producers(m, substitutes)
    _buyers(m)
    _close(m, closure)
    return m


def _declare(m: pyo.ConcreteModel) -> None:
    positive = {"domain": pyo.PositiveReals, "initialize": 1.0}
    for name in ("y", "a", "p_y", "p_d", "p_a", "p_va"):
        m.add_component(name, pyo.Var(m.i, **positive))
    m.w, m.p_u, m.u, m.p_ex = pyo.Var(m.f, **positive), *(pyo.Var(**positive) for _ in range(3))
    m.e = pyo.Var(m.t, domain=pyo.NonNegativeReals, initialize=m.export0)
    m.ts = pyo.Var(initialize=m.lending)
    m.income = pyo.Var(domain=pyo.PositiveReals, initialize=sum(m.hire.values()))
    m.endowment = pyo.Var(m.f, initialize=lambda m, f: sum(m.hire[f, j] for j in GOODS))
    m.tax, m.tariff = pyo.Var(m.i, initialize=0.0), pyo.Var(m.t, initialize=0.0)
    m.pwe, m.pwm = pyo.Var(m.t, initialize=1.0), pyo.Var(m.t, initialize=1.0)
    for exogenous in (m.endowment, m.tax, m.tariff, m.pwe, m.pwm):
        exogenous.fix()
    m.p_d["agr"].fix(1.0)  # numeraire


def _producers(m: pyo.ConcreteModel, substitutes: bool) -> None:
    @m.Constraint(m.i)
    def zero_profit_output(m, j):
        terms = [(m.input[i, j] / m.output[j], m.p_a[i]) for i in GOODS]
        terms.append((m.value_added[j] / m.output[j], m.p_va[j]))
        return m.p_y[j] == ces_price(terms, TOP)

    @m.Constraint(m.i)
    def zero_profit_value_added(m, j):
        return m.p_va[j] == ces_price(
            [(m.hire[f, j] / m.value_added[j], m.w[f]) for f in FACTORS], VALUE_ADDED
        )

    def p_e(i):
        return m.p_ex * m.pwe[i]

    if substitutes:
        m.one_price = pyo.Constraint(m.i, rule=lambda m, i: m.p_y[i] == m.p_d[i])
        m.exports_pay = Complementarity(
            m.t, rule=lambda m, i: complements(m.e[i] >= 0, m.p_d[i] - p_e(i) >= 0)
        )
        sold = {i: m.output[i] * m.y[i] - (m.e[i] if i in TRADED else 0.0) for i in GOODS}
    else:

        @m.Constraint(m.i)
        def zero_profit_outlets(m, i):
            terms = [(m.home[i] / m.output[i], m.p_d[i])]
            if i in TRADED:
                terms.append((m.export0[i] / m.output[i], p_e(i)))
            return m.p_y[i] == cet_price(terms, TRANSFORMATION)

        @m.Constraint(m.t)
        def export_supply(m, i):
            return m.e[i] == m.export0[i] * m.y[i] * (p_e(i) / m.p_y[i]) ** TRANSFORMATION

        sold = {i: m.home[i] * m.y[i] * (m.p_d[i] / m.p_y[i]) ** TRANSFORMATION for i in GOODS}

    @m.Constraint(m.i)
    def market_home(m, i):
        return sold[i] == m.home[i] * m.a[i] * (m.p_a[i] / m.p_d[i]) ** ARMINGTON

    @m.Expression(m.f)
    def factor_use(m, f):
        def per_activity(j):
            value_added = m.y[j] * (m.p_y[j] / m.p_va[j]) ** TOP
            return m.hire[f, j] * value_added * (m.p_va[j] / m.w[f]) ** VALUE_ADDED

        return sum(per_activity(j) for j in GOODS)

    m.market_capital = pyo.Constraint(expr=m.factor_use["cap"] == m.endowment["cap"])  # labour's: Walras


def _buyers(m: pyo.ConcreteModel) -> None:
    def p_m(i):
        return m.p_ex * m.pwm[i] * (1 + m.tariff[i])

    def price(i):
        return m.p_a[i] * (1 + m.tax[i])

    composite = {i: m.home[i] + (m.import0[i] if i in TRADED else 0.0) for i in GOODS}

    @m.Constraint(m.i)
    def zero_profit_composite(m, i):
        terms = [(m.home[i] / composite[i], m.p_d[i])]
        if i in TRADED:
            terms.append((m.import0[i] / composite[i], p_m(i)))
        return m.p_a[i] == ces_price(terms, ARMINGTON)

    @m.Expression(m.t)
    def m_(m, i):
        return m.import0[i] * m.a[i] * (m.p_a[i] / p_m(i)) ** ARMINGTON

    @m.Expression(m.i)
    def c(m, i):
        return m.consumption[i] * m.u * (m.p_u / price(i)) ** CONSUMPTION

    spending = sum(m.consumption.values())

    @m.Constraint()
    def cost_of_living(m):
        return m.p_u == ces_price([(m.consumption[i] / spending, price(i)) for i in GOODS], CONSUMPTION)

    @m.Constraint(m.i)
    def market_composite(m, i):
        use = sum(m.input[i, j] * m.y[j] * (m.p_y[j] / m.p_a[i]) ** TOP for j in GOODS)
        return composite[i] * m.a[i] == use + m.c[i]

    @m.Constraint()
    def income_household(m):
        taxes = sum(m.tax[i] * m.p_a[i] * m.c[i] for i in GOODS)
        duties = sum(m.tariff[i] * m.p_ex * m.pwm[i] * m.m_[i] for i in TRADED)
        return m.income == sum(m.w[f] * m.endowment[f] for f in FACTORS) + taxes + duties

    m.budget = pyo.Constraint(expr=spending * m.u * m.p_u + m.p_ex * m.ts == m.income)


def _close(m: pyo.ConcreteModel, closure: Closure) -> None:
    exports = sum(m.pwe[i] * m.e[i] for i in TRADED)
    m.balance_of_payments = pyo.Constraint(expr=exports == sum(m.pwm[i] * m.m_[i] for i in TRADED) + m.ts)
    if closure == "trade balance fixed":
        m.ts.fix()
    elif closure == "real exchange rate fixed":
        m.real_exchange_rate = pyo.Constraint(expr=m.p_ex == m.p_u)
    else:
        share = m.lending / sum(m.hire.values())
        m.lending_abroad = pyo.Constraint(expr=m.p_ex * m.ts == share * m.income)


def levels(m: pyo.ConcreteModel) -> dict[str, float]:
    """Results by the published names; prices in units of the consumer basket."""
    found = {"u": 380 * m.u.value, "ts": m.ts.value, "p_ex": m.p_ex.value / m.p_u.value}
    for i in GOODS:
        found[f"y_{i}"] = m.output[i] * m.y[i].value
        found[f"c_{i}"] = pyo.value(m.c[i])
        for name, variable in (("p_d", m.p_d), ("p_a", m.p_a), ("r_y", m.p_y)):
            found[f"{name}_{i}"] = variable[i].value / m.p_u.value
    for i in TRADED:
        found[f"e_{i}"], found[f"m_{i}"] = m.e[i].value, pyo.value(m.m_[i])
        found[f"p_e_{i}"] = m.p_ex.value * m.pwe[i].value / m.p_u.value
        found[f"p_m_{i}"] = m.p_ex.value * m.pwm[i].value / m.p_u.value
    return found
