r"""Foreign firms that are present in a region and sell a service there, beside home firms and suppliers from abroad.

In a *host* (service and region) the benchmark divides the service by type of firm (``calibration.foreign_firms``;
Rutherford and Tarr 2008; Jensen, Rutherford and Tarr 2007; Markusen, Rutherford and Tarr 2005, *Canadian Journal of
Economics* 38). Foreign firms produce in the region as an activity of its own (``production``): local inputs, labour
and capital, head-office services from abroad, and capital that is of use to them alone. Each makes a variety and
enters as long as it pays (``varieties``), as home firms do; suppliers from across the border are those of ``trade``,
the varieties of each origin being given. Users choose among all varieties in one nest,

.. math:: p^Q_{gr} = \Big(\theta^D n^D (p^D)^{1-\sigma} + \theta^F n^F \big((1+\rho)\, p^F\big)^{1-\sigma}
                     + \theta^M (p^M)^{1-\sigma}\Big)^{1/(1-\sigma)}

so that every sector that buys the service becomes more productive when firms enter: the same services by value are more
by volume.

**A barrier on presence** of ad valorem equivalent :math:`b` makes a foreign firm's service dearer by :math:`1+b`. The
part of it that wastes resources raises the firms' cost, fixed and variable alike: it is (the inverse of) the
``productivity`` of their activity. The part that is a rent, a licence fee or the price of a local partner, is the
instrument ``presence_rent`` :math:`\rho`, a rate on their sales before it; the region's household receives it and
pays direct tax on it, as on the capital income that the SAM counts it with.

**Whose profit.** The base year books all capital income with the region's household, the SAM having no account of
income paid abroad. What the specific capital of foreign firms earns beyond the base year's return goes abroad to the
extent that its owners are foreigners, after the host's direct tax, to regions in the proportion in which they sell
the service across the border. That flow is named ``profit_abroad`` and sums to zero over the world. What is earned
"beyond the base year's return" is measured in the numeraire: the base year's return is a sum of money in consumer
prices of the numeraire region, so that a host whose prices rise against those sends more abroad with nothing else
changed.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark, foreign, head_office
from ..sets import money, param
from .factors import SPECIFIC_CAPITAL

EQUATIONS: dict[str, str] = {}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Hosts, what foreign firms sell there, who owns them; instrument presence_rent. No host, nothing of this
    exists."""
    b = benchmark
    sales = b.foreign_sales
    m.hosts = pyo.Set(dimen=2, initialize=list(sales.index))
    m.hosts_of = pyo.Set(m.R, initialize={r: [g for g, k in sales.index if k == r] for r in b.regions})
    m.presence_of = pyo.Set(dimen=2, initialize=[(foreign(g), r) for g, r in sales.index])
    m.offices = pyo.Set(dimen=2, initialize=[(head_office(g), r) for g, r in sales.index])
    m.service_of = {name(g): g for g, _ in sales.index for name in (foreign, head_office)}
    m.foreign_sales0 = param(m.hosts, sales, "foreign_sales")
    m.foreign_share = param(
        m.hosts, sales / b.absorption.reindex(sales.index), "share of foreign firms in absorption"
    )
    m.head_office0 = param(m.hosts, b.head_office_services, "head_office_services")
    m.foreign_ownership = param(m.hosts, b.foreign_ownership, "foreign_ownership")
    owners = _owners(b)
    m.owners = pyo.Set(dimen=3, initialize=list(owners.index))
    m.owner_share = param(m.owners, owners, "owners of foreign firms")
    m.presence_rent = money(m.hosts, b.presence_rent, "presence_rent")
    m.presence_rent0 = param(m.hosts, b.presence_rent, "presence_rent")


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions of the block."""
    m.foreign_price = pyo.Expression(m.hosts, rule=foreign_price)
    m.foreign_demand = pyo.Expression(m.hosts, rule=foreign_demand)
    m.presence_rent_paid = pyo.Expression(m.hosts, rule=presence_rent_paid)
    m.presence_rent_income = pyo.Expression(m.R, rule=presence_rent_income)
    m.foreign_profit = pyo.Expression(m.hosts, rule=foreign_profit)
    m.profit_abroad = pyo.Expression(m.R, rule=profit_abroad)


def _owners(b: Benchmark) -> pd.Series:
    """Share of each foreign region in the ownership of a host's foreign firms: its share in imports of the service."""
    sector, source, importer = (b.landed.index.get_level_values(k) for k in ("sector", "source", "importer"))
    host = pd.MultiIndex.from_arrays([sector, importer]).isin(b.foreign_sales.index)
    here = b.landed[host & (source != importer)]
    return here / here.groupby(["sector", "importer"]).transform("sum")


