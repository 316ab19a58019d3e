"""Whether firms that may enter freely come to rest: the stability of monopolistic competition on real data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark, BenchmarkError
from ..model.closures import Closure
from ..model.derivatives import Equations, sensitivity
from ..model.economy import build_economy
from ..model.engine import compile_model, solve_system
from ..model.state import State


def room_for_firms(benchmark: Benchmark, closure: str | Closure = "default") -> pd.DataFrame:
    r"""Derivatives of the number of firms that earn no loss by the number that are there, at the benchmark.

    With the number of firms given, output says for how many there is room: firms in excess of it make losses. Row
    (sector, region) of room, column (sector, region) of firms. If firms enter where they earn a profit,
    :math:`\dot n = y(n)/f - n`, the benchmark is stable when no eigenvalue of this matrix has a real part above one.

    Raises:
        BenchmarkError: no sector of the benchmark is under monopolistic competition.
    """
    if not benchmark.increasing_returns:
        raise BenchmarkError(
            "no sector of the benchmark is under monopolistic competition; with_market_structure makes one that is"
        )
    m = build_economy(benchmark, closure)
    m.free_entry.deactivate()
    m.varieties.fix()
    system = compile_model(m)
    solve_system(system)
    keys = [f"[{g},{r}]" for g, r in benchmark.increasing_returns]
    room, firms = [f"activity{k}" for k in keys], [f"varieties{k}" for k in keys]
    return sensitivity(Equations.of(m, system), State.of(m), room, firms)


def feedback(benchmark: Benchmark, closure: str | Closure = "default") -> float:
    """Largest real part of an eigenvalue of :func:`room_for_firms`: above one a firm that enters draws others in."""
    return float(np.linalg.eigvals(room_for_firms(benchmark, closure).to_numpy()).real.max())
