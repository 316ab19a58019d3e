"""Write docs/reproduction.md and docs/reproduction.json: published estimates set beside the model's own.

Run it as ``python docs/build_reproduction.py`` (a few minutes). ``eacu reproduce`` prints the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eacu.experiments.claims import Variant
from eacu.experiments.reproduce import BAND, Row, reproduce
from eacu.report.reproduction_page import reproduction_json, reproduction_page

PAGE = Path(__file__).with_name("reproduction.md")
VALUES = Path(__file__).with_name("reproduction.json")


def build(chosen: Iterable[Row] | None = None, band: Iterable[Variant] = BAND) -> tuple[str, str]:
    """The page and the JSON, of all rows or of those chosen, with the cases of the band or fewer."""
    rows = reproduce(chosen, band=band)
    return reproduction_page(rows, "python docs/build_reproduction.py"), reproduction_json(rows)


if __name__ == "__main__":
    page, values = build()
    PAGE.write_text(page, encoding="utf-8")
    VALUES.write_text(values + "\n", encoding="utf-8")
