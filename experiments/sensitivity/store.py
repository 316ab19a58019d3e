"""A sweep on disk: its question, and one Parquet file for each block of draws.

A file is written under a temporary name and renamed, so that it is there whole or not at all; a sweep that was killed
goes on with the blocks that are missing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .factors import SensitivityError

QUESTION = "sweep.json"


@dataclass(frozen=True)
class Store:
    """The folder of one sweep."""

    folder: Path

    @classmethod
    def open(cls, folder: Path, question: dict[str, Any], resume: bool) -> Store:
        """A new folder, or with ``resume`` the one of a sweep that asks the same.

        Raises:
            SensitivityError: the folder holds a sweep and is not to be resumed, or one that asks something else.
        """
        file = folder / QUESTION
        if file.is_file():
            before = json.loads(file.read_text(encoding="utf-8"))
            if not resume:
                raise SensitivityError(
                    f"{folder} holds a sweep already: go on with it by --resume, or name another folder"
                )
            differs = [key for key in question if before.get(key) != question[key]]
            if differs:
                raise SensitivityError(
                    f"{folder} holds another sweep: {', '.join(differs)} differ(s) ({before.get(differs[0])!r} there, "
                    f"{question[differs[0]]!r} now). Name another folder"
                )
        folder.mkdir(parents=True, exist_ok=True)
        store = cls(folder)
        if not file.is_file():
            store._write(file, (json.dumps(question, indent=1) + "\n").encode())
        return store

    def done(self) -> set[int]:
        """Numbers of the blocks that are there."""
        return {int(file.stem.partition("-")[2]) for file in self.folder.glob("block-*.parquet")}

    def add(self, number: int, table: pd.DataFrame) -> None:
        """Keep a block."""
        file = self._file(number)
        part = file.with_name(f".{file.name}.{os.getpid()}")
        table.to_parquet(part, index=False)
        part.replace(file)

    def read(self) -> pd.DataFrame:
        """Every row of every block, in the order of draws."""
        files = sorted(self.folder.glob("block-*.parquet"))
        if not files:
            raise SensitivityError(f"{self.folder} holds no finished block")
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)

    def _file(self, number: int) -> Path:
        return self.folder / f"block-{number:06d}.parquet"

    def _write(self, file: Path, content: bytes) -> None:
        part = file.with_name(f".{file.name}.{os.getpid()}")
        part.write_bytes(content)
        part.replace(file)
