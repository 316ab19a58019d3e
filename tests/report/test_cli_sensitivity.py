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


def test_drawn_sams_are_a_sample_and_a_lost_one_is_told(eacu, small, monkeypatch):
    from dataclasses import replace

    from eacu.calibration.balancing import BalanceError
    from eacu.experiments.sensitivity import bases

    def estimate(self):
        if self.number == 1:
            raise BalanceError("it does not balance")
        base = small_base_year()
        sigma = (1.0 + 0.1 * self.number) * base.benchmark.sigma_armington
        return replace(base, benchmark=replace(base.benchmark, sigma_armington=sigma))

    monkeypatch.setattr(bases.DrawnBase, "estimate", estimate)
    ask = (
        "sensitivity",
        "union-2010-07",
        "--factors",
        "destinations,supply",
        "--workers",
        "1",
        "--no-closures",
    )
    answer = eacu(*ask, "--sams", "3", "--seed", "9", "--quiet")
    assert answer.exit_code == 1
    assert "How much of the spread is" in answer.stdout
    assert "SAM 1 of seed 9: is left out: BalanceError: it does not balance" in answer.stderr
    answer = eacu(*ask, "--sams", "3", "--seed", "9", "--quiet", "--json")
    found = json.loads(answer.stdout)
    assert [lost["base"] for lost in found["failed"]] == ["SAM 1"]
    assert {"name": "SAM 1", "number": 1, "seed": 9} in found["sams"]
    shares = found["bands"][0]
    assert shares["sam"] + shares["elasticities"] + shares["policy"] == pytest.approx(1.0)
