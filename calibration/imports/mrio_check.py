"""Whether an input-output release adds up: sales of an industry are its costs, and nobody buys less than nothing."""

from __future__ import annotations

import pandas as pd

from .cells import ImportDataError, listing
from .mapping import DROP, AccountMap
from .mrio import Mrio

LARGEST_GAP = 0.03
"""Largest difference between sales and costs, as a share of the industry, that is taken for a statistical one."""
TRACE = 1e-3
"""A negative purchase below this part of what the seller sells or the buyer buys is left by a release's balancing."""
SMALL = 1e-6
"""An industry with less than this part of the world's sales may have any gap: there it is rounding."""
SIGNED = "investment"
"""The one use that may be negative: stocks are drawn down."""


def check_release(release: Mrio, mapping: AccountMap, largest_gap: float = LARGEST_GAP) -> list[str]:
    """Refuse a release that cannot be right; returns notes on what is odd and was accepted.

    Raises :class:`.cells.ImportDataError` for a negative purchase other than of stocks, naming its cells, and for an
    industry whose sales and costs differ by more than ``largest_gap`` of the larger, naming both values.
    """
    traces = _refuse_negative(release, mapping)
    _refuse_gaps(release, largest_gap)
    notes = []
    if traces:
        notes.append(
            f"{traces} negative purchases are traces (below {TRACE:.1%} of seller or buyer) and left out."
        )
    lost = release.value_added[release.value_added < 0]
    if len(lost):
        names = listing(f"{_name(key)} {value:,.1f}" for key, value in lost.sort_values().items())
        notes.append(f"Value added below zero is taken for none, million USD: {names}.")
    return notes


def _refuse_negative(release: Mrio, mapping: AccountMap) -> int:
    """Refuse negative purchases that are no traces; returns how many traces there are."""
    cells = pd.concat([release.use, _by_user(release.final, mapping)], axis=1)
    values = cells.to_numpy(float)
    rows, columns = (values < 0).nonzero()
    if not len(rows):
        return 0
    sellers, buyers = list(cells.index), list(cells.columns)
    sold, bought = abs(values).sum(axis=1), abs(values).sum(axis=0)
    wrong = [
        f"row {_name(sellers[i])}, column {_name(buyers[j])}: {values[i, j]:,.6g}"
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        if -values[i, j] > TRACE * min(sold[i], bought[j])
    ]
    if wrong:
        raise ImportDataError(
            f"{release.file}: {len(wrong)} purchase(s) are negative, million USD: {listing(wrong)}.\n"
            f"Only a category of final demand that is mapped to {SIGNED} (stocks drawn down) may be. Likely reason: a "
            "sign or a cell that was changed; see the publisher's file."
        )
    return len(rows)


def _by_user(final: pd.DataFrame, mapping: AccountMap) -> pd.DataFrame:
    """Final demand summed over the categories of one user of a country, among which some correct others.

    Without those that are mapped to :data:`SIGNED`, or to nothing.
    """
    user_of = {name: targets[0] for name, targets in mapping.targets["final"].items()}
    counted = [
        name in user_of and user_of[name] not in (SIGNED, DROP) for name in final.columns.get_level_values(1)
    ]
    kept = final.loc[:, counted]
    places = (kept.columns.get_level_values(level) for level in (0, 1))
    names = [(country, user_of[name]) for country, name in zip(*places, strict=True)]
    return (
        kept.T.groupby(pd.MultiIndex.from_tuples(names, names=["country", "user"])).sum().T if names else kept
    )


def _refuse_gaps(release: Mrio, largest: float) -> None:
    """Refuse industries whose sales and costs differ; the two that one wrong cell would open are named together."""
    accounts = release.accounts()
    counted = accounts["sales"].abs() > SMALL * accounts["sales"].sum()
    wrong = accounts[counted & (accounts["gap"] > largest)].sort_values("gap", ascending=False)
    if wrong.empty:
        return
    names = [
        f"{_name(key)}: sales {row['sales']:,.6g}, costs {row['costs']:,.6g} ({row['gap']:.1%})"
        for key, row in wrong.iterrows()
    ]
    raise ImportDataError(
        f"{release.file}: sales and costs of {len(wrong)} of {len(accounts)} industries differ by more than "
        f"{largest:.1%} of the larger, million USD: {listing(names)}.\n{_one_cell(accounts)}"
        "Other likely reasons: a row of inputs left out (mapped to drop), another unit in a part of the "
        "file. If the release is published so, accept larger gaps with --largest-gap PERCENT."
    )


def _one_cell(accounts: pd.DataFrame) -> str:
    """The cell that alone would explain the largest gaps: the seller's and the buyer's miss by the same amount."""
    miss = (accounts["sales"] - accounts["costs"]).to_numpy(float)
    low, high = int(miss.argmin()), int(miss.argmax())
    if abs(miss[low] + miss[high]) > 0.01 * miss[high]:
        return ""
    pair = " and ".join(_name(accounts.index[n]) for n in (low, high))
    return f"The gaps of {pair} are equal and opposite: look where the row of one meets the column of the other.\n"


def _name(label: object) -> str:
    """Country and industry as one label."""
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
