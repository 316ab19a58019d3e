"""Prices and volumes at one equilibrium in the form that the welfare decomposition multiplies them.

Volumes are million USD at benchmark prices, prices are relative to the benchmark and in units of the numeraire,
so that their product is million USD of the numeraire's purchasing power.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark, foreign
from .accounts import final_volume
from .blocks.factors import CAPITAL
from .state import State

ACTIVITY = ("sector", "region")


@dataclass(frozen=True)
class Layout:
    """What all snapshots of a path share: the benchmark, and how series find their place on each other's index."""

    b: Benchmark
    base: State
    """The benchmark point."""
    _places: dict[tuple[int, int], tuple[pd.Index, pd.Index, np.ndarray]] = field(default_factory=dict)

    def on(
        self, index: pd.Index, series: pd.Series, *levels: str, otherwise: float | None = None
    ) -> pd.Series:
        """A series looked up for every entry of an index, by some of its levels if any are named.

        Where the series has no entry the value is ``otherwise``; without one that is a ``KeyError``.
        """
        key = (id(index), id(series.index))
        if key not in self._places:
            keys = index
            if len(levels) == 1:
                keys = index.get_level_values(levels[0])
            elif levels:
                keys = pd.MultiIndex.from_arrays([index.get_level_values(level) for level in levels])
            self._places[key] = (index, series.index, series.index.get_indexer(keys))
        places = self._places[key][2]
        if not len(series):
            if otherwise is None and len(index):
                raise KeyError(f"{series.name}: no value at {index[0]}.")
            return pd.Series(0.0 if otherwise is None else otherwise, index=index)
        absent = places < 0
        if otherwise is None and absent.any():
            raise KeyError(f"{series.name}: no value at {index[absent][0]}.")
        values = series.to_numpy()[places]
        return pd.Series(np.where(absent, otherwise, values) if absent.any() else values, index=index)

    @cached_property
    def final(self) -> pd.Index:
        """Final demand: (user, sector, region)."""
        return final_volume(self.b, self.base).index

    @cached_property
    def carriage(self) -> pd.Series:
        """Volume of transport on a unit shipped."""
        b = self.b
        return b.margin.reindex(b.exports.index, fill_value=0.0) / b.exports  # no margin cell: no cost

    @cached_property
    def under_oil_agreements(self) -> np.ndarray:
        """Which flows carry a good that the benchmark's quotas and remitted duties name: crude oil and products."""
        b = self.b
        goods = {good for good, *_ in (*b.quota_flows, *b.duty_remittances)}
        chosen: np.ndarray = b.exports.index.get_level_values("sector").isin(goods)
        return chosen

    @cached_property
    def variety_weight(self) -> tuple[pd.Series, pd.Series]:
        r"""What a variety is worth, :math:`1/(\sigma - 1)`, by flow and by home sales; nil where there are none."""
        b = self.b
        many = pd.Series([float(key in b.increasing_returns) for key in b.output.index], index=b.output.index)
        flows, home = b.exports.index, b.domestic_sales.index
        abroad = self.on(flows, many, "sector", "source")
        at_home = self.on(home, many)
        sources = self.on(flows, b.sigma_sources, "sector", "importer")
        armington = self.on(home, b.sigma_armington)
        return (abroad / (sources - 1)).where(abroad > 0.0, 0.0), (at_home / (armington - 1)).where(
            at_home > 0.0, 0.0
        )

    @cached_property
    def stock(self) -> pd.Series:
        """Factors of the benchmark by (factor, region)."""
        return self.b.factor_value.groupby(["factor", "region"]).sum()

    @cached_property
    def committed(self) -> pd.Series:
        """Committed purchases of the benchmark's population at benchmark prices."""
        return self.base["committed_spending"] / self.base["population"]


