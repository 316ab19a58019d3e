"""What a path is given: years, growth of real GDP, population and labour force, and the capital of the base year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from .. import data
from ..calibration.benchmark import Benchmark

PATHS, CAPITAL = "sources/growth_paths", "sources/capital"
GROSS_RETURN = (0.03, 0.30)
"""Earnings of capital over its stock that are taken for plausible; outside, one of the two is not what it claims."""


class GrowthError(ValueError):
    """The figures of growth or capital do not fit the economy; the message names table, region and year."""


@dataclass(frozen=True)
class Growth:
    """Exogenous growth, by year (rows) and region (columns), benchmark = 1; and the capital of the base year.

    ``real_gdp`` is what a baseline reproduces. ``resources`` is the growth of land and natural resources in
    units of efficiency. ``capital_stock`` is million USD at base-year prices of investment goods, ``depreciation`` a
    rate a year.
    """

    real_gdp: pd.DataFrame = field(repr=False)
    population: pd.DataFrame = field(repr=False)
    labour_force: pd.DataFrame = field(repr=False)
    resources: pd.DataFrame = field(repr=False)
    capital_stock: pd.Series
    depreciation: pd.Series

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the path, the base year first."""
        return tuple(int(year) for year in self.real_gdp.index)

    @classmethod
    def from_tables(
        cls,
        benchmark: Benchmark,
        years: Sequence[int] | None = None,
        table: Callable[[str], pd.DataFrame] = data.table,
    ) -> Growth:
        """The growth of ``data/sources`` for an economy's regions.

        Land and natural resources grow as the region's real GDP does: reserves are found and yields rise as they are
        called for, so that growth alone does not make them scarce (assumed).

        Args:
            benchmark: the economy.
            years: the years wanted, the benchmark's first (default: all of the table).
            table: the loader of ``data/``.

        Raises:
            GrowthError: a region or year is not in the tables, the first year is not the benchmark's, a stock earns
                an implausible return.
        """
        listed: pd.DataFrame = table(PATHS).pivot(index=["item", "year"], columns="region", values="value")
        chosen = list(years or listed.loc["real_gdp"].index)
        regions = list(benchmark.regions)
        _require(regions, listed.columns, PATHS, "region")
        _require(chosen, listed.loc["real_gdp"].index, PATHS, "year")
        if chosen[0] != benchmark.year or any(b - a != 1 for a, b in pairwise(chosen)):
            raise GrowthError(
                f"A path starts in the base year, {benchmark.year}, and leaves out no year; got {chosen[0]} to "
                f"{chosen[-1]}."
            )

        def series(item: str) -> pd.DataFrame:
            return pd.DataFrame(listed.xs(item, level="item").loc[chosen, regions])

        capital = table(CAPITAL).pivot(index="region", columns="item", values="value")
        _require(regions, capital.index, CAPITAL, "region")
        gdp = series("real_gdp")
        growth = cls(
            gdp,
            series("population"),
            series("labour_force"),
            gdp,
            capital.loc[regions, "capital_output_ratio"] * benchmark.gdp.reindex(regions),
            capital.loc[regions, "depreciation_rate"],
        )
        growth.require_plausible_returns(benchmark)
        return growth

    @classmethod
    def constant(
        cls, benchmark: Benchmark, years: int, depreciation: pd.Series, capital_stock: pd.Series
    ) -> Growth:
        """Nothing grows for ``years`` years from the benchmark on: the way to a steady state."""
        index = pd.Index(range(benchmark.year, benchmark.year + years), name="year")
        ones = pd.DataFrame(1.0, index=index, columns=pd.Index(benchmark.regions, name="region"))
        return cls(ones, ones, ones, ones, capital_stock, depreciation)

    def gross_return(self, benchmark: Benchmark) -> pd.Series:
        """Earnings of capital in the benchmark over its stock, by region, before depreciation."""
        earned = benchmark.factor_value.xs("capital", level="factor").groupby("region").sum()
        return (earned / self.capital_stock).reindex(benchmark.regions)

    def require_plausible_returns(self, benchmark: Benchmark) -> None:
        """Raise :class:`GrowthError` where earnings (SAM) and stock (Penn World Table) do not fit together."""
        low, high = GROSS_RETURN
        found = self.gross_return(benchmark)
        odd = found[~found.between(low, high)]
        if len(odd):
            raise GrowthError(
                f"{CAPITAL}: the capital of {odd.index[0]} earns {odd.iloc[0]:.1%} of its stock a year, outside "
                f"{low:.0%} to {high:.0%}. Its capital_output_ratio or the factor income of the SAM is wrong."
            )

    def of(self, year: int) -> dict[str, pd.Series]:
        """The growth of one year: name -> series by region."""
        frames = {
            "real_gdp": self.real_gdp,
            "population": self.population,
            "labour_force": self.labour_force,
            "resources": self.resources,
        }
        return {name: frame.T[year] for name, frame in frames.items()}


def initial_growth_of_capital(benchmark: Benchmark, growth: Growth) -> pd.Series:
    r"""Growth rate of the capital stock in the base year, :math:`\bar I_r / K_r - \delta_r`."""
    spending = benchmark.investment_demand.groupby("region").sum() * (1 + benchmark.sales_tax["investment"])
    return (spending / growth.capital_stock - growth.depreciation).reindex(benchmark.regions)


def _require(wanted: Sequence[object], present: pd.Index, name: str, what: str) -> None:
    absent = [entry for entry in wanted if entry not in present]
    if absent:
        known = ", ".join(map(str, np.asarray(present)[[0, -1]])) if what == "year" else ", ".join(present)
        raise GrowthError(f"data/{name}.csv has no {what} {absent[0]!r}; it has {known}.")
