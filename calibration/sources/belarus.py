"""Observed margins of the Belarusian economy.

No input-output table of Belarus exists in the sources; these figures are what a synthetic table must meet.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ...data import table
from .national_accounts import un_aggregates
from .raw import USD_MN, cells, figures, read_raw
from .tariffs import customs_revenue
from .trade import fuels_and_wood

BASE_YEAR = "2007"

_KEYS = ["group", "item", "period"]

_BELSTAT = {
    "i8": ("goods_exports", USD_MN),
    "i2": ("goods_imports", USD_MN),
    "i87": ("services_exports", USD_MN),
    "i86": ("services_imports", USD_MN),
    "i7": ("employment", "thousand persons"),
    "i59": ("population", "persons"),
}

_LAST_FULL_YEAR = 2016
"""The Belstat series end with a part of 2017."""

_ICTD = {
    "Total tax revenue (% of GDP) (ICTD (2019))": "tax_total",
    "Total taxes on goods and services (% of GDP) (ICTD (2019))": "tax_goods_and_services",
    "Total taxes on income, profits, and capital gains (% of GDP) (ICTD (2019))": "tax_income",
    "Total taxes on payroll and workforce (% of GDP) (ICTD (2019))": "tax_payroll",
    "Other taxes (% of GDP) (ICTD (2019))": "tax_other",
    "Social contributions (% of GDP) (ICTD (2019))": "social_contributions",
}

_WDI = {
    "fuel exports % merch exports": "fuel_share_exports",
    "fuel imports % merch imports": "fuel_share_imports",
    "food exports % merch exports": "food_share_exports",
    "food imports % merch imports": "food_share_imports",
    "manufactures exports % merch exports": "manufactures_share_exports",
    "food, beverages, tobacco % of manufacturing VA": "food_share_manufacturing_value_added",
    "chemicals % of manufacturing VA (WDI definition)": "chemicals_share_manufacturing_value_added",
    "machinery and transport equipment % of manufacturing VA": "machinery_share_manufacturing_value_added",
}

_MEMBERS = ("RUS", "BLR", "KAZ")  # the order of every slashed triple in the raw notes

_CLEARER = {
    "same": "share of union imports by actual imports RUS/BLR/KAZ",
    "of which to CIS": "oil product exports to CIS",
    "average contract price of imported crude": "crude oil import price",
    "average contract price of exported oil products": "oil product export price",
    "crude oil imports from Russia": "crude imports",
    "export duty crude (= Russian rate, agreement of 12 Jan 2007)": "export duty crude",
    "fuel (refining)": "fuel",
    "food (page says share fell from 43.5)": "food",
    "of which housing and utilities": "housing and utilities",
    "of which mining (all industry)": "mining",
    "Russia / Belarus / Kazakhstan share of mutual trade 2011": "share of mutual trade",
}
"""Names of the raw notes that mean nothing, or not the same thing, outside their place."""

_DERIVED = re.compile(r"derived|computed|about|residual|page says", re.IGNORECASE)


def _slug(text: str) -> str:
    """``"Light (textile, clothing)"`` -> ``"light_textile_clothing"``."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _notes(frame: pd.DataFrame, group: str, source: str) -> pd.DataFrame:
    """Dated notes (``item``, ``period``, ``value`` as text, ``unit``) as figures.

    A triple ``"a / b / c"`` becomes one row for each member of the union; a unit that also states a price
    (``"mn t at 399 USD/t"``) gives a second row for the price.
    """
    rows = []
    for note in frame.itertuples(index=False):
        written, unit = str(note.item), str(note.unit)
        quality = "estimated" if _DERIVED.search(f"{written} {unit}") else "observed"
        item = f"{group}_{_slug(_CLEARER.get(written, written))}"
        parts = [float(p) for p in str(note.value).split("/")]
        names = [item] if len(parts) == 1 else [f"{item}_{member}" for member in _MEMBERS]
        price = re.match(r"mn t at (\d+) USD/t", unit)
        if price:
            rows.append((group, f"{item}_price", str(note.period), float(price[1]), "USD/t", source, quality))
        plain = "mn t" if unit.startswith("mn t") else re.split(r" ?\(|, ", unit)[0].strip()
        rows += [
            (group, n, str(note.period), p, plain, source, quality) for n, p in zip(names, parts, strict=True)
        ]
    return pd.DataFrame(rows, columns=[*_KEYS, "value", "unit", "source", "quality"])


