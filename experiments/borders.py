r"""Borders: what it costs to cross them besides the duty, and what a regime does to that cost.

The benchmark's trade was carried out with its borders as they were; their cost is in its prices. An entry of
``[[borders]]`` takes away a fraction :math:`c` of the landed price of a flow. With ``cut_pct`` it is given;
with ``share`` (:math:`\lambda`) it follows from the ad valorem equivalent :math:`a` that
``data/policy/border_costs.csv`` gives for the kind of cost, the pair and the good:

.. math:: 1 - c = \frac{1 + (1-\lambda)\, a}{1 + a}

* ``time`` and ``ntb-resource`` are real resources that melt on the way: the iceberg :math:`\tau` falls,
  :math:`\tau = \prod (1 - c)`.
* ``market-access`` is the same on the way abroad: buyers pay :math:`c` less for what costs the seller as much as
  before, so at given prices of buyers the exporter would receive :math:`c/(1-c)` more. How much of it he
  keeps is the model's answer.
* ``ntb-rent`` is a rent in the hands of somebody. The instrument ``rent`` is a rate on the seller's basic value that
  is zero in the benchmark; taking the rent away makes it negative,
  :math:`1 + t^X + \rho = (1 + t^X)(1 - c / \theta^{fob})` with :math:`\theta^{fob}` the share of the fob in the cif
  value, and those who held it lose it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from ..model.names import unknown_name
from .regimes import Border, Problems, Regime, RegimeError
from .schedules import Schedules

GROUPS = ("members", "outside")
"""Words for a group of regions: the members of the regime's union, and everybody else."""


def border_settings(
    regime: Regime, benchmark: Benchmark, schedules: Schedules
) -> dict[str, pd.Series | float]:
    """Instruments of a regime's ``[[borders]]``: ``iceberg``, ``rent``, ``rent_to_exporter``; none if it has none.

    Raises RegimeError for an unknown region or sector, an entry that no trade flow answers to, a cost that the table
    lacks, and a rent larger than the price of the good.
    """
    if not regime.borders:
        return {}
    index = benchmark.import_tariff.index
    iceberg = np.ones(len(index))
    rent = np.zeros(len(index))
    held = np.zeros(len(index))
    problems = Problems()
    for number, border in enumerate(regime.borders):
        where = f"{regime.at('borders', number)}: [[borders]] entry {number + 1} ({border.kind})"
        with problems.collecting():
            cells = _cells(border, regime, benchmark, where)
        if problems.told:
            continue
        cut = _cut(border, index[cells], schedules)
        if border.kind == "ntb-rent":
            change = _rent_rate(cut, index[cells], benchmark)
            share = float(border.rent_to_exporter or 0.0)
            held[cells] = _weighted(held[cells], rent[cells], share, change)
            rent[cells] += change
        else:
            iceberg[cells] *= 1.0 - cut
    problems.refuse()
    settings: dict[str, pd.Series | float] = {}
    if (iceberg != 1.0).any():
        settings["iceberg"] = pd.Series(iceberg, index=index)[iceberg != 1.0]
    if (rent != 0.0).any():
        _refuse_negative_prices(regime, rent, index, benchmark)
        settings["rent"] = pd.Series(rent, index=index)[rent != 0.0]
        settings["rent_to_exporter"] = pd.Series(held, index=index)[rent != 0.0]
    return settings


def _cells(border: Border, regime: Regime, benchmark: Benchmark, where: str) -> np.ndarray:
    """Positions of the flows an entry means, in the benchmark's index of trade flows."""
    index = benchmark.import_tariff.index
    sector, source, importer = (index.get_level_values(level).to_numpy() for level in range(3))
    for name in border.sectors:
        if name not in benchmark.sectors:
            raise RegimeError(f"{where}: {unknown_name('sector', name, benchmark.sectors)}")
    wanted = np.isin(source, _regions(border.exporter, regime, benchmark, where))
    wanted &= np.isin(importer, _regions(border.importer, regime, benchmark, where))
    wanted &= source != importer
    carried = border.sectors or goods(benchmark)
    cells = np.flatnonzero(wanted & np.isin(sector, carried))
    if not len(cells):
        raise RegimeError(
            f"{where}: the benchmark has no trade flow of {', '.join(border.sectors) or 'goods'} from "
            f"{', '.join(border.exporter)} to {', '.join(border.importer)}, so the entry would change nothing. "
            "Delete it or correct it"
        )
    return cells


def goods(benchmark: Benchmark) -> list[str]:
    """Sectors whose trade is carried across borders: those with any transport margin or tariff in the benchmark."""
    carried = (benchmark.cif - benchmark.fob).groupby("sector").sum()
    taxed = benchmark.import_tariff.groupby("sector").max()
    return [str(g) for g in carried.index if carried[g] > 0.0 or taxed[g] > 0.0]


def _regions(names: tuple[str, ...], regime: Regime, benchmark: Benchmark, where: str) -> list[str]:
    found: list[str] = []
    for name in names:
        if name == "members":
            found += regime.members
        elif name == "outside":
            found += [r for r in benchmark.regions if r not in regime.members]
        elif name in benchmark.regions:
            found.append(name)
        else:
            raise RegimeError(f"{where}: {unknown_name('region', name, (*GROUPS, *benchmark.regions))}")
    return found


def _cut(border: Border, flows: pd.Index, schedules: Schedules) -> np.ndarray:
    """Fraction of the landed price that goes away on each flow (sector, source, importer)."""
    if border.cut_pct is not None:
        return np.full(len(flows), border.cut_pct / 100.0)
    cost = np.array(
        [float(schedules.row("border_costs", (border.kind, r, s, g))["ave_pct"]) / 100.0 for g, r, s in flows]
    )
    return float(border.share or 0.0) * cost / (1.0 + cost)


def _rent_rate(cut: np.ndarray, flows: pd.Index, benchmark: Benchmark) -> np.ndarray:
    """Change of the rent, a rate on the basic value, that lowers the landed price by ``cut``."""
    fob_share = (benchmark.fob / benchmark.cif).reindex(flows).to_numpy()
    export_tax = benchmark.export_tax.reindex(flows).to_numpy()
    return -cut / fob_share * (1.0 + export_tax)


def _weighted(before: np.ndarray, rent: np.ndarray, share: float, change: np.ndarray) -> np.ndarray:
    """Who holds a rent that has several parts: the average of the holders' shares, weighted by the parts."""
    total = rent + change
    mixed = np.divide(before * rent + share * change, total, out=np.full(len(total), share), where=total != 0)
    return np.clip(mixed, 0.0, 1.0)


def _refuse_negative_prices(regime: Regime, rent: np.ndarray, index: pd.Index, benchmark: Benchmark) -> None:
    factor = 1.0 + benchmark.export_tax.reindex(index).to_numpy() + rent
    worst = int(factor.argmin())
    if factor[worst] <= 0.0:
        raise RegimeError(
            f"{regime.name}: [[borders]]: the rents taken away on {index[worst]} (sector, source, importer) are "
            f"{-rent[worst]:.3g} of the good's basic value, more than its price. Lower the cuts"
        )
