"""The back-cast: the page is today's, the scores mean what they say, and observed figures are the published ones."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.backcast import Backcast, BackcastError, backcast
from eacu.experiments.backcast_scores import (
    BETTER,
    GROWTH_ONLY,
    METHODS,
    MODEL,
    NO_CHANGE,
    PROPORTIONAL,
    UNCLEAR,
    WORSE,
    Pairs,
    by_year,
    comparisons,
    levels,
    scores,
    union_shares,
)
from eacu.report.backcast_page import backcast_json
from tests.support.builders import load_builder

MEMBERS = ("RUS", "BLR", "KAZ")
REGIONS = (*MEMBERS, "KGZ", "EU", "CHN", "ROW")


@pytest.fixture(scope="module")
def found():
    return backcast()


@pytest.fixture(scope="module")
def written() -> dict[str, list[dict]]:
    return json.loads(load_builder("build_backcast").VALUES.read_text(encoding="utf-8"))


def test_the_page_is_current(found, written) -> None:
    agree(written, json.loads(backcast_json(found)))


def test_the_scores_of_the_page_follow_from_its_flows(written) -> None:
    """The part that needs no model: scores, levels, shares and intervals computed anew from the printed flows."""
    keys = ["goods", "year", "exporter", "importer"]
    trade = pd.DataFrame(written["trade"]).set_index(keys)
    duties = pd.DataFrame(written["duties"]).set_index(["year", "member"])
    again = json.loads(backcast_json(Backcast(trade, duties, MEMBERS, pd.DataFrame())))
    agree(written, again)


def agree(written: dict[str, list[dict]], fresh: dict[str, list[dict]]) -> None:
    assert written.keys() == fresh.keys()
    for name, rows in written.items():
        for old, new in zip(rows, fresh[name], strict=True):
            words = {k: v for k, v in old.items() if isinstance(v, str)}
            assert words == {k: v for k, v in new.items() if isinstance(v, str)}
            assert old.keys() == new.keys()
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


def world(seed: int = 0) -> pd.DataFrame:
    """Thirty pairs with a member: trade of the first year and what became of it; forecasts are to be added."""
    rng = np.random.default_rng(seed)
    pairs = [(r, s) for r in REGIONS for s in REGIONS if r != s and {r, s} & set(MEMBERS)]
    index = pd.MultiIndex.from_tuples(pairs, names=["exporter", "importer"])
    start = np.exp(rng.normal(8, 1.5, len(index)))
    flows = pd.DataFrame(
        {"start": start, "actual": start * np.exp(rng.normal(0.5, 0.4, len(index)))}, index=index
    )
    flows[NO_CHANGE] = flows["start"]
    for name in (PROPORTIONAL, GROWTH_ONLY):
        flows[name] = flows["actual"] * np.exp(rng.normal(0, 0.4, len(index)))
    return flows


def inside(flows: pd.DataFrame) -> np.ndarray:
    return np.all([flows.index.get_level_values(side).isin(MEMBERS) for side in flows.index.names], axis=0)


def test_scores_of_known_forecasts() -> None:
    index = pd.MultiIndex.from_tuples(
        [("RUS", "BLR"), ("BLR", "RUS"), ("RUS", "EU"), ("EU", "RUS")], names=["exporter", "importer"]
    )
    flows = pd.DataFrame(
        {"start": [50.0, 30.0, 10.0, 10.0], "actual": [200.0, 60.0, 20.0, 20.0]}, index=index
    )
    flows[NO_CHANGE] = flows["start"]
    flows[PROPORTIONAL] = [100.0, 60.0, 60.0, 20.0]
    flows[GROWTH_ONLY] = flows["start"] * [1.0, 1.1, 1.2, 1.3]
    flows[MODEL] = 7.0 * flows["actual"]  # right but for the price level
    pairs = Pairs.of(flows, MEMBERS)
    table, sums = scores(pairs), levels(pairs)
    assert list(table.loc["all pairs"].index) == list(METHODS)
    for group in ("all pairs", "between members", "members' other exports"):
        assert table.loc[(group, MODEL), "error_pct"] == pytest.approx(0.0, abs=1e-9)
        assert table.loc[(group, MODEL), "skill_pct"] == pytest.approx(100.0)
    assert sums["level_pct"].xs(MODEL, level="method").to_numpy() == pytest.approx(0.0, abs=1e-9)
    unchanged = table.loc[("between members", NO_CHANGE)]  # one scale over all pairs: three, not 260 / 80
    misses = np.log([3 * 50 / 200, 3 * 30 / 60])
    assert unchanged["error_pct"] == pytest.approx(100 * np.abs(misses) @ [5 / 8, 3 / 8])
    assert unchanged["rmse_pct"] == pytest.approx(100 * np.sqrt((misses**2).mean()))
    assert np.isnan(unchanged["correlation"])
    assert table.loc[("all pairs", GROWTH_ONLY), "correlation"] < 0
    level = sums.loc[("between members", NO_CHANGE)]
    assert level["forecast"] == pytest.approx(240.0)
    assert level["level_pct"] == pytest.approx(100 * np.log(240 / 260))
    assert union_shares(pairs)["actual"] == pytest.approx(100 * 260 / 300)


def test_a_wrong_level_of_union_trade_is_a_fault_of_the_forecast() -> None:
    """Right about every pair of the union relative to the others, but half as much again in all: it must show."""
    flows = world()
    flows[PROPORTIONAL] = 1.7 * flows["actual"]
    flows[MODEL] = flows["actual"].where(~inside(flows), 1.5 * flows["actual"])
    found = comparisons(Pairs.of(flows, MEMBERS)).xs(PROPORTIONAL, level="against")
    assert found.loc[("between members", "level"), "model"] > 20
    for measure in ("error", "rmse", "level", "share"):
        row = found.loc[("between members", measure)]
        assert row["other"] == pytest.approx(0.0, abs=1e-9)
        assert row["verdict"] == WORSE
        assert row["rank"] > 1


@pytest.mark.parametrize(("right", "wrong", "verdict"), [(0.02, 0.5, BETTER), (0.5, 0.02, WORSE)])
def test_the_best_forecast_is_found_where_it_is_known(right: float, wrong: float, verdict: str) -> None:
    rng, flows = np.random.default_rng(1), world()
    flows[MODEL] = flows["actual"] * np.exp(rng.normal(0, right, len(flows)))
    flows[PROPORTIONAL] = flows["actual"] * np.exp(rng.normal(0, wrong, len(flows)))
    flows[NO_CHANGE] = flows["actual"] * np.exp(rng.normal(0, 0.6, len(flows)))
    found = comparisons(Pairs.of(flows, MEMBERS)).drop(GROWTH_ONLY, level="against").sort_index()
    for measure in ("error", "rmse"):
        row = found.loc[("all pairs", measure)].iloc[0]
        assert row["verdict"] == verdict
        assert row["low"] < row["difference"] < row["high"]
    assert (found.loc["all pairs", "measures_agree"] == 1).all()


def test_forecasts_that_are_equally_good_are_rarely_told_apart() -> None:
    """A 90 % interval is wrong one time in ten; exporters and importers have shocks of their own."""
    told, rounds = 0, 40
    for seed in range(rounds):
        rng, flows = np.random.default_rng(seed), world(seed)
        for name in (MODEL, PROPORTIONAL):
            own = [pd.Series(rng.normal(0, 0.2, len(REGIONS)), REGIONS) for _ in flows.index.names]
            shocks = sum(e[flows.index.get_level_values(n)].to_numpy() for n, e in enumerate(own))
            flows[name] = flows["actual"] * np.exp(shocks + rng.normal(0, 0.3, len(flows)))
        flows[NO_CHANGE] = flows["actual"] * np.exp(rng.normal(0, 3.0, len(flows)))
        found = comparisons(Pairs.of(flows, MEMBERS), draws=200).xs(PROPORTIONAL, level="against")
        told += found.loc[("all pairs", "error"), "verdict"] != UNCLEAR
    assert told <= 9  # more has a chance of 1 in 100 if the true rate is one in ten


def test_intervals_have_a_seed_and_policy_that_was_not_there_is_no_forecast() -> None:
    flows = world()
    flows[MODEL] = 1.1 * flows[GROWTH_ONLY]
    pairs = by_year(pd.concat({("all goods", 2012): flows}, names=["goods", "year"]), MEMBERS)[
        "all goods", 2012
    ]
    once, again = comparisons(pairs, draws=200), comparisons(pairs, draws=200)
    pd.testing.assert_frame_equal(once, again)
    assert not once["low"].equals(comparisons(pairs, draws=200, seed=1)["low"])
    flows[MODEL] = flows[GROWTH_ONLY]
    assert MODEL not in Pairs.of(flows, MEMBERS).methods


def test_years_without_reports_are_refused() -> None:
    with pytest.raises(BackcastError, match="2008, 2009, 2012 only"):
        backcast([2010])
