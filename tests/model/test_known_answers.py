"""Economies whose equilibrium can be worked out by hand."""

import numpy as np
import pytest
from scipy.optimize import minimize

from eacu.calibration.benchmark import Benchmark
from eacu.model.blocks.households import les_parameters
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.results import Solution
from tests.support.synthetic import synthetic_elasticities, synthetic_sam


def set_tariff(m, rate):
    for key in m.import_tariff:
        m.import_tariff[key].set_value(rate)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("omega", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("tariff", [0.0, 0.25])
def test_mirror_regions_have_a_closed_form(mirror, sigma, omega, tariff):
    r"""Two mirror-image regions, one good, one factor.

    Trade clears where supply :math:`x/d = (p^F/p^D)^\omega` meets demand
    :math:`m/d = (p^D/(p^F T))^\sigma`, T = (1+t)/(1+t0): hence :math:`p^F/p^D = T^{-\sigma/(\sigma+\omega)}` and
    :math:`x/d = T^{-\sigma\omega/(\sigma+\omega)}`. Output is fixed; the frontier gives the level.
    """
    home, trade, old = 80.0, 20.0, 0.1
    m = build_economy(mirror(sigma=sigma, omega=omega, home=home, trade=trade, tariff=old))
    set_tariff(m, tariff)
    record = solve(m)
    solution = Solution.from_model(m, record, ("A", "B"))

    change = (1 + tariff) / (1 + old)
    relative_price = change ** (-sigma / (sigma + omega))
    relative_quantity = change ** (-sigma * omega / (sigma + omega))
    theta = home / (home + trade)
    unit_revenue = (theta + (1 - theta) * relative_price ** (1 + omega)) ** (1 / (1 + omega))
    domestic = unit_revenue**-omega
    landed = trade * (1 + old)
    share = home / (home + landed)
    dear = relative_price * change
    if sigma == 1:
        composite_price = dear ** (1 - share)
    else:
        composite_price = (share + (1 - share) * dear ** (1 - sigma)) ** (1 / (1 - sigma))
    composite = domestic * composite_price**-sigma

    x = solution.state
    for r in ("A", "B"):
        assert x["activity"]["x", r] == pytest.approx(1, rel=1e-11)
        assert x["domestic_demand"]["x", r] == pytest.approx(domestic, rel=1e-10)
        assert x["composite"]["x", r] == pytest.approx(composite, rel=1e-10)
        consumption = (home + landed) * composite - 10 - 15
        assert solution.regions.loc[r, "ev_usd_mn"] == pytest.approx(
            consumption - (home + landed - 25), abs=1e-7
        )
        assert solution.regions.loc[r, "real_gdp_pct"] == pytest.approx(
            100 * ((consumption + 25) / (home + landed) - 1), abs=1e-8
        )
    shipped = x["shipments"]["x", "A", "B"]
    assert shipped == pytest.approx(domestic * relative_quantity, rel=1e-10)
    assert solution.regions.loc["A", "terms_of_trade_pct"] == pytest.approx(0, abs=1e-9)
    duty = tariff * trade * shipped * x["flow_price"]["x", "A", "B"]
    assert solution.regions.loc["B", "tariff_revenue_usd_mn"] == pytest.approx(duty, abs=1e-9)


def test_free_trade_is_best_for_mirror_regions(mirror):
    """By symmetry nobody gains at the other's cost, so any tariff only wastes."""
    welfare = []
    for rate in (-0.1, 0.0, 0.1, 0.3):
        m = build_economy(mirror())
        set_tariff(m, rate)
        solve(m)
        welfare.append(Solution.from_model(m, None, ("A",)).regions.loc["A", "ev_usd_mn"])
    assert np.argmax(welfare) == 1


def test_a_single_region_gains_from_a_small_tariff(mirror):
    """The optimal-tariff argument: from free trade a small tariff improves the terms of trade and welfare."""
    m = build_economy(mirror(tariff=0.0))
    m.import_tariff["x", "A", "B"].set_value(0.02)
    solve(m)
    regions = Solution.from_model(m, None, ("A", "B")).regions
    assert regions.loc["B", "terms_of_trade_pct"] > 0 > regions.loc["A", "terms_of_trade_pct"]
    assert regions.loc["B", "ev_usd_mn"] > 0 > regions.loc["A", "ev_usd_mn"]


def test_productivity_everywhere_is_worth_its_size(mirror):
    """One per cent more output of the only good: absorption rises by one per cent, prices do not move."""
    m = build_economy(mirror())
    for key in m.productivity:
        m.productivity[key].set_value(1.01)
    solve(m)
    x = Solution.from_model(m).state
    assert x["composite"].to_numpy() == pytest.approx(1.01, rel=1e-11)
    assert x["composite_price"].to_numpy() == pytest.approx(1, rel=1e-11)
    assert x["factor_price"].to_numpy() == pytest.approx(1.01, rel=1e-11)


@pytest.mark.parametrize("sigma", [0.5, 3.0])
def test_melting_has_a_closed_form(mirror, sigma):
    r"""Mirror regions again: arrivals :math:`a/d = (p^D/(\tau p^F))^\sigma`, supply of shipments
    :math:`\tau a/d = (p^F/p^D)^\omega`, hence :math:`p^F/p^D = \tau^{(1-\sigma)/(\sigma+\omega)}`.
    """
    omega, tau = 2.0, 1.05
    m = build_economy(mirror(sigma=sigma, omega=omega, tariff=0.0))
    for key in m.iceberg:
        m.iceberg[key].set_value(tau)
    solve(m)
    s = Solution.from_model(m, None, ("A", "B"))
    x, flow = s.state, ("x", "A", "B")
    ratio = tau ** ((1 - sigma) / (sigma + omega))
    assert x["flow_price"][flow] / x["domestic_price"]["x", "A"] == pytest.approx(ratio, rel=1e-11)
    assert x["shipments"][flow] / x["domestic_demand"]["x", "A"] == pytest.approx(ratio**omega, rel=1e-11)
    assert x["arrivals"][flow] == pytest.approx(x["shipments"][flow] / tau, rel=1e-12)
    assert x["landed_price"][flow] == pytest.approx(tau * x["flow_price"][flow], rel=1e-12)
    assert s.regions.loc["A", "ev_usd_mn"] < -0.5 * 20 * (tau - 1)


def _utility(c, gamma, beta):
    return float(np.prod((c - gamma) ** (beta / beta.sum())))


@pytest.mark.parametrize("region", ["BLR", "KAZ"])
def test_ev_and_cv_by_their_definition(shocked, region):
    """Cheapest baskets that reach the old and the new utility, found numerically from the utility function."""
    m = shocked
    solve(m)
    s = Solution.from_model(m, None, ("RUS", "BLR", "KAZ"))
    b, x = s.benchmark, s.state
    les = les_parameters(b).xs(region, level="region")
    gamma, beta = les["gamma"].to_numpy(), les["beta"].to_numpy()
    base = (b.household_demand * (1 + b.sales_tax["household"][region])).xs(region, level="region")
    new = base * x["household_demand"].xs(region, level="region")
    price = x["composite_price"].xs(region, level="region").reindex(base.index)

    def expenditure(prices, utility):
        """min p.c subject to log U(c) = log utility, over c above the committed quantities."""
        weight = beta / beta.sum()
        result = minimize(
            lambda z: float(prices @ (gamma + np.exp(z))) / base.sum(),
            np.log(base.to_numpy() - gamma),
            constraints={"type": "eq", "fun": lambda z: float(weight @ z) - np.log(utility)},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 1000},
        )
        assert result.success
        return result.fun * base.sum()

    ones = np.ones(len(base))
    u0, u1 = _utility(base.to_numpy(), gamma, beta), _utility(new.to_numpy(), gamma, beta)
    ev = expenditure(ones, u1) - base.sum()
    cv = float(price @ new) - expenditure(price.to_numpy(), u0)
    assert abs(ev) > 0.01
    assert s.regions.loc[region, "ev_usd_mn"] == pytest.approx(ev, rel=1e-4)
    assert s.regions.loc[region, "cv_usd_mn"] == pytest.approx(cv, rel=1e-4)


def test_ev_of_cobb_douglas_is_spending_deflated_by_the_exact_index():
    sam = synthetic_sam(seed=4)
    table = synthetic_elasticities(sam)
    table.loc[table["parameter"] == "frisch", "value"] = -1.0
    table.loc[table["parameter"] == "income_elasticity", "value"] = 1.0
    b = Benchmark.from_sam(sam, table, numeraire_region="ROW")
    assert les_parameters(b)["gamma"].abs().max() < 1e-12
    m = build_economy(b)
    set_tariff(m, 0.3)
    solve(m)
    s = Solution.from_model(m, None, ("RUS", "BLR", "KAZ"))
    for r in b.regions:
        goods = b.household_demand.xs(r, level="region")
        share = goods / goods.sum()
        price = s.state["composite_price"].xs(r, level="region").reindex(goods.index)
        exact_index = np.exp((share * np.log(price)).sum())
        spending = goods.sum() * (1 + b.sales_tax["household"][r])
        ev = s.state["household_spending"][r] / exact_index - spending
        assert abs(ev) > 0.01
        assert s.regions.loc[r, "ev_usd_mn"] == pytest.approx(ev, rel=1e-8)
