"""The command ``eacu sensitivity`` and the option ``--band``."""

from __future__ import annotations

import inspect
import io
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from eacu.calibration.balancing import BalanceError
from eacu.experiments.regimes import load_regime
from eacu.experiments.sensitivity import bases
from eacu.experiments.sensitivity.factors import SensitivityError
from eacu.report import cli_bands, cli_sensitivity, drawn_sams
from eacu.report.catalogue import query
from eacu.report.layout import number
from eacu.report.saved import open_run
from eacu.report.sensitivity_options import ALWAYS, METHODS, READ, chosen_method
from eacu.report.workbook import HEADER_ROW
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
    assert "derivatives" not in found
    assert "SAM is held fixed" in found["holds"]
    row = next(r for r in found["bands"] if (r["region"], r["indicator"]) == ("KAZ", "ev_usd_mn"))
    assert row["low"] < row["central"] < row["high"]
    assert {r["group"] for r in found["shares"]} == {f["name"].partition("[")[0] for f in found["factors"]}
    assert "holds a sweep already" in eacu(*ask).stderr
    shown = eacu(*ask, "--resume", "--quiet", "--table", str(tmp_path / "bands.csv"))
    assert "90 % band" in shown.stdout
    assert "above zero" not in shown.stdout, "quadrature does not know it: no column of dashes"
    assert "SAM is held fixed" in shown.stdout
    assert "trade[" in shown.stdout
    assert (tmp_path / "bands.csv").read_text(encoding="utf-8").startswith("regime,region,indicator")


def test_bad_questions_are_told_in_words(eacu, small):
    assert "ev_usd_mn" in eacu("sensitivity", "union-2010-07", "--of", "ev_usd_m").stderr
    answer = eacu("sensitivity", "union-2010-07", "--method", "guess")
    assert answer.exit_code == 2
    assert "quasi-random" in answer.stderr
    assert "closures" in answer.stderr
    answer = eacu("sensitivity", "union-2010-07", "--seed", "-1")
    assert answer.exit_code == 2
    assert "--seed" in answer.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--resume", "add --keep"),
        ("--method closures --closure short-run", "--closure is not read by --method closures"),
        ("--method closures --sams 3", "--sams"),
        ("--method closures --factors trade", "--factors"),
        ("--method local --keep here", "--keep is not read by --method local"),
        ("--method quadrature --draws 50", "monte-carlo"),
        ("--base-year ukraine --sams 2", "name it in --base-years"),
        ("--workers 2 --scheduler tcp://localhost:1", "--workers"),
        ("--derivatives", "add --json"),
        ("--no-closures", "belong to --sams"),
        ("--sams 2 --json --derivatives", "leave it or --sams out"),
    ],
)
def test_an_option_that_would_not_be_read_is_refused(eacu, words, told):
    answer = eacu("sensitivity", "union-2010-07", *words.split())
    assert answer.exit_code == 2
    assert told in answer.stderr


def test_every_option_of_the_command_is_read_by_some_method_or_always():
    options = set(inspect.signature(cli_sensitivity.sensitivity).parameters) - {"context", "regimes"}
    assert options == ALWAYS.union(*READ.values())
    assert set(READ) == set(METHODS)


def test_who_asks_for_draws_gets_draws():
    assert chosen_method(None, ["as_json"], 0) == "quadrature"
    assert chosen_method(None, ["draws"], 0) == "monte-carlo"
    assert chosen_method(None, ["seed"], 0) == "monte-carlo"
    assert chosen_method(None, ["seed", "sams"], 3) == "quadrature"
    assert chosen_method("sobol", ["draws"], 0) == "sobol"


def test_run_keeps_bands_and_whoever_reads_the_run_finds_them(eacu, small, tmp_path):
    answer = eacu("run", "union-2010-07", "--band", "--json", "--quiet", "--excel", "bands.xlsx")
    assert answer.exit_code == 0, answer.output
    rows = json.loads(answer.stdout)[0]["bands"]
    assert {"regime", "region", "indicator", "mean", "sd", "low", "high"} <= set(rows[0])
    saved = open_run("latest", tmp_path / "runs")
    assert saved.problems() == []
    assert len(saved.bands) == len(rows)
    assert saved.bands["low"].tolist() == [row["low"] for row in rows]
    assert saved.facts["bands"]["draws"] == 2 * len(saved.facts["bands"]["factors"])
    sheet = pd.read_excel(tmp_path / "bands.xlsx", sheet_name="bands", header=HEADER_ROW)
    assert sheet["high"].to_numpy() == pytest.approx(saved.bands["high"].to_numpy())
    shown = eacu("runs", "show", "latest").stdout
    assert "90 % band" in shown
    assert "SAM is held fixed" in shown
    assert len(json.loads(eacu("runs", "show", "latest", "--json").stdout)["bands"]["rows"]) == len(rows)
    found = query(tmp_path / "runs", "select low from bands where region = 'KAZ' and indicator = 'ev_usd_mn'")
    own = next(r for r in rows if (r["region"], r["indicator"]) == ("KAZ", "ev_usd_mn"))
    assert found["low"].tolist() == [own["low"]]


