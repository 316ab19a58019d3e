r"""Barriers to services: the regime's ``[[services]]`` entries as instrument values.

``data/policy/services_barriers.csv`` gives the ad valorem equivalent :math:`b_0` of a barrier in the base year,
:math:`b_1` after accession, and the share :math:`\lambda` of it that is a rent, the rest being real cost. An entry
goes a ``share`` of the way from the one to the other, or takes ``cut_pct`` per cent of :math:`b_0` away. With

.. math:: q = \frac{1 + b}{1 + b_0}

the price of those it protects against is multiplied by :math:`q` at given prices of inputs:

* ``presence``: foreign firms in the region. Their productivity rises by :math:`q^{-(1-\lambda)}`, the rent
  ``presence_rent`` falls from :math:`(1+b_0)^\lambda - 1`, which the benchmark holds (:func:`base_rent`), so that one
  plus it is multiplied by :math:`q^\lambda`; the region's household loses it.
* ``cross-border``: imports of the service, ``iceberg`` :math:`q`; all real cost.
* ``regulation`` (not discriminating): home firms and foreign firms in the region by their productivity, imports by
  ``iceberg``; all real cost.

A regime with such entries is solved on the benchmark in which services are divided by type of firm
(`eacu.calibration.foreign_firms`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..calibration import foreign_firms
from ..calibration.benchmark import BY_SECTOR, Benchmark, BenchmarkError, foreign
from ..model.names import unknown_name
from .base_year import BaseYear
from .regimes import Regime, RegimeError, Services
from .schedules import Schedules

TABLE = "services_barriers"
PRESENCE = "presence"
WHERE = f"data/policy/{TABLE}.csv"


def service_settings(
    regime: Regime, benchmark: Benchmark, schedules: Schedules
) -> dict[str, pd.Series | float]:
    """Instruments of a regime's ``[[services]]``: ``productivity``, ``presence_rent``, ``iceberg``, ``rent``; none
    without it.

    Raises RegimeError for an unknown region or sector, a barrier that the table lacks, one that the benchmark has
    nothing to act on, or a benchmark whose services are not divided by type of firm.
    """
    if not regime.services:
        return {}
    if not len(benchmark.foreign_sales):
        raise RegimeError(
            f"{regime.name}: [[services]] needs a benchmark with foreign firms in services; this one has none. "
            "eacu.experiments.services.with_services makes one"
        )
    found = _Settings(benchmark)
    for number, entry in enumerate(regime.services):
        where = f"{regime.at('services', number)}: [[services]] entry {number + 1} ({entry.barrier})"
        for region in _regions(entry.region, regime, benchmark, where):
            for sector, ratio, rent in _barriers(entry, region, schedules, where):
                if entry.barrier == "presence":
                    found.presence(sector, region, ratio, rent, where)
                    continue
                if entry.barrier == "regulation":
                    found.firms(sector, region, ratio, where)
                sources = (
                    _regions(entry.source, regime, benchmark, where)
                    if entry.source
                    else list(benchmark.regions)
                )
                found.imports(sector, region, sources, ratio)
    return found.series()


def base_rent(schedules: Schedules) -> pd.Series:
    r"""Rent on the presence of foreign firms in the base year, :math:`(1+b_0)^\lambda - 1`, by (sector, region)."""
    rows = schedules.table(TABLE).xs(PRESENCE, level="barrier")
    rate = (1 + rows["before_pct"] / 100) ** rows["rent_share"] - 1
    return rate.swaplevel().rename_axis(BY_SECTOR)


def with_services(base: BaseYear, bound: str = "value", entry: bool = True) -> BaseYear:
    """The base year with services divided into home firms, foreign firms and suppliers from abroad.

    One that is so divided is returned as it is. ``bound`` reads the ``low`` or ``high`` end of the parameters' bands;
    ``entry=False`` keeps the number of varieties. Raises BenchmarkError when parameters are missing or do not fit.
    """
    if len(base.benchmark.foreign_sales):
        return base
    if base.firms is None:
        raise BenchmarkError(
            f"This base year has no table data/{foreign_firms.TABLE}.csv to divide services by."
        )
    firms = foreign_firms.firm_parameters(base.firms, base.benchmark.regions, bound)
    divided = foreign_firms.with_foreign_firms(base.benchmark, firms, base_rent(base.schedules), entry)
    return replace(base, benchmark=divided, whole=base.benchmark)


class _Settings:
    """Instrument values as they add up over entries: factors multiply."""

    def __init__(self, benchmark: Benchmark):
        self._b = benchmark
        self._productivity: dict[tuple[str, str], float] = {}
        self._presence: dict[tuple[str, str], float] = {}
        self._iceberg: dict[tuple[str, str, str], float] = {}

    def presence(self, sector: str, region: str, ratio: float, rent: float, where: str) -> None:
        """A barrier on foreign firms that are present."""
        if (sector, region) not in self._b.foreign_sales.index:
            raise RegimeError(f"{where}: the benchmark has no foreign firms in {sector} in {region}")
        _multiply(self._productivity, (foreign(sector), region), ratio ** (rent - 1.0))
        _multiply(self._presence, (sector, region), ratio**rent)

    def firms(self, sector: str, region: str, ratio: float, where: str) -> None:
        """A cost of all firms in the region."""
        if (sector, region) not in self._b.output.index:
            raise RegimeError(f"{where}: the benchmark has no {sector} in {region}")
        for activity in (sector, foreign(sector)):
            if (activity, region) in self._b.output.index:
                _multiply(self._productivity, (activity, region), 1.0 / ratio)

    def imports(self, sector: str, region: str, sources: list[str], ratio: float) -> None:
        """A cost of supply across the border."""
        for source in sources:
            if source != region and (sector, source, region) in self._b.exports.index:
                _multiply(self._iceberg, (sector, source, region), ratio)

    def series(self) -> dict[str, pd.Series | float]:
        """The instruments that differ from the benchmark."""
        parts: dict[str, tuple[dict[Any, float], list[str]]] = {
            "productivity": (self._productivity, BY_SECTOR),
            "presence_rent": (self._presence, BY_SECTOR),
            "iceberg": (self._iceberg, ["sector", "source", "importer"]),
        }
        settings: dict[str, pd.Series | float] = {}
        for name, (values, levels) in parts.items():
            moved = {key: value for key, value in values.items() if value != 1.0}
            if not moved:
                continue
            series = pd.Series(moved).rename_axis(levels)
            if name == "presence_rent":  # so far the factor on one plus the rent of the base year
                series = series * (1 + self._b.presence_rent.reindex(series.index)) - 1
            settings[name] = series
        return settings


def _multiply(values: dict, key: tuple[str, ...], factor: float) -> None:
    values[key] = values[key] * factor if key in values else factor


def _regions(names: tuple[str, ...], regime: Regime, benchmark: Benchmark, where: str) -> list[str]:
    found: list[str] = []
    for name in names:
        if name == "members":
            found += regime.members
        elif name in benchmark.regions:
            found.append(name)
        else:
            raise RegimeError(f"{where}: {unknown_name('region', name, ('members', *benchmark.regions))}")
    return list(dict.fromkeys(found))


def _barriers(
    entry: Services, region: str, schedules: Schedules, where: str
) -> list[tuple[str, float, float]]:
    """Sector, price ratio after over before, and share that is a rent, for every row the entry means."""
    table = schedules.table(TABLE)
    known = [
        sector for barrier, where_, sector in table.index if (barrier, where_) == (entry.barrier, region)
    ]
    for sector in entry.sectors:
        if sector not in known:
            raise RegimeError(
                f"{where}: {WHERE} has no row for {entry.barrier}, {region}, {sector}; it knows {known}"
            )
    if not known:
        raise RegimeError(f"{where}: {WHERE} has no row for {entry.barrier} in {region}")
    found = []
    for sector in entry.sectors or known:
        row: Any = table.loc[(entry.barrier, region, sector), :]
        before, after = float(row["before_pct"]) / 100, float(row["after_pct"]) / 100
        if entry.cut_pct is not None:
            left = before * (1 - entry.cut_pct / 100)
        else:
            left = before + float(entry.share or 0.0) * (after - before)
        found.append((str(sector), (1 + left) / (1 + before), float(row["rent_share"])))
    if not np.isfinite([ratio for _, ratio, _ in found]).all():
        raise RegimeError(f"{where}: {WHERE} has a barrier of {region} that is not a finite number")
    return found
