"""Write docs/ladder.md, docs/ladder.json and docs/figures/ladder.svg: what each mechanism adds, beside what was found.

Run it as ``python docs/build_ladder.py`` (half a minute), after ``python docs/build_reproduction.py``, whose
``reproduction.json`` it reads. The text is in ``data/literature/ladder.toml``, the figures are computed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eacu.experiments.ladder import INDICATORS, climb, load_ladder
from eacu.experiments.reproduce import load_rows
from eacu.report.ladder_page import ladder_figure, ladder_page

PAGE = Path(__file__).with_name("ladder.md")
VALUES = Path(__file__).with_name("ladder.json")
FIGURE = PAGE.parent / "figures" / "ladder.svg"
REPRODUCTION = Path(__file__).with_name("reproduction.json")
COMMAND = "python docs/build_ladder.py"


def solve() -> dict[str, Any]:
    """What each rung adds, plain numbers: rung, member, column."""
    found = climb(load_ladder())
    return {rung: table.rename(columns=INDICATORS).T.to_dict() for rung, table in found.items()}


def published() -> dict[int, dict[str, Any]]:
    """Rows of the table of estimates as it was written last, by id."""
    written = json.loads(REPRODUCTION.read_text(encoding="utf-8"))["rows"]
    return {row.estimate: entry for row, entry in zip(load_rows(), written, strict=True)}


def main() -> None:
    """Solve and write."""
    rungs, values, rows = load_ladder(), solve(), published()
    VALUES.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(ladder_page(rungs, values, rows, COMMAND), encoding="utf-8")
    ladder_figure(rungs, values, rows, FIGURE)


if __name__ == "__main__":
    main()
