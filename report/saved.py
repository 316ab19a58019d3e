"""Read a saved run back: the same tables as when it was solved, from its folder alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ..calibration.sam import Sam
from ..experiments.run import Check
from .catalogue import entry
from .store import LATEST, StoreError, find_run

RUNS = Path("runs")
"""Where runs are saved unless another folder is named."""


@dataclass(frozen=True)
class SavedRegime:
    """One regime of a saved run: its macro indicators, its checks and, if they were kept, its terms of welfare."""

    name: str
    title: str
    indicators: pd.DataFrame
    """One row for each region, as `eacu.model.indicators.UNITS` defines the columns."""
    checks: tuple[Check, ...]
    welfare: pd.DataFrame | None
    """Tidy: region, term, detail, sector, partner, unit, value."""


@dataclass(frozen=True)
class SavedRun:
    """A run as its folder tells it. Iterate over its regimes, or ask by name: ``run["union-2010-07"]``."""

    folder: Path
    facts: dict[str, Any]
    """``run.json``, see docs/runs.md."""

    @property
    def name(self) -> str:
        """The run's name."""
        return self.folder.name

    @property
    def members(self) -> list[str]:
        """Regions that are a member of the union in any of the regimes."""
        return list(self.facts["members"])

    @property
    def concerned(self) -> list[str]:
        """The members and every region whose tariff a regime sets."""
        return list(self.facts["concerned"])

    @property
    def regions(self) -> dict[str, str]:
        """Every region of the economy, code and name."""
        return dict(self.facts["regions"])

    @property
    def sectors(self) -> dict[str, str]:
        """Every sector, code and name."""
        return dict(self.facts["sectors"])

    @cached_property
    def results(self) -> pd.DataFrame:
        """Tidy results: regime, region, sector, partner, variable, unit, base, value, change, percent."""
        frame = pd.read_parquet(self.folder / "results.parquet")
        return frame[["regime", *frame.columns.drop("regime")]]

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Macro indicators: regime, region, indicator, value (NaN where one is not defined)."""
        return pd.read_csv(self.folder / "indicators.csv")

    @cached_property
    def trade(self) -> pd.DataFrame:
        """Trade creation and diversion by flow, million USD."""
        return pd.read_parquet(self.folder / "trade.parquet")

    @cached_property
    def welfare(self) -> pd.DataFrame | None:
        """Terms of welfare by regime, None where the run was saved without them."""
        file = self.folder / "welfare.parquet"
        return pd.read_parquet(file) if file.is_file() else None

    @cached_property
    def bands(self) -> pd.DataFrame | None:
        """Bands of indicators (`eacu.experiments.sensitivity.summary.bands`), None where the run has none."""
        file = self.folder / "bands.parquet"
        return pd.read_parquet(file) if file.is_file() else None

    @cached_property
    def checks(self) -> pd.DataFrame:
        """Every check: regime, name, value, tolerance, passed."""
        found = json.loads((self.folder / "checks.json").read_text(encoding="utf-8"))
        rows = [{"regime": regime, **check} for regime, checks in found.items() for check in checks]
        frame = pd.DataFrame(rows, columns=["regime", "name", "value", "tolerance", "passed"])
        return frame.astype({"value": float})

    @cached_property
    def sources(self) -> pd.DataFrame:
        """The data files: rows, how many of each quality, citation keys; SHA-256."""
        counts = dict.fromkeys(["observed", "estimated", "borrowed", "assumed"], "Int64")
        table = pd.read_csv(self.folder / "sources.csv", dtype=counts)
        lines = (self.folder / "data.sha256").read_text(encoding="utf-8").splitlines()
        return table.assign(sha256=[line.partition("  ")[0] for line in lines])

    def sam(self, regime: str) -> Sam:
        """The social accounting matrix after a regime, million USD."""
        return Sam.read(self.folder / "sam" / f"{self[regime].name}.csv")

    def __getitem__(self, name: str) -> SavedRegime:
        if name not in self.facts["regimes"]:
            raise StoreError(
                f"no regime {name!r} in run {self.name}; it has {', '.join(self.facts['regimes'])}"
            )
        own = self.indicators[self.indicators["regime"] == name]
        wide = own.pivot(index="region", columns="indicator", values="value")
        rows = self.checks[self.checks["regime"] == name]
        checks = tuple(map(Check, rows["name"], rows["value"], rows["tolerance"]))
        terms = None if self.welfare is None else self.welfare[self.welfare["regime"] == name]
        return SavedRegime(
            name,
            self.facts["titles"][name],
            wide.loc[list(self.regions), own["indicator"].unique()],
            checks,
            None if terms is None or terms.empty else terms.drop(columns="regime").reset_index(drop=True),
        )

    def __iter__(self) -> Iterator[SavedRegime]:
        return (self[name] for name in self.facts["regimes"])

    def problems(self) -> list[str]:
        """What is wrong with the folder: files that are missing or are not those that were written."""
        found = []
        for name, facts in self.facts["files"].items():
            file = self.folder / name
            if not file.is_file():
                found.append(f"{name} is missing")
            elif hashlib.sha256(file.read_bytes()).hexdigest() != facts["sha256"]:
                found.append(f"{name} is not the file that was written: its SHA-256 differs")
        return found

    def __repr__(self) -> str:
        regimes = ", ".join(self.facts["regimes"])
        return f"SavedRun {self.name}: {regimes} on {self.facts['base_year']}, {self.facts['status']}"


def open_run(name: str | Path = LATEST, out: Path = RUNS) -> SavedRun:
    """Open a saved run: its folder, or its name, the beginning of it or ``latest`` below ``out``.

    Raises StoreError when there is none, several are meant, or the folder is damaged.
    """
    own = Path(name)
    folder = own if (own / "run.json").is_file() else find_run(out, str(name))
    found = entry(folder)
    if found.problem:
        raise StoreError(
            f"the run {folder} is damaged: {found.problem}. It cannot be trusted; solve it again (its regimes are in "
            f"{folder / 'regimes'}) or delete it: eacu runs delete {folder.name}"
        )
    return SavedRun(folder, found.facts)
