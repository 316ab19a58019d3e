"""Write an estimated base year to disk: the SAM, the tariff schedules, the audit and the adjustments."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .audit import adjustments, audit, balancing_controls
from .build import Build
from .series import Tables
from .tariff_schedules import schedules


def published_tables(build: Build, tables: Tables) -> dict[str, pd.DataFrame]:
    """Every file of a base year by its name below ``data``, without ``.csv``."""
    tariffs = schedules(build.border.cif, tables)

    def with_new_tariffs(name: str) -> pd.DataFrame:
        return tariffs if name == "policy/tariffs" else tables(name)

    return {
        "sam/sam_2007": build.sam.table,
        "policy/tariffs": tariffs,
        "sam/controls": audit(build.sam, with_new_tariffs).round(6),
        "sam/balancing_controls": balancing_controls(build).round(6),
        "sam/adjustments": adjustments(build).round(6),
    }


def publish(build: Build, tables: Tables, folder: Path, own: Path | None = None) -> list[Path]:
    """Write the base year under ``folder``; each file is written under a temporary name and renamed.

    ``own`` is the folder whose tables went before those shipped, if any: its tables are copied, so that the base year
    written is complete. Returns the files written.
    """
    return write_tables(published_tables(build, tables), tables, folder, own)


def write_tables(
    published: dict[str, pd.DataFrame], tables: Tables, folder: Path, own: Path | None = None
) -> list[Path]:
    """Write tables by name as :func:`publish` does; ``published`` itself is not changed."""
    if own is not None and own.resolve() != folder.resolve():
        found = (file.relative_to(own).with_suffix("").as_posix() for file in sorted(own.rglob("*.csv")))
        published = published | {name: tables(name) for name in found if name not in published}
    written = []
    for name, frame in published.items():
        file = folder / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(".csv.tmp")
        frame.to_csv(temporary, index=False, lineterminator="\n")
        temporary.replace(file)
        written.append(file)
    return written
