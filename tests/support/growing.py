"""A small economy that grows: stationary, balanced or uneven growth, a policy, a baseline and a path."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from eacu.experiments.dynamics import DynamicEconomy, SolvedPath
from eacu.experiments.growth import Growth
from eacu.model.instruments import Policy
from tests.support.synthetic import synthetic_benchmark

DEPRECIATION = 0.4
"""High, so that a steady state is reached in tens of years."""


@lru_cache(maxsize=2)
def benchmark():
    return synthetic_benchmark(seed=1)


def investment(b):
    return b.investment_demand.groupby("region").sum() * (1 + b.sales_tax["investment"])


def stationary(years: int, rate: float = 0.0) -> Growth:
    """An economy whose investment in the benchmark replaces what wears out and equips growth at ``rate``."""
    b = benchmark()
    delta = pd.Series(DEPRECIATION, index=pd.Index(b.regions, name="region"))
    growth = Growth.constant(b, years, delta, investment(b) / (DEPRECIATION + rate))
    level = pd.Series((1 + rate) ** np.arange(years), index=growth.real_gdp.index)
    frame = growth.real_gdp.mul(level, axis=0)
    return Growth(frame, frame, frame, frame, growth.capital_stock, growth.depreciation)


def uneven(years: int) -> Growth:
    """Every series and region grows at its own rate, some of them fall."""
    b, rng = benchmark(), np.random.default_rng(5)
    still = stationary(years)

    def series(low: float, high: float) -> pd.DataFrame:
        rates = 1 + rng.uniform(low, high, still.real_gdp.shape)
        rates[0] = 1.0
        return pd.DataFrame(rates.cumprod(axis=0), index=still.real_gdp.index, columns=still.real_gdp.columns)

    return Growth(
        series(-0.05, 0.1),
        series(-0.01, 0.02),
        series(-0.02, 0.03),
        series(0.0, 0.05),
        1.3 * still.capital_stock,
        pd.Series(rng.uniform(0.03, 0.1, len(b.regions)), index=still.depreciation.index),
    )


def tariffs(factor: float) -> Policy:
    rates = benchmark().import_tariff * factor + 0.02
    return Policy(f"tariffs times {factor:g}", {"import_tariff": rates})


NOTHING = Policy("nothing", {})


def weights(growth: Growth, name: str) -> pd.DataFrame:
    """``nothing`` throughout, or nothing in the first year and then the policy."""
    frame = pd.DataFrame(0.0, index=growth.real_gdp.index, columns=["nothing", "policy"])
    frame["nothing"] = [1.0] + [0.0] * (len(frame) - 1) if name == "policy" else 1.0
    frame["policy"] = 1 - frame["nothing"]
    return frame


def solved(economy: DynamicEconomy, policy: Policy = NOTHING) -> tuple[SolvedPath, SolvedPath]:
    """The baseline without a policy, and the path with it."""
    policies = economy.policies({"nothing": NOTHING, "policy": policy})
    baseline = economy.baseline("baseline", weights(economy.growth, "nothing"), policies)
    return baseline, economy.path("path", weights(economy.growth, "policy"), policies, baseline)
