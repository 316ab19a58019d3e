"""The tables ``[[shock]]``, ``[[quota]]`` and ``[closure]`` of a regime file, each checked on its own.

A shock sets an instrument of `eacu.model.instruments`; which of its cells, by selectors. Every number has a unit,
checked against the instrument, so that a tariff of 10 per cent cannot become one of 1000. What the keys mean is in
docs/regimes.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from ..model.choices import MARKETS
from ..model.indicators import UNITS
from ..model.instruments import INSTRUMENTS, Instrument
from ..model.measures import MEASURES
from ..model.names import unknown_name
from .toml_files import Table

SELECTORS = (
    "sector",
    "source",
    "importer",
    "region",
    "factor",
    "user",
    "origin",
    "destination",
    "recipient",
)
"""Index levels of instruments, each a key of ``[[shock]]``."""
EXPORTER = "exporter"
"""Another word for ``source``."""
TIED_UNITS = ("rate", "index")
"""Units of instruments of which several cells can be freed together, moving in step."""


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


OneOrMany = Annotated[
    tuple[str, ...],
    BeforeValidator(_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""A name or a list of names."""


def conversions(instrument: Instrument, mode: str) -> dict[str, float]:
    """Units a number may have -> what it is multiplied by to become the instrument's own.

    ``percent`` and ``factor`` say by how much the present value changes; ``level`` replaces it and ``change`` adds
    to it.
    """
    if mode == "percent":
        return {"percent": 1.0}
    if mode == "factor":
        return {"ratio": 1.0}
    if instrument.unit in ("rate", "share", "0 to 1"):
        level = f"percent of {instrument.of}" if instrument.of else "percent"
        return {level if mode == "level" else "percentage points": 0.01, "ratio": 1.0}
    return {
        {"mn USD": "USD mn", "1000 persons": "thousand persons"}.get(instrument.unit, instrument.unit): 1.0
    }


def outcome_units(outcome: str) -> tuple[str, ...]:
    """Units in which a target for an indicator may be given; that of the indicator first.

    ``percent`` is the change from the base year.
    """
    if outcome.endswith("_usd_mn"):
        return ("USD mn",) if outcome.startswith("ev_") else ("USD mn", "percent")
    return (
        UNITS[outcome]
        .partition(" (")[0]
        .replace("1000", "thousand")
        .replace("%", "percent")
        .split(" of ")[0],
    )


