"""Political claims put to the model: each is a list of measurable statements, solved in every variant.

``data/claims/claims.toml`` holds the claims and the variants (elasticities, closures) that make the band. A claim
holds when all of its tests hold; the verdict also says whether it does so in every variant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from ..model.indicators import UNITS
from ..model.names import unknown_name
from .base_year import BaseYear, load_base_year
from .doing import Tell, Work
from .run import Run, SolvedRegime, run
from .toml_files import Table, checked, read_toml

CLAIMS_FILE = Path(__file__).resolve().parent.parent / "data" / "claims" / "claims.toml"
CENTRAL = "central"
Verdict = Literal[
    "holds", "holds, not in every variant", "no noticeable effect", "fails, holds in some variants", "fails"
]


class ClaimError(ValueError):
    """The file of claims cannot be used; the message names the claim, the key and the remedy."""


class Measure(Table):
    """One number of a solved regime: an indicator, or a row (or sum of rows) of the tidy results.

    ``indicator`` is a column of `eacu.model.indicators.UNITS`. ``variable`` names a volume of the tidy results
    (output, imports, exports, domestic_sales, ...), summed over ``sectors`` and ``partners`` (empty: all
    others than the region itself); ``unit`` says whether its percentage or its change in USD million is meant.
    Several regions joined by ``+`` are added up.
    ``minus`` subtracts the same measure of another regime, and with ``relative`` the change against that regime is
    taken: two percentages of the base year as per cent of the other regime; ``lead_over`` subtracts the greatest
    of other regions; ``share_among`` gives the per cent of the sum over regions.
    """

    regime: str
    region: str
    indicator: str | None = None
    variable: str | None = None
    sectors: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    unit: Literal["percent", "change"] = "percent"
    minus: str | None = None
    relative: bool = False
    lead_over: tuple[str, ...] = ()
    share_among: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_of_two(self) -> Measure:
        if (self.indicator is None) == (self.variable is None):
            raise ValueError("give either indicator or variable")
        if self.indicator is not None and self.indicator not in UNITS:
            raise ValueError(unknown_name("indicator", self.indicator, UNITS))
        if self.indicator is not None and "+" in self.region and not self.indicator.endswith("_usd_mn"):
            raise ValueError(f"{self.indicator} cannot be added up over {self.region}; only USD million can")
        if self.relative and (self.minus is None or self.in_words() != "%"):
            raise ValueError("relative needs minus and a measure in per cent of the base year")
        return self

    @property
    def regimes(self) -> tuple[str, ...]:
        """Regimes that must be solved."""
        return (self.regime, self.minus) if self.minus else (self.regime,)

    def of(self, solved: Run) -> float:
        """The number; NaN where the benchmark has nothing to measure."""
        value = self._in(solved[self.regime], self.region)
        if self.lead_over:
            value -= max(self._in(solved[self.regime], region) for region in self.lead_over)
        if self.share_among:
            value *= 100 / sum(self._in(solved[self.regime], region) for region in self.share_among)
        if not self.minus:
            return value
        other = self._in(solved[self.minus], self.region)
        return 100 * ((1 + value / 100) / (1 + other / 100) - 1) if self.relative else value - other

    def _in(self, solved: SolvedRegime, region: str) -> float:
        if self.indicator is not None:
            return float(solved.indicators[self.indicator].loc[region.split("+")].sum())
        rows = solved.results
        rows = rows[(rows["variable"] == self.variable) & rows["region"].isin(region.split("+"))]
        rows = rows[rows["partner"] != rows["region"]]
        for column, wanted in (("sector", self.sectors), ("partner", self.partners)):
            if wanted:
                rows = rows[rows[column].isin(wanted)]
        if rows.empty:
            raise ClaimError(f"{self.variable} of {region}: nothing matches {self.sectors} {self.partners}")
        base, value = rows["base"].sum(), rows["value"].sum()
        return float(value - base if self.unit == "change" else 100 * (value / base - 1))

    def in_words(self) -> str:
        """Unit of the number, for tables."""
        if self.share_among:
            return "%"
        if self.indicator is not None:
            return UNITS[self.indicator].partition(" ")[0].replace("mn", "USD mn")
        return "%" if self.unit == "percent" else "USD mn"


class Statement(Measure):
    """A measure with what it means in words; ``above`` or ``below`` make it a test."""

    says: str
    above: float | None = None
    below: float | None = None

    @property
    def is_test(self) -> bool:
        """Whether it can fail."""
        return self.above is not None or self.below is not None

    def holds(self, value: float) -> bool:
        """Whether the value is within the bounds; a number that does not exist is not."""
        if not isfinite(value):
            return False
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)


class Claim(Table):
    """What people say, the tests of it, figures beside it, and how it works in the model.

    Where the number of the test that decides stays below ``noticeable`` in every variant (in the test's unit)
    the verdict is that there is no noticeable effect.
    """

    id: str
    claim: str
    said_by: str
    channel: str
    missing: str = ""
    noticeable: float = Field(default=0.0, ge=0)
    tests: tuple[Statement, ...] = Field(min_length=1)
    evidence: tuple[Statement, ...] = ()

    @model_validator(mode="after")
    def _tests_can_fail(self) -> Claim:
        for test in self.tests:
            if not test.is_test:
                raise ValueError(f"{self.id}: the test {test.says!r} has neither above nor below")
        return self

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Tests, then evidence."""
        return (*self.tests, *self.evidence)


class Variant(Table):
    """Another reading of the economy: trade elasticities multiplied, or another closure."""

    name: str
    trade_elasticities: float = Field(default=1.0, gt=0)
    closure: str | None = None


class _File(Table):
    variants: tuple[Variant, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Answer:
    """A claim with its numbers: one row of ``values`` for each statement, one column for each variant."""

    claim: Claim
    values: pd.DataFrame

    @property
    def verdict(self) -> Verdict:
        """Whether all tests hold: in the central case, and in how many of the variants."""
        if (self.values.iloc[self.deciding].abs() < self.claim.noticeable).all():
            return "no noticeable effect"
        held = self.held()
        if held[CENTRAL]:
            return "holds" if held.all() else "holds, not in every variant"
        return "fails, holds in some variants" if held.any() else "fails"

    @property
    def deciding(self) -> int:
        """Place of the test that decides: the first that fails in the central case, else the first."""
        fails = (not t.holds(float(self.values[CENTRAL].iloc[n])) for n, t in enumerate(self.claim.tests))
        return next((n for n, failed in enumerate(fails) if failed), 0)

    @property
    def number(self) -> float:
        """The central value of the test that decides."""
        return float(self.values[CENTRAL].iloc[self.deciding])

    @property
    def band(self) -> tuple[float, float]:
        """Its smallest and largest value over all variants."""
        row = self.values.iloc[self.deciding]
        return float(row.min()), float(row.max())

    def held(self) -> pd.Series:
        """For each variant: whether every test holds."""
        rows = [self.values.iloc[n].map(test.holds) for n, test in enumerate(self.claim.tests)]
        return pd.concat(rows, axis=1).all(axis=1)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        low, high = self.band
        first = self.claim.tests[self.deciding]
        return {
            "id": self.claim.id,
            "claim": self.claim.claim,
            "said_by": self.claim.said_by,
            "verdict": self.verdict,
            "number": self.number,
            "number_of": first.says,
            "unit": first.in_words(),
            "low": low,
            "high": high,
            "holds_in": {str(name): bool(held) for name, held in self.held().items()},
            "channel": self.claim.channel,
            "missing": self.claim.missing,
            "statements": [
                {
                    "says": statement.says,
                    "regime": statement.regime,
                    "unit": statement.in_words(),
                    "test": statement.is_test,
                    "values": {str(k): float(v) for k, v in self.values.iloc[n].items()},
                }
                for n, statement in enumerate(self.claim.statements)
            ],
        }


@lru_cache(maxsize=4)
def load_claims(file: Path = CLAIMS_FILE) -> tuple[tuple[Claim, ...], tuple[Variant, ...]]:
    """Claims and variants of a file.

    Raises ClaimError for malformed TOML, an unknown or missing key, a claim or variant given twice.
    """
    read = checked(_File, read_toml(file, ClaimError), ClaimError)
    for kind, names in (
        ("claim", [c.id for c in read.claims]),
        ("variant", [CENTRAL, *(v.name for v in read.variants)]),
    ):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ClaimError(f"{file.name}: the {kind} {sorted(twice)[0]!r} is given twice")
    return read.claims, read.variants


def answer_claims(
    claims: Iterable[Claim],
    variants: Iterable[Variant],
    base: BaseYear | None = None,
    tell: Tell = lambda line: None,
) -> list[Answer]:
    """Solve every regime the claims need in every variant, and measure.

    Raises what `eacu.experiments.run.run` raises; ClaimError when a measure matches nothing.
    """
    chosen = list(claims)
    needed = list(dict.fromkeys(r for c in chosen for s in c.statements for r in s.regimes))
    base = base or load_base_year()
    values: dict[str, Mapping[tuple[str, int], float]] = {}
    cases = (Variant(name=CENTRAL), *variants)
    work = Work(tell, len(cases))
    for variant in cases:
        tell(f"{variant.name}: {len(needed)} regimes")
        varied = scaled(base, variant.trade_elasticities)
        solved = run(*needed, closure=variant.closure, base=varied, tell=work.part(variant.name))
        values[variant.name] = {
            (claim.id, n): statement.of(solved)
            for claim in chosen
            for n, statement in enumerate(claim.statements)
        }
    work.finish()
    frame = pd.DataFrame(values)
    rows = {claim.id: [(claim.id, n) for n in range(len(claim.statements))] for claim in chosen}
    return [Answer(claim, frame.loc[rows[claim.id]]) for claim in chosen]


def scaled(base: BaseYear, factor: float) -> BaseYear:
    r"""The base year with all trade elasticities multiplied.

    Armington elasticities are multiplied by ``factor``. The elasticity between varieties of a service, which takes
    their place where services are divided by type of firm, must stay above one: there :math:`\sigma - 1` is multiplied.
    """
    if factor == 1.0:
        return base
    b = base.benchmark
    benchmark = replace(b, sigma_armington=factor * b.sigma_armington, sigma_sources=factor * b.sigma_sources)
    firms = base.firms
    if firms is not None:
        firms = firms.copy()
        between = firms["parameter"] == "sigma"
        for column in ("value", "low", "high"):
            firms[column] = firms[column].astype(float)
            firms.loc[between, column] = 1 + factor * (firms.loc[between, column] - 1)
    return replace(base, benchmark=benchmark, firms=firms)
