"""The base year with Ukraine as a region: estimated by the same code and held to what is known of Ukraine."""

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.audit import audit, bilateral_fob
from eacu.calibration.build import Build, build_sam
from eacu.calibration.regions import Regions
from eacu.calibration.sam import Sam
from eacu.calibration.series import Tables
from eacu.calibration.synthetic_trade import figure
from eacu.calibration.tariff_schedules import schedules
from eacu.data import TableError, base_year_folder, base_year_names, path, reader, table
from eacu.experiments.base_year import load_base_year

KEYS = ["row_region", "row_account", "column_region", "column_account"]
EIGHT = ("RUS", "BLR", "KAZ", "KGZ", "UKR", "EU", "CHN", "ROW")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return reader(base_year_folder("ukraine"))


@pytest.fixture(scope="module")
def ukraine(tables: Tables) -> Build:
    return build_sam(tables)


@pytest.fixture(scope="module")
def committed() -> Sam:
    return Sam.read(path("sam/sam_2007", base_year_folder("ukraine")))


def test_lists_of_regions_are_data(tables: Tables) -> None:
    assert Regions.of(table).names == tuple(r for r in EIGHT if r != "UKR")
    regions = Regions.of(tables)
    assert regions.names == EIGHT
    assert regions.members == ("RUS", "BLR", "KAZ")
    assert regions.detailed == ("RUS", "BLR", "KAZ", "UKR")
    assert regions.synthetic == {"BLR": "belarus", "UKR": "ukraine"}


def test_the_committed_sam_balances_and_is_what_the_tables_give(ukraine: Build, committed: Sam) -> None:
    assert committed.balance_gap() < 1e-9
    made = ukraine.sam.table.set_index(KEYS)["value"].sort_index()
    kept = committed.table.set_index(KEYS)["value"].sort_index()
    assert made.index.equals(kept.index)
    np.testing.assert_allclose(made, kept, rtol=1e-6, atol=1e-3)


def test_the_committed_schedules_are_what_the_tables_give(ukraine: Build, tables: Tables) -> None:
    keys = ["schedule", "importer", "source", "sector"]
    made = schedules(ukraine.border.cif, tables).set_index(keys)["rate_pct"].sort_index()
    kept = tables("policy/tariffs").set_index(keys)["rate_pct"].sort_index()
    pd.testing.assert_series_equal(made, kept, rtol=1e-6, atol=1e-4)


def test_required_controls_of_all_four_detailed_regions_are_held(committed: Sam, tables: Tables) -> None:
    report = audit(committed, tables)
    assert report["held"].all(), report[~report["held"]].to_string()
    required = report[report["limit_pct"].notna()]
    assert set(required.loc[required["control"] == "GDP", "region"]) == {"RUS", "BLR", "KAZ", "UKR"}
    own = report[report["region"] == "UKR"].set_index("control")["deviation_pct"].abs()
    assert own["GDP"] < 0.1
    assert own["import duty"] < 0.1
    assert own[["household consumption", "government consumption", "capital formation"]].max() < 5


def test_what_gives_way_is_trade_and_the_balance_is_kept(committed: Sam, tables: Tables) -> None:
    """Exports and imports both exceed the accounts (BACI); their difference is that of the accounts."""
    report = audit(committed, tables).query("region == 'UKR'").set_index("control")
    for flow in ("exports", "imports"):
        assert 5 < report.loc[flow, "deviation_pct"] < 15
        assert "BACI" in report.loc[flow, "note"]
    value, target = (report.loc["exports", c] - report.loc["imports", c] for c in ("value", "target"))
    assert value == pytest.approx(target, abs=150)


def test_pairs_are_baci_but_for_the_named_overrides(committed: Sam, tables: Tables) -> None:
    fob = bilateral_fob(committed)
    goods = table("mappings/sectors").query("is_good")["sector"].unique()
    pairs = fob[fob.index.get_level_values("sector").isin(goods)].groupby(["exporter", "importer"]).sum()
    observed = tables("sources/trade_pairs").set_index(["exporter", "importer"])["value"]
    off = (pairs / observed - 1).abs().pipe(lambda gap: gap[gap > 0.02])
    assert set(off.index) == {("CHN", "KGZ"), ("EU", "UKR"), ("CHN", "UKR"), ("ROW", "UKR")}
    kept = pairs.xs("UKR", level="importer") / observed.xs("UKR", level="importer")
    np.testing.assert_allclose(kept[["EU", "CHN", "ROW"]], 0.79832, rtol=1e-4)


