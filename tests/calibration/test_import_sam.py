"""SAMs in other programs' formats: what comes back is what was written, and faults are named with their cells."""

from __future__ import annotations

import numpy as np
import openpyxl
import pandas as pd
import pytest

from eacu.calibration.imports.base_year import free_folder, import_base_year
from eacu.calibration.imports.cells import ImportDataError
from eacu.calibration.imports.csv_file import read_csv
from eacu.calibration.imports.excel import read_excel
from eacu.calibration.imports.gdx import open_container, read_gdx
from eacu.calibration.imports.har import read_har
from eacu.calibration.imports.mapping import AccountMap
from eacu.calibration.imports.sam_import import import_sam
from eacu.calibration.imports.sources import Source
from eacu.calibration.sam import COLUMNS, Sam, SamError
from eacu.data import path
from tests.support.synthetic import synthetic_sam

PLAIN = AccountMap.none()


@pytest.fixture(scope="module")
def sam() -> Sam:
    return synthetic_sam(seed=3)


def labels_of(sam: Sam) -> pd.DataFrame:
    """The SAM as a square frame with the labels ``REGION account``."""
    matrix = sam.to_matrix()
    names = [" ".join(key) for key in matrix.index]
    return matrix.set_axis(names, axis=0).set_axis(names, axis=1)


def same(one: Sam, other: Sam) -> bool:
    keys = list(COLUMNS[:4])
    left, right = (s.table.set_index(keys)["value"].sort_index() for s in (one, other))
    left, right = left[left != 0], right[right != 0]
    return left.index.equals(right.index) and np.allclose(left, right, rtol=1e-12, atol=0)


def write_workbook(frame: pd.DataFrame, file, sheet="SAM", at=(3, 2)):
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    page["A1"] = "A title above the table"
    for j, name in enumerate(frame.columns, 1):
        page.cell(at[0], at[1] + j, name)
    for i, (name, row) in enumerate(frame.iterrows(), 1):
        page.cell(at[0] + i, at[1], name)
        for j, value in enumerate(row, 1):
            page.cell(at[0] + i, at[1] + j, float(value))
    book.create_sheet("notes")["A1"] = "something else"
    book.save(file)


def write_har(frame: pd.DataFrame, file, name="SAM"):
    harpy = pytest.importorskip("harpy")
    names = list(frame.index)
    sets = [
        {"name": "ACCT", "status": "k", "dim_type": "Set", "dim_desc": names},
        {"name": "ACCT", "status": "k", "dim_type": "Set", "dim_desc": names},
    ]
    made = harpy.HarFileObj()
    made.addHeaderArrayObj(
        harpy.HeaderArrayObj.HeaderArrayFromData(name, frame.to_numpy(np.float32), name, sets=sets)
    )
    made.writeToDisk(str(file))


def write_gdx(records: pd.DataFrame, file, domain):
    container = open_container(pytest.importorskip("gams.transfer"))
    container.addParameter("SAM", domain, records=records)
    container.write(str(file))


def test_csv_in_three_layouts(sam, tmp_path):
    sam.write(tmp_path / "long.csv")
    pairs = sam.table.assign(
        row=sam.table["row_region"] + " " + sam.table["row_account"],
        column=sam.table["column_region"] + " " + sam.table["column_account"],
    )
    pairs[["row", "column", "value"]].to_csv(tmp_path / "pairs.csv", index=False, float_format="%.17g")
    labels_of(sam).to_csv(tmp_path / "square.csv", float_format="%.17g")
    for name in ("long", "pairs", "square"):
        assert same(import_sam(read_csv(tmp_path / f"{name}.csv"), PLAIN).sam, sam), name


def test_excel_from_a_range_of_a_sheet(sam, tmp_path):
    file, frame = tmp_path / "sam.xlsx", labels_of(sam)
    write_workbook(frame, file)
    last = openpyxl.utils.get_column_letter(2 + len(frame))
    area = f"B3:{last}{3 + len(frame)}"
    payments = read_excel(file, "SAM", area)
    assert same(import_sam(payments, PLAIN).sam, sam)
    assert payments.labels[frame.index[0]] == "SAM!C4"
    with pytest.raises(ImportDataError, match="say which with --sheet; the workbook has SAM, notes"):
        read_excel(file)
    with pytest.raises(ImportDataError, match="'B3-K9' is no range of cells"):
        read_excel(file, "SAM", "B3-K9")


