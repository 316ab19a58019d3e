"""Reading the raw folder, mapping its codes, and the common shape of a derived table."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ...data import table
from ..regions import Regions

FIGURE = ["value", "unit", "source", "quality"]
MEMBERS = Regions.of(table).members
REGIONS = Regions.of(table).names
BASE = "regions"
"""The mapping of codes to the regions of the shipped base year."""
USD_MN = "USD mn"


class SourcesMissing(FileNotFoundError):  # noqa: N818 - the state of the machine, not a fault of the program
    """The raw source folder, or a file of it, is not on this machine."""


def raw_root() -> Path:
    """Folder of the raw sources: ``EACU_SOURCES``, else ``shared/data`` beside the repository.

    Raises:
        SourcesMissing: the folder does not exist.
    """
    repository = Path(__file__).resolve().parents[2]
    root = Path(os.environ.get("EACU_SOURCES", repository.parent / "shared" / "data"))
    if not root.is_dir():
        raise SourcesMissing(
            f"raw source folder {root} not found. The committed tables of data/sources need no raw files; "
            "to derive them again set EACU_SOURCES to the folder with the files named in data/SOURCES.md."
        )
    return root


def read_raw(root: Path, name: str, **options: object) -> pd.DataFrame:
    """Read one raw CSV; the code of Namibia, ``NA``, and the like stay text.

    Raises:
        SourcesMissing: the file is not in the raw folder.
    """
    file = root / name
    if not file.is_file():
        raise SourcesMissing(f"raw file {file} not found; see data/SOURCES.md for where it comes from.")
    settings: dict[str, object] = {"keep_default_na": False, "na_values": [""], **options}
    return pd.read_csv(file, **settings)  # type: ignore[call-overload]


def region_map(scheme: str, mapping: str = BASE) -> pd.Series:
    """Model region of every code of a scheme: iso3, gtap9, un_ama, wiod4 or baci7.

    Another ``mapping`` than the base holds only the codes that go to another region.
    """
    regions = table(f"mappings/{BASE}", columns=["region", "scheme", "code"])
    if mapping != BASE:
        own = table(f"mappings/{mapping}", columns=["region", "scheme", "code"])
        regions = pd.concat([regions, own]).drop_duplicates(["scheme", "code"], keep="last")
    chosen = regions[regions["scheme"] == scheme].set_index("code")["region"]
    if chosen.empty:
        raise KeyError(
            f"data/mappings/regions.csv has no scheme {scheme!r}: {sorted(set(regions['scheme']))}"
        )
    return chosen


def added_regions(mapping: str) -> tuple[str, ...]:
    """Regions that a mapping takes out of the base mapping's rest of the world, such as Ukraine."""
    if mapping == BASE:
        return ()
    own = table(f"mappings/{mapping}", columns=["region", "scheme", "code"])["region"]
    return tuple(r for r in own.unique() if r not in REGIONS)


def sector_map() -> pd.Series:
    """Model sector of every GTAP 57-sector code, in the model's order."""
    return table("mappings/sectors", columns=["sector", "gtap57"]).set_index("gtap57")["sector"]


def mapped(codes: pd.Series, mapping: pd.Series, what: str) -> pd.Series:
    """Translate codes, refusing one the mapping does not know.

    Raises:
        KeyError: a code has no row in the mapping table.
    """
    result = codes.map(mapping)
    unknown = sorted(set(codes[result.isna()].astype(str)))
    if unknown:
        raise KeyError(f"{what}: code(s) {unknown[:10]} have no row in data/mappings; add them there.")
    return result


def cells(matrix: pd.DataFrame, row: str, column: str) -> pd.DataFrame:
    """A matrix as one row per cell, with columns named by ``row`` and ``column``, and ``value``."""
    return matrix.rename_axis(index=row).reset_index().melt(id_vars=row, var_name=column, value_name="value")


def figures(frame: pd.DataFrame, keys: Iterable[str], unit: str, source: str, quality: str) -> pd.DataFrame:
    """Give a frame of ``keys`` and ``value`` the columns every derived table carries.

    ``unit``, ``source`` and ``quality`` fill the columns the frame does not have already.
    """
    keys = list(keys)
    filled = frame.copy()
    for column, constant in (("unit", unit), ("source", source), ("quality", quality)):
        if column not in filled.columns:
            filled[column] = constant
    return filled[[*keys, *FIGURE]].reset_index(drop=True)
