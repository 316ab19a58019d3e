"""Random multi-region SAMs, balanced by construction, with the awkward features of real ones.

Flows of trade, output and use are drawn; final demand is what is left of each commodity; savings, transfer
and foreign savings then follow from the accounts' own budgets, so that every account balances to rounding.
"""

from __future__ import annotations

import pickle
from functools import lru_cache

import numpy as np
import pandas as pd

from eacu.calibration.benchmark import SECTOR_ELASTICITIES, Benchmark
from eacu.calibration.sam import COLUMNS, WORLD, Sam
from tests.support.energy_principles import with_energy_rules
from tests.support.mobility import with_mobility

FACTORS = ("unskilled", "skilled", "capital", "land", "resources")
REGIONS = ("RUS", "BLR", "KAZ", "ROW")
SECTORS = ("agr", "oil", "mac", "trn", "pub")


class Ledger:
    """Cells of a SAM under construction."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, str, str, str], float] = {}
        self._received: dict[tuple[str, str], float] = {}
        self._paid: dict[tuple[str, str], float] = {}

    def pay(self, row: tuple[str, str], column: tuple[str, str], value: float) -> None:
        """The account ``row`` receives ``value`` from ``column``."""
        if value != 0:
            key = (*row, *column)
            self.cells[key] = self.cells.get(key, 0.0) + value
            self._received[row] = self._received.get(row, 0.0) + value
            self._paid[column] = self._paid.get(column, 0.0) + value

    def received(self, region: str, account: str) -> float:
        return self._received.get((region, account), 0.0)

    def paid(self, region: str, account: str) -> float:
        return self._paid.get((region, account), 0.0)

    def table(self) -> pd.DataFrame:
        return pd.DataFrame([(*k, v) for k, v in self.cells.items()], columns=list(COLUMNS))


def synthetic_sam(
    regions: tuple[str, ...] = REGIONS,
    sectors: tuple[str, ...] = SECTORS,
    seed: int = 1,
    taxes: bool = True,
    intra: tuple[str, ...] | None = None,
    sales_tax: tuple[float, float, float] = (0.15, 0.0, -0.02),
) -> Sam:
    """A balanced SAM of the contract's format.

    About a fifth of the possible trade flows is absent; the last sector is not traded; the second (if there
    are four or more) is not produced in the second region; the next to last supplies transport; natural
    resources are used in the first two sectors only. ``intra`` names the regions that trade with themselves
    (default: the last). ``sales_tax`` is the middle of the rates that household, government and investment pay.
    With ``taxes`` false every rate is zero.
    """
    rng = np.random.default_rng(seed)
    ledger = Ledger()
    size = dict(zip(regions, rng.uniform(20, 200, len(regions)), strict=True))
    absent = {(regions[1], sectors[1])} if len(sectors) > 3 and len(regions) > 1 else set()
    sales = _draw_trade(ledger, rng, regions, sectors, size, absent, taxes, intra or regions[-1:])
    _draw_use(ledger, rng, regions, sectors, sales, sales_tax if taxes else None)
    _close(ledger, rng, regions, sectors, taxes)
    return Sam.from_table(ledger.table(), tolerance=1e-12, where="synthetic SAM")


def _draw_trade(ledger, rng, regions, sectors, size, absent, taxes, intra) -> dict[tuple[str, str], float]:
    """Domestic sales, exports, margins and border taxes; returns sales by (region, sector)."""
    sales: dict[tuple[str, str], float] = {}
    margins: dict[str, float] = {}
    for r in regions:
        for g in sectors:
            if (r, g) not in absent:
                sales[r, g] = size[r] * rng.uniform(0.5, 2.0)
                ledger.pay((r, f"activity:{g}"), (r, f"commodity:{g}"), sales[r, g])
    for g in sectors[:-1] if len(sectors) > 1 else sectors:
        for r in regions:
            for s in regions:
                if (r, g) in absent or (r == s and r not in intra) or (r != s and rng.random() < 0.2):
                    continue
                value = np.sqrt(size[r] * size[s]) * rng.uniform(0.05, 0.3)
                sales[r, g] += value
                if r == s:
                    ledger.pay((r, f"intra:{g}"), (r, f"commodity:{g}"), value)
                    ledger.pay((r, f"activity:{g}"), (r, f"intra:{g}"), value)
                else:
                    ledger.pay((r, f"activity:{g}"), (s, f"commodity:{g}"), value)
                margin = value * rng.uniform(0.01, 0.1) if rng.random() < 0.8 else 0.0
                margins[r] = margins.get(r, 0.0) + margin
                ledger.pay((WORLD, f"margin:{r}"), (s, f"commodity:{g}"), margin)
                if taxes:
                    duty = value * rng.choice([0.0, 0.3, -0.05], p=[0.7, 0.2, 0.1])
                    ledger.pay((r, "tax:export"), (s, f"commodity:{g}"), duty)
                    tariff = rng.choice([0.0, 0.05, 0.2])
                    ledger.pay(
                        (s, f"tax:import:{r}"), (s, f"commodity:{g}"), tariff * (value + duty + margin)
                    )
    for r, value in margins.items():
        ledger.pay((WORLD, "margin"), (WORLD, f"margin:{r}"), value)
    transport = sectors[-2] if len(sectors) > 1 else sectors[0]
    shares = rng.dirichlet(np.ones(len(regions)))
    for r, share in zip(regions, shares, strict=True):
        supplied = share * sum(margins.values())
        sales[r, transport] += supplied
        ledger.pay((r, f"activity:{transport}"), (WORLD, "margin"), supplied)
    return sales


def _draw_use(ledger, rng, regions, sectors, sales, sales_tax) -> None:
    """Intermediate use, factor use, final demand and the sales tax on it."""
    for r in regions:
        active = [g for g in sectors if (r, g) in sales]
        supply = {}
        for g in sectors:
            account = (r, f"commodity:{g}")
            if ledger.paid(*account):
                supply[g] = ledger.paid(*account)
        weights = {
            (g, j): rng.uniform(0.1, 1) * (rng.random() < 0.8) * sales[r, j] for g in supply for j in active
        }
        use = {}
        for g, total in supply.items():
            scale = sum(weights[g, j] for j in active)
            portion = total * rng.uniform(0.2, 0.6)
            use |= {(g, j): portion * weights[g, j] / scale for j in active if scale}
        for j in active:
            bought = sum(use.get((g, j), 0.0) for g in supply)
            limit = min(1.0, 0.6 * sales[r, j] / bought) if bought else 0.0
            for g in supply:
                if (g, j) in use:
                    use[g, j] *= limit
                    ledger.pay((r, f"commodity:{g}"), (r, f"activity:{j}"), use[g, j])
            _draw_factors(ledger, rng, r, j, sectors, sales[r, j], bought * limit, sales_tax is not None)
        for g, total in supply.items():
            left = total - sum(use.get((g, j), 0.0) for j in active)
            for buyer, share in zip(
                ("household", "government", "investment"), rng.dirichlet([6.0, 2.0, 2.0]), strict=True
            ):
                ledger.pay((r, f"commodity:{g}"), (r, buyer), share * left)
        if sales_tax is not None:
            for buyer, rate in zip(("household", "government", "investment"), sales_tax, strict=True):
                rate *= rng.uniform(0.5, 1.5)
                ledger.pay((r, "tax:sales"), (r, buyer), rate * ledger.paid(r, buyer))


def _draw_factors(ledger, rng, r, j, sectors, sales, bought, taxes) -> None:
    tax = sales * rng.choice([0.05, 0.0, -0.04]) if taxes else 0.0
    ledger.pay((r, "tax:production"), (r, f"activity:{j}"), tax)
    value_added = sales - tax - bought
    rate = rng.uniform(0, 0.2) if taxes else 0.0
    ledger.pay((r, "tax:factor"), (r, f"activity:{j}"), value_added * rate / (1 + rate))
    used = ["unskilled", "skilled", "capital"]
    used += ["land"] if j == sectors[0] else []
    used += ["resources"] if j in sectors[:2] else []
    for f, share in zip(used, rng.dirichlet(3 * np.ones(len(used))), strict=True):
        ledger.pay((r, f"factor:{f}"), (r, f"activity:{j}"), share * value_added / (1 + rate))


def _close(ledger, rng, regions, sectors, taxes) -> None:
    """Income, transfers and savings: each account's budget gives its last entry."""
    for r in regions:
        for f in FACTORS:
            ledger.pay((r, "household"), (r, f"factor:{f}"), ledger.received(r, f"factor:{f}"))
        income = ledger.received(r, "household")
        ledger.pay((r, "tax:direct"), (r, "household"), 0.12 * income if taxes else 0.0)
        kinds = ["production", "factor", "sales", "export", "direct", *(f"import:{s}" for s in regions)]
        for kind in kinds:
            ledger.pay((r, "government"), (r, f"tax:{kind}"), ledger.received(r, f"tax:{kind}"))
        ledger.pay((r, "savings"), (r, "government"), rng.uniform(-0.03, 0.05) * income)
        ledger.pay(
            (r, "household"),
            (r, "government"),
            ledger.received(r, "government") - ledger.paid(r, "government"),
        )
        ledger.pay(
            (r, "savings"), (r, "household"), ledger.received(r, "household") - ledger.paid(r, "household")
        )
        ledger.pay((r, "investment"), (r, "savings"), ledger.paid(r, "investment"))
        ledger.pay(
            (r, "savings"), (WORLD, "capital"), ledger.paid(r, "savings") - ledger.received(r, "savings")
        )


