"""Tables and JSON of ``eacu decompose --welfare`` and ``eacu trade``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
from rich.table import Table
from rich.text import Text

from ..model.names import nearest
from ..model.trade_effects import EFFECTS
from .indicators import Indicator
from .layout import titled_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..experiments.run import SolvedRegime
    from ..model.welfare import Welfare

MONEY = Indicator("", "", "USD mn", decimals=1)
WELFARE_DIMENSIONS = ("term", "detail", "sector", "partner")
TRADE_DIMENSIONS = ("sector", "partner")
TRADE_HEADINGS = {
    "inside_change": "imports, inside",
    "outside_change": "imports, outside",
    "home_change": "home sales",
    "creation": "creation",
    "diversion": "diversion",
    "suppression": "suppression",
    "return": "return",
    "outside_creation": "creation, outside",
    "inside_suppression": "suppression, inside",
}


def check_dimensions(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """The names, if each is a dimension of the table; ValueError offering the nearest if not."""
    for name in names:
        if name not in known:
            raise ValueError(f"Unknown dimension {name!r}.{nearest(name, known)}")
    if not names:
        raise ValueError(f"No dimension is named; choose some of {', '.join(known)}")
    return list(dict.fromkeys(names))


def welfare_table(found: Welfare, by: Sequence[str], regions: Sequence[str]) -> Table:
    """Contributions in rows, one column for each region, and the equivalent variation they sum to."""
    table = titled_table(
        "Equivalent variation and its terms, million USD at prices of the base year", regions
    )
    for label, row in found.by(*by).T.iterrows():
        if row[list(regions)].any():
            table.add_row(_words(label), *(MONEY.format(row[region]) for region in regions))
    table.add_section()
    total = found.total[list(regions)]
    table.add_row(Text("equivalent variation", style="bold"), *map(MONEY.format, total))
    return table


def welfare_json(solved: SolvedRegime, found: Welfare, by: Sequence[str]) -> str:
    """One object: regime, closure, accuracy, and for every region its terms and their total."""
    table = found.by(*by)
    regions = {
        str(region): {
            "ev_usd_mn": float(found.total[str(region)]),
            "terms": [
                {**_labels(by, label), "value": float(value)} for label, value in row.items() if value != 0.0
            ],
        }
        for region, row in table.iterrows()
    }
    facts = {"regime": solved.name, "closure": solved.closure.name, "accuracy": found.accuracy}
    return json.dumps({**facts, "regions": regions}, indent=2, ensure_ascii=False, allow_nan=False)


def trade_rows(solved: SolvedRegime, by: Sequence[str]) -> pd.DataFrame:
    """Trade effects by importer and the dimensions: the changes of :data:`TRADE_HEADINGS`, million USD.

    Home sales belong to a good, not to a partner, and are left out where partners are told apart.
    """
    if "partner" not in by:
        effects = solved.solution.trade_effects().reset_index()
        return effects.groupby(["importer", *by], sort=False)[list(TRADE_HEADINGS)].sum()
    flows = solved.solution.trade_effects_by_partner()
    for group in ("inside", "outside"):
        flows[f"{group}_change"] = flows["change"].where(flows["group"] == group, 0.0)
    columns = [name for name in TRADE_HEADINGS if name != "home_change"]
    return flows.groupby(["importer", *by], sort=False)[columns].sum()


def trade_tables(solved: SolvedRegime, by: Sequence[str], regions: Sequence[str]) -> list[Table]:
    """One table for each importer, the largest changes first, with the sum of all rows; signs by partner explained."""
    rows = trade_rows(solved, by)
    tables = []
    for region in regions:
        if region not in rows.index.unique("importer"):
            continue
        own = pd.DataFrame(rows.xs(region, level="importer"))
        shown = own.loc[own.abs().sum(axis=1).sort_values(ascending=False, kind="stable").index]
        title = f"{region}: change of imports and what it replaced, million USD at prices of the base year"
        table = titled_table(title, [TRADE_HEADINGS[name] for name in own.columns])
        for label, row in shown.iterrows():
            if row.abs().max() >= _SMALLEST:
                table.add_row(_words(label), *map(MONEY.format, row))
        table.add_section()
        table.add_row(Text("all", style="bold"), *map(MONEY.format, own.sum()))
        tables.append(table)
    if tables and "partner" in by:
        tables[-1].caption = Text(_SIGNS)
        tables[-1].caption_justify = "left"
    return tables


_SIGNS = (
    "Signs say how an effect changes imports from the partner. Each partner takes the part of its group's effect "
    "(members inside, all others outside) that its own change is of the group's: creation is negative for a member "
    "who sells less while the members together sell more, and diversion is positive for who gains the trade, "
    "negative for who loses it, nil in sum."
)
"""Under the last table by partner."""
_SMALLEST = 0.05
"""Rows whose figures all round to zero are not printed."""


def trade_json(solved: SolvedRegime, by: Sequence[str]) -> str:
    """One object: regime, closure, members, and for every importer its rows."""
    rows = trade_rows(solved, by)
    importers: dict[str, list[dict[str, object]]] = {}
    for label, row in rows.iterrows():
        importer, *rest = label if isinstance(label, tuple) else (label,)
        numbers = {str(name): float(value) for name, value in row.items()}
        importers.setdefault(str(importer), []).append({**_labels(by, tuple(rest)), **numbers})
    facts = {"regime": solved.name, "closure": solved.closure.name, "members": solved.solution.members}
    return json.dumps({**facts, "importers": importers}, indent=2, ensure_ascii=False, allow_nan=False)


def welfare_long(solved: SolvedRegime, found: Welfare) -> pd.DataFrame:
    """The terms of a regime as a tidy table: regime, region, term, detail, sector, partner, unit, value."""
    frame = found.terms.assign(regime=solved.name, unit="mn USD, benchmark prices")
    return frame[["regime", "region", "term", "detail", "sector", "partner", "unit", "value"]]


def trade_long(solved: SolvedRegime) -> pd.DataFrame:
    """The trade effects of a regime by flow as a tidy table with one row for each flow."""
    flows = solved.solution.trade_effects_by_partner()
    frame = flows.assign(regime=solved.name, unit="mn USD, benchmark cif prices")
    columns = ["regime", "importer", "partner", "sector", "group", "unit", "base", "change", *EFFECTS]
    return frame[columns]


def _labels(by: Sequence[str], label: object) -> dict[str, str]:
    words = label if isinstance(label, tuple) else (label,)
    return dict(zip(by, map(str, words), strict=True))


def _words(label: object) -> str:
    words = label if isinstance(label, tuple) else (label,)
    return " ".join(str(word) for word in words if word)
