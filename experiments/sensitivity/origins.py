r"""How much of a result is data, how much an elasticity, how much the size of a policy, how much closure?

The same draws of factors are solved on every base year. By the law of total variance

.. math:: \operatorname{Var}(y) = \operatorname{E}[\operatorname{Var}(y \mid SAM)]
          + \operatorname{Var}(\operatorname{E}[y \mid SAM])

where the second part is what the SAM contributes; all base years count alike. The first part is divided among
elasticities and policy sizes in proportion to squared exact derivatives,

.. math:: w_k = \frac{\sum_{f \in k} (dy / dt_f)^2}{\sum_f (dy / dt_f)^2}, \qquad t_f \text{ of variance one},

right to first order. Closures are not drawn, nobody can say how likely each is: what they do is shown as a range.

Drawn SAMs are a sample. With :math:`n` of them and normal means the sum of squares over the variance that
all SAMs would show is chi-squared with :math:`n - 1` degrees of freedom, which gives 90 per cent limits of the share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .summary import BAND, NORMAL

if TYPE_CHECKING:
    from .sweep import Sensitivity

KEYS = ["regime", "region", "indicator", "unit"]
PLACE = ["regime", "region", "indicator"]


def origins(each: Mapping[str, Sensitivity], sampled: bool, closures: pd.DataFrame) -> pd.DataFrame:
    """Bands over all base years and what the spread comes from, one row for each regime, region and outcome.

    Args:
        each: a sweep for each base year, over the same regimes and factors.
        sampled: the base years are a sample (drawn SAMs), so that the variance between them is divided by one less
            than their number; otherwise they are all that is asked about.
        closures: `closures.closure_sweep`; may be empty.

    Returns:
        Columns regime, region, indicator, unit; ``central`` (mean of the base years' own), ``mean``, ``sd``, ``low``,
        ``high`` (mean and 1.645 standard deviations); shares of the variance that sum to one: ``sam``,
        ``elasticities``, ``policy`` (NaN where nothing varies); ``sam_low``, ``sam_high`` (90 per cent limits
        of ``sam``, of a sample only); ``closure_low``, ``closure_high`` and their names ``closure_lowest``,
        ``closure_highest``, where closures were swept.
    """
    rows = pd.concat([found.bands.assign(base=name) for name, found in each.items()], ignore_index=True)
    rows["variance"] = rows["sd"] ** 2
    groups = rows.groupby(KEYS, sort=False)
    mean, within = groups["mean"].mean(), groups["variance"].mean()
    between = groups["mean"].var(ddof=1 if sampled else 0)
    variance = within + between
    sd = variance**0.5
    share = between / variance.where(variance > 0.0)
    policy = (1.0 - share) * _policy_share(each).reindex(share.index)
    low, high = limits(between, within, len(each)) if sampled else (np.nan, np.nan)
    frame = pd.DataFrame(
        {
            "central": groups["central"].mean(),
            "mean": mean,
            "sd": sd,
            "low": mean - NORMAL * sd,
            "high": mean + NORMAL * sd,
            "sam": share,
            "elasticities": 1.0 - share - policy,
            "policy": policy,
            "sam_low": low,
            "sam_high": high,
        }
    ).reset_index()
    return frame if closures.empty else frame.merge(_closure_range(closures), on=PLACE, how="left")


def _policy_share(each: Mapping[str, Sensitivity]) -> pd.Series:
    """Share of policy sizes in the variance within base years, to first order; zero where no factor moves a thing."""
    parts = []
    for found in each.values():
        shocks = {factor.name for factor in found.factors if factor.is_shock}
        rows = found.derivatives
        square = rows["per_sd"] ** 2
        parts.append(rows.assign(all=square, policy=square.where(rows["factor"].isin(shocks), 0.0)))
    sums = pd.concat(parts).groupby(KEYS, sort=False)[["all", "policy"]].sum()
    return (sums["policy"] / sums["all"].where(sums["all"] > 0.0)).fillna(0.0)


def limits(between: pd.Series, within: pd.Series, n: int) -> tuple[pd.Series, pd.Series]:
    """90 per cent limits of the share between base years, by those of the variance of a normal sample.

    Args:
        between: variance of ``n`` means, sums of squares over ``n - 1``.
        within: variance on one base year, taken as known.
    """
    from scipy.stats import chi2

    least, most = ((n - 1) * between / chi2.ppf(p, n - 1) for p in reversed(BAND))
    return tuple(v / (v + within).where(v + within > 0.0) for v in (least, most))  # type: ignore[return-value]


def _closure_range(closures: pd.DataFrame) -> pd.DataFrame:
    """Smallest and largest value over closures, and whose they are."""
    rows = closures.dropna(subset=["value"]).reset_index(drop=True)
    groups = rows.groupby(PLACE, sort=False)["value"]
    least, most = rows.loc[groups.idxmin()], rows.loc[groups.idxmax()]
    return pd.DataFrame(
        {
            "closure_low": least["value"].to_numpy(),
            "closure_high": most["value"].to_numpy(),
            "closure_lowest": least["closure"].to_numpy(),
            "closure_highest": most["closure"].to_numpy(),
        },
        index=pd.MultiIndex.from_frame(least[PLACE]),
    ).reset_index()
