"""How far results on services hang on what is assumed: each assumption at the ends of its band, the others as they are.

The bands are those of ``data/parameters/foreign_firms.csv`` and ``data/policy/services_barriers.csv``; besides,
owners at home instead of abroad, and a world in which no firm enters or leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ..calibration.foreign_firms import TABLE as FIRMS
from ..calibration.foreign_firms import firm_parameters, with_foreign_firms
from ..model.closures import find_closure
from .base_year import BaseYear
from .regimes import load_regime
from .run import Workbench
from .schedules import Schedules
from .services import TABLE as BARRIERS
from .services import base_rent

CENTRAL = "as assumed"
WORDS = {
    "share": "share of foreign firms",
    "head_office": "head-office services in their sales",
    "supply_home": "supply elasticity of home firms",
    "supply_foreign": "supply elasticity of foreign firms",
    "sigma": "elasticity between varieties",
    "foreign_ownership": "foreign ownership of what foreign firms earn more",
}
"""Parameters of firms that have a band, in words."""


@dataclass(frozen=True)
class Case:
    """One variant: what is assumed in words, which end of the band, and the base year it makes."""

    assumption: str
    end: str
    base: BaseYear


def cases(base: BaseYear) -> Iterator[Case]:
    """The central case, both ends of every band, all of it lost to owners abroad or none, and no entry.

    Raises BenchmarkError when a combination does not fit the base year.
    """
    if base.firms is None:
        raise ValueError(f"This base year has no table data/{FIRMS}.csv.")
    regions = base.benchmark.regions
    central = firm_parameters(base.firms, regions)
    yield Case(CENTRAL, "", _divided(base, central))
    for parameter, words in WORDS.items():
        for end in ("low", "high"):
            bound = firm_parameters(base.firms, regions, end)[parameter]
            if not bound.equals(central[parameter]):
                yield Case(words, end, _divided(base, central.assign(**{parameter: bound})))
    yield Case(WORDS["foreign_ownership"], "none", _divided(base, central.assign(foreign_ownership=0.0)))
    for column, words in (("before", "height of barriers"), ("rent_share", "rent in barriers")):
        for end in ("low", "high"):
            yield Case(words, end, _divided(barriers_at(base, column, end), central))
    yield Case("entry of firms", "none", _divided(base, central, entry=False))


def bands(base: BaseYear, regimes: Sequence[tuple[str, str]], indicator: str) -> pd.DataFrame:
    """An indicator of (regime, region) pairs in every case: rows (assumption, end), columns the regimes."""
    rows = {}
    for case in cases(base):
        bench = Workbench(case.base, find_closure("default"))
        rows[case.assumption, case.end] = {
            name: float(bench.solve(load_regime(name)).indicators[indicator][region])
            for name, region in regimes
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["assumption", "end"])


def _divided(base: BaseYear, firms: pd.DataFrame, entry: bool = True) -> BaseYear:
    divided = with_foreign_firms(base.benchmark, firms, base_rent(base.schedules), entry)
    return replace(base, benchmark=divided)


def barriers_at(base: BaseYear, column: str, end: str) -> BaseYear:
    """The base year with a column of the barriers (``before``: height, or ``rent_share``) at one end of its band,
    ``low`` or ``high``; what is left after accession keeps its ratio."""
    table = base.schedules.table(BARRIERS).copy()
    if column == "rent_share":
        table["rent_share"] = table[f"rent_share_{end}"].astype(float)
    else:
        left = table["after_pct"] / table["before_pct"]
        table["before_pct"] = table[f"before_{end}"].astype(float)
        table["after_pct"] = left * table["before_pct"]
    schedules = Schedules(base.schedules.rates, {**base.schedules.tables, BARRIERS: table})
    return replace(base, schedules=schedules)
