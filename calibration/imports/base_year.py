"""The folder of an imported base year: SAM, tariff schedules that fit it, and the comparison with eacu's controls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...data import base_year_folder, path, reader
from ..audit import audit, bilateral_fob
from ..border import dutiable_share, mfn_rates
from ..national import FACTORS
from ..publish import published_tables, write_tables
from ..regions import Regions
from ..sam import Sam
from ..series import Tables
from ..tariff_schedules import schedules
from ..trade import sector_list
from .aggregation import aggregate
from .cells import ImportDataError, listing
from .mapping import AccountMap
from .mrio import read_mrio
from .mrio_check import check_release
from .mrio_sam import sam_from_world
from .sam_import import import_sam, require_lists
from .sources import Source
from .world_table import WorldTable

FLOW = ["sector", "exporter", "importer"]
ODD_SCALE, WRONG_SCALE = 3.0, 10.0
"""A GDP that many times the national accounts', or less than that part of them: worth a note; another unit."""
RELEASE_ONLY = ("sam/balancing_controls", "sam/adjustments")
"""Tables that an estimate from a release has and a SAM taken over has not."""
BAD_IN_NAMES = '<>:"/\\|?*'


@dataclass(frozen=True)
class ImportedBaseYear:
    """A base year made from a file: its tables by name, and what the user should know of how it was made."""

    published: dict[str, pd.DataFrame]
    sam: Sam
    notes: tuple[str, ...]
    tables: Tables
    own: Path | None
    record: dict[str, Any]

    @property
    def controls(self) -> pd.DataFrame:
        """The comparison with eacu's national accounts, trade, revenue and tariffs."""
        return self.published["sam/controls"]

    def write(self, folder: Path) -> list[Path]:
        """Write the folder that ``eacu run --base-year`` accepts; returns the files.

        ``source.json`` says what the base year was made of: the file and the mapping with their hashes, the options.
        """
        for name in RELEASE_ONLY:  # of an import that stood here before
            if name not in self.published:
                (folder / f"{name}.csv").unlink(missing_ok=True)
        written = write_tables(self.published, self.tables, folder, self.own)
        note = folder / "source.json"
        temporary = note.with_suffix(".json.tmp")
        temporary.write_text(
            json.dumps(self.record | {"notes": self.notes}, indent=2) + "\n", encoding="utf-8"
        )
        temporary.replace(note)
        return [*written, note]


def free_folder(out: Path, name: str, overwrite: bool = False) -> Path:
    """The folder below ``out`` of a new base year.

    Raises :class:`.cells.ImportDataError` if the name is no plain name of a folder, or there is something in it
    already and ``overwrite`` is not set.
    """
    if not name.strip() or name.startswith(".") or any(letter in BAD_IN_NAMES for letter in name):
        raise ImportDataError(
            f"--as {name!r}: a base year's name is that of a folder below {out}: it does not begin with a point and "
            f"has none of {' '.join(BAD_IN_NAMES)}. Say with --out where it is to be."
        )
    folder = out / name
    if folder.exists() and not folder.is_dir():
        raise ImportDataError(f"--as {name!r}: {folder} is a file")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise ImportDataError(
            f"--as {name!r}: {folder} exists already. Take another name, or replace its tables with --overwrite."
        )
    return folder


