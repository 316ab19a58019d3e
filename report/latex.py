"""Tables of a run for LaTeX (packages booktabs and longtable), by pandas' Styler."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from .export_tables import SMALL, ExportTable
from .indicators import Indicator

if TYPE_CHECKING:
    from .saved import SavedRun

MISSING = "--"
_MOST_ROWS = 40
_SPECIAL = {
    "\\": r"\textbackslash{}",
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_SPECIAL.get(sign, sign) for sign in text).replace("−", "$-$")


def latex_table(table: ExportTable, run: SavedRun) -> str:
    r"""The table as LaTeX with caption, label ``tab:<name>`` and its note; over several pages where it is long.

    Numbers have the decimals of their unit, a figure that is not defined is a dash. Needs ``\usepackage{booktabs}``,
    a long one ``\usepackage{longtable}``. Only the union's members are shown, the workbook has all.
    """
    frame = table.frame
    keep = pd.Series(True, index=frame.index)
    for kind in ("region", "importer"):
        if kind in frame:
            keep &= frame[kind].isin(run.members)
    columns = [name for name in frame if name not in run.regions or name in run.members]
    text = pd.DataFrame(
        {name: _column(table, str(name), keep) for name in columns}, index=frame.index[keep], dtype=object
    )
    long = len(text) > _MOST_ROWS
    numbers = [name for name in columns if name in table.decimals]
    body = (
        text.style.hide(axis="index")
        .format_index(lambda name: escape(str(name)), axis="columns")
        .to_latex(
            hrules=True,
            column_format="".join("r" if name in numbers else "l" for name in columns),
            caption=escape(
                f"{table.title}. {table.note}".replace("An empty cell", "A dash").replace("Empty", "Dash")
            ),
            label=f"tab:{table.name.replace('_', '-')}",
            environment="longtable" if long else None,
            position=None if long else "tbp",
            position_float=None if long else "centering",
        )
    )
    packages = "booktabs, longtable" if long else "booktabs"
    return f"% eacu run {run.name}, base year {run.facts['base_year']}; needs {packages}\n{body}"


def _column(table: ExportTable, name: str, keep: pd.Series) -> list[str]:
    """The cells of a column as LaTeX."""
    values = table.frame[name]
    decimals = [table.decimals[name]] * len(values) if name in table.decimals else None
    if decimals and table.row_decimals:
        decimals = list(table.row_decimals)
    cells = []
    for row, (value, shown) in enumerate(zip(values.tolist(), keep, strict=True)):
        if shown:
            cells.append(_number(value, decimals[row]) if decimals else escape(str(value)))
    return cells


def _number(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return MISSING
    if decimals == SMALL:
        mantissa, _, power = f"{value:.1e}".partition("e")
        return "$0$" if value == 0 else rf"${mantissa} \times 10^{{{int(power)}}}$"
    text = Indicator("", "", "", decimals).format(value)
    return f"${text.replace(',', '{,}')}$" if text.startswith("-") else text
