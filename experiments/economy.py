"""The Python face of eacu: load, solve, compare, table.

economy = eacu.load()
union = economy.solve("union-2010-07")
wto = economy.solve("wto-only")
eacu.compare(union, wto).table()
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from ..model.arrays import to_dataset
from ..model.explain import Explanation
from ..model.indicators import UNITS
from ..model.names import nearest
from ..model.presentation import HEADLINE, shown
from .base_year import ARMINGTON, BaseYear, load_base_year
from .regimes import Regime, RegimeError
from .run import Run, SolvedRegime, Tell, Workbenches, run

if TYPE_CHECKING:
    import xarray

BASELINE = "pre-union"
"""The regime that is the base year itself."""
_GDP_TOLERANCE = 1e-6


class Economy:
    """A base year, ready to solve regimes. The model is built and compiled once for each closure, not for each solve.

    Attributes:
        base: benchmark, tariff schedules, the files both came from.
        closure: closure for all regimes, or None for the one that each names.
    """

    def __init__(self, base: BaseYear, closure: str | None = None, tell: Tell = lambda line: None):
        self.base, self.closure = base, closure
        self._tell = tell
        self._workbenches: Workbenches = {}

    @property
    def benchmark(self) -> Benchmark:
        """What the base year was."""
        return self.base.benchmark

    def solve(self, regime: str | Path | Regime, closure: str | None = None) -> SolvedRegime:
        """Solve one regime: a name, the path of a TOML file, or a `Regime`.

        Raises RegimeError, ClosureError for bad input, ConvergenceError if there is no solution.
        """
        (solved,) = self.run(regime, closure=closure)
        return solved

    def run(self, *regimes: str | Path | Regime, closure: str | None = None) -> Run:
        """Solve several regimes; one without a solution does not lose the others (`eacu.run`)."""
        return run(
            *regimes,
            closure=closure or self.closure,
            base=self.base,
            tell=self._tell,
            workbenches=self._workbenches,
        )

    def equation(self, name: str, *index: str) -> Explanation:
        """An equation with its numbers in the base year, e.g. ``equation("market_flow", "mvh", "RUS", "KAZ")``.

        It prints its mathematics. Raises SelectionError for an unknown name or index, offering the nearest.
        """
        return self._baseline.equation(name, *index)

    @cached_property
    def _baseline(self) -> SolvedRegime:
        return self.solve(BASELINE)

    def __repr__(self) -> str:
        b = self.benchmark
        return (
            f"Economy of {b.year}: {len(b.regions)} regions ({', '.join(b.regions)}), {len(b.sectors)} sectors, "
            f"world GDP {b.gdp.sum() / 1e6:,.1f} trillion USD; "
            f"market structure {self.base.market_structure}; closure {self.closure or 'of each regime'}"
        )


def load(
    base_year: str | Path | None = None,
    closure: str | None = None,
    market_structure: str | Path = ARMINGTON,
) -> Economy:
    """The shipped economy of 2007, another shipped one (``"ukraine"``), or a folder that ``eacu calibrate`` wrote.

    ``market_structure`` says how sectors compete: ``armington``, ``krugman`` or a csv file, see
    `eacu.experiments.base_year.load_base_year`.

    Raises TableError, SamError, BenchmarkError when the data are missing or cannot be trusted.
    """
    return Economy(load_base_year(base_year, market_structure), closure)


@dataclass(frozen=True)
class Comparison:
    """Solved regimes side by side. Iterate over them; `table` and `frame` are pandas, `to_xarray` labelled arrays."""

    solved: dict[str, SolvedRegime]

    @property
    def members(self) -> list[str]:
        """Regions that are a member of the union in any of the regimes, in the order of the economy."""
        named = {member for one in self.solved.values() for member in one.solution.members}
        return [region for region in self._first.solution.benchmark.regions if region in named]

    @property
    def frame(self) -> pd.DataFrame:
        """Every indicator, tidy: regime, region, indicator, unit, value (NaN where it is not defined)."""
        parts = [
            one.indicators.rename_axis("region")
            .reset_index()
            .melt("region", var_name="indicator")
            .assign(regime=name)
            for name, one in self.solved.items()
        ]
        joint = pd.concat(parts, ignore_index=True)
        joint["unit"] = joint["indicator"].map(UNITS)
        return joint[["regime", "region", "indicator", "unit", "value"]]

    def table(
        self, *indicators: str, regions: tuple[str, ...] | list[str] | None = None, differences: bool = True
    ) -> pd.DataFrame:
        """Indicators by region in rows, regimes in columns, and the difference of each to the first.

        Args:
            indicators: names of `eacu.model.indicators.UNITS`; by default welfare, real GDP and revenue.
            regions: by default the members.
            differences: whether to add the columns ``<regime> less <first>``.

        Raises:
            ValueError: an unknown indicator or region; the nearest is offered.
        """
        chosen = list(indicators or HEADLINE)
        rows = list(regions) if regions is not None else self.members
        self._check_known(chosen, UNITS)
        self._check_known(rows, self._first.solution.benchmark.regions)
        columns = {name: one.indicators.loc[rows, chosen].stack() for name, one in self.solved.items()}
        found = pd.DataFrame(columns).reindex(pd.MultiIndex.from_product([rows, chosen]))
        first, *others = self.solved
        if differences:
            for name in others:
                found[f"{name} less {first}"] = found[name] - found[first]
        return found.rename_axis(["region", "indicator"])

    def to_xarray(self) -> xarray.Dataset:
        """All results as labelled arrays over regime, region, sector, partner (`eacu.model.arrays.to_dataset`)."""
        return to_dataset({name: one.results for name, one in self.solved.items()})

    def __iter__(self) -> Iterator[SolvedRegime]:
        return iter(self.solved.values())

    def __getitem__(self, name: str) -> SolvedRegime:
        if name not in self.solved:
            raise KeyError(f"no regime {name!r} in this comparison; it has {', '.join(self.solved)}")
        return self.solved[name]

    @property
    def _first(self) -> SolvedRegime:
        return next(iter(self.solved.values()))

    @staticmethod
    def _check_known(names: Iterable[str], known: Collection[str]) -> None:
        for name in names:
            if name not in known:
                raise ValueError(f"Unknown indicator or region {name!r}.{nearest(name, known)}")

    def _shown(self) -> pd.DataFrame:
        table = self.table()
        return shown(table, differences=[str(name) for name in table if name not in self.solved])

    def __repr__(self) -> str:
        return f"Comparison of {', '.join(self.solved)}\n{self._shown().to_string()}"

    def _repr_html_(self) -> str:
        return self._shown().to_html(border=0)


def compare(*solved: SolvedRegime | Run, **named: SolvedRegime) -> Comparison:
    """Set solved regimes side by side; a run stands for all its regimes.

    Two regimes of one name (under different closures) are told apart by their closure. Keywords give names of your
    own: ``compare(armington=one, krugman=other)``. Raises RegimeError if
    nothing is named, something is not solved, or the regimes start from different base years: their differences would
    mean nothing.
    """
    for item in (*solved, *named.values()):
        if not isinstance(item, SolvedRegime | Run):
            raise RegimeError(
                f"compare() takes solved regimes, not {item!r}; solve it first: eacu.load().solve(...)"
            )
    flat = [one for item in solved for one in ([item] if isinstance(item, SolvedRegime) else item)]
    names = [one.name for one in flat]
    found: dict[str, SolvedRegime] = {}
    for one in flat:
        name = one.name if names.count(one.name) == 1 else f"{one.name} ({one.closure.name})"
        if name in found or name in named:
            raise RegimeError(f"{name} is given twice; tell them apart: compare(one=..., other=...)")
        found[name] = one
    found |= named
    if not found:
        raise RegimeError("nothing to compare; give solved regimes or runs")
    first, *others = found
    for name in others:
        if not _same_year(found[name].solution.benchmark, found[first].solution.benchmark):
            raise RegimeError(f"{name} starts from another base year than {first}; compare within one")
    return Comparison(found)


def _same_year(one: Benchmark, other: Benchmark) -> bool:
    """Whether two benchmarks are the same world: a market structure moves cells of the SAM, but no country's GDP."""
    if (one.year, one.regions) != (other.year, other.regions):
        return False
    return bool(np.allclose(one.gdp, other.gdp, rtol=_GDP_TOLERANCE, atol=0.0))
