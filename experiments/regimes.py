"""Regimes: what policy does, written as data (TOML) and checked before anything is solved.

A regime file has a ``title``, a ``question``, a ``description`` and a ``closure``; it may build on
another regime; ``[tariffs]`` says which schedule each importer applies to third countries, ``[union]`` who is
a member and how duties are shared, ``[[rates]]`` single rates that differ from the schedule, ``[exceptions]`` where
an importer keeps its old rates, ``[[borders]]`` which borders become cheaper to cross, ``[oil]``, ``[gas]`` and
``[labour]`` the rules for energy and for people. docs/regimes.md is the manual. Reading a file needs no economy;
`eacu.experiments.policy` turns a regime into values.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .names import unknown_name
from .presentation import regime_text
from .regime_tables import TABLES, Border, Gas, Labour, Oil, Rate, RegimeFile, TariffRule, Union
from .toml_files import describe

__all__ = [
    "REGIME_FOLDER",
    "Border",
    "Gas",
    "Labour",
    "Oil",
    "Rate",
    "Regime",
    "RegimeError",
    "TariffRule",
    "Union",
    "all_regime_names",
    "load_regime",
    "regime_names",
]

REGIME_FOLDER = Path(__file__).resolve().parent.parent / "data" / "regimes"


class RegimeError(ValueError):
    """A regime that cannot be used; the message names the file, the key, the value and the remedy."""


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
    exceptions: dict[str, str] = field(default_factory=dict)
    borders: tuple[Border, ...] = ()
    labour: Labour = field(default_factory=Labour)
    oil: Oil = field(default_factory=Oil)
    gas: Gas = field(default_factory=Gas)
    base_year: str | None = None
    """The shipped base year that has the regions this regime is about (None: any)."""

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the union in this regime (empty: no union)."""
        return self.union.members

    def __repr__(self) -> str:
        return regime_text(self)

    @property
    def digest(self) -> str:
        """SHA-256 over the regime's files, so that two runs can be told apart by content."""
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in self.files)).hexdigest()


def regime_names(folder: Path = REGIME_FOLDER) -> list[str]:
    """Names of the regimes in a folder, the baseline first, otherwise in the order of the alphabet.

    Regimes that need another base year stand in a subfolder of its name: ``regime_names(REGIME_FOLDER / "ukraine")``.
    """
    names = sorted(file.stem for file in folder.glob("*.toml"))
    return sorted(names, key=lambda name: name != "pre-union")


def all_regime_names(folder: Path = REGIME_FOLDER) -> list[str]:
    """Names of the regimes in a folder and in its subfolders, those of the default base year first."""
    subfolders = sorted(f for f in folder.iterdir() if f.is_dir()) if folder.is_dir() else []
    return [*regime_names(folder), *(name for f in subfolders for name in regime_names(f))]


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
    own, shipped = beside / f"{name}.toml", _shipped(str(name), folder)
    found = [file for file in (own, shipped) if file.is_file() and (referrer or file == shipped)]
    if len({file.resolve() for file in found}) > 1:
        raise RegimeError(
            f"{referrer.name if referrer else name}: builds_on = {str(name)!r} could mean {own} or the regime of "
            f"that name that comes with eacu. Write builds_on = '{name}.toml' for the file, or rename it"
        )
    if found:
        return found[0]
    where = f"{referrer.name}: builds_on: " if referrer else ""
    raise RegimeError(where + unknown_name("regime", str(name), all_regime_names(folder)))


def _shipped(name: str, folder: Path) -> Path:
    """The file of a regime in a folder, or in the subfolder of the base year it needs."""
    return next(iter(sorted(folder.glob(f"*/{name}.toml"))), folder / f"{name}.toml")


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
        exceptions=checked.exceptions,
        borders=checked.borders,
        labour=checked.labour,
        oil=checked.oil,
        gas=checked.gas,
        base_year=checked.base_year,
    )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegimeError(f"{file.name} is not valid TOML: {error}") from error


def _merged(raw: dict[str, Any], parent: Regime) -> dict[str, Any]:
    """Lay a regime over its parent: tables key by key, lists after the parent's."""
    tables = {name: raw.get(name, {}) for name in ("tariffs", "union", "exceptions", "labour", "oil", "gas")}
    lists = {name: raw.get(name, []) for name in ("rates", "borders")}
    if not all(isinstance(t, dict) for t in tables.values()) or not all(
        isinstance(entries, list) for entries in lists.values()
    ):
        return raw  # not tables at all: the validation says so
    merged = {
        name: {**_inherited(getattr(parent, name)), **table}
        for name, table in tables.items()
        if name != "union"
    }
    return {
        "base_year": parent.base_year,
        **raw,
        **merged,
        "union": {**_inherited_union(tables["union"], parent), **tables["union"]},
        **{name: [*getattr(parent, name), *entries] for name, entries in lists.items()},
    }


def _inherited(table: Any) -> dict[str, Any]:
    return dict(table) if isinstance(table, dict) else table.model_dump(exclude_defaults=True)


def _inherited_union(own: dict[str, Any], parent: Regime) -> dict[str, Any]:
    inherited = parent.union.model_dump(exclude_defaults=True)
    if "members" in own and list(own["members"]) != list(parent.members):
        inherited.pop("keys", None)  # another membership needs its own keys
        if not own["members"]:
            inherited = {}
    if own.get("pooling") is False or "weights" in own:
        inherited.pop("keys", None)
    return inherited


def _validate(raw: dict[str, Any], file: Path) -> RegimeFile:
    try:
        return RegimeFile.model_validate(raw)
    except ValidationError as error:
        problems = [describe(problem, TABLES) for problem in error.errors()]
        raise RegimeError(f"{file.name}: " + "\n  ".join(dict.fromkeys(problems))) from error
