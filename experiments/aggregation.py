"""A base year with fewer sectors: payments summed, rates and elasticities averaged by what they apply to.

A tariff becomes the mean by imports at cif value, an elasticity the mean by the region's output (of supply) or
absorption (of demand). The base year of the aggregate is the same economy seen from further away, so its totals and
its duty collected are unchanged; reforms that move sectors of one group apart lose that part of their effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from .. import data
from ..calibration.benchmark import Benchmark, BenchmarkError
from ..calibration.elasticities import model_elasticities
from ..calibration.mobility import with_mobility
from ..calibration.sam import Sam
from ..model.names import unknown_name
from .base_year import BaseYear, load_base_year
from .schedules import COLUMNS, Schedules

ALL = "all"
BY_OUTPUT = ("omega_supply", "omega_destinations", "sigma_value_added")
ACCOUNTS = ("activity", "commodity", "intra")


def aggregated(groups: Mapping[str, str], base_year: str | Path | None = None) -> BaseYear:
    """A shipped base year, or a folder, with its sectors put together.

    Args:
        groups: sector -> group; a sector that is not named stays as it is. Policies that speak of single sectors (oil
            and gas, exceptions) need these: leave ``oil``, ``gas`` and ``ppr`` alone unless no regime uses them.
        base_year: as in `eacu.load`.

    Returns:
        Base year whose sectors are the groups in the order of their first sector. Agreements on the flows of a sector
        that is no more are left out.

    Raises:
        BenchmarkError: a sector is unknown, or a group has the name of a sector that is not in it.
        SamError, TableError: the base year cannot be read.
    """
    base = load_base_year(base_year)
    old = base.benchmark
    for sector in groups:
        if sector not in old.sectors:
            raise BenchmarkError(unknown_name("sector", sector, old.sectors))
    for group in groups.values():
        if group in old.sectors and groups.get(group) != group:
            raise BenchmarkError(
                f"group {group!r} is the name of a sector that is not in it; choose another name"
            )
    to = {sector: groups.get(sector, sector) for sector in old.sectors}
    tables = data.reader(data.base_year_folder(base_year) if base_year else None)
    benchmark = Benchmark.from_sam(
        Sam.from_table(_sam(Sam.read(base.files[0]).table, to)),
        _elasticities(model_elasticities(tables), old, to),
        year=old.year,
        regions=old.regions,
        sectors=tuple(dict.fromkeys(to.values())),
        factors=old.factors,
    )
    benchmark = replace(
        benchmark,
        quota_flows=tuple(flow for flow in old.quota_flows if to[flow[0]] == flow[0]),
        duty_remittances=tuple(flow for flow in old.duty_remittances if to[flow[0]] == flow[0]),
    )
    benchmark = with_mobility(benchmark, tables)
    rates = _rates(base.schedules.rates, old, to)
    schedules = replace(Schedules.from_table(rates), tables=base.schedules.tables)
    return BaseYear(benchmark, schedules, base.files)


def _sam(table: pd.DataFrame, to: Mapping[str, str]) -> pd.DataFrame:
    """Payments between the accounts of groups."""

    def renamed(account: str) -> str:
        kind, _, sector = account.partition(":")
        return f"{kind}:{to[sector]}" if kind in ACCOUNTS else account

    table = table.assign(**{side: table[side].map(renamed) for side in ("row_account", "column_account")})
    keys = ["row_region", "row_account", "column_region", "column_account"]
    return table.groupby(keys, sort=False)["value"].sum().reset_index()


def _elasticities(table: pd.DataFrame, old: Benchmark, to: Mapping[str, str]) -> pd.DataFrame:
    """Means by region, group and parameter."""
    common = table[table["sector"] == ALL]
    own = table[table["sector"] != ALL]
    cells = pd.MultiIndex.from_frame(own[["sector", "region"]])
    by_output = own["parameter"].isin(BY_OUTPUT).to_numpy()
    weight = np.where(by_output, old.output.reindex(cells), old.absorption.reindex(cells))
    own = own.assign(weight=weight, sector=own["sector"].map(to))
    return pd.concat([_means(own, ["region", "sector", "parameter"], "value"), common], ignore_index=True)


def _rates(rates: pd.Series, old: Benchmark, to: Mapping[str, str]) -> pd.DataFrame:
    """Means of tariff schedules by importer, source and group."""
    table = rates.rename("rate_pct").reset_index()
    cells = pd.MultiIndex.from_frame(table[["sector", "source", "importer"]])
    table["weight"] = old.cif.reindex(cells).to_numpy()  # no flow: no weight
    table["sector"] = table["sector"].map(to)
    return _means(table, list(COLUMNS[:-1]), "rate_pct")


def _means(table: pd.DataFrame, keys: list[str], value: str) -> pd.DataFrame:
    """Weighted means by key; the plain mean where no cell has a weight."""
    table = table.assign(weight=table["weight"].fillna(0.0))
    groups = table.assign(product=table[value] * table["weight"]).groupby(keys)
    sums = groups[["product", "weight"]].sum()
    weighted = sums["product"] / sums["weight"].where(sums["weight"] > 0)
    return weighted.fillna(groups[value].mean()).rename(value).reset_index()
