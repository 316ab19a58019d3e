"""The plots of the report as Plotly figures; text and grid get their colours from the page, to fit its theme."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from .names import TERM_ORDER
from .numbers import change, level
from .rows import records
from .view import Figure

GAIN, LOSS, TOTAL, QUIET = "#2f7fc1", "#d9742c", "#7d8694", "#9aa3af"
TERMS = (
    *("#4c8bc4", "#e0892f", "#4fa36a", "#b36fb0", "#8f8f8f", "#c9564f"),
    *("#3fb0ac", "#c9a63d", "#a27c5b", "#de8fc0", "#94bf55", "#5c7fa3"),
    *("#7a6fc4", "#c46f8e", "#6f8f3c", "#3c6f8f"),
)
QUALITY = {"observed": "#2f8f6b", "estimated": "#4c8bc4", "borrowed": "#d9a52c", "assumed": "#c9564f"}
DIVERGING = [[0.0, "rgba(217,116,44,0.8)"], [0.5, "rgba(128,136,148,0.10)"], [1.0, "rgba(47,127,193,0.8)"]]
ROW = 30
"""Height of one row of bars, in pixels."""
ROOM = 0.06
"""Room beyond the ends of the bars on either side, as a part of the axis."""
WIDE, SMALL_SCREEN = 0.82, 0.72
"""Part of the width that the bars have; in the rest stand their figures, where no line crosses them."""
NARROW = 21
"""Letters to a line of a label where the page is narrow."""
NARROW_BARS = {"xaxis": {"domain": [0.0, SMALL_SCREEN]}}
"""The layout of bars with figures beside them where the page is narrow."""


def stacked_terms(key: str, terms: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Terms of welfare stacked from zero, gains to the right, with a mark at their sum (frame of `welfare_terms`)."""
    table = terms.pivot(index="region", columns="term", values="value").reindex(list(titles))
    parts = {t: table[t] for t in TERM_ORDER if t in table.columns and table[t].abs().max() > 0}
    colours = {t: TERMS[TERM_ORDER.index(t)] for t in parts}
    label = (
        "Stacked bars of the terms of welfare by region; a diamond marks their sum, the equivalent variation."
    )
    return _stacked(key, label, parts, colours, ("equivalent variation", table.sum(axis=1)), titles)


