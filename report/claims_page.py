"""Claims and facts in words: rows for the console, a page of Markdown, plain values for JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .layout import band, finite, markdown, number, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from ..experiments.claims import Answer, Statement
    from ..experiments.facts import Fact

VERDICTS = {
    "holds": "holds in every variant",
    "holds, not in every variant": "holds in the central case, not in every variant",
    "no noticeable effect": "no noticeable effect",
    "fails, holds in some variants": "does not hold in the central case, holds in some variants",
    "fails": "does not hold in any variant",
}


def claims_json(answers: Sequence[Answer], facts: Sequence[Fact]) -> str:
    """Claims and facts as JSON; a number that does not exist is null."""
    document = {
        "claims": [answer.as_dict() for answer in answers],
        "facts": [fact.as_dict() for fact in facts],
    }
    return json.dumps(finite(document), indent=2, ensure_ascii=False, allow_nan=False)


def claims_table(answers: Sequence[Answer]) -> Table:
    """One row per claim: verdict, number, band; below it every test."""
    table = plain_table(
        "Claims (band: smallest and largest over the variants)", ("", "verdict"), ("central", "band")
    )
    for answer in answers:
        table.add_row(f"{answer.claim.id}: {answer.claim.claim}", answer.verdict, "", "", style="bold")
        for n, statement in enumerate(answer.claim.statements):
            table.add_row(f"  {_says(statement)}", *_row(answer, n))
        table.add_section()
    return table


def facts_table(facts: Sequence[Fact]) -> Table:
    """One row per fact: published, benchmark, whether they agree."""
    table = plain_table("Facts of the base year", ("",), ("published", "2007 here", "agree"))
    for fact in facts:
        table.add_row(
            f"{fact.says}, {fact.unit}",
            f"{fact.published} ({fact.year})" if len(fact.year) < 20 else fact.published,
            f"{fact.value:.1f}",
            "yes" if fact.agrees else "no",
        )
    return table


def claims_page(answers: Sequence[Answer], facts: Sequence[Fact], command: str) -> str:
    """The page ``docs/claims.md``."""
    variants = [str(name) for name in answers[0].values.columns]
    parts = [
        "# Claims about the union, answered\n",
        f"Written by `{command}`; the figures are computed, not typed. Static model of 2007. Each claim is a list of "
        "tests on the model's output (`data/claims/claims.toml`). The band runs over "
        f"{len(variants)} variants: {', '.join(variants)}. Parameter uncertainty beyond these, and mechanisms "
        "that a regime does not count, are outside the band.\n",
        "## In short\n",
        markdown(
            ["claim", "verdict", "tests that hold", "the test that decides", "central", "band"],
            [
                [
                    f"[{a.claim.claim}](#{a.claim.id})",
                    VERDICTS[a.verdict],
                    _count(a),
                    _says(a.claim.tests[a.deciding]),
                    *_row(a, a.deciding)[1:],
                ]
                for a in answers
            ],
        ),
    ]
    parts += [_section(answer) for answer in answers]
    parts += ["## Facts of the base year\n", _facts_section(facts)]
    return "\n".join(parts)


def _section(answer: Answer) -> str:
    claim = answer.claim
    held = answer.held()
    lines = [
        f"## {claim.id}\n",
        f"**{claim.claim}** ({claim.said_by}.)\n",
        f"*{VERDICTS[answer.verdict].capitalize()}.* {' '.join(claim.channel.split())}\n",
    ]
    if not held.all() and held.any():
        lines.append(f"Holds with: {', '.join(map(str, held[held].index))}.\n")
    if claim.missing:
        lines.append(f"Not counted: {' '.join(claim.missing.split())}\n")
    rows = []
    for n, statement in enumerate(claim.statements):
        *_, central, band = _row(answer, n)
        verdict = (
            ("yes" if statement.holds(float(answer.values["central"].iloc[n])) else "no")
            if (statement.is_test)
            else ""
        )
        rows.append([_says(statement), f"`{_regimes(statement)}`", central, band, verdict])
    lines.append(markdown(["", "regime", "central", "band", "holds"], rows))
    return "\n".join(lines)


def _facts_section(facts: Sequence[Fact]) -> str:
    rows = [
        [f.says, f.unit, f"{f.published} ({f.year})", f"{f.value:.1f}", "yes" if f.agrees else "no", f.source]
        for f in facts
    ]
    return markdown(["fact", "unit", "published", "benchmark, 2007", "agrees", "source"], rows)


def _count(answer: Answer) -> str:
    """How many tests hold in the central case."""
    held = [test.holds(float(answer.values["central"].iloc[n])) for n, test in enumerate(answer.claim.tests)]
    return f"{sum(held)} of {len(held)}"


def _says(statement: Statement) -> str:
    return f"{statement.says}, {statement.in_words()}"


def _regimes(statement: Statement) -> str:
    return f"{statement.regime} - {statement.minus}" if statement.minus else statement.regime


def _row(answer: Answer, n: int) -> tuple[str, str, str]:
    statement, values = answer.claim.statements[n], answer.values.iloc[n]
    verdict = ("yes" if statement.holds(float(values["central"])) else "no") if statement.is_test else ""
    shown = band(values.min(), values.max()) if len(values) > 1 else ""
    return verdict, number(values["central"]), shown
