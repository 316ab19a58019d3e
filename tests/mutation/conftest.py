"""The small economy that faults are injected into."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.foreign_firms import with_foreign_firms
from eacu.calibration.market_structure import MarketStructure, with_market_structure
from tests.support.energy_principles import with_energy_rules
from tests.support.mobility import with_mobility
from tests.support.synthetic import FACTORS, synthetic_elasticities, synthetic_sam

REGIONS, SECTORS, MEMBERS = ("RUS", "BLR", "ROW"), ("agr", "mac", "trn", "pub"), ("RUS", "BLR")


def small_benchmark() -> Benchmark:
    """Three regions, four sectors, every tax at a positive rate somewhere, a luxury without committed purchases.

    Some activities and buyers substitute where the usual form is one of fixed proportions or shares, others do not;
    two goods are the same at home and abroad, one is the same whatever its origin. A region that trades with
    itself is not the one of the numeraire.
    """
    sam = synthetic_sam(REGIONS, SECTORS, sales_tax=(0.15, 0.04, -0.02), intra=("BLR", "ROW"))
    elasticities = synthetic_elasticities(sam)
    luxury = (elasticities["parameter"] == "income_elasticity") & (elasticities["sector"] == "mac")
    elasticities.loc[luxury, "value"] = 6.0
    for name, sector, region in (
        ("omega_supply", "mac", "ROW"),
        ("omega_supply", "trn", "BLR"),
        ("sigma_armington", "agr", "RUS"),
    ):
        where = elasticities[["parameter", "sector", "region"]].eq([name, sector, region]).all(axis=1)
        elasticities.loc[where, "value"] = np.inf
    rng = np.random.default_rng(3)
    rows = [(r, g, "sigma_inputs", rng.choice([0.0, 0.4])) for r in REGIONS for g in SECTORS]
    rows += [(r, "", "sigma_consumption", sigma) for r, sigma in zip(REGIONS, (1.0, 0.6, 1.5), strict=True)]
    rows += [(r, "", "sigma_government", sigma) for r, sigma in zip(REGIONS, (0.0, 1.0, 0.5), strict=True)]
    rows += [(r, "", "sigma_investment", sigma) for r, sigma in zip(REGIONS, (0.8, 0.0, 1.0), strict=True)]
    forms = pd.DataFrame(rows, columns=elasticities.columns)
    elasticities = pd.concat([elasticities, forms], ignore_index=True)
    benchmark = Benchmark.from_sam(
        sam,
        elasticities,
        regions=REGIONS,
        sectors=SECTORS,
        factors=FACTORS,
        numeraire_region=REGIONS[-1],
    )
    return with_energy_rules(with_mobility(benchmark))


def economy_of_firms() -> Benchmark:
    """The same with a sector under monopolistic competition, another with its elasticities, but no entry, and a service
    that foreign firms sell in two regions."""
    table = pd.DataFrame(
        {
            "sector": ["mac", "agr"],
            "structure": ["krugman", "armington"],
            "sigma": [4.0, 3.0],
            "specific_capital": [0.6, 0.3],
        }
    )
    firms = with_market_structure(small_benchmark(), MarketStructure.from_table(table, "test"))
    hosts = pd.MultiIndex.from_tuples([("trn", "RUS"), ("trn", "BLR")], names=["sector", "region"])
    present = pd.DataFrame(
        {
            "share": [0.3, 0.2],
            "head_office": [0.15, 0.1],
            "supply_home": [9.0, 8.0],
            "supply_foreign": [7.0, 5.0],
            "factor_substitution": [0.5, 0.6],
            "sigma": [3.0, 3.0],
            "foreign_ownership": [0.8, 0.6],
        },
        index=hosts,
    )
    return with_foreign_firms(firms, present, pd.Series([0.1, 0.05], index=hosts))


@pytest.fixture(scope="session")
def benchmark() -> Benchmark:
    return small_benchmark()


@pytest.fixture(scope="session")
def firms() -> Benchmark:
    return economy_of_firms()
