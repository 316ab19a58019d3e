r"""Foreign firms in services: a benchmark in which part of a region's service is made by firms that came to it.

The SAM knows one activity for each service. Here it is divided, in the regions and services that a table names
(*hosts*), as Rutherford and Tarr (2008) and Jensen, Rutherford and Tarr (2007) do for Russia: home firms, foreign
firms that have set up in the country, and suppliers from across the border. Of the home sales :math:`D` and the
imports :math:`M` of the service, with the share :math:`\varphi` of foreign firms in what is sold by firms in the
country and the share :math:`h` of imported head-office services in their cost,

.. math:: F = \varphi\,(D + hF) \;\Longrightarrow\; F = \frac{\varphi D}{1 - \varphi h}, \qquad H = h F

so that home firms sell :math:`D - (F - H)` and cross-border suppliers sell :math:`M - H` to users directly. Of what
users pay to foreign firms, :math:`R = F\rho/(1+\rho)` is a rent on their presence, a fee or the share of a local
partner, that the household receives; the SAM counts it among the capital income of the activity, from which it is
taken. Everything else a foreign firm uses is the same mix of inputs, factors and taxes as the whole activity's. No
figure of the SAM changes but by being divided; GDP, trade and every household's income are what they were. The rent
must be there in the base year: to take a rent away that was never counted would be to subsidise foreign firms.

A firm type needs something that cannot be had in any amount, or free entry at constant cost would leave one type
alone in the market. A part of its capital becomes ``specific_capital``, just large enough that the type's supply has
the elasticity :math:`\eta` with respect to its price, other prices given. With value added a share :math:`v` of cost,
elasticity :math:`\sigma_V` among factors and fixed proportions above, the part :math:`s` of value added is

.. math:: \eta = \frac{\sigma_V (1 - s)}{v\, s} \;\Longleftrightarrow\; s = \frac{\sigma_V}{\sigma_V + \eta v}

New names, for a service ``fbs``: activity and commodity ``fbs-foreign`` (what foreign firms make), commodity
``fbs-office`` (head-office services, all imported). Both exist in hosts only.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from .benchmark import BY_SECTOR, SECTOR_ELASTICITIES, Benchmark, BenchmarkError, foreign, head_office
from .market_structure import CAPITAL, SPECIFIC
from .sam import COLUMNS, WORLD, Sam

TABLE = "parameters/foreign_firms"
PARAMETERS = (
    "share",
    "head_office",
    "supply_home",
    "supply_foreign",
    "factor_substitution",
    "sigma",
    "foreign_ownership",
)
"""Share of foreign firms in sales of firms in the country; of head-office services in their sales; elasticity of
supply of home and of foreign firms; elasticity among factors in foreign firms (home firms keep the benchmark's);
elasticity between any two varieties of the service; share of foreign owners in what foreign firms earn on their
specific capital."""

MOST_SPECIFIC = 0.95
"""Share of an activity's capital that is specific at most; where its supply elasticity asks for more, supply is more
elastic than that. No shipped figure does."""

log = logging.getLogger(__name__)

Account = tuple[str, str]
Cells = defaultdict[tuple[str, str, str, str], float]


def firm_parameters(table: pd.DataFrame, regions: tuple[str, ...], bound: str = "value") -> pd.DataFrame:
    """Parameters (columns :data:`PARAMETERS`) by (sector, region), for the regions of a benchmark.

    ``bound`` is the column to read: ``value``, or ``low`` or ``high`` of its band. Raises BenchmarkError for an
    unknown, missing or illegal number.
    """
    where = f"data/{TABLE}.csv"
    unknown = sorted(set(table["parameter"]) - set(PARAMETERS))
    if unknown:
        raise BenchmarkError(f"{where}: unknown parameter {unknown[0]!r}; known are {list(PARAMETERS)}.")
    rows = table[table["region"].isin(regions)]
    hosts = pd.MultiIndex.from_frame(rows[["sector", "region"]].drop_duplicates())
    found = rows.pivot(index=["sector", "region"], columns="parameter", values=bound).astype(float)
    found = found.reindex(index=hosts, columns=list(PARAMETERS))
    gaps = found.isna().stack()
    if gaps.any():
        sector, region, parameter = gaps.index[int(gaps.to_numpy().argmax())]
        raise BenchmarkError(f"{where}: {parameter} of {sector} in {region} is missing. Add the row.")
    for name, low, high in (
        ("share", 0.0, 1.0),
        ("head_office", 0.0, 1.0),
        ("supply_home", 0.0, np.inf),
        ("supply_foreign", 0.0, np.inf),
        ("factor_substitution", 0.0, np.inf),
        ("sigma", 1.0, np.inf),
    ):
        bad = found[name][~((found[name] > low) & (found[name] < high))]
        if len(bad):
            raise BenchmarkError(
                f"{where}: {name} of {bad.index[0]} is {bad.iloc[0]:g}; it must lie between {low:g} and {high:g}."
            )
    bad = found["foreign_ownership"][~found["foreign_ownership"].between(0.0, 1.0)]
    if len(bad):
        raise BenchmarkError(f"{where}: foreign_ownership of {bad.index[0]} is {bad.iloc[0]:g}, not 0 to 1.")
    if (found["sigma"] != found.groupby("sector")["sigma"].transform("first")).any():
        raise BenchmarkError(
            f"{where}: sigma must be the same in all regions for a service: its firms sell in all of them."
        )
    return found


def with_foreign_firms(
    benchmark: Benchmark, firms: pd.DataFrame, rent: pd.Series, entry: bool = True
) -> Benchmark:
    """The benchmark with services divided by firm type in the hosts of ``firms`` (see :func:`firm_parameters`).

    ``rent`` is the rate of the rent on the presence of foreign firms by (sector, region), on their sales before it.
    ``entry=False`` keeps the number of varieties of every type: the same elasticities at constant returns.

    Raises BenchmarkError for a host that the benchmark does not have, or one in which head-office services exceed
    imports.
    """
    hosts = list(firms.index)
    absent = [key for key in hosts if key not in benchmark.domestic_sales.index]
    if absent:
        raise BenchmarkError(f"Foreign firms: the benchmark has no home sales of {absent[0]} to divide.")
    unknown = firms.index.difference(rent.index)
    if len(unknown):
        raise BenchmarkError(f"Foreign firms: the rent on their presence in {unknown[0]} is missing.")
    rent = rent.reindex(firms.index)
    cells, sold, offices = _divided(benchmark, firms, rent)
    _set_capital_apart(benchmark, firms, cells)
    services = list(dict.fromkeys(g for g, _ in hosts))
    sectors = (*benchmark.sectors, *map(foreign, services), *map(head_office, services))
    factors = benchmark.factors if SPECIFIC in benchmark.factors else (*benchmark.factors, SPECIFIC)
    table = pd.DataFrame([(*key, v) for key, v in cells.items() if v != 0.0], columns=list(COLUMNS))
    sam = Sam.from_table(table, where="the SAM with foreign firms")
    divided = replace(
        benchmark.reread(sam, sectors, factors),
        foreign_sales=sold,
        presence_rent=rent,
        head_office_services=offices,
        foreign_ownership=firms["foreign_ownership"],
    )
    return _with_elasticities(divided, firms, entry)


def _rows(firms: pd.DataFrame) -> list[tuple[Any, dict[Any, float]]]:
    """Host and parameters of every row."""
    return list(zip(firms.index.tolist(), firms.to_dict("records"), strict=True))


def _divided(b: Benchmark, firms: pd.DataFrame, rent: pd.Series) -> tuple[Cells, pd.Series, pd.Series]:
    """Cells of the SAM with the activity of every host divided; sales of foreign firms; head-office services."""
    cells: Cells = defaultdict(float)
    for *key, value in b.sam[list(COLUMNS)].itertuples(index=False):
        cells[tuple(key)] = float(value)  # type: ignore[index]
    imports = b.landed.groupby(["sector", "importer"]).sum()
    sold, offices = {}, {}
    for (g, r), row in _rows(firms):
        home = float(b.domestic_sales[g, r])
        sales = row["share"] * home / (1 - row["share"] * row["head_office"])
        office = sales * row["head_office"]
        available = float(imports.get((g, r), 0.0))  # no import flow: nothing is bought abroad
        if not office < available:
            raise BenchmarkError(
                f"Foreign firms: those of {g} in {r} would import head-office services of {office:,.0f} million USD; "
                f"all imports of the service are {available:,.0f}. Lower share or head_office in data/{TABLE}.csv."
            )
        fee = sales * float(rent[g, r]) / (1 + float(rent[g, r]))
        _divide_activity(cells, (g, r), sales, office, fee, float(b.output[g, r]))
        sold[g, r], offices[g, r] = sales, office
    series = (pd.Series(values).rename_axis(BY_SECTOR) for values in (sold, offices))
    return (cells, *series)  # type: ignore[return-value]


def _divide_activity(
    cells: Cells, host: tuple[str, str], sales: float, office: float, fee: float, output: float
) -> None:
    """Foreign firms take over local costs of ``sales - office - fee``, add head-office services and pay the fee."""
    g, r = host
    own, new = f"activity:{g}", f"activity:{foreign(g)}"
    part = (sales - office - fee) / output
    for key in [key for key in cells if key[2:] == (r, own)]:
        cells[(*key[:2], r, new)] += part * cells[key]
        cells[key] *= 1 - part
    cells[r, own, r, f"commodity:{g}"] -= sales - office
    cells[r, new, r, f"commodity:{foreign(g)}"] += sales - fee
    cells[r, f"commodity:{foreign(g)}", r, f"commodity:{g}"] += sales - fee
    cells[r, f"factor:{CAPITAL}", r, own] -= fee
    cells[r, "household", r, f"factor:{CAPITAL}"] -= fee
    cells[WORLD, "rent", r, f"commodity:{g}"] += fee
    cells[r, "household", WORLD, "rent"] += fee
    cells[r, f"commodity:{g}", r, f"commodity:{head_office(g)}"] += office
    cells[r, f"commodity:{head_office(g)}", r, new] += office


def _set_capital_apart(b: Benchmark, firms: pd.DataFrame, cells: Cells) -> None:
    """Part of the capital of both firm types becomes specific, as their elasticity of supply asks for."""
    for (g, r), row in _rows(firms):
        own = (f"activity:{g}", float(b.sigma_value_added[g, r]), row["supply_home"])
        new = (f"activity:{foreign(g)}", row["factor_substitution"], row["supply_foreign"])
        for activity, sigma, supply in (own, new):
            paid = {key: v for key, v in cells.items() if key[2:] == (r, activity)}
            cost = sum(v for key, v in paid.items() if key[1] != "tax:production")
            factors = sum(v for key, v in paid.items() if key[1].startswith("factor:"))
            with_tax = factors + cells[r, "tax:factor", r, activity]
            part = sigma / (sigma + supply * with_tax / cost) * factors
            capital = (r, f"factor:{CAPITAL}", r, activity)
            held = cells[r, f"factor:{SPECIFIC}", r, activity]
            most = MOST_SPECIFIC * (cells[capital] + held)
            if part > most:
                log.info("%s in %s: specific capital held at %g of its capital", activity, r, MOST_SPECIFIC)
            _move(cells, r, activity, min(part, most) - held)


def _move(cells: Cells, r: str, activity: str, value: float) -> None:
    """Payments for capital become payments for specific capital, to the same household."""
    for sign, factor in ((-1.0, f"factor:{CAPITAL}"), (1.0, f"factor:{SPECIFIC}")):
        cells[r, factor, r, activity] += sign * value
        cells[r, "household", r, factor] += sign * value


def _with_elasticities(b: Benchmark, firms: pd.DataFrame, entry: bool) -> Benchmark:
    """One elasticity between all varieties of a service, goods alike at home and abroad, and who makes varieties."""
    sigma = firms.groupby("sector")["sigma"].first()
    values: dict[str, Any] = {}
    for name in (*SECTOR_ELASTICITIES, "sigma_inputs"):
        series: pd.Series = getattr(b, name)
        for rename in (foreign, head_office):
            like = series.reindex(firms.index)
            like.index = pd.MultiIndex.from_tuples([(rename(g), r) for g, r in firms.index], names=BY_SECTOR)
            series = pd.concat([series, like[~like.index.isin(series.index)]])
        values[name] = series
    among = values["sigma_value_added"]
    for g, r in firms.index:
        among[foreign(g), r] = firms.loc[(g, r), "factor_substitution"]
    for name in ("sigma_armington", "sigma_sources"):
        values[name] = _replaced(values[name], lambda g, r: sigma.get(g.removesuffix("-foreign")))
    values["omega_supply"] = _replaced(
        values["omega_supply"], lambda g, r: np.inf if (g, r) in firms.index else None
    )
    types = [(name(g), r) for g, r in firms.index for name in (str, foreign)]
    more = tuple(key for key in types if entry and key not in b.increasing_returns)
    return replace(b, **values, increasing_returns=(*b.increasing_returns, *more))


def _replaced(series: pd.Series, rule: Callable[[str, str], float | None]) -> pd.Series:
    """The series with the numbers that a rule has for its keys."""
    new = [rule(*key) for key in series.index]
    return pd.Series(
        [old if value is None else value for old, value in zip(series, new, strict=True)], index=series.index
    )
