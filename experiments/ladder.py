"""The ladder: what tariffs alone explain, and what each further mechanism adds.

``data/literature/ladder.toml`` lists the rungs. The figure of a rung is the difference between two solved economies,
which may differ in the regime, the closure or the market structure; a rung without a mechanism of the model says what
is missing. Published figures stand beside it by their ids in ``data/literature/reproduction.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import Field, model_validator

from ..calibration.market_structure import ARMINGTON
from .base_year import BaseYear, load_base_year, with_structure
from .doing import Tell
from .reproduce import ROWS_FILE, load_rows, regime_file
from .run import run
from .toml_files import Table, checked, read_toml

LADDER = ROWS_FILE.with_name("ladder.toml")
MEMBERS = ("RUS", "BLR", "KAZ")
INDICATORS = {
    "ev_pct_consumption": "welfare, % of consumption",
    "ev_pct_gdp": "welfare, % of GDP",
    "real_gdp_pct": "real GDP, %",
}
"""Columns of a rung's figures."""
Economy = tuple[str | None, str]
"""Closure (None: that of the regime) and market structure."""


class LadderError(ValueError):
    """The ladder cannot be used; the message names the rung, the key and the remedy."""


class Rung(Table):
    """One mechanism; see the head of ``data/literature/ladder.toml`` for what the keys mean."""

    id: str
    title: str
    text: str
    assumption: str
    chain: bool = False
    regime: str | None = None
    closure: str | None = None
    market_structure: str = ARMINGTON
    minus: str | None = None
    minus_closure: str | None = None
    minus_market_structure: str = ARMINGTON
    inversion: bool = False
    missing: str = ""
    published: tuple[int, ...] = Field(default=(), strict=False)
    aside: tuple[int, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _answered_once(self) -> Rung:
        if sum(map(bool, (self.regime, self.inversion, self.missing))) != 1:
            raise ValueError(f"{self.id}: give one of regime, inversion and missing")
        if self.minus is None and (self.minus_closure or self.minus_market_structure != ARMINGTON):
            raise ValueError(f"{self.id}: minus_closure and minus_market_structure need minus")
        return self

    @property
    def parts(self) -> list[tuple[Economy, str, int]]:
        """Economies to solve: (closure and market structure, regime, sign); none where nothing is solved."""
        found: list[tuple[Economy, str, int]] = []
        if self.regime:
            found.append(((self.closure, self.market_structure), self.regime, 1))
        if self.minus:
            found.append(((self.minus_closure, self.minus_market_structure), self.minus, -1))
        return found


class _File(Table):
    rungs: tuple[Rung, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> _File:
        names = [rung.id for rung in self.rungs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the rung {name!r} is given twice")
        start: str | None = None
        for rung in (rung for rung in self.rungs if rung.chain):
            if rung.minus != start:
                raise ValueError(f"{rung.id}: chain = true, but minus is {rung.minus!r} and not {start!r}")
            start = rung.regime
        return self


def load_ladder(file: Path = LADDER) -> tuple[Rung, ...]:
    """The rungs of a file, from the ground up.

    Raises:
        LadderError: malformed TOML, an unknown or missing key, a chain with a gap, a published row that does not exist.
    """
    rungs = checked(_File, read_toml(file, LadderError), LadderError).rungs
    known = {row.estimate for row in load_rows()}
    for rung in rungs:
        for number in (*rung.published, *rung.aside):
            if number not in known:
                raise LadderError(f"{file.name}: {rung.id}: the estimate {number} is not in {ROWS_FILE.name}")
    return rungs


def climb(
    rungs: Sequence[Rung], base: BaseYear | None = None, tell: Tell = lambda line: None
) -> dict[str, pd.DataFrame]:
    """What each rung that is solved adds: rows :data:`MEMBERS`, columns :data:`INDICATORS`.

    Args:
        rungs: from :func:`load_ladder`.
        base: benchmark and schedules (default: those shipped); its members must be :data:`MEMBERS`.
        tell: is called with each line of progress.

    Raises:
        BenchmarkError: a market structure does not fit the benchmark.
        RegimeError, ClosureError, EngineError: as `eacu.experiments.run.run`.
    """
    base = base or load_base_year()
    needed: dict[Economy, dict[str, None]] = {}
    for rung in rungs:
        for economy, regime, _ in rung.parts:
            needed.setdefault(economy, {})[regime] = None
    solved = {}
    for (closure, structure), regimes in needed.items():
        found = run(
            *map(regime_file, regimes), closure=closure, base=with_structure(base, structure), tell=tell
        )
        for name in regimes:
            solved[closure, structure, name] = found[name].indicators.loc[list(MEMBERS), list(INDICATORS)]
    added: dict[str, pd.DataFrame] = {}
    for rung in rungs:
        for (closure, structure), name, sign in rung.parts:
            part = sign * solved[closure, structure, name]
            added[rung.id] = added[rung.id] + part if rung.id in added else part
    return added
