"""The page of published estimates says what the model answers today."""

from __future__ import annotations

import json
import math

import pytest

from tests.support.builders import load_builder


def test_the_reproduction_page_is_current():
    """Solve every study's scenario again: same verdicts, same figures to a thousandth."""
    module = load_builder("build_reproduction")
    written = json.loads(module.VALUES.read_text(encoding="utf-8"))
    page, values = module.build()
    fresh = json.loads(values)
    for old, new in zip(written["rows"], fresh["rows"], strict=True):
        name = f"{old['study']}: {old['metric']}; run python docs/build_reproduction.py"
        figures = ("ours", "ours_low", "ours_high")
        before, after = ([math.nan if row[k] is None else row[k] for k in figures] for row in (old, new))
        assert before == pytest.approx(after, rel=1e-3, abs=1e-4, nan_ok=True), name
        assert {k: v for k, v in old.items() if k not in figures} == {
            k: v for k, v in new.items() if k not in figures
        }
    assert written["verdicts"] == fresh["verdicts"]
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == [x for x in module.PAGE.read_text(encoding="utf-8").splitlines() if x.startswith("#")]
