"""An economy with foreign firms in services solved on its own: firms, fixed costs and mark-ups in levels.

Two countries. Country A makes a good and a service; the service is sold there by home firms, by foreign firms that
are present, and by suppliers in B. Each firm in A makes a variety: :math:`\\varphi + \\beta q` bundles of its type's
inputs make :math:`q` units (Dixit and Stiglitz 1977, the large group), and firms enter until none makes a profit. The
inputs of a home firm are labour, mobile and specific capital; those of a foreign firm are the same kinds and
head-office services from B. The good takes the service as input. B makes everything from labour. Nothing here uses
the project's equations; :func:`accounts` writes the base year down as a SAM in which home and foreign firms are one
activity, as statistics have it.

Source of the structure: Rutherford and Tarr (2008), Journal of International Economics 75; Markusen, Rutherford and
Tarr (2005), Canadian Journal of Economics 38.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import root

from tests.support.synthetic import Ledger

LABOUR_S, CAPITAL_S, LABOUR_X, CAPITAL_X, SERVICE_X = 30.0, 30.0, 40.0, 20.0, 25.0
EXPORT_S, IMPORT_S, EXPORT_X, IMPORT_X = 5.0, 15.0, 30.0, 20.0
PUBLIC, INVESTED = 10.0, 5.0
MADE_S, MADE_X = LABOUR_S + CAPITAL_S, LABOUR_X + CAPITAL_X + SERVICE_X
HOME_S, HOME_X = MADE_S - EXPORT_S, MADE_X - EXPORT_X
USED_S, USED_X = HOME_S + IMPORT_S, HOME_X + IMPORT_X
HOME_S_B, HOME_X_B, PUBLIC_B, INVESTED_B = 285.0, 480.0, 20.0, 20.0
SIGMA, SIGMA_X = 3.0, 2.5
"""Between varieties of the service; between goods of different origin."""
SIGMA_HOME, SIGMA_FOREIGN = 0.9, 0.5
"""Among factors of home firms and of foreign firms; that of the good is one."""


@dataclass(frozen=True)
class Firms:
    """What the table of foreign firms says of the host."""

    share: float = 0.3
    head_office: float = 0.2
    supply_home: float = 6.0
    supply_foreign: float = 3.0
    ownership: float = 0.8
    rent: float = 0.1


@dataclass(frozen=True)
class Shock:
    """What changes: productivity of foreign firms, of home firms, the rate of the rent, what melts of imports of the
    service."""

    foreign: float = 1.0
    home: float = 1.0
    rent: float = 0.1
    iceberg: float = 1.0


def accounts() -> Ledger:
    """The SAM of the base year, home and foreign firms being one activity."""
    ledger = Ledger()
    s, x, cs, cx = "activity:srv", "activity:gds", "commodity:srv", "commodity:gds"
    pay = ledger.pay
    for factor, to_s, to_x in (("unskilled", LABOUR_S, LABOUR_X), ("capital", CAPITAL_S, CAPITAL_X)):
        pay(("A", f"factor:{factor}"), ("A", s), to_s)
        pay(("A", f"factor:{factor}"), ("A", x), to_x)
        pay(("A", "household"), ("A", f"factor:{factor}"), to_s + to_x)
    pay(("A", cs), ("A", x), SERVICE_X)
    pay(("A", s), ("A", cs), HOME_S)
    pay(("A", s), ("B", cs), EXPORT_S)
    pay(("A", x), ("A", cx), HOME_X)
    pay(("A", x), ("B", cx), EXPORT_X)
    pay(("B", s), ("A", cs), IMPORT_S)
    pay(("B", x), ("A", cx), IMPORT_X)
    pay(("B", s), ("B", cs), HOME_S_B)
    pay(("B", x), ("B", cx), HOME_X_B)
    for activity, made in ((s, HOME_S_B + IMPORT_S), (x, HOME_X_B + IMPORT_X)):
        pay(("B", "factor:unskilled"), ("B", activity), made)
    pay(("B", "household"), ("B", "factor:unskilled"), HOME_S_B + IMPORT_S + HOME_X_B + IMPORT_X)
    pay(("A", cs), ("A", "household"), USED_S - SERVICE_X)
    pay(("A", cx), ("A", "household"), USED_X - PUBLIC - INVESTED)
    pay(("B", cs), ("B", "household"), HOME_S_B + EXPORT_S)
    pay(("B", cx), ("B", "household"), HOME_X_B + EXPORT_X - PUBLIC_B - INVESTED_B)
    for r, public, invested in (("A", PUBLIC, INVESTED), ("B", PUBLIC_B, INVESTED_B)):
        pay((r, cx), (r, "government"), public)
        pay((r, cx), (r, "investment"), invested)
        pay((r, "household"), (r, "government"), -public)
        pay((r, "savings"), (r, "household"), invested)
        pay((r, "investment"), (r, "savings"), invested)
    return ledger


def ces(shares: np.ndarray, prices: np.ndarray, sigma: float) -> float:
    """Unit cost of a bundle."""
    if sigma == 1:
        return float(np.exp(shares @ np.log(prices)))
    return float((shares @ prices ** (1 - sigma)) ** (1 / (1 - sigma)))


@dataclass(frozen=True)
class Outcome:
    """What is compared; prices in units of B's consumer price index."""

    firms_home: float
    firms_foreign: float
    service_price: float
    wage: float
    foreign_return: float
    utility: float
    rent_income: float
    profit_abroad: float


