"""Reading the oracle tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

DATA = Path(__file__).parent / "data"


def read_sam(folder: str, name: str = "sam.csv") -> pd.DataFrame:
    """A square SAM: the row account receives from the column account."""
    sam = pd.read_csv(DATA / folder / name, index_col=0)
    assert list(sam.index) == list(sam.columns)
    assert not sam.isna().any(axis=None)
    return sam


def read_levels(folder: str, name: str, column: str) -> dict[tuple[str, ...], float]:
    """Levels by (variable, index...)."""
    table = pd.read_csv(DATA / folder / name, dtype={"index": str}, keep_default_na=False)
    keys = [
        (row["variable"], *(part for part in row["index"].split("|") if part)) for _, row in table.iterrows()
    ]
    return dict(zip(keys, table[column].astype(float), strict=True))
