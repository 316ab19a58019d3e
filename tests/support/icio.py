"""Write a table of the world as the OECD publishes its ICIO tables, 2023 edition: its names of rows and columns.

Regions that trade with themselves become two countries of equal size, each of which buys at home what it can and
from the other what the region buys of itself.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

COUNTRIES = {
    "RUS": ("RUS",),
    "BLR": ("BLR",),
    "KAZ": ("KAZ",),
    "KGZ": ("KGZ",),
    "EU": ("DEU", "FRA"),
    "CHN": ("CHN", "HKG"),
    "ROW": ("USA", "ROW"),
}
INDUSTRY = {
    "agr": "A01_02",
    "oil": "B05_06",
    "gas": "B05_06",
    "omn": "B05_06",
    "ppr": "C19",
    "dmt": "C10T12",
    "ofd": "C10T12",
    "lgt": "C13T15",
    "wpp": "C16",
    "chm": "C20",
    "fem": "C24",
    "nfm": "C24",
    "mvh": "C29",
    "mac": "C28",
    "oth": "C23",
    "utl": "D",
    "con": "F",
    "trd": "G",
    "trn": "H49",
    "cmm": "J61",
    "fbs": "K",
    "pub": "O",
}
FINAL = {"household": "HFCE", "government": "GGFC", "investment": "GFCF"}
EMPTY = ("NPISH", "INVNT", "DPABR")


def icio_frame(table) -> pd.DataFrame:
    """The table with the rows and columns of the release, totals included."""
    names = [INDUSTRY.get(user) or FINAL[user] for user in table.users]
    cells: dict[tuple[str, str], float] = {}

    def add(row: str, column: str, value: float) -> None:
        cells[row, column] = cells.get((row, column), 0.0) + value

    for s, buyer in enumerate(table.regions):
        for c in COUNTRIES[buyer]:
            share = 1 / len(COUNTRIES[buyer])
            for u, user in enumerate(names):
                column = f"{c}_{user}"
                add("TLS", column, share * table.taxes[s, u])
                if u < len(table.sectors):
                    add("VA", column, share * table.value_added[s, u])
                for i, good in enumerate(table.sectors):
                    add(f"{c}_{INDUSTRY[good]}", column, share * table.home[i, s, u])
                    for r, seller in enumerate(table.regions):
                        abroad = [k for k in COUNTRIES[seller] if k != c]
                        for k in abroad:
                            value = share * table.traded[i, r, s, u] / len(abroad)
                            add(f"{k}_{INDUSTRY[good]}", column, value)
    return _laid_out(cells, table)


def _laid_out(cells: dict[tuple[str, str], float], table) -> pd.DataFrame:
    codes = list(dict.fromkeys(INDUSTRY[good] for good in table.sectors))
    countries = [c for region in table.regions for c in COUNTRIES[region]]
    industries = [f"{c}_{code}" for c in countries for code in codes]
    final = [f"{c}_{name}" for c in countries for name in (*FINAL.values(), *EMPTY)]
    long = pd.Series(cells)
    frame = long.unstack(fill_value=0.0).reindex(
        index=[*industries, "TLS", "VA"], columns=[*industries, *final]
    )
    frame = frame.fillna(0.0)
    frame.loc["OUT"] = frame[industries].sum().reindex(frame.columns, fill_value=0.0)
    frame["OUT"] = frame.sum(axis=1)
    return frame


def write_icio(table, file: Path) -> None:
    """Write the release's csv file (17 digits, so that what is read is what was written)."""
    icio_frame(table).to_csv(file, index_label="V1", float_format="%.17g")


def perturbed(table, seed: int):
    """The same table with every cell multiplied by a random factor between 0.5 and 2."""
    from dataclasses import replace

    random = np.random.default_rng(seed)
    return replace(
        table,
        **{
            name: getattr(table, name) * random.uniform(0.5, 2.0, getattr(table, name).shape)
            for name in ("home", "traded", "taxes", "value_added")
        },
    )
