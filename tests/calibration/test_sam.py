"""Reading and refusing social accounting matrices."""

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.sam import COLUMNS, Sam, SamError
from tests.support.synthetic import synthetic_sam


@pytest.fixture(scope="module")
def sam():
    return synthetic_sam(seed=1)


def cell(table, row, column):
    """Position of one cell, given as two (region, account) pairs."""
    keys = list(zip(*(table[c] for c in COLUMNS[:4]), strict=True))
    return keys.index((*row, *column))


def test_reads_back_what_it_wrote(sam, tmp_path):
    sam.write(tmp_path / "sam.csv")
    again = Sam.read(tmp_path / "sam.csv")
    pd.testing.assert_frame_equal(again.table, sam.table)
    assert again.regions == ("RUS", "BLR", "KAZ", "ROW")
    assert set(again.factors) == {"unskilled", "skilled", "capital", "land", "resources"}


@pytest.mark.parametrize("seed", range(8))
def test_synthetic_sams_balance_to_rounding(seed):
    assert synthetic_sam(seed=seed).balance_gap() < 1e-13


def test_matrix_has_equal_row_and_column_sums(sam):
    matrix = sam.to_matrix()
    np.testing.assert_allclose(matrix.sum(axis=1), matrix.sum(axis=0), rtol=1e-12, atol=1e-10)
    assert matrix.to_numpy().sum() == pytest.approx(sam.table["value"].sum(), rel=1e-12)


def test_totals_of_a_table_worked_by_hand():
    table = pd.DataFrame([("A", "x", "A", "y", 3.0), ("A", "y", "A", "x", 2.0)], columns=list(COLUMNS))
    totals = Sam(table).totals
    assert totals.loc[("A", "x")].tolist() == [3.0, 2.0, 1.0, 1.0 / 3.0]
    assert totals.loc[("A", "y")].tolist() == [2.0, 3.0, -1.0, 1.0 / 3.0]


def test_one_changed_cell_names_both_accounts_and_the_gap(sam):
    table = sam.table.copy()
    n = cell(table, ("RUS", "factor:capital"), ("RUS", "activity:oil"))
    table.loc[n, "value"] *= 1.001
    with pytest.raises(SamError, match=r"2 of .* accounts do not balance") as error:
        Sam.from_table(table)
    message = str(error.value)
    assert "RUS, factor:capital" in message
    assert "RUS, activity:oil" in message
    assert f"gap {sam.table.loc[n, 'value'] * 0.001:,.6g}" in message
    assert "Likely reasons" in message


def test_the_tolerance_is_relative_to_the_account(sam):
    billions = sam.table.assign(value=sam.table["value"] / 1e9)
    assert Sam.from_table(billions).balance_gap() < 1e-12
    n = cell(billions, ("RUS", "factor:capital"), ("RUS", "activity:oil"))
    billions.loc[n, "value"] *= 1.1
    with pytest.raises(SamError, match="do not balance"):
        Sam.from_table(billions)


def test_a_missing_number_is_not_zero(sam, tmp_path):
    table = sam.table.copy()
    table.loc[7, "value"] = np.nan
    with pytest.raises(SamError, match=r"no finite number.*(?s:.)*row 9"):
        Sam.from_table(table)
    table.to_csv(tmp_path / "gap.csv", index=False)
    with pytest.raises(SamError, match=r"gap\.csv.*no finite number"):
        Sam.read(tmp_path / "gap.csv")


def test_infinite_and_textual_values_are_refused(sam):
    for bad in (np.inf, "n.a."):
        table = sam.table.astype({"value": object})
        table.loc[3, "value"] = bad
        with pytest.raises(SamError, match="no finite number"):
            Sam.from_table(table)


def test_a_negative_purchase_is_refused(sam):
    table = sam.table.copy()
    n = cell(table, ("KAZ", "commodity:agr"), ("KAZ", "household"))
    table.loc[n, "value"] *= -1
    with pytest.raises(SamError, match=r"negative(?s:.)*KAZ, commodity:agr(?s:.)*household"):
        Sam.from_table(table)


def test_negative_production_taxes_are_admitted(sam):
    taxes = sam.table[sam.table["row_account"] == "tax:production"]
    assert (taxes["value"] < 0).any()


def test_duplicates_are_refused_and_the_remedy_named(sam):
    table = pd.concat([sam.table, sam.table.iloc[[0]]])
    with pytest.raises(SamError, match=r"more than once(?s:.)*intra:<g>"):
        Sam.from_table(table)


@pytest.mark.parametrize("account", ["comodity:agr", "tax:vat", "tax:import:XXX", "households", "commodity:"])
def test_unknown_accounts_are_refused(sam, account):
    table = sam.table.replace({"row_account": {"commodity:agr": account}, "column_account": {}})
    table["column_account"] = table["column_account"].replace("commodity:agr", account)
    with pytest.raises(SamError, match="unknown account"):
        Sam.from_table(table)


def test_a_missing_institution_is_named(sam):
    keep = ~(
        (sam.table["row_account"].eq("investment") & sam.table["row_region"].eq("BLR"))
        | (sam.table["column_account"].eq("investment") & sam.table["column_region"].eq("BLR"))
    )
    with pytest.raises(SamError, match=r"\('BLR', 'investment'\).*missing"):
        Sam.from_table(sam.table[keep])


def test_missing_columns_and_files_are_named(sam, tmp_path):
    with pytest.raises(SamError, match=r"column\(s\) \['value'\] are missing"):
        Sam.from_table(sam.table.drop(columns="value"))
    with pytest.raises(SamError, match="does not exist"):
        Sam.read(tmp_path / "nothing.csv")
    with pytest.raises(SamError, match="no rows"):
        Sam.from_table(sam.table.iloc[:0])
