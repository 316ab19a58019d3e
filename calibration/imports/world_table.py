"""An input-output table of the world at eacu's regions and sectors, as arrays: what a release is aggregated to.

The same table can be made of a SAM of eacu (:meth:`WorldTable.of_sam`). That one is the pattern by which a release's
wider sectors are divided, lends the regions that a release does not have, and is what the tests write to files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..benchmark import FINAL_USERS
from ..sam import WORLD, Sam
from ..synthetic import OTHER_PRODUCTION_TAX


@dataclass(frozen=True)
class WorldTable:
    """Purchases at basic prices and primary inputs, million USD.

    Index sets: ``r`` seller's and ``s`` buyer's region, ``i`` good, ``u`` user (the activities, then the final users
    household, government, investment), ``j`` activity. ``home[i, s, u]`` are purchases from the buyer's own country,
    ``traded[i, r, s, u]`` those from another one (``r == s``: from another country of the same region).
    ``taxes[s, u]``: taxes less subsidies on what the user buys, duties among them; ``value_added[s, j]`` holds the
    other taxes on production too.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    home: np.ndarray
    traded: np.ndarray
    taxes: np.ndarray
    value_added: np.ndarray

    @property
    def users(self) -> tuple[str, ...]:
        """Activities, then final users: the names along ``u``."""
        return (*self.sectors, *FINAL_USERS)

    def place(self, region: str) -> int:
        """Position of a region along ``r`` and ``s``."""
        return self.regions.index(region)

    def flows(self) -> pd.Series:
        """Trade at basic prices, Series over (sector, exporter, importer), where there is any."""
        index = pd.MultiIndex.from_product(
            [self.sectors, self.regions, self.regions], names=["sector", "exporter", "importer"]
        )
        values = pd.Series(self.traded.sum(axis=3).reshape(-1), index=index)
        return values[values > 0]

    def array(self, flows: pd.Series) -> np.ndarray:
        """A Series over (sector, exporter, importer) as an array ``[i, r, s]``; no flow is zero."""
        shape = (len(self.sectors), len(self.regions), len(self.regions))
        index = pd.MultiIndex.from_product([self.sectors, self.regions, self.regions])
        return flows.reindex(index, fill_value=0.0).to_numpy(float).reshape(shape)

    @classmethod
    def of_sam(cls, sam: Sam, regions: tuple[str, ...], sectors: tuple[str, ...]) -> WorldTable:
        """The table that a statistician would publish of this SAM.

        A user's purchases of a good come from each source as the region's as a whole do; freight on imports is bought
        as transport services of the regions that supply the world's pool; import and export duties are taxes on what
        is bought; other taxes on production (:data:`eacu.calibration.synthetic.OTHER_PRODUCTION_TAX` of value added)
        are part of value added.
        """
        read = _Reader(sam, regions, sectors)
        use = read.use()
        bought = (
            use / np.where(use.sum(axis=2) > 0, use.sum(axis=2), 1.0)[:, :, None]
        )  # share of user u in good i
        basic = read.bilateral("activity", "commodity") + read.bilateral("intra", "commodity")
        at_home = np.einsum("iss->is", read.home())
        home = at_home[:, :, None] * bought
        traded = basic[:, :, :, None] * bought[:, None, :, :]
        freight = np.einsum("irs,isu->su", read.margin(), bought)
        supply = read.transport()
        supply = supply / supply.sum() if supply.sum() > 0 else supply
        for s in range(len(regions)):
            home[:, s, :] += supply[:, s, None] * freight[s]
            for r in range(len(regions)):
                if r != s:
                    traded[:, r, s, :] += supply[:, r, None] * freight[s]
        duties = np.einsum("irs,isu->su", read.duties(), bought)
        earned, levied = read.value_added(), read.taxes()
        value_added = earned / (1 - OTHER_PRODUCTION_TAX)
        taxes = duties + levied
        taxes[:, : len(sectors)] -= OTHER_PRODUCTION_TAX * value_added
        return cls(regions, sectors, home, traded, taxes, value_added)

    def with_regions_of(self, other: WorldTable, names: tuple[str, ...], rest: str) -> WorldTable:
        """Regions that this table does not have, taken from another and out of the rest of the world.

        What the rest sold to them, bought from them, and what it sold to itself and was theirs, becomes theirs; no
        cell of the rest falls below zero.
        """
        table = replace(
            self, **{k: getattr(self, k).copy() for k in ("home", "traded", "taxes", "value_added")}
        )
        w = self.place(rest)
        lent = [self.place(name) for name in names]
        kept = [n for n in range(len(self.regions)) if n != w and n not in lent]
        for m in lent:
            table.home[:, m], table.taxes[m], table.value_added[m] = (
                other.home[:, m],
                other.taxes[m],
                other.value_added[m],
            )
            table.traded[:, m], table.traded[:, :, m] = other.traded[:, m], other.traded[:, :, m]
            for r in kept:
                _take(
                    table.traded[:, r, w], other.traded[:, r, m]
                )  # sold to the lent region, counted as sold to rest
                _take(table.traded[:, w, r], other.traded[:, m, r])
            inside = other.home[:, m] + other.traded[:, w, m] + other.traded[:, m, w]
            inside = inside + sum(other.traded[:, n, m] for n in lent)
            _take(table.home[:, w], inside)
            table.taxes[w] -= other.taxes[m]
            _take(table.value_added[w], other.value_added[m])
        return table


