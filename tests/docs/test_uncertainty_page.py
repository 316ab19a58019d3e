"""The page on what results' spread comes from: it says what its figures say, and they are what sweeps give."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from eacu.report.uncertainty_page import SHOWN, uncertainty_page

ROOT = Path(__file__).parents[2]
VALUES = json.loads((ROOT / "docs" / "uncertainty.json").read_text(encoding="utf-8"))


def test_the_page_is_that_of_its_values() -> None:
    page = (ROOT / "docs" / "uncertainty.md").read_text(encoding="utf-8")
    assert uncertainty_page(VALUES, "python docs/build_uncertainty.py") == page


def test_shares_sum_to_one_and_bands_hold_the_middle() -> None:
    assert {row["indicator"] for row in VALUES["rows"]} == set(SHOWN)
    for row in VALUES["rows"]:
        assert row["sam"] + row["elasticities"] + row["policy"] == pytest.approx(1.0)
        assert row["sam_low"] < row["sam"] < row["sam_high"] and row["low"] < row["mean"] < row["high"]


def test_the_words_follow_the_band() -> None:
    row = {
        "regime": "r", "region": "KAZ", "indicator": SHOWN[0], "central": 1.0, "mean": 1.0, "low": 0.5, "high": 1.5,
        "sam": 0.2, "sam_low": 0.1, "sam_high": 0.4, "elasticities": 0.7, "policy": 0.1,
        "closure_low": -1.0, "closure_high": 2.0, "closure_lowest": "a", "closure_highest": "b",
    }  # fmt: skip
    said = uncertainty_page({**VALUES, "rows": [row]}, "c")
    assert "- r, KAZ: a gain (0.50 to 1.50), mostly from elasticities (70 %); closures turn its sign." in said
    said = uncertainty_page({**VALUES, "rows": [row | {"low": -1.5, "sam": 0.9, "elasticities": 0.0}]}, "c")
    assert "- r, KAZ: of either sign (-1.50 to 1.50), mostly from the SAM (90 %)." in said


@pytest.mark.slow
def test_the_values_are_what_the_sweep_gives() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import build_uncertainty
    finally:
        sys.path.pop(0)
    again = json.loads(build_uncertainty.build()[1])
    for row, old in zip(again["rows"], VALUES["rows"], strict=True):
        assert row["mean"] == pytest.approx(old["mean"], rel=1e-6, abs=1e-9)
