"""The derived source tables: they load, hold known figures, and can be made again from the raw files."""

from pathlib import Path

import pandas as pd
import pytest

from eacu import data
from eacu.calibration.sources import SourcesMissing, elasticities, raw_root
from eacu.calibration.sources.raw import MEMBERS, REGIONS
from eacu.calibration.sources.rebuild import TABLES, UKRAINE, main, rebuild

MAPPINGS = ["regions", "sectors", "sectors_wiod", "sectors_hs2", "sectors_envisage"]
SECTORS = [
    "agr",
    "oil",
    "gas",
    "omn",
    "ppr",
    "dmt",
    "ofd",
    "lgt",
    "wpp",
    "chm",
    "fem",
    "nfm",
    "mvh",
    "mac",
    "oth",
    "utl",
    "con",
    "trd",
    "trn",
    "cmm",
    "fbs",
    "pub",
]
ACCOUNTS = [
    "Land",
    "Capital",
    "NatRes",
    "UnSkLab",
    "SkLab",
    "vtax",
    "ptax",
    "etax",
    "mtax",
    "itax",
    "dtax",
    "REGY",
    "DEPR",
    "PRIV",
    "GOV",
    "INV",
    "ITT",
    "BoP",
]
GTAP_REGIONS = ["RUS", "KAZ", "KGZ", "EU", "CHN", "ROW"]


def values(name: str, *keys: str) -> pd.Series:
    return data.table(f"sources/{name}").set_index(list(keys))["value"]


@pytest.fixture(scope="module")
def sams() -> dict[str, pd.DataFrame]:
    listed = data.table("sources/gtap_sam")
    accounts = [*SECTORS, *ACCOUNTS]
    return {
        str(region): rows.pivot_table(index="row", columns="column", values="value", fill_value=0.0).reindex(
            index=accounts, columns=accounts, fill_value=0.0
        )
        for region, rows in listed.groupby("region")
    }


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_loads_and_cites_a_known_source(name: str) -> None:
    frame = data.table(f"sources/{name}")
    cited = data.path("SOURCES.md").read_text(encoding="utf-8")
    for key in frame["source"].unique():
        assert f"`{key}`" in cited, f"{name} cites {key}, which data/SOURCES.md does not explain"
    assert (frame["unit"].str.len() > 0).all()


def test_every_cited_source_has_terms() -> None:
    terms = data.path("LICENCES.md").read_text(encoding="utf-8")
    cited = {key for name in TABLES for key in data.table(f"sources/{name}")["source"].unique()}
    assert sorted(key for key in cited if f"`{key}`" not in terms) == []


@pytest.mark.parametrize("name", MAPPINGS)
def test_mappings_load(name: str) -> None:
    assert len(data.table(f"mappings/{name}")) > 20


def test_mappings_cover_the_model() -> None:
    sectors = data.table("mappings/sectors")
    assert list(dict.fromkeys(sectors["sector"])) == SECTORS
    assert len(sectors) == 57
    assert sectors["gtap57"].is_unique
    assert list(sectors.drop_duplicates("sector")["is_good"]) == [True] * 15 + [False] * 7
    wiod = data.table("mappings/sectors_wiod")
    assert set(wiod["sector"]) == set(SECTORS)
    assert wiod["wiod"].nunique() == 35
    assert wiod.groupby("wiod")["is_main"].sum().eq(1).all()
    assert set(data.table("mappings/sectors_hs2")["sector"]) <= set(SECTORS[:15])
    assert set(data.table("mappings/sectors_envisage")["sector"]) == set(SECTORS)
    regions = data.table("mappings/regions")
    assert not regions.duplicated(["scheme", "code"]).any()
    assert set(regions["region"]) == set(REGIONS)
    assert (regions.query("scheme == 'iso3'")["region"] == "EU").sum() == 25


def test_sams_have_the_model_accounts_and_balance(sams: dict[str, pd.DataFrame]) -> None:
    assert sorted(sams) == sorted(GTAP_REGIONS)
    listed = data.table("sources/gtap_sam")
    assert set(listed["row"]) | set(listed["column"]) == {*SECTORS, *ACCOUNTS}
    for region, sam in sams.items():
        gap = (sam.sum() - sam.sum(axis=1)).abs()
        assert gap.max() < 1e-6, f"{region}: account {gap.idxmax()} is out of balance by {gap.max()}"
        assert (sam.loc[SECTORS, SECTORS] >= 0).all().all()


