"""Derive every table of ``data/sources`` from the raw folder.

Run it as ``python -m eacu.calibration.sources.rebuild``.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from . import (
    belarus,
    elasticities,
    energy,
    growth,
    gtap,
    national_accounts,
    supplements,
    tariffs,
    trade,
    wiod,
)
from .raw import SourcesMissing, raw_root

DESTINATION = Path(__file__).resolve().parents[2] / "data" / "sources"
UKRAINE_DESTINATION = DESTINATION.parent / "ukraine" / "sources"

Builder = Callable[[Path], pd.DataFrame]

TABLES: dict[str, Builder] = {
    "elasticity_sets": elasticities.elasticity_sets,
    "gtap_sam": gtap.gtap_sam,
    "trade_pairs": trade.trade_pairs,
    "national_accounts": national_accounts.national_accounts,
    "trade_pairs_members_2004_2012": trade.trade_pairs_members,
    "trade_fuels_wood": trade.fuels_and_wood,
    "trade_fuels_2012": trade.fuels_2012,
    "trade_kaz_composition": trade.kazakhstan_composition,
    "gtap_tariffs": gtap.gtap_tariffs,
    "gtap_export_tax": gtap.gtap_export_tax,
    "wiod_trade": wiod.wiod_trade,
    "io_priors": wiod.io_priors,
    "belarus_margins": belarus.belarus_margins,
    "belarus_trade_by_sector": belarus.belarus_trade_by_sector,
    "tariff_averages": tariffs.tariff_averages,
    "customs_revenue": tariffs.customs_revenue,
    "energy": energy.energy,
    "elasticities": elasticities.elasticities,
    "chapter_shares": supplements.chapter_shares,
    "cis_share_of_row": supplements.cis_share_of_row,
    "growth_paths": growth.growth_paths,
    "capital": growth.capital,
}
"""Every derived table and the function that makes it from the raw folder."""

_BY_MAPPING: dict[str, Callable[..., pd.DataFrame]] = {
    "trade_pairs": trade.trade_pairs,
    "national_accounts": national_accounts.national_accounts,
    "trade_fuels_wood": trade.fuels_and_wood,
    "elasticities": elasticities.elasticities,
    "chapter_shares": supplements.chapter_shares,
    "cis_share_of_row": supplements.cis_share_of_row,
}
UKRAINE: Mapping[str, Builder] = {
    **{name: partial(builder, mapping="regions_ukraine") for name, builder in _BY_MAPPING.items()},
    "ukraine_io_priors": partial(wiod.io_priors, countries=wiod.MORE_FOR_UKRAINE),
}
"""The tables that differ when Ukraine is a region; they go before those above in the base year ``ukraine``."""


def write(frame: pd.DataFrame, file: Path) -> None:
    """Write a table under a temporary name and rename it, so a reader never sees half a file.

    Raises:
        ValueError: the table holds an empty cell or repeats a key.
    """
    keys = list(frame.columns[: list(frame.columns).index("value")])
    if frame.isna().to_numpy().any():
        raise ValueError(f"table {file.stem}: empty cells in {frame.columns[frame.isna().any()].tolist()}")
    if frame.duplicated(keys).any():
        raise ValueError(
            f"table {file.stem}: repeated key {frame.loc[frame.duplicated(keys), keys].iloc[0].to_dict()}"
        )
    ordered = frame.sort_values(keys, kind="stable")
    temporary = file.with_suffix(".csv.tmp")
    ordered.to_csv(temporary, index=False, lineterminator="\n")
    temporary.replace(file)


def rebuild(
    destination: Path = DESTINATION, root: Path | None = None, tables: Mapping[str, Builder] = TABLES
) -> list[Path]:
    """Derive all tables and write them to ``destination``.

    Args:
        destination: folder of the tables, created if absent.
        root: raw folder; by default that of :func:`~.raw.raw_root`.
        tables: which tables, and the function that makes each.

    Raises:
        SourcesMissing: the raw folder or a file of it is absent.
    """
    source = raw_root() if root is None else root
    destination.mkdir(parents=True, exist_ok=True)
    written = []
    for name, builder in tables.items():
        file = destination / f"{name}.csv"
        write(builder(source), file)
        written.append(file)
    return written


def main(arguments: list[str] | None = None) -> int:
    """Command line: rebuild, or say that the raw folder is absent and leave the committed tables alone."""
    parser = argparse.ArgumentParser(description="Derive data/sources from the raw source folder.")
    parser.add_argument("--destination", type=Path, default=DESTINATION, help="folder to write to")
    parser.add_argument(
        "--ukraine", type=Path, default=UKRAINE_DESTINATION, help="folder of Ukraine's tables"
    )
    options = parser.parse_args(arguments)
    try:
        root = raw_root()
    except SourcesMissing as reason:
        sys.stdout.write(f"skipped: {reason}\n")
        return 0
    for file in (*rebuild(options.destination, root), *rebuild(options.ukraine, root, UKRAINE)):
        sys.stdout.write(f"wrote {file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
