"""Payments of a solved economy and its social accounting matrix.

Every payment is price times quantity of its own buyer or seller, so that the balance of the rebuilt SAM tests
the solution: a row is never defined as what its column needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from ..calibration.benchmark import FINAL_USERS, Benchmark, foreign, head_office
from ..calibration.sam import COLUMNS, WORLD, Sam
from .state import State, at

SAM_TOLERANCE = 1e-6
ROUNDING = 1e-14
"""Receipts from the pool below this share of world GDP are the solver's rounding, not payments."""


@dataclass(frozen=True)
class Payments:
    """Payments at current prices, million USD; in the benchmark those of :class:`Benchmark`."""

    intermediate: pd.Series
    factor_value: pd.Series
    domestic_sales: pd.Series
    exports: pd.Series
    margin_supply: pd.Series
    margin: pd.Series
    final_demand: pd.Series
    """By (user, sector, region), at market price before sales tax."""
    duty: pd.Series
    export_tax: pd.Series
    sales_tax: pd.Series
    production_tax: pd.Series
    factor_tax: pd.Series
    direct_tax: pd.Series
    transfer: pd.Series
    household_savings: pd.Series
    government_savings: pd.Series
    foreign_savings: pd.Series
    pool_transfer: pd.Series
    rent: pd.Series
    """Rents and quota premiums that buyers pay, by flow."""
    rent_income: pd.Series
    """Rents received by the household of a region, as exporter, importer or host of foreign firms."""
    duty_transfer: pd.Series
    """Export duties received from other governments less own ones passed on, by region."""
    sent_home: pd.Series
    """What migrants send home, by (factor, origin, destination)."""
    capital_income: pd.Series
    """From capital in other members of the union, net, by region."""
    foreign_sales: pd.Series
    """Sales of foreign firms present in the region before any rent on them, by (sector, region)."""
    head_office: pd.Series
    """Imported services that those firms use."""
    presence_rent: pd.Series
    """Rents on their presence."""
    profit_abroad: pd.Series
    """Profits from foreign firms in other regions less those paid abroad, by region."""

    @property
    def fob(self) -> pd.Series:
        """Exports including export tax and rents."""
        return self.exports + self.export_tax + self.rent

    @property
    def cif(self) -> pd.Series:
        """Imports at the border before duty."""
        return self.fob + self.margin


def payments(b: Benchmark, x: State) -> Payments:
    """All payments at a point, from benchmark values and relative prices and quantities."""
    flows = b.exports.index
    intermediate = b.intermediate.index
    employment = b.factor_value.index
    bought_at = at(x["composite_price"].rename_axis(["input", "region"]), intermediate, "input", "region")
    factor_value = b.factor_value * x["rental"] * x["factor_use"]
    exports = b.exports * x["shipments"] * x["flow_price"]
    output = b.output * x["activity"] * x["output_price"]
    factor_cost = factor_value.groupby(["sector", "region"]).sum().reindex(b.output.index)
    margin = pd.Series(0.0, index=flows)
    if len(b.margin):
        margin = b.margin.reindex(flows, fill_value=0.0) * x["shipments"] * x.scalar("transport_price")
    rent, export_tax = _above_basic_price(b, x, exports)
    final = _final_demand(b, x)
    pool = x["pool_transfer"]
    spending = final.groupby(["user", "region"]).sum().reindex(x["sales_tax"].index)
    return Payments(
        intermediate=b.intermediate * _input_use(b, x, bought_at) * bought_at,
        factor_value=factor_value.reindex(employment),
        domestic_sales=b.domestic_sales * x["domestic_demand"] * x["domestic_price"],
        exports=exports,
        margin_supply=b.margin_supply * x["carrier_supply"] * x["carrier_price"],
        margin=margin,
        final_demand=final,
        duty=x["import_tariff"] * (exports + export_tax + rent + margin),
        export_tax=export_tax,
        sales_tax=spending * x["sales_tax_rate"],
        production_tax=output * x["production_tax"],
        factor_tax=factor_cost * x["factor_tax"],
        direct_tax=x["direct_tax_revenue"],
        transfer=x["transfer"],
        household_savings=x["household_savings"],
        government_savings=x["government_savings"] * x["investment_price"],
        foreign_savings=x["foreign_savings"] * x.scalar("numeraire"),
        pool_transfer=pool.where(pool.abs() > ROUNDING * float(b.gdp.sum()), 0.0),
        rent=rent,
        rent_income=_rent_income(b, x, rent),
        duty_transfer=_duty_transfer(b, x, export_tax),
        sent_home=x["sent_home"],
        capital_income=x["capital_income"],
        foreign_sales=b.foreign_sales
        / (1 + b.presence_rent)
        * x["foreign_demand"]
        * _of(foreign, b.foreign_sales, x["composite_price"]),
        head_office=b.head_office_services
        * _of(head_office, b.head_office_services, x["composite"])
        * _of(head_office, b.head_office_services, x["composite_price"]),
        presence_rent=x["presence_rent_paid"],
        profit_abroad=x["profit_abroad"],
    )


