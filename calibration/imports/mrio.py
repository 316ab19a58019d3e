"""Multi-regional input-output releases, read with the library ``pymrio``.

OECD ICIO, EORA 26, WIOD and whatever ``pymrio`` has saved itself. The files are scanned first
(:mod:`.mrio_files`), and what was read is looked at as an economist would (:mod:`.mrio_check`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .cells import ImportDataError, listing
from .libraries import library
from .mapping import DROP, AccountMap
from .mrio_files import check_files, icio_file

UNITS = {
    "million usd": 1.0,
    "mill usd": 1.0,
    "m usd": 1.0,
    "m.usd": 1.0,
    "mio. usd": 1.0,
    "millions of us$": 1.0,
    "000 usd": 1e-3,
    "k usd": 1e-3,
    "usd": 1e-6,
}
"""Units of releases, in million USD."""


@dataclass(frozen=True)
class Mrio:
    """A release at its own countries and sectors, million USD at basic prices.

    ``use``: rows (country, sector), columns (country, sector); ``final``: the same rows, columns (country, category);
    ``taxes`` and ``value_added``: Series over the columns of ``use``; ``final_taxes``: over those of ``final``.
    """

    file: Path
    use: pd.DataFrame
    final: pd.DataFrame
    value_added: pd.Series
    taxes: pd.Series
    final_taxes: pd.Series

    def accounts(self) -> pd.DataFrame:
        """Sales and costs of every industry, and ``gap``: their difference as a share of the larger."""
        sales = self.use.sum(axis=1) + self.final.sum(axis=1)
        costs = (self.use.sum() + self.taxes + self.value_added).reindex(sales.index)
        size = pd.concat([sales.abs(), costs.abs()], axis=1).max(axis=1)
        gap = ((sales - costs).abs() / size.where(size > 0)).fillna(0.0)  # an industry that does not exist
        return pd.DataFrame({"sales": sales, "costs": costs, "gap": gap})

    def gap(self) -> float:
        """Largest difference between an industry's sales and its costs, as a share of the larger."""
        return float(self.accounts()["gap"].max())


def read_mrio(file: Path, form: str, year: int, mapping: AccountMap) -> Mrio:
    """Read a release: ``form`` is icio, eora, wiod or pymrio (a folder that ``pymrio`` saved).

    ``mapping`` says by rows of kind ``input`` which rows are value added and which taxes on products.

    Raises:
        ImportDataError: no such file, cells that are empty or no number, rows that differ from columns, a unit other
            than US dollars, a row of inputs that is not mapped, no value added at all.
    """
    pymrio = library("pymrio", "input-output releases")
    check_files(file, form, year)
    try:
        tables = _parsers(pymrio, file, year)[form]()
    except ImportDataError:
        raise
    except Exception as error:  # the library's own errors and whatever pandas raises on another format
        raise ImportDataError(f"{file}: pymrio cannot read it as {form}, year {year}: {error}") from error
    require_whole(file, tables)
    factor = _unit(file, tables.unit)
    rows = _inputs(file, tables, mapping)
    return Mrio(
        file,
        tables.Z * factor,
        tables.Y * factor,
        rows["value_added"][0] * factor,
        rows["taxes"][0] * factor,
        rows["taxes"][1] * factor,
    )


def _parsers(pymrio: Any, file: Path, year: int) -> dict[str, Any]:
    return {
        "icio": lambda: pymrio.parse_oecd(icio_file(file, year)),
        "eora": lambda: pymrio.parse_eora26(file, year=year),
        "wiod": lambda: pymrio.parse_wiod(file, year=year),
        "pymrio": lambda: pymrio.load_all(file),
    }


def require_whole(file: Path, tables: Any) -> None:
    """Refuse what was read if an industry lacks its row or column, or a cell holds no number.

    ``tables`` is what ``pymrio`` made of the file. Raises :class:`.cells.ImportDataError` naming the labels.
    """
    rows, columns = tables.Z.index, tables.Z.columns
    for kind, lacking in (
        ("a column and no row", columns.difference(rows, sort=False)),
        ("a row and no column", rows.difference(columns, sort=False)),
        ("no row in final demand", rows.difference(tables.Y.index, sort=False)),
    ):
        if len(lacking):
            names = listing(" ".join(map(str, one)) for one in lacking)
            raise ImportDataError(f"{file}: {len(lacking)} industries have {kind}: {names}")
    for name, frame in (("Z", tables.Z), ("Y", tables.Y)):
        wrong = frame.apply(pd.to_numeric, errors="coerce").isna().to_numpy().nonzero()
        cells = [(frame.index[i], frame.columns[j]) for i, j in zip(*wrong, strict=True)]
        if cells:
            raise ImportDataError(
                f"{file}, table {name}: {len(cells)} cell(s) hold no number: "
                + listing(f"row {' '.join(map(str, i))}, column {' '.join(map(str, j))}" for i, j in cells)
            )


def _unit(file: Path, unit: pd.DataFrame) -> float:
    """Million USD in a unit of the release."""
    names = sorted({str(name).strip() for name in unit.iloc[:, 0]})
    known = [UNITS[name.lower()] for name in names if name.lower() in UNITS]
    if len(known) != len(names) or len(set(known)) != 1:
        raise ImportDataError(f"{file}: its unit is {listing(names)}; eacu reads {', '.join(UNITS)}")
    return known[0]


def _inputs(file: Path, tables: Any, mapping: AccountMap) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Value added and taxes: rows of primary inputs by their target, summed; over industries and final users."""
    extension = getattr(tables, "factor_inputs", None) or getattr(tables, "VA", None)
    if extension is None:
        raise ImportDataError(f"{file}: pymrio found no primary inputs (extension factor_inputs) in it")
    names = [name if isinstance(name, str) else " ".join(map(str, name)) for name in extension.F.index]
    targets = [_input_target(mapping, name) for name in names]
    strangers = [name for name, target in zip(names, targets, strict=True) if target is None]
    if strangers:
        raise ImportDataError(
            f"{file}: {len(strangers)} row(s) of primary inputs are not mapped: {listing(strangers)}. Add rows "
            "input,<name>,value_added (or taxes, or drop) to the mapping."
        )
    if "value_added" not in targets:
        raise ImportDataError(
            f"{file}: no row of primary inputs is mapped to value_added; rows: {listing(names)}"
        )
    on_final = getattr(extension, "F_Y", None)
    parts = {}
    for kind in ("value_added", "taxes"):
        mine = [target == kind for target in targets]
        none = pd.Series(0.0, index=tables.Y.columns)  # a release without this row taxes no final user
        parts[kind] = (
            extension.F[mine].sum(),
            none if on_final is None else on_final[mine].sum().reindex(tables.Y.columns),
        )
    return parts


def _input_target(mapping: AccountMap, name: str) -> str | None:
    """Target of a row of inputs; ICIO's older releases have a row of taxes for each country, ``AUS_TAXSUB``."""
    if name.endswith("_TAXSUB"):
        return "taxes"
    target = mapping.one("input", name)
    if target not in (None, "value_added", "taxes", DROP):
        raise ImportDataError(
            f"{mapping.file}: input {name!r} goes to {target!r}; it can be value_added, taxes or drop"
        )
    return target
