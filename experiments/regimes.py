"""Regimes: what policy does, written as data (TOML) and checked before anything is solved.

A regime file has a ``title``, a ``question``, a ``description`` and a ``closure``; it may build on
another regime; ``[tariffs]`` says which schedule each importer applies to third countries, ``[union]`` who is
a member and how duties are shared, ``[[rates]]`` single rates that differ from the schedule, ``[exceptions]`` where
an importer keeps its old rates, ``[[borders]]`` which borders become cheaper to cross, ``[[services]]`` which barriers
to services fall, ``[oil]``, ``[gas]`` and
``[labour]`` the rules for energy and for people, ``[[quota]]`` amounts free of a duty, ``[[shock]]`` anything else.
docs/regimes.md is the manual. Reading a file needs no economy;
`eacu.experiments.policy` turns a regime into values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..model.names import unknown_name
from .presentation import regime_text
from .regime_tables import Border, Gas, Labour, Oil, Rate, RegimeFile, Services, TariffRule, Union
from .shock_tables import ClosureTable, Quota, Shock, Swap
from .toml_files import Place, TomlFile, problems_of, read_toml

__all__ = [
    "REGIME_FOLDER",
    "Border",
    "Gas",
    "Labour",
    "Oil",
    "Problems",
    "Quota",
    "Rate",
    "Regime",
    "RegimeError",
    "Services",
    "Shock",
    "Swap",
    "TariffRule",
    "Union",
    "all_regime_names",
    "load_regime",
    "regime_names",
]

REGIME_FOLDER = Path(__file__).resolve().parent.parent / "data" / "regimes"
TABLES = ("tariffs", "exceptions", "labour", "oil", "gas")
"""Sections laid over those of the parent key by key (``[union]`` too, by rules of its own)."""
LISTS = ("rates", "borders", "services", "quota", "shock")
"""Sections whose entries follow those of the parent."""


class RegimeError(ValueError):
    """A regime that cannot be used; the message names the file, the key, the value and the remedy."""


class Problems:
    """What is wrong with a regime, gathered so that the user reads all of it at once."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep the message of a RegimeError and go on after the block."""
        try:
            yield
        except RegimeError as error:
            self.told += [str(error)]

    def refuse(self) -> None:
        """Raise RegimeError with every message, if there is any."""
        if self.told:
            raise RegimeError("\n".join(dict.fromkeys(self.told)))


