"""Runs of paths: tidy results, present values, choices that regimes need; and the shipped economy (slow)."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.base_year import load_base_year
from eacu.experiments.growth import Growth
from eacu.experiments.path_run import COLUMNS, _closure_of, run_paths
from eacu.experiments.paths import PathError, load_path
from eacu.experiments.services import with_services
from tests.experiments.small_economy import small_base_year

UNTIL = 2013


@pytest.fixture(scope="module")
def run():
    twin = replace(load_path("no-union"), name="twin")
    return run_paths("union", twin, base=small_base_year(), until=UNTIL)


def test_the_frame_is_complete_and_tidy(run):
    frame = run.frame()
    assert list(frame.columns) == COLUMNS
    assert set(frame["path"]) == {"no-union", "union", "twin"}
    assert not frame.duplicated(["path", "year", "region", "variable"]).any()
    assert set(frame["year"]) == set(range(2007, UNTIL + 1))
    assert not frame.isna().any().any()
    union = frame[frame["path"] == "union"]
    assert np.allclose(union["value"] - union["baseline"], union["change"])


def test_nothing_differs_before_the_union_and_in_the_baseline_s_twin(run):
    frame = run.frame()
    before = frame[(frame["path"] == "union") & (frame["year"] < 2010)]
    assert before["change"].abs().max() == 0
    assert frame.loc[frame["path"] == "twin", "change"].abs().max() == 0
    assert run.checks().query("path == 'twin'")["iterations"].sum() == 0
    after = frame[(frame["path"] == "union") & (frame["year"] == 2011) & (frame["variable"] == "welfare")]
    assert after["percent"].abs().max() > 0.01


def test_welfare_is_the_difference_of_equivalent_variations(run):
    year = 2012
    new, old = (run[name].solution(year).regions["ev_usd_mn"] for name in ("union", "no-union"))
    frame = run.frame().query("path == 'union' and year == @year and variable == 'welfare'")
    assert np.allclose(frame.set_index("region")["change"][new.index], new - old, rtol=1e-7, atol=1e-7)


def test_present_value_counts_later_years_less(run):
    frame = run.frame().query("path == 'union' and region == 'KAZ' and variable == 'welfare'")
    weights = 1.1 ** -(frame["year"] - 2007)
    found = run.present_value(0.1).loc[("union", "KAZ")]
    assert found["ev_usd_mn"] == pytest.approx(float((frame["change"] * weights).sum()))
    share = 100 * (frame["change"] * weights).sum() / (frame["baseline"] * weights).sum()
    assert found["ev_pct_consumption"] == pytest.approx(float(share))
    flat = run.present_value(0.0).loc[("union", "KAZ"), "ev_usd_mn"]
    assert flat == pytest.approx(float(frame["change"].sum()))
    with pytest.raises(ValueError, match="above -1"):
        run.present_value(-1.0)


def test_capital_and_real_gdp_of_the_frame_are_those_of_the_paths(run):
    growth = Growth.from_tables(small_base_year().benchmark, range(2007, UNTIL + 1))
    frame = run.frame().query("path == 'no-union'").set_index(["variable", "region", "year"])["value"]
    b = small_base_year().benchmark
    for region in b.regions:
        index = frame["real_gdp"][region] / b.gdp[region]
        assert np.allclose(index, growth.real_gdp[region])
        stock, new = frame["capital_stock"][region], frame["investment"][region]
        left = (1 - growth.depreciation[region]) * stock.to_numpy()[:-1] + new.to_numpy()[:-1]
        assert np.allclose(stock.to_numpy()[1:], left)


def test_checks_are_listed_by_path_and_year(run):
    checks = run.checks()
    assert len(checks) == 3 * (UNTIL - 2006)
    assert checks["passed"].all()
    assert run.passed


def test_percent_of_an_unknown_variable_or_path_is_an_error(run):
    assert run.percent("real_gdp", "union").shape == (UNTIL - 2006, 4)
    with pytest.raises(KeyError, match="no variable 'gdp'"):
        run.percent("gdp", "union")
    with pytest.raises(KeyError, match="no path 'onion'"):
        run.percent("real_gdp", "onion")


def test_no_path_and_a_path_named_twice_are_refused():
    with pytest.raises(PathError, match="no path is named"):
        run_paths(base=small_base_year())
    with pytest.raises(PathError, match="named 2 times"):
        run_paths("union", "union", base=small_base_year())
    with pytest.raises(PathError, match="is the baseline"):
        run_paths("union", "no-union", base=small_base_year())


def test_an_economy_whose_specific_capital_has_no_path_is_refused():
    with pytest.raises(PathError, match="neither free entry of firms nor foreign firms"):
        run_paths("union", base=with_services(load_base_year()))


def test_the_closure_gets_what_the_regimes_need():
    regimes = load_path("integration").regimes.values()
    assert _closure_of("savings-driven", regimes).name == "savings-driven+migration"
    assert _closure_of("savings-driven", load_path("union").regimes.values()).name == "savings-driven"


@pytest.fixture(scope="module")
def shipped():
    began = time.perf_counter()
    result = run_paths("union", "union-wto", "wto-alone")
    return result, time.perf_counter() - began


@pytest.mark.slow
def test_three_paths_of_24_years_take_seconds(shipped):
    result, seconds = shipped
    assert len(result.checks()) == 4 * 24
    assert result.passed
    assert seconds < 60
    assert result.checks()["iterations"].max() <= 6


@pytest.mark.slow
def test_the_shipped_baseline_grows_as_the_members_did(shipped):
    result, _ = shipped
    growth = Growth.from_tables(result.benchmark)
    for year in (2009, 2012):
        measured = 1 + result.baseline.solution(year).regions["real_gdp_pct"] / 100
        assert np.allclose(measured, growth.real_gdp.loc[year][measured.index], rtol=1e-9)


@pytest.mark.slow
def test_kazakhstan_loses_more_the_faster_it_grows(shipped):
    """Keys of the pool are fixed, and Kazakhstan's imports grow faster than Russia's."""
    result, _ = shipped
    percent = result.percent("welfare", "union")
    assert percent.loc[2030, "KAZ"] < percent.loc[2011, "KAZ"] < 0 < percent.loc[2011, "BLR"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "closure", ["savings-driven+specific", "replacement", "investment-driven", "fixed-shares"]
)
def test_other_closures_solve_too(closure):
    result = run_paths("union", closure=closure, until=2015)
    assert result.passed


@pytest.mark.slow
def test_labour_moves_only_where_a_regime_lets_it():
    result = run_paths("integration", until=2016)
    assert result.passed
    assert result.baseline["migrants"].abs().max().max() == 0
    moved: pd.DataFrame = result["integration"]["migrants"]
    assert moved.loc[:2011].abs().max().max() == 0
    assert moved.loc[2012:].sum(axis=1).min() > 1
