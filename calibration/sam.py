"""The social accounting matrix (SAM) of all regions as one checked, frozen table.

A SAM is a square table of payments: the row account *receives* from the column account. Every account's
receipts equal its outlays (Pyatt and Round 1979; Hosoe, Gasawa and Hashimoto 2010, ch. 4). Here it is kept in
long form with the columns ``row_region, row_account, column_region, column_account, value`` (million USD).

Accounts of a region:

==================  ======================================================================================
``activity:<g>``    sells to commodities (domestic sales at basic price, exports fob before export tax) and
                    to the pool of international transport ``(WLD, margin)``; buys commodities and factors,
                    pays taxes on production and factors
``intra:<g>``       trade of an aggregate region with itself: it buys from the region's own activity and
                    sells to its own commodity, so that it is not mixed up with domestic sales
``commodity:<g>``   buys domestic output, imports, transport margins ``(WLD, margin:<source>)``, pays export
                    taxes and import duties; sells to activities, household, government, investment
``factor:<f>``      receives from activities, pays the household
``tax:<kind>``      ``production, factor, sales, export, direct`` and ``import:<source>``; pays government
``household``       pays for commodities, sales tax, direct tax and saves
``government``      receives taxes; pays for commodities, sales tax, the transfer to the household and saves
``savings``         of household, government and the rest of the world; pays investment
``investment``      pays for commodities and sales tax
==================  ======================================================================================

and of the world: ``(WLD, margin)``, ``(WLD, margin:<source>)``, ``(WLD, capital)`` (pays foreign savings to the
regions, signed, summing to zero) and, in a solved customs union only, ``(WLD, pool)`` (pays each government its net
receipt from the pool of duties, signed, summing to zero), ``(WLD, wages)`` (receives from households what migrants
send home and pays it to those of their origin) and ``(WLD, capital-income)`` (pays each household its net income from
capital in other members, signed, summing to zero), ``(WLD, rent)`` (receives rents on trade, and on the presence of
foreign firms, from commodities and pays them to the households that hold the licences), ``(WLD, duties)`` (pays each
government its net receipt of other governments' export duties, signed, summing to zero) and ``(WLD, profits)`` (pays
each household its net profits from foreign firms, signed, summing to zero). Where services are divided by type of
firm, ``commodity:<g>-foreign`` sells what foreign firms make to ``commodity:<g>``, which sells imported head-office
services to ``commodity:<g>-office``, and that to the foreign firms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

WORLD = "WLD"
COLUMNS = ("row_region", "row_account", "column_region", "column_account", "value")
TOLERANCE = 1e-6
"""Largest admissible |row total - column total| as a share of the account's larger total."""

INSTITUTIONS = ("household", "government", "savings", "investment")
PLAIN_TAXES = ("tax:production", "tax:factor", "tax:sales", "tax:export", "tax:direct")
WORLD_ACCOUNTS = ("margin", "capital", "pool", "wages", "capital-income", "rent", "duties", "profits")
SIGNED_TAXES = ("tax:production", "tax:sales", "tax:export")


class SamError(ValueError):
    """The table is not an admissible SAM; the message names the cells or accounts and likely reasons.

    ``cells`` are the rows at fault where single cells are, else None.
    """

    def __init__(self, message: str, cells: pd.DataFrame | None = None):
        super().__init__(message)
        self.cells = cells


