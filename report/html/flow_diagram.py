"""The flow diagram of trade: where importers' purchases moved from and to."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from .figures import GAIN, LOSS, TOTAL, finished
from .rows import records
from .view import Figure

SIDES = {"from": "sell less", "importer": "importers", "to": "sell more"}
"""What stands above the three columns."""
STREAMS = {"from": "rgba(217,116,44,0.35)", "to": "rgba(47,127,193,0.35)"}
BALANCE = "rgba(125,134,148,0.35)"
LEAST = 0.005
"""Streams thinner than this part of the widest are not drawn."""


def flow_diagram(key: str, moves: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Partners who sell less on the left, importers in the middle, partners who sell more on the right.

    ``moves`` is the frame of `trade.redirection`; what all partners together gain or lose is grey.
    """
    shown = moves[moves["value"] >= LEAST * moves["value"].max()]
    places: dict[tuple[str, str], int] = {}
    for importer in shown["importer"].unique():
        places["importer", str(importer)] = len(places)
    for side, partner in records(shown[["side", "partner"]].drop_duplicates()):
        places[str(side), str(partner)] = len(places)
    colours = {"from": LOSS, "to": GAIN, "importer": TOTAL}
    ends = [
        (places[r.side, r.partner], places["importer", r.importer])[:: 1 if r.side == "from" else -1]
        for r in records(shown)
    ]
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            valueformat=",.3s",
            valuesuffix=" USD mn",
            domain={"y": [0.0, 0.94]},
            node={
                "label": [titles.get(name, name) for _, name in places],
                "color": [colours[side] if name in titles else TOTAL for side, name in places],
                "pad": 14,
                "thickness": 12,
                "line": {"width": 0},
            },
            link={
                "source": [start for start, _ in ends],
                "target": [end for _, end in ends],
                "value": shown["value"].tolist(),
                "color": [STREAMS[str(r.side)] if r.partner in titles else BALANCE for r in records(shown)],
            },
        )
    )
    for (side, heading), x, anchor in zip(
        SIDES.items(), (0, 0.5, 1), ("left", "center", "right"), strict=True
    ):
        figure.add_annotation(
            name=side,
            text=heading,
            x=x,
            y=1,
            xref="paper",
            yref="paper",
            xanchor=anchor,
            yanchor="top",
            showarrow=False,
        )
    label = "Flow diagram from partners who sell less, through importers, to partners who sell more, USD mn."
    return finished(key, label, figure, 170 + 24 * len(places))