def solve(firms: Firms, shock: Shock) -> Outcome:
    """Prices of factors, numbers of firms and spending that leave no profit, no idle factor and no excess demand."""
    world = _World(firms, shock)
    found = root(world.gaps, np.zeros(9), method="hybr", tol=1e-14)
    worst = float(np.abs(world.gaps(found.x)).max())
    if worst > 1e-11:
        raise ArithmeticError(f"the oracle is not solved: {worst:.1e}")
    return world.outcome(found.x)


class _World:
    """The base year's firms and the equilibrium conditions."""

    def __init__(self, firms: Firms, shock: Shock):
        self.shock, self.owned = shock, firms.ownership
        self.foreign = firms.share * HOME_S / (1 - firms.share * firms.head_office)  # what users pay for it
        self.office = firms.head_office * self.foreign
        self.fee = self.foreign * firms.rent / (1 + firms.rent)
        self.cost_foreign = self.foreign - self.fee
        local = self.cost_foreign - self.office
        self.cost_home = MADE_S - (self.foreign - self.office)
        labour_share, capital_share = LABOUR_S / MADE_S, CAPITAL_S / MADE_S
        self.labour_f, capital_f = labour_share * local, capital_share * local
        self.labour_d, capital_d = LABOUR_S - self.labour_f, CAPITAL_S - capital_f - self.fee
        part_d = SIGMA_HOME / (SIGMA_HOME + firms.supply_home)  # value added is all of their cost
        part_f = SIGMA_FOREIGN / (SIGMA_FOREIGN + firms.supply_foreign * local / self.cost_foreign)
        self.own_d, self.own_f = part_d * self.cost_home, part_f * local
        self.capital_d, self.capital_f = capital_d - self.own_d, capital_f - self.own_f
        self.local = local
        self.capital = self.capital_d + self.capital_f + CAPITAL_X

    def prices(self, z: np.ndarray) -> dict[str, float]:
        """Costs, mark-up prices and price indices, the wage of B being one."""
        names = ("w", "k", "own_d", "own_f", "n_d", "n_f", "E_A", "E_B", "Q")
        v = dict(zip(names, np.exp(z), strict=True))
        w, k = v["w"], v["k"]
        beta = (
            SIGMA - 1
        ) / SIGMA  # variable bundles per unit of a variety: the price of the base year is one
        markup = SIGMA / (SIGMA - 1)
        bundle_d = ces(
            np.array([self.labour_d, self.capital_d, self.own_d]) / self.cost_home,
            np.array([w, k, v["own_d"]]),
            SIGMA_HOME,
        )
        v["va_f"] = ces(
            np.array([self.labour_f, self.capital_f, self.own_f]) / self.local,
            np.array([w, k, v["own_f"]]),
            SIGMA_FOREIGN,
        )
        v["p_m"] = self.shock.iceberg  # B's service, made from labour
        bundle_f = (self.local * v["va_f"] + self.office * v["p_m"]) / self.cost_foreign
        v["bundle_d"], v["bundle_f"] = bundle_d, bundle_f
        v["p_d"] = markup * beta * bundle_d / self.shock.home
        v["p_f"] = markup * beta * bundle_f / self.shock.foreign
        v["paid_f"] = v["p_f"] * (1 + self.shock.rent) / (1 + self.fee / self.cost_foreign)
        home, direct = HOME_S - (self.foreign - self.office), IMPORT_S - self.office
        taste = np.array([home, self.foreign, direct]) / USED_S
        number = np.array([v["n_d"], v["n_f"], 1.0])
        v["P_s"] = ces(taste * number, np.array([v["p_d"], v["paid_f"], v["p_m"]]), SIGMA)
        v["va_x"] = w ** (LABOUR_X / (LABOUR_X + CAPITAL_X)) * k ** (CAPITAL_X / (LABOUR_X + CAPITAL_X))
        v["p_x"] = ((LABOUR_X + CAPITAL_X) * v["va_x"] + SERVICE_X * v["P_s"]) / MADE_X
        v["P_x"] = ces(np.array([HOME_X, IMPORT_X]) / USED_X, np.array([v["p_x"], 1.0]), SIGMA_X)
        used_x_b, used_s_b = HOME_X_B + EXPORT_X, HOME_S_B + EXPORT_S
        v["P_x_B"] = ces(np.array([HOME_X_B, EXPORT_X]) / used_x_b, np.array([1.0, v["p_x"]]), SIGMA_X)
        v["P_s_B"] = ces(
            np.array([HOME_S_B, EXPORT_S * v["n_d"]]) / used_s_b, np.array([1.0, v["p_d"]]), SIGMA
        )
        spent_s, spent_x = used_s_b, used_x_b - PUBLIC_B - INVESTED_B
        v["index"] = (spent_s * v["P_s_B"] + spent_x * v["P_x_B"]) / (spent_s + spent_x)
        return v

    def incomes(self, v: dict[str, float]) -> tuple[float, float, float, float]:
        """Income of A and of B, rents, and profits that go abroad."""
        foreign_volume = self.foreign * v["n_f"] * v["Q"] * (v["P_s"] / v["paid_f"]) ** SIGMA
        rents = self.shock.rent * v["p_f"] * foreign_volume * self.cost_foreign / self.foreign
        abroad = self.owned * self.own_f * (v["own_f"] - v["index"])
        factors = (LABOUR_S + LABOUR_X) * v["w"] + self.capital * v["k"]
        factors += self.own_d * v["own_d"] + self.own_f * v["own_f"]
        b = HOME_S_B + IMPORT_S + HOME_X_B + IMPORT_X
        return factors + rents - abroad, b + abroad, rents, abroad

    def gaps(self, z: np.ndarray) -> np.ndarray:
        """Profit of a firm of each type, factor markets, budgets and the market for the service."""
        v = self.prices(z)
        here, there, _, _ = self.incomes(v)
        c_s, c_x = USED_S - SERVICE_X, USED_X - PUBLIC - INVESTED
        household_s = c_s / (c_s + c_x) * v["E_A"] * (c_s + c_x) / v["P_s"]
        household_x = c_x / (c_s + c_x) * v["E_A"] * (c_s + c_x) / v["P_x"]
        c_s_b, c_x_b = HOME_S_B + EXPORT_S, HOME_X_B + EXPORT_X - PUBLIC_B - INVESTED_B
        spent_b = v["E_B"] * (c_s_b + c_x_b)
        q_s_b = c_s_b / (c_s_b + c_x_b) * spent_b / v["P_s_B"]
        q_x_b = c_x_b / (c_s_b + c_x_b) * spent_b / v["P_x_B"] + PUBLIC_B + INVESTED_B
        q_x = household_x + PUBLIC + INVESTED
        made_x = HOME_X / USED_X * q_x * (v["P_x"] / v["p_x"]) ** SIGMA_X
        made_x += EXPORT_X / c_sum(HOME_X_B, EXPORT_X) * q_x_b * (v["P_x_B"] / v["p_x"]) ** SIGMA_X
        q_s = USED_S * v["Q"]
        home = HOME_S - (self.foreign - self.office)
        each_d = home / USED_S * q_s * (v["P_s"] / v["p_d"]) ** SIGMA
        each_d += EXPORT_S / (HOME_S_B + EXPORT_S) * q_s_b * (v["P_s_B"] / v["p_d"]) ** SIGMA
        each_f = self.cost_foreign / USED_S * q_s * (v["P_s"] / v["paid_f"]) ** SIGMA
        profit_d = self._profit(each_d, self.cost_home, v["p_d"], v["bundle_d"], self.shock.home)
        profit_f = self._profit(each_f, self.cost_foreign, v["p_f"], v["bundle_f"], self.shock.foreign)
        bundles_d = v["n_d"] * self._bundles(each_d, self.cost_home, self.shock.home) / self.cost_home
        bundles_f = (
            v["n_f"] * self._bundles(each_f, self.cost_foreign, self.shock.foreign) / self.cost_foreign
        )
        use_d = lambda price: bundles_d * (v["bundle_d"] / price) ** SIGMA_HOME  # noqa: E731
        use_f = lambda price: bundles_f * (v["va_f"] / price) ** SIGMA_FOREIGN  # noqa: E731
        scale_x = made_x / MADE_X * v["va_x"]
        labour = self.labour_d * use_d(v["w"]) + self.labour_f * use_f(v["w"]) + LABOUR_X * scale_x / v["w"]
        capital = (
            self.capital_d * use_d(v["k"]) + self.capital_f * use_f(v["k"]) + CAPITAL_X * scale_x / v["k"]
        )
        fixed = (PUBLIC + INVESTED) * v["P_x"], (PUBLIC_B + INVESTED_B) * v["P_x_B"]
        return np.array(
            [
                profit_d,
                profit_f,
                labour / (LABOUR_S + LABOUR_X) - 1,
                capital / self.capital - 1,
                use_d(v["own_d"]) - 1,
                use_f(v["own_f"]) - 1,
                v["E_A"] - (here - fixed[0]) / (c_s + c_x),
                v["E_B"] - (there - fixed[1]) / (c_s_b + c_x_b),
                (household_s + SERVICE_X * made_x / MADE_X) / q_s - 1,
            ]
        )

    def _bundles(self, sold: float, size: float, productivity: float) -> float:
        """Bundles a firm needs: set-up, a part 1/sigma of the base year's, and making."""
        return (size / SIGMA + (SIGMA - 1) / SIGMA * sold) / productivity

    def _profit(self, sold: float, size: float, price: float, bundle: float, productivity: float) -> float:
        """Profit of a firm over the base year's sales."""
        return (price * sold - bundle * self._bundles(sold, size, productivity)) / size

    def outcome(self, z: np.ndarray) -> Outcome:
        v = self.prices(z)
        _, _, rents, abroad = self.incomes(v)
        c_s, c_x = USED_S - SERVICE_X, USED_X - PUBLIC - INVESTED
        part = c_s / (c_s + c_x)
        utility = v["E_A"] / (v["P_s"] ** part * v["P_x"] ** (1 - part))
        p = v["index"]
        return Outcome(
            v["n_d"], v["n_f"], v["P_s"] / p, v["w"] / p, v["own_f"] / p, utility, rents / p, abroad / p
        )


def c_sum(*parts: float) -> float:
    """Total of the parts."""
    return float(sum(parts))
