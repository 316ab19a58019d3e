"""What a SAM holds against the figures it should hold: national accounts, trade, revenue, tariffs.

The audit reads the SAM itself, not the estimator's own report of success, and compares it with the committed source
tables. A control that could not be kept is listed with the source that won.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .build import Build
from .national import USERS
from .regions import Regions
from .sam import WORLD, Sam
from .series import Tables, entries, keyed
from .tariff_schedules import weighted_average
from .trade import pair_totals, sector_list

LIMIT = {"GDP": 1.0, "trade of the pair": 2.0, "import duty": 5.0, "tariff, dutiable imports": 5.0}
"""Largest admissible deviation in per cent, where there is one; the other controls are reported, not required."""

GAVE_WAY = {
    "exports": "pair trade (BACI) wins over exports and imports of the national accounts",
    "imports": "pair trade (BACI) wins over exports and imports of the national accounts",
    "household consumption": "takes up what trade and GDP leave open",
    "capital formation": "takes up what trade and GDP leave open",
    "government consumption": "takes up what trade and GDP leave open",
    "labour income": "PWT's labour share is held only loosely against GTAP's",
}


@dataclass(frozen=True)
class _Cells:
    """The SAM's cells with account kinds split off, for sums by kind."""

    table: pd.DataFrame

    def total(self, rows: str, columns: str, **where: str) -> float:
        """Sum of the cells whose row and column accounts start with the given words."""
        table = self.table
        keep = table["row_account"].str.startswith(rows) & table["column_account"].str.startswith(columns)
        for column, value in where.items():
            keep &= table[column] == value
        return float(table.loc[keep, "value"].sum())


def audit(sam: Sam, tables: Tables) -> pd.DataFrame:
    """Compare a SAM with its controls.

    Returns a frame with control, region (or pair), unit, target, source, value, deviation_pct, limit_pct (NaN: none),
    held (within the limit, or no limit), note.
    """
    cells = _Cells(sam.table)
    rows = [*_national(cells, tables), *_pairs(sam, tables), *_revenue(cells, tables), *_tariffs(sam, tables)]
    frame = pd.DataFrame(rows, columns=["control", "region", "unit", "target", "source", "value"])
    frame["deviation_pct"] = 100 * (frame["value"] / frame["target"] - 1)
    frame["limit_pct"] = frame["control"].map(LIMIT)
    detailed = Regions.of(tables).detailed
    required = frame["region"].isin(detailed) | (frame["control"] == "trade of the pair")
    frame["limit_pct"] = frame["limit_pct"].where(required)
    frame["held"] = ~(frame["deviation_pct"].abs() > frame["limit_pct"])
    loose = frame["deviation_pct"].abs() > 1.0
    frame["note"] = frame["control"].map(GAVE_WAY).where(loose, "").fillna("")
    return frame


def _national(cells: _Cells, tables: Tables) -> list[tuple]:
    accounts = keyed(tables("sources/national_accounts"), "region", "item")
    rows: list[tuple] = []
    for region in accounts.index.unique("region"):
        own = {"row_region": region, "column_region": region}
        gdp = cells.total("factor:", "activity:", **own) + sum(
            cells.total("government", tax, **own)
            for tax in ("tax:factor", "tax:production", "tax:sales", "tax:export")
        )
        gdp += cells.total("government", "tax:import:", **own)
        labour = cells.total("factor:unskilled", "activity:", **own) + cells.total(
            "factor:skilled", "activity:", **own
        )
        values = {"gdp": ("GDP", gdp)}
        for user, item in zip(
            USERS, ("household_consumption", "government_consumption", "capital_formation"), strict=True
        ):
            spent = cells.total("commodity:", user, **own) + cells.total("tax:sales", user, **own)
            values[item] = (item.replace("_", " "), spent)
        values |= {
            "exports": ("exports", _exports(cells, region)),
            "imports": ("imports", _imports(cells, region)),
        }
        for item, (label, value) in values.items():
            rows.append((label, region, "USD mn", accounts[region, item], "UN_AMA", value))
        if region in Regions.of(tables).detailed:
            added = accounts[region].filter(regex=r"^value_added_(A-B|C-E|F|G-H|I|J-P)$").sum()
            rows.append(
                (
                    "labour income",
                    region,
                    "USD mn",
                    accounts[region, "labour_share"] * added,
                    "PWT1001",
                    labour,
                )
            )
    return rows


def _exports(cells: _Cells, region: str) -> float:
    """Exports of goods, services and transport, fob with export tax, trade with itself included."""
    abroad = cells.table[
        (cells.table["row_region"] == region)
        & cells.table["row_account"].str.startswith(("activity:", "tax:export"))
        & (
            (cells.table["column_region"] != region)
            | cells.table["column_account"].str.startswith("intra:")
            | (cells.table["row_account"] == "tax:export")
        )
    ]
    return float(abroad["value"].sum())


def _imports(cells: _Cells, region: str) -> float:
    """Imports of goods and services, cif."""
    into = cells.table[
        (cells.table["column_region"] == region) & cells.table["column_account"].str.startswith("commodity:")
    ]
    foreign = (
        (into["row_region"] != region)
        | into["row_account"].str.startswith("intra:")
        | (into["row_account"] == "tax:export")
    )
    return float(into.loc[foreign, "value"].sum())


