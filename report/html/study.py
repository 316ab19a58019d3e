"""What a report is made from: a solved regime, what it is compared with, its decompositions, its readings.

Every figure of the report is a change *from* the base of comparison *to* the regime. The base is the base year, or
another regime (``against``); amounts are always at prices of the base year, and per cent are per cent of base-year
amounts, so that a comparison of two regimes is the difference of their changes against the base year.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from ...experiments.base_year import BaseYear, load_base_year
from ...experiments.readings import READINGS, Reading, solve_readings
from ...experiments.regimes import Regime, load_regime
from ...experiments.run import Check, Run, SolvedRegime, run
from ...model.indicators import indicators
from ...model.state import State
from .bands import StudyBand, study_band

Tell = Callable[[str], None]
WELFARE_KEYS = ["region", "term", "detail", "sector", "partner"]
GROUPS = ("instrument", "region")
"""Contributions are told apart by instrument and by who sets it; every group costs a linear solve at every point."""
MEASURES = ("ev_usd_mn",)
"""Indicators that are split into the contributions of instruments."""
BASE_YEAR = "base-year"
"""Asks for a comparison with the base year where a regime's own question names another regime."""
ACCURACY = 1e-6
"""Asked of decompositions along the path: the page shows three digits."""


@dataclass(frozen=True)
class Decomposed:
    """Welfare terms and subtotals of one regime against the base year, tidy, with how exact they are."""

    welfare: pd.DataFrame
    """region, term, detail, sector, partner, value (million USD)."""
    subtotals: pd.DataFrame
    """measure, member, instrument, region, value (unit of the measure); region is who sets the instrument."""
    welfare_accuracy: float
    subtotals_accuracy: float

    @classmethod
    def of(cls, solved: SolvedRegime, regions: Sequence[str]) -> Decomposed:
        """Decompose the welfare and the :data:`MEASURES` of a solved regime."""
        found = solved.solution.welfare(tolerance=ACCURACY)
        wanted = [f"{measure}[{'|'.join(regions)}]" for measure in MEASURES]
        split = solved.solution.subtotals(wanted, by=GROUPS, tolerance=ACCURACY)
        return cls(
            found.terms[[*WELFARE_KEYS, "value"]], _tidy(split.contributions), found.accuracy, split.accuracy
        )


@dataclass(frozen=True)
class Study:
    """A regime, the base of comparison, and everything that was computed about the change between the two."""

    base: BaseYear
    result: Run
    solved: SolvedRegime
    against: SolvedRegime | None
    central: Decomposed
    other: Decomposed | None
    """The decompositions of ``against``."""
    readings: tuple[Reading, ...] = ()
    found: dict[str, Run | str] = field(default_factory=dict)
    """The runs of the readings, by name; a text where there is no solution."""
    band: StudyBand | None = None
    """The 90 per cent band; None if none was asked for."""
    provenance: tuple[Check, ...] = ()
    """Checks about where the regime came from, such as a saved run that was solved again."""
    run_name: str | None = None
    command: str = ""
    """The command that makes the page again; empty where none was given."""

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions the report is about: members, and whoever's tariff a regime sets."""
        return self.result.concerned

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the union."""
        return self.solved.solution.members

    @property
    def year(self) -> int:
        """The base year."""
        return self.base.benchmark.year

    @property
    def asked_against(self) -> bool:
        """Whether the regime's own question names the regime that it is compared with."""
        return self.against is not None and self.against.name == self.solved.regime.reference

    @property
    def base_state(self) -> State:
        """The equilibrium the change starts from."""
        return self.against.solution.state if self.against else self.solved.solution.base

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Indicators of the regime, by region."""
        return self.solved.indicators

    @cached_property
    def base_indicators(self) -> pd.DataFrame:
        """Indicators of the base of comparison, by region."""
        return _start(self.solved, self.against)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Change of every indicator by region, in the indicator's unit (per cent: points of the base year's)."""
        return self.indicators - self.base_indicators

    @cached_property
    def ev(self) -> pd.Series:
        """Equivalent variation of the concerned regions, million USD at base-year prices."""
        return self.changes["ev_usd_mn"].loc[list(self.regions)]

    @cached_property
    def welfare(self) -> pd.DataFrame:
        """Welfare terms of the concerned regions: region, term, detail, sector, partner, value; sums to ``ev``."""
        frame = _difference(self.central.welfare, self.other.welfare if self.other else None, WELFARE_KEYS)
        return frame[frame["region"].isin(self.regions)].reset_index(drop=True)

    @cached_property
    def subtotals(self) -> pd.DataFrame:
        """Contributions of instruments: measure, member, instrument, region, value."""
        keys = ["measure", "member", *GROUPS]
        return _difference(self.central.subtotals, self.other.subtotals if self.other else None, keys)

    @cached_property
    def variation(self) -> pd.DataFrame:
        """Changes of indicators in every reading that was solved: subject, reading, region, indicator, value."""
        frames = []
        for reading in self.readings:
            found = self.found[reading.name]
            if isinstance(found, str):
                continue
            solved = found[self.solved.name]
            before = _start(solved, found[self.against.name] if self.against else None)
            moved = (solved.indicators - before).rename_axis("region").reset_index()
            tidy = moved.melt(id_vars="region", var_name="indicator")
            facts = {"subject": reading.subject, "reading": reading.name}
            frames.append(tidy.assign(**facts, elasticities=reading.varies_elasticities))
        columns = ["subject", "reading", "elasticities", "region", "indicator", "value"]
        return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)

    @property
    def without_solution(self) -> dict[str, str]:
        """Readings that have no solution, and why."""
        return {name: found for name, found in self.found.items() if isinstance(found, str)}


