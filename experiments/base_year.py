"""The base year as shipped: benchmark and tariff schedules read from ``data/``, with every file that was used."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pandas as pd

from .. import data
from ..calibration import energy_agreements
from ..calibration.benchmark import Benchmark
from ..calibration.elasticities import model_elasticities
from ..calibration.energy_agreements import with_energy_agreements
from ..calibration.mobility import with_mobility
from ..calibration.national import FACTORS
from ..calibration.regions import Regions
from ..calibration.sam import Sam
from ..calibration.trade import sector_list
from .schedules import KEYS, Schedules

YEAR = 2007
SAM = "sam/sam_2007"
SCHEDULES = "policy/tariffs"
OTHERS = {name: f"policy/{name}" for name in KEYS}


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
        if self.own is not None:
            own = (self.own / name).with_suffix(".csv")
            if name in (SAM, SCHEDULES) or own.is_file():
                return data.path(name, self.own)
        return data.path(name)

    def __call__(self, name: str) -> pd.DataFrame:
        file = self.read[name] = self.file(name)
        return data.table(name, folder=file.parents[name.count("/")])


@lru_cache(maxsize=4)
def load_base_year(folder: str | Path | None = None) -> BaseYear:
    """Read the shipped base year, another shipped one by name, or one that ``eacu calibrate`` wrote.

    The second call costs nothing.

    Args:
        folder: a name of `eacu.data.base_year_names`, such as ``"ukraine"`` (eight regions), or a folder that holds
            ``sam/sam_2007.csv`` and ``policy/tariffs.csv``; other tables in it go before those shipped.

    Raises:
        SamError, BenchmarkError, TableError, RegimeError: a data file is missing or cannot be trusted.
    """
    tables = _Tables(None if folder is None else data.base_year_folder(folder))
    sam_file = tables.file(SAM)
    benchmark = Benchmark.from_sam(
        Sam.read(sam_file),
        model_elasticities(tables),
        year=YEAR,
        regions=Regions.of(tables).names,
        sectors=tuple(sector_list(tables)),
        factors=FACTORS,
    )
    benchmark = with_energy_agreements(benchmark, tables(energy_agreements.TABLE))
    benchmark = with_mobility(benchmark, tables)
    others = {name: tables(file) for name, file in OTHERS.items()}
    schedules = Schedules.from_table(tables(SCHEDULES), others=others)
    return BaseYear(benchmark, schedules, (sam_file, *tables.read.values()))


def load_benchmark() -> Benchmark:
    """The shipped benchmark of 2007 (million USD), see `eacu.calibration.benchmark.Benchmark`."""
    return load_base_year().benchmark
