r"""From a regime to the tariff matrix: schedules, ceilings and their transition, exceptions, single rates.

The rate that importer :math:`s` applies to good :math:`g` from source :math:`r` is

.. math::

    t_{g,r,s} = \begin{cases}
        0 & r \ne s \text{ both members, internal free trade} \\
        t^{2007}_{g,r,s} & r, s \text{ both members, no internal free trade, or no rule for } s \\
        e_{gs}\, t^{2007}_{g,r,s} + (1 - e_{gs})\, t^{rule}_{g,r,s} & \text{otherwise}
    \end{cases}

    t^{rule} = t^{schedule} - \phi_{gs}(year)\, \max(0,\; t^{schedule} - t^{ceiling})

where :math:`e` is the share of imports excepted from the rule (``[exceptions]``), and :math:`\phi` the part of the
way to the ceiling that has been gone in the ``year`` of the rule (1 without a year). A ``[[rates]]`` entry replaces
single cells. The schedule ``pre-union`` is the benchmark's own matrix :math:`t^{2007}`, so a regime without tariff
rules is the replication of the base year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from ..model.names import unknown_name
from .regimes import Problems, Rate, Regime, RegimeError, TariffRule
from .schedules import PRE_UNION, Schedules


def check_names(
    regime: Regime, regions: tuple[str, ...], sectors: tuple[str, ...], schedules: Schedules
) -> None:
    """Refuse a regime that names a region, sector, schedule or list the economy does not have.

    Raises RegimeError with every such name, its place in the file and the nearest valid one.
    """

    problems = Problems()

    def known(kind: str, name: str | None, valid: tuple[str, ...], where: str) -> None:
        if name is not None and name not in valid:
            problems.told.append(f"{where}: {unknown_name(kind, name, valid)}")

    for importer, rule in regime.tariffs.items():
        where = f"{regime.at('tariffs', importer)}: [tariffs] {importer}"
        known("region", importer, regions, where)
        known("schedule", rule.schedule, schedules.names, where)
        known("schedule", rule.ceiling, schedules.names, where)
        known("region", rule.of, regions, where)
        for owner in rule.ceiling_of:
            known("region", owner, regions, where)
    for importer, name in regime.exceptions.items():
        where = f"{regime.at('exceptions', importer)}: [exceptions] {importer}"
        known("region", importer, regions, where)
        if exception_lists(name) and importer not in regime.tariffs:
            problems.told.append(
                f"{where}: there is nothing to be excepted from, because [tariffs] has no rule for {importer}. Add the "
                "rule or delete the entry"
            )
        for part in exception_lists(name):
            with problems.collecting():
                schedules.require_list("exceptions", part, where)
    for number, member in enumerate(regime.members):
        known("region", member, regions, f"{regime.at('union', 'members', number)}: [union] members")
    for number, rate in enumerate(regime.rates):
        where = f"{regime.at('rates', number)}: [[rates]] entry {number + 1}"
        known("region", rate.importer, regions, where)
        known("region", rate.source, regions, where)
        known("sector", rate.sector, sectors, where)
    problems.refuse()


def exception_lists(name: str) -> tuple[str, ...]:
    """The lists that an entry of ``[exceptions]`` names: joined by ``+``, none if it says ``none``."""
    return () if name == "none" else tuple(part.strip() for part in name.split("+"))


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
        new = _rule_rates(rule, region, flows, base, schedules).to_numpy()
        kept = _excepted(regime, region, sector[cells], schedules)
        rates.iloc[cells] = kept * base.iloc[cells].to_numpy() + (1.0 - kept) * new
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
    capped = [_capped(rates, rule, owner, flows, base, schedules) for owner in rule.ceiling_of or (region,)]
    return pd.Series(np.min(capped, axis=0), index=flows)


def _capped(
    rates: pd.Series,
    rule: TariffRule,
    owner: str,
    flows: pd.MultiIndex,
    base: pd.Series,
    schedules: Schedules,
) -> np.ndarray:
    """Rates as far as the ceiling's owner has brought them down in the rule's year."""
    ceiling = _schedule_rates(str(rule.ceiling), owner, flows, base, schedules)
    if rule.year is None:
        return np.minimum(rates.to_numpy(), ceiling.to_numpy())
    gone = np.array([phased(schedules, str(rule.ceiling), owner, str(g), rule.year) for g, _ in flows])
    return (rates - gone * np.maximum(rates - ceiling, 0.0)).to_numpy()


def phased(schedules: Schedules, schedule: str, importer: str, sector: str, year: int) -> float:
    r"""Part of the way to the final rates that has been gone in a year, 0 to 1 (table ``phases``).

    .. math:: \phi(y) = \begin{cases} 0 & y < y_0 \\
              \phi_0 + (1-\phi_0)\frac{y-y_0}{y_1-y_0} & y_0 \le y < y_1 \\ 1 & y \ge y_1 \end{cases}

    with the part :math:`\phi_0` final on accession in :math:`y_0` and equal yearly steps to :math:`y_1`.
    """
    row = schedules.row("phases", (schedule, importer, sector))
    first, last = int(row["first_year"]), int(row["final_year"])
    if year < first:
        return 0.0
    if year >= last:
        return 1.0
    start = float(row["share_at_first"])
    return start + (1.0 - start) * (year - first) / (last - first)


def _excepted(regime: Regime, importer: str, sectors: np.ndarray, schedules: Schedules) -> np.ndarray:
    """Share of dutiable imports, by cell, on which the importer keeps its old rates."""
    kept = np.zeros(len(sectors))
    if importer not in regime.exceptions:
        return kept
    table = schedules.table("exceptions")
    for name in exception_lists(regime.exceptions[importer]):
        listed = table.loc[name]
        if importer not in listed.index.unique("importer"):
            raise RegimeError(
                f"{regime.name}: [exceptions] {importer} = {name!r}: the list is that of "
                f"{', '.join(map(str, listed.index.unique('importer')))}"
            )
        share = listed.loc[importer]["share"]
        kept += pd.Series(sectors).map(share).fillna(0.0).to_numpy()  # goods that are not on the list
    if (kept > 1.0 + 1e-12).any() or (kept < 0.0).any():
        worst = int(np.argmax(np.abs(kept - 0.5)))
        raise RegimeError(
            f"{regime.name}: [exceptions] {importer}: the lists except {kept[worst]:.3g} of the imports of "
            f"{sectors[worst]}; a share must lie between 0 and 1"
        )
    return kept


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
