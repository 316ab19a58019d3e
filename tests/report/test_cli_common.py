"""What all commands have in common: options, help, quiet, colours, the bar, exit codes, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from eacu.experiments.doing import Doing
from eacu.model.engine import ConvergenceError, EquationResidual
from eacu.report import completion, console
from eacu.report.cli import app
from eacu.report.options import CommandLine


def all_commands(group, prefix=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from all_commands(command, (*prefix, name))
        else:
            yield " ".join((*prefix, name)), command


COMMANDS = dict(all_commands(typer.main.get_command(app)))
"""Full name -> command."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_common_options_an_example_and_help_for_every_parameter(name):
    command = COMMANDS[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--quiet", "--no-color", "--debug"} <= options
    assert f"eacu {name}" in (command.epilog or "")
    assert command.help and command.help.rstrip().endswith(".")
    assert [p.name for p in command.params if not p.help] == []
    answer = CliRunner().invoke(app, [*name.split(), "--help"])
    assert answer.exit_code == 0
    assert "Example" in answer.stdout


def test_the_program_says_its_version_and_exit_codes():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"eacu {version('eacu')}\n"
    shown = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    for code, words in console.EXIT_CODES.items():
        assert f"{code} {words}" in shown
    assert CliRunner().invoke(app, ["run", "--no-such-option"]).exit_code == console.BAD_INPUT


def test_quiet_leaves_nothing_but_errors_on_standard_error(eacu):
    answer = eacu("run", "pre-union", "--quiet", "--no-save")
    assert answer.exit_code == 0
    assert answer.stderr == ""
    assert "Real GDP" in answer.stdout
    assert "unknown regime 'pre-onion'" in eacu("run", "pre-onion", "-q").stderr
    assert "benchmark replicated" in eacu("run", "pre-union", "--no-save").stderr, "quiet lasts one command"


def test_no_color_takes_the_colours_out_of_tables(monkeypatch, capsys):
    from rich.table import Table
    from rich.text import Text

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    table = Table("a")
    table.add_row(Text("FAIL", style="red"))
    shown = {}
    for color in (True, False):
        with console.session(quiet=False, color=color):
            console.print_tables([table])
        shown[color] = capsys.readouterr().out
    assert "\x1b[31m" in shown[True]
    assert "\x1b[31m" not in shown[False]
    monkeypatch.setenv("NO_COLOR", "1")
    console.print_tables([table])
    assert "\x1b[31m" not in capsys.readouterr().out


def test_a_terminal_gets_a_bar_that_says_what_is_done(monkeypatch):
    monkeypatch.setattr(console, "_is_terminal", lambda: True)
    with console.session(quiet=False, color=True):
        console.progress(Doing("reading"))
        bar = console._session.bar
        assert bar.tasks[0].total is None
        console.progress(Doing("solving wto-joint", 0.25))
        assert (bar.tasks[0].description, bar.tasks[0].percentage) == ("solving wto-joint", 25.0)
        console.progress(Doing("done", 1.0))
        assert console._session.bar is None
        with console.doing("splitting"):
            assert console._session.bar.tasks[0].description == "splitting"
        assert console._session.bar is None
        console.progress(Doing("something fails", 0.5))
    assert console._session.bar is None


def test_no_bar_where_there_is_no_terminal_and_none_when_quiet(monkeypatch, capsys):
    console.progress(Doing("reading", 0.5))
    console.progress("read")
    monkeypatch.setattr(console, "_is_terminal", lambda: True)
    with console.session(quiet=True, color=True):
        console.progress(Doing("reading", 0.5))
        console.progress("read")
        assert console._session.bar is None
    assert capsys.readouterr().err == "read\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_the_bar_is_seen_on_a_real_terminal_and_standard_output_stays_clean():
    import pty

    master, slave = pty.openpty()
    program = (
        "import time\nfrom eacu.experiments.doing import Doing\nfrom eacu.report import console\n"
        "with console.session(quiet=False, color=True):\n"
        "    console.progress(Doing('solving wto-joint', 0.5)); time.sleep(0.3)\n"
        "    console.print_json({'answer': 1})\n"
    )
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=slave, env=environment, check=True
    )
    seen = os.read(master, 100_000).decode()
    os.close(master)
    os.close(slave)
    assert "solving wto-joint" in seen
    assert "━" in seen
    assert json.loads(done.stdout) == {"answer": 1}