@pytest.mark.parametrize(("content", "words"), [(None, "1 of 4"), ("n.a.", r"SAM!D4 \(a from b: 'n.a.'\)")])
def test_excel_names_the_cell_that_is_no_number(tmp_path, content, words):
    file = tmp_path / "sam.xlsx"
    frame = pd.DataFrame([[0.0, 1.0], [1.0, 0.0]], index=["a", "b"], columns=["a", "b"])
    write_workbook(frame, file)
    book = openpyxl.load_workbook(file)
    book["SAM"]["D4"] = content
    book.save(file)
    with pytest.raises(ImportDataError, match=words) as fault:
        read_excel(file, "SAM", "B3:D5")
    assert "SAM!D4" in str(fault.value)
    if content is None:
        read = read_excel(file, "SAM", "B3:D5", blanks_are_zero=True)
        assert read.table["value"].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_rows_and_columns_must_name_the_same_accounts(tmp_path):
    file = tmp_path / "sam.csv"
    file.write_text("x,a,b,Total\na,0,1,1\nb,1,0,1\nc,0,0,0\n", encoding="utf-8")
    with pytest.raises(ImportDataError) as fault:
        read_csv(file)
    assert "only in the first column: 'c'" in str(fault.value)
    assert "only in the first row: 'Total'" in str(fault.value)
    file.write_text("x,a,b\na,0,1\n\nb,1,2,5\n", encoding="utf-8")
    with pytest.raises(ImportDataError, match="line 4: 4 cells, but the header has 3"):
        read_csv(file)
    file.write_text("row,column,value\na,b,3\nb,a,1 000\n", encoding="utf-8")
    with pytest.raises(ImportDataError, match=r"line 3 \(b from a: '1 000'\)"):
        read_csv(file)


def test_har(sam, tmp_path):
    file, frame = tmp_path / "sam.har", labels_of(sam)
    codes = [f"A{n}" for n in range(len(frame))]  # names of elements have at most twelve letters
    write_har(frame.set_axis(codes, axis=0).set_axis(codes, axis=1), file)
    rows = "".join(f"account,{code},{label}\n" for code, label in zip(codes, frame.index, strict=True))
    (tmp_path / "map.csv").write_text("kind,source,target\n" + rows, encoding="utf-8")
    read = import_sam(
        read_har(file), AccountMap.read(tmp_path / "map.csv"), balance=True
    )  # HAR holds single precision: gaps of 1e-7
    assert 0 < read.gap < 1e-5
    joined, before = read.sam.to_matrix(), sam.to_matrix()
    assert np.allclose(joined.loc[before.index, before.index], before, rtol=1e-5, atol=1e-4)
    with pytest.raises(ImportDataError, match="no header 'XXXX'; headers of two to four dimensions: SAM"):
        read_har(file, "XXXX")
    (tmp_path / "no.har").write_text("not a header array", encoding="utf-8")
    with pytest.raises(ImportDataError, match="cannot be read as a header-array file"):
        read_har(tmp_path / "no.har")


def test_gdx_of_two_three_and_four_dimensions(sam, tmp_path):
    labels = sam.table.assign(
        row=sam.table["row_region"] + " " + sam.table["row_account"],
        column=sam.table["column_region"] + " " + sam.table["column_account"],
    )
    write_gdx(labels[["row", "column", "value"]], tmp_path / "two.gdx", ["*", "*"])
    write_gdx(sam.table, tmp_path / "four.gdx", ["*"] * 4)
    for name in ("two", "four"):
        assert same(import_sam(read_gdx(tmp_path / f"{name}.gdx"), PLAIN).sam, sam), name
    national = sam.table[(sam.table["row_region"] == sam.table["column_region"])]
    national = national[["row_account", "column_account", "row_region", "value"]]
    write_gdx(national, tmp_path / "three.gdx", ["*", "*", "*"])
    read = read_gdx(tmp_path / "three.gdx", "SAM").table
    wanted = national["row_region"] + " " + national["row_account"]
    assert sorted(read["row"]) == sorted(wanted)
    with pytest.raises(ImportDataError, match="no parameter 'IO'; parameters of two to four dimensions: SAM"):
        read_gdx(tmp_path / "two.gdx", "IO")
    (tmp_path / "no.gdx").write_text("not a gdx file", encoding="utf-8")
    with pytest.raises(ImportDataError, match="cannot be read as a GDX file"):
        read_gdx(tmp_path / "no.gdx")


