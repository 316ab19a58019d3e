"""A region of a SAM divided into two equal halves that trade with each other as freely as one street with the next."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from eacu.calibration.sam import COLUMNS, Sam

Cell = tuple[str, str, str, str]


def split_sam(sam: Sam, region: str, halves: tuple[str, str], goods: tuple[str, ...]) -> Sam:
    """The SAM with ``region`` in two halves.

    Each half buys the home varieties of ``goods`` from both halves alike, free of duty and transport; of other goods it
    buys its own only. Everything else is halved.
    """
    cells: dict[Cell, float] = {}
    for *key, value in sam.table[list(COLUMNS)].itertuples(index=False):
        parts = list(_parts(tuple(key), region, halves, goods))
        for part in parts:
            cells[part] = cells.get(part, 0.0) + value / len(parts)
    return Sam.from_table(pd.DataFrame([(*k, v) for k, v in cells.items()], columns=list(COLUMNS)), 1e-9)


def _parts(key: Cell, region: str, halves: tuple[str, str], goods: tuple[str, ...]) -> Iterator[Cell]:
    """The cells that a cell falls into, of equal size."""
    row_region, row, column_region, column = key
    if not any(_named(text, region) for text in key):
        yield key
    elif (row_region, column_region) == (region, region) and row in {f"activity:{g}" for g in goods}:
        yield from ((seller, row, buyer, column) for seller in halves for buyer in halves)
    else:
        for half in halves:
            yield tuple(_renamed(text, region, half) for text in key)  # type: ignore[misc]


def _named(text: str, region: str) -> bool:
    return text == region or text.endswith(f":{region}")


def _renamed(text: str, region: str, half: str) -> str:
    return f"{text.removesuffix(region)}{half}" if _named(text, region) else text


def split_elasticities(table: pd.DataFrame, region: str, halves: tuple[str, str]) -> pd.DataFrame:
    """The elasticities with those of the region for each half."""
    own = table["region"] == region
    return pd.concat([table[~own], *(table[own].assign(region=half) for half in halves)], ignore_index=True)
