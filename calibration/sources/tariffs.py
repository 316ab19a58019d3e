"""Published tariff averages and collected customs revenue."""

from pathlib import Path

import pandas as pd

from .raw import USD_MN, cells, figures, read_raw

_KEYS = ["region", "concept", "product_group", "period"]

_PUBLISHED = {
    ("RUS", "simple MFN avg, pre-accession (2011/12 CET)"): ("mfn_simple", "all", "2011", "WPS6161"),
    ("RUS", "simple avg after all WTO commitments (2020)"): (
        "mfn_simple_after_wto",
        "all",
        "2020",
        "WPS6161",
    ),
    ("RUS", "weighted avg pre-accession"): ("mfn_weighted", "all", "2011", "WPS6161"),
    ("RUS", "weighted avg after all WTO commitments"): ("mfn_weighted_after_wto", "all", "2020", "WPS6161"),
    ("RUS", "average bound rate"): ("wto_bound_simple", "all", "final", "WPS6161"),
    ("RUS", "weighted avg food sector 2005"): ("mfn_weighted", "food", "2005", "WPS4265"),
    ("RUS", "weighted avg light industry 2005"): ("mfn_weighted", "light industry", "2005", "WPS4265"),
    ("RUS", "average tariff 2003-2005, range low"): ("mfn_range_low", "all", "2003-2005", "WPS4265"),
    ("RUS", "average tariff 2003-2005, range high"): ("mfn_range_high", "all", "2003-2005", "WPS4265"),
    ("KAZ", "average tariff 2009 (before CU)"): ("mfn_average", "all", "2009", "FREE2013"),
    ("KAZ", "average tariff 2010 (after CU)"): ("mfn_average", "all", "2010", "FREE2013"),
    ("KAZ", "average effective rate 2009"): ("mfn_effective", "all", "2009", "COMCEC"),
    ("KAZ", "average effective rate 2010"): ("mfn_effective", "all", "2010", "COMCEC"),
    ("KAZ", "simple average MFN 2008"): ("mfn_simple", "all", "2008", "COMCEC"),
    ("KAZ", "simple average MFN 2012"): ("mfn_simple", "all", "2012", "COMCEC"),
    ("KAZ", "share of tariff lines harmonised at outset (all three)"): (
        "lines_harmonised_at_least",
        "all",
        "2010",
        "FREE2013",
    ),
    ("KAZ", "average rate agreed for 2020 under WTO accession"): ("mfn_after_wto", "all", "2020", "TRADEGOV"),
    ("KAZ", "WTO bound simple avg, agricultural"): ("wto_bound_simple", "agricultural", "final", "TRADEGOV"),
    ("KAZ", "WTO bound simple avg, non-agricultural"): (
        "wto_bound_simple",
        "non-agricultural",
        "final",
        "TRADEGOV",
    ),
    ("KAZ", "agricultural tariffs before WTO accession"): (
        "mfn_before_wto",
        "agricultural",
        "2015",
        "TRADEGOV",
    ),
    ("KAZ", "agricultural tariffs after WTO accession"): (
        "mfn_after_wto",
        "agricultural",
        "final",
        "TRADEGOV",
    ),
}
"""(country, measure as written in the raw file) -> concept, product group, period, citation key."""


def tariff_averages(root: Path) -> pd.DataFrame:
    """Table ``tariff_averages``: published averages in per cent, each with its concept.

    Concepts must not be mixed: ``cet_2011`` (simple average of the common tariff in force), ``wto_bound``
    (final bound), ``applied_weighted`` (import-weighted, preferences counted), and the ``mfn_*`` figures
    of studies.
    """
    pieces = [_wto_groups(root), _published(root), _world_bank(root)]
    return figures(pd.concat(pieces), _KEYS, "%", "", "observed")


def _wto_groups(root: Path) -> pd.DataFrame:
    raw = read_raw(root, "tariffs/wto_russia_accession_averages.csv").set_index("product_group")
    raw.columns = pd.Index(["cet_2011", "wto_bound"])
    long = cells(raw, "product_group", "concept")
    period = long["concept"].map({"cet_2011": "2011", "wto_bound": "final"})
    return long.assign(region="RUS", period=period, source="WTO2011")


def _published(root: Path) -> pd.DataFrame:
    raw = read_raw(root, "tariffs/published_average_tariffs.csv")
    rows = []
    for country, measure, value in zip(raw["country"], raw["measure"], raw["value"], strict=True):
        if (country, measure) not in _PUBLISHED:
            raise KeyError(
                f"published_average_tariffs.csv: {country} {measure!r} has no concept in tariffs.py"
            )
        rows.append((country, *_PUBLISHED[country, measure], float(value)))
    columns = ["region", "concept", "product_group", "period", "source", "value"]
    return pd.DataFrame(rows, columns=columns)


def _world_bank(root: Path) -> pd.DataFrame:
    every = read_raw(root, "tariffs/wdi_applied_weighted_mean_all_products.csv")
    every = every.rename(columns={"TM.TAX.MRCH.WM.AR.ZS": "value"}).assign(product_group="all")
    parts = read_raw(root, "tariffs_wdi_manufactures_primary/applied_weighted_mean_manufactures_primary.csv")
    groups = {
        "TM.TAX.MANF.WM.AR.ZS manufactures": "manufactures",
        "TM.TAX.TCOM.WM.AR.ZS primary products": "primary",
    }
    parts = parts.rename(columns={"pct": "value"}).assign(product_group=parts["indicator"].map(groups))
    both = pd.concat([every, parts])
    both["period"] = both["year"].astype(str)
    return both.rename(columns={"country": "region"}).assign(concept="applied_weighted", source="WDI")


def customs_revenue(root: Path) -> pd.DataFrame:
    """Table ``customs_revenue``: import duty and export tax received, million USD at the UN exchange rate.

    From September 2010 import duties are pooled, so a member's later receipts are shares, not collections.
    Kazakhstan's 2011 import duty (836.8 bn tenge) is an error of the source and left out. Years without a
    published figure are absent.
    """
    raw = read_raw(root, "customs_revenue_wdi/customs_and_export_tax_revenue.csv").dropna(subset=["usd_mn"])
    items = {
        "GC.TAX.IMPT.CN customs and other import duties": "import_duty",
        "GC.TAX.EXPT.CN taxes on exports": "export_tax",
    }
    raw["item"] = raw["indicator"].map(items)
    raw = raw.rename(columns={"country": "region", "usd_mn": "value"})
    outlier = raw["region"].eq("KAZ") & raw["year"].eq(2011) & raw["item"].eq("import_duty")
    return figures(raw[~outlier], ["region", "year", "item"], USD_MN, "WDI", "observed")
