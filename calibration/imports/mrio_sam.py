r"""The whole SAM estimated from a table of the world at basic prices (:class:`.world_table.WorldTable`).

Who buys what from whom, value added and taxes on products come from the table. What such a table lacks comes from
eacu's own tables, by these rules:

- **Export taxes, freight and import duties** of every flow as in :mod:`eacu.calibration.border`: revenue and rates of
  2007, preferences, the world's freight rate of the good. A flow at the exporter's basic price :math:`b` is valued fob
  at :math:`f = b + \tau(f)`, solved by iteration because export taxes are spread over flows by their fob value.
- **Freight** is bought in the table as transport services of the regions that supply them; what a user paid on the
  goods it imports is taken out of its purchases of them, as far as they go, and put on the goods.
- **Value added** less other taxes on production (:data:`eacu.calibration.synthetic.OTHER_PRODUCTION_TAX` of it) is
  divided among factors and taxes on factors as in the same activity of the reference base year.
- **Taxes on products** of a user less the duties and export taxes contained in its purchases are its sales tax or, of
  an activity, part of its production tax.
- Final demand below zero (stocks drawn down) is left out: a SAM of eacu has no negative purchases.

Then, unless the table is to stay as published, trade in goods is held to the pair totals and to fuels and wood by pair
as in :mod:`eacu.calibration.trade`, and every region's table to its national accounts as in
:mod:`eacu.calibration.national`; in both cases every account is balanced exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..balancing import BalanceProblem, BalanceResult, solve
from ..benchmark import FINAL_USERS
from ..border import BorderFlows, border_flows, export_taxes, transport_supply
from ..build import Build, assemble, national_controls
from ..national import CELL_LEVELS, FACTORS, NationalTable, estimate_region
from ..priors import one_sided, with_errors
from ..sam import Sam
from ..series import Tables
from ..synthetic import OTHER_PRODUCTION_TAX
from ..trade import WIOD_ERROR, add_chapters, margin_rates, pair_totals, sector_list
from .cells import ImportDataError
from .world_table import WorldTable

SMALLEST_FLOW = 1e-6
"""Flows below this (million USD) are traces of the release's own balancing."""


