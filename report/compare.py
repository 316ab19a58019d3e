"""Regimes and saved runs side by side: one tidy frame of indicators with the difference to the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from ..experiments.regimes import all_regime_names
from ..model.indicators import UNITS
from ..model.names import unknown_name
from .indicators import TABLE_INDICATORS, Indicator
from .layout import titled_table
from .saved import SavedRun, open_run
from .store import StoreError, run_folders

if TYPE_CHECKING:
    from ..experiments.run import Run

BASE = "tariff_revenue_base_usd_mn"
"""An indicator of the base year itself: where it differs, results are changes against different economies."""


class CompareError(ValueError):
    """What is named is no regime and no saved run, or things cannot be set side by side."""


@dataclass(frozen=True)
class Compared:
    """One column: a regime solved now, or one of a saved run. ``indicators`` has a row for each region."""

    label: str
    source: str
    closure: str
    status: str
    indicators: pd.DataFrame


def is_regime(name: str) -> bool:
    """Whether a name is that of a regime, shipped or a file, that is to be solved."""
    return name in all_regime_names() or name.endswith(".toml")


def split_names(names: Sequence[str], out: Path) -> tuple[list[str], dict[str, list[Compared]]]:
    """Which names are regimes to solve, and what those hold that are saved runs.

    A run is named as in `eacu.report.saved.open_run`; ``RUN:REGIME`` is one of its regimes. Raises CompareError for a
    name that is neither regime nor run, and for fewer than two things to compare; StoreError for a run that is damaged.
    """
    known = all_regime_names()
    regimes = [name for name in names if is_regime(name)]
    if len(names) < 2 and regimes:
        raise CompareError("only 1 to compare; name two or more regimes or saved runs")
    return regimes, {name: _saved(name, out, known) for name in names if name not in regimes}


def _saved(name: str, out: Path, known: Sequence[str]) -> list[Compared]:
    run, colon, regime = name.rpartition(":") if not Path(name).exists() else (name, "", "")
    try:
        return of_saved(open_run(run if colon else name, out), regime if colon else None)
    except StoreError as error:
        if str(error).startswith("there is no run"):
            raise _unknown(name, out, known) from error
        raise


def _unknown(name: str, out: Path, known: Sequence[str]) -> CompareError:
    return CompareError(
        unknown_name("regime or saved run", name, [*known, *(f.name for f in run_folders(out))])
    )


def of_run(run: Run) -> list[Compared]:
    """The regimes of a run that has just been solved."""
    return [
        Compared(
            regime.name,
            "solved now",
            regime.closure.name,
            "ok" if regime.passed else "check failed",
            regime.indicators,
        )
        for regime in run
    ]


def of_saved(run: SavedRun, only: str | None = None) -> list[Compared]:
    """The regimes of a saved run, or one of them. Raises CompareError if it has none such."""
    names = list(run.facts["regimes"])
    if only is not None and only not in names:
        raise CompareError(f"run {run.name}: " + unknown_name("regime", only, names))
    return [
        Compared(
            regime.name,
            run.name,
            ", ".join(run.facts["closures"]),
            "ok" if all(check.passed for check in regime.checks) else "check failed",
            regime.indicators,
        )
        for regime in run
        if only in (None, regime.name)
    ]


def side_by_side(columns: Sequence[Compared]) -> pd.DataFrame:
    """All indicators: region, indicator, unit, label, source, closure, value, difference to the first column.

    Raises CompareError for fewer than two columns, and for columns whose regions or base years differ: percentages
    of different economies cannot be subtracted.
    """
    if len(columns) < 2:
        raise CompareError(f"only {len(columns)} to compare; name two or more regimes or saved runs")
    columns = _told_apart(columns)
    first = columns[0].indicators
    _require_same_base(columns)
    parts = []
    for column in columns:
        frame = column.indicators.loc[first.index, [name for name in first if name in column.indicators]]
        long = frame.rename_axis("region").reset_index().melt("region", var_name="indicator")
        reference = first.rename_axis("region").reset_index().melt("region", var_name="indicator")
        long = long.merge(reference, on=["region", "indicator"], suffixes=("", "_first"))
        long["difference"] = long["value"] - long.pop("value_first")
        parts.append(long.assign(label=column.label, source=column.source, closure=column.closure))
    rows = pd.concat(parts, ignore_index=True)
    rows["unit"] = rows["indicator"].map(lambda name: UNITS[name].partition(" (")[0])
    return rows[["region", "indicator", "unit", "label", "source", "closure", "value", "difference"]]


def comparison_table(rows: pd.DataFrame, regions: Sequence[str], indicators: Sequence[Indicator]) -> Table:
    """A section a region; a column for each thing compared, and after all but the first its difference to it."""
    labels = list(dict.fromkeys(rows["label"]))
    table = titled_table(f"Changes against the base year; Δ: difference to {labels[0]}", [labels[0]])
    for label in labels[1:]:
        table.add_column(label, justify="right", no_wrap=True)
        table.add_column("Δ", justify="right", no_wrap=True, style="bold")
    cells = {
        (row.region, row.indicator, row.label): (float(str(row.value)), float(str(row.difference)))
        for row in rows.itertuples()
    }
    for region in regions:
        table.add_row(Text(region, style="bold"))
        for indicator in indicators:
            shown = [_cell(indicator, cells[region, indicator.key, labels[0]][0])]
            for label in labels[1:]:
                value, difference = cells[region, indicator.key, label]
                shown += [_cell(indicator, value), _cell(indicator, difference, "+")]
            table.add_row(f"  {indicator.heading}, {indicator.unit}", *shown)
        table.add_section()
    return table


def comparison_json(columns: Sequence[Compared], rows: pd.DataFrame) -> dict[str, Any]:
    """What was compared, and every row of the frame."""
    keys = ("label", "source", "closure", "status")
    return {
        "reference": rows["label"].iloc[0],
        "compared": [{key: getattr(column, key) for key in keys} for column in _told_apart(columns)],
        "rows": [{str(k): v for k, v in row.items()} for row in rows.to_dict(orient="records")],
    }


def shown_indicators(names: Sequence[str]) -> list[Indicator]:
    """The indicators to print (none named: those of ``eacu run``). Raises CompareError for an unknown one."""
    if not names:
        return [indicator for indicator in TABLE_INDICATORS if indicator.key != BASE]
    headed = {indicator.key: indicator for indicator in TABLE_INDICATORS}
    for name in names:
        if name not in UNITS:
            raise CompareError(unknown_name("indicator", name, UNITS))
    return [headed[n] if n in headed else Indicator(n, n, UNITS[n].partition(" (")[0]) for n in names]


def _told_apart(columns: Sequence[Compared]) -> list[Compared]:
    """The columns with the run added to labels that would be the same."""
    labels = [column.label for column in columns]
    named = [replace(c, label=f"{c.label} ({c.source})") if labels.count(c.label) > 1 else c for c in columns]
    labels = [column.label for column in named]
    for label in labels:
        if labels.count(label) > 1:
            raise CompareError(f"{label} is named {labels.count(label)} times; name it once")
    return named


def _require_same_base(columns: Sequence[Compared]) -> None:
    first = columns[0]
    for column in columns[1:]:
        if set(column.indicators.index) != set(first.indicators.index):
            raise CompareError(
                f"{first.label} has the regions {', '.join(map(str, first.indicators.index))}, {column.label} "
                f"{', '.join(map(str, column.indicators.index))}: they are of different base years"
            )
        for region, there in first.indicators[BASE].items():
            here = column.indicators[BASE].loc[str(region)]
            if abs(here - there) > 1e-6 * abs(there):
                raise CompareError(
                    f"{first.label} and {column.label} ({column.source}) start from different base years: tariff "
                    f"revenue of {region} was {there:,.6g} and {here:,.6g} USD mn. Solve both on one base year"
                )


def _cell(indicator: Indicator, value: float, sign: str = "") -> str:
    if pd.isna(value):
        return "–"
    text = indicator.format(value)
    return f"+{text}" if sign and value > 0 and float(text.replace(",", "")) != 0.0 else text
