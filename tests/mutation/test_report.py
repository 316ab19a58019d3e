"""The tables of docs/testing.md: how they are written, and that they are current."""

from __future__ import annotations

import pytest

from tests.mutation.faults import Fault
from tests.mutation.report import BEGIN, END, PAGE, Noticed, notices, rewritten_page, tables

FOUND = [
    Noticed(Fault("too little", "trade", "shipments", "a", "b"), ("Walras", "markets")),
    Noticed(Fault("too much", "trade", "arrivals", "a", "b", "short-run"), ("importers",)),
]


def test_a_fault_counts_for_every_check_that_notices_it_and_for_the_only_one():
    text = tables(FOUND)
    assert "2 faults, 2 noticed; 1 of them by none of the customary checks." in text
    assert "| Walras | 1 | 0 |" in text
    assert "| importers | 1 | 1 |" in text
    missed = text.partition("### Faults that customary checks miss")[2].partition("###")[0]
    assert "| trade | `arrivals`: too much (short-run) | importers |" in missed
    assert "too little" not in missed


def test_only_what_stands_between_the_marks_is_rewritten():
    page = rewritten_page(f"before\n{BEGIN}\nobsolete\n{END}\nafter\n", FOUND)
    assert page.startswith(f"before\n{BEGIN}\n") and page.endswith(f"{END}\nafter\n")
    assert "obsolete" not in page and "too little" in page


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="lacks the marks"):
        rewritten_page("no marks", FOUND)


@pytest.mark.slow
def test_the_page_is_current():
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten_page(page, list(notices())) == page, "run: python -m tests.mutation.report"
