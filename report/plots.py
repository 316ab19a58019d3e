"""Plots of a run (matplotlib, the optional extra ``plots``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .indicators import Indicator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from ..experiments.run import Run, SolvedRegime

PANELS = (
    ("ev_pct_consumption", "Welfare: equivalent variation, % of consumption"),
    ("real_gdp_pct", "Real GDP, %"),
)
DECIMALS = Indicator("", "", "", decimals=2)
COLOURS = ("#3b6ea8", "#d98032", "#5a9a5a", "#8a5a9a", "#7a7a7a")


class MissingPlotsError(ValueError):
    """matplotlib is not installed; the message says how to get it."""


def effects_figure(run: Run, file: Path) -> Path:
    """Draw welfare and real GDP by member and regime into ``file`` (.svg, .png, .pdf by its ending).

    Regimes in which nothing changes (the replication) are left out. Raises MissingPlotsError without
    matplotlib and ValueError when no regime changes anything.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPlotsError("plots need matplotlib: python -m pip install 'eacu[plots]'") from error
    keys = [key for key, _ in PANELS]
    shown = [r for r in run if (r.indicators.loc[list(run.members), keys].abs() > 1e-6).to_numpy().any()]
    if not shown:
        raise ValueError("there is nothing to draw: no regime of this run changes welfare or GDP")
    style: dict[str, Any] = {
        "svg.hashsalt": "eacu",
        "svg.fonttype": "none",
        "font.size": 9.5,
        "axes.titlesize": 10.5,
    }
    height = 1.0 + 0.22 * len(run.members) * (len(shown) + 1)
    with rc_context(style):  # type: ignore[arg-type]
        figure = Figure(figsize=(8.4, height), layout="constrained")
        panels = figure.subplots(1, len(PANELS))
        for axes, (key, title) in zip(panels, PANELS, strict=True):
            _bars(axes, shown, run.members, key)
            axes.set_title(title, loc="left")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(shown), frameon=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if file.suffix == ".svg" else None  # the same run gives the same file
        figure.savefig(file, dpi=160, metadata=metadata)
    return file


def _bars(axes: Axes, shown: Sequence[SolvedRegime], members: Sequence[str], key: str) -> None:
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
