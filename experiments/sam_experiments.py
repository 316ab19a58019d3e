"""Other estimates of the base year, and what they do to results: how much of an answer is the data?

Every experiment of ``data/sam/experiments.toml`` estimates the SAM again with another prior for Belarus, another
objective, other reliabilities or fewer controls; draws estimate it from figures moved at random within their
reliabilities (`eacu.calibration.draws`). On each SAM the same regimes are solved.

    found = sam_experiments(["russia", "poland"], draws=5)
    found.effects()
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field

from .. import data
from ..calibration.balancing import BalanceProblem, Method, Vary
from ..calibration.build import Build, build_sam
from ..calibration.draws import random_errors
from ..calibration.sam_distance import sam_cells
from ..calibration.series import Tables, remembered
from ..calibration.synthetic import PRIOR
from ..model.names import unknown_name
from .base_year import BaseYear, base_year_of
from .doing import Tell, Work
from .run import run
from .toml_files import Table, checked, read_toml

EXPERIMENTS_FILE = Path(__file__).resolve().parent.parent / "data" / "sam" / "experiments.toml"
REFERENCE = "committed"
"""Name of the estimate that the others depart from: that of the committed SAM."""
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
        if one.name in (*found, REFERENCE):
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
    tell: Tell = lambda line: None,
) -> tuple[SamTrial, ...]:
    """Estimate the base year again in each way, and solve the regimes on each; the first trial is the committed SAM.

    Args:
        names: experiments by name (default: all; ``[]``: none).
        regimes: names of regimes; none: the SAMs are only compared.
        draws: number of SAMs drawn at random, called ``draw 0`` and so on.
        seed: of the draws.
        tables: reader of ``data/`` (default: the one shipped).
        experiments: default those of :data:`EXPERIMENTS_FILE`.
        tell: is called with lines of progress.

    Raises:
        SamExperimentError: no such experiment, or ``without`` matches no control.
        BalanceError, SamError, BenchmarkError: a table that cannot be estimated or modelled.
    """
    known = load_experiments() if experiments is None else experiments
    chosen = list(known) if names is None else list(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            raise SamExperimentError(unknown_name("SAM experiment", name, known))
    if draws < 0:
        raise SamExperimentError(f"draws is {draws}; it is a number of SAMs, 0 or more")
    read = remembered(tables or data.reader())
    work = Work(tell, 1 + len(chosen) + draws)
    made = []
    for name, says, build in _builds(read, [known[name] for name in chosen], draws, seed, work):
        base = base_year_of(build, read)
        made.append(SamTrial(name, says, sam_cells(build.sam), _effects(base, regimes)))
        tell(f"{name}: estimated and solved")
    work.finish()
    return tuple(made)


def _builds(
    read: Tables, chosen: Sequence[SamExperiment], draws: int, seed: int, work: Work
) -> Iterator[tuple[str, str, Build]]:
    work.at(REFERENCE)
    yield REFERENCE, "The estimate that eacu ships.", build_sam(read)
    for one in chosen:
        work.at(one.name)
        restating = _Restating(one)
        build = build_sam(read, {"belarus": one.belarus}, one.method, vary=restating)
        restating.refuse_unused()
        yield one.name, one.says, build
    for number in range(draws):
        work.at(f"draw {number}")
        yield (
            f"draw {number}",
            f"Figures moved at random within their reliabilities, seed {seed}.",
            build_sam(read, vary=random_errors(seed, number)),
        )


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


def _effects(base: BaseYear, regimes: Sequence[str]) -> pd.Series:
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
    drawn = table[[name for name in table if str(name).startswith("draw ")]]
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
