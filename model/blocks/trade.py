r"""Trade: goods of different origin are imperfect substitutes (Armington 1969).

Buyers combine the home good with an import composite, and imports from different sources with each other. All
users of a region buy the same composite. On its way a shipment pays export tax and rents at fob, transport, and
duty at cif. An *iceberg* border cost melts part of it: one unit that arrives takes ``iceberg`` units shipped
(Samuelson 1954), transport and duty being paid on what is shipped.

With an infinite ``sigma_armington`` goods of all origins are the same good: they sell at one price, and their
sellers decide how much is imported. A region whose goods are the same at home and abroad (see ``supply``) and of
which every good takes the same inputs has fixed relative prices: it is the world of a small open economy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from ...calibration.benchmark import BY_SECTOR, Benchmark, BenchmarkError, head_office
from ..functions import ces_price
from ..sets import elasticity, money, param, positive
from .foreign_firms import foreign_volume
from .transport import POOL
from .varieties import number, price_of_varieties

EQUATIONS = {
    "zero_profit_imports": "import_price",
    "zero_profit_armington": "composite_price",
    "market_composite": "composite",
    "market_domestic": "domestic_price",
    "market_flow": "flow_price",
}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Composite goods, bilateral flows and their markets; instruments import_tariff, export_tax, iceberg."""
    b = benchmark
    imports = b.landed.groupby(["sector", "importer"]).sum().rename_axis(BY_SECTOR)
    buyer = pd.MultiIndex.from_arrays([b.landed.index.get_level_values(k) for k in ("sector", "importer")])
    m.absorption0 = param(m.commodities, b.absorption, "absorption")
    m.home_share = param(m.domestic, b.domestic_sales / b.absorption, "home share of absorption")
    office = b.head_office_services
    direct = imports.sub(office, fill_value=0.0)  # where no foreign firms are, users buy all imports
    m.imports0 = param(m.importers, imports, "imports")
    m.import_share = param(m.importers, direct / b.absorption, "import share of absorption")
    m.source_share = param(m.flows, b.landed / imports.reindex(buyer).to_numpy(), "source share of imports")
    m.fob_share = param(m.flows, b.fob / b.cif, "fob share of cif")
    m.import_tariff0 = param(m.flows, b.import_tariff, "import_tariff")
    m.export_tax0 = param(m.flows, b.export_tax, "export_tax")
    both = set(m.domestic) & set(m.importers)
    alike = set(b.sigma_armington.index[np.isinf(b.sigma_armington)])
    m.one_good = pyo.Set(dimen=2, initialize=[k for k in m.commodities if k in both and k in alike])
    m.sigma_armington = elasticity(m.commodities, b.sigma_armington.replace(np.inf, 0.0), "sigma_armington")
    m.sigma_sources = elasticity(m.commodities, b.sigma_sources, "sigma_sources")

    for g, r, s in m.flows:
        if (g, r) in m.one_product and (g, s) in m.one_good:
            raise BenchmarkError(
                f"Elasticities: {g} from {r} to {s} is the same good wherever it is sold (omega_supply of {r}) and "
                f"wherever it comes from (sigma_armington of {s}): nothing decides how much is shipped. Make one of "
                "the two finite."
            )
    m.import_tariff = money(m.flows, b.import_tariff, "import_tariff")
    m.export_tax = money(m.flows, b.export_tax, "export_tax")
    m.iceberg = positive(m.flows)
    m.composite = positive(m.commodities)
    m.composite_price = positive(m.commodities)
    m.import_price = positive(m.importers)


def add_equations(m: pyo.ConcreteModel) -> None:
    """Named expressions and equations of the block."""
    m.cif_price = pyo.Expression(m.flows, rule=cif_price)
    m.landed_price = pyo.Expression(m.flows, rule=landed_price)
    m.imports = pyo.Expression(m.importers, rule=import_demand)
    m.arrivals = pyo.Expression(m.flows, rule=arrivals)
    m.shipments = pyo.Expression(m.flows, rule=shipments)
    m.domestic_demand = pyo.Expression(m.domestic, rule=domestic_demand)
    m.zero_profit_imports = pyo.Constraint(m.importers, rule=zero_profit_imports)
    m.zero_profit_armington = pyo.Constraint(m.commodities, rule=zero_profit_armington)
    m.market_composite = pyo.Constraint(m.commodities, rule=market_composite)
    m.market_domestic = pyo.Constraint(m.domestic, rule=market_domestic)
    m.market_flow = pyo.Constraint(m.flows, rule=market_flow)