def _take(cells: np.ndarray, amount: np.ndarray) -> None:
    """Subtract in place as far as the cells go."""
    cells -= np.minimum(amount, np.maximum(cells, 0.0))


@dataclass(frozen=True)
class _Reader:
    """Arrays of a SAM's blocks."""

    sam: Sam
    regions: tuple[str, ...]
    sectors: tuple[str, ...]

    def _block(self, rows: str, columns: str) -> pd.DataFrame:
        """Cells of a block with the names of good (row), good (column), region of row and of column."""
        table = self.sam.table
        heads = [table[f"{side}_account"].str.rpartition(":") for side in ("row", "column")]
        keep = (heads[0][0].where(heads[0][1] == ":", table["row_account"]) == rows) & (
            heads[1][0].where(heads[1][1] == ":", table["column_account"]) == columns
        )
        return table.assign(row_name=heads[0][2], column_name=heads[1][2])[keep]

    def _fill(self, block: pd.DataFrame, names: tuple[str, ...], *orders: tuple[str, ...]) -> np.ndarray:
        array = np.zeros([len(order) for order in orders])
        places = [
            block[name].map({key: n for n, key in enumerate(order)})
            for name, order in zip(names, orders, strict=True)
        ]
        np.add.at(array, tuple(place.to_numpy(int) for place in places), block["value"].to_numpy(float))
        return array

    def use(self) -> np.ndarray:
        """Purchases at market price, ``[i, s, u]``."""
        goods = self._block("commodity", "activity")
        parts = [
            self._fill(
                goods, ("row_name", "column_region", "column_name"), self.sectors, self.regions, self.sectors
            )
        ]
        for user in FINAL_USERS:
            bought = self._block("commodity", user)
            parts.append(
                self._fill(bought, ("row_name", "column_region"), self.sectors, self.regions)[:, :, None]
            )
        return np.concatenate(parts, axis=2)

    def home(self) -> np.ndarray:
        """Sales of activities to commodities of every region, ``[i, r, s]``; the diagonal is sold at home."""
        block = self._block("activity", "commodity")
        return self._fill(
            block, ("row_name", "row_region", "column_region"), self.sectors, self.regions, self.regions
        )

    def bilateral(self, rows: str, columns: str) -> np.ndarray:
        """Trade at basic prices, ``[i, r, s]``."""
        block = self._block(rows, columns)
        if rows == "activity":
            block = block[block["row_region"] != block["column_region"]]
        return self._fill(
            block, ("row_name", "row_region", "column_region"), self.sectors, self.regions, self.regions
        )

    def margin(self) -> np.ndarray:
        """Freight, ``[i, r, s]``."""
        block = self._block("margin", "commodity")
        return self._fill(
            block, ("column_name", "row_name", "column_region"), self.sectors, self.regions, self.regions
        )

    def transport(self) -> np.ndarray:
        """Sales to the pool of transport, ``[i, r]``."""
        block = self._block("activity", "margin")
        block = block[block["column_region"] == WORLD]
        return self._fill(block, ("row_name", "row_region"), self.sectors, self.regions)

    def duties(self) -> np.ndarray:
        """Import duty and export tax, ``[i, r, s]``."""
        names = ("column_name", "row_name", "column_region")
        duty = self._fill(
            self._block("tax:import", "commodity"), names, self.sectors, self.regions, self.regions
        )
        table = self.sam.table
        export = table[
            (table["row_account"] == "tax:export") & table["column_account"].str.startswith("commodity:")
        ]
        export = export.assign(column_name=export["column_account"].str.removeprefix("commodity:"))
        names = ("column_name", "row_region", "column_region")
        return duty + self._fill(export, names, self.sectors, self.regions, self.regions)

    def value_added(self) -> np.ndarray:
        """Factors and taxes on factors, ``[s, j]``."""
        block = self._block("factor", "activity")
        earned = self._fill(block, ("column_region", "column_name"), self.regions, self.sectors)
        return earned + self._levied("tax:factor", "activity:")

    def taxes(self) -> np.ndarray:
        """Taxes on production and on sales, ``[s, u]``."""
        sales = [self._levied("tax:sales", user)[:, :1] for user in FINAL_USERS]
        return np.concatenate([self._levied("tax:production", "activity:"), *sales], axis=1)

    def _levied(self, tax: str, payer: str) -> np.ndarray:
        """A tax by region and activity, or in the first column by region of a final user."""
        table = self.sam.table
        block = table[(table["row_account"] == tax) & table["column_account"].str.startswith(payer)]
        name = block["column_account"].str.removeprefix(payer)
        block = block.assign(column_name=name if payer.endswith(":") else self.sectors[0])
        return self._fill(block, ("column_region", "column_name"), self.regions, self.sectors)
