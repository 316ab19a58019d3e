"""From the payments of a file to a checked SAM of eacu: names, sums, unit, balance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from ..balancing import BalanceProblem, solve
from ..sam import COLUMNS, TOLERANCE, WORLD, Sam, SamError, check_names
from ..sam_check import OWN_ACCOUNTS
from .cells import ImportDataError, Payments, listing
from .mapping import DROP, AccountMap
from .sam_faults import refuse_missing, refuse_negative

UNITS = {"usd": 1e-6, "thousand": 1e-3, "million": 1.0, "billion": 1e3}
"""Million USD in one unit of the file."""
CELL_ERROR = 0.1
"""Relative standard error of every cell when a SAM is balanced: it says only that large cells give way first."""
MOST_OPEN = 0.05
"""Largest gap, as a share of the account, that balancing may close: what is larger is not rounding but a fault."""

Key = tuple[str, str]


@dataclass(frozen=True)
class ImportedSam:
    """A SAM taken over from a file.

    ``dropped`` are labels that the mapping leaves out; ``unused`` rows of the mapping that name nothing in the file;
    ``gap`` the largest gap of an account before balancing, as a share of it; ``moved`` the largest change by
    balancing, million USD.
    """

    sam: Sam
    dropped: tuple[str, ...]
    unused: tuple[str, ...]
    gap: float
    moved: float

    @property
    def notes(self) -> list[str]:
        """What a user should know of the import, a sentence each."""
        found = [f"Largest gap of an account as read: {self.gap:.1e} of its size."]
        if self.moved:
            found.append(f"Balancing changed no cell by more than {self.moved:,.3g} million USD.")
        if self.dropped:
            found.append(f"Left out as the mapping says: {listing(self.dropped)}.")
        if self.unused:
            found.append(f"Rows of the mapping that name nothing in the file: {listing(self.unused)}.")
        return found


def import_sam(
    payments: Payments,
    mapping: AccountMap,
    unit: str = "million",
    balance: bool = False,
    tolerance: float = TOLERANCE,
) -> ImportedSam:
    """Rename and sum the accounts of a file and check the SAM that results.

    Trade between two sources that become one region (Germany and France in the EU) is the region's trade with itself
    and goes through the account ``intra:<g>``, so that it is not taken for domestic sales; that needs labels that begin
    with the country (``DEU c_mil``, with a row of the mapping for the region ``DEU``). ``balance`` closes gaps of
    rounding (up to :data:`MOST_OPEN` of an account) by cross-entropy.

    Raises:
        ImportDataError: an account is not mapped or missing; a negative cell; an unknown unit; a gap too large to be
            closed.
        SamError: the result is no admissible SAM, see :meth:`eacu.calibration.sam.Sam.from_table`.
    """
    if unit not in UNITS:
        raise ImportDataError(f"unknown unit {unit!r}; known are {', '.join(UNITS)} (of USD)")
    names = _targets(payments, mapping)
    table = payments.table[payments.table["value"] != 0]
    countries = {label: _country(label, mapping) for label in names}
    rows = [
        _cells(names[row], names[column], countries[row] != countries[column])
        for row, column in table[["row", "column"]].to_numpy()
    ]
    values = table["value"].to_numpy() * UNITS[unit]
    kept = pd.DataFrame(
        [
            (*cell, value, n)
            for cells, value, n in zip(rows, values, table.index, strict=True)
            if cells is not None
            for cell in cells
        ],
        columns=[*COLUMNS, "payment"],
    )
    long = kept.groupby(list(COLUMNS[:4]), sort=False, as_index=False)["value"].sum()
    long = long[long["value"] != 0].reset_index(drop=True)
    refuse_negative(long, kept, payments)
    raw = Sam(long)
    check_names(raw, str(payments.file))
    refuse_missing(raw, payments.file, tolerance)
    gap = raw.balance_gap()
    closed = balanced(long, payments) if balance and gap > 0 else long
    sam = Sam.from_table(closed, tolerance, where=str(payments.file))
    moved = float((closed["value"] - long["value"]).abs().max())
    dropped = tuple(label for label, key in names.items() if key is None)
    return ImportedSam(sam, dropped, _unused(payments, mapping), gap, moved)


def _unused(payments: Payments, mapping: AccountMap) -> tuple[str, ...]:
    regions = {label.partition(" ")[0] for label in payments.labels}
    return (
        *mapping.unused("account", payments.labels),
        *mapping.unused("region", regions),
    )


def _targets(payments: Payments, mapping: AccountMap) -> dict[str, Key | None]:
    """eacu's region and account of every label, None for one that is dropped.

    Raises :class:`ImportDataError` listing every label without a target.
    """
    found: dict[str, Key | None] = {}
    strangers = []
    for label, where in payments.labels.items():
        try:
            found[label] = _target(label, mapping)
        except KeyError as error:
            strangers.append(f"{label!r} at {where} ({error.args[0]})")
    if strangers:
        raise ImportDataError(
            f"{payments.file}: {len(strangers)} of {len(payments.labels)} accounts have no target"
            f"{f' in {mapping.file}' if mapping.file else ''}:\n  "
            + "\n  ".join(strangers[:10])
            + (f"\n  ... and {len(strangers) - 10} more" if len(strangers) > 10 else "")
            + "\nAdd a row account,<label>,<REGION account> to the mapping (or account,<label>,drop). Labels like "
            "'DEU commodity:mil' are also understood by their parts, mapped by rows of the kinds region and sector."
        )
    return found


def _target(label: str, mapping: AccountMap) -> Key | None:
    """The target of a label: of the whole, or of its parts. Raises KeyError with the reason."""
    whole = mapping.one("account", label)
    if whole == DROP:
        return None
    region, space, account = (whole or label).partition(" ")
    if not space or not account.startswith(OWN_ACCOUNTS):
        raise KeyError(
            f"its target {whole!r} is not 'REGION account'"
            if whole
            else "neither mapped nor 'REGION account'"
        )
    if whole is not None:
        return region, account
    head, colon, tail = account.rpartition(":")
    kind = {"activity": "sector", "intra": "sector", "commodity": "sector", "factor": "factor"}.get(head)
    if head in ("tax:import", "margin"):
        kind = "region"
    return _part("region", region, mapping), f"{head}{colon}{_part(kind, tail, mapping) if kind else tail}"


def _part(kind: str, name: str, mapping: AccountMap) -> str:
    """A part of a label under its kind's rows; without rows of that kind names stay. Raises KeyError."""
    if name == WORLD or not mapping.uses(kind):
        return name
    target = mapping.one(kind, name)
    if target is None:
        raise KeyError(f"{kind} {name!r} is not mapped")
    return target