def revenue_bars(key: str, revenue: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Change of import duty at the own border and through the pool, stacked; the diamond is the change received."""
    own = revenue.set_index("region").reindex(list(titles))
    parts = {
        "collected at the own border": own["collected"] - own["before"],
        "through the pool": own["transfer"],
    }
    colours = dict(zip(parts, TERMS, strict=False))
    label = "Stacked bars of the change of import duty by region: own border and pool."
    return _stacked(key, label, parts, colours, ("change received", own["change"]), titles)


def _stacked(
    key: str,
    label: str,
    parts: Mapping[str, pd.Series],
    colours: Mapping[str, str],
    total: tuple[str, pd.Series],
    titles: Mapping[str, str],
) -> Figure:
    """Parts by region stacked from zero, USD mn, and a diamond at their sum."""
    figure = go.Figure()
    names = list(titles.values())
    for name, values in parts.items():
        texts = [f"{titles[str(r)]}: {name} {change(v)} USD mn" for r, v in values.items()]
        bars = {"y": names, "x": values.tolist(), "orientation": "h", "hovertext": texts, "hoverinfo": "text"}
        figure.add_bar(name=name, marker_color=colours[name], **bars)
    heading, sums = total
    figure.add_scatter(
        y=names,
        x=sums.tolist(),
        mode="markers",
        name=heading,
        marker={
            "symbol": "diamond",
            "size": 11,
            "color": "#ffffff",
            "line": {"color": "#222222", "width": 2},
        },
        hovertext=[f"{titles[str(r)]}: {heading} {change(v)} USD mn" for r, v in sums.items()],
        hoverinfo="text",
    )
    figure.update_layout(barmode="relative", xaxis_title="USD mn")
    figure.update_yaxes(autorange="reversed")
    return finished(key, label, figure, 70 + 48 * len(names), [*colours.items(), (f"◇ {heading}", "")])


def waterfall(key: str, name: str, parts: pd.DataFrame, total: float) -> Figure:
    """Contributions from zero to their sum (columns ``group`` and ``value``), top to bottom."""
    labels = [*parts["group"], "equivalent variation"]
    values = [*parts["value"], total]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[_folded(text) for text in labels],
            x=values,
            measure=["relative"] * len(parts) + ["total"],
            increasing_marker_color=GAIN,
            decreasing_marker_color=LOSS,
            totals_marker_color=TOTAL,
            connector={"line": {"width": 1, "color": QUIET}},
            hovertext=[f"{text}: {change(v)} USD mn" for text, v in zip(labels, values, strict=True)],
            hoverinfo="text",
        )
    )
    _figures_beside(figure, values)
    running = pd.Series(parts["value"]).cumsum().tolist()
    reach = [0.0, *running, total]
    figure.update_layout(xaxis_range=_range(reach), title_text=f"{name}, USD mn")
    figure.update_yaxes(autorange="reversed")
    label = f"Waterfall of the contributions of instruments to the equivalent variation of {name}, USD mn."
    return finished(key, label, figure, 110 + ROW * len(labels), narrow=NARROW_BARS)


def intervals(key: str, table: pd.DataFrame, titles: Mapping[str, str], unit: str) -> Figure:
    """Values with their bands (columns region, value, low, high), one row a region."""
    own = table.set_index("region").reindex(list(titles))
    banded = bool(own["low"].notna().any())
    texts = [
        f"{titles[str(r)]}: {change(row.value)} {unit}"
        for r, row in zip(own.index, records(own), strict=True)
    ]
    if banded:
        texts = [
            f"{text}, 90 % band {change(row.low)} to {change(row.high)}"
            for text, row in zip(texts, records(own), strict=True)
        ]
    ends = {
        "array": (own["high"] - own["value"]).fillna(0.0).tolist(),
        "arrayminus": (own["value"] - own["low"]).fillna(0.0).tolist(),
    }
    figure = go.Figure(
        go.Bar(
            y=list(titles.values()),
            x=own["value"].tolist(),
            orientation="h",
            width=0.55,
            marker_color=[GAIN if v > 0 else LOSS for v in own["value"]],
            hovertext=texts,
            hoverinfo="text",
            error_x={
                "type": "data",
                "symmetric": False,
                "color": QUIET,
                "thickness": 2,
                "visible": banded,
                **ends,
            },
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(xaxis_title=unit)
    label = f"Bars of welfare by region{' with sensitivity bands' if banded else ''}, {unit}."
    return finished(key, label, figure, 90 + 40 * len(titles))


def heatmap(key: str, values: pd.DataFrame, hover: pd.DataFrame, label: str, reach: float) -> Figure:
    """Signed values as colours around zero, cut off at ``reach``; a cell without a value stays empty."""
    names = [str(name) for name in values.index]
    figure = go.Figure(
        go.Heatmap(
            z=values.astype(object).where(values.notna(), None).to_numpy().tolist(),
            x=list(values.columns),
            y=names,
            zmin=-reach,
            zmax=reach,
            colorscale=DIVERGING,
            showscale=False,
            text=values.map(lambda v: change(v) if pd.notna(v) else "").to_numpy().tolist(),
            texttemplate="%{text}",
            hovertext=hover.to_numpy().tolist(),
            hoverinfo="text",
            xgap=2,
            ygap=2,
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    figure.update_xaxes(side="top", tickangle=0, showgrid=False, ticks="")
    small = {"tickvals": names, "ticktext": [_folded(n, NARROW) for n in names], "tickfont": {"size": 10}}
    narrow = {"yaxis": small, "xaxis": {"tickfont": {"size": 10.5}}}
    return finished(key, label, figure, 50 + 28 * len(values), narrow=narrow)


def tornado(key: str, name: str, rows: pd.DataFrame, central: float) -> Figure:
    """Distance of each reading from the central case, widest first (columns reading, distance, value)."""
    ordered = rows.sort_values("distance", key=abs, ascending=True, kind="stable")
    figure = go.Figure(
        go.Bar(
            y=[_folded(text) for text in ordered["reading"]],
            x=ordered["distance"].tolist(),
            orientation="h",
            base=central,
            marker_color=[GAIN if d > 0 else LOSS for d in ordered["distance"]],
            hovertext=[f"{r.reading}: {change(r.value)} %" for r in records(ordered)],
            hoverinfo="text",
        )
    )
    _figures_beside(figure, ordered["value"].tolist())
    reach = [central, *(central + ordered["distance"])]
    figure.update_xaxes(zeroline=False)  # zero is no end of these bars
    figure.add_vline(x=central, line_width=1, line_color=QUIET)
    figure.update_layout(
        title_text=f"{name}: {change(central)} %",
        xaxis_range=_range(reach),
        xaxis_title="% of consumption",
    )
    label = f"Tornado of the welfare of {name} over readings, % of consumption."
    return finished(key, label, figure, 100 + ROW * len(rows), narrow=NARROW_BARS)


def quality_bars(key: str, shares: pd.DataFrame, names: pd.Series) -> Figure:
    """Shares of the result by flag of the figures it rests on; ``names`` says what bar each row belongs to."""
    figure = go.Figure()
    for quality, colour in QUALITY.items():
        own = shares[shares["quality"] == quality]
        bars = names[own.index]
        texts = [f"{bar}: {level(v)} % {quality}" for bar, v in zip(bars, own["share_pct"], strict=True)]
        figure.add_bar(
            y=[_folded(text) for text in bars],
            x=own["share_pct"].tolist(),
            orientation="h",
            marker_color=colour,
            hovertext=texts,
            hoverinfo="text",
        )
    figure.update_layout(barmode="stack", xaxis_title="% of the result", xaxis_range=[0, 101])
    figure.update_yaxes(autorange="reversed")
    label = (
        "Stacked bars: shares of the result that rest on observed, estimated, borrowed and assumed figures."
    )
    return finished(key, label, figure, 70 + 36 * names.nunique(), list(QUALITY.items()))


def finished(
    key: str,
    label: str,
    figure: go.Figure,
    height: int,
    legend: Sequence[tuple[str, str]] = (),
    narrow: Mapping[str, Any] | None = None,
) -> Figure:
    """The figure in house style. The page writes its legend; ``narrow`` changes the layout on a small screen."""
    figure.update_layout(
        template="none",
        height=height,
        showlegend=False,
        bargap=0.35,
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 40 if figure.layout.title.text else 14, "b": 8},
        title={"x": 0, "xanchor": "left", "xref": "paper", "font": {"size": 14}},
        meta={"narrow": dict(narrow or {})},
    )
    figure.update_xaxes(automargin=True, zerolinewidth=1.5, title={"standoff": 12, "font": {"size": 12}})
    figure.update_yaxes(automargin=True)
    return Figure(key, label, json.loads(figure.to_json()), height, legend)


def specification(figure: Figure) -> str:
    """The figure as JSON that may stand inside a script element."""
    plain: dict[str, Any] = {"data": figure.spec["data"], "layout": figure.spec["layout"]}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _figures_beside(figure: go.Figure, values: Sequence[float]) -> None:
    """Write the figure of each bar, in their order, in a column at the right edge."""
    for row, value in enumerate(values):
        place = {"x": 1.0, "xref": "paper", "xanchor": "right", "y": row, "yref": "y"}
        figure.add_annotation(text=change(value), showarrow=False, **place)
    figure.update_xaxes(domain=[0.0, WIDE])


def _range(ends: list[float]) -> list[float]:
    """An axis that holds these points with some room at both ends."""
    low, high = min(ends), max(ends)
    room = ROOM * ((high - low) or 1.0)
    return [low - room, high + room]


def _folded(text: str, width: int = 24) -> str:
    return "<br>".join(wrap(text, width))
