"""Border taxes and transport on every flow: export tax, freight, import duty, by good, exporter and importer.

The sources give duty and export tax by good and country, not by partner. What partners pay differs for two
reasons that matter here: the members trade free of duty with each other and with most of the CIS, and Russia's
export duty on energy spares its union partners. Both are applied as rules, and the rates on the remaining flows
follow from the revenue that was collected. Rules and chosen controls are in ``data/parameters/border_rules.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .national import Border
from .regions import Regions
from .series import Tables, entries, keyed
from .tariff_cuts import bound_cuts
from .trade import margin_rates, sector_list

FLOW = ["sector", "exporter", "importer"]
TRACE = 1e-4
"""Export taxes below this share of a good's exports are traces of rounding in the source, not a tax."""


@dataclass(frozen=True)
class BorderFlows:
    """Every flow with its value at each stage, million USD; Series over (sector, exporter, importer).

    ``basic``: at the exporter's basic price; ``export_tax``; ``fob`` = basic + export_tax; ``margin``: transport;
    ``cif`` = fob + margin; ``duty``. ``transport`` over (sector, region): services sold to the transport pool.
    """

    fob: pd.Series
    export_tax: pd.Series
    margin: pd.Series
    duty: pd.Series
    transport: pd.Series

    @property
    def basic(self) -> pd.Series:
        """Value at the exporter's basic price."""
        return self.fob - self.export_tax

    @property
    def cif(self) -> pd.Series:
        """Value at the importer's border before duty."""
        return self.fob + self.margin

    def of(self, region: str, sectors: list[str]) -> Border:
        """The border of one region by sector, for :func:`.national.estimate_region`."""

        def exported(flow: pd.Series) -> pd.Series:
            chosen = flow[flow.index.get_level_values("exporter") == region]
            return chosen.groupby("sector").sum().reindex(sectors, fill_value=0.0)

        def imported(flow: pd.Series) -> pd.Series:
            chosen = flow[flow.index.get_level_values("importer") == region]
            return chosen.groupby("sector").sum().reindex(sectors, fill_value=0.0)

        return Border(
            exports=exported(self.basic),
            export_tax=exported(self.export_tax),
            transport=self.transport.xs(region, level="region").reindex(sectors, fill_value=0.0),
            imports=imported(self.cif),
            duty=imported(self.duty),
        )


def border_flows(fob: pd.Series, tables: Tables) -> BorderFlows:
    """Value every flow of the trade estimate at each stage between two markets."""
    rates = margin_rates(tables)
    margin = fob * rates.reindex(fob.index.get_level_values("sector")).to_numpy()
    export_tax = export_taxes(fob, tables)
    duty = (fob + margin) * pre_union_tariffs(fob + margin, tables)
    return BorderFlows(fob, export_tax, margin, duty.rename("duty"), transport_supply(margin.sum(), tables))


def _rule(tables: Tables, rule: str) -> pd.Series:
    """The entries of one rule, for the regions of this economy (an economy without Ukraine has no use for hers)."""
    rules = tables("parameters/border_rules")
    chosen = rules[rules["rule"] == rule]
    if chosen.empty:
        raise KeyError(f"data/parameters/border_rules.csv has no rule {rule!r}")
    return keyed(chosen[chosen["region"].isin(Regions.of(tables).names)], "region", "sector", "partner")


def transport_supply(total: float, tables: Tables) -> pd.Series:
    """Transport services by (sector, region): GTAP's sales to the pool, scaled to the margins on estimated trade.

    A synthetic region stands in GTAP inside ROW and is given no share of the pool: its transport exports are in
    its services exports already.
    """
    sam = tables("sources/gtap_sam")
    supply = (
        sam[sam["column"] == "ITT"].set_index(["row", "region"])["value"].rename_axis(["sector", "region"])
    )
    supply = supply[supply.index.get_level_values("sector").isin(sector_list(tables)) & (supply > 0)]
    supply = supply / supply.sum() * total
    without = [("trn", region) for region in Regions.of(tables).synthetic]
    none = pd.Series(0.0, index=pd.MultiIndex.from_tuples(without, names=supply.index.names))
    return pd.concat([supply, none])


