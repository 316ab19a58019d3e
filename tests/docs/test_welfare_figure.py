"""The picture of the welfare terms shows the numbers of the model."""

from __future__ import annotations

import re
from pathlib import Path

from eacu.experiments.run import run
from eacu.report.plots import welfare_figure

FIGURE = Path(__file__).parents[2] / "docs" / "figures" / "welfare.svg"


def texts(file: Path) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)<", file.read_text(encoding="utf-8"))


def test_the_picture_of_welfare_is_current(tmp_path):
    page = (FIGURE.parents[1] / "welfare.md").read_text(encoding="utf-8")
    command = re.search(r"`(eacu decompose (\S+) --welfare --figure docs/figures/welfare\.svg)`", page)
    solution = run(command[2])[command[2]].solution
    drawn = welfare_figure(solution.welfare(), command[2], solution.members, tmp_path / "welfare.svg")
    assert {"RUS", "BLR", "KAZ", "terms of trade", "pool transfer"} <= set(texts(drawn))
    assert texts(FIGURE) == texts(drawn), f"the picture is out of date; run: {command[1]}"