def test_gdx_refuses_values_that_are_not_available(tmp_path):
    transfer = pytest.importorskip("gams.transfer")
    records = pd.DataFrame([["a", "b", transfer.SpecialValues.NA], ["b", "a", 1.0]])
    write_gdx(records, tmp_path / "na.gdx", ["*", "*"])
    with pytest.raises(
        ImportDataError, match=r"1 record\(s\) are NA, UNDEF or infinite: parameter SAM\(a, b\)"
    ):
        read_gdx(tmp_path / "na.gdx")


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "harpy", None)
    with pytest.raises(ImportDataError, match=r'pip install "eacu\[imports\]"'):
        read_har(tmp_path / "sam.har")


def two_countries(sam: Sam) -> tuple[pd.DataFrame, str]:
    """The SAM's matrix with region RUS renamed to A and KAZ to B, and the mapping that makes both RUS."""
    frame = labels_of(sam)
    names = [
        name.replace("RUS", "A").replace("KAZ", "B").replace("activity:agr", "activity:wheat")
        for name in frame.index
    ]
    rows = "region,A,RUS\nregion,B,RUS\nregion,BLR,BLR\nregion,ROW,ROW\nsector,wheat,agr\n"
    rows += "".join(f"sector,{g},{g}\n" for g in sam.sectors)
    return frame.set_axis(names, axis=0).set_axis(names, axis=1), "kind,source,target\n" + rows


