"""Faults of a user's SAM in the user's terms: the cells of the file that are negative, the account that is missing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..sam import COLUMNS, INSTITUTIONS, PLAIN_TAXES, WORLD, Sam, SamError, check_signs
from .cells import ImportDataError, Payments, addresses, listing

Key = tuple[str, str]
KEYS = list(COLUMNS[:4])
EXPLAINED = 0.8
"""Part of the accounts that do not balance which a missing one must explain; regions differ in what they trade."""
FEW = 3
"""Fewer accounts that do not balance may be due to one wrong cell: then only what every other region has is missed."""


def refuse_negative(table: pd.DataFrame, kept: pd.DataFrame, payments: Payments) -> None:
    """Refuse payments that are negative and must not be, naming their cells of the file.

    ``table`` is the SAM; ``kept`` the payments that it was summed from, by its accounts, with ``payment``, the position
    in the file's table. A negative payment that others outweigh is refused, too, except to ``investment``, where
    stocks that were drawn down are summed with new capital. Raises :class:`.cells.ImportDataError`.
    """
    strict = kept.loc[kept["column_account"] != "investment", list(COLUMNS)]
    for cells in (strict, table):
        try:
            check_signs(cells, str(payments.file))
        except SamError as error:
            if error.cells is None:
                raise
            wrong = error.cells[KEYS].drop_duplicates().merge(kept, on=KEYS)
            found = payments.table.loc[wrong.loc[wrong["value"] < 0, "payment"].drop_duplicates()]
            sums = [f"{a} {b} from {c} {d}" for a, b, c, d in wrong[KEYS].drop_duplicates().to_numpy()]
            raise ImportDataError(
                f"{payments.file}: {len(found)} cell(s) are negative where only zero or more is allowed: "
                f"{addresses(found, contents=True)}\nIn eacu's names: {listing(sums)}. Negative entries are allowed "
                "for taxes on production, sales and exports, savings, foreign savings and the government's transfer. "
                "Likely reasons: a sign turned round; stock changes left in investment; a subsidy booked as a purchase."
            ) from error


def refuse_missing(sam: Sam, file: Path, tolerance: float) -> None:
    """Name the account that is missing if that explains the accounts that do not balance.

    An account that is left out with all its cells leaves open exactly those that trade with it. Which those are is
    seen in the other regions. Raises :class:`.cells.ImportDataError`; says nothing if no missing account explains the
    gaps.
    """
    totals = sam.totals
    gaps = totals.loc[totals["relative"] > tolerance, "gap"]
    unbalanced = set(gaps.index)
    if not unbalanced:
        return
    partners = _partners(sam)
    explained = {
        key: len(unbalanced & _analogues(key, partners))
        for key in _expected(sam)
        if key not in partners and (len(unbalanced) >= FEW or _everywhere_else(key, sam, partners))
    }
    most = max(explained.values(), default=0)
    if most < EXPLAINED * len(unbalanced):
        return
    suspects = [key for key, number in explained.items() if number == most]
    one = len(suspects) == 1
    raise ImportDataError(
        f"{file}: {'an account is' if one else 'one of these accounts is'} missing: "
        f"{listing(' '.join(key) for key in suspects)}. Of the {len(unbalanced)} accounts that do not balance {most} "
        "trade with it in other regions; gaps in million USD: "
        f"{listing(f'{_label(key)} {gap:,.6g}' for key, gap in gaps.items())}. Likely reasons: its row and column were "
        "left out; it is mapped to drop or to another account. If there is to be no such account, cells between those "
        "that do not balance were changed or lost."
    )


def _label(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _partners(sam: Sam) -> dict[Key, set[Key]]:
    """The accounts that each account receives from or pays to."""
    found: dict[Key, set[Key]] = {}
    for a, b, c, d in sam.table[KEYS].itertuples(index=False, name=None):
        found.setdefault((a, b), set()).add((c, d))
        found.setdefault((c, d), set()).add((a, b))
    return found


def _expected(sam: Sam) -> list[Key]:
    """Accounts that a region may be expected to have because every region has, or because another one has."""
    kinds = dict.fromkeys(
        (*INSTITUTIONS, *PLAIN_TAXES, *(name for region, name in sam.totals.index if region != WORLD))
    )
    own = [
        (region, kind) for region in sam.regions for kind in kinds if kind != f"tax:import:{region}"
    ]  # a region that trades with itself levies no duty on it, as a rule
    world = ["margin", "capital", *(f"margin:{region}" for region in sam.regions)]
    return [*own, *((WORLD, account) for account in world)]


def _everywhere_else(key: Key, sam: Sam, partners: dict[Key, set[Key]]) -> bool:
    """Whether every other region has the account."""
    region, account = key
    return region != WORLD and all((one, account) in partners for one in sam.regions if one != region)


def _analogues(key: Key, partners: dict[Key, set[Key]]) -> set[Key]:
    """Whom an account would trade with: the partners of the same account of other regions, seen from its own."""
    region, account = key
    if key == (WORLD, "capital"):
        return {one for one in partners if one[1] == "savings"}
    if key == (WORLD, "margin"):
        return {one for one in partners if one[1].startswith(("activity:", "margin:"))}
    margin = region == WORLD
    here = account.removeprefix("margin:") if margin else region
    found: set[Key] = set()
    for (other, name), theirs in partners.items():
        if margin and other == WORLD and name.startswith("margin:"):
            found |= theirs
        elif not margin and name == account and other not in (region, WORLD):
            found |= {_exchanged(one, other, here) for one in theirs}
            found |= {one for one in theirs if one[0] != other}  # partners abroad stay where they are
    return found


def _exchanged(key: Key, one: str, two: str) -> Key:
    """An account with two regions exchanged, in its place and in its name."""
    exchange = {one: two, two: one}
    region, account = key
    head, colon, tail = account.rpartition(":")
    return exchange.get(region, region), f"{head}{colon}{exchange.get(tail, tail) if colon else tail}"
