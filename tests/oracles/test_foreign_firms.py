"""Foreign firms in services: the model against an economy of firms solved on its own in levels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.foreign_firms import with_foreign_firms
from eacu.calibration.sam import Sam
from eacu.model.checks import REPLICATION, benchmark_residuals, walras
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.indicators import welfare
from eacu.model.state import State
from tests.support import services_world as oracle

HOST = ("srv", "A")
AGREEMENT = 1e-8
SHOCKS = {
    "cheaper foreign firms": oracle.Shock(foreign=1.15),
    "no rent": oracle.Shock(rent=0.0),
    "dearer imports of the service": oracle.Shock(iceberg=1.2),
    "better regulation": oracle.Shock(foreign=1.05, home=1.05),
    "all at once": oracle.Shock(foreign=1.1, home=0.97, rent=0.03, iceberg=0.9),
}


def elasticities() -> pd.DataFrame:
    own = {
        "gds": {"sigma_value_added": 1.0, "sigma_armington": oracle.SIGMA_X, "sigma_sources": oracle.SIGMA_X},
        "srv": {"sigma_value_added": oracle.SIGMA_HOME, "sigma_armington": 9.0, "sigma_sources": 9.0},
    }
    same = {"omega_supply": np.inf, "omega_destinations": 1.0, "income_elasticity": 1.0}
    rows = [(r, g, k, v) for r in "AB" for g, table in own.items() for k, v in (table | same).items()]
    rows += [
        (r, "", name, value) for r in "AB" for name, value in (("frisch", -1.0), ("sigma_consumption", 1.0))
    ]
    return pd.DataFrame(rows, columns=["region", "sector", "parameter", "value"])


@lru_cache(maxsize=1)
def divided() -> Benchmark:
    sam = Sam.from_table(oracle.accounts().table(), 1e-12, "services world")
    base = Benchmark.from_sam(sam, elasticities(), numeraire_region="B")
    f = oracle.Firms()
    row = {
        "share": f.share,
        "head_office": f.head_office,
        "supply_home": f.supply_home,
        "supply_foreign": f.supply_foreign,
        "factor_substitution": oracle.SIGMA_FOREIGN,
        "sigma": oracle.SIGMA,
        "foreign_ownership": f.ownership,
    }
    index = pd.MultiIndex.from_tuples([HOST], names=["sector", "region"])
    return with_foreign_firms(base, pd.DataFrame([row], index=index), pd.Series([f.rent], index=index))


def test_the_divided_base_year_is_an_equilibrium() -> None:
    assert benchmark_residuals(build_economy(divided())).worst <= REPLICATION


@pytest.mark.parametrize("name", SHOCKS)
def test_the_model_is_the_economy_of_firms(name: str) -> None:
    """Numbers of firms, prices, incomes and welfare as in the economy in levels."""
    shock = SHOCKS[name]
    expected = oracle.solve(oracle.Firms(), shock)
    b, m = divided(), build_economy(divided())
    m.productivity["srv-foreign", "A"].set_value(shock.foreign)
    m.productivity["srv", "A"].set_value(shock.home)
    m.presence_rent[HOST].set_value(shock.rent)
    m.iceberg["srv", "B", "A"].set_value(shock.iceberg)
    solve(m)
    assert walras(m) <= 1e-12
    x = State.of(m)
    spent = float(b.household_demand.xs("A", level="region").sum())
    found = {
        "firms_home": x["varieties"][HOST],
        "firms_foreign": x["varieties"]["srv-foreign", "A"],
        "service_price": x["composite_price"][HOST],
        "wage": x["factor_price"]["unskilled", "A"],
        "foreign_return": x["rental"]["specific_capital", "srv-foreign", "A"],
        "utility": 1 + welfare(b, x)["ev_usd_mn"]["A"] / spent,
        "rent_income": x["presence_rent_income"]["A"],
        "profit_abroad": -x["profit_abroad"]["A"],
    }
    for key, value in found.items():
        assert value == pytest.approx(getattr(expected, key), rel=AGREEMENT, abs=AGREEMENT), key
