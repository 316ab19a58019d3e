"""A small random economy with tariff schedules, on which the shipped regimes can be run quickly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from eacu.experiments.base_year import BaseYear
from eacu.experiments.policy import Schedules
from tests.support.synthetic import synthetic_benchmark

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
    """Four regions, five sectors: RUS, BLR, KAZ and ROW."""
    benchmark = synthetic_benchmark()
    table = schedule_table(benchmark.regions, benchmark.sectors)
    return BaseYear(benchmark, Schedules.from_table(table))
