"""Bilateral trade by good for the base year: a cross-entropy estimate under observed margins.

What is observed: the total of every pair (BACI), fuels and wood by pair (Comtrade chapters 27 and 44), the
goods that each exporter sells and each importer buys (GTAP; synthetic regions: their own statistics), the cells of the
pairs Russia-EU-China (WIOD) and Kazakhstan's manufactures by partner (BACI). What is not observed, and is
estimated here, is which good goes to which partner inside those margins.

The estimate minimises the cross-entropy distance to a gravity prior,

.. math:: X^0_{grs} = \\frac{X_{gr} M_{gs}}{W_g} \\cdot \\frac{T_{rs} W}{X_r M_s},

a good's exporter and importer shares in world trade ``W`` times the affinity of the pair,

subject to the pair totals (exact) and to the other margins (each with a standard error), see
:mod:`..balancing`. Flows are valued fob, export tax included, million USD.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .balancing import BalanceProblem, BalanceResult, Vary, solve, unvaried
from .regions import Regions
from .series import Tables, entries, keyed, once
from .synthetic_trade import goods_trade, services_trade

GTAP_ERROR = 0.10
"""Relative standard error of a good's exports or imports in GTAP, once scaled to the BACI total."""
SYNTHETIC_GOODS_ERROR = 0.20
"""The same for a region without a table, whose composition is a pattern moved to the 2007 anchors."""
CHAPTER_ERROR = 0.05
"""Relative standard error of a pair's trade in fuels (mirror reports differ by a few per cent of freight)."""
WOOD_ERROR = 0.15
"""The same for wood: chapter 44 straddles wood products and logs."""
CHAPTER_COVER = 0.5
"""A chapter pins a pair's flows only where it is most of some sector: chapter 44 is most of the wood and paper that
Russia, Belarus and China sell, but says little about a seller of paper such as the EU."""
GRAVITY_ERROR, WIOD_ERROR = 1.0, 0.3
"""Relative standard error of a prior cell: gravity guess, or composition observed in WIOD."""


@dataclass(frozen=True)
class Trade:
    """The estimated flows and how they were reached.

    ``fob``: Series over (sector, exporter, importer), million USD at the exporter's border, export tax
    included. ``result``: the balancing result for goods, with its report of adjustments and controls.
    """

    fob: pd.Series
    result: BalanceResult


def gtap_border_flows(tables: Tables) -> pd.DataFrame:
    """Exports fob and imports cif by region and sector in the GTAP tables, million USD.

    Columns ``exports``, ``imports_cif``; index (region, sector). ROW still contains Belarus.
    """
    sam = keyed(tables("sources/gtap_sam"), "region", "row", "column")
    sectors = sector_list(tables)
    exports = sam.xs("BoP", level="column").rename_axis(["region", "sector"])
    imports = sam.xs("BoP", level="row").rename_axis(["region", "sector"])
    flows = pd.DataFrame({"exports": exports, "imports_cif": imports})
    flows = flows[flows.index.get_level_values("sector").isin(sectors)]
    if flows.isna().to_numpy().any():
        raise ValueError(
            f"sources/gtap_sam lacks a BoP cell for {flows[flows.isna().any(axis=1)].index.tolist()}"
        )
    return flows


def margin_rates(tables: Tables) -> pd.Series:
    """International transport cost per unit of fob trade by sector: world imports cif over exports fob, less one.

    GTAP records no margins by pair in these tables, so the world rate of the good is used for every pair.
    """
    world = gtap_border_flows(tables).groupby("sector").sum()
    rates = (world["imports_cif"] / world["exports"] - 1).clip(lower=0.0)
    rates[rates < 1e-6] = 0.0  # services: recorded fob on both sides
    return rates.rename("margin_rate")


def _goods_margins(tables: Tables) -> tuple[pd.Series, pd.Series]:
    """Targets by (sector, region): exports fob and imports fob of goods, scaled to each region's BACI total."""
    border = gtap_border_flows(tables)
    goods = sector_list(tables, goods=True)
    rates = margin_rates(tables)
    exports = border["exports"].unstack("region").loc[goods]
    imports = (border["imports_cif"].unstack("region").T / (1 + rates)).T.loc[goods]
    regions = Regions.of(tables)
    for region, name in regions.synthetic.items():
        own = goods_trade(name, tables).reindex(goods).fillna(0.0)
        own["imports"] /= 1 + rates.loc[goods]
        for flow, table in (("exports", exports), ("imports", imports)):
            table[regions.rest] -= own[flow]
            table[region] = own[flow]
    pairs = pair_totals(tables)
    exports *= pairs.groupby("exporter").sum() / exports.sum()
    imports *= pairs.groupby("importer").sum() / imports.sum()
    return pd.Series(exports.stack()), pd.Series(imports.stack())


def sector_list(tables: Tables, goods: bool | None = None) -> list[str]:
    """Model sectors in order; only goods, or only services, if asked."""
    sectors = tables("mappings/sectors").drop_duplicates("sector").set_index("sector")["is_good"].astype(bool)
    return sectors.index.tolist() if goods is None else sectors.index[sectors == goods].tolist()


