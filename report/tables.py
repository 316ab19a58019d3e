"""The printed tables: effects by member, and the checks a result has passed."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from .indicators import TABLE_INDICATORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ..experiments.run import Check


class Result(Protocol):
    """What a table shows of a regime, just solved or saved."""

    @property
    def name(self) -> str:
        """The regime's name."""

    @property
    def indicators(self) -> pd.DataFrame:
        """Macro indicators, one row per region."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks its solution was put to."""


def effects_table(solved: Sequence[Result], regions: Sequence[str], year: int) -> Table:
    """One row per indicator in a section per region, one column per regime.

    All but tariff revenue are changes against the base year, ``year``; three significant digits. A region without an
    indicator (intra-union trade of a region that trades with no member) shows a dash.
    """
    title = f"Effects by region: changes against {year}; tariff revenue as amounts"
    table = _plain_table(title, solved)
    for region in regions:
        table.add_row(Text(region, style="bold"))
        for indicator in TABLE_INDICATORS:
            values = [float(regime.indicators[indicator.key].loc[region]) for regime in solved]
            cells = ["–" if isnan(value) else indicator.short(value) for value in values]
            table.add_row(f"  {indicator.heading}, {indicator.unit}", *cells)
        table.add_section()
    return table


def checks_table(solved: Sequence[Result]) -> Table:
    """One row per check, one column per regime: the figure and whether it is within its tolerance."""
    table = _plain_table("Checks", solved)
    names = list(dict.fromkeys(check.name for regime in solved for check in regime.checks))
    for name in names:
        found = [{check.name: check for check in regime.checks}.get(name) for regime in solved]
        tolerance = next(check.tolerance for check in found if check is not None)
        cells = [
            Text("–")
            if check is None
            else Text(
                f"{check.value:.1e} {'ok' if check.passed else 'FAIL'}",
                style="" if check.passed else "bold red",
            )
            for check in found
        ]
        table.add_row(f"  {name} (at most {tolerance:.0e})", *cells)
    return table


def full_width(tables: Sequence[Table]) -> int:
    """Columns needed to print the tables without folding or cutting anything."""
    wide = Console(width=10_000)
    return max(Measurement.get(wide, wide.options, table).maximum for table in tables)


def _plain_table(title: str, solved: Sequence[Result]) -> Table:
    """A label column and one right-aligned column per regime."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    for regime in solved:
        table.add_column(regime.name, justify="right", no_wrap=True)
    return table
