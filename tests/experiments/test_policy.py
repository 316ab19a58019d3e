"""From a regime to the tariff matrix: every cell by the rule it should follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.policy import Schedules, tariff_matrix
from eacu.experiments.regimes import Rate, Regime, RegimeError, TariffRule, Union
from tests.experiments.small_economy import MEMBERS, schedule_table, small_base_year


@pytest.fixture(scope="module")
def benchmark():
    return small_base_year().benchmark


@pytest.fixture(scope="module")
def table(benchmark):
    return schedule_table(benchmark.regions, benchmark.sectors)


@pytest.fixture(scope="module")
def schedules():
    return small_base_year().schedules


def regime(**changes) -> Regime:
    plain = Regime("test", "t", "d", "q?", "default", None, {}, Union(), (), ())
    return replace(plain, **changes)


def rate_of(table: pd.DataFrame, schedule: str, importer: str, source: str, sector: str) -> float:
    row = table[
        (table["schedule"] == schedule)
        & (table["importer"] == importer)
        & (table["source"] == source)
        & (table["sector"] == sector)
    ]
    return row["rate_pct"].item() / 100.0


def test_no_rule_is_the_benchmark(benchmark, schedules):
    pd.testing.assert_series_equal(tariff_matrix(regime(), benchmark, schedules), benchmark.import_tariff)


def test_the_schedule_pre_union_is_the_benchmark(benchmark, schedules):
    same = regime(tariffs={"KAZ": TariffRule(schedule="pre-union")})
    pd.testing.assert_series_equal(tariff_matrix(same, benchmark, schedules), benchmark.import_tariff)


def test_each_importer_applies_its_schedule_cell_by_cell(benchmark, schedules, table):
    rates = tariff_matrix(regime(tariffs={"KAZ": TariffRule(schedule="cet")}), benchmark, schedules)
    for (sector, source, importer), rate in rates.items():
        if importer == "KAZ":
            assert rate == pytest.approx(rate_of(table, "cet", "KAZ", source, sector), rel=1e-15)
        else:
            assert rate == benchmark.import_tariff[sector, source, importer]


def test_members_trade_freely_and_third_countries_pay_the_common_tariff(benchmark, schedules, table):
    union = regime(
        tariffs={member: TariffRule(schedule="cet", of="RUS") for member in ("BLR", "KAZ")},
        union=Union(members=MEMBERS, internal_free_trade=True),
    )
    rates = tariff_matrix(union, benchmark, schedules)
    for (sector, source, importer), rate in rates.items():
        if importer == "KAZ" and source == "ROW":
            assert rate == pytest.approx(rate_of(table, "cet", "RUS", "ROW", sector), rel=1e-15)
        if importer in MEMBERS and source in MEMBERS:
            assert rate == 0.0
        if importer == "ROW":
            assert rate == benchmark.import_tariff[sector, source, importer]


def test_without_internal_free_trade_members_keep_their_old_duties_on_each_other(benchmark, schedules):
    union = regime(tariffs={"KAZ": TariffRule(schedule="cet")}, union=Union(members=MEMBERS))
    rates = tariff_matrix(union, benchmark, schedules)
    inside = rates.index.get_level_values(1).isin(MEMBERS)
    pd.testing.assert_series_equal(rates[inside], benchmark.import_tariff[inside])


def test_a_ceiling_lowers_and_never_raises(benchmark, schedules, table):
    rule = TariffRule(schedule="cet", ceiling="wto-bound", ceiling_of="RUS")
    rates = tariff_matrix(regime(tariffs={"KAZ": rule}, union=Union(members=MEMBERS)), benchmark, schedules)
    chosen = set()
    for (sector, source, importer), rate in rates.items():
        if importer == "KAZ" and source == "ROW":
            pair = [
                rate_of(table, "cet", "KAZ", source, sector),
                rate_of(table, "wto-bound", "RUS", source, sector),
            ]
            assert rate == pytest.approx(min(pair), rel=1e-15)
            chosen.add(pair.index(min(pair)))
    assert chosen == {0, 1}, "the example should bind on some goods and not on others"


def test_single_rates_hit_third_countries_only_and_the_last_one_wins(benchmark, schedules):
    rates = tariff_matrix(
        regime(
            union=Union(members=MEMBERS, internal_free_trade=True),
            rates=(
                Rate(importer="KAZ", sector="mac", rate_pct=40.0),
                Rate(importer="KAZ", sector="mac", source="ROW", rate_pct=12.5),
            ),
        ),
        benchmark,
        schedules,
    )
    into = rates.xs(("mac", "KAZ"), level=("sector", "importer"))
    assert into["ROW"] == 0.125
    assert (into.drop("ROW") == 0.0).all()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tariffs": {"KZA": TariffRule(schedule="cet")}}, "unknown region 'KZA'; did you mean 'KAZ'?"),
        ({"tariffs": {"KAZ": TariffRule(schedule="cte")}}, "unknown schedule 'cte'; did you mean 'cet'?"),
        (
            {"tariffs": {"KAZ": TariffRule(schedule="cet", ceiling="wto-bund")}},
            "unknown schedule 'wto-bund'; did you mean 'wto-bound'?",
        ),
        ({"tariffs": {"KAZ": TariffRule(schedule="cet", of="RSU")}}, "did you mean 'RUS'?"),
        ({"union": Union(members=("RUS", "KGZ"))}, "[union] members: unknown region 'KGZ'"),
        (
            {"rates": (Rate(importer="KAZ", sector="mca", rate_pct=1.0),)},
            "unknown sector 'mca'; did you mean 'mac'?",
        ),
        ({"rates": (Rate(importer="KAZ", sector="pub", rate_pct=1.0),)}, "no such trade flow"),
        ({"rates": (Rate(importer="KAZ", sector="mac", source="KAZ", rate_pct=1.0),)}, "no such trade flow"),
    ],
)
def test_names_that_do_not_exist(benchmark, schedules, changes, expected):
    with pytest.raises(RegimeError) as caught:
        tariff_matrix(regime(**changes), benchmark, schedules)
    assert expected in str(caught.value)


def test_a_missing_rate_is_not_zero(benchmark, table):
    gap = table[(table["importer"] != "KAZ") | (table["sector"] != "agr")]
    with pytest.raises(RegimeError, match=r"no rate in schedule 'cet' for importer KAZ.*sector agr"):
        tariff_matrix(
            regime(tariffs={"KAZ": TariffRule(schedule="cet")}), benchmark, Schedules.from_table(gap)
        )


@pytest.mark.parametrize("rate", [-100.0, -150.0, np.nan, np.inf])
def test_the_table_of_schedules_refuses_illegal_rates(table, rate):
    spoilt = table.copy()
    spoilt.loc[3, "rate_pct"] = rate
    with pytest.raises(RegimeError, match="must exceed -100 %"):
        Schedules.from_table(spoilt)


def test_the_table_of_schedules_refuses_repeated_cells_and_missing_columns(table):
    with pytest.raises(RegimeError, match="more than once"):
        Schedules.from_table(pd.concat([table, table.head(1)]))
    with pytest.raises(RegimeError, match="rate_pct"):
        Schedules.from_table(table.drop(columns="rate_pct"))
