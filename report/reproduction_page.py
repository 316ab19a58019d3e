"""The reproduction table in words: rows for the console, a page of Markdown, plain values for JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING

from ..experiments.reproduce import rankings, verdict_of
from .layout import band, finite, markdown, number, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from ..experiments.reproduce import Reproduction

RUNGS = {
    1: "Tariffs and the pool",
    2: "Borders, standards, energy",
    3: "Services, varieties, capital",
    4: "Technology and convergence",
}
RULE = (
    "The rule was written before the numbers; since then it has been made stricter, not milder (net positions, "
    "inputs, sizes that rest on an assumption). *Reproduced*: the same sign and within a factor of two (a "
    "published range: its nearer end, or inside it; at most x: between nothing and x). *Inside the band*: the "
    "published figure lies between our smallest and largest over trade elasticities 50 % lower and higher. *Sign "
    "only*, *opposite sign*: what they say. *Sign reproduced*: the study publishes no more than a sign; no "
    "significant effect, or a marginal one, means at most 0.05 in the row's unit. A share that has a key is "
    "judged by the difference from the key, a ratio by the difference from one. Verdicts that are no test, "
    "whatever the figures are: *input*, the figure goes into the model; *size assumed*, the sign is the study's "
    "and the size that of an assumption of ours, over which the band is taken as well; *by inversion*, the "
    "published effect is imposed and the productivity it takes is solved for: ours is what the model explains "
    "without it, and the note says what it takes. *Not reproducible*: a mechanism is missing, and the note says "
    "which. Figures derived or not read in the source are marked, and counted apart."
)


def reproduction_json(rows: Sequence[Reproduction]) -> str:
    """Rows as JSON; a number that does not exist is null."""
    read, unread = _by_evidence(rows)
    document = {
        "rows": [row.as_dict() for row in rows],
        "verdicts": _tally(read),
        "verdicts_of_figures_not_read": _tally(unread),
        "rankings": [{**asdict(ranking), "holds": ranking.holds} for ranking in rankings(rows)],
    }
    return json.dumps(finite(document), indent=2, ensure_ascii=False, allow_nan=False)


def reproduction_table(rows: Sequence[Reproduction]) -> Table:
    """One row per published estimate, the ladder's rungs in turn."""
    table = plain_table(
        "Published estimates and ours (band: trade elasticities 50 % lower and higher)",
        ("study", "member", "metric", "verdict"),
        ("published", "ours", "band"),
    )
    for rung, title in RUNGS.items():
        table.add_row(title, "", "", "", "", "", "", style="bold")
        for row in (r for r in rows if r.row.rung == rung):
            study = f"  {_short(row)} {row.published.year}"
            metric = f"{row.published.metric}, {row.published.unit}"
            table.add_row(study, row.published.member, metric[:48], row.verdict, *_figures(row))
        table.add_section()
    return table


def reproduction_page(rows: Sequence[Reproduction], command: str) -> str:
    """The page ``docs/reproduction.md``."""
    parts = [
        "# Published estimates and ours\n",
        f"Written by `{command}`; the figures are computed, not typed. {RULE}\n",
        f"{counted(rows)}\n",
    ]
    for rung, title in RUNGS.items():
        chosen = [row for row in rows if row.row.rung == rung]
        if chosen:
            parts += [f"## {title}\n", _section(chosen), *_notes(chosen)]
    return "\n".join([*parts, *_rankings(rows)])


def counted(rows: Sequence[Reproduction]) -> str:
    """How many rows have which verdict; those set against figures that were not read are told apart."""
    read, unread = _by_evidence(rows)
    text = f"{len(rows)} estimates. {len(read)} against figures read in the source: {_in_words(read)}."
    if unread:
        text += f" {len(unread)} against figures that were not read, or are derived: {_in_words(unread)}."
    return text


def _rankings(rows: Sequence[Reproduction]) -> list[str]:
    """Published rankings with our figures, and whether ours are in the same order."""
    found = rankings(rows)
    if not found:
        return []
    lines = []
    for one in found:
        pairs = ", ".join(
            f"{member} {number(ours)}" for member, ours in zip(one.members, one.ours, strict=True)
        )
        lines.append(
            f"- {one.says}; ours in the published order: {pairs}: {'holds' if one.holds else 'does not hold'}."
        )
    return ["## Rankings\n", *lines, ""]


def _section(rows: Sequence[Reproduction]) -> str:
    header = [
        "",
        "study",
        "scenario",
        "member",
        "metric, unit",
        "published",
        "ours",
        "band",
        "regime",
        "verdict",
    ]
    lines = []
    for row in rows:
        p, r = row.published, row.row
        regime = "" if r.measure is None else f"`{r.measure.regime}`"
        if r.measure is not None and r.measure.minus:
            regime += f" {'against' if r.measure.relative else '-'} `{r.measure.minus}`"
        if r.over is not None:
            regime = f"({regime}) over (`{r.over.regime}`" + (
                f" - `{r.over.minus}`)" if r.over.minus else ")"
            )
        if r.inversion is not None:
            regime = f"target `{r.inversion.target}`"
        if r.closure:
            regime += f", {r.closure}"
        figure, ours, ours_band = _figures(row)
        study = f"{_short(row)} {p.year}"
        verdict = row.verdict + (" (fitted)" if r.fitted else "")
        metric = f"{p.metric}, {p.unit}"
        lines.append(
            [str(r.estimate), study, p.scenario, p.member, metric, figure, ours, ours_band, regime, verdict]
        )
    return markdown(header, [[cell.replace("|", "/") for cell in line] for line in lines])


def _notes(rows: Sequence[Reproduction]) -> list[str]:
    """Notes below a section, each once, with the numbers of the rows they belong to."""
    notes: dict[str, list[str]] = {}
    for row in rows:
        note = row.stated
        lacking = [m for m in row.row.mechanisms if m not in row.row.counted]
        if lacking and row.row.measure is not None:
            note = f"{note} Not counted by us: {', '.join(lacking)}.".strip()
        if note:
            notes.setdefault(note, []).append(str(row.row.estimate))
        if row.required_in_words:
            notes[row.required_in_words] = [str(row.row.estimate)]
    return [f"- {', '.join(ids)}: {note}" for note, ids in notes.items()] + [""]


def _figures(row: Reproduction) -> tuple[str, str, str]:
    p = row.published
    figure = p.published + ("" if p.evidence == "read" else f" ({p.evidence})")
    return figure, _decisive(row), band(row.low, row.high)


def _decisive(row: Reproduction) -> str:
    """Our figure with as many digits as it takes to see that the verdict is right."""
    text = number(row.ours)
    for digits in range(2, 6):
        if not isfinite(row.ours) or _verdict_of_text(row, text) == row.verdict:
            break
        text = f"{row.ours:,.{digits}f}"
    return text


def _verdict_of_text(row: Reproduction, text: str) -> str:
    return verdict_of(row.row, row.published, float(text.replace(",", "")), row.low, row.high)


def _short(row: Reproduction) -> str:
    """The authors, or what stands before the first comma of a title."""
    return row.published.study.split(" (")[0].partition(", The ")[0].partition(", Impact")[0][:60]


def _by_evidence(rows: Sequence[Reproduction]) -> tuple[list[Reproduction], list[Reproduction]]:
    """Rows whose published figure was read in its source, and the others."""
    return [r for r in rows if r.published.verified], [r for r in rows if not r.published.verified]


def _in_words(rows: Sequence[Reproduction]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in _tally(rows).items())


def _tally(rows: Sequence[Reproduction]) -> dict[str, int]:
    return dict(Counter(row.verdict for row in rows).most_common())
