r"""Rents: what buyers pay above cost and tax, and who receives it.

A licence, a standard or an agreed price drives a wedge :math:`\rho` between the seller's basic price and fob, as a
tax does, but no government collects it: the exporter's household receives the share :math:`\lambda` of it and the
importer's the rest (Bhagwati 1965 on quotas; Andriamananjara et al. 2004 on non-tariff measures in GTAP). So a
gas price raised to the market's level is a rent of the exporter, and a licence that importers hold one of theirs.
Quota rents (see ``quotas``) are divided in the same way.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark
from ..sets import money

EQUATIONS: dict[str, str] = {}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Instruments rent (rate on the seller's basic value) and rent_to_exporter (share), both nil at first."""
    nothing = pd.Series(0.0, index=benchmark.exports.index)
    m.rent = money(m.flows, nothing, "rent")
    m.rent_to_exporter = money(m.flows, nothing, "rent_to_exporter")


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions of the block."""
    m.rent_paid = pyo.Expression(m.flows, rule=rent_paid)
    m.rent_income = pyo.Expression(m.R, rule=rent_income)


def rent_paid(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Rent on a flow, million USD, that of a quota included.

    .. math:: N_{grs} = \rho_{grs}\, \bar X_{grs}\, z_{grs}\, p^F_{grs} + N^Q_{grs}
    """
    paid = m.rent[g, r, s] * m.exports0[g, r, s] * m.shipments[g, r, s] * m.flow_price[g, r, s]
    return paid + m.quota_rent[g, r, s] if (g, r, s) in m.quota_flows else paid


def rent_income(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Rents received by the household, untaxed.

    .. math:: N_r = \sum_{gs} \lambda_{grs} N_{grs} + \sum_{gs} (1 - \lambda_{gsr})\, N_{gsr}
    """
    sold = sum(m.rent_to_exporter[g, r, s] * m.rent_paid[g, r, s] for g, s in m.export_flows_of[r])
    bought = sum((1 - m.rent_to_exporter[g, s, r]) * m.rent_paid[g, s, r] for g, s in m.import_flows_of[r])
    return sold + bought
