"""Physical energy balances of the members, from the BP Statistical Review."""

from pathlib import Path

import pandas as pd

from .raw import figures, read_raw

_COUNTRIES = {"Russian Federation": "RUS", "Belarus": "BLR", "Kazakhstan": "KAZ"}
_ITEMS = {
    "Oil Production - Tonnes": "oil_production",
    "Oil Consumption - Tonnes": "oil_consumption",
    "Oil - Refinery throughput": "refinery_throughput",
    "Oil - Refining capacity": "refining_capacity",
    "Gas Production - Bcm": "gas_production",
    "Gas Consumption - Bcm": "gas_consumption",
    "Coal Production - Tonnes": "coal_production",
    "Coal Consumption - EJ": "coal_consumption",
    "Primary Energy Consumption": "primary_energy_consumption",
    "Electricity Generation": "electricity_generation",
}


def energy(root: Path) -> pd.DataFrame:
    """Table ``energy``: production and use of oil, gas, coal and power by member and year, 2004-2012.

    BP lists no production of oil or gas for Belarus: absent rows are missing, not zero.
    """
    raw = read_raw(root, "energy_bp2022/bp2022_RUS_BLR_KAZ_2004_2012.csv")
    raw = raw[raw["country"].isin(_COUNTRIES)].copy()
    unknown = set(raw["sheet"]) - set(_ITEMS)
    if unknown:
        raise KeyError(f"BP review: unknown series {sorted(unknown)}")
    raw["region"] = raw["country"].map(_COUNTRIES)
    raw["item"] = raw["sheet"].map(_ITEMS)
    raw["value"] = raw["value"].round(6)
    return figures(raw, ["region", "year", "item"], "", "BP2022", "observed")
