"""Macro indicators of a solved economy by region: welfare, GDP, prices, trade, customs revenue.

Money is million USD of the base year; amounts at the solution's own prices are divided by the numeraire, i.e.
they are dollars of constant purchasing power of the numeraire region's consumers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from .abroad import abroad, welfare_abroad
from .accounts import Payments, final_volume, payments
from .blocks.factors import CAPITAL, LABOUR
from .blocks.households import les_parameters
from .names import nearest
from .state import State, at

UNITS: dict[str, str] = {
    "real_gdp_pct": "% (volume of final demand and net exports at benchmark prices, Laspeyres)",
    "nominal_gdp_usd_mn": "mn USD (current prices in numeraire units)",
    "gdp_deflator_pct": "% (nominal over real GDP, in numeraire units; rises with real appreciation)",
    "ev_usd_mn": "mn USD (Hicks' equivalent variation at benchmark prices, of the region's own people)",
    "ev_pct_consumption": "% of benchmark household consumption",
    "ev_pct_gdp": "% of benchmark GDP",
    "cv_usd_mn": "mn USD (compensating variation at the solution's prices, numeraire units)",
    "consumption_pct": "% (volume of household consumption at benchmark prices)",
    "cpi_pct": "% (consumer prices incl. sales tax relative to the numeraire, Laspeyres)",
    "real_wage_pct": "% (average wage of all labour over consumer prices)",
    "real_wage_unskilled_pct": "% (average wage over consumer prices)",
    "real_wage_skilled_pct": "% (average wage over consumer prices)",
    "real_capital_return_pct": "% (average return over consumer prices)",
    "unemployment_rate_pct": "% of the labour force (all labour, at benchmark wages)",
    "capital_stock_pct": "% (stock of capital in the region)",
    "imports_intra_pct": "% (volume at benchmark cif prices, from members of the union)",
    "imports_extra_pct": "% (the same, from all others)",
    "exports_intra_pct": "% (volume at benchmark fob prices, to members of the union)",
    "exports_extra_pct": "% (the same, to all others)",
    "terms_of_trade_pct": "% (export over import prices, Fisher; fob incl. export tax and transport, cif)",
    "tariff_revenue_base_usd_mn": "mn USD (duty collected in the benchmark)",
    "tariff_revenue_usd_mn": "mn USD (duty collected at the region's border, numeraire units)",
    "tariff_received_usd_mn": "mn USD (duty after sharing of the pool, numeraire units)",
    "pool_transfer_usd_mn": "mn USD (received less collected)",
    "export_duty_usd_mn": "mn USD (export tax collected, before any is passed on, numeraire units)",
    "oil_duty_transfer_usd_mn": "mn USD (export duties received from other governments less own passed on)",
    "rents_usd_mn": "mn USD (rents on trade received by the household, numeraire units)",
    "migrants_thousand": "1000 persons (own people abroad less guests, beyond those of the base year)",
    "remittances_usd_mn": "mn USD (wages sent home by those migrants less those sent by guests)",
    "migrant_wages_usd_mn": "mn USD (what those migrants earn after tax less what guests earn)",
    "capital_abroad_usd_mn": "mn USD (benchmark earnings of own capital in other members less theirs here)",
    "capital_income_abroad_usd_mn": "mn USD (income of that capital, numeraire units)",
    "tariff_rate_extra_base_pct": "% (duty over cif imports from outside of what pays duty anywhere, benchmark)",
    "tariff_rate_extra_pct": "% (the same in the solution)",
}
"""Indicator -> unit and definition."""


def indicators(b: Benchmark, base: State, x: State, members: Sequence[str]) -> pd.DataFrame:
    """Indicators by region (rows) as defined in :data:`UNITS` (columns).

    ``members`` are the regions of the union: *intra* is trade with them, *extra* with all others; trade of an
    aggregate region with itself is left out of both. An indicator without a base (no imports from members) is
    NaN. Raises ``ValueError`` on an unknown member.
    """
    for member in members:
        if member not in b.regions:
            raise ValueError(f"Unknown union member {member!r}.{nearest(member, b.regions)}")
    before, after = payments(b, base), payments(b, x)
    numeraire = x.scalar("numeraire")
    frame = pd.DataFrame(index=pd.Index(b.regions, name="region"))
    real, nominal = real_gdp(b, x), nominal_gdp(after) / numeraire
    frame["real_gdp_pct"] = 100 * (real / b.gdp - 1)
    frame["nominal_gdp_usd_mn"] = nominal
    frame["gdp_deflator_pct"] = 100 * (nominal / real - 1)
    frame = frame.join(welfare(b, x))
    frame["consumption_pct"] = 100 * (_consumption_volume(b, x) / _consumption_volume(b, base) - 1)
    frame["cpi_pct"] = 100 * (x["consumer_price"] / numeraire - 1)
    for name, factors in {
        "real_wage_pct": LABOUR,
        "real_wage_unskilled_pct": LABOUR[:1],
        "real_wage_skilled_pct": LABOUR[1:],
        "real_capital_return_pct": ("capital",),
    }.items():
        frame[name] = 100 * (average_return(b, x, factors) / x["consumer_price"] - 1)
    frame["unemployment_rate_pct"] = 100 * unemployment_rate(b, x)
    frame["capital_stock_pct"] = 100 * (capital_stock(b, x) - 1)
    frame = frame.join(_trade_volumes(b, x, members))
    frame["terms_of_trade_pct"] = 100 * (terms_of_trade(b, before, after, x) - 1)
    frame = frame.join(_customs(b, before, after, x, members)).join(abroad(b, x))
    return frame[list(UNITS)]


def real_gdp(b: Benchmark, x: State) -> pd.Series:
    """Laspeyres volume of GDP: final quantities times benchmark prices, by region, million USD.

    Final demand at purchaser prices, exports at fob (with export tax), sales to the transport pool, less
    imports at cif. Trade volumes are quantities *shipped*, so that a fall of iceberg losses counts as a gain of
    the importer.
    """
    volume = final_volume(b, x)
    with_tax = volume * (1 + at(b.sales_tax, volume.index, "user", "region"))
    return _expenditure(
        b, with_tax, b.fob * x["shipments"], b.margin_supply * x["carrier_supply"], b.cif * x["shipments"]
    )


def nominal_gdp(p: Payments) -> pd.Series:
    """GDP at market prices by expenditure, at current prices, by region, million USD."""
    final = p.final_demand.groupby("region").sum() + p.sales_tax.groupby("region").sum()
    return _total(final, p.fob, p.margin_supply, p.cif)


def _expenditure(
    b: Benchmark, final: pd.Series, fob: pd.Series, carriers: pd.Series, cif: pd.Series
) -> pd.Series:
    return _total(final.groupby("region").sum().reindex(b.regions), fob, carriers, cif)


def _total(final: pd.Series, fob: pd.Series, carriers: pd.Series, cif: pd.Series) -> pd.Series:
    exports = fob.groupby("source").sum().reindex(final.index, fill_value=0.0)
    transport = carriers.groupby("region").sum().reindex(final.index, fill_value=0.0)
    imports = cif.groupby("importer").sum().reindex(final.index, fill_value=0.0)
    return final + exports + transport - imports


def welfare(b: Benchmark, x: State) -> pd.DataFrame:
    r"""Equivalent and compensating variation of the household, by region, million USD.

    With the Stone-Geary expenditure function :math:`e(p,u) = \sum_i p_i\gamma_i N + \bar S u \prod_i
    p_i^{\hat\beta_i}`, :math:`\hat\beta_i = \beta_i/\sum\beta`, and utility :math:`u` equal to one in the
    benchmark (Hosoe, Gasawa and Hashimoto 2010, ch. 9; Varian 1992, ch. 10):

    :math:`\prod p^{\hat\beta}` being a CES index where the benchmark gives an elasticity (see ``households``).

    .. math:: EV = e(\bar p, u) - e(\bar p, \bar u), \qquad CV = e(p, u) - e(p, \bar u)

    Prices include sales tax. Committed quantities are those of the solution's population. Migrants count with
    the people of their origin (see ``abroad``).
    """
    les = les_parameters(b)
    price = at(x["composite_price"], les.index, "sector", "region")
    price = price * at(x["sales_tax_factor"].xs("household", level="user"), les.index, "region")
    population = at(x["population"], les.index, "region")
    deflator = _ces_index(les["beta"], price, b.sigma_consumption)
    spending = b.household_demand.groupby("region").sum().reindex(b.regions) * (1 + b.sales_tax["household"])
    supernumerary = spending - les["gamma"].groupby("region").sum()
    utility = x["supernumerary"] / deflator
    committed_before = (les["gamma"] * population).groupby("region").sum()
    committed_after = (les["gamma"] * population * price).groupby("region").sum()
    elsewhere = welfare_abroad(b, x)
    ev = committed_before + supernumerary * utility - spending + elsewhere["ev"]
    cv = x["household_spending"] - (committed_after + supernumerary * deflator) + elsewhere["cv"]
    return pd.DataFrame(
        {
            "ev_usd_mn": ev,
            "ev_pct_consumption": 100 * ev / spending,
            "ev_pct_gdp": 100 * ev / b.gdp,
            "cv_usd_mn": cv / x.scalar("numeraire"),
        }
    ).reindex(b.regions)


def _ces_index(shares: pd.Series, price: pd.Series, sigma: pd.Series) -> pd.Series:
    """Unit cost of a CES bundle by region; Cobb-Douglas where the elasticity is one."""
    cobb_douglas = np.exp((shares * np.log(price)).groupby("region").sum()).reindex(sigma.index)
    power = (1 - sigma).replace(0.0, 1.0)
    ces = (shares * price ** at(power, price.index, "region")).groupby("region").sum().reindex(sigma.index)
    return (ces ** (1 / power)).where(sigma != 1, cobb_douglas)


def _consumption_volume(b: Benchmark, x: State) -> pd.Series:
    return (b.household_demand * x["household_demand"]).groupby("region").sum().reindex(b.regions)


def average_return(b: Benchmark, x: State, factors: Sequence[str]) -> pd.Series:
    """Payments to the factors per unit of them in use, relative to the benchmark, by region."""
    chosen = b.factor_value[b.factor_value.index.get_level_values("factor").isin(factors)]
    quantity = chosen * x["factor_use"].reindex(chosen.index)
    payment = quantity * x["rental"].reindex(chosen.index)
    return (payment.groupby("region").sum() / quantity.groupby("region").sum()).reindex(b.regions)


def unemployment_rate(b: Benchmark, x: State) -> pd.Series:
    """Share of the labour force without work, kinds of labour weighted by their benchmark wages."""
    rate = x["unemployment_rate"]
    employed = b.factor_value.groupby(["factor", "region"]).sum().reindex(rate.index)
    force = employed / (1 - rate) * x["endowment"].reindex(rate.index)
    idle = force * rate * x["unemployment"]
    return (idle.groupby("region").sum() / force.groupby("region").sum()).reindex(b.regions)


def capital_stock(b: Benchmark, x: State) -> pd.Series:
    """Capital at work in the region, whoever owns it, relative to the benchmark; NaN where there is none."""
    paid = b.factor_value[b.factor_value.index.get_level_values("factor") == CAPITAL]
    base = paid.groupby("region").sum()
    owned = x["endowment"][x["endowment"].index.get_level_values("factor") == CAPITAL].droplevel("factor")
    come = x["capital_inflow"].reindex(base.index, fill_value=0.0)
    return (owned.reindex(base.index) + come / base).reindex(b.regions)


def _trade_volumes(b: Benchmark, x: State, members: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame(index=pd.Index(b.regions, name="region"))
    for direction, value, owner, partner in (
        ("imports", b.cif, "importer", "source"),
        ("exports", b.fob, "source", "importer"),
    ):
        for scope, base in _scopes(value, members, partner).items():
            before = base.groupby(owner).sum().reindex(b.regions)
            after = (base * x["shipments"].reindex(base.index)).groupby(owner).sum().reindex(b.regions)
            frame[f"{direction}_{scope}_pct"] = 100 * (after / before - 1)
    return frame


def _scopes(flows: pd.Series, members: Sequence[str], partner: str) -> dict[str, pd.Series]:
    """Flows with members of the union and with all others, without trade of a region with itself."""
    source, importer = (flows.index.get_level_values(k) for k in ("source", "importer"))
    foreign = np.asarray(source != importer)
    inside = flows.index.get_level_values(partner).isin(list(members))
    return {"intra": flows[foreign & inside], "extra": flows[foreign & ~inside]}


def terms_of_trade(b: Benchmark, before: Payments, after: Payments, x: State) -> pd.Series:
    r"""Fisher index of export prices over that of import prices, by region.

    .. math:: P^F = \sqrt{\frac{\sum p_1 q_0}{\sum p_0 q_0}\,\frac{\sum p_1 q_1}{\sum p_0 q_1}}

    Export prices are fob including export tax, with sales to the transport pool; import prices are cif, before
    duty. Trade of an aggregate region with itself is left out.
    """
    foreign = np.asarray(
        b.exports.index.get_level_values("source") != b.exports.index.get_level_values("importer")
    )
    quantity = x["shipments"].reindex(b.exports.index)[foreign]
    carriers = b.margin_supply
    sold = pd.concat(
        [
            _fisher_parts(b.fob[foreign], quantity, after.fob[foreign]).groupby("source").sum(),
            _fisher_parts(carriers, x["carrier_supply"].reindex(carriers.index), after.margin_supply)
            .groupby("region")
            .sum(),
        ]
    )
    sold = sold.groupby(level=0).sum()
    bought = _fisher_parts(b.cif[foreign], quantity, after.cif[foreign]).groupby("importer").sum()
    return (_fisher(sold) / _fisher(bought)).reindex(b.regions)


def _fisher_parts(base: pd.Series, quantity: pd.Series, current: pd.Series) -> pd.DataFrame:
    """The four sums of a Fisher index from base value, relative quantity and current value of each flow."""
    return pd.DataFrame({"p0q0": base, "p1q0": current / quantity, "p0q1": base * quantity, "p1q1": current})


def _fisher(sums: pd.DataFrame) -> pd.Series:
    return (sums["p1q0"] / sums["p0q0"] * sums["p1q1"] / sums["p0q1"]) ** 0.5


def _customs(
    b: Benchmark, before: Payments, after: Payments, x: State, members: Sequence[str]
) -> pd.DataFrame:
    numeraire = x.scalar("numeraire")
    frame = pd.DataFrame(index=pd.Index(b.regions, name="region"))

    def collected(p: Payments) -> pd.Series:
        return p.duty.groupby("importer").sum().reindex(b.regions, fill_value=0.0)

    taxed = pd.concat([before.duty, after.duty])
    dutiable = set(taxed[taxed != 0].index.get_level_values("sector"))

    def rate(p: Payments) -> pd.Series:
        flows = (f[f.index.get_level_values("sector").isin(dutiable)] for f in (p.duty, p.cif))
        duty, value = (_scopes(flow, members, "source")["extra"] for flow in flows)
        return 100 * duty.groupby("importer").sum() / value.groupby("importer").sum()

    frame["tariff_revenue_base_usd_mn"] = collected(before)
    frame["tariff_revenue_usd_mn"] = collected(after) / numeraire
    frame["tariff_received_usd_mn"] = (collected(after) + after.pool_transfer) / numeraire
    frame["pool_transfer_usd_mn"] = after.pool_transfer / numeraire
    collected_export = after.export_tax.groupby("source").sum().reindex(b.regions, fill_value=0.0)
    frame["export_duty_usd_mn"] = collected_export / numeraire
    frame["oil_duty_transfer_usd_mn"] = after.duty_transfer / numeraire
    frame["rents_usd_mn"] = after.rent_income / numeraire
    frame["tariff_rate_extra_base_pct"] = rate(before)
    frame["tariff_rate_extra_pct"] = rate(after)
    return frame
