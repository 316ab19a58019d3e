"""Firms with goods of their own: what holds besides the property checks and the oracles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.benchmark import Benchmark, BenchmarkError
from eacu.calibration.market_structure import MarketStructure, with_market_structure
from eacu.experiments.market_structure import feedback, room_for_firms
from eacu.model.derivatives import Equations, sensitivity
from eacu.model.economy import build_economy
from eacu.model.engine import compile_model, solve_system
from eacu.model.results import Solution
from eacu.model.state import State
from tests.support.ipopt import ipopt_values
from tests.support.splitting import split_elasticities, split_sam
from tests.support.synthetic import synthetic_elasticities, synthetic_sam

REGIONS, SECTORS, FIRMS = ("RUS", "KAZ", "ROW"), ("agr", "mac", "trn"), ("mac", "agr")
HALVES = ("KAZ1", "KAZ2")
STEP = 1e-4


def with_firms(benchmark: Benchmark) -> Benchmark:
    rows = [(g, "krugman", sigma, 0.5) for g, sigma in zip(FIRMS, (4.0, 6.0), strict=True)]
    table = pd.DataFrame(rows, columns=["sector", "structure", "sigma", "specific_capital"])
    return with_market_structure(benchmark, MarketStructure.from_table(table, "test"))


@pytest.fixture(scope="module")
def whole() -> Benchmark:
    sam = synthetic_sam(REGIONS, SECTORS, seed=4)
    return with_firms(Benchmark.from_sam(sam, synthetic_elasticities(sam, 4), regions=REGIONS))


@pytest.fixture(scope="module")
def halved() -> Benchmark:
    sam = synthetic_sam(REGIONS, SECTORS, seed=4)
    table = split_elasticities(synthetic_elasticities(sam, 4), "KAZ", HALVES)
    sam = split_sam(sam, "KAZ", HALVES, FIRMS)
    return with_firms(Benchmark.from_sam(sam, table, regions=("RUS", *HALVES, "ROW")))


def solved(benchmark: Benchmark, closure: str = "default", **instruments: float) -> Solution:
    """After other tariffs between whoever is called by another of the original names, and dearer borders of Russia."""
    m = build_economy(benchmark, closure)
    system = compile_model(m)
    solve_system(system)
    for g, r, s in m.flows:
        if r[:3] != s[:3]:
            m.import_tariff[g, r, s].set_value(0.25 if s[:3] == "KAZ" else 0.02)
            m.iceberg[g, r, s].set_value(1.1 if "RUS" in (r, s) else 1.0)
    for name, value in instruments.items():
        for variable in m.component(name).values():
            variable.set_value(value)
    system.refresh()
    record = solve_system(system)
    system.write_back(system.values)
    return Solution.from_model(m, record, system=system)


@pytest.fixture(scope="module")
def solution(whole) -> Solution:
    return solved(whole)


def test_a_border_that_costs_nothing_divides_no_country(halved, solution):
    """Two halves have half the firms each, buy each other's varieties, and together do what the whole does."""
    two, one = solved(halved).state, solution.state
    for name in ("activity", "varieties", "composite", "composite_price"):
        expected = one[name].xs("KAZ", level="region")
        assert expected.sub(1).abs().max() > 1e-3
        for half in HALVES:
            found = two[name].xs(half, level="region").reindex(expected.index)
            np.testing.assert_allclose(found, expected, rtol=1e-9)
    for region in ("RUS", "ROW"):
        assert two["household_spending"][region] == pytest.approx(one["household_spending"][region], rel=1e-9)


