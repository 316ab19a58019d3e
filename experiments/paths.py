"""Paths of policy: which regime is in force in which year, written as data (TOML).

    [[in_force]]
    since = 2007
    regime = "pre-union"

    [[in_force]]
    since = 2010
    shares = { union-2010-01 = 0.5, union-2010-07 = 0.5 }    # half a year each

    [[in_force]]
    since = 2012
    regime = "wto-russia"
    phased_until = 2020                                      # in equal steps, complete in 2020

An entry holds until the next one. Its regimes build on nothing but themselves: a path names regimes, it does not
change them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import Field, model_validator

from ..model.names import unknown_name
from .regimes import Regime, load_regime
from .toml_files import Table, checked, read_toml

PATH_FOLDER = Path(__file__).resolve().parent.parent / "data" / "paths"
SUM_TOLERANCE = 1e-9


class PathError(ValueError):
    """A path that cannot be used; the message names the file, the key, the value and the remedy."""


class InForce(Table):
    """What is in force since a year: one regime, or several by their share of the year."""

    since: int
    regime: str | None = None
    shares: dict[str, float] = Field(default_factory=dict)
    phased_until: int | None = None

    @model_validator(mode="after")
    def _consistent(self) -> InForce:
        if (self.regime is None) == (not self.shares):
            raise ValueError("name either regime or shares")
        if self.shares and abs(sum(self.shares.values()) - 1) > SUM_TOLERANCE:
            raise ValueError(f"shares sum to {sum(self.shares.values()):g}, not 1")
        if any(share <= 0 for share in self.shares.values()):
            raise ValueError("a share is not above 0; leave the regime out instead")
        if self.phased_until is not None and self.phased_until <= self.since:
            raise ValueError(f"phased_until = {self.phased_until} is not after since = {self.since}")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Regime -> share of the year."""
        return dict(self.shares) if self.shares else {str(self.regime): 1.0}


class _PathFile(Table):
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    question: str = Field(min_length=1)
    in_force: tuple[InForce, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> _PathFile:
        for earlier, later in zip(self.in_force, self.in_force[1:], strict=False):
            if later.since <= earlier.since:
                raise ValueError(f"in_force since {later.since} follows since {earlier.since}: order by year")
            if earlier.phased_until is not None and earlier.phased_until > later.since:
                raise ValueError(
                    f"in_force since {earlier.since} is phased until {earlier.phased_until}, but since "
                    f"{later.since} something else is in force"
                )
        if self.in_force[0].phased_until is not None:
            raise ValueError("the first entry has nothing before it to be phased from")
        return self


@dataclass(frozen=True)
class PolicyPath:
    """A checked path: its regimes, and the weight of each in each year (``weights``)."""

    name: str
    title: str
    description: str
    question: str
    in_force: tuple[InForce, ...]
    regimes: dict[str, Regime]
    file: Path

    def weights(self, year: int) -> dict[str, float]:
        """Regime -> weight in a year; they sum to one.

        Raises:
            PathError: nothing is in force yet.
        """
        started = [n for n, entry in enumerate(self.in_force) if entry.since <= year]
        if not started:
            raise PathError(
                f"{self.name}: nothing is in force in {year}; the first entry holds since {self.in_force[0].since}"
            )
        entry = self.in_force[started[-1]]
        if entry.phased_until is None or year >= entry.phased_until:
            return entry.weights
        done = (year - entry.since + 1) / (entry.phased_until - entry.since + 1)
        before = self.in_force[started[-1] - 1].weights
        mixed: dict[str, float] = {}
        for share, weights in ((1 - done, before), (done, entry.weights)):
            for name, weight in weights.items():
                mixed[name] = mixed.get(name, 0.0) + share * weight
        return mixed

    def table(self, years: range | tuple[int, ...]) -> pd.DataFrame:
        """Weights by year (rows) and regime (columns)."""
        rows = {year: self.weights(year) for year in years}
        frame = pd.DataFrame(0.0, index=pd.Index(rows, name="year"), columns=list(self.regimes))
        for year, weights in rows.items():
            for regime, weight in weights.items():
                frame.loc[year, regime] = weight
        return frame

    @property
    def members(self) -> tuple[str, ...]:
        """Members of the union that is in force last, empty without one."""
        return max((self.regimes[name].members for name in self.in_force[-1].weights), key=len)


def path_names(folder: Path = PATH_FOLDER) -> list[str]:
    """Names of the paths in a folder, the one without a union first."""
    return sorted((file.stem for file in folder.glob("*.toml")), key=lambda name: (name != "no-union", name))


def load_path(name: str | Path, folder: Path = PATH_FOLDER) -> PolicyPath:
    """Read a path by name (``"union"``) or from a file of your own (``"my-path.toml"``).

    Raises:
        PathError: the name is unknown, the TOML is malformed, a key is unknown, missing or illegal.
        RegimeError: a regime it names does not exist or cannot be used.
    """
    file = Path(name) if str(name).endswith(".toml") else folder / f"{name}.toml"
    if not file.is_file():
        raise PathError(unknown_name("path", str(name), path_names(folder)))
    found = checked(_PathFile, read_toml(file, PathError), PathError)
    named = dict.fromkeys(regime for entry in found.in_force for regime in entry.weights)
    regimes = {regime: _load_regime(regime, file) for regime in named}
    return PolicyPath(
        file.stem,
        found.title.strip(),
        found.description.strip(),
        found.question.strip(),
        found.in_force,
        regimes,
        file,
    )


def _load_regime(name: str, file: Path) -> Regime:
    return load_regime(file.parent / name if name.endswith(".toml") else name)
