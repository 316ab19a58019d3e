"""The tables of a run, the same for a workbook, for CSV and Parquet files and for LaTeX.

An `ExportTable` is a frame with a title, a note that says units and denominators, and how its numbers are printed.
`tables_of` makes all of them from a saved run, so whatever is exported can be traced to one folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from ..model.indicators import UNITS
from ..model.trade_effects import EFFECTS, SIGNS
from ..model.welfare import ORDER
from .indicators import TABLE_INDICATORS
from .provenance import citations

if TYPE_CHECKING:
    from .saved import SavedRun

MONEY, PERCENT, PLAIN, SMALL = 1, 2, 4, -1
"""How numbers are printed: decimals of million USD, of per cent, of anything; -1 is scientific notation."""


@dataclass(frozen=True)
class ExportTable:
    """One table: a file of a folder, a sheet of a workbook, a table of a paper."""

    name: str
    title: str
    note: str
    frame: pd.DataFrame
    decimals: Mapping[str, int] = field(default_factory=dict)
    """Decimals by column; other numbers are whole ones or text."""
    row_decimals: Sequence[int] | None = None
    """Decimals of each row, where rows have different units, for the columns of ``decimals``."""
    printed: bool = False
    """Short enough for a page: LaTeX has these only."""


def tables_of(run: SavedRun) -> list[ExportTable]:
    """Every table of a run, the ones to read first.

    An empty cell is a figure that is not defined (a per cent of nothing), never a zero.
    """
    against = f"Changes are against the base year {run.facts['base_year']}."
    welfare = [_welfare(run)] if run.welfare is not None else []
    return [
        _effects(run, against),
        *welfare,
        *([] if run.bands is None else [_bands(run, run.bands)]),
        _sectors(run, against),
        _partners(run, against),
        _trade_effects(run),
        _indicators(run, against),
        ExportTable(
            "results",
            "All results",
            f"{against} The unit of base, value and change is in each row; percent is of the base.",
            run.results,
            {"base": PLAIN, "value": PLAIN, "change": PLAIN, "percent": PERCENT},
        ),
        ExportTable(
            "trade_flows",
            "Trade creation and diversion by flow",
            "Million USD at benchmark cif prices.",
            run.trade,
            dict.fromkeys(["base", "change", *EFFECTS], MONEY),
        ),
        *([_welfare_terms(run)] if welfare else []),
        _sam(run),
        _checks(run),
        _closures(run),
        _codes(run),
        *_sources(run),
    ]


def _effects(run: SavedRun, against: str) -> ExportTable:
    rows, decimals = [], []
    regimes = list(run)
    for region in (*run.members, *(code for code in run.regions if code not in run.members)):
        for indicator in TABLE_INDICATORS:
            values = {regime.name: regime.indicators.loc[region, indicator.key] for regime in regimes}
            rows.append({"region": region, "indicator": indicator.heading, "unit": indicator.unit, **values})
            decimals.append(indicator.decimals)
    names = [regime.name for regime in regimes]
    return ExportTable(
        "effects",
        "Effects by region",
        f"{against} Million USD of the base year's purchasing power. An empty cell is not defined, not zero.",
        pd.DataFrame(rows),
        dict.fromkeys(names, PERCENT),
        decimals,
        printed=True,
    )


def _welfare(run: SavedRun) -> ExportTable:
    terms = run.welfare
    assert terms is not None
    sums = (
        terms.groupby(["regime", "term", "region"], sort=False)["value"].sum().unstack("region").fillna(0.0)
    )
    place = {name: n for n, name in enumerate(ORDER)}
    frame = sums.reindex(columns=list(run.regions), fill_value=0.0).reset_index()
    frame = frame.sort_values(
        ["regime", "term"],
        key=lambda names: names.map(place) if names.name == "term" else names,
        kind="stable",
    )
    totals = frame.groupby("regime", sort=False)[list(run.regions)].sum().reset_index()
    totals.insert(1, "term", "equivalent variation")
    joint = pd.concat([frame, totals]).sort_values("regime", kind="stable", ignore_index=True)
    return ExportTable(
        "welfare",
        "Welfare: equivalent variation and its terms",
        "Million USD at prices of the base year; the terms sum to the equivalent variation.",
        joint.rename_axis(columns=None),
        dict.fromkeys(run.regions, MONEY),
        printed=True,
    )


def _bands(run: SavedRun, bands: pd.DataFrame) -> ExportTable:
    about = run.facts["bands"]
    return ExportTable(
        "bands",
        "Bands: mean, standard deviation and 90 per cent band",
        f"By {about['method']}, {about['draws']} points over {len(about['factors'])} factors. {about['holds']}. "
        "Indicators of revenue are amounts, all others changes against the base year.",
        bands,
        dict.fromkeys(("central", "mean", "sd", "low", "high", "positive"), PLAIN),
    )


def _welfare_terms(run: SavedRun) -> ExportTable:
    terms = run.welfare
    assert terms is not None
    return ExportTable(
        "welfare_terms",
        "Terms of welfare in detail",
        "Million USD at prices of the base year.",
        terms,
        {"value": MONEY},
    )


def _sectors(run: SavedRun, against: str) -> ExportTable:
    output = run.results[run.results["variable"] == "output"]
    wide = output.pivot(index=["regime", "sector"], columns="region", values="percent")
    keys = pd.MultiIndex.from_product([run.facts["regimes"], list(run.sectors)], names=["regime", "sector"])
    frame = wide.reindex(index=keys, columns=list(run.regions)).reset_index()
    frame.insert(2, "name", frame["sector"].map(run.sectors))
    return ExportTable(
        "sectors",
        "Output by sector",
        f"{against} Per cent of the sector's output at benchmark prices. Empty: the region has no such sector.",
        frame.rename_axis(columns=None),
        dict.fromkeys(run.regions, PERCENT),
        printed=True,
    )


def _partners(run: SavedRun, against: str) -> ExportTable:
    trade = run.results[run.results["variable"].isin(["exports", "imports"])]
    keys = ["regime", "variable", "region", "partner"]
    frame = trade.groupby(keys, sort=False)[["base", "value"]].sum().reset_index()
    frame["change"] = frame["value"] - frame["base"]
    frame["percent"] = 100 * frame["change"] / frame["base"].where(frame["base"] != 0)
    return ExportTable(
        "partners",
        "Trade by partner",
        f"{against} Million USD at benchmark prices, exports fob and imports cif; percent of the base.",
        frame,
        {"base": MONEY, "value": MONEY, "change": MONEY, "percent": PERCENT},
    )


def _trade_effects(run: SavedRun) -> ExportTable:
    sums = run.trade.groupby(["regime", "importer", "group"], sort=False)[["base", "change", *EFFECTS]].sum()
    by_group = {
        group: sums.xs(group, level="group") for group in SIGNS if group in sums.index.unique("group")
    }
    frame = pd.DataFrame(index=run.trade.groupby(["regime", "importer"], sort=False).size().index)
    for group, table in by_group.items():
        frame[f"imports from {group}"] = table["base"]
        frame[f"change, {group}"] = table["change"]
    for effect in EFFECTS:  # a flow has its share of its group's effect, with the sign it has for the partner
        group = next(name for name, signs in SIGNS.items() if signs[effect])
        if group in by_group:
            frame[effect.replace("_", " ")] = SIGNS[group][effect] * by_group[group][effect] + 0.0
    return ExportTable(
        "trade_effects",
        "Trade creation and diversion by importer",
        "Million USD at benchmark cif prices, all goods; inside are members of the union. Empty: nobody is inside.",
        frame.reset_index(),
        dict.fromkeys(frame.columns, MONEY),
        printed=True,
    )


def _indicators(run: SavedRun, against: str) -> ExportTable:
    frame = run.indicators.assign(unit=run.indicators["indicator"].map(UNITS))
    return ExportTable(
        "indicators", "Macro indicators and their definitions", against, frame, {"value": PLAIN}
    )


def _sam(run: SavedRun) -> ExportTable:
    tables = [
        pd.read_csv(run.folder / "sam" / f"{name}.csv").assign(regime=name) for name in run.facts["regimes"]
    ]
    frame = pd.concat(tables, ignore_index=True)
    return ExportTable(
        "sam",
        "Social accounting matrix after each regime",
        "Million USD, numeraire units; the row receives from the column. Cells that are not listed are zero.",
        frame[["regime", *frame.columns.drop("regime")]],
        {"value": PLAIN},
    )


def _checks(run: SavedRun) -> ExportTable:
    frame = run.checks.assign(verdict=run.checks["passed"].map({True: "ok", False: "FAIL"}))
    return ExportTable(
        "checks",
        "Checks",
        "A result counts only if every figure is within its tolerance.",
        frame.drop(columns="passed"),
        {"value": SMALL, "tolerance": SMALL},
        printed=True,
    )


def _closures(run: SavedRun) -> ExportTable:
    frame = pd.DataFrame(run.facts["closures"].items(), columns=["closure", "who adjusts"])
    return ExportTable("closures", "Closures: who adjusts", "docs/closures.md explains each choice.", frame)


def _codes(run: SavedRun) -> ExportTable:
    rows = [("region", *item) for item in run.regions.items()]
    rows += [("sector", *item) for item in run.sectors.items()]
    frame = pd.DataFrame(rows, columns=["kind", "code", "name"])
    return ExportTable("codes", "Codes of regions and sectors", "", frame)


def _sources(run: SavedRun) -> list[ExportTable]:
    files = run.sources
    keys = {key for text in files["sources"].dropna() for key in text.split("; ")}
    return [
        ExportTable(
            "sources",
            "Data files, their quality and what they rest on",
            "Rows by quality: observed in a source, estimated from sources, borrowed from another country, assumed. "
            "Empty: the file does not say (docs/calibration.md tells how the SAM was made).",
            files,
        ),
        ExportTable("citations", "Sources", "Keys of the table before.", citations(keys)),
    ]
