"""What the user points at: a file, what format it has and how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .cells import ImportDataError, Payments
from .csv_file import read_csv
from .excel import read_excel
from .gdx import read_gdx
from .har import read_har
from .mrio_check import LARGEST_GAP

ENDINGS = {".csv": "csv", ".xlsx": "excel", ".xlsm": "excel", ".har": "har", ".gdx": "gdx"}
RELEASES = ("icio", "eora", "wiod", "pymrio")
"""Formats of multi-regional input-output tables; the others hold a SAM."""
YEAR = 2007
"""The year of eacu's other tables: schedules, employment, energy."""


@dataclass(frozen=True)
class Source:
    """A file (or the folder of a release) and the options it is read with; see ``eacu import --help``."""

    file: Path
    form: str | None = None
    sheet: str | None = None
    area: str | None = None
    table: str | None = None
    unit: str = "million"
    year: int = YEAR
    blanks_are_zero: bool = False
    balance: bool = False
    controls: bool = True
    largest_gap: float = LARGEST_GAP
    force_unit: bool = False

    @property
    def format(self) -> str:
        """The format: what the user said, else by the file's name.

        Raises :class:`.cells.ImportDataError` if there is no such file or the name does not tell.
        """
        if not self.file.exists():
            raise ImportDataError(f"there is no file or folder {self.file}")
        if self.form:
            return self.form
        name = self.file.name.lower()
        if "icio" in name:
            return "icio"
        if self.file.suffix.lower() in ENDINGS:
            return ENDINGS[self.file.suffix.lower()]
        raise ImportDataError(
            f"{self.file}: the name does not tell the format; say it with --format "
            f"({', '.join(dict.fromkeys((*ENDINGS.values(), *RELEASES)))})"
        )

    @property
    def is_release(self) -> bool:
        """Whether it is an input-output release rather than a SAM."""
        return self.format in RELEASES

    def payments(self) -> Payments:
        """Read a SAM. Raises :class:`.cells.ImportDataError`."""
        if self.format == "csv":
            return read_csv(self.file, self.blanks_are_zero)
        if self.format == "excel":
            return read_excel(self.file, self.sheet, self.area, self.blanks_are_zero)
        if self.format == "har":
            return read_har(self.file, self.table)
        return read_gdx(self.file, self.table)

    def require_year(self) -> None:
        """Raise :class:`.cells.ImportDataError` for a year that eacu's other tables do not have."""
        if self.year != YEAR:
            raise ImportDataError(
                f"--year {self.year}: the tariff schedules, employment, energy agreements and controls of eacu are of "
                f"{YEAR}; a base year of {self.year} would mix years. Take the table of {YEAR}."
            )