def cif_price(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Price of a unit shipped, at the importer's border, relative to the benchmark.

    .. math:: p^{C}_{grs} = \theta^{fob}_{grs}\, p^F_{grs} \frac{1+t^X_{grs}+\rho_{grs}+\pi_{grs}}{1+\bar t^X_{grs}}
              + (1-\theta^{fob}_{grs})\, p^M

    What comes on top of the basic price is export tax, a rent and the premium of a quota (see ``rents``, ``quotas``).
    """
    share = m.fob_share[g, r, s]
    power = 1 + m.export_tax[g, r, s] + m.rent[g, r, s]
    if (g, r, s) in m.quota_flows:
        power += m.quota_premium[g, r, s]
    fob_price = m.flow_price[g, r, s] * (power / (1 + m.export_tax0[g, r, s]))
    if m.margin0[g, r, s] == 0:
        return fob_price
    return share * fob_price + (1 - share) * m.transport_price[POOL]


def landed_price(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Price of a unit that arrives, duty paid, relative to the benchmark.

    .. math:: p^{L}_{grs} = \tau_{grs}\, p^{C}_{grs} \frac{1+t^M_{grs}}{1+\bar t^M_{grs}}
    """
    duty = (1 + m.import_tariff[g, r, s]) / (1 + m.import_tariff0[g, r, s])
    return m.iceberg[g, r, s] * m.cif_price[g, r, s] * duty


def zero_profit_imports(m: pyo.ConcreteModel, g: str, s: str) -> Any:
    r"""Unit cost of the import composite, CES over sources.

    .. math:: p^M_{gs} = \Big(\sum_r \theta_{grs}\, n_{gr}\, (p^L_{grs})^{1-\sigma^S_{gs}}\Big)^{1/(1-\sigma^S_{gs})}

    The number of varieties :math:`n` is one outside ``varieties``. The price of all of the good if its origins do not
    matter. Source: Armington (1969); Hertel (1997), ch. 2; with varieties Dixit and Stiglitz (1977).
    """
    if (g, s) in m.one_good:
        return m.import_price[g, s] == m.composite_price[g, s]
    sigma = m.sigma_sources[g, s]
    terms = [
        (m.source_share[g, r, s], price_of_varieties(m, g, r, m.landed_price[g, r, s], sigma))
        for r in m.sources[g, s]
    ]
    return m.import_price[g, s] == ces_price(terms, sigma)


def zero_profit_armington(m: pyo.ConcreteModel, g: str, s: str) -> Any:
    r"""Unit cost of the composite good, CES over the home good and imports.

    .. math:: p^Q_{gs} = \Big(\theta^D_{gs}\, n_{gs}\, (p^D_{gs})^{1-\sigma_{gs}}
              + \theta^M_{gs} (p^M_{gs})^{1-\sigma_{gs}}\Big)^{1/(1-\sigma_{gs})}

    With a term for foreign firms in the region where there are any (see ``foreign_firms``); head-office services cost
    what imports do. The price of the home good if origins do not matter. Source: Armington (1969); Rutherford (1999).
    """
    if (g, s) in m.one_good:
        return m.composite_price[g, s] == m.domestic_price[g, s]
    if (g, s) in m.offices:
        return m.composite_price[g, s] == m.import_price[m.service_of[g], s]
    sigma, terms = m.sigma_armington[g, s], []
    if (g, s) in m.domestic:
        terms.append((m.home_share[g, s], price_of_varieties(m, g, s, m.domestic_price[g, s], sigma)))
    if (g, s) in m.importers:
        terms.append((m.import_share[g, s], m.import_price[g, s]))
    if (g, s) in m.hosts:
        terms.append((m.foreign_share[g, s], m.foreign_price[g, s]))
    return m.composite_price[g, s] == ces_price(terms, sigma)


def domestic_demand(m: pyo.ConcreteModel, g: str, s: str) -> Any:
    r"""Demand for the home good relative to the benchmark.

    .. math:: d_{gs} = n_{gs}\, q_{gs} \big(p^Q_{gs} / p^D_{gs}\big)^{\sigma_{gs}}

    What arrivals leave to be met if origins do not matter: :math:`\theta^D d + \theta^M \sum_r \theta_r a_r = q`.
    """
    if (g, s) in m.one_good:
        arrived = sum(m.source_share[g, r, s] * m.arrivals[g, r, s] for r in m.sources[g, s])
        return (m.composite[g, s] - m.import_share[g, s] * arrived) / m.home_share[g, s]
    relative_price = m.composite_price[g, s] / m.domestic_price[g, s]
    return number(m, g, s) * m.composite[g, s] * relative_price ** m.sigma_armington[g, s]


def import_demand(m: pyo.ConcreteModel, g: str, s: str) -> Any:
    r"""Demand for the import composite relative to the benchmark.

    .. math:: m_{gs} = q_{gs} \big(p^Q_{gs} / p^M_{gs}\big)^{\sigma_{gs}}

    Head-office services of foreign firms (see ``foreign_firms``) are added to it. Not a matter of demand if origins
    do not matter.
    """
    if (g, s) in m.one_good:
        return pyo.Expression.Skip
    direct = m.composite[g, s] * (m.composite_price[g, s] / m.import_price[g, s]) ** m.sigma_armington[g, s]
    if (g, s) not in m.hosts:
        return direct
    office = m.head_office0[g, s] / m.imports0[g, s]
    return (1 - office) * direct + office * m.composite[head_office(g), s]


def arrivals(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Units that arrive from a source relative to the benchmark.

    .. math:: a_{grs} = n_{gr}\, m_{gs} \big(p^M_{gs} / p^L_{grs}\big)^{\sigma^S_{gs}}

    What the seller supplies if origins do not matter: :math:`a_{grs} = x_{grs} / \tau_{grs}`.
    """
    if (g, s) in m.one_good:
        return m.flow_supply[g, r, s] / m.iceberg[g, r, s]
    relative_price = m.import_price[g, s] / m.landed_price[g, r, s]
    return number(m, g, r) * m.imports[g, s] * relative_price ** m.sigma_sources[g, s]


def shipments(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Units shipped relative to the benchmark; what melts on the way is shipped too.

    .. math:: z_{grs} = \tau_{grs}\, a_{grs}
    """
    return m.iceberg[g, r, s] * m.arrivals[g, r, s]


def market_composite(m: pyo.ConcreteModel, i: str, r: str) -> Any:
    r"""The composite good is bought by activities, household, government and investment.

    .. math:: \bar Q_{ir} q_{ir} = \sum_j \bar U_{ijr} u_{ijr} + \bar C_{ir} c_{ir}
              + \bar G_{ir} g_{ir} + \bar I_{ir} v_{ir}
    """
    demand = sum(m.intermediate0[i, j, r] * m.input_use[i, j, r] for j in m.users[i, r])
    if (i, r) in m.household_goods:
        demand += m.household_demand0[i, r] * m.household_demand[i, r]
    if (i, r) in m.government_goods:
        demand += m.government_demand0[i, r] * m.government_use[i, r]
    if (i, r) in m.investment_goods:
        demand += m.investment_demand0[i, r] * m.investment_use[i, r]
    if (i, r) in m.presence_of:
        demand += foreign_volume(m, m.service_of[i], r)
    return m.absorption0[i, r] * m.composite[i, r] == demand


def market_domestic(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Supply of the home good equals demand: :math:`y_{gr}(p^D/p^Y)^{\omega} = q_{gr}(p^Q/p^D)^{\sigma}`.

    .. math:: d^{supply}_{gr} = d^{demand}_{gr}

    If goods for home and for abroad are the same, there is one market for output:

    .. math:: \bar Y_{gr} y_{gr} = \bar D_{gr} d_{gr} + \sum_s \bar X_{grs} z_{grs} + \bar X^T_{gr} x^T_{gr}
    """
    if (g, r) in m.one_product:
        sold = m.domestic_sales0[g, r] * m.domestic_demand[g, r]
        sold += sum(m.exports0[g, r, s] * m.shipments[g, r, s] for s in m.destinations[g, r])
        if (g, r) in m.carriers:
            sold += m.margin_supply0[g, r] * m.carrier_supply[g, r]
        return m.output0[g, r] * m.activity[g, r] == sold
    return m.domestic_supply[g, r] == m.domestic_demand[g, r]


def market_flow(m: pyo.ConcreteModel, g: str, r: str, s: str) -> Any:
    r"""Exports to a destination equal the shipments its buyers need.

    .. math:: x_{grs} = z_{grs}

    One price instead, :math:`p^F_{grs} = p^X_{gr}`, where the seller's goods are the same at home and abroad, and
    :math:`p^L_{grs} = p^M_{gs}` where the buyer's are the same whatever their origin.
    """
    if (g, r) in m.one_product:
        return m.flow_price[g, r, s] == m.export_price[g, r]
    if (g, s) in m.one_good:
        return m.landed_price[g, r, s] == m.import_price[g, s]
    return m.flow_supply[g, r, s] == m.shipments[g, r, s]
