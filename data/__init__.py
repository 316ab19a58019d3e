"""Published figures, mappings, parameters and regimes, and the one loader that reads them.

Tables are tidy CSV files. In a table of figures every column left of ``value`` is part of the key; a table
without a ``value`` column (a mapping) is keyed by the whole row. Figures under ``sources/`` also carry
``unit``, ``source`` (a citation key explained in ``SOURCES.md``) and ``quality``.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

__all__ = ["QUALITIES", "TableError", "base_year_folder", "base_year_names", "path", "reader", "table"]

_ROOT = Path(__file__).resolve().parent

QUALITIES = ("observed", "estimated", "borrowed", "assumed")
"""What a figure is: read in a source; computed from sources; taken from another country; judged."""

_CODES = dict.fromkeys(("hs2", "wiod", "gtap57", "code"), str)  # codes that only look like numbers
_FIGURE_COLUMNS = ("value", "unit", "source", "quality")


class TableError(ValueError):
    """A data table is missing, incomplete or ambiguous; the message names the file and the cure."""


def path(name: str, folder: Path | None = None) -> Path:
    """The file of a table or document, e.g. ``path("sources/gtap_sam")`` or ``path("SOURCES.md")``.

    ``folder`` is another folder laid out like ``data``, for tables of one's own.

    Raises:
        TableError: there is no such file; the message lists the files of the same folder.
    """
    wanted = (folder or _ROOT) / name
    found = wanted if wanted.suffix else wanted.with_suffix(".csv")
    if not found.is_file():
        present = sorted(p.stem for p in found.parent.glob("*.csv")) if found.parent.is_dir() else []
        raise TableError(
            f"data table {name!r} not found: no file {found}. In that folder: {present or 'nothing'}."
        )
    return found


def table(name: str, columns: Sequence[str] = (), folder: Path | None = None) -> pd.DataFrame:
    """Read the table ``data/<name>.csv`` and refuse one that cannot be trusted.

    Args:
        name: path below ``data`` without ``.csv``, e.g. ``"sources/national_accounts"``.
        columns: columns the caller relies on, checked besides those every table of its folder must have.
        folder: another folder laid out like ``data``.

    Returns:
        The table as stored, with a default integer index.

    Raises:
        TableError: file missing; column missing; empty or non-numeric cell; duplicate key; unknown quality.
    """
    file = path(name, folder)
    frame = pd.read_csv(file, dtype=_CODES, keep_default_na=False, na_values=[""])
    required = [*columns, *(_FIGURE_COLUMNS if name.startswith("sources/") else ())]
    missing = [c for c in required if c not in frame.columns]
    if missing:
        raise TableError(f"{file}: column(s) {missing} missing; the table has {list(frame.columns)}.")
    _refuse_gaps(frame, file)
    _refuse_duplicates(frame, file)
    if "quality" in frame.columns:
        unknown = sorted(set(frame["quality"]) - set(QUALITIES))
        if unknown:
            raise TableError(f"{file}: column quality holds {unknown}; allowed are {list(QUALITIES)}.")
    return frame


def reader(own: Path | None = None) -> Callable[[str], pd.DataFrame]:
    """A reader of tables by name in which the tables of the folder ``own`` go before those of ``data``.

    This is what another base year is: a folder laid out like ``data`` that holds the tables which differ.
    """

    def read(name: str) -> pd.DataFrame:
        differs = own is not None and (own / name).with_suffix(".csv").is_file()
        return table(name, folder=own if differs else None)

    return read


def base_year_names() -> list[str]:
    """Names of the base years that come with eacu besides the default one: folders of ``data`` with own regions."""
    return sorted(p.parents[1].name for p in _ROOT.glob("*/mappings/model_regions.csv"))


def base_year_folder(name: str | Path) -> Path:
    """The folder of a base year, by the name of a shipped one (``"ukraine"``) or by its path.

    Raises:
        TableError: it is neither; the message lists the names.
    """
    if str(name) in base_year_names():
        return _ROOT / name
    if not Path(name).is_dir():
        raise TableError(
            f"no base year {str(name)!r}: neither a folder nor one of the shipped names {base_year_names()}. "
            "eacu calibrate --to FOLDER makes one."
        )
    return Path(name)


def _refuse_gaps(frame: pd.DataFrame, file: Path) -> None:
    if frame.empty:
        raise TableError(f"{file}: the table has no rows. Restore the file or rebuild it.")
    empty = frame.isna()
    if empty.to_numpy().any():
        column = str(empty.any().idxmax())
        line = int(empty[column].to_numpy().argmax()) + 2
        raise TableError(
            f"{file}, line {line}: column {column!r} is empty "
            f"({int(empty.to_numpy().sum())} empty cells in all). "
            "A missing figure is not a zero: fill the cell with its source, or drop the row."
        )
    if "value" in frame.columns and not pd.api.types.is_numeric_dtype(frame["value"]):
        bad = pd.to_numeric(frame["value"], errors="coerce").isna().to_numpy()
        line = int(bad.argmax()) + 2
        raise TableError(f"{file}, line {line}: value {frame['value'].iloc[line - 2]!r} is not a number.")


def _refuse_duplicates(frame: pd.DataFrame, file: Path) -> None:
    columns = list(frame.columns)
    key = columns[: columns.index("value")] if "value" in columns else columns
    repeated = frame.duplicated(subset=key, keep=False).to_numpy() if key else pd.Series(False).to_numpy()
    if repeated.any():
        lines = [int(i) + 2 for i in repeated.nonzero()[0][:4]]
        first = frame.loc[lines[0] - 2, key].to_dict()
        raise TableError(
            f"{file}, lines {lines}: the key {first} occurs more than once; keep one row per key."
        )
