"""Paths of equilibria: steady state, balanced growth, homogeneity, Walras, the baseline's growth, no difference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.accumulation import CapitalRules
from eacu.experiments.dynamics import DynamicEconomy, SolvedPath
from eacu.model.accounts import payments, sam_of
from eacu.model.checks import HOMOGENEITY, PRICES, QUANTITIES, REPLICATION, WALRAS
from eacu.model.closures import ClosureError
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.growth import build_growing_economy
from eacu.model.instruments import Policy, apply_policy
from eacu.model.state import State
from eacu.model.swap import swap
from tests.support.growing import NOTHING, benchmark, investment, solved, stationary, tariffs, uneven, weights

STEADY = 1e-6


def comparative(closure: str, policy: Policy, fix=(), free=()) -> State:
    """The static economy under a long-run closure."""
    m = build_economy(benchmark(), closure)
    if fix:
        swap(m, fix=fix, free=free)
    apply_policy(m, policy)
    solve(m)
    return State.of(m)


COMPARED = ("activity", "output_price", "composite_price", "factor_use", "household_demand", "investment")


def departure(path: SolvedPath, state: State) -> float:
    """Largest relative difference of the last year from a static solution."""
    last = path.solution(path.years[-1]).state
    return max(
        float((last[name] / state[name] - 1).abs().max()) for name in (*COMPARED, "rental", "endowment")
    )


@pytest.mark.parametrize("closure", ["replacement", "replacement+specific"])
def test_the_steady_state_is_that_of_comparative_statics(closure):
    """Investment that follows the return ends where the return is back at its level: the closure steady-state.

    Whether capital moves between activities or only new capital does makes no difference in the end.
    """
    economy = DynamicEconomy(benchmark(), stationary(80), closure)
    baseline, path = solved(economy, tariffs(0.3))
    static = comparative("steady-state-capital+replacement", tariffs(0.3))
    assert abs(static["endowment"].xs("capital") - 1).max() > 1e-3, "the policy moves no capital"
    assert departure(path, static) < STEADY
    assert abs(path["capital_return"].iloc[-1] - 1).max() < STEADY
    assert departure(baseline, economy.model.benchmark_state) < STEADY


def test_a_cost_of_installation_slows_capital_down_and_leaves_the_steady_state():
    """It is nil at the base year's pace, which is that of a steady state."""
    slow = DynamicEconomy(
        benchmark(), stationary(60), "replacement", rules=CapitalRules(installation_cost=2.0)
    )
    _, costly = solved(slow, tariffs(0.3))
    assert departure(costly, comparative("steady-state-capital+replacement", tariffs(0.3))) < STEADY
    _, free = solved(DynamicEconomy(benchmark(), stationary(8), "replacement"), tariffs(0.3))
    third = costly.years[3]
    capital = [path["endowment"].xs("capital", axis=1).loc[third] for path in (costly, free)]
    assert (capital[0] < capital[1]).all(), "what is lost is not there"
    with pytest.raises(ValueError, match="cost of installation is -1"):
        CapitalRules(installation_cost=-1)
    with pytest.raises(ValueError, match=r"all that .* invests is lost"):
        ruinous = CapitalRules(installation_cost=1e9)
        solved(DynamicEconomy(benchmark(), uneven(3), rules=ruinous))


@pytest.mark.parametrize("closure", ["savings-driven", "savings-driven+specific"])
def test_the_steady_state_of_saving_is_solow_s(closure):
    """With a given rate of saving capital settles where saving replaces it, whatever it then earns."""
    economy = DynamicEconomy(benchmark(), stationary(80), closure)
    _, path = solved(economy, tariffs(0.3))
    static = comparative("savings-driven", tariffs(0.3), fix="investment_rate", free="endowment[capital,*]")
    assert departure(path, static) < STEADY
    assert abs(path["capital_return"].iloc[-1] - 1).max() > 1e-4


@pytest.mark.parametrize(
    "closure", ["savings-driven", "replacement", "investment-driven", "savings-driven+specific"]
)
def test_balanced_growth_changes_no_price(closure):
    """If labour, people, resources and capital grow alike, so does everything else, and nothing becomes dearer."""
    rate, years = 0.03, 6
    economy = DynamicEconomy(benchmark(), stationary(years, rate), closure)
    baseline, path = solved(economy)
    for one in (baseline, path):
        assert abs(one["efficiency"] - 1).max().max() < HOMOGENEITY
        level = (1 + rate) ** np.arange(years)
        for n, year in enumerate(one.years):
            x = one.solution(year).state
            assert max(float(abs(x[name] - 1).max()) for name in PRICES if len(x[name])) < HOMOGENEITY
            grown = max(float(abs(x[name] / level[n] - 1).max()) for name in QUANTITIES if len(x[name]))
            assert grown < HOMOGENEITY


