"""From the committed tables to the balanced SAM: trade, border, national tables, assembly, report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd

from .balancing import BalanceResult, Method, Vary, unvaried
from .border import BorderFlows, border_flows
from .national import VALUE_ADDED_GROUPS, NationalTable, estimate_region
from .priors import gtap_prior, without
from .regions import Regions
from .sam import COLUMNS, WORLD, Sam
from .series import Tables, entries, keyed, once
from .synthetic import PRIOR, SyntheticRegion, output_controls, synthetic_prior
from .trade import estimate_goods, estimate_services, sector_list

Row = tuple[str, str, str, str, float]


@dataclass(frozen=True)
class Build:
    """The estimated base year: the SAM and everything it was made from."""

    sam: Sam
    goods: BalanceResult
    services: BalanceResult
    border: BorderFlows
    tables: dict[str, NationalTable]


def build_sam(
    tables: Tables,
    priors: Mapping[str, str] | None = None,
    method: Method = "cross_entropy",
    tell: Callable[[str], None] = lambda line: None,
    vary: Vary = unvaried,
) -> Build:
    """Estimate the world SAM of 2007 from the committed tables.

    ``priors`` names the prior of a synthetic table, such as ``{"belarus": "russia"}``, or gives its weights,
    ``{"belarus": "LTU=0.7,RUS=0.3"}`` (others take ``neighbours``);
    ``method`` is the balancing method of the national tables (see :func:`.balancing.solve`); ``tell`` is called
    with a line for each part of the work; ``vary`` restates every balancing problem before it is solved (trade in
    goods, trade in services, each region), see :data:`.balancing.Vary`. The list of regions and
    everything else comes from ``tables``. Synthetic regions must stand before the rest of the world in that list: it
    is GTAP's less theirs.

    Raises ValueError if ``priors`` names a table that no region of this economy has.
    """
    regions = Regions.of(tables)
    chosen = dict(priors or {})
    unknown = sorted(set(chosen) - set(regions.synthetic.values()))
    if unknown:
        raise ValueError(
            f"no synthetic table {unknown}; this economy has {sorted(regions.synthetic.values())}"
        )
    tell("balancing trade in goods and services")
    goods, services = estimate_goods(tables, vary), estimate_services(tables, vary)
    border = border_flows(pd.concat([goods.values, services.values]), tables)
    sectors = sector_list(tables)
    national: dict[str, NationalTable] = {}
    for region in regions.names:
        tell(f"balancing the table of {region}")
        at_border, controls = border.of(region, sectors), national_controls(region, tables)
        if region in regions.synthetic:
            name = regions.synthetic[region]
            synthetic = SyntheticRegion(region, name, chosen.get(name, PRIOR))
            prior = synthetic_prior(synthetic, at_border, controls, tables)
            controls = pd.concat([controls, output_controls(synthetic, tables)])
        else:
            prior = once(tables, gtap_prior, region)
        if region == regions.rest:
            for taken_out in regions.synthetic:
                prior = without(prior, national[taken_out].cells)
        national[region] = estimate_region(region, prior, at_border, controls, method, vary)
    return assemble(goods, services, border, national, tables)


def assemble(
    goods: BalanceResult,
    services: BalanceResult,
    border: BorderFlows,
    national: dict[str, NationalTable],
    tables: Tables,
) -> Build:
    """Put trade and national tables together to the world SAM.

    Raises SamError if they do not fit together.
    """
    rows = list(_national_rows(national, tables)) + list(_trade_rows(border))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    sam = Sam.from_table(table[table["value"] != 0].reset_index(drop=True))
    return Build(sam, goods, services, border, national)


def national_controls(region: str, tables: Tables) -> pd.Series:
    """National accounts of 2007 that the region's table is held to, million USD.

    Value added by group and labour only for the members and synthetic regions: GTAP's sectors of the large regions
    stay as they are.
    Labour's share (PWT) is read as a share of value added at basic prices.
    """
    accounts = keyed(tables("sources/national_accounts"), "region", "item")[region]
    names = ["gdp", "household_consumption", "government_consumption", "capital_formation"]
    controls = accounts[names]
    if region in Regions.of(tables).detailed:
        groups = {f"value_added:{g}": accounts[f"value_added_{g}"] for g in VALUE_ADDED_GROUPS}
        labour = accounts["labour_share"] * sum(groups.values())
        controls = pd.concat([controls, pd.Series(groups | {"labour": labour})])
    return controls


def _national_rows(national: dict[str, NationalTable], tables: Tables) -> Iterator[Row]:
    accounts = keyed(tables("sources/national_accounts"), "region", "item")
    regions = Regions.of(tables)
    inflows = {region: -_trade_balance(table) for region, table in national.items()}
    drift = sum(inflows.values())  # rounding of the margins' two sides
    inflows[regions.rest] -= drift
    for region, table in national.items():
        yield from _production_rows(region, table)
        # zero elsewhere is assumed: no balance is collected there, and no tariff run needs it
        saving = float(accounts[region, "government_balance"]) if region in regions.detailed else 0.0
        yield from _income_rows(region, table, inflows[region], saving)


def _trade_balance(table: NationalTable) -> float:
    """Exports of goods, services and transport, fob, less imports cif, million USD."""
    border = table.border
    return float((border.exports + border.export_tax + border.transport - border.imports).sum())


def _production_rows(region: str, table: NationalTable) -> Iterator[Row]:
    cells = table.cells
    for (good, activity), value in entries(cells["use"]):
        yield region, f"commodity:{good}", region, f"activity:{activity}", value
    for (factor, activity), value in entries(cells["factor"]):
        yield region, f"factor:{factor}", region, f"activity:{activity}", value
    for tax in ("factor", "production"):
        if f"{tax}_tax" in cells.index.get_level_values("item"):
            for (_, activity), value in entries(cells[f"{tax}_tax"]):
                yield region, f"tax:{tax}", region, f"activity:{activity}", value
    for (good, _), value in entries(cells["domestic"]):
        yield region, f"activity:{good}", region, f"commodity:{good}", value
    for (good, user), value in entries(cells["demand"]):
        yield region, f"commodity:{good}", region, user, value
    for (_, user), value in entries(cells["sales_tax"]):
        yield region, "tax:sales", region, user, value


def _income_rows(region: str, table: NationalTable, inflow: float, saving: float) -> Iterator[Row]:
    """Incomes of household, government and savings.

    Direct taxes are shown net of transfers to households: what the government needs for its consumption and
    saving beyond its indirect taxes. If indirect taxes exceed that, the excess is a transfer to the household.
    """
    cells = table.cells
    factors = cells["factor"].groupby("row").sum()
    for factor, value in factors.items():
        yield region, "household", region, f"factor:{factor}", value
    for tax in ("factor", "production", "sales"):
        if f"{tax}_tax" in cells.index.get_level_values("item"):
            yield region, "government", region, f"tax:{tax}", cells[f"{tax}_tax"].sum()
    border = table.border
    yield region, "government", region, "tax:export", border.export_tax.sum()
    spending = cells.reindex(["demand", "sales_tax"], level="item").groupby(level="column").sum()
    indirect = cells.reindex(["factor_tax", "production_tax", "sales_tax"], level="item").sum()
    indirect += border.export_tax.sum() + border.duty.sum()
    need = spending["government"] + saving - indirect
    if need >= 0:
        yield region, "tax:direct", region, "household", need
        yield region, "government", region, "tax:direct", need
    else:
        yield region, "household", region, "government", -need
    yield region, "savings", region, "government", saving
    yield region, "savings", region, "household", factors.sum() - need - spending["household"]
    yield region, "savings", WORLD, "capital", inflow
    yield region, "investment", region, "savings", spending["investment"]


def _trade_rows(border: BorderFlows) -> Iterator[Row]:
    duties: defaultdict[tuple[str, str], float] = defaultdict(float)
    margins: defaultdict[str, float] = defaultdict(float)
    flows = pd.DataFrame(
        {"basic": border.basic, "export_tax": border.export_tax, "margin": border.margin, "duty": border.duty}
    )
    for key, flow in flows.iterrows():
        good, exporter, importer = cast("tuple[str, str, str]", key)
        commodity = f"commodity:{good}"
        if exporter == importer:
            yield exporter, f"activity:{good}", exporter, f"intra:{good}", flow["basic"]
            yield exporter, f"intra:{good}", importer, commodity, flow["basic"]
        else:
            yield exporter, f"activity:{good}", importer, commodity, flow["basic"]
        yield exporter, "tax:export", importer, commodity, flow["export_tax"]
        yield WORLD, f"margin:{exporter}", importer, commodity, flow["margin"]
        yield importer, f"tax:import:{exporter}", importer, commodity, flow["duty"]
        duties[importer, exporter] += flow["duty"]
        margins[exporter] += flow["margin"]
    for (importer, exporter), duty in duties.items():
        yield importer, "government", importer, f"tax:import:{exporter}", duty
    for exporter, value in margins.items():
        yield WORLD, "margin", WORLD, f"margin:{exporter}", value
    for (good, region), value in entries(border.transport):
        yield region, f"activity:{good}", WORLD, "margin", value
