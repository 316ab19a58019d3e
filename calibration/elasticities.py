"""The model's elasticities: source tables under the model's names, and the Frisch parameter."""

from __future__ import annotations

import pandas as pd

from .series import Tables, keyed

PARAMETER = {
    "armington": "sigma_armington",
    "sources": "sigma_sources",
    "value_added": "sigma_value_added",
    "income": "income_elasticity",
    "omega_supply": "omega_supply",
    "omega_destinations": "omega_destinations",
}
US_DEFLATOR_1970_2007 = 4.2
"""US GDP deflator of 2007 over 1970 (from general knowledge): the Frisch formula is in US dollars of 1970."""


def model_elasticities(tables: Tables) -> pd.DataFrame:
    """Elasticities by region, sector, parameter, value; ``frisch`` rows carry the sector ``all``."""
    table = tables("sources/elasticities")[["region", "sector", "parameter", "value"]]
    unknown = sorted(set(table["parameter"]) - set(PARAMETER))
    if unknown:
        raise KeyError(
            f"data/sources/elasticities.csv: unknown parameter(s) {unknown}; known: {sorted(PARAMETER)}"
        )
    named = table.assign(parameter=table["parameter"].map(PARAMETER))
    frisch = frisch_parameter(tables).rename("value").rename_axis("region").reset_index()
    return pd.concat([named, frisch.assign(sector="all", parameter="frisch")], ignore_index=True)


def frisch_parameter(tables: Tables) -> pd.Series:
    """Frisch parameter by region from income per head.

    .. math:: \\phi = -36 \\, y^{-0.36}

    with ``y`` GDP per head in US dollars of 1970 (Lluch, Powell and Williams 1977, *Patterns in Household Demand and
    Saving*), the cross-country relation usual in models with a linear expenditure system.
    """
    accounts = keyed(tables("sources/national_accounts"), "item", "region")
    per_head = accounts["gdp"] / accounts["population"] / US_DEFLATOR_1970_2007
    return -36.0 * per_head.pow(-0.36)
