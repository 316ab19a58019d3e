"""Borders: what an entry of a regime does to each flow, in icebergs and rents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.borders import border_settings
from eacu.experiments.policy import join, policy_of
from eacu.experiments.regimes import Border, Regime, RegimeError, Union
from eacu.experiments.run import Workbench
from eacu.experiments.schedules import Schedules
from tests.experiments.small_economy import MEMBERS, schedule_table, small_base_year

COSTS = pd.DataFrame(
    [
        ("time", "RUS", "all", "mac", 10.0),
        ("time", "RUS", "all", "all", 5.0),
        ("time", "all", "KAZ", "mac", 20.0),
        ("time", "all", "all", "all", 1.0),
        ("ntb-rent", "all", "all", "all", 25.0),
    ],
    columns=["kind", "exporter", "importer", "sector", "ave_pct"],
)


@pytest.fixture(scope="module")
def benchmark():
    return small_base_year().benchmark


@pytest.fixture(scope="module")
def schedules(benchmark):
    return Schedules.from_table(
        schedule_table(benchmark.regions, benchmark.sectors), others={"border_costs": COSTS}
    )


def regime(*borders: Border, members: tuple[str, ...] = MEMBERS) -> Regime:
    union = Union(members=members) if members else Union()
    return Regime("test", "t", "d", "q?", "default", None, {}, union, (), (), borders=borders)


def border(kind: str = "time", exporter: str = "members", importer: str = "members", **rest) -> Border:
    return Border.model_validate({"kind": kind, "exporter": exporter, "importer": importer, **rest})


def test_no_entry_sets_no_instrument(benchmark, schedules):
    assert border_settings(regime(), benchmark, schedules) == {}


def test_a_cut_in_per_cent_of_the_landed_value_is_an_iceberg(benchmark, schedules):
    found = border_settings(regime(border(cut_pct=4.0)), benchmark, schedules)
    assert found.keys() == {"iceberg"}
    flows = found["iceberg"].index
    assert (found["iceberg"] == 0.96).all()
    assert flows.isin(benchmark.import_tariff.index).all()
    assert set(flows.get_level_values(1)) | set(flows.get_level_values(2)) == set(MEMBERS)
    assert (flows.get_level_values(1) != flows.get_level_values(2)).all()


def test_entries_add_up_as_factors(benchmark, schedules):
    twice = border_settings(
        regime(border(cut_pct=10), border("ntb-resource", exporter="RUS", cut_pct=20)), benchmark, schedules
    )["iceberg"]
    from_russia = twice.index.get_level_values(1) == "RUS"
    assert np.allclose(twice[from_russia], 0.9 * 0.8)
    assert np.allclose(twice[~from_russia], 0.9)


def test_a_share_of_the_tables_cost(benchmark, schedules):
    """Half of a cost of 10 %: what cost 1.10 costs 1.05; the most specific row of the table counts."""
    found = border_settings(regime(border(share=0.5)), benchmark, schedules)["iceberg"]
    assert found["mac", "RUS", "KAZ"] == pytest.approx(1.05 / 1.10)
    assert found["mac", "BLR", "KAZ"] == pytest.approx(1.10 / 1.20)
    for (sector, source, _importer), value in found.items():
        if source == "RUS" and sector != "mac":
            assert value == pytest.approx(1.025 / 1.05)


def test_all_of_a_cost_leaves_none(benchmark, schedules):
    found = border_settings(regime(border(share=1.0, exporter="RUS", sectors="mac")), benchmark, schedules)
    assert np.allclose(found["iceberg"], 1 / 1.10)


def test_outside_is_everybody_else_and_follows_the_membership(benchmark, schedules):
    entry = border("market-access", exporter="KAZ", importer="outside", cut_pct=1.5)
    of_three = border_settings(regime(entry), benchmark, schedules)["iceberg"].index
    assert set(of_three.get_level_values(2)) == {"ROW"}
    of_two = border_settings(regime(entry, members=("RUS", "KAZ")), benchmark, schedules)["iceberg"].index
    assert set(of_two.get_level_values(2)) == {"ROW", "BLR"}


def test_a_rent_taken_away_lowers_the_landed_price_by_the_cut(benchmark, schedules):
    """The model's own price of a unit that lands must fall by the fraction asked for."""
    entry = border("ntb-rent", exporter="RUS", importer="KAZ", cut_pct=8, rent_to_exporter=0.3)
    settings = border_settings(regime(entry), benchmark, schedules)
    assert settings.keys() == {"rent", "rent_to_exporter"}
    assert (settings["rent_to_exporter"] == 0.3).all()
    bench = Workbench(small_base_year())
    for (g, r, s), rate in settings["rent"].items():
        assert rate < 0
        bench.model.rent[g, r, s].set_value(rate)
        assert bench.model.landed_price[g, r, s]() == pytest.approx(0.92, rel=1e-12)


