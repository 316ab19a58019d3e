"""``eacu tutorial``: it runs, and so does everything it wrote."""

from __future__ import annotations

import json
import re
import runpy
import shlex

import pandas as pd
import pytest
from typer.testing import CliRunner

from eacu.experiments import run as runner
from eacu.report.cli import app


@pytest.fixture(scope="module")
def one_economy():
    """The real economy, built once for all commands: a `Workbench` solves each regime from the benchmark."""
    build, benches = runner.Workbench, {}

    def built_once(base, closure, tell):
        if closure.name not in benches:
            benches[closure.name] = build(base, closure)
        benches[closure.name].tell = tell
        return benches[closure.name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "Workbench", built_once)
        yield


@pytest.fixture(scope="module")
def study(one_economy, tmp_path_factory):
    """Where the tutorial wrote, and what it said."""
    place = tmp_path_factory.mktemp("tutorial")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        answer = CliRunner().invoke(app, ["tutorial"])
    assert answer.exit_code == 0, answer.output
    return place / "eacu-tutorial", answer


@pytest.fixture
def inside(study, monkeypatch):
    folder, _ = study
    monkeypatch.chdir(folder)
    return folder


def commands_of_the_readme(folder):
    block = re.search(r"^```sh\n(.*?)^```", (folder / "README.md").read_text(encoding="utf-8"), re.S | re.M)
    return block[1].splitlines()


def test_it_says_what_each_step_does_and_which_command_does_the_same(study):
    folder, answer = study
    assert re.findall(r"^(\d)\. ", answer.stdout, flags=re.M) == list("123456")
    shown = re.findall(r"^   \$ eacu (.*)$", answer.stdout, flags=re.M)
    readme = commands_of_the_readme(folder)
    for command in shown[:-1]:
        assert f"eacu {command}" in readme
    for text in ("Real GDP, %", "Checks", "Δ: difference to union-2010-07", "equivalent variation"):
        assert text in answer.stdout
    assert re.search(r"done in \d+ s", answer.stderr)


def test_the_answers_are_those_of_the_saved_run(study):
    folder, _ = study
    (saved,) = (folder / "runs").glob("2*")
    text = (folder / "questions.md").read_text(encoding="utf-8")
    assert f"runs/{saved.name}" in text
    assert "$" not in text
    indicators = pd.read_csv(saved / "indicators.csv").set_index(["regime", "region", "indicator"])["value"]
    row = next(line for line in text.splitlines() if line.startswith("| KAZ | USD mn |"))
    agreed, mine, difference = (float(cell.replace(",", "")) for cell in row.split("|")[3:6])
    assert agreed == pytest.approx(indicators["union-2010-07", "KAZ", "ev_usd_mn"], rel=0.01)
    assert mine == pytest.approx(indicators["my-union", "KAZ", "ev_usd_mn"], rel=0.01)
    assert difference == pytest.approx(
        indicators["my-union", "KAZ", "ev_usd_mn"] - indicators["union-2010-07", "KAZ", "ev_usd_mn"], rel=0.01
    )
    assert difference != 0


def test_every_command_of_its_readme_runs(inside):
    commands = [shlex.split(line) for line in commands_of_the_readme(inside)]
    assert commands[-1] == ["python", "study.py"]
    assert [command[1] for command in commands[:-1]] == ["regimes", "run", "compare", "decompose"]
    for command in commands[:-1]:
        if command[1] == "compare":  # the next test runs it
            continue
        answer = CliRunner().invoke(app, command[1:])
        assert answer.exit_code == 0, answer.output


def test_its_python_gives_the_same_figures(inside, capsys):
    runpy.run_path(str(inside / "study.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed.count("USD mn") == 3
    written = pd.read_csv(inside / "results.csv", index_col=[0, 1])
    compared = json.loads(
        CliRunner().invoke(app, ["compare", "union-2010-07", "my-union.toml", "--json"]).stdout
    )["rows"]
    for row in compared:
        if (
            row["label"] == "my-union"
            and row["indicator"] == "ev_usd_mn"
            and row["region"] in ("RUS", "BLR", "KAZ")
        ):
            found = written.loc[(row["region"], "ev_usd_mn"), "difference"]
            assert found == pytest.approx(row["difference"], rel=1e-6)


def test_it_does_not_write_over_anything(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    answer = CliRunner().invoke(app, ["tutorial", "mine"])
    assert answer.exit_code == 2
    assert "name another folder" in answer.stderr
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["notes.txt"]
