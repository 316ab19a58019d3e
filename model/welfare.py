r"""Welfare decomposition: the household's equivalent variation as a sum of economic terms.

The path from the benchmark to a solution is cut into steps. On each, the accounts of the equilibrium split the
household's gain of real income :math:`\sum_i \bar p_i\,\Delta c_i` into terms (`welfare_terms`; Huff and
Hertel 2001, *Decomposing welfare changes in GTAP*, GTAP technical paper 5). Divided by the price of utility they
are in the units of the equivalent variation. What finite steps leave over falls with the square of their length,
so results with 1, 2, 4, ... steps are extrapolated (Romberg 1955) until sum and equivalent variation agree; where
the path has a kink, the piece around it is cut in two until it no longer matters. What then remains, the
`Welfare.accuracy`, is spread over the terms in proportion to their size: the sum is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from .derivatives import Equations, legs
from .engine.path import solution_at
from .engine.tape import Array
from .indicators import welfare
from .state import State
from .welfare_snapshot import Layout, Snapshot
from .welfare_terms import LEVELS, TERMS, Part, Step

TOLERANCE = 1e-7
MOST_POINTS = 150
"""Points of the path that are solved at most on each of its legs."""
ROUNDING = 1e-12
"""Differences below this share of a region's GDP are rounding of the solutions, not a lack of accuracy."""
FAST = 0.1
"""Halving the steps of a piece is worth while as long as it leaves at most this part of its error."""
ORDER = (
    "allocative",
    "terms of trade",
    "pool transfer",
    "oil duty transfer",
    "rents",
    "migration",
    "foreign capital",
    "foreign firms",
    "endowment",
    "technology",
    "variety",
    "population",
    "government",
    "savings",
)
"""Terms in the order of tables."""


@dataclass(frozen=True)
class Welfare:
    """Equivalent variation by region and its terms, million USD at benchmark prices.

    Attributes:
        terms: one row for each contribution: region, term, detail, sector (or factor), partner, value.
        total: equivalent variation by region, computed without the path.
        accuracy: largest gap, over regions, between the sum of the extrapolated terms and the equivalent
            variation, or between the last two extrapolations of a term, relative to the region's largest term.
        points: points of the path that were solved.
    """

    terms: pd.DataFrame = field(repr=False)
    total: pd.Series
    accuracy: float
    points: int

    def by(self, *levels: str) -> pd.DataFrame:
        """Contributions summed over everything but region and ``levels``: rows region, columns the levels.

        ``levels`` are some of term, detail, sector, partner; by default the terms. The columns add up to the
        total.
        """
        wanted = list(levels or ("term",))
        sums = self.terms.groupby(["region", *wanted], sort=False)["value"].sum()
        table = sums.unstack(wanted)
        return table.reindex(self.total.index).fillna(0.0)  # a term that does not occur in a region is nil

    def __str__(self) -> str:
        """Terms by region, their sum, and the accuracy."""
        table = self.by().assign(total=self.total)
        return f"{table}\nterms of the path agree with the total within {self.accuracy:.1e} ({self.points} points)"


def decompose(
    equations: Equations,
    base: State,
    state: State,
    tolerance: float = TOLERANCE,
    most_points: int = MOST_POINTS,
) -> Welfare:
    """Split the equivalent variation of every region between the benchmark and a solution.

    Args:
        equations: the equations behind the solution.
        base: benchmark.
        state: solution.
        tolerance: accuracy at which the path is no longer cut finer (see `Welfare.accuracy`).
        most_points: points of a leg of the path beyond which it is not cut either; the result says how accurate
            it is.

    Raises:
        ConvergenceError: a point of the path has no solution.
    """
    b: Benchmark = equations.model.benchmark
    total = (welfare(b, state)["ev_usd_mn"] - welfare(b, base)["ev_usd_mn"]).rename("ev_usd_mn")
    floor = ROUNDING / tolerance * b.gdp
    values, accuracy, points = [], 0.0, 0
    for start, end in legs(equations, base, state):
        path = Path(equations, base, start, end)
        found, error = integrate(path, floor, tolerance, most_points)
        values.append(found)
        accuracy, points = max(accuracy, error), points + path.points
    joint = sum(values[1:], values[0])
    size = joint.abs().groupby([joint.index.get_level_values(k) for k in ("region", "term")]).transform("sum")
    above = size > ROUNDING * b.gdp.reindex(joint.index.get_level_values("region")).to_numpy()
    return Welfare(_tidy(_spread(joint[above], total), b.regions), total, accuracy, points)


