"""Textbook economies on the project's own blocks: a small open economy (SOE) and a rest of the world (ROW).

World prices are fixed when the rest of the world makes every good from one factor alone, in fixed proportion, and
its goods are the same wherever they are sold and wherever they come from (infinite ``omega_supply`` and
``sigma_armington``): it buys and sells any amount at its cost, and its price level is the numeraire. How large it
is does not matter, as long as it goes on making each good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.sam import WORLD, Sam
from tests.oracles import takeda
from tests.oracles.hosoe import FACTORS as HOSOE_FACTORS
from tests.oracles.hosoe import GOODS as HOSOE_GOODS
from tests.oracles.hosoe import PSI, SIGMA, read_base
from tests.oracles.reading import read_sam
from tests.support.synthetic import Ledger

HOME, ABROAD = "SOE", "ROW"
FACTOR = {"LAB": "unskilled", "CAP": "capital", "lab": "unskilled", "cap": "capital"}
WORLD_OUTPUT = 1000.0
"""Home sales of each good in the rest of the world, in the units of the textbook."""
TRIFLE = 1e-8
"""What accounts buy that the textbook does not have: our format wants something in each."""


@dataclass
class SmallOpenEconomy:
    """Flows of the textbook's country at benchmark prices, and its elasticities."""

    goods: tuple[str, ...]
    hired: Mapping[tuple[str, str], float]
    """Payments to factors by (factor, activity)."""
    inputs: Mapping[tuple[str, str], float]
    """Purchases of goods by (good, activity)."""
    exports: Mapping[str, float]
    imports: Mapping[str, float]
    """At the border, before duty."""
    household: Mapping[str, float]
    elasticities: Mapping[str, float]
    duties: Mapping[str, float] = field(default_factory=dict)
    production_tax: Mapping[str, float] = field(default_factory=dict)
    government: Mapping[str, float] = field(default_factory=dict)
    investment: Mapping[str, float] = field(default_factory=dict)
    direct_tax: float = 0.0
    government_savings: float = 0.0

    def benchmark(self) -> Benchmark:
        """The benchmark of the two regions."""
        ledger = Ledger()
        self._make(ledger)
        self._use(ledger)
        self._abroad(ledger)
        for region in (HOME, ABROAD):
            _close(ledger, region, self.direct_tax if region == HOME else 0.0, self.government_savings)
        return Benchmark.from_sam(
            Sam.from_table(ledger.table(), 1e-9, "textbook"), self._table(), numeraire_region=ABROAD
        )

    def _make(self, ledger: Ledger) -> None:
        for j in self.goods:
            activity = (HOME, f"activity:{j}")
            for (f, k), value in self.hired.items():
                if k == j:
                    ledger.pay((HOME, f"factor:{FACTOR[f]}"), activity, value)
            for (i, k), value in self.inputs.items():
                if k == j:
                    ledger.pay((HOME, f"commodity:{i}"), activity, value)
            ledger.pay((HOME, "tax:production"), activity, self.production_tax.get(j, 0.0))
            exported = self.exports.get(j, 0.0)
            ledger.pay(activity, (ABROAD, f"commodity:{j}"), exported)
            ledger.pay(activity, (HOME, f"commodity:{j}"), ledger.paid(*activity) - exported)

    def _use(self, ledger: Ledger) -> None:
        for buyer in ("household", "government", "investment"):
            for i, value in getattr(self, buyer).items():
                ledger.pay((HOME, f"commodity:{i}"), (HOME, buyer), value)
        for i, value in self.imports.items():
            ledger.pay((ABROAD, f"activity:{i}"), (HOME, f"commodity:{i}"), value)
            ledger.pay((HOME, f"tax:import:{ABROAD}"), (HOME, f"commodity:{i}"), self.duties.get(i, 0.0))

    def _abroad(self, ledger: Ledger) -> None:
        for i in dict.fromkeys((*self.exports, *self.imports)):
            activity, commodity = (ABROAD, f"activity:{i}"), (ABROAD, f"commodity:{i}")
            ledger.pay(activity, commodity, WORLD_OUTPUT)
            ledger.pay((ABROAD, "factor:unskilled"), activity, ledger.received(*activity))
            ledger.pay(commodity, (ABROAD, "government"), 1.0)
            ledger.pay(commodity, (ABROAD, "investment"), 100.0)
            ledger.pay(commodity, (ABROAD, "household"), ledger.paid(*commodity) - 101.0)

    def _table(self) -> pd.DataFrame:
        world = {
            "sigma_value_added": 1.0,
            "sigma_armington": np.inf,
            "sigma_sources": 1.0,
            "omega_supply": np.inf,
            "omega_destinations": 1.0,
            "income_elasticity": 1.0,
            "sigma_inputs": 0.0,
        }
        by_region = {
            "frisch": -1.0,
            "sigma_consumption": 1.0,
            "sigma_government": 0.0,
            "sigma_investment": 0.0,
        }
        rows = []
        for region, own in ((HOME, world | by_region | dict(self.elasticities)), (ABROAD, world | by_region)):
            rows += [(region, g, name, own[name]) for g in self.goods for name in world]
            rows += [(region, "", name, own[name]) for name in by_region]
        return pd.DataFrame(rows, columns=["region", "sector", "parameter", "value"])


