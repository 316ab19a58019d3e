"""Rates that are legal but that hardly anybody means: negative ones, and those above 200 per cent."""

from __future__ import annotations

import csv
from pathlib import Path

from .regimes import REGIME_FOLDER, Regime

LOWEST, HIGHEST = 0.0, 200.0
"""Per cent; a rate outside is solved as it stands, and told."""


def odd_rates(regime: Regime) -> list[str]:
    """One line for each unusual rate of a regime of one's own: where it stands, what it says, what it may be."""
    lines = [
        _line(regime.at("rates", n, "rate_pct"), f"rate_pct of {rate.importer}, {rate.sector}", rate.rate_pct)
        for n, rate in enumerate(regime.rates)
        if _is_odd(rate.rate_pct)
    ]
    lines += [
        _line(
            regime.at("quota", n, "over_quota_duty_pct"),
            f"over_quota_duty_pct of {quota.exporter}, {quota.sector}",
            quota.over_quota_duty_pct,
        )
        for n, quota in enumerate(regime.quotas)
        if _is_odd(quota.over_quota_duty_pct)
    ]
    for file in regime.schedules.values():
        if not file.resolve().is_relative_to(REGIME_FOLDER):
            lines += _of_schedule(file)
    return lines


def _of_schedule(file: Path) -> list[str]:
    """Of a schedule that has been read without a fault (`eacu.experiments.own_schedules`)."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        rates = [(reader.line_num, float(row["rate_pct"])) for row in reader]
    return [_line(f"{file.name}, line {line}", "rate_pct", rate) for line, rate in rates if _is_odd(rate)]


def _is_odd(rate: float) -> bool:
    return not LOWEST <= rate <= HIGHEST


def _line(place: str, what: str, rate: float) -> str:
    meaning = "a subsidy on imports" if rate < 0 else "per cent, not a ratio or an amount"
    return f"{place}: {what} = {rate:g} is taken as it stands ({meaning}); is it meant?"
