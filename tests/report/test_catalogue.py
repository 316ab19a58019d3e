"""The catalogue answers SQL over all runs and follows the folders."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from eacu.report.catalogue import FILE_NAME, CatalogueError, query, sync
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
    sync(out)
    sync(out)
    shutil.rmtree(first)
    for table in ("runs", "indicators", "checks"):
        assert query(out, f"select distinct run from {table}")["run"].tolist() == [second.name]
    (out / FILE_NAME).unlink()
    assert query(out, "select run from runs")["run"].tolist() == [second.name]


def test_wrong_sql_is_explained(run, tmp_path):
    out = tmp_path / "runs"
    save_run(run, out)
    with pytest.raises(CatalogueError, match=r"(?s)nonsense.*Tables: runs, indicators, checks, results"):
        query(out, "select * from nonsense")


def test_a_query_cannot_write(run, tmp_path):
    out = tmp_path / "runs"
    save_run(run, out)
    with pytest.raises(CatalogueError, match="read-only"):
        query(out, "delete from runs")
    assert len(query(out, "select * from runs")) == 1


def test_a_busy_catalogue_is_waited_for(run, tmp_path):
    """Many threads and processes may finish at once; none may fail or add a run twice."""
    out = tmp_path / "runs"
    for _ in range(4):
        save_run(run, out)
    program = "import sys, pathlib; from eacu.report.catalogue import sync; sync(pathlib.Path(sys.argv[1]))"
    processes = [subprocess.Popen([sys.executable, "-c", program, str(out)]) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(sync, [out] * 4)) == [out / FILE_NAME] * 4
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    with duckdb.connect(str(out / FILE_NAME), read_only=True) as connection:
        assert connection.execute("select count(*), count(distinct run) from runs").fetchone() == (4, 4)
