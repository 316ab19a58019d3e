"""Regimes: what policy does, written as data (TOML) and checked before anything is solved.

A regime file has a ``title``, a ``question``, a ``description`` and a ``closure``; it may build on
another regime; ``[tariffs]`` says which schedule each importer applies to third countries, ``[union]`` who is
a member and how duties are shared, ``[[rates]]`` single rates that differ from the schedule. docs/regimes.md
is the manual. Reading a file needs no economy; `eacu.experiments.policy` turns a regime into values.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .names import unknown_name

REGIME_FOLDER = Path(__file__).resolve().parent.parent / "data" / "regimes"
KEY_SUM_TOLERANCE = 1e-9


class RegimeError(ValueError):
    """A regime that cannot be used; the message names the file, the key, the value and the remedy."""


class _Table(BaseModel):
    """A TOML table in which an unknown key is an error and numbers are never read from strings."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TariffRule(_Table):
    """Which rates an importer applies: those of ``schedule``, capped by ``ceiling`` where one is named.

    ``of`` and ``ceiling_of`` name the importer whose column of the schedule is used when it is not the
    importer's own, e.g. Russia's bound rates as the ceiling of the whole union's tariff.
    """

    schedule: str
    of: str | None = None
    ceiling: str | None = None
    ceiling_of: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"schedule": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _ceiling_named(self) -> TariffRule:
        if self.ceiling_of is not None and self.ceiling is None:
            raise ValueError("ceiling_of is given without a ceiling")
        return self


class Rate(_Table):
    """One ad valorem rate that overrides the schedule, in per cent of the cif value.

    ``source`` left out means every source that is not a member of the importer's union.
    """

    importer: str
    sector: str
    rate_pct: float = Field(strict=False)
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


class Union(_Table):
    """Who forms a customs union and how the duties on extra-union imports are shared."""

    members: tuple[str, ...] = Field(default=(), strict=False)
    internal_free_trade: bool = False
    pooling: bool = False
    keys: dict[str, float] = Field(default_factory=dict)

    @field_validator("keys", mode="before")
    @classmethod
    def _numbers(cls, keys: Any) -> Any:
        if isinstance(keys, dict):
            return {
                k: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in keys.items()
            }
        return keys

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


class _RegimeFile(_Table):
    """The whole regime file."""

    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    question: str = Field(min_length=1)
    closure: str = Field(min_length=1)
    builds_on: str | None = None
    tariffs: dict[str, TariffRule] = Field(default_factory=dict)
    union: Union = Field(default_factory=Union)
    rates: tuple[Rate, ...] = Field(default=(), strict=False)


@dataclass(frozen=True)
class Regime:
    """A checked regime, with everything it inherits from the one it builds on already merged in.

    ``files`` are the TOML files it was read from, the regime's own file last.
    """

    name: str
    title: str
    description: str
    question: str
    closure: str
    builds_on: str | None
    tariffs: dict[str, TariffRule]
    union: Union
    rates: tuple[Rate, ...]
    files: tuple[Path, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the union in this regime (empty: no union)."""
        return self.union.members

    @property
    def digest(self) -> str:
        """SHA-256 over the regime's files, so that two runs can be told apart by content."""
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in self.files)).hexdigest()


def regime_names(folder: Path = REGIME_FOLDER) -> list[str]:
    """Names of the regimes in a folder, the baseline first, otherwise in the order of the alphabet."""
    names = sorted(file.stem for file in folder.glob("*.toml"))
    return sorted(names, key=lambda name: name != "pre-union")


def load_regime(name: str | Path, folder: Path = REGIME_FOLDER) -> Regime:
    """Read a regime by name (``"union-2010-07"``) or from a file of your own (``"my-union.toml"``).

    Raises RegimeError when the name is unknown, the TOML is malformed, a key is unknown or missing, a value
    is illegal, or regimes build on each other in a circle.
    """
    return _load(_locate(name, folder, referrer=None), folder, seen=())