@dataclass(frozen=True)
class Sam:
    """A social accounting matrix in long form, million USD.

    Build one with :meth:`read` or :meth:`from_table`, which check it; the bare constructor does not.
    """

    table: pd.DataFrame

    @classmethod
    def read(cls, path: str | Path, tolerance: float = TOLERANCE) -> Sam:
        """Read and check a SAM from a CSV file with the columns :data:`COLUMNS`.

        Raises :class:`SamError` naming file, cells and accounts.
        """
        path = Path(path)
        if not path.is_file():
            raise SamError(f"SAM file {path} does not exist.")
        table = pd.read_csv(path, dtype=dict.fromkeys(COLUMNS[:-1], str), keep_default_na=False)
        return cls.from_table(table, tolerance, where=str(path))

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        tolerance: float = TOLERANCE,
        where: str = "the SAM",
        signed_taxes: bool = False,
    ) -> Sam:
        """Check a long table and wrap a copy of it.

        ``signed_taxes`` admits negative import duties (an import subsidy) and direct taxes: meaningful in a
        solved scenario, a data error in a benchmark. Raises :class:`SamError`.
        """
        columns = named_columns(table, where)
        check_numbers(columns, where)
        sam = cls(columns.assign(value=columns["value"].astype(float)))
        check_duplicates(sam.table, where)
        check_signs(sam.table, where, signed_taxes)
        check_names(sam, where)
        check_balance(sam, tolerance, where)
        return sam

    def write(self, path: str | Path) -> None:
        """Write the long table as CSV (17 significant digits, so that reading it back is exact)."""
        self.table.to_csv(path, index=False, float_format="%.17g")

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Regions in order of first appearance, without the world accounts."""
        seen = pd.unique(pd.concat([self.table["row_region"], self.table["column_region"]]))
        return tuple(r for r in seen if r != WORLD)

    @cached_property
    def sectors(self) -> tuple[str, ...]:
        """Sectors in order of first appearance among activities, then commodities."""
        return self._members("activity:", "commodity:")

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Factors of production in order of first appearance."""
        return self._members("factor:")

    def _members(self, *prefixes: str) -> tuple[str, ...]:
        names = pd.unique(pd.concat([self.table["row_account"], self.table["column_account"]]))
        found = [a.removeprefix(p) for p in prefixes for a in names if a.startswith(p)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Receipts (``row_total``) and outlays (``column_total``) of every account, million USD.

        Index (region, account); columns row_total, column_total, gap = row - column, relative = |gap| over
        the larger of the account's gross receipts and outlays (absolute cells summed, so that an account
        whose signed entries cancel, such as the world's capital account, still has a meaningful size).
        """
        row_keys, column_keys = ["row_region", "row_account"], ["column_region", "column_account"]
        index_names = ["region", "account"]
        size = self.table.assign(value=self.table["value"].abs())
        parts = {
            "row_total": self.table.groupby(row_keys, sort=False)["value"].sum(),
            "column_total": self.table.groupby(column_keys, sort=False)["value"].sum(),
            "row_size": size.groupby(row_keys, sort=False)["value"].sum(),
            "column_size": size.groupby(column_keys, sort=False)["value"].sum(),
        }
        # An account seen on one side only has a true total of zero on the other: there is no payment.
        frame = pd.DataFrame({k: s.rename_axis(index_names) for k, s in parts.items()}).fillna(0.0)
        frame["gap"] = frame["row_total"] - frame["column_total"]
        gross = frame[["row_size", "column_size"]].max(axis=1)
        frame["relative"] = (frame["gap"].abs() / gross.where(gross > 0)).fillna(0.0)
        return frame[["row_total", "column_total", "gap", "relative"]]

    def balance_gap(self) -> float:
        """Largest |row total - column total| over all accounts, relative to the account's size."""
        return float(self.totals["relative"].max())

    def to_matrix(self) -> pd.DataFrame:
        """Square matrix with (region, account) rows and columns; absent cells are zero flows."""
        accounts = self.totals.index
        rows = accounts.get_indexer(pd.MultiIndex.from_frame(self.table[["row_region", "row_account"]]))
        columns = accounts.get_indexer(
            pd.MultiIndex.from_frame(self.table[["column_region", "column_account"]])
        )
        matrix = np.zeros((len(accounts), len(accounts)))
        np.add.at(matrix, (rows, columns), self.table["value"].to_numpy(float))
        return pd.DataFrame(matrix, index=accounts, columns=accounts)


def named_columns(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """The columns :data:`COLUMNS` of a table. Raises :class:`SamError` if one is missing or there are no rows."""
    missing = [c for c in COLUMNS if c not in table.columns]
    if missing:
        raise SamError(
            f"{where}: column(s) {missing} are missing; expected {list(COLUMNS)}, found {list(table)}."
        )
    table = table.loc[:, list(COLUMNS)].reset_index(drop=True).copy()
    if table.empty:
        raise SamError(f"{where}: the table has no rows.")
    return table


def check_numbers(table: pd.DataFrame, where: str) -> None:
    """Raise :class:`SamError` unless every value is a finite number."""
    bad = table[~finite_cells(table)]
    if len(bad):
        raise SamError(
            f"{where}: {len(bad)} cell(s) hold no finite number (a missing value is not zero: where there is no "
            f"payment, write 0 or leave the row out):\n{_show(bad)}",
            bad,
        )


def finite_cells(table: pd.DataFrame) -> pd.Series:
    """Whether each row's value is a finite number."""
    values = pd.to_numeric(table["value"], errors="coerce")
    return pd.Series(np.isfinite(values), index=table.index)


def check_duplicates(table: pd.DataFrame, where: str) -> None:
    """Raise :class:`SamError` if a cell is given twice."""
    duplicates = table[table.duplicated(list(COLUMNS[:4]), keep=False)]
    if len(duplicates):
        raise SamError(
            f"{where}: {len(duplicates)} rows give the same cell more than once:\n{_show(duplicates)}\n"
            "Likely reasons: rows appended twice; trade of a region with itself written as activity:<g> -> "
            "commodity:<g>, which is the cell of domestic sales (route it through the account intra:<g>).",
            duplicates,
        )


def check_signs(table: pd.DataFrame, where: str, signed_taxes: bool = False) -> None:
    """Raise :class:`SamError` if a payment is negative that cannot be."""
    row, column = table["row_account"], table["column_account"]
    tax_from_use = row.isin(SIGNED_TAXES)
    tax_to_government = (row == "government") & column.isin(SIGNED_TAXES)
    rent = (row == "rent") | (column == "rent") | (column == "duties")
    savings = row == "savings"
    transfer = (row == "household") & (column == "government")
    pool = (row == "government") & (column == "pool")
    abroad = (row == "household") & column.isin(["capital-income", "profits"])
    signed = tax_from_use | tax_to_government | savings | transfer | pool | rent | abroad
    if signed_taxes:
        signed |= row.str.startswith(("tax:import:", "tax:direct"))
        signed |= column.str.startswith(("tax:import:", "tax:direct"))
    negative = table[(table["value"] < 0) & ~signed]
    if len(negative):
        raise SamError(
            f"{where}: {len(negative)} cell(s) are negative where only zero or more is allowed:\n"
            f"{_show(negative)}\nNegative entries are allowed for taxes on production, sales and exports, for "
            "savings, foreign savings and the government's transfer. Likely reasons: stock changes left in "
            "investment; a subsidy booked as a purchase; a balancing step that did not keep signs.",
            negative,
        )


def check_names(sam: Sam, where: str) -> None:
    """Raise :class:`SamError` for accounts that the model does not know, or that it needs and are not there."""
    regions, factors = set(sam.regions), set(sam.factors)
    known = {"activity", "intra", "commodity"}

    def admissible(region: str, account: str) -> bool:
        head, _, tail = account.partition(":")
        if region == WORLD:
            return account in WORLD_ACCOUNTS or (head == "margin" and tail in regions)
        if account in INSTITUTIONS or account in PLAIN_TAXES:
            return True
        if head == "tax":
            kind, _, source = tail.partition(":")
            return kind == "import" and source in regions
        return bool(tail) and (head in known or (head == "factor" and tail in factors))

    unknown = [key for key in sam.totals.index if not admissible(*key)]
    if unknown:
        raise SamError(
            f"{where}: unknown account(s) {unknown[:10]}. A region's accounts are activity:<g>, intra:<g>, "
            f"commodity:<g>, factor:<f>, {', '.join(PLAIN_TAXES)}, tax:import:<region>, "
            f"{', '.join(INSTITUTIONS)}; the world's are margin, margin:<region>, capital, pool, wages, "
            "capital-income, rent, duties, profits. "
            f"Known regions: {sorted(regions)}."
        )
    present = set(sam.totals.index)
    missing = [(r, a) for r in sam.regions for a in INSTITUTIONS if (r, a) not in present]
    missing += [
        (r, "factor:*") for r in sam.regions if not any((r, f"factor:{f}") in present for f in factors)
    ]
    missing += [
        (r, f"commodity:{a.removeprefix('activity:')}")
        for r, a in sam.totals.index
        if a.startswith("activity:")
        and (r, "commodity:" + a.removeprefix("activity:")) not in present
        and not _exports_all(sam, r, a)
    ]
    if missing:
        raise SamError(
            f"{where}: account(s) {missing[:10]} are missing. Every region needs a household, a government, "
            "savings, investment, factors, and a commodity for each activity that sells at home. Likely reasons: "
            "a table left out when the SAM was put together; a misspelt region."
        )


def _exports_all(sam: Sam, region: str, activity: str) -> bool:
    """Whether the activity sells something, all of it abroad (then its home commodity need not exist)."""
    sales = sam.table[(sam.table["row_region"] == region) & (sam.table["row_account"] == activity)]
    return len(sales) > 0 and bool((sales["column_region"] != region).all())


def check_balance(sam: Sam, tolerance: float, where: str) -> None:
    """Raise :class:`SamError` if an account's receipts and outlays differ by more than the tolerance."""
    totals = sam.totals
    open_accounts = totals[totals["relative"] > tolerance].sort_values("relative", ascending=False)
    if open_accounts.empty:
        return
    lines = [
        f"  {_named(region, account)}: receives {row.row_total:,.6g}, pays {row.column_total:,.6g}, "
        f"gap {row.gap:,.6g} ({row.relative:.2e} of the account){_one_sided(row)}"
        for (region, account), row in zip(
            open_accounts.index[:10], open_accounts.head(10).itertuples(index=False), strict=True
        )
    ]
    raise SamError(
        f"{where}: {len(open_accounts)} of {len(totals)} accounts do not balance within {tolerance:g} of their "
        f"size (million USD), the worst being\n"
        + "\n".join(lines)
        + "\nLikely reasons: a cell changed or lost after "
        "balancing; values rounded in the file; a tax entered in one account only; a sign turned round. "
        "Balance the SAM again or restore the cell."
    )


def _one_sided(row: object) -> str:
    if getattr(row, "row_total") == 0:  # noqa: B009 - a named tuple of pandas has no static attributes
        return "; nothing is received"
    if getattr(row, "column_total") == 0:  # noqa: B009
        return "; nothing is paid"
    return ""


def _named(region: str, account: str) -> str:
    return ", ".join(filter(None, (region, account)))


def _show(cells: pd.DataFrame, limit: int = 10) -> str:
    lines = [
        f"  row {n + 2}: ({_named(a, b)}) receives from ({_named(c, d)}): {v!r}"
        for n, (a, b, c, d, v) in zip(cells.index, cells.itertuples(index=False), strict=True)
    ]
    return "\n".join(lines[:limit] + ([f"  ... and {len(lines) - limit} more"] if len(lines) > limit else []))
