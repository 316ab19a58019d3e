"""The committed base year: the balanced SAM of 2007 with its elasticities, as one benchmark."""

from __future__ import annotations

from pathlib import Path

from ..data import path, table
from .benchmark import Benchmark
from .build import REGIONS
from .elasticities import model_elasticities
from .national import FACTORS
from .sam import Sam
from .trade import sector_list

SAM_TABLE = "sam/sam_2007"


def load_benchmark(sam_file: str | Path | None = None) -> Benchmark:
    """Read the committed SAM (or another file of the same format) and the committed elasticities.

    Raises :class:`.sam.SamError` for a SAM that does not balance and :class:`.benchmark.BenchmarkError` for missing
    or inadmissible elasticities.
    """
    sam = Sam.read(path(SAM_TABLE) if sam_file is None else sam_file)
    sectors = tuple(sector_list(table))
    return Benchmark.from_sam(
        sam, model_elasticities(table), regions=REGIONS, sectors=sectors, factors=FACTORS, year=2007
    )
