"""Published estimates set beside the model's own, one row each, judged by a rule written down beforehand.

``data/literature/estimates.csv`` holds the published figures with their addresses and whether each was read in the
source; ``data/literature/reproduction.toml`` says which regime, closure and measure answer each, or which mechanism
is missing. The rule (`judge`) knows nothing of the row it judges.

Some rows are no test whatever the figures are, and their verdict says so: an *input* of the study that is an input of
the model too; a row whose size is that of an assumption of ours (*size assumed*). Effects that rest on technology are
answered *by inversion*: the published effect is imposed, and what productivity it takes is solved for
(`eacu.experiments.required_productivity`), which is no test either; the row's own figure is what the model explains
without any of that productivity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from .. import data
from ..model.names import unknown_name
from .base_year import BaseYear, load_base_year
from .claims import CENTRAL, Measure, Variant, scaled
from .doing import Tell, Work
from .regimes import load_regime
from .required_productivity import load_target, required_productivity
from .run import Run, run
from .service_bands import barriers_at
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
    "reproduced",
    "inside the band",
    "sign only",
    "sign reproduced",
    "opposite sign",
    "by inversion",
    "size assumed",
    "input",
    "not reproducible",
]


class ReproductionError(ValueError):
    """The table of rows cannot be used; the message names the row, the key and the remedy."""


class Inversion(Table):
    """A region of a shipped target (`eacu.experiments.required_productivity`)."""

    target: str
    region: str


class Row(Table):
    """How the model answers one published estimate, or why it cannot.

    ``estimate`` is the id in ``data/literature/estimates.csv``. ``measure`` is taken in the regime (less that of
    ``minus``) and divided by ``over``, times ``factor`` plus ``offset`` (a unit, or a ratio from a percentage);
    ``inversion`` imposes the estimate instead of measuring. ``neutral`` is the figure that means no effect, a ratio of
    one or the share that a key allots: sign and size are those of the differences from it. ``input`` says that the
    figure goes into the model, ``assumed`` what assumption of ours sets the size, one whose band is in
    ``data/policy/services_barriers.csv``. ``mechanisms`` are those the study rests on; ``counted`` those that the
    regime has. ``fitted`` names what a parameter was fitted to, if this row took part in it.
    """

    estimate: int
    measure: Measure | None = None
    over: Measure | None = None
    inversion: Inversion | None = None
    closure: str | None = None
    factor: float = 1.0
    offset: float = 0.0
    neutral: float = 0.0
    input: bool = False
    assumed: str = ""
    mechanisms: tuple[Mechanism, ...]
    counted: tuple[Mechanism, ...] = ()
    rung: int = Field(ge=1, le=4)
    missing: str = ""
    fitted: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _answered_or_not(self) -> Row:
        if sum(map(bool, (self.measure, self.inversion, self.missing))) != 1:
            raise ValueError(f"row {self.estimate}: give either a measure, an inversion or what is missing")
        if self.over and not self.measure:
            raise ValueError(f"row {self.estimate}: over divides a measure, and there is none")
        return self

    @property
    def regimes(self) -> tuple[str, ...]:
        """Regimes that must be solved for its measure."""
        return tuple(name for one in (self.measure, self.over) if one for name in one.regimes)

    def of(self, solved: Run) -> float:
        """Our figure in the unit of the published one. Raises what `Measure.of` raises."""
        assert self.measure is not None
        value = self.measure.of(solved) / (self.over.of(solved) if self.over else 1.0)
        return self.offset + self.factor * value


class RankingOf(Table):
    """A ranking that a study publishes: its estimates from the highest down."""

    says: str
    estimates: tuple[int, ...] = Field(min_length=2)


class _File(Table):
    rows: tuple[Row, ...]
    rankings: tuple[RankingOf, ...] = ()


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

        "at most 1" is from 0 to 1: studies say so of small gains, which a loss is not.
        """
        words = self.published
        try:
            if words.startswith("at most "):
                top = float(words.removeprefix("at most "))
                return min(0.0, top), max(0.0, top)
            if words.startswith("at least "):
                return float(words.removeprefix("at least ")), inf
            low, _, high = words.partition(" to ")
            return float(low), float(high or low)
        except ValueError:
            return None


