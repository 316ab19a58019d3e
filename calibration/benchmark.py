"""The benchmark: what the base year was, read off a balanced SAM.

Flows are million USD at base-year prices, rates are fractions of the stated base, elasticities are pure
numbers. The series are sparse: an index entry exists exactly where the flow is positive, so that "no trade"
never becomes "trade of size zero" in the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .sam import Sam

FLOW = ["sector", "source", "importer"]
BY_SECTOR = ["sector", "region"]
FINAL_USERS = ("household", "government", "investment")
SECTOR_ELASTICITIES = (
    "sigma_value_added",
    "sigma_armington",
    "sigma_sources",
    "omega_supply",
    "omega_destinations",
    "income_elasticity",
)
FORMS = {"sigma_inputs": 0.0, "sigma_consumption": 1.0, "sigma_government": 0.0, "sigma_investment": 0.0}
"""Elasticities that need not be given, with the functional form that holds then: intermediate goods and value
added, the baskets of government and investment in fixed proportions, supernumerary consumption in fixed shares."""
PERFECT = ("sigma_armington", "omega_supply")
"""Elasticities that may be infinite: goods of different origin, or sold at home and abroad, are then the same good."""


def foreign(sector: str) -> str:
    """Activity and commodity of the foreign firms present in a region that make a service (see ``foreign_firms``)."""
    return f"{sector}-foreign"


def head_office(sector: str) -> str:
    """The commodity of imported services that those foreign firms use."""
    return f"{sector}-office"


class BenchmarkError(ValueError):
    """The SAM or the elasticities describe no admissible benchmark; the message names table and keys."""


@dataclass(frozen=True)
class Benchmark:
    """Value flows, rates, balances and elasticities of the base year (million USD, fractions, pure numbers).

    Index levels: ``intermediate`` (input, sector, region); ``factor_value`` (factor, sector, region);
    bilateral series (sector, source, importer); ``sales_tax`` (user, region) with the users
    :data:`FINAL_USERS`; others (sector, region) or (region).
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    factors: tuple[str, ...]
    year: int
    sam: pd.DataFrame
    # value flows
    intermediate: pd.Series
    """Purchases of a good by an activity, at market price (input taxes are part of production taxes)."""
    factor_value: pd.Series
    """Factor payments net of factor tax."""
    domestic_sales: pd.Series
    """Sales of the activity at home, basic price."""
    exports: pd.Series
    """Basic value before export tax; source == importer is an aggregate region's trade with itself."""
    margin_supply: pd.Series
    """Sales of the activity to the pool of international transport."""
    margin: pd.Series
    """Cost of international transport on the flow."""
    household_demand: pd.Series
    """Purchases at market price, before sales tax; so are the next two."""
    government_demand: pd.Series
    investment_demand: pd.Series
    # rates
    import_tariff: pd.Series
    """Rate on the cif value (exports + export tax + margin)."""
    export_tax: pd.Series
    """Rate on the fob value before tax."""
    sales_tax: pd.Series
    """Rate on the purchases of a final user at market price, uniform over goods; by (user, region)."""
    production_tax: pd.Series
    """Rate on the value of output."""
    factor_tax: pd.Series
    """Rate on net factor cost, the same for all factors of the activity."""
    direct_tax: pd.Series
    """Rate on the region's factor income."""
    # balances
    transfer: pd.Series
    """Lump sum from government to household."""
    household_savings: pd.Series
    government_savings: pd.Series
    foreign_savings: pd.Series
    # elasticities
    sigma_value_added: pd.Series
    sigma_armington: pd.Series
    sigma_sources: pd.Series
    omega_supply: pd.Series
    omega_destinations: pd.Series
    income_elasticity: pd.Series
    frisch: pd.Series
    sigma_inputs: pd.Series
    """Between intermediate goods and value added."""
    sigma_consumption: pd.Series
    """Among goods in the household's supernumerary consumption; by region, as the next two."""
    sigma_government: pd.Series
    sigma_investment: pd.Series
    numeraire_region: str
    # physical side data, attached by the modules named; without them the mechanism does not exist
    members: tuple[str, ...] = ()
    """The customs union of the day: its members share a market for capital where a closure says so."""
    workers: pd.Series = field(default_factory=lambda: _empty("factor", "region"))
    """Persons employed, thousands, where labour may migrate (see ``mobility``)."""
    migrant_productivity: pd.Series = field(default_factory=lambda: _empty("factor", "origin", "destination"))
    """Work of a migrant in units of a local worker's, for each pair that labour may move between."""
    remitted: pd.Series = field(default_factory=lambda: _empty("factor", "origin", "destination"))
    """Share of a migrant's wage after tax that is sent home, by the same pairs."""
    quota_flows: tuple[tuple[str, str, str], ...] = ()
    """Flows (sector, source, importer) that a tariff-rate quota of the exporter may apply to."""
    duty_remittances: tuple[tuple[str, str, str], ...] = ()
    """(sector, region, recipient): whose export duty may be passed on to whose government."""
    increasing_returns: tuple[tuple[str, str], ...] = ()
    """(sector, region) under monopolistic competition with free entry (see ``market_structure``)."""
    foreign_sales: pd.Series = field(default_factory=lambda: _empty("sector", "region"))
    """Sales of foreign firms present in the region, by service, where the SAM is so divided (see ``foreign_firms``)."""
    presence_rent: pd.Series = field(default_factory=lambda: _empty("sector", "region"))
    """Rate of the rent on those sales, on their value before it."""
    head_office_services: pd.Series = field(default_factory=lambda: _empty("sector", "region"))
    """Imports of the service that those firms use as inputs."""
    foreign_ownership: pd.Series = field(default_factory=lambda: _empty("sector", "region"))
    """Share of foreign owners in what those firms earn on their specific capital, beyond the base year."""

    @classmethod
    def from_sam(
        cls,
        sam: Sam,
        elasticities: pd.DataFrame,
        *,
        year: int = 2007,
        regions: tuple[str, ...] | None = None,
        sectors: tuple[str, ...] | None = None,
        factors: tuple[str, ...] | None = None,
        numeraire_region: str | None = None,
    ) -> Benchmark:
        """Read flows off the SAM, divide payments by their bases to get rates, attach elasticities.

        ``elasticities`` has the columns region, sector, parameter, value; the parameters are
        :data:`SECTOR_ELASTICITIES` by region and sector and ``frisch`` by region (its sector cell is empty);
        those of :data:`FORMS` may be added, ``sigma_inputs`` by region and sector, the others by region.
        ``regions``, ``sectors``, ``factors`` fix the order (default: that of the SAM) and must name the
        SAM's own members. The numeraire is the consumer price of ``numeraire_region`` (default ROW, else the
        last region).

        Raises :class:`BenchmarkError` on a missing or duplicate elasticity, an inadmissible rate or
        elasticity, or a tax without a base.
        """
        regions = _ordered("regions", regions, sam.regions)
        sectors = _ordered("sectors", sectors, sam.sectors)
        factors = _ordered("factors", factors, sam.factors)
        if numeraire_region is None:
            numeraire_region = "ROW" if "ROW" in regions else regions[-1]
        if numeraire_region not in regions:
            raise BenchmarkError(
                f"Numeraire region {numeraire_region!r} is not one of the SAM's regions {regions}."
            )
        flows = _Flows(sam, regions, sectors, factors)
        values = flows.values() | flows.balances()
        values |= flows.rates(values)
        keys = values["demand_keys"]
        del values["demand_keys"]
        parts: dict[str, Any] = {**values, **_elasticities(elasticities, keys, regions)}
        benchmark = cls(
            regions=regions,
            sectors=sectors,
            factors=factors,
            year=year,
            sam=sam.table.copy(),
            numeraire_region=numeraire_region,
            **parts,
        )
        _check_rates(benchmark)
        return benchmark

    def reread(self, sam: Sam, sectors: tuple[str, ...], factors: tuple[str, ...]) -> Benchmark:
        """The benchmark with flows, rates and balances of another SAM of the same regions; all else as it is.

        For a SAM in which accounts of this one are divided: households' incomes, and so the rates of direct tax, are
        the same. Elasticities of new sectors are the caller's to add.
        """
        flows = _Flows(sam, self.regions, sectors, factors)
        values = flows.values() | flows.balances()
        values |= flows.rates(values)
        del values["demand_keys"], values["direct_tax"]
        parts: dict[str, Any] = {**values}
        changed = replace(self, sectors=sectors, factors=factors, sam=sam.table.copy(), **parts)
        _check_rates(changed)
        return changed

    @cached_property
    def output(self) -> pd.Series:
        """Value of output at basic prices including production tax, by (sector, region)."""
        by_source = self.exports.groupby(["sector", "source"], sort=False).sum().rename_axis(BY_SECTOR)
        parts = [self.domestic_sales, by_source, self.margin_supply]
        total = pd.concat(parts).groupby(level=BY_SECTOR, sort=False).sum()
        return _order(total, (self.sectors, self.regions)).rename("output")

    @cached_property
    def fob(self) -> pd.Series:
        """Exports including export tax, by (sector, source, importer)."""
        return (self.exports * (1 + self.export_tax)).rename("fob")

    @cached_property
    def cif(self) -> pd.Series:
        """Imports at the border of the importer, before duty, by (sector, source, importer)."""
        return self.fob.add(self.margin, fill_value=0.0).reindex(self.exports.index).rename("cif")

    @cached_property
    def landed(self) -> pd.Series:
        """Imports including duty, by (sector, source, importer)."""
        return (self.cif * (1 + self.import_tariff)).rename("landed")

    @cached_property
    def absorption(self) -> pd.Series:
        """Armington composite at market price, by (sector, region)."""
        imports = self.landed.groupby(["sector", "importer"], sort=False).sum().rename_axis(BY_SECTOR)
        parts = [self.domestic_sales, imports, *self._between_commodities()]
        total = pd.concat(parts).groupby(level=BY_SECTOR, sort=False).sum()
        return _order(total, (self.sectors, self.regions)).rename("absorption")

    def _between_commodities(self) -> list[pd.Series]:
        """What a composite holds besides home goods and imports, and what of its imports goes elsewhere, signed."""
        if not len(self.foreign_sales):
            return []
        office = self.head_office_services
        return [self.foreign_sales, -office, office.rename(head_office, level="sector")]

    def _rents(self) -> pd.Series | float:
        """Rents on the presence of foreign firms, by region, which pay direct tax as factor income does."""
        if not len(self.foreign_sales):
            return 0.0
        paid = self.foreign_sales * self.presence_rent / (1 + self.presence_rent)
        return paid.groupby("region").sum().reindex(self.regions, fill_value=0.0)

    @cached_property
    def tax_revenue(self) -> pd.DataFrame:
        """Revenue by region (rows) and tax (columns production, factor, sales, export, import, direct)."""
        by_user = {user: self.final_demand(user).groupby("region").sum() for user in FINAL_USERS}
        sales = self.sales_tax * pd.concat(by_user, names=["user"]).reindex(self.sales_tax.index)
        factor_cost = self.factor_value.groupby(["sector", "region"]).sum()
        parts = {
            "production": (self.output * self.production_tax).groupby("region").sum(),
            "factor": (factor_cost * self.factor_tax).groupby("region").sum(),
            "sales": sales.groupby("region").sum(),
            "export": (self.exports * self.export_tax).groupby("source").sum(),
            "import": (self.cif * self.import_tariff).groupby("importer").sum(),
            "direct": (self.factor_value.groupby("region").sum() + self._rents()) * self.direct_tax,
        }
        index = pd.Index(self.regions, name="region")
        # A region without exports or imports has no flow to tax: its revenue is zero.
        return pd.DataFrame({tax: revenue.reindex(index, fill_value=0.0) for tax, revenue in parts.items()})

    def final_demand(self, user: str) -> pd.Series:
        """Purchases of a final user at market price, by (sector, region)."""
        series: pd.Series = getattr(self, f"{user}_demand")
        return series

    @cached_property
    def gdp(self) -> pd.Series:
        """Gross domestic product at market prices by the expenditure side, by region."""
        total = pd.Series(0.0, index=pd.Index(self.regions, name="region"))
        for user in FINAL_USERS:
            spending = self.final_demand(user).groupby("region").sum() * (1 + self.sales_tax[user])
            total += spending.reindex(total.index)
        total += self.margin_supply.groupby("region").sum().reindex(total.index, fill_value=0.0)
        total += self.fob.groupby("source").sum().reindex(total.index, fill_value=0.0)
        total -= self.cif.groupby("importer").sum().reindex(total.index, fill_value=0.0)
        return total.rename("gdp")