class Shock(Table):
    """One instrument set to a level, changed, or freed to meet a target.

    ``unit`` is mandatory. Selectors left out mean all. With ``as = "target"`` the indicator ``outcome`` of
    ``outcome_region`` is met by the instrument, which the model then determines.
    """

    model_config = ConfigDict(populate_by_name=True)

    instrument: Annotated[str, WithJsonSchema({"type": "string", "enum": list(INSTRUMENTS)})]
    mode: Literal["level", "change", "percent", "factor", "target"] = Field(alias="as")
    outcome: Annotated[str, WithJsonSchema({"type": "string", "enum": list(MEASURES)})] | None = None
    outcome_region: str | None = None
    unit: str
    value: float = Field(allow_inf_nan=False)
    sector: OneOrMany = ()
    source: OneOrMany = ()
    exporter: OneOrMany = ()
    importer: OneOrMany = ()
    region: OneOrMany = ()
    factor: OneOrMany = ()
    user: OneOrMany = ()
    origin: OneOrMany = ()
    destination: OneOrMany = ()
    recipient: OneOrMany = ()

    @field_validator("instrument")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name not in INSTRUMENTS:
            raise ValueError(unknown_name("instrument", name, INSTRUMENTS))
        return name

    @field_validator("outcome", "outcome_region")
    @classmethod
    def _belongs_to_a_target(cls, name: str | None, info: ValidationInfo) -> str | None:
        mode = info.data.get("mode")
        if mode not in (None, "target"):
            raise ValueError(f'it belongs to as = "target", not to as = "{mode}"')
        if info.field_name == "outcome" and name not in MEASURES:
            raise ValueError(unknown_name("outcome", str(name), MEASURES))
        return name

    @field_validator("unit")
    @classmethod
    def _fits(cls, unit: str, info: ValidationInfo) -> str:
        name, mode, outcome = (info.data.get(key) for key in ("instrument", "mode", "outcome"))
        if name is None or mode is None:
            return unit
        if mode == "target":
            if outcome is None or info.data.get("outcome_region") is None:
                raise ValueError(
                    'as = "target" needs outcome and outcome_region, e.g. outcome = "real_gdp_pct", '
                    'outcome_region = "KAZ"'
                )
            if unit not in outcome_units(outcome):
                raise ValueError(_unit_message(outcome, "a target", unit, outcome_units(outcome)))
        elif unit not in conversions(INSTRUMENTS[name], mode):
            raise ValueError(
                _unit_message(name, f'as = "{mode}"', unit, conversions(INSTRUMENTS[name], mode))
            )
        return unit

    @field_validator(*SELECTORS, EXPORTER)
    @classmethod
    def _is_a_level(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        instrument = info.data.get("instrument")
        if instrument is None:
            return names
        levels = INSTRUMENTS[instrument].levels
        if ("source" if info.field_name == EXPORTER else info.field_name) not in levels:
            listed = ", ".join(levels) or "nothing (it is one number)"
            raise ValueError(f"{instrument} has no {info.field_name}; it is indexed by {listed}")
        if info.field_name == EXPORTER and info.data.get("source"):
            raise ValueError("exporter is another word for source, and both are given")
        if not names:
            raise ValueError("the list is empty; leave the key out for all")
        return names

    def chosen(self, level: str) -> tuple[str, ...]:
        """What the selector of an index level names; nothing for all."""
        names: tuple[str, ...] = getattr(self, level)
        return names or (self.exporter if level == "source" else ())

    @property
    def native(self) -> float:
        """The value in the instrument's own unit; for ``percent`` and ``factor`` the factor."""
        if self.mode == "percent":
            return 1.0 + self.value / 100.0
        return self.value * conversions(INSTRUMENTS[self.instrument], self.mode)[self.unit]


def _unit_message(what: str, how: str, unit: str, valid: Any) -> str:
    hint = ""
    if unit in ("percent", "%", "percent of cif value", "ratio", "index", "percentage points"):
        hint = {
            "index": "; an index is 1 in the base year: write 1.05 for 5 per cent more",
            "ratio": "; a ratio of 0.1 is 10 per cent",
        }.get(list(valid)[-1], "")
    return f"{what} with {how} is given in {' or '.join(repr(v) for v in valid)}, not in {unit!r}{hint}"


class Quota(Table):
    """An amount that is exported free of the duty that the rest pays: a tariff-rate quota of the exporter.

    ``volume`` in ``unit``: a ``ratio`` or ``percent`` of the flow of the base year, or ``USD mn`` fob at its prices.
    Above it the exporter's government takes ``over_quota_duty_pct`` of the basic value; exporters get the part
    ``rent_to_exporter`` of the quota's rent, importers the rest.
    """

    sector: str
    exporter: str
    importer: str
    volume: float = Field(ge=0, allow_inf_nan=False)
    unit: Literal["ratio", "percent", "USD mn"]
    over_quota_duty_pct: float = Field(gt=0, allow_inf_nan=False)
    rent_to_exporter: float = Field(ge=0, le=1)


class Swap(Table):
    """One exchange of what is exogenous: variables fixed at their value of the base year, others freed instead."""

    fix: OneOrMany
    free: OneOrMany


def _of(market: str) -> Any:
    """The type of a key of ``[closure]``: the choices of its market."""
    return Literal[tuple(choice.name for choice in MARKETS[market])]


class ClosureTable(Table):
    """A closure of one's own: a choice for each market that is not to close as by default, and swaps."""

    labour: _of("labour") | None = None  # type: ignore[valid-type]
    capital: _of("capital") | None = None  # type: ignore[valid-type]
    investment: _of("investment") | None = None  # type: ignore[valid-type]
    government: _of("government") | None = None  # type: ignore[valid-type]
    external: _of("external") | None = None  # type: ignore[valid-type]
    migration: _of("migration") | None = None  # type: ignore[valid-type]
    quota: _of("quota") | None = None  # type: ignore[valid-type]
    swap: tuple[Swap, ...] = ()

    @property
    def name(self) -> str:
        """The closure's name: its choices joined by ``+``, or ``default``."""
        chosen = [getattr(self, market) for market in MARKETS]
        return "+".join(name for name in chosen if name is not None) or "default"
