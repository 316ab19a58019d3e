"""The page of published estimates says what the model answers today."""

from __future__ import annotations

import json
import math

import pytest

from eacu.experiments.reproduce import Row, base_year_of, load_rows
from tests.support.builders import load_builder


def is_quick(row: Row) -> bool:
    """Rows that one model answers: neither paths of years, nor another base year, nor a closure of the row's own."""
    return row.inversion is None and row.closure is None and base_year_of(row) is None


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(is_quick, id="default"),
        pytest.param(lambda row: not is_quick(row), id="the rest", marks=pytest.mark.slow),
    ],
)
def test_the_reproduction_page_is_current(chosen):
    """Solve the studies' scenarios again: same verdicts, same figures to a thousandth."""
    module = load_builder("build_reproduction")
    rows = load_rows()
    all_written = json.loads(module.VALUES.read_text(encoding="utf-8"))["rows"]
    assert len(all_written) == len(rows), "run python docs/build_reproduction.py"
    written = [old for old, row in zip(all_written, rows, strict=True) if chosen(row)]
    page, values = module.build([row for row in rows if chosen(row)])
    for old, new in zip(written, json.loads(values)["rows"], strict=True):
        name = f"{old['study']}: {old['metric']}; run python docs/build_reproduction.py"
        assert figures(old) == pytest.approx(figures(new), rel=1e-3, abs=1e-4, nan_ok=True), name
        assert words(old) == words(new), name
    headings = {line for line in page.splitlines() if line.startswith("#")}
    assert headings <= set(module.PAGE.read_text(encoding="utf-8").splitlines())


def figures(row: dict) -> list[float]:
    """The numbers of a row, a missing one as NaN."""
    values = [row[key] for key in ("ours", "ours_low", "ours_high")] + list((row["required"] or {}).values())
    return [math.nan if value is None else value for value in values]


def words(row: dict) -> dict:
    """The rest of a row; the note of an inversion repeats its figures."""
    numbers = {"ours", "ours_low", "ours_high", "required", *(["note"] if row["required"] else [])}
    return {key: value for key, value in row.items() if key not in numbers}
