"""Sweeps over several base years: what is data, elasticity, policy, closure; and drawn SAMs that fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.balancing import BalanceError
from eacu.calibration.sam import TOLERANCE
from eacu.experiments.regimes import load_regime
from eacu.experiments.run import run
from eacu.experiments.sensitivity import bases as module
from eacu.experiments.sensitivity.bases import DrawnBase, across, drawn_bases
from eacu.experiments.sensitivity.closures import closure_sweep
from eacu.experiments.sensitivity.factors import SensitivityError
from eacu.experiments.sensitivity.origins import limits, origins
from eacu.experiments.sensitivity.sweep import Execution, sensitivity
from tests.experiments.small_economy import small_base_year

CUSTOMS = load_regime("union-2010-07")
BORDERS = replace(CUSTOMS, name="borders", borders=load_regime("union-2011").borders)
KEYS = ["regime", "region", "indicator"]
FEW = {"method": "monte-carlo", "draws": 6, "seed": 3, "factors": ["destinations", "border_costs"]}


def small_base(factor: float):
    """The small economy with other Armington elasticities: another base year."""
    base = small_base_year()
    sigma = factor * base.benchmark.sigma_armington
    return replace(base, benchmark=replace(base.benchmark, sigma_armington=sigma))


TOLD: list[str] = []


@pytest.fixture(scope="module")
def drawn():
    """Drawn base years are small ones; odd numbers do not balance."""

    def estimate(self):
        if self.number % 2:
            error = BalanceError("the exact constraints cannot hold together.\nmore")
            error.add_note(f"This was SAM draw {self.number} of seed {self.seed}.")
            raise error
        return small_base(1.0 + 0.1 * self.number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DrawnBase, "estimate", estimate)
        yield


@pytest.fixture(scope="module")
def found(drawn):
    """Three drawn SAMs, of which the middle one is lost."""
    return across(drawn_bases(3, 7), BORDERS, **FEW, execution=Execution(1), tell=TOLD.append)


def test_the_shares_of_a_sample_of_sams_are_those_of_its_draws(found):
    row = found.bands.set_index(KEYS).loc[("borders", "KAZ", "ev_usd_mn")]
    values = {name: each.draws["ev_usd_mn[KAZ]"] for name, each in found.each.items()}
    within = np.mean([v.var(ddof=1) for v in values.values()])
    between = np.var([v.mean() for v in values.values()], ddof=1)
    assert row["sam"] == pytest.approx(between / (between + within))
    assert row["sd"] == pytest.approx(np.sqrt(between + within))
    assert row["sam_low"] < row["sam"] < row["sam_high"]
    # Policy sizes: the share of the border costs in squared derivatives, pooled over base years.
    derivatives = pd.concat([each.derivatives for each in found.each.values()])
    own = derivatives[(derivatives["region"] == "KAZ") & (derivatives["indicator"] == "ev_usd_mn")]
    square = (own["per_sd"] ** 2).groupby(own["group"]).sum()
    assert square.min() > 0.0
    assert row["policy"] / (1 - row["sam"]) == pytest.approx(square["border_costs"] / square.sum())
    shares = found.bands[["sam", "elasticities", "policy"]]
    np.testing.assert_allclose(shares.sum(axis=1)[shares["sam"].notna()], 1.0, rtol=1e-12)


def test_a_sam_that_cannot_be_solved_is_named_and_the_others_go_on(found):
    assert list(found.each) == ["SAM 0", "SAM 2"]
    (lost,) = found.failed.to_dict("records")
    assert (lost["base"], lost["regime"]) == ("SAM 1", "")
    assert lost["reason"].startswith("BalanceError: the exact constraints cannot hold together.")
    assert "SAM draw 1 of seed 7" in lost["reason"]
    assert any(line.startswith("SAM 1 is left out: BalanceError") for line in TOLD)
    with pytest.raises(SensitivityError, match=r"only 0 of 2 base years can be solved\. SAM 1: BalanceError"):
        across({"SAM 1": DrawnBase(1, 7), "SAM 3": DrawnBase(3, 7)}, CUSTOMS, **FEW, execution=Execution(1))


def test_draws_without_a_solution_are_told_with_their_base_year(found, monkeypatch):
    def loses_one(*regimes, base, **options):
        draws = found.each["SAM 0"].draws.copy()
        draws.loc[0, ["how", "reason"]] = ["failed", "on purpose"]
        return replace(found.each["SAM 0"], draws=draws)

    monkeypatch.setattr(module, "sensitivity", loses_one)
    bases = {"SAM 0": DrawnBase(0, 1), "SAM 2": DrawnBase(2, 1)}
    assert across(bases, BORDERS, **FEW, execution=Execution(1)).failed.to_dict("records") == [
        {"base": name, "regime": "borders", "draw": 0, "reason": "on purpose"} for name in bases
    ]


def test_limits_of_the_share_hold_the_truth_nine_times_in_ten():
    """Means of six drawn SAMs, normal, with as much variance between SAMs as within them."""
    between = pd.Series(np.random.default_rng(5).standard_normal((4000, 6)).var(axis=1, ddof=1))
    low, high = limits(between, pd.Series(1.0, index=between.index), 6)
    assert ((low <= 0.5) & (high >= 0.5)).mean() == pytest.approx(0.9, abs=0.02)


class _Fake:
    """A sweep of which only mean and standard deviation of one outcome matter."""

    def __init__(self, mean: float, sd: float):
        head = {"regime": "r", "region": "KAZ", "indicator": "ev_usd_mn", "unit": "USD mn"}
        self.bands = pd.DataFrame([head | {"central": mean, "mean": mean, "sd": sd}])
        self.derivatives = pd.DataFrame([head | {"factor": "frisch", "group": "frisch", "per_sd": sd}])
        self.factors = ()


def test_closures_stand_beside_the_shares_as_a_range():
    closures = pd.DataFrame(
        {
            "regime": ["r", "r", "r", "all"],
            "closure": ["default", "short-run", "deficit", "migration"],
            "region": ["KAZ", "KAZ", "KAZ", None],
            "indicator": ["ev_usd_mn", "ev_usd_mn", "ev_usd_mn", None],
            "value": [3.0, -2.0, 1.0, np.nan],
            "reason": ["", "", "", "no solution"],
        }
    )
    found = origins({"a": _Fake(1.0, 1.0), "b": _Fake(2.0, 1.0)}, sampled=False, closures=closures).iloc[0]
    assert (found["closure_low"], found["closure_lowest"]) == (-2.0, "short-run")
    assert (found["closure_high"], found["closure_highest"]) == (3.0, "default")
    assert np.isnan(found["sam_low"]), "base years that were chosen are no sample"


def test_any_number_of_processes_gives_the_same_and_a_sweep_can_be_extended(tmp_path: Path):
    bases = {f"base {k}": small_base(1.0 + 0.2 * k) for k in range(3)}
    two = {name: bases[name] for name in ("base 0", "base 1")}
    kept = Execution(1, folder=tmp_path / "kept")
    together = across(two, CUSTOMS, **FEW, execution=replace(kept, workers=2))
    with pytest.raises(SensitivityError, match="base 0 holds a sweep already"):
        across(two, CUSTOMS, **FEW, execution=kept)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("block-*.parquet")}
    assert len(files) == 2
    (tmp_path / "kept" / "base 1" / "block-000000.parquet").unlink()
    longer = across(bases, CUSTOMS, **FEW, execution=replace(kept, resume=True))
    assert len(longer.each) == 3
    for name, each in together.each.items():
        pd.testing.assert_frame_equal(longer.each[name].draws, each.draws, check_exact=True)
        pd.testing.assert_frame_equal(longer.each[name].bands, each.bands, check_exact=True)
    first = tmp_path / "kept" / "base 0" / "block-000000.parquet"
    assert first.stat().st_mtime_ns == files[first], "finished blocks are left alone"


@pytest.mark.slow
def test_drawn_sams_balance_replicate_and_are_solved_on_real_data():
    bases = drawn_bases(2, 1)
    years = {name: drawn.estimate() for name, drawn in bases.items()}
    for year in years.values():
        solved = run("pre-union", base=year)["pre-union"]
        assert solved.iterations == 0
        assert solved.passed
        assert solved.sam.balance_gap() <= TOLERANCE
    ask = {"method": "monte-carlo", "draws": 4, "seed": 1}
    found = across(bases, "union-2010-07", **ask, closures=True, execution=Execution(2))
    assert found.failed.empty
    again = sensitivity("union-2010-07", base=years["SAM 1"], **ask, execution=Execution(1))
    pd.testing.assert_frame_equal(again.draws, found.each["SAM 1"].draws, check_exact=True)
    row = found.bands.set_index(KEYS).loc[("union-2010-07", "KAZ", "ev_usd_mn")]
    assert row["closure_low"] < row["closure_high"]
    alone = closure_sweep("union-2010-07", closures=("short-run",))
    swept = found.closures[found.closures["closure"] == "short-run"].reset_index(drop=True)
    pd.testing.assert_frame_equal(swept, alone, check_exact=True)
