"""Demand systems, market balances and price indices of a solution, worked out again from their definitions.

Each check takes the benchmark and a solved :class:`State` and returns the largest relative departure by name.
What a buyer pays or a market holds is computed from primitive prices, rates and quantities, never from the named
expressions of the model under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from eacu.calibration.benchmark import BY_SECTOR, FINAL_USERS, Benchmark
from eacu.model.accounts import Payments, payments
from eacu.model.state import State, at
from tests.support import foreign_principles, mobility_principles
from tests.support.energy_principles import markup, rents_and_duties

Check = Callable[[Benchmark, State], dict[str, float]]
SECTOR_REGION = ("sector", "region")


def _gap(found: pd.Series, expected: pd.Series, scale: pd.Series | float | None = None) -> float:
    """Largest difference relative to the expected value, or to ``scale``."""
    expected = expected.reindex(found.index)
    size = expected if scale is None else scale
    difference = ((found - expected) / size).abs().to_numpy(dtype=float)
    return float(np.max(difference, initial=0.0))  # a missing number is passed on, not skipped


def _largest(gaps: Iterable[float]) -> float:
    """Largest of some gaps, nil of none; a missing number is passed on."""
    return float(np.max(list(gaps), initial=0.0))


def _same_within(values: pd.Series, groups: list[str]) -> float:
    """Largest relative spread of values that ought to be equal within each group."""
    if not len(values):
        return 0.0
    if values.isna().any():
        return float("nan")
    grouped = values.groupby(groups)
    return float((grouped.max() / grouped.min() - 1).abs().max())


_PAID: list[tuple[Benchmark, State, Payments]] = []
"""The payments asked for last."""


def payments_of(b: Benchmark, x: State) -> Payments:
    """The payments of a solution, worked out once for all checks of it."""
    if not _PAID or _PAID[0][0] is not b or _PAID[0][1] is not x:
        _PAID[:] = [(b, x, payments(b, x))]
    return _PAID[0][2]


# ---- prices from primitives -------------------------------------------------------------------------------


def factor_cost(b: Benchmark, x: State) -> pd.Series:
    """Cost of a factor to the activity including tax, relative to the benchmark."""
    index = b.factor_value.index
    price = x["rental_premium"].reindex(index) * at(x["factor_price"], index, "factor", "region")
    tax = (1 + at(x["factor_tax"], index, *SECTOR_REGION)) / (1 + at(b.factor_tax, index, *SECTOR_REGION))
    return price * tax


def landed_price(b: Benchmark, x: State) -> pd.Series:
    """Price of a unit that arrives, duty paid, relative to the benchmark: cost of the benchmark's unit."""
    flows = b.exports.index
    fob = b.exports * x["flow_price"].reindex(flows) * (1 + markup(b, x))
    margin = b.margin.reindex(flows, fill_value=0.0)
    carriage = margin * x.scalar("transport_price") if len(b.margin) else margin
    paid = (fob + carriage) * (1 + x["import_tariff"].reindex(flows)) * x["iceberg"].reindex(flows)
    return paid / b.landed


def purchaser_price(b: Benchmark, x: State, user: str) -> pd.Series:
    """What a final user pays for a good including sales tax, relative to the benchmark."""
    index = b.final_demand(user).index
    power = (1 + x["sales_tax"][user]) * x["sales_tax_power"] / (1 + b.sales_tax[user].reindex(b.regions))
    return x["composite_price"].reindex(index) * at(power.rename("sales tax"), index, "region")


# ---- choices ----------------------------------------------------------------------------------------------


def _response(quantity: pd.Series, price: pd.Series, elasticity: pd.Series) -> pd.Series:
    """Quantity times price to the elasticity: equal over the members of a CES nest."""
    return quantity * price**elasticity


