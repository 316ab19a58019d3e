"""Tables of ``eacu decompose`` and ``eacu explain``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from ..model.indicators import UNITS
from ..model.measures import MEASURES
from ..model.names import nearest
from .indicators import TABLE_INDICATORS, Indicator
from .layout import titled_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..experiments.run import SolvedRegime
    from ..model.engine import Subtotals
    from ..model.explain import Explanation

_EXTRA_DECIMALS = 1  # contributions are smaller than what they add up to
_POOL_EFFECT = Indicator("pool_transfer_usd_mn", "Transfer from the pool", "USD mn", 0)
_HEADINGS = {indicator.key: indicator for indicator in (*TABLE_INDICATORS, _POOL_EFFECT)}


def check_indicators(names: Sequence[str]) -> list[str]:
    """The names, if each is an indicator that can be decomposed; ValueError offering the nearest if not."""
    for name in names:
        if name not in MEASURES:
            raise ValueError(f"The indicator {name!r} cannot be decomposed.{nearest(name, MEASURES)}")
    if not names:
        raise ValueError(f"No indicator is named; choose some of {', '.join(MEASURES)}")
    return list(names)


def contributions_table(found: Subtotals, names: Sequence[str], region: str) -> Table:
    """Contribution of each group to each indicator of one region, and the totals."""
    table = titled_table(f"{region}: contributions to the change from the base year")
    for name in names:
        indicator = _indicator(name)
        table.add_column(f"{indicator.heading}, {indicator.unit}", justify="right", no_wrap=True)
    columns = [f"{name}[{region}]" for name in names]
    for label, row in found.contributions[columns].iterrows():
        words = label if isinstance(label, tuple) else (label,)
        table.add_row(" ".join(str(word) for word in words if word), *_cells(names, row))
    table.add_section()
    table.add_row(Text("total", style="bold"), *_cells(names, found.total[columns]))
    return table


def contributions_json(solved: SolvedRegime, found: Subtotals) -> str:
    """One object: regime, closure, accuracy, and for every indicator the contributions and their total."""
    by = list(found.contributions.index.names)
    groups = [
        dict(zip(by, label if isinstance(label, tuple) else (label,), strict=True))
        for label in found.contributions.index
    ]
    indicators = {
        str(name): {
            "total": float(found.total[str(name)]),
            "contributions": [
                {**group, "value": float(value)} for group, value in zip(groups, column, strict=True)
            ],
        }
        for name, column in found.contributions.items()
    }
    facts = {"regime": solved.name, "closure": solved.closure.name, "accuracy": found.accuracy}
    return json.dumps({**facts, "indicators": indicators}, indent=2, ensure_ascii=False, allow_nan=False)


def headline(found: Explanation, survey: pd.DataFrame) -> str:
    """What the equation is and what became of the variable it determines."""
    first = f"{found.equation}, block {found.block}"
    if not found.determines:
        return first
    before, after = (float(number) for number in survey.loc[found.equation, ["before", "after"]].to_numpy())
    return f"{first}, determines {found.determines}: {_move(before, after)}"


def explanation_tables(found: Explanation, rows: int) -> list[Table]:
    """The terms of an equation and the contributions of its variables."""
    terms = titled_table("Terms (left side less right side, units of the equation)")
    for heading in ("before", "after", "change"):
        terms.add_column(heading, justify="right", no_wrap=True)
    shown = found.terms.sort_values("change", key=abs, ascending=False, kind="stable")
    for text, row in shown.head(rows).iterrows():
        terms.add_row(Text(str(text)), *(f"{row[key]:,.6g}" for key in ("before", "after", "change")))
    _add_rest(terms, shown, rows, "change")
    terms.add_section()
    terms.add_row("sum", *(f"{_sum(found.terms[key]):,.6g}" for key in ("before", "after", "change")))

    what = found.determines or "the equation"
    variables = titled_table(f"What moved {what} (contributions to its change)")
    for heading in ("before", "after", "contribution"):
        variables.add_column(heading, justify="right", no_wrap=True)
    moved = found.variables[found.variables["after"] != found.variables["before"]]
    for name, row in moved.head(rows).iterrows():
        variables.add_row(
            Text(str(name)), f"{row['before']:,.6g}", f"{row['after']:,.6g}", f"{row['contribution']:+,.6g}"
        )
    _add_rest(variables, moved, rows, "contribution")
    variables.add_section()
    variables.add_row("sum", "", "", f"{_sum(moved['contribution']):+,.6g}")
    return [terms, variables]


def explanation_json(words: str, survey: pd.DataFrame, found: Explanation | None) -> dict[str, Any]:
    """What an equation says, its members, and of a single one the terms and what moved it, as plain values."""
    facts: dict[str, Any] = {"says": words, "members": _records(survey.rename_axis("equation"))}
    if found is not None:
        facts |= {
            "determines": found.determines or None,
            "terms": _records(found.terms.rename_axis("term")),
            "variables": _records(found.variables.rename_axis("variable")),
        }
    return facts


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.reset_index().to_dict(orient="records")]


def survey_table(survey: pd.DataFrame, rows: int) -> Table:
    """Members of an equation whose variable moved most."""
    title = f"{len(survey)} members, largest change first; add the index of one to see its terms"
    table = titled_table(title)
    table.add_column("determines", no_wrap=True)
    table.add_column("before → after", justify="right", no_wrap=True)
    for name, row in survey.head(rows).iterrows():
        move = _move(row["before"], row["after"]) if row["determines"] else "–"
        table.add_row(Text(str(name)), Text(row["determines"] or "–"), move)
    return table


def _indicator(name: str) -> Indicator:
    return _HEADINGS[name] if name in _HEADINGS else Indicator(name, name, UNITS[name].partition(" (")[0])


def _cells(names: Sequence[str], row: pd.Series) -> list[str]:
    cells = []
    for name, value in zip(names, row, strict=True):
        own = _indicator(name)
        cells.append(Indicator(own.key, own.heading, own.unit, own.decimals + _EXTRA_DECIMALS).format(value))
    return cells


def _move(before: float, after: float) -> str:
    percent = f" ({100 * (after / before - 1):+.3g} %)" if before else ""
    return f"{before:,.6g} → {after:,.6g}{percent}"


def _sum(column: pd.Series) -> float:
    """The sum of a column; exactly zero where only rounding is left."""
    total = float(column.sum())
    return total if abs(total) > 1e-9 * float(column.abs().max()) else 0.0


def _add_rest(table: Table, frame: pd.DataFrame, rows: int, key: str) -> None:
    rest = frame.iloc[rows:]
    if len(rest):
        blank = [""] * (len(table.columns) - 2)
        table.add_row(f"{len(rest)} others", *blank, f"{_sum(rest[key]):+,.6g}")
