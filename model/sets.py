"""Index sets of the economy: only combinations with a positive benchmark flow exist.

Everything the blocks sum over is an ordered Pyomo set, so that a rule reads like the formula in its docstring.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import pandas as pd
import pyomo.environ as pyo

from ..calibration.benchmark import FINAL_USERS, Benchmark


def add(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Declare the sets shared by several blocks.

    ==================  ====================================================================================
    ``R, G, F``         regions, sectors (one activity makes one good), factors
    ``final_users``     household, government, investment
    ``activities``      (sector, region) with output
    ``commodities``     (good, region) with absorption, i.e. an Armington composite
    ``domestic``        (good, region) with sales of the region's own output at home
    ``exporters``       (good, region) with exports or sales to the international transport pool
    ``flows``           (good, source, importer) with trade
    ``importers``       (good, importer) with imports from anywhere
    ``carriers``        (good, region) selling to the transport pool
    ``uses``            (input, sector, region) of intermediate goods
    ``employment``      (factor, sector, region); ``factor_markets`` (factor, region)
    ``household_goods``, ``government_goods``, ``investment_goods``  (good, region) of final demand
    ``migration_pairs`` (factor, origin, destination); ``migration_markets`` (factor, region) of either side
    ``capital_union``   members of the union that share a market for capital; ``capital_pool`` their market
    ==================  ====================================================================================

    and the indexed sets that sums run over: ``sources[g, s]``, ``destinations[g, r]``, ``inputs[j, r]``,
    ``users[i, r]``, ``employed[j, r]`` (factors), ``employers[f, r]`` (sectors), and by region
    ``activities_of``, ``employment_of`` (factor, sector), ``import_flows_of`` (good, source),
    ``export_flows_of`` (good, importer), ``household_goods_of``, ``government_goods_of``,
    ``investment_goods_of``, ``immigrants_to`` (factor, origin), ``emigrants_from`` (factor, destination); and by
    factor and region ``origins`` and ``emigration`` (destinations) of migrants.
    """
    b = benchmark
    m.R = pyo.Set(initialize=b.regions)
    m.G = pyo.Set(initialize=b.sectors)
    m.final_users = pyo.Set(initialize=FINAL_USERS)
    m.F = pyo.Set(initialize=b.factors)
    m.activities = _tuples(b.output)
    m.commodities = _tuples(b.absorption)
    m.domestic = _tuples(b.domestic_sales)
    m.flows = _tuples(b.exports)
    m.carriers = _tuples(b.margin_supply)
    m.uses = _tuples(b.intermediate)
    m.employment = _tuples(b.factor_value)
    shipping = {(g, r) for g, r, _ in b.exports.index} | set(b.margin_supply.index)
    buying = {(g, s) for g, _, s in b.exports.index}
    markets = list(dict.fromkeys((f, r) for f, _, r in b.factor_value.index))
    m.exporters = pyo.Set(dimen=2, initialize=[k for k in b.output.index if k in shipping])
    m.importers = pyo.Set(dimen=2, initialize=[k for k in b.absorption.index if k in buying])
    m.factor_markets = pyo.Set(dimen=2, initialize=markets)
    m.household_goods = _tuples(b.household_demand)
    m.government_goods = _tuples(b.government_demand)
    m.investment_goods = _tuples(b.investment_demand)
    _add_members(m, b)
    _add_mobility(m, b)


def _add_members(m: pyo.ConcreteModel, b: Benchmark) -> None:
    m.sources = _grouped(m.importers, [((g, s), r) for g, r, s in b.exports.index])
    m.destinations = _grouped(m.exporters, [((g, r), s) for g, r, s in b.exports.index])
    m.inputs = _grouped(m.activities, [((j, r), i) for i, j, r in b.intermediate.index])
    m.users = _grouped(m.commodities, [((i, r), j) for i, j, r in b.intermediate.index])
    m.employed = _grouped(m.activities, [((j, r), f) for f, j, r in b.factor_value.index])
    m.employers = _grouped(m.factor_markets, [((f, r), j) for f, j, r in b.factor_value.index])
    m.activities_of = _by_region(m, b.output)
    m.household_goods_of = _by_region(m, b.household_demand)
    m.government_goods_of = _by_region(m, b.government_demand)
    m.investment_goods_of = _by_region(m, b.investment_demand)
    m.employment_of = _grouped(m.R, [(r, (f, j)) for f, j, r in b.factor_value.index], dimen=2)
    m.import_flows_of = _grouped(m.R, [(s, (g, r)) for g, r, s in b.exports.index], dimen=2)
    m.export_flows_of = _grouped(m.R, [(r, (g, s)) for g, r, s in b.exports.index], dimen=2)