@pytest.fixture(scope="module")
def growing():
    """An unevenly growing economy with a policy: (economy, baseline, path)."""
    economy = DynamicEconomy(benchmark(), uneven(6))
    return economy, *solved(economy, tariffs(0.3))


def test_every_year_is_solved_and_clears_the_market_that_is_no_equation(growing):
    _, baseline, path = growing
    for one in (baseline, path):
        assert [check.year for check in one.checks] == list(one.years)
        assert max(check.residual for check in one.checks) <= REPLICATION
        assert max(abs(check.walras) for check in one.checks) <= WALRAS
        assert one.passed
        assert abs(one["efficiency"].iloc[1:] - 1).min().min() > 1e-4, "nothing has grown"


def test_every_year_has_a_sam_that_balances(growing):
    _, baseline, path = growing
    for one in (baseline, path):
        for year in one.years:
            found = one.solution(year)
            assert sam_of(payments(benchmark(), found.state)).balance_gap() < 1e-10


def test_the_baseline_reproduces_the_growth_it_is_given(growing):
    economy, baseline, path = growing
    for year in baseline.years:
        measured = 1 + baseline.solution(year).regions["real_gdp_pct"] / 100
        assert abs(measured / economy.growth.real_gdp.loc[year] - 1).max() < 1e-9
    assert abs(path["real_gdp"] / baseline["real_gdp"] - 1).iloc[1:].to_numpy().max() > 1e-4


def test_productivity_alone_differs_from_what_is_given(growing):
    """All that is not policy, capital or GDP is the baseline's in every other path."""
    _, baseline, path = growing
    for name in ("efficiency", "labour_force", "population", "government_consumption", "foreign_savings"):
        assert (path[name] == baseline[name]).all().all()


def test_the_first_year_is_the_benchmark(growing):
    _, baseline, path = growing
    for one in (baseline, path):
        assert one.checks[0].iterations == 0
        assert abs(one["activity"].iloc[0] - 1).max() == 0


def test_the_price_level_changes_no_quantity_in_any_year(growing):
    economy, baseline, path = growing
    dearer = {
        "nothing": Policy("nothing, dearer", {"numeraire": 1.1}),
        "policy": Policy("policy, dearer", {**tariffs(0.3).settings, "numeraire": 1.1}),
    }
    policies = economy.policies(dearer)
    again = economy.baseline("dearer", weights(economy.growth, "nothing"), policies)
    other = economy.path("dearer", weights(economy.growth, "policy"), policies, again)
    for before, after in ((baseline, again), (path, other)):
        for year in before.years:
            x, y = before.solution(year).state, after.solution(year).state
            for name, factor in (*((q, 1.0) for q in QUANTITIES), *((p, 1.1) for p in PRICES)):
                if len(x[name]):
                    assert abs(y[name] / (factor * x[name]) - 1).max() < HOMOGENEITY, (name, year)
        assert abs(after["efficiency"] / before["efficiency"] - 1).max().max() < HOMOGENEITY


def test_a_path_with_the_baseline_s_policies_differs_by_nothing(growing):
    economy, baseline, _ = growing
    policies = economy.policies({"nothing": NOTHING, "policy": NOTHING})
    same = economy.path("same", weights(economy.growth, "nothing"), policies, baseline)
    assert (same.values == baseline.values).all()
    assert sum(check.iterations for check in same.checks) == 0


def test_capital_is_what_was_left_and_what_was_invested(growing):
    economy, baseline, path = growing
    growth = economy.growth
    for one in (baseline, path):
        stock = one["endowment"].xs("capital", axis=1) * growth.capital_stock
        invested = one["investment"] * investment(benchmark())
        expected = (1 - growth.depreciation) * stock + invested[stock.columns]
        assert np.allclose(stock.iloc[1:], expected.iloc[:-1], rtol=1e-12)


def test_held_capital_is_the_baseline_s(growing):
    economy, baseline, path = growing
    policies = economy.policies({"nothing": NOTHING, "policy": tariffs(0.3)})
    held = economy.path("held", weights(economy.growth, "policy"), policies, baseline, hold_capital=True)
    for name, same in (("endowment", True), ("investment", False)):
        change = abs(held[name] / baseline[name] - 1).max().max()
        assert bool(change < 1e-12) is same, name
    second = economy.growth.years[1]  # capital of the first year of a policy is the baseline's anyway
    assert np.allclose(held["activity"].loc[second], path["activity"].loc[second], rtol=1e-9)
    assert abs(held["activity"].iloc[-1] / path["activity"].iloc[-1] - 1).max() > 1e-5