def _totals(root: Path) -> pd.DataFrame:
    raw = read_raw(root, "belarus_structure/belstat_annual_series_stranoved.csv")
    raw = raw[raw["code"].isin(_BELSTAT) & (raw["year"] <= _LAST_FULL_YEAR)]
    series = pd.DataFrame(
        {
            "group": "totals",
            "item": [_BELSTAT[c][0] for c in raw["code"]],
            "period": raw["year"].astype(str),
            "value": raw["value"],
            "unit": [_BELSTAT[c][1] for c in raw["code"]],
            "source": "BELSTAT",
            "quality": "observed",
        }
    )
    goods = series[series["period"] == BASE_YEAR].set_index("item")["value"]
    accounts = un_aggregates(root).query("region == 'BLR'").set_index("item")["value"]
    services = {flow: accounts[flow] - goods[f"goods_{flow}"] for flow in ("exports", "imports")}
    implied = pd.DataFrame(
        [("totals", f"services_{flow}", BASE_YEAR, round(value, 3)) for flow, value in services.items()],
        columns=[*_KEYS, "value"],
    )
    return pd.concat([series, figures(implied, _KEYS, USD_MN, "UN_AMA-BELSTAT", "estimated")])


def _fuel_and_wood_trade(root: Path) -> pd.DataFrame:
    pairs = fuels_and_wood(root)
    pairs = pairs[(pairs["exporter"] == "BLR") | (pairs["importer"] == "BLR")]
    is_export = pairs["exporter"] == "BLR"
    outward = pairs["good"].replace("fuels", "fuel") + "_exports_" + pairs["importer"]
    inward = pairs["good"].replace("fuels", "fuel") + "_imports_" + pairs["exporter"]
    by_pair = pairs.assign(group="fuel_wood", item=outward.where(is_export, inward), period=BASE_YEAR)
    world = read_raw(root, "comtrade_hs27_hs44_bilateral/world_totals_HS27_HS44_usdm.csv")
    world = world[(world["year"] == int(BASE_YEAR)) & (world["reporter"] == "BLR")]
    names = world["good"].map({"HS27": "fuel", "HS44": "wood"}) + "_" + world["flow"].str.lower() + "s"
    totals = world.assign(group="fuel_wood", item=names, period=BASE_YEAR, value=world["world"])
    return figures(pd.concat([by_pair[[*_KEYS, "value"]], totals]), _KEYS, USD_MN, "COMTRADE", "observed")


def _structure(root: Path) -> pd.DataFrame:
    shares = read_raw(root, "belarus_published/wdi_trade_and_manufacturing_structure.csv")
    shares["item"] = shares["indicator"].map(_WDI)
    manufactures = read_raw(root, "belarus_structure/wdi_manufactures_share_of_imports.csv")
    raw = pd.concat([shares, manufactures.assign(item="manufactures_share_imports")])
    if raw["item"].isna().any():
        raise KeyError(
            f"World Bank structure of Belarus: unknown {raw.loc[raw['item'].isna(), 'indicator'].iloc[0]!r}"
        )
    frame = raw.assign(group="structure", period=raw["year"].astype(str))
    return figures(frame, _KEYS, "%", "WDI", "observed")