def choices_of_producers(b: Benchmark, x: State) -> dict[str, float]:
    """Elasticities of substitution among factors and of transformation among outlets are the benchmark's."""
    employment = b.factor_value.index
    sigma = at(b.sigma_value_added, employment, *SECTOR_REGION)
    factors = _response(x["factor_use"].reindex(employment), factor_cost(b, x), sigma)
    same = _one_product_everywhere(b)  # it has one price, and buyers decide where it goes
    flows = _without(b.exports.index, same, "sector", "source")
    psi = at(b.omega_destinations, flows, "sector", "source")
    outlets = _response(x["shipments"].reindex(flows), x["flow_price"].reindex(flows), -psi)
    carriers = _without(b.margin_supply.index, same, *SECTOR_REGION)
    pool = _response(
        x["carrier_supply"].reindex(carriers),
        x["carrier_price"].reindex(carriers),
        -at(b.omega_destinations, carriers, *SECTOR_REGION),
    )
    abroad = pd.concat([outlets.groupby(["sector", "source"]).mean().rename_axis(BY_SECTOR), pool])
    return {
        "substitution among factors": _same_within(factors, ["sector", "region"]),
        "transformation among destinations": _same_within(outlets, ["sector", "source"]),
        "transformation towards carriers": _same_within(abroad, BY_SECTOR),
        "transformation of output": _output_mix(b, x),
        "substitution of value added": _input_mix(b, x),
        "one price of one product": _one_product(b, x),
    }


def _one_product_everywhere(b: Benchmark) -> set[tuple[str, str]]:
    """(sector, region) whose product is the same at home and abroad and sold in both."""
    abroad = {(g, r) for g, r, _ in b.exports.index} | set(b.margin_supply.index)
    return set(b.omega_supply.index[np.isinf(b.omega_supply)]) & set(b.domestic_sales.index) & abroad


def _one_good_whatever_its_origin(b: Benchmark) -> set[tuple[str, str]]:
    """(sector, region) whose buyers do not care where the good comes from and buy it at home and abroad."""
    imported = {(g, s) for g, _, s in b.exports.index}
    return set(b.sigma_armington.index[np.isinf(b.sigma_armington)]) & set(b.domestic_sales.index) & imported


def _without(index: pd.MultiIndex, keys: set[tuple[str, str]], *levels: str) -> pd.MultiIndex:
    """Entries of an index whose two levels are none of the keys."""
    pairs = zip(*(index.get_level_values(level) for level in levels), strict=True)
    return index[[pair not in keys for pair in pairs]]


def _one_product(b: Benchmark, x: State) -> float:
    """Prices at home, abroad and of transport where the three are the same product."""
    same = _one_product_everywhere(b)
    home = x["domestic_price"]
    outlets = [(x["flow_price"][flow], flow[:2]) for flow in b.exports.index if flow[:2] in same]
    outlets += [(x["carrier_price"][k], k) for k in b.margin_supply.index if k in same]
    return _largest(abs(price / home[k] - 1) for price, k in outlets)


def _input_mix(b: Benchmark, x: State) -> float:
    """Intermediate goods and the volume of value added, whose price index is worked out from factors."""
    employment, inputs = b.factor_value.index, b.intermediate.index
    cost = factor_cost(b, x)
    sigma = at(b.sigma_value_added, employment, *SECTOR_REGION)
    base = b.factor_value.groupby(BY_SECTOR).sum()
    weighted = b.factor_value * cost ** (1 - sigma)
    price = (weighted.groupby(BY_SECTOR).sum() / base) ** (1 / (1 - b.sigma_value_added.reindex(base.index)))
    paid = (b.factor_value * cost * x["factor_use"].reindex(employment)).groupby(BY_SECTOR).sum()
    volume = paid / (base * price)
    bought_at = at(x["composite_price"].rename_axis(["input", "region"]), inputs, "input", "region")
    bought = payments_of(b, x).intermediate / (b.intermediate * bought_at)
    intermediate = _response(bought, bought_at, at(b.sigma_inputs, inputs, *SECTOR_REGION))
    value_added = _response(volume, price, b.sigma_inputs.reindex(volume.index))
    return _gap(intermediate, at(value_added.rename("value added"), inputs, *SECTOR_REGION))


def _output_mix(b: Benchmark, x: State) -> float:
    """Home sales and the volume of exports, whose price index is worked out from destinations."""
    flows, carriers = b.exports.index, b.margin_supply.index
    psi = b.omega_destinations
    base = pd.concat([b.exports.groupby(["sector", "source"]).sum().rename_axis(BY_SECTOR), b.margin_supply])
    base = base.groupby(BY_SECTOR).sum()
    weights = [
        (b.exports * x["flow_price"].reindex(flows) ** (1 + at(psi, flows, "sector", "source")))
        .groupby(["sector", "source"])
        .sum()
        .rename_axis(BY_SECTOR),
        b.margin_supply * x["carrier_price"].reindex(carriers) ** (1 + at(psi, carriers, *SECTOR_REGION)),
    ]
    inside = pd.concat(weights).groupby(BY_SECTOR).sum() / base
    price = inside ** (1 / (1 + psi.reindex(base.index)))
    value = pd.concat(
        [
            (b.exports * x["shipments"] * x["flow_price"].reindex(flows))
            .groupby(["sector", "source"])
            .sum()
            .rename_axis(BY_SECTOR),
            b.margin_supply * x["carrier_supply"] * x["carrier_price"].reindex(carriers),
        ]
    )
    volume = value.groupby(BY_SECTOR).sum() / (base * price)
    both = [k for k in base.index if k in b.domestic_sales.index and k not in _one_product_everywhere(b)]
    index = pd.MultiIndex.from_tuples(both, names=BY_SECTOR)
    omega = b.omega_supply.reindex(index)
    home = _response(x["domestic_demand"].reindex(index), x["domestic_price"].reindex(index), -omega)
    return _gap(_response(volume.reindex(index), price.reindex(index), -omega), home)


