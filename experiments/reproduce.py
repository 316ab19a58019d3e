"""Published estimates set beside the model's own, one row each, judged by a rule written down beforehand.

``data/literature/estimates.csv`` holds the published figures with their addresses and whether each was read in the
source; ``data/literature/reproduction.toml`` says which regime, closure and measure answer each, or which mechanism
is missing. The rule (`judge`) knows nothing of the row it judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isfinite
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from .. import data
from ..model.names import unknown_name
from .base_year import BaseYear, load_base_year
from .claims import CENTRAL, Measure, Variant, scaled
from .doing import Tell, Work
from .run import run
from .toml_files import Table, checked, read_toml

ROWS_FILE = Path(__file__).resolve().parent.parent / "data" / "literature" / "reproduction.toml"
STUDIES = ROWS_FILE.with_name("regimes")
"""Regimes that only a study needs."""
ESTIMATES = "literature/estimates"
FACTOR = 2.0
"""A figure of the same sign and at most this many times larger or smaller counts as reproduced."""
NOTHING = 0.05
"""Where a study finds no significant effect: at most this much, in the row's own unit."""
BAND = (
    Variant(name="elasticities -50 %", trade_elasticities=0.5),
    Variant(name="elasticities +50 %", trade_elasticities=1.5),
)
Mechanism = Literal[
    "tariffs",
    "pool",
    "export duties",
    "borders",
    "market access",
    "steady state",
    "migration",
    "varieties",
    "services",
    "technology",
    "new members",
]
Verdict = Literal[
    "reproduced", "inside the band", "sign only", "sign reproduced", "opposite sign", "not reproducible"
]


class ReproductionError(ValueError):
    """The table of rows cannot be used; the message names the row, the key and the remedy."""


class Row(Table):
    """How the model answers one published estimate, or why it cannot.

    ``estimate`` is the id in ``data/literature/estimates.csv``. ``measure`` is taken in the regime (less that of
    ``minus``), times ``factor`` plus ``offset`` (a unit, or a ratio from a percentage). ``mechanisms`` are those the
    study rests on; ``counted`` those that the regime has. ``fitted`` names what a parameter was fitted to, if
    this row took part in it.
    """

    estimate: int
    measure: Measure | None = None
    closure: str | None = None
    factor: float = 1.0
    offset: float = 0.0
    mechanisms: tuple[Mechanism, ...]
    counted: tuple[Mechanism, ...] = ()
    rung: int = Field(ge=1, le=4)
    missing: str = ""
    fitted: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _answered_or_not(self) -> Row:
        if (self.measure is None) == (not self.missing):
            raise ValueError(f"row {self.estimate}: give either a measure or what is missing")
        return self


class _File(Table):
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Published:
    """A published estimate as read from the table."""

    study: str
    year: str
    scenario: str
    member: str
    metric: str
    unit: str
    published: str
    address: str
    evidence: str
    """``read`` in the source, ``derived`` from figures read, or ``not read``: then it is no source, only a lead."""

    @property
    def verified(self) -> bool:
        """Whether the figure was read in its source."""
        return self.evidence == "read"

    @property
    def range(self) -> tuple[float, float] | None:
        """The figure as a range (one figure: twice the same), or None where only a sign is published.

        "at most 1" is from -1 to 1: studies say so of small gains.
        """
        words = self.published
        try:
            if words.startswith("at most "):
                top = float(words.removeprefix("at most "))
                return -abs(top), top
            if words.startswith("at least "):
                return float(words.removeprefix("at least ")), inf
            low, _, high = words.partition(" to ")
            return float(low), float(high or low)
        except ValueError:
            return None


def judge(published: Published, ours: float, low: float, high: float) -> Verdict:
    """The rule: size within a factor of two, else inside the band, else the sign; signs by sign.

    A published range counts as hit anywhere inside it. A study that publishes a sign only is answered by the
    sign; "not significant" and "marginal" mean no more than `NOTHING`.
    """
    if not isfinite(ours):
        return "not reproducible"
    interval = published.range
    if interval is None:
        return _judge_sign(published.published, ours)
    bottom, top = interval
    if bottom <= ours <= top:
        return "reproduced"
    nearest = bottom if abs(ours - bottom) < abs(ours - top) else top
    if ours * nearest > 0 and 1 / FACTOR <= ours / nearest <= FACTOR:
        return "reproduced"
    if low <= nearest <= high:
        return "inside the band"
    return "sign only" if ours * nearest > 0 else "opposite sign"


def _judge_sign(words: str, ours: float) -> Verdict:
    text = words.lower()
    if "not significant" in text or "marginal" in text or "not beneficial" in text:
        small = abs(ours) <= NOTHING or ("not beneficial" in text and ours < 0)
        return "sign reproduced" if small else "opposite sign"
    for word, sign in (("negative", -1), ("positive", 1)):
        if word in text:
            return "sign reproduced" if ours * sign > 0 else "opposite sign"
    return "not reproducible"


