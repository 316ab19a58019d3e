"""The DuckDB catalogue over all runs of a folder, so that one line of SQL compares them.

``<out>/catalogue.duckdb`` has the tables

    runs        run, created (UTC), status, closure, eacu, data_sha256, regimes, seconds
    indicators  run, regime, region, indicator, value
    checks      run, regime, name, value, tolerance, passed

and, when it is queried through `query`, the views ``results``, ``trade`` and ``welfare`` over the Parquet files of
those names. The folders are the
truth and the catalogue an index of them: `sync` adds the runs it lacks and forgets those that are gone.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from .runfolder import run_folders

if TYPE_CHECKING:
    import pandas as pd

FILE_NAME = "catalogue.duckdb"
_LOCK_SECONDS = 10.0
_one_at_a_time = threading.Lock()  # threads of one process share DuckDB's state and would collide in it
_SCHEMA = """
create table if not exists runs (
    run varchar primary key, created timestamp, status varchar, closure varchar, eacu varchar,
    data_sha256 varchar, regimes varchar[], seconds double);
create table if not exists indicators (
    run varchar, regime varchar, region varchar, indicator varchar, value double);
create table if not exists checks (
    run varchar, regime varchar, name varchar, value double, tolerance double, passed boolean);
"""


class CatalogueError(ValueError):
    """The catalogue cannot be read or the query is wrong; the message says which."""


def sync(out: Path) -> Path:
    """Bring the catalogue of ``out`` into line with the run folders there; returns the catalogue file."""
    out.mkdir(parents=True, exist_ok=True)
    with _connect(out) as connection:
        connection.execute(_SCHEMA)
        known = {row[0] for row in connection.execute("select run from runs").fetchall()}
        folders = {folder.name: folder for folder in run_folders(out)}
        connection.begin()
        for name in sorted(known - folders.keys()):
            for table in ("runs", "indicators", "checks"):
                connection.execute(f"delete from {table} where run = ?", [name])
        for name in sorted(folders.keys() - known):
            _add(connection, name, folders[name])
        connection.commit()
    return out / FILE_NAME


def query(out: Path, sql: str) -> pd.DataFrame:
    """Answer a SQL query over the runs of ``out``.

    Besides the tables of the catalogue there are the views ``results``, ``trade`` and ``welfare`` (column ``run`` and
    the tidy columns of the files of those names). Raises CatalogueError with DuckDB's explanation when the SQL is
    wrong.
    """
    if not sql.strip():
        raise CatalogueError("the query is empty. Try: select * from runs")
    sync(out)
    with _connect(out, read_only=True) as connection:
        try:
            for name in ("results", "trade", "welfare"):
                _add_view(connection, name, [folder / f"{name}.parquet" for folder in run_folders(out)])
            return connection.execute(sql).df()
        except duckdb.Error as error:
            raise CatalogueError(
                f"{error}\nTables: runs, indicators, checks, results, trade, welfare."
            ) from error


@contextmanager
def _connect(out: Path, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The open catalogue; it admits one writer at a time, so another thread or process is waited for."""
    with _one_at_a_time:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                connection = duckdb.connect(str(out / FILE_NAME), read_only=read_only)
                break
            except duckdb.IOException as error:
                if "lock" not in str(error).lower() or time.monotonic() > deadline:
                    raise CatalogueError(f"cannot open {out / FILE_NAME}: {error}") from error
                time.sleep(0.1)
        with connection:
            yield connection


def _add_view(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> None:
    """A view over the files that exist, with a column ``run``; none if no run has the table."""
    found = [str(file.resolve()).replace("'", "''") for file in files if file.is_file()]
    if found:
        listed = ", ".join(f"'{file}'" for file in found)
        connection.execute(
            f"create temp view {name} as select string_split(filename, '/')[-2] as run, * exclude filename "
            f"from read_parquet([{listed}], filename = true, union_by_name = true)"
        )


def _add(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> None:
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    connection.execute(
        "insert into runs values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            name,
            datetime.fromisoformat(facts["created"]).astimezone(UTC).replace(tzinfo=None),
            facts["status"],
            ", ".join(facts["closures"]),
            facts["versions"]["eacu"],
            facts["data_sha256"],
            facts["regimes"],
            sum(facts["seconds"].values()),
        ],
    )
    connection.execute(
        "insert into indicators select ?, regime, region, indicator, value from read_csv(?, header = true)",
        [name, str(folder / "indicators.csv")],
    )
    for regime, checks in json.loads((folder / "checks.json").read_text(encoding="utf-8")).items():
        for check in checks:
            row = [name, regime, check["name"], check["value"], check["tolerance"], check["passed"]]
            connection.execute("insert into checks values (?, ?, ?, ?, ?, ?)", row)
