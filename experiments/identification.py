r"""What targets can tell of parameters: standard errors, and combinations that no target sees.

Both are read from the singular values of the derivatives of targets by parameters,

.. math:: J_{kj} = s_k^{-1}\, \frac{\partial y_k}{\partial \theta_j}\, (h_j - l_j),

in standard errors of the target and widths of the parameter's bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

Array = NDArray[np.float64]
NOTHING = 1e-6
"""A combination whose singular value is below this share of the largest does not move the targets at all."""
NAMED = 0.1
"""Weights below this share of the largest are not named in a combination."""


@dataclass(frozen=True)
class Combination:
    """A direction of the parameters, each in units of its bounds, and how much the targets see of it."""

    weights: pd.Series
    standard_errors: float
    """Length of the move of the targets, in standard errors, for a move of length one."""

    @property
    def identified(self) -> bool:
        """Whether moving along it across the bounds moves the targets by a standard error or more."""
        return self.standard_errors >= 1.0

    def in_words(self) -> str:
        """Who goes up and who down, the heaviest first."""
        weights = self.weights / self.weights[str(self.weights.abs().idxmax())]
        heavy = weights[weights.abs() >= NAMED]
        heavy = heavy[heavy.abs().sort_values(ascending=False).index]
        if len(heavy) == 1:
            return f"{heavy.index[0]} by itself"
        parts = [
            f"{name} {'up' if w > 0 else 'down'} by {abs(w):.2f} of its range" for name, w in heavy.items()
        ]
        return ", ".join(parts[:-1]) + " and " + parts[-1]


def standard_errors(scaled: Array, at_bound: NDArray[np.bool_]) -> Array:
    r"""Standard errors of the parameters in units of their bounds, :math:`\sqrt{\mathrm{diag}\,(J'J)^{-1}}`.

    Args:
        scaled: derivatives per standard error of the target and per width of the bounds (target x parameter).
        at_bound: parameters held by a bound; they have no standard error (NaN), and the others are those given it.

    A parameter with a part in a combination that moves no target has an infinite standard error.
    """
    free = ~at_bound
    result = np.full(len(at_bound), np.nan)
    if not free.any():
        return result
    inner = scaled[:, free]
    _, sizes, directions = np.linalg.svd(inner, full_matrices=True)
    full = np.zeros(directions.shape[0])
    full[: len(sizes)] = sizes
    blind = full <= NOTHING * max(full.max(), np.finfo(float).tiny)
    variance = (directions[~blind].T ** 2) @ (1.0 / full[~blind] ** 2)
    variance[(directions[blind] ** 2).sum(axis=0) > NOTHING] = np.inf
    result[free] = np.sqrt(variance)
    return result


def plausibility(misfit: float, freedom: int) -> float:
    r"""Probability of at least this misfit if the model were right: the upper tail of :math:`\chi^2`.

    Args:
        misfit: sum of squared gaps in standard errors.
        freedom: targets less parameters that are free to move; without any the misfit says nothing (NaN).
    """
    return float(chi2.sf(misfit, freedom)) if freedom > 0 else np.nan


def combinations(scaled: Array, names: Sequence[str]) -> tuple[Combination, ...]:
    """Directions of the parameters by how much the targets see of them, the best seen first."""
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=True)
    full = np.zeros(len(names))
    full[: len(sizes)] = sizes
    return tuple(
        Combination(pd.Series(direction, index=list(names)), float(size))
        for direction, size in zip(directions, full, strict=True)
    )
