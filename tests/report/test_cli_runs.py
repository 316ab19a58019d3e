"""``eacu runs list|show|query|delete``, and the workbook of a run that is not saved."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from eacu.report.cli import app
from eacu.report.cli_export import write_excel
from eacu.report.runfolder import save_run
from eacu.report.store import run_folders


@pytest.fixture
def eacu(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [*map(str, arguments)])


def test_list_says_what_there_is(eacu, run, failing_run, tmp_path):
    names = [save_run(one, tmp_path / "runs").name for one in (run, failing_run)]
    for command in (("runs",), ("runs", "list")):
        answer = eacu(*command)
        assert answer.exit_code == 0
        assert all(name in answer.stdout for name in names)
        assert answer.stdout.count("check failed") == 1
        assert "problem" not in answer.stdout, "no column for what does not occur"
    entries = json.loads(eacu("runs", "list", "--json").stdout)
    assert {entry["run"]: entry["status"] for entry in entries} == dict(
        zip(names, ["ok", "check failed"], strict=True)
    )
    (tmp_path / "runs" / names[0] / "checks.json").unlink()
    assert "damaged" in eacu("runs").stdout
    assert "checks.json is missing" in eacu("runs").stdout


def test_show_tells_where_a_number_comes_from(eacu, run, tmp_path):
    folder = save_run(run, tmp_path / "runs")
    answer = eacu("runs", "show", folder.name[:12])
    assert answer.exit_code == 0, answer.output
    for text in (
        folder.name,
        "base year 2007",
        "union-2010-07",
        "Real GDP, %",
        "largest residual",
        "are intact",
    ):
        assert text in answer.stdout
    facts = json.loads(eacu("runs", "show", "--json").stdout)
    assert facts["run"] == folder.name
    assert facts["problems"] == []


def test_show_does_not_hide_what_is_wrong(eacu, run, failing_run, tmp_path):
    assert eacu("runs", "show").exit_code == 2, "there is no run yet"
    save_run(failing_run, tmp_path / "bad")
    answer = eacu("runs", "show", "--out", "bad")
    assert answer.exit_code == 1
    assert "FAIL" in answer.stdout
    folder = save_run(run, tmp_path / "runs")
    log = folder / "log.txt"
    log.write_bytes(b"x" * log.stat().st_size)
    answer = eacu("runs", "show")
    assert answer.exit_code == 1
    assert "DAMAGED: log.txt is not the file that was written" in answer.stdout


def test_query_and_its_short_form(eacu, run, tmp_path):
    save_run(run, tmp_path / "runs")
    sql = "select count(*) as n from checks"
    long, short = eacu("runs", "query", sql), eacu("query", sql)
    assert long.stdout == short.stdout
    assert json.loads(eacu("query", sql, "--json").stdout) == [{"n": 8}]
    refused = eacu("runs", "query", "drop table runs")
    assert refused.exit_code == 2
    assert "read-only" in refused.stderr


def test_delete(eacu, run, tmp_path):
    first, second = (save_run(run, tmp_path / "runs") for _ in range(2))
    assert (
        eacu("runs", "delete", first.name, "--dry-run").stdout.strip()
        == f"would delete {Path('runs') / first.name}"
    )
    assert len(run_folders(tmp_path / "runs")) == 2
    wrong = eacu("runs", "delete", first.name, "20991231")
    assert wrong.exit_code == 2
    assert len(run_folders(tmp_path / "runs")) == 2
    assert eacu("runs", "delete", first.name).exit_code == 0
    assert run_folders(tmp_path / "runs") == [second]


def test_a_workbook_without_a_saved_run(run, tmp_path):
    file = write_excel(run, tmp_path / "union.xlsx", None)
    assert "effects" in openpyxl.load_workbook(file).sheetnames
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inputs", "union.xlsx"]


def test_a_wrong_name_is_refused_before_anything_is_solved(eacu, tmp_path):
    answer = eacu("run", "pre-union", "--excel", "union.xls")
    assert answer.exit_code == 2
    assert "must end in .xlsx" in answer.stderr
    assert "replicated" not in answer.stderr
    assert list(tmp_path.iterdir()) == []