def test_composition_of_trade_hits_its_anchors(ukraine: Build, tables: Tables) -> None:
    fob = ukraine.border.fob
    exports = fob.xs("UKR", level="exporter").groupby("sector").sum()
    goods = exports[exports.index.isin(table("mappings/sectors").query("is_good")["sector"])]
    share = 100 * goods / goods.sum()
    food = figure("ukraine", "food_share_exports", tables)
    assert share[["agr", "dmt", "ofd"]].sum() == pytest.approx(food, abs=1)
    assert share["fem"] == share.max()
    assert 35 < share["fem"] < 45  # metals: about two fifths of exports
    fuels = fob.xs(("RUS", "UKR"), level=("exporter", "importer"))[["oil", "gas", "ppr"]].sum()
    assert 6500 < fuels < 8300  # Comtrade: 7,881 with coal


def test_the_tariff_of_ukraine(tables: Tables) -> None:
    """Its rates of 2007 carry the duty collected; their pattern is that of its bindings, and, unfitted, the level."""
    rates = tables("policy/tariffs").query("importer == 'UKR' and source == 'EU'")
    wide = rates.pivot(index="sector", columns="schedule", values="rate_pct")
    taxed = wide[wide["pre-union"] > 0]
    ratio = taxed["pre-union"] / taxed["wto-bound"]
    assert ratio.between(0.9, 1.1).all()
    assert (taxed["cet"] > 1.2 * taxed["pre-union"]).all()
    assert (wide["dcfta"] == 0).all()
    free = tables("policy/tariffs").query("source == 'UKR' and importer in ['RUS', 'BLR', 'KAZ']")
    by = free.pivot_table(index=["importer", "sector"], columns="schedule", values="rate_pct")
    assert (by[["pre-union", "cet", "wto-bound"]] == 0).all().all()
    assert by["cet-without-ukraine"].max() > 10


def test_russian_gas_for_ukraine_bears_no_export_duty_and_oil_does(ukraine: Build) -> None:
    rate = (ukraine.border.export_tax / ukraine.border.basic).xs("RUS", level="exporter")
    assert rate["gas", "UKR"] == 0 < rate["gas", "EU"]
    assert rate["oil", "UKR"] == pytest.approx(rate["oil", "EU"])


def test_another_prior_keeps_the_controls_and_changes_the_table(ukraine: Build, tables: Tables) -> None:
    russian = build_sam(tables, {"ukraine": "russia"})
    assert audit(russian.sam, tables)["held"].all()
    ours, theirs = ukraine.tables["UKR"].cells["use"], russian.tables["UKR"].cells["use"]
    assert (theirs.reindex(ours.index) / ours - 1).abs().median() > 0.02
    same, other = (b.tables["BLR"].cells for b in (ukraine, russian))
    pd.testing.assert_series_equal(same, other)


def test_a_prior_of_a_region_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ukraine.*belarus"):
        build_sam(table, {"ukraine": "russia"})


def test_base_years_by_name(tmp_path) -> None:
    assert base_year_names() == ["ukraine"]
    assert load_base_year("ukraine").benchmark.regions == EIGHT
    assert load_base_year().benchmark.regions == tuple(r for r in EIGHT if r != "UKR")
    with pytest.raises(TableError, match=r"atlantis.*ukraine"):
        load_base_year("atlantis")


def test_every_assumption_about_ukraine_says_what_it_rests_on() -> None:
    for file in sorted(path("parameters/ukraine_figures").parent.glob("ukraine_*.csv")):
        frame = table(f"parameters/{file.stem}")
        if "quality" in frame:
            assert (frame["source"].str.len() > 5).all(), file.name