def test_capital_that_stays_adds_up_to_what_was_left_and_invested():
    economy = DynamicEconomy(benchmark(), uneven(5), "savings-driven+specific")
    growth, b = economy.growth, benchmark()
    _, path = solved(economy, tariffs(0.3))
    use, value = path["factor_use"].xs("capital", axis=1), b.factor_value.xs("capital")
    total = (use * value).T.groupby(level=1).sum().T / value.groupby("region").sum()
    stock = total[list(b.regions)] * growth.capital_stock
    invested = path["investment"] * investment(b)
    expected = (1 - growth.depreciation) * stock + invested[stock.columns]
    assert np.allclose(stock.iloc[1:], expected.iloc[:-1], rtol=1e-12)
    old = use.mul(1.0).T
    kept = (1 - growth.depreciation.reindex(old.index.get_level_values(1))).to_numpy()
    assert (old.iloc[:, 1:].to_numpy() > kept[:, None] * old.iloc[:, :-1].to_numpy()).all(), (
        "old capital moved"
    )
    spread = use.iloc[-1].groupby(level=1).std()
    assert spread.min() > 1e-4, "new capital goes everywhere alike"


def test_welfare_is_the_equivalent_variation_of_the_indicators(growing):
    _, _, path = growing
    year = path.years[-1]
    found = path.solution(year).regions
    assert np.allclose(100 * (path["welfare"].loc[year] - 1), found["ev_pct_consumption"], rtol=1e-9)
    assert np.allclose(100 * (path["consumption_volume"].loc[year] - 1), found["consumption_pct"], rtol=1e-9)


@pytest.mark.parametrize("bias", ["labour", "neutral"])
def test_progress_of_either_kind_reproduces_growth(bias):
    economy = DynamicEconomy(benchmark(), uneven(3), bias=bias)
    baseline, path = solved(economy, tariffs(0.3))
    assert baseline.passed and path.passed
    assert (baseline["real_gdp"] == economy.growth.real_gdp).all().all()
    shifted = "productivity" if bias == "neutral" else "endowment"
    still = "endowment" if bias == "neutral" else "productivity"
    labour = [key for key in baseline["endowment"] if key[0] in ("unskilled", "skilled")]

    def last(name):
        row = baseline[name].iloc[-1]
        return row[labour] / baseline["labour_force"].iloc[-1] if name == "endowment" else row

    assert abs(baseline["labour_force"].iloc[-1] - 1).min() > 1e-4
    assert abs(last(shifted) - 1).min() > 1e-4
    assert abs(last(still) - 1).max() < 1e-12


def test_half_a_year_each_is_the_mean_and_the_keys_are_the_pool_s(growing):
    economy, _, _ = growing
    regions = pd.Index(["RUS", "BLR", "KAZ"], name="region")
    ones, keys = pd.Series(1.0, index=regions), pd.Series([0.5, 0.3, 0.2], index=regions)
    union = Policy("u", {**tariffs(2).settings, "union_member": ones, "pooled": ones, "pool_share": keys})
    policies = economy.policies({"none": tariffs(0), "union": union})
    mixed = economy.mixed(pd.Series({"none": 0.25, "union": 0.75}), policies)

    def of(name):
        return pd.Series(mixed[economy.columns.of(name)], index=economy.columns.index(name))

    expected = 0.25 * 0.02 + 0.75 * (2 * benchmark().import_tariff + 0.02)
    assert np.allclose(of("import_tariff").reindex(expected.index.to_flat_index()), expected)
    assert of("pooled")[[("RUS",), ("ROW",)]].tolist() == [0.75, 0.0]
    assert of("pool_share").sum() == pytest.approx(1.0, abs=1e-12)
    assert of("pool_share")[("BLR",)] == pytest.approx(0.3)


def test_foreign_savings_grow_with_gdp_and_sum_to_nothing(growing):
    economy, baseline, _ = growing
    found = baseline["foreign_savings"]
    assert abs(found.sum(axis=1)).max() < 1e-9 * benchmark().gdp.sum()
    shares = found / economy.growth.real_gdp[found.columns]
    others = [r for r in benchmark().regions if r != benchmark().numeraire_region]
    assert np.allclose(shares[others], benchmark().foreign_savings[others])


def test_a_closure_that_determines_capital_is_refused():
    with pytest.raises(ClosureError, match="determines the stock of capital"):
        DynamicEconomy(benchmark(), stationary(2), "steady-state")


def test_a_wage_floor_cannot_tell_hands_from_what_they_do():
    with pytest.raises(ClosureError, match="more hands or better ones"):
        DynamicEconomy(benchmark(), stationary(2), "savings-driven+rigid-wage")


def test_an_unknown_bias_gets_the_nearest_name():
    with pytest.raises(ClosureError, match="Did you mean 'neutral'"):
        build_growing_economy(benchmark(), bias="neutrel")


def test_a_year_that_is_not_of_the_path_is_refused(growing):
    _, baseline, _ = growing
    with pytest.raises(KeyError, match="no year 2050"):
        baseline.solution(2050)
