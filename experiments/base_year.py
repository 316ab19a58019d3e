"""The base year as shipped: benchmark and tariff schedules read from ``data/``, with every file that was used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from .. import data
from ..calibration import energy_agreements, foreign_firms
from ..calibration.benchmark import Benchmark, BenchmarkError
from ..calibration.build import Build
from ..calibration.elasticities import model_elasticities
from ..calibration.energy_agreements import with_energy_agreements
from ..calibration.market_structure import ARMINGTON, MarketStructure, with_market_structure
from ..calibration.market_structure import market_structure as find_structure
from ..calibration.mobility import with_mobility
from ..calibration.national import FACTORS
from ..calibration.regions import Regions
from ..calibration.sam import Sam
from ..calibration.series import Tables
from ..calibration.tariff_schedules import schedules
from ..calibration.trade import sector_list
from .schedules import KEYS, Schedules

YEAR = 2007
SAM = "sam/sam_2007"
SCHEDULES = "policy/tariffs"
ENVISAGE = "envisage"
"""The set of trade elasticities of ``sources/elasticities``, the default."""
OTHERS = {name: f"policy/{name}" for name in KEYS}


@dataclass(frozen=True)
class BaseYear:
    """A benchmark, the tariff schedules regimes may name, and the files both came from.

    ``market_structure`` says how sectors compete: ``armington``, ``krugman``, or the file of one's own table.
    """

    benchmark: Benchmark
    schedules: Schedules
    files: tuple[Path, ...] = ()
    market_structure: str = ARMINGTON
    firms: pd.DataFrame | None = None
    """The table ``parameters/foreign_firms``: how services are divided by type of firm where a regime needs that."""
    elasticities: str = ENVISAGE
    """Name of the set of trade elasticities, see `eacu.experiments.elasticity_sets`."""
    whole: Benchmark | None = None
    """The benchmark before services were divided by type of firm, where they are."""

    @property
    def undivided(self) -> Benchmark:
        """The benchmark with services as the SAM has them: two base years of the same are the same but for that."""
        return self.benchmark if self.whole is None else self.whole


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
def load_base_year(folder: str | Path | None = None, market_structure: str | Path = ARMINGTON) -> BaseYear:
    """Read the shipped base year, another shipped one by name, or one that ``eacu calibrate`` wrote.

    The second call costs nothing.

    Args:
        folder: a name of `eacu.data.base_year_names`, such as ``"ukraine"`` (eight regions), or a folder that holds
            ``sam/sam_2007.csv`` and ``policy/tariffs.csv``; other tables in it go before those shipped.
        market_structure: how sectors compete, see :func:`with_structure`.

    Raises:
        SamError, BenchmarkError, TableError, RegimeError: a data file is missing or cannot be trusted.
    """
    tables = _Tables(None if folder is None else data.base_year_folder(folder))
    sam_file = tables.file(SAM)
    base = _base_year(Sam.read(sam_file), tables(SCHEDULES), tables)
    base = replace(base, files=(sam_file, *tables.read.values()))
    return with_structure(base, market_structure, tables)


def base_year_of(build: Build, tables: Tables) -> BaseYear:
    """The base year on a SAM just estimated, with the tariff schedules that go with its trade.

    ``tables`` are those the estimate was made from; the files are not recorded.

    Raises SamError, BenchmarkError if the SAM cannot be the base of a model.
    """
    return _base_year(build.sam, schedules(build.border.cif, tables), tables)


def _base_year(sam: Sam, tariffs: pd.DataFrame, tables: Tables) -> BaseYear:
    """Benchmark and schedules on a SAM; everything else is read from ``tables``."""
    benchmark = Benchmark.from_sam(
        sam,
        model_elasticities(tables),
        year=YEAR,
        regions=Regions.of(tables).names,
        sectors=tuple(sector_list(tables)),
        factors=FACTORS,
    )
    benchmark = with_energy_agreements(benchmark, tables(energy_agreements.TABLE))
    benchmark = with_mobility(benchmark, tables)
    others = {name: tables(file) for name, file in OTHERS.items()}
    return BaseYear(
        benchmark, Schedules.from_table(tariffs, others=others), firms=tables(foreign_firms.TABLE)
    )


def with_structure(
    base: BaseYear, choice: str | Path | MarketStructure, tables: _Tables | None = None
) -> BaseYear:
    """The base year with sectors under monopolistic competition.

    Args:
        base: a base year whose sectors compete as the benchmark has it (``armington``).
        choice: ``armington`` (nothing changes), ``krugman`` (the sectors of
            ``data/parameters/market_structure.csv``), a csv file of the same columns, or a table of one's own.
        tables: reader of the data folder, the shipped one unless given.

    Raises:
        BenchmarkError: no such structure, a table that cannot be used, or a base year that has one already.
    """
    tables = tables or _Tables()
    before = set(tables.read.values())
    structure = choice if isinstance(choice, MarketStructure) else find_structure(choice, tables)
    if structure is None:
        return base
    if base.market_structure != ARMINGTON:
        raise BenchmarkError(
            f"the base year already has the market structure {base.market_structure}; start from one without"
        )
    read = [file for file in tables.read.values() if file not in before]
    own = [] if read or isinstance(choice, MarketStructure) else [Path(choice)]
    return replace(
        base,
        benchmark=with_market_structure(base.benchmark, structure),
        files=(*base.files, *read, *own),
        market_structure=structure.name,
    )


def load_benchmark() -> Benchmark:
    """The shipped benchmark of 2007 (million USD), see `eacu.calibration.benchmark.Benchmark`."""
    return load_base_year().benchmark
