"""Each block's equations against textbook definitions: primal problems solved numerically, sums by hand."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import minimize

from eacu.model.blocks.households import les_parameters
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.functions import ces_price, cet_price
from tests.support.synthetic import synthetic_benchmark


@pytest.fixture(scope="module")
def solved():
    m = build_economy(synthetic_benchmark(seed=2))
    for n, key in enumerate(m.import_tariff):
        m.import_tariff[key].set_value(0.03 * (n % 5))
    for n, key in enumerate(m.factor_tax):
        m.factor_tax[key].set_value(0.02 * (n % 4))
    for key in m.iceberg:
        m.iceberg[key].set_value(1.02)
    solve(m)
    return m


@pytest.mark.parametrize("sigma", [0.3, 0.999999, 1.0, 4.0])
def test_ces_price_is_the_least_cost_of_one_unit(sigma):
    share, price = np.array([0.2, 0.5, 0.3]), np.array([1.3, 0.8, 2.0])

    def output(z):
        if sigma == 1:
            return float(share @ z)
        rho = (sigma - 1) / sigma
        return np.log1p(share @ np.expm1(rho * z)) / rho  # of quantities exp(z); exact near rho = 0

    best = minimize(
        lambda z: float((share * price) @ np.exp(z)),
        np.zeros(3),
        constraints={"type": "eq", "fun": output},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    dual = pyo.value(ces_price(zip(share, price, strict=True), sigma))
    assert best.success or abs(output(best.x)) < 1e-8
    assert dual == pytest.approx(best.fun, rel=1e-5)


@pytest.mark.parametrize("omega", [0.0, 0.7, 5.0])
def test_cet_price_is_the_greatest_revenue_of_one_unit(omega):
    share, price = np.array([0.6, 0.4]), np.array([1.2, 0.7])
    dual = cet_price(zip(share, price, strict=True), omega)
    if omega == 0:
        assert dual == pytest.approx(share @ price)
        return
    rho = (1 + omega) / omega
    x1 = np.linspace(1e-6, (1 / share[0]) ** (1 / rho) * (1 - 1e-9), 400001)
    x2 = ((1 - share[0] * x1**rho) / share[1]) ** (1 / rho)
    assert dual == pytest.approx((share[0] * price[0] * x1 + share[1] * price[1] * x2).max(), rel=1e-7)


def test_a_single_member_costs_what_it_costs():
    assert ces_price([(1.0, 1.7)], 3.0) == 1.7
    assert cet_price([(1.0, 1.7)], 0.0) == 1.7


def test_production_pays_exactly_what_it_earns(solved):
    m = solved
    for j, r in m.activities:
        output = m.output0[j, r] * m.activity[j, r].value * m.output_price[j, r].value
        goods = sum(
            m.intermediate0[i, j, r] * m.activity[j, r].value * m.composite_price[i, r].value
            for i in m.inputs[j, r]
        )
        factors = sum(
            m.factor_value0[f, j, r]
            * m.factor_use[f, j, r].value
            * m.factor_price[f, r].value
            * m.rental_premium[f, j, r].value
            for f in m.employed[j, r]
        )
        cost = goods + factors * (1 + m.factor_tax[j, r].value) + m.production_tax[j, r].value * output
        assert cost == pytest.approx(output, rel=1e-10)


def test_value_added_is_produced_at_least_cost(solved):
    """The CES production function evaluated at the factor demands yields the activity level."""
    m = solved
    for j, r in m.activities:
        rho = 1 - 1 / pyo.value(m.sigma_value_added[j, r])
        produced = sum(
            m.factor_share[f, j, r] * m.factor_use[f, j, r].value ** rho for f in m.employed[j, r]
        ) ** (1 / rho)
        assert produced == pytest.approx(m.activity[j, r].value, rel=1e-9)


def test_supply_lies_on_the_transformation_frontier(solved):
    m = solved
    for g, r in m.exporters:
        if (g, r) not in m.domestic:
            continue
        rho = 1 + 1 / pyo.value(m.omega_supply[g, r])
        level = (
            m.domestic_share[g, r] * pyo.value(m.domestic_demand[g, r]) ** rho
            + m.export_share[g, r] * pyo.value(m.export_supply[g, r]) ** rho
        ) ** (1 / rho)
        assert level == pytest.approx(m.activity[g, r].value, rel=1e-9)


def test_composites_lie_on_the_armington_isoquant(solved):
    m = solved
    for g, s in m.importers:
        sigma = pyo.value(m.sigma_sources[g, s])
        rho = 1 - 1 / sigma
        imports = sum(
            m.source_share[g, r, s] * pyo.value(m.arrivals[g, r, s]) ** rho for r in m.sources[g, s]
        ) ** (1 / rho)
        assert imports == pytest.approx(pyo.value(m.imports[g, s]), rel=1e-9)
        if (g, s) in m.domestic:
            rho = 1 - 1 / pyo.value(m.sigma_armington[g, s])
            composite = (
                m.home_share[g, s] * pyo.value(m.domestic_demand[g, s]) ** rho
                + m.import_share[g, s] * imports**rho
            ) ** (1 / rho)
            assert composite == pytest.approx(m.composite[g, s].value, rel=1e-9)


def test_the_importer_pays_fob_transport_and_duty_on_what_is_shipped(solved):
    m, b = solved, solved.benchmark
    g, r, s = max(b.margin.index, key=lambda key: b.margin[key])
    shipped = pyo.value(m.shipments[g, r, s])
    fob = b.exports[g, r, s] * shipped * m.flow_price[g, r, s].value * (1 + m.export_tax[g, r, s].value)
    transport = b.margin[g, r, s] * shipped * m.transport_price["world"].value
    duty = m.import_tariff[g, r, s].value * (fob + transport)
    landed = b.landed[g, r, s] * pyo.value(m.landed_price[g, r, s]) * pyo.value(m.arrivals[g, r, s])
    assert landed == pytest.approx(fob + transport + duty, rel=1e-10)
    assert pyo.value(m.duty[g, r, s]) == pytest.approx(duty, rel=1e-10)


def test_the_transport_pool_spends_what_it_earns(solved):
    m, b = solved, solved.benchmark
    earned = sum(m.margin0[k] * pyo.value(m.shipments[k]) * m.transport_price["world"].value for k in m.flows)
    spent = sum(
        m.margin_supply0[k] * pyo.value(m.carrier_supply[k]) * m.carrier_price[k].value for k in m.carriers
    )
    assert earned == pytest.approx(spent, rel=1e-10)
    assert spent > 0.5 * b.margin.sum()


def test_les_calibration_by_hand(mirror):
    """One good: its budget share is one, half the budget is supernumerary at a Frisch parameter of -2."""
    les = les_parameters(mirror())
    assert les["beta"].to_numpy() == pytest.approx(1.0)
    spending = 80 + 20 * 1.1 - 10 - 15
    assert les["gamma"].to_numpy() == pytest.approx(spending / 2)


def test_les_elasticities_are_those_asked_for_up_to_engel_aggregation(benchmark):
    les = les_parameters(benchmark)
    for r in benchmark.regions:
        rows = les.xs(r, level="region")
        assert rows["beta"].sum() == pytest.approx(1, abs=1e-12)
        assert (rows["gamma"] >= 0).all()
        value = benchmark.household_demand.xs(r, level="region") * (1 + benchmark.sales_tax["household"][r])
        implied = rows["beta"] / (value / value.sum())
        asked = benchmark.income_elasticity.xs(r, level="region").reindex(implied.index)
        free = rows["gamma"] > 1e-9
        ratio = (implied / asked)[free]
        assert ratio.max() == pytest.approx(ratio.min(), rel=1e-9)


def test_an_elasticity_above_minus_frisch_is_held_there():
    b = synthetic_benchmark(seed=1)
    steep = b.income_elasticity.copy()
    steep["agr", "RUS"] = 50.0
    les = les_parameters(replace(b, income_elasticity=steep))
    rows = les.xs("RUS", level="region")
    assert rows.loc["agr", "gamma"] == pytest.approx(0, abs=1e-9)
    assert rows["beta"].sum() == pytest.approx(1)
    assert (rows["gamma"] >= 0).all()


def test_the_household_spends_its_budget(solved):
    m = solved
    for r in m.R:
        spent = sum(
            m.household_demand0[i, r] * m.household_demand[i, r].value * m.composite_price[i, r].value
            for i in m.household_goods_of[r]
        ) * (1 + m.sales_tax["household", r].value)
        assert spent == pytest.approx(m.household_spending[r].value, rel=1e-10)


def test_budgets_of_government_and_savings(solved):
    m, b = solved, solved.benchmark
    for r in m.R:
        bought = sum(
            b.government_demand[i, r] * m.composite_price[i, r].value for i in m.government_goods_of[r]
        ) * (1 + m.sales_tax["government", r].value)
        saved = b.government_savings[r] * m.investment_price[r].value
        assert m.government_income[r].value == pytest.approx(bought + saved + m.transfer[r].value, abs=1e-8)
        invested = sum(
            b.investment_demand[i, r] * m.composite_price[i, r].value for i in m.investment_goods_of[r]
        ) * (1 + m.sales_tax["investment", r].value)
        assert invested == pytest.approx(
            m.household_savings[r].value + saved + b.foreign_savings[r], abs=1e-8
        )


def test_factors_are_fully_employed_and_mobile_ones_earn_the_same(solved):
    m = solved
    for f, r in m.factor_markets:
        used = sum(m.factor_value0[f, j, r] * m.factor_use[f, j, r].value for j in m.employers[f, r])
        assert used == pytest.approx(m.endowment0[f, r], rel=1e-10)
        returns = [pyo.value(m.rental[f, j, r]) for j in m.employers[f, r]]
        if f in ("unskilled", "skilled", "capital"):
            assert max(returns) == pytest.approx(min(returns), rel=1e-12)
    spread = [pyo.value(m.rental["resources", j, "RUS"]) for j in m.employers["resources", "RUS"]]
    assert max(spread) / min(spread) > 1.001
