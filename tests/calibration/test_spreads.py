"""Spreads of elasticities that have a source: the shipped table holds what the figures of the source give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eacu import data
from eacu.calibration.sources.raw import SourcesMissing, raw_root
from eacu.calibration.sources.spreads import between_countries, range_spread, two_way
from eacu.experiments.elasticity_sets import elasticity_sets

SHIPPED = data.table("parameters/distributions").set_index("factor")


def test_a_range_is_that_of_nine_tenths() -> None:
    spread = range_spread(2.0, 8.0)
    inside = stats.lognorm.cdf([2.0, 8.0], s=spread, scale=4.0)
    assert inside == pytest.approx([0.05, 0.95])


def test_levels_are_those_of_the_surveys() -> None:
    low, high = (elasticity_sets()[f"survey-{end}"].mean for end in ("low", "high"))
    assert low is not None and high is not None
    assert SHIPPED.loc["trade_level", "value"] == pytest.approx(range_spread(low, high), abs=5e-4)
    assert SHIPPED.loc["value_added_level", "value"] == pytest.approx(range_spread(0.3, 0.9), abs=5e-4)


def test_the_analysis_of_variance_finds_the_parts_it_was_given() -> None:
    random = np.random.default_rng(1)
    common, own = 0.4 * random.normal(size=(1, 500)), 0.2 * random.normal(size=(300, 500))
    found = two_way(pd.DataFrame(random.normal(size=(300, 1)) + common + own))
    assert found == pytest.approx((0.4, 0.2), rel=0.1)
    assert two_way(pd.DataFrame([[1.0, 2.0, 4.0], [0.0, 1.0, 3.0]])) == pytest.approx(
        (np.std([1.0, 2.0, 4.0], ddof=1), 0.0)
    )


def test_the_spread_of_single_goods_is_that_between_neighbours() -> None:
    try:
        root = raw_root()
    except SourcesMissing as reason:
        pytest.skip(f"raw sources absent: {reason}")
    level, own = between_countries(root)
    assert SHIPPED.loc["trade", "value"] == pytest.approx(own, abs=5e-4)
    assert level < SHIPPED.loc["trade_level", "value"]


def test_the_page_lists_every_factor_with_its_spread() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sensitivity.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for factor, row in SHIPPED.iterrows():
        size = (
            f"±{100 * row['value']:.0f} %"
            if row["family"] == "triangular"
            else f"lognormal, {row['value']:g}"
        )
        own = [line for line in rows if f"`{factor}`" in line.split("|")[1]]
        assert len(own) == 1, factor
        assert size in own[0], factor
        assert ("assumed" in own[0]) == (row["quality"] == "assumed"), factor


def test_every_source_is_explained_and_has_terms() -> None:
    for name in ("SOURCES.md", "LICENCES.md"):
        text = data.path(name).read_text(encoding="utf-8")
        assert [key for key in SHIPPED["source"].unique() if f"`{key}`" not in text] == []
