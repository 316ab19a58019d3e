"""Write docs/backcast.md and .json: 2007 to 2012 as the model tells it, beside what happened.

Run it as ``python docs/build_backcast.py``. ``eacu backcast`` prints the same.
"""

from __future__ import annotations

from pathlib import Path

from eacu.experiments.backcast import backcast
from eacu.report.backcast_page import backcast_json, backcast_page

PAGE = Path(__file__).with_name("backcast.md")
VALUES = Path(__file__).with_name("backcast.json")


def build() -> tuple[str, str]:
    """The page and the JSON."""
    found = backcast()
    return backcast_page(found, "python docs/build_backcast.py"), backcast_json(found)


if __name__ == "__main__":
    page, values = build()
    PAGE.write_text(page, encoding="utf-8")
    VALUES.write_text(values + "\n", encoding="utf-8")