def _empty(*levels: str) -> pd.Series:
    """A series without entries: what it describes does not exist."""
    index = pd.MultiIndex.from_arrays([[] for _ in levels], names=levels)
    return pd.Series([], index=index, dtype=float)


class _Flows:
    """Looks up blocks of the SAM by the kind of row and column account."""

    def __init__(
        self, sam: Sam, regions: tuple[str, ...], sectors: tuple[str, ...], factors: tuple[str, ...]
    ) -> None:
        self.regions, self.sectors, self.factors = regions, sectors, factors
        table = sam.table[sam.table["value"] != 0].copy()
        for side in ("row", "column"):
            head, tail = _split(table[f"{side}_account"])
            table[f"{side}_kind"], table[f"{side}_name"] = head, tail
        self.cells = table

    def _select(self, row: str, column: str) -> pd.DataFrame:
        return self.cells[(self.cells["row_kind"] == row) & (self.cells["column_kind"] == column)]

    def _series(self, row: str, column: str, **levels: str) -> pd.Series:
        """Values of a block, indexed by the named levels, each taken from the given column of the cells."""
        block = self._select(row, column)
        index: pd.Index = pd.MultiIndex.from_frame(
            block[list(levels.values())].set_axis(list(levels), axis=1)
        )
        if len(levels) == 1:
            index = index.get_level_values(0)
        orders = {
            "region": self.regions,
            "source": self.regions,
            "importer": self.regions,
            "factor": self.factors,
        }
        series = pd.Series(block["value"].to_numpy(float), index=index)
        return _order(series, tuple(orders.get(level, self.sectors) for level in levels))

    def values(self) -> dict[str, pd.Series]:
        """Value flows of the benchmark."""
        final = {"sector": "row_name", "region": "column_region"}
        sales = self._series(
            "activity", "commodity", sector="row_name", source="row_region", importer="column_region"
        )
        at_home = sales.index.get_level_values("source") == sales.index.get_level_values("importer")
        intra = self._series(
            "intra", "commodity", sector="row_name", source="row_region", importer="column_region"
        )
        exports = _order(pd.concat([sales[~at_home], intra]), (self.sectors, self.regions, self.regions))
        return {
            "intermediate": self._series(
                "commodity", "activity", input="row_name", sector="column_name", region="column_region"
            ),
            "factor_value": self._series(
                "factor", "activity", factor="row_name", sector="column_name", region="column_region"
            ),
            "domestic_sales": sales[at_home].droplevel("importer").rename_axis(BY_SECTOR),
            "exports": exports,
            "margin_supply": self._series("activity", "margin", sector="row_name", region="row_region"),
            "margin": self._series(
                "margin", "commodity", sector="column_name", source="row_name", importer="column_region"
            ),
            "household_demand": self._series("commodity", "household", **final),
            "government_demand": self._series("commodity", "government", **final),
            "investment_demand": self._series("commodity", "investment", **final),
        }

    def balances(self) -> dict[str, pd.Series]:
        """Transfer and the three sources of savings by region; an absent cell is a payment of zero."""
        pairs = {
            "transfer": ("household", "government", "row_region"),
            "household_savings": ("savings", "household", "row_region"),
            "government_savings": ("savings", "government", "row_region"),
            "foreign_savings": ("savings", "capital", "row_region"),
        }
        index = pd.Index(self.regions, name="region")
        return {
            name: self._series(row, column, region=level).reindex(index, fill_value=0.0)
            for name, (row, column, level) in pairs.items()
        }

    def _sales_tax(self, values: dict[str, pd.Series]) -> pd.Series:
        """Rate by (user, region); every final user must buy something, or the rate has no meaning."""
        base = pd.concat(
            {
                user: values[f"{user}_demand"].groupby("region").sum().reindex(self.regions)
                for user in FINAL_USERS
            },
            names=["user", "region"],
        )
        if base.isna().any():
            raise BenchmarkError(f"SAM: {base.index[base.isna()][0]} buys no commodity.")
        cells = self.cells[(self.cells["row_kind"] == "tax:sales")]
        index = pd.MultiIndex.from_arrays(
            [cells["column_kind"], cells["column_region"]], names=["user", "region"]
        )
        return _rate("tax:sales", pd.Series(cells["value"].to_numpy(float), index=index), base)

    def rates(self, values: dict[str, pd.Series]) -> dict[str, pd.Series]:
        """Ad valorem rates = payment / base, on the index of the base; no payment is a rate of zero."""
        exports = values["exports"]
        unshipped = values["margin"].index.difference(exports.index)
        if len(unshipped):
            raise BenchmarkError(f"SAM: transport margin on flows without exports: {list(unshipped[:5])}.")
        trade = {"sector": "column_name", "importer": "column_region"}
        export_tax = _rate(
            "tax:export", self._series("tax:export", "commodity", source="row_region", **trade), exports
        )
        cif = (exports * (1 + export_tax)).add(values["margin"], fill_value=0.0).reindex(exports.index)
        duty = _rate("tax:import", self._series("tax:import", "commodity", source="row_name", **trade), cif)
        landed = (cif * (1 + duty)).groupby(["sector", "importer"]).sum().rename_axis(BY_SECTOR)
        by_source = exports.groupby(["sector", "source"]).sum().rename_axis(BY_SECTOR)
        home = values["domestic_sales"]
        absorption = _sum(self.sectors, self.regions, home, landed)
        output = _sum(self.sectors, self.regions, home, by_source, values["margin_supply"])
        factor_cost = _sum(
            self.sectors, self.regions, values["factor_value"].groupby(["sector", "region"]).sum()
        )
        idle = output.index.symmetric_difference(factor_cost.index)
        if len(idle):
            raise BenchmarkError(
                f"SAM: activities that sell without using a factor, or use factors without selling: "
                f"{list(idle[:5])}."
            )
        own = {"sector": "column_name", "region": "column_region"}
        income = values["factor_value"].groupby("region").sum().reindex(self.regions)
        direct = self._series("tax:direct", "household", region="column_region")
        return {
            "import_tariff": duty,
            "export_tax": export_tax,
            "sales_tax": self._sales_tax(values),
            "production_tax": _rate(
                "tax:production", self._series("tax:production", "activity", **own), output
            ),
            "factor_tax": _rate("tax:factor", self._series("tax:factor", "activity", **own), factor_cost),
            "direct_tax": _rate("tax:direct", direct, income.rename_axis("region")),
            "demand_keys": absorption,
        }