def _fourteen_groups(root: Path) -> pd.DataFrame:
    raw = read_raw(root, "belarus_hs2_trade_2014_2015/belarus_by_14_groups_usdm_and_share.csv", index_col=0)
    shares = cells(raw.filter(like="share_"), "product", "column")
    parts = shares["column"].str.extract(r"share_(?P<flow>export|import)_(?P<year>\d{4})-10")
    item = "hs14_" + parts["flow"] + "s_share_" + shares["product"]
    frame = shares.assign(group="hs14", item=item, period="Jan-Oct " + parts["year"])
    names = ["product", "BLR_2011", "BLR_2012", "KAZ_2011", "KAZ_2012", "RUS_2011", "RUS_2012"]
    name = "baci_exports_hs2_2011_2020/exports_14groups_2011_2012_usdm.csv"
    world = read_raw(root, name, header=None, skiprows=3, names=names)
    exports = world.assign(
        item="hs14_exports_" + world["product"], group="hs14", period="2011", value=world["BLR_2011"]
    )
    return pd.concat(
        [
            figures(frame, _KEYS, "%", "CUSTOMS_BY", "observed"),
            figures(exports, _KEYS, USD_MN, "BACI", "observed"),
        ]
    )


def _industry(root: Path) -> pd.DataFrame:
    raw = read_raw(root, "belarus_structure/industrial_output_by_branch.csv")
    raw = raw.rename(columns={"branch_OKONH": "item"})
    raw["period"] = raw["period"].str.replace(" share", "", regex=False)
    raw["item"] = raw["item"].replace(_CLEARER)
    raw["item"] = raw["item"] + np.where(raw["unit"].str.startswith("BYR"), " output", " share")
    return _notes(raw, "industry", "BELSTAT_PRESS")


def _households(root: Path) -> pd.DataFrame:
    raw = read_raw(root, "belarus_structure/household_consumer_expenditure_shares.csv")
    survey = _notes(
        raw.rename(columns={"pct_of_consumer_expenditure": "value"}).assign(unit="%"),
        "household",
        "BELSTAT_PRESS",
    )
    world = read_raw(root, "belarus_structure/wb_global_consumption_alcohol_tobacco_2010.csv")
    housing = read_raw(root, "belarus_structure/un_household_housing_energy_pct_GDP.csv")
    others = []
    for raw, source in ((world, "WB_GCD"), (housing, "UN_NA_OWID")):
        own = raw[raw["country"] == "Belarus"].drop(columns="country").melt(id_vars="year", var_name="item")
        others.append(own.assign(source=source))
    both = pd.concat(others)
    both = both.assign(
        group="household", item="household_" + both["item"].map(_slug), period=both["year"].astype(str)
    )
    return pd.concat([survey, figures(both, _KEYS, "%", "", "observed")])


def _taxes(root: Path) -> pd.DataFrame:
    raw = read_raw(root, "customs_revenue_wdi/tax_structure_pct_GDP_ICTD_GRD.csv")
    raw = raw[raw["Entity"] == "Belarus"].drop(columns="Entity")
    long = raw.rename(columns=_ICTD).melt(id_vars="Year", var_name="item").dropna()
    structure = long.assign(group="taxes", period=long["Year"].astype(str))
    customs = customs_revenue(root).query("region == 'BLR'")
    customs = customs.assign(group="customs", period=customs["year"].astype(str))[[*_KEYS, "value"]]
    return pd.concat(
        [
            figures(structure, _KEYS, "% of GDP", "ICTD", "observed"),
            figures(customs, _KEYS, USD_MN, "WDI", "observed"),
        ]
    )


def _energy(root: Path) -> pd.DataFrame:
    oil = read_raw(root, "belarus_structure/oil_gas_duties_published_points.csv")
    return _notes(oil, "energy", "BELSTAT_PRESS")


def _published(root: Path) -> pd.DataFrame:
    press = read_raw(root, "belarus_published/published_figures_from_stored_pages.csv")
    dated = press["measure"].str.extract(r"^(?P<item>.*?),? ?(?P<period>(?:Jan-\w{3} )?20\d\d)$")
    # the five rows without a date continue the first one, value added in January-October 2007
    press["item"] = (
        press["measure"].map(_CLEARER).fillna(dated["item"]).fillna(press["measure"] + " share of GDP")
    )
    press["period"] = dated["period"].fillna("Jan-Oct 2007")
    return _notes(press, "published", "BELSTAT_PRESS")


