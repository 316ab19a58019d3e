"""Trade, income and factor substitution elasticities at the model's sectors."""

from pathlib import Path

import pandas as pd

from ...data import table
from .gtap import read_sams
from .raw import BASE, REGIONS, added_regions, figures, read_raw

ENVISAGE = {"sigmam0": "armington", "sigmaw0": "sources", "incElas0": "income"}
OWN = ("RUS", "BLR", "KAZ", "CHN")
BORROWED = {"KGZ": ("KAZ",), "EU": OWN, "ROW": OWN}
"""Regions without rows of their own and the countries whose mean they take."""

OMEGA_SUPPLY = 5.0
OMEGA_DESTINATIONS = 10.0
"""Elasticities of transformation between home sales and exports, and between destinations. Assumed: Envisage
treats both as perfect substitutes (infinite), which leaves sectoral trade indeterminate at its sector detail;
destinations are set to twice the upper level, the rule GTAP uses for the Armington pair."""

_VALUE_ADDED = {
    "agr": ("gtap10", "AGR-a"),
    "oil": ("gtap10", "OIL-a"),
    "gas": ("gtap10", "GAS-a"),
    "omn": ("gtap10", "OXT-a"),
    "ppr": ("gtap10", "P_C-a"),
    "dmt": ("gtap10", "XMN-a"),
    "ofd": ("gtap10", "XMN-a"),
    "lgt": ("gtap10", "XMN-a"),
    "wpp": ("gtap10", "XMN-a"),
    "chm": ("gtap10", "EIT-a"),
    "fem": ("gtap10", "EIT-a"),
    "nfm": ("gtap10", "EIT-a"),
    "mvh": ("gtap10", "XMN-a"),
    "mac": ("gtap10", "XMN-a"),
    "oth": ("gtap10", "XMN-a"),
    "utl": ("gtap8", "ELE"),
    "con": ("gtap8", "OID"),
    "trd": ("gtap8", "TRD"),
    "trn": ("gtap8", "TRP"),
    "cmm": ("gtap8", "OTH"),
    "fbs": ("gtap8", "OTH"),
    "pub": ("gtap8", "OTH"),
}
"""Model sector -> table and aggregate sector whose ESUBVA it takes; it does not differ by region."""

_KEYS = ["region", "sector", "parameter"]


def elasticities(root: Path, mapping: str = BASE) -> pd.DataFrame:
    """Table ``elasticities``: region, sector, parameter (armington, sources, omega_supply,
    omega_destinations, income, value_added), value.

    Envisage rows are averaged over the GTAP sectors of a model sector with the region's own weights:
    imports cif for the two Armington levels, household spending for income elasticities; a sector without
    any weight takes the plain mean. Belarus and a region that ``mapping`` adds, which have no matrix, are
    weighted as Russia; an added region has rows of its own in Envisage.
    """
    added = added_regions(mapping)
    pieces = [_envisage(root, added), _value_added(root, added)]
    sectors = table("mappings/sectors")["sector"].unique()
    every = pd.MultiIndex.from_product([(*REGIONS, *added), sectors], names=["region", "sector"])
    grid = every.to_frame(index=False)
    for parameter, value in (("omega_supply", OMEGA_SUPPLY), ("omega_destinations", OMEGA_DESTINATIONS)):
        pieces.append(grid.assign(parameter=parameter, value=value, source="EACU", quality="assumed"))
    return figures(pd.concat(pieces), _KEYS, "ratio", "", "")


def _envisage(root: Path, added: tuple[str, ...]) -> pd.DataFrame:
    raw = read_raw(root, "elasticities/envisage_elasticities_RUS_BLR_KAZ_CHN_UKR.csv")
    raw = raw[raw["param"].isin(ENVISAGE) & raw["region"].isin([*OWN, *added])]
    codes = table("mappings/sectors_envisage").set_index("envisage")
    unknown = set(raw["dim1"]) - set(codes.index)
    if unknown:
        raise KeyError(
            f"Envisage sectors {sorted(unknown)} have no row in data/mappings/sectors_envisage.csv"
        )
    raw = raw.assign(gtap57=raw["dim1"].map(codes["gtap57"]), parameter=raw["param"].map(ENVISAGE))
    own = raw.pivot_table(index=["parameter", "gtap57"], columns="region", values="value", aggfunc="mean")
    sams = read_sams(root)
    rows = []
    for region in (*REGIONS, *added):
        listed = region in OWN or region in added
        lenders = [region] if listed else list(BORROWED[region])
        values = own[lenders].mean(axis=1)
        # no income elasticity of crude oil: households buy none there
        values = values.fillna(own[list(OWN)].mean(axis=1))
        sam = sams[region if region in sams else "RUS"]
        rows.append(_sector_means(values, sam).assign(region=region))
    # another model's, whatever the region
    return pd.concat(rows).assign(source="ENVISAGE", quality="borrowed")


