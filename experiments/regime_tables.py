"""The tables of a regime file, each checked on its own: tariffs, rates, union, exceptions, borders, energy, labour.

What the keys mean is in docs/regimes.md; `eacu.experiments.policy` turns them into instrument values. Shocks, quotas
and closures are in `shock_tables`.
"""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, GetJsonSchemaHandler, Tag, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from .shock_tables import ClosureTable, OneOrMany, Quota, Shock
from .toml_files import Table

KEY_SUM_TOLERANCE = 1e-9
BORDER_KINDS = ("time", "ntb-resource", "ntb-rent", "market-access")
"""What a border costs: waiting, real resources, a rent to somebody; and what exporters gain abroad."""


class TariffRule(Table):
    """Which rates an importer applies: those of ``schedule``, capped by ``ceiling`` where one is named.

    ``of`` and ``ceiling_of`` name the importer whose column of the schedule is used when it is not the
    importer's own, e.g. Russia's bound rates as the ceiling of the whole union's tariff; with several owners the
    lowest rate holds. ``year`` takes the ceiling as it stood in that year of the transition; without it the final
    rates hold.
    """

    schedule: str
    of: str | None = None
    ceiling: str | None = None
    ceiling_of: OneOrMany = ()
    year: int | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """For editors: the name of a schedule alone is a rule too."""
        return {"anyOf": [{"type": "string"}, handler.resolve_ref_schema(handler(core_schema))]}

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"schedule": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _ceiling_named(self) -> TariffRule:
        if self.ceiling is None and self.ceiling_of:
            raise ValueError("ceiling_of is given without a ceiling")
        if self.ceiling is None and self.year is not None:
            raise ValueError("year is given without a ceiling")
        return self


class Rate(Table):
    """One ad valorem rate that overrides the schedule, in per cent of the cif value.

    ``source`` left out means every source that is not a member of the importer's union.
    """

    importer: str
    sector: str
    rate_pct: float
    source: str | None = None

    @field_validator("rate_pct")
    @classmethod
    def _legal(cls, rate: float) -> float:
        if not -100.0 < rate < float("inf"):
            raise ValueError(
                f"{rate:g} is not a legal ad valorem rate: it must be a number above -100 per cent, "
                "below which the importer would be paid more than the good costs"
            )
        return rate


class Union(Table):
    """Who forms a customs union and how the duties on extra-union imports are shared.

    ``weights`` may be given instead of ``keys``: they are divided by their sum.
    """

    members: tuple[str, ...] = ()
    internal_free_trade: bool = False
    pooling: bool = False
    keys: dict[str, float] = Field(default_factory=dict)
    weights: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _keys_of_weights(cls, table: Any) -> Any:
        """Weights become keys, so that whoever reads a regime finds keys."""
        weights = table.get("weights") if isinstance(table, dict) else None
        if not weights or not isinstance(weights, dict):
            return table
        if table.get("keys"):
            raise ValueError(
                "keys and weights are both given; weights are divided by their sum, keys are not"
            )
        if not all(isinstance(v, int | float) and isfinite(v) and v >= 0 for v in weights.values()):
            raise ValueError("weights must be numbers, none of them negative")
        total = sum(weights.values())
        if not total > 0:
            raise ValueError("weights sum to zero; at least one member must have a share of the pool")
        keys = {region: weight / total for region, weight in weights.items()}
        return {**{k: v for k, v in table.items() if k != "weights"}, "keys": keys}

    @model_validator(mode="after")
    def _consistent(self) -> Union:
        if len(set(self.members)) != len(self.members):
            raise ValueError(f"members names a region twice: {', '.join(self.members)}")
        if len(self.members) == 1:
            raise ValueError(f"a union needs at least two members; got only {self.members[0]}")
        if not self.members and (self.internal_free_trade or self.pooling or self.keys):
            raise ValueError("internal_free_trade, pooling or keys are set but members is empty")
        if self.pooling:
            self._check_keys()
        elif self.keys:
            raise ValueError("keys are given but pooling = false: set pooling = true or delete the keys")
        return self

    def _check_keys(self) -> None:
        for region in sorted(set(self.members) - set(self.keys)):
            raise ValueError(f"pooling = true but keys has no share for member {region}")
        for region in sorted(set(self.keys) - set(self.members)):
            raise ValueError(f"keys has a share for {region}, which is not a member")
        for region, share in self.keys.items():
            if not 0.0 <= share <= 1.0:
                raise ValueError(
                    f"keys.{region} = {share:g} is not between 0 and 1 (write 0.8797 for 87.97 %)"
                )
        total = sum(self.keys.values())
        if abs(total - 1.0) > KEY_SUM_TOLERANCE:
            listed = ", ".join(f"{region} = {share:g}" for region, share in self.keys.items())
            raise ValueError(
                f"keys sum to {total:.6g}, not 1 (tolerance {KEY_SUM_TOLERANCE:g}): {listed}. The pool must "
                f"be paid out exactly; the difference is {1.0 - total:+.6g}"
            )


