"""GTAP 9 social accounting matrices of 2007, aggregated to the model's regions and sectors.

A matrix of the source has one account per good (activity and commodity together, imports and domestic
output merged at purchaser prices before sales tax), the factors, the taxes (``vtax`` factor use, ``ptax``
production, ``etax`` export, ``mtax`` import duty, ``itax`` sales, ``dtax`` direct), ``REGY`` regional
income, ``DEPR`` depreciation, ``PRIV`` household, ``GOV`` government, ``INV`` saving and investment,
``ITT`` supply of international transport and ``BoP`` the rest of the world. Rows receive, columns pay.

Defect of the source and its repair: the labour rows are empty and their value sits in ``ptax``, so that
row is unskilled labour + skilled labour + production tax. See :func:`split_labour`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .raw import USD_MN, cells, figures, mapped, read_raw, region_map, sector_map

FACTORS = ["Land", "Capital", "NatRes", "UnSkLab", "SkLab"]
TAXES = ["vtax", "ptax", "etax", "mtax", "itax", "dtax"]
MACRO = ["REGY", "DEPR", "PRIV", "GOV", "INV", "ITT", "BoP"]
FINAL = ["BoP", "PRIV", "GOV", "INV", "ITT"]

PRODUCTION_TAX_SHARE = 0.05
"""Production tax as a share of the merged row where no source splits it (EU, CHN, ROW, KGZ): near half-way
between Russia (0) and Kazakhstan (0.117), the two countries where the split is known."""

ROUNDING_LIMIT = 3e-6
"""Largest adjustment, relative to regional income, that may be called rounding when accounts are closed."""

_CAREC_SECTORS = {
    "CRP": "pdr wht gro v_f osd c_b pfb ocr",
    "LVS": "ctl oap rmk wol frs fsh",
    "COA": "coa",
    "OIL": "oil p_c",
    "GAS": "gas",
    "OMN": "omn",
    "PFD": "cmt omt vol mil pcr sgr ofd b_t",
    "TXA": "tex wap lea",
    "LMF": "lum ppp mvh ele omf",
    "HMF": "crp nmm i_s nfm fmp otn ome",
    "UTL": "ely gdt wtr",
    "TRN": "otp wtp atp",
    "SRV": "cns trd cmn ofi isr obs ros osg dwe",
}
"""The 13 sectors of the CAREC model in GTAP sectors. The source gives no list; this one reproduces the known
labour shares of Kazakhstan within 3 per cent of value added, group by group."""


def read_sams(root: Path) -> dict[str, pd.DataFrame]:
    """The source's matrices summed to model regions (57 sectors, exports restored in column ``BoP``).

    The rest of the world here still contains Belarus: GTAP 9 shows it only inside ``RestofWorld``.
    """
    raw = read_raw(root, "gtap_sam_2007/gtap9_sam_57sectors_12regions_2007_long.csv.gz")
    raw["ColLabel"] = raw["ColLabel"].replace("BOP", "BoP")
    raw["region"] = mapped(raw["Region"], region_map("gtap9"), "GTAP SAM region")
    accounts = [*sector_map().index, *FACTORS, *TAXES, *MACRO]
    unknown = (set(raw["RowLabel"]) | set(raw["ColLabel"])) - set(accounts)
    if unknown:
        raise KeyError(f"GTAP SAM: unknown account(s) {sorted(unknown)}")
    sams = {}
    for region, listed in raw.groupby("region"):
        sam = listed.pivot_table(
            index="RowLabel", columns="ColLabel", values="Value", aggfunc="sum", fill_value=0.0
        )
        sams[str(region)] = sam.reindex(index=accounts, columns=accounts, fill_value=0.0)
    return sams


def kazakhstan_labour(root: Path) -> pd.DataFrame:
    """Shares of unskilled, skilled and production tax in Kazakhstan's merged row, by GTAP sector; exact."""
    split = read_raw(root, "gtap_sam_2007/KAZ_factor_split_by_sector.csv", index_col=0)
    split = split[["unskilled", "skilled", "prodtax"]].clip(lower=0.0)
    return split.div(split.sum(axis=1), axis=0)


