"""What a worker does: take the kernel, solve blocks of draws, send tables back.

A block is a fixed range of draws, whoever solves it, so that results do not depend on the number of workers. Draws
that the side-by-side iterations do not solve go to the ordinary solver, one by one, on an economy that the worker
builds when it first needs it; what that does not solve either is kept with its reason.
"""

from __future__ import annotations

import pickle
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ...model.engine import EngineError, SolvedPoint, solve_system
from ..run import Workbench, economies
from .factors import Array
from .kernel import Block, Centre, Kernel

BLOCK = 64
"""Draws that are solved side by side: fewer waste time on calls, more need more memory than the caches hold."""
RECORD = ("regime", "draw", "how", "reason", "residual", "steps")
"""Columns of a block's table before the outcomes."""


def warm() -> None:
    """Nothing: by running this a new process has imported what it needs."""


@lru_cache(maxsize=1)
def read_kernel(file: Path) -> Kernel:
    """The kernel from its file; read once by each process."""
    kernel = pickle.loads(file.read_bytes())
    assert isinstance(kernel, Kernel)
    return kernel


def solve_block_of(file: Path, first: int, t: Array) -> pd.DataFrame:
    """As `solve_block`, the kernel being in a file."""
    return solve_block(read_kernel(file), first, t)


def solve_block(kernel: Kernel, first: int, t: Array) -> pd.DataFrame:
    """Solve some draws of every regime.

    Args:
        kernel: the sweep.
        first: number of the first draw.
        t: standardised factors, shape (draws, factors).

    Returns:
        One row for each regime and draw: :data:`RECORD`, then the outcomes. ``how`` is ``side by side``,
        ``by itself`` or ``failed``; a failed draw has its ``reason`` and no outcomes.
    """
    with threadpool_limits(1):
        return pd.concat(
            [_of_regime(kernel, centre, first, t) for centre in kernel.centres], ignore_index=True
        )


def _of_regime(kernel: Kernel, centre: Centre, first: int, t: Array) -> pd.DataFrame:
    block, x, parameters = kernel.solve(centre, t)
    reasons = [""] * len(t)
    for k in [k for k, how in enumerate(block.how) if not how]:
        reasons[k] = _alone(kernel, centre, block, k, x[:, k], parameters[:, k])
    record = pd.DataFrame(
        {
            "regime": centre.name,
            "draw": np.arange(first, first + len(t)),
            "how": block.how,
            "reason": reasons,
            "residual": block.residual,
            "steps": block.steps,
        }
    )
    return pd.concat([record, pd.DataFrame(block.outcomes, columns=list(kernel.names))], axis=1)


def _alone(kernel: Kernel, centre: Centre, block: Block, k: int, x: Array, parameters: Array) -> str:
    """Solve one draw by the ordinary solver into the block; the reason if there is no solution."""
    bench = _benches(kernel)[centre.name]
    system = bench.system
    many = centre.system
    system.values = np.where(system.partition.fixed, x, many.centre)
    system.parameter_values = parameters.copy()
    try:
        record = solve_system(system, origin=SolvedPoint(many.centre, many.parameters))
    except EngineError as error:
        block.how[k], block.outcomes[k], block.residual[k] = "failed", np.nan, np.nan
        return str(error).partition("\n")[0]
    outputs = kernel.economies[centre.economy].outputs
    block.outcomes[k] = outputs.values(system.values[:, None], parameters[:, None])[:, 0]
    block.how[k], block.residual[k], block.steps[k] = "by itself", record.max_residual, record.iterations
    return ""


_BUILT: list[tuple[Kernel, dict[str, Workbench]]] = []
"""The kernel that this process built ordinary economies for last (held, so that it stays itself), and those."""


def _benches(kernel: Kernel) -> dict[str, Workbench]:
    """The ordinary economies by regime, built when a process first needs them."""
    if not _BUILT or _BUILT[0][0] is not kernel:
        ask = kernel.ask
        pairs = economies(*ask.regimes, closure=ask.closure, base=ask.base)
        _BUILT[:] = [(kernel, {regime.name: bench for regime, bench in pairs})]
    return _BUILT[0][1]
