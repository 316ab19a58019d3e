"""Everything that is wrong with a user's SAM, at once and in words.

`Sam.read` refuses a table at its first fault, as a model must. Who puts a SAM together wants the whole list:
`examine` makes every check that can be made, leaves out cells that are no numbers, and goes on.

Two layouts are read: the long one of `eacu.calibration.sam` (one row a payment), and the square matrix of the
textbooks, with the accounts' names in the first column and, the same names, in the first row; rows receive, columns
pay. Accounts called ``REGION account``, such as ``RUS commodity:agr``, are eacu's own and are checked by name; others
are any SAM's, of which everything but the names can be checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from .sam import (
    COLUMNS,
    INSTITUTIONS,
    TOLERANCE,
    WORLD_ACCOUNTS,
    Sam,
    SamError,
    check_balance,
    check_duplicates,
    check_names,
    check_numbers,
    check_signs,
    finite_cells,
    named_columns,
)

Status = Literal["passed", "failed", "skipped"]
OWN_KINDS = ("activity:", "intra:", "commodity:", "factor:", "tax:", "margin")
OWN_ACCOUNTS = (*OWN_KINDS, *INSTITUTIONS, *WORLD_ACCOUNTS)
"""Beginnings of accounts by which eacu's own naming is recognised."""
SUMS = ("total", "totals", "sum")


@dataclass(frozen=True)
class Finding:
    """One check: whether it passed, what was looked at or found, and the cells at fault if single cells are."""

    check: str
    status: Status
    message: str
    cells: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)), repr=False)


@dataclass(frozen=True)
class Examination:
    """What was found in a file.

    ``sam`` holds the cells that are numbers; ``own`` says whether the accounts are named as eacu names them.
    """

    file: Path
    layout: Literal["long", "matrix"]
    own: bool
    sam: Sam
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(finding.status != "failed" for finding in self.findings)


def examine(file: Path, tolerance: float = TOLERANCE, allow_negative: bool = False) -> Examination:
    """Make every check of the SAM in a CSV file.

    Args:
        file: a CSV file in one of the two layouts.
        tolerance: largest admissible gap between receipts and outlays as a share of the account's size.
        allow_negative: take negative cells as meant (subsidies, dissaving); only for SAMs with names of their own.

    Raises:
        SamError: there is no such file, or it is no table of payments at all.
    """
    layout, table, findings = _read(file)
    good = table[finite_cells(table)]
    if good.empty:
        raise SamError(f"{file}: not one of its {len(table):,} cells holds a number.")
    sam = Sam(good.assign(value=good["value"].astype(float)))
    own = _is_own(sam)
    where = file.name

    def negatives() -> None:
        if own:
            check_signs(sam.table, where)
        elif not allow_negative:
            _check_positive(sam.table, where)

    checks: list[tuple[str, str, Callable[[], None]]] = [
        ("numbers", f"{len(table):,} cells, all of them numbers", lambda: check_numbers(table, where)),
        ("cells", "no cell is given twice", lambda: check_duplicates(table, where)),
        ("signs", "no cell is negative that cannot be", negatives),
        ("empty accounts", "every account receives or pays", lambda: _check_used(table, sam, where)),
        (
            "balance",
            f"{len(sam.totals)} accounts, largest gap {sam.balance_gap():.1e} of its account (at most {tolerance:g})",
            lambda: check_balance(sam, tolerance, where),
        ),
    ]
    findings += [_finding(name, words, check) for name, words, check in checks]
    if own:
        words = f"{len(sam.regions)} regions, {len(sam.sectors)} sectors, {len(sam.factors)} factors"
        findings.append(_finding("accounts", words, lambda: check_names(sam, where)))
    else:
        findings.append(Finding("accounts", "skipped", _strangers(sam)))
    return Examination(file, layout, own, sam, tuple(findings))


def _finding(name: str, words: str, check: Callable[[], None]) -> Finding:
    try:
        check()
    except SamError as error:
        cells = error.cells if error.cells is not None else pd.DataFrame(columns=list(COLUMNS))
        return Finding(name, "failed", str(error), cells)
    return Finding(name, "passed", words)