def russia_labour(root: Path, sam: pd.DataFrame) -> pd.DataFrame:
    """Shares of unskilled, skilled and production tax in Russia's merged row, from CAREC factor shares.

    Labour of a 13-sector group is (labour share / other share) x (capital + land + resources); where that
    exceeds the merged row the row is all labour and production tax is zero. The group's share is applied
    to each of its sectors, so that a sector's labour intensity remains the one GTAP has.
    """
    shares = read_raw(root, "gtap_sam_2007/carec_model_2010_factor_shares_13sectors.csv")
    shares = shares[shares["region"] == "RUS"].set_index("sector13")
    group = pd.Series({code: name for name, codes in _CAREC_SECTORS.items() for code in codes.split()})
    group = group.reindex(sector_map().index)
    capital = sam.loc[["Capital", "Land", "NatRes"]].sum().groupby(group).sum()
    merged = sam.loc["ptax"].groupby(group).sum()
    both = shares["LVAU_SECT"] + shares["LVAS_SECT"]
    labour = (both / shares["KVA_SECT"] * capital / merged).clip(upper=1.0)
    skilled = shares["LVAS_SECT"] / both
    by_group = pd.DataFrame(
        {"unskilled": labour * (1 - skilled), "skilled": labour * skilled, "prodtax": 1 - labour}
    )
    return by_group.loc[list(group)].set_axis(group.index)


