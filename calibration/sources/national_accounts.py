"""National accounts of 2007 by model region: UN main aggregates, Penn World Table, IMF outlook."""

from pathlib import Path

import numpy as np
import pandas as pd

from .raw import BASE, MEMBERS, USD_MN, added_regions, cells, figures, read_raw, region_map

YEAR = 2007

UN_ITEMS = {
    "Gross.Domestic.Product..GDP.": "gdp",
    "Household.consumption.expenditure..including.Non.profit.institutions.serving.households.": (
        "household_consumption"
    ),
    "General.government.final.consumption.expenditure": "government_consumption",
    "Gross.capital.formation": "capital_formation",
    "Exports.of.goods.and.services": "exports",
    "Imports.of.goods.and.services": "imports",
    "X.Agriculture..hunting..forestry..fishing..ISIC.A.B..": "value_added_A-B",
    "X.Mining..Manufacturing..Utilities..ISIC.C.E..": "value_added_C-E",
    "Manufacturing..ISIC.D.": "value_added_D",
    "Construction..ISIC.F.": "value_added_F",
    "X.Wholesale..retail.trade..restaurants.and.hotels..ISIC.G.H..": "value_added_G-H",
    "X.Transport..storage.and.communication..ISIC.I..": "value_added_I",
    "Other.Activities..ISIC.J.P.": "value_added_J-P",
    "Total.Value.Added": "value_added_total",
}

DOUBLE_COUNTED = {"Former Netherlands Antilles"}
"""Listed in 2007 besides the countries it was divided into."""

_KEY = ["region", "item"]


def un_aggregates(root: Path, mapping: str = BASE) -> pd.DataFrame:
    """Expenditure on GDP and value added by seven industry groups (D is part of C-E), million USD.

    The copy read rounds values of 100 bn and more to three digits (up to 0.5 per cent for one country),
    so the identities hold only to that; such figures are labelled ``estimated``. Taiwan is in no UN
    country: the rest of the world is without it, and a few very small countries lack a group. Belarus (and
    a region that ``mapping`` adds) is a region of its own here, so ``ROW`` does not contain it.
    """
    raw = read_raw(root, "macro/UN_AMA_allcountries_2007_2010.csv.gz")
    raw = raw[raw["Year"] == YEAR].copy()
    raw["Country"] = raw["Country"].str.strip()
    raw = raw[~raw["Country"].isin(DOUBLE_COUNTED)]
    regions = region_map("un_ama", mapping)
    unknown = set(raw["Country"]) - set(regions.index)
    if unknown:
        raise KeyError(f"UN AMA: countries {sorted(unknown)} have no row in data/mappings/regions.csv")
    raw["region"] = raw["Country"].map(regions)
    values = raw.set_index("region")[list(UN_ITEMS)].rename(columns=UN_ITEMS).astype(float) / 1e6
    long = cells(values, "region", "item").dropna()
    rounded = long["value"].abs().ge(1e5).groupby([long["region"], long["item"]]).any()
    totals = long.groupby(_KEY)["value"].sum().rename("value").round(3)
    frame = totals.to_frame().assign(quality=np.where(rounded.reindex(totals.index), "estimated", "observed"))
    population = raw.groupby("region")["Population"].sum() / 1e6
    people = population.round(6).rename("value").reset_index().assign(item="population", unit="mn persons")
    return pd.concat(
        [
            figures(frame.reset_index(), _KEY, USD_MN, "UN_AMA", "observed"),
            figures(people, _KEY, "mn persons", "UN_AMA", "observed"),
        ]
    )


def penn_world_table(root: Path, countries: tuple[str, ...] = MEMBERS) -> pd.DataFrame:
    """Labour share of income (mixed income included), employment, depreciation rate, capital-output ratio."""
    raw = read_raw(root, "macro/PWT1001_2004_2013.csv")
    raw = raw[(raw["year"] == YEAR) & raw["isocode"].isin(countries)].set_index("isocode")
    wanted = pd.DataFrame(
        {
            "labour_share": raw["labsh"],
            "employment": raw["emp"],
            "depreciation_rate": raw["delta"],
            "internal_rate_of_return": raw["irr"],
            "capital_output_ratio": raw["rnna"] / raw["rgdpna"],
        }
    )
    frame = wanted.rename_axis("region").reset_index().melt(id_vars="region", var_name="item").dropna()
    frame["unit"] = np.where(frame["item"] == "employment", "mn persons", "ratio")
    frame["value"] = frame["value"].round(6)
    return figures(frame, _KEY, "ratio", "PWT1001", "observed")


def imf_outlook(root: Path, countries: tuple[str, ...] = MEMBERS) -> pd.DataFrame:
    """Current account and general government balance (revenue less expenditure) of the members."""
    raw = read_raw(root, "macro/IMF_WEO_2004_2013.csv")
    raw = raw[(raw["year"] == YEAR) & raw["country"].str.upper().isin(countries)]
    wide = raw.assign(region=raw["country"].str.upper()).pivot_table(
        index="region", columns="indicator", values="value", aggfunc="sum"
    )
    needed = ["bca", "ngdpd", "ggr_ngdp", "ggx_ngdp"]
    absent = [c for c in needed if c not in wide.columns]
    if absent:
        raise KeyError(f"IMF_WEO_2004_2013.csv: indicator(s) {absent} missing; present {list(wide.columns)}")
    revenue, spending = wide["ggr_ngdp"], wide["ggx_ngdp"]
    result = pd.DataFrame(
        {
            "current_account": wide["bca"] * 1000.0,
            "gdp_weo": wide["ngdpd"] * 1000.0,
            "government_revenue": wide["ngdpd"] * revenue * 10.0,
            "government_balance": wide["ngdpd"] * (revenue - spending) * 10.0,
        }
    )
    frame = result.rename_axis("region").reset_index().melt(id_vars="region", var_name="item").dropna()
    frame["value"] = frame["value"].round(3)
    return figures(frame, _KEY, USD_MN, "WEO", "observed")


def national_accounts(root: Path, mapping: str = BASE) -> pd.DataFrame:
    """Table ``national_accounts``: region, item, value for 2007."""
    countries = (*MEMBERS, *added_regions(mapping))
    parts = [un_aggregates(root, mapping), penn_world_table(root, countries), imf_outlook(root, countries)]
    return pd.concat(parts, ignore_index=True)
