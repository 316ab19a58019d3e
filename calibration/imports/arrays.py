"""SAMs stored as arrays over sets: which dimension is what.

Two dimensions: the row account receives from the column account. Three: the same for each region; the dimensions that
share a set are the accounts (the first receives), the other is the region, and the labels become ``REGION account``.
Four: region and account that receive, region and account that pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from .cells import ImportDataError, Payments


def array_payments(
    file: Path, what: str, array: np.ndarray, sets: Sequence[str], elements: Sequence[Sequence[str]]
) -> Payments:
    """The cells of an array that holds every combination of its sets' elements.

    Raises :class:`ImportDataError` if it cannot be told which dimensions are the accounts.
    """
    if len(sets) != array.ndim or [len(one) for one in elements] != list(array.shape):
        raise ImportDataError(f"{file}, {what}: its sets {list(sets)} do not fit its shape {array.shape}")
    keys = [tuple(str(name).strip() for name in key) for key in product(*elements)]
    where = [f"{what}({', '.join(key)})" for key in keys]
    return label_payments(file, what, keys, array.reshape(-1).astype(float).tolist(), where, sets)


def label_payments(
    file: Path,
    what: str,
    keys: Sequence[tuple[str, ...]],
    values: Sequence[float],
    where: Sequence[str],
    sets: Sequence[str],
) -> Payments:
    """The payments of keyed values; ``sets`` are the names of the dimensions' sets.

    Raises :class:`ImportDataError` if it cannot be told which dimensions are the accounts.
    """
    row, column = _places(file, what, keys, sets)
    cells = [
        (" ".join(key[i] for i in row), " ".join(key[i] for i in column), value, place)
        for key, value, place in zip(keys, values, where, strict=True)
    ]
    return Payments.of(file, cells)


def _places(
    file: Path, what: str, keys: Sequence[tuple[str, ...]], sets: Sequence[str]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which parts of the key make up the row's and the column's label."""
    dimensions = len(keys[0])
    if dimensions == 2:
        return (0,), (1,)
    if dimensions == 4:
        return (0, 1), (2, 3)
    members = [{key[i] for key in keys} for i in range(3)]
    pairs = [(0, 1), (0, 2), (1, 2)]
    same = [(i, j) for i, j in pairs if sets[i] == sets[j] and sets[i] != "*"]
    overlapping = same or [(i, j) for i, j in pairs if 2 * len(members[i] & members[j]) > len(members[i])]
    if len(overlapping) != 1:
        raise ImportDataError(
            f"{file}, {what}: of its three dimensions ({', '.join(sets)}) two must be the accounts, over the same set, "
            "and one the region; here that cannot be told"
        )
    i, j = overlapping[0]
    region = ({0, 1, 2} - {i, j}).pop()
    return (region, i), (region, j)