@pytest.mark.parametrize(
    ("region", "gdp"), [("RUS", 1_299_708), ("KAZ", 104_854), ("CHN", 3_701_129), ("EU", 16_792_313)]
)
def test_gdp_of_the_source_survives_aggregation(
    sams: dict[str, pd.DataFrame], region: str, gdp: float
) -> None:
    sam = sams[region]
    factors, taxes = ACCOUNTS[:5], ["vtax", "ptax", "etax", "mtax", "itax"]
    income = sam.loc[[*factors, *taxes]].to_numpy().sum()
    spending = sam.loc[:, ["PRIV", "GOV", "INV"]].to_numpy().sum()
    trade = sam.loc[SECTORS, ["BoP", "ITT"]].to_numpy().sum() - sam.loc["BoP", SECTORS].sum()
    assert income == pytest.approx(gdp, abs=1.0)
    assert spending + trade == pytest.approx(gdp, abs=1.0)


def test_labour_is_back_in_its_rows(sams: dict[str, pd.DataFrame]) -> None:
    for region, sam in sams.items():
        labour = sam.loc[["UnSkLab", "SkLab"], SECTORS]
        assert (labour.sum() > 0).all(), region
        assert (sam.loc["ptax", SECTORS] >= 0).all(), region
    assert sams["KAZ"].loc["UnSkLab", "oil"] == pytest.approx(1449.0, rel=1e-3)
    assert sams["KAZ"].loc["SkLab"].sum() == pytest.approx(13_484, rel=1e-3)
    assert sams["KAZ"].loc["ptax"].sum() == pytest.approx(6_896, rel=1e-3)
    merged = sams["RUS"].loc[["UnSkLab", "SkLab", "ptax"], SECTORS].to_numpy().sum()
    assert merged == pytest.approx(465_112, abs=1.0)


def test_gtap_taxes() -> None:
    duty = values("gtap_tariffs", "item", "region", "sector").groupby(["item", "region"]).sum()
    assert duty["duty", "RUS"] == pytest.approx(20_603, abs=1.0)
    assert duty["duty", "KAZ"] == pytest.approx(2_173, abs=1.0)
    export = values("gtap_export_tax", "item", "region", "sector").sort_index()
    assert export["export_tax", "RUS", "oil"] == pytest.approx(37_215, abs=1.0)
    assert export["rate_on_fob", "RUS", "oil"] == pytest.approx(0.2701, abs=1e-4)
    assert export["export_tax", "RUS"].sum() == pytest.approx(67_982, abs=1.0)


def test_trade_pairs() -> None:
    pairs = values("trade_pairs", "exporter", "importer")
    assert pairs["RUS", "BLR"] == pytest.approx(15_861, abs=1)
    assert pairs["KAZ", "RUS"] == pytest.approx(4_699.7, abs=0.1)
    assert pairs["BLR", "RUS"] == pytest.approx(8_488, abs=1)
    own = {r for r in REGIONS if (r, r) in pairs.index}
    assert own == {"EU", "CHN", "ROW"}
    assert len(pairs) == 7 * 7 - 4
    members = values("trade_pairs_members_2004_2012", "year", "exporter", "importer")
    assert members[2012, "RUS", "BLR"] == pytest.approx(24_662, abs=1)
    assert set(members.index.get_level_values("year")) == set(range(2004, 2013))
    for exporter, importer in pairs.index:
        if exporter in MEMBERS or importer in MEMBERS:
            assert members[2007, exporter, importer] == pytest.approx(pairs[exporter, importer], abs=0.01)


def test_fuels_follow_the_reporter_rules() -> None:
    rows = data.table("sources/trade_fuels_wood").set_index(["good", "exporter", "importer"])
    assert rows.loc[("fuels", "RUS", "BLR"), "value"] == pytest.approx(9_974, abs=1)
    assert rows.loc[("fuels", "RUS", "BLR"), "reporter"] == "importer"
    assert rows.loc[("fuels", "RUS", "EU"), "reporter"] == "importer"
    assert rows.loc[("fuels", "BLR", "EU"), "reporter"] == "exporter"
    assert rows.loc[("fuels", "RUS", "KAZ"), "value"] == pytest.approx(3_136, abs=1)
    assert rows.index.is_unique
    pairs = values("trade_pairs", "exporter", "importer")
    for (_, exporter, importer), value in rows["value"].items():
        assert value < pairs[exporter, importer]


def test_national_accounts() -> None:
    accounts = values("national_accounts", "region", "item")
    assert accounts["BLR", "gdp"] == pytest.approx(46_807, abs=1)
    assert accounts["KAZ", "imports"] == pytest.approx(44_927, abs=1)
    assert accounts["BLR", "value_added_D"] == pytest.approx(10_968, abs=1)
    assert accounts["RUS", "labour_share"] == pytest.approx(0.519, abs=1e-3)
    assert accounts["BLR", "current_account"] == pytest.approx(-3_013, abs=1)
    for region in REGIONS:
        spent = sum(accounts[region, i] for i in ("household_consumption", "government_consumption"))
        spent += (
            accounts[region, "capital_formation"] + accounts[region, "exports"] - accounts[region, "imports"]
        )
        assert spent == pytest.approx(accounts[region, "gdp"], rel=0.02), region


