r"""From a regime to instrument values: the tariff matrix, the pool and its keys.

The rate that importer :math:`s` applies to good :math:`g` from source :math:`r` is

.. math::

    t_{g,r,s} = \begin{cases}
        0 & r \ne s \text{ both members, internal free trade} \\
        t^{2007}_{g,r,s} & r, s \text{ both members, no internal free trade, or no rule for } s \\
        \min(t^{schedule}_{g,r,s}, t^{ceiling}_{g,r,s}) & \text{otherwise (no ceiling: the schedule)}
    \end{cases}

and a ``[[rates]]`` entry replaces single cells of it. The schedule ``pre-union`` is the benchmark's own
matrix :math:`t^{2007}`, so a regime without tariff rules is the replication of the base year.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from ..model.instruments import Policy
from .names import unknown_name
from .regimes import Rate, Regime, RegimeError, TariffRule

PRE_UNION = "pre-union"
TABLE = "data/policy/tariffs.csv"
COLUMNS = ("schedule", "importer", "source", "sector", "rate_pct")


@dataclass(frozen=True)
class Schedules:
    """Tariff schedules in per cent: ``rates[schedule, importer, source, sector]``, cif ad valorem.

    Built with :meth:`from_table`; an absent cell is an error when a regime asks for it, never a zero.
    """

    rates: pd.Series = field(repr=False)

    @classmethod
    def from_table(cls, table: pd.DataFrame, where: str = TABLE) -> Schedules:
        """Check the table of schedules (columns schedule, importer, source, sector, rate_pct, ...).

        Raises RegimeError for a missing column, a rate that is missing or not above -100 %, a repeated cell.
        """
        absent = [column for column in COLUMNS if column not in table]
        if absent:
            raise RegimeError(f"{where}: the column(s) {', '.join(absent)} are missing")
        rates = table.set_index(list(COLUMNS[:-1]))["rate_pct"].astype(float)
        illegal = rates[~((rates > -100.0) & np.isfinite(rates))]
        if len(illegal):
            raise RegimeError(
                f"{where}: the rate of {illegal.index[0]} is {illegal.iloc[0]}; it must exceed -100 %"
            )
        repeated = rates.index[rates.index.duplicated()]
        if len(repeated):
            raise RegimeError(f"{where}: {repeated[0]} appears more than once")
        return cls(rates.sort_index())

    @property
    def names(self) -> tuple[str, ...]:
        """The schedules a regime may name; ``pre-union`` always exists, it is the benchmark's."""
        return tuple(dict.fromkeys((PRE_UNION, *self.rates.index.unique("schedule"))))

    def column(self, schedule: str, importer: str, cells: pd.MultiIndex) -> pd.Series:
        """Rates (fractions) that ``schedule`` lays down for ``importer`` on ``cells`` = (sector, source).

        Raises RegimeError naming the first cell for which the table has no rate.
        """
        keys = [(schedule, importer, source, sector) for sector, source in cells]
        wanted = pd.MultiIndex.from_tuples(keys, names=COLUMNS[:-1])
        missing = wanted[~wanted.isin(self.rates.index)]
        if len(missing):
            _, _, source, sector = missing[0]
            raise RegimeError(
                f"{TABLE} has no rate in schedule {schedule!r} for importer {importer}, source {source}, "
                f"sector {sector} ({len(missing)} cells are missing). Add the rows; a missing rate is not "
                "read as zero"
            )
        return pd.Series(self.rates.loc[wanted].to_numpy() / 100.0, index=cells)


def check_names(
    regime: Regime, regions: tuple[str, ...], sectors: tuple[str, ...], schedules: Schedules
) -> None:
    """Refuse a regime that names a region, sector or schedule the economy does not have.

    Raises RegimeError with the place in the file and the nearest valid name.
    """

    def known(kind: str, name: str | None, valid: tuple[str, ...], where: str) -> None:
        if name is not None and name not in valid:
            raise RegimeError(f"{regime.name}: {where}: {unknown_name(kind, name, valid)}")

    for importer, rule in regime.tariffs.items():
        known("region", importer, regions, "[tariffs]")
        where = f"[tariffs] {importer}"
        known("schedule", rule.schedule, schedules.names, where)
        known("schedule", rule.ceiling, schedules.names, where)
        known("region", rule.of, regions, where)
        known("region", rule.ceiling_of, regions, where)
    for member in regime.members:
        known("region", member, regions, "[union] members")
    for number, rate in enumerate(regime.rates, start=1):
        where = f"[[rates]] entry {number}"
        known("region", rate.importer, regions, where)
        known("region", rate.source, regions, where)
        known("sector", rate.sector, sectors, where)


