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

What is invested need not all become capital. With a cost of installation :math:`\psi > 0` (:class:`CapitalRules`) a
region that invests at a pace other than the base year's loses part of it, the more the further its pace is off:

.. math:: K_r(t+1) = (1 - \delta_r)\, K_r(t) + I_r(t)
          - \frac{\psi}{2} \left(\frac{I_r(t)}{K_r(t)} - \iota_r\right)^2 \frac{K_r(t)}{\iota_r}

with :math:`\iota_r` the base year's ratio of investment to capital. This is the quadratic cost of adjustment of the
theory of investment (Lucas 1967; Uzawa 1969; Hayashi 1982), centred on the pace of the base year, in which it is nil,
so that nothing need be recalibrated. At twice that pace :math:`\psi/4` of what is invested is lost. Investors here do
not look ahead, so they do not spread investment over years to save the cost: it slows capital down and is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

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
class CapitalRules:
    r"""Parameters of the law of motion, the symbols of the module's formulas.

    ``return_elasticity`` is :math:`\eta`, ``allocation_elasticity`` :math:`\epsilon`, ``installation_cost``
    :math:`\psi`: nothing is lost unless one is asked for. All are assumptions.

    Raises:
        ValueError: the cost of installation is negative or not a number.
    """

    return_elasticity: float = 1.0
    allocation_elasticity: float = 1.0
    installation_cost: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.installation_cost < inf:
            raise ValueError(
                f"the cost of installation is {self.installation_cost:g}; it must be a number of 0 (none) or more, "
                "e.g. 1: at twice the base year's pace a quarter of investment is lost"
            )


USUAL_RULES = CapitalRules()
"""Nothing is lost in installation."""


@dataclass(frozen=True)
class Capital:
    """Stocks at the start of a year and the return of the year before, benchmark = 1.

    ``region`` is the stock by region; ``activity`` that of each activity where capital stays in its activity.
    """

    region: Array
    activity: Array
    last_return: Array


class Accumulation:
    """The law of motion of capital for one economy, closure, growth and set of rules."""

    def __init__(
        self,
        benchmark: Benchmark,
        growth: Growth,
        columns: Columns,
        rules: CapitalRules = USUAL_RULES,
    ):
        self.rules = rules
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
            values[self._rate] = capital.last_return**self.rules.return_elasticity

    def _installed(self, invested: Array, stock: Array) -> Array:
        """What investment adds to the stock of each region, in units of the base year's stock.

        Raises:
            ValueError: the cost of installation takes all that is invested.
        """
        pace = invested / stock - 1
        cost = self.rules.installation_cost / 2 * pace**2 * stock
        if (cost >= invested).any():
            worst = int(np.argmax(cost / invested))
            raise ValueError(
                f"with installation_cost = {self.rules.installation_cost:g} all that {self.regions[worst]} invests is "
                f"lost, at {pace[worst] + 1:.2f} times the base year's pace. Choose a lower cost"
            )
        return self._new * (invested - cost)

    def following(self, values: Array, capital: Capital) -> Capital:
        """Next year's capital from a year's solution."""
        new = self._installed(values[self._invested], capital.region)
        region = self._kept * capital.region + new
        activity = capital.activity
        if self.specific:
            pull = self._share * capital.activity * values[self._premium] ** self.rules.allocation_elasticity
            share = pull / np.bincount(self._region_of, pull)[self._region_of]
            activity = self._kept[self._region_of] * activity + share * new[self._region_of] / self._share
        return Capital(region, activity, values[self._return].copy())
