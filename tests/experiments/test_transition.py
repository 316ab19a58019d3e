"""Transition: exceptions from a common tariff, bound rates phased in over years, several ceilings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu import data
from eacu.experiments.policy import tariff_matrix
from eacu.experiments.regimes import Regime, RegimeError, TariffRule, Union
from eacu.experiments.schedules import KEYS, Schedules
from eacu.experiments.tariffs import phased
from tests.experiments.small_economy import MEMBERS, schedule_table, small_base_year

PHASES = pd.DataFrame(
    [
        ("wto-bound", "RUS", "all", 2012, 0.25, 2020),
        ("wto-bound", "RUS", "mac", 2012, 0.0, 2016),
        ("wto-bound", "KAZ", "all", 2015, 1.0, 2015),
    ],
    columns=["schedule", "importer", "sector", "first_year", "share_at_first", "final_year"],
)
EXCEPTIONS = pd.DataFrame(
    [
        ("first", "KAZ", "mac", 0.3),
        ("first", "KAZ", "agr", 1.0),
        ("cars", "KAZ", "mac", 0.5),
        ("cars", "BLR", "mac", 0.2),
        ("too much", "KAZ", "mac", 0.6),
    ],
    columns=["list", "importer", "sector", "share"],
)


@pytest.fixture(scope="module")
def benchmark():
    return small_base_year().benchmark


@pytest.fixture(scope="module")
def schedules(benchmark):
    table = schedule_table(benchmark.regions, benchmark.sectors)
    return Schedules.from_table(table, others={"phases": PHASES, "exceptions": EXCEPTIONS})


def regime(rule: TariffRule, **changes) -> Regime:
    union = Union(members=MEMBERS, internal_free_trade=True)
    plain = Regime("test", "t", "d", "q?", "default", None, {"KAZ": rule}, union, (), ())
    return replace(plain, **changes)


def into_kazakhstan(regime_: Regime, benchmark, schedules) -> pd.Series:
    rates = tariff_matrix(regime_, benchmark, schedules)
    return rates.xs("KAZ", level="importer").xs("ROW", level="source")


CET = TariffRule(schedule="cet")


def test_a_share_of_imports_keeps_the_old_rate(benchmark, schedules):
    old = benchmark.import_tariff.xs("KAZ", level="importer").xs("ROW", level="source")
    full = into_kazakhstan(regime(CET), benchmark, schedules)
    found = into_kazakhstan(regime(CET, exceptions={"KAZ": "first"}), benchmark, schedules)
    assert found["mac"] == pytest.approx(0.3 * old["mac"] + 0.7 * full["mac"], rel=1e-15)
    assert found["agr"] == old["agr"]
    others = found.index.difference(["mac", "agr"])
    assert len(others) > 0
    assert (found[others] == full[others]).all()


def test_lists_add_up_and_belong_to_importers(benchmark, schedules):
    old = benchmark.import_tariff["mac", "ROW", "KAZ"]
    full = into_kazakhstan(regime(CET), benchmark, schedules)["mac"]
    found = into_kazakhstan(regime(CET, exceptions={"KAZ": "first + cars"}), benchmark, schedules)["mac"]
    assert found == pytest.approx(0.8 * old + 0.2 * full, rel=1e-14)


def test_no_exception_is_the_whole_tariff(benchmark, schedules):
    plain = into_kazakhstan(regime(CET), benchmark, schedules)
    pd.testing.assert_series_equal(
        into_kazakhstan(regime(CET, exceptions={"KAZ": "none"}), benchmark, schedules), plain
    )


def test_exceptions_do_not_touch_trade_between_members(benchmark, schedules):
    rates = tariff_matrix(regime(CET, exceptions={"KAZ": "first"}), benchmark, schedules)
    inside = rates.index.get_level_values(1).isin(MEMBERS) & rates.index.get_level_values(2).isin(MEMBERS)
    assert (rates[inside] == 0).all()


@pytest.mark.parametrize(
    ("exceptions", "expected"),
    [
        ({"KAZ": "frist"}, "unknown list 'frist'; did you mean 'first'?"),
        ({"KZA": "first"}, "unknown region 'KZA'; did you mean 'KAZ'?"),
        ({"KAZ": "too much + cars"}, "except 1.1 of the imports of mac"),
        ({"BLR": "cars"}, "[exceptions] BLR: there is nothing to be excepted from"),
    ],
)
def test_exceptions_that_make_no_sense(benchmark, schedules, exceptions, expected):
    with pytest.raises(RegimeError) as caught:
        tariff_matrix(regime(CET, exceptions=exceptions), benchmark, schedules)
    assert expected in str(caught.value)


def test_the_list_of_another_importer_is_refused(benchmark, schedules):
    rules = {"RUS": CET}
    with pytest.raises(RegimeError, match="the list is that of KAZ"):
        tariff_matrix(regime(CET, tariffs=rules, exceptions={"RUS": "first"}), benchmark, schedules)


@pytest.mark.parametrize(
    ("sector", "year", "gone"),
    [
        ("agr", 2011, 0.0),
        ("agr", 2012, 0.25),
        ("agr", 2016, 0.625),
        ("agr", 2020, 1.0),
        ("agr", 2030, 1.0),
        ("mac", 2012, 0.0),
        ("mac", 2014, 0.5),
        ("mac", 2016, 1.0),
    ],
)
def test_yearly_steps(schedules, sector, year, gone):
    assert phased(schedules, "wto-bound", "RUS", sector, year) == pytest.approx(gone, abs=1e-15)


def test_a_ceiling_comes_down_step_by_step(benchmark, schedules):
    """Where the bound is below the tariff the rate is on the way to it; where it is above nothing changes."""
    cet = into_kazakhstan(regime(CET), benchmark, schedules)
    rule = {"schedule": "cet", "ceiling": "wto-bound", "ceiling_of": "RUS"}
    final = into_kazakhstan(regime(TariffRule(**rule)), benchmark, schedules)
    half = into_kazakhstan(regime(TariffRule(**rule, year=2014)), benchmark, schedules)
    gone = np.where(final.index == "mac", 0.5, 0.25 + 0.75 * 2 / 8)
    assert np.allclose(half, cet - gone * (cet - final), rtol=1e-14)
    assert (cet - final).max() > 0
    before = into_kazakhstan(regime(TariffRule(**rule, year=2011)), benchmark, schedules)
    pd.testing.assert_series_equal(before, cet)


def test_of_several_ceilings_the_lowest_holds(benchmark, schedules):
    def capped(*owners: str) -> pd.Series:
        rule = TariffRule(schedule="cet", ceiling="wto-bound", ceiling_of=owners)
        return into_kazakhstan(regime(rule), benchmark, schedules)

    both = capped("RUS", "KAZ")
    pd.testing.assert_series_equal(both, np.minimum(capped("RUS"), capped("KAZ")))
    assert (both < capped("RUS")).any()
    assert (both < capped("KAZ")).any()


def test_a_year_needs_its_phases(benchmark, schedules):
    rule = TariffRule(schedule="cet", ceiling="wto-bound", ceiling_of="BLR", year=2015)
    with pytest.raises(RegimeError, match=r"phases.csv has no row for schedule wto-bound, importer BLR"):
        tariff_matrix(regime(rule), benchmark, schedules)
    bare = Schedules(schedules.rates)
    with pytest.raises(RegimeError, match=r"needs the table data/policy/phases.csv"):
        tariff_matrix(regime(rule), benchmark, bare)


@pytest.mark.parametrize("name", ["phases", "exceptions", "border_costs"])
def test_the_shipped_tables_are_keyed_and_cited(name):
    frame = data.table(f"policy/{name}", columns=[*KEYS[name], "source_key", "quality", "comment"])
    assert not frame.duplicated(list(KEYS[name])).any()
    cited = data.path("SOURCES.md").read_text(encoding="utf-8")
    for key in {part for cell in frame["source_key"] for part in cell.split(" x ")}:
        assert f"`{key}`" in cited, f"{key} is not explained in SOURCES.md"


def test_russia_had_made_seven_twelfths_of_its_cuts_by_2015():
    """A third on accession and another quarter after three years, as the WTO announced."""
    shipped = Schedules.from_table(
        data.table("policy/tariffs"), others={"phases": data.table("policy/phases")}
    )
    assert phased(shipped, "wto-bound", "RUS", "chm", 2015) == pytest.approx(1 / 3 + 1 / 4, abs=1e-12)
    assert phased(shipped, "wto-bound", "RUS", "mvh", 2019) == 1.0
    assert phased(shipped, "wto-bound", "RUS", "dmt", 2019) < 1.0
    assert phased(shipped, "wto-bound", "KAZ", "chm", 2014) == 0.0


def test_the_cost_of_waiting_is_days_times_the_value_of_a_day():
    """The comment of each row of time says how the figure was made; the figure must be that product."""
    table = data.table("policy/border_costs")
    time = table[(table["kind"] == "time") & (table["ave_pct"] > 0)]
    parts = time["comment"].str.extract(r"^([\d.]+) days .* x ([\d.]+) % a day").astype(float)
    assert len(time) > 40
    assert not parts.isna().to_numpy().any()
    assert np.allclose(parts[0] * parts[1], time["ave_pct"])
    assert parts[1].between(0.6, 2.1).all()
