r"""Parameters, policy sizes and data together: the same draws on several base years.

Each base year (another prior for Belarus, another objective of the balancing, a drawn SAM) is an economy of its own
with its own shares. By the law of total variance

.. math:: \operatorname{Var}(y) = \operatorname{E}[\operatorname{Var}(y \mid SAM)]
          + \operatorname{Var}(\operatorname{E}[y \mid SAM])

so that the second part is what the SAM contributes. All base years count alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ... import data
from ...calibration.draws import remembered, sam_draws
from ..base_year import BaseYear, base_year_of
from ..doing import Tell
from ..regimes import Regime
from .factors import SensitivityError
from .summary import NORMAL
from .sweep import Execution, Sensitivity, sensitivity

SAM = "SAM"
KEYS = ["regime", "region", "indicator", "unit"]


@dataclass(frozen=True)
class Across:
    """A sweep on several base years.

    Attributes:
        bands: regime, region, indicator, unit, ``central`` (mean of the base years' own), ``mean``, ``sd``, ``low``,
            ``high`` (mean and 1.645 standard deviations), ``sam`` (share of the variance that is between base years).
        each: the sweep of each base year by name.
    """

    bands: pd.DataFrame
    each: Mapping[str, Sensitivity]


def across(bases: Mapping[str, BaseYear], *regimes: str | Path | Regime, **options: Any) -> Across:
    """The same sweep on several base years.

    Args:
        bases: base years of the same regions by name, two at least.
        regimes: as in `sensitivity`.
        options: those of `sensitivity` but ``base``; each base year keeps its draws in a folder of its own.

    Raises:
        SensitivityError: fewer than two base years, or ones with other regions; what `sensitivity` raises.
    """
    if len(bases) < 2:
        raise SensitivityError("name two base years or more: one says nothing of what the SAM contributes")
    first = next(iter(bases.values())).benchmark.regions
    for name, base in bases.items():
        if base.benchmark.regions != first:
            raise SensitivityError(
                f"{name} has the regions {', '.join(base.benchmark.regions)}, the first base year {', '.join(first)}"
            )
    execution = options.pop("execution", None) or Execution()
    each = {}
    for name, base in bases.items():
        own = replace(execution, folder=execution.folder / name) if execution.folder else execution
        each[name] = sensitivity(*regimes, base=base, execution=own, **options)
    return Across(_together(each), each)


def drawn_base_years(draws: int, seed: int, tell: Tell = lambda line: None) -> dict[str, BaseYear]:
    """Base years on SAMs drawn from the stated reliabilities (`eacu.calibration.draws`), called ``SAM 0`` and so on.

    Raises BalanceError if a drawn table cannot be balanced.
    """
    tables = remembered(data.reader())
    return {
        f"SAM {d.number}": base_year_of(d.build, tables) for d in sam_draws(tables, draws, seed, tell=tell)
    }


def _together(each: Mapping[str, Sensitivity]) -> pd.DataFrame:
    """Bands over all base years by the law of total variance."""
    rows = pd.concat([found.bands.assign(base=name) for name, found in each.items()], ignore_index=True)
    rows["variance"] = rows["sd"] ** 2
    groups = rows.groupby(KEYS, sort=False)
    mean, within, between = groups["mean"].mean(), groups["variance"].mean(), groups["mean"].var(ddof=0)
    sd = (within + between) ** 0.5
    frame = pd.DataFrame(
        {
            "central": groups["central"].mean(),
            "mean": mean,
            "sd": sd,
            "low": mean - NORMAL * sd,
            "high": mean + NORMAL * sd,
            "sam": between / (within + between).where(within + between > 0.0),
        }
    )
    return frame.reset_index()
