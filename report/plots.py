"""Plots of a run (matplotlib, the optional extra ``plots``)."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..model.welfare import ORDER
from .console import NO_MATPLOTLIB
from .indicators import Indicator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..experiments.run import Run
    from ..model.welfare import Welfare
    from .saved import SavedRun
    from .tables import Result

PANELS = (
    ("ev_pct_consumption", "Welfare: equivalent variation, % of consumption"),
    ("real_gdp_pct", "Real GDP, %"),
)
DECIMALS = Indicator("", "", "", decimals=2)
WHOLE = Indicator("", "", "", decimals=0)
COLOURS = (
    "#3b6ea8",
    "#d98032",
    "#5a9a5a",
    "#8a5a9a",
    "#7a7a7a",
    "#b8504e",
    "#4aa6a6",
    "#c9a63d",
    "#8c6d52",
    "#d486b8",
    "#e0607e",
    "#9bbf6b",
    "#2f4858",
)
STYLE: dict[str, Any] = {
    "svg.hashsalt": "eacu",
    "svg.fonttype": "none",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
}
OTHER_COLOUR = "#cccccc"
_SMALL, _NOTHING = 0.01, 1e-3


class MissingPlotsError(ValueError):
    """matplotlib is not installed; the message says how to get it."""


def effects_figure(run: Run | SavedRun, file: Path) -> Path:
    """Draw welfare and real GDP by member and regime into ``file`` (.svg, .png, .pdf by its ending).

    Regimes in which nothing changes (the replication) are left out. Raises MissingPlotsError without
    matplotlib and ValueError when no regime changes anything.
    """
    keys = [key for key, _ in PANELS]
    shown = [r for r in run if (r.indicators.loc[list(run.members), keys].abs() > 1e-6).to_numpy().any()]
    if not shown:
        raise ValueError("there is nothing to draw: no regime of this run changes welfare or GDP")
    height = 1.0 + 0.22 * len(run.members) * (len(shown) + 1)
    with drawing(file, 8.4, height) as figure:
        panels = figure.subplots(1, len(PANELS))
        for axes, (key, title) in zip(panels, PANELS, strict=True):
            _bars(axes, shown, run.members, key)
            axes.set_title(title, loc="left")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(shown), frameon=False)
    return file


def welfare_figure(found: Welfare, regime: str, members: Sequence[str], file: Path) -> Path:
    """Draw the terms of welfare of each member as stacked bars, with their sum, into ``file``.

    Gains are stacked to the right of zero and losses to the left. Terms below one per cent of the largest bar are
    drawn together as *other*. Raises MissingPlotsError without matplotlib and ValueError when welfare does not
    change.
    """
    return terms_figure(found.by("term"), regime, members, file)


def terms_figure(by_term: pd.DataFrame, regime: str, members: Sequence[str], file: Path) -> Path:
    """The same from a table of terms (columns) by region (rows), such as a saved run has."""
    table = by_term.loc[list(members)]
    largest = float(table.abs().sum(axis=1).max())
    if largest <= _NOTHING:
        raise ValueError(f"there is nothing to draw: {regime} changes the welfare of no member")
    small = table.abs().max() < _SMALL * largest
    terms = table.loc[:, ~small]
    if small.any() and float(table.loc[:, small].abs().to_numpy().max()) > _NOTHING:
        terms = terms.assign(other=table.loc[:, small].sum(axis=1))
    with drawing(file, 8.4, 1.6 + 0.5 * len(members)) as figure:
        axes = figure.subplots()
        _stack(axes, terms, table.sum(axis=1))
        axes.set_title(f"Welfare in {regime}: equivalent variation and its terms, million USD", loc="left")
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return file


def _stack(axes: Axes, terms: pd.DataFrame, total: pd.Series) -> None:
    """Gains to the right of zero and losses to the left, one row of bars for each region, and a mark at the sum."""
    places = np.arange(len(terms))
    ends = {1: np.zeros(len(terms)), -1: np.zeros(len(terms))}
    for term in terms.columns:
        colour = COLOURS[ORDER.index(term)] if term in ORDER else OTHER_COLOUR
        values = terms[term].to_numpy(float)
        for sign, drawn in ((1, values.clip(min=0.0)), (-1, values.clip(max=0.0))):
            name = str(term) if sign == 1 else None
            axes.barh(places, drawn, 0.55, left=ends[sign], color=colour, label=name)
            ends[sign] = ends[sign] + drawn
    axes.plot(total, places, "D", color="black", markersize=5, linestyle="none", label="equivalent variation")
    for place, value, end in zip(places, total, ends[1], strict=True):
        axes.annotate(
            WHOLE.format(float(value)),
            (end, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(places, list(terms.index))
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.use_sticky_edges = False
    axes.margins(x=0.08, y=0.1)
    axes.spines[["top", "right"]].set_visible(False)


@contextmanager
def drawing(file: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure in the house style that is written to the file when it is done.

    Raises MissingPlotsError without matplotlib.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPlotsError(NO_MATPLOTLIB) from error
    with rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        file.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if file.suffix == ".svg" else None  # the same run gives the same file
        figure.savefig(file, dpi=160, metadata=metadata)


def _bars(axes: Axes, shown: Sequence[Result], members: Sequence[str], key: str) -> None:
    """Horizontal bars, members from top to bottom and the regimes of a member together, each with its value."""
    places = np.arange(len(members))
    width = 0.84 / len(shown)
    for number, regime in enumerate(shown):
        values = regime.indicators.loc[list(members), key].to_numpy(float)
        offset = (number - (len(shown) - 1) / 2) * width
        colour = COLOURS[number % len(COLOURS)]
        bars = axes.barh(places + offset, values, width * 0.92, label=regime.name, color=colour)
        axes.bar_label(bars, labels=[DECIMALS.format(value) for value in values], padding=3, fontsize=8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(places, members)
    axes.invert_yaxis()
    axes.locator_params(axis="x", nbins=5)
    axes.margins(x=0.16)
    axes.spines[["top", "right"]].set_visible(False)
