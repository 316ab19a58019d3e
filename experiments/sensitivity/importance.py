r"""What the spread of an outcome comes from, for groups of factors.

- to first order, from exact derivatives :math:`g_k` by standardised independent factors: the share of group
  :math:`G` is :math:`\sum_{k \in G} g_k^2 / \sum_k g_k^2`. It holds where outcomes are linear in the factors;
  `linear_part` says how far they are;
- Sobol' indices of a group: ``first``, the share of the variance that goes if the group alone is known, and ``total``,
  the share that stays if all but the group is known (Saltelli et al. 2010, SALib);
- elementary effects (Morris 1991; of groups Campolongo, Cariboni and Saltelli 2007, SALib): ``mu_star``, the mean of
  their absolute value, ``sigma``, their standard deviation. Steps are measured so that an effect is that of going from
  the 5th to the 95th percentile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .designs import MORRIS_LEVELS, salib_problem
from .factors import Array, Factor

RESAMPLES = 100
"""Bootstrap samples behind the errors of Sobol' indices."""
SOBOL = {"S1": "first", "S1_conf": "first_error", "ST": "total", "ST_conf": "total_error"}
"""SALib's measures and ours; the errors are half of a 95 per cent interval."""
MORRIS = {"mu_star": "mu_star", "sigma": "sigma"}


def groups_of(factors: Sequence[Factor]) -> list[str]:
    """Rows of the table that the factors are from, in their order."""
    return list(dict.fromkeys(f.group for f in factors))


def first_order(factors: Sequence[Factor], gradients: Array) -> dict[str, Array]:
    """Shares of the variance to first order: ``first``, shape (outcomes, groups); NaN where nothing moves."""
    squares = np.square(gradients)
    total = squares.sum(axis=1)
    columns = [squares[:, [f.group == group for f in factors]].sum(axis=1) for group in groups_of(factors)]
    with np.errstate(all="ignore"):
        return {"first": np.column_stack([c / total for c in columns])}


def linear_part(gradients: Array, t: Array, values: Array) -> Array:
    r"""Share of the variance of each outcome over a sample that the derivatives at the centre reproduce.

    .. math:: R^2 = 1 - \frac{\operatorname{Var}(y - g't)}{\operatorname{Var}(y)}

    Args:
        gradients: exact derivatives, shape (outcomes, factors).
        t: standardised factors of each draw, shape (draws, factors).
        values: outcomes, shape (draws, outcomes).

    Returns:
        Shape (outcomes,); NaN where nothing moves, below zero where the line is worse than the mean.
    """
    spread = values.var(axis=0)
    moves = ~is_constant(values)
    left = (values - t @ gradients.T).var(axis=0)
    return np.where(moves, 1.0 - left / np.where(moves, spread, 1.0), np.nan)


def is_constant(values: Array) -> np.ndarray:
    """Which outcomes (columns) nothing moves."""
    return np.ptp(values, axis=0) <= 1e-12 * np.maximum(1.0, np.abs(values).max(axis=0))


def by_salib(
    method: str, factors: Sequence[Factor], t: Array, values: Array, seed: int
) -> dict[str, np.ndarray]:
    """Measures of ``sobol`` or ``morris`` over its own design, each of shape (outcomes, groups).

    Args:
        method: ``sobol``: first, first_error, total, total_error and ``doubtful`` (whether the share with others is
            below that alone by more than both errors, which cannot be: too few draws); ``morris``: mu_star and
            sigma, which is not defined (NaN) for a group of several factors.
        factors: what is uncertain.
        t: the design (`designs.design`), shape (draws, factors).
        values: outcomes, shape (draws, outcomes); one that nothing moves has no variance to share out (NaN).
        seed: of the resampling.
    """
    analyse = _sobol(factors, seed) if method == "sobol" else _morris(factors, t, seed)
    names = SOBOL if method == "sobol" else MORRIS
    nothing = dict.fromkeys(names, np.full(len(groups_of(factors)), np.nan))
    found = [
        nothing if constant else analyse(column)
        for column, constant in zip(values.T, is_constant(values), strict=True)
    ]
    measured: dict[str, np.ndarray] = {
        ours: np.array([np.asarray(f[theirs], dtype=float) for f in found]) for theirs, ours in names.items()
    }
    if method == "sobol":
        gap = measured["first"] - measured["total"]
        measured["doubtful"] = gap > measured["first_error"] + measured["total_error"]
    return measured


def _sobol(factors: Sequence[Factor], seed: int) -> Callable[[Array], Any]:
    from SALib.analyze import sobol

    def analyse(column: Array) -> Any:
        return sobol.analyze(
            salib_problem(factors),
            column,
            calc_second_order=False,
            num_resamples=RESAMPLES,
            seed=seed + 1,  # SALib takes zero for no seed
        )

    return analyse


def _morris(factors: Sequence[Factor], t: Array, seed: int) -> Callable[[Array], Any]:
    from SALib.analyze import morris

    problem = salib_problem(factors)
    p = np.column_stack([factor.probability(t[:, k]) for k, factor in enumerate(factors)])

    def analyse(column: Array) -> Any:
        return morris.analyze(problem, p, column, num_levels=MORRIS_LEVELS, seed=seed)

    return analyse
