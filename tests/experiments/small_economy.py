"""A small random economy with tariff schedules, on which the shipped regimes can be run quickly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from eacu import data
from eacu.experiments.base_year import BaseYear
from eacu.experiments.regimes import Regime, load_regime, regime_names
from eacu.experiments.schedules import KEYS, Schedules
from tests.support.synthetic import REGIONS, synthetic_benchmark

MEMBERS = ("RUS", "BLR", "KAZ")


def schedule_table(regions: tuple[str, ...], sectors: tuple[str, ...], seed: int = 2) -> pd.DataFrame:
    """Two schedules with a different rate in every cell, so that a mixed-up index cannot go unnoticed."""
    cells = [
        (schedule, importer, source, sector)
        for schedule in ("cet", "wto-bound")
        for importer in regions
        for source in regions
        for sector in sectors
    ]
    frame = pd.DataFrame(cells, columns=["schedule", "importer", "source", "sector"])
    rates = np.random.default_rng(seed).permutation(len(frame)) / 10.0
    return frame.assign(rate_pct=rates, unit="%")


@lru_cache(maxsize=1)
def small_base_year() -> BaseYear:
    """Four regions, five sectors: RUS, BLR, KAZ and ROW; the other policy tables are those shipped."""
    benchmark = synthetic_benchmark()
    table = schedule_table(benchmark.regions, benchmark.sectors)
    others = {name: data.table(f"policy/{name}") for name in KEYS}
    return BaseYear(benchmark, Schedules.from_table(table, others=others))


def small_regimes() -> list[str]:
    """Shipped regimes that the small economy can follow: its regions only, no rules for energy or labour."""
    return [name for name in regime_names() if _is_small(load_regime(name))]


def _is_small(regime: Regime) -> bool:
    named = {*regime.members, *regime.tariffs, *regime.exceptions}
    named |= {region for entry in regime.borders for region in (*entry.exporter, *entry.importer)}
    beyond = (
        regime.oil.rules or regime.gas.price or regime.labour.mobility or getattr(regime, "base_year", None)
    )
    return named <= {*REGIONS, "members", "outside"} and not beyond