def _of(account: Callable[[str], str], hosts: pd.Series, values: pd.Series) -> pd.Series:
    """Values of the commodities that belong to foreign firms, on the services they belong to."""
    if not len(hosts):
        return hosts
    named = hosts.rename(account, level="sector").index
    return pd.Series(at(values, named, "sector", "region").to_numpy(), index=hosts.index)


def _above_basic_price(b: Benchmark, x: State, exports: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Rents and export tax by flow; of a quota, the rent on what is inside it and the duty on what is above."""
    quota = x["quota"]
    shipped = x["shipments"].reindex(quota.index)
    unit = x["quota_premium"] * b.exports.reindex(quota.index) * x["flow_price"].reindex(quota.index)
    inside = (unit * np.minimum(quota, shipped)).reindex(exports.index, fill_value=0.0)
    above = (unit * (shipped - quota).clip(lower=0.0)).reindex(exports.index, fill_value=0.0)
    return exports * x["rent"] + inside, exports * x["export_tax"] + above


def _rent_income(b: Benchmark, x: State, rent: pd.Series) -> pd.Series:
    kept = rent * x["rent_to_exporter"]
    sold, bought = kept.groupby("source").sum(), (rent - kept).groupby("importer").sum()
    income = sold.reindex(b.regions, fill_value=0.0) + bought.reindex(b.regions, fill_value=0.0)
    return income.rename_axis("region") + x["presence_rent_income"]


def _duty_transfer(b: Benchmark, x: State, export_tax: pd.Series) -> pd.Series:
    """Net receipt of export duties that agreements assign to other governments; sums to zero."""
    source, importer = (export_tax.index.get_level_values(k) for k in ("source", "importer"))
    member = x["union_member"]
    outside = 1 - member.reindex(source).to_numpy() * member.reindex(importer).to_numpy()
    collected = (export_tax * outside).groupby(["sector", "source"]).sum().rename_axis(["sector", "region"])
    share = x["duty_remitted"]
    passed_on = share * at(collected.rename("export duty"), share.index, "sector", "region")
    received, paid = (
        passed_on.groupby(level).sum().reindex(b.regions, fill_value=0.0).rename_axis("region")
        for level in ("recipient", "region")
    )
    return received - paid


def final_volume(b: Benchmark, x: State) -> pd.Series:
    """Final demand at benchmark market prices, million USD, by (user, sector, region)."""
    parts = (
        b.household_demand * x["household_demand"],
        _basket(b, x, "government", x["government_consumption"], b.sigma_government),
        _basket(b, x, "investment", x["investment"], b.sigma_investment),
    )
    return pd.concat(dict(zip(FINAL_USERS, parts, strict=True)), names=["user"])


def _input_use(b: Benchmark, x: State, price: pd.Series) -> pd.Series:
    """Use of intermediate goods relative to the benchmark: in proportion to the activity, or CES."""
    index = b.intermediate.index
    net_price = x["output_price"] * (1 - x["production_tax"]) / (1 - b.production_tax)
    cost = at(net_price * x["productivity"], index, "sector", "region")
    scale = at(x["activity"] / x["productivity"], index, "sector", "region")
    return scale * (cost / price) ** at(b.sigma_inputs, index, "sector", "region")


def _basket(b: Benchmark, x: State, user: str, volume: pd.Series, sigma: pd.Series) -> pd.Series:
    """Purchases of government or investment at benchmark prices: in fixed proportions, or CES."""
    goods = b.final_demand(user)
    tax = x["sales_tax_factor"].xs(user, level="user").rename(f"sales tax of {user}")
    price = at(tax, goods.index, "region") * at(x["composite_price"], goods.index, "sector", "region")
    basket = at(x[f"{user}_price"], goods.index, "region")
    return goods * at(volume, goods.index, "region") * (basket / price) ** at(sigma, goods.index, "region")


def _final_demand(b: Benchmark, x: State) -> pd.Series:
    volume = final_volume(b, x)
    return volume * at(x["composite_price"], volume.index, "sector", "region")


def rebuild_sam(m: pyo.ConcreteModel) -> Sam:
    """The SAM of the model's present values, million USD.

    Raises :class:`eacu.calibration.sam.SamError` if it does not balance, which a solution does.
    """
    return sam_of(payments(m.benchmark, State.of(m)))


def sam_of(p: Payments) -> Sam:
    """Write payments into the cells of a SAM and check that it balances."""
    table = pd.concat([*_goods(p), *_taxes(p), *_incomes(p)], ignore_index=True)
    table = table[table["value"] != 0].reset_index(drop=True)
    return Sam.from_table(table, SAM_TOLERANCE, "the SAM of the solution", signed_taxes=True)


def _level(series: pd.Series, name: str) -> pd.Index:
    return series.index.get_level_values(name)


def _cells(series: pd.Series, row: tuple, column: tuple) -> pd.DataFrame:
    parts = (row[0], row[1], column[0], column[1], series.to_numpy())
    return pd.DataFrame(dict(zip(COLUMNS, parts, strict=True)), index=np.arange(len(series)))


def _goods(p: Payments) -> list[pd.DataFrame]:
    x, m, home, use = p.exports, p.margin, p.domestic_sales, p.intermediate
    sector, source, importer = (_level(x, k) for k in ("sector", "source", "importer"))
    own = np.asarray(source == importer)
    seller = np.where(own, "intra:" + sector, "activity:" + sector)
    intra = x[own]
    region, name = _level(home, "region"), _level(home, "sector")
    carrier = p.margin_supply
    by_source = m.groupby("source").sum()
    f = p.factor_value
    final = p.final_demand
    sold, office = p.foreign_sales, p.head_office
    here, service = _level(sold, "region"), _level(sold, "sector").astype(str)
    return [
        _cells(sold, (here, "commodity:" + service.map(foreign)), (here, "commodity:" + service)),
        _cells(office, (here, "commodity:" + service), (here, "commodity:" + service.map(head_office))),
        _cells(home, (region, "activity:" + name), (region, "commodity:" + name)),
        _cells(x, (source, seller), (importer, "commodity:" + sector)),
        _cells(
            intra,
            (_level(intra, "source"), "activity:" + _level(intra, "sector")),
            (_level(intra, "source"), "intra:" + _level(intra, "sector")),
        ),
        _cells(m, (WORLD, "margin:" + source), (importer, "commodity:" + sector)),
        _cells(by_source, (WORLD, "margin"), (WORLD, "margin:" + by_source.index)),
        _cells(
            carrier, (_level(carrier, "region"), "activity:" + _level(carrier, "sector")), (WORLD, "margin")
        ),
        _cells(
            use,
            (_level(use, "region"), "commodity:" + _level(use, "input")),
            (_level(use, "region"), "activity:" + _level(use, "sector")),
        ),
        _cells(
            f,
            (_level(f, "region"), "factor:" + _level(f, "factor")),
            (_level(f, "region"), "activity:" + _level(f, "sector")),
        ),
        _cells(
            final,
            (_level(final, "region"), "commodity:" + _level(final, "sector")),
            (_level(final, "region"), _level(final, "user")),
        ),
    ]


def _taxes(p: Payments) -> list[pd.DataFrame]:
    x = p.exports
    sector, source, importer = (_level(x, k) for k in ("sector", "source", "importer"))
    buyer = (importer, "commodity:" + sector)
    activity = _level(p.production_tax, "region"), "activity:" + _level(p.production_tax, "sector")
    user, region = _level(p.sales_tax, "user"), _level(p.sales_tax, "region")
    paid = [
        _cells(p.duty, (importer, "tax:import:" + source), buyer),
        _cells(p.export_tax, (source, "tax:export"), buyer),
        _cells(p.production_tax, (activity[0], "tax:production"), activity),
        _cells(p.factor_tax, (activity[0], "tax:factor"), activity),
        _cells(p.sales_tax, (region, "tax:sales"), (region, user)),
        _cells(p.direct_tax, (p.direct_tax.index, "tax:direct"), (p.direct_tax.index, "household")),
    ]
    totals = pd.concat(paid).groupby(["row_region", "row_account"], sort=False)["value"].sum()
    where, account = totals.index.get_level_values(0), totals.index.get_level_values(1)
    return [*paid, _cells(totals, (where, "government"), (where, account))]


def _incomes(p: Payments) -> list[pd.DataFrame]:
    earned = p.factor_value.groupby(["factor", "region"], sort=False).sum()
    region = _level(earned, "region")
    r = p.transfer.index
    user = p.sales_tax.index
    outlay = p.final_demand.groupby(["user", "region"]).sum().reindex(user) + p.sales_tax
    investment = outlay.xs("investment", level="user")
    return [
        _cells(earned, (region, "household"), (region, "factor:" + _level(earned, "factor"))),
        _cells(p.transfer, (r, "household"), (r, "government")),
        _cells(p.household_savings, (r, "savings"), (r, "household")),
        _cells(p.government_savings, (r, "savings"), (r, "government")),
        _cells(p.foreign_savings, (r, "savings"), (WORLD, "capital")),
        _cells(investment, (investment.index, "investment"), (investment.index, "savings")),
        _cells(p.pool_transfer, (r, "government"), (WORLD, "pool")),
        *_rents_and_duties(p),
        *_from_abroad(p),
    ]


def _from_abroad(p: Payments) -> list[pd.DataFrame]:
    """Wages sent home through the world's account of them, and income from capital in other members."""
    paid = p.sent_home.groupby("destination").sum()
    received = p.sent_home.groupby("origin").sum()
    income = p.capital_income
    return [
        _cells(paid, (WORLD, "wages"), (paid.index, "household")),
        _cells(received, (received.index, "household"), (WORLD, "wages")),
        _cells(income, (income.index, "household"), (WORLD, "capital-income")),
        _cells(p.profit_abroad, (p.profit_abroad.index, "household"), (WORLD, "profits")),
    ]


def _rents_and_duties(p: Payments) -> list[pd.DataFrame]:
    """Rents from buyers to households, and export duties between governments, through accounts of the world."""
    paid = p.rent.groupby(["sector", "importer"], sort=False).sum()
    if len(p.presence_rent):
        on_presence = p.presence_rent.rename_axis(paid.index.names)
        paid = paid.add(on_presence, fill_value=0.0)  # most rents are on trade alone
    holder, r = p.rent_income, p.duty_transfer
    return [
        _cells(paid, (WORLD, "rent"), (_level(paid, "importer"), "commodity:" + _level(paid, "sector"))),
        _cells(holder, (holder.index, "household"), (WORLD, "rent")),
        _cells(r, (r.index, "government"), (WORLD, "duties")),
    ]
