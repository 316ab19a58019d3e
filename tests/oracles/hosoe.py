"""The textbook family of Hosoe, Gasawa and Hashimoto: one builder, three ways to close the rest of the world, quotas.

Notation is the book's: Y composite factor, Z gross output, Q Armington composite, D domestic good, E exports,
M imports, Xp Xg Xv consumption of household, government and investment; p* are prices, epsilon the exchange
rate. Every country has the good and factor accounts of its own SAM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd
import pyomo.environ as pyo
from pyomo.mpec import Complementarity, complements

GOODS, FACTORS, NUMERAIRE = ("BRD", "MLK"), ("CAP", "LAB"), "LAB"
SIGMA = PSI = 2.0  # Armington substitution and CET transformation
ETA, PHI = (SIGMA - 1) / SIGMA, (PSI + 1) / PSI

World = Literal["small country", "large country", "two countries"]


@dataclass(frozen=True)
class Base:
    """Benchmark flows of one country; all benchmark prices are 1 before tax."""

    F: dict
    X: dict
    Xp: dict
    Xg: dict
    Xv: dict
    E: dict
    M: dict
    Tz: dict
    Tm: dict
    Td: float
    Sp: float
    Sg: float
    Sf: float

    def Y(self, j: str) -> float:
        return sum(self.F[h, j] for h in FACTORS)

    def Z(self, j: str) -> float:
        return self.Y(j) + sum(self.X[i, j] for i in GOODS)

    def Q(self, i: str) -> float:
        return self.Xp[i] + self.Xg[i] + self.Xv[i] + sum(self.X[i, j] for j in GOODS)

    def D(self, j: str) -> float:
        return self.Z(j) + self.Tz[j] - self.E[j]

    def endowment(self, h: str) -> float:
        return sum(self.F[h, j] for j in GOODS)

    @property
    def factor_income(self) -> float:
        return sum(self.F.values())

    @property
    def government_income(self) -> float:
        return self.Td + sum(self.Tz.values()) + sum(self.Tm.values())


def read_base(sam: pd.DataFrame) -> Base:
    def row(account: str) -> dict:
        return {j: float(sam.loc[account, j]) for j in GOODS}

    def column(account: str) -> dict:
        return {i: float(sam.loc[i, account]) for i in GOODS}

    return Base(
        F={(h, j): float(sam.loc[h, j]) for h in FACTORS for j in GOODS},
        X={(i, j): float(sam.loc[i, j]) for i in GOODS for j in GOODS},
        Xp=column("HOH"), Xg=column("GOV"), Xv=column("INV"), E=column("EXT"),
        M=row("EXT"), Tz=row("IDT"), Tm=row("TRF"),
        Td=float(sam.loc["GOV", "HOH"]), Sp=float(sam.loc["INV", "HOH"]),
        Sg=float(sam.loc["INV", "GOV"]), Sf=float(sam.loc["INV", "EXT"]),
    )  # fmt: skip


def build(sams: dict[str, pd.DataFrame], world: World, quotas: bool = False) -> pyo.ConcreteModel:
    """The model at its benchmark; tariff rates ``taum[i, r]`` are fixed variables.

    With ``quotas`` imports ``M`` may not exceed the fixed ``Mquota`` (at first twice the benchmark's imports);
    where they would, the quasi-rent ``chi`` per unit makes them scarce and goes to the household (book ch. 10.5).
    """
    base = {r: read_base(sam) for r, sam in sams.items()}
    m = pyo.ConcreteModel()
    m.i, m.h, m.r = pyo.Set(initialize=GOODS), pyo.Set(initialize=FACTORS), pyo.Set(initialize=list(sams))
    _declare(m, base)
    _limit_imports(m, base, quotas)
    _production(m, base)
    _trade(m, base)
    _demand(m, base)
    _close(m, base, world)
    return m


def _declare(m: pyo.ConcreteModel, base: dict[str, Base]) -> None:
    def quantity(*sets, start):
        return pyo.Var(
            *sets, m.r, domain=pyo.NonNegativeReals, initialize=lambda m, *k: start(base[k[-1]], *k)
        )

    m.F = quantity(m.h, m.i, start=lambda b, h, j, r: b.F[h, j])
    m.X = quantity(m.i, m.i, start=lambda b, i, j, r: b.X[i, j])
    for name in ("Xp", "Xg", "Xv", "E", "M", "Tz", "Tm"):
        m.add_component(name, quantity(m.i, start=lambda b, i, r, name=name: getattr(b, name)[i]))
    for name in ("Y", "Z", "Q", "D"):
        m.add_component(name, quantity(m.i, start=lambda b, i, r, name=name: getattr(b, name)(i)))
    for name in ("Td", "Sp", "Sg"):
        m.add_component(name, quantity(start=lambda b, r, name=name: getattr(b, name)))
    for name in ("py", "pz", "pq", "pd", "pe", "pm", "pWe", "pWm"):
        m.add_component(name, quantity(m.i, start=lambda b, i, r: 1.0))
    m.pf = quantity(m.h, start=lambda b, h, r: 1.0)
    m.epsilon = quantity(start=lambda b, r: 1.0)
    m.FF = quantity(m.h, start=lambda b, h, r: b.endowment(h))
    m.taum = quantity(m.i, start=lambda b, i, r: b.Tm[i] / b.M[i])
    m.Sf = pyo.Var(m.r, initialize={r: b.Sf for r, b in base.items()})
    for exogenous in (m.FF, m.taum, m.Sf):
        exogenous.fix()
    m.pf[NUMERAIRE, :].fix()


def _limit_imports(m: pyo.ConcreteModel, base: dict[str, Base], quotas: bool) -> None:
    m.chi = pyo.Var(m.i, m.r, domain=pyo.NonNegativeReals, initialize=0.0)
    m.RT = pyo.Expression(m.i, m.r, rule=lambda m, i, r: m.chi[i, r] * m.pm[i, r] * m.M[i, r])
    if not quotas:
        m.chi.fix()
        return
    m.Mquota = pyo.Var(m.i, m.r, initialize=lambda m, i, r: 2 * base[r].M[i])
    m.Mquota.fix()
    m.quota = Complementarity(
        m.i, m.r, rule=lambda m, i, r: complements(m.chi[i, r] >= 0, m.Mquota[i, r] - m.M[i, r] >= 0)
    )


def _production(m: pyo.ConcreteModel, base: dict[str, Base]) -> None:
    @m.Constraint(m.i, m.r)
    def composite_factor(m, j, r):
        b = base[r]
        share = {h: b.F[h, j] / b.Y(j) for h in FACTORS}
        scale = b.Y(j) / pyo.prod(b.F[h, j] ** share[h] for h in FACTORS)
        return m.Y[j, r] == scale * pyo.prod(m.F[h, j, r] ** share[h] for h in FACTORS)

    @m.Constraint(m.h, m.i, m.r)
    def factor_demand(m, h, j, r):
        b = base[r]
        return m.F[h, j, r] == b.F[h, j] / b.Y(j) * m.py[j, r] * m.Y[j, r] / m.pf[h, r]

    @m.Constraint(m.i, m.i, m.r)
    def intermediate_demand(m, i, j, r):
        return m.X[i, j, r] == base[r].X[i, j] / base[r].Z(j) * m.Z[j, r]

    @m.Constraint(m.i, m.r)
    def composite_factor_demand(m, j, r):
        return m.Y[j, r] == base[r].Y(j) / base[r].Z(j) * m.Z[j, r]

    @m.Constraint(m.i, m.r)
    def unit_cost(m, j, r):
        b = base[r]
        inputs = sum(b.X[i, j] / b.Z(j) * m.pq[i, r] for i in GOODS)
        return m.pz[j, r] == b.Y(j) / b.Z(j) * m.py[j, r] + inputs

    @m.Constraint(m.h, m.r)
    def market_factor(m, h, r):
        if h == NUMERAIRE:
            return pyo.Constraint.Skip  # Walras' law; checked by the tests
        return sum(m.F[h, j, r] for j in GOODS) == m.FF[h, r]


def _trade(m: pyo.ConcreteModel, base: dict[str, Base]) -> None:
    """Armington composite of imports and domestic good; CET of exports and domestic good."""

    def armington(b: Base, i: str) -> tuple[float, float, float]:
        """Scale gamma, import share and domestic share, from benchmark first-order conditions."""
        weight_m = (1 + b.Tm[i] / b.M[i]) * b.M[i] ** (1 - ETA)
        weight_d = b.D(i) ** (1 - ETA)
        dm, dd = weight_m / (weight_m + weight_d), weight_d / (weight_m + weight_d)
        return b.Q(i) / (dm * b.M[i] ** ETA + dd * b.D(i) ** ETA) ** (1 / ETA), dm, dd

    def transformation(b: Base, i: str) -> tuple[float, float, float]:
        weight_e, weight_d = b.E[i] ** (1 - PHI), b.D(i) ** (1 - PHI)
        xe, xd = weight_e / (weight_e + weight_d), weight_d / (weight_e + weight_d)
        return b.Z(i) / (xe * b.E[i] ** PHI + xd * b.D(i) ** PHI) ** (1 / PHI), xe, xd

    def sales_tax(b: Base, i: str) -> float:
        return b.Tz[i] / b.Z(i)

    @m.Constraint(m.i, m.r)
    def armington_composite(m, i, r):
        gamma, dm, dd = armington(base[r], i)
        return m.Q[i, r] == gamma * (dm * m.M[i, r] ** ETA + dd * m.D[i, r] ** ETA) ** (1 / ETA)

    @m.Constraint(m.i, m.r)
    def import_demand(m, i, r):
        gamma, dm, _ = armington(base[r], i)
        price = (1 + m.chi[i, r] + m.taum[i, r]) * m.pm[i, r]
        return m.M[i, r] == (gamma**ETA * dm * m.pq[i, r] / price) ** (1 / (1 - ETA)) * m.Q[i, r]

    @m.Constraint(m.i, m.r)
    def domestic_demand(m, i, r):
        gamma, _, dd = armington(base[r], i)
        return m.D[i, r] == (gamma**ETA * dd * m.pq[i, r] / m.pd[i, r]) ** (1 / (1 - ETA)) * m.Q[i, r]

    @m.Constraint(m.i, m.r)
    def transformation_frontier(m, i, r):
        theta, xe, xd = transformation(base[r], i)
        return m.Z[i, r] == theta * (xe * m.E[i, r] ** PHI + xd * m.D[i, r] ** PHI) ** (1 / PHI)

    @m.Constraint(m.i, m.r)
    def export_supply(m, i, r):
        theta, xe, _ = transformation(base[r], i)
        value = (1 + sales_tax(base[r], i)) * m.pz[i, r]
        return m.E[i, r] == (theta**PHI * xe * value / m.pe[i, r]) ** (1 / (1 - PHI)) * m.Z[i, r]

    @m.Constraint(m.i, m.r)
    def domestic_supply(m, i, r):
        theta, _, xd = transformation(base[r], i)
        value = (1 + sales_tax(base[r], i)) * m.pz[i, r]
        return m.D[i, r] == (theta**PHI * xd * value / m.pd[i, r]) ** (1 / (1 - PHI)) * m.Z[i, r]

    @m.Constraint(m.i, m.r)
    def export_price(m, i, r):
        return m.pe[i, r] == m.epsilon[r] * m.pWe[i, r]

    @m.Constraint(m.i, m.r)
    def import_price(m, i, r):
        return m.pm[i, r] == m.epsilon[r] * m.pWm[i, r]


def _demand(m: pyo.ConcreteModel, base: dict[str, Base]) -> None:
    """Household, government, investment, their taxes and savings, and the composite market."""

    def income(r):
        return sum(m.pf[h, r] * m.FF[h, r] for h in FACTORS) + sum(m.RT[i, r] for i in GOODS)

    def taxes(r):
        return m.Td[r] + sum(m.Tz[j, r] + m.Tm[j, r] for j in GOODS)

    @m.Constraint(m.r)
    def direct_tax(m, r):
        return m.Td[r] == base[r].Td / base[r].factor_income * income(r)

    @m.Constraint(m.i, m.r)
    def production_tax(m, j, r):
        return m.Tz[j, r] == base[r].Tz[j] / base[r].Z(j) * m.pz[j, r] * m.Z[j, r]

    @m.Constraint(m.i, m.r)
    def import_tariff(m, i, r):
        return m.Tm[i, r] == m.taum[i, r] * m.pm[i, r] * m.M[i, r]

    @m.Constraint(m.r)
    def private_saving(m, r):
        return m.Sp[r] == base[r].Sp / base[r].factor_income * income(r)

    @m.Constraint(m.r)
    def government_saving(m, r):
        return m.Sg[r] == base[r].Sg / base[r].government_income * taxes(r)

    @m.Constraint(m.i, m.r)
    def household_demand(m, i, r):
        share = base[r].Xp[i] / sum(base[r].Xp.values())
        return m.Xp[i, r] == share * (income(r) - m.Sp[r] - m.Td[r]) / m.pq[i, r]

    @m.Constraint(m.i, m.r)
    def government_demand(m, i, r):
        share = base[r].Xg[i] / sum(base[r].Xg.values())
        return m.Xg[i, r] == share * (taxes(r) - m.Sg[r]) / m.pq[i, r]

    @m.Constraint(m.i, m.r)
    def investment_demand(m, i, r):
        share = base[r].Xv[i] / sum(base[r].Xv.values())
        return m.Xv[i, r] == share * (m.Sp[r] + m.Sg[r] + m.epsilon[r] * m.Sf[r]) / m.pq[i, r]

    @m.Constraint(m.i, m.r)
    def market_composite(m, i, r):
        use = m.Xp[i, r] + m.Xg[i, r] + m.Xv[i, r] + sum(m.X[i, j, r] for j in GOODS)
        return m.Q[i, r] == use


def _close(m: pyo.ConcreteModel, base: dict[str, Base], world: World) -> None:
    """Balance of payments in foreign currency and what sets world prices."""
    last = list(base)[-1]

    @m.Constraint(m.r)
    def balance_of_payments(m, r):
        if world == "two countries" and r == last:
            return pyo.Constraint.Skip  # implied by the other country's balance
        exports = sum(m.pWe[i, r] * m.E[i, r] for i in GOODS)
        return exports + m.Sf[r] == sum(m.pWm[i, r] * m.M[i, r] for i in GOODS)

    if world == "small country":
        m.pWe.fix()
        m.pWm.fix()
    elif world == "large country":
        m.foreign_demand = pyo.Constraint(
            m.i, m.r, rule=lambda m, i, r: m.E[i, r] == base[r].E[i] * m.pWe[i, r] ** -SIGMA
        )
        m.foreign_supply = pyo.Constraint(
            m.i, m.r, rule=lambda m, i, r: m.M[i, r] == base[r].M[i] * m.pWm[i, r] ** PSI
        )
    else:
        first, second = base
        partner = {first: second, second: first}
        m.epsilon[last].fix(1.0)
        m.world_price = pyo.Constraint(m.i, m.r, rule=lambda m, i, r: m.pWe[i, r] == m.pWm[i, partner[r]])
        m.world_trade = pyo.Constraint(m.i, m.r, rule=lambda m, i, r: m.E[i, r] == m.M[i, partner[r]])


def levels(m: pyo.ConcreteModel) -> dict[tuple[str, ...], float]:
    """Values by (variable, index...), the country left out when there is only one."""
    single = len(m.r) == 1
    found = {}
    for variable in m.component_objects(pyo.Var):
        for key, data in variable.items():
            index = key if isinstance(key, tuple) else (key,)
            found[(variable.name, *(index[:-1] if single else index))] = data.value
    return found


def utility(m: pyo.ConcreteModel, sams: dict[str, pd.DataFrame], r: str) -> float:
    """The household's Cobb-Douglas utility (the book's fictitious objective)."""
    b = read_base(sams[r])
    total = sum(b.Xp.values())
    return pyo.prod(m.Xp[i, r].value ** (b.Xp[i] / total) for i in GOODS)
