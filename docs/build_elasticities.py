"""Write docs/elasticities.md and .json: results under every named set of trade elasticities.

Run it as ``python docs/build_elasticities.py`` (a minute or two). ``eacu elasticities`` prints the same.
"""

from __future__ import annotations

from pathlib import Path

from eacu.experiments.base_year import load_base_year
from eacu.experiments.elasticity_sets import compare_elasticities, elasticity_sets
from eacu.report.elasticities_page import elasticities_json, elasticities_page

PAGE = Path(__file__).with_name("elasticities.md")
VALUES = Path(__file__).with_name("elasticities.json")
REGIMES = ("union-2010-07", "ces-2012", "wto-russia")


def build() -> tuple[str, str]:
    """The page and the JSON."""
    base = load_base_year()
    sets = list(elasticity_sets().values())
    table = compare_elasticities(REGIMES, base=base, tell=print)
    command = "python docs/build_elasticities.py"
    return elasticities_page(sets, base.benchmark, table, command), elasticities_json(
        sets, base.benchmark, table
    )


if __name__ == "__main__":
    page, values = build()
    PAGE.write_text(page, encoding="utf-8")
    VALUES.write_text(values + "\n", encoding="utf-8")