@dataclass(frozen=True)
class Regime:
    """A checked regime, with everything it inherits from the one it builds on already merged in.

    ``files`` are the files it was read from, its own TOML file last; ``places`` says where each value was
    written (file and line).
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
    services: tuple[Services, ...] = ()
    labour: Labour = field(default_factory=Labour)
    oil: Oil = field(default_factory=Oil)
    gas: Gas = field(default_factory=Gas)
    against: Path | None = None
    """The file of the regime that the question compares with (None: the base year); never inherited."""
    base_year: str | None = None
    """The shipped base year that has the regions this regime is about (None: any)."""
    schedules: dict[str, Path] = field(default_factory=dict)
    """Tariff schedules of the regime's own: name -> CSV file."""
    quotas: tuple[Quota, ...] = ()
    shocks: tuple[Shock, ...] = ()
    swaps: tuple[Swap, ...] = ()
    """Exchanges that the regime's own closure makes, see `eacu.model.swap`."""
    places: Mapping[Place, str] = field(default_factory=dict, repr=False, compare=False)

    def at(self, *place: str | int) -> str:
        """Where a value was written, for messages: ``mine.toml, line 7``; else the regime's name."""
        found = (self.places[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.places)
        return next(found, self.name)

    @property
    def reference(self) -> str | None:
        """Name of the regime that the question compares with; None: the base year."""
        return self.against.stem if self.against else None

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


def _locate(name: str | Path, folder: Path, referrer: Path | None, key: str = "builds_on") -> Path:
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
    if len({file.read_bytes() for file in found}) > 1:  # a saved run holds copies of shipped regimes
        raise RegimeError(
            f"{referrer.name if referrer else name}: {key} = {str(name)!r} could mean {own} or the regime of "
            f"that name that comes with eacu. Write {key} = '{name}.toml' for the file, or rename it"
        )
    if found:
        return found[0]
    where = f"{referrer.name}: {key}: " if referrer else ""
    raise RegimeError(where + unknown_name("regime", str(name), all_regime_names(folder)))


def _shipped(name: str, folder: Path) -> Path:
    """The file of a regime in a folder, or in the subfolder of the base year it needs."""
    return next(iter(sorted(folder.glob(f"*/{name}.toml"))), folder / f"{name}.toml")


def _load(file: Path, folder: Path, seen: tuple[Path, ...]) -> Regime:
    resolved = file.resolve()
    if resolved in seen:
        circle = " -> ".join(f.stem for f in (*seen, resolved))
        raise RegimeError(f"{file.name}: regimes build on each other in a circle: {circle}")
    source = read_toml(file, RegimeError)
    raw = source.values
    parent = None
    if isinstance(raw.get("builds_on"), str):
        parent = _load(_named_file("builds_on", source, folder), folder, (*seen, resolved))
    against = _named_file("against", source, folder) if isinstance(raw.get("against"), str) else None
    if against and against.resolve() == resolved:
        raise RegimeError(
            f"{source.at(('against',))}: against = {raw['against']!r} is this regime itself; name another, or "
            "leave the key out to compare with the base year"
        )
    checked = _validate(_merged(raw, parent) if parent else raw, source, _offsets(parent))
    own_closure = checked.closure if isinstance(checked.closure, ClosureTable) else None
    schedules = _own_schedules(checked.schedules, source, parent)
    return Regime(
        name=file.stem,
        title=checked.title.strip(),
        description=checked.description.strip(),
        question=checked.question.strip(),
        closure=own_closure.name if own_closure else str(checked.closure),
        builds_on=checked.builds_on,
        tariffs=checked.tariffs,
        union=checked.union,
        rates=checked.rates,
        files=(*(parent.files if parent else ()), *(schedules[name] for name in checked.schedules), file),
        exceptions=checked.exceptions,
        borders=checked.borders,
        services=checked.services,
        labour=checked.labour,
        oil=checked.oil,
        gas=checked.gas,
        against=against,
        base_year=checked.base_year,
        schedules=schedules,
        quotas=checked.quota,
        shocks=checked.shock,
        swaps=own_closure.swap if own_closure else (),
        places=_places(source, parent),
    )


def _named_file(key: str, source: TomlFile, folder: Path) -> Path:
    """The file that a key names as a regime; if there is none, that is told with the file's other problems."""
    problems = Problems()
    with problems.collecting():
        return _locate(source.values[key], folder, source.file, key)
    problems.told = [message.replace(source.file.name, source.at((key,)), 1) for message in problems.told]
    try:  # what is missing may be inherited, so only what is there can be judged
        RegimeFile.model_validate(source.values)
    except ValidationError as error:
        problems.told += problems_of(error, RegimeFile, source.at, skip=("missing", "value_error"))
    raise RegimeError("\n".join(problems.told))


def _offsets(parent: Regime | None) -> dict[str, int]:
    """How many entries of each list section come from the parent."""
    if parent is None:
        return {}
    return dict(
        zip(
            LISTS,
            map(len, (parent.rates, parent.borders, parent.services, parent.quotas, parent.shocks)),
            strict=True,
        )
    )


def _places(source: TomlFile, parent: Regime | None) -> dict[Place, str]:
    """Where every value of the merged regime was written."""
    own = {_shifted(place, _offsets(parent)): source.at(place) for place in source.lines}
    return {**(parent.places if parent else {}), **own}


def _shifted(place: Place, offsets: Mapping[str, int], sign: int = 1) -> Place:
    """A place in a list section, counted from the parent's entries on."""
    if len(place) > 1 and place[0] in offsets and isinstance(place[1], int):
        return (place[0], place[1] + sign * offsets[str(place[0])], *place[2:])
    return place


def _own_schedules(named: Mapping[str, str], source: TomlFile, parent: Regime | None) -> dict[str, Path]:
    """Schedules of the file and of its parent; raises RegimeError for a file that is not there."""
    found = dict(parent.schedules) if parent else {}
    problems = Problems()
    for name, file in named.items():
        path = source.file.parent / file
        if not path.is_file():
            problems.told.append(
                f"{source.at(('schedules', name))}: [schedules] {name}: there is no file {path}; it is looked for "
                "beside the regime file"
            )
        found[name] = path
    problems.refuse()
    return found


def _merged(raw: dict[str, Any], parent: Regime) -> dict[str, Any]:
    """Lay a regime over its parent: tables key by key, lists after the parent's."""
    tables = {name: raw.get(name, {}) for name in (*TABLES, "union")}
    lists = {name: raw.get(name, []) for name in LISTS}
    if not all(isinstance(t, dict) for t in tables.values()) or not all(
        isinstance(entries, list) for entries in lists.values()
    ):
        return raw  # not tables at all: the validation says so
    inherited = {
        "rates": parent.rates,
        "borders": parent.borders,
        "services": parent.services,
        "quota": parent.quotas,
        "shock": parent.shocks,
    }
    return {
        "base_year": parent.base_year,
        **raw,
        **{name: {**_inherited(getattr(parent, name)), **tables[name]} for name in TABLES},
        "union": {**_inherited_union(tables["union"], parent), **tables["union"]},
        **{name: [*inherited[name], *entries] for name, entries in lists.items()},
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


def _validate(raw: dict[str, Any], source: TomlFile, offsets: Mapping[str, int]) -> RegimeFile:
    try:
        return RegimeFile.model_validate(raw)
    except ValidationError as error:
        told = problems_of(error, RegimeFile, source.at, own=lambda place: _shifted(place, offsets, sign=-1))
        raise RegimeError("\n".join(told)) from error
