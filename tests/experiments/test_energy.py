"""Rules of the oil and gas trade: dollars and tonnes become instruments, results become tonnes again."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from eacu.experiments.base_year import load_base_year
from eacu.experiments.energy import (
    BUYER,
    SELLER,
    Figures,
    ad_valorem,
    energy_choices,
    energy_settings,
    in_tonnes,
)
from eacu.experiments.policy import policy_of
from eacu.experiments.regimes import Regime, RegimeError, load_regime
from eacu.experiments.run import Run, run
from tests.support.builders import load_builder

REGIMES = ("union-2010-07", "oil-free", "oil-2010", "oil-2011", "oil-market")
CRUDE = ("oil", SELLER, BUYER)
GAS = ("gas", SELLER, BUYER)


@pytest.fixture(scope="module")
def base():
    return load_base_year()


@pytest.fixture(scope="module")
def solved() -> Run:
    return run(*REGIMES)


@pytest.fixture(scope="module")
def trade(solved, base) -> pd.DataFrame:
    return pd.DataFrame({n: in_tonnes(solved[n].solution, base.schedules) for n in REGIMES})


def settings(name: str, base) -> dict[str, pd.Series | float]:
    return dict(policy_of(load_regime(name), base.benchmark, base.schedules).settings)


def test_a_duty_in_dollars_is_a_rate_on_the_price_without_it():
    assert ad_valorem(50.0, 150.0, "oil") == 0.5
    assert ad_valorem(0.0, 150.0, "oil") == 0.0
    for duty, price in ((150.0, 150.0), (-1.0, 150.0), (float("nan"), 150.0)):
        with pytest.raises(RegimeError, match=r"oil: a duty of .* does not lie between"):
            ad_valorem(duty, price, "oil")


def test_the_rates_of_the_years_by_hand(base):
    figures = Figures(base.schedules, "2010")
    assert figures.crude_rate == pytest.approx(272.0 / (78.21 * 7.3 - 272.0))
    assert figures.product_rate == pytest.approx(0.338 * 151 / (570 - 0.338 * 151))
    assert Figures(base.schedules, "market").gas_markup == pytest.approx((0.7 * 402 - 30) / 168 - 1)


def test_the_legal_formula_gives_the_duties_that_were_read(base):
    """29.2 + c (price - 182.5) USD/t, c = 0.65 until September 2011 and 0.60 after; a lag of a month or two."""
    for year, rate, off in (("2010", 0.65, 0.04), ("2012", 0.60, 1e-3), ("2013", 0.60, 1e-3)):
        prices = base.schedules.table("energy_prices")["value"]
        price = prices[year, "crude_price"] * prices["all", "barrels_per_tonne"]
        assert prices[year, "crude_duty"] == pytest.approx(29.2 + rate * (price - 182.5), rel=off)


def test_2010_is_a_quota_in_tonnes_with_the_full_duty_above(base):
    given = settings("oil-2010", base)
    assert given["quota"][CRUDE] * 19.03 == pytest.approx(6.3)
    assert given["over_quota_duty"][CRUDE] == pytest.approx(Figures(base.schedules, "2010").crude_rate)
    assert given["export_tax"][CRUDE] == 0
    assert "duty_remitted" not in given
    assert energy_choices(load_regime("oil-2010")) == ("tariff-rate-quota",)


def test_2011_frees_crude_and_passes_the_duty_on_products_to_russia(base):
    given = settings("oil-2011", base)
    assert given["export_tax"][CRUDE] == 0
    assert dict(given["duty_remitted"]) == {("ppr", BUYER, SELLER): 1.0}
    products = given["export_tax"].drop(CRUDE)
    assert set(products.index.get_level_values("importer")) == {"EU", "CHN", "ROW"}
    assert products.to_numpy() == pytest.approx(270.3 / (840 - 270.3))
    assert energy_choices(load_regime("oil-2011")) == ()


def test_gas_at_the_market_price_adds_to_rents_that_borders_left(base):
    benchmark, schedules = base.benchmark, base.schedules
    regime = load_regime("oil-market")
    markup = Figures(schedules, "market").gas_markup
    assert markup > 0
    alone = energy_settings(regime, benchmark, schedules, {})
    assert alone["rent"][GAS] == pytest.approx(markup)
    assert alone["rent_to_exporter"][GAS] == 1
    assert alone["rent"].drop(GAS).abs().max() == 0
    index = pd.MultiIndex.from_tuples([GAS], names=["sector", "source", "importer"])
    others = {"rent": pd.Series([0.1], index=index), "rent_to_exporter": pd.Series([0.5], index=index)}
    both = energy_settings(regime, benchmark, schedules, others)
    assert both["rent"][GAS] == pytest.approx(markup + 0.1)
    assert both["rent_to_exporter"][GAS] == pytest.approx((markup + 0.05) / (markup + 0.1))


@pytest.mark.parametrize("rules", [None, "2007"])
def test_the_rules_of_the_base_year_change_nothing(base, rules):
    regime = load_regime("union-2010-07")
    regime = replace(regime, oil=regime.oil.model_copy(update={"rules": rules}))
    assert energy_settings(regime, base.benchmark, base.schedules, {}) == {}
    assert energy_choices(regime) == ()


def test_a_missing_figure_and_a_missing_flow_are_refused(base):
    table = base.schedules.table("energy_prices")
    without = {**base.schedules.tables, "energy_prices": table.drop(("2010", "crude_duty"))}
    regime: Regime = load_regime("oil-2010")
    with pytest.raises(RegimeError, match=r"no row for 2010 crude_duty.*not read as zero"):
        energy_settings(regime, base.benchmark, replace(base.schedules, tables=without), {})
    exports = base.benchmark.exports
    bare = replace(base.benchmark, exports=exports.drop(CRUDE))
    with pytest.raises(RegimeError, match="no trade in oil from RUS to BLR"):
        energy_settings(regime, bare, base.schedules, {})


def test_every_energy_regime_is_solved_and_passes_its_checks(solved):
    assert solved.passed
    assert {r.name: "+tariff-rate-quota" in r.closure.name for r in solved} == {
        name: name == "oil-2010" for name in REGIMES
    }


def test_the_quota_of_2010_is_used_up_and_exceeded(trade, solved):
    """More is shipped than is free of duty, so buyers pay the full duty at the margin and gain it on the quota."""
    found = trade["oil-2010"]
    assert found["crude_mt"] - found["crude_over_quota_mt"] == pytest.approx(6.3)
    assert found["crude_over_quota_mt"] > 1
    assert found["quota_rent_usd_mn"] == pytest.approx(6.3 * found["quota_premium_usd_t"])
    assert found["crude_duty_usd_mn"] == pytest.approx(
        found["crude_over_quota_mt"] * found["quota_premium_usd_t"]
    )
    regions = solved["oil-2010"].solution.regions
    assert regions.loc[BUYER, "rents_usd_mn"] == pytest.approx(found["quota_rent_usd_mn"])
    assert trade.loc["crude_over_quota_mt"].drop("oil-2010").abs().max() == 0


def test_what_the_rules_of_2010_cost_belarus(solved, trade):
    """The IMF's figure is about 2 bn USD in the year; crude from Russia fell from about 21 to 12.6 Mt."""
    ev = pd.Series({n: solved[n].solution.regions.loc[BUYER, "ev_usd_mn"] for n in REGIMES})
    assert -3000 < ev["oil-2010"] - ev["oil-free"] < -1500
    assert -3000 < ev["oil-2010"] - ev["union-2010-07"] < -1500
    assert 20 < trade.loc["crude_mt", "oil-free"] < 22
    assert 10 < trade.loc["crude_mt", "oil-2010"] < 14


