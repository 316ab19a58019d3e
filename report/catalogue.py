"""The catalogue: SQL over all runs of a folder, by DuckDB.

    runs        run, created (UTC), status, closure, eacu, data_sha256, regimes, seconds, base_year, commit,
                market_structure, elasticities, problem
    checks      run, regime, name, value, tolerance, passed
    indicators  run, regime, region, indicator, value
    results, trade, welfare, bands    run and the columns of the Parquet files of those names

The run folders are the truth and the catalogue is views over them, made in memory for each question. Nothing is
stored, so nothing can be out of date, locked by another process or broken by a kill, and any number of processes ask
at once. What it costs: a few files are opened for each run (docs/runs.md has the figure).

A folder that says it is a run but lacks a file or has one of another size (a copy broken off, a disk that was full)
is listed with the status ``damaged`` and the reason in ``problem``, and none of its figures is in another table.

Runs of every format up to `eacu.report.store.FORMAT` are read together: what an old run did not write down is null. A
run of a later format is listed as ``damaged``, saying that it needs a newer eacu.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from .store import FORMAT, run_folders

if TYPE_CHECKING:
    import pandas as pd

DAMAGED = "damaged"
TABLES = ("runs", "checks", "indicators", "results", "trade", "welfare", "bands")
_ATTEMPTS = 5
_READ = ("SELECT", "EXPLAIN")
_PARQUET = "read_parquet(FILES, filename = true, union_by_name = true)"
_VIEWS = {
    "indicators": (
        "indicators.csv",
        "read_csv(FILES, filename = true, header = true, columns = "
        "{regime: 'varchar', region: 'varchar', indicator: 'varchar', value: 'double'})",
    ),
    **{name: (f"{name}.parquet", _PARQUET) for name in ("results", "trade", "welfare", "bands")},
}
_RUNS = pa.schema(
    {
        "run": pa.string(),
        "created": pa.timestamp("s"),
        "status": pa.string(),
        "closure": pa.string(),
        "eacu": pa.string(),
        "data_sha256": pa.string(),
        "regimes": pa.list_(pa.string()),
        "seconds": pa.float64(),
        "base_year": pa.int64(),
        "commit": pa.string(),
        "market_structure": pa.string(),
        "elasticities": pa.string(),
        "problem": pa.string(),
    }
)
_OPTIONAL = {
    "welfare": "no run here has the terms of welfare: eacu run REGIME --welfare keeps them",
    "bands": "no run here has bands: eacu run REGIME --band keeps them",
}
"""Tables that a run has only when it is asked for them, and how to get them."""
_CHECKS = pa.schema(
    {
        "run": pa.string(),
        "regime": pa.string(),
        "name": pa.string(),
        "value": pa.float64(),
        "tolerance": pa.float64(),
        "passed": pa.bool_(),
    }
)


class CatalogueError(ValueError):
    """The query is wrong or a run cannot be read; the message says which."""


@dataclass(frozen=True)
class Entry:
    """A run folder and what its ``run.json`` and ``checks.json`` say; ``problem`` is empty for a sound one."""

    folder: Path
    facts: dict[str, Any]
    checks: dict[str, list[dict[str, Any]]]
    problem: str = ""


def entry(folder: Path) -> Entry:
    """Read what a run says of itself and compare the sizes of its files with what it says of them.

    Raises FileNotFoundError when the folder has just been deleted.
    """
    try:
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if _format(facts) > FORMAT:
            told = f"written by a newer eacu (format {_format(facts)}; this one reads up to {FORMAT})"
            return Entry(folder, {}, {}, told)
        for name, file in facts["files"].items():
            size = (folder / name).stat().st_size
            if size != file["bytes"]:
                return Entry(folder, {}, {}, f"{name} has {size} bytes, not {file['bytes']}")
        checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
        _row(Entry(folder, facts, checks))
        return Entry(folder, facts, checks)
    except FileNotFoundError as error:
        if not (folder / "run.json").is_file():
            raise
        return Entry(folder, {}, {}, f"{Path(str(error.filename)).name} is missing")
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        return Entry(folder, {}, {}, f"run.json or checks.json cannot be read: {error!r}")


def _format(facts: dict[str, Any]) -> int:
    """The format of a ``run.json``; the first did not say so."""
    return int(facts.get("format", 1))


def query(out: Path, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame:
    """Answer a SQL query over the runs of ``out``; ``?`` in it stand for ``parameters``.

    The tables are :data:`TABLES`. A run that another process deletes meanwhile is left out. Raises CatalogueError
    with DuckDB's explanation when the SQL is wrong or more than a question.
    """
    if not sql.strip():
        raise CatalogueError("the query is empty. Try: select * from runs")
    for attempt in range(1, _ATTEMPTS + 1):
        before = run_folders(out)
        try:
            return _answer(_entries(before), sql, parameters)
        except duckdb.Error as error:
            if attempt < _ATTEMPTS and run_folders(out) != before:
                continue  # a run was deleted under our hands
            raise CatalogueError(_explained(error, out)) from error
    raise CatalogueError(f"runs of {out} are deleted faster than they can be read; try again")


def _explained(error: duckdb.Error, out: Path) -> str:
    """DuckDB's explanation and which tables there are; of one that no run has, only how to get it."""
    sound = [one.folder for one in _entries(run_folders(out)) if not one.problem]
    missing = [name for name, (file, _) in _VIEWS.items() if not any((run / file).is_file() for run in sound)]
    there = f"Tables: {', '.join(name for name in TABLES if name not in missing)}."
    for name in missing:
        if f"Table with name {name} does not exist" in str(error):
            return f"{_OPTIONAL.get(name, f'no sound run here has the table {name}: eacu run writes one')}. {there}"
    return f"{error}\n{there}"