def _tidy(values: pd.Series, regions: tuple[str, ...]) -> pd.DataFrame:
    """Rows in the order of regions and :data:`ORDER`, exact zeros left out."""
    frame = values[values != 0.0].rename("value").reset_index()
    place = {name: n for n, name in enumerate((*regions, *ORDER))}
    by = ["region", "term"]
    return frame.sort_values(by, key=lambda names: names.map(place), kind="stable", ignore_index=True)


def _spread(values: pd.Series, total: pd.Series) -> pd.Series:
    """The contributions with what they lack to the total spread in proportion to their absolute size."""
    region = values.index.get_level_values("region")
    size = values.abs().groupby("region").sum().reindex(total.index)
    gap = total - values.groupby("region").sum().reindex(total.index)
    share = (gap / size.where(size > 0.0, 1.0)).reindex(region).to_numpy()
    return values + values.abs() * share


def integrate(path: Path, floor: pd.Series, tolerance: float, most_points: int) -> tuple[pd.Series, float]:
    """Contributions on a leg, indexed by :data:`LEVELS`, and their accuracy.

    The piece with the largest error gets finer steps or, where these no longer help, is cut in two. ``floor`` is the
    size of a region's terms below which errors are not relative to them.
    """
    pieces = [Piece(path, 0.0, 1.0, 1 if path.still else 2)]
    while True:
        values = pd.Series(np.sum([piece.best for piece in pieces], axis=0), index=path.labels)
        largest = np.abs(path.by_term(values.to_numpy())).max(axis=1)
        scale = np.maximum(largest, floor.to_numpy())
        errors = np.array([piece.error / scale for piece in pieces])
        accuracy = float(errors.sum(axis=0).max())
        if accuracy <= tolerance or path.points >= most_points or path.still:
            return values, accuracy
        worst = int(errors.max(axis=1).argmax())
        pieces[worst : worst + 1] = pieces[worst].finer()


class Path:
    """One leg of the path: equilibria, and the contributions between any two of them, computed once."""

    def __init__(self, equations: Equations, base: State, start: Array, end: Array):
        self._equations, self._layout = equations, Layout(equations.model.benchmark, base)
        self._ends = (start, end)
        self._points = {0.0: start, 1.0: end}
        self._snapshots: dict[float, Snapshot] = {}
        self._gains: dict[tuple[float, float], Array] = {}
        self._welfare: dict[float, Array] = {}
        self._b: Benchmark = equations.model.benchmark
        self.labels = _labels(self.step(0.0, 1.0))
        self._region = pd.Index(self._b.regions).get_indexer(self.labels.get_level_values("region"))
        self._term = pd.Index(ORDER).get_indexer(self.labels.get_level_values("term"))

    @property
    def still(self) -> bool:
        """Nothing exogenous moves."""
        fixed = self._equations.fixed
        return np.array_equal(self._ends[0][fixed], self._ends[1][fixed])

    @property
    def points(self) -> int:
        """Points solved so far."""
        return len(self._points) - 2

    def step(self, start: float, end: float) -> Step:
        """The step between two points of the path."""
        return Step(self.snapshot(start), self.snapshot(end))

    def snapshot(self, t: float) -> Snapshot:
        """The equilibrium at a point of the path, from 0 to 1."""
        if t not in self._snapshots:
            state = self._equations.state(self._point(t), self._layout.base)
            self._snapshots[t] = Snapshot(self._layout, state)
        return self._snapshots[t]

    def welfare(self, t: float) -> Array:
        """Equivalent variation by region at a point of the path."""
        if t not in self._welfare:
            self._welfare[t] = welfare(self._b, self.snapshot(t).x)["ev_usd_mn"].to_numpy()
        return self._welfare[t]

    def gains(self, start: float, end: float) -> Array:
        r"""All terms of one step in units of the equivalent variation, in the order of ``labels``.

        The gain of real income buys :math:`1/P^S` of utility, :math:`P^S` being the price of what exceeds
        committed purchases.
        """
        if (start, end) not in self._gains:
            step = self.step(start, end)
            money = np.concatenate([part.values.to_numpy() for part in _parts(step)])
            price = step.mean("utility_price").reindex(self._b.regions).to_numpy()
            self._gains[start, end] = money / price[self._region]
        return self._gains[start, end]

    def by_term(self, values: Array) -> Array:
        """Contributions in the order of ``labels`` summed: regions in rows, the terms of :data:`ORDER` in columns."""
        sums: Array = np.zeros((len(self._b.regions), len(ORDER)))
        np.add.at(sums, (self._region, self._term), values)
        return sums

    def _point(self, t: float) -> Array:
        """The solution at ``t``, sought from the line between its neighbours."""
        if t not in self._points:
            before = max(known for known in self._points if known < t)
            after = min(known for known in self._points if known > t)
            weight = (t - before) / (after - before)
            guess = (1 - weight) * self._points[before] + weight * self._points[after]
            straight = (1 - t) * self._ends[0] + t * self._ends[1]
            fixed = self._equations.fixed
            guess = np.where(fixed, straight, guess)
            self._points[t] = solution_at(self._equations.system, guess, self._points[before], fixed)
        return self._points[t]


