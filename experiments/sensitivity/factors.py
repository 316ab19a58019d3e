"""What is uncertain, and how much: multipliers of elasticities and of policy sizes with their distributions.

A *factor* multiplies a group of elasticities, or the size of what a regime does with an instrument. Each is driven by
a standardised variable ``t`` with mean zero and variance one, so that every design speaks the same language:
``exp(s t)`` for a lognormal factor of log standard deviation ``s``, ``1 + s t`` for a uniform or triangular one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ... import data
from ...calibration.benchmark import Benchmark
from ...model.instruments import INSTRUMENTS
from ...model.names import unknown_name
from ...model.recalibrate import Cells

TABLE = "parameters/distributions"
COLUMNS = ("factor", "acts_on", "sector", "region", "family", "value", "source", "quality", "comment")
ROOTS = {"uniform": 3.0**0.5, "triangular": 6.0**0.5}
"""Half width of a distribution with variance one."""
FAMILIES = ("lognormal", *ROOTS)
SPREAD_SHOCKS = ("iceberg", "rent")
"""Instruments whose change by a regime may be uncertain in size."""

Array = NDArray[np.float64]


class SensitivityError(ValueError):
    """A sweep cannot be made as asked; the message says why and what to do."""


class UnsolvedError(SensitivityError):
    """Too few draws of a regime have a solution; the message names the regime and the first reason."""


@dataclass(frozen=True)
class Factor:
    """One uncertain multiplier.

    Attributes:
        name: ``trade[mvh]``; the part before the bracket is its ``group``.
        acts_on: elasticities or one instrument.
        sector, region: which cells; ``all`` for all of them.
        family, spread: the distribution, see the module; the spread as the table gives it.
    """

    name: str
    acts_on: tuple[str, ...]
    sector: str
    region: str
    family: str
    spread: float

    @property
    def group(self) -> str:
        """The row of the table that the factor is from."""
        return self.name.partition("[")[0]

    @property
    def is_shock(self) -> bool:
        """Whether it multiplies what a regime does, not an elasticity."""
        return self.acts_on[0] in INSTRUMENTS

    def multiplier(self, t: Array) -> Array:
        """The factor where its standardised variable is ``t``."""
        if self.family == "lognormal":
            return np.exp(self.spread * t)
        return 1.0 + self.spread / ROOTS[self.family] * t

    def slope(self) -> float:
        """Derivative of the logarithm of the factor by ``t`` at zero."""
        return self.spread if self.family == "lognormal" else self.spread / ROOTS[self.family]

    def quantile(self, p: Array) -> Array:
        """The standardised variable from a probability."""
        if self.family == "lognormal":
            return stats.norm.ppf(p)
        if self.family == "uniform":
            return ROOTS["uniform"] * (2.0 * p - 1.0)
        return stats.triang.ppf(p, 0.5, loc=-ROOTS["triangular"], scale=2.0 * ROOTS["triangular"])

    def covers(self, cells: pd.DataFrame) -> NDArray[np.bool_]:
        """Which cells (columns sector, region and parameter) the factor multiplies."""
        chosen = cells["parameter"].isin(self.acts_on)
        for level in ("sector", "region"):
            if getattr(self, level) != "all":
                chosen &= cells[level] == getattr(self, level)
        return chosen.to_numpy()


def load_factors(
    benchmark: Benchmark, only: Sequence[str] = (), file: Path | None = None, spread: float = 1.0
) -> tuple[Factor, ...]:
    """The factors of ``data/parameters/distributions.csv``, or of a table of one's own, for a benchmark.

    Args:
        benchmark: whose elasticities they multiply; a row with ``each`` becomes one factor for each sector or region.
        only: names of rows to keep (default: all).
        file: a csv file with the same columns.
        spread: multiplies every spread.

    Raises:
        SensitivityError: an unknown row, elasticity, sector, region or family; a spread that is not positive or, of a
            distribution around one, not below one; a cell that two rows multiply.
        TableError: the file cannot be used.
    """
    table = data.table(TABLE, COLUMNS) if file is None else data.table(file.stem, COLUMNS, folder=file.parent)
    for name in only:
        if name not in set(table["factor"]):
            raise SensitivityError(unknown_name("factor", name, list(table["factor"])))
    if only:
        table = table[table["factor"].isin(only)]
    cells = Cells.of(benchmark).table
    factors = [f for row in table.to_dict("records") for f in _expanded(row, benchmark, cells, spread)]
    covered = sum((f.covers(cells).astype(int) for f in factors), np.zeros(len(cells), dtype=int))
    if (covered > 1).any():
        twice = cells.iloc[int(covered.argmax())]
        raise SensitivityError(
            f"{TABLE}: {twice['parameter']} of {twice['sector']} in {twice['region']} is multiplied by two factors"
        )
    return tuple(factors)


def _expanded(row: dict, b: Benchmark, cells: pd.DataFrame, spread: float) -> list[Factor]:
    acts_on = tuple(str(row["acts_on"]).split("+"))
    known = (*cells["parameter"].unique(), *SPREAD_SHOCKS)
    for name in acts_on:
        if name not in known:
            raise SensitivityError(f"{TABLE}: {unknown_name('elasticity', name, known)}")
    size = float(row["value"]) * spread
    if row["family"] not in FAMILIES:
        raise SensitivityError(f"{TABLE}: {unknown_name('family', str(row['family']), FAMILIES)}")
    if not size > 0.0 or (row["family"] != "lognormal" and size >= 1.0):
        raise SensitivityError(
            f"{TABLE}: the spread of {row['factor']} is {size:g}; it must be positive, and below 1 unless lognormal"
        )
    where = [
        _members(str(row[level]), members, level)
        for level, members in (("sector", b.sectors), ("region", b.regions))
    ]
    factors = []
    for sector in where[0]:
        for region in where[1]:
            single = [v for v, level in ((sector, "sector"), (region, "region")) if row[level] == "each"]
            name = f"{row['factor']}[{','.join(single)}]" if single else str(row["factor"])
            factors.append(Factor(name, acts_on, sector, region, str(row["family"]), size))
    return [f for f in factors if f.is_shock or f.covers(cells).any()]


def _members(text: str, members: Sequence[str], level: str) -> tuple[str, ...]:
    if text == "each":
        return tuple(members)
    if text != "all" and text not in members:
        raise SensitivityError(f"{TABLE}: {unknown_name(level, text, (*members, 'all', 'each'))}")
    return (text,)