def test_what_the_preferences_of_2011_were_worth(solved):
    """Published: 6 to 10 % of Belarusian GDP net of the duty passed on; what Belarus gains Russia forgoes."""
    regions = {n: solved[n].solution.regions for n in ("oil-2011", "oil-market")}
    gain = regions["oil-2011"].loc[BUYER, "ev_usd_mn"] - regions["oil-market"].loc[BUYER, "ev_usd_mn"]
    gdp = solved["oil-2011"].solution.benchmark.gdp[BUYER]
    assert 0.06 < gain / gdp < 0.10
    assert regions["oil-2011"].loc[SELLER, "ev_usd_mn"] < regions["oil-market"].loc[SELLER, "ev_usd_mn"]


def test_the_duty_passed_on_is_all_of_it_and_reaches_russia(solved, trade):
    found = trade["oil-2011"]
    assert found["passed_on_usd_mn"] == pytest.approx(found["product_duty_usd_mn"])
    assert found["passed_on_usd_mn"] > 1000
    transfer = solved["oil-2011"].solution.regions["oil_duty_transfer_usd_mn"]
    assert transfer[SELLER] == pytest.approx(found["passed_on_usd_mn"])
    assert transfer.sum() == pytest.approx(0.0, abs=1e-6)


def test_the_page_on_energy_shows_the_numbers_of_the_model():
    module = load_builder("build_energy")
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/build_energy.py"
