"""Lines that say what is being done carry the share of the work already done."""

from __future__ import annotations

import pytest

from eacu.experiments.doing import Doing, Work


def told(lines):
    return [(str(line), pytest.approx(line.share)) for line in lines]


def test_shares_count_what_is_done_before_a_step():
    lines: list[str] = []
    work = Work(lines.append, size=4)
    work.at("read")
    work.at("build", weight=2)
    work.at("solve")
    work.finish()
    assert told(lines) == [("read", 0.0), ("build", 0.25), ("solve", 0.75), ("done", 1.0)]


def test_a_part_tells_its_share_of_the_whole_and_keeps_the_rest_to_itself():
    lines: list[str] = []
    work = Work(lines.append, size=2)
    work.at("first")
    inner = Work(work.part("second"), size=2)
    inner.at("half")
    inner.at("other half")
    inner.finish()
    work.part("never counted")("was done")
    assert told(lines) == [
        ("first", 0.0),
        ("second", 0.5),
        ("second: half", 0.5),
        ("second: other half", 0.75),
        ("never counted", 0.99),  # 1 only when finished
    ]


def test_each_counts_steps_and_passes_on_what_was_done():
    lines: list[str] = []
    work = Work(lines.append, size=2)
    work.each(Doing("year 2008"))
    work.each("two years")
    work.each(Doing("year 2009"))
    assert [str(line) for line in lines] == ["year 2008", "two years", "year 2009"]
    assert [getattr(line, "share", None) for line in lines] == [0.0, None, 0.5]
