"""Merchandise trade between regions: pair totals (BACI), fuels and wood (Comtrade), manufactures."""

from pathlib import Path

import numpy as np
import pandas as pd

from .raw import BASE, MEMBERS, USD_MN, figures, mapped, read_raw, region_map

PAIR = ["exporter", "importer"]
GOODS = {"HS27": "fuels", "HS44": "wood"}


def trade_pairs(root: Path, mapping: str = BASE) -> pd.DataFrame:
    """Table ``trade_pairs``: merchandise exports fob between model regions, 2007, all pairs.

    Flows inside the EU, between mainland China and Hong Kong and inside the rest of the world are the
    diagonal entries; single-country regions have none.
    """
    pairs = read_raw(root, "baci_totals_2000_2021/baci_all_pairs_2007_usdm.csv.gz")
    regions = region_map("iso3", mapping)
    for side in PAIR:
        pairs[side] = mapped(pairs[side], regions, f"BACI {side}")
    totals = pairs.groupby(PAIR)["usd_mn"].sum().rename("value").round(3).reset_index()
    return figures(totals, PAIR, USD_MN, "BACI", "observed")


def trade_pairs_members(root: Path) -> pd.DataFrame:
    """Table ``trade_pairs_members_2004_2012``: pairs with a union member on one side, by year.

    Flows inside the union in 2010 and 2011 are incomplete (the customs border had gone): quality
    ``estimated``.
    """
    pairs = read_raw(root, "baci_totals_2000_2021/baci_totals_pairs_RUS_BLR_KAZ_2000_2021_usdm.csv")
    pairs = pairs[pairs["year"].between(2004, 2012)].copy()
    regions = region_map("iso3")
    for side in PAIR:
        pairs[side] = mapped(pairs[side], regions, f"BACI {side}")
    totals = pairs.groupby(["year", *PAIR])["usd_mn"].sum().rename("value").round(3).reset_index()
    inside = totals["exporter"].isin(MEMBERS) & totals["importer"].isin(MEMBERS)
    totals["quality"] = np.where(inside & totals["year"].isin([2010, 2011]), "estimated", "observed")
    return figures(totals, ["year", *PAIR], USD_MN, "BACI", "observed")


def _reports(root: Path, mapping: str, year: int) -> pd.DataFrame:
    """Fuel and wood flows of a year with a member on one side: exporter's and importer's report, model regions.

    Rows without a named reporter or partner ("areas not elsewhere specified") cannot be placed and are
    left out.
    """
    rows = read_raw(
        root, "comtrade_hs27_hs44_bilateral/comtrade_HS27_HS44_rows_RUS_BLR_KAZ_2000_2015_usd.csv.gz"
    )
    named = rows["reporter"].notna() & rows["partner"].notna() & (rows["partner"] != "WLD")
    rows = rows[(rows["year"] == year) & named].copy()
    regions = region_map("iso3", mapping)
    rows["reporting"] = mapped(rows["reporter"], regions, "Comtrade reporter")
    rows["other"] = mapped(rows["partner"], regions, "Comtrade partner")
    is_export = rows["flow"].eq("Export")
    unknown = set(rows["flow"]) - {"Export", "Import"}
    if unknown:
        raise ValueError(f"Comtrade rows: unknown flow {unknown}")
    rows["exporter"] = rows["reporting"].where(is_export, rows["other"])
    rows["importer"] = rows["other"].where(is_export, rows["reporting"])
    rows["report"] = np.where(is_export, "exporter_report", "importer_report")
    rows["good"] = rows["good"].map(GOODS)
    rows["value"] = rows["usd"] / 1e6
    return rows.pivot_table(index=[*PAIR, "good"], columns="report", values="value", aggfunc="sum")


def fuels_and_wood(root: Path, mapping: str = BASE, year: int = 2007) -> pd.DataFrame:
    """Table ``trade_fuels_wood``: HS 27 (fuels) and HS 44 (wood) by pair with a member, of a year.

    Column ``reporter`` names the report used. Of Russian exports it is the importer's (Russia books 43 bn
    of gas under unnamed areas and does not report Belarus), except to Kazakhstan and China, where both
    sides name the flow and fob is the concept of the pair totals; of all others the exporter's, also of
    Belarusian fuels to the EU, which the buyers book by half (shipped through ports). The other side
    stands in where the first is missing. Importers' values are cif, exporters' fob. The EU is the EU of
    25.
    """
    reports = _reports(root, mapping, year).reset_index()
    reports = reports[reports["exporter"] != reports["importer"]]
    by_importer = reports["exporter"].eq("RUS") & ~reports["importer"].isin(["KAZ", "CHN"])
    use_importer = reports["importer_report"].notna() & (by_importer | reports["exporter_report"].isna())
    frame = reports.assign(
        value=reports["importer_report"].where(use_importer, reports["exporter_report"]).round(3),
        reporter=np.where(use_importer, "importer", "exporter"),
    )
    frame = frame[frame["exporter"].isin(MEMBERS) | frame["importer"].isin(MEMBERS)]
    return figures(frame, [*PAIR, "good", "reporter"], USD_MN, "COMTRADE", "observed")


def fuels_2012(root: Path) -> pd.DataFrame:
    """Table ``trade_fuels_2012``: HS 27 (fuels) by pair with a member, 2012, for the back-cast."""
    table = fuels_and_wood(root, year=2012)
    return table[table["good"] == "fuels"].reset_index(drop=True)


def kazakhstan_composition(root: Path) -> pd.DataFrame:
    """Table ``trade_kaz_composition``: Kazakhstan's exports by region, total and manufactures, 2007 (BACI).

    The copy read lists 61 partners: all of Russia, the EU, China with Hong Kong and Kyrgyzstan, but not
    Belarus and only part of the rest of the world (12.2 of 20.0 bn; Iran, Ukraine and Israel are absent).
    A region that is covered in part has ``_covered`` after its code, so that it is not taken for the
    whole.
    """
    rows = read_raw(root, "trade_bilateral/KAZ_exports_ADBMRIO_and_CEPII_2000_2022.csv")
    rows = rows[(rows["t"] == 2007) & (rows["receive_iso"] != "KAZ")].copy()
    rows["importer"] = mapped(rows["receive_iso"], region_map("iso3"), "Kazakhstan's partner")
    columns = {"tradeflow_baci": "total", "manuf_tradeflow_baci": "manufactures"}
    sums = rows.groupby("importer")[list(columns)].sum().rename(columns=columns) / 1000.0
    whole = trade_pairs(root).query("exporter == 'KAZ'").set_index("importer")["value"]
    partial = sums["total"] < 0.99 * whole.reindex(sums.index)
    sums.index = pd.Index([f"{r}_covered" if partial[r] else r for r in sums.index], name="importer")
    frame = sums.reset_index().melt(id_vars="importer", var_name="item").assign(exporter="KAZ")
    frame["value"] = frame["value"].round(3)
    return figures(frame, [*PAIR, "item"], USD_MN, "BACI", "observed")