def _close(ledger: Ledger, r: str, direct_tax: float, government_savings: float) -> None:
    """Incomes, taxes and savings; the government's transfer and the household's savings are what is left."""
    for f in dict.fromkeys(FACTOR.values()):
        ledger.pay((r, "household"), (r, f"factor:{f}"), ledger.received(r, f"factor:{f}"))
    ledger.pay((r, "tax:direct"), (r, "household"), direct_tax)
    for kind in ("production", "direct", f"import:{ABROAD}"):
        ledger.pay((r, "government"), (r, f"tax:{kind}"), ledger.received(r, f"tax:{kind}"))
    if r == HOME:
        ledger.pay((r, "savings"), (r, "government"), government_savings)
    government = ledger.received(r, "government") - ledger.paid(r, "government")
    ledger.pay((r, "household"), (r, "government"), government if abs(government) > 1e-12 else 0.0)
    ledger.pay(
        (r, "savings"), (r, "household"), ledger.received(r, "household") - ledger.paid(r, "household")
    )
    ledger.pay((r, "investment"), (r, "savings"), ledger.paid(r, "investment"))
    ledger.pay((r, "savings"), (WORLD, "capital"), ledger.paid(r, "savings") - ledger.received(r, "savings"))


def hosoe() -> SmallOpenEconomy:
    """Hosoe's stdcge: everybody but the Armington and transformation nests is Cobb-Douglas or Leontief."""
    base = read_base(read_sam("hosoe_stdcge"))
    return SmallOpenEconomy(
        goods=HOSOE_GOODS,
        hired={key: base.F[key] for key in base.F if key[0] in HOSOE_FACTORS},
        inputs=base.X,
        exports=base.E,
        imports=base.M,
        household=base.Xp,
        government=base.Xg,
        investment=base.Xv,
        duties=base.Tm,
        production_tax=base.Tz,
        direct_tax=base.Td,
        government_savings=base.Sg,
        elasticities={
            "sigma_armington": SIGMA,
            "omega_supply": PSI,
            "sigma_government": 1.0,
            "sigma_investment": 1.0,
        },
    )


def takeda_economy() -> SmallOpenEconomy:
    """Takeda's economy. Manufactures and services reach the household through a shop of their own, so that
    consumption of these two alone can be taxed (our sales tax is the same for all goods of a user)."""
    m = takeda.build()
    shops = {f"shop_{i}": i for i in ("man", "ser")}
    hired = dict(m.hire) | {("lab", shop): TRIFLE for shop in shops}
    inputs = dict(m.input)
    sold = {
        "man": m.consumption["man"],
        "ser": m.consumption["ser"] - 2 * TRIFLE,
    }  # the rest: see the last two buyers
    inputs |= {(i, shop): sold[i] for shop, i in shops.items()}
    return SmallOpenEconomy(
        goods=(*takeda.GOODS, *shops),
        hired=hired,
        inputs=inputs,
        exports=m.export0,
        imports=m.import0,
        household={"agr": m.consumption["agr"]} | {shop: sold[i] + TRIFLE for shop, i in shops.items()},
        government={"ser": TRIFLE},
        investment={"ser": TRIFLE},
        elasticities={
            "sigma_inputs": takeda.TOP,
            "sigma_value_added": takeda.VALUE_ADDED,
            "sigma_armington": takeda.ARMINGTON,
            "omega_supply": takeda.TRANSFORMATION,
            "sigma_consumption": takeda.CONSUMPTION,
        },
    )
