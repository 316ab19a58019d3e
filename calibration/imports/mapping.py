"""Mapping files: which account, region or sector of a source becomes which of eacu's.

A mapping is a CSV file with the columns ``kind, source, target`` and, for tables whose sectors are wider than eacu's,
``split``. Several sources may have one target: they are summed. The kinds are

===========  ==========================================================================================
``account``  a whole label of a SAM, such as ``Milk`` or ``DEU c_mil``, becomes one of eacu's, ``EU commodity:dmt``
             (region, space, account), or ``drop``
``region``   a country or region: ``DEU`` becomes ``EU``
``sector``   a sector or good: ``C10T12`` becomes ``dmt``
``factor``   a factor of production of a SAM: ``tech_aspros`` becomes ``skilled``
``final``    a category of final demand of an input-output table becomes ``household``, ``government``,
             ``investment`` or ``drop``
``input``    a row of primary inputs of an input-output table becomes ``value_added``, ``taxes`` (less subsidies, on
             products bought) or ``drop``
===========  ==========================================================================================

A source may have two targets only as a sector that is to be split (``split`` holds ``yes``, else ``no`` or nothing):
its cells are then divided as they are in the reference base year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .cells import ImportDataError, listing

KINDS = ("account", "region", "sector", "factor", "final", "input")
COLUMNS = ("kind", "source", "target")
DROP = "drop"


@dataclass(frozen=True)
class AccountMap:
    """Targets by kind and source: ``targets["sector"]["C24"] == ("fem", "nfm")``."""

    file: Path | None
    targets: Mapping[str, Mapping[str, tuple[str, ...]]]

    @classmethod
    def none(cls) -> AccountMap:
        """The mapping of a file whose names are eacu's own already."""
        return cls(None, {kind: {} for kind in KINDS})

    @classmethod
    def read(cls, file: Path) -> AccountMap:
        """Read and check a mapping file.

        Raises :class:`ImportDataError` naming the line: a missing column, an empty cell, an unknown kind, a
        source that is mapped twice and not marked as split.
        """
        if not file.is_file():
            raise ImportDataError(f"mapping file {file} does not exist")
        table = pd.read_csv(file, dtype=str, keep_default_na=False, skipinitialspace=True, comment="#")
        missing = [name for name in COLUMNS if name not in table.columns]
        if missing:
            raise ImportDataError(
                f"{file}: column(s) {', '.join(missing)} are missing; found {listing(table.columns)}"
            )
        table = table.apply(lambda column: column.str.strip())
        if "split" not in table.columns:
            table["split"] = ""
        _check_lines(file, table)
        _refuse_doubles(file, table)
        targets = {
            kind: {str(source): tuple(rows["target"]) for source, rows in part.groupby("source", sort=False)}
            for kind in KINDS
            for part in [table[table["kind"] == kind]]
        }
        return cls(file, targets)

    def one(self, kind: str, source: str) -> str | None:
        """The target of a source, or None if it is not mapped. Raises :class:`ImportDataError` for a split source."""
        found = self.targets[kind].get(source)
        if found is None:
            return None
        if len(found) > 1:
            raise ImportDataError(
                f"{self.file}: {kind} {source!r} is split over {', '.join(found)}. Only the sectors of an input-output "
                "table can be split; give an account of a SAM one target."
            )
        return found[0]

    def uses(self, kind: str) -> bool:
        """Whether the mapping says anything of this kind."""
        return bool(self.targets[kind])

    def unused(self, kind: str, there: Iterable[str]) -> list[str]:
        """Sources of a kind that the file does not have."""
        present = set(there)
        return [source for source in self.targets[kind] if source not in present]


def _check_lines(file: Path, table: pd.DataFrame) -> None:
    for n, row in enumerate(table.itertuples(index=False), 2):
        empty = [name for name in COLUMNS if not getattr(row, name)]
        if empty:
            raise ImportDataError(f"{file}, row {n}: {', '.join(empty)} is empty")
        if row.kind not in KINDS:
            raise ImportDataError(f"{file}, row {n}: unknown kind {row.kind!r}; known are {', '.join(KINDS)}")
        if row.split not in ("", "no", "yes") or (row.split == "yes" and row.kind != "sector"):
            raise ImportDataError(
                f"{file}, row {n}: split is {row.split!r}; it is 'no' or, for a sector, 'yes'"
            )


def _refuse_doubles(file: Path, table: pd.DataFrame) -> None:
    once = table.loc[table["split"] != "yes", ["kind", "source"]].drop_duplicates()
    for kind, source in once.itertuples(index=False, name=None):
        everywhere = table[(table["kind"] == kind) & (table["source"] == source)]
        if len(everywhere) > 1:
            lines = ", ".join(str(int(n) + 2) for n in everywhere.index)
            raise ImportDataError(
                f"{file}, rows {lines}: {kind} {source!r} is mapped {len(everywhere)} times, to "
                f"{listing(everywhere['target'])}. Give it one target"
                + (
                    "; to divide a sector write 'yes' in the column split of each row"
                    if kind == "sector"
                    else ""
                )
            )
    doubled = table[table.duplicated(["kind", "source", "target"], keep="first")]
    if len(doubled):
        raise ImportDataError(f"{file}, row {int(doubled.index[0]) + 2}: the same row stands twice")
