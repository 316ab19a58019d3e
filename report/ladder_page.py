"""The ladder in words and as a figure: what each mechanism adds for each member, beside what studies found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .layout import band, markdown, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..experiments.ladder import Rung

NAMES = {"RUS": "Russia", "BLR": "Belarus", "KAZ": "Kazakhstan"}
WELFARE = "welfare, % of consumption"
UNITS = {"% of consumption": "D", "% of GDP": "s", "% of 2004 GDP": "s"}
"""Units of published figures that are drawn, and their marks; figures in one are never turned into the other."""
Values = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Rung -> member -> column -> figure, as `docs/ladder.json` has them."""
Rows = Mapping[int, Mapping[str, Any]]
"""Rows of `docs/reproduction.json` by the id of their estimate."""

HEAD = """# The ladder: what tariffs alone explain, and what each further mechanism adds

Written by `{command}`; the figures are computed, not typed.

Published effects of the customs union and of WTO accession reach from tenths of a per cent to a quarter of consumption.
They do not contradict each other as much as they count different things. This page adds one mechanism after the other
to the model and sets beside each what studies with that mechanism found. *Published* figures and verdicts are those
of [the table of estimates](reproduction.md), where each has its source, our band and the rule; figures marked there
as not read are no sources. Per cent of consumption and per cent of GDP are never mixed: consumption is about half of
GDP, so that a gain of 1 % of the one is half a per cent of the other.

What a rung adds, welfare in per cent of the base year's consumption (2007):

{summary}
The first {chain} rungs stand on each other: each starts where the one before ended, and together they make `{end}`
against the base year. The others say of themselves what they are counted against.

![Welfare by rung and member, ours and published](figures/ladder.svg)

Bars are ours. Marks are published figures that were read in their source, diamonds in per cent of consumption, squares
in per cent of GDP; they stand on the rung of the study's mechanism, whether it is about the union or the WTO. The scale
is logarithmic outside the grey strip of ±0.1.
"""


def ladder_page(rungs: Sequence[Rung], values: Values, rows: Rows, command: str) -> str:
    """The page ``docs/ladder.md``."""
    chain = [rung for rung in rungs if rung.chain]
    head = HEAD.format(
        command=command, summary=_summary(rungs, values), chain=len(chain), end=chain[-1].regime
    )
    sections = [_section(n, rung, values, rows) for n, rung in enumerate(rungs, start=1)]
    return "\n".join([head, *sections])


def _summary(rungs: Sequence[Rung], values: Values) -> str:
    lines = []
    for n, rung in enumerate(rungs, start=1):
        found = values.get(rung.id)
        absent = "by inversion" if rung.inversion else "not in the model"
        cells = [number(found[m][WELFARE]) if found else absent for m in NAMES]
        lines.append([f"{n}. {rung.title}", *cells])
    chain = [rung.id for rung in rungs if rung.chain]
    total = [number(sum(values[name][m][WELFARE] for name in chain)) for m in NAMES]
    lines.insert(len(chain), [f"*1 to {len(chain)} together*", *total])
    return markdown(["rung", *NAMES.values()], lines)


def _section(n: int, rung: Rung, values: Values, rows: Rows) -> str:
    parts = [f"## {n}. {rung.title}\n", " ".join(rung.text.split()) + "\n"]
    if rung.id in values:
        found = values[rung.id]
        columns = list(next(iter(found.values())))
        lines = [[NAMES[m], *(number(found[m][c]) for c in columns)] for m in NAMES]
        parts += [f"{_counted(rung)}\n", markdown(["adds", *columns], lines)]
    if rung.inversion:
        parts += [
            "What the figures would take by 2030, against the path without the union:\n",
            _required(rung, rows),
        ]
    if rung.missing:
        parts += [rung.missing + "\n"]
    if rung.published or rung.aside:
        parts += ["Beside it:\n", _published(rung, rows)]
    parts += [f"*What remains assumption.* {' '.join(rung.assumption.split())}\n"]
    return "\n".join(parts)