def _split(accounts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Kind and name of an account: ('activity', 'agr'), ('tax:import', 'KAZ'), ('tax:sales', '')."""
    parts = accounts.str.rpartition(":")
    plain_tax = accounts.str.startswith("tax:") & ~accounts.str.startswith("tax:import:")
    bare = plain_tax | ~accounts.str.contains(":")
    return parts[0].mask(bare, accounts), parts[2].mask(bare, "")


def _order(series: pd.Series, orders: tuple[tuple[str, ...], ...]) -> pd.Series:
    """Sort by the given order of each index level."""
    ranks = [{name: n for n, name in enumerate(order)} for order in orders]
    levels = [series.index.get_level_values(n).map(rank) for n, rank in enumerate(ranks)]
    return series.iloc[np.lexsort([np.asarray(level) for level in reversed(levels)])]


def _sum(sectors: tuple[str, ...], regions: tuple[str, ...], *parts: pd.Series) -> pd.Series:
    total = pd.concat([p.rename_axis(BY_SECTOR) for p in parts]).groupby(level=BY_SECTOR).sum()
    return _order(total, (sectors, regions))


def _rate(account: str, payment: pd.Series, base: pd.Series) -> pd.Series:
    if isinstance(base.index, pd.MultiIndex):
        payment = payment.reorder_levels(list(base.index.names))  # type: ignore[arg-type]
    baseless = payment.index.difference(base.index)
    if len(baseless):
        raise BenchmarkError(
            f"SAM, account {account}: payment without a base on {list(baseless[:5])} "
            f"({base.index.names}). Likely reason: the flow it is levied on was lost in balancing."
        )
    return payment.reindex(base.index, fill_value=0.0) / base


def _ordered(what: str, wanted: tuple[str, ...] | None, found: tuple[str, ...]) -> tuple[str, ...]:
    if wanted is None:
        return found
    if set(wanted) != set(found) or len(set(wanted)) != len(wanted):
        raise BenchmarkError(f"The {what} asked for, {tuple(wanted)}, are not those of the SAM, {found}.")
    return tuple(wanted)


def _elasticities(table: pd.DataFrame, demand: pd.Series, regions: tuple[str, ...]) -> dict[str, pd.Series]:
    """One series per parameter, on (sector, region) of every commodity in use, ``frisch`` on region."""
    missing = [c for c in ("region", "sector", "parameter", "value") if c not in table.columns]
    if missing:
        raise BenchmarkError(f"Elasticities: column(s) {missing} are missing; found {list(table.columns)}.")
    known = (*SECTOR_ELASTICITIES, "frisch", *FORMS)
    unknown = sorted(set(table["parameter"]) - set(known))
    if unknown:
        raise BenchmarkError(f"Elasticities: unknown parameter(s) {unknown}; known are {known}.")
    result = {}
    for name in known:
        rows = table[table["parameter"] == name]
        by_sector = name in SECTOR_ELASTICITIES or name == "sigma_inputs"
        keys = BY_SECTOR if by_sector else ["region"]
        wanted = demand.index if by_sector else pd.Index(regions, name="region")
        if name in FORMS and rows.empty:
            result[name] = pd.Series(FORMS[name], index=wanted)
            continue
        if rows.duplicated(keys).any():
            doubled = rows.loc[rows.duplicated(keys), keys].iloc[0].tolist()
            raise BenchmarkError(f"Elasticities: {name} is given twice for {doubled}.")
        series = rows.set_index(keys)["value"].astype(float).rename(None)
        absent = wanted.difference(series.index)
        if len(absent):
            raise BenchmarkError(
                f"Elasticities: {name} is missing for {len(absent)} of {len(wanted)} keys {keys}, the first "
                f"being {list(absent[:5])}. Add the rows; no default is assumed."
            )
        result[name] = series.reindex(wanted)
    _check_elasticities(result)
    return result


def _check_elasticities(elasticities: dict[str, pd.Series]) -> None:
    for name, series in elasticities.items():
        admissible = np.isfinite(series) | (np.isposinf(series) & (name in PERFECT))
        bad = series[~admissible | (series > -1 if name == "frisch" else series < 0)]
        if len(bad):
            rule = "zero or more"
            if name == "frisch":
                rule = "-1 or below (minus the budget over what is left after committed purchases)"
            raise BenchmarkError(
                f"Elasticities: {name} must be {rule}; found {bad.iloc[0]!r} at {bad.index[0]}."
            )


def _check_rates(benchmark: Benchmark) -> None:
    """Rates must leave every price and net payment positive; flows, rates and balances must be finite."""
    for item in fields(benchmark):
        series = getattr(benchmark, item.name)
        if item.name not in PERFECT and isinstance(series, pd.Series) and not np.isfinite(series).all():
            bad = series[~np.isfinite(series)]
            raise BenchmarkError(f"Benchmark: {item.name} is not a finite number at {bad.index[0]}.")
    for name in ("import_tariff", "export_tax", "sales_tax", "factor_tax"):
        series = getattr(benchmark, name)
        if (series <= -1).any():
            worst = series.idxmin()
            raise BenchmarkError(
                f"Benchmark: {name} at {worst} is {series[worst]:.1%}; a rate of -100 % or below makes the price "
                "zero or negative. Likely reason: tax and base taken from different sources."
            )
    for name in ("production_tax", "direct_tax"):
        series = getattr(benchmark, name)
        if (series >= 1).any():
            worst = series.idxmax()
            raise BenchmarkError(
                f"Benchmark: {name} at {worst} is {series[worst]:.1%}; it must stay below 100 %."
            )
