"""Krugman's economy solved on its own: firms, prices and mark-ups in levels, nothing of the project's equations.

Countries of one factor, labour. In each sector firms make varieties under increasing returns (Krugman 1980, "Scale
economies, product differentiation, and the pattern of trade", American Economic Review 70): :math:`(f + q)/a` units of
labour make :math:`q` units of a variety. Varieties of all firms of a sector are in one CES basket of elasticity
:math:`\\sigma`; sectors have constant shares in spending. Of a unit shipped :math:`1/\\tau` arrives, and an ad valorem
duty on what the firm charges is handed to the consumers. Trade is balanced.

:class:`Economy` holds what is given, :meth:`Economy.solve` finds wages and numbers of firms from zero profit of every
firm and the labour market of every country, and :meth:`Equilibrium.benchmark` writes the flows down as a SAM.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import root

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.sam import Sam
from tests.support.synthetic import Ledger

PUBLIC, INVESTED = 0.05, 0.03
"""Parts of spending by government and investment, which our format wants; they buy the same basket."""


@dataclass(frozen=True)
class Economy:
    """What is given: arrays by country r, sector g, and by sector, seller and buyer."""

    labour: np.ndarray
    """Workers, by r."""
    shares: np.ndarray
    """Share of a sector in spending, by (r, g)."""
    sigma: np.ndarray
    """Elasticity between varieties, by g."""
    productivity: np.ndarray
    """What divides the labour of a firm, that to set it up and that to make its goods; by (r, g)."""
    iceberg: np.ndarray
    """Units shipped per unit arriving, by (g, seller, buyer)."""
    duty: np.ndarray
    """Rate on what the firm charges, by (g, seller, buyer)."""
    fixed_labour: float = 0.1
    """Labour to set up a firm of productivity one."""

    def solve(self, start: Equilibrium | None = None) -> Equilibrium:
        """Wages (that of the first country is one) and numbers of firms that leave no profit and no idle hands."""
        n_r, n_g = self.shares.shape
        firms = self.shares * self.labour[:, None] / (self.sigma * self.fixed_labour / self.productivity)
        guess = np.log(np.concatenate([np.ones(n_r - 1), firms.ravel()]))
        if start is not None:
            guess = np.log(np.concatenate([start.wages[1:], start.firms.ravel()]))

        def gaps(z: np.ndarray) -> np.ndarray:
            x = self._at(
                np.concatenate([[1.0], np.exp(z[: n_r - 1])]), np.exp(z[n_r - 1 :]).reshape(n_r, n_g)
            )
            revenue = x.sales.sum(axis=2).T / x.firms
            profit = revenue / x.labour_cost_of_firm - 1
            hands = x.hands.sum(axis=1) / self.labour - 1
            return np.concatenate([profit.ravel(), hands[1:]])  # the first country's market follows (Walras)

        found = root(gaps, guess, method="hybr", tol=1e-14)
        x = self._at(
            np.concatenate([[1.0], np.exp(found.x[: n_r - 1])]), np.exp(found.x[n_r - 1 :]).reshape(n_r, n_g)
        )
        worst = float(np.abs(gaps(found.x)).max())
        idle = abs(float(x.hands[0].sum() / self.labour[0] - 1))
        if max(worst, idle) > 1e-12:
            raise ArithmeticError(f"the oracle is not solved: {worst:.1e}, first labour market {idle:.1e}")
        return x

    def _at(self, wages: np.ndarray, firms: np.ndarray) -> Equilibrium:
        """Everything that follows from wages and numbers of firms: mark-up prices, price indices, incomes, sales."""
        markup = self.sigma / (self.sigma - 1)
        price = markup * wages[:, None] / self.productivity  # of a variety at the factory, by (r, g)
        paid = price.T[:, :, None] * self.iceberg * (1 + self.duty)  # by a buyer, (g, r, s)
        power = (1 - self.sigma)[:, None, None]
        weight = firms.T[:, :, None] * paid**power
        basket = weight.sum(axis=1)  # (g, s)
        part = weight / basket[:, None, :]
        duties = self.duty / (1 + self.duty)
        handed_out = (part * duties).sum(axis=1) * self.shares.T  # duty per unit of spending, (g, s)
        income = wages * self.labour / (1 - handed_out.sum(axis=0))
        spending = part * (self.shares.T * income)[:, None, :]
        index = basket ** (1 / (1 - self.sigma))[:, None]
        return Equilibrium(self, wages, firms, price, spending, income, index)


@dataclass(frozen=True)
class Equilibrium:
    """A solution in levels; ``spending`` with duty by (g, seller, buyer), ``index`` the price of a sector's basket."""

    given: Economy
    wages: np.ndarray
    firms: np.ndarray
    price: np.ndarray
    spending: np.ndarray
    income: np.ndarray
    index: np.ndarray

    @property
    def sales(self) -> np.ndarray:
        """What firms receive, by (g, seller, buyer)."""
        return self.spending / (1 + self.given.duty)

    @property
    def output(self) -> np.ndarray:
        """Units made by all firms, what melts included, by (r, g)."""
        return self.sales.sum(axis=2).T / self.price

    @property
    def hands(self) -> np.ndarray:
        """Workers of all firms: set-up and making, by (r, g)."""
        a = self.given.productivity
        return (self.firms * self.given.fixed_labour + self.output) / a

    @property
    def labour_cost_of_firm(self) -> np.ndarray:
        """Wage bill of a firm, by (r, g)."""
        return self.hands / self.firms * self.wages[:, None]

    @property
    def welfare(self) -> np.ndarray:
        """Real income, by country."""
        log_price = (self.given.shares.T * np.log(self.index)).sum(axis=0)
        return self.income / np.exp(log_price)

    @property
    def home_share(self) -> np.ndarray:
        """Part of spending on a sector that stays at home, by (g, country)."""
        own = np.einsum("grr->gr", self.spending)
        return own / self.spending.sum(axis=1)

    def benchmark(self, krugman: bool = True) -> Benchmark:
        """The equilibrium as a base year: countries A, B, ..., sectors x, y, ...; without ``krugman`` no entry."""
        n_g, n_r, _ = self.spending.shape
        regions, sectors = "ABCDE"[:n_r], "xyzuv"[:n_g]
        ledger = Ledger()
        for g, sector in enumerate(sectors):
            for r, seller in enumerate(regions):
                made = float(self.sales[g, r].sum())
                ledger.pay((seller, "factor:unskilled"), (seller, f"activity:{sector}"), made)
                ledger.pay((seller, "household"), (seller, "factor:unskilled"), made)
                for s, buyer in enumerate(regions):
                    sold = float(self.sales[g, r, s])
                    account = (buyer, f"commodity:{sector}")
                    ledger.pay((seller, f"activity:{sector}"), account, sold)
                    duty = sold * float(self.given.duty[g, r, s])
                    ledger.pay((buyer, f"tax:import:{seller}"), account, duty)
                    ledger.pay((buyer, "government"), (buyer, f"tax:import:{seller}"), duty)
        for s, buyer in enumerate(regions):
            for g, sector in enumerate(sectors):
                bought = float(self.spending[g, :, s].sum())
                for user, part in (("government", PUBLIC), ("investment", INVESTED)):
                    ledger.pay((buyer, f"commodity:{sector}"), (buyer, user), part * bought)
                rest = (1 - PUBLIC - INVESTED) * bought
                ledger.pay((buyer, f"commodity:{sector}"), (buyer, "household"), rest)
            invested = INVESTED * float(self.income[s])
            left = ledger.received(buyer, "government") - PUBLIC * float(self.income[s])
            ledger.pay((buyer, "household"), (buyer, "government"), left)
            ledger.pay((buyer, "savings"), (buyer, "household"), invested)
            ledger.pay((buyer, "investment"), (buyer, "savings"), invested)
        sam = Sam.from_table(ledger.table(), 1e-9, "Krugman's economy")
        found = Benchmark.from_sam(sam, self._elasticities(regions, sectors), numeraire_region=regions[-1])
        return replace(found, increasing_returns=tuple(found.output.index) if krugman else ())

    def _elasticities(self, regions: str, sectors: str) -> pd.DataFrame:
        by_sector = {
            "sigma_value_added": 1.0,
            "omega_supply": np.inf,
            "omega_destinations": 1.0,
            "income_elasticity": 1.0,
        }
        rows = []
        for r in regions:
            for g, sigma in zip(sectors, self.given.sigma, strict=True):
                own = by_sector | {"sigma_armington": sigma, "sigma_sources": sigma}
                rows += [(r, g, name, value) for name, value in own.items()]
            rows.append((r, "", "frisch", -1.0))
            rows += [
                (r, "", name, 1.0) for name in ("sigma_consumption", "sigma_government", "sigma_investment")
            ]
        return pd.DataFrame(rows, columns=["region", "sector", "parameter", "value"])
