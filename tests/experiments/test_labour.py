"""The [labour] section: what it may say, and what it becomes."""

from __future__ import annotations

import pytest

from eacu.experiments.base_year import load_base_year
from eacu.experiments.labour import CLOSED, labour_choices, labour_settings
from eacu.experiments.regimes import RegimeError, load_regime
from tests.experiments.small_economy import small_base_year

HEAD = 'title = "t"\nquestion = "q"\ndescription = "d"\nclosure = "default"\nbuilds_on = "union-2010-07"\n'


def regime(tmp_path, section, head=HEAD):
    file = tmp_path / "mine.toml"
    file.write_text(head + section)
    return load_regime(file)


def test_the_barrier_falls_between_members_only(tmp_path):
    open_borders = regime(tmp_path, "[labour]\nmobility = true\nbarrier_cut_pct = 3\n")
    b = small_base_year().benchmark
    barrier = labour_settings(open_borders, b)["migration_barrier"]
    pairs = b.migrant_productivity.index
    assert barrier.to_dict() == {k: CLOSED if "ROW" in k else 0.97 for k in pairs}
    assert {CLOSED, 0.97} == set(barrier)
    assert labour_choices(open_borders) == ("migration",)


def test_without_mobility_nothing_is_set(tmp_path):
    closed = regime(tmp_path, "")
    assert labour_settings(closed, small_base_year().benchmark) == {}
    assert labour_choices(closed) == ()


def test_a_later_regime_keeps_the_open_border(tmp_path):
    regime(tmp_path, "[labour]\nmobility = true\nbarrier_cut_pct = 3\n").files[-1].rename(
        tmp_path / "first.toml"
    )
    second = regime(tmp_path, "", HEAD.replace("union-2010-07", "first.toml"))
    assert second.labour.barrier_cut_pct == 3


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("mobility = true", "mobility = true and barrier_cut_pct are given together"),
        ("barrier_cut_pct = 2", "mobility = true and barrier_cut_pct are given together"),
        ("mobility = true\nbarrier_cut_pct = 100", "barrier_cut_pct = 100 is not between 0 and below 100"),
        ("mobility = true\nbarrier_cut_pct = -1", "barrier_cut_pct = -1 is not between"),
        ("mobility = true\nbarier_cut_pct = 2", "did you mean .barrier_cut_pct"),
    ],
)
def test_sections_that_make_no_sense_are_refused(tmp_path, section, message):
    with pytest.raises(RegimeError, match=message):
        regime(tmp_path, f"[labour]\n{section}\n")


def test_members_that_nobody_moves_between_are_refused(tmp_path):
    head = HEAD.replace("union-2010-07", "pre-union")
    none = regime(tmp_path, "[labour]\nmobility = true\nbarrier_cut_pct = 2\n", head)
    with pytest.raises(
        RegimeError, match="no pair of members that labour moves between; the members are none"
    ):
        labour_settings(none, small_base_year().benchmark)


@pytest.mark.parametrize("base_year", [None, "ukraine"])
def test_the_shipped_pairs_have_workers_and_wages(base_year):
    b = load_base_year(base_year).benchmark
    assert b.members == ("RUS", "BLR", "KAZ")
    persons = b.workers.groupby("region").sum()
    assert persons["RUS"] == pytest.approx(71158.257)  # Penn World Table, thousand
    assert persons["BLR"] == pytest.approx(4400.405)
    wages = b.factor_value.groupby(["factor", "region"]).sum().reindex(b.workers.index) / b.workers
    skilled, unskilled = (wages.xs(kind, level="factor") for kind in ("skilled", "unskilled"))
    assert (skilled / unskilled).to_numpy() == pytest.approx(1.5)
    origins = set(b.migrant_productivity.index.get_level_values("origin"))
    assert origins == {"BLR", "KAZ", "KGZ"} | ({"UKR"} if base_year else set())
    assert unskilled["RUS"] > unskilled[sorted(origins)].max()  # everybody goes to where wages are higher
