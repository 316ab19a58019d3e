"""The base year as shipped: benchmark and tariff schedules read from ``data/``, with every file that was used."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pandas as pd

from .. import data
from ..calibration.benchmark import Benchmark
from ..calibration.build import REGIONS
from ..calibration.elasticities import model_elasticities
from ..calibration.national import FACTORS
from ..calibration.sam import Sam
from ..calibration.trade import sector_list
from .policy import Schedules

YEAR = 2007
SAM = "sam/sam_2007"
SCHEDULES = "policy/tariffs"


@dataclass(frozen=True)
class BaseYear:
    """A benchmark, the tariff schedules regimes may name, and the files both came from."""

    benchmark: Benchmark
    schedules: Schedules
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Tables:
    """The loader of ``data/`` that remembers what it has read; ``own`` tables go before those shipped."""

    own: Path | None = None
    read: dict[str, Path] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        """Where a table is read from."""
        if self.own is not None and name in (SAM, SCHEDULES):
            return data.path(name, self.own)
        return data.path(name)

    def __call__(self, name: str) -> pd.DataFrame:
        file = self.read[name] = self.file(name)
        return data.table(name, folder=file.parents[name.count("/")])


@lru_cache(maxsize=4)
def load_base_year(folder: Path | None = None) -> BaseYear:
    """Read the shipped base year, or one that ``eacu calibrate`` wrote; the second call costs nothing.

    Args:
        folder: holds ``sam/sam_2007.csv`` and ``policy/tariffs.csv``; everything else is read as shipped.

    Raises:
        SamError, BenchmarkError, TableError, RegimeError: a data file is missing or cannot be trusted.
    """
    tables = _Tables(folder)
    sam_file = tables.file(SAM)
    benchmark = Benchmark.from_sam(
        Sam.read(sam_file),
        model_elasticities(tables),
        year=YEAR,
        regions=REGIONS,
        sectors=tuple(sector_list(tables)),
        factors=FACTORS,
    )
    schedules = Schedules.from_table(tables(SCHEDULES))
    return BaseYear(benchmark, schedules, (sam_file, *tables.read.values()))


def load_benchmark() -> Benchmark:
    """The shipped benchmark of 2007 (million USD), see `eacu.calibration.benchmark.Benchmark`."""
    return load_base_year().benchmark
