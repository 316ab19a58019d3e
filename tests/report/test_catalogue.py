"""The catalogue answers SQL over all runs and follows the folders."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from eacu.report.catalogue import TABLES, CatalogueError, query
from eacu.report.runfolder import save_run


def test_sql_over_all_runs(run, failing_run, tmp_path):
    out = tmp_path / "runs"
    first, second = save_run(run, out), save_run(failing_run, out)
    answer = query(out, "select run, status, regimes from runs order by run")
    assert dict(zip(answer["run"], answer["status"], strict=True)) == {
        first.name: "ok",
        second.name: "check failed",
    }
    value = query(
        out,
        "select value from indicators where regime = 'union-2010-07' and region = 'KAZ' "
        f"and indicator = 'cpi_pct' and run = '{first.name}'",
    )["value"].item()
    assert value == run["union-2010-07"].indicators.at["KAZ", "cpi_pct"]
    failed = query(out, "select count(*) as n from checks where not passed")["n"].item()
    assert failed == 1
    sql = "select sum(change) as total from results where variable = 'output' and region = 'KAZ' and run = "
    expected = run["union-2010-07"].solution.output_by_sector().set_index("region").loc["KAZ", "change"].sum()
    assert query(out, f"{sql}'{first.name}'")["total"].item() == pytest.approx(expected, rel=1e-9)


def test_an_undefined_indicator_is_null_not_zero(run, tmp_path):
    out = tmp_path / "runs"
    save_run(run, out)
    undefined = sum(int(regime.indicators.isna().to_numpy().sum()) for regime in run)
    assert undefined > 0, "the example should have an undefined indicator"
    answer = query(out, "select count(*) as n from indicators where value is null")
    assert answer["n"].item() == undefined


def test_the_catalogue_follows_the_folders(run, tmp_path):
    out = tmp_path / "runs"
    first, second = save_run(run, out), save_run(run, out)
    shutil.rmtree(first)
    for table in TABLES:
        if table not in ("welfare", "bands"):  # a run has these if it is asked for them
            assert query(out, f"select distinct run from {table}")["run"].tolist() == [second.name]
    shutil.copytree(second, out / "a copy")
    assert query(out, "select run from runs order by run")["run"].tolist() == [second.name, "a copy"]


def test_runs_are_found_by_their_elasticities_old_runs_beside_new_ones(run, tmp_path):
    out = tmp_path / "runs"
    own, other = save_run(run, out), save_run(replace(run, elasticities="gtap"), out)
    for name, change in (("old", {"format": None, "elasticities": None}), ("future", {"format": 99})):
        copy = shutil.copytree(own, out / name)
        facts = json.loads((copy / "run.json").read_text(encoding="utf-8")) | change
        facts = {key: value for key, value in facts.items() if value is not None}
        (copy / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    answer = query(out, "select run from runs where elasticities = 'gtap'")
    assert answer["run"].tolist() == [other.name]
    rows = query(out, "select * from runs").set_index("run")
    assert rows.loc[own.name, "elasticities"] == "envisage"
    assert rows.loc["old", "status"] == "ok"
    assert rows["elasticities"].isna().to_dict() == {
        own.name: False,
        other.name: False,
        "old": True,
        "future": True,
    }
    assert rows.loc["future", "status"] == "damaged"
    assert "format 99; this one reads up to 2" in rows.loc["future", "problem"]
    joined = "select count(distinct i.run) as n from indicators i join runs r using (run) where r.elasticities is null"
    assert query(out, joined)["n"].item() == 1


def test_wrong_sql_is_explained(run, tmp_path):
    out = tmp_path / "runs"
    save_run(run, out)
    with pytest.raises(CatalogueError, match=r"(?s)nonsense.*Tables: runs, checks, indicators, results"):
        query(out, "select * from nonsense")


@pytest.mark.parametrize(
    "sql",
    [
        "delete from runs",
        "copy (select 1) to 'stolen.csv'",
        "select 1; attach 'other.duckdb'",
        "install spatial",
    ],
)
def test_a_query_cannot_write(run, tmp_path, monkeypatch, sql):
    monkeypatch.chdir(tmp_path)
    save_run(run, tmp_path / "runs")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CatalogueError, match="read-only"):
        query(tmp_path / "runs", sql)
    assert sorted(tmp_path.rglob("*")) == before


def test_questions_at_once_do_not_disturb_one_another(run, tmp_path):
    out = tmp_path / "runs"
    for _ in range(4):
        save_run(run, out)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: query(out, "select count(*) as n from runs")["n"].item(), range(8)))
    assert counts == [4] * 8


def test_an_empty_store_has_its_tables(tmp_path):
    assert query(tmp_path, "select run, regimes from runs").empty
    assert query(tmp_path, "select * from checks where not passed").empty


def test_a_table_that_no_run_has_is_told_with_how_to_get_it(run, tmp_path):
    save_run(run, tmp_path)
    with pytest.raises(CatalogueError, match="eacu run REGIME --welfare keeps them") as caught:
        query(tmp_path, "select * from welfare")
    assert "Tables: runs, checks, indicators, results, trade." in str(caught.value)
