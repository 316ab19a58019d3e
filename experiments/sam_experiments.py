"""Other estimates of the base year, and what they do to results: how much of an answer is the data?

Every experiment of ``data/sam/experiments.toml`` estimates the SAM again with another prior for Belarus, another
objective, other reliabilities or fewer controls; draws estimate it from figures moved at random within their
reliabilities (`eacu.calibration.draws`). On each SAM the same regimes are solved.

    found = sam_experiments(["russia", "poland"], draws=5)
    found.effects()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field
from threadpoolctl import threadpool_limits

from .. import data
from ..calibration.balancing import BalanceProblem, Method, Vary
from ..calibration.build import Build, build_sam
from ..calibration.draws import random_errors
from ..calibration.sam_distance import sam_cells
from ..calibration.series import Tables, remembered
from ..calibration.synthetic import PRIOR
from ..model.names import unknown_name
from .base_year import BaseYear, base_year_of
from .doing import Doing, Tell
from .regimes import Regime
from .run import load_all, run
from .sensitivity.execution import LocalPool
from .toml_files import Table, checked, read_toml

EXPERIMENTS_FILE = Path(__file__).resolve().parent.parent / "data" / "sam" / "experiments.toml"
REFERENCE = "committed"
"""Name of the estimate that the others depart from: that of the committed SAM."""
DRAW = "draw "
"""Names of draws begin so."""
REGIMES = ("union-2010-07", "ces-2012", "wto-russia")
INDICATORS = ("ev_pct_consumption", "real_gdp_pct", "exports_intra_pct", "tariff_revenue_usd_mn")
TRADE = "trade"
"""Key of ``errors`` for the cells of trade; the others are the items of a national table."""
ITEMS = ("use", "factor", "factor_tax", "production_tax", "domestic", "demand", "sales_tax", TRADE)


class SamExperimentError(ValueError):
    """An experiment that cannot be made; the message names the file, the experiment and the remedy."""


class SamExperiment(Table):
    """How one estimate departs from the committed one.

    ``belarus`` names a prior of ``parameters/belarus_priors`` or gives weights (``LTU=0.7,RUS=0.3``); ``method`` is
    the objective of the national tables; ``errors`` multiplies the standard errors of the prior cells of an item
    (:data:`ITEMS`); ``without`` leaves out the soft controls whose names begin so.
    """

    name: str
    says: str
    belarus: str = PRIOR
    method: Method = "cross_entropy"
    errors: dict[str, float] = Field(default_factory=dict)
    without: tuple[str, ...] = ()


class _File(Table):
    experiments: tuple[SamExperiment, ...]


@dataclass(frozen=True)
class SamTrial:
    """One estimate: its cells, how it was made, and the regimes solved on it.

    ``cells``: Series by the four keys of the SAM, million USD. ``effects``: Series over (regime, member, indicator).
    """

    name: str
    says: str
    cells: pd.Series
    effects: pd.Series


@lru_cache(maxsize=4)
def load_experiments(file: Path = EXPERIMENTS_FILE) -> dict[str, SamExperiment]:
    """The experiments of a file by name. Raises SamExperimentError for a key, a name or a number that cannot be."""
    read = checked(_File, read_toml(file, SamExperimentError), SamExperimentError).experiments
    found: dict[str, SamExperiment] = {}
    for one in read:
        if one.name in (*found, REFERENCE) or one.name.startswith(DRAW):
            raise SamExperimentError(
                f"{file.name}: the name {one.name!r} is taken; give each experiment its own"
            )
        for item, factor in one.errors.items():
            if item not in ITEMS:
                raise SamExperimentError(f"{file.name}: {one.name}: {unknown_name('item', item, ITEMS)}")
            if not 0 < factor < np.inf:
                raise SamExperimentError(
                    f"{file.name}: {one.name}: errors.{item} is {factor}; it must be above 0"
                )
        found[one.name] = one
    return found


def sam_experiments(
    names: Sequence[str] | None = None,
    regimes: Sequence[str] = REGIMES,
    draws: int = 0,
    seed: int = 2007,
    tables: Tables | None = None,
    experiments: Mapping[str, SamExperiment] | None = None,
    workers: int = 1,
    tell: Tell = lambda line: None,
) -> tuple[SamTrial, ...]:
    """Estimate the base year again in each way, and solve the regimes on each; the first trial is the committed SAM.

    Args:
        names: experiments by name (default: all; ``[]``: none).
        regimes: names of regimes; none: the SAMs are only compared.
        draws: number of SAMs drawn at random, called ``draw 0`` and so on.
        seed: of the draws.
        tables: reader of ``data/`` (default: the one shipped); another one is used in this process alone.
        experiments: default those of :data:`EXPERIMENTS_FILE`.
        workers: processes that share the estimates; results do not depend on their number.
        tell: is called with lines of progress.

    Raises:
        SamExperimentError: no such experiment, or ``without`` matches no control.
        BalanceError, SamError, BenchmarkError: a table that cannot be estimated or modelled.
    """
    tasks = _tasks(names, draws, seed, load_experiments() if experiments is None else experiments)
    loaded = load_all(regimes) if regimes else []
    made: dict[str, SamTrial] = {}

    def keep(name: str, trial: SamTrial) -> None:
        made[name] = trial
        tell(f"{name}: estimated and solved")
        tell(Doing(f"{len(made)} of {len(tasks)} estimates", len(made) / len(tasks)))

    tell(Doing(f"estimating and solving on {len(tasks)} SAMs", 0.0))
    own = None if tables is None else remembered(tables)
    pool = LocalPool(1 if own else min(workers, len(tasks)))
    try:
        pool.each(_trial, {task.name: (task, loaded, own) for task in tasks}, keep)
    finally:
        pool.close()
    return tuple(made[task.name] for task in tasks)


@dataclass(frozen=True)
class _Task:
    """One estimate to be made: that of an experiment, of a draw (seed and number), or the committed one."""

    name: str
    says: str
    experiment: SamExperiment | None = None
    draw: tuple[int, int] | None = None

    @classmethod
    def of(cls, experiment: SamExperiment) -> _Task:
        return cls(experiment.name, experiment.says, experiment)

    def estimate(self, read: Tables) -> Build:
        """The SAM as the task says."""
        if self.draw is not None:
            return build_sam(read, vary=random_errors(*self.draw))
        if self.experiment is None:
            return build_sam(read)
        restating = _Restating(self.experiment)
        build = build_sam(read, {"belarus": self.experiment.belarus}, self.experiment.method, vary=restating)
        restating.refuse_unused()
        return build


def _tasks(
    names: Sequence[str] | None, draws: int, seed: int, known: Mapping[str, SamExperiment]
) -> list[_Task]:
    """The committed estimate, the experiments asked for, the draws."""
    chosen = list(known) if names is None else list(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            raise SamExperimentError(unknown_name("SAM experiment", name, known))
    if draws < 0:
        raise SamExperimentError(f"draws is {draws}; it is a number of SAMs, 0 or more")
    says = f"Figures moved at random within their reliabilities, seed {seed}."
    return [
        _Task(REFERENCE, "The estimate that eacu ships."),
        *(_Task.of(known[name]) for name in chosen),
        *(_Task(f"{DRAW}{k}", says, draw=(seed, k)) for k in range(draws)),
    ]


def _trial(task: _Task, regimes: Sequence[Regime], tables: Tables | None) -> SamTrial:
    """Estimate and solve; on one thread of linear algebra, so that any process gives the same figures."""
    read = tables or _shipped()
    with threadpool_limits(1):
        build = task.estimate(read)
        effects = _effects(base_year_of(build, read), regimes)
    return SamTrial(task.name, task.says, sam_cells(build.sam), effects)


@lru_cache(maxsize=1)
def _shipped() -> Tables:
    """The shipped tables, read once by a process, with what does not depend on the estimate."""
    return remembered(data.reader())


class _Restating:
    """Restates problems as an experiment says, and remembers which of its words were of use."""

    def __init__(self, experiment: SamExperiment) -> None:
        self._experiment = experiment
        self._unused = set(experiment.without)

    def __call__(self, name: str, problem: BalanceProblem) -> BalanceProblem:
        factors = self._experiment.errors
        levels = problem.cells.index
        if "item" in levels.names:
            factor = np.array([factors.get(item, 1.0) for item in levels.get_level_values("item")])
        else:
            factor = np.full(len(levels), factors.get(TRADE, 1.0))
        cells = problem.cells.assign(standard_error=problem.cells["standard_error"] * factor)
        soft = problem.constraint_errors > 0
        named = {word: soft & problem.names.str.startswith(word) for word in self._experiment.without}
        self._unused -= {word for word, found in named.items() if found.any()}
        dropped = np.logical_or.reduce([*named.values(), np.zeros(len(soft), dtype=bool)])
        return problem.restated(cells, keep=~dropped)

    def refuse_unused(self) -> None:
        """Raise SamExperimentError for a word of ``without`` that is the beginning of no control."""
        if self._unused:
            raise SamExperimentError(
                f"{self._experiment.name}: without = {sorted(self._unused)} matches no control; those of national "
                "tables begin with gdp, household_consumption, government_consumption, capital_formation, "
                "value_added:, labour, output:; data/sam/balancing_controls.csv lists all"
            )


def _effects(base: BaseYear, regimes: Sequence[Regime]) -> pd.Series:
    """Indicators of the members in every regime, (regime, member, indicator)."""
    names = ["regime", "member", "indicator"]
    if not regimes:
        return pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], [], []], names=names))
    solved = run(*regimes, base=base)
    parts = {
        one.name: pd.Series(one.indicators.loc[list(solved.members), list(INDICATORS)].stack())
        for one in solved
    }
    return pd.concat(parts, names=names)


def effects_table(trials: Sequence[SamTrial]) -> pd.DataFrame:
    """Results side by side: rows (regime, member, indicator), one column a trial."""
    return pd.DataFrame({trial.name: trial.effects for trial in trials})


def bands(trials: Sequence[SamTrial]) -> pd.DataFrame:
    """What the draws say of each result: committed, mean, standard deviation, and the 5 and 95 per cent quantiles.

    Rows (regime, member, indicator). Raises SamExperimentError if there are fewer than two draws.
    """
    table = effects_table(trials)
    drawn = table[[name for name in table if str(name).startswith(DRAW)]]
    if drawn.shape[1] < 2:
        raise SamExperimentError("a band needs two draws or more")
    return pd.DataFrame(
        {
            REFERENCE: table[REFERENCE],
            "mean": drawn.mean(axis=1),
            "standard deviation": drawn.std(axis=1),
            "5 %": drawn.quantile(0.05, axis=1),
            "95 %": drawn.quantile(0.95, axis=1),
        }
    )


def restating(experiment: SamExperiment) -> Vary:
    """What restates every balancing problem as the experiment says."""
    return _Restating(experiment)
