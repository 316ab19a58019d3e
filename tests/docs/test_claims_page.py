"""The page of claims says what the model answers today."""

from __future__ import annotations

import json

import pytest

from tests.support.builders import load_builder


def same(written: dict, fresh: dict, variants: list[str]) -> None:
    """Compare two answers to one claim in the variants given, to a thousandth."""
    name = f"{written['id']}: run python docs/build_claims.py"
    assert written["id"] == fresh["id"]
    assert written["number"] == pytest.approx(fresh["number"], rel=1e-3, abs=1e-4), name
    for key in ("claim", "said_by", "channel", "missing", "unit", "number_of"):
        assert written[key] == fresh[key], name
    assert {k: written["holds_in"][k] for k in variants} == {k: fresh["holds_in"][k] for k in variants}, name
    for old, new in zip(written["statements"], fresh["statements"], strict=True):
        assert (old["says"], old["regime"], old["test"]) == (new["says"], new["regime"], new["test"]), name
        before, after = ({k: s["values"][k] for k in variants} for s in (old, new))
        assert before == pytest.approx(after, rel=1e-3, abs=1e-3), f"{name}: {old['says']}"


def check(variants_used: int | None) -> tuple[dict, dict]:
    module = load_builder("build_claims")
    written = json.loads(module.VALUES.read_text(encoding="utf-8"))
    fresh = json.loads(module.build(variants_used)[1])
    variants = list(fresh["claims"][0]["holds_in"])
    for old, new in zip(written["claims"], fresh["claims"], strict=True):
        same(old, new, variants)
    assert written["facts"] == fresh["facts"]
    return written, fresh


def test_the_claims_page_is_current():
    """Every claim solved again, in the central case and one variant."""
    written, _ = check(1)
    page = load_builder("build_claims").PAGE.read_text(encoding="utf-8")
    for claim in written["claims"]:
        assert f"## {claim['id']}\n" in page
        assert claim["claim"] in page


@pytest.mark.slow
def test_every_band_is_current():
    """Every claim solved again in every variant."""
    written, fresh = check(None)
    for old, new in zip(written["claims"], fresh["claims"], strict=True):
        assert old["verdict"] == new["verdict"]