def test_dearer_entry_makes_fewer_and_larger_firms_and_a_poorer_world(whole, solution):
    """Ten per cent on the cost of a firm: fewer of them, a little less output, and the world loses the variety."""
    before, after = solution, solved(whole, fixed_cost=1.1)
    size = after.state["activity"][list(whole.increasing_returns)] / after.state["varieties"]
    np.testing.assert_allclose(size, 1.1, rtol=1e-10)
    assert (after.state["varieties"] < before.state["varieties"]).all()
    lost = after.regions["ev_usd_mn"].sum() - before.regions["ev_usd_mn"].sum()
    terms = [s.welfare(tolerance=1e-3).by("term")["variety"] for s in (before, after)]
    variety = terms[1] - terms[0]
    assert lost < 0
    assert variety.sum() == pytest.approx(lost, rel=0.35), (
        "nearly all of it, the rest being second-round effects"
    )


def test_derivatives_and_subtotals_know_of_varieties(solution):
    """The derivative of welfare by the cost of a firm against two solutions beside it; subtotals add up."""
    found = solution.sensitivity("ev_usd_mn[KAZ]", "fixed_cost[mac,KAZ]").to_numpy().item()
    m, system, gains = solution.equations.model, solution.equations.system, []
    for cost in (1 + STEP, 1 - STEP):
        m.fixed_cost["mac", "KAZ"].set_value(cost)
        system.refresh()
        record = solve_system(system)
        system.write_back(system.values)
        gains.append(Solution.from_model(m, record, system=system).regions.loc["KAZ", "ev_usd_mn"])
    assert found == pytest.approx((gains[0] - gains[1]) / (2 * STEP), rel=1e-5)
    contributions = solution.subtotals("varieties[mac,KAZ]").contributions
    change = solution.state["varieties"]["mac", "KAZ"] - 1
    assert contributions.sum().item() == pytest.approx(change, rel=1e-6)


def test_ipopt_finds_the_same_firms(whole, solution):
    m = build_economy(whole)
    for name in ("import_tariff", "iceberg"):
        for key, variable in m.component(name).items():
            variable.set_value(solution.state[name][key])
    expected = ipopt_values(m)
    for key, found in solution.state["varieties"].items():
        assert found == pytest.approx(expected[f"varieties[{','.join(key)}]"], rel=1e-8)
    for r, found in solution.state["household_spending"].items():
        assert found == pytest.approx(expected[f"household_spending[{r}]"], rel=1e-8)


def test_how_far_firms_draw_others_in_follows_from_the_cost_of_a_firm(whole):
    r"""With :math:`n f = y(n)` the response of firms to their cost is :math:`-(I - \partial y/\partial n)^{-1}`."""
    m = build_economy(whole)
    system = compile_model(m)
    solve_system(system)
    keys = [f"[{g},{r}]" for g, r in whole.increasing_returns]
    found = sensitivity(
        Equations.of(m, system),
        State.of(m),
        [f"varieties{k}" for k in keys],
        [f"fixed_cost{k}" for k in keys],
    )
    room = room_for_firms(whole).to_numpy()
    np.testing.assert_allclose(found, -np.linalg.inv(np.eye(len(room)) - room), rtol=1e-7, atol=1e-9)
    assert 0 < np.linalg.eigvals(room).real.max() == feedback(whole) < 1


def test_the_feedback_of_constant_returns_is_refused(whole):
    with pytest.raises(BenchmarkError, match="no sector of the benchmark is under monopolistic competition"):
        feedback(replace(whole, increasing_returns=()))


def test_entry_is_explained(solution):
    found = solution.explain("free_entry[mac,KAZ]")
    assert (found.block, found.determines) == ("varieties", "varieties[mac,KAZ]")
    assert "Firms enter until none makes a profit" in found.words
    change = solution.state["varieties"]["mac", "KAZ"] - 1
    assert found.variables["contribution"].sum() == pytest.approx(change, rel=1e-6)


def test_trade_effects_are_those_of_volumes(solution):
    """Trade created and diverted adds up to the change of imports with firms entering, too."""
    effects = solution.trade_effects()
    inside = effects["creation"] + effects["diversion"] - effects["return"] - effects["inside_suppression"]
    assert inside.to_numpy() == pytest.approx(effects["inside_change"].to_numpy(), abs=1e-9)
