"""``eacu check``: every fault of a SAM, at once, with its cells."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from eacu.calibration.sam import COLUMNS, Sam, SamError
from eacu.calibration.sam_check import examine
from eacu.experiments.sam_trial import try_sam
from tests.support.synthetic import synthetic_sam

TEXTBOOK = "x,bread,milk,work,home\nbread,0,3,0,7\nmilk,4,0,0,6\nwork,6,7,0,0\nhome,0,0,13,0\n"
"""Two firms that buy from one another, labour and a household; every account balances."""


def statuses(document):
    return {check["check"]: check["status"] for check in document["checks"]}


@pytest.fixture
def check(eacu, tmp_path):
    """Exit code and document of ``eacu check`` on a text or a table."""

    def call(content, *options):
        file = tmp_path / "sam.csv"
        if isinstance(content, str):
            file.write_text(content, encoding="utf-8")
        else:
            content.to_csv(file, index=False)
        answer = eacu("check", file.name, "--json", "--no-model", *options)
        return answer.exit_code, json.loads(answer.stdout) if answer.stdout else answer.stderr

    return call


def test_a_good_matrix_passes_and_says_what_the_model_would_not_read(check):
    code, found = check(TEXTBOOK)
    assert code == 0
    assert found["passed"] and found["layout"] == "matrix" and found["accounts"] == 4
    assert found["largest_gap"] == 0.0
    checks = statuses(found)
    assert checks.pop("accounts") == "skipped"
    assert set(checks.values()) == {"passed"}
    assert "would read none of the 4 accounts (bread, milk, work, home" in found["checks"][-1]["message"]


def test_all_faults_of_a_matrix_are_listed_together(check):
    text = (
        "x,bread,milk,work,home,Total\nbread,,3,0,7,10\nmilk,4,0,-2,6,8\nwork,6,7,n/a,0,13\nidle,0,0,0,0,0\n"
    )
    code, found = check(text)
    assert code == 1
    assert statuses(found) == {
        "square": "failed",
        "numbers": "failed",
        "cells": "passed",
        "signs": "failed",
        "empty accounts": "failed",
        "balance": "failed",
        "accounts": "skipped",
    }
    by_name = {entry["check"]: entry for entry in found["checks"]}
    assert "only in the first column: 'idle'" in by_name["square"]["message"]
    assert "only in the first row: 'home', 'Total'" in by_name["square"]["message"]
    cells = [(c["row_account"], c["column_account"], c["value"]) for c in by_name["numbers"]["cells"]]
    assert cells == [("bread", "bread", ""), ("work", "work", "n/a")]
    assert "row 4: (work) receives from (work): 'n/a'" in by_name["numbers"]["message"]
    assert [c["value"] for c in by_name["signs"]["cells"]] == [-2.0]
    assert "milk receives -2 from work" in by_name["signs"]["message"]
    assert "neither receive nor pay: idle" in by_name["empty accounts"]["message"]


def test_the_balance_is_relative_to_the_account(check):
    rounded = TEXTBOOK.replace("home,0,0,13,0", "home,0,0,13.001,0")
    code, found = check(rounded)
    assert code == 1
    assert found["largest_gap"] == pytest.approx(0.001 / 13.001)
    assert check(rounded, "--tolerance", "1e-3")[0] == 0
    billions = rounded.replace("13.001", "13.00000001")
    assert check(billions)[0] == 0


def test_negative_cells_can_be_meant(check):
    text = "x,a,b,c\na,0,5,-1\nb,4,0,0\nc,0,-1,0\n"
    assert statuses(check(text)[1])["signs"] == "failed"
    code, found = check(text, "--allow-negative")
    assert code == 0, found


def test_a_sum_is_no_account(check):
    code, found = check("x,a,b,Total\na,0,5,5\nb,5,0,5\nTotal,5,5,10\n")
    assert code == 1
    assert "sums, which are no accounts; leave them out: 'Total'" in found["checks"][0]["message"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "cannot be read as a table"),
        ("a,b\n1,2\n3,4\n", "neither of the layouts of a SAM"),
        ("x,a,b\na,?,?\nb,?,?\n", "not one of its 4 cells holds a number"),
        (
            "row_region,value\nRUS,1\n",
            "column(s) ['row_account', 'column_region', 'column_account'] are missing",
        ),
    ],
)
def test_what_is_no_sam_is_bad_input(check, content, expected):
    code, message = check(content)
    assert code == 2
    assert expected in message


def test_a_missing_file_is_bad_input(eacu):
    answer = eacu("check", "nosuch.csv")
    assert answer.exit_code == 2
    assert "nosuch.csv does not exist" in answer.stderr


def test_a_sam_in_eacus_own_names_passes_in_both_layouts(check, tmp_path):
    sam = synthetic_sam(seed=1)
    assert check(sam.table)[0] == 0
    matrix = sam.to_matrix()
    names = [" ".join(label) for label in matrix.index]
    matrix.set_axis(names, axis=0).set_axis(names, axis=1).to_csv(tmp_path / "matrix.csv")
    found = examine(tmp_path / "matrix.csv")
    assert found.own and found.passed
    assert found.sam.balance_gap() < 1e-12
    kept = found.sam.table[found.sam.table["value"] != 0].set_index(list(COLUMNS[:4]))["value"]
    expected = sam.table[sam.table["value"] != 0].set_index(list(COLUMNS[:4]))["value"]
    pd.testing.assert_series_equal(kept.sort_index(), expected.sort_index())


def test_faults_of_a_sam_in_eacus_own_names(check):
    table = synthetic_sam(seed=1).table.copy()
    household = table.index[(table["row_account"] == "factor:capital")][0]
    table.loc[household, "value"] *= -1
    table.loc[household + 1, "row_account"] = "factory:capital"
    code, found = check(pd.concat([table, table.tail(1)]))
    assert code == 1
    checks = statuses(found)
    assert [name for name, status in checks.items() if status == "failed"] == [
        "cells",
        "signs",
        "balance",
        "accounts",
    ]
    assert "factory:capital" in found["checks"][-1]["message"]


def test_the_printed_answer_marks_what_failed(eacu, tmp_path):
    (tmp_path / "sam.csv").write_text(TEXTBOOK.replace("13", "12"), encoding="utf-8")
    answer = eacu("check", "sam.csv")
    assert answer.exit_code == 1
    assert "FAIL balance: " in answer.stdout
    assert "ok   numbers: " in answer.stdout
    assert answer.stdout.endswith("sam.csv: 1 of 7 checks FAILED\n")


def test_the_model_is_tried_on_a_sam_it_can_read():
    from eacu.data import path

    shipped = Sam.read(path("sam/sam_2007"))
    lines = []
    benchmark, replication = try_sam(shipped, tell=lines.append)
    assert (benchmark.status, replication.status) == ("passed", "passed")
    assert "equations hold at the base year" in replication.message
    assert [str(line) for line in lines] == ["reading rates off the SAM", "building the economy", "done"]


def test_a_sam_without_elasticities_cannot_be_tried():
    table = synthetic_sam(seed=1).table.replace("RUS", "MNG").replace({"tax:import:RUS": "tax:import:MNG"})
    (finding,) = try_sam(Sam(table))
    assert finding.status == "skipped"
    assert finding.message == "no elasticities for MNG; give a folder with your own by --base-year"


def test_reading_still_refuses_at_the_first_fault():
    table = synthetic_sam(seed=1).table
    with pytest.raises(SamError) as error:
        Sam.from_table(pd.concat([table, table.tail(1)]))
    assert len(error.value.cells) == 2
