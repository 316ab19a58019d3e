"""A many-region Armington world with random but balanced flows: the engine's test bench at any size."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo


def armington_world(
    regions: int, sectors: int, seed: int = 0, suppliers: int | None = None
) -> pyo.ConcreteModel:
    """Build a world in calibrated share form; with no shock every price and activity is 1.

    Production is Leontief in Armington composites and a CES value added of two factors, each importer's
    Armington composite is CES over all source regions (``suppliers`` of them if given), the household is
    Cobb-Douglas. Tariffs ``tariff[g, r, s]`` are fixed variables. The market for labour of region 0 is
    dropped (Walras) and its wage is the numeraire.
    """
    rng = np.random.default_rng(seed)
    R, G, F = range(regions), range(sectors), ("labour", "capital")
    n_sources = regions if suppliers is None else min(suppliers, regions)
    sources = {
        (g, s): sorted({s, *rng.choice(regions, n_sources, replace=False).tolist()}) for g in G for s in R
    }
    flow = {(g, r, s): rng.uniform(1, 5) * (4 if r == s else 1) for (g, s), rs in sources.items() for r in rs}
    tariff = {k: 0.0 if k[1] == k[2] else rng.uniform(0.0, 0.2) for k in flow}
    buyers: dict[tuple[int, int], list[int]] = {(g, r): [] for g in G for r in R}
    for g, r, s in flow:
        buyers[g, r].append(s)
    output = {(g, r): sum(flow[g, r, s] for s in buyers[g, r]) for g in G for r in R}
    absorption = {
        (g, s): sum(flow[g, r, s] * (1 + tariff[g, r, s]) for r in sources[g, s]) for g in G for s in R
    }
    share = {(k, s): rng.dirichlet(np.ones(sectors + 1)) for k in G for s in R}
    use = {(k, g, s): absorption[k, s] * 0.5 * share[k, s][g] for k in G for g in G for s in R}
    for g in G:
        for s in R:  # keep intermediate cost below 60 % of the value of output
            total = sum(use[k, g, s] for k in G)
            for k in G:
                use[k, g, s] *= min(1.0, 0.6 * output[g, s] / total)
    value_added = {(g, r): output[g, r] - sum(use[k, g, r] for k in G) for g in G for r in R}
    labour_share = {(g, r): rng.uniform(0.3, 0.7) for g in G for r in R}
    factor = {
        (f, g, r): value_added[g, r] * (labour_share[g, r] if f == "labour" else 1 - labour_share[g, r])
        for f in F
        for g in G
        for r in R
    }
    consumption = {(g, s): absorption[g, s] - sum(use[g, k, s] for k in G) for g in G for s in R}
    spending = {s: sum(consumption[g, s] for g in G) for s in R}
    duty = {s: sum(flow[g, r, s] * tariff[g, r, s] for g in G for r in sources[g, s]) for s in R}
    savings = {s: spending[s] - sum(value_added[g, s] for g in G) - duty[s] for s in R}

    m = pyo.ConcreteModel()
    m.R, m.G, m.F = pyo.Set(initialize=R), pyo.Set(initialize=G), pyo.Set(initialize=F)
    m.flows = pyo.Set(dimen=3, initialize=list(flow))
    positive = {"domain": pyo.PositiveReals, "initialize": 1.0}
    m.output, m.price = pyo.Var(m.G, m.R, **positive), pyo.Var(m.G, m.R, **positive)
    m.value_added_price = pyo.Var(m.G, m.R, **positive)
    m.composite, m.composite_price = pyo.Var(m.G, m.R, **positive), pyo.Var(m.G, m.R, **positive)
    m.wage = pyo.Var(m.F, m.R, **positive)
    m.income = pyo.Var(m.R, **positive)
    m.revenue = pyo.Var(m.R, initialize=duty)
    m.tariff = pyo.Var(m.flows, initialize=tariff)
    m.endowment = pyo.Var(m.F, m.R, initialize=lambda m, f, r: sum(factor[f, g, r] for g in G))
    m.productivity = pyo.Var(m.G, m.R, initialize=1.0)
    m.foreign_savings = pyo.Var(m.R, initialize=savings)
    for exogenous in (m.tariff, m.endowment, m.productivity, m.foreign_savings):
        exogenous.fix()
    sigma, armington = 0.8, 4.0

    def duty_index(m, g, r, s):
        return (1 + m.tariff[g, r, s]) / (1 + tariff[g, r, s])

    @m.Constraint(m.G, m.R)
    def zero_profit_output(m, g, r):
        cost = sum(use[k, g, r] * m.composite_price[k, r] for k in G)
        return output[g, r] * m.price[g, r] == cost + value_added[g, r] * m.value_added_price[g, r]

    @m.Constraint(m.G, m.R)
    def zero_profit_value_added(m, g, r):
        shares = {f: factor[f, g, r] / value_added[g, r] for f in F}
        index = sum(shares[f] * m.wage[f, r] ** (1 - sigma) for f in F) ** (1 / (1 - sigma))
        return m.value_added_price[g, r] * m.productivity[g, r] == index

    @m.Constraint(m.G, m.R)
    def zero_profit_composite(m, g, s):
        value = {r: flow[g, r, s] * (1 + tariff[g, r, s]) / absorption[g, s] for r in sources[g, s]}
        inside = sum(
            value[r] * (duty_index(m, g, r, s) * m.price[g, r]) ** (1 - armington) for r in sources[g, s]
        )
        return m.composite_price[g, s] == inside ** (1 / (1 - armington))

    m.import_demand = pyo.Expression(
        m.flows,
        rule=lambda m, g, r, s: (
            flow[g, r, s]
            * m.composite[g, s]
            * (m.composite_price[g, s] / (duty_index(m, g, r, s) * m.price[g, r])) ** armington
        ),
    )

    @m.Constraint(m.G, m.R)
    def market_output(m, g, r):
        return output[g, r] * m.output[g, r] == sum(m.import_demand[g, r, s] for s in buyers[g, r])

    @m.Constraint(m.G, m.R)
    def market_composite(m, g, s):
        demand = sum(use[g, k, s] * m.output[k, s] for k in G)
        household = consumption[g, s] * m.income[s] / m.composite_price[g, s]
        return absorption[g, s] * m.composite[g, s] == demand + household

    @m.Constraint(m.R)
    def income_tariff(m, s):
        return m.revenue[s] == sum(
            m.tariff[g, r, s] * m.price[g, r] * m.import_demand[g, r, s] for g in G for r in sources[g, s]
        )

    @m.Constraint(m.R)
    def income_household(m, s):
        earned = sum(m.wage[f, s] * m.endowment[f, s] for f in F)
        return spending[s] * m.income[s] == earned + m.revenue[s] + m.foreign_savings[s] * m.wage["labour", 0]

    @m.Expression(m.F, m.R)
    def factor_demand(m, f, r):
        return sum(
            factor[f, g, r]
            * m.output[g, r]
            / m.productivity[g, r]
            * (m.value_added_price[g, r] * m.productivity[g, r] / m.wage[f, r]) ** sigma
            for g in G
        )

    @m.Constraint(m.F, m.R)
    def market_factor(m, f, r):
        if (f, r) == ("labour", 0):
            return pyo.Constraint.Skip  # Walras' law
        return m.endowment[f, r] == m.factor_demand[f, r]

    m.wage["labour", 0].fix(1.0)
    return m
