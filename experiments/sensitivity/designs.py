r"""Where to solve: designs over standardised factors, one row of ``t`` for each draw.

- ``monte-carlo``: the draw with index :math:`i` comes from a generator seeded by (seed, :math:`i`), so it is the same
  whoever solves it and however many there are.
- ``quasi-random``: scrambled Sobol' points (SciPy), which fill the space more evenly.
  They, and the design of ``sobol`` which is made of them, are even only for a power of two, to which draws are
  rounded up.
- ``quadrature``: Stroud's (1957) formula of degree 3 for symmetric independent factors, :math:`2N` points of equal
  weight for :math:`N` factors (Arndt 1996, GTAP Technical Paper 2), no coordinate beyond :math:`\sqrt 2` standard
  deviations:

  .. math:: t_{k,2r-1} = \sqrt 2 \cos\frac{(2r-1)k\pi}{N}, \quad t_{k,2r} = \sqrt 2 \sin\frac{(2r-1)k\pi}{N},
            \quad k = 1 \dots 2N, \qquad t_{k,N} = (-1)^k \text{ for odd } N

- ``sobol``, ``morris``: the designs of SALib for variance shares and elementary effects of groups of factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import qmc

from .factors import Array, Factor, SensitivityError

METHODS = ("monte-carlo", "quasi-random", "quadrature", "sobol", "morris")
_EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1: a normal variable has no value there."""
MORRIS_LEVELS = 4


def design(method: str, factors: Sequence[Factor], draws: int, seed: int) -> Array:
    """Standardised variables of every draw, shape (draws, factors).

    Args:
        method: one of :data:`METHODS`.
        factors: what is uncertain.
        draws: how many, see `rounded`; of ``sobol`` and ``morris`` the base samples or trajectories for each group of
            factors; not read by ``quadrature``, which needs two for each factor.
        seed: of the random numbers.

    Raises:
        SensitivityError: an unknown method, no factor, fewer than two draws.
    """
    if not factors:
        raise SensitivityError("nothing is uncertain: no factor is left to vary")
    if method == "quadrature":
        return stroud(len(factors))
    if draws < 2:
        raise SensitivityError(f"{draws} draws tell nothing of a spread; ask for more by --draws")
    if method == "monte-carlo":
        p = np.array([np.random.default_rng([seed, index]).random(len(factors)) for index in range(draws)])
    elif method == "quasi-random":
        p = qmc.Sobol(len(factors), rng=np.random.default_rng(seed)).random(rounded(method, draws))
    elif method == "sobol":
        from SALib.sample import sobol

        p = sobol.sample(salib_problem(factors), rounded(method, draws), calc_second_order=False, seed=seed)
    elif method == "morris":
        from SALib.sample import morris

        p = morris.sample(salib_problem(factors), draws, num_levels=MORRIS_LEVELS, seed=seed)
        # between the 5th and the 95th percentile: the ends of a normal factor have no value
        p = 0.05 + 0.9 * p
    else:
        raise SensitivityError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
    p = np.clip(p, _EDGE, 1.0 - _EDGE)
    return np.column_stack([factor.quantile(p[:, k]) for k, factor in enumerate(factors)])


def rounded(method: str, draws: int) -> int:
    """How many draws are made for so many asked for: of Sobol' points a power of two, upwards."""
    return 1 << (draws - 1).bit_length() if method in ("quasi-random", "sobol") and draws > 1 else draws


def stroud(n: int) -> Array:
    """Stroud's points of degree 3 for ``n`` variables of mean 0 and variance 1, shape (2 n, n)."""
    k = np.arange(1, 2 * n + 1)[:, None]
    odd = 2 * np.arange(1, n // 2 + 1)[None, :] - 1
    points = np.empty((2 * n, n))
    points[:, 0 : 2 * (n // 2) : 2] = np.sqrt(2.0) * np.cos(odd * k * np.pi / n)
    points[:, 1 : 2 * (n // 2) : 2] = np.sqrt(2.0) * np.sin(odd * k * np.pi / n)
    if n % 2:
        points[:, -1] = np.where(k[:, 0] % 2 == 0, 1.0, -1.0)
    return points


def salib_problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """The factors as SALib reads them: probabilities between 0 and 1, in groups."""
    return {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "groups": [factor.group for factor in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }
