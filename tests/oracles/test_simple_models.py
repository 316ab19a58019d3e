"""Three small economies with known answers: Shoven-Whalley 1984, Hosoe's closed economy, stylized Johansen."""

from __future__ import annotations

import json

import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.model.engine import compile_model, solve, solve_system
from tests.oracles.reading import DATA, read_levels, read_sam

# ---- Shoven and Whalley (1984) --------------------------------------------------------------------------

SECTORS, HOUSEHOLDS = ("manufacturing", "nonmanufacturing"), ("rich", "poor")


def shoven_whalley() -> pyo.ConcreteModel:
    """Two CES sectors, two CES households; the rich own capital, the poor labour; numeraire labour."""
    table = pd.read_csv(DATA / "shoven_whalley_1984" / "parameters.csv")
    given = {(row.parameter, row.index): float(row.value) for row in table.itertuples(index=False)}
    phi = {s: given["production_scale_phi", s] for s in SECTORS}
    delta = {s: given["production_labour_weight_delta", s] for s in SECTORS}
    sigma = {s: given["production_substitution_sigma", s] for s in SECTORS}
    alpha = {(h, s): given["demand_share_alpha", f"{h}|{s}"] for h in HOUSEHOLDS for s in SECTORS}
    taste = {h: given["demand_substitution_sigma", h] for h in HOUSEHOLDS}

    m = pyo.ConcreteModel()
    m.s, m.h = pyo.Set(initialize=SECTORS), pyo.Set(initialize=HOUSEHOLDS)
    positive = {"domain": pyo.PositiveReals, "initialize": 1.0}
    m.price, m.quantity = pyo.Var(m.s, **positive), pyo.Var(m.s, domain=pyo.PositiveReals, initialize=30.0)
    m.price_capital, m.price_labour = pyo.Var(**positive), pyo.Var(**positive)
    m.income = pyo.Var(m.h, domain=pyo.PositiveReals, initialize=40.0)
    m.revenue = pyo.Var(domain=pyo.NonNegativeReals, initialize=0.0)
    m.tax = pyo.Var(m.s, initialize=0.0)
    m.tax.fix()
    m.price_labour.fix(1.0)

    def unit_demand(s: str, weight: float, price):
        """Shephard's lemma: factor per unit of output."""
        return (weight * phi[s] * m.price[s] / price) ** sigma[s] / phi[s]

    def user_cost(s: str):
        return (1 + m.tax[s]) * m.price_capital

    m.labour = pyo.Expression(m.s, rule=lambda m, s: m.quantity[s] * unit_demand(s, delta[s], m.price_labour))
    m.capital = pyo.Expression(
        m.s, rule=lambda m, s: m.quantity[s] * unit_demand(s, 1 - delta[s], user_cost(s))
    )

    @m.Constraint(m.s)
    def zero_profit(m, s):
        r = 1 - sigma[s]
        inside = delta[s] ** sigma[s] * m.price_labour**r + (1 - delta[s]) ** sigma[s] * user_cost(s) ** r
        return m.price[s] == inside ** (1 / r) / phi[s]

    @m.Constraint(m.s)
    def market_good(m, s):
        def demand(h: str):
            index = sum(alpha[h, k] * m.price[k] ** (1 - taste[h]) for k in SECTORS)
            return alpha[h, s] * m.income[h] / (m.price[s] ** taste[h] * index)

        return m.quantity[s] == sum(demand(h) for h in HOUSEHOLDS)

    m.market_capital = pyo.Constraint(
        expr=sum(m.capital[s] for s in SECTORS) == given["endowment", "capital_rich"]
    )
    m.budget = pyo.Constraint(
        expr=m.revenue == sum(m.tax[s] * m.price_capital * m.capital[s] for s in SECTORS)
    )
    earned = {
        "rich": given["endowment", "capital_rich"] * m.price_capital,
        "poor": given["endowment", "labour_poor"] * m.price_labour,
    }
    m.income_household = pyo.Constraint(
        m.h, rule=lambda m, h: m.income[h] == earned[h] + given["revenue_share", h] * m.revenue
    )
    return m


def shoven_whalley_levels(m: pyo.ConcreteModel) -> dict[str, float]:
    found = {"price_capital": m.price_capital.value, "price_labour": m.price_labour.value}
    for s in SECTORS:
        found[f"price_{s}"], found[f"quantity_{s}"] = m.price[s].value, m.quantity[s].value
        found[f"labour_{s}"], found[f"capital_{s}"] = pyo.value(m.labour[s]), pyo.value(m.capital[s])
    return found | {f"income_{h}": m.income[h].value for h in HOUSEHOLDS}


