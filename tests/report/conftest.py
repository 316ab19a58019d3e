"""Two regimes solved on a small random economy, for everything that writes results down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from eacu.experiments import run as runner
from eacu.experiments.kept import KEPT
from eacu.experiments.run import Check, Run
from eacu.experiments.run import run as solve
from eacu.report.cli import app
from tests.experiments.small_economy import small_base_year

REGIONS = ("RUS", "BLR", "KAZ", "ROW")
REGIMES = ("pre-union", "union-2010-07")


@pytest.fixture(scope="session")
def solved_run() -> Run:
    return solve(*REGIMES, base=small_base_year())


@pytest.fixture
def run(solved_run, tmp_path):
    """The solved run as if its tariffs had been read from a file in the test's own folder."""
    table = tmp_path / "inputs" / "tariffs.csv"
    table.parent.mkdir()
    table.write_text("schedule,rate\ncet,5\n", encoding="utf-8")
    return replace(solved_run, data_files=(table,))


@pytest.fixture
def eacu(tmp_path, monkeypatch):
    """Call the program on the small economy, in a folder of its own and as a new process: with nothing built before."""
    KEPT.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "load_base_year", small_base_year)
    return lambda *arguments: CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def failing_run(run) -> Run:
    """The same run with one regime whose equations do not hold."""
    first, second = run.solved
    largest, *others = second.checks
    spoilt = replace(second, checks=(Check(largest.name, 1e-3, largest.tolerance), *others))
    return replace(run, solved=(first, spoilt))