def choices_of_importers(b: Benchmark, x: State) -> dict[str, float]:
    """Elasticities of substitution among sources, and between home good and imports, are the benchmark's.

    Where origins do not matter the good has one price, and what is not imported comes from home.
    """
    keys = ["sector", "importer"]
    landed = landed_price(b, x)
    arrivals = x["shipments"] / x["iceberg"].reindex(b.exports.index)
    flows = _without(b.exports.index, _one_good_whatever_its_origin(b), *keys)
    sigma = at(b.sigma_sources, flows, *keys)
    firms = at(number_of_firms(b, x), b.exports.index, "sector", "source")
    sources = _response((arrivals / firms).reindex(flows), landed.reindex(flows), sigma)
    base = b.landed.reindex(flows).groupby(keys).sum().rename_axis(BY_SECTOR)
    inside = (b.landed * firms * landed).reindex(flows) * landed.reindex(flows) ** -sigma
    price = (inside.groupby(keys).sum().rename_axis(BY_SECTOR) / base) ** (
        1 / (1 - b.sigma_sources.reindex(base.index))
    )
    paid = (b.landed * landed * arrivals).reindex(flows).groupby(keys).sum().rename_axis(BY_SECTOR)
    volume = paid / (base * price)
    both = pd.MultiIndex.from_tuples([k for k in base.index if k in b.domestic_sales.index], names=BY_SECTOR)
    armington = b.sigma_armington.reindex(both)
    each = x["domestic_demand"] / number_of_firms(b, x).reindex(x["domestic_demand"].index)
    home = _response(each.reindex(both), x["domestic_price"].reindex(both), armington)
    office = foreign_principles.office_volume(
        b, x
    )  # what foreign firms import is no choice between home and abroad
    direct = (volume * base).sub(office, fill_value=0.0) / base.sub(b.head_office_services, fill_value=0.0)
    imported = _response(direct.reindex(both), price.reindex(both), armington)
    present = foreign_principles.here(b, each, "foreign")
    present = _response(
        present, foreign_principles.price_paid(b, x), b.sigma_armington.reindex(present.index)
    )
    return {
        "substitution of foreign firms": _gap(present, home.reindex(present.index)),
        "substitution among sources": _same_within(sources, keys),
        "substitution of imports": _gap(imported, home),
        "what melts is shipped": _gap(x["arrivals"], arrivals),
        "firms of one size": _gap(x["varieties"], number_of_firms(b, x)),
        "price of varieties": _price_of_varieties(b, x, landed),
    } | _one_good(b, x, landed, arrivals)


def number_of_firms(b: Benchmark, x: State) -> pd.Series:
    """Firms relative to the benchmark: under monopolistic competition their size is that of the fixed cost."""
    firms = pd.Series(1.0, index=b.output.index, name="number of firms")
    many = list(b.increasing_returns)
    firms[many] = x["activity"][many] / x["fixed_cost"][many]
    return firms


def _price_of_varieties(b: Benchmark, x: State, landed: pd.Series) -> float:
    """The price of a composite is that of one nest of all varieties, whatever their origin."""
    firms, gaps = number_of_firms(b, x), []
    for g in sorted({sector for sector, _ in b.increasing_returns}):
        for s in b.regions:
            sellers = [f for f in b.exports.index if (f[0], f[2]) == (g, s)]
            terms = [(b.landed[f], firms[f[:2]], landed[f]) for f in sellers]
            if (g, s) in b.domestic_sales.index:
                terms.append((b.domestic_sales[g, s], firms[g, s], x["domestic_price"][g, s]))
            if (g, s) in b.foreign_sales.index:
                terms.append((-b.head_office_services[g, s], 1.0, x["import_price"][g, s]))
                paid = foreign_principles.price_paid(b, x)[g, s]
                terms.append((b.foreign_sales[g, s], firms[f"{g}-foreign", s], paid))
            if not terms:
                continue
            power = 1 - b.sigma_armington[g, s]
            price = (sum(v * n * p**power for v, n, p in terms) / sum(v for v, _, _ in terms)) ** (1 / power)
            gaps.append(abs(x["composite_price"][g, s] / price - 1))
    return _largest(gaps)