def _manufactures(tables: Tables) -> list[str]:
    """Sectors of section D of NACE rev. 1 (WIOD codes 15t16 to 36t37)."""
    mapping = tables("mappings/sectors_wiod")
    return mapping.loc[mapping["wiod"].str[:2].between("15", "37"), "sector"].unique().tolist()


def pair_totals(tables: Tables) -> pd.Series:
    """Merchandise trade of each pair in 2007, fob, million USD, index (exporter, importer).

    BACI, but for the pairs of ``parameters/trade_overrides``, where BACI cannot hold with other sources.
    """
    pairs = keyed(tables("sources/trade_pairs"), "exporter", "importer").copy()
    overrides = keyed(tables("parameters/trade_overrides"), "exporter", "importer")
    pairs[overrides.index] = overrides
    return pairs


def _gravity(exports: pd.Series, imports: pd.Series, pairs: pd.Series) -> pd.Series:
    """The gravity prior over (sector, exporter, importer), zero flows left out."""
    X, M = exports.unstack("region"), imports.unstack("region")
    world = X.sum(axis=1)
    blocks = {}
    for (exporter, importer), total in entries(pairs):
        affinity = total * world.sum() / (X[exporter].sum() * M[importer].sum())
        blocks[exporter, importer] = affinity * X[exporter] * M[importer] / world
    prior = pd.concat(blocks, names=["exporter", "importer"]).reorder_levels(
        ["sector", "exporter", "importer"]
    )
    return prior[prior > 1e-6].sort_index()


def _with_wiod_composition(prior: pd.Series, tables: Tables) -> tuple[pd.Series, pd.Series]:
    """Replace the composition of pairs that WIOD observes; return the prior and each cell's standard error.

    A WIOD sector that covers several model sectors is split as in the gravity prior. WIOD's European Union has
    27 members and its China no Hong Kong: only shares within the pair are taken, never levels.
    """
    error = pd.Series(GRAVITY_ERROR, index=prior.index)
    mapping = {code: list(rows["sector"]) for code, rows in tables("mappings/sectors_wiod").groupby("wiod")}
    wiod = tables("sources/wiod_trade").replace({"exporter": {"EU27": "EU"}, "importer": {"EU27": "EU"}})
    bilateral = pd.Series(wiod.groupby(["exporter", "importer", "wiod"])["value"].sum())
    prior = prior.copy()
    for (exporter, importer), observed in bilateral.groupby(["exporter", "importer"]):
        if "RUS" not in (exporter, importer) or "ROW" in (exporter, importer):
            continue  # ROW of WIOD holds Kazakhstan and Belarus; pairs outside the members matter little
        pair = prior.xs((exporter, importer), level=("exporter", "importer"))
        pattern = pd.Series(0.0, index=pair.index)
        for code, value in entries(observed.droplevel(["exporter", "importer"])):
            inside = pair.reindex(mapping[code]).dropna()
            if not inside.empty:
                pattern[inside.index] += value * inside / inside.sum()
        pattern = pattern[pattern > 0]
        scaled = pattern / pattern.sum() * pair[pattern.index].sum()
        where = pd.MultiIndex.from_product([scaled.index, [exporter], [importer]])
        prior[where], error[where] = scaled.to_numpy(), WIOD_ERROR
    return prior, error


def estimate_goods(tables: Tables, vary: Vary = unvaried) -> BalanceResult:
    """Cross-entropy estimate of merchandise flows by good and pair under every observed margin.

    ``vary`` restates the problem, called ``trade in goods``, before it is solved.
    """
    return solve(vary("trade in goods", once(tables, _goods_problem)), method="cross_entropy")


def _goods_problem(tables: Tables) -> BalanceProblem:
    pairs = pair_totals(tables)
    exports, imports = _goods_margins(tables)
    prior, error = _with_wiod_composition(_gravity(exports, imports, pairs), tables)
    prior = _with_chapter_levels(prior, tables)
    cells = pd.DataFrame({"prior": prior, "standard_error": error * prior})
    problem = BalanceProblem(cells)
    problem.totals(["exporter", "importer"], pairs, name="pair total")
    goods_error = pd.Series(GTAP_ERROR, index=exports.index)
    synthetic = goods_error.index.get_level_values("region").isin([*Regions.of(tables).synthetic])
    goods_error[synthetic] = SYNTHETIC_GOODS_ERROR
    for name, level, target in (("exports of", "exporter", exports), ("imports of", "importer", imports)):
        named = target.rename_axis(["sector", level])
        present = prior.groupby(["sector", level]).sum().index
        named = named[named.index.isin(present)]
        errors = goods_error.reindex(named.index) * named
        problem.totals(["sector", level], named, standard_error=errors, name=name)
    add_chapters(problem, prior, tables)
    _add_kazakh_manufactures(problem, prior, tables)
    return problem