def foreign_price(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Price of foreign firms' services to users, varieties counted, relative to the benchmark.

    .. math:: \hat p^F_{gr} = \frac{1 + \rho_{gr}}{1 + \bar\rho_{gr}}\, p^F_{gr}\, (n^F_{gr})^{1/(1-\sigma_g)}
    """
    rent = (1 + m.presence_rent[g, r]) / (1 + m.presence_rent0[g, r])
    return m.composite_price[foreign(g), r] * rent


def foreign_demand(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Demand for the composite of foreign firms' services relative to the benchmark.

    .. math:: f_{gr} = q_{gr}\, \big(p^Q_{gr} / \hat p^F_{gr}\big)^{\sigma_g}
    """
    relative_price = m.composite_price[g, r] / m.foreign_price[g, r]
    return m.composite[g, r] * relative_price ** m.sigma_armington[g, r]


def presence_rent_paid(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Rent on the presence of foreign firms, million USD.

    .. math:: N^F_{gr} = \rho_{gr}\, \frac{\bar F_{gr}}{1 + \bar\rho_{gr}}\, f_{gr}\,
              p^F_{gr}\, (n^F_{gr})^{1/(1-\sigma_g)}
    """
    sold = foreign_volume(m, g, r) * m.composite_price[foreign(g), r]
    return m.presence_rent[g, r] * sold


def foreign_volume(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    """Demand for foreign firms' services at benchmark prices before the rent, million USD."""
    return m.foreign_sales0[g, r] / (1 + m.presence_rent0[g, r]) * m.foreign_demand[g, r]


def presence_rent_income(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Those rents as income of the region's household before direct tax: :math:`\sum_g N^F_{gr}`."""
    return sum(m.presence_rent_paid[g, r] for g in m.hosts_of[r])


def foreign_profit(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""What foreign owners earn beyond the base year, after the host's tax, million USD.

    .. math:: \Pi_{gr} = \lambda_{gr}\, (1 - \hat t^D_r)\, \bar K^F_{gr}\, x_{gr}\, (w^F_{gr} - P^0)

    :math:`w^F` is the return to the foreign firms' specific capital :math:`\bar K^F x`, the base year's return being
    one of the numeraire.
    """
    f, activity = SPECIFIC_CAPITAL, foreign(g)
    retained = m.direct_tax_retention[r] * (1 - m.direct_tax[r])
    stock = m.factor_value0[f, activity, r] * m.factor_use[f, activity, r]
    return m.foreign_ownership[g, r] * retained * stock * (m.rental[f, activity, r] - m.numeraire)


def profit_abroad(m: pyo.ConcreteModel, r: str) -> Any:
    r"""Profits received from foreign firms elsewhere less those paid to owners abroad; sums to zero over the world.

    .. math:: Y^\Pi_r = \sum_{gs} \omega_{grs} \Pi_{gs} - \sum_g \Pi_{gr}
    """
    received = sum(m.owner_share[g, o, s] * m.foreign_profit[g, s] for g, o, s in m.owners if o == r)
    return received - sum(m.foreign_profit[g, r] for g in m.hosts_of[r])
