"""Side data on people and capital that may cross borders, attached to a benchmark.

The SAM counts wages; who earns them, and how many of them there are, is read from employment and from a table of
pairs of regions between which labour moves. Without that data a benchmark has no migration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from .benchmark import Benchmark, BenchmarkError
from .regions import Regions
from .series import Tables

MIGRATION = "policy/migration"
WORKERS = "parameters/workers"
ACCOUNTS = "sources/national_accounts"
THOUSAND = 1000.0  # persons are counted in millions in the accounts
PAIR = ["factor", "origin", "destination"]
PRODUCTIVITY = "productivity"
"""Work of a migrant in units of a local worker's of the same kind."""
REMITTED = "remitted"
"""Share of a migrant's wage after tax that is sent home."""


def with_mobility(benchmark: Benchmark, tables: Tables) -> Benchmark:
    """The benchmark with the members of the union, and the migration that ``data/policy/migration`` names.

    Pairs with a region that this benchmark does not have are left out. Workers of each kind are persons employed
    (national accounts, else ``data/parameters/workers``), divided so that the skilled earn their premium.

    Raises BenchmarkError as :func:`with_members` and :func:`with_migration` do, or when a region of a pair has no
    employment or no skill premium.
    """
    benchmark = with_members(benchmark, Regions.of(tables).members)
    rows = tables(MIGRATION)
    here = rows["origin"].isin(benchmark.regions) & rows["destination"].isin(benchmark.regions)
    pairs = rows[here].set_index([*PAIR, "parameter"])["value"].unstack("parameter")
    if pairs.empty:
        return benchmark
    regions = pd.unique(pd.concat([rows.loc[here, "origin"], rows.loc[here, "destination"]]))
    wages = benchmark.factor_value.groupby(["factor", "region"]).sum()
    return with_migration(benchmark, pairs.reset_index(), _workers(tables, wages, list(regions)))


def _workers(tables: Tables, wages: pd.Series, regions: list[str]) -> pd.Series:
    """Persons employed, thousands, by kind of labour and region.

    A skilled worker earns the premium over an unskilled one, which with the wage bills gives their numbers.
    """
    known = pd.concat([tables(ACCOUNTS), tables(WORKERS)]).set_index(["region", "item"])["value"]
    found = {}
    for region in regions:
        for item in ("employment", "skill_premium"):
            if (region, item) not in known.index:
                raise BenchmarkError(
                    f"Migration: data/{ACCOUNTS}.csv and data/{WORKERS}.csv have no {item} of {region}."
                )
        unskilled = wages["unskilled", region]
        skilled = wages["skilled", region] / known[region, "skill_premium"]
        each = (unskilled + skilled) / (THOUSAND * known[region, "employment"])
        found["unskilled", region], found["skilled", region] = unskilled / each, skilled / each
    return pd.Series(found).rename_axis(["factor", "region"])


def with_members(benchmark: Benchmark, members: Sequence[str]) -> Benchmark:
    """The benchmark with the members of the union of the day, which may share a market for capital.

    Raises BenchmarkError for a member that is no region of the benchmark.
    """
    for member in members:
        if member not in benchmark.regions:
            raise BenchmarkError(f"Member {member!r} is no region of the benchmark: {benchmark.regions}.")
    return replace(benchmark, members=tuple(members))


def with_migration(benchmark: Benchmark, pairs: pd.DataFrame, workers: pd.Series) -> Benchmark:
    """The benchmark with pairs of regions between which labour may move.

    Args:
        benchmark: the base year.
        pairs: one row for each factor, origin and destination, with the columns :data:`PRODUCTIVITY` and
            :data:`REMITTED`.
        workers: persons employed, thousands, by factor and region, for both sides of every pair.

    Raises:
        BenchmarkError: a region or factor that the benchmark does not have, a pair given twice, pairs that close a
            circle (there and back, or two ways from one region to another: it would be undetermined who takes
            which), workers missing or not positive, productivity not positive, a share outside 0 to 1.
    """
    table = pairs.set_index(PAIR)
    paid = benchmark.factor_value.groupby(["factor", "region"]).sum()
    for key in table.index:
        _check_pair(key, paid)
    repeated = table.index[table.index.duplicated()]
    if len(repeated):
        raise BenchmarkError(f"Migration: the pair {repeated[0]} is given twice.")
    _require_one_way_round(list(table.index))
    productivity, remitted = (table[name].astype(float) for name in (PRODUCTIVITY, REMITTED))
    _require(productivity, "productivity", "positive", productivity > 0)
    _require(remitted, "remitted", "between 0 and 1", (remitted >= 0) & (remitted <= 1))
    sides = dict.fromkeys((f, r) for f, o, d in table.index for r in (o, d))
    wanted = pd.MultiIndex.from_tuples(list(sides), names=["factor", "region"])
    counted = workers.reindex(wanted).astype(float)
    _require(counted, "workers (thousand persons)", "positive", counted > 0)
    return replace(benchmark, workers=counted, migrant_productivity=productivity, remitted=remitted)


def _check_pair(key: tuple[str, str, str], paid: pd.Series) -> None:
    factor, origin, destination = key
    if origin == destination:
        raise BenchmarkError(f"Migration: the pair {key} leads nowhere.")
    for region in (origin, destination):
        if (factor, region) not in paid.index:
            raise BenchmarkError(
                f"Migration: the pair {key} names {factor} in {region}, which the benchmark does not have."
            )


def _require_one_way_round(pairs: list[tuple[str, str, str]]) -> None:
    """Each two regions are joined by one chain of pairs at most, for each kind of labour."""
    joined: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while node in joined:
            node = joined[node]
        return node

    for f, o, d in pairs:
        if root((f, o)) == root((f, d)):
            raise BenchmarkError(
                f"Migration: the pair ({f}, {o}, {d}) closes a circle with earlier pairs. Where labour moves freely "
                "along all of them it is not determined which way it takes; leave out one."
            )
        joined[root((f, o))] = root((f, d))


def _require(values: pd.Series, name: str, rule: str, holds: pd.Series) -> None:
    bad = values[~(holds & np.isfinite(values))]
    if len(bad):
        raise BenchmarkError(f"Migration: {name} of {bad.index[0]} is {bad.iloc[0]}; it must be {rule}.")
