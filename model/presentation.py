"""How equations, solutions and closures show themselves: plain text for a terminal, LaTeX and HTML for a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from .closures import Closure
    from .explain import Explanation

HEADLINE = {
    "ev_pct_consumption": "welfare (equivalent variation), % of consumption",
    "ev_usd_mn": "welfare, million USD",
    "real_gdp_pct": "real GDP, %",
    "tariff_received_usd_mn": "tariff revenue after sharing, million USD",
}
"""Indicators of a headline and how it calls them."""
LEVELS = ("tariff_received_usd_mn", HEADLINE["tariff_received_usd_mn"])
"""Those that are amounts, not changes: they have no sign."""
_ROWS = 8
"""Terms of an equation that are shown one by one."""


def headline_table(indicators: pd.DataFrame, members: Sequence[str]) -> pd.DataFrame:
    """The headline of a solution: rows of :data:`HEADLINE`, one column for each member (or region, without any)."""
    shown = list(members) or list(indicators.index)
    return (
        indicators.loc[shown, list(HEADLINE)].T.rename(index=HEADLINE).rename_axis(index=None, columns=None)
    )


def shown(table: pd.DataFrame, differences: Sequence[str] = ()) -> pd.DataFrame:
    """The numbers as text: changes, and the columns of ``differences``, with their sign, amounts without.

    What a row is says its label, or the last level of it.
    """
    text = table.map(signed)
    names = table.index.get_level_values(-1)
    levels = names.isin(LEVELS)
    for column in [name for name in text if name not in differences]:
        text[column] = text[column].where(~levels, text[column].str.removeprefix("+"))
    return text


def signed(value: float) -> str:
    """About three digits with the sign; ``≈0`` for what rounds to zero, ``0`` for zero, a dash for not defined."""
    if pd.isna(value):
        return "–"
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:+,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return "0" if value == 0 else "≈0"
    return text


def headline_text(indicators: pd.DataFrame, members: Sequence[str]) -> str:
    """The headline as lines of text."""
    return shown(headline_table(indicators, members)).to_string()


def headline_html(indicators: pd.DataFrame, members: Sequence[str]) -> str:
    """The headline as an HTML table."""
    return shown(headline_table(indicators, members)).to_html(border=0)


def explanation_text(found: Explanation) -> str:
    """An equation: name, words, formula, and its two sides in numbers before and after."""
    head = f"{found.equation}  (block {found.block})"
    if found.determines:
        head += f", determines {found.determines}"
    terms = _shown_terms(found)
    rows = [("terms (right side negative)", *_COLUMNS)]
    rows += [(str(text), f"{row['before']:,.6g}", f"{row['after']:,.6g}") for text, row in terms.iterrows()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"  {text:<{widths[0]}}  {before:>{widths[1]}}  {after:>{widths[2]}}" for text, before, after in rows
    ]
    sides = [f"  {label}: {_sides(found, column)}" for label, column in _COLUMNS.items()]
    return "\n".join([head, "", found.words, "", *lines, "", *sides])


def explanation_latex(found: Explanation) -> str:
    """The formula, and below it its two sides in numbers, before and after."""
    rows = [rf"\text{{{label}:}}\quad & {_sides(found, column)}" for label, column in _COLUMNS.items()]
    name = found.equation.replace("_", r"\_")
    lines = [rf"&\texttt{{{name}}}", *(f"& {formula}" for formula in found.formulas), *rows]
    return "$$\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}$$"


def explanation_html(found: Explanation) -> str:
    """Name and words, the formula for MathJax, and the terms in numbers."""
    determines = f", determines <code>{html.escape(found.determines)}</code>" if found.determines else ""
    words = html.escape(found.words.partition("\n\n")[0])
    formulas = "".join(f"$$\\begin{{aligned}}{formula}\\end{{aligned}}$$" for formula in found.formulas)
    table = _shown_terms(found).rename(columns={"before": "base year", "after": "here"})
    return (
        f"<p><code>{html.escape(found.equation)}</code> (block {found.block}){determines}<br>{words}</p>{formulas}"
        f"{table.to_html(border=0, float_format=lambda number: f'{number:,.6g}')}"
        + "".join(f"<p>{label}: {_sides(found, column)}</p>" for label, column in _COLUMNS.items())
    )


_COLUMNS = {"base year": "before", "here": "after"}


def _shown_terms(found: Explanation) -> pd.DataFrame:
    """The largest terms, left side positive and right side negative, and the sum of all others."""
    terms = found.terms[["before", "after"]]
    ranked = terms.iloc[(-terms.abs().max(axis=1)).argsort(kind="stable")]
    first, rest = ranked.iloc[:_ROWS], ranked.iloc[_ROWS:]
    if len(rest):
        first = pd.concat([first, rest.sum().to_frame(f"{len(rest)} other terms").T])
    return first


def _sides(found: Explanation, column: str) -> str:
    """Sum of the positive terms = sum of the negative ones, in numbers."""
    values = found.terms[column]
    return f"{values.clip(lower=0).sum():,.6g} = {-values.clip(upper=0).sum():,.6g}"


def closure_text(closure: Closure) -> str:
    """A closure: its name, its choice in each market, in words."""
    lines = [f"Closure {closure.name}"]
    if not closure.choices:
        lines.append(fill(closure.description, 96, initial_indent="  ", subsequent_indent="  "))
    for choice in closure.choices:
        head = f"  {choice.market:<11} {choice.name}: "
        lines.append(fill(choice.description, 110, initial_indent=head, subsequent_indent=" " * 14))
    lines += [
        f"  swapped: {', '.join(fixed)} fixed, {', '.join(freed)} free" for fixed, freed in closure.swaps
    ]
    return "\n".join(lines)
