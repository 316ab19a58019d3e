"""Numbers of a model at one point, as named pandas series."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyomo.environ as pyo

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
    "walras",
)
"""Named expressions that results need; the others are intermediate steps of equations."""


@dataclass(frozen=True)
class State:
    """Values of all variables and of :data:`EXPRESSIONS` at one point; scalars are series of length one."""

    values: dict[str, pd.Series]

    @classmethod
    def of(cls, m: pyo.ConcreteModel) -> State:
        """Read the model's present values."""
        parts: dict[str, pd.Series] = {}
        expressions = [m.component(name) for name in EXPRESSIONS]
        if not hasattr(m, "state_indices"):
            m.state_indices = {}  # making an index takes longer than reading its numbers: made once
        for component in (*m.component_objects(pyo.Var), *expressions):
            name = component.name
            numbers = [component[key](exception=True) for key in component]
            if name not in m.state_indices:
                m.state_indices[name] = _index(component)
            parts[name] = pd.Series(numbers, index=m.state_indices[name], dtype=float, name=name)
        return cls(parts)

    def __getitem__(self, name: str) -> pd.Series:
        return self.values[name]

    def scalar(self, name: str) -> float:
        """Value of a variable or expression without index."""
        return float(self.values[name].iloc[0])


def _index(component: pyo.Var | pyo.Expression) -> pd.Index:
    if not component.is_indexed():
        return pd.Index([component.name])
    if component.name in USER_INDEXED:
        levels: tuple[str, ...] = ("user", "region")
    else:
        levels = LEVELS[component.index_set().name]
    keys = [key if isinstance(key, tuple) else (key,) for key in component]
    arrays = [[key[n] for key in keys] for n in range(len(levels))]
    if len(levels) == 1:
        return pd.Index(arrays[0], name=levels[0])
    return pd.MultiIndex.from_arrays(arrays, names=levels)


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
