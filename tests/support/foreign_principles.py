"""Foreign firms in services, worked out again from prices, quantities and the benchmark: who buys what, who earns
what."""

from __future__ import annotations

import pandas as pd

from eacu.calibration.benchmark import Benchmark
from eacu.model.state import State


def account(b: Benchmark, name: str) -> pd.MultiIndex:
    """The activity or commodity of foreign firms (``foreign``) or of their head offices (``office``), by host."""
    keys = [(f"{g}-{name}", r) for g, r in b.foreign_sales.index]
    return pd.MultiIndex.from_tuples(keys, names=["sector", "region"])


def here(b: Benchmark, series: pd.Series, name: str) -> pd.Series:
    """Values of those accounts, on the hosts."""
    return pd.Series(series[list(account(b, name))].to_numpy(), index=b.foreign_sales.index)


def sales(b: Benchmark, x: State) -> pd.Series:
    """What foreign firms receive, by host: their output at their price."""
    price, volume = (here(b, x[name], "foreign") for name in ("domestic_price", "activity"))
    return b.foreign_sales / (1 + b.presence_rent) * price * volume


def price_paid(b: Benchmark, x: State) -> pd.Series:
    """What users pay a foreign firm for a unit, relative to the benchmark."""
    return here(b, x["domestic_price"], "foreign") * (1 + x["presence_rent"]) / (1 + b.presence_rent)


def rents(b: Benchmark, x: State) -> pd.Series:
    """Rents on the presence of foreign firms, by region."""
    return (x["presence_rent"] * sales(b, x)).groupby("region").sum().reindex(b.regions, fill_value=0.0)


def office_volume(b: Benchmark, x: State) -> pd.Series:
    """Head-office services at benchmark prices, by host: in proportion to inputs in use."""
    output, productivity = (here(b, x[name], "foreign") for name in ("activity", "productivity"))
    sigma = here(b, b.sigma_inputs, "foreign")
    tax = (1 - here(b, x["production_tax"], "foreign")) / (1 - here(b, b.production_tax, "foreign"))
    revenue = here(b, x["output_price"], "foreign") * tax * productivity
    price = x["import_price"][list(b.foreign_sales.index)]
    return b.head_office_services * output / productivity * (revenue / price) ** sigma


def profits_abroad(b: Benchmark, x: State) -> pd.Series:
    """Net profits from abroad: what specific capital earns beyond the base year goes to the owners, by region."""
    total = pd.Series(0.0, index=pd.Index(b.regions, name="region"))
    for g, r in b.foreign_sales.index:
        key = ("specific_capital", f"{g}-foreign", r)
        earned = x["rental_premium"][key] * x["factor_price"]["specific_capital", r] - x.scalar("numeraire")
        kept = (1 - x["direct_tax"][r]) * x["direct_tax_retention"][r]
        profit = b.foreign_ownership[g, r] * kept * b.factor_value[key] * x["factor_use"][key] * earned
        sellers = b.landed.xs((g, r), level=("sector", "importer"))
        sellers = sellers[sellers.index != r]
        total[r] -= profit
        for owner, value in (profit * sellers / sellers.sum()).items():
            total[owner] += value
    return total
