"""The union of July 2010 on the base year of 2007 under every closure, and the page that reports it."""

from pathlib import Path

import pytest

from eacu.experiments.run import run
from eacu.model.closures import CLOSURES
from tests.experiments.small_economy import small_base_year
from tests.support.builders import load_builder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def builder():
    """docs/build_closures.py: it solves each closure once and refuses a solution that fails a check."""
    return load_builder("build_closures")


def test_every_closure_solves_and_the_page_reports_what_it_finds(builder):
    effects = builder.effects()
    assert set(effects) == set(CLOSURES)
    assert all(set(row) == {"RUS", "BLR", "KAZ"} for row in effects.values())
    for row in effects.values():
        assert all(abs(percent) < 5 for _, percent in row.values())
    assert effects["default"] != effects["short-run"]
    assert builder.PAGE.read_text(encoding="utf-8") == builder.page(), "run: python docs/build_closures.py"


def test_neutral_closures_agree_on_real_data(builder):
    """A direct tax that distorts nothing is a lump sum: the two closures must give the same welfare."""
    default, taxed = (builder.effects()[name] for name in ("default", "equal-yield-direct-tax"))
    for member, (amount, _) in default.items():
        assert taxed[member][0] == pytest.approx(amount, rel=1e-6)


@pytest.mark.parametrize("name", [*CLOSURES, "short-run+rigid-real-wage+deficit"])
def test_regimes_run_under_every_closure(name):
    result = run("union-2010-07", closure=name, base=small_base_year())
    assert result.passed
    assert list(result.closures) == [name]
