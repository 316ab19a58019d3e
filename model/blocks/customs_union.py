r"""Customs union: who collects import duties and who receives them.

Each region collects duty on its imports at cif. A region with ``pooled`` = 1 pays its duties on imports from
outside the union into the pool, and every region receives its key of the pool (from September 2010: Russia
87.97, Kazakhstan 7.33, Belarus 4.70 per cent). Duties on trade between two members, if any, stay with the
importer. ``union_member`` marks members; the common external tariff itself is a set of ``import_tariff``.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..sets import money, param

EQUATIONS = {
    "income_tariff_collected": "tariff_collected",
    "income_pool_contribution": "pool_contribution",
    "income_tariff_received": "tariff_received",
}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Duties collected, pooled and received, million USD; instruments union_member, pooled, pool_share."""
    b = benchmark
    nothing = pd.Series(0.0, index=pd.Index(b.regions, name="region"))
    collected = (b.cif * b.import_tariff).groupby("importer").sum().reindex(b.regions, fill_value=0.0)
    m.cif0 = param(m.flows, b.cif, "cif")
    m.union_member = money(m.R, nothing, "union_member")
    m.pooled = money(m.R, nothing, "pooled")
    m.pool_share = money(m.R, nothing, "pool_share")
    m.tariff_collected = money(m.R, collected, "tariff_collected")
    m.pool_contribution = money(m.R, nothing, "pool_contribution")
    m.tariff_received = money(m.R, collected, "tariff_received")


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.duty = pyo.Expression(m.flows, rule=duty)
    m.pool_total = pyo.Expression(expr=pool_total(m))
    m.pool_transfer = pyo.Expression(m.R, rule=pool_transfer)
    m.income_tariff_collected = pyo.Constraint(m.R, rule=income_tariff_collected)
    m.income_pool_contribution = pyo.Constraint(m.R, rule=income_pool_contribution)
    m.income_tariff_received = pyo.Constraint(m.R, rule=income_tariff_received)


def duty(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Import duty on a flow.

    .. math:: D_{grs} = t^M_{grs}\, \bar C_{grs}\, z_{grs}\, p^C_{grs}
    """
    return m.import_tariff[g, r, s] * m.cif0[g, r, s] * m.shipments[g, r, s] * m.cif_price[g, r, s]


def income_tariff_collected(m: pyo.ConcreteModel, s: str) -> Any:
    r"""Duties collected at the importer's border.

    .. math:: R^{collected}_s = \sum_{gr} D_{grs}
    """
    return m.tariff_collected[s] == sum(m.duty[g, r, s] for g, r in m.import_flows_of[s])


def income_pool_contribution(m: pyo.ConcreteModel, s: str) -> Any:
    r"""Duties on imports from outside the union, paid into the pool; :math:`\mu` marks members.

    .. math:: R^{pooled}_s = \pi_s \sum_{gr} (1 - \mu_r \mu_s) D_{grs}
    """
    outside = sum(
        (1 - m.union_member[r] * m.union_member[s]) * m.duty[g, r, s] for g, r in m.import_flows_of[s]
    )
    return m.pool_contribution[s] == m.pooled[s] * outside


def pool_total(m: pyo.ConcreteModel) -> Any:
    r"""The pool.

    .. math:: \Pi = \sum_s R^{pooled}_s
    """
    return sum(m.pool_contribution[s] for s in m.R)


def income_tariff_received(m: pyo.ConcreteModel, s: str) -> Any:
    r"""Duties after sharing: what stays with the importer and its key :math:`\kappa` of the pool.

    .. math:: R^{received}_s = R^{collected}_s - R^{pooled}_s + \kappa_s \Pi
    """
    return (
        m.tariff_received[s]
        == m.tariff_collected[s] - m.pool_contribution[s] + m.pool_share[s] * m.pool_total
    )


def pool_transfer(m: pyo.ConcreteModel, s: str) -> Any:
    r"""Net receipt from the pool; sums to zero when the keys sum to one.

    .. math:: \Delta_s = R^{received}_s - R^{collected}_s
    """
    return m.tariff_received[s] - m.tariff_collected[s]