def _one_good(b: Benchmark, x: State, landed: pd.Series, arrivals: pd.Series) -> dict[str, float]:
    """Price and volume of goods whose origin does not matter."""
    prices, volumes = [], []
    for key in sorted(_one_good_whatever_its_origin(b)):
        flows = [f for f in b.exports.index if (f[0], f[2]) == key]
        price = x["composite_price"][key]
        prices += [abs(landed[f] / price - 1) for f in flows]
        prices.append(abs(x["domestic_price"][key] / price - 1))
        volume = b.domestic_sales[key] * x["domestic_demand"][key]
        volume += sum(b.landed[f] * arrivals[f] for f in flows)
        volumes.append(abs(volume / (b.absorption[key] * x["composite"][key]) - 1))
    return {"one price of one good": _largest(prices), "volume of one good": _largest(volumes)}


def choices_of_carriers(b: Benchmark, x: State) -> dict[str, float]:
    """Carriers' receipts keep their shares, and the pool makes of their services what all shipments need."""
    supplied = x["carrier_supply"].reindex(b.margin_supply.index)
    receipts = supplied * x["carrier_price"].reindex(supplied.index)
    share = b.margin_supply / b.margin_supply.sum()
    made = float(np.prod((supplied**share).to_numpy()))
    served = float((b.margin * x["shipments"].reindex(b.margin.index)).sum() / b.margin.sum())
    return {
        "shares of carriers": float(receipts.max() / receipts.min() - 1),
        "transport made of services": abs(x.scalar("transport_volume") / made - 1),
        "volume of transport": abs(x.scalar("transport_volume") / served - 1),
    }


def choices_of_households(b: Benchmark, x: State) -> dict[str, float]:
    """The linear expenditure system with the benchmark's income elasticities and Frisch parameter.

    Marginal budget shares are budget shares times income elasticities; committed quantities follow from the
    Frisch parameter.
    """
    goods = b.household_demand.index
    value = b.household_demand * (1 + at(b.sales_tax["household"], goods, "region"))
    share = value / at(value.groupby("region").sum(), goods, "region")
    eta = _income_elasticities(b, share)
    committed = value * (1 + eta / at(b.frisch, goods, "region")) * at(x["population"], goods, "region")
    price = purchaser_price(b, x, "household")
    sigma = at(b.sigma_consumption, goods, "region")
    left = (value * x["household_demand"] - committed) * price**sigma / (share * eta)
    spent = (value * x["household_demand"] * price).groupby("region").sum()
    return {
        "linear expenditure system": _same_within(left, ["region"]),
        "household spending": _gap(spent, x["household_spending"]),
    }


def _income_elasticities(b: Benchmark, share: pd.Series) -> pd.Series:
    """One factor per region scales the given elasticities to Engel aggregation; none exceeds minus Frisch."""
    given = b.income_elasticity.reindex(share.index)
    found = given.copy()
    for r, eta in given.groupby("region"):
        weight, limit, base = share[eta.index].to_numpy(), -float(b.frisch[r]), eta.to_numpy()

        def excess(scale: float, base=base, weight=weight, limit=limit) -> float:
            return float(weight @ np.minimum(scale * base, limit)) - 1

        scale = brentq(excess, 0, 1e3, xtol=1e-15, rtol=1e-14)
        found[eta.index] = np.minimum(scale * base, limit)
    return found


# ---- markets and budgets ----------------------------------------------------------------------------------


def _factor_balance(b: Benchmark, x: State) -> tuple[pd.Series, pd.Series]:
    """Use and supply of each factor; of labour, the employed part of the labour force is supplied."""
    used = (
        (b.factor_value * x["factor_use"].reindex(b.factor_value.index)).groupby(["factor", "region"]).sum()
    )
    force = b.factor_value.groupby(["factor", "region"]).sum() * x["endowment"]
    force = force + mobility_principles.moved(b, x, force.index)
    rate = x["unemployment_rate"]
    jobs = ((1 - rate * x["unemployment"]) / (1 - rate)).reindex(force.index, fill_value=1.0)
    return used, force * jobs