def synthetic_elasticities(sam: Sam, seed: int = 1) -> pd.DataFrame:
    """Elasticities for every region and sector of the SAM, in the ranges found in the literature."""
    rng = np.random.default_rng(seed)
    ranges = {
        "sigma_value_added": (0.2, 1.5),
        "sigma_armington": (1.5, 4.0),
        "sigma_sources": (3.0, 8.0),
        "omega_supply": (1.0, 4.0),
        "omega_destinations": (2.0, 6.0),
        "income_elasticity": (0.5, 1.4),
    }
    assert set(ranges) == set(SECTOR_ELASTICITIES)
    rows = [
        (r, g, name, rng.uniform(*bounds))
        for r in sam.regions
        for g in sam.sectors
        for name, bounds in ranges.items()
    ]
    rows += [(r, "", "frisch", rng.uniform(-4, -1.3)) for r in sam.regions]
    return pd.DataFrame(rows, columns=["region", "sector", "parameter", "value"])


def synthetic_benchmark(
    regions: tuple[str, ...] = REGIONS, sectors: tuple[str, ...] = SECTORS, seed: int = 1, **options
) -> Benchmark:
    """A benchmark on :func:`synthetic_sam` and :func:`synthetic_elasticities`, with migrants and energy rules.

    Balanced once for the same arguments; every caller has a copy of its own, so that no test can spoil another's.
    """
    benchmark = pickle.loads(_balanced(regions, sectors, seed, **options))
    assert isinstance(benchmark, Benchmark)
    return benchmark


@lru_cache(maxsize=64)
def _balanced(regions: tuple[str, ...], sectors: tuple[str, ...], seed: int, **options) -> bytes:
    sam = synthetic_sam(regions, sectors, seed, **options)
    benchmark = Benchmark.from_sam(
        sam,
        synthetic_elasticities(sam, seed),
        regions=regions,
        sectors=sectors,
        factors=FACTORS,
        numeraire_region=regions[-1],
    )
    return pickle.dumps(with_energy_rules(with_mobility(benchmark, seed)))
