"""Economies built once serve later runs on the same base year, one run at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eacu.experiments import run as runner
from eacu.experiments.kept import KEPT, KeptEconomies
from eacu.experiments.run import run
from tests.experiments.small_economy import small_base_year

REGIME = "union-2010-07"


@pytest.fixture
def base():
    """A base year that no other test has used."""
    base = small_base_year()
    return replace(base, benchmark=replace(base.benchmark))


@pytest.fixture
def built(monkeypatch):
    """The closures that economies are built for, in turn."""
    names, build = [], runner.Workbench

    def workbench(base, closure, *rest):
        names.append(closure.name)
        return build(base, closure, *rest)

    monkeypatch.setattr(runner, "Workbench", workbench)
    return names


def test_the_second_run_builds_nothing_and_finds_the_same(base, built):
    first = run(REGIME, base=base)
    other = run("union-2010-01", base=base)
    again = run(REGIME, base=base)
    assert built == ["default"]
    for name in first[REGIME].solution.state.values:
        then, now = (found[REGIME].solution.state[name].to_numpy() for found in (first, again))
        assert now == pytest.approx(then, rel=1e-10, abs=1e-10), name
    (line,) = (line for line in other.log if line.startswith("model: "))
    assert line.endswith("closure default (built before)")
    assert any(line.startswith("benchmark replicated") for line in again.log)
    assert "build" in first.seconds
    assert "build" not in again.seconds


def test_another_closure_and_another_base_year_are_built(base, built):
    run(REGIME, base=base)
    run(REGIME, closure="short-run", base=base)
    run(REGIME, base=replace(base, benchmark=replace(base.benchmark)))
    run(REGIME, base=replace(base, schedules=replace(base.schedules)))
    assert built == ["default", "short-run", "default", "default"]


def test_a_run_that_fails_leaves_nothing_behind(base, built, monkeypatch):
    run(REGIME, base=base)
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(runner, "solve_system", _stopped)
        run(REGIME, base=base)
    run(REGIME, base=base)
    assert built == ["default", "default"]


def _stopped(*_, **__):
    raise RuntimeError("in the middle of a solve")


def test_two_runs_at_once_share_nothing(base, built):
    """The second run starts while the first solves."""
    inner = []

    def tell(line):
        if str(line).startswith(REGIME) and not inner:
            inner.append(run(REGIME, base=base))

    run(REGIME, base=base)
    outer = run(REGIME, base=base, tell=tell)
    assert built == ["default", "default"]
    assert outer[REGIME].solution.equations.model is not inner[0][REGIME].solution.equations.model


def test_those_used_last_are_kept(base):
    kept = KeptEconomies(most=2)
    for number, name in enumerate("abc"):
        kept.give(base, {name: number})
    assert kept.take(base, "abcd") == {"b": 1, "c": 2}
    assert kept.take(base, "abcd") == {}


def test_economies_given_by_the_caller_are_his(base, built):
    own = {}
    run(REGIME, base=base, workbenches=own)
    assert list(own) == ["default"]
    assert KEPT.take(base, ["default"]) == {}
