"""``eacu closures`` lists every closure and what it fixes."""

import pytest
from typer.testing import CliRunner

from eacu.model.choices import MARKETS
from eacu.model.closures import CLOSURES
from eacu.report.cli import app


@pytest.fixture
def eacu():
    return lambda *arguments: CliRunner().invoke(app, ["closures", *arguments])


def test_all_closures_are_listed_with_their_paragraphs(eacu):
    answer = eacu()
    assert answer.exit_code == 0
    words = " ".join(answer.stdout.split())
    for closure in CLOSURES.values():
        assert closure.description in words
        assert f"\n{closure.name}\n" in f"\n{answer.stdout}"
    for market, choices in MARKETS.items():
        assert any(
            line.split()[:1] == [market] and all(c.name in line for c in choices)
            for line in answer.stdout.splitlines()
        )


@pytest.mark.parametrize("name", [*CLOSURES, "short-run+rigid-real-wage"])
def test_one_closure_is_told_with_what_it_fixes(eacu, name):
    answer = eacu(name)
    assert answer.exit_code == 0
    assert answer.stdout.startswith(f"{name}\n")
    for market in MARKETS:
        assert f"    {market}: " in answer.stdout
    assert ("in force: wage_floor_binds" in answer.stdout) is ("rigid" in name)
    assert ("factor_use[capital|land|resources|specific_capital]" in answer.stdout) is ("short-run" in name)


def test_an_unknown_closure_gets_the_nearest_name(eacu):
    answer = eacu("short-ran")
    assert answer.exit_code == 2
    assert "Did you mean 'short-run'?" in answer.stderr
