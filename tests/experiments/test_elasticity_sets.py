"""Named sets of trade elasticities: what they change, what they refuse, and that the page is today's."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu import data
from eacu.experiments.base_year import load_base_year
from eacu.experiments.elasticity_sets import (
    ElasticityError,
    ElasticitySet,
    compare_elasticities,
    elasticity_sets,
    mean_elasticity,
    with_elasticities,
)
from tests.support.builders import load_builder


def test_the_page_is_current() -> None:
    written = json.loads(load_builder("build_elasticities").VALUES.read_text(encoding="utf-8"))
    base = load_base_year()
    means = {one["name"]: one["members_mean"] for one in written["sets"]}
    assert list(means) == list(elasticity_sets())
    for name, one in elasticity_sets().items():
        assert mean_elasticity(one.on(base.benchmark)) == pytest.approx(means[name], rel=1e-9), name
    found = compare_elasticities(["union-2010-07"], ["gtap", "survey-high"], base)
    page = pd.DataFrame(written["effects"]).set_index(["regime", "member", "indicator"])
    page = page.loc[found.index, list(found)].astype(float)
    pd.testing.assert_frame_equal(found, page, rtol=1e-3, atol=1e-4, check_names=False)


def test_sets_change_trade_elasticities_and_nothing_else() -> None:
    base = load_base_year()
    b = base.benchmark
    for name, mean in (("survey-low", 2.5), ("survey-median", 3.8), ("survey-high", 5.1)):
        assert mean_elasticity(with_elasticities(base, name).benchmark) == pytest.approx(mean)
    high = with_elasticities(base, "high")
    np.testing.assert_allclose(high.benchmark.sigma_sources, 2 * b.sigma_sources)
    assert high.elasticities == "high"
    assert high.benchmark.sigma_value_added is b.sigma_value_added
    assert with_elasticities(base, "envisage").benchmark is b


def test_rows_go_to_their_sectors_and_sectors_without_keep_theirs() -> None:
    b = load_base_year().benchmark
    table = data.table("sources/elasticity_sets").set_index(["set", "parameter", "sector"])["value"]
    broda = elasticity_sets()["broda-weinstein"].on(b)
    assert broda.sigma_sources["lgt", "KAZ"] == table["broda-weinstein", "sources", "lgt"]
    assert broda.sigma_armington["lgt", "KAZ"] == pytest.approx(
        broda.sigma_sources["lgt", "KAZ"] / 2, abs=1e-6
    )
    assert broda.sigma_sources["trd", "KAZ"] == b.sigma_sources["trd", "KAZ"]
    gtap = elasticity_sets()["gtap"].on(b)
    assert gtap.sigma_armington["oil", "RUS"] == pytest.approx(5.2, abs=1e-6)
    assert gtap.sigma_sources["oil", "RUS"] == pytest.approx(10.4, abs=1e-6)


def test_what_cannot_be_is_refused() -> None:
    base = load_base_year()
    with pytest.raises(ElasticityError, match="did you mean 'gtap'"):
        with_elasticities(base, "gtapp")
    with pytest.raises(ElasticityError, match="already"):
        with_elasticities(with_elasticities(base, "high"), "low")
    with pytest.raises(ElasticityError, match="market structure"):
        with_elasticities(
            replace(base, benchmark=replace(base.benchmark, increasing_returns=(("mvh", "RUS"),))), "low"
        )
    with pytest.raises(ValueError, match="one of rows"):
        ElasticitySet(name="x", says="", source="", quality="assumed", factor=2.0, mean=3.0)
