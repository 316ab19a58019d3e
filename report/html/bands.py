"""The 90 per cent band of the headline figures: the same that ``eacu run --band`` and ``compare --band`` print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from ...experiments.base_year import BaseYear
from ...experiments.regimes import Regime
from ...experiments.sensitivity.bands import differences, minus, regime_bands
from ...experiments.sensitivity.factors import SensitivityError


@dataclass(frozen=True)
class StudyBand:
    """The band of a regime, or of its difference to the one it is compared with.

    ``table``: region, indicator, central, low, high and the other columns of `summary.bands`; of a regime as against
    the base year, of a difference as it is. ``points`` were solved, ``lost`` of them have no solution. Where there is
    no band, ``table`` has no rows and ``problem`` says why.
    """

    table: pd.DataFrame
    points: int = 0
    lost: int = 0
    problem: str = ""

    def ends(self, indicator: str, region: str) -> tuple[float, float]:
        """Lower and upper end; NaN for a figure without a band."""
        rows = self.table[(self.table["indicator"] == indicator) & (self.table["region"] == region)]
        return (float(rows["low"].iloc[0]), float(rows["high"].iloc[0])) if len(rows) else (float("nan"),) * 2


def study_band(
    regimes: Sequence[Regime],
    closure: str | None,
    base: BaseYear,
    tell: Callable[[str], None] = lambda line: None,
) -> StudyBand:
    """The band of the first regime, or of its difference to the second, by quadrature.

    Raises what `eacu.experiments.sensitivity.sweep.sensitivity` raises but SensitivityError, which becomes the
    ``problem``: a page without a band is a page all the same.
    """
    lost = 0
    try:
        found = regime_bands(*regimes, closure=closure, base=base, tell=tell)
        lost = len(found.failed)
        name = regimes[0].name
        if len(regimes) > 1:
            name = minus(name, regimes[1].name)
            found = differences(found, [regimes[1].name, regimes[0].name])
    except SensitivityError as error:
        nothing = pd.DataFrame(columns=["region", "indicator", "central", "low", "high"])
        return StudyBand(nothing, lost=lost, problem=str(error))
    return StudyBand(found.bands[found.bands["regime"] == name].reset_index(drop=True), len(found.t), lost)