def test_two_regions_become_one_and_their_trade_its_trade_with_itself(sam, tmp_path):
    frame, rows = two_countries(sam)
    frame.to_csv(tmp_path / "sam.csv", float_format="%.17g")
    (tmp_path / "map.csv").write_text(rows, encoding="utf-8")
    merged = import_sam(read_csv(tmp_path / "sam.csv"), AccountMap.read(tmp_path / "map.csv")).sam
    assert set(merged.regions) == {"RUS", "BLR", "ROW"}
    whole = sam.table
    good = whole["row_account"].eq("activity:agr") & whole["column_account"].eq("commodity:agr")
    ours = whole["row_region"].isin(["RUS", "KAZ"]) & whole["column_region"].isin(["RUS", "KAZ"])
    traded = whole[good & ours & (whole["row_region"] != whole["column_region"])]["value"].sum()
    at_home = whole[good & ours & (whole["row_region"] == whole["column_region"])]["value"].sum()
    cells = merged.table.set_index(list(COLUMNS[:4]))["value"]
    assert traded > 0
    assert cells["RUS", "intra:agr", "RUS", "commodity:agr"] == pytest.approx(traded)
    assert cells["RUS", "activity:agr", "RUS", "commodity:agr"] == pytest.approx(at_home)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("region,B,RUS\n", ""), r"region 'B' is not mapped\)"),
        (("region,B,RUS\n", "region,B,RUS\nregion,B,BLR\n"), r"rows 3, 4: region 'B' is mapped 2 times"),
        (("sector,wheat,agr\n", "sector,wheat,agr,yes\nsector,wheat,oil,yes\n"), "is split over agr, oil"),
        (("region,B,RUS", "land,B,RUS"), r"row 3: unknown kind 'land'; known are account, region"),
        (("region,B,RUS", "region,B,"), r"row 3: target is empty"),
    ],
)
def test_faults_of_a_mapping_name_their_rows(sam, tmp_path, change, words):
    frame, rows = two_countries(sam)
    assert change[0] in rows
    rows = rows.replace(*change)
    if "yes" in rows:
        lines = [line if line.count(",") == 3 else f"{line}," for line in rows.splitlines()]
        rows = "\n".join(["kind,source,target,split", *lines[1:]])
    frame.to_csv(tmp_path / "sam.csv", float_format="%.17g")
    (tmp_path / "map.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(ImportDataError, match=words):
        import_sam(read_csv(tmp_path / "sam.csv"), AccountMap.read(tmp_path / "map.csv"))


def test_unmapped_accounts_are_listed_with_their_cells_and_sums_can_be_dropped(sam, tmp_path):
    frame = labels_of(sam)
    frame.loc["Sum"] = frame.sum()
    frame["Sum"] = 0.0
    frame.to_csv(tmp_path / "sam.csv", float_format="%.17g")
    with pytest.raises(
        ImportDataError, match=r"1 of \d+ accounts have no target:\n  'Sum' at line 119, column 2"
    ):
        import_sam(read_csv(tmp_path / "sam.csv"), PLAIN)
    (tmp_path / "map.csv").write_text("kind,source,target\naccount,Sum,drop\n", encoding="utf-8")
    read = import_sam(read_csv(tmp_path / "sam.csv"), AccountMap.read(tmp_path / "map.csv"))
    assert read.dropped == ("Sum",)
    assert same(read.sam, sam)


def test_units_and_rounding(sam, tmp_path):
    rounded = sam.table.assign(value=(sam.table["value"] * 1000).round(0))
    rounded[rounded["value"] != 0].to_csv(tmp_path / "sam.csv", index=False)
    payments = read_csv(tmp_path / "sam.csv")
    with pytest.raises(SamError, match="do not balance"):
        import_sam(payments, PLAIN, unit="thousand", tolerance=1e-12)
    closed = import_sam(payments, PLAIN, unit="thousand", balance=True, tolerance=1e-12)
    assert closed.sam.balance_gap() < 1e-12 < closed.gap
    whole, before = closed.sam.to_matrix(), sam.to_matrix()
    assert np.allclose(whole.loc[before.index, before.index], before, atol=0.01)
    spoilt = payments.table.assign(value=payments.table["value"].where(payments.table.index != 0, 0.0))
    with pytest.raises(ImportDataError, match="open by more than 5%, which is no rounding"):
        import_sam(type(payments)(payments.file, spoilt), PLAIN, unit="thousand", balance=True)


def test_the_shipped_sam_comes_back_as_the_shipped_base_year(tmp_path):
    """The whole way: file, folder, base year, benchmark; schedules are derived from the SAM and not copied."""
    from eacu.data import table
    from eacu.experiments.base_year import load_base_year

    source = path("sam/sam_2007")
    import_base_year(Source(source)).write(tmp_path / "same")
    assert (tmp_path / "same" / "sam" / "sam_2007.csv").read_bytes() == source.read_bytes()
    keys = ["schedule", "importer", "source", "sector"]
    own = pd.read_csv(tmp_path / "same" / "policy" / "tariffs.csv").set_index(keys)["rate_pct"]
    shipped = table("policy/tariffs").set_index(keys)["rate_pct"]
    assert np.allclose(own.reindex(shipped.index), shipped, rtol=1e-9, atol=1e-9)
    again, before = load_base_year(tmp_path / "same").benchmark, load_base_year().benchmark
    assert again.gdp.equals(before.gdp)


def test_what_does_not_fit_the_economy_is_refused(sam, tmp_path):
    sam.write(tmp_path / "small.csv")
    with pytest.raises(SamError) as fault:
        import_base_year(Source(tmp_path / "small.csv"))
    assert "regions missing: KGZ, EU, CHN" in str(fault.value)
    with pytest.raises(ImportDataError, match="a base year of 2011 would mix years"):
        import_base_year(Source(tmp_path / "small.csv", year=2011))
    with pytest.raises(ImportDataError, match="there is no file or folder"):
        import_base_year(Source(tmp_path / "none.csv"))


def test_another_unit_is_refused_unless_it_is_meant():
    with pytest.raises(ImportDataError, match=r"BLR 46,.* instead of 46,807.* with --force-unit"):
        import_base_year(Source(path("sam/sam_2007"), unit="billion"))
    result = import_base_year(Source(path("sam/sam_2007"), unit="billion", force_unit=True))
    assert "GDP is far from the national accounts" in result.notes[-1]
    assert "Is --unit right?" in result.notes[-1]


def test_a_negative_cell_is_named_where_it_stands_in_the_file(sam, tmp_path):
    frame, rows = two_countries(sam)
    frame.loc[
        "A commodity:mac", "A household"
    ] *= -1  # row and column of the file, of a mapped and summed account
    i, j = frame.index.get_loc("A commodity:mac"), frame.columns.get_loc("A household")
    frame.to_csv(tmp_path / "sam.csv", float_format="%.17g")
    (tmp_path / "map.csv").write_text(rows, encoding="utf-8")
    mapping = AccountMap.read(tmp_path / "map.csv")
    words = rf"1 cell\(s\) are negative .*line {i + 2}, column {j + 2} \(A commodity:mac from A household: -"
    with pytest.raises(ImportDataError, match=words):
        import_sam(read_csv(tmp_path / "sam.csv"), mapping)
    write_workbook(frame, tmp_path / "sam.xlsx")
    column = openpyxl.utils.get_column_letter(j + 3)
    area = f"B3:{openpyxl.utils.get_column_letter(2 + len(frame))}{3 + len(frame)}"
    with pytest.raises(ImportDataError, match=rf"SAM!{column}{i + 4} \(A commodity:mac from A household: -"):
        import_sam(read_excel(tmp_path / "sam.xlsx", "SAM", area), mapping)


def test_a_payment_that_stands_twice_is_refused(sam, tmp_path):
    file = tmp_path / "sam.csv"
    pd.concat([sam.table, sam.table.iloc[[4]]]).to_csv(file, index=False, float_format="%.17g")
    with pytest.raises(
        ImportDataError, match=rf"2 rows give the same payment .*line 6 .*line {len(sam.table) + 2} "
    ):
        read_csv(file)


def test_a_damaged_har_file_prints_nothing_of_the_library(sam, tmp_path, capfd):
    file = tmp_path / "sam.har"
    frame = labels_of(sam)
    codes = [f"A{n}" for n in range(len(frame))]
    write_har(frame.set_axis(codes, axis=0).set_axis(codes, axis=1), file)
    whole = file.read_bytes()
    file.write_bytes(whole[:200] + b"\x00" * 40 + whole[240 : len(whole) // 2])
    with pytest.raises(ImportDataError, match="cannot be read as a header-array file"):
        read_har(file)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "lost",
    [
        "BLR household",
        "KAZ tax:production",
        "RUS factor:capital",
        "ROW tax:direct",
        "WLD margin",
        "WLD capital",
    ],
)
def test_a_missing_account_is_named(sam, tmp_path, lost):
    frame = labels_of(sam).drop(index=lost, columns=lost)
    frame.to_csv(tmp_path / "sam.csv", float_format="%.17g")
    with pytest.raises((ImportDataError, SamError), match="missing") as fault:
        import_sam(read_csv(tmp_path / "sam.csv"), PLAIN, balance=True)
    said = str(fault.value)
    assert lost in said or str(tuple(lost.split())) in said
    assert said.count("missing: ") == 0 or said.split("missing: ")[1].startswith(f"{lost}.")


def test_one_wrong_cell_is_not_taken_for_a_missing_account(sam, tmp_path):
    frame = labels_of(sam)
    frame.loc["BLR activity:agr", "BLR commodity:agr"] *= 2
    frame.to_csv(tmp_path / "sam.csv", float_format="%.17g")
    with pytest.raises(SamError, match="2 of 117 accounts do not balance"):
        import_sam(read_csv(tmp_path / "sam.csv"), PLAIN)


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "../mine", "", ".hidden", "c:mine"])
def test_a_base_year_has_a_plain_name(tmp_path, name):
    with pytest.raises(ImportDataError, match="name is that of a folder below"):
        free_folder(tmp_path, name)


def test_a_base_year_is_replaced_only_if_asked(tmp_path):
    assert free_folder(tmp_path, "mine") == tmp_path / "mine"
    old = tmp_path / "mine" / "sam" / "adjustments.csv"
    old.parent.mkdir(parents=True)
    old.write_text("x\n", encoding="utf-8")
    with pytest.raises(ImportDataError, match=r"exists already\. .* --overwrite"):
        free_folder(tmp_path, "mine")
    folder = free_folder(tmp_path, "mine", overwrite=True)
    import_base_year(Source(path("sam/sam_2007"))).write(folder)
    assert not old.exists(), "left by a release that stood here before"
    assert (folder / "sam" / "sam_2007.csv").is_file()
