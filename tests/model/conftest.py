"""Small economies shared by the tests of the model."""

from collections.abc import Callable

import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.sam import COLUMNS, Sam
from eacu.model.economy import build_economy
from tests.support.synthetic import synthetic_benchmark

MEMBERS = ("RUS", "BLR", "KAZ")


@pytest.fixture(scope="session")
def benchmark() -> Benchmark:
    return synthetic_benchmark(seed=1)


@pytest.fixture
def model(benchmark) -> pyo.ConcreteModel:
    return build_economy(benchmark)


@pytest.fixture
def shocked(model) -> pyo.ConcreteModel:
    """A model whose tariffs are halved and whose members raise a common tariff, not yet solved."""
    for key in model.import_tariff:
        rate = model.import_tariff[key]
        rate.set_value(0.12 if key[2] in MEMBERS else rate.value / 2)
    return model


def _mirror_sam(
    home: float, trade: float, tariff: float, government: float, investment: float, capital: float
) -> Sam:
    """Two identical regions A and B that make one good and trade it, one tariff, no other tax.

    The good is made from unskilled labour and a share ``capital`` of capital.
    """
    rows = []
    duty = tariff * trade
    for r, s in (("A", "B"), ("B", "A")):
        output = home + trade
        rows += [
            (r, "activity:x", r, "commodity:x", home),
            (r, "activity:x", s, "commodity:x", trade),
            (r, f"tax:import:{s}", r, "commodity:x", duty),
            (r, "factor:unskilled", r, "activity:x", (1 - capital) * output),
            (r, "household", r, "factor:unskilled", (1 - capital) * output),
            (r, "government", r, f"tax:import:{s}", duty),
            (r, "household", r, "government", duty - government),
            (r, "commodity:x", r, "household", home + trade + duty - government - investment),
            (r, "commodity:x", r, "government", government),
            (r, "commodity:x", r, "investment", investment),
            (r, "savings", r, "household", investment),
            (r, "investment", r, "savings", investment),
        ]
        if capital:
            rows += [
                (r, "factor:capital", r, "activity:x", capital * output),
                (r, "household", r, "factor:capital", capital * output),
            ]
    return Sam.from_table(pd.DataFrame(rows, columns=list(COLUMNS)))


@pytest.fixture
def mirror() -> Callable[..., Benchmark]:
    """Builds the benchmark of the two mirror-image regions."""

    def build(
        sigma: float = 3.0,
        omega: float = 2.0,
        home: float = 80.0,
        trade: float = 20.0,
        tariff: float = 0.1,
        government: float = 10.0,
        investment: float = 15.0,
        capital: float = 0.0,
        sigma_value_added: float = 1.0,
    ) -> Benchmark:
        numbers = {
            "sigma_value_added": sigma_value_added,
            "sigma_armington": sigma,
            "sigma_sources": 4.0,
            "omega_supply": omega,
            "omega_destinations": 3.0,
            "income_elasticity": 1.0,
        }
        rows = [(r, "x", name, value) for r in "AB" for name, value in numbers.items()]
        rows += [(r, "", "frisch", -2.0) for r in "AB"]
        table = pd.DataFrame(rows, columns=["region", "sector", "parameter", "value"])
        sam = _mirror_sam(home, trade, tariff, government, investment, capital)
        return Benchmark.from_sam(sam, table, factors=("unskilled", "capital") if capital else ("unskilled",))

    return build
