"""The page of the ladder says what the model answers today, and is made of its figures and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.support.builders import load_builder

RUN = "run python docs/build_ladder.py"


@pytest.fixture(scope="module")
def module():
    return load_builder("build_ladder")


@pytest.fixture(scope="module")
def written(module):
    return json.loads(module.VALUES.read_text(encoding="utf-8"))


def test_the_figures_of_the_ladder_are_current(module, written):
    """Solve every rung again: the same figures to a thousandth."""
    fresh = module.solve()
    assert list(fresh) == list(written)
    for rung, members in fresh.items():
        for member, figures in members.items():
            assert figures == pytest.approx(written[rung][member], rel=1e-3, abs=1e-4), (rung, member, RUN)


def test_the_page_is_written_from_the_figures(module, written):
    """The page of today's text, figures and table of estimates is the page that is there."""
    from eacu.report.ladder_page import ladder_page

    page = ladder_page(module.load_ladder(), written, module.published(), module.COMMAND)
    assert page == module.PAGE.read_text(encoding="utf-8"), RUN


def test_rungs_of_the_chain_add_up(module, written):
    """Each starts where the one before ended: their sum is the effect of the last regime against the base year."""
    from eacu.experiments.run import run

    chain = [rung for rung in module.load_ladder() if rung.chain]
    (last,) = run(chain[-1].regime)
    for member in ("RUS", "BLR", "KAZ"):
        total = sum(written[rung.id][member]["welfare, % of consumption"] for rung in chain)
        assert total == pytest.approx(last.indicators.loc[member, "ev_pct_consumption"], rel=1e-3, abs=1e-3)


def test_the_figure_shows_every_rung(module, written, tmp_path):
    pytest.importorskip("matplotlib")
    from eacu.report.ladder_page import ladder_figure

    rungs = module.load_ladder()
    text = ladder_figure(rungs, written, module.published(), tmp_path / "a.svg").read_text(encoding="utf-8")
    for words in ("Russia", "Belarus", "Kazakhstan", *(rung.title for rung in rungs)):
        assert words in text