def _add_mobility(m: pyo.ConcreteModel, b: Benchmark) -> None:
    """Between which regions labour and capital may move; empty where the benchmark does not say."""
    pairs = list(b.migrant_productivity.index)
    markets = [k for k in m.factor_markets if any(f == k[0] and k[1] in (o, d) for f, o, d in pairs)]
    union = [r for r in b.members if ("capital", r) in m.factor_markets]
    m.migration_pairs = _tuples(b.migrant_productivity)
    m.migration_markets = pyo.Set(dimen=2, initialize=markets)
    m.origins = _grouped(m.migration_markets, [((f, d), o) for f, o, d in pairs])
    m.emigration = _grouped(m.migration_markets, [((f, o), d) for f, o, d in pairs])
    m.immigrants_to = _grouped(m.R, [(d, (f, o)) for f, o, d in pairs], dimen=2)
    m.emigrants_from = _grouped(m.R, [(o, (f, d)) for f, o, d in pairs], dimen=2)
    m.capital_union = pyo.Set(initialize=union)
    m.capital_pool = pyo.Set(initialize=["union"] if union else [])


def param(index: pyo.Set, series: pd.Series, name: str) -> pyo.Param:
    """Immutable parameter with exactly one number for every member of the index set.

    Raises ``KeyError`` naming the first member without a number: no default is ever assumed.
    """
    return pyo.Param(index, initialize=param_values(index, series, name), domain=pyo.Reals)


def elasticity(index: pyo.Set, series: pd.Series, name: str) -> pyo.Param:
    """A parameter of behaviour: mutable, so that one compiled model serves every value of it (see `recalibrate`).

    Raises ``KeyError`` as :func:`param` does.
    """
    values = param_values(index, series, name)
    return pyo.Param(index, initialize=values, domain=pyo.Reals, mutable=True)


def param_values(index: pyo.Set, series: pd.Series, name: str) -> dict[Hashable, float]:
    """The numbers of a series for every member of the set; raises ``KeyError`` naming a missing one."""
    values = series.to_dict()
    missing = [key for key in index if key not in values]
    if missing:
        raise KeyError(f"{name}: no value for {len(missing)} member(s), the first being {missing[0]!r}.")
    return {key: float(values[key]) for key in index}


def positive(index: pyo.Set) -> pyo.Var:
    """Price or quantity relative to the benchmark: strictly positive, one in the benchmark."""
    return pyo.Var(index, domain=pyo.PositiveReals, initialize=1.0)


def money(index: pyo.Set, series: pd.Series, name: str, domain: pyo.Set = pyo.Reals) -> pyo.Var:
    """Payment in million USD, or a rate, starting from its benchmark value."""
    start = param_values(index, series, name)
    return pyo.Var(index, domain=domain, initialize=start)


def _tuples(series: pd.Series) -> pyo.Set:
    return pyo.Set(dimen=series.index.nlevels, initialize=list(series.index))


def _by_region(m: pyo.ConcreteModel, series: pd.Series) -> pyo.Set:
    return _grouped(m.R, [(r, g) for g, r in series.index])


def _grouped(index: pyo.Set, pairs: Iterable[tuple[Hashable, Hashable]], dimen: int = 1) -> pyo.Set:
    """Indexed set that collects the second part of each pair under the first; members may stay empty."""
    groups: dict[Hashable, list[Hashable]] = {key: [] for key in index}
    for key, member in pairs:
        groups[key].append(member)
    return pyo.Set(index, dimen=dimen, initialize=groups)
