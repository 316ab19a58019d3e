r"""Tariff-rate quotas on exports: an amount is shipped free of a duty that the rest pays.

In 2010 Russia sold Belarus 6.3 million tonnes of crude oil free of export duty and the rest at the full one. What
buyers pay above the basic price at the margin is a part :math:`v` of that duty,

.. math:: 0 \le v \le 1 \;\perp\; \kappa - z, \qquad \pi = v\, t^O

so that one of three things holds: the quota :math:`\kappa` exceeds shipments :math:`z` and is worth nothing
(:math:`v = 0`); it binds, and the premium :math:`\pi` makes buyers want no more than the quota; or more is shipped,
all of it at the price with duty (:math:`v = 1`). The premium on the amount inside the quota is a rent, divided as in
``rents``; on what is shipped above it, duty of the exporter's government. Quantities are relative to the flow of the
benchmark. The condition is in force under the choice ``tariff-rate-quota``; elsewhere :math:`v` is fixed at nil and
the instruments idle. Source: Boughner, de Gorter and Sheldon (2000), Agricultural and Resource Economics Review 29,
on the three regimes of a tariff-rate quota.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark, BenchmarkError
from ..engine import pair
from ..sets import money

EQUATIONS: dict[str, str] = {}
COMPLEMENTARITIES = {"quota_binds": "quota_scarcity"}
"""Condition -> the variable it determines where a closure puts it in force."""

UNUSED = 2.0
"""Quota before any is set, twice the benchmark's flow: it binds nowhere."""


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Scarcity of the quotas on the flows named by the benchmark; instruments quota and over_quota_duty.

    Raises BenchmarkError when a flow under quota does not exist in the benchmark.
    """
    missing = [flow for flow in benchmark.quota_flows if flow not in m.flows]
    if missing:
        raise BenchmarkError(
            f"quota_flows: {missing[0]} (sector, source, importer) is no flow of the benchmark, so there is "
            "nothing to put under a quota. Correct the name or delete it."
        )
    m.quota_flows = pyo.Set(dimen=3, initialize=list(benchmark.quota_flows))
    index = pd.MultiIndex.from_tuples(list(benchmark.quota_flows), names=["sector", "source", "importer"])
    m.quota = money(m.quota_flows, pd.Series(UNUSED, index=index), "quota")
    m.over_quota_duty = money(m.quota_flows, pd.Series(0.0, index=index), "over_quota_duty")
    m.quota_scarcity = pyo.Var(m.quota_flows, bounds=(0.0, 1.0), initialize=0.0)
    m.quota_premium = pyo.Expression(m.quota_flows, rule=quota_premium)  # prices of trade need it


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and the condition of the block."""
    m.quota_rent = pyo.Expression(m.quota_flows, rule=quota_rent)
    m.over_quota_revenue = pyo.Expression(m.quota_flows, rule=over_quota_revenue)
    m.quota_binds = pyo.Constraint(m.quota_flows, rule=quota_binds)
    pair(m.quota_binds, m.quota_scarcity)


def quota_premium(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""What buyers pay above the basic price because of the quota, as a rate on it.

    .. math:: \pi_{grs} = v_{grs}\, t^O_{grs}
    """
    return m.quota_scarcity[g, r, s] * m.over_quota_duty[g, r, s]


def quota_binds(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Shipments equal the quota, or fall short of it without a premium, or exceed it and pay the duty.

    .. math:: 0 \le v_{grs} \le 1 \;\perp\; (1 + \kappa_{grs}) - (1 + z_{grs})

    One is added on both sides because the solver compares logarithms, and a quota may be nil.
    """
    return 1 + m.quota[g, r, s] == 1 + m.shipments[g, r, s]


def quota_rent(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Premium on what is shipped inside the quota, million USD.

    .. math:: N^Q_{grs} = \pi_{grs}\, \bar X_{grs}\, \kappa_{grs}\, p^F_{grs}

    Where there is a premium the quota is used up.
    """
    return m.quota_premium[g, r, s] * m.exports0[g, r, s] * m.quota[g, r, s] * m.flow_price[g, r, s]


def over_quota_revenue(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Duty on what is shipped above the quota, million USD, of the exporter's government.

    .. math:: R^Q_{grs} = \pi_{grs}\, \bar X_{grs} (z_{grs} - \kappa_{grs})\, p^F_{grs}

    Where anything is, the premium equals the duty.
    """
    above = m.shipments[g, r, s] - m.quota[g, r, s]
    return m.quota_premium[g, r, s] * m.exports0[g, r, s] * above * m.flow_price[g, r, s]
