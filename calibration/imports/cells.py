"""Payments as a file has them: two labels, a number, and where the number stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

PAYMENT = ("row", "column", "value", "where")
SHOWN = 10
"""How many cells or names a message lists."""


class ImportDataError(ValueError):
    """A file cannot be taken over; the message names file, cells with their addresses, and what to do."""


@dataclass(frozen=True)
class Payments:
    """What the row account receives from the column account.

    ``table`` has the columns ``row``, ``column`` (labels as the file has them), ``value`` (its unit) and ``where``
    (address of the cell, such as ``Sheet1!C7`` or ``line 4, column 3``). A cell of zero is kept: it names accounts.
    """

    file: Path
    table: pd.DataFrame

    @classmethod
    def of(
        cls, file: Path, rows: Iterable[tuple[str, str, object, str]], blanks_are_zero: bool = False
    ) -> Payments:
        """Turn contents of cells into numbers.

        ``blanks_are_zero`` takes an empty cell for a payment that does not exist, as textbooks print SAMs; otherwise
        an empty cell is a missing figure and refused. Raises :class:`ImportDataError` for it, for any text, and for a
        payment that stands twice.
        """
        table = pd.DataFrame(list(rows), columns=list(PAYMENT))
        if table.empty:
            raise ImportDataError(f"{file}: there are no cells in the table")
        blank = table["value"].map(_is_blank)
        if blank.any() and not blanks_are_zero:
            raise ImportDataError(
                f"{file}: {int(blank.sum()):,} of {len(table):,} cells are empty: {addresses(table[blank])}\n"
                "A missing figure is not a zero. If an empty cell means that there is no payment, say so with "
                "--blanks-are-zero."
            )
        numbers = pd.to_numeric(table["value"].astype(object).mask(blank, 0.0), errors="coerce").astype(float)
        wrong = ~np.isfinite(numbers)
        if wrong.any():
            raise ImportDataError(
                f"{file}: {int(wrong.sum())} cell(s) hold no number: {addresses(table[wrong], contents=True)}\n"
                "Numbers are written with a decimal point and without thousands separators."
            )
        _refuse_unnamed(file, table)
        _refuse_doubled(file, table)
        return cls(file, table.assign(value=numbers))

    @property
    def labels(self) -> dict[str, str]:
        """Every account with the address of the first cell it receives or pays in."""
        both = pd.concat(
            [self.table[[side, "where"]].set_axis(["label", "where"], axis=1) for side in ("row", "column")]
        )
        return dict(both.drop_duplicates("label").itertuples(index=False, name=None))


def _is_blank(content: object) -> bool:
    return content is None or (isinstance(content, str) and not content.strip()) or content != content


def addresses(cells: pd.DataFrame, contents: bool = False) -> str:
    """The first cells of a table of payments with where they stand, and what they hold if asked."""
    shown = [
        f"{cell.where} ({cell.row} from {cell.column}{f': {cell.value!r}' if contents else ''})"
        for cell in cells.head(SHOWN).itertuples()
    ]
    return "; ".join(shown) + (f"; and {len(cells) - SHOWN} more" if len(cells) > SHOWN else "")


def _refuse_unnamed(file: Path, table: pd.DataFrame) -> None:
    for side in ("row", "column"):
        unnamed = table[table[side].map(_is_blank)]
        if len(unnamed):
            raise ImportDataError(
                f"{file}: {len(unnamed)} cell(s) without a {side} account: {addresses(unnamed)}"
            )


def _refuse_doubled(file: Path, table: pd.DataFrame) -> None:
    doubled = table[table.duplicated(["row", "column"], keep=False)].sort_values(
        ["row", "column"], kind="stable"
    )
    if len(doubled):
        raise ImportDataError(
            f"{file}: {len(doubled)} rows give the same payment more than once: {addresses(doubled, contents=True)}\n"
            "Likely reasons: rows appended twice; trade of a region with itself beside its domestic sales, which goes "
            "through an account intra:<g>. If they are parts of one payment, add them up in one row."
        )


def square(
    names: Sequence[str],
    paying: Sequence[str],
    body: Sequence[Sequence[object]],
    address: Sequence[Sequence[str]],
) -> Iterable[tuple[str, str, object, str]]:
    """The cells of a matrix: ``names`` receive (rows), ``paying`` pay (columns)."""
    for i, row in enumerate(names):
        for j, column in enumerate(paying):
            yield row, column, body[i][j], address[i][j]


def listing(names: Iterable[str]) -> str:
    """The first names of a list, and how many more there are."""
    listed = [str(name) for name in names]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more