def markets(b: Benchmark, x: State) -> dict[str, float]:
    """Factors, composite goods and home goods: what is supplied is used."""
    used, supply = _factor_balance(b, x)
    p = payments_of(b, x)
    price, inputs = x["composite_price"], b.intermediate.index
    bought = p.intermediate / at(price.rename_axis(["input", "region"]), inputs, "input", "region")
    final = p.final_demand / at(price, p.final_demand.index, *SECTOR_REGION)
    demand = [
        bought.groupby(["input", "region"]).sum().rename_axis(BY_SECTOR),
        final.groupby(["sector", "region"]).sum(),
    ]
    present = foreign_principles.sales(b, x)
    present.index = foreign_principles.account(b, "foreign")
    demand.append(present / price.reindex(present.index))
    absorbed = pd.concat(demand).groupby(BY_SECTOR).sum()
    return {
        "factor markets": _gap(used, supply),
        "composite goods": _gap(b.absorption * x["composite"], absorbed),
    }


def excess_demand(b: Benchmark, x: State, factor: str, region: str) -> float:
    """Value of what is demanded of a factor beyond its supply, as a share of benchmark world GDP."""
    used, supply = _factor_balance(b, x)
    key = (factor, region)
    value = (used[key] - supply[key]) * x["factor_price"][key]
    return float(value / (x.scalar("numeraire") * b.gdp.sum()))


def budgets(b: Benchmark, x: State) -> dict[str, float]:
    """Incomes and savings from the payments of the solution."""
    p = payments_of(b, x)
    earned = p.factor_value.groupby("region").sum().reindex(b.regions)
    retained = (1 - x["direct_tax"]) * x["direct_tax_retention"]
    abroad, guests, capital = mobility_principles.money_from_abroad(b, x)
    fees, profits = foreign_principles.rents(b, x), foreign_principles.profits_abroad(b, x)
    taxed = earned + capital + fees
    disposable = taxed * retained + x["transfer"] + x["rent_income"] + abroad + profits
    numeraire = x.scalar("numeraire")
    spending = {
        user: p.final_demand.xs(user, level="user").groupby("region").sum().reindex(b.regions)
        for user in FINAL_USERS
    }
    saved = (
        x["household_savings"]
        + x["government_savings"] * x["investment_price"]
        + x["foreign_savings"] * numeraire
    )
    power = {user: (1 + x["sales_tax"][user]) * x["sales_tax_power"] for user in FINAL_USERS}
    with_tax = {user: spending[user] * power[user] for user in FINAL_USERS}
    gdp = b.gdp.reindex(b.regions) * numeraire
    return {
        "factor income": _gap(x["factor_income"], earned),
        "disposable income": _gap(x["disposable_income"], disposable),
        "savings pay for investment": _gap(saved, with_tax["investment"], gdp),
        "household budget": _gap(
            with_tax["household"] + x["household_savings"], x["disposable_income"] + guests, gdp
        ),
        "direct tax": _gap(x["direct_tax_revenue"], taxed * (1 - retained), gdp),
        "government's savings ratio": _gap(
            x["government_savings_ratio"] * with_tax["government"],
            x["government_savings"] * x["investment_price"],
            gdp,
        ),
        "savings rate": _gap(x["savings_rate"] * x["disposable_income"], x["household_savings"], gdp),
        "real transfer": _gap(x["real_transfer"] * consumer_price(b, x), x["transfer"], gdp),
    }


def customs(b: Benchmark, x: State) -> dict[str, float]:
    """Duties are collected on the cif value, pooled on imports from outside, and shared by the keys."""
    duty = payments_of(b, x).duty
    source, importer = (duty.index.get_level_values(k) for k in ("source", "importer"))
    member = x["union_member"]
    inside = member.reindex(source).to_numpy() * member.reindex(importer).to_numpy()
    collected = duty.groupby("importer").sum().reindex(b.regions)
    outside = (duty * (1 - inside)).groupby("importer").sum().reindex(b.regions)
    pooled = outside * x["pooled"]
    received = collected - pooled + x["pool_share"] * pooled.sum()
    size = float(collected.abs().max())
    return {
        "duties collected": _gap(x["tariff_collected"], collected, size),
        "duties pooled": _gap(x["pool_contribution"], pooled, size),
        "duties received": _gap(x["tariff_received"], received, size),
        "the pool is shared out": abs(float(x["pool_transfer"].sum())) / size,
    }