class Piece:
    """A piece of the path in 1, 2, 4, ... up to ``steps`` equal steps, and what they extrapolate to.

    The error of means is a series in even powers of the step, so four times the finer result less the coarser,
    over three, is of fourth order, and so on (Bulirsch and Stoer 2002, *Numerical Analysis*, ch. 3.4).
    """

    def __init__(self, path: Path, start: float, end: float, steps: int):
        self._path, self._start, self._end, self.steps = path, start, end, steps
        row: list[Array] = []
        self._tables: list[Array] = []
        for halvings in range(steps.bit_length()):
            finer = [np.sum([path.gains(*ends) for ends in self.cut(2**halvings)], axis=0)]
            for power, coarser in enumerate(row, start=1):
                finer.append(finer[-1] + (finer[-1] - coarser) / (4**power - 1))
            row = finer
            self._tables.append(row[-1])
        self.plain: Array = row[0]
        """Contributions with the finest steps, not extrapolated, in the order of the path's labels."""
        self.best: Array = row[-1]
        """The contributions extrapolated from all steps."""

    def cut(self, steps: int) -> list[tuple[float, float]]:
        """The ends of so many equal steps."""
        nodes = [self._start + (self._end - self._start) * n / steps for n in range(steps + 1)]
        return list(pairwise(nodes))

    @property
    def total(self) -> Array:
        """Change of the equivalent variation on the piece by region, computed without steps."""
        return self._path.welfare(self._end) - self._path.welfare(self._start)

    @property
    def error(self) -> Array:
        """By region, the larger of what the terms lack to the total and of what the last halving did to a term."""
        return self._error(len(self._tables) - 1)

    def _error(self, row: int) -> Array:
        best, before = (self._path.by_term(self._tables[n]) for n in (row, max(row - 1, 0)))
        error: Array = np.maximum(np.abs(best.sum(axis=1) - self.total), np.abs(best - before).max(axis=1))
        return error

    def finer(self) -> list[Piece]:
        """The piece with steps half as long, or its two halves if the last halving helped little."""
        last = len(self._tables) - 1
        if last < 2 or (self._error(last) <= FAST * self._error(last - 1)).all():
            return [Piece(self._path, self._start, self._end, 2 * self.steps)]
        middle = 0.5 * (self._start + self._end)
        halves = (self._start, middle), (middle, self._end)
        return [Piece(self._path, start, end, self.steps // 2) for start, end in halves]


def _parts(step: Step) -> list[Part]:
    """The parts of all terms, always in the same order."""
    return [part for term in TERMS for part in term(step)]


def _labels(step: Step) -> pd.MultiIndex:
    parts = _parts(step)
    unknown = {part.term for part in parts} - set(ORDER)
    if unknown:
        raise ValueError(
            f"The welfare term(s) {', '.join(sorted(unknown))} have no place in ORDER: add them there."
        )
    labels = zip(*(part.labels() for part in parts), strict=True)
    return pd.MultiIndex.from_arrays([np.concatenate(level) for level in labels], names=LEVELS)