class Border(Table):
    """A border that becomes cheaper to cross, for some exporters, importers and goods.

    ``exporter`` and ``importer`` are regions, or ``"members"`` (of the union) or ``"outside"``; ``sectors`` left
    out means all goods. Either ``cut_pct``, per cent of the landed value, or ``share`` of the cost that the table
    data/policy/border_costs.csv gives for ``kind``. ``rent_to_exporter`` says who loses the rent of an NTB.
    """

    kind: Literal["time", "ntb-resource", "ntb-rent", "market-access"]
    exporter: OneOrMany
    importer: OneOrMany
    sectors: OneOrMany = ()
    cut_pct: float | None = None
    share: float | None = None
    rent_to_exporter: float | None = None

    @model_validator(mode="after")
    def _sized(self) -> Border:
        if (self.cut_pct is None) == (self.share is None):
            raise ValueError(
                "give either cut_pct (per cent of the landed value) or share (of the table's cost)"
            )
        if self.cut_pct is not None and not -100.0 < self.cut_pct < 100.0:
            raise ValueError(f"cut_pct = {self.cut_pct:g} is not between -100 and 100 per cent")
        if self.share is not None and not -1.0 <= self.share <= 1.0:
            raise ValueError(f"share = {self.share:g} is not between -1 and 1 (write 0.5 for one half)")
        if self.kind == "ntb-rent":
            if self.rent_to_exporter is None or not 0.0 <= self.rent_to_exporter <= 1.0:
                raise ValueError(
                    "kind ntb-rent needs rent_to_exporter, the share (0 to 1) of the rent that exporters held; "
                    "importers held the rest"
                )
        elif self.rent_to_exporter is not None:
            raise ValueError(f"rent_to_exporter belongs to kind ntb-rent, not to {self.kind}")
        return self


class Services(Table):
    """A barrier to services that falls, in some regions and services (see `eacu.experiments.services`).

    ``region`` names hosts, or ``"members"`` of the union; ``sectors`` left out means every service that
    data/policy/services_barriers.csv has the barrier of. ``share`` goes that part of the way from the table's barrier
    before accession to the one after it; ``cut_pct`` takes so many per cent of the former away. ``source`` narrows
    ``cross-border`` to suppliers from those regions.
    """

    barrier: Literal["presence", "cross-border", "regulation"]
    region: OneOrMany
    sectors: OneOrMany = ()
    source: OneOrMany = ()
    share: float | None = None
    cut_pct: float | None = None

    @model_validator(mode="after")
    def _sized(self) -> Services:
        if (self.share is None) == (self.cut_pct is None):
            raise ValueError("give either share (of the way to the barrier after accession) or cut_pct")
        if self.share is not None and not -1.0 <= self.share <= 1.0:
            raise ValueError(f"share = {self.share:g} is not between -1 and 1 (write 0.5 for one half)")
        if self.cut_pct is not None and not -100.0 <= self.cut_pct <= 100.0:
            raise ValueError(
                f"cut_pct = {self.cut_pct:g} is not between -100 and 100 per cent of the barrier"
            )
        if self.source and self.barrier != "cross-border":
            raise ValueError(f"source belongs to barrier cross-border, not to {self.barrier}")
        return self


class Labour(Table):
    """Whether workers move between members, and by how much the wage ratio at which they do falls, in per cent."""

    mobility: bool = False
    barrier_cut_pct: float | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Labour:
        cut = self.barrier_cut_pct
        if self.mobility is not (cut is not None):
            raise ValueError("mobility = true and barrier_cut_pct are given together or not at all")
        if cut is not None and not 0.0 <= cut < 100.0:
            raise ValueError(f"barrier_cut_pct = {cut:g} is not between 0 and below 100 per cent")
        return self


class Oil(Table):
    """Which rules of the oil trade hold: a row of data/policy/oil_rules.csv."""

    rules: Literal["2007", "2010", "2011", "market", "free"] | None = None


class Gas(Table):
    """At which price members buy Russian gas: the union's preference or the market's."""

    price: Literal["preference", "market"] | None = None


class RegimeFile(Table):
    """The whole regime file."""

    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    question: str = Field(min_length=1)
    closure: Annotated[
        Annotated[str, Field(min_length=1), Tag("name")] | Annotated[ClosureTable, Tag("table")],
        Discriminator(lambda value: "table" if isinstance(value, dict | ClosureTable) else "name"),
    ]
    builds_on: str | None = None
    against: str | None = None
    base_year: str | None = None
    schedules: dict[str, str] = Field(default_factory=dict)
    tariffs: dict[str, TariffRule] = Field(default_factory=dict)
    union: Union = Field(default_factory=Union)
    rates: tuple[Rate, ...] = ()
    exceptions: dict[str, str] = Field(default_factory=dict)
    borders: tuple[Border, ...] = ()
    services: tuple[Services, ...] = ()
    labour: Labour = Field(default_factory=Labour)
    oil: Oil = Field(default_factory=Oil)
    gas: Gas = Field(default_factory=Gas)
    quota: tuple[Quota, ...] = ()
    shock: tuple[Shock, ...] = ()