def test_the_holders_of_two_rents_share_by_their_size(benchmark, schedules):
    both = regime(
        border("ntb-rent", exporter="RUS", importer="KAZ", cut_pct=3, rent_to_exporter=1),
        border("ntb-rent", exporter="RUS", importer="KAZ", cut_pct=1, rent_to_exporter=0),
    )
    assert np.allclose(border_settings(both, benchmark, schedules)["rent_to_exporter"], 0.75)


def test_easier_borders_make_members_trade_more_and_richer(benchmark, schedules):
    """A real cost that goes away is a gain for the union; a rent that goes away is mostly a transfer."""
    base = replace(small_base_year(), schedules=schedules)
    bench = Workbench(base)
    resource, rent = (
        bench.solve(regime(border(kind, cut_pct=5, **more)))
        for kind, more in (("ntb-resource", {}), ("ntb-rent", {"rent_to_exporter": 0.5}))
    )
    for solved in (resource, rent):
        assert solved.passed
        assert (solved.indicators.loc[list(MEMBERS), "imports_intra_pct"] > 0).all()
    gains = [solved.indicators.loc[list(MEMBERS), "ev_usd_mn"].sum() for solved in (resource, rent)]
    assert gains[0] > 0
    assert gains[0] > 3 * abs(gains[1])


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (border(exporter="RSU", cut_pct=1), "unknown region 'RSU'; did you mean 'RUS'?"),
        (border(importer="outsde", cut_pct=1), "unknown region 'outsde'; did you mean 'outside'?"),
        (border(sectors="mca", cut_pct=1), "unknown sector 'mca'; did you mean 'mac'?"),
        (border(sectors="pub", cut_pct=1), "no trade flow of pub"),
        (border("market-access", share=1), "has no row for kind market-access"),
        (border("ntb-rent", cut_pct=99.9, rent_to_exporter=1), "more than its price"),
    ],
)
def test_what_cannot_be_done_is_refused(benchmark, schedules, entry, expected):
    with pytest.raises(RegimeError) as caught:
        border_settings(regime(entry), benchmark, schedules)
    assert expected in str(caught.value)


def test_members_without_a_union_are_nobody(benchmark, schedules):
    with pytest.raises(RegimeError, match="would change nothing"):
        border_settings(regime(border(cut_pct=1), members=()), benchmark, schedules)


def test_two_sections_may_not_set_the_same_cell(benchmark, schedules):
    ours = policy_of(regime(border(cut_pct=1)), benchmark, schedules).settings
    iceberg = ours["iceberg"]
    with pytest.raises(RegimeError, match="two sections set the instrument iceberg at"):
        join(regime(), dict(ours), {"iceberg": iceberg.iloc[:1]})
    rest = iceberg.iloc[1:]
    whole = join(regime(), {"iceberg": rest}, {"iceberg": iceberg.iloc[:1]})["iceberg"]
    pd.testing.assert_series_equal(whole.sort_index(), iceberg.sort_index())