def test_world_input_output_tables() -> None:
    trade = values("wiod_trade", "exporter", "importer", "wiod").groupby(["exporter", "importer"]).sum()
    assert trade["RUS", "EU27"] == pytest.approx(175_056, abs=1)
    assert trade["ROW", "RUS"] == pytest.approx(100_491, abs=1)
    cells = data.table("sources/io_priors")
    for country, rows in cells.groupby("country"):
        outlay = rows[rows["table"].isin(["intermediate_domestic", "intermediate_imported", "value_added"])]
        output = rows[rows["table"] == "output"].set_index("column")["value"]
        assert outlay.groupby("column")["value"].sum().sub(output).abs().max() < 1e-6, country


def test_belarus() -> None:
    margins = values("belarus_margins", "item")
    assert margins.index.is_unique
    assert margins["import_duty"] == pytest.approx(864, abs=0.5)
    assert margins["export_tax"] == pytest.approx(2_060, abs=0.5)
    assert margins["goods_exports"] == pytest.approx(24_275.3)
    assert margins["goods_imports"] == pytest.approx(28_693.1)
    assert margins["fuel_exports"] / margins["goods_exports"] * 100 == pytest.approx(35.07, abs=0.01)
    assert margins["fuel_share_exports"] == pytest.approx(35.07, abs=0.01)
    assert margins["energy_crude_imports_price_2010_jan_apr"] == 399
    assert margins["published_share_of_mutual_trade_BLR_2011"] == 23.0
    accounts = values("national_accounts", "region", "item")
    whole = margins["goods_exports"] + margins["services_exports"]
    assert whole == pytest.approx(accounts["BLR", "exports"], abs=0.01)
    shares = data.table("sources/belarus_trade_by_sector").groupby(["flow", "year"])["value"].sum()
    assert shares.to_dict() == pytest.approx(
        {("exports", 2011): 1, ("exports", 2014): 1, ("imports", 2014): 1}
    )


def test_tariffs_revenue_energy() -> None:
    averages = values("tariff_averages", "region", "concept", "product_group", "period")
    assert averages["RUS", "cet_2011", "wood and paper", "2011"] == 13.4
    assert averages["RUS", "wto_bound", "automobiles", "final"] == 12.0
    assert averages["KAZ", "applied_weighted", "all", "2008"] == 2.22
    revenue = values("customs_revenue", "region", "year", "item")
    assert revenue["BLR", 2007, "import_duty"] == pytest.approx(863.9)
    assert ("KAZ", 2011, "import_duty") not in revenue.index
    assert ("RUS", 2007, "import_duty") not in revenue.index
    energy = values("energy", "region", "year", "item")
    assert energy["BLR", 2007, "gas_consumption"] == pytest.approx(19.47, abs=0.01)
    assert energy["RUS", 2007, "oil_production"] == pytest.approx(497.33, abs=0.01)


def test_elasticities_are_complete_and_sane() -> None:
    table = values("elasticities", "region", "sector", "parameter")
    assert len(table) == 7 * 22 * 6
    assert (table > 0).all()
    assert table["RUS", "oil", "armington"] == pytest.approx(5.2)
    assert table["RUS", "oil", "sources"] == pytest.approx(10.4)
    assert table["KAZ", "agr", "armington"] < 5.05
    upper, lower = (table.xs(p, level="parameter") for p in ("armington", "sources"))
    assert (lower >= upper.loc[lower.index]).all()


