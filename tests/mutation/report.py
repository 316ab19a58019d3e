"""Which check notices which fault: the tables of docs/testing.md, rewritten by ``python -m tests.mutation.report``."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.conftest import MEMBERS, small_benchmark
from tests.mutation.faults import Fault, read_faults
from tests.support import first_principles
from tests.support.properties import CHECKS, STRUCTURE

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
USUAL = tuple(name for name in CHECKS if name not in first_principles.CHECKS and name != "wage floor")
"""Checks that a model of this kind customarily passes: all that ask for no knowledge of its demand systems."""


@dataclass(frozen=True)
class Noticed:
    """A fault and the names of all checks that fail with it, in the order in which they run."""

    fault: Fault
    checks: tuple[str, ...]

    @property
    def usual(self) -> bool:
        """Whether a customary check is enough; a model that is refused or not solved betrays itself, too."""
        return any(name in (STRUCTURE, *USUAL) for name in self.checks)


def notices() -> Iterator[Noticed]:
    """All checks of every fault, none left out once one has failed."""
    benchmark = small_benchmark()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=RuntimeWarning, module="eacu")  # as the tests do
        for fault in read_faults():
            failures = fault.failures(benchmark, MEMBERS, first_only=False)
            yield Noticed(fault, tuple(dict.fromkeys(failure.check for failure in failures)))


def tables(found: list[Noticed]) -> str:
    """The three tables as Markdown: by check, faults that customary checks miss, all faults."""
    missed = [n for n in found if not n.usual]
    lines = [
        f"{len(found)} faults, {sum(bool(n.checks) for n in found)} noticed; {len(missed)} of them by none of the "
        "customary checks.",
        "",
        "| check | faults it notices | that nothing else notices |",
        "|---|---:|---:|",
        *_by_check(found),
        "",
        "### Faults that customary checks miss",
        "",
        "| block | fault | noticed by |",
        "|---|---|---|",
        *(_row(n, n.checks) for n in missed),
        "",
        "### All faults",
        "",
        "| block | fault | noticed first by | and by |",
        "|---|---|---|---|",
        *(_row(n, n.checks[:1], n.checks[1:]) for n in found),
    ]
    return "\n".join(lines)


def _by_check(found: list[Noticed]) -> Iterator[str]:
    every = Counter(name for n in found for name in n.checks)
    alone = Counter(n.checks[0] for n in found if len(n.checks) == 1)
    for name in dict.fromkeys((STRUCTURE, *CHECKS)):
        yield f"| {name} | {every[name]} | {alone[name]} |"


def _row(noticed: Noticed, *columns: tuple[str, ...]) -> str:
    fault = noticed.fault
    closure = "" if fault.closure == "default" else f" ({fault.closure})"
    cells = (", ".join(names) or "–" for names in columns)
    return f"| {fault.block} | `{fault.function}`: {fault.what}{closure} | {' | '.join(cells)} |"


def rewritten_page(page: str, found: list[Noticed]) -> str:
    """The page with the text between its two marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise ValueError(f"{PAGE.name} lacks the marks {BEGIN} and {END} that the tables stand between.")
    return f"{before}{BEGIN}\n\n{tables(found)}\n\n{END}{after}"


def main() -> None:
    """Rewrite the tables in place."""
    found = list(notices())
    PAGE.write_text(rewritten_page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main()