def policy_of(regime: Regime, benchmark: Benchmark, schedules: Schedules) -> Policy:
    """Instrument values of a regime: tariffs, membership, who pools and by which keys.

    Raises RegimeError as `tariff_matrix` does.
    """
    rates = tariff_matrix(regime, benchmark, schedules)
    regions = pd.Index(benchmark.regions, name="region")
    member = pd.Series(np.isin(regions, regime.members).astype(float), index=regions)
    settings: dict[str, pd.Series | float] = {"import_tariff": rates, "union_member": member}
    if regime.union.pooling:
        keys = [regime.union.keys[region] if region in regime.members else 0.0 for region in regions]
        settings |= {"pooled": member, "pool_share": pd.Series(keys, index=regions)}
    return Policy(regime.name, settings)


def tariff_matrix(regime: Regime, benchmark: Benchmark, schedules: Schedules) -> pd.Series:
    """Ad valorem rates (fractions of the cif value) under a regime, on the benchmark's own trade flows.

    Index (sector, source, importer) as ``benchmark.import_tariff``. Raises RegimeError for unknown names, for
    a schedule that lacks a rate, and for a ``[[rates]]`` entry that no trade flow answers to.
    """
    check_names(regime, benchmark.regions, benchmark.sectors, schedules)
    base = benchmark.import_tariff
    rates = base.copy()
    index = rates.index
    sector, source, importer = (index.get_level_values(level).to_numpy() for level in range(3))
    is_member = np.isin(source, regime.members) & np.isin(importer, regime.members) & (source != importer)

    for region, rule in regime.tariffs.items():
        cells = np.flatnonzero((importer == region) & (source != region) & ~is_member)
        flows = pd.MultiIndex.from_arrays([sector[cells], source[cells]])
        rates.iloc[cells] = _rule_rates(rule, region, flows, base, schedules).to_numpy()
    if regime.union.internal_free_trade:
        rates.iloc[np.flatnonzero(is_member)] = 0.0
    for rate in regime.rates:
        rates.iloc[_rate_cells(rate, regime, sector, source, importer, is_member)] = rate.rate_pct / 100.0
    return rates


def _rule_rates(
    rule: TariffRule, region: str, flows: pd.MultiIndex, base: pd.Series, schedules: Schedules
) -> pd.Series:
    rates = _schedule_rates(rule.schedule, rule.of or region, flows, base, schedules)
    if rule.ceiling is None:
        return rates
    ceiling = _schedule_rates(rule.ceiling, rule.ceiling_of or region, flows, base, schedules)
    return pd.Series(np.minimum(rates, ceiling), index=flows)


def _schedule_rates(
    schedule: str, importer: str, flows: pd.MultiIndex, base: pd.Series, schedules: Schedules
) -> pd.Series:
    if schedule != PRE_UNION:
        return schedules.column(schedule, importer, flows)
    wanted = pd.MultiIndex.from_tuples([(sector, source, importer) for sector, source in flows])
    missing = wanted[~wanted.isin(base.index)]
    if len(missing):
        raise RegimeError(
            f"schedule 'pre-union' is the benchmark's own tariff matrix and {missing[0]} "
            "(sector, source, importer) was not traded in the base year, so it has no rate there. "
            "Name a schedule from the table instead"
        )
    return pd.Series(base.loc[wanted].to_numpy(), index=flows)


def _rate_cells(
    rate: Rate,
    regime: Regime,
    sector: np.ndarray,
    source: np.ndarray,
    importer: np.ndarray,
    is_member: np.ndarray,
) -> np.ndarray:
    wanted = (sector == rate.sector) & (importer == rate.importer)
    wanted &= (source == rate.source) if rate.source is not None else ~is_member & (source != rate.importer)
    cells = np.flatnonzero(wanted)
    if not len(cells):
        raise RegimeError(
            f"{regime.name}: [[rates]] {rate.sector} into {rate.importer} from "
            f"{rate.source or 'third countries'}: the benchmark has no such trade flow, so the rate would "
            "change nothing. Delete the entry or correct it"
        )
    return cells
