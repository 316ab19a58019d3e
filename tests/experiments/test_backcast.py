"""The back-cast: the page is today's, the scores mean what they say, and observed figures are the published ones."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.backcast import (
    GROWTH_ONLY,
    METHODS,
    MODEL,
    NO_CHANGE,
    PROPORTIONAL,
    BackcastError,
    backcast,
    score,
)
from eacu.report.backcast_page import backcast_json
from tests.support.builders import load_builder


@pytest.fixture(scope="module")
def found():
    return backcast()


def test_the_page_is_current(found) -> None:
    written = json.loads(load_builder("build_backcast").VALUES.read_text(encoding="utf-8"))
    fresh = json.loads(backcast_json(found))
    assert written.keys() == fresh.keys()
    for name, rows in written.items():
        for old, new in zip(rows, fresh[name], strict=True):
            words = {k: v for k, v in old.items() if isinstance(v, str)}
            assert words == {k: v for k, v in new.items() if isinstance(v, str)}
            numbers = [np.nan if old[k] is None else old[k] for k in old if k not in words]
            now = [np.nan if new[k] is None else new[k] for k in old if k not in words]
            assert now == pytest.approx(numbers, rel=1e-3, abs=1e-3, nan_ok=True), (name, old)


def test_observed_figures_are_the_published_ones(found) -> None:
    flows = found.trade.loc[("all goods", 2012)]
    assert flows.loc[("RUS", "BLR"), ["start", "actual"]].tolist() == pytest.approx(
        [15861.1, 24662.2], abs=0.1
    )
    bare = found.trade.loc[("without fuels", 2012)]
    assert bare.loc[("RUS", "KAZ"), "actual"] == pytest.approx(15187.596 - 4216.023, abs=0.1)
    assert ("RUS", "EU") not in bare.index, "nine tenths of it are fuels"
    assert ("KAZ", "BLR") not in bare.index, "fuels of 2007 were not reported"
    shares = found.duties.loc[2012, "share_actual"]
    receipts = {"RUS": 29523.5, "BLR": 1597.9, "KAZ": 2110.8}
    for member, value in receipts.items():
        assert shares[member] == pytest.approx(100 * value / sum(receipts.values()), rel=1e-6)


def test_policy_moves_only_what_it_should(found) -> None:
    before = found.trade.loc[("all goods", 2008)]
    np.testing.assert_allclose(before[MODEL], before[GROWTH_ONLY], rtol=1e-6)  # no union yet
    after = found.trade.loc[("all goods", 2012)]
    assert after.loc[("RUS", "KAZ"), MODEL] > 1.1 * after.loc[("RUS", "KAZ"), GROWTH_ONLY]
    assert after.loc[("EU", "KAZ"), MODEL] < after.loc[("EU", "KAZ"), GROWTH_ONLY]
    keys = found.duties.loc[2012, f"share_{MODEL}"]
    assert keys.to_dict() == pytest.approx({"RUS": 87.97, "BLR": 4.70, "KAZ": 7.33}, abs=0.02)


def test_scores_of_known_forecasts() -> None:
    pairs = pd.MultiIndex.from_tuples([("a", "b"), ("b", "a"), ("a", "c")], names=["exporter", "importer"])
    trade = pd.DataFrame({"start": [50.0, 30.0, 20.0], "actual": [200.0, 60.0, 40.0]}, index=pairs)
    trade[NO_CHANGE] = trade["start"]
    trade[PROPORTIONAL] = [100.0, 60.0, 60.0]
    trade[GROWTH_ONLY] = trade["start"] * [1.0, 1.1, 1.2]
    trade[MODEL] = 7.0 * trade["actual"]  # right but for the price level
    found = score(trade)
    assert list(found.index) == list(METHODS)
    assert found.loc[MODEL, "error_pct"] == pytest.approx(0.0, abs=1e-9)
    assert found.loc[MODEL, "skill_pct"] == pytest.approx(100.0)
    assert found.loc[MODEL, "correlation"] == pytest.approx(1.0)
    assert np.isnan(found.loc[NO_CHANGE, "correlation"])
    assert found.loc[NO_CHANGE, "error_pct"] == pytest.approx(
        100 * (0.5 * np.log(200 / 150) + 0.3 * np.log(90 / 60) + 0.2 * np.log(60 / 40))
    )
    assert found.loc[GROWTH_ONLY, "correlation"] < 0


def test_years_without_reports_are_refused() -> None:
    with pytest.raises(BackcastError, match="2008, 2009, 2012 only"):
        backcast([2010])
