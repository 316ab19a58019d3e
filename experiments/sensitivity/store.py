"""A sweep on disk: its question, its factors, and one Parquet file for each block of draws.

    sweep.json          what is asked; another question is refused in the same folder
    factors.parquet     draw, and the multiplier of each factor in it: the inputs of the sweep
    block-*.parquet     regime, draw, how it went, and every outcome: join on ``draw`` with the factors

A file is written under a temporary name and renamed, so that it is there whole or not at all; a sweep that was killed
goes on with the blocks that are missing, and one by ``monte-carlo``, whose draws do not depend on how many there are,
may be given more draws.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .factors import SensitivityError

QUESTION = "sweep.json"
FACTORS = "factors.parquet"
GROWS = ("draws", "points")
"""What differs where a sweep of monte-carlo is given more draws."""


@dataclass(frozen=True)
class Store:
    """The folder of one sweep."""

    folder: Path

    @classmethod
    def open(cls, folder: Path, question: dict[str, Any], factors: pd.DataFrame, resume: bool) -> Store:
        """A new folder, or with ``resume`` the one of a sweep that asks the same.

        ``factors`` has a column ``draw`` and the multiplier of each factor.

        Raises:
            SensitivityError: the folder holds a sweep and is not to be resumed, or one that asks something else.
        """
        store, file = cls(folder), folder / QUESTION
        if file.is_file():
            if not resume:
                raise SensitivityError(
                    f"{folder} holds a sweep already: go on with it by --resume, or name another folder"
                )
            before = json.loads(file.read_text(encoding="utf-8"))
            differs = [key for key in question if before.get(key) != question[key]]
            if differs and not store._grows(before, question, differs, factors):
                raise SensitivityError(
                    f"{folder} holds another sweep: {', '.join(differs)} differ(s) ({before.get(differs[0])!r} there, "
                    f"{question[differs[0]]!r} now). Name another folder"
                )
        folder.mkdir(parents=True, exist_ok=True)
        store._write_table(folder / FACTORS, factors)
        store._write(file, (json.dumps(question, indent=1) + "\n").encode())
        return store

    def done(self, rows: Mapping[int, int]) -> set[int]:
        """Numbers of the blocks that are there with all their rows; ``rows`` says how many each has.

        Raises SensitivityError for a file that is no whole table.
        """
        files = {int(file.stem.partition("-")[2]): file for file in self.folder.glob("block-*.parquet")}
        found = {number: _reading(file, pq.read_metadata).num_rows for number, file in files.items()}
        return {number for number, count in found.items() if rows.get(number) == count}

    def add(self, number: int, table: pd.DataFrame) -> None:
        """Keep a block."""
        self._write_table(self.folder / f"block-{number:06d}.parquet", table)

    def read(self) -> pd.DataFrame:
        """Every row of every block, in the order of draws. Raises SensitivityError for a file that is broken."""
        files = sorted(self.folder.glob("block-*.parquet"))
        if not files:
            raise SensitivityError(f"{self.folder} holds no finished block")
        return pd.concat([_reading(file, pd.read_parquet) for file in files], ignore_index=True)

    def _grows(
        self, before: dict[str, Any], question: dict[str, Any], differs: list[str], factors: pd.DataFrame
    ) -> bool:
        """Whether the same draws and more are asked for."""
        if question["method"] != "monte-carlo" or not set(differs) <= set(GROWS):
            return False
        known = _reading(self.folder / FACTORS, pd.read_parquet).head(before["draws"])
        own = factors.head(len(known))
        return before["draws"] < question["draws"] and np.array_equal(own.to_numpy(), known.to_numpy())

    def _write_table(self, file: Path, table: pd.DataFrame) -> None:
        part = file.with_name(f".{file.name}.{os.getpid()}")
        table.to_parquet(part, index=False)
        part.replace(file)

    def _write(self, file: Path, content: bytes) -> None:
        part = file.with_name(f".{file.name}.{os.getpid()}")
        part.write_bytes(content)
        part.replace(file)


def _reading(file: Path, read: Any) -> Any:
    """What ``read`` makes of a file; an error that says which file is broken and what to do."""
    try:
        return read(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise SensitivityError(
            f"{file} cannot be read: {first}. Delete it and run again with --resume: only what it held is solved again"
        ) from error
