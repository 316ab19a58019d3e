r"""Export duties that one government passes on to another.

From 2011 Belarus received crude oil from Russia free of duty and paid the export duty on what it made of it and
sold outside the union to the Russian budget (agreement of 9 December 2010). ``duty_remitted`` is that share of a
region's export tax on a sector, on shipments to outside the union, which the government of the recipient gets.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark, BenchmarkError
from ..sets import money

EQUATIONS: dict[str, str] = {}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Instrument duty_remitted on the cases that the benchmark names; nil at first.

    Raises BenchmarkError when a case names no exporter of the benchmark, or a region as its own recipient.
    """
    for g, r, q in benchmark.duty_remittances:
        if (g, r) not in m.exporters or q not in m.R or q == r:
            raise BenchmarkError(
                f"duty_remittances: {(g, r, q)} (sector, region, recipient) must name a sector that the region "
                "exports and another region that receives its duty."
            )
    index = pd.MultiIndex.from_tuples(
        list(benchmark.duty_remittances), names=["sector", "region", "recipient"]
    )
    m.duty_recipients = pyo.Set(dimen=3, initialize=list(benchmark.duty_remittances))
    m.duty_remitted = money(m.duty_recipients, pd.Series(0.0, index=index), "duty_remitted")


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions of the block."""
    m.duty_passed_on = pyo.Expression(m.duty_recipients, rule=duty_passed_on)
    m.oil_duty_transfer = pyo.Expression(m.R, rule=oil_duty_transfer)


def duty_passed_on(m: pyo.ConcreteModel, g: str, r: str, q: str) -> Any:
    r"""Duty of a region on shipments to outside the union that the recipient gets; :math:`\mu` marks members.

    .. math:: B_{grq} = \beta_{grq} \sum_s (1 - \mu_r \mu_s)\, T^X_{grs}
    """
    outside = sum(
        (1 - m.union_member[r] * m.union_member[s]) * m.export_duty[g, r, s] for s in m.destinations[g, r]
    )
    return m.duty_remitted[g, r, q] * outside


def oil_duty_transfer(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Export duties of others received less own duties passed on; sums to zero over the world.

    .. math:: \Delta^X_r = \sum_{gk} B_{gkr} - \sum_{gq} B_{grq}
    """
    received = sum(m.duty_passed_on[g, k, q] for g, k, q in m.duty_recipients if q == r)
    return received - sum(m.duty_passed_on[g, k, q] for g, k, q in m.duty_recipients if k == r)
