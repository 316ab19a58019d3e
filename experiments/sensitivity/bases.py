"""Data, parameters and policy sizes together: the same draws on several base years, all cores at work.

Each base year (another prior for Belarus, another objective of the balancing, a drawn SAM) is an economy of its own
with its own shares, and one task: it is estimated, built, solved at the centre and for every draw in one process.
A base year on which that cannot be done is reported with its reason, and the others go on.
`eacu.experiments.sensitivity.origins` says what the spread comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from ... import data
from ...calibration.balancing import BalanceError
from ...calibration.benchmark import BenchmarkError
from ...calibration.draws import sam_draws
from ...calibration.regions import Regions
from ...calibration.sam import SamError
from ...calibration.series import Tables, remembered
from ...model.checks import ReplicationError
from ...model.engine import EngineError
from ...model.instruments import InstrumentError
from ..base_year import BaseYear, base_year_of
from ..doing import Doing, Tell
from ..regimes import Regime
from ..run import load_all
from .closures import closure_sweep
from .execution import LocalPool, cores
from .factors import SensitivityError, UnsolvedError
from .origins import origins
from .store import QUESTION
from .sweep import Execution, Sensitivity, sensitivity

UNUSABLE = (
    BalanceError, SamError, BenchmarkError, ReplicationError, EngineError, InstrumentError, UnsolvedError,
)  # fmt: skip
"""What a base year may fail by while others do not: it does not balance, has no model, or no solution."""
FAILED = ["base", "regime", "draw", "reason"]


@dataclass(frozen=True)
class DrawnBase:
    """The base year on SAM draw ``number`` of the series ``seed`` (`eacu.calibration.draws`), yet to be estimated."""

    number: int
    seed: int

    def estimate(self) -> BaseYear:
        """Raises BalanceError, SamError or BenchmarkError if the drawn figures give no base year."""
        tables = _shipped()
        (drawn,) = sam_draws(tables, 1, self.seed, first=self.number)
        return base_year_of(drawn.build, tables)

    @property
    def name(self) -> str:
        """What it is called: ``SAM 0`` and so on."""
        return f"SAM {self.number}"


@dataclass(frozen=True)
class Across:
    """A sweep on several base years.

    Attributes:
        bands: regime, region, indicator, unit, ``central`` (mean of the base years' own), ``mean``, ``sd``, ``low``,
            ``high`` (mean and 1.645 standard deviations) and what the spread comes from: `origins.origins`.
        each: the sweep of each base year by name.
        failed: base, regime, draw, reason: base years that could not be solved (no regime, no draw), and draws
            without a solution.
        closures: the closure sweep, see `closures.closure_sweep`; empty where none was asked for.
        sams: number and seed of each SAM that was drawn, by name.
    """

    bands: pd.DataFrame
    each: Mapping[str, Sensitivity]
    failed: pd.DataFrame
    closures: pd.DataFrame = field(repr=False)
    sams: Mapping[str, DrawnBase] = field(default_factory=dict)


def across(
    bases: Mapping[str, BaseYear | DrawnBase],
    *regimes: str | Path | Regime,
    closures: bool = False,
    execution: Execution | None = None,
    tell: Tell = lambda line: None,
    **options: Any,
) -> Across:
    """The same sweep on several base years.

    Args:
        bases: base years of the same regions by name, two at least.
        regimes: as in `sensitivity`.
        closures: solve the regimes also under every closure: how much is closure? On the first base year that is not
            drawn, or if all are, on the one the regimes name.
        execution: as in `sensitivity`; each base year keeps its draws in a folder of its own. Local processes are
            given whole base years, a Dask cluster the draws of one base year after the other.
        tell: progress.
        options: the others of `sensitivity` but ``base``.

    Raises:
        SensitivityError: fewer than two base years, or fewer than two that could be solved; base years with other
            regions; what `sensitivity` raises.
    """
    if len(bases) < 2:
        raise SensitivityError("name two base years or more: one says nothing of what the SAM contributes")
    if options.get("method") == "morris":
        raise SensitivityError(
            "morris gives no variance to share with the SAM; take monte-carlo or quadrature"
        )
    _refuse_other_regions(bases)
    chosen = tuple(load_all(regimes))
    execution = execution or Execution()
    _refuse_kept(bases, execution)
    workers = 1 if execution.scheduler else execution.workers or cores()
    inner = replace(execution, workers=max(1, workers // len(bases)), resume=True)
    tasks = {
        name: (base, chosen, replace(inner, folder=inner.folder / name) if inner.folder else inner, options)
        for name, base in bases.items()
    }
    found: dict[str, Sensitivity | str] = {}

    def keep(name: str, answer: Sensitivity | str) -> None:
        found[name] = answer
        if isinstance(answer, str):
            tell(f"{name} is left out: {answer}")
        tell(Doing(f"{len(found)} of {len(bases)} base years solved", len(found) / len(bases)))

    tell(Doing(f"estimating and solving {len(bases)} base years", 0.0))
    pool = LocalPool(min(workers, len(bases)))
    try:
        pool.each(_on_base, tasks, keep)
        reference = next((base for base in bases.values() if isinstance(base, BaseYear)), None)
        swept = pd.DataFrame()
        if closures:
            swept = closure_sweep(*chosen, base=reference, pool=pool, tell=tell)
    finally:
        pool.close()
    return _together(bases, found, swept)


def drawn_bases(draws: int, seed: int) -> dict[str, DrawnBase]:
    """Base years on SAMs drawn from the stated reliabilities, by name; estimated when they are solved."""
    drawn = [DrawnBase(number, seed) for number in range(draws)]
    return {base.name: base for base in drawn}


def _on_base(
    base: BaseYear | DrawnBase, regimes: tuple[Regime, ...], execution: Execution, options: dict[str, Any]
) -> Sensitivity | str:
    """The sweep on one base year, or why there is none.

    On one thread of linear algebra, so that figures are the same in any process and processes do not wait for
    one another's.
    """
    with threadpool_limits(1):
        try:
            year = base.estimate() if isinstance(base, DrawnBase) else base
            return sensitivity(*regimes, base=year, execution=execution, **options)
        except UNUSABLE as error:
            told = [str(error).partition("\n")[0], *getattr(error, "__notes__", ())]
            return f"{type(error).__name__}: {' '.join(told)}"


def _together(
    bases: Mapping[str, BaseYear | DrawnBase], found: Mapping[str, Sensitivity | str], closures: pd.DataFrame
) -> Across:
    each = {name: answer for name in bases if isinstance(answer := found[name], Sensitivity)}
    lost = [
        pd.DataFrame([{"base": name, "regime": "", "draw": -1, "reason": answer}], columns=FAILED)
        for name, answer in found.items()
        if isinstance(answer, str)
    ]
    if len(each) < 2:
        reasons = "; ".join(f"{name}: {answer}" for name, answer in found.items() if isinstance(answer, str))
        raise SensitivityError(f"only {len(each)} of {len(bases)} base years can be solved. {reasons}")
    drawn = {name: base for name, base in bases.items() if isinstance(base, DrawnBase)}
    draws = [sweep.failed.assign(base=name).reindex(columns=FAILED) for name, sweep in each.items()]
    failed = pd.concat([*lost, *(rows for rows in draws if len(rows))] or [pd.DataFrame(columns=FAILED)])
    bands = origins(each, sampled=len(drawn) == len(bases), closures=closures)
    return Across(bands, each, failed.reset_index(drop=True), closures, drawn)


def _refuse_other_regions(bases: Mapping[str, BaseYear | DrawnBase]) -> None:
    first: tuple[str, ...] | None = None
    for name, base in bases.items():
        own = Regions.of(_shipped()).names if isinstance(base, DrawnBase) else base.benchmark.regions
        regions = tuple(own)
        first = first or regions
        if regions != first:
            raise SensitivityError(
                f"{name} has the regions {', '.join(regions)}, the first base year {', '.join(first)}"
            )


def _refuse_kept(bases: Mapping[str, BaseYear | DrawnBase], execution: Execution) -> None:
    """Refuse folders that hold a sweep already, before hours of work; with resume they go on."""
    if execution.folder is None or execution.resume:
        return
    for name in bases:
        if (execution.folder / name / QUESTION).is_file():
            raise SensitivityError(
                f"{execution.folder / name} holds a sweep already: go on with it by --resume, or name another folder"
            )


@lru_cache(maxsize=1)
def _shipped() -> Tables:
    """The shipped tables, read once by a process, with what does not depend on the draw."""
    return remembered(data.reader())