def _sector_means(values: pd.Series, sam: pd.DataFrame) -> pd.DataFrame:
    """Weighted means over the GTAP sectors of a model sector: sector, parameter, value."""
    frame = values.rename("value").reset_index()
    spending = sam["PRIV"].reindex(frame["gtap57"]).to_numpy()
    imports = sam.loc["BoP"].reindex(frame["gtap57"]).to_numpy()
    frame["weight"] = imports
    frame["weight"] = frame["weight"].mask(frame["parameter"] == "income", pd.Series(spending))
    frame["sector"] = frame["gtap57"].map(table("mappings/sectors").set_index("gtap57")["sector"])
    group = ["sector", "parameter"]
    total = frame.groupby(group)["weight"].transform("sum")
    frame["weight"] = frame["weight"].where(total > 0.0, 1.0)
    frame["product"] = frame["weight"] * frame["value"]
    sums = frame.groupby(group).agg(product=("product", "sum"), weight=("weight", "sum"))
    sums["value"] = (sums["product"] / sums["weight"]).round(6)
    return sums[["value"]].reset_index()


def _value_added(root: Path, added: tuple[str, ...]) -> pd.DataFrame:
    ten = read_raw(root, "elasticities/gtap10Apow_ANX1_parameters_RUS.csv").query("param == 'ESUBVA'")
    eight = read_raw(root, "elasticities/gtap8_16sector_ESUBD_ESUBM_ESUBVA.csv").query("param == 'ESUBVA'")
    found = {
        **{("gtap10", code): value for code, value in zip(ten["c0"], ten["value"], strict=True)},
        **{("gtap8", code): value for code, value in zip(eight["sector"], eight["value"], strict=True)},
    }
    rows = [
        (
            region,
            sector,
            "value_added",
            round(found[key], 6),
            "GTAP10P" if key[0] == "gtap10" else "GTAP8",
            "borrowed",
        )
        for sector, key in _VALUE_ADDED.items()
        for region in (*REGIONS, *added)
    ]
    return pd.DataFrame(rows, columns=[*_KEYS, "value", "source", "quality"])


_GTAP_GOODS = {
    "agr": "AGR-c",
    "oil": "OIL-c",
    "gas": "GAS-c",
    "omn": "OXT-c",
    "ppr": "P_C-c",
    **dict.fromkeys(("dmt", "ofd", "lgt", "wpp", "mvh", "mac", "oth"), "XMN-c"),
    **dict.fromkeys(("chm", "fem", "nfm"), "EIT-c"),
    "utl": "ELY-c",
    **dict.fromkeys(("con", "trd", "trn", "cmm", "fbs", "pub"), "SRV-c"),
}
"""Model sector -> aggregate good of the GTAP 10-Power table whose ESUBD and ESUBM it takes."""
NEIGHBOURS = ("LTU", "LVA", "POL", "HUN", "ROU", "SVK")
"""Countries of the Broda-Weinstein table that stand for the members, which it does not have."""
RULE_OF_TWO = 2.0
"""Elasticity between sources over that between home and imported goods: the ratio that GTAP keeps."""


def elasticity_sets(root: Path) -> pd.DataFrame:
    """Table ``elasticity_sets``: trade elasticities of other studies by set, sector and parameter, for all regions.

    ``gtap``: ESUBD and ESUBM of the GTAP 10-Power aggregation for Russia. ``broda-weinstein``: the median over HS-3
    products and :data:`NEIGHBOURS` of the elasticity between varieties, by the sector of their HS chapter; home against
    imported goods at half of it. Sectors without a chapter (services, crude oil, gas, power) are not in the second.
    """
    gtap = read_raw(root, "elasticities/gtap10Apow_ANX1_parameters_RUS.csv")
    by_good = gtap[gtap["param"].isin(["ESUBD", "ESUBM"])].set_index(["param", "c0"])["value"]
    rows = [
        ("gtap", sector, parameter, round(float(by_good[code, good]), 6), "GTAP10P")
        for sector, good in _GTAP_GOODS.items()
        for parameter, code in (("armington", "ESUBD"), ("sources", "ESUBM"))
    ]
    broda = read_raw(
        root,
        "elasticities/broda_weinstein2006_sigma_hs3_neighbours.csv",
        dtype={"HS0_2d": str, "HS0_3d": str},
    )
    chapters = table("mappings/sectors_hs2").set_index("hs2")["sector"]
    broda = broda[broda["iso3c"].isin(NEIGHBOURS) & broda["HS0_2d"].isin(chapters.index)]
    medians = broda.groupby(broda["HS0_2d"].map(chapters))["sigma"].median()
    for sector, sigma in medians.items():
        rows.append(("broda-weinstein", str(sector), "sources", round(sigma, 6), "BW2006"))
        rows.append(("broda-weinstein", str(sector), "armington", round(sigma / RULE_OF_TWO, 6), "BW2006"))
    frame = pd.DataFrame(rows, columns=["set", "sector", "parameter", "value", "source"])
    return figures(frame, ["set", "sector", "parameter"], "ratio", "", "borrowed")