def test_a_terminal_that_knows_few_characters_is_served(tmp_path):
    call = [sys.executable, "-m", "eacu", "regimes", "ukraine-dcfta"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    shown = subprocess.run([*call, "--json"], capture_output=True, env=environment, check=True).stdout
    (regime,) = json.loads(shown.decode("ascii"))
    assert regime["name"] == "ukraine-dcfta"
    (tmp_path / "sam.csv").write_text("x,a,b\na,0,1\nb,1,0\n", encoding="utf-8")
    call = [sys.executable, "-m", "eacu", "check", str(tmp_path / "sam.csv")]
    done = subprocess.run(call, capture_output=True, env=environment, check=True)
    assert b"\n?    accounts: " in done.stdout.replace(b"\r", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows interrupts by another way")
def test_an_interrupt_ends_quietly_with_its_own_exit_code():
    program = (
        "import os, signal, typer\nfrom eacu.report import cli\n"
        "@cli.app.command('wait')\ndef wait() -> None:\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job ignores it
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, "wait"], capture_output=True, text=True)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


JSON_COMMANDS = {
    "regimes": lambda found: {"name", "title", "question"} <= set(found[0]),
    "closures": lambda found: {"default", "short-run"} <= {closure["name"] for closure in found},
    "closures short-run+wage-curve": lambda found: found[0]["name"] == "short-run+wage-curve",
    "path --list": lambda found: (
        "wto-alone" in {path["name"] for path in found["paths"]} and found["targets"]
    ),
    "explain numeraire_definition": lambda found: found["terms"] and found["members"][0]["equation"],
    "explain market_flow": lambda found: len(found["members"]) > 20 and "terms" not in found,
    "sam": lambda found: all(row["held"] for row in found) and found[0]["control"] == "GDP",
}


@pytest.mark.parametrize("command", JSON_COMMANDS)
def test_json_is_one_document_and_nothing_else(eacu, command):
    answer = eacu(*command.split(), "--json")
    assert answer.exit_code == 0, answer.output
    assert JSON_COMMANDS[command](json.loads(answer.stdout))


@pytest.mark.parametrize("grouped", [False, True])
def test_commands_registered_by_others_get_the_common_options(grouped):
    outer, inner = CommandLine(), typer.Typer()

    def other(number: int, debug: bool = False) -> None:
        raise RuntimeError(f"a fault\nin {number}, debug {debug}")

    outer.command("first")(lambda: None)
    (inner if grouped else outer).command("other", epilog="")(other)
    if grouped:
        inner.command("second")(lambda: None)
        outer.add_typer(inner, name="group")
    words = ["group", "other"] if grouped else ["other"]
    answer = CliRunner().invoke(outer, [*words, "3", "--quiet", "--no-color"])
    assert answer.exit_code == console.INTERNAL_ERROR
    assert answer.stderr == "eacu: internal error (RuntimeError): a fault; run with --debug to see where\n"
    assert "Traceback" in CliRunner().invoke(outer, [*words, "3", "--debug"]).stderr


def test_words_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "union-mine.toml").touch()
    saved = tmp_path / "runs" / "2026-a" / "run.json"
    saved.parent.mkdir(parents=True)
    saved.touch()
    (tmp_path / "runs" / ".partial-x").mkdir()
    (tmp_path / "runs" / ".partial-x" / "run.json").touch()
    assert {"union-2010-01", "union-2010-07", "union-mine.toml"} <= set(completion.regimes("union-"))
    assert all(name.startswith("union-") for name in completion.regimes("union-"))
    assert completion.saved_runs("") == ["2026-a"]
    assert completion.regimes_and_runs("2026") == ["2026-a"]
    assert "short-run" in completion.closures("sh")
    assert completion.closures("short-run+wage-c") == ["short-run+wage-curve"]
    assert "wto-alone" in completion.paths("wto")


def test_the_shell_asks_the_program(monkeypatch):
    monkeypatch.setenv("_EACU_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "eacu run wto-kaz")
    monkeypatch.setenv("COMP_CWORD", "2")
    answer = CliRunner().invoke(app, [], prog_name="eacu")
    assert answer.stdout.split() == ["wto-kazakhstan-2015", "wto-kazakhstan-services"]


def test_a_picture_that_cannot_be_drawn_is_refused_before_anything_is_solved(eacu, tmp_path, monkeypatch):
    monkeypatch.setattr(console, "find_spec", lambda name: None)
    answer = eacu("run", "pre-union", "--figure", "effects.svg")
    assert answer.exit_code == console.BAD_INPUT
    assert "pip install matplotlib" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_shock_without_a_solution_is_told_in_three_sentences():
    worst = (EquationResidual("market_goods[agr,KAZ]", 0.3, ()),)
    diagnosis = SimpleNamespace(fraction=0.375, fastest={"price[agr,KAZ]": 9.0})
    error = ConvergenceError("no solution was found: far technical.", worst, (), diagnosis)
    error.add_note("The regime was mine, closure default.")
    assert console.unsolved_in_words(error) == (
        "no solution was found. The regime was mine, closure default. 37.5 % of what it changes was solved before the "
        "economy could not follow. Look first at the largest rate, quantity or target of the regime: price[agr,KAZ] "
        "moved fastest there; make it smaller, or run again with --debug for the whole diagnosis."
    )
    with console.session(quiet=True, color=False, debug=True):
        assert "far technical" in console.unsolved_in_words(error)
    assert console.unsolved_in_words(ValueError("plain")) == "plain"
