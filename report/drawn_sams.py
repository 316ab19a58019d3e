"""What a band over elasticities and policy sizes leaves out: the SAM, and how far drawn SAMs move the same figure.

The figures are those that ``docs/build_calibration_experiments.py`` computed, and they are told only of a figure that
is the same: one whose value on the committed SAM is the centre of the band. An installed package without its manual
says no more than that the SAM is held fixed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .layout import number

COMPUTED = Path(__file__).resolve().parent.parent / "docs" / "calibration_experiments.json"
PAGE = "docs/calibration_experiments.md"
HELD = "Elasticities and policy sizes vary; the SAM is held fixed"
INDICATOR = "ev_pct_consumption"
"""The figure that is told of: welfare in per cent of consumption, which can be compared between regions."""
SAME = 1e-5
"""Two values of one figure, in per cent, differ by less than this."""


class Drawn(NamedTuple):
    """One figure over drawn SAMs: on the committed SAM, and its 5th and 95th percentile over ``draws`` SAMs."""

    committed: float
    low: float
    high: float
    draws: int


@lru_cache(maxsize=2)
def drawn_sams(file: Path = COMPUTED) -> dict[tuple[str, str, str], Drawn]:
    """What was computed over drawn SAMs by (regime, region, indicator); nothing without the file.

    Raises KeyError naming what is missing if the file is not one of ``experiments_json``.
    """
    if not file.is_file():
        return {}
    document = json.loads(file.read_text(encoding="utf-8"))
    count = sum(trial["name"].startswith("draw ") for trial in document["trials"])
    return {
        (row["regime"], row["member"], row["indicator"]): Drawn(
            row["committed"], row["5 %"], row["95 %"], count
        )
        for row in document["bands"]
    }


def held_fixed(
    central: Mapping[tuple[str, str], float],
    titles: Mapping[str, str] | None = None,
    span: Callable[[float, float], str] = lambda low, high: f"{number(low)} to {number(high)}",
    file: Path = COMPUTED,
) -> str:
    """What stands under a band: what is held fixed, and what drawn SAMs make of the same figures.

    Args:
        central: welfare in per cent of consumption at the centre of the band, by (regime, region).
        titles: names of regions (default: their codes).
        span: how a range is written.
        file: what was computed.
    """
    known, told = drawn_sams(file), []
    for (regime, region), value in central.items():
        found = known.get((regime, region, INDICATOR))
        if found is not None and abs(found.committed - value) < SAME:
            name = (titles or {}).get(region, region)
            told.append((regime, f"{name} {span(found.low, found.high)}", found.draws))
    if not told:
        return f"{HELD}."
    parts = []
    for regime in dict.fromkeys(name for name, _, _ in told):
        parts.append(f"{regime}: {', '.join(words for name, words, _ in told if name == regime)}")
    return (
        f"{HELD}: over {told[0][2]} drawn SAMs the same figure, welfare in % of consumption, runs (5 to 95 %) in "
        f"{'; '.join(parts)}; see {PAGE}."
    )
