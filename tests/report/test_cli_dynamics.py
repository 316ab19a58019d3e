"""``eacu path``: tables, JSON, figure, table file, and what is refused."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from eacu.experiments import path_run
from eacu.experiments.paths import path_names
from eacu.report.cli import app
from eacu.report.path_tables import shown_years
from tests.experiments.small_economy import small_base_year


@pytest.fixture
def eacu(tmp_path, monkeypatch):
    """Call the program on the small economy, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(path_run, "load_base_year", small_base_year)
    return lambda *arguments: CliRunner().invoke(app, ["path", *map(str, arguments)])


def test_tables_of_members_by_year(eacu):
    answer = eacu("union", "--until", 2012)
    assert answer.exit_code == 0, answer.output
    words = " ".join(answer.stdout.split())
    for text in (
        "union: change against no-union",
        "RUS",
        "KAZ",
        "Capital stock",
        "2010",
        "2012",
        "present value at 5 %",
    ):
        assert text in words
    assert "ROW" not in answer.stdout
    assert "all within tolerance" in answer.stdout
    assert "24 years" not in answer.stdout
    assert "6 years" in answer.stderr


def test_json_is_all_that_is_printed(eacu):
    answer = eacu("union", "wto-alone", "--until", 2012, "--json", "--discount", 0.1)
    found = json.loads(answer.stdout)
    assert found["baseline"] == "no-union"
    assert found["closure"] == "savings-driven"
    assert found["years"] == list(range(2007, 2013))
    assert found["discount"] == 0.1
    assert [path["path"] for path in found["paths"]] == ["no-union", "union", "wto-alone"]
    for path in found["paths"]:
        assert path["status"] == "ok"
        assert path["max_residual"] <= 1e-9
        assert path["max_walras"] <= 1e-8
    assert found["paths"][1]["regimes"]["2010"] == {"union-2010-01": 0.5, "union-2010-07": 0.5}
    rows = pd.DataFrame(found["rows"])
    assert set(rows["variable"]) >= {"real_gdp", "welfare", "consumption", "capital_stock"}
    assert set(rows["region"]) == {"RUS", "BLR", "KAZ", "ROW"}
    values = {(v["path"], v["region"]): v["ev_pct_consumption"] for v in found["present_value"]}
    assert values["no-union", "KAZ"] == 0
    assert values["union", "KAZ"] != 0


def test_a_figure_and_a_table_are_written(eacu, tmp_path):
    pytest.importorskip("matplotlib")
    answer = eacu("union", "--until", 2011, "--figure", "out/path.svg", "--table", "out/path.csv")
    assert answer.exit_code == 0, answer.output
    drawn = (tmp_path / "out" / "path.svg").read_text(encoding="utf-8")
    assert "RUS: Real GDP" in drawn and "KAZ" in drawn and "union" in drawn
    table = pd.read_csv(tmp_path / "out" / "path.csv")
    assert {"path", "year", "region", "variable", "percent"} <= set(table.columns)
    assert set(table["year"]) == set(range(2007, 2012))


@pytest.fixture
def target_file(tmp_path):
    text = "title = 'A'\nquestion = 'B'\ndescription = 'C'\npath = 'union'\nsince = 2010\nuntil = 2011\n"
    file = tmp_path / "asked.toml"
    file.write_text(f"{text}[real_gdp_pct]\nKAZ = 3\n", encoding="utf-8")
    return file


def test_a_target_is_answered_by_the_productivity_it_takes(eacu, target_file, tmp_path, monkeypatch):
    monkeypatch.setattr(path_run, "_base_of", lambda regimes: small_base_year())
    answer = eacu("--target", target_file)
    assert answer.exit_code == 0, answer.output
    assert "real GDP of 2011 and the productivity it takes" in answer.stdout
    assert "all within tolerance" in answer.stdout
    answer = eacu("--target", target_file, "--json", "--table", "all.csv")
    found = json.loads(answer.stdout)
    (row,) = found["rows"]
    assert row["region"] == "KAZ"
    assert row["gap_pct"] == pytest.approx(3.0 - row["own_pct"])
    assert found["productivity_pct"]["KAZ"]["2011"] == pytest.approx(row["productivity_pct"])
    assert found["productivity_pct"]["KAZ"]["2009"] == pytest.approx(0.0, abs=1e-9)
    assert set(found["columns"]) == set(row) - {"region"}
    assert set(pd.read_csv(tmp_path / "all.csv")["path"]) == {"no-union", "union", "required"}


def test_a_cost_of_installation_is_passed_on(eacu):
    free, costly = (
        json.loads(eacu("union", "--until", 2010, "--json", "--installation-cost", cost).stdout)
        for cost in (0, 5)
    )
    stocks = [
        [r["value"] for r in found["rows"] if r["variable"] == "capital_stock" and r["year"] == 2010]
        for found in (free, costly)
    ]
    assert all(more > less for more, less in zip(*stocks, strict=True))


def test_paths_are_listed(eacu):
    answer = eacu("--list")
    assert answer.exit_code == 0
    for name in path_names():
        assert f"{name}\n" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["onion"], "did you mean 'union'"),
        (["union", "--figure", "a.gif"], "its ending must be one of .svg, .png, .pdf"),
        (["union", "--table", "a.xlsx"], "its ending must be .csv or .parquet"),
        (["union", "--until", "2040"], "no year 2031"),
        (["union", "--closure", "steady-state"], "determines the stock of capital"),
        (["union", "--progress-in", "labor"], "Did you mean 'labour'"),
        (["union", "--until", "2010", "--discount", "-2"], "above -1"),
        (["union", "--target", "edb-2012"], "leave out union"),
        (["--target", "edb-2012", "--hold-capital"], "do not go together"),
        (["union", "--installation-cost", "-1"], "must be a number of 0"),
    ],
)
def test_bad_input_is_answered_in_words(eacu, arguments, message):
    answer = eacu(*arguments)
    assert answer.exit_code == 2
    assert message in answer.stderr


@pytest.mark.parametrize(
    ("years", "shown"),
    [
        (range(2007, 2031), [2010, 2014, 2018, 2022, 2026, 2030]),
        (range(2007, 2010), [2008, 2009]),
        (range(2007, 2008), [2007]),
    ],
)
def test_a_table_shows_few_years_and_the_last(years, shown):
    assert shown_years(tuple(years)) == shown