def _read(file: Path) -> tuple[Literal["long", "matrix"], pd.DataFrame, list[Finding]]:
    """The table in long form; of a matrix also whether it is square."""
    if not file.is_file():
        raise SamError(f"SAM file {file} does not exist.")
    try:
        raw = pd.read_csv(file, dtype=str, keep_default_na=False, header=None, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise SamError(f"{file}: cannot be read as a table of comma-separated values: {error}") from error
    raw = raw.apply(lambda column: column.str.strip())
    header = raw.iloc[0].tolist()
    if set(header) & set(COLUMNS):
        table = raw.iloc[1:].set_axis(header, axis=1)
        return "long", named_columns(table, str(file)), []
    return "matrix", *_matrix(raw, file)


def _matrix(raw: pd.DataFrame, file: Path) -> tuple[pd.DataFrame, list[Finding]]:
    rows, columns = raw.iloc[1:, 0].tolist(), raw.iloc[0, 1:].tolist()
    if not set(rows) & set(columns):
        raise SamError(
            f"{file}: neither of the layouts of a SAM. Expected the columns {', '.join(COLUMNS)}, or a square matrix "
            f"with the accounts' names in the first column and the same names in the first row; the first row here "
            f"is {', '.join(map(repr, [raw.iloc[0, 0], *columns][:6]))}, the first column begins "
            f"{', '.join(map(repr, rows[:5]))}."
        )
    body = raw.iloc[1:, 1:].set_axis(rows, axis=0).set_axis(columns, axis=1)
    cells = body.stack()
    receiving = [_region_and_account(str(label)) for label in cells.index.get_level_values(0)]
    paying = [_region_and_account(str(label)) for label in cells.index.get_level_values(1)]
    table = pd.DataFrame(
        [(*row, *column, value) for row, column, value in zip(receiving, paying, cells, strict=True)],
        columns=list(COLUMNS),
        index=[n for n in range(len(rows)) for _ in columns],  # so that messages give the row in the file
    )
    return table, [
        _finding("square", f"{len(rows)} accounts", lambda: _check_square(rows, columns, file.name))
    ]


def _check_square(rows: list[str], columns: list[str], where: str) -> None:
    problems = [
        f"{what}: {', '.join(map(repr, names[:10]))}"
        for what, names in (
            ("only in the first column", [name for name in rows if name not in columns]),
            ("only in the first row", [name for name in columns if name not in rows]),
            ("twice in the first column", sorted({name for name in rows if rows.count(name) > 1})),
            ("twice in the first row", sorted({name for name in columns if columns.count(name) > 1})),
            ("sums, which are no accounts; leave them out", [n for n in rows if n.lower() in SUMS]),
        )
        if names
    ]
    if problems:
        raise SamError(
            f"{where}: not a square matrix of accounts ({len(rows)} rows, {len(columns)} columns).\n  "
            + "\n  ".join(problems)
        )


def _region_and_account(label: str) -> tuple[str, str]:
    region, space, account = label.partition(" ")
    return (region, account) if space and account.startswith(OWN_ACCOUNTS) else ("", label)


def _is_own(sam: Sam) -> bool:
    """Whether the accounts are named as eacu names them."""
    accounts = sam.totals.index
    named = [(region, account) for region, account in accounts if region and account.startswith(OWN_ACCOUNTS)]
    return 2 * len(named) > len(accounts)


def _check_positive(table: pd.DataFrame, where: str) -> None:
    negative = table[table["value"] < 0]
    if len(negative):
        shown = "\n".join(
            f"  {cell.row_account} receives {cell.value:g} from {cell.column_account}"
            for cell in negative.head(10).itertuples()
        )
        more = f"\n  ... and {len(negative) - 10} more" if len(negative) > 10 else ""
        raise SamError(
            f"{where}: {len(negative)} cell(s) are negative:\n{shown}{more}\nA negative receipt is a payment the other "
            "way: write it there. If it is meant (a subsidy, dissaving), say so with --allow-negative.",
            negative,
        )


def _check_used(table: pd.DataFrame, sam: Sam, where: str) -> None:
    """Accounts that are named but neither receive nor pay anything."""
    named = {*zip(table["row_region"], table["row_account"], strict=True)}
    named |= {*zip(table["column_region"], table["column_account"], strict=True)}
    moving = sam.table[sam.table["value"] != 0]
    used = {*zip(moving["row_region"], moving["row_account"], strict=True)}
    used |= {*zip(moving["column_region"], moving["column_account"], strict=True)}
    idle = sorted(named - used)
    if idle:
        raise SamError(
            f"{where}: {len(idle)} account(s) neither receive nor pay: "
            f"{', '.join(' '.join(filter(None, key)) for key in idle[:10])}. Leave them out, or find what got lost."
        )


def _strangers(sam: Sam) -> str:
    accounts = [" ".join(filter(None, key)) for key in sam.totals.index]
    return (
        f"eacu's model would read none of the {len(accounts)} accounts ({', '.join(accounts[:5])}, ...): they are not "
        "named as it names them, 'RUS commodity:agr', 'RUS household', ... (eacu.calibration.sam lists the names). "
        "The table was checked as any SAM"
    )
