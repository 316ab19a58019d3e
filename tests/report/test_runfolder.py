"""The run folder: complete or absent, and everything that defines a result inside."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pandas as pd
import pytest

from eacu.calibration.sam import Sam
from eacu.model.closures import CLOSURES
from eacu.report import runfolder
from eacu.report.provenance import PACKAGE
from eacu.report.runfolder import save_run
from eacu.report.saved import open_run
from eacu.report.store import LOCK, StoreError, run_folders


def test_a_run_is_a_document(run, tmp_path):
    folder = save_run(run, tmp_path / "runs")
    assert {path.name for path in folder.iterdir()} == {
        "run.json",
        "regimes",
        "data.sha256",
        "sources.csv",
        "log.txt",
        "results.parquet",
        "indicators.csv",
        "trade.parquet",
        "sam",
        "checks.json",
    }
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert facts["status"] == "ok"
    assert facts["regimes"] == ["pre-union", "union-2010-07"]
    assert facts["closures"] == {"default": CLOSURES["default"].description}
    assert {"eacu", "pyomo", "numpy", "scipy", "python"} <= facts["versions"].keys()
    assert (folder / "log.txt").read_text(encoding="utf-8").splitlines() == list(run.log)


def test_the_code_that_ran_is_named(run, tmp_path):
    """The commit is git's where the package is a checkout; the hash follows every file of code."""
    facts = json.loads((save_run(run, tmp_path / "runs") / "run.json").read_text(encoding="utf-8"))
    assert len(facts["code"]["sha256"]) == 64
    if (PACKAGE / ".git").exists():
        log = subprocess.run(
            ["git", "-C", str(PACKAGE), "log", "-1", "--format=%H"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert facts["code"]["commit"] == (log.stdout.strip() or None)
    else:
        assert facts["code"]["commit"] is None


def test_a_run_reads_back_as_it_was_solved(run, failing_run, tmp_path):
    saved = open_run(save_run(failing_run, tmp_path / "runs"))
    assert [regime.name for regime in saved] == [regime.name for regime in failing_run]
    assert saved.regions["KAZ"] == "Kazakhstan"
    assert saved.facts["base_year"] == 2007
    for regime in failing_run:
        pd.testing.assert_frame_equal(saved[regime.name].indicators, regime.indicators, check_names=False)
        assert saved[regime.name].checks == regime.checks
        pd.testing.assert_frame_equal(saved.sam(regime.name).table, regime.sam.table, check_dtype=False)
    assert saved.problems() == []
    assert saved.welfare is None
    with pytest.raises(StoreError, match="no regime 'union' in run"):
        saved["union"]


def test_inputs_are_kept_and_hashed(run, tmp_path):
    folder = save_run(run, tmp_path / "runs")
    for regime in run:
        for file in regime.regime.files:
            assert (folder / "regimes" / file.name).read_bytes() == file.read_bytes()
    file = run.data_files[0]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (folder / "data.sha256").read_text(encoding="utf-8") == f"{digest}  {file}\n"


def test_results_read_back_exactly(run, tmp_path):
    folder = save_run(run, tmp_path / "runs")
    results = pd.read_parquet(folder / "results.parquet")
    union = results[results["regime"] == "union-2010-07"].drop(columns="regime").reset_index(drop=True)
    pd.testing.assert_frame_equal(union, run["union-2010-07"].results)
    indicators = pd.read_csv(folder / "indicators.csv").set_index(["regime", "region", "indicator"])["value"]
    for regime in run:
        for (region, key), value in regime.indicators.T.unstack().items():
            assert indicators[regime.name, region, key] == pytest.approx(value, rel=1e-15, nan_ok=True)
    sam = Sam.read(folder / "sam" / "pre-union.csv")
    pd.testing.assert_frame_equal(sam.table, run["pre-union"].sam.table, check_dtype=False)


def test_the_data_hash_follows_the_data(run, tmp_path):
    def data_hash() -> str:
        folder = save_run(run, tmp_path / "runs")
        return json.loads((folder / "run.json").read_text(encoding="utf-8"))["data_sha256"]

    first, again = data_hash(), data_hash()
    run.data_files[0].write_text("schedule,rate\ncet,6\n", encoding="utf-8")
    assert first == again != data_hash()


def test_failing_checks_are_recorded(failing_run, tmp_path):
    folder = save_run(failing_run, tmp_path / "runs")
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["status"] == "check failed"
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))["union-2010-07"]
    assert [check["passed"] for check in checks] == [False, True, True, True]


def test_two_runs_in_the_same_second_do_not_collide(run, tmp_path):
    folders = {save_run(run, tmp_path / "runs") for _ in range(3)}
    assert len(folders) == 3
    assert set(run_folders(tmp_path / "runs")) == folders


@pytest.mark.parametrize("victim", ["results.parquet", "checks.json", "run.json"])
def test_an_interrupted_save_leaves_nothing_behind(run, tmp_path, monkeypatch, victim):
    out = tmp_path / "runs"

    def fail(*_args, **_kwargs):
        raise KeyboardInterrupt

    if victim == "results.parquet":
        monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    else:
        write = runfolder._write_json
        monkeypatch.setattr(
            runfolder,
            "_write_json",
            lambda file, content: fail() if file.name == victim else write(file, content),
        )
    with pytest.raises(KeyboardInterrupt):
        save_run(run, out)
    assert [path.name for path in out.iterdir()] in ([], [LOCK])


def test_a_half_written_folder_is_not_a_run(run, tmp_path):
    out = tmp_path / "runs"
    folder = save_run(run, out)
    half = out / ".partial-killed"
    half.mkdir()
    (half / "run.json").write_text("{}", encoding="utf-8")
    (out / "notes").mkdir()
    assert run_folders(out) == [folder]


def test_two_different_regime_files_of_one_name_are_refused(run, tmp_path):
    from dataclasses import replace

    other = tmp_path / "pre-union.toml"
    other.write_text("title = 'another'\n", encoding="utf-8")
    first, second = run.solved
    mixed = replace(run, solved=(first, replace(second, regime=replace(second.regime, files=(other,)))))
    with pytest.raises(ValueError, match=r"two different regime files are called pre-union\.toml"):
        save_run(mixed, tmp_path / "runs")
    assert run_folders(tmp_path / "runs") == []