@dataclass(frozen=True)
class Snapshot:
    """One equilibrium; every property is computed once."""

    layout: Layout
    x: State

    def price(self, name: str) -> pd.Series:
        """A price or payment of the model in units of the numeraire."""
        return self.x[name] / self.x.scalar("numeraire")

    def on_flows(self, series: pd.Series) -> pd.Series:
        """A series of the model on all trade flows (sector, source, importer)."""
        return self.layout.on(self.layout.b.exports.index, series)

    # ---- final demand, by (user, sector, region) ----

    @cached_property
    def final(self) -> pd.Series:
        """Volume of final demand."""
        return pd.Series(final_volume(self.layout.b, self.x).to_numpy(), index=self.layout.final)

    @cached_property
    def market_price(self) -> pd.Series:
        """Price of final demand before sales tax."""
        return self.layout.on(self.layout.final, self.price("composite_price"), *ACTIVITY)

    @cached_property
    def sales_tax(self) -> pd.Series:
        """Sales tax on a unit of final demand."""
        rate = self.layout.on(self.layout.final, self.x["sales_tax_rate"], "user", "region")
        return self.market_price * rate

    @cached_property
    def paid_price(self) -> pd.Series:
        """Price of final demand with sales tax."""
        return self.market_price + self.sales_tax

    # ---- activities, by (sector, region) or (factor, sector, region) ----

    def of_activity(self, series: pd.Series) -> pd.Series:
        """A series of the model on all activities."""
        return self.layout.on(self.layout.b.output.index, series)

    def of_employment(self, series: pd.Series, *levels: str) -> pd.Series:
        """A series of the model on all uses of factors."""
        return self.layout.on(self.layout.b.factor_value.index, series, *levels)

    @cached_property
    def output(self) -> pd.Series:
        """Volume of output."""
        return self.layout.b.output * self.of_activity(self.x["activity"])

    @cached_property
    def production_tax(self) -> pd.Series:
        """Production tax on a unit of output."""
        return self.of_activity(self.x["production_tax"]) * self.of_activity(self.price("output_price"))

    @cached_property
    def revenue(self) -> pd.Series:
        """Revenue after production tax."""
        return (self.of_activity(self.price("output_price")) - self.production_tax) * self.output

    @cached_property
    def log_productivity(self) -> pd.Series:
        """Logarithm of productivity."""
        return np.log(self.of_activity(self.x["productivity"]))

    @cached_property
    def factors(self) -> pd.Series:
        """Volume of factors in use."""
        return self.layout.b.factor_value * self.of_employment(self.x["factor_use"])

    @cached_property
    def wage(self) -> pd.Series:
        """Return to a unit of a factor, before factor tax."""
        return self.of_employment(self.price("rental"))

    @cached_property
    def factor_tax(self) -> pd.Series:
        """Factor tax on a unit of a factor."""
        return self.wage * self.of_employment(self.x["factor_tax"], *ACTIVITY)

    # ---- labour, by (factor, region) ----

    @cached_property
    def employment_rate(self) -> pd.Series:
        """Employed part of the labour force relative to the benchmark."""
        return self.x["employment_rate"]

    @cached_property
    def wage_bill_of_force(self) -> pd.Series:
        """What the labour force, migrants included, would earn at the benchmark's rate of employment."""
        on, kinds = self.layout.on, self.employment_rate.index
        own = on(kinds, self.layout.stock) * on(kinds, self.x["endowment"])
        moved = on(kinds, self.labour_moved, otherwise=0.0)  # nobody moves where no pair is named
        return (own + moved) * on(kinds, self.price("factor_price"))

    # ---- labour and capital from abroad ----

    @cached_property
    def labour_moved(self) -> pd.Series:
        """Labour that has come less what has left, by (factor, region), at the region's benchmark wage."""
        return self.x["labour_moved"]

    @cached_property
    def wage_of_moved(self) -> pd.Series:
        """What a unit of labour that moves earns: the wage times the employed part."""
        on, kinds = self.layout.on, self.labour_moved.index
        return on(kinds, self.price("factor_price")) * on(kinds, self.employment_rate)

    @cached_property
    def sent_home(self) -> pd.Series:
        """What migrants send home, by (factor, origin, destination)."""
        return self.price("sent_home")

    @cached_property
    def spent_abroad(self) -> pd.Series:
        """What migrants spend where they work, in units of utility at benchmark prices, by the same pairs."""
        spent = self.x["migrant_wages"] - self.x["sent_home"]
        return spent / self.layout.on(spent.index, self.x["supernumerary_price"], "destination")

    @cached_property
    def capital_inflow(self) -> pd.Series:
        """Capital at work in the region beyond what it owns, by region of the union."""
        return self.x["capital_inflow"]

    @cached_property
    def return_of_inflow(self) -> pd.Series:
        """What a unit of capital earns in the region."""
        price, members = self.price("factor_price"), self.capital_inflow.index
        earned = [price[CAPITAL, r] for r in members]
        return pd.Series(earned, index=members, dtype=float)

    @cached_property
    def capital_income(self) -> pd.Series:
        """Income from capital in other members less that of others' capital here, by region."""
        return self.price("capital_income")

    # ---- trade, by (sector, source, importer) ----

    @cached_property
    def shipped(self) -> pd.Series:
        """Volume shipped."""
        return self.layout.b.exports * self.on_flows(self.x["shipments"])

    @cached_property
    def basic(self) -> pd.Series:
        """What the seller of a unit shipped keeps."""
        return self.on_flows(self.price("flow_price"))

    @cached_property
    def export_tax(self) -> pd.Series:
        """Export tax on a unit shipped."""
        return self.basic * self.on_flows(self.x["export_tax"])

    @cached_property
    def oil_duty(self) -> pd.Series:
        """Export tax on a unit shipped of the goods that oil agreements name, nil on others."""
        return self.export_tax.where(self.layout.under_oil_agreements, 0.0)

    @cached_property
    def premium(self) -> pd.Series:
        """Premium of a quota on a unit shipped: rent on what is inside the quota, duty on what is above."""
        flows, rate = self.layout.b.exports.index, self.x["quota_premium"]
        return self.basic * self.layout.on(flows, rate, otherwise=0.0)  # no quota, no premium

    @cached_property
    def above_quota(self) -> pd.Series:
        """Volume shipped above a quota. It pays the premium as duty; where quotas are idle the premium is nil."""
        flows = self.layout.b.exports.index
        quota = self.layout.on(flows, self.x["quota"], otherwise=np.inf)  # no quota, nothing above it
        above: pd.Series = (self.on_flows(self.x["shipments"]) - quota).clip(lower=0.0)
        return self.layout.b.exports * above

    @cached_property
    def rent(self) -> pd.Series:
        """Rent and premium of a quota on a unit shipped."""
        return self.basic * self.on_flows(self.x["rent"]) + self.premium

    @cached_property
    def rent_paid(self) -> pd.Series:
        """Rents on the flow, the duty above a quota not among them."""
        return self.on_flows(self.price("rent_paid"))

    @cached_property
    def rent_of_exporter(self) -> pd.Series:
        """Part of the rents on the flow that the exporter's household receives."""
        return self.rent_paid * self.on_flows(self.x["rent_to_exporter"])

    @cached_property
    def rent_of_importer(self) -> pd.Series:
        """Part of the rents on the flow that the importer's household receives."""
        return self.rent_paid - self.rent_of_exporter

    @cached_property
    def presence_volume(self) -> pd.Series:
        """Volume of foreign firms' services in their hosts, before any rent, by (sector, region)."""
        b = self.layout.b
        return b.foreign_sales / (1 + b.presence_rent) * self.x["foreign_demand"]

    @cached_property
    def presence_rent(self) -> pd.Series:
        """Rent on a unit of them."""
        rates = self.x["presence_rent"]
        service = rates.rename(foreign, level="sector").index if len(rates) else rates.index
        price = self.layout.on(service, self.price("composite_price"))
        return pd.Series(rates.to_numpy() * price.to_numpy(), index=rates.index)

    @cached_property
    def presence_rent_paid(self) -> pd.Series:
        """Rents on them."""
        return self.price("presence_rent_paid")

    @cached_property
    def profit_abroad(self) -> pd.Series:
        """Profits from foreign firms elsewhere less those paid to owners abroad, by region."""
        return self.price("profit_abroad")

    @cached_property
    def fob(self) -> pd.Series:
        """Price of a unit shipped at the exporter's border, before any rent."""
        return self.basic + self.export_tax

    @cached_property
    def cif(self) -> pd.Series:
        """Price of a unit shipped at the importer's border: with transport, before rent and duty."""
        transport = self.price("transport_price")
        return self.fob + self.layout.carriage * float(transport.iloc[0]) if len(transport) else self.fob

    @cached_property
    def duty(self) -> pd.Series:
        """Import duty on a unit shipped; rents are part of the value that pays it."""
        return (self.cif + self.rent) * self.on_flows(self.x["import_tariff"])

    @cached_property
    def arriving(self) -> pd.Series:
        """What is paid for the flow, rent and duty included."""
        return (self.cif + self.rent + self.duty) * self.shipped

    @cached_property
    def log_iceberg(self) -> pd.Series:
        """Logarithm of units shipped per unit arriving."""
        return np.log(self.on_flows(self.x["iceberg"]))

    @cached_property
    def log_varieties(self) -> pd.Series:
        """Logarithm of the number of varieties by (sector, region), nil where an activity makes one good."""
        return np.log(self.layout.on(self.layout.b.output.index, self.x["varieties"], otherwise=1.0))

    @cached_property
    def log_varieties_of_seller(self) -> pd.Series:
        """The same by flow."""
        return self.layout.on(self.layout.b.exports.index, self.log_varieties, "sector", "source")

    @cached_property
    def log_varieties_at_home(self) -> pd.Series:
        """The same by home sales."""
        return self.layout.on(self.layout.b.domestic_sales.index, self.log_varieties)

    @cached_property
    def sold_at_home(self) -> pd.Series:
        """What is paid for home goods, by (sector, region)."""
        home = self.layout.b.domestic_sales
        return (
            home
            * self.layout.on(home.index, self.x["domestic_demand"])
            * self.layout.on(home.index, self.price("domestic_price"))
        )

    @cached_property
    def carried(self) -> pd.Series:
        """Volume sold to the transport pool, by (sector, region)."""
        sold = self.layout.b.margin_supply
        return sold * self.layout.on(sold.index, self.x["carrier_supply"])

    @cached_property
    def carrier_price(self) -> pd.Series:
        """Price of what is sold to the transport pool."""
        return self.layout.on(self.layout.b.margin_supply.index, self.price("carrier_price"))

    # ---- transfers and the household, by region ----

    @cached_property
    def pool_transfer(self) -> pd.Series:
        """Receipts from the pool of duties less payments into it."""
        return self.price("pool_transfer")

    @cached_property
    def oil_duty_transfer(self) -> pd.Series:
        """Export duties received from other governments less own ones passed on."""
        return self.price("oil_duty_transfer")

    @cached_property
    def foreign_savings(self) -> pd.Series:
        """Net borrowing abroad, units of the numeraire."""
        return self.x["foreign_savings"]

    @cached_property
    def population(self) -> pd.Series:
        """Population relative to the benchmark."""
        return self.x["population"]

    @cached_property
    def committed_price(self) -> pd.Series:
        """Cost of a person's committed purchases, million USD for the benchmark's population."""
        return self.price("committed_spending") / self.population

    @cached_property
    def utility_price(self) -> pd.Series:
        """Price of what is bought beyond committed purchases, the true price index of utility."""
        return self.price("supernumerary_price")
