"""The accounts of one region, estimated so that they hold together with its trade and its national accounts.

Trade is settled first (:mod:`.trade`, :mod:`.border`), for the world as a whole; a region's table must then
take its exports and imports as given. What is estimated here is everything inside the border: intermediate use,
factor payments, final demand, domestic sales, taxes. Two balances hold exactly for every sector ``g``:

.. math::
   \\text{activity: } & \\sum_k Z_{kg} + \\sum_f V_{fg} + \\tau^{V}_g + \\tau^{Y}_g = D_g + E_g + T_g \\\\
   \\text{commodity: } & D_g + M_g = \\sum_j Z_{gj} + C_g + G_g + I_g

with ``D`` domestic sales, ``E`` exports and ``T`` transport services at basic prices and ``M`` imports including
freight and duty. National accounts enter as controls with standard errors. Million USD throughout.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from .balancing import BalanceProblem, BalanceResult, Method, Vary, solve, unvaried

USERS = ("household", "government", "investment")
FACTORS = ("unskilled", "skilled", "capital", "land", "resources")
CELL_LEVELS = ["item", "row", "column"]

VALUE_ADDED_GROUPS = {
    "A-B": ("agr",),
    "C-E": (
        *("oil", "gas", "omn", "ppr", "dmt", "ofd", "lgt", "wpp", "chm", "fem", "nfm", "mvh", "mac", "oth"),
        "utl",
    ),
    "F": ("con",),
    "G-H": ("trd",),
    "I": ("trn", "cmm"),
    "J-P": ("fbs", "pub"),
}
"""ISIC rev. 3 groups of the UN national accounts and the model sectors that make them up."""

CONTROL_ERROR = {
    "gdp": 0.001,
    "household_consumption": 0.02,
    "government_consumption": 0.02,
    "capital_formation": 0.03,
    "value_added": 0.04,
    "labour": 0.05,
    "output": 0.15,
}
"""Relative standard errors of the national-accounts controls. GDP is nearly exact, labour's share is loose because
it includes an imputed part of mixed income."""


@dataclass(frozen=True)
class Border:
    """What crosses a region's border, by sector, million USD (Series over ``sector``).

    ``exports``: at basic prices, before export tax, all destinations; ``export_tax``; ``transport``: services
    sold to the world transport pool; ``imports``: landed, that is cif plus the exporter's tax, before duty; ``duty``.
    """

    exports: pd.Series
    export_tax: pd.Series
    transport: pd.Series
    imports: pd.Series
    duty: pd.Series


@dataclass(frozen=True)
class NationalTable:
    """A balanced regional table.

    ``cells``: Series over (item, row, column) with the items ``use`` (input, activity), ``factor`` (factor,
    activity), ``factor_tax`` and ``production_tax`` ("", activity), ``domestic`` (sector, ""), ``demand``
    (sector, user), ``sales_tax`` ("", user). ``result`` carries adjustments and controls.
    """

    region: str
    cells: pd.Series
    border: Border
    result: BalanceResult

    @property
    def gdp(self) -> float:
        """Gross domestic product at market prices: factor incomes plus all taxes, million USD."""
        items = self.cells.groupby(level="item").sum()
        inside = items.reindex(["factor", "factor_tax", "production_tax", "sales_tax"]).sum()
        return float(inside + self.border.export_tax.sum() + self.border.duty.sum())


def estimate_region(
    region: str,
    prior: pd.DataFrame,
    border: Border,
    controls: pd.Series,
    method: Method = "cross_entropy",
    vary: Vary = unvaried,
) -> NationalTable:
    """Balance one region's table.

    Parameters
    ----------
    prior
        Index (item, row, column) as in :class:`NationalTable`, columns ``prior`` (million USD, no zeros) and
        ``standard_error``.
    border
        Trade at the border, kept as it is.
    controls
        National accounts by item: ``gdp``, ``household_consumption``, ``government_consumption``,
        ``capital_formation``, ``value_added:<group>``, ``labour``; whichever is present is used.
    vary
        Restates the problem before it is solved, see :data:`.balancing.Vary`.

    Raises
    ------
    ValueError
        A sector sells or buys more at the border than the prior table can hold (no cell to balance it).
    """
    problem = BalanceProblem(prior.sort_index())
    cells = _Cells(problem.cells.index)
    _add_sector_balances(problem, cells, border)
    _add_controls(problem, cells, border, controls)
    result = solve(vary(region, problem), method=method)
    return NationalTable(region, result.values, border, result)


class _Cells:
    """Where the cells of an item, row or column stand, and sums of them as rows of coefficients."""

    def __init__(self, index: pd.Index) -> None:
        self._levels = {level: index.get_level_values(level) for level in CELL_LEVELS}
        self._one = {
            (level, value): np.asarray(names == value)
            for level, names in self._levels.items()
            for value in names.unique()
        }
        self._none = np.zeros(len(index), dtype=bool)

    def select(
        self, item: str, row: str | Iterable[str] = (), column: str | Iterable[str] = ()
    ) -> np.ndarray:
        """The cells of an item, of one row or column or of several (nothing named: all), as a mask."""
        keep = self._where("item", item)
        for level, wanted in (("row", row), ("column", column)):
            if wanted:
                keep = keep & self._where(level, wanted)
        return keep

    def _where(self, level: str, wanted: str | Iterable[str]) -> np.ndarray:
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        found = [self._one[level, name] for name in names if (level, name) in self._one]
        return np.logical_or.reduce(found) if found else self._none

    def sum_of(self, *parts: np.ndarray, less: np.ndarray | None = None) -> np.ndarray:
        """Coefficients of a sum of groups of cells, less another group."""
        total = np.sum([part.astype(float) for part in parts], axis=0)
        return total if less is None else total - less


def _add_sector_balances(problem: BalanceProblem, cells: _Cells, border: Border) -> None:
    names, rows, targets = [], [], []
    for g in border.exports.index:
        costs = [cells.select(item, column=g) for item in ("use", "factor", "factor_tax", "production_tax")]
        sales = [cells.select(item, row=g) for item in ("use", "demand")]
        home = cells.select("domestic", row=g)
        names += [f"activity {g}", f"commodity {g}"]
        rows += [cells.sum_of(*costs, less=home), cells.sum_of(*sales, less=home)]
        targets += [border.exports[g] + border.transport[g], border.imports[g] + border.duty[g]]
    problem.constraints(names, sparse.csr_array(np.vstack(rows)), targets)


def _add_controls(problem: BalanceProblem, cells: _Cells, border: Border, controls: pd.Series) -> None:
    """National accounts as soft constraints; GDP from the income side, demand at purchaser prices."""
    if controls.empty:  # a table that is to stay as published is held to none
        return
    rows, levels, errors = [], [], []
    for name, target in controls.items():
        kind, _, of = str(name).partition(":")
        rows.append(_control(cells, kind, of))
        level = target
        if kind == "gdp":
            level -= border.export_tax.sum() + border.duty.sum()
        elif kind == "output":
            level -= border.exports[of] + border.transport[of]
        levels.append(level)
        errors.append(CONTROL_ERROR[kind] * abs(target))
    problem.constraints([str(n) for n in controls.index], sparse.csr_array(np.vstack(rows)), levels, errors)


def _control(cells: _Cells, kind: str, of: str) -> np.ndarray:
    """The cells that a control of national accounts adds up."""
    demand = dict(
        zip(("household_consumption", "government_consumption", "capital_formation"), USERS, strict=True)
    )
    if kind == "gdp":
        return cells.sum_of(*map(cells.select, ("factor", "factor_tax", "production_tax", "sales_tax")))
    if kind in demand:
        user = demand[kind]
        return cells.sum_of(cells.select("demand", column=user), cells.select("sales_tax", column=user))
    if kind == "value_added":
        members = VALUE_ADDED_GROUPS[of]
        return cells.sum_of(
            *(cells.select(item, column=members) for item in ("factor", "factor_tax", "production_tax"))
        )
    if kind == "labour":
        return cells.sum_of(cells.select("factor", row=("unskilled", "skilled")))
    if kind == "output":
        return cells.sum_of(cells.select("domestic", row=of))
    raise KeyError(f"unknown control {kind!r} of national accounts")