def _entries(folders: Sequence[Path]) -> list[Entry]:
    found = []
    for folder in folders:
        try:
            found.append(entry(folder))
        except FileNotFoundError:
            continue  # deleted since it was listed
    return found


def _answer(entries: Sequence[Entry], sql: str, parameters: Sequence[object]) -> pd.DataFrame:
    with duckdb.connect(":memory:") as connection:
        _refuse_changes(connection, sql)
        sound = [one for one in entries if not one.problem]
        connection.register("runs", pa.Table.from_pylist([_row(one) for one in entries], schema=_RUNS))
        rows = [
            {"run": one.folder.name, "regime": regime, **check}
            for one in sound
            for regime, checks in one.checks.items()
            for check in checks
        ]
        connection.register("checks", pa.Table.from_pylist(rows, schema=_CHECKS))
        for name, (file, reader) in _VIEWS.items():
            _add_view(connection, name, [one.folder / file for one in sound], reader)
        return connection.execute(sql, list(parameters)).df()


def _refuse_changes(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """A question cannot change or write anything: neither a table nor, by ``copy``, a file."""
    for statement in connection.extract_statements(sql):
        kind = statement.type.name
        if kind not in _READ:
            raise CatalogueError(f"runs are read-only and a query may only ask (select): this one is {kind}")


def _add_view(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path], reader: str) -> None:
    """A view over the files that exist, with a column ``run``; none if no run has the table."""
    found = [file.resolve().as_posix().replace("'", "''") for file in files if file.is_file()]
    if found:
        source = reader.replace("FILES", "[" + ", ".join(f"'{file}'" for file in found) + "]")
        connection.execute(
            f"create temp view {name} as select string_split(replace(filename, '\\', '/'), '/')[-2] as run, "
            f"* exclude filename from {source}"
        )


def _row(one: Entry) -> dict[str, Any]:
    """The row of the table of runs."""
    if one.problem:
        return {"run": one.folder.name, "status": DAMAGED, "problem": one.problem}
    facts = one.facts
    return {
        "run": one.folder.name,
        "created": datetime.fromisoformat(facts["created"]).astimezone(UTC).replace(tzinfo=None),
        "status": facts["status"],
        "closure": ", ".join(facts["closures"]),
        "eacu": facts["versions"]["eacu"],
        "data_sha256": facts["data_sha256"],
        "regimes": facts["regimes"],
        "seconds": sum(facts["seconds"].values()),
        "base_year": facts["base_year"],
        "commit": facts["code"]["commit"],
        "market_structure": facts["market_structure"],
        "elasticities": facts["elasticities"] if _format(facts) >= 2 else facts.get("elasticities"),
    }