def _country(label: str, mapping: AccountMap) -> str:
    """The country a label begins with; empty if its first word is none (then all such labels are of one country)."""
    first, _, account = label.partition(" ")
    named = account.startswith(OWN_ACCOUNTS) or first in mapping.targets["region"]
    return first if named else ""


def _cells(row: Key | None, column: Key | None, between_countries: bool) -> list[tuple] | None:
    """The cell or cells of one payment; None if one of its accounts is dropped."""
    if row is None or column is None:
        return None
    seller, _, good = row[1].partition(":")
    sale = row[0] == column[0] and seller == "activity" and column[1].startswith("commodity:")
    if sale and between_countries:
        own = (row[0], f"intra:{good}")
        return [(*row, *own), (*own, *column)]
    return [(*row, *column)]


def balanced(table: pd.DataFrame, payments: Payments) -> pd.DataFrame:
    """Close every account by cross-entropy, large cells moving first.

    Raises :class:`ImportDataError` if an account is further open than :data:`MOST_OPEN`.
    """
    totals = Sam(table).totals
    far = totals[totals["relative"] > MOST_OPEN].sort_values("relative", ascending=False)
    if len(far):
        worst = [f"{' '.join(key)} ({row.relative:.1%})" for key, row in far.iterrows()]  # type: ignore[arg-type]
        raise ImportDataError(
            f"{payments.file}: {len(far)} account(s) are open by more than {MOST_OPEN:.0%}, which is no rounding: "
            f"{listing(worst)}. Find what is missing: eacu check lists every gap."
        )
    accounts = list(totals.index)
    place = {key: n for n, key in enumerate(accounts)}
    receiving = [place[key] for key in _keys(table, "row")]
    paying = [place[key] for key in _keys(table, "column")]
    cells = np.arange(len(table))
    signs = np.concatenate([np.ones(len(table)), -np.ones(len(table))])
    matrix = sparse.csr_array(
        (signs, (receiving + paying, np.concatenate([cells, cells]))), shape=(len(accounts), len(table))
    )
    prior = pd.DataFrame({"prior": table["value"], "standard_error": CELL_ERROR * table["value"].abs()})
    problem = BalanceProblem(prior)
    names = [" ".join(key) for key in accounts]
    problem.constraints(names[1:], matrix[1:], np.zeros(len(names) - 1))  # the last follows from the others
    return table.assign(value=solve(problem).values)


def _keys(table: pd.DataFrame, side: str) -> Iterable[Key]:
    return zip(table[f"{side}_region"], table[f"{side}_account"], strict=True)


def require_lists(sam: Sam, regions: Iterable[str], sectors: Iterable[str], factors: Iterable[str]) -> None:
    """Refuse a SAM with other regions, sectors or factors than the economy it is to become.

    Raises :class:`eacu.calibration.sam.SamError` naming the differences.
    """
    problems = []
    for what, wanted, there in (
        ("regions", regions, sam.regions),
        ("sectors", sectors, sam.sectors),
        ("factors", factors, sam.factors),
    ):
        missing = [name for name in wanted if name not in there]
        strange = [name for name in there if name not in set(wanted)]
        if missing:
            problems.append(f"{what} missing: {listing(missing)}")
        if strange:
            problems.append(f"{what} that the economy does not have: {listing(strange)}")
    if problems:
        raise SamError(
            "The SAM does not fit the economy it is to become.\n  "
            + "\n  ".join(problems)
            + "\nMap the names (see docs/own_data.md), or give a folder with lists of your own by --base-year "
            "(mappings/model_regions.csv, mappings/sectors.csv and the tables that depend on them)."
        )
