"""The command line: what it prints where, and the exit code it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from eacu.experiments import run as runner
from eacu.model.engine import ConvergenceError
from eacu.report.cli import DEFAULT_REGIMES

HEAD = 'title = "A test"\ndescription = "A test."\nquestion = "Does it work?"\nclosure = "default"\n'


def test_the_default_run_prints_effects_and_checks_and_saves(eacu, tmp_path):
    answer = eacu("run")
    assert answer.exit_code == 0
    for text in (*DEFAULT_REGIMES, "RUS", "BLR", "KAZ", "Real GDP, %", "largest residual", "Closure default"):
        assert text in answer.stdout
    assert (
        "wto-joint: its question compares with union-2010-07: eacu compare union-2010-07 wto-joint"
        in answer.stdout
    )
    assert "ROW" not in answer.stdout
    assert "saved in runs/" in answer.stderr
    assert len(list((tmp_path / "runs").glob("2*/results.parquet"))) == 1


def test_progress_is_no_part_of_the_output(eacu):
    answer = eacu("run", "--no-save")
    assert "benchmark replicated" in answer.stderr
    assert "benchmark replicated" not in answer.stdout


def test_all_regions(eacu):
    assert "\nROW" in eacu("run", "pre-union", "--all-regions", "--no-save").stdout


def test_no_save_writes_nothing(eacu, tmp_path):
    assert eacu("run", "pre-union", "--no-save").exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_market_structure_is_a_table_of_ones_own_and_is_recorded(eacu, tmp_path):
    """By file: in the output, in the record of the run, and in its results; a name that is none is bad input."""
    table = tmp_path / "firms.csv"
    head = "sector,structure,sigma,specific_capital,source,quality"
    table.write_text(f"{head}\nmac,krugman,5,0.6,own,assumed\n", encoding="utf-8")
    answer = eacu("run", "union-2010-07", "--market-structure", table)
    assert answer.exit_code == 0, answer.stderr
    assert f"Market structure: {table}" in answer.stdout
    (record,) = (tmp_path / "runs").glob("2*/run.json")
    assert json.loads(record.read_text(encoding="utf-8"))["market_structure"] == str(table)
    plain, firms = (
        json.loads(eacu("run", "union-2010-07", "--json", "--no-save", *more).stdout)[0]
        for more in ([], ["--market-structure", table])
    )
    assert (plain["market_structure"], firms["market_structure"]) == ("armington", str(table))
    assert plain["regions"]["KAZ"]["ev_usd_mn"] != firms["regions"]["KAZ"]["ev_usd_mn"]
    answer = eacu("run", "union-2010-07", "--market-structure", "cournot")
    assert answer.exit_code == 2
    assert "no market structure 'cournot'" in answer.stderr


def test_json_is_all_that_is_printed(eacu):
    answer = eacu("run", "union-2010-07", "--json", "--no-save")
    (entry,) = json.loads(answer.stdout)
    assert entry.keys() >= {"regime", "status", "max_residual", "walras", "regions"}
    assert (entry["regime"], entry["status"]) == ("union-2010-07", "ok")
    assert entry["max_residual"] <= 1e-9
    assert abs(entry["walras"]) <= 1e-8
    assert set(entry["regions"]) == {"RUS", "BLR", "KAZ", "ROW"}
    assert entry["regions"]["KAZ"].keys() >= {
        "real_gdp_pct",
        "ev_pct_consumption",
        "ev_usd_mn",
        "cpi_pct",
        "real_wage_pct",
        "tariff_revenue_base_usd_mn",
        "tariff_revenue_usd_mn",
    }


@pytest.mark.parametrize("option", ["--json", "--all-regions"])
def test_a_failed_check_ends_with_exit_code_1(eacu, monkeypatch, option):
    solve = runner.Workbench.solve

    def spoilt(self, regime):
        solved = solve(self, regime)
        return replace(solved, checks=tuple(replace(check, value=1.0) for check in solved.checks))

    monkeypatch.setattr(runner.Workbench, "solve", spoilt)
    answer = eacu("run", "pre-union", option)
    assert answer.exit_code == 1
    assert ("check failed" if option == "--json" else "FAIL") in answer.stdout
    assert eacu("runs").stdout.count("check failed") == 1


def test_a_regime_without_a_solution_ends_with_exit_code_1(eacu, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ConvergenceError("no solution was found", [], [])

    solve = runner.solve_system
    monkeypatch.setattr(runner, "solve_system", lambda *a, origin=None: fail() if origin else solve(*a))
    answer = eacu("run", "pre-union")
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert "no solution was found" in answer.stderr
    assert "The regime was pre-union, closure default." in answer.stderr


@pytest.fixture
def second_regime_fails(monkeypatch):
    solve, calls = runner.solve_system, []

    def fail_once(*arguments, **options):
        if options:
            calls.append(options)
            if len(calls) == 2:
                raise ConvergenceError("no solution was found", [], [])
        return solve(*arguments, **options)

    monkeypatch.setattr(runner, "solve_system", fail_once)


def test_a_regime_without_a_solution_does_not_lose_the_others(eacu, tmp_path, second_regime_fails):
    answer = eacu("run", "union-2010-01", "union-2010-07", "wto-joint")
    assert answer.exit_code == 1
    assert "Real GDP, %" in answer.stdout
    assert "wto-joint" in answer.stdout
    assert "NOT SOLVED: union-2010-07" in answer.stdout
    assert "eacu: error: union-2010-07 was not solved: no solution was found" in answer.stderr
    (folder,) = (tmp_path / "runs").glob("2*")
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "not solved"
    assert record["regimes"] == ["union-2010-01", "wto-joint"]
    assert "no solution was found" in record["errors"]["union-2010-07"]
    assert (folder / "regimes" / "union-2010-07.toml").is_file()
    assert eacu("runs").stdout.count("not solved") == 1


def test_json_says_which_regime_was_not_solved(eacu, second_regime_fails):
    answer = eacu("run", "union-2010-01", "union-2010-07", "wto-joint", "--json", "--no-save")
    assert answer.exit_code == 1
    entries = {entry["regime"]: entry for entry in json.loads(answer.stdout)}
    assert [name for name, entry in entries.items() if not entry["errors"]] == ["union-2010-01", "wto-joint"]
    failed = entries["union-2010-07"]
    assert failed["status"] == "not solved"
    assert failed["errors"][0].startswith("no solution was found")
    assert "regions" not in failed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[tariffs]\nKZA = "cet"\n', "unknown region 'KZA'; did you mean 'KAZ'?"),
        ('[tariffs]\nKAZ = "ceet"\n', "unknown schedule 'ceet'; did you mean 'cet'?"),
        (
            '[[rates]]\nimporter = "KAZ"\nsector = "mac"\nrate_pct = -150\n',
            "-150 is not a legal ad valorem rate",
        ),
        (
            '[union]\nmembers = ["RUS", "KAZ"]\npooling = true\nkeys = { RUS = 0.9, KAZ = 0.2 }\n',
            "keys sum to 1.1, not 1",
        ),
        ('tarifs = "cet"\n', "unknown key 'tarifs'; did you mean 'tariffs'?"),
    ],
)
def test_bad_input_is_explained_without_a_traceback(eacu, tmp_path, text, expected):
    (tmp_path / "mine.toml").write_text(HEAD + text, encoding="utf-8")
    answer = eacu("run", "mine.toml")
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert expected in answer.stderr
    assert "mine" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "runs").exists()


def test_debug_shows_the_traceback(eacu):
    answer = eacu("run", "union-2010-7", "--debug")
    assert answer.exit_code == 2
    assert "Traceback" in answer.stderr
    assert "did you mean 'union-2010-07'?" in answer.stderr.splitlines()[-1]


def test_a_fault_of_the_program_is_called_one(eacu, monkeypatch):
    monkeypatch.setattr(runner, "_members", lambda solved: solved[99])
    answer = eacu("run", "pre-union")
    assert answer.exit_code == 70
    assert answer.stderr.splitlines()[-1].startswith("eacu: internal error (IndexError)")
    assert "--debug" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "Traceback" in eacu("run", "pre-union", "--debug").stderr


def test_unknown_closure(eacu):
    answer = eacu("run", "pre-union", "--closure", "shortrun")
    assert answer.exit_code == 2
    assert "Did you mean 'short-run'?" in answer.stderr


def test_runs_and_query(eacu):
    assert eacu("run", "pre-union").exit_code == 0
    assert eacu("run", "union-2010-07").exit_code == 0
    listed = eacu("runs").stdout
    assert listed.index("union-2010-07") < listed.index("pre-union")
    answer = eacu("query", "select count(distinct run) as number from indicators")
    assert answer.stdout.split() == ["number", "2"]
    assert "no rows" in eacu("query", "select * from checks where not passed").stdout


def test_query_errors(eacu, tmp_path):
    missing = eacu("query", "select 1")
    assert missing.exit_code == 2
    assert "no folder runs" in missing.stderr
    (tmp_path / "runs").mkdir()
    wrong = eacu("query", "select * from nowhere")
    assert wrong.exit_code == 2
    assert "nowhere" in wrong.stderr
    assert eacu("runs").stdout.strip() == "no rows"


def test_regimes_are_listed_with_their_questions(eacu):
    answer = eacu("regimes")
    assert "union-2010-07" in answer.stdout
    assert "What did the union bring that WTO accession alone could not?" in answer.stdout


def test_a_regime_says_what_it_counts(eacu):
    answer = eacu("regimes", "wto-belarus")
    assert "builds on: wto-kazakhstan-2015; closure: default" in answer.stdout
    assert "Not counted: services" in answer.stdout
    assert "union-2010-07" not in answer.stdout
    assert eacu("regimes", "wto-belorus").exit_code == 2


def test_starting_the_program_imports_nothing_heavy():
    """`eacu --help` and `import eacu` must answer at once."""
    program = (
        "import sys, eacu, eacu.report.cli;"
        "print([m for m in ('pandas', 'numpy', 'pyomo', 'duckdb', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_module_is_the_command():
    answer = subprocess.run(
        [sys.executable, "-m", "eacu", "regimes"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("pre-union")


def test_the_public_names_exist():
    import eacu

    for name in eacu.__all__:
        assert getattr(eacu, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'solve_everything'"):
        getattr(eacu, "solve_everything")  # noqa: B009 - the attribute must not exist


def test_an_unusual_rate_is_solved_and_told(eacu, tmp_path):
    rate = '[[rates]]\nimporter = "KAZ"\nsector = "mac"\nrate_pct = {}\n'
    file = tmp_path / "mine.toml"
    file.write_text(HEAD + rate.format(-5) + rate.format(0) + rate.format(5), encoding="utf-8")
    answer = eacu("run", "mine.toml")
    assert answer.exit_code == 0, answer.stderr
    line = file.read_text().splitlines().index("rate_pct = -5") + 1
    told = f"warning: mine.toml, line {line}: rate_pct of KAZ, mac = -5 is taken as it stands"
    assert answer.stderr.count("warning: ") == 1
    assert told in answer.stderr
    (log,) = (tmp_path / "runs").glob("2*/log.txt")
    assert told in log.read_text(encoding="utf-8")
