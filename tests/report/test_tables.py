"""Tables, JSON and figures say what the run says."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from rich.console import Console

from eacu.model.indicators import UNITS
from eacu.report.indicators import TABLE_INDICATORS, Indicator
from eacu.report.plots import effects_figure
from eacu.report.summary import summary
from eacu.report.tables import checks_table, effects_table
from tests.report.conftest import REGIONS


def lines_of(table) -> list[str]:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def test_every_indicator_of_every_member_is_printed(run):
    lines = lines_of(effects_table(list(run), run.members, 2007))
    text = "\n".join(lines)
    for member in run.members:
        for indicator in TABLE_INDICATORS:
            value = run["union-2010-07"].indicators.at[member, indicator.key]
            assert indicator.short(value) in text
    assert "changes against 2007" in text
    assert "ROW" not in text
    assert len([line for line in lines if "Real GDP" in line]) == len(run.members)


def test_an_undefined_indicator_is_a_dash(run):
    lines = lines_of(effects_table(list(run), ["ROW"], 2007))
    (line,) = [line for line in lines if "Exports to outside" in line]
    assert line.count("–") == 2
    assert "nan" not in "\n".join(lines)


def test_failed_checks_stand_out(run, failing_run):
    assert "FAIL" not in "\n".join(lines_of(checks_table(list(run))))
    text = "\n".join(lines_of(checks_table(list(failing_run))))
    assert text.count("FAIL") == 1
    assert "largest residual" in text


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (-0.001, 2, "0.00"),
        (-0.006, 2, "-0.01"),
        (1234.4, 0, "1,234"),
        (-1234.6, 0, "-1,235"),
        (0.0, 1, "0.0"),
    ],
)
def test_format(value, decimals, expected):
    assert Indicator("k", "h", "u", decimals).format(value) == expected


def test_json_shape(run):
    objects = json.loads(json.dumps(summary(run), allow_nan=False))
    assert [entry["regime"] for entry in objects] == ["pre-union", "union-2010-07"]
    for entry, regime in zip(objects, run, strict=True):
        assert entry["status"] == "ok"
        assert entry["max_residual"] == regime.max_residual
        assert entry["walras"] == regime.walras
        assert tuple(entry["regions"]) == REGIONS
        for region, values in entry["regions"].items():
            assert values.keys() == UNITS.keys() >= {indicator.key for indicator in TABLE_INDICATORS}
            for key, value in values.items():
                expected = regime.indicators.at[region, key]
                assert value is None if math.isnan(expected) else value == expected


def test_json_reports_a_failed_check(failing_run):
    entry = summary(failing_run)[1]
    assert entry["status"] == "check failed"
    assert [check["passed"] for check in entry["checks"]] == [False, True, True, True]


def test_a_residual_that_is_no_number_fails_the_check(run):
    regime = run.solved[0]
    check = replace(regime.checks[0], value=float("nan"))
    assert not check.passed
    assert check.as_dict()["value"] is None


def test_figure_is_reproducible_and_leaves_out_the_replication(run, tmp_path):
    first = effects_figure(run, tmp_path / "a.svg").read_bytes()
    assert first == effects_figure(run, tmp_path / "b.svg").read_bytes()
    assert b"<svg" in first
    assert effects_figure(run, tmp_path / "deep" / "c.png").read_bytes().startswith(b"\x89PNG")


def test_a_figure_of_nothing_is_refused(run, tmp_path):
    nothing = replace(run, solved=run.solved[:1])
    with pytest.raises(ValueError, match="nothing to draw"):
        effects_figure(nothing, tmp_path / "a.svg")


def test_what_is_not_nothing_is_never_printed_as_zero():
    change = next(one for one in TABLE_INDICATORS if one.key == "real_gdp_pct")
    amount = next(one for one in TABLE_INDICATORS if one.key == "tariff_revenue_usd_mn")
    assert [change.short(v) for v in (0.00234, -0.00234, 0.0, 1.2345)] == [
        "+0.00234",
        "-0.00234",
        "0",
        "+1.23",
    ]
    assert amount.short(12345.0) == "12,345"
