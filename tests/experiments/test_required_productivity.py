"""The productivity a target requires: it is reached, it is nothing where nothing is asked, bad targets are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.path_run import Assumptions
from eacu.experiments.paths import load_path
from eacu.experiments.reproduce import published_estimates
from eacu.experiments.required_productivity import (
    Target,
    TargetError,
    load_target,
    required_productivity,
    target_names,
    tfp_share,
)
from tests.experiments.small_economy import small_base_year

SINCE, UNTIL = 2010, 2013


def target(effects: dict[str, float]) -> Target:
    return Target("asked", "Asked", "For a test.", load_path("union"), SINCE, UNTIL, effects)


@pytest.fixture(scope="module")
def found():
    return required_productivity(target({"KAZ": 4.0, "BLR": 10.0}), base=small_base_year())


def test_the_effect_is_reached_by_equal_steps(found):
    reached = found.run.percent("real_gdp", "required")
    for region, effect in found.target.real_gdp_pct.items():
        steps = [effect * n / 4 for n in (1, 2, 3, 4)]
        assert np.allclose(reached.loc[SINCE:UNTIL, region], steps, atol=1e-9)
    assert found.passed
    assert len(found.run.checks()) == 3 * (UNTIL - 2006)


def test_before_the_effect_begins_nothing_is_asked(found):
    assert found.productivity().loc[: SINCE - 1].abs().to_numpy().max() < 1e-9
    assert (found.productivity().loc[SINCE:] > 0).all().all()


def test_other_regions_keep_the_productivity_of_the_baseline(found):
    others = ["RUS", "ROW"]
    productivity = found.run.percent("productivity", "required")[others]
    assert productivity.abs().to_numpy().max() == 0.0
    moved = found.run.percent("real_gdp", "required")[others] - found.run.percent("real_gdp", "union")[others]
    assert moved.loc[UNTIL].abs().min() > 1e-6, "a neighbour's growth is felt"


def test_the_table_is_of_the_last_year(found):
    row = found.table().loc["BLR"]
    own = found.run.percent("real_gdp", "union").loc[UNTIL, "BLR"]
    assert row["own_pct"] == own
    assert row["gap_pct"] == pytest.approx(10.0 - own)
    level = 1 + row["productivity_pct"] / 100
    assert (1 + row["growth_pp"] / 100) ** 4 == pytest.approx(level)
    assert (1 + row["tfp_growth_pp"] / 100) ** 4 == pytest.approx(1 + row["tfp_pct"] / 100)
    assert 0 < row["tfp_pct"] < row["productivity_pct"]


def test_what_the_path_does_itself_takes_no_productivity(found):
    """Asked for exactly the effect the path has, the shifter does not move in the last year."""
    own = found.run.percent("real_gdp", "union").loc[UNTIL, ["KAZ", "BLR"]].to_dict()
    same = required_productivity(replace(target(own), since=UNTIL), base=small_base_year())
    assert same.productivity().abs().to_numpy().max() < 1e-7


def test_a_small_gain_of_either_kind_of_progress_is_the_same_tfp():
    """To a first order; the share of the shifter in value added is what makes the two comparable."""
    kinds = {}
    for bias in ("labour", "neutral"):
        asked = required_productivity(
            replace(target({"KAZ": 0.5}), since=2008, until=2008),
            assumptions=Assumptions(bias=bias),
            base=small_base_year(),
        )
        kinds[bias] = asked.table().loc["KAZ"]
    assert kinds["labour"]["tfp_pct"] == pytest.approx(kinds["neutral"]["tfp_pct"], rel=0.2)
    assert kinds["neutral"]["productivity_pct"] < 0.7 * kinds["labour"]["productivity_pct"]


def test_shares_are_of_value_added():
    b = small_base_year().benchmark
    labour = tfp_share(b, "labour")
    assert ((labour > 0) & (labour < 1)).all()
    assert (tfp_share(b, "neutral") > 1).all()
    earned = b.factor_value.xs("KAZ", level="region")
    by_factor = earned.groupby("factor").sum()
    assert labour["KAZ"] == pytest.approx(by_factor[["unskilled", "skilled"]].sum() / by_factor.sum())


def test_shipped_targets_are_the_published_figures():
    assert target_names() == ["edb-2012"]
    published = published_estimates()
    asked = load_target("edb-2012").real_gdp_pct
    assert asked == {
        region: float(published[number].published)
        for region, number in {"BLR": 1, "KAZ": 2, "RUS": 3, "UKR": 4}.items()
    }
    assert all(published[number].verified for number in (1, 2, 3, 4))


HEAD = "title = 'a'\nquestion = 'b'\ndescription = 'c'\npath = 'union'\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "not valid TOML"),
        (HEAD + "since = 2012\nuntil = 2011\n[real_gdp_pct]\nKAZ = 1", "until = 2011 is before since"),
        (HEAD + "since = 2012\nuntil = 2015\n[real_gdp_pct]\nKAZ = -100.0", "not a number above -100"),
        (HEAD + "since = 2012\nuntil = 2015\nyears = 3\n[real_gdp_pct]\nKAZ = 1", "years"),
        (HEAD + "since = 2012\nuntil = 2015", "real_gdp_pct"),
        (HEAD.replace("union", "onion") + "since = 2012\nuntil = 2015\n[real_gdp_pct]\nKAZ = 1", "union"),
    ],
)
def test_a_bad_target_is_refused(tmp_path, text, message):
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_target(file)


def test_a_region_that_the_economy_lacks_is_refused():
    with pytest.raises(TargetError, match="UKR"):
        required_productivity(target({"UKR": 6.0}), base=small_base_year())
    with pytest.raises(TargetError, match="unknown target"):
        load_target("edb-2021")


def test_years_are_those_of_the_target(found):
    assert found.run.years == tuple(range(2007, UNTIL + 1))
    assert isinstance(found.productivity(), pd.DataFrame)
