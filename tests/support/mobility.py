"""Workers, migrants and members for random economies."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.mobility import PAIR, with_members, with_migration

SHARE_OF_LABOUR = (0.2, 2.0)
"""Workers per million USD of wages: wages differ tenfold between regions."""


def with_mobility(benchmark: Benchmark, seed: int = 1) -> Benchmark:
    """The benchmark with its first three regions as members, and labour that moves among them and from outside.

    One pair starts in the region whose labour market is left to Walras' law.
    """
    rng = np.random.default_rng(seed)
    regions, labour = benchmark.regions, [f for f in benchmark.factors if f in ("unskilled", "skilled")]
    members, last = regions[:3], regions[-1]
    steps = list(zip(members[1:], members[:-1], strict=True))  # BLR to RUS, KAZ to BLR: one chain
    pairs = [(f, o, d) for f in labour for o, d in steps]
    if len(regions) > 3:
        pairs.append((labour[0], last, members[1]))
    table = pd.DataFrame(pairs, columns=PAIR)
    table["productivity"] = rng.uniform(0.5, 1.1, len(table))
    table["remitted"] = rng.uniform(0.1, 0.9, len(table))
    if table.empty:
        return benchmark
    wages = benchmark.factor_value.groupby(["factor", "region"]).sum()
    workers = wages * rng.uniform(*SHARE_OF_LABOUR, len(wages))
    return with_migration(with_members(benchmark, members), table, workers)