def split_labour(sam: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Divide the merged row ``ptax`` into ``UnSkLab``, ``SkLab`` and production tax by the given shares.

    Column totals do not change; the two labour accounts pay all they receive to regional income.
    """
    sectors = list(shares.index)
    split = sam.copy()
    merged = sam.loc["ptax", sectors]
    for account, name in (("UnSkLab", "unskilled"), ("SkLab", "skilled"), ("ptax", "prodtax")):
        part = (merged * shares[name]).reindex(sam.columns, fill_value=0.0)
        own = split.loc[account].mask(split.columns.isin(sectors), part)
        split.loc[account] = own
        split[account] = split[account].mask(split.index == "REGY", part.sum())
    return split


def aggregate(sam: pd.DataFrame) -> pd.DataFrame:
    """Sum the 57 sectors to the model's; the other accounts stay."""
    sectors = sector_map()
    names = pd.Series({a: sectors.get(a, a) for a in sam.index})
    order = list(dict.fromkeys(names))
    summed = sam.groupby(names).sum().T.groupby(names).sum().T
    return summed.loc[order, order]


def close_rounding(sam: pd.DataFrame, region: str) -> pd.DataFrame:
    """Round cells to 100 USD and close every account exactly, moving only the source's rounding error.

    Order: exports (or the largest final use) of a sector; income from each factor and tax; spending of
    household and government; saving; foreign saving. The balance of payments then closes by itself.

    Raises:
        ValueError: an adjustment is larger than rounding can explain.
    """
    values = sam.round(4).to_numpy(copy=True)
    place = {str(account): i for i, account in enumerate(sam.index)}

    def gap(account: str) -> float:
        """What the account pays less what it receives."""
        return float(values[:, place[account]].sum() - values[place[account]].sum())

    def add(row: str, column: str, amount: float) -> None:
        values[place[row], place[column]] += amount

    for sector in dict.fromkeys(sector_map()):
        largest = max(FINAL, key=lambda use, row=place[sector]: abs(values[row, place[use]]))  # type: ignore[misc]
        add(sector, largest, gap(sector))
    for account in [*FACTORS, *TAXES]:
        add("REGY", account, -gap(account))
    for row, column in (("PRIV", "REGY"), ("GOV", "REGY"), ("DEPR", "Capital"), ("ITT", "BoP")):
        add(row, column, gap(row))
    add("REGY", "Capital", -gap("Capital"))
    add("INV", "REGY", -gap("REGY"))
    add("INV", "BoP", gap("INV"))

    moved = np.abs(values - sam.to_numpy())
    income = float(values[place["REGY"]].sum())
    if moved.max() > max(ROUNDING_LIMIT * income, 0.05):
        i, j = divmod(int(moved.argmax()), moved.shape[1])
        raise ValueError(
            f"GTAP SAM {region}: closing the accounts moved the cell {[*place][i]}, {[*place][j]} by "
            f"{moved.max():.4f} USD mn, more than rounding of a regional income of {income:,.0f} explains; "
            "check the raw matrix."
        )
    return pd.DataFrame(values, index=sam.index, columns=sam.columns).round(4)


def aggregated_sams(root: Path) -> dict[str, pd.DataFrame]:
    """Balanced matrices at model sectors with labour separated; million USD, 2007."""
    raw = read_sams(root)
    known = {"KAZ": kazakhstan_labour(root), "RUS": russia_labour(root, raw["RUS"])}
    sams = {region: aggregate(split_labour(raw[region], shares)) for region, shares in known.items()}
    skills = borrowed_skill_shares(sams)
    shares = pd.DataFrame(
        {
            "unskilled": (1 - PRODUCTION_TAX_SHARE) * (1 - skills),
            "skilled": (1 - PRODUCTION_TAX_SHARE) * skills,
            "prodtax": PRODUCTION_TAX_SHARE,
        }
    )
    for region, sam in raw.items():
        if region not in known:
            sams[region] = split_labour(aggregate(sam), shares)
    return {region: close_rounding(sam, region) for region, sam in sams.items()}


def borrowed_skill_shares(sams: dict[str, pd.DataFrame]) -> pd.Series:
    """Skilled part of labour income by sector: mean of Russia and Kazakhstan, lent to other regions."""
    sectors = list(dict.fromkeys(sector_map()))
    parts = [s.loc["SkLab", sectors] / s.loc[["UnSkLab", "SkLab"], sectors].sum() for s in sams.values()]
    return pd.concat(parts, axis=1).mean(axis=1)


def gtap_sam(root: Path) -> pd.DataFrame:
    """Table ``gtap_sam``: region, row, column, value. Zero cells are not listed."""
    pieces = []
    split = ["UnSkLab", "SkLab", "ptax"]
    quality = {"KAZ": "observed", "RUS": "estimated"}
    for region, sam in aggregated_sams(root).items():
        listed = cells(sam, "row", "column")
        listed = listed[listed["value"] != 0.0].assign(region=region)
        on_split = listed["row"].isin(split) | listed["column"].isin(split)
        listed["quality"] = np.where(on_split, quality.get(region, "assumed"), "observed")
        pieces.append(listed)
    return figures(pd.concat(pieces), ["region", "row", "column"], USD_MN, "GTAP9", "observed")


def gtap_tariffs(root: Path) -> pd.DataFrame:
    """Table ``gtap_tariffs``: imports cif, duty and its rate by region and sector, all partners."""
    sectors = list(dict.fromkeys(sector_map()))
    duties = []
    for region, sam in aggregated_sams(root).items():
        base = pd.DataFrame({"imports_cif": sam.loc["BoP", sectors], "duty": sam.loc["mtax", sectors]})
        base["rate"] = base["duty"] / base["imports_cif"].where(base["imports_cif"] > 0.0)
        duties.append(base.assign(region=region))
    return _tax_table(pd.concat(duties))


def gtap_export_tax(root: Path) -> pd.DataFrame:
    """Table ``gtap_export_tax``: exports fob, tax and two rates by region and sector, all partners.

    The source counts exports fob *with* the tax: ``rate_on_fob`` is tax / fob, ``rate_before_tax`` is
    tax / (fob - tax), the rate on the exporter's price.
    """
    sectors = list(dict.fromkeys(sector_map()))
    exports = []
    for region, sam in aggregated_sams(root).items():
        out = pd.DataFrame({"exports_fob": sam.loc[sectors, "BoP"], "export_tax": sam.loc["etax", sectors]})
        out["rate_on_fob"] = out["export_tax"] / out["exports_fob"].where(out["exports_fob"] > 0.0)
        before = out["exports_fob"] - out["export_tax"]
        out["rate_before_tax"] = out["export_tax"] / before.where(before > 0.0)
        exports.append(out.assign(region=region))
    return _tax_table(pd.concat(exports))


def _tax_table(wide: pd.DataFrame) -> pd.DataFrame:
    """Long form; a rate on an empty base is undefined and not listed."""
    frame = wide.rename_axis("sector").reset_index().melt(id_vars=["region", "sector"], var_name="item")
    frame = frame.dropna(subset=["value"]).assign(partner="all")
    frame["unit"] = np.where(frame["item"].str.startswith("rate"), "ratio", USD_MN)
    frame["value"] = frame["value"].round(6)
    return figures(frame, ["region", "sector", "partner", "item"], USD_MN, "GTAP9", "observed")
