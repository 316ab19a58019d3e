"""Bands for results that are shown elsewhere, by quadrature: two solves for each factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..base_year import BaseYear
from ..doing import Tell
from ..regimes import Regime
from .factors import SensitivityError
from .summary import NORMAL
from .sweep import Execution, Sensitivity, sensitivity

KEYS = ["region", "indicator"]


def regime_bands(
    *regimes: str | Path | Regime,
    closure: str | None = None,
    base: BaseYear | None = None,
    execution: Execution | None = None,
    tell: Tell = lambda line: None,
) -> Sensitivity:
    """Mean, standard deviation and 90 per cent band of every outcome of regimes, over all factors of the table.

    Its ``bands`` are a frame: regime, region, indicator, unit, central, mean, sd, low, high (see `summary.bands`).
    Raises what `sensitivity` raises.
    """
    return sensitivity(
        *regimes, method="quadrature", closure=closure, base=base, execution=execution, tell=tell
    )


def differences(found: Sensitivity, names: Sequence[str] = ()) -> Sensitivity:
    """The same for the differences of regimes to the first: ``bands``, ``derivatives`` and ``shares``.

    All are solved at the same points, so that what moves both alike cancels. The derivative of a difference by a factor
    is the difference of the derivatives, and ``shares`` are those of its variance to first order.

    Args:
        found: a sweep by quadrature over two regimes or more.
        names: the regimes, the reference first (default: as they were solved).

    Raises:
        SensitivityError: fewer than two regimes, another method, or a point that was not solved for all of them.
    """
    order = list(names or dict.fromkeys(found.bands["regime"]))
    if len(order) < 2 or found.method != "quadrature":
        raise SensitivityError("a band of differences needs two regimes or more and the method quadrature")
    if len(found.failed):
        raise SensitivityError(
            f"{len(found.failed)} points of the quadrature have no solution: no band of differences"
        )
    columns = [c for c in found.draws.columns if c.endswith("]")]
    central = found.bands.set_index(["regime", *KEYS])["central"]
    reference, *others = order
    values = {
        name: rows.sort_values("draw")[columns].to_numpy() for name, rows in found.draws.groupby("regime")
    }
    parts = []
    for name in others:
        gap = values[name] - values[reference]
        rows = found.bands[found.bands["regime"] == reference].reset_index(drop=True)
        place = [columns.index(f"{i}[{r}]") for r, i in zip(rows["region"], rows["indicator"], strict=True)]
        mean, sd = gap.mean(axis=0)[place], gap.std(axis=0)[place]
        keys = list(zip(rows["region"], rows["indicator"], strict=True))
        middle = np.array([central[(name, *key)] - central[(reference, *key)] for key in keys])
        rows = rows.assign(central=middle, mean=mean, sd=sd, low=mean - NORMAL * sd, high=mean + NORMAL * sd)
        parts.append(rows.assign(regime=minus(name, reference)))
    derivatives = _differences_by_factor(found.derivatives, reference, others)
    return replace(
        found,
        bands=pd.concat(parts, ignore_index=True),
        derivatives=derivatives,
        shares=_first_order_shares(derivatives, list(dict.fromkeys(f.group for f in found.factors))),
    )


def minus(name: str, reference: str) -> str:
    """What the difference of two regimes is called."""
    return f"{name} minus {reference}"


def _differences_by_factor(derivatives: pd.DataFrame, reference: str, others: Sequence[str]) -> pd.DataFrame:
    """Derivatives of the differences, as `summary.local`."""
    keys = ["region", "indicator", "unit", "factor", "group"]
    by_regime = {name: rows.set_index(keys)["per_sd"] for name, rows in derivatives.groupby("regime")}
    parts = [
        (by_regime[name] - by_regime[reference])
        .rename("per_sd")
        .reset_index()
        .assign(regime=minus(name, reference))
        for name in others
    ]
    return pd.concat(parts, ignore_index=True)[["regime", *keys, "per_sd"]]


def _first_order_shares(derivatives: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """The share of each group of factors in the variance to first order; none of an outcome that nothing moves."""
    keys = ["regime", "region", "indicator", "unit"]
    rows = derivatives.assign(square=derivatives["per_sd"] ** 2)
    by_group = rows.groupby([*keys, "group"], sort=False)["square"].sum().unstack("group")[list(groups)]
    total = by_group.sum(axis=1)
    shares = by_group.div(total.where(total > 0.0), axis=0)
    return shares.reset_index().melt(keys, var_name="group", value_name="first")
