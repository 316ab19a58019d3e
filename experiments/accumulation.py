r"""Capital from year to year: what wears out, what is invested, and where it goes.

.. math:: K_r(t+1) = (1 - \delta_r)\, K_r(t) + \bar I_r\, v_r(t)

in units of investment goods of the base year. Which rule applies is read off the closure of the year:

* capital moves freely between the activities of a region (choice ``mobile``): only its stock is handed on;
* it stays where it was put (choice ``specific``): old capital wears out in its activity and new capital is divided
  by last year's returns (putty-clay: Johansen 1959; the division is that of recursive models such as MIRAGE, Bchir
  et al. 2002, CEPII working paper 2002-17),

.. math:: K_{jr}(t+1) = (1 - \delta_r) K_{jr}(t) + s_{jr}\, \bar I_r v_r, \qquad
          s_{jr} = \frac{K_{jr}\, \rho_{jr}^{\epsilon}}{\sum_i K_{ir}\, \rho_{ir}^{\epsilon}}

* investment follows the return to capital (choice ``replacement``): it keeps pace with the stock where the real return
  :math:`\rho` of the year before is the benchmark's, and runs ahead where it is higher,

.. math:: v_r(t) = \frac{K_r(t)}{\bar K_r}\, \rho_r(t-1)^{\eta}

Otherwise investment is what is saved (``savings-driven``) or a fixed share of the baseline's GDP
(``investment-driven``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.benchmark import Benchmark
from ..model.blocks.factors import CAPITAL
from ..model.closures import ClosureError
from .columns import Columns
from .growth import Growth

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Capital:
    """Stocks at the start of a year and the return of the year before, benchmark = 1.

    ``region`` is the stock by region; ``activity`` that of each activity where capital stays in its activity.
    """

    region: Array
    activity: Array
    last_return: Array


class Accumulation:
    """The law of motion of capital for one economy, closure and growth.

    ``return_elasticity`` is :math:`\\eta`, ``allocation_elasticity`` :math:`\\epsilon` of the module's formulas.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        growth: Growth,
        columns: Columns,
        return_elasticity: float = 1.0,
        allocation_elasticity: float = 1.0,
    ):
        self._columns = columns
        self._eta, self._epsilon = return_elasticity, allocation_elasticity
        self.regions = [r for (r,) in columns.index("capital_return")]
        place = {region: n for n, region in enumerate(self.regions)}
        spending = benchmark.investment_demand.groupby("region").sum() * (
            1 + benchmark.sales_tax["investment"]
        )
        stock = growth.capital_stock.reindex(self.regions)
        self._new = (spending.reindex(self.regions) / stock).to_numpy(float)
        self._kept = 1 - growth.depreciation.reindex(self.regions).to_numpy(float)
        self._stock = columns.of("endowment", lambda key: key[0] == CAPITAL)
        self._invested = columns.of("investment", lambda key: key[0] in place)
        self._rate = columns.of("investment_rate")
        self._return = columns.of("capital_return")
        self._use = columns.of("factor_use", lambda key: key[0] == CAPITAL)
        self._premium = columns.of("rental_premium", lambda key: key[0] == CAPITAL)
        used = columns.index("factor_use", lambda key: key[0] == CAPITAL)
        self._region_of = np.array([place[key[2]] for key in used])
        value = benchmark.factor_value.reindex(
            pd.MultiIndex.from_tuples(used, names=benchmark.factor_value.index.names)
        ).to_numpy(float)
        self._share = value / np.bincount(self._region_of, value)[self._region_of]
        self.specific = bool(columns.fixed[self._use].all())
        self.by_return = bool(columns.fixed[self._rate].all())
        if not self.specific and not columns.fixed[self._stock].all():
            raise ClosureError(
                "The closure determines the stock of capital, as in a steady state; in a path it is accumulated. "
                "Choose one in which capital is mobile or specific (eacu closures lists them)."
            )

    def start(self) -> Capital:
        """The base year's capital, as the benchmark has it."""
        return Capital(np.ones(len(self.regions)), np.ones(len(self._use)), np.ones(len(self.regions)))

    def write(self, values: Array, capital: Capital) -> None:
        """Put a year's capital, and the investment it calls for, into the values of the exogenous variables."""
        if self.specific:
            values[self._use] = capital.activity
        else:
            values[self._stock] = capital.region
        if self.by_return:
            values[self._rate] = capital.last_return**self._eta

    def following(self, values: Array, capital: Capital) -> Capital:
        """Next year's capital from a year's solution."""
        new = self._new * values[self._invested]
        region = self._kept * capital.region + new
        activity = capital.activity
        if self.specific:
            pull = self._share * capital.activity * values[self._premium] ** self._epsilon
            share = pull / np.bincount(self._region_of, pull)[self._region_of]
            activity = self._kept[self._region_of] * activity + share * new[self._region_of] / self._share
        return Capital(region, activity, values[self._return].copy())
