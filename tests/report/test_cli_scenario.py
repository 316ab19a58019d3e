"""``eacu new-scenario`` on the command line."""

from __future__ import annotations

from typer.testing import CliRunner

from eacu.experiments.regimes import load_regime
from eacu.experiments.template import schema_text
from eacu.report.cli import app
from eacu.report.cli_scenario import DEFAULT_PARENT


def test_a_scenario_is_written_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(app, ["new-scenario", "mine", "--from", "ces-2012"])
    assert answer.exit_code == 0
    assert "run it: eacu run mine.toml" in answer.output
    assert load_regime("mine.toml").builds_on == "ces-2012"
    again = CliRunner().invoke(app, ["new-scenario", "mine"])
    assert again.exit_code == 2
    assert "left as it is" in again.output


def test_the_schema_is_all_that_is_printed():
    assert CliRunner().invoke(app, ["new-scenario", "--schema"]).stdout == schema_text()


def test_a_name_is_needed_and_the_default_parent_is_that_of_the_template():
    from eacu.experiments.template import DEFAULT_PARENT as TEMPLATE_PARENT

    assert CliRunner().invoke(app, ["new-scenario"]).exit_code == 2
    assert DEFAULT_PARENT == TEMPLATE_PARENT