def bilateral_fob(sam: Sam) -> pd.Series:
    """Trade by (sector, exporter, importer), fob with export tax, read off the SAM, million USD."""
    table = sam.table[sam.table["column_account"].str.startswith("commodity:")]
    foreign = (table["row_region"] != WORLD) & (
        ((table["row_region"] != table["column_region"]) & table["row_account"].str.startswith("activity:"))
        | table["row_account"].str.startswith("intra:")
        | (table["row_account"] == "tax:export")
    )
    flows = table[foreign].assign(sector=table["column_account"].str.removeprefix("commodity:"))
    keys = ["sector", "row_region", "column_region"]
    return flows.groupby(keys)["value"].sum().rename_axis(["sector", "exporter", "importer"])


def _pairs(sam: Sam, tables: Tables) -> list[tuple]:
    fob = bilateral_fob(sam)
    goods = fob[fob.index.get_level_values("sector").isin(sector_list(tables, goods=True))]
    value = goods.groupby(["exporter", "importer"]).sum()
    overridden = tables("parameters/trade_overrides").set_index(["exporter", "importer"]).index
    rows = []
    for pair, target in entries(pair_totals(tables)):
        source = "EACU override of BACI" if pair in overridden else "BACI"
        rows.append(("trade of the pair", f"{pair[0]}>{pair[1]}", "USD mn", target, source, value[pair]))
    return rows


def _revenue(cells: _Cells, tables: Tables) -> list[tuple]:
    rules = tables("parameters/border_rules")
    controls = rules[rules["rule"] == "duty_control"].set_index("region")
    rows = []
    for region in Regions.of(tables).detailed:
        own = {"row_region": region, "column_region": region}
        collected = cells.total("government", "tax:import:", **own)
        if region in controls.index:
            target, source = controls["value"][region], str(controls["source"][region]).partition(";")[0]
            rows.append(("import duty", region, "USD mn", target, source, collected))
    return rows


def _tariffs(sam: Sam, tables: Tables) -> list[tuple]:
    """Trade-weighted tariffs against the published averages of ``parameters/tariff_controls``, in per cent.

    ``dutiable imports`` are those from outside the CIS; ``all imports`` count preferences.
    """
    controls, regions = tables("parameters/tariff_controls"), Regions.of(tables)
    rows = []
    for control in controls[controls["region"].isin(regions.names)].itertuples(index=False):
        average = 100 * _average_tariff(
            sam, str(control.region), str(control.schedule), str(control.concept), tables
        )
        label = f"tariff, {control.concept}"
        rows.append(
            (label, control.region, f"% ({control.schedule})", control.value, control.source, average)
        )
    return rows


def _average_tariff(sam: Sam, region: str, schedule: str, concept: str, tables: Tables) -> float:
    """A region's tariff under a schedule, weighted by its imports of goods in the SAM, ratio."""
    regions, table = Regions.of(tables), tables("policy/tariffs")
    table = table[(table["importer"] == region) & (table["schedule"] == schedule)]
    keys = {"sector": "sector", "source": "exporter", "importer": "importer"}
    rates = (table.rename(columns=keys).set_index(list(keys.values()))["rate_pct"]).sort_index()
    fob = bilateral_fob(sam)
    fob = fob[fob.index.get_level_values("sector").isin(sector_list(tables, goods=True))]
    fob = fob.xs(region, level="importer", drop_level=False)
    share = pd.Series(1.0, index=fob.index)
    if concept == "dutiable imports":
        fob = fob[~fob.index.get_level_values("exporter").isin(regions.free_traders)].copy()
        share = pd.Series(1.0, index=fob.index)
        cis = keyed(tables("sources/cis_share_of_row"), "importer")[region]
        share[fob.index.get_level_values("exporter") == regions.rest] = 1 - cis
    return float(weighted_average(rates.reindex(fob.index) / share, fob * share)[region]) / 100


def adjustments(build: Build, largest: int = 15) -> pd.DataFrame:
    """The largest changes of balancing in every table: prior, value, change, change in standard errors."""
    frames = []
    results = {"trade in goods": build.goods, **{r: t.result for r, t in build.tables.items()}}
    for name, result in results.items():
        top = result.adjustments.head(largest)
        cell = [" ".join(str(k) for k in key if k != "") for key in top.index]
        frames.append(top.reset_index(drop=True).assign(table=name, cell=cell))
    columns = ["table", "cell", "prior", "value", "change", "percent", "standard_errors"]
    return pd.concat(frames, ignore_index=True)[columns]


def balancing_controls(build: Build) -> pd.DataFrame:
    """Every soft control of every balancing step before and after: table, control, target, before, after."""
    frames = []
    results = {"trade in goods": build.goods, **{r: t.result for r, t in build.tables.items()}}
    for name, result in results.items():
        soft = result.constraints[result.constraints["standard_error"] > 0]
        columns = soft[["target", "standard_error", "before", "after"]]
        frames.append(columns.rename_axis("control").reset_index().assign(table=name))
    return pd.concat(frames, ignore_index=True)[
        ["table", "control", "target", "standard_error", "before", "after"]
    ]