def export_taxes(fob: pd.Series, tables: Tables) -> pd.Series:
    """Export tax on each flow: GTAP's revenue by good over the flows that were not exempt.

    ``export_tax_share`` of the rules says which part of the full rate a partner pays (0 exempt, 1 full).
    """
    table = tables("sources/gtap_export_tax")
    revenue = table[table["item"] == "export_tax"].set_index(["sector", "region"])["value"]
    belarus = _rule(tables, "export_tax_revenue")
    revenue = pd.concat([revenue, belarus.groupby(["sector", "region"]).sum()])
    full, share = {}, _rule(tables, "export_tax_share")
    for flow, value in entries(fob):
        good, exporter, importer = flow
        full[flow] = value * _share(share, exporter, good, importer)
    taxed = pd.Series(full).rename_axis(FLOW)
    base = taxed.groupby(["sector", "exporter"]).transform("sum")
    exported = fob.groupby(["sector", "exporter"]).sum().rename_axis(["sector", "region"])
    revenue = revenue[revenue.abs() > TRACE * exported.reindex(revenue.index)]
    keys = pd.MultiIndex.from_arrays(
        [fob.index.get_level_values("sector"), fob.index.get_level_values("exporter")]
    )
    wanted = revenue.reindex(keys).fillna(0.0).to_numpy()  # regions without an entry levy no export tax
    tax = (taxed / base.where(base > 0, 1.0) * wanted).rename("export_tax")
    too_much = tax > 0.8 * fob
    if too_much.any():
        raise ValueError(
            f"export tax above 80 % of the fob value on {tax[too_much].to_dict()}; check border_rules"
        )
    return tax


def _share(shares: pd.Series, exporter: str, good: str, importer: str) -> float:
    """The part of the full export-tax rate a flow pays: rule of the pair and good, of the pair, else full."""
    for key in ((exporter, good, importer), (exporter, "all", importer)):
        if key in shares.index:
            return float(shares[key])
    return 1.0


def dutiable_share(cif: pd.Series, tables: Tables) -> pd.Series:
    """Share of each flow that is not free of duty by agreement (0, 1, or one less the CIS share of ROW)."""
    exporter, importer = (cif.index.get_level_values(level) for level in ("exporter", "importer"))
    share = pd.Series(1.0, index=cif.index)
    regions = Regions.of(tables)
    share[exporter.isin(regions.free_traders) & importer.isin(regions.free_traders)] = 0.0
    share[(exporter == importer) & exporter.isin(regions.aggregates)] = 0.0
    cis = keyed(tables("sources/cis_share_of_row"), "importer")
    for region, free in cis.items():
        share[(exporter == regions.rest) & (importer == region)] = 1.0 - free
    return share


def mfn_rates(cif: pd.Series, tables: Tables) -> pd.DataFrame:
    """Most-favoured-nation tariff rates of 2007 by sector (rows) and importer (columns), ratios to cif value.

    Column ``tariff_pattern`` of the list of regions says where the pattern comes from. ``own``: GTAP's duty over the
    estimated dutiable imports. ``own rates``: GTAP's rates (Kazakhstan, scaled to the published trade-weighted rate
    ``mfn_average``, because GTAP's own level is far above what was collected). ``russia``: Russia's rates (Belarus).
    ``russia x bounds``: Russia's rates times the region's bound averages over the common tariff's, agricultural and
    other goods (Ukraine). The level is then scaled to the duty collected where ``duty_control`` has one.
    """
    dutiable = (cif * dutiable_share(cif, tables)).groupby(["sector", "importer"]).sum().unstack("importer")
    gtap = tables("sources/gtap_tariffs").pivot_table(
        index=["sector", "region"], columns="item", values="value"
    )
    duty, level = gtap["duty"].unstack("region"), gtap["rate"].unstack("region")
    rates = (duty / dutiable.where(dutiable > 0)).reindex(columns=duty.columns).fillna(0.0)
    patterns = Regions.of(tables).frame
    bounds = patterns["bound_schedule"].to_dict()
    for region, pattern in patterns["tariff_pattern"].items():
        if pattern == "own rates":
            rates[region] = level[region]
        elif pattern == "russia":
            rates[region] = rates["RUS"]
        elif pattern == "russia x bounds":
            rates[region] = rates["RUS"] * bound_cuts(str(bounds[region]), tables)
        elif pattern != "own":
            raise ValueError(
                f"data/mappings/model_regions.csv: unknown tariff_pattern {pattern!r} of {region}"
            )
    for (region, sector, _), value in entries(_rule(tables, "mfn_rate")):
        rates.loc[sector, region] = value
    goods = sector_list(tables, goods=True)
    for (region, _, _), target in entries(_rule(tables, "mfn_average")):
        weights = dutiable.loc[goods, region]
        rates[region] *= target * weights.sum() / (rates[region] * weights).sum()
    for (region, _, _), target in entries(_rule(tables, "duty_control")):
        rates[region] *= target / (rates[region] * dutiable[region]).sum()
    return rates.reindex(sector_list(tables)).fillna(0.0)


def tariff_matrix(mfn: pd.DataFrame, cif: pd.Series, tables: Tables) -> pd.Series:
    """Tariff by flow from rates by sector and importer: times the share of the flow that pays duty."""
    sector, importer = (cif.index.get_level_values(level) for level in ("sector", "importer"))
    rates = mfn.stack().reindex(pd.MultiIndex.from_arrays([sector, importer])).to_numpy()
    return dutiable_share(cif, tables) * rates


def pre_union_tariffs(cif: pd.Series, tables: Tables) -> pd.Series:
    """Import tariff on every flow in 2007, ratio to cif value."""
    return tariff_matrix(mfn_rates(cif, tables), cif, tables)
