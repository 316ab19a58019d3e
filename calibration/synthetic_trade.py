"""What is observed of a region without an input-output table, and its trade by sector.

A synthetic region's figures stand in several tables; ``parameters/<name>_figures`` says where each is, so that the
estimator asks for ``goods_exports`` and not for a column of a certain yearbook. Figures of several rows add up.
"""

from __future__ import annotations

import pandas as pd

from .series import Tables, keyed


def figure(name: str, wanted: str, tables: Tables) -> float:
    """One observed figure of a synthetic region, by the name of its tables (``belarus``, ``ukraine``).

    Raises KeyError if ``parameters/<name>_figures`` does not say where it is, or if it is not there.
    """
    total = 0.0
    for table, item in places(name, wanted, tables):
        values = keyed(tables(table), "item")
        if item not in values.index:
            raise KeyError(f"data/{table}.csv has no item {item!r}, the {wanted} of {name}")
        total += float(values[item])
    return total


def places(name: str, wanted: str, tables: Tables) -> list[tuple[str, str]]:
    """The table and item of every row that makes up a figure. Raises KeyError if there is none."""
    index = tables(f"parameters/{name}_figures")
    rows = index[index["figure"] == wanted]
    if rows.empty:
        raise KeyError(
            f"data/parameters/{name}_figures.csv has no figure {wanted!r}; it has {sorted(set(index['figure']))}"
        )
    return list(zip(rows["table"].astype(str), rows["item"].astype(str), strict=True))


def goods_trade(name: str, tables: Tables) -> pd.DataFrame:
    """Goods exports (fob) and imports (cif) by sector in 2007, million USD, as shares moved to anchors.

    The pattern of the Harmonised System chapters (of a later year for Belarus) is scaled so that fuels and food hit
    their observed 2007 values; the remainder keeps its proportions. Fuels are split into crude, gas, coal and
    products by quantities and prices (``parameters/<name>_fuels``).
    """
    ((table, year),) = places(name, "trade_pattern", tables)
    pattern = tables(table)
    pattern = pattern[(pattern["year"] == int(year)) & (pattern["sector"] != "fuels")]
    pattern = pattern.pivot_table(index="sector", columns="flow", values="value").fillna(0.0)
    fuels = keyed(tables(f"parameters/{name}_fuels"), "flow", "sector")
    anchored = tables("parameters/synthetic_food")
    food_sectors = anchored.loc[anchored["name"] == name, "sector"].tolist()
    flows = {}
    for flow in ("exports", "imports"):
        total = figure(name, f"goods_{flow}", tables)
        fuel_total = figure(name, f"fuel_{flow}", tables)
        food_share = figure(name, f"food_share_{flow}", tables) / 100
        food_total = food_share * total
        fuel_split = fuels[flow] * fuel_total
        rest = pattern[flow].drop(index=[*fuel_split.index], errors="ignore")
        food = rest.index.isin(food_sectors)
        parts = pd.concat(
            [
                fuel_split,
                rest[food] / rest[food].sum() * food_total,
                rest[~food] / rest[~food].sum() * (total - fuel_total - food_total),
            ]
        )
        flows[flow] = parts.groupby(level=0).sum()
    return pd.DataFrame(flows).fillna(0.0)


def services_trade(name: str, flow: str, services: list[str], tables: Tables) -> pd.Series:
    """Exports or imports of services by sector, million USD: the total of the balance of payments, spread over
    services by ``parameters/<name>_services``."""
    pattern = keyed(tables(f"parameters/{name}_services"), "flow", "sector")
    total = figure(name, f"services_{flow}", tables)
    return (pattern[flow] * total).reindex(services).fillna(0.0)
