"""``eacu compare``: regimes and saved runs side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from eacu.report.compare import CompareError, of_run, side_by_side
from eacu.report.runfolder import save_run


def test_differences_are_those_of_the_indicators(run):
    rows = side_by_side(of_run(run))
    first, second = (regime.indicators for regime in run)
    for row in rows.itertuples():
        own = {"pre-union": first, "union-2010-07": second}[row.label].loc[row.region, row.indicator]
        reference = first.loc[row.region, row.indicator]
        assert row.value == own or (pd.isna(row.value) and pd.isna(own))
        assert pd.isna(row.difference) == pd.isna(own - reference)
        if not pd.isna(row.difference):
            assert row.difference == own - reference
    assert len(rows) == 2 * first.size
    assert (rows.loc[rows["label"] == "pre-union", "difference"].dropna() == 0).all()
    assert rows.loc[rows["indicator"] == "ev_usd_mn", "unit"].eq("mn USD").all()


def test_the_table_shows_members_values_and_differences(eacu):
    answer = eacu("compare", "pre-union", "union-2010-07", "--of", "ev_usd_mn,real_gdp_pct")
    assert answer.exit_code == 0, answer.output
    lines = answer.stdout.splitlines()
    assert "Δ: difference to pre-union" in lines[0]
    assert [line.strip() for line in lines if line.strip() in ("RUS", "BLR", "KAZ", "ROW")] == [
        "RUS",
        "BLR",
        "KAZ",
    ]
    welfare = next(line for line in lines if "Equivalent variation, USD mn" in line).split()[-3:]
    assert welfare[0] == "0"
    assert welfare[1].lstrip("+") == welfare[2].lstrip("+")


def test_a_saved_run_compares_with_the_regime_solved_again(eacu, run, tmp_path):
    folder = save_run(run, tmp_path / "runs")
    answer = eacu(
        "compare", f"{folder.name}:union-2010-07", "union-2010-07", "--json", "--table", "out/t.csv"
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    labels = [column["label"] for column in found["compared"]]
    assert labels == [f"union-2010-07 ({folder.name})", "union-2010-07 (solved now)"]
    assert found["reference"] == labels[0]
    assert {row["region"] for row in found["rows"]} == {"RUS", "BLR", "KAZ", "ROW"}
    for row in found["rows"]:
        assert row["difference"] is None or abs(row["difference"]) <= 1e-7 * max(1.0, abs(row["value"]))
    written = pd.read_csv(tmp_path / "out" / "t.csv")
    assert len(written) == len(found["rows"])
    assert not list((tmp_path / "out").glob(".*"))


def test_a_whole_run_stands_for_its_regimes(eacu, run, tmp_path):
    folder = save_run(run, tmp_path / "elsewhere")
    assert "ROW" in eacu("compare", folder, "--all-regions").stdout
    answer = eacu("compare", folder, "--json")
    assert answer.exit_code == 0, answer.output
    assert [c["label"] for c in json.loads(answer.stdout)["compared"]] == ["pre-union", "union-2010-07"]


def test_a_failed_check_of_a_saved_run_is_not_hidden(eacu, failing_run, tmp_path):
    folder = save_run(failing_run, tmp_path / "runs")
    answer = eacu("compare", folder.name)
    assert answer.exit_code == 1
    assert f"union-2010-07 ({folder.name}): check failed" in answer.stderr
    assert "Real GDP" in answer.stdout


def test_different_base_years_are_not_subtracted(run):
    first, second = of_run(run)
    other = second.indicators.assign(
        tariff_revenue_base_usd_mn=second.indicators["tariff_revenue_base_usd_mn"] * 2
    )
    with pytest.raises(CompareError, match="start from different base years: tariff revenue of RUS"):
        side_by_side([first, replace(second, indicators=other)])
    with pytest.raises(CompareError, match="has the regions RUS, BLR, KAZ, ROW"):
        side_by_side([first, replace(second, indicators=second.indicators.drop(index="ROW"))])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["union-2010-7", "pre-union"], "did you mean 'union-2010-07'?"),
        (["pre-union"], "only 1 to compare"),
        (["pre-union", "union-2010-07", "--of", "ev_usd_m"], "did you mean 'ev_usd_mn'?"),
        (["pre-union", "union-2010-07", "--table", "a.xls"], "must be .csv or .parquet"),
        (["nosuch:pre-union", "pre-union"], "unknown regime or saved run 'nosuch:pre-union'"),
    ],
)
def test_bad_input(eacu, arguments, expected):
    answer = eacu("compare", *arguments)
    assert answer.exit_code == 2
    assert expected in answer.stderr


def test_an_unknown_regime_of_a_saved_run(eacu, run, tmp_path):
    folder = save_run(run, tmp_path / "runs")
    answer = eacu("compare", f"{folder.name}:union-2010-7", "pre-union")
    assert answer.exit_code == 2
    assert "did you mean 'union-2010-07'?" in answer.stderr