# ---- definitions ------------------------------------------------------------------------------------------


def consumer_price(b: Benchmark, x: State) -> pd.Series:
    """Laspeyres index of what the household pays."""
    base = b.household_demand
    basket = (base * purchaser_price(b, x, "household")).groupby("region").sum()
    return (basket / base.groupby("region").sum()).reindex(b.regions)


def real_wage(b: Benchmark, x: State) -> pd.Series:
    """Market wage of each kind of labour over consumer prices."""
    labour = x["unemployment"].index
    cpi = consumer_price(b, x).rename("consumer price")
    return at(x["factor_price"], labour, "factor", "region") / at(cpi, labour, "region")


def _basket_price(b: Benchmark, x: State, user: str, sigma: pd.Series) -> pd.Series:
    """CES index of what a final user pays, Cobb-Douglas where the elasticity is one."""
    goods = b.final_demand(user)
    weights = goods / at(goods.groupby("region").sum(), goods.index, "region")
    price = purchaser_price(b, x, user)
    found = {}
    for r in b.regions:
        w, p, power = weights.xs(r, level="region"), price.xs(r, level="region"), 1 - sigma[r]
        found[r] = np.exp((w * np.log(p)).sum()) if power == 0 else (w * p**power).sum() ** (1 / power)
    return pd.Series(found).rename_axis("region")


def price_indices(b: Benchmark, x: State) -> dict[str, float]:
    """Price levels, the numeraire, real wages, the return to capital and the real exchange rate."""
    cpi = consumer_price(b, x)
    government = _basket_price(b, x, "government", b.sigma_government)
    investment = _basket_price(b, x, "investment", b.sigma_investment)
    found = {
        "consumer price": _gap(x["consumer_price"], cpi),
        "numeraire": abs(x["consumer_price"][b.numeraire_region] / x.scalar("numeraire") - 1),
        "government price": _gap(x["government_price"], government),
        "investment price": _gap(x["investment_price"], investment),
    }
    return found | _factor_definitions(b, x, investment) | _exchange_rate(b, x)


def _factor_definitions(b: Benchmark, x: State, price: pd.Series) -> dict[str, float]:
    wage = real_wage(b, x)
    on_curve = wage ** (1 / -0.1)
    capital = b.factor_value.index.get_level_values("factor") == "capital"
    stock = b.factor_value[capital]
    use = stock * x["factor_use"].reindex(stock.index)
    paid = x["rental_premium"].reindex(stock.index) * at(x["factor_price"], stock.index, "factor", "region")
    here = stock.groupby("region").sum() * x["endowment"].xs("capital", level="factor")
    here = here + x["capital_inflow"].reindex(here.index, fill_value=0.0)
    earned = (use * paid).groupby("region").sum() / here
    accumulated = x["investment_rate"] * x["endowment"].xs("capital", level="factor")
    return {
        "wage curve": _gap(x["unemployment"], on_curve + x["off_wage_curve"], on_curve),
        "return to capital": _gap(x["capital_return"], earned / price),
        "investment rate": _gap(x["investment"], accumulated),
    }


def _exchange_rate(b: Benchmark, x: State) -> dict[str, float]:
    flows = b.exports.index
    abroad = np.asarray(flows.get_level_values("source") != flows.get_level_values("importer"))
    duty = (1 + x["import_tariff"].reindex(flows)) / (1 + b.import_tariff)
    cif = (b.cif * landed_price(b, x) / duty / x["iceberg"].reindex(flows))[abroad]
    border = cif.groupby("importer").sum() / b.cif[abroad].groupby("importer").sum()
    home = (b.domestic_sales * x["domestic_price"]).groupby("region").sum()
    rate = border / (home / b.domestic_sales.groupby("region").sum())
    size = float(b.gdp.sum()) * x.scalar("numeraire")
    return {
        "real exchange rate": _gap(x["real_exchange_rate"], rate.rename_axis("region")),
        "world savings": abs(float(x["foreign_savings"].sum()) - x.scalar("foreign_savings_gap")) / size,
    }


CHECKS: dict[str, Check] = {
    "producers": choices_of_producers,
    "importers": choices_of_importers,
    "carriers": choices_of_carriers,
    "households": choices_of_households,
    "markets": markets,
    "budgets": budgets,
    "customs": customs,
    "rents and duties": rents_and_duties,
    "price indices": price_indices,
    "mobility": mobility_principles.mobility,
}
