"""Sets of trade elasticities in words: tables for the console, the page ``docs/elasticities.md``, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from ..experiments.elasticity_sets import ElasticitySet, mean_elasticity
from ..model.indicators import UNITS
from .layout import finite, markdown, number, plain_table, records, rows_by_label

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from ..calibration.benchmark import Benchmark

SHOWN = ("ev_pct_consumption", "real_gdp_pct", "exports_intra_pct")
SET_HEAD = ["set", "mean", "what it is", "source", "quality"]


def set_rows(sets: Iterable[ElasticitySet], b: Benchmark) -> list[list[str]]:
    """One row a set, with the members' mean elasticity between home and imported goods."""
    return [[s.name, number(mean_elasticity(s.on(b))), s.says, s.source, s.quality] for s in sets]


def result_rows(table: pd.DataFrame, indicator: str) -> list[list[str]]:
    """One row a regime and member, one column a set."""
    chosen = cast("pd.DataFrame", table.xs(indicator, level="indicator"))
    return [
        [str(regime), str(member), *map(number, row.values())]
        for (regime, member), row in rows_by_label(chosen)
    ]


def elasticities_tables(table: pd.DataFrame) -> list[Table]:
    """Results under every set, one table an indicator."""
    tables = []
    for indicator in SHOWN:
        shown = plain_table(f"{indicator}, {UNITS[indicator]}", ("regime", "member"), [str(c) for c in table])
        for row in result_rows(table, indicator):
            shown.add_row(*row)
        tables.append(shown)
    return tables


def elasticities_json(sets: Iterable[ElasticitySet], b: Benchmark, table: pd.DataFrame | None) -> str:
    """Sets, their means and results under each; a number that does not exist is null."""
    document: dict[str, Any] = {
        "sets": [{**s.model_dump(), "members_mean": mean_elasticity(s.on(b))} for s in sets],
        "effects": records(table) if table is not None else [],
    }
    return json.dumps(finite(document), indent=1, ensure_ascii=False, allow_nan=False)


def elasticities_page(sets: Iterable[ElasticitySet], b: Benchmark, table: pd.DataFrame, command: str) -> str:
    """The page ``docs/elasticities.md``."""
    parts = [
        "# Trade elasticities: which set, and what hangs on it\n",
        f"Written by `{command}`; `eacu run --elasticities NAME` takes a set, `eacu elasticities` lists and compares "
        "them. *Mean* is the members' elasticity between home and imported goods, weighted by their imports. How "
        "uncertain single elasticities are is in `data/parameters/distributions.csv`, for `eacu sensitivity`.\n",
        markdown(SET_HEAD, set_rows(sets, b)),
        "Broda and Weinstein estimate elasticities between varieties of a good for 73 countries, Russia, Belarus and "
        "Kazakhstan not among them: the set is the median of Lithuania, Latvia, Poland, Hungary, Romania and Slovakia "
        "over products. Where a sector has few products (motor vehicles: 32) the median rests on few estimates. GTAP's "
        "elasticity of gas is 14 to 16; the detail of its table is eleven goods.\n",
    ]
    for indicator in SHOWN:
        parts.append(f"**{indicator}**, {UNITS[indicator]}\n")
        parts.append(markdown(["regime", "member", *map(str, table)], result_rows(table, indicator)))
    return "\n".join(parts)
