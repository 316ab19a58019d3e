"""Numbers of a model at one point, as named pandas series."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from .engine.readout import Readout

LEVELS = {
    "R": ("region",),
    "activities": ("sector", "region"),
    "commodities": ("sector", "region"),
    "domestic": ("sector", "region"),
    "exporters": ("sector", "region"),
    "importers": ("sector", "region"),
    "carriers": ("sector", "region"),
    "household_goods": ("sector", "region"),
    "flows": ("sector", "source", "importer"),
    "employment": ("factor", "sector", "region"),
    "factor_markets": ("factor", "region"),
    "transport_pool": ("pool",),
    "labour": ("factor", "region"),
    "capital_regions": ("region",),
    "open_regions": ("region",),
    "migration_pairs": ("factor", "origin", "destination"),
    "migration_markets": ("factor", "region"),
    "capital_union": ("region",),
    "capital_pool": ("pool",),
    "quota_flows": ("sector", "source", "importer"),
    "increasing_returns": ("sector", "region"),
    "hosts": ("sector", "region"),
    "duty_recipients": ("sector", "region", "recipient"),
    "targets": ("target",),
    "targets_in_step": ("target",),
    "target_cells": ("target", "cell"),
}
"""Names of the index levels of each set that variables and expressions live on."""

USER_INDEXED = ("sales_tax", "sales_tax_rate", "sales_tax_factor")


EXPRESSIONS = (
    "rental",
    "employment_rate",
    "sales_tax_rate",
    "sales_tax_factor",
    "cif_price",
    "landed_price",
    "arrivals",
    "shipments",
    "domestic_demand",
    "carrier_supply",
    "committed_spending",
    "direct_tax_revenue",
    "supernumerary_price",
    "labour_moved",
    "take_home_wage",
    "migrant_wages",
    "sent_home",
    "capital_income",
    "pool_transfer",
    "export_duty",
    "quota_premium",
    "rent_paid",
    "rent_income",
    "oil_duty_transfer",
    "foreign_price",
    "foreign_demand",
    "presence_rent_paid",
    "presence_rent_income",
    "foreign_profit",
    "profit_abroad",
    "walras",
)
"""Named expressions that results need; the others are intermediate steps of equations."""


@dataclass(frozen=True)
class State:
    """Values of all variables and of :data:`EXPRESSIONS` at one point; scalars are series of length one."""

    values: dict[str, pd.Series]

    @classmethod
    def of(cls, m: pyo.ConcreteModel) -> State:
        """Read the model's present values; raises MissingValueError for a variable without one."""
        components = [*m.component_objects(pyo.Var), *(m.component(name) for name in EXPRESSIONS)]
        reader = _reader(m, components)
        numbers = np.concatenate(reader.readout.values())
        parts: dict[str, pd.Series] = {}
        start = 0
        for component, index in zip(components, reader.indices, strict=True):
            own = numbers[start : start + len(index)]
            parts[component.name] = pd.Series(own, index=index, name=component.name)
            start += len(index)
        return cls(parts)

    def __getitem__(self, name: str) -> pd.Series:
        return self.values[name]

    def scalar(self, name: str) -> float:
        """Value of a variable or expression without index."""
        return float(self.values[name].iloc[0])


@dataclass(frozen=True)
class _Reader:
    """What takes longer to make than the numbers take to read: made once for a model as it stands.

    ``bodies`` are what the expressions held then: a model whose variables or expressions have changed needs another.
    """

    readout: Readout
    indices: list[pd.Index]
    n_variables: int
    bodies: list[object]


def _reader(m: pyo.ConcreteModel, components: list[pyo.Var | pyo.Expression]) -> _Reader:
    """The model's reader, kept on the model."""
    variables = [v for c in components if c.ctype is pyo.Var for v in c.values()]
    expressions = [e for c in components if c.ctype is pyo.Expression for e in c.values()]
    bodies = [e.expr for e in expressions]
    kept = getattr(m, "state_reader", None)
    if kept is not None and kept.n_variables == len(variables) and _same(kept.bodies, bodies):
        return kept
    m.state_reader = _Reader(Readout(variables, expressions), _indices(components), len(variables), bodies)
    return m.state_reader


def _same(old: list[object], new: list[object]) -> bool:
    return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))


def _indices(components: list[pyo.Var | pyo.Expression]) -> list[pd.Index]:
    """The index of each component; those of the same members share one, which pandas then need not align."""
    made: dict[tuple[tuple[str, ...], tuple[Hashable, ...]], pd.Index] = {}
    found = []
    for component in components:
        if not component.is_indexed():
            found.append(pd.Index([component.name]))
            continue
        user = component.name in USER_INDEXED
        key = ("user", "region") if user else LEVELS[component.index_set().name], tuple(component)
        if key not in made:
            made[key] = _index(*key)
        found.append(made[key])
    return found


def _index(levels: tuple[str, ...], members: tuple[Hashable, ...]) -> pd.Index:
    if len(levels) == 1:
        return pd.Index(members, name=levels[0])
    return pd.MultiIndex.from_arrays(list(zip(*members, strict=True)) or [[] for _ in levels], names=levels)


def at(series: pd.Series, index: pd.Index, *levels: str) -> pd.Series:
    """A series looked up for every entry of a finer index by some of that index's levels.

    Raises ``KeyError`` when an entry has no value.
    """
    if len(levels) == 1:
        keys: pd.Index = index.get_level_values(levels[0])
    else:
        keys = pd.MultiIndex.from_arrays([index.get_level_values(level) for level in levels])
    positions = series.index.get_indexer(keys)
    if (positions < 0).any():
        raise KeyError(f"{series.name}: no value at {keys[positions < 0][0]}.")
    return pd.Series(series.to_numpy()[positions], index=index)
