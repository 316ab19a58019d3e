"""Write docs/uncertainty.md and .json: how much of the main results is data, elasticity, policy size and closure.

Run it as ``python docs/build_uncertainty.py`` (five minutes of processor time on each of four cores).
"""

from __future__ import annotations

import json
from pathlib import Path

from eacu.experiments.base_year import load_base_year
from eacu.experiments.sensitivity.bases import across, drawn_bases
from eacu.report.uncertainty_page import uncertainty_page, uncertainty_values

PAGE = Path(__file__).with_name("uncertainty.md")
VALUES = Path(__file__).with_name("uncertainty.json")
REGIMES = ("union-2010-07", "union-2011", "wto-joint")
SAMS, SEED, METHOD = 20, 2007, "quadrature"
COMMAND = "python docs/build_uncertainty.py"


def build() -> tuple[str, str]:
    """The page and the JSON."""
    found = across(drawn_bases(SAMS, SEED), *REGIMES, closures=True, method=METHOD, seed=SEED, tell=print)
    draws = int(next(iter(found.each.values())).t.shape[0])
    asked = {"regimes": list(REGIMES), "sams": SAMS, "seed": SEED, "method": METHOD, "draws": draws}
    values = uncertainty_values(found, load_base_year().benchmark.members, asked)
    return uncertainty_page(values, COMMAND), json.dumps(values, indent=1, allow_nan=False)


if __name__ == "__main__":  # processes that spawn import this file again
    page, text = build()
    PAGE.write_text(page, encoding="utf-8")
    VALUES.write_text(text + "\n", encoding="utf-8")