def sam_from_world(
    table: WorldTable,
    reference: Sam,
    tables: Tables,
    controls: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> Build:
    """Estimate the SAM of the world; see the rules above.

    ``reference`` is a SAM of the same regions and sectors that lends the shares of factors; ``controls`` holds the
    estimate to eacu's trade and national accounts, otherwise the table stays as it is.

    Raises:
        ImportDataError: a pair of regions has observed trade, but neither the table nor the reference any flow of it.
        ValueError, SamError: the parts do not fit together, see :mod:`eacu.calibration.national`.
    """
    pattern = WorldTable.of_sam(reference, table.regions, table.sectors)
    if controls:
        table = _with_missing_pairs(table, pattern, tables)
    basic = table.flows()
    basic = basic[basic > SMALLEST_FLOW]
    fob = _fob(basic, tables)
    table, fob = _without_freight(table, fob, tables)
    tell("balancing trade in goods")
    goods = _goods(fob, tables, controls)
    services = _services(fob, tables)
    estimated = pd.concat([goods.values, services.values])
    border = border_flows(estimated, tables)
    valued = _Valued(table, fob, border)
    shares = _factor_shares(reference, table)
    national: dict[str, NationalTable] = {}
    for region in table.regions:
        tell(f"balancing the table of {region}")
        prior = with_errors(valued.cells(region, shares))
        held = national_controls(region, tables) if controls else pd.Series(dtype=float)
        national[region] = estimate_region(region, prior, border.of(region, list(table.sectors)), held)
    return assemble(goods, services, border, national, tables)


def _with_missing_pairs(table: WorldTable, pattern: WorldTable, tables: Tables) -> WorldTable:
    """Give pairs with observed trade but no flow in the table the reference's flows.

    That is the trade of a region with itself of which the release shows one country: it is part of its sales at home.
    """
    traded, home = table.traded.copy(), table.home.copy()
    goods = [table.sectors.index(good) for good in sector_list(tables, goods=True)]
    for exporter, importer in pair_totals(tables).index:
        r, s = table.place(exporter), table.place(importer)
        if traded[goods, r, s].sum() > 0:
            continue
        if not pattern.traded[goods, r, s].sum() > 0:
            raise ImportDataError(
                f"no trade of {exporter} with {importer}, neither in the table nor in the reference"
            )
        traded[:, r, s] = pattern.traded[:, r, s]
        if r == s:
            traded[:, r, s] = np.minimum(traded[:, r, s], 0.9 * np.maximum(home[:, r], 0.0))
            home[:, r] -= traded[:, r, s]
    return WorldTable(table.regions, table.sectors, home, traded, table.taxes, table.value_added)


def _fob(basic: pd.Series, tables: Tables) -> pd.Series:
    """Flows fob, export tax included, from flows at basic prices."""
    fob = 10 * basic  # the revenue is given: from too high a value the tax comes down to its share
    for _ in range(200):
        before, fob = fob, basic + export_taxes(fob, tables)
        if ((fob - before).abs() <= 1e-14 * fob).all():
            break
    return fob


def _without_freight(table: WorldTable, fob: pd.Series, tables: Tables) -> tuple[WorldTable, pd.Series]:
    """Take freight on imports out of purchases of transport services; the table and its flows fob afterwards."""
    rates = margin_rates(tables).reindex(list(table.sectors)).to_numpy()
    ratio = _ratio(table.array(fob), table.traded.sum(axis=3))
    content = np.einsum("irsu,irs->su", table.traded, ratio * rates[:, None, None])
    total = float(content.sum())
    supply = (
        transport_supply(1.0, tables).unstack("region").reindex(index=table.sectors, columns=table.regions)
    )
    shares = supply.fillna(0.0).to_numpy()  # a sector or region without an entry sells nothing to the pool
    home, traded = table.home.copy(), table.traded.copy()
    for i, r in zip(*np.nonzero(shares), strict=True):
        for s in range(len(table.regions)):
            cells = home[i, s] if r == s else traded[i, r, s]
            cells -= np.minimum(shares[i, r] * content[s], np.maximum(cells, 0.0))
    if total <= 0:
        raise ImportDataError("the table has no trade in goods between regions")
    after = WorldTable(table.regions, table.sectors, home, traded, table.taxes, table.value_added)
    basic = after.flows()
    return after, _fob(basic[basic > SMALLEST_FLOW], tables)


def _ratio(values: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Value over base where there is any; no flow has a ratio of one."""
    some = (values > 0) & (base > 0)
    return np.where(some, values / np.where(some, base, 1.0), 1.0)


def _goods(fob: pd.Series, tables: Tables, controls: bool) -> BalanceResult:
    """Goods flows held to what is observed of each pair, or as they are."""
    prior = fob[fob.index.get_level_values("sector").isin(sector_list(tables, goods=True))]
    problem = BalanceProblem(pd.DataFrame({"prior": prior, "standard_error": WIOD_ERROR * prior}))
    own = prior.groupby(["exporter", "importer"]).sum()
    problem.totals(["exporter", "importer"], pair_totals(tables) if controls else own, name="pair total")
    if controls:
        add_chapters(problem, prior, tables)
    return solve(problem, method="cross_entropy")


def _services(fob: pd.Series, tables: Tables) -> BalanceResult:
    """Trade in services as the table has it: what one region sells the other buys."""
    prior = fob[fob.index.get_level_values("sector").isin(sector_list(tables, goods=False))]
    problem = BalanceProblem(pd.DataFrame({"prior": prior, "standard_error": prior}))
    problem.totals(["sector", "exporter"], prior.groupby(["sector", "exporter"]).sum(), name="exports of")
    return solve(problem, method="cross_entropy")


def _factor_shares(reference: Sam, table: WorldTable) -> dict[str, pd.DataFrame]:
    """Shares of factors and of the tax on them (row ``tax``) in value added less other taxes, by region.

    An activity that the reference does not have in a region takes the mean of the regions that have it.
    """
    cells = reference.table[reference.table["column_account"].str.startswith("activity:")]
    paid = cells[cells["row_account"].str.startswith("factor:") | (cells["row_account"] == "tax:factor")]
    paid = paid.assign(
        factor=paid["row_account"].str.removeprefix("factor:").replace("tax:factor", "tax"),
        sector=paid["column_account"].str.removeprefix("activity:"),
    )
    wide = paid.pivot_table(
        index=["column_region", "factor"], columns="sector", values="value", aggfunc="sum", fill_value=0.0
    )
    every = pd.MultiIndex.from_product([table.regions, [*FACTORS, "tax"]])
    wide = wide.reindex(index=every, columns=list(table.sectors), fill_value=0.0)
    whole = wide.groupby(level=1).sum()
    mean = whole / whole.sum()
    shares = {}
    for region in table.regions:
        own = pd.DataFrame(wide.loc[region])
        total = own.sum()
        shares[region] = (own / total.mask(total <= 0)).fillna(mean)
    return shares


@dataclass(frozen=True)
class _Valued:
    """A table's purchases at market prices, given what every flow costs at the border."""

    table: WorldTable
    fob: pd.Series
    border: BorderFlows

    def cells(self, region: str, shares: dict[str, pd.DataFrame]) -> pd.Series:
        """The region's cells as :class:`eacu.calibration.national.NationalTable` has them, million USD."""
        table, s = self.table, self.table.place(region)
        n, sectors = len(table.sectors), list(table.sectors)
        bought = np.maximum(table.home[:, s] + self._landed(s), 0.0)
        contained = self._taxes_contained(s)
        left = table.taxes[s] - contained
        use = pd.DataFrame(bought[:, :n], index=sectors, columns=sectors)
        demand = pd.DataFrame(bought[:, n:], index=sectors, columns=list(FINAL_USERS))
        added = pd.Series(np.maximum(table.value_added[s], 0.0), index=sectors)
        earned = shares[region] * (1 - OTHER_PRODUCTION_TAX) * added
        production = pd.Series(left[:n], index=sectors) + OTHER_PRODUCTION_TAX * added
        sold = pd.Series(table.home[:, s].sum(axis=1), index=sectors).clip(lower=0.0)
        parts = {
            "use": use.stack(),
            "factor": earned.drop(index="tax").stack(),
            "factor_tax": one_sided(pd.Series(earned.loc["tax"]), left=True),
            "production_tax": one_sided(production, left=True),
            "domestic": one_sided(sold, left=False),
            "demand": demand.stack(),
            "sales_tax": one_sided(pd.Series(left[n:], index=list(FINAL_USERS)), left=True),
        }
        cells = pd.Series(pd.concat(parts))
        cells.index = cells.index.set_names(CELL_LEVELS)
        return cells

    def _landed(self, s: int) -> np.ndarray:
        """Purchases from abroad at the buyer's market price, ``[i, u]``: with freight and duty."""
        table = self.table
        now = table.array(self.border.cif + self.border.duty)
        per_basic = _ratio(now, table.traded.sum(axis=3)) * (now > 0)
        return np.asarray(np.einsum("iru,ir->iu", table.traded[:, :, s], per_basic[:, :, s]))

    def _taxes_contained(self, s: int) -> np.ndarray:
        """Import duty and export tax in what users buy abroad, at the table's own flows, by user."""
        table, border = self.table, self.border
        paid = table.array(
            (border.duty + border.export_tax) / border.fob * self.fob.reindex(border.fob.index)
        )
        some = table.traded.sum(axis=3)
        rate = np.where(some > 0, paid / np.where(some > 0, some, 1.0), 0.0)
        return np.asarray(np.einsum("iru,ir->u", table.traded[:, :, s], rate[:, :, s]))
