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

import pandas as pd

from .balancing import BalanceProblem, BalanceResult, Method, solve

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

    Raises
    ------
    ValueError
        A sector sells or buys more at the border than the prior table can hold (no cell to balance it).
    """
    problem = BalanceProblem(prior.sort_index())
    sectors = border.exports.index
    _add_sector_balances(problem, prior, border, sectors)
    _add_controls(problem, prior, border, controls)
    result = solve(problem, method=method)
    return NationalTable(region, result.values, border, result)


def _select(
    prior: pd.DataFrame,
    item: str,
    row: str | Iterable[str] | None = None,
    column: str | Iterable[str] | None = None,
) -> pd.MultiIndex:
    """The cells of an item, optionally of one row or column (or of several)."""
    index = prior.index
    keep = index.get_level_values("item") == item
    for level, wanted in (("row", row), ("column", column)):
        if wanted is not None:
            values = [wanted] if isinstance(wanted, str) else list(wanted)
            keep &= index.get_level_values(level).isin(values)
    return pd.MultiIndex.from_tuples(index[keep], names=index.names)


def _sum_of(*parts: tuple[pd.MultiIndex, float]) -> pd.Series:
    """Coefficients: each group of cells with its sign."""
    return pd.concat([pd.Series(sign, index=cells) for cells, sign in parts if len(cells)])


def _add_sector_balances(
    problem: BalanceProblem, prior: pd.DataFrame, border: Border, sectors: pd.Index
) -> None:
    for g in sectors:
        cost = _sum_of(
            (_select(prior, "use", column=g), 1.0),
            (_select(prior, "factor", column=g), 1.0),
            (_select(prior, "factor_tax", column=g), 1.0),
            (_select(prior, "production_tax", column=g), 1.0),
            (_select(prior, "domestic", row=g), -1.0),
        )
        problem.constraint(f"activity {g}", cost, border.exports[g] + border.transport[g])
        sales = _sum_of(
            (_select(prior, "use", row=g), 1.0),
            (_select(prior, "demand", row=g), 1.0),
            (_select(prior, "domestic", row=g), -1.0),
        )
        problem.constraint(f"commodity {g}", sales, border.imports[g] + border.duty[g])


def _add_controls(problem: BalanceProblem, prior: pd.DataFrame, border: Border, controls: pd.Series) -> None:
    """National accounts as soft constraints; GDP from the income side, demand at purchaser prices."""
    trade_taxes = border.export_tax.sum() + border.duty.sum()
    income = [(_select(prior, item), 1.0) for item in ("factor", "factor_tax", "production_tax", "sales_tax")]
    demand = dict(
        zip(("household_consumption", "government_consumption", "capital_formation"), USERS, strict=True)
    )
    for name, target in controls.items():
        kind = str(name).partition(":")[0]
        if kind == "gdp":
            coefficients, level = _sum_of(*income), target - trade_taxes
        elif kind in demand:
            user = demand[kind]
            cells = _select(prior, "demand", column=user), _select(prior, "sales_tax", column=user)
            coefficients, level = _sum_of(*((c, 1.0) for c in cells)), target
        elif kind == "value_added":
            members = VALUE_ADDED_GROUPS[str(name).partition(":")[2]]
            items = [
                (_select(prior, i, column=members), 1.0) for i in ("factor", "factor_tax", "production_tax")
            ]
            coefficients, level = _sum_of(*items), target
        elif kind == "labour":
            coefficients, level = (
                _sum_of((_select(prior, "factor", row=("unskilled", "skilled")), 1.0)),
                target,
            )
        elif kind == "output":
            good = str(name).partition(":")[2]
            coefficients = _sum_of((_select(prior, "domestic", row=good), 1.0))
            level = target - border.exports[good] - border.transport[good]
        else:
            raise KeyError(f"unknown control {name!r} of national accounts")
        problem.constraint(str(name), coefficients, level, CONTROL_ERROR[kind] * abs(target))