def _locate(name: str | Path, folder: Path, referrer: Path | None) -> Path:
    beside = referrer.parent if referrer else Path()
    if str(name).endswith(".toml"):
        file = beside / name
        if not file.is_file():
            raise RegimeError(
                f"there is no regime file {file}. List the regimes that come with eacu: eacu regimes"
            )
        return file
    own, shipped = beside / f"{name}.toml", folder / f"{name}.toml"
    found = [file for file in (own, shipped) if file.is_file() and (referrer or file.parent == folder)]
    if len({file.resolve() for file in found}) > 1:
        raise RegimeError(
            f"{referrer.name if referrer else name}: builds_on = {str(name)!r} could mean {own} or the regime of "
            f"that name that comes with eacu. Write builds_on = '{name}.toml' for the file, or rename it"
        )
    if found:
        return found[0]
    where = f"{referrer.name}: builds_on: " if referrer else ""
    raise RegimeError(where + unknown_name("regime", str(name), regime_names(folder)))


def _load(file: Path, folder: Path, seen: tuple[Path, ...]) -> Regime:
    resolved = file.resolve()
    if resolved in seen:
        circle = " -> ".join(f.stem for f in (*seen, resolved))
        raise RegimeError(f"{file.name}: regimes build on each other in a circle: {circle}")
    raw = _read_toml(file)
    parent = None
    if isinstance(raw.get("builds_on"), str):
        parent = _load(_locate(raw["builds_on"], folder, referrer=file), folder, (*seen, resolved))
    checked = _validate(_merged(raw, parent) if parent else raw, file)
    return Regime(
        name=file.stem,
        title=checked.title.strip(),
        description=checked.description.strip(),
        question=checked.question.strip(),
        closure=checked.closure,
        builds_on=checked.builds_on,
        tariffs=checked.tariffs,
        union=checked.union,
        rates=checked.rates,
        files=(*(parent.files if parent else ()), file),
    )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegimeError(f"{file.name} is not valid TOML: {error}") from error


def _merged(raw: dict[str, Any], parent: Regime) -> dict[str, Any]:
    """Lay a regime over its parent: tariffs by importer, the union by key, rates after the parent's."""
    own_tariffs, own_union, own_rates = raw.get("tariffs", {}), raw.get("union", {}), raw.get("rates", [])
    if not (isinstance(own_tariffs, dict) and isinstance(own_union, dict) and isinstance(own_rates, list)):
        return raw  # not tables at all: the validation says so
    inherited_union = parent.union.model_dump(exclude_defaults=True)
    if "members" in own_union and list(own_union["members"]) != list(parent.members):
        inherited_union.pop("keys", None)  # another membership needs its own keys
        if not own_union["members"]:
            inherited_union = {}
    if own_union.get("pooling") is False:
        inherited_union.pop("keys", None)
    return {
        **raw,
        "tariffs": {**parent.tariffs, **own_tariffs},
        "union": {**inherited_union, **own_union},
        "rates": [*parent.rates, *own_rates],
    }


def _validate(raw: dict[str, Any], file: Path) -> _RegimeFile:
    try:
        return _RegimeFile.model_validate(raw)
    except ValidationError as error:
        problems = [_describe(problem) for problem in error.errors()]
        raise RegimeError(f"{file.name}: " + "\n  ".join(dict.fromkeys(problems))) from error


_TABLES: dict[str, type[BaseModel]] = {"": _RegimeFile, "union": Union, "rates": Rate, "tariffs": TariffRule}


def _describe(problem: Any) -> str:
    """One pydantic problem in the words of the file's author."""
    path = [str(part) for part in problem["loc"]]
    key, where = path[-1] if path else "", ".".join(path)
    if problem["type"] == "extra_forbidden":
        table = path[0] if len(path) > 1 else ""
        message = unknown_name("key", key, _TABLES[table].model_fields)
        return f"[{table}]: {message}" if table else message
    if problem["type"] == "missing":
        return f"the key {where} is missing"
    if problem["type"] == "value_error":
        reason = problem["msg"].removeprefix("Value error, ")
        return f"{where}: {reason}" if where else reason
    return f"{where} = {problem['input']!r}: {problem['msg']}"