def belarus_margins(root: Path) -> pd.DataFrame:
    """Table ``belarus_margins``: group, item, period, value for every margin found.

    ``item`` is unique: a figure of 2007 has the plain name (``goods_exports``), one of another period
    carries it (``goods_exports_2008``, ``hs14_imports_share_04_fuels_jan_oct_2014``). Groups: ``totals``
    (trade in goods and services, employment; services of 2007 are UN accounts less Belstat goods),
    ``fuel_wood`` (HS 27 and HS 44, world and by partner), ``structure`` (World Bank shares), ``hs14`` (14
    product groups), ``industry`` (branches), ``household`` (survey shares), ``taxes`` (% of GDP),
    ``customs`` (USD mn), ``energy`` (tonnes, prices, duties), ``published`` (press and statistical-office
    notes).
    """
    parts: list[Callable[[Path], pd.DataFrame]] = [
        _totals,
        _fuel_and_wood_trade,
        _structure,
        _fourteen_groups,
        _industry,
        _households,
        _taxes,
        _energy,
        _published,
    ]
    frame = pd.concat([part(root) for part in parts], ignore_index=True)
    suffix = np.where(frame["period"] == BASE_YEAR, "", "_" + frame["period"].map(_slug))
    frame["item"] = frame["item"] + suffix
    if frame["item"].duplicated().any():
        raise ValueError(
            f"belarus_margins: item {frame.loc[frame['item'].duplicated(), 'item'].iloc[0]!r} repeated"
        )
    return figures(frame, _KEYS, "", "", "")


def belarus_trade_by_sector(root: Path) -> pd.DataFrame:
    """Table ``belarus_trade_by_sector``: shares of merchandise trade by model sector, a prior.

    HS chapters go to their main sector (``data/mappings/sectors_hs2.csv``). Chapter 27, all fuels, stands
    as a whole under ``ppr``: crude, gas, products, coal and power cannot be told apart. Tractors (chapter
    87) fall under motor vehicles. Year 2014 is January-October 2014 from customs statistics (98.5 per
    cent of the total); exports of 2011 are BACI's. The listed chapters' shares sum to one.
    """
    name = "belarus_hs2_trade_2014_2015/belarus_exports_imports_HS2_JanOct_2014_2015.csv"
    customs = read_raw(root, name, dtype={"hs2": str})
    customs = customs[(customs["period"] == "2014-10") & (customs["hs2"] != "0")]
    customs = customs.assign(flow=customs["flow"] + "s", year=2014, usd=customs["usd_thousand"])
    customs = customs.assign(source="CUSTOMS_BY", hs2=customs["hs2"].str.zfill(2))
    baci = read_raw(
        root, "baci_exports_hs2_2011_2020/exports_HS2_RUS_BLR_KAZ_2011_2020.csv", dtype={"hs2": str}
    )
    baci = baci[(baci["exporter"] == "BLR") & (baci["year"] == 2011)]
    baci = baci.assign(flow="exports", usd=baci["usd_mn"], source="BACI")
    rows = pd.concat([customs, baci]).dropna(subset=["usd"])
    sectors = table("mappings/sectors_hs2", columns=["hs2", "sector"]).set_index("hs2")["sector"]
    unknown = set(rows["hs2"]) - set(sectors.index)
    if unknown:
        raise KeyError(f"HS chapters {sorted(unknown)} have no row in data/mappings/sectors_hs2.csv")
    rows["sector"] = rows["hs2"].map(sectors)
    keys = ["sector", "flow", "year"]
    sums = rows.groupby([*keys, "source"])["usd"].sum().reset_index()
    sums["value"] = (sums["usd"] / sums.groupby(["flow", "year"])["usd"].transform("sum")).round(9)
    return figures(sums, keys, "share", "", "estimated")
