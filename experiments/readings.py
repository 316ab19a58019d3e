"""Other readings of the economy: the same regimes with other elasticities or under another closure.

A reading is calibrated and solved afresh, so that its base year is that of the data and only the response differs.
The span over readings says how far a result depends on what nobody has measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..model.engine import EngineError
from .base_year import BaseYear
from .regimes import Regime, RegimeError
from .run import Run, run

TRADE = ("sigma_armington", "sigma_sources")
SUPPLY = ("omega_supply", "omega_destinations")
LOW, HIGH = 0.5, 1.5
"""Half and one and a half: elasticities 50 % lower and higher."""


@dataclass(frozen=True)
class Reading:
    """Elasticities of the benchmark multiplied, by name of the `Benchmark` field, or another closure.

    ``subject`` is what is varied: readings of one subject are two ends of the same bar.
    """

    subject: str
    name: str
    factors: Mapping[str, float] = field(default_factory=dict)
    closure: str | None = None

    @property
    def varies_elasticities(self) -> bool:
        """Whether it is part of the band over elasticities, not another closure."""
        return bool(self.factors)

    def of(self, base: BaseYear) -> BaseYear:
        """The base year with the elasticities of this reading."""
        changed = {name: factor * getattr(base.benchmark, name) for name, factor in self.factors.items()}
        return replace(base, benchmark=replace(base.benchmark, **changed)) if changed else base


def _both_ways(subject: str, *names: str) -> tuple[Reading, ...]:
    ends = ((LOW, "50 % lower"), (HIGH, "50 % higher"))
    return tuple(Reading(subject, f"{subject} {words}", dict.fromkeys(names, by)) for by, words in ends)


READINGS = (
    *_both_ways("trade elasticities", *TRADE),
    *_both_ways("supply elasticities", *SUPPLY),
    *_both_ways("substitution of factors", "sigma_value_added"),
    Reading("closure", "short run: capital stays in its sector", closure="short-run"),
    Reading("closure", "steady state: capital adjusts", closure="steady-state"),
    Reading("closure", "wage curve: unemployment responds", closure="wage-curve"),
)
"""Elasticities one group at a time, 50 % lower and higher, and the closures of the claims."""


def solve_readings(
    regimes: Sequence[Regime],
    readings: Iterable[Reading],
    base: BaseYear,
    closure: str | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Run | str]:
    """Solve the regimes in every reading; a reading without a solution is the reason why, in words.

    ``closure`` is that of the central case; a reading about the closure replaces it.
    """
    found: dict[str, Run | str] = {}
    for reading in readings:
        tell(f"reading: {reading.name}")
        try:
            solved = run(*regimes, closure=reading.closure or closure, base=reading.of(base))
        except (EngineError, RegimeError) as error:
            found[reading.name] = str(error).splitlines()[0]
            continue
        failed = "; ".join(f"{failure.name} not solved" for failure in solved.failed)
        unsound = "; ".join(f"{r.name}: a check failed" for r in solved if not r.passed)
        found[reading.name] = failed or unsound or solved
    return found
