r"""Market structure by sector: which sectors are under monopolistic competition, and what that needs of a benchmark.

A table names sectors, the structure of each, the elasticity between varieties, and the part of its capital that is
of use in no other sector. :func:`with_market_structure` turns a benchmark into one that fits. In these sectors

- buyers substitute between any two varieties, home or foreign, with the one elasticity :math:`\sigma` of the table
  (both Armington nests collapse into one);
- a firm's good is the same at home and abroad (infinite ``omega_supply``);
- a part of the capital becomes the factor ``specific_capital``, which never leaves the sector. Without it, free entry
  and the gain from variety make a sector that grows cheaper to its buyers, and so grow further (see
  docs/market_structure.md for when that ends in a corner).

No value of the base year changes but the name of that capital.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from .benchmark import Benchmark, BenchmarkError
from .series import Tables

TABLE = "parameters/market_structure"
COLUMNS = ("sector", "structure", "sigma", "specific_capital", "source", "quality")
ARMINGTON, KRUGMAN = "armington", "krugman"
STRUCTURES = (ARMINGTON, KRUGMAN)
"""What a sector can be: goods that differ by origin, made at constant returns; or by firm, under free entry."""
CAPITAL, SPECIFIC = "capital", "specific_capital"


@dataclass(frozen=True)
class MarketStructure:
    """Sectors that are not as the benchmark has them.

    ``table`` is indexed by sector with the columns structure, sigma (between varieties, pure number above 1) and
    specific_capital (share of the sector's capital, from 0 up to but not including 1). ``name`` goes into the record
    of a run: the name of a structure or the file the table came from.
    """

    name: str
    table: pd.DataFrame

    @classmethod
    def from_table(cls, rows: pd.DataFrame, name: str) -> MarketStructure:
        """Check a table with the columns :data:`COLUMNS`.

        Raises BenchmarkError on a missing column, a sector named twice, an unknown structure, or a number outside its
        range.
        """
        missing = [c for c in COLUMNS[:4] if c not in rows.columns]
        if missing:
            raise BenchmarkError(
                f"{name}: column(s) {missing} are missing; the table has {list(rows.columns)}."
            )
        twice = rows.loc[rows["sector"].duplicated(), "sector"]
        if len(twice):
            raise BenchmarkError(f"{name}: sector {twice.iloc[0]} stands in two rows; keep one.")
        table = rows.set_index("sector")[list(COLUMNS[1:4])]
        unknown = table.index[~table["structure"].isin(STRUCTURES)]
        if len(unknown):
            found = table.loc[unknown[0], "structure"]
            raise BenchmarkError(
                f"{name}, sector {unknown[0]}: unknown structure {found!r}; known are {list(STRUCTURES)}."
            )
        for column, low, high in (("sigma", 1.0, np.inf), ("specific_capital", 0.0, 1.0)):
            value = table[column].astype(float)
            inside = (value > low) if column == "sigma" else (value >= low)
            bad = value[~(inside & (value < high))]
            if len(bad):
                raise BenchmarkError(
                    f"{name}, sector {bad.index[0]}: {column} is {bad.iloc[0]:g}; it must be "
                    f"{'above' if column == 'sigma' else 'at least'} {low:g} and below {high:g}."
                )
        return cls(name, table.astype({"sigma": float, "specific_capital": float}))

    def without_entry(self) -> MarketStructure:
        """The same elasticities and specific capital without varieties: what entry alone adds is the difference."""
        return MarketStructure(f"{self.name}, no entry", self.table.assign(structure=ARMINGTON))

    def changed(self, **columns: float) -> MarketStructure:
        """With other numbers in a column, the same for every sector, e.g. ``sigma=4.0``."""
        return MarketStructure.from_table(
            self.table.assign(**columns).reset_index().assign(source="", quality=""), self.name
        )


def market_structure(choice: str | Path, tables: Tables) -> MarketStructure | None:
    """The structure of a name or a file; None for ``armington``, which leaves a benchmark as it is.

    Args:
        choice: ``armington``; ``krugman`` for the sectors of ``data/parameters/market_structure.csv``; or a csv file
            of the same columns.
        tables: reader of the data folder.

    Raises BenchmarkError if it is none of these, or the table cannot be used.
    """
    if str(choice) == ARMINGTON:
        return None
    if str(choice) == KRUGMAN:
        return MarketStructure.from_table(tables(TABLE), KRUGMAN)
    file = Path(choice)
    if not file.is_file():
        raise BenchmarkError(
            f"no market structure {str(choice)!r}: neither one of {list(STRUCTURES)} nor a csv file with the columns "
            f"{', '.join(COLUMNS)} (see data/{TABLE}.csv)."
        )
    return MarketStructure.from_table(pd.read_csv(file), str(file))


def with_market_structure(benchmark: Benchmark, structure: MarketStructure | None) -> Benchmark:
    """The benchmark with the elasticities, specific capital and list of sectors that a market structure needs.

    Raises BenchmarkError for a sector that the benchmark does not have.
    """
    if structure is None:
        return benchmark
    table = structure.table
    unknown = [sector for sector in table.index if sector not in benchmark.sectors]
    if unknown:
        raise BenchmarkError(
            f"market structure {structure.name}: sector {unknown[0]!r} is not one of {list(benchmark.sectors)}."
        )
    firms = set(table.index[table["structure"] == KRUGMAN])
    changed = replace(
        benchmark,
        sigma_sources=_by_sector(benchmark.sigma_sources, table["sigma"]),
        sigma_armington=_by_sector(benchmark.sigma_armington, table["sigma"]),
        omega_supply=_by_sector(benchmark.omega_supply, pd.Series(np.inf, index=table.index)),
        increasing_returns=tuple(key for key in benchmark.output.index if key[0] in firms),
    )
    return _with_specific_capital(changed, table["specific_capital"])


def _by_sector(series: pd.Series, values: pd.Series) -> pd.Series:
    """A series by (sector, region) with the values of the sectors named."""
    sectors = series.index.get_level_values("sector")
    named = sectors.isin(values.index)
    return series.mask(named, pd.Series(sectors, index=series.index).map(values).astype(float))


def _with_specific_capital(b: Benchmark, shares: pd.Series) -> Benchmark:
    """A share of the capital of each sector named becomes a factor of its own, in the flows and in the SAM."""
    shares = shares[shares > 0.0]
    if shares.empty:
        return b
    if CAPITAL not in b.factors:
        raise BenchmarkError(
            f"market structure: the benchmark has no factor {CAPITAL!r} to set apart; it has {b.factors}."
        )
    factor, sector = (b.factor_value.index.get_level_values(k) for k in ("factor", "sector"))
    divided = (factor == CAPITAL) & sector.isin(shares.index)
    part = pd.Series(sector, index=b.factor_value.index)[divided].map(shares).astype(float)
    apart = b.factor_value[divided] * part
    left = b.factor_value.copy()
    left[divided] -= apart
    apart = pd.concat({SPECIFIC: apart.droplevel("factor")}, names=["factor"])
    return replace(
        b,
        factors=(*b.factors, SPECIFIC),
        factor_value=pd.concat([left, apart]),
        sam=_renamed(b.sam, shares),
    )


def _renamed(sam: pd.DataFrame, shares: pd.Series) -> pd.DataFrame:
    """The SAM with the cells of ``factor:capital`` divided, those of the household in proportion to what is earned."""
    paid = sam[sam["row_account"] == f"factor:{CAPITAL}"]
    by_sector = (
        paid["column_account"].str.removeprefix("activity:").map(shares).fillna(0.0)
    )  # not in the table: none
    apart = paid.assign(row_account=f"factor:{SPECIFIC}", value=paid["value"] * by_sector)
    earned = apart.groupby("row_region")["value"].sum()
    owned = sam[sam["column_account"] == f"factor:{CAPITAL}"]
    income = owned.assign(
        column_account=f"factor:{SPECIFIC}", value=owned["column_region"].map(earned).to_numpy()
    )
    rest = sam.copy()
    rest.loc[apart.index, "value"] -= apart["value"]
    rest.loc[owned.index, "value"] -= income["value"]
    table = pd.concat([rest, apart[apart["value"] > 0.0], income], ignore_index=True)
    return table[table["value"] != 0.0].reset_index(drop=True)
