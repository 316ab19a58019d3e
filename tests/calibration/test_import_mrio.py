"""Input-output releases: what a release shows is taken over exactly, what it lacks comes from eacu's tables."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from eacu.calibration.imports.aggregation import aggregate
from eacu.calibration.imports.base_year import country_map
from eacu.calibration.imports.cells import ImportDataError
from eacu.calibration.imports.mapping import AccountMap
from eacu.calibration.imports.mrio import read_mrio, require_whole
from eacu.calibration.imports.mrio_check import check_release
from eacu.calibration.imports.mrio_files import check_icio
from eacu.calibration.imports.world_table import WorldTable
from eacu.calibration.regions import Regions
from eacu.calibration.sam import COLUMNS, Sam
from eacu.calibration.trade import sector_list
from eacu.data import path, table
from eacu.report.cli import app
from tests.support.icio import INDUSTRY, icio_frame, perturbed, write_icio

KEYS = list(COLUMNS[:4])


@pytest.fixture(scope="module")
def shipped() -> Sam:
    return Sam.read(path("sam/sam_2007"))


@pytest.fixture(scope="module")
def world(shipped) -> WorldTable:
    return WorldTable.of_sam(shipped, Regions.of(table).names, tuple(sector_list(table)))


@pytest.fixture(scope="module")
def icio() -> AccountMap:
    return AccountMap.read(path("mappings/icio"))


def taken_over(file: Path, icio: AccountMap, reference: WorldTable) -> WorldTable:
    return aggregate(read_mrio(file, "icio", 2007, icio), country_map(icio, table), icio, reference)


def test_the_world_table_of_a_sam_balances_and_holds_its_gdp(world, shipped):
    n = len(world.sectors)
    sales = world.home.sum(axis=2) + world.traded.sum(axis=(2, 3))
    costs = world.home[:, :, :n].sum(axis=0) + world.traded[..., :n].sum(axis=(0, 1))
    assert np.allclose(sales.T, costs + world.taxes[:, :n] + world.value_added, rtol=1e-9, atol=1e-6)
    controls = pd.read_csv(path("sam/controls"))
    gdp = controls[controls["control"] == "GDP"].set_index("region")["value"].reindex(world.regions)
    # export taxes are among what users abroad pay in this valuation, so income is without them
    income = world.value_added.sum() + world.taxes.sum()
    assert income == pytest.approx(gdp.sum(), rel=1e-5)


def test_a_release_is_read_and_not_the_reference(world, icio, tmp_path):
    """Every cell that is not divided comes back; of divided ones the sum."""
    changed = perturbed(world, seed=5)
    write_icio(changed, tmp_path / "ICIO2023_2007.csv")
    found = taken_over(tmp_path / "ICIO2023_2007.csv", icio, world)
    codes = [INDUSTRY[good] for good in world.sectors]
    member = pd.get_dummies(pd.Series(codes)).to_numpy(float)
    users = np.zeros((len(world.users), member.shape[1] + 3))
    users[:-3, :-3], users[-3:, -3:] = member, np.eye(3)
    for name, pattern in (("home", "isu,ig,uk->gsk"), ("traded", "irsu,ig,uk->grsk")):
        sums = [np.einsum(pattern, getattr(one, name), member, users) for one in (found, changed)]
        assert np.allclose(*sums, rtol=1e-9, atol=1e-6)
    assert np.allclose(found.taxes @ users, changed.taxes @ users, rtol=1e-9, atol=1e-6)
    assert np.allclose(found.value_added @ member, changed.value_added @ member, rtol=1e-9)
    whole = [n for n, code in enumerate(codes) if codes.count(code) == 1]
    assert np.allclose(
        found.home[np.ix_(whole, range(7), whole)], changed.home[np.ix_(whole, range(7), whole)]
    )


def test_the_shipped_sam_comes_back_from_an_icio_release_by_one_command(
    world, shipped, tmp_path, monkeypatch
):
    """A release made of the SAM gives the SAM: nothing is lost or invented on the way."""
    monkeypatch.chdir(tmp_path)
    write_icio(world, tmp_path / "ICIO2023_2007.csv")
    answer = CliRunner().invoke(
        app,
        ["import", "ICIO2023_2007.csv", "--as", "icio", "--as-published", "--json"],
        catch_exceptions=False,
    )
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["format"] == "icio"
    assert "180 industries of 10 countries" in document["notes"][0]
    found = Sam.read(tmp_path / "base-years" / "icio" / "sam" / "sam_2007.csv").table.set_index(KEYS)["value"]
    wanted = shipped.table.set_index(KEYS)["value"]
    assert set(found.index) == set(wanted.index)
    size = wanted.groupby("column_region").transform("max")
    gap = ((found.reindex(wanted.index) - wanted).abs() / size).sort_values()
    assert gap.iloc[-1] < 1e-9, gap.tail(12)


@pytest.mark.slow
def test_with_controls_the_release_is_held_to_observed_trade_and_national_accounts(world, icio, tmp_path):
    """A release with everything half or twice as large: GDP and trade of every pair are still those observed."""
    from eacu.calibration.imports.base_year import import_base_year
    from eacu.calibration.imports.sources import Source

    write_icio(perturbed(world, seed=6), tmp_path / "ICIO2023_2007.csv")
    result = import_base_year(Source(tmp_path / "ICIO2023_2007.csv", largest_gap=1.0))
    controls = result.controls
    pairs = controls[controls["control"] == "trade of the pair"]
    assert pairs["deviation_pct"].abs().max() < 0.01
    gdp = controls[controls["control"] == "GDP"]
    assert gdp["deviation_pct"].abs().max() < 2.0


def test_a_region_the_release_lacks_is_lent_and_taken_out_of_the_rest_of_the_world(world):
    """Kyrgyzstan inside ROW comes out as it went in."""
    k, w = world.place("KGZ"), world.place("ROW")
    others = [n for n in range(len(world.regions)) if n not in (k, w)]
    home, traded = world.home.copy(), world.traded.copy()
    home[:, w] += home[:, k] + traded[:, k, w] + traded[:, w, k]
    for n in others:
        traded[:, w, n] += traded[:, k, n]
        traded[:, n, w] += traded[:, n, k]
    home[:, k], traded[:, k], traded[:, :, k] = 0.0, 0.0, 0.0
    taxes, added = world.taxes.copy(), world.value_added.copy()
    taxes[w], added[w] = taxes[w] + taxes[k], added[w] + added[k]
    taxes[k], added[k] = 0.0, 0.0
    merged = WorldTable(world.regions, world.sectors, home, traded, taxes, added)
    back = merged.with_regions_of(world, ("KGZ",), "ROW")
    for name in ("home", "taxes", "value_added"):
        assert np.allclose(getattr(back, name), getattr(world, name), rtol=1e-9, atol=1e-5), name
    assert np.allclose(back.traded, world.traded, rtol=1e-9, atol=1e-5)


def test_a_zip_and_a_folder_are_read_like_the_file(world, icio, tmp_path):
    write_icio(world, tmp_path / "2007.csv")
    with zipfile.ZipFile(tmp_path / "ICIO2023_2007.zip", "w") as archive:
        archive.write(tmp_path / "2007.csv", "2007.csv")
    (tmp_path / "2007.csv").unlink()
    assert read_mrio(tmp_path, "icio", 2007, icio).gap() < 1e-9
    with pytest.raises(ImportDataError, match=r"expected one file such as ICIO2023_2006\.csv"):
        read_mrio(tmp_path, "icio", 2006, icio)
    with pytest.raises(ImportDataError, match="the name says 2007, but the table of 2006 is wanted"):
        read_mrio(tmp_path / "ICIO2023_2007.zip", "icio", 2006, icio)


def test_faults_of_an_icio_file_name_row_and_column(world, tmp_path):
    frame = icio_frame(world).astype(object)
    frame.loc["BLR_C28", "RUS_F"] = ""
    frame.loc["VA", "RUS_HFCE"] = ""  # no value is added by final users: an empty cell is no fault
    file = tmp_path / "ICIO2023_2007.csv"
    frame.to_csv(file, index_label="V1")
    with pytest.raises(ImportDataError, match="row 'BLR_C28', column 'RUS_F': the cell is empty"):
        check_icio(file, 2007)
    frame.loc["BLR_C28", "RUS_F"] = 0
    frame.to_csv(file, index_label="V1")
    check_icio(file, 2007)
    frame.rename(index={"BLR_C28": "BLR_C99"}).to_csv(file, index_label="V1")
    with pytest.raises(ImportDataError, match="have no column of the same name: BLR_C99"):
        check_icio(file, 2007)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.rename(index={"BLR_C28": "BLR_F"}), r"line \d+: row 'BLR_F' stands in line \d+ already"),
        (lambda f: f.drop(index="BLR_C28"), "1 industries have a column and no row: BLR_C28"),
        (lambda f: f.drop(index="VA"), r"no row of value added \(VA or VALU\)"),
        (
            lambda f: f.replace({"RUS_F": {f.loc["KAZ_C19", "RUS_F"]: "12 000"}}),
            "'12 000', which is no number",
        ),
        (lambda f: f.replace({"RUS_F": {f.loc["KAZ_C19", "RUS_F"]: "nan"}}), "row 'KAZ_C19', column 'RUS_F'"),
    ],
)
def test_an_icio_file_that_is_not_whole_is_refused(frame, tmp_path, change, words):
    file = tmp_path / "ICIO2023_2007.csv"
    change(frame.astype(object)).to_csv(file, index_label="V1")
    with pytest.raises(ImportDataError, match=words):
        check_icio(file, 2007)


@pytest.fixture(scope="module")
def frame(world) -> pd.DataFrame:
    return icio_frame(world)


@pytest.mark.parametrize(
    ("row", "column", "value", "words"),
    [
        (
            "RUS_C28",
            "RUS_F",
            -5000.0,
            r"1 purchase\(s\) are negative, million USD: row RUS C28, column RUS F: -5,000",
        ),
        ("RUS_C28", "RUS_HFCE", -9e5, r"row RUS C28, column RUS household: -900,000"),
        ("RUS_C28", "RUS_F", 90000.0, "The gaps of RUS F and RUS C28 are equal and opposite"),
        (
            "RUS_C28",
            "RUS_HFCE",
            90000.0,
            r"industries differ by more than 3.0% .* RUS C28: sales [\d,.e+]+, costs",
        ),
        ("VA", "BLR_C28", 0.0, r"BLR C28: sales [\d,.e+]+, costs [\d,.e+]+ \([\d.]+%\)"),
    ],
)
def test_a_release_that_does_not_add_up_is_refused_and_nothing_is_written(
    frame, icio, tmp_path, monkeypatch, row, column, value, words
):
    monkeypatch.chdir(tmp_path)
    changed = frame.copy()
    changed.loc[row, column] = value
    changed.to_csv("ICIO2023_2007.csv", index_label="V1", float_format="%.17g")
    answer = CliRunner().invoke(app, ["import", "ICIO2023_2007.csv", "--as", "icio"])
    assert answer.exit_code == 2
    assert re.search(words, " ".join(answer.output.split())), answer.output
    assert not Path("base-years").exists()


def test_stocks_may_fall_and_a_larger_gap_may_be_accepted(frame, icio, tmp_path):
    changed, file = frame.copy(), tmp_path / "ICIO2023_2007.csv"
    moved = 0.1 * changed.loc["RUS_C28", "RUS_HFCE"]
    changed.loc["RUS_C28", "RUS_HFCE"] += moved
    changed.loc["RUS_C28", "RUS_INVNT"] -= moved
    changed.loc["RUS_C29", "RUS_HFCE"] *= 1.05
    changed.to_csv(file, index_label="V1", float_format="%.17g")
    release = read_mrio(file, "icio", 2007, icio)
    assert 0.005 < release.gap() < 0.05
    assert check_release(release, icio, largest_gap=0.05) == []
    with pytest.raises(ImportDataError, match=r"differ by more than 0\.1%"):
        check_release(release, icio, largest_gap=0.001)


def test_what_is_not_mapped_is_listed(world, icio, tmp_path):
    write_icio(world, tmp_path / "ICIO2023_2007.csv")
    release = read_mrio(tmp_path / "ICIO2023_2007.csv", "icio", 2007, icio)
    countries = country_map(icio, table)
    without = {kind: dict(targets) for kind, targets in icio.targets.items()}
    del without["sector"]["C28"]
    with pytest.raises(ImportDataError, match=r"1 names of kind sector are not mapped .*: C28"):
        aggregate(release, countries, AccountMap(None, without), world)
    fewer = {code: region for code, region in countries.items() if code not in ("HKG", "BLR")}
    with pytest.raises(ImportDataError, match="2 countries are not mapped: BLR, HKG"):
        aggregate(release, fewer, icio, world)
    without = {kind: dict(targets) for kind, targets in icio.targets.items()}
    del without["input"]["TLS"]
    with pytest.raises(ImportDataError, match=r"1 row\(s\) of primary inputs are not mapped: TLS"):
        read_mrio(tmp_path / "ICIO2023_2007.csv", "icio", 2007, AccountMap(None, without))


def test_the_table_that_comes_with_pymrio_keeps_its_totals(world, tmp_path):
    """A real file of the library's own: six regions, eight sectors, each divided among eacu's."""
    pymrio = pytest.importorskip("pymrio")
    folder = tmp_path / "saved"
    pymrio.load_test().save_all(folder)
    sectors = {
        "food": "agr dmt ofd",
        "mining": "oil gas omn",
        "manufactoring": "ppr lgt wpp chm fem nfm mvh mac oth",
        "electricity": "utl",
        "construction": "con",
        "trade": "trd",
        "transport": "trn",
        "other": "cmm fbs pub",
    }
    rows = ["kind,source,target,split"]
    for source, targets in sectors.items():
        rows += [f"sector,{source},{t},{'yes' if ' ' in targets else 'no'}" for t in targets.split()]
    rows += [f"region,reg{n},{r},no" for n, r in enumerate(("RUS", "BLR", "KAZ", "EU", "CHN", "ROW"), 1)]
    raw = pymrio.load_all(folder)
    final = raw.Y.columns.get_level_values(1).unique()
    kinds = {0: "household", 1: "household", 2: "household", 3: "government"}
    rows += [f'final,"{name}",{kinds.get(n, "investment")},no' for n, name in enumerate(final)]
    rows.append("input,Value Added,value_added,no")
    (tmp_path / "map.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    mapping = AccountMap.read(tmp_path / "map.csv")
    release = read_mrio(folder, "pymrio", 2007, mapping)
    found = aggregate(release, country_map(mapping, table), mapping, world)
    every = found.home.sum() + found.traded.sum()
    assert every == pytest.approx(raw.Z.to_numpy().sum() + raw.Y.to_numpy().sum())
    assert found.value_added.sum() == pytest.approx(raw.factor_inputs.F.loc["Value Added"].sum())
    belarus = found.place("BLR")
    assert found.home[:, belarus].sum() == pytest.approx(
        raw.Z.loc["reg2", "reg2"].to_numpy().sum() + raw.Y.loc["reg2", "reg2"].to_numpy().sum()
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda raw: raw.Z.iloc.__setitem__((2, 3), np.nan),
            r"table Z: 1 cell\(s\) hold no number: row reg1 manuf",
        ),
        (lambda raw: setattr(raw, "Z", raw.Z.iloc[1:]), "1 industries have a column and no row: reg1 food"),
        (
            lambda raw: setattr(raw, "Y", raw.Y.iloc[1:]),
            "1 industries have no row in final demand: reg1 food",
        ),
    ],
)
def test_what_pymrio_saved_is_looked_at_too(spoil, words):
    pymrio = pytest.importorskip("pymrio")
    raw = pymrio.load_test()
    require_whole(Path("saved"), raw)
    spoil(raw)
    with pytest.raises(ImportDataError, match=words):
        require_whole(Path("saved"), raw)


def test_a_release_in_another_currency_is_refused(tmp_path):
    pymrio = pytest.importorskip("pymrio")
    raw = pymrio.load_test()
    raw.unit["unit"] = "M.EUR"
    raw.save_all(tmp_path / "euro")
    with pytest.raises(ImportDataError, match=r"its unit is M\.EUR; eacu reads million usd"):
        read_mrio(tmp_path / "euro", "pymrio", 2007, AccountMap.none())


COUNTRIES = ("RUS", "BLR")
SECTORS = ("Agriculture", "Mining")
USE = np.arange(1.0, 17.0).reshape(4, 4)
BOUGHT = np.arange(20.0, 28.0).reshape(4, 2)
ADDED = np.array([[100.0, 101.0, 102.0, 103.0], [1.0, 2.0, 3.0, 4.0]])
INPUTS = AccountMap(None, {kind: {} for kind in ("account", "region", "sector", "factor", "final", "input")})


def mapped_inputs(**targets) -> AccountMap:
    return AccountMap(None, {**INPUTS.targets, "input": {name: (t,) for name, t in targets.items()}})


def test_eora_is_in_thousands_of_dollars(tmp_path):
    """A folder as EORA 26 publishes it: tables and labels in separate text files."""
    pytest.importorskip("pymrio")
    industries = [(c, c, "Industries", s) for c in COUNTRIES for s in SECTORS]
    final = [(c, c, "Final demand", "Household final consumption P.3h") for c in COUNTRIES]
    added = [
        ("Primary inputs", "Compensation of employees D.1"),
        ("Primary inputs", "Taxes on production D.29"),
    ]
    files = {
        "Eora26_2007_bp_T.txt": USE,
        "Eora26_2007_bp_FD.txt": BOUGHT,
        "Eora26_2007_bp_VA.txt": ADDED,
        "Eora26_2007_bp_Q.txt": np.ones((1, 4)),
        "Eora26_2007_bp_QY.txt": np.ones((1, 2)),
        "labels_T.txt": industries,
        "labels_FD.txt": final,
        "labels_VA.txt": added,
        "labels_Q.txt": [("Energy (TJ)", "Coal")],
    }
    for name, content in files.items():
        pd.DataFrame(content).to_csv(tmp_path / name, sep="\t", header=False, index=False)
    names = {" ".join(name): t for name, t in zip(added, ("value_added", "taxes"), strict=True)}
    release = read_mrio(tmp_path, "eora", 2007, mapped_inputs(**names))
    assert np.allclose(release.use, USE / 1000)
    assert list(release.use.columns) == [(c, s) for c in COUNTRIES for s in SECTORS]
    assert np.allclose(release.final, BOUGHT / 1000)
    assert np.allclose(release.value_added, ADDED[0] / 1000)
    assert np.allclose(release.taxes, ADDED[1] / 1000)
    assert (release.final_taxes == 0).all()
    use = tmp_path / "Eora26_2007_bp_T.txt"
    lines = use.read_text(encoding="utf-8").splitlines()
    for changed, words in (
        (
            [lines[0], lines[1].replace("6.0", "n/a"), *lines[2:]],
            "line 2, row 'RUS Mining', column 'RUS Mining': .*n/a",
        ),
        (
            [lines[0], lines[1].replace("6.0", ""), *lines[2:]],
            "line 2, row 'RUS Mining', .*the cell is empty",
        ),
        (lines[:-1], "3 lines, but there are 4 labels .* 'BLR Mining'"),
        ([*lines[:-1], lines[-1] + "\t1.0"], r"line 4 \(BLR Mining\): 5 cells, but there are 4 labels"),
    ):
        use.write_text("\n".join(changed) + "\n", encoding="utf-8")
        with pytest.raises(ImportDataError, match=words):
            read_mrio(tmp_path, "eora", 2007, mapped_inputs(**names))


def test_wiod_is_read_from_its_workbook(tmp_path):
    """A sheet as WIOD published its world tables in 2013, with two countries of two sectors."""
    pytest.importorskip("pymrio")
    code = [("AtB", "Agriculture", c, "c1") for c in COUNTRIES] + [
        ("C", "Mining", c, "c35") for c in COUNTRIES
    ]
    code = [code[0], code[2], code[1], code[3]]
    final = [("", "Final consumption expenditure by households", c, "c37") for c in COUNTRIES]
    inputs = [
        ("r60", "Total intermediate consumption", "TOT", "r60"),
        ("r61", "taxes less subsidies on products", "TOT", "r61"),
        ("r64", "Value added at basic prices", "TOT", "r64"),
        ("r69", "Output at basic prices", "TOT", "r69"),
    ]
    columns = [*code, *final, ("", "Total output", "", "")]
    head = [["", "", "", "", *(column[n] for column in columns)] for n in range(4)]
    for row, text in zip(head[:2], ("(industry-by-industry)", "(millions of US$)"), strict=True):
        row[0] = text
    body = [[*label, *USE[n], *BOUGHT[n], USE[n].sum() + BOUGHT[n].sum()] for n, label in enumerate(code)]
    rows = (
        (inputs[0], USE.sum(axis=0)),
        (inputs[1], ADDED[1]),
        (inputs[2], ADDED[0]),
        (inputs[3], USE.sum(axis=1)),
    )
    body += [[*label, *values, 5.0, 6.0, 0.0] for label, values in rows]
    title = [
        [text, *[""] * (len(columns) + 3)] for text in ("World Input-Output Table 2007", "current prices")
    ]
    frame = pd.DataFrame([*title, *head, *body]).replace("", np.nan)
    frame.to_excel(tmp_path / "wiot07_row_apr12.xlsx", header=False, index=False)
    mapping = mapped_inputs(**{inputs[1][1]: "taxes", inputs[2][1]: "value_added"})
    release = read_mrio(tmp_path, "wiod", 2007, mapping)
    assert np.allclose(release.use, USE)
    assert np.allclose(release.final, BOUGHT)
    assert np.allclose(release.value_added, ADDED[0])
    assert np.allclose(release.taxes, ADDED[1])
    assert np.allclose(release.final_taxes, [5.0, 6.0])
    for change, words in (
        ((7, 5, "n/a"), r"F8, row 'Mining RUS', column 'Mining RUS': the cell holds 'n/a'"),
        ((7, 8, None), r"I8, row 'Mining RUS', column 'Final .* RUS': the cell is empty"),
        ((7, 2, "KAZ"), "1 industries have a column and no row: RUS c35"),
    ):
        row, column, value = change
        spoilt = frame.astype(object)
        spoilt.iloc[row, column] = value
        spoilt.to_excel(tmp_path / "wiot07_row_apr12.xlsx", header=False, index=False)
        with pytest.raises(ImportDataError, match=words):
            read_mrio(tmp_path, "wiod", 2007, mapping)