EXACT_NAMES = {
    "p1": "price_manufacturing",
    "p2": "price_nonmanufacturing",
    "pk": "price_capital",
    "q1": "quantity_manufacturing",
    "q2": "quantity_nonmanufacturing",
    "income_rich": "income_rich",
    "income_poor": "income_poor",
    "l1": "labour_manufacturing",
    "k1": "capital_manufacturing",
    "l2": "labour_nonmanufacturing",
    "k2": "capital_nonmanufacturing",
}


@pytest.mark.parametrize(
    ("column", "exact", "tax"),
    [("no_tax", "no_tax", 0.0), ("capital_tax_50pct_manufacturing", "capital_tax_50pct_sector1", 0.5)],
)
def test_shoven_whalley_reproduces_the_published_tables(column, exact, tax):
    m = shoven_whalley()
    m.tax["manufacturing"].fix(tax)
    solve(m)  # from prices of 1 and rough quantities: no benchmark is given
    found = shoven_whalley_levels(m)
    published = pd.read_csv(DATA / "shoven_whalley_1984" / "published.csv", index_col="variable")[column]
    assert set(published.index) == set(found)
    for name, value in published.items():
        printed = (1.0 if (name, tax) == ("income_poor", 0.5) else 0.5) * 1e-3  # 61.3663, printed 61.367
        assert found[str(name)] == pytest.approx(value, abs=printed), name
    digits = json.loads((DATA / "shoven_whalley_1984" / "solution_own_solver.json").read_text())[exact]
    for short, name in EXACT_NAMES.items():
        assert found[name] == pytest.approx(digits[short], rel=1e-11), name
    assert m.revenue.value == pytest.approx(digits["T"], rel=1e-11, abs=1e-14)
    labour = sum(pyo.value(m.labour[s]) for s in SECTORS)
    assert labour == pytest.approx(60.0, rel=1e-12)  # the market Walras' law leaves out


# ---- Hosoe's closed economy -----------------------------------------------------------------------------


def closed_economy() -> pyo.ConcreteModel:
    """Two goods, two factors, one household, all Cobb-Douglas, calibrated to the SAM."""
    sam = read_sam("hosoe_splcge")
    goods, factors = ("BRD", "MLK"), ("CAP", "LAB")
    spending = float(sam.loc[list(goods), "HOH"].sum())
    m = pyo.ConcreteModel()
    m.i, m.h = pyo.Set(initialize=goods), pyo.Set(initialize=factors)
    positive = {"domain": pyo.PositiveReals}
    m.X = pyo.Var(m.i, initialize=lambda m, i: sam.loc[i, "HOH"], **positive)
    m.Z = pyo.Var(m.i, initialize=lambda m, i: sam.loc[i, "HOH"], **positive)
    m.F = pyo.Var(m.h, m.i, initialize=lambda m, h, j: sam.loc[h, j], **positive)
    m.px, m.pz = pyo.Var(m.i, initialize=1.0, **positive), pyo.Var(m.i, initialize=1.0, **positive)
    m.pf = pyo.Var(m.h, initialize=1.0, **positive)
    m.FF = pyo.Var(m.h, initialize=lambda m, h: sam.loc["HOH", h])
    m.FF.fix()
    m.pf["LAB"].fix(1.0)

    @m.Constraint(m.i)
    def household_demand(m, i):
        return m.X[i] == sam.loc[i, "HOH"] / spending * sum(m.pf[h] * m.FF[h] for h in factors) / m.px[i]

    @m.Constraint(m.i)
    def production(m, j):
        share = {h: sam.loc[h, j] / sam.loc[list(factors), j].sum() for h in factors}
        scale = sam.loc[j, "HOH"] / pyo.prod(sam.loc[h, j] ** share[h] for h in factors)
        return m.Z[j] == scale * pyo.prod(m.F[h, j] ** share[h] for h in factors)

    @m.Constraint(m.h, m.i)
    def factor_demand(m, h, j):
        share = sam.loc[h, j] / sam.loc[list(factors), j].sum()
        return m.F[h, j] == share * m.pz[j] * m.Z[j] / m.pf[h]

    m.market_good = pyo.Constraint(m.i, rule=lambda m, i: m.X[i] == m.Z[i])
    m.price_good = pyo.Constraint(m.i, rule=lambda m, i: m.px[i] == m.pz[i])
    m.market_capital = pyo.Constraint(expr=sum(m.F["CAP", j] for j in goods) == m.FF["CAP"])
    return m


