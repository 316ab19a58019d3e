r"""Labour between regions: who works abroad, what is sent home, what is spent where it is earned.

A pair (factor, origin, destination) exists where the benchmark names it. A worker who moves is taken from the
labour force of the origin at its benchmark wage per worker :math:`\bar a_{fo}` and adds to that of the
destination :math:`\phi_{fod}\, \bar a_{fd}`, where :math:`\phi` is his work in units of a local worker's.
Workers move until the take-home wage at home, in consumer goods, is the destination's over a barrier; both are
relative to the benchmark, so that a barrier of one says that the last worker of the base year was indifferent.
The barrier is a legal obstacle or a dislike and costs no goods: a lower one lets workers gain the difference.

Migrants are temporary. They stay members of the origin's household, which counts their welfare; they pay tax
where they work; a share of what is left is sent home and the rest is spent where they work, on what the
household there would buy with one more dollar. Stone-Geary preferences aggregate (Gorman 1961), so that
spending splits exactly into that of residents and that of guests, and so does its welfare.

Sources: Harris and Todaro (1970), American Economic Review 60, for the wage times the chance of a job;
Walmsley, Winters and Ahmed (2007), GTAP working paper 38 (GMig2), for workers counted by origin and destination,
productivity between the two regions' and a remitted share.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..engine import pair
from ..sets import money, param, positive
from .factors import employment_rate
from .households import direct_tax_rate

EQUATIONS: dict[str, str] = {}
COMPLEMENTARITIES = {"migration_barrier_binds": "migrants"}
"""Condition -> the variable it determines where a closure puts it in force."""


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Migrants, thousand persons beyond those of the base year; instruments migration_barrier, remitted.

    Without the closure's condition the number of migrants is itself an instrument, nil in the benchmark.
    """
    b = benchmark
    paid = b.factor_value.groupby(["factor", "region"]).sum()
    m.wage_per_worker0 = param(m.migration_markets, paid / b.workers.reindex(paid.index), "wage per worker")
    m.migrant_productivity0 = param(m.migration_pairs, b.migrant_productivity, "productivity of migrants")
    m.retained0 = param(m.R, 1 - b.direct_tax, "direct_tax")
    m.migrants = pyo.Var(m.migration_pairs, domain=pyo.NonNegativeReals, initialize=0.0)
    m.migration_barrier = positive(m.migration_pairs)
    m.remitted = money(m.migration_pairs, b.remitted, "remitted")


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.labour_moved = pyo.Expression(m.migration_markets, rule=labour_moved)
    m.take_home_wage = pyo.Expression(m.migration_markets, rule=take_home_wage)
    m.migrant_wages = pyo.Expression(m.migration_pairs, rule=migrant_wages)
    m.sent_home = pyo.Expression(m.migration_pairs, rule=sent_home)
    m.guest_wages = pyo.Expression(m.R, rule=guest_wages)
    m.guest_spending = pyo.Expression(m.R, rule=guest_spending)
    m.remittances_received = pyo.Expression(m.R, rule=remittances_received)
    m.migration_barrier_binds = pyo.Constraint(m.migration_pairs, rule=migration_barrier_binds)
    pair(m.migration_barrier_binds, m.migrants)


def labour_moved(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""Labour that has come to a region less what has left it, at the region's benchmark wage, million USD.

    .. math:: M_{fr} = \bar a_{fr} \Big(\sum_o \phi_{for}\, n_{for} - \sum_d n_{frd}\Big)
    """
    come = sum(m.migrant_productivity0[f, o, r] * m.migrants[f, o, r] for o in m.origins[f, r])
    left = sum(m.migrants[f, r, d] for d in m.emigration[f, r])
    return m.wage_per_worker0[f, r] * (come - left)


def take_home_wage(m: pyo.ConcreteModel, f: str, r: str) -> Any:
    r"""What a member of the labour force can buy with his wage after tax, relative to the benchmark.

    .. math:: \hat\omega_{fr} = \frac{w_{fr}\, \ell_{fr}}{P^C_r}\, \frac{1 - \hat t^D_r}{1 - \bar t^D_r}

    The wage counts by the chance of earning it, :math:`\ell` (Harris and Todaro 1970).
    """
    retained = (1 - direct_tax_rate(m, r)) / m.retained0[r]
    return m.factor_price[f, r] * employment_rate(m, f, r) * retained / m.consumer_price[r]


def migration_barrier_binds(m: pyo.ConcreteModel, f: str, o: str, d: str) -> Any:
    r"""Nobody moves, or workers move until the take-home wage at home is the destination's over the barrier.

    .. math:: 0 \le n_{fod} \;\perp\; b_{fod}\, \hat\omega_{fo} - \hat\omega_{fd} \ge 0

    In force where a closure says so.
    """
    return m.migration_barrier[f, o, d] * m.take_home_wage[f, o] == m.take_home_wage[f, d]


def migrant_wages(m: pyo.ConcreteModel, f: str, o: str, d: str) -> Any:
    r"""Wages of the migrants of a pair after the destination's direct tax, million USD.

    .. math:: V_{fod} = (1 - \hat t^D_d)\, w_{fd}\, \ell_{fd}\, \phi_{fod}\, \bar a_{fd}\, n_{fod}
    """
    work = m.migrant_productivity0[f, o, d] * m.wage_per_worker0[f, d] * m.migrants[f, o, d]
    return (1 - direct_tax_rate(m, d)) * m.factor_price[f, d] * employment_rate(m, f, d) * work


def sent_home(m: pyo.ConcreteModel, f: str, o: str, d: str) -> Any:
    r"""What the migrants of a pair send home.

    .. math:: \rho_{fod}\, V_{fod}
    """
    return m.remitted[f, o, d] * m.migrant_wages[f, o, d]


def guest_wages(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Wages earned in a region that are not its own household's.

    .. math:: V_r = \sum_{fo} V_{for}
    """
    return sum(m.migrant_wages[f, o, r] for f, o in m.immigrants_to[r])


def guest_spending(m: pyo.ConcreteModel, r: str) -> Any:
    r"""What migrants spend where they work.

    .. math:: E^V_r = \sum_{fo} (1 - \rho_{for})\, V_{for}
    """
    return sum((1 - m.remitted[f, o, r]) * m.migrant_wages[f, o, r] for f, o in m.immigrants_to[r])


def remittances_received(m: pyo.ConcreteModel, r: str) -> Any:
    r"""What a household receives from its members abroad; the world's receipts are the world's payments.

    .. math:: \sum_{fd} \rho_{frd}\, V_{frd}
    """
    return sum(m.sent_home[f, r, d] for f, d in m.emigrants_from[r])