def test_envisage_rows_are_weighted_by_imports_and_by_spending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made again without the raw files: two goods of one sector, and an income elasticity that Russia lacks."""
    lines = ["param,region,dim1,value"]
    for region, shift in (("RUS", 0.0), ("BLR", 1.0), ("KAZ", 2.0), ("CHN", 6.0)):
        for code, value in (("PDR", 2.0), ("WHT", 4.0)):
            lines += [f"{parameter},{region},{code},{value + shift}" for parameter in ("sigmam0", "incElas0")]
    file = tmp_path / "elasticities" / "envisage_elasticities_RUS_BLR_KAZ_CHN_UKR.csv"
    file.parent.mkdir()
    file.write_text(
        "\n".join(lines).replace("incElas0,RUS,WHT,4.0", "incElas0,RUS,WHT,") + "\n", encoding="utf-8"
    )
    goods = ["pdr", "wht"]
    sam = pd.DataFrame({"PRIV": {"pdr": 1.0, "wht": 1.0}, "pdr": {"BoP": 3.0}, "wht": {"BoP": 1.0}})
    unweighted = sam.assign(**dict.fromkeys(goods, 0.0))
    sams = dict.fromkeys((name for name in REGIONS if name != "BLR"), sam) | {"KAZ": unweighted}
    monkeypatch.setattr(elasticities, "read_sams", lambda root: sams)
    found = elasticities._envisage(tmp_path, ()).set_index(["region", "sector", "parameter"])
    values = found["value"]
    assert len(values) == len(REGIONS) * 2
    assert set(found["quality"]) == {"borrowed"}
    assert values["RUS", "agr", "armington"] == pytest.approx((3 * 2.0 + 1 * 4.0) / 4)
    assert values["BLR", "agr", "armington"] == pytest.approx(3.5)  # its own rows, weights of Russia
    assert values["KAZ", "agr", "armington"] == pytest.approx(5.0)  # no imports: the plain mean
    assert values["EU", "agr", "armington"] == pytest.approx(2.5 + 9.0 / 4)  # the mean of the four
    assert values["BLR", "agr", "income"] == pytest.approx((3.0 + 5.0) / 2)
    assert values["RUS", "agr", "income"] == pytest.approx((2.0 + (5.0 + 6.0 + 10.0) / 3) / 2)  # lent


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("key,value,unit,source,quality\na,1,x,s,observed\na,2,x,s,observed\n", "more than once"),
        ("key,value,unit,source,quality\na,,x,s,observed\n", "line 2: column 'value' is empty"),
        ("key,value,unit,source,quality\na,1,x,s,observed\nb,many,x,s,observed\n", "line 3: value 'many'"),
        ("key,value,unit,source\na,1,x,s\n", "missing"),
        ("key,value,unit,source,quality\na,1,x,s,guessed\n", "guessed"),
        ("key,value,unit,source,quality\n", "no rows"),
    ],
)
def test_a_bad_table_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, complaint: str
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "bad.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(data, "_ROOT", tmp_path)
    with pytest.raises(data.TableError, match=complaint):
        data.table("sources/bad")


def test_a_missing_table_names_its_neighbours() -> None:
    with pytest.raises(data.TableError, match="trade_pairs"):
        data.table("sources/trade_pears")


def test_codes_keep_their_leading_zero() -> None:
    assert "01" in set(data.table("mappings/sectors_hs2")["hs2"])


def test_without_raw_files_the_command_skips_and_the_function_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EACU_SOURCES", str(tmp_path / "absent"))
    assert main(["--destination", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith("skipped")
    assert not (tmp_path / "out").exists()
    with pytest.raises(SourcesMissing, match="EACU_SOURCES"):
        rebuild(tmp_path / "out")


def test_committed_tables_are_what_the_raw_files_give(tmp_path: Path) -> None:
    try:
        root = raw_root()
    except SourcesMissing as reason:
        pytest.skip(f"raw sources absent: {reason}")
    for tables, folder in ((TABLES, None), (UKRAINE, data.base_year_folder("ukraine"))):
        for file in rebuild(tmp_path, root, tables):
            remade = pd.read_csv(file)
            committed = pd.read_csv(data.path(f"sources/{file.stem}", folder))
            pd.testing.assert_frame_equal(remade, committed, check_exact=False, rtol=1e-9, obj=file.stem)


@pytest.mark.parametrize("name", sorted(UKRAINE))
def test_tables_of_the_base_year_with_ukraine(name: str) -> None:
    """Only Ukraine leaves the rest of the world: every other figure is that of the default base year."""
    own = data.reader(data.base_year_folder("ukraine"))(f"sources/{name}")
    cited = data.path("SOURCES.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in cited for key in own["source"].unique())
    if name not in TABLES:
        return
    keys = list(own.columns[: list(own.columns).index("value")])
    shipped, mine = (frame.set_index(keys)["value"] for frame in (data.table(f"sources/{name}"), own))
    touched = own[keys].isin(["UKR", "ROW"]).any(axis=1).to_numpy()
    if name != "cis_share_of_row":  # Ukraine was a third to a half of the CIS in it
        pd.testing.assert_series_equal(mine[~touched], shipped.reindex(mine[~touched].index))
    assert own[keys].isin(["UKR"]).to_numpy().any()


def test_ukraine_and_the_rest_add_up_to_the_rest_of_the_world() -> None:
    def pairs(folder: Path | None) -> pd.Series:
        table = data.reader(folder)("sources/trade_pairs").replace("UKR", "ROW")
        return table.groupby(["exporter", "importer"])["value"].sum()

    with_ukraine, without = pairs(data.base_year_folder("ukraine")), pairs(None)
    pd.testing.assert_series_equal(with_ukraine, without, check_exact=False, rtol=1e-6)