def chapter_shares(tables: Tables) -> pd.Series:
    """Share of an exporter's sector that falls under fuels (HS 27) or wood (HS 44), index (good, sector, exporter)."""
    return keyed(tables("sources/chapter_shares"), "good", "sector", "exporter")


def _chapters(tables: Tables) -> pd.Series:
    """Observed fuels and wood by pair in 2007, million USD, index (good, exporter, importer)."""
    return keyed(tables("sources/trade_fuels_wood"), "good", "exporter", "importer")


def _covered(prior: pd.Series, good: str, exporter: str, importer: str, shares: pd.Series) -> pd.Series:
    """Coefficients of the cells of one pair that make up a chapter."""
    share = shares[good].xs(exporter, level="exporter")
    share = share[share > 0]
    if share.empty or share.max() < CHAPTER_COVER:
        return pd.Series(dtype=float)
    cells = pd.MultiIndex.from_product([share.index, [exporter], [importer]], names=prior.index.names)
    coefficients = pd.Series(share.to_numpy(), index=cells)
    return coefficients[coefficients.index.isin(prior.index)]


def _with_chapter_levels(prior: pd.Series, tables: Tables) -> pd.Series:
    """Start each pair's fuels and wood at the observed level, so that the estimate begins near its margins."""
    prior, shares = prior.copy(), chapter_shares(tables)
    for (good, exporter, importer), observed in entries(_chapters(tables)):
        covered = _covered(prior, good, exporter, importer, shares)
        level = (prior[covered.index] * covered).sum() if not covered.empty else 0.0
        if level > 0 and observed > 0:
            prior[covered.index] *= 1 + covered * (observed / level - 1)
    return prior


def add_chapters(problem: BalanceProblem, prior: pd.Series, tables: Tables) -> None:
    """Hold each pair's fuels and wood to what was observed (loosely, see :data:`CHAPTER_ERROR`)."""
    shares = chapter_shares(tables)
    error = {"fuels": CHAPTER_ERROR, "wood": WOOD_ERROR}
    for (good, exporter, importer), observed in entries(_chapters(tables)):
        covered = _covered(prior, good, exporter, importer, shares)
        if observed > 0 and not covered.empty:
            problem.constraint(f"{good} {exporter}>{importer}", covered, observed, error[good] * observed)


def _add_kazakh_manufactures(problem: BalanceProblem, prior: pd.Series, tables: Tables) -> None:
    """Kazakhstan's manufactures by partner: the BACI share of manufactures applied to the pair total."""
    manufactures = _manufactures(tables)
    composition = tables("sources/trade_kaz_composition")
    observed = composition[composition["item"] == "manufactures"].set_index("importer")["value"]
    for importer, target in observed.items():
        wanted = pd.MultiIndex.from_product([manufactures, ["KAZ"], [importer]], names=prior.index.names)
        cells = wanted[wanted.isin(prior.index)]
        if len(cells) and target > 0:
            coefficients = pd.Series(1.0, index=cells)
            problem.constraint(f"manufactures KAZ>{importer}", coefficients, target, 0.15 * target)


def service_margins(tables: Tables) -> tuple[pd.Series, pd.Series]:
    """Exports and imports of services by (sector, region), million USD: GTAP; synthetic regions from their balance of
    payments.

    Belarus' totals are exports and imports of goods and services (UN) less goods (Belstat), spread over
    services as in Lithuania's table (WIOD). Russia's and Kazakhstan's stay GTAP's. World imports are scaled
    to world exports, service by service.
    """
    border = gtap_border_flows(tables)
    services = sector_list(tables, goods=False)
    exports = border["exports"].unstack("region").loc[services]
    imports = border["imports_cif"].unstack("region").loc[services]
    regions = Regions.of(tables)
    for region, name in regions.synthetic.items():
        for flow, table in (("exports", exports), ("imports", imports)):
            table[region] = services_trade(name, flow, services, tables)
            table[regions.rest] -= table[region]
    imports = (imports.T * (exports.sum(axis=1) / imports.sum(axis=1))).T
    return pd.Series(exports.stack()), pd.Series(imports.stack())


def estimate_services(tables: Tables, vary: Vary = unvaried) -> BalanceResult:
    """Cross-entropy estimate of services by pair: gravity from exporters' and importers' totals.

    ``vary`` restates the problem, called ``trade in services``, before it is solved.
    """
    return solve(vary("trade in services", once(tables, _services_problem)), method="cross_entropy")


def _services_problem(tables: Tables) -> BalanceProblem:
    exports, imports = service_margins(tables)
    goods = pair_totals(tables)
    square = goods.unstack("importer").reindex(columns=goods.index.unique("exporter"))
    pairs = pd.Series(square.stack())
    prior = _gravity(exports, imports, pairs)
    problem = BalanceProblem(pd.DataFrame({"prior": prior, "standard_error": prior}))
    for name, level, target in (("exports of", "exporter", exports), ("imports of", "importer", imports)):
        named = target.rename_axis(["sector", level])
        named = named[named.index.isin(prior.groupby(["sector", level]).sum().index)]
        problem.totals(["sector", level], named, standard_error=0.01 * named, name=name)
    return problem
