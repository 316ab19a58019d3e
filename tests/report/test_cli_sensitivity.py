"""The command ``eacu sensitivity`` and the option ``--band``."""

from __future__ import annotations

import json

import pytest

from tests.experiments.small_economy import small_base_year


@pytest.fixture
def small(monkeypatch):
    from eacu.experiments import base_year, run
    from eacu.experiments.sensitivity import sweep

    monkeypatch.setattr(sweep, "cores", lambda: 1)
    for module in (sweep, run):
        monkeypatch.setattr(module, "base_of", lambda regimes: small_base_year())
    monkeypatch.setattr(base_year, "load_base_year", lambda *_: small_base_year())


def test_one_command_answers_with_bands_shares_and_derivatives(eacu, small, tmp_path):
    ask = ("sensitivity", "union-2010-07", "--workers", "1", "--keep", str(tmp_path / "kept"))
    answer = eacu(*ask, "--json", "--quiet")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert found["method"] == "quadrature"
    assert found["draws"] == 2 * len(found["factors"])
    assert found["failed"] == []
    row = next(r for r in found["bands"] if (r["region"], r["indicator"]) == ("KAZ", "ev_usd_mn"))
    assert row["low"] < row["central"] < row["high"]
    assert {r["group"] for r in found["shares"]} == {f["name"].partition("[")[0] for f in found["factors"]}
    assert "holds a sweep already" in eacu(*ask).stderr
    shown = eacu(*ask, "--resume", "--quiet", "--table", str(tmp_path / "bands.csv"))
    assert "90 % band" in shown.stdout
    assert "trade[" in shown.stdout
    assert (tmp_path / "bands.csv").read_text(encoding="utf-8").startswith("regime,region,indicator")


def test_bad_questions_are_told_in_words(eacu, small):
    assert "add --keep" in eacu("sensitivity", "union-2010-07", "--resume").stderr
    assert "ev_usd_mn" in eacu("sensitivity", "union-2010-07", "--of", "ev_usd_m").stderr
    answer = eacu("sensitivity", "union-2010-07", "--method", "guess")
    assert answer.exit_code == 2
    assert "quasi-random" in answer.stderr


def test_run_adds_bands(eacu, small):
    answer = eacu("run", "union-2010-07", "--band", "--json", "--quiet", "--no-save")
    assert answer.exit_code == 0, answer.output
    rows = json.loads(answer.stdout)[0]["bands"]
    assert {"regime", "region", "indicator", "mean", "sd", "low", "high"} <= set(rows[0])
