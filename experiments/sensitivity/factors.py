r"""What is uncertain, and how much: multipliers of elasticities and of policy sizes with their distributions.

A *factor* multiplies a group of elasticities, or the size of what a regime does with an instrument. Each is driven by
a standardised variable ``t`` with mean zero and variance one, so that every design speaks the same language:
``exp(s t)`` for a lognormal factor of log standard deviation ``s``, ``1 + s t`` for a uniform or triangular one.

Several factors may multiply one cell; their multipliers are multiplied. Two lognormal ones, a level :math:`a` common
to all sectors and :math:`u_i` of each sector's own, make elasticities that are correlated between sectors:

.. math:: \log m_i = a + u_i, \qquad
          \operatorname{corr}(\log m_i, \log m_j) = \frac{\sigma_a^2}{\sigma_a^2 + \sigma_u^2}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
_TRIANGULAR = stats.triang(0.5, loc=-ROOTS["triangular"], scale=2.0 * ROOTS["triangular"])
FAMILIES = ("lognormal", *ROOTS)
SPREAD_SHOCKS = {"iceberg": "importer", "rent": "importer"}
"""Instruments whose change by a regime may be uncertain in size, and which of their indices ``region`` in the table
means: of both the importer, at whose border the goods wait and whose rules they must meet. ``sector`` is the good."""

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
        return _TRIANGULAR.ppf(p)

    def probability(self, t: Array) -> Array:
        """The inverse of `quantile`."""
        if self.family == "lognormal":
            return stats.norm.cdf(t)
        if self.family == "uniform":
            return 0.5 + t / (2.0 * ROOTS["uniform"])
        return _TRIANGULAR.cdf(t)

    def covers(self, cells: pd.DataFrame) -> NDArray[np.bool_]:
        """Which cells (columns parameter, sector and region) the factor multiplies.

        Cells are elasticities or, with the instrument as the parameter, fixed variables (:data:`SPREAD_SHOCKS`).
        """
        chosen = cells["parameter"].isin(self.acts_on)
        for level in ("sector", "region"):
            if getattr(self, level) != "all":
                chosen &= cells[level] == getattr(self, level)
        return chosen.to_numpy(dtype=bool)


def shock_cells(name: str, keys: Iterable[tuple[str, ...]]) -> pd.DataFrame:
    """Keys of an instrument as cells that factors cover: parameter, sector, region (see :data:`SPREAD_SHOCKS`)."""
    frame = pd.DataFrame(list(keys), columns=list(INSTRUMENTS[name].levels))
    frame = frame.rename(columns={SPREAD_SHOCKS[name]: "region"})
    return frame.assign(parameter=name)[["parameter", "sector", "region"]]


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
        SensitivityError: an unknown row, elasticity, sector, region or family; a row that names elasticities and
            instruments; a spread that is not positive or, of a distribution around one, not below one; two factors
            that multiply the very same cells, or have the same name.
        TableError: the file cannot be used.
    """
    table = data.table(TABLE, COLUMNS) if file is None else data.table(file.stem, COLUMNS, folder=file.parent)
    for name in only:
        if name not in set(table["factor"]):
            raise SensitivityError(unknown_name("factor", name, list(table["factor"])))
    if only:
        table = table[table["factor"].isin(only)]
    title = f"data/{TABLE}.csv" if file is None else str(file)
    cells = Cells.of(benchmark).table
    factors = [
        factor
        for row in table.to_dict("records")
        for factor in _expanded(row, f"{title}, row of {row['factor']}", benchmark, cells, spread)
    ]
    _check_distinct(factors, cells, title)
    return tuple(factors)


def _check_distinct(factors: Sequence[Factor], cells: pd.DataFrame, title: str) -> None:
    """Two factors on the very same cells are one factor with another spread: most likely a row given twice."""
    seen: dict[object, str] = {}
    for factor in factors:
        covered = (
            (frozenset(factor.acts_on), factor.sector, factor.region)
            if factor.is_shock
            else factor.covers(cells).tobytes()
        )
        for key in (factor.name, covered):
            if key in seen:
                raise SensitivityError(
                    f"{title}: {seen[key]} and {factor.name} multiply the very same {'+'.join(factor.acts_on)} (sector "
                    f"{factor.sector}, region {factor.region}); merge the rows, or give one other sectors or regions"
                    if key == covered
                    else f"{title}: there are two factors called {factor.name}; name one of the rows otherwise"
                )
            seen[key] = factor.name


def _expanded(row: dict, where: str, b: Benchmark, cells: pd.DataFrame, spread: float) -> list[Factor]:
    """The factors of one row; ``where`` says to a reader which one it is."""
    acts_on = tuple(str(row["acts_on"]).split("+"))
    known = (*cells["parameter"].unique(), *SPREAD_SHOCKS)
    for name in acts_on:
        if name not in known:
            raise SensitivityError(f"{where}: {unknown_name('elasticity', name, known)}")
    shocks = [name for name in acts_on if name in SPREAD_SHOCKS]
    if shocks and len(shocks) < len(acts_on):
        other = next(name for name in acts_on if name not in shocks)
        raise SensitivityError(
            f"{where}: acts_on joins the elasticity {other} and the instrument {shocks[0]}, whose change by a regime "
            "is another thing; give each a row of its own"
        )
    size = float(row["value"]) * spread
    if row["family"] not in FAMILIES:
        raise SensitivityError(f"{where}: {unknown_name('family', str(row['family']), FAMILIES)}")
    if not size > 0.0 or (row["family"] != "lognormal" and size >= 1.0):
        raise SensitivityError(
            f"{where}: the spread is {size:g}; it must be positive, and below 1 unless lognormal"
        )
    sectors = _members(str(row["sector"]), b.sectors, "sector", where)
    regions = _members(str(row["region"]), b.regions, "region", where)
    factors = []
    for sector in sectors:
        for region in regions:
            single = [v for v, level in ((sector, "sector"), (region, "region")) if row[level] == "each"]
            name = f"{row['factor']}[{','.join(single)}]" if single else str(row["factor"])
            factors.append(Factor(name, acts_on, sector, region, str(row["family"]), size))
    factors = [f for f in factors if f.is_shock or f.covers(cells).any()]
    if not factors:
        raise SensitivityError(
            f"{where}: {row['acts_on']} has no cell in sector {row['sector']} and region {row['region']}"
        )
    return factors


def _members(text: str, members: Sequence[str], level: str, where: str) -> tuple[str, ...]:
    if text == "each":
        return tuple(members)
    if text != "all" and text not in members:
        raise SensitivityError(f"{where}: {unknown_name(level, text, (*members, 'all', 'each'))}")
    return (text,)