def judge(published: Published, ours: float, low: float, high: float, neutral: float = 0.0) -> Verdict:
    """The rule: size within a factor of two, else inside the band, else the sign; signs by sign.

    A published range counts as hit anywhere inside it. A study that publishes a sign only is answered by the
    sign; "not significant" and "marginal" mean no more than `NOTHING`. Published figures and ours count from
    ``neutral``, the figure that means no effect.
    """
    if not isfinite(ours):
        return "not reproducible"
    interval = published.range
    if interval is None:
        return _judge_sign(published.published, ours)
    bottom, top = (end - neutral for end in interval)
    ours, low, high = ours - neutral, low - neutral, high - neutral
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
    if "not beneficial" in text and ours < 0:
        return "sign reproduced"
    small = abs(ours) <= NOTHING
    for word, sign in (("negative", -1), ("positive", 1)):
        if word in text:
            if ours * sign <= 0:
                return "opposite sign"
            return "sign only" if "marginal" in text and not small else "sign reproduced"
    if "not significant" in text or "marginal" in text or "not beneficial" in text:
        return "sign reproduced" if small else "opposite sign"
    return "not reproducible"


def verdict_of(row: Row, published: Published, ours: float, low: float, high: float) -> Verdict:
    """What the row is where it is no test, else what the rule says of the figures.

    A row whose size is assumed can still fail by its sign.
    """
    if row.inversion is not None:
        return "by inversion"
    if row.measure is None:
        return "not reproducible"
    if row.input:
        return "input"
    if row.assumed and judge(published, ours, ours, ours, row.neutral) not in (
        "opposite sign",
        "not reproducible",
    ):
        return "size assumed"
    return judge(published, ours, low, high, row.neutral)


@dataclass(frozen=True)
class Reproduction:
    """One row of the table: the published estimate, ours over the band, and the verdict.

    ``required`` is there in a row by inversion: what it takes beyond ours, the columns of
    `eacu.experiments.required_productivity.COLUMNS`, one row a variant, the central one first.
    """

    row: Row
    published: Published
    ours: float
    low: float
    high: float
    required: pd.DataFrame | None = None

    @property
    def verdict(self) -> Verdict:
        """By the rule, or why the row is no test, or that a mechanism is missing."""
        return verdict_of(self.row, self.published, self.ours, self.low, self.high)

    @property
    def stated(self) -> str:
        """The row's note, or what is missing."""
        return " ".join((self.row.note or self.row.missing).split())

    @property
    def required_in_words(self) -> str:
        """What productivity an inversion asks for; nothing in other rows."""
        if self.required is None:
            return ""
        central, tfp = self.required.iloc[0], self.required["tfp_pct"]
        return (
            f"Required: labour {central['productivity_pct']:.1f} % more productive than in the baseline at the end "
            f"({central['growth_pp']:.2f} points a year), which is total factor productivity "
            f"{central['tfp_pct']:.1f} % higher ({tfp.min():.1f} to {tfp.max():.1f} over the band)."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        p, required = self.published, self.required
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
            "neutral": self.row.neutral,
            "assumed": self.row.assumed,
            "fitted": self.row.fitted,
            "required": None if required is None else required.iloc[0].to_dict(),
            "note": f"{self.stated} {self.required_in_words}".strip(),
            "source": p.address,
        }


@dataclass(frozen=True)
class Ranking:
    """A published ranking and whether ours is the same: members and our figures in the published order."""

    says: str
    members: tuple[str, ...]
    ours: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether each of our figures is above the next."""
        return all(one > other for one, other in pairwise(self.ours))


def rankings(found: Iterable[Reproduction], file: Path = ROWS_FILE) -> list[Ranking]:
    """The published rankings whose rows are all there, with our figures."""
    by_id = {one.row.estimate: one for one in found}
    stated = checked(_File, read_toml(file, ReproductionError), ReproductionError).rankings
    ranked = [(r, [by_id[n] for n in r.estimates]) for r in stated if set(r.estimates) <= set(by_id)]
    return [
        Ranking(r.says, tuple(row.published.member for row in rows), tuple(row.ours for row in rows))
        for r, rows in ranked
    ]


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
    rows: Iterable[Row] | None = None,
    base: BaseYear | None = None,
    tell: Tell = lambda line: None,
    band: Iterable[Variant] = BAND,
) -> list[Reproduction]:
    """Solve what every row needs, with the trade elasticities as they are and 50 % lower and higher.

    ``band`` are the other cases besides the central one; without any, a row's band is its central figure. The band
    of a row whose size is assumed is also over that assumption.

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
    required: dict[str, dict[int, pd.Series]] = {}
    cases = (Variant(name=CENTRAL), *band)
    work = Work(tell, len(cases))
    for variant in cases:
        tell(variant.name)
        part, factor = Work(work.part(variant.name), 2), variant.trade_elasticities
        values[variant.name] = _values(chosen, base, factor, part.part("regimes"))
        required[variant.name] = _required(chosen, estimates, factor, part.part("targets"))
        values[variant.name] |= {n: float(row["own_pct"]) for n, row in required[variant.name].items()}
    ends = _values_at_ends(chosen, base) if len(cases) > 1 else {}
    work.finish()
    found = []
    for n, row in enumerate(chosen):
        mine = [values[name].get(n, float("nan")) for name in values] + ends.get(n, [])
        takes = pd.DataFrame({name: required[name][n] for name in values}).T if row.inversion else None
        found.append(Reproduction(row, estimates[row.estimate], mine[0], min(mine), max(mine), takes))
    return found