def test_closed_economy_replicates_and_returns_after_a_disturbed_start():
    m = closed_economy()
    assert solve(m).iterations == 0
    reference = read_levels("hosoe_splcge", "results.csv", "counterfactual")
    for variable in m.component_data_objects(pyo.Var):
        if not variable.fixed:
            variable.set_value(variable.value * 3.0)
    assert solve(m).iterations > 0
    for (name, *index), value in reference.items():
        found = m.component(name)[tuple(index) if len(index) > 1 else index[0]].value
        assert found == pytest.approx(value, rel=1e-10), (name, index)
    objective = json.loads((DATA / "hosoe_splcge" / "objective.json").read_text())
    utility = m.X["BRD"].value ** 0.3 * m.X["MLK"].value ** 0.7
    assert utility == pytest.approx(objective["objective_GAMS_reported"], abs=5e-5)


# ---- Stylized Johansen ----------------------------------------------------------------------------------


def stylized_johansen() -> pyo.ConcreteModel:
    """Two sectors using each other's goods, labour and capital, all Cobb-Douglas; numeraire good s1."""
    table = pd.read_csv(DATA / "sj_stylized_johansen" / "data.csv")
    flow = {(row.row, row.column): float(row.value) for row in table.itertuples(index=False)}
    sectors, factors = ("s1", "s2"), ("labor", "capital")
    cost = {j: sum(flow[k, j] for k in (*sectors, *factors)) for j in sectors}
    spending = sum(flow[i, "hh"] for i in sectors)
    m = pyo.ConcreteModel()
    m.i, m.f = pyo.Set(initialize=sectors), pyo.Set(initialize=factors)
    positive = {"domain": pyo.PositiveReals}
    m.PC, m.PF = pyo.Var(m.i, initialize=1.0, **positive), pyo.Var(m.f, initialize=1.0, **positive)
    m.XCOM = pyo.Var(m.i, initialize=lambda m, i: cost[i], **positive)
    m.XF = pyo.Var(m.f, initialize=lambda m, f: sum(flow[f, j] for j in sectors))
    m.Y = pyo.Var(initialize=spending, **positive)
    m.XF.fix()
    m.PC["s1"].fix(1.0)

    @m.Constraint(m.i)
    def zero_profit(m, j):
        prices = {**{i: m.PC[i] for i in sectors}, **{f: m.PF[f] for f in factors}}
        return m.PC[j] == pyo.prod(price ** (flow[k, j] / cost[j]) for k, price in prices.items())

    @m.Constraint(m.f)
    def market_factor(m, f):
        return m.PF[f] * m.XF[f] == sum(flow[f, j] / cost[j] * m.PC[j] * m.XCOM[j] for j in sectors)

    @m.Constraint(m.i)
    def market_good(m, i):
        if i == "s1":
            return pyo.Constraint.Skip  # Walras' law
        use = sum(flow[i, j] / cost[j] * m.PC[j] * m.XCOM[j] for j in sectors)
        return m.PC[i] * m.XCOM[i] == use + flow[i, "hh"] / spending * m.Y

    m.income = pyo.Constraint(expr=sum(m.PF[f] * m.XF[f] for f in factors) == m.Y)
    return m


@pytest.mark.parametrize(("sim", "labour", "capital"), [("sim1", 1.1, 1.0), ("sim2", 1.1, 1.2)])
def test_stylized_johansen_agrees_with_closed_form_and_gempack(sim, labour, capital):
    m = stylized_johansen()
    system = compile_model(m)
    assert solve_system(system).iterations == 0
    base = dict(zip(system.variable_names, system.values, strict=True))
    m.XF["labor"].fix(labour * m.XF["labor"].value)
    m.XF["capital"].fix(capital * m.XF["capital"].value)
    system.refresh()
    solve_system(system)
    change = {
        name: 100 * (value / base[name] - 1)
        for name, value in zip(system.variable_names, system.values, strict=True)
    }
    names = {
        "Y": "Y",
        "PF_labor": "PF[labor]",
        "PF_capital": "PF[capital]",
        "PC_s2": "PC[s2]",
        "XCOM_s1": "XCOM[s1]",
        "XCOM_s2": "XCOM[s2]",
    }
    exact = pd.read_csv(DATA / "sj_stylized_johansen" / "exact_closed_form.csv").query("sim == @sim")
    assert len(exact) == 6
    for row in exact.itertuples(index=False):
        assert change[names[row.variable]] == pytest.approx(row.total_pct_exact, abs=1e-9), row.variable
    gempack = pd.read_csv(DATA / "sj_stylized_johansen" / "results.csv", keep_default_na=False)
    for row in gempack.query("sim == @sim").itertuples(index=False):
        short = row.variable.removeprefix("p_") + (f"_{row.element}" if row.element else "")
        assert change[names[short]] == pytest.approx(float(row.total_pct), rel=2e-4), short
