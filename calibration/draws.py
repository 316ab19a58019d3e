r"""Social accounting matrices drawn at random from the stated reliabilities, each balanced.

Every prior cell and every soft control of the estimate has a standard error. A draw moves each of them by an error of
that size and balances again:

.. math::
   \tilde x_0 = x_0 \exp(s z - s^2/2), \quad s^2 = \ln(1 + (\sigma / x_0)^2), \qquad
   \tilde b = b + t z, \qquad z \sim N(0, 1),

so that a cell keeps its sign and its mean, and a control is normal. For the least-squares objective with normal
errors the balanced draws are a sample from the posterior distribution of the table (this is known as randomised
maximum likelihood); cross entropy agrees with it for small adjustments. What is exact, the pair totals of trade and
the balances of sectors, is the same in every draw, and so are the tables of tariffs, export taxes and freight, which
carry no standard error: the spread is that of the balancing, not of all that may be wrong.

A draw depends on the seed and its own number only, so draws can be made in any order, by any number of workers.

Cross entropy and least squares are solved by Newton's method on the dual, a smooth problem of fifty to three hundred
multipliers. It begins at zero: a draw moves every multiplier, and those of the undrawn figures would save one step in
twelve of 0.2 s for all tables together. Least absolute deviations are a linear program: HiGHS begins each draw at
the optimal basis of the undrawn figures, the same for all draws, and takes two thirds of the steps. Most of the time of
a draw goes into the prior tables; what no draw moves is made once (`.series.once`), so that a draw takes a quarter of
the time. ``benchmarks/sam_draws.py`` has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zlib import crc32

import numpy as np
import pandas as pd

from .balancing import BalanceProblem, Basis, Method, Vary
from .build import Build, build_sam
from .series import Tables, once, remembered

LINEAR: Method = "least_absolute"


@dataclass(frozen=True)
class SamDraw:
    """One SAM at random: its number, the seed of the series it belongs to, and the estimate."""

    number: int
    seed: int
    build: Build


def sam_draws(
    tables: Tables,
    n: int,
    seed: int,
    first: int = 0,
    priors: Mapping[str, str] | None = None,
    method: Method = "cross_entropy",
    tell: Callable[[str], None] = lambda line: None,
) -> Iterator[SamDraw]:
    """Draw ``n`` base years, numbered from ``first``; each is estimated when it is asked for.

    ``priors`` and ``method`` as in :func:`.build.build_sam`.

    Raises BalanceError if a drawn table cannot be balanced (naming the draw).
    """
    read = remembered(tables)
    starts = once(read, _undrawn_bases, tuple(sorted((priors or {}).items()))) if method == LINEAR else {}
    for number in range(first, first + n):
        tell(f"SAM draw {number} of seed {seed}")
        try:
            build = build_sam(read, priors, method, vary=random_errors(seed, number, starts))
        except ValueError as error:
            error.add_note(f"This was SAM draw {number} of seed {seed}.")
            raise
        yield SamDraw(number, seed, build)


def _undrawn_bases(priors: tuple[tuple[str, str], ...], tables: Tables) -> dict[str, Basis]:
    """Where least absolute deviations end for the figures as they stand, by problem."""
    national = build_sam(tables, dict(priors), LINEAR).tables
    return {name: table.result.basis for name, table in national.items() if table.result.basis is not None}


def random_errors(seed: int, number: int, starts: Mapping[str, Basis] = MappingProxyType({})) -> Vary:
    """What restates a balancing problem with errors drawn from its own reliabilities.

    ``starts`` are bases to begin at, by problem: they change the number of steps, and among equally good tables
    the one that is found.

    Each problem has its own stream of random numbers, named by seed, number and problem.
    """

    def vary(name: str, problem: BalanceProblem) -> BalanceProblem:
        random = np.random.default_rng([seed, number, crc32(name.encode())])
        prior = problem.cells["prior"].to_numpy()
        error = problem.cells["standard_error"].to_numpy()
        known = np.isfinite(error)
        relative = np.where(known, error, 0.0) / np.abs(prior)
        spread = np.sqrt(np.log1p(relative**2))
        moved = prior * np.exp(spread * random.standard_normal(len(prior)) - spread**2 / 2)
        # The reliability stays that of the prior, relative to the size of the cell.
        cells = pd.DataFrame(
            {"prior": moved, "standard_error": np.where(known, relative * np.abs(moved), error)},
            index=problem.cells.index,
        )
        noise = problem.constraint_errors * random.standard_normal(len(problem.names))
        return problem.restated(cells, problem.targets + noise, start=starts.get(name))

    return vary
