r"""How far apart two SAMs are, block by block and cell by cell.

The measure is the standardised total percentage error (W. Isard and E. Romanoff 1968; usual for input-output tables),

.. math:: \mathrm{STPE} = 100\,\frac{\sum_{ij} |t_{ij} - \bar t_{ij}|}{\sum_{ij} \bar t_{ij}},

the value of all changes in per cent of the block. A SAM in long form has no cell where nothing is paid, so a cell that
stands in one SAM only is compared with zero.
"""

from __future__ import annotations

import pandas as pd

from .sam import COLUMNS, WORLD, Sam

KEYS = list(COLUMNS[:-1])
BLOCKS = (
    "intermediate use",
    "factor incomes",
    "final demand",
    "domestic sales",
    "imports",
    "taxes",
    "incomes and savings",
)
MOVED = 0.10
"""A cell has moved noticeably if it differs by more than this share."""


def sam_cells(sam: Sam) -> pd.Series:
    """The cells of a SAM by their four keys, sorted, million USD."""
    return sam.table.set_index(KEYS)["value"].sort_index()


def sam_distance(reference: pd.Series, other: pd.Series, region: str) -> pd.DataFrame:
    """Distance between the cells of two SAMs in one region: one row a block of :data:`BLOCKS`.

    Columns: ``stpe_pct``; ``moved_pct``, the share of the block's value in cells that differ by more than 10 %;
    ``widest``, the cell with the largest change; ``widest_from``, ``widest_to``, million USD. A block is the payments
    made by accounts of the region.

    Raises ValueError if neither SAM has the region.
    """
    both = pd.DataFrame({"before": reference, "after": other}).fillna(0.0)  # no cell means no payment
    both = both[both.index.get_level_values("column_region") == region]
    if both.empty:
        raise ValueError(f"no region {region!r} in these SAMs")
    change = (both["after"] - both["before"]).abs()
    total = both["before"].abs()
    frame = both.assign(block=block_of(both.index), change=change, total=total)
    frame["moved"] = frame["total"].where(frame["change"] > MOVED * frame["total"], 0.0)
    sums = frame.groupby("block")[["change", "total", "moved"]].sum().reindex(list(BLOCKS))
    widest = frame.groupby("block")["change"].idxmax().reindex(list(BLOCKS))
    return pd.DataFrame(
        {
            "stpe_pct": 100 * sums["change"] / sums["total"],
            "moved_pct": 100 * sums["moved"] / sums["total"],
            "widest": [cell_name(key) for key in widest],
            "widest_from": both["before"].reindex(list(widest)).to_numpy(),
            "widest_to": both["after"].reindex(list(widest)).to_numpy(),
        },
        index=pd.Index(BLOCKS, name="block"),
    )


def block_of(index: pd.Index) -> pd.Series:
    """The block of each cell, by the kinds of its two accounts."""
    keys = index.to_frame(index=False)
    row = keys["row_account"].str.partition(":")[0]
    column = keys["column_account"].str.partition(":")[0]
    abroad = (keys["row_region"] != keys["column_region"]) | (row == "intra") | (column == "intra")
    block = pd.Series("incomes and savings", index=keys.index)
    block[row == "tax"] = "taxes"
    block[column == "tax"] = "taxes"
    block[(row == "commodity") & (column == "activity")] = "intermediate use"
    block[(row == "factor") & (column == "activity")] = "factor incomes"
    block[(row == "commodity") & column.isin(["household", "government", "investment"])] = "final demand"
    block[(row == "activity") & ~abroad] = "domestic sales"
    block[((row == "activity") & abroad) | (row == "intra") | (column == "intra")] = "imports"
    block[(keys["row_region"] == WORLD) & (column == "commodity")] = "imports"
    return block.set_axis(index)


def cell_name(key: tuple[str, str, str, str]) -> str:
    """A cell in words: who pays whom, without the region where it is the payer's own."""
    row_region, row_account, region, account = key
    seller = row_account if row_region == region else f"{row_region} {row_account}"
    return f"{region} {account} to {seller}"
