"""The plots of the report as Plotly figures. Colours of text and grid come from the page, so that they fit its theme."""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from ...model.welfare import ORDER
from .numbers import change, level
from .view import Figure

GAIN, LOSS, TOTAL, QUIET = "#2f7fc1", "#d9742c", "#7d8694", "#9aa3af"
TERMS = (
    "#4c8bc4", "#e0892f", "#4fa36a", "#b36fb0", "#8f8f8f", "#c9564f", "#3fb0ac", "#c9a63d", "#a27c5b", "#de8fc0",
    "#94bf55", "#5c7fa3",
)  # fmt: skip
QUALITY = {"observed": "#2f8f6b", "estimated": "#4c8bc4", "borrowed": "#d9a52c", "assumed": "#c9564f"}
DIVERGING = [[0.0, "rgba(217,116,44,0.8)"], [0.5, "rgba(128,136,148,0.10)"], [1.0, "rgba(47,127,193,0.8)"]]
ROW = 30
"""Height of one row of bars, in pixels."""


def stacked_terms(key: str, terms: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Terms of welfare stacked from zero, gains to the right, with a mark at their sum (columns of `welfare_terms`)."""
    table = terms.pivot(index="region", columns="term", values="value").reindex(list(titles))
    figure = go.Figure()
    for term in (t for t in ORDER if t in table.columns and table[t].abs().max() > 0):
        texts = [f"{titles[r]}: {term} {change(v)} USD mn" for r, v in table[term].items()]
        figure.add_bar(
            y=list(titles.values()), x=table[term].tolist(), name=term, orientation="h", hovertext=texts,
            hoverinfo="text", marker_color=TERMS[ORDER.index(term)],
        )  # fmt: skip
    total = table.sum(axis=1)
    figure.add_scatter(
        y=list(titles.values()), x=total.tolist(), mode="markers", name="equivalent variation",
        marker={"symbol": "diamond", "size": 11, "color": "#ffffff", "line": {"color": "#222222", "width": 2}},
        hovertext=[f"{titles[r]}: {change(v)} USD mn" for r, v in total.items()], hoverinfo="text",
    )  # fmt: skip
    figure.update_layout(barmode="relative", xaxis_title="USD mn")
    figure.update_yaxes(autorange="reversed")
    label = (
        "Stacked bars of the terms of welfare by region; a diamond marks their sum, the equivalent variation."
    )
    return _done(key, label, figure, 150 + 48 * len(titles), legend=True)


def waterfall(key: str, name: str, parts: pd.DataFrame, total: float) -> Figure:
    """Contributions from zero to their sum (columns ``group`` and ``value``), top to bottom."""
    labels = [*parts["group"], "equivalent variation"]
    values = [*parts["value"], total]
    figure = go.Figure(
        go.Waterfall(
            orientation="h", y=[_folded(text) for text in labels], x=values,
            measure=["relative"] * len(parts) + ["total"], text=[change(v) for v in values], textposition="outside",
            increasing_marker_color=GAIN, decreasing_marker_color=LOSS, totals_marker_color=TOTAL,
            connector={"line": {"width": 1, "color": QUIET}}, cliponaxis=False, hoverinfo="y+text",
        )
    )  # fmt: skip
    running = pd.Series(parts["value"]).cumsum().tolist()
    reach = [0.0, *running, total]
    room = 0.28 * (max(reach) - min(reach) or 1.0)
    figure.update_layout(xaxis_range=[min(reach) - room, max(reach) + room], title_text=name)
    figure.update_yaxes(autorange="reversed")
    label = f"Waterfall of the contributions of instruments to the equivalent variation of {name}, USD mn."
    return _done(key, label, figure, 110 + ROW * len(labels))


def intervals(key: str, table: pd.DataFrame, titles: Mapping[str, str], unit: str) -> Figure:
    """Values with their bands (columns region, value, low, high), one row a region."""
    own = table.set_index("region").reindex(list(titles))
    figure = go.Figure(
        go.Bar(
            y=list(titles.values()), x=own["value"].tolist(), orientation="h", width=0.55,
            marker_color=[GAIN if v > 0 else LOSS for v in own["value"]],
            hovertext=[
                f"{titles[r]}: {change(row.value)} %" + (f", band {change(row.low)} to {change(row.high)} %" if pd.notna(row.low) else "")
                for r, row in zip(own.index, own.itertuples(), strict=True)
            ],
            hoverinfo="text",
            error_x={
                "type": "data", "symmetric": False, "array": (own["high"] - own["value"]).fillna(0.0).tolist(),
                "arrayminus": (own["value"] - own["low"]).fillna(0.0).tolist(), "color": QUIET, "thickness": 2,
            },
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(xaxis_title=unit)
    return _done(
        key, f"Bars of welfare by region with sensitivity bands, {unit}.", figure, 90 + 40 * len(titles)
    )


def heatmap(
    key: str,
    values: pd.DataFrame,
    hover: pd.DataFrame,
    label: str,
    colour_bar: str,
    reach: float | None = None,
) -> Figure:
    """Signed values as colours around zero; rows and columns carry their own words; cells without a value stay empty."""
    largest = reach or float(values.abs().max().max()) or 1.0
    clean = values.astype(object).where(values.notna(), None)
    figure = go.Figure(
        go.Heatmap(
            z=clean.to_numpy().tolist(), x=list(values.columns), y=list(values.index), zmin=-largest, zmax=largest,
            colorscale=DIVERGING, text=values.map(lambda v: change(v) if pd.notna(v) else "").to_numpy().tolist(),
            texttemplate="%{text}", hovertext=hover.to_numpy().tolist(), hoverinfo="text", xgap=2, ygap=2,
            colorbar={"title": {"text": colour_bar, "side": "right"}, "thickness": 10, "outlinewidth": 0},
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    figure.update_xaxes(side="top", tickangle=0, showgrid=False, ticks="")
    return _done(key, label, figure, 70 + 27 * len(values))


def flow_diagram(key: str, moves: pd.DataFrame, titles: Mapping[str, str], least: float = 0.005) -> Figure:
    """Where importers' purchases moved: partners who sell less, importers, partners who sell more (of `redirection`).

    Moves below ``least`` of the largest are left out of the drawing.
    """
    shown = moves[moves["value"] >= least * moves["value"].max()]
    importers = list(dict.fromkeys(shown["importer"]))
    nodes: dict[tuple[str, str], str] = {
        ("importer", name): f"imports of {titles[name]}" for name in importers
    }
    for row in shown.itertuples(index=False):
        name = titles.get(row.partner, row.partner)
        less = row.side == "from" and row.partner in titles
        more = row.side == "to" and row.partner in titles
        nodes[row.side, row.partner] = f"less from {name}" if less else f"more from {name}" if more else name
    place = {node: n for n, node in enumerate(nodes)}
    ends = [
        (place["from", r.partner], place["importer", r.importer])
        if r.side == "from"
        else (place["importer", r.importer], place["to", r.partner])
        for r in shown.itertuples(index=False)
    ]
    side_colours = {"to": (GAIN, "rgba(47,127,193,0.35)"), "from": (LOSS, "rgba(217,116,44,0.35)")}
    neither = (TOTAL, "rgba(125,134,148,0.35)")
    colours = [
        side_colours[side][0] if name in titles and side != "importer" else TOTAL for side, name in nodes
    ]
    streams = [
        (side_colours[r.side] if r.partner in titles else neither)[1] for r in shown.itertuples(index=False)
    ]
    figure = go.Figure(
        go.Sankey(
            arrangement="snap", valueformat=",.3s", valuesuffix=" USD mn",
            node={"label": list(nodes.values()), "color": colours, "pad": 14, "thickness": 12, "line": {"width": 0}},
            link={
                "source": [a for a, _ in ends], "target": [b for _, b in ends], "value": shown["value"].tolist(),
                "color": streams,
            },
        )
    )  # fmt: skip
    label = "Flow diagram: from partners who sell less, through the importers, to partners who sell more; USD mn at base-year prices."
    return _done(key, label, figure, 170 + 26 * len(nodes), margin=8)


def revenue_bars(key: str, revenue: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Change of import duty at the own border and through the pool, stacked; the diamond is the change received."""
    own = revenue.set_index("region")
    parts = {
        "collected at the own border": own["collected"] - own["before"],
        "through the pool": own["transfer"],
    }
    figure = go.Figure()
    for (name, values), colour in zip(parts.items(), (TERMS[0], TERMS[1]), strict=True):
        figure.add_bar(
            y=list(titles.values()), x=values.reindex(list(titles)).tolist(), name=name, orientation="h",
            marker_color=colour, hovertext=[f"{titles[r]}: {name} {change(values[r])} USD mn" for r in titles],
            hoverinfo="text",
        )  # fmt: skip
    figure.add_scatter(
        y=list(titles.values()), x=own["change"].reindex(list(titles)).tolist(), mode="markers", name="change received",
        marker={"symbol": "diamond", "size": 11, "color": "#ffffff", "line": {"color": "#222222", "width": 2}},
        hovertext=[f"{titles[r]}: {change(own['change'][r])} USD mn" for r in titles], hoverinfo="text",
    )  # fmt: skip
    figure.update_layout(barmode="relative", xaxis_title="USD mn")
    figure.update_yaxes(autorange="reversed")
    return _done(
        key,
        "Change of import duty by region: own border and pool.",
        figure,
        140 + 44 * len(titles),
        legend=True,
    )


def tornado(key: str, name: str, rows: pd.DataFrame, central: float) -> Figure:
    """Distance of each reading from the central case, widest first (columns reading, distance, value)."""
    ordered = rows.sort_values("distance", key=abs, ascending=True, kind="stable")
    figure = go.Figure(
        go.Bar(
            y=[_folded(text) for text in ordered["reading"]], x=ordered["distance"].tolist(), orientation="h",
            base=central, marker_color=[GAIN if d > 0 else LOSS for d in ordered["distance"]],
            text=[change(v) for v in ordered["value"]], textposition="outside", cliponaxis=False,
            hovertext=[f"{r.reading}: {change(r.value)} %" for r in ordered.itertuples()], hoverinfo="text",
        )
    )  # fmt: skip
    reach = [central, *(central + ordered["distance"])]
    room = 0.3 * (max(reach) - min(reach) or 1.0)
    figure.add_vline(x=central, line_width=1, line_color=QUIET)
    figure.update_layout(
        title_text=f"{name}: {change(central)} %", xaxis_range=[min(reach) - room, max(reach) + room],
        xaxis_title="% of household consumption",
    )  # fmt: skip
    return _done(
        key,
        f"Tornado of the welfare of {name} over readings, % of consumption.",
        figure,
        100 + ROW * len(rows),
    )


def quality_bars(
    key: str, shares: pd.DataFrame, titles: Mapping[str, str], layers: Mapping[str, str]
) -> Figure:
    """Shares of the result by flag of the figures it rests on, one bar for each layer and region."""
    label = [
        f"{layers[layer]}: {titles[region]}"
        for layer, region in shares[["layer", "region"]].itertuples(index=False)
    ]
    named = shares.assign(label=label)
    figure = go.Figure()
    for quality, colour in QUALITY.items():
        own = named[named["quality"] == quality]
        figure.add_bar(
            y=[_folded(text, 26) for text in own["label"]], x=own["share_pct"].tolist(), name=quality, orientation="h",
            marker_color=colour, hoverinfo="text",
            hovertext=[f"{r.label}: {level(r.share_pct)} % {quality}" for r in own.itertuples()],
        )  # fmt: skip
    figure.update_layout(
        barmode="stack", xaxis_title="% of the result", xaxis_range=[0, 101], legend_traceorder="normal"
    )
    figure.update_yaxes(autorange="reversed")
    bars = named["label"].nunique()
    return _done(key, "Shares of the result that rest on observed, estimated, borrowed and assumed figures.", figure,
                 150 + 34 * bars, legend=True)  # fmt: skip


def _done(
    key: str, label: str, figure: go.Figure, height: int, legend: bool = False, margin: int = 0
) -> Figure:
    figure.update_layout(
        template="none", height=height, showlegend=legend, bargap=0.35, hovermode="closest",
        margin={"l": margin, "r": max(margin, 8), "t": 40 if figure.layout.title.text else 14, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "xanchor": "left", "yref": "paper"},
        title={"x": 0, "xanchor": "left", "xref": "paper", "font": {"size": 14}},
    )  # fmt: skip
    figure.update_xaxes(
        automargin=True, zeroline=True, zerolinewidth=1.5, title_standoff=12, title_font_size=12
    )
    figure.update_yaxes(automargin=True)
    return Figure(key, label, json.loads(figure.to_json()), height)


def _folded(text: str, width: int = 24) -> str:
    return "<br>".join(wrap(text, width))


def specification(figure: Figure) -> str:
    """The figure as JSON that may stand inside a script element."""
    plain: dict[str, Any] = {"data": figure.spec["data"], "layout": figure.spec["layout"]}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