def record_of(source: Source, mapping: Path | None, base_year: str | Path | None) -> dict[str, Any]:
    """What a base year is made of, for ``source.json``; a folder of a release has no hash of its own."""
    options = {key: value for key, value in asdict(source).items() if key != "file"}
    return {
        "file": str(source.file),
        "sha256": _hash(source.file) if source.file.is_file() else None,
        "format": source.format,
        "mapping": str(mapping) if mapping else None,
        "mapping_sha256": _hash(mapping) if mapping else None,
        "base_year": str(base_year) if base_year else None,
        "options": options,
    }


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def import_base_year(
    source: Source,
    mapping: Path | None = None,
    base_year: str | Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> ImportedBaseYear:
    """Read a source and make a base year of it.

    ``mapping`` is a file of :class:`.mapping.AccountMap`; ``base_year`` names the economy (regions, sectors, other
    tables), the shipped one unless given; ``tell`` is called with a line for each part of the work.

    Raises:
        ImportDataError, SamError, TableError: the file, the mapping or the result cannot be used.
    """
    source.require_year()
    own = base_year_folder(base_year) if base_year else None
    tables = reader(own)
    tell(f"reading {source.file} ({source.format})")
    if source.is_release:
        published, notes = _from_release(source, _release_map(source, mapping), own, tell)
    else:
        accounts = AccountMap.read(mapping) if mapping else AccountMap.none()
        imported = import_sam(source.payments(), accounts, source.unit, source.balance)
        require_lists(imported.sam, Regions.of(tables).names, sector_list(tables), FACTORS)
        published = imported_tables(imported.sam, tables)
        notes = imported.notes
    notes = [*notes, *_odd_scale(published["sam/controls"], source)]
    sam = Sam(published["sam/sam_2007"])
    record = record_of(source, mapping, base_year)
    return ImportedBaseYear(published, sam, tuple(notes), tables, own, record)


def _release_map(source: Source, mapping: Path | None) -> AccountMap:
    """The mapping of a release: the user's, or eacu's own for ICIO."""
    if mapping is None and source.format != "icio":
        raise ImportDataError(
            f"{source.file}: a mapping of its countries, sectors and categories is needed; give --map"
        )
    return AccountMap.read(mapping or path("mappings/icio"))


def _from_release(
    source: Source, mapping: AccountMap, own: Path | None, tell: Callable[[str], None]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Estimate the SAM from an input-output release: the tables of the base year and notes on it."""
    tables = reader(own)
    regions, sectors = Regions.of(tables), tuple(sector_list(tables))
    release = read_mrio(source.file, source.format, source.year, mapping)
    odd = check_release(release, mapping, source.largest_gap)
    reference = Sam.read(path("sam/sam_2007", own))
    pattern = WorldTable.of_sam(reference, regions.names, sectors)
    countries = country_map(mapping, tables)
    world = aggregate(release, countries, mapping, pattern)
    there = release.use.index.get_level_values(0)
    present = {countries[name] for name in there}
    lent = tuple(region for region in regions.names if region not in present)
    if regions.rest in lent:
        raise ImportDataError(
            f"{source.file}: no country of it is mapped to {regions.rest}, the rest of the world"
        )
    world = world.with_regions_of(pattern, lent, regions.rest)
    build = sam_from_world(world, reference, tables, source.controls, tell)
    notes = [
        f"{len(there):,} industries of {there.nunique()} countries; largest gap between an industry's sales and costs "
        f"{release.gap():.1e}.",
        *odd,
    ]
    if lent:
        notes.append(f"Not in the release and taken from the reference base year: {', '.join(lent)}.")
    if not source.controls:
        notes.append("Left as published: not held to eacu's trade and national accounts.")
    return published_tables(build, tables), notes


def country_map(mapping: AccountMap, tables: Tables) -> dict[str, str]:
    """Region of every country: rows of kind ``region`` of the mapping, else eacu's own list by ISO code.

    ICIO's ``ROW`` is the rest of the world; a country that is a region of its own (Ukraine) leaves the rest.
    """
    if mapping.uses("region"):
        return {source: targets[0] for source, targets in mapping.targets["region"].items()}
    regions = Regions.of(tables)
    listed = tables("mappings/regions")
    codes = listed[listed["scheme"] == "iso3"].set_index("code")["region"].to_dict()
    extra = tables("mappings/regions_ukraine")
    codes |= (
        extra[extra["scheme"] == "iso3"].set_index("code")["region"].to_dict()
        if "UKR" in regions.names
        else {}
    )
    return {str(code): str(region) for code, region in codes.items()} | {regions.rest: regions.rest}


def _odd_scale(controls: pd.DataFrame, source: Source) -> list[str]:
    """A note if GDP is far from the national accounts.

    Raises :class:`.cells.ImportDataError` if it is so far that the unit must be another, unless the user insists.
    """
    gdp = controls[controls["control"] == "GDP"]
    ratio = gdp["value"] / gdp["target"]
    times = ratio.where(ratio > 1, 1 / ratio).where(ratio > 0, np.inf)
    odd = gdp[~(times <= ODD_SCALE)]
    if odd.empty:
        return []
    worst = listing(f"{row.region} {row.value:,.0f} instead of {row.target:,.0f}" for row in odd.itertuples())
    said = f"GDP is far from the national accounts, million USD: {worst}."
    if not (times <= WRONG_SCALE).all() and not source.force_unit:
        raise ImportDataError(
            f"{source.file}: {said} More than {WRONG_SCALE:.0f} times too large or too small is another unit than "
            f"--unit {source.unit}, or a part of the economy. If it is meant, say so with --force-unit."
        )
    return [f"{said} Is --unit right?"]


def imported_tables(sam: Sam, tables: Tables) -> dict[str, pd.DataFrame]:
    """Tables of the base year by name: ``sam/sam_2007``, ``policy/tariffs``, ``sam/controls``."""
    cif = imports_cif(sam)
    tariffs = schedules(cif, tables, tariffs_of(sam, cif, tables))

    def with_new_tariffs(name: str) -> pd.DataFrame:
        return tariffs if name == "policy/tariffs" else tables(name)

    return {
        "sam/sam_2007": sam.table,
        "policy/tariffs": tariffs,
        "sam/controls": audit(sam, with_new_tariffs).round(6),
    }


def imports_cif(sam: Sam) -> pd.Series:
    """Imports at the importer's border before duty, by (sector, exporter, importer), million USD."""
    table = sam.table
    margins = table[table["row_account"].str.startswith("margin:")]
    margins = margins[margins["column_account"].str.startswith("commodity:")]
    freight = margins.assign(
        sector=margins["column_account"].str.removeprefix("commodity:"),
        exporter=margins["row_account"].str.removeprefix("margin:"),
        importer=margins["column_region"],
    )
    return bilateral_fob(sam).add(freight.groupby(FLOW)["value"].sum(), fill_value=0.0)


def tariffs_of(sam: Sam, cif: pd.Series, tables: Tables) -> pd.DataFrame:
    """Most-favoured-nation rates of the SAM by sector (rows) and importer (columns): duty over dutiable imports.

    Where a region imports nothing dutiable of a good the SAM has no rate; there the rate of eacu's own tables stands
    (:func:`eacu.calibration.border.mfn_rates`).
    """
    table = sam.table[sam.table["row_account"].str.startswith("tax:import:")]
    duty = pd.Series(
        table["value"].to_numpy(float),
        index=[table["column_account"].str.removeprefix("commodity:"), table["column_region"]],
    ).rename_axis(["sector", "importer"])
    base = (cif * dutiable_share(cif, tables)).groupby(["sector", "importer"]).sum()
    paid = duty.groupby(["sector", "importer"]).sum().reindex(base.index, fill_value=0.0)
    rates = (paid / base.where(base > 0)).unstack("importer")
    own = mfn_rates(cif, tables)
    return rates.reindex(index=own.index, columns=list(Regions.of(tables).names)).fillna(own)
