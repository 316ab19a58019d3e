"""Which flows agreements on oil apply to, from ``data/parameters/energy_agreements.csv``: side data of a benchmark."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from .benchmark import Benchmark, BenchmarkError

TABLE = "parameters/energy_agreements"
QUOTA, REMITTANCE = "quota", "remittance"


def with_energy_agreements(benchmark: Benchmark, table: pd.DataFrame) -> Benchmark:
    """The benchmark with the flows under quota and the duties that may be passed on.

    ``table`` has the columns mechanism (``quota`` or ``remittance``), sector, region, partner. Rows about regions
    that this benchmark does not have are left out. Raises BenchmarkError for an unknown mechanism.
    """
    unknown = sorted(set(table["mechanism"]) - {QUOTA, REMITTANCE})
    if unknown:
        raise BenchmarkError(
            f"data/{TABLE}.csv: unknown mechanism {unknown[0]!r}; use {QUOTA} or {REMITTANCE}."
        )
    here = table[table["region"].isin(benchmark.regions) & table["partner"].isin(benchmark.regions)]

    def named(mechanism: str) -> tuple[tuple[str, str, str], ...]:
        rows = here.loc[here["mechanism"] == mechanism, ["sector", "region", "partner"]]
        return tuple((str(g), str(r), str(s)) for g, r, s in rows.itertuples(index=False))

    return replace(benchmark, quota_flows=named(QUOTA), duty_remittances=named(REMITTANCE))
