"""The page of published estimates says what the model answers today."""

from __future__ import annotations

import json
import math

import pytest

from eacu.experiments.reproduce import Row, base_year_of, load_rows, published_estimates, verdict_of
from tests.support.builders import load_builder


def is_quick(row: Row) -> bool:
    """Rows that one model answers: neither paths of years, nor another base year, nor a closure of the row's own."""
    return row.inversion is None and row.closure is None and base_year_of(row) is None


def test_our_figures_are_current():
    """Solve the studies' scenarios again, without the band: the same central figures to a thousandth."""
    module = load_builder("build_reproduction")
    rows = load_rows()
    chosen = [is_quick(row) for row in rows]
    _, values = module.build([row for row, quick in zip(rows, chosen, strict=True) if quick], band=())
    for old, new in zip(written(module, chosen), json.loads(values)["rows"], strict=True):
        name = f"{old['study']}: {old['metric']}; run python docs/build_reproduction.py"
        assert figures(old)[0] == pytest.approx(figures(new)[0], rel=1e-3, abs=1e-4, nan_ok=True), name
        assert words(old, "verdict") == words(new, "verdict"), name


def test_every_verdict_follows_from_the_figures_that_are_written():
    """The rule again, on the committed figures: nobody has typed a verdict."""
    module = load_builder("build_reproduction")
    answered = published_estimates()
    checked = 0
    for old, row in zip(written(module, None), load_rows(), strict=True):
        if old["ours"] is not None and row.inversion is None:
            figures = old["ours"], old["ours_low"], old["ours_high"]
            assert old["verdict"] == verdict_of(row, answered[row.estimate], *figures)
            checked += 1
    assert checked > 30


@pytest.mark.slow
@pytest.mark.parametrize("quick", [True, False])
def test_the_whole_page_is_current(quick):
    """Solve the studies' scenarios again in every case: same verdicts, same figures to a thousandth."""
    module = load_builder("build_reproduction")
    rows = load_rows()
    chosen = [is_quick(row) is quick for row in rows]
    page, values = module.build([row for row, take in zip(rows, chosen, strict=True) if take])
    for old, new in zip(written(module, chosen), json.loads(values)["rows"], strict=True):
        name = f"{old['study']}: {old['metric']}; run python docs/build_reproduction.py"
        assert figures(old) == pytest.approx(figures(new), rel=1e-3, abs=1e-4, nan_ok=True), name
        assert words(old) == words(new), name
    headings = {line for line in page.splitlines() if line.startswith("#")}
    assert headings <= set(module.PAGE.read_text(encoding="utf-8").splitlines())


def written(module, chosen: list[bool] | None) -> list[dict]:
    """The committed rows, all or those chosen."""
    rows = json.loads(module.VALUES.read_text(encoding="utf-8"))["rows"]
    assert len(rows) == len(load_rows()), "run python docs/build_reproduction.py"
    return rows if chosen is None else [row for row, take in zip(rows, chosen, strict=True) if take]


def figures(row: dict) -> list[float]:
    """The numbers of a row, a missing one as NaN."""
    values = [row[key] for key in ("ours", "ours_low", "ours_high")] + list((row["required"] or {}).values())
    return [math.nan if value is None else value for value in values]


def words(row: dict, *without: str) -> dict:
    """The rest of a row; the note of an inversion repeats its figures."""
    numbers = {*without, "ours", "ours_low", "ours_high", "required", *(["note"] if row["required"] else [])}
    return {key: value for key, value in row.items() if key not in numbers}