def _values(rows: list[Row], base: BaseYear, factor: float, tell: Tell) -> dict[int, float]:
    """Our figure of every row that has a measure; regimes of one closure and base year are solved together.

    ``factor`` multiplies trade elasticities; ``base`` is of the rows whose regimes need no other.
    """
    groups: dict[tuple[str | None, str | None], dict[int, Row]] = {}
    for n, row in enumerate(rows):
        if row.measure is not None:
            groups.setdefault((row.closure, base_year_of(row)), {})[n] = row
    values: dict[int, float] = {}
    work = Work(tell, len(groups))
    for (closure, year), mine in groups.items():
        needed = dict.fromkeys(regime for row in mine.values() for regime in row.regimes)
        economy = scaled(load_base_year(year) if year else base, factor)
        part = work.part(closure or "each regime's own closure")
        solved = run(*map(regime_file, needed), closure=closure, base=economy, tell=part)
        values |= {n: row.of(solved) for n, row in mine.items()}
    return values


def _values_at_ends(rows: list[Row], base: BaseYear) -> dict[int, list[float]]:
    """Our figures of the rows whose size is assumed, with the height of barriers at both ends of its band."""
    found: dict[int, list[float]] = {n: [] for n, row in enumerate(rows) if row.assumed}
    if not found:
        return {}
    for end in ("low", "high"):
        values = _values([rows[n] for n in found], barriers_at(base, "before", end), 1.0, lambda line: None)
        for place, n in enumerate(found):
            found[n].append(values[place])
    return found


def base_year_of(row: Row) -> str | None:
    """The base year that the regimes of a row's measure need, None for the default one."""
    return next((year for name in row.regimes if (year := load_regime(regime_file(name)).base_year)), None)


def _required(
    rows: list[Row], estimates: dict[int, Published], factor: float, tell: Tell
) -> dict[int, pd.Series]:
    """What the rows by inversion take, by number of the row; each target is solved once.

    Raises ReproductionError where a target is not the published figure.
    """
    answers: dict[int, pd.Series] = {}
    tables: dict[str, dict[str, pd.Series]] = {}
    for n, row in enumerate(rows):
        if row.inversion is None:
            continue
        name, region = row.inversion.target, row.inversion.region
        if name not in tables:
            target = load_target(name)
            years = {regime.base_year for regime in target.path.regimes.values() if regime.base_year}
            base = scaled(load_base_year(*years), factor)
            found = required_productivity(target, base=base, tell=tell).table()
            tables[name] = {str(member): line for member, line in found.iterrows()}
        if region not in tables[name]:
            raise ReproductionError(f"row {row.estimate}: {unknown_name('region', region, tables[name])}")
        asked = float(tables[name][region]["target_pct"])
        if estimates[row.estimate].range != (asked, asked):
            raise ReproductionError(
                f"row {row.estimate}: the target {name} asks for {asked:g} of {region}, published is "
                f"{estimates[row.estimate].published}. Correct data/literature/targets/{name}.toml"
            )
        answers[n] = tables[name][region]
    return answers


def regime_file(name: str) -> str | Path:
    """A study's own regime where there is one, else one of the shipped."""
    own = STUDIES / f"{name}.toml"
    return own if own.is_file() else name