def _counted(rung: Rung) -> str:
    """Which two economies a rung compares."""

    def economy(regime: str | None, closure: str | None, structure: str) -> str:
        extra = [closure] if closure and closure != "default" else []
        extra += [structure] if structure != "armington" else []
        return f"`{regime}`" + (f" ({', '.join(extra)})" if extra else "")

    upper = economy(rung.regime, rung.closure, rung.market_structure)
    if rung.minus is None:
        return f"{upper} against the base year:"
    return f"{upper} less {economy(rung.minus, rung.minus_closure, rung.minus_market_structure)}:"


def _published(rung: Rung, rows: Rows) -> str:
    lines = []
    for key in (*rung.published, *rung.aside):
        row = rows[key]
        figure = row["published"] + ("" if row["evidence"] == "read" else f" ({row['evidence']})")
        unit = row["metric"] if row["unit"] == "sign" else f"{row['metric']}, {row['unit']}"
        ours = number(_or_nan(row["ours"]))
        ours_band = band(_or_nan(row["ours_low"]), _or_nan(row["ours_high"]))
        scenario = f"{row['study'].split(',')[0]} {row['year']}: {row['scenario']}".replace("|", "/")
        lines.append([str(key), scenario, row["member"], unit, figure, ours, ours_band, row["verdict"]])
    return markdown(["", "study", "member", "metric, unit", "published", "ours", "band", "verdict"], lines)


def _required(rung: Rung, rows: Rows) -> str:
    columns = {
        "target_pct": "asked for, % of real GDP",
        "own_pct": "explained by the model",
        "gap_pct": "gap",
        "productivity_pct": "labour productivity, %",
        "growth_pp": "a year, points",
        "tfp_pct": "total factor productivity, %",
        "tfp_growth_pp": "a year, points",
    }
    needed = [rows[key] for key in rung.published if rows[key]["required"]]
    lines = [[row["member"], *(number(row["required"][c]) for c in columns)] for row in needed]
    return markdown(["", *columns.values()], lines)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def ladder_figure(rungs: Sequence[Rung], values: Values, rows: Rows, file: Path) -> Path:
    """Draw a panel a member: bars of what each rung adds, marks of what was published, into ``file``.

    Raises MissingPlotsError without matplotlib.
    """
    from .plots import drawing

    with drawing(file, 9.4, 1.5 + 0.36 * len(rungs)) as figure:
        panels = figure.subplots(1, len(NAMES), sharey=True, sharex=True)
        for axes, (member, name) in zip(panels, NAMES.items(), strict=True):
            _panel(axes, rungs, values, rows, member)
            axes.set_title(name, loc="left")
        panels[0].set_yticks(range(len(rungs)), [rung.title for rung in rungs])
        panels[0].invert_yaxis()
        panels[1].set_xlabel("%")
    return file


def _panel(axes: Axes, rungs: Sequence[Rung], values: Values, rows: Rows, member: str) -> None:
    from .plots import COLOURS

    axes.axvspan(-0.1, 0.1, color="#eeeeee", zorder=0)
    for place, rung in enumerate(rungs):
        if rung.id in values:
            value = values[rung.id][member][WELFARE]
            axes.barh(place, value, 0.6, color=COLOURS[0] if value >= 0 else COLOURS[5])
        for unit, figure in published_figures(rung, rows, member):
            axes.plot(figure, place, UNITS[unit], color="black", markersize=4.5, markerfacecolor="none")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xscale("symlog", linthresh=0.1)
    axes.set_xlim(-30, 60)
    axes.set_xticks([-10, -1, 0, 1, 10], ["-10", "-1", "0", "1", "10"])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)


def published_figures(rung: Rung, rows: Rows, member: str) -> list[tuple[str, float]]:
    """Published figures of a rung that were read in their source, of one member, in a unit that is drawn."""
    found = []
    for row in (rows[key] for key in rung.published):
        if row["member"] == NAMES[member] and row["evidence"] == "read" and row["unit"] in UNITS:
            try:
                found.append((row["unit"], float(row["published"])))
            except ValueError:  # a range or a sign
                continue
    return found
