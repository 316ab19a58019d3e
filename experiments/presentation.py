"""How regimes, solved regimes and runs show themselves in a terminal and in a notebook."""

from __future__ import annotations

import html
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from ..model.presentation import headline_html, headline_text, signed

if TYPE_CHECKING:
    from .regimes import Regime
    from .run import Run, SolvedRegime


def regime_text(regime: Regime) -> str:
    """Name, title and question; members, tariffs, what else it sets, what it builds on."""
    lines = [f"Regime {regime.name}: {regime.title}", _item("question", " ".join(regime.question.split()))]
    if regime.members:
        keys = ", ".join(f"{region} {100 * share:g} %" for region, share in regime.union.keys.items())
        pool = f"; duties pooled and shared {keys}" if regime.union.pooling else ""
        free = "; free trade inside" if regime.union.internal_free_trade else ""
        lines.append(_item("union", ", ".join(regime.members) + free + pool))
    if regime.tariffs:
        rules = (f"{region} {rule.schedule}" for region, rule in regime.tariffs.items())
        lines.append(_item("tariffs", ", ".join(rules)))
    counts = {"single rates": regime.rates, "exceptions": regime.exceptions, "borders": regime.borders}
    also = [f"{len(found)} {name}" for name, found in counts.items() if found]
    if also:
        lines.append(_item("also sets", ", ".join(also)))
    lines.append(_item("builds on", f"{regime.builds_on or 'nothing'}; closure {regime.closure}"))
    return "\n".join(lines)


def solved_text(solved: SolvedRegime) -> str:
    """Title, headline by member, and whether the solution passed its checks."""
    head = f"{solved.name}: {solved.regime.title} (closure {solved.closure.name})"
    table = headline_text(solved.indicators, solved.solution.members)
    return f"{head}\nchange against {solved.solution.benchmark.year}\n{table}\n{_verdict(solved)}"


def solved_html(solved: SolvedRegime) -> str:
    """The same as HTML."""
    return (
        f"<p><b>{html.escape(solved.name)}</b>: {html.escape(solved.regime.title)} "
        f"(closure {html.escape(solved.closure.name)})<br>change against {solved.solution.benchmark.year}</p>"
        f"{headline_html(solved.indicators, solved.solution.members)}<p>{html.escape(_verdict(solved))}</p>"
    )


def run_table(run: Run) -> pd.DataFrame:
    """Welfare of each member in each regime, % of consumption."""
    members = list(run.members)
    return pd.DataFrame({r.name: r.indicators.loc[members, "ev_pct_consumption"] for r in run}).T.rename_axis(
        index=None, columns=None
    )


def run_text(run: Run) -> str:
    """Welfare by member and regime, status, and what has no solution."""
    lines = [
        f"Run of {len(run)} regime{'s' if len(run) > 1 else ''}, {run.status}",
        "welfare (equivalent variation), % of consumption",
        run_table(run).map(signed).to_string(),
    ]
    return "\n".join([*lines, *(f"not solved: {failure.name}" for failure in run.failed)])


def run_html(run: Run) -> str:
    """The same as HTML."""
    failed = "".join(f"<p>not solved: {html.escape(failure.name)}</p>" for failure in run.failed)
    return (
        f"<p>Run, {run.status}: welfare (equivalent variation), % of consumption</p>"
        f"{run_table(run).map(signed).to_html(border=0)}{failed}"
    )


def _verdict(solved: SolvedRegime) -> str:
    bad = [check.name for check in solved.checks if not check.passed]
    if bad:
        return f"CHECK FAILED: {', '.join(bad)}"
    return (
        f"all {len(solved.checks)} checks passed; {solved.iterations} Newton steps, "
        f"largest residual {solved.max_residual:.1e}"
    )


def _item(label: str, text: str) -> str:
    return fill(text, 100, initial_indent=f"  {label:<10} ", subsequent_indent=" " * 13)