def make_study(
    regime: str | Path | Regime,
    against: str | Path | Regime | None = None,
    closure: str | None = None,
    base: BaseYear | None = None,
    readings: Sequence[Reading] = READINGS,
    tell: Tell = lambda line: None,
    band: bool = True,
) -> Study:
    """Solve a regime and the one it is compared with, decompose both, and solve them in every reading.

    With ``band`` the 90 per cent band over elasticities and policy sizes is computed too (`study_band`).

    Without ``against`` that is the regime its own question compares with, if its file names one;
    ``against=BASE_YEAR`` compares with the base year all the same.

    Raises what `eacu.experiments.run.run` raises, and ``EngineError`` if a decomposition fails or one of the two
    regimes has no solution.
    """
    loaded = [regime if isinstance(regime, Regime) else load_regime(regime)]
    other_one = loaded[0].against if against is None else None if against == BASE_YEAR else against
    if other_one is not None:
        loaded.append(other_one if isinstance(other_one, Regime) else load_regime(other_one))
    base = base or load_base_year(*{r.base_year for r in loaded if r.base_year})
    result = run(*loaded, closure=closure, base=base, tell=tell)
    if result.failed:
        raise result.failed[0].error
    solved = result[loaded[0].name]
    other = result[loaded[1].name] if other_one is not None else None
    if other and other.solution.benchmark.sectors != solved.solution.benchmark.sectors:
        raise ValueError(
            f"{solved.name} divides services by type of firm and {other.name} does not, or the other way round: a page "
            "needs one set of sectors; compare with the base year (--against base-year), or use eacu compare"
        )
    tell("decomposing welfare and the contributions of instruments")
    central = Decomposed.of(solved, result.concerned)
    before = Decomposed.of(other, result.concerned) if other else None
    found = solve_readings(loaded, readings, base, closure, tell)
    width = study_band(loaded, closure, base, tell) if band else None
    return Study(base, result, solved, other, central, before, tuple(readings), found, width)


def _start(solved: SolvedRegime, against: SolvedRegime | None) -> pd.DataFrame:
    """Indicators of the base of comparison, trade with the union being that with the members of the regime."""
    solution = solved.solution
    start = against.solution.state if against else solution.base
    return indicators(solution.benchmark, solution.base, start, solution.members)


def _tidy(contributions: pd.DataFrame) -> pd.DataFrame:
    """Subtotals as rows; columns are called ``measure[region]``. No rows if no instrument moved."""
    keys = list(GROUPS)
    if contributions.empty:
        return pd.DataFrame(columns=["measure", "member", *keys, "value"])
    tidy = contributions.reset_index().melt(id_vars=keys, var_name="name")
    tidy[["measure", "member"]] = tidy["name"].str.extract(r"(\w+)\[(\w+)\]")
    return tidy[["measure", "member", *keys, "value"]]


def _difference(after: pd.DataFrame, before: pd.DataFrame | None, keys: list[str]) -> pd.DataFrame:
    """Rows of ``after`` less those of ``before``; a contribution that one of the two lacks is nil there."""
    if before is None:
        return after
    signed = pd.concat([after, before.assign(value=-before["value"])], ignore_index=True)
    return pd.Series(signed.groupby(keys, sort=False)["value"].sum()).reset_index()
