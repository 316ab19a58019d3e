r"""Supply: output is divided between the home market and exports, exports among destinations.

Two constant-elasticity-of-transformation frontiers (Powell and Gruen 1968; de Melo and Tarr 1992, ch. 3): the
producer chooses the mix that maximises revenue. The international transport pool is one more destination of
the export composite. An elasticity of zero means fixed proportions; an infinite one in ``omega_supply`` means that
goods for home and for abroad are the same good: it sells at one price, and buyers decide where it goes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import BY_SECTOR, Benchmark
from ..functions import cet_price
from ..sets import elasticity, param, positive
from ..state import at
from .transport import carrier_demand

EQUATIONS = {"zero_profit_supply": "output_price", "zero_profit_exports": "export_price"}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Prices of outlets and the supplies to them."""
    b = benchmark
    abroad = b.exports.groupby(["sector", "source"]).sum().rename_axis(BY_SECTOR)
    outlets = pd.concat([abroad, b.margin_supply]).groupby(level=BY_SECTOR).sum()
    by_flow = at(outlets, b.exports.index, "sector", "source").to_numpy()
    m.domestic_sales0 = param(m.domestic, b.domestic_sales, "domestic_sales")
    m.exports0 = param(m.flows, b.exports, "exports")
    m.margin_supply0 = param(m.carriers, b.margin_supply, "margin_supply")
    m.domestic_share = param(m.domestic, b.domestic_sales / b.output, "domestic share of output")
    m.export_share = param(m.exporters, outlets / b.output, "export share of output")
    m.destination_share = param(m.flows, b.exports / by_flow, "destination share of exports")
    m.carrier_share = param(m.carriers, b.margin_supply / outlets, "transport-pool share of exports")
    both = set(m.domestic) & set(m.exporters)
    alike = set(b.omega_supply.index[np.isinf(b.omega_supply)])
    m.omega_supply = elasticity(m.activities, b.omega_supply.replace(math.inf, 0.0), "omega_supply")
    m.omega_destinations = elasticity(m.activities, b.omega_destinations, "omega_destinations")

    m.one_product = pyo.Set(dimen=2, initialize=[k for k in b.omega_supply.index if k in both and k in alike])
    m.domestic_price = positive(m.domestic)
    m.export_price = positive(m.exporters)
    m.flow_price = positive(m.flows)
    m.carrier_price = positive(m.carriers)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.zero_profit_supply = pyo.Constraint(m.activities, rule=zero_profit_supply)
    m.zero_profit_exports = pyo.Constraint(m.exporters, rule=zero_profit_exports)
    m.domestic_supply = pyo.Expression(m.domestic, rule=domestic_supply)
    m.export_supply = pyo.Expression(m.exporters, rule=export_supply)
    m.flow_supply = pyo.Expression(m.flows, rule=flow_supply)
    m.carrier_supply = pyo.Expression(m.carriers, rule=carrier_supply)


def zero_profit_supply(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Unit revenue from selling at home and abroad.

    .. math:: p^Y_{gr} = \Big(\theta^D_{gr} (p^D_{gr})^{1+\omega_{gr}}
              + \theta^X_{gr} (p^X_{gr})^{1+\omega_{gr}}\Big)^{1/(1+\omega_{gr})}

    One price if the goods are the same: :math:`p^Y_{gr} = p^D_{gr} = p^X_{gr}`. Source: Powell and Gruen (1968);
    Rutherford (1999).
    """
    if (g, r) in m.one_product:
        return m.output_price[g, r] == m.domestic_price[g, r]
    terms = []
    if (g, r) in m.domestic:
        terms.append((m.domestic_share[g, r], m.domestic_price[g, r]))
    if (g, r) in m.exporters:
        terms.append((m.export_share[g, r], m.export_price[g, r]))
    return m.output_price[g, r] == cet_price(terms, m.omega_supply[g, r])


def zero_profit_exports(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Unit revenue from exports over destinations :math:`s` and the transport pool :math:`T`.

    .. math:: p^X_{gr} = \Big(\sum_s \theta_{grs} (p^F_{grs})^{1+\psi_{gr}}
              + \theta^T_{gr} (p^T_{gr})^{1+\psi_{gr}}\Big)^{1/(1+\psi_{gr})}
    """
    if (g, r) in m.one_product:
        return m.export_price[g, r] == m.output_price[g, r]
    terms = [(m.destination_share[g, r, s], m.flow_price[g, r, s]) for s in m.destinations[g, r]]
    if (g, r) in m.carriers:
        terms.append((m.carrier_share[g, r], m.carrier_price[g, r]))
    return m.export_price[g, r] == cet_price(terms, m.omega_destinations[g, r])


def domestic_supply(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Sales at home relative to the benchmark.

    .. math:: d_{gr} = y_{gr} \big(p^D_{gr} / p^Y_{gr}\big)^{\omega_{gr}}

    Undetermined if goods for home and for abroad are the same.
    """
    if (g, r) in m.one_product:
        return pyo.Expression.Skip
    return m.activity[g, r] * (m.domestic_price[g, r] / m.output_price[g, r]) ** m.omega_supply[g, r]


def export_supply(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Composite of exports relative to the benchmark.

    .. math:: x_{gr} = y_{gr} \big(p^X_{gr} / p^Y_{gr}\big)^{\omega_{gr}}
    """
    if (g, r) in m.one_product:
        return pyo.Expression.Skip
    return m.activity[g, r] * (m.export_price[g, r] / m.output_price[g, r]) ** m.omega_supply[g, r]


def flow_supply(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Exports to one destination relative to the benchmark.

    .. math:: x_{grs} = x_{gr} \big(p^F_{grs} / p^X_{gr}\big)^{\psi_{gr}}
    """
    if (g, r) in m.one_product:
        return pyo.Expression.Skip
    relative_price = m.flow_price[g, r, s] / m.export_price[g, r]
    return m.export_supply[g, r] * relative_price ** m.omega_destinations[g, r]


def carrier_supply(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Sales to the transport pool relative to the benchmark.

    .. math:: x^T_{gr} = x_{gr} \big(p^T_{gr} / p^X_{gr}\big)^{\psi_{gr}}

    What the pool wants if it is the same good as is sold at home.
    """
    if (g, r) in m.one_product:
        return carrier_demand(m, g, r)
    relative_price = m.carrier_price[g, r] / m.export_price[g, r]
    return m.export_supply[g, r] * relative_price ** m.omega_destinations[g, r]