@dataclass(frozen=True)
class Reproduction:
    """One row of the table: the published estimate, ours over the band, and the verdict."""

    row: Row
    published: Published
    ours: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """By the rule, or that a mechanism is missing."""
        if self.row.measure is None:
            return "not reproducible"
        return judge(self.published, self.ours, self.low, self.high)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        p = self.published
        return {
            "study": p.study,
            "year": p.year,
            "scenario": p.scenario,
            "member": p.member,
            "metric": p.metric,
            "unit": p.unit,
            "published": p.published,
            "verified": p.verified,
            "evidence": p.evidence,
            "ours": self.ours,
            "ours_low": self.low,
            "ours_high": self.high,
            "regime": self.row.measure.regime if self.row.measure else None,
            "minus": self.row.measure.minus if self.row.measure else None,
            "closure": self.row.closure,
            "mechanisms": list(self.row.mechanisms),
            "counted": list(self.row.counted),
            "rung": self.row.rung,
            "verdict": self.verdict,
            "fitted": self.row.fitted,
            "note": " ".join((self.row.note or self.row.missing).split()),
            "source": p.address,
        }


def load_rows(file: Path = ROWS_FILE) -> tuple[Row, ...]:
    """The rows of a file; raises ReproductionError for malformed TOML, unknown keys, a row given twice."""
    rows = checked(_File, read_toml(file, ReproductionError), ReproductionError).rows
    seen: set[tuple[int, str | None]] = set()
    for row in rows:
        key = (row.estimate, row.closure)
        if key in seen:
            raise ReproductionError(f"{file.name}: estimate {row.estimate} is answered twice")
        seen.add(key)
    return rows


@lru_cache(maxsize=1)
def published_estimates() -> dict[int, Published]:
    """Published estimates by id; raises ReproductionError for an id given twice."""
    table = data.table(ESTIMATES)
    if table["id"].duplicated().any():
        raise ReproductionError(f"{ESTIMATES}: id {table['id'][table['id'].duplicated()].iloc[0]} twice")
    return {int(entry["id"]): _published(entry) for entry in table.to_dict("records")}


def _published(entry: dict[Any, Any]) -> Published:
    columns = ("study", "year", "scenario", "member", "metric", "unit", "published", "evidence")
    return Published(**{name: str(entry[name]) for name in columns}, address=str(entry["source_address"]))


def reproduce(
    rows: Iterable[Row] | None = None, base: BaseYear | None = None, tell: Tell = lambda line: None
) -> list[Reproduction]:
    """Solve what every row needs, with the trade elasticities as they are and 50 % lower and higher.

    Raises ReproductionError for a row whose estimate does not exist; otherwise what
    `eacu.experiments.run.run` raises.
    """
    chosen = list(load_rows() if rows is None else rows)
    estimates = published_estimates()
    for row in chosen:
        if row.estimate not in estimates:
            raise ReproductionError(unknown_name("estimate", str(row.estimate), map(str, estimates)))
    base = base or load_base_year()
    values: dict[str, dict[int, float]] = {}
    cases = (Variant(name=CENTRAL), *BAND)
    work = Work(tell, len(cases))
    for variant in cases:
        tell(variant.name)
        varied = scaled(base, variant.trade_elasticities)
        values[variant.name] = _values(chosen, varied, work.part(variant.name))
    work.finish()
    found = []
    for n, row in enumerate(chosen):
        mine = [values[name].get(n, float("nan")) for name in values]
        found.append(Reproduction(row, estimates[row.estimate], mine[0], min(mine), max(mine)))
    return found


def _values(rows: list[Row], base: BaseYear, tell: Tell) -> dict[int, float]:
    """Our figure of every row that has a measure; regimes of one closure are solved together."""
    values: dict[int, float] = {}
    closures = list(dict.fromkeys(row.closure for row in rows))
    work = Work(tell, len(closures))
    for closure in closures:
        mine = {n: row for n, row in enumerate(rows) if row.closure == closure and row.measure is not None}
        needed = dict.fromkeys(r for row in mine.values() if row.measure for r in row.measure.regimes)
        part = work.part(closure or "each regime's own closure")
        if needed:
            solved = run(*map(_regime, needed), closure=closure, base=base, tell=part)
            values |= {
                n: row.offset + row.factor * row.measure.of(solved) for n, row in mine.items() if row.measure
            }
    return values


def _regime(name: str) -> str | Path:
    """A study's own regime where there is one, else one of the shipped."""
    own = STUDIES / f"{name}.toml"
    return own if own.is_file() else name
