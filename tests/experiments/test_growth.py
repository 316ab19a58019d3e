"""Growth and capital read from the tables: published figures, plausible returns, what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from eacu import data
from eacu.experiments.base_year import load_benchmark
from eacu.experiments.growth import CAPITAL, PATHS, Growth, GrowthError, initial_growth_of_capital
from tests.support.synthetic import synthetic_benchmark

PUBLISHED = {
    "RUS": [5.248, -7.821, 4.504, 5.066, 3.7],
    "BLR": [10.248, 0.164, 7.75, 5.55, 1.708],
    "KAZ": [3.3, 1.2, 7.3, 7.4, 4.8],
}
"""Growth of real GDP 2008 to 2012, per cent, World Economic Outlook."""


@pytest.fixture(scope="module")
def growth() -> Growth:
    return Growth.from_tables(load_benchmark())


@pytest.mark.parametrize("region", PUBLISHED)
def test_real_gdp_to_2012_is_the_published(growth, region):
    rates = 100 * growth.real_gdp[region].pct_change().loc[2008:2012]
    assert rates.tolist() == pytest.approx(PUBLISHED[region], abs=1e-5)


def test_the_path_runs_from_the_base_year_and_every_series_from_one(growth):
    assert growth.years == tuple(range(2007, 2031))
    for name, row in growth.of(2007).items():
        assert (row == 1).all(), name
    assert growth.population.loc[2030, "RUS"] == pytest.approx(143347.515 / 143266.212, abs=1e-7)
    assert growth.labour_force.loc[2012, "KAZ"] == pytest.approx(8.319854 / 7.447025, rel=1e-5)


def test_growth_converges_to_the_frontier(growth):
    people = growth.population.pct_change().loc[2030]
    assert growth.real_gdp.pct_change().loc[2030].tolist() == pytest.approx(
        (people + 0.015).tolist(), abs=1e-7
    )
    assert growth.real_gdp.pct_change().loc[2008:].to_numpy().min() > -0.10


def test_quality_says_what_is_observed_and_what_assumed():
    listed = data.table(PATHS).set_index(["item", "region", "year"])["quality"]
    assert listed["real_gdp", "KAZ", 2012] == "observed"
    assert listed["real_gdp", "EU", 2012] == listed["real_gdp", "KAZ", 2020] == "estimated"
    assert listed["real_gdp", "KAZ", 2021] == "assumed"
    assert listed["labour_force", "KAZ", 2012] == "observed"
    assert listed["labour_force", "KAZ", 2013] == "assumed"


def test_earnings_and_stock_of_capital_fit_together(growth):
    """Gross returns of 7 to 18 per cent, and stocks that grow neither backwards nor by more than China's."""
    benchmark = load_benchmark()
    gross = growth.gross_return(benchmark)
    assert gross.between(0.07, 0.18).all(), gross
    assert (gross > growth.depreciation + 0.03).all(), "capital earns less than it loses"
    rate = initial_growth_of_capital(benchmark, growth)
    assert rate.between(0.0, 0.101).all(), rate
    assert rate.idxmax() == "CHN"


def test_part_of_the_years_may_be_asked_for():
    assert Growth.from_tables(load_benchmark(), range(2007, 2012)).years == (2007, 2008, 2009, 2010, 2011)


@pytest.mark.parametrize(
    ("years", "message"),
    [
        (range(2008, 2012), "starts in the base year, 2007"),
        ([2007, 2009], "leaves out no year"),
        (range(2007, 2040), "no year 2031; it has 2007, 2030"),
    ],
)
def test_other_years_are_refused(years, message):
    with pytest.raises(GrowthError, match=message):
        Growth.from_tables(load_benchmark(), years)


def test_a_region_without_figures_is_named():
    with pytest.raises(GrowthError, match="no region 'XXX'"):
        Growth.from_tables(synthetic_benchmark(("RUS", "XXX", "ROW")))


def test_a_stock_that_does_not_fit_its_earnings_is_refused():
    def table(name: str) -> pd.DataFrame:
        found = data.table(name)
        wrong = (found["region"] == "KAZ") & (found["item"] == "capital_output_ratio")
        return found.assign(value=found["value"].mask(wrong, 0.36)) if name == CAPITAL else found

    with pytest.raises(GrowthError, match=r"capital of KAZ earns 10\d\.\d% of its stock"):
        Growth.from_tables(load_benchmark(), table=table)
