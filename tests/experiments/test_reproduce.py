"""The reproduction table: the rule judges without knowing the row, rows name what exists."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from eacu.experiments import reproduce as module
from eacu.experiments.claims import Measure
from eacu.experiments.reproduce import (
    STUDIES,
    Published,
    Reproduction,
    ReproductionError,
    Row,
    judge,
    load_rows,
    published_estimates,
    rankings,
    reproduce,
    verdict_of,
)
from eacu.experiments.required_productivity import COLUMNS
from eacu.experiments.run import run


def published(figure: str, evidence: str = "read") -> Published:
    return Published("S", "2012", "x", "KAZ", "welfare", "%", figure, "https://example.org", evidence)


@pytest.mark.parametrize(
    ("figure", "ours", "low", "high", "verdict"),
    [
        ("-0.2", -0.2, -0.3, -0.1, "reproduced"),
        ("-0.2", -0.4, -0.4, -0.4, "reproduced"),
        ("-0.2", -0.401, -0.41, -0.4, "sign only"),
        ("-0.2", -0.09, -0.1, -0.05, "sign only"),
        ("-0.2", -0.09, -0.25, -0.05, "inside the band"),
        ("-0.2", 0.1, -0.3, 0.2, "inside the band"),
        ("-0.2", 0.1, 0.05, 0.2, "opposite sign"),
        ("6 to 9", 7.5, 7, 8, "reproduced"),
        ("6 to 9", 4.0, 4, 4, "reproduced"),
        ("6 to 9", 2.0, 2, 2, "sign only"),
        ("at most 1", 0.3, 0, 1, "reproduced"),
        ("at most 1", -0.3, -1, -0.1, "opposite sign"),
        ("at most 1", -0.01, -0.1, 0.1, "inside the band"),
        ("at most 1", 2.5, 2, 3, "sign only"),
        ("negative", -0.01, -0.01, -0.01, "sign reproduced"),
        ("significantly positive, small", -0.01, 0, 0, "opposite sign"),
        ("positive, marginal", 0.04, 0.04, 0.04, "sign reproduced"),
        ("positive, marginal", -0.04, -0.04, -0.04, "opposite sign"),
        ("positive, marginal", 0.4, 0.4, 0.4, "sign only"),
        ("not significant", 0.04, 0.04, 0.04, "sign reproduced"),
        ("not significant", 0.4, 0.4, 0.4, "opposite sign"),
        ("-0.2", math.nan, math.nan, math.nan, "not reproducible"),
    ],
)
def test_the_rule(figure, ours, low, high, verdict):
    assert judge(published(figure), ours, low, high) == verdict


@pytest.mark.parametrize(
    ("figure", "neutral", "ours", "verdict"),
    [
        ("6.86", 7.33, 8.20, "opposite sign"),
        ("3.65", 4.70, 3.72, "reproduced"),
        ("89.49", 87.97, 88.1, "sign only"),
        ("2", 1.0, 1.68, "reproduced"),
        ("2", 1.0, 1.0, "opposite sign"),
        ("2", 1.0, 1.3, "sign only"),
    ],
)
def test_shares_and_ratios_are_judged_from_what_means_no_effect(figure, neutral, ours, verdict):
    assert judge(published(figure), ours, ours, ours, neutral) == verdict


@pytest.mark.parametrize(
    ("key", "verdict"),
    [({"input": True}, "input"), ({"assumed": "a height"}, "size assumed"), ({}, "reproduced")],
)
def test_inputs_and_assumed_sizes_are_no_tests(key, verdict):
    measure = Measure(regime="pre-union", region="KAZ", indicator="cpi_pct")
    row = Row(estimate=1, rung=1, mechanisms=("tariffs",), measure=measure, **key)
    assert verdict_of(row, published("1"), 1.0, 1.0, 1.0) == verdict


def test_an_assumed_size_does_not_excuse_the_sign():
    measure = Measure(regime="pre-union", region="KAZ", indicator="cpi_pct")
    row = Row(estimate=1, rung=1, mechanisms=("tariffs",), measure=measure, assumed="a height")
    assert verdict_of(row, published("2.7"), -0.4, -0.9, -0.1) == "opposite sign"
    assert verdict_of(row, published("2.7"), math.nan, math.nan, math.nan) == "not reproducible"


def test_rankings_are_those_of_the_rows_in_the_published_order(tmp_path):
    file = tmp_path / "rows.toml"
    file.write_text(
        "rows = []\nrankings = [{ says = 'S', estimates = [2, 1] }, { says = 'T', estimates = [2, 3] }]",
        encoding="utf-8",
    )
    rows = [Row(estimate=n, rung=1, mechanisms=(), missing="x") for n in (1, 2)]
    first, second = (
        Reproduction(row, published("1"), ours, ours, ours)
        for row, ours in zip(rows, (1.0, 2.0), strict=True)
    )
    (found,) = rankings([first, second], file)
    assert (found.ours, found.holds) == ((2.0, 1.0), True)
    (found,) = rankings([replace(first, ours=3.0), second], file)
    assert not found.holds


def test_only_figures_read_in_their_source_are_verified():
    assert published("1").verified
    assert not published("1", "derived").verified
    assert not published("1", "not read").verified


def test_a_row_is_answered_or_says_what_is_missing():
    common = {"estimate": 1, "rung": 1, "mechanisms": ("tariffs",)}
    with pytest.raises(ValueError, match="either a measure, an inversion or what is missing"):
        Row(**common)
    measure = Measure(regime="pre-union", region="KAZ", indicator="cpi_pct")
    with pytest.raises(ValueError, match="either a measure, an inversion or what is missing"):
        Row(**common, measure=measure, missing="nothing")


def test_a_row_by_inversion_is_never_a_test(monkeypatch):
    """Its verdict says what it is, its figure is what the model explains, and the target must be the published one."""
    table = pd.DataFrame({name: [1.0] for name in COLUMNS}, index=["BLR"]) * 3.0
    table["own_pct"] = 1.5
    table["target_pct"] = 14.0
    asked = []

    class Found:
        @staticmethod
        def table():
            return table

    def solve(target, base, tell):
        asked.append((target.name, base.benchmark.sigma_armington.iloc[0]))
        return Found

    monkeypatch.setattr(module, "required_productivity", solve)
    (row,) = (row for row in load_rows() if row.estimate == 1)
    (found,) = reproduce([row])
    assert [name for name, _ in asked] == ["edb-2012"] * 3
    central, half, more = (sigma for _, sigma in asked)
    assert (half, more) == pytest.approx((0.5 * central, 1.5 * central))
    assert found.verdict == "by inversion"
    assert found.ours == 1.5
    assert found.as_dict()["required"]["tfp_pct"] == 3.0
    assert "labour 3.0 % more productive" in found.as_dict()["note"]
    table["target_pct"] = 13.0
    with pytest.raises(ReproductionError, match="asks for 13 of BLR, published is 14"):
        reproduce([row])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows = [", "not valid TOML"),
        ("rows = [{ estimate = 1, rung = 9, mechanisms = [], missing = 'x' }]", "rung"),
        ("rows = [{ estimate = 1, rung = 1, mechanisms = ['magic'], missing = 'x' }]", "mechanisms"),
        ("[[rows]]\nestimate = 1\nrung = 1\nmechanisms = []\nmissing = 'x'\n" * 2, "answered twice"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, message):
    file = tmp_path / "rows.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ReproductionError, match=message):
        load_rows(file)


def test_an_unknown_estimate_is_refused():
    row = Row(estimate=9999, rung=1, mechanisms=("tariffs",), missing="x")
    with pytest.raises(ReproductionError, match="unknown estimate '9999'"):
        reproduce([row])


def test_every_row_has_its_estimate_and_every_estimate_its_row():
    rows = load_rows()
    assert len([row for row in rows if row.measure is not None]) >= 30
    assert {row.estimate for row in rows} == set(published_estimates())


def test_a_figure_is_the_measure_times_its_factor():
    (row,) = (row for row in load_rows() if row.estimate == 22)
    (found,) = reproduce([row])
    solved = run(STUDIES / "kazakhstan-cet-exceptions.toml")
    (regime,) = solved
    before, after = regime.indicators.loc["KAZ", ["tariff_revenue_base_usd_mn", "tariff_revenue_usd_mn"]]
    assert found.ours == pytest.approx(after / before, rel=1e-9)
    assert found.low < found.ours < found.high
    assert found.as_dict()["published"] == "2"
