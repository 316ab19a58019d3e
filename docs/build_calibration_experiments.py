"""Write docs/calibration_experiments.md and .json: results on other estimates of the base year.

Run it as ``python docs/build_calibration_experiments.py`` (minutes). ``eacu sam-experiments`` prints the same.
"""

from __future__ import annotations

from pathlib import Path

from eacu.experiments.sam_experiments import sam_experiments
from eacu.experiments.sensitivity.execution import cores
from eacu.report.sam_experiments_page import experiments_json, experiments_page

PAGE = Path(__file__).with_name("calibration_experiments.md")
VALUES = Path(__file__).with_name("calibration_experiments.json")
REGION, DRAWS, SEED = "BLR", 20, 2007
HEAD = """# Calibration experiments

How much of a result is the data? The base year is an estimate; here it is estimated in other ways and the same regimes
are solved on each estimate. Every figure is computed.

"""


def build() -> tuple[str, str]:
    """The page and the JSON."""
    trials = sam_experiments(draws=DRAWS, seed=SEED, workers=cores(), tell=print)
    command = "python docs/build_calibration_experiments.py"
    return HEAD + experiments_page(trials, REGION, command), experiments_json(trials, REGION)


if __name__ == "__main__":
    page, values = build()
    PAGE.write_text(page, encoding="utf-8")
    VALUES.write_text(values + "\n", encoding="utf-8")
