"""Labour that moves between members: the regime's ``[labour]`` section as instrument values.

``barrier_cut_pct`` lowers the ratio of real wages (destination over origin) at which workers move, in per cent of
that ratio in the base year: with 2 they leave until the ratio has fallen by two per cent. It applies to the pairs
of `data/policy/migration` of which both sides are members; between others nobody moves who had not in the base year,
whatever wages do, so that a country outside gains or loses nothing by a freedom it does not have.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from .regimes import Regime, RegimeError

CLOSED = 10.0
"""A ratio of wages, relative to the base year's, that is never reached: nobody moves."""


def labour_settings(regime: Regime, benchmark: Benchmark) -> dict[str, pd.Series | float]:
    """Values of ``migration_barrier``; nothing where labour does not move.

    Raises RegimeError when the benchmark knows no two members that labour moves between.
    """
    if not regime.labour.mobility:
        return {}
    pairs = benchmark.migrant_productivity.index
    members = list(regime.members)
    inside = pairs.get_level_values("origin").isin(members) & pairs.get_level_values("destination").isin(
        members
    )
    if not inside.any():
        raise RegimeError(
            f"{regime.name}: [labour] mobility = true, but the benchmark has no pair of members that labour moves "
            f"between; the members are {', '.join(members) or 'none'}. Delete the section, or add the pair to "
            "data/policy/migration.csv"
        )
    assert regime.labour.barrier_cut_pct is not None  # checked when the regime was read
    barrier = 1.0 - regime.labour.barrier_cut_pct / 100.0
    return {"migration_barrier": pd.Series(np.where(inside, barrier, CLOSED), index=pairs)}


def labour_choices(regime: Regime) -> tuple[str, ...]:
    """Choices that the section needs in the closure of its regime."""
    return ("migration",) if regime.labour.mobility else ()