def test_what_is_solved_is_kept_though_its_bands_cannot_be(eacu, small, tmp_path, monkeypatch):
    def fails(*_, **__):
        raise SensitivityError("no bands, on purpose")

    monkeypatch.setattr(cli_bands, "bands_of", fails)
    answer = eacu("run", "union-2010-07", "--band", "--quiet")
    assert answer.exit_code == 2
    assert "on purpose" in answer.stderr
    assert open_run("latest", tmp_path / "runs").bands is None


def test_compare_tells_what_the_spread_of_a_difference_comes_from(eacu, small):
    answer = eacu("compare", "union-2010-07", "wto-joint", "--band", "--json", "--quiet")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    shares = [r for r in found["shares"] if (r["region"], r["indicator"]) == ("KAZ", "ev_usd_mn")]
    assert {r["regime"] for r in shares} == {"wto-joint minus union-2010-07"}
    assert sum(r["first"] for r in shares) == pytest.approx(1.0)
    refused = eacu("compare", "latest:union-2010-07", "wto-joint", "--band")
    assert refused.exit_code == 2
    assert "a saved run has no draws" in refused.stderr
    assert "(union-2010-07)" in refused.stderr


def test_drawn_sams_are_a_sample_and_a_lost_one_is_told(eacu, small, monkeypatch):
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


def test_a_regime_is_shown_with_everybody_whose_tariff_it_sets():
    base = small_base_year()
    regime = load_regime("union-2010-07")
    other = SimpleNamespace(members=("RUS", "BLR"), tariffs={"ROW": "x"})
    assert cli_sensitivity._concerned([regime], base) == ["RUS", "BLR", "KAZ"]
    assert cli_sensitivity._concerned([other], base) == ["RUS", "BLR", "ROW"]


def test_numbers_have_the_digits_of_their_spread():
    from eacu.report.sensitivity_tables import decimals, fixed, significant

    assert fixed(20596.738, decimals(17.3, 20596.738)) == "20,597"
    assert fixed(0.2659, decimals(0.0712, 0.2659)) == "0.266"
    assert fixed(1097.79, decimals(0.51, 1097.79)) == "1,098"
    assert fixed(-4.437, decimals(0.57, -4.437)) == "-4.44"
    assert fixed(0.0, decimals(0.012, 0.0)) == "0.000"
    assert significant(20596.738) == "20,597"
    assert significant(-0.05607) == "-0.0561"
    assert significant(0.0) == "0"
    assert significant(float("nan")) == "–"


def test_closures_that_change_nothing_are_marked():
    from rich.console import Console

    from eacu.report.sensitivity_tables import closures_table

    value = {"default": 1.5, "same": 1.5, "other": 1.6}
    rows = pd.DataFrame(
        [
            {"regime": "r", "closure": c, "region": "KAZ", "indicator": "x", "value": v}
            for c, v in value.items()
        ]
    )
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(closures_table(rows, ["KAZ"], "x"))
    lines = {line.split()[0]: line for line in console.export_text().splitlines() if line.strip()}
    assert "as default" in lines["same"]
    assert "as default" not in lines["other"]
    assert "as default" not in lines["default"]


def test_drawn_sams_are_told_of_the_same_figure_only():
    known = drawn_sams.drawn_sams()
    (regime, region, _), found = next(
        (key, found) for key, found in known.items() if key[2] == drawn_sams.INDICATOR
    )
    told = drawn_sams.held_fixed({(regime, region): found.committed})
    assert f"over {found.draws} drawn SAMs" in told
    assert f"{region} {number(found.low)} to {number(found.high)}" in told
    assert drawn_sams.held_fixed({(regime, region): found.committed + 1.0}) == f"{drawn_sams.HELD}."
    missing = drawn_sams.held_fixed({(regime, region): found.committed}, file=Path("nowhere.json"))
    assert missing == f"{drawn_sams.HELD}."
