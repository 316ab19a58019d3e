"""Facts of the base year that claims start from, computed from the benchmark and set beside published figures.

``data/claims/facts.toml`` holds the published figures and how far the benchmark may differ; the functions here say
how each is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .. import data
from ..calibration.benchmark import Benchmark
from ..model.names import unknown_name
from .claims import ClaimError
from .toml_files import read_toml

FACTS_FILE = Path(__file__).resolve().parent.parent / "data" / "claims" / "facts.toml"
ENERGY = ("oil", "gas", "omn", "ppr")
"""Crude oil, gas, coal (with other mining) and petroleum products."""


@dataclass(frozen=True)
class Fact:
    """A published figure and the benchmark's; ``agrees`` if they differ by no more than ``within``."""

    says: str
    unit: str
    published: str
    year: str
    source: str
    low: float
    high: float
    within: float
    value: float

    @property
    def agrees(self) -> bool:
        """Whether the benchmark's figure is in the published range, give or take ``within``."""
        return self.low - self.within <= self.value <= self.high + self.within

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self.__dict__, "agrees": self.agrees}


def intra_union_trade_pct(b: Benchmark, region: str, members: Sequence[str]) -> float:
    """Share of trade in goods (exports fob and imports cif) with the other members, per cent."""
    goods = _goods()
    others = [m for m in members if m != region]
    inside = total = 0.0
    for flows, owner, partner in ((b.fob, "source", "importer"), (b.cif, "importer", "source")):
        table = flows.rename("value").reset_index()
        table = table[table["sector"].isin(goods) & (table[owner] == region) & (table[partner] != region)]
        total += table["value"].sum()
        inside += table.loc[table[partner].isin(others), "value"].sum()
    return 100 * inside / total


def energy_share_of_exports_pct(b: Benchmark, region: str, partners: Sequence[str]) -> float:
    """Share of energy in the region's exports of goods to the partners, fob, per cent."""
    table = b.fob.rename("value").reset_index()
    table = table[table["sector"].isin(_goods()) & (table["source"] == region)]
    table = table[table["importer"].isin(list(partners))]
    return 100 * table.loc[table["sector"].isin(ENERGY), "value"].sum() / table["value"].sum()


def population_mn(b: Benchmark, members: Sequence[str]) -> float:
    """People, million."""
    table = data.table("sources/national_accounts")
    people = table[table["item"] == "population"].set_index("region")["value"]
    return float(people.loc[list(members)].sum())


def gdp_usd_trn(b: Benchmark, members: Sequence[str]) -> float:
    """GDP at market prices and exchange rates, USD trillion."""
    return float(b.gdp.loc[list(members)].sum()) / 1e6


MEASURES: dict[str, Callable[..., float]] = {
    f.__name__: f for f in (intra_union_trade_pct, energy_share_of_exports_pct, population_mn, gdp_usd_trn)
}


def check_facts(b: Benchmark, file: Path = FACTS_FILE) -> list[Fact]:
    """Compute every fact of the file from the benchmark.

    Raises ClaimError for an unknown measure or arguments it does not take.
    """
    found = []
    for entry in read_toml(file, ClaimError).values["facts"]:
        name = entry.pop("measure")
        if name not in MEASURES:
            raise ClaimError(f"{file.name}: {unknown_name('measure', name, MEASURES)}")
        try:
            value = MEASURES[name](b, **entry.pop("arguments"))
        except (TypeError, KeyError) as error:
            raise ClaimError(f"{file.name}: {name}: {error}") from error
        found.append(Fact(value=float(value), **entry))
    return found


def _goods() -> list[str]:
    sectors: pd.DataFrame = data.table("mappings/sectors")
    return sorted(set(sectors.loc[sectors["is_good"].astype(str) == "True", "sector"]))
