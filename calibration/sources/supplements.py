"""Small derived tables that the trade and tariff estimates need: chapter shares and the CIS within ROW."""

from pathlib import Path

import pandas as pd

from ...data import table
from .raw import BASE, added_regions, figures, mapped, read_raw, region_map

CHAPTERS = {
    "fuels": {"coa": "omn", "oil": "oil", "gas": "gas", "gdt": "gas", "p_c": "ppr"},
    "wood": {"lum": "wpp", "frs": "agr"},
}
"""GTAP sectors whose trade falls under chapter 27 (fuels) or 44 (wood), with their model sector."""

CIS_IN_ROW = ("ARM", "AZE", "GEO", "MDA", "TJK", "TKM", "UKR", "UZB")
"""Partners inside ROW with which the members trade free of duty (CIS free-trade agreements of 1994 and
after).
"""


def chapter_shares(root: Path, mapping: str = BASE) -> pd.DataFrame:
    """Table ``chapter_shares``: share of an exporter's trade in a model sector that is fuels or wood,
    GTAP 2007.

    Belarus (and a region that ``mapping`` adds) has no table of its own; its shares are Russia's (quality
    ``borrowed``).
    """
    raw = read_raw(root, "gtap_sam_2007/gtap9_sam_57sectors_12regions_2007_long.csv.gz")
    exports = raw[raw["ColLabel"] == "BOP"].copy()
    exports["exporter"] = mapped(exports["Region"], region_map("gtap9"), "GTAP SAM region")
    sectors = table("mappings/sectors").set_index("gtap57")["sector"]
    exports["sector"] = exports["RowLabel"].map(sectors)
    exports = exports.dropna(subset=["sector"])
    total = exports.groupby(["exporter", "sector"])["Value"].sum()
    rows = []
    for good, members in CHAPTERS.items():
        part = exports[exports["RowLabel"].isin(members)].groupby(["exporter", "sector"])["Value"].sum()
        share = (part / total.reindex(part.index)).rename("value").round(6)
        rows.append(share[share > 0].reset_index().assign(good=good, quality="observed"))
    shares = pd.concat(rows)
    russia = shares[shares["exporter"] == "RUS"].assign(quality="borrowed")
    lent = [russia.assign(exporter=region) for region in ("BLR", *added_regions(mapping))]
    return figures(pd.concat([shares, *lent]), ["good", "exporter", "sector"], "ratio", "GTAP9", "observed")


def cis_share_of_row(root: Path, mapping: str = BASE) -> pd.DataFrame:
    """Table ``cis_share_of_row``: share of CIS free-trade partners in a region's goods imports from ROW,
    BACI 2007.
    """
    pairs = read_raw(root, "baci_totals_2000_2021/baci_all_pairs_2007_usdm.csv.gz")
    regions = region_map("iso3", mapping)
    pairs["importing"] = mapped(pairs["importer"], regions, "BACI importer")
    row = pairs[mapped(pairs["exporter"], regions, "BACI exporter") == "ROW"]
    free = row[row["exporter"].isin(CIS_IN_ROW)].groupby("importing")["usd_mn"].sum()
    share = (free / row.groupby("importing")["usd_mn"].sum()).rename("value").round(6)
    traders = ["RUS", "BLR", "KAZ", "KGZ", *added_regions(mapping)]
    members = share.loc[traders].rename_axis("importer").reset_index()
    return figures(members, ["importer"], "ratio", "BACI", "observed")
