"""A sweep from question to answer: factors, design, kernel, blocks on all cores, tables.

from eacu.experiments.sensitivity.sweep import sensitivity
found = sensitivity("union-2010-07", draws=200, seed=1)
found.bands
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ..base_year import BaseYear
from ..doing import Doing, Tell
from ..regimes import Regime
from ..run import base_of, load_all
from .designs import METHODS, design, rounded
from .execution import DaskPool, LocalPool, cores
from .factors import Array, Factor, SensitivityError, load_factors
from .kernel import Ask, Kernel, make_kernel
from .store import Store
from .summary import bands, local, local_bands, shares
from .worker import BLOCK

ALL_METHODS = ("local", *METHODS)


@dataclass(frozen=True)
class Sensitivity:
    """What a sweep found.

    Attributes:
        bands, shares: see `summary`.
        derivatives: exact local derivatives (`summary.local`).
        draws: every draw of every regime with its outcomes; empty of ``local``.
        factors, t: what was varied and where, one row of ``t`` for each draw.
        seconds: wall time by phase.
    """

    method: str
    seed: int
    bands: pd.DataFrame
    shares: pd.DataFrame
    derivatives: pd.DataFrame = field(repr=False)
    draws: pd.DataFrame = field(repr=False)
    factors: tuple[Factor, ...] = field(repr=False)
    t: Array = field(repr=False)
    seconds: dict[str, float] = field(repr=False)
    workers: int = 1
    folder: Path | None = None

    @property
    def failed(self) -> pd.DataFrame:
        """Draws without a solution and why."""
        if self.draws.empty:
            return self.draws
        return self.draws.loc[self.draws["how"] == "failed", ["regime", "draw", "reason"]]


@dataclass(frozen=True)
class Execution:
    """Where to solve (processes here, by default one a core, or a Dask scheduler) and which folder to keep it in."""

    workers: int | None = None
    scheduler: str | None = None
    folder: Path | None = None
    resume: bool = False


def sensitivity(
    *regimes: str | Path | Regime,
    method: str = "monte-carlo",
    draws: int = 200,
    seed: int = 1,
    closure: str | None = None,
    base: BaseYear | None = None,
    factors: Sequence[str] = (),
    table: Path | None = None,
    spread: float = 1.0,
    execution: Execution | None = None,
    tell: Tell = lambda line: None,
) -> Sensitivity:
    """Solve regimes for many values of what is uncertain.

    Args:
        regimes: names, .toml files or `Regime` objects.
        method: one of :data:`ALL_METHODS`; ``local`` solves nothing but the centre.
        draws, seed: see `design`.
        closure: for all regimes instead of their own.
        base: base year (default: the one the regimes name).
        factors: rows of the table of distributions to vary (default: all).
        table: distributions of one's own instead of ``data/parameters/distributions.csv``.
        spread: multiplies every spread.
        execution: where and how.
        tell: progress.

    Raises:
        SensitivityError: the question cannot be asked so; RegimeError and others as `eacu.experiments.run.run`.
    """
    if method not in ALL_METHODS:
        raise SensitivityError(f"unknown method {method!r}; known are {', '.join(ALL_METHODS)}")
    execution = execution or Execution()
    chosen = tuple(load_all(regimes))
    base = base or base_of(chosen)
    uncertain = load_factors(base.benchmark, factors, table, spread)
    ask = Ask(chosen, closure, base, uncertain)
    if method == "local":
        return _local(ask, seed, tell)
    t = design(method, uncertain, draws, seed)
    if rounded(method, draws) != draws:
        tell(f"{draws} draws are rounded up to {rounded(method, draws)}: Sobol' points come in powers of two")
    began = time.perf_counter()
    pool = DaskPool(execution.scheduler) if execution.scheduler else LocalPool(execution.workers or cores())
    try:
        kernel = make_kernel(ask, tell)
        middle = time.perf_counter()
        rows, folder = _solved(kernel, ask, method, t, seed, pool, execution, tell)
    finally:
        pool.close()
    seconds = {"prepare": middle - began, "solve": time.perf_counter() - middle}
    return Sensitivity(
        method,
        seed,
        bands(kernel, method, rows),
        shares(kernel, method, t, rows, seed),
        local(kernel),
        rows,
        uncertain,
        t,
        seconds,
        pool.workers,
        folder,
    )


def _local(ask: Ask, seed: int, tell: Tell) -> Sensitivity:
    began = time.perf_counter()
    kernel = make_kernel(ask, tell)
    t = design("quadrature", ask.factors, 0, seed)[:0]
    nothing = pd.DataFrame()
    seconds = {"prepare": time.perf_counter() - began}
    found = shares(kernel, "local", t, nothing, seed)
    return Sensitivity(
        "local", seed, local_bands(kernel), found, local(kernel), nothing, ask.factors, t, seconds
    )


def _solved(
    kernel: Kernel,
    ask: Ask,
    method: str,
    t: Array,
    seed: int,
    pool: LocalPool | DaskPool,
    execution: Execution,
    tell: Tell,
) -> tuple[pd.DataFrame, Path | None]:
    """Every draw's row; in the folder asked for, or one that is thrown away."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = execution.folder or Path(scratch) / "sweep"
        question = _question(kernel, ask, method, t, seed)
        store = Store.open(folder, question, _multipliers(ask, t), execution.resume)
        numbers = range(-(-len(t) // BLOCK))
        blocks = {n: t[n * BLOCK : (n + 1) * BLOCK] for n in numbers}
        there = store.done({n: len(block) * len(kernel.centres) for n, block in blocks.items()})
        left = {n: block for n, block in blocks.items() if n not in there}
        if there:
            tell(f"{len(there)} of {len(numbers)} blocks are there already")
        count = len(there)

        def keep(number: int, table: pd.DataFrame) -> None:
            nonlocal count
            store.add(number, table)
            count += 1
            tell(Doing(f"solving {len(t)} draws of {len(kernel.centres)} regimes", count / len(numbers)))

        pool.run(kernel, left, keep)
        return store.read(), execution.folder


def _question(kernel: Kernel, ask: Ask, method: str, t: Array, seed: int) -> dict[str, Any]:
    """What makes one sweep another: the centre solutions stand for data, regimes and closure."""
    centres = hashlib.blake2b(digest_size=16)
    for centre in kernel.centres:
        centres.update(centre.outcomes.round(6).tobytes())
    return {
        "regimes": [regime.name for regime in ask.regimes],
        "closure": ask.closure,
        "method": method,
        "draws": len(t),
        "seed": seed,
        "factors": [
            [f.name, "+".join(f.acts_on), f.sector, f.region, f.family, f.spread] for f in ask.factors
        ],
        "centres": centres.hexdigest(),
        "points": hashlib.blake2b(t.tobytes(), digest_size=16).hexdigest(),
    }


def _multipliers(ask: Ask, t: Array) -> pd.DataFrame:
    """The multiplier of each factor in each draw."""
    columns = {factor.name: factor.multiplier(t[:, k]) for k, factor in enumerate(ask.factors)}
    return pd.DataFrame({"draw": range(len(t)), **columns})
