r"""Oil and gas: rules written in tonnes and dollars turned into instruments, and results back into tonnes.

A duty of :math:`d` USD/t on crude that sells at :math:`p` USD/t including it is a rate on the basic value of

.. math:: t = \frac{d}{p - d}

with duty and price of the same year, so that the rate fits the flows of 2007 whatever the price level. A quota in
Mt is one relative to the tonnage of 2007. What Belarus would pay for gas if Gazprom earned on it what it earns in
Europe is :math:`(1-\tau) p^{EU} - m`, after export duty :math:`\tau` and transport :math:`m`; the mark-up on what
it does pay is a rent of the exporter. Figures: ``data/policy/oil_rules.csv`` and ``energy_prices.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..calibration.benchmark import FLOW, Benchmark
from ..model.results import Solution
from .regimes import Regime, RegimeError
from .schedules import Schedules

CRUDE, GAS, PRODUCTS = "oil", "gas", "ppr"
SELLER, BUYER = "RUS", "BLR"
BASE_YEAR_RULES = "2007"
"""The rules that the benchmark holds already."""
UNDER_QUOTA = ("2010",)
"""Rules with a duty-free amount, which need the choice ``tariff-rate-quota`` in the closure."""
QUOTA_CHOICE = "tariff-rate-quota"
MARKET = "market"

Settings = dict[str, "pd.Series | float"]


def energy_choices(regime: Regime) -> tuple[str, ...]:
    """The choices that the regime's energy rules need in its closure."""
    return (QUOTA_CHOICE,) if regime.oil.rules in UNDER_QUOTA else ()


def energy_settings(
    regime: Regime, benchmark: Benchmark, schedules: Schedules, others: Mapping[str, Any]
) -> Settings:
    """Instruments of a regime's ``[oil]`` and ``[gas]``; none where it keeps the rules of the base year.

    ``others`` are the settings of the regime's other sections: a rent on gas adds to theirs. Raises RegimeError
    when a figure is missing or the economy has no such flow.
    """
    settings: Settings = {}
    if regime.oil.rules not in (None, BASE_YEAR_RULES):
        settings |= _oil(regime, benchmark, Figures(schedules, str(regime.oil.rules)))
    if regime.gas.price == MARKET:
        rules = regime.oil.rules if regime.oil.rules not in (None, BASE_YEAR_RULES) else MARKET
        settings |= _gas_at_market_price(benchmark, Figures(schedules, str(rules)), others)
    return settings


class Figures:
    """The rows of the policy tables that one set of rules refers to."""

    def __init__(self, schedules: Schedules, rules: str):
        self._schedules, self.rules = schedules, rules
        self.year = str(int(self.rule("prices_of_year")))

    def rule(self, item: str) -> float:
        """A figure of the rules; raises RegimeError when it is missing."""
        return self._value("oil_rules", self.rules, item)

    def has_rule(self, item: str) -> bool:
        """Whether the rules have such an item at all."""
        return (self.rules, item) in self._schedules.table("oil_rules").index

    def price(self, item: str, year: str | None = None) -> float:
        """A price, duty or volume of the rules' year or another; raises RegimeError when it is missing."""
        return self._value("energy_prices", year or self.year, item)

    @property
    def crude_rate(self) -> float:
        """The full Russian duty on crude as a rate on its price without duty."""
        price = self.price("crude_price") * self.price("barrels_per_tonne", "all")
        return ad_valorem(self.price("crude_duty"), price, f"crude oil of {self.year}")

    @property
    def product_rate(self) -> float:
        """The duty on Belarus's oil products as a rate on their price without duty."""
        duty = self.rule("product_duty_share") * self.price("product_duty")
        return ad_valorem(duty, self.price("product_price"), f"oil products of {self.year}")

    @property
    def gas_markup(self) -> float:
        """The European price less export duty and transport, over what Belarus pays, less one."""
        net = (1 - self.price("gas_export_duty", "all")) * self.price("gas_price_europe")
        return (net - self.price("gas_transport_to_border", "all")) / self.price("gas_price_belarus") - 1

    @property
    def base_volume(self) -> float:
        """Crude shipped from Russia to Belarus in the base year, Mt."""
        return self.price("crude_to_belarus", BASE_YEAR_RULES)

    def _value(self, table: str, *key: str) -> float:
        found = self._schedules.table(table)
        if key not in found.index:
            raise RegimeError(
                f"data/policy/{table}.csv has no row for {' '.join(key)}. Add it with its source; a missing figure "
                "is not read as zero"
            )
        return float(found["value"][key])


def ad_valorem(duty: float, price: float, what: str) -> float:
    """A specific duty as a rate on the price without it; both in the same unit.

    Raises RegimeError unless 0 <= duty < price.
    """
    if not 0 <= duty < price:
        raise RegimeError(
            f"{what}: a duty of {duty:g} does not lie between nil and the price of {price:g} that includes it. "
            "Likely reason: figures of different years or units"
        )
    return duty / (price - duty)


def _oil(regime: Regime, b: Benchmark, figures: Figures) -> Settings:
    rate = figures.rule("crude_duty_share") * figures.crude_rate
    settings: Settings = {}
    crude = _flow(b, CRUDE)
    if regime.oil.rules in UNDER_QUOTA:
        quota = figures.rule("duty_free_quota") / figures.base_volume
        settings |= {"quota": _at(crude, quota), "over_quota_duty": _at(crude, rate)}
        rate = 0.0
    elif figures.has_rule("duty_free_quota"):
        raise RegimeError(
            f"data/policy/oil_rules.csv gives the rules {figures.rules} a duty-free quota, but only the rules "
            f"{', '.join(UNDER_QUOTA)} are solved with one"
        )
    outside = _taxed_abroad(b, regime.members)
    products = pd.Series(figures.product_rate, index=outside)
    settings["export_tax"] = pd.concat([_at(crude, rate), products])
    remitted = figures.rule("remitted_share")
    if remitted:
        index = pd.MultiIndex.from_tuples(
            [(PRODUCTS, BUYER, SELLER)], names=["sector", "region", "recipient"]
        )
        settings["duty_remitted"] = pd.Series(remitted, index=index)
    return settings


def _gas_at_market_price(b: Benchmark, figures: Figures, others: Mapping[str, Any]) -> Settings:
    """The mark-up on Russian gas as a rent of the exporter, beside whatever rents borders have left there."""
    flow = _flow(b, GAS)
    markup = figures.gas_markup
    rent, held = (_on_flows(others.get(name), b) for name in ("rent", "rent_to_exporter"))
    total = rent[flow] + markup
    if total:
        held[flow] = (held[flow] * rent[flow] + markup) / total
    rent[flow] = total
    return {"rent": rent, "rent_to_exporter": held}


def _on_flows(given: pd.Series | None, b: Benchmark) -> pd.Series:
    nothing = pd.Series(0.0, index=b.exports.index)
    return nothing if given is None else given.reindex(nothing.index).fillna(nothing).copy()


def _flow(b: Benchmark, sector: str) -> tuple[str, str, str]:
    flow = (sector, SELLER, BUYER)
    if flow not in b.exports.index:
        raise RegimeError(
            f"this economy has no trade in {sector} from {SELLER} to {BUYER}, so rules about it have nothing to act "
            "on. Delete [oil] and [gas] from the regime"
        )
    return flow


def _taxed_abroad(b: Benchmark, members: tuple[str, ...]) -> pd.MultiIndex:
    """Belarus's exports of oil products to where they paid export duty in the base year, members apart."""
    rates = b.export_tax
    sector, source, importer = (rates.index.get_level_values(level).to_numpy() for level in range(3))
    chosen = (sector == PRODUCTS) & (source == BUYER) & ~np.isin(importer, members) & (rates.to_numpy() > 0)
    return rates.index[chosen]


def _at(flow: tuple[str, str, str], value: float) -> pd.Series:
    return pd.Series([value], index=pd.MultiIndex.from_tuples([flow], names=FLOW))


def in_tonnes(solution: Solution, schedules: Schedules) -> pd.Series:
    """The oil trade of a solution in physical units and money.

    Crude from Russia to Belarus in all and above the quota (Mt), the premium of the quota and the duty on the crude
    (USD/t at prices of the base year), the rent of the quota, the duty on Belarus's products and what of it went to
    Russia (million USD, numeraire units). Volumes are those of 2007 times relative quantities.
    """
    x, b = solution.state, solution.benchmark
    flow = _flow(b, CRUDE)
    volume = float(schedules.table("energy_prices")["value"][BASE_YEAR_RULES, "crude_to_belarus"])
    unit = float(b.exports[flow]) / volume
    numeraire = x.scalar("numeraire")
    premium = x["quota_premium"][flow] if flow in x["quota_premium"].index else 0.0
    free = float(min(x["quota"][flow], x["shipments"][flow])) if premium else float(x["shipments"][flow])
    over = float(x["shipments"][flow]) - free
    price = x["flow_price"][flow] / numeraire
    products = solution.payments.export_tax.xs((PRODUCTS, BUYER), level=("sector", "source")).sum()
    return pd.Series(
        {
            "crude_mt": volume * x["shipments"][flow],
            "crude_over_quota_mt": volume * over,
            "quota_premium_usd_t": unit * price * premium,
            "crude_duty_usd_t": unit * price * x["export_tax"][flow],
            "crude_duty_usd_mn": solution.payments.export_tax[flow] / numeraire,
            "quota_rent_usd_mn": unit * price * premium * volume * free,
            "product_duty_usd_mn": products / numeraire,
            "passed_on_usd_mn": -solution.payments.duty_transfer[BUYER] / numeraire,
        }
    )
