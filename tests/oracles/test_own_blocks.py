"""The project's blocks and closures reproduce the textbooks: Hosoe's stdcge and Takeda's small open economy."""

from __future__ import annotations

import json

import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.calibration.benchmark import Benchmark, BenchmarkError
from eacu.calibration.sam import Sam
from eacu.model.checks import benchmark_residuals, price_homogeneity, sam_gap, scale_homogeneity, walras
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.indicators import indicators
from eacu.model.state import State
from tests.oracles import takeda
from tests.oracles.own_blocks import ABROAD, HOME, hosoe, takeda_economy
from tests.oracles.reading import DATA, read_levels
from tests.oracles.test_takeda import published


def sound(m: pyo.ConcreteModel) -> None:
    assert walras(m) <= 1e-11
    assert sam_gap(m) <= 1e-10


# ---- Hosoe ----------------------------------------------------------------------------------------------


def tariffs_abolished() -> pyo.ConcreteModel:
    m = build_economy(hosoe().benchmark(), "fixed-shares")
    assert benchmark_residuals(m).worst < 1e-14
    assert solve(m).iterations == 0
    for flow in m.import_tariff:
        m.import_tariff[flow].set_value(0.0)
    solve(m)
    return m


def hosoe_levels(m: pyo.ConcreteModel) -> dict[tuple[str, ...], float]:
    """Results by the textbook's names; its numeraire is the wage, ours the price level abroad."""
    b, wage = m.benchmark, m.factor_price["unskilled", HOME].value
    found: dict[tuple[str, ...], float] = {
        ("epsilon",): 1 / wage,
        ("pf", "CAP"): m.factor_price["capital", HOME].value / wage,
        ("pf", "LAB"): 1.0,
        ("Sp",): m.household_savings[HOME].value / wage,
        ("Sg",): m.government_savings[HOME].value * m.investment_price[HOME].value / wage,
        ("Td",): pyo.value(m.direct_tax_revenue[HOME]) / wage,
    }
    for g in b.sectors:
        at_home, out, back = (g, HOME), (g, HOME, ABROAD), (g, ABROAD, HOME)
        found |= {
            ("Z", g): b.output[at_home] * (1 - b.production_tax[at_home]) * m.activity[at_home].value,
            ("D", g): b.domestic_sales[at_home] * pyo.value(m.domestic_demand[at_home]),
            ("Q", g): (b.absorption - b.domestic_sales)[at_home] / (1 + b.import_tariff[back]),
            ("E", g): b.exports[out] * pyo.value(m.shipments[out]),
            ("M", g): b.cif[back] * pyo.value(m.shipments[back]),
            ("Xp", g): b.household_demand[at_home] * m.household_demand[at_home].value,
            ("Xg", g): b.government_demand[at_home] * pyo.value(m.government_use[at_home]),
            ("Xv", g): b.investment_demand[at_home] * pyo.value(m.investment_use[at_home]),
            ("pd", g): m.domestic_price[at_home].value / wage,
            ("pq", g): m.composite_price[at_home].value / wage,
            ("pe", g): m.flow_price[out].value / wage,
            ("pm", g): pyo.value(m.cif_price[back]) / wage,
            ("py", g): m.value_added_price[at_home].value / wage,
            ("pz", g): pyo.value(m.net_revenue[at_home]) / wage,
        }
        found["Q", g] = b.absorption[at_home] * m.composite[at_home].value
        for name, factor in (("CAP", "capital"), ("LAB", "unskilled")):
            use = (factor, g, HOME)
            found["F", name, g] = b.factor_value[use] * m.factor_use[use].value
        for i in b.sectors:
            found["X", i, g] = b.intermediate[i, g, HOME] * pyo.value(m.input_use[i, g, HOME])
    return found


def test_hosoe_tariffs_abolished():
    m = tariffs_abolished()
    sound(m)
    found = hosoe_levels(m)
    expected = read_levels("hosoe_stdcge", "counterfactual_tariff_abolition_levels.csv", "level")
    compared = set(found) & set(expected)
    assert set(expected) - compared <= {
        ("UU",),
        *((name, g) for name in ("Tm", "Tz", "Y", "pWe", "pWm") for g in m.G),
    }
    assert len(compared) == len(found)
    for key in compared:
        assert found[key] == pytest.approx(expected[key], rel=1e-9), key


def test_hosoe_welfare():
    m = tariffs_abolished()
    welfare = json.loads((DATA / "hosoe_stdcge" / "welfare.json").read_text())
    base = build_economy(m.benchmark, "fixed-shares")
    table = indicators(m.benchmark, State.of(base), State.of(m), (HOME,))
    assert table.loc[HOME, "ev_usd_mn"] == pytest.approx(welfare["EV"], rel=1e-9)


def test_the_size_of_the_rest_of_the_world_does_not_matter(monkeypatch):
    before = hosoe_levels(tariffs_abolished())
    monkeypatch.setattr("tests.oracles.own_blocks.WORLD_OUTPUT", 250.0)
    for key, value in hosoe_levels(tariffs_abolished()).items():
        assert value == pytest.approx(before[key], rel=1e-10), key


def test_the_small_open_economy_is_homogeneous():
    m = tariffs_abolished()
    assert price_homogeneity(m) <= 1e-11
    assert scale_homogeneity(m) <= 1e-11


# ---- Takeda ---------------------------------------------------------------------------------------------


def small_open_economy(real_exchange_rate_fixed: bool) -> pyo.ConcreteModel:
    """Takeda's country under the default closure, or with his fixed real exchange rate.

    His rate is the price of foreign exchange over the true cost of living, which is no variable of ours: one more
    equation ties them, and foreign savings are free to obey it.
    """
    m = build_economy(takeda_economy().benchmark())
    if real_exchange_rate_fixed:
        m.real_rate = pyo.Constraint(expr=m.supernumerary_price[HOME] == m.numeraire)
        m.world_savings = pyo.Constraint(expr=m.foreign_savings[HOME] + m.foreign_savings[ABROAD] == 0)
        m.foreign_savings.unfix()
    assert solve(m).iterations == 0
    return m


def shock(m: pyo.ConcreteModel, name: str) -> None:
    if name == "cap_i":
        m.endowment["capital", HOME].set_value(0.8)
    elif name == "rt_m":
        m.import_tariff["agr", ABROAD, HOME].set_value(0.2)
    else:
        for good in ("man", "ser"):  # a tenth on top of the price is an eleventh of it
            m.production_tax[f"shop_{good}", HOME].set_value(0.1 / 1.1)


def takeda_levels(m: pyo.ConcreteModel) -> dict[str, float]:
    """Results by the published names; prices in units of the consumer basket."""
    b, cost_of_living = m.benchmark, pyo.value(m.supernumerary_price[HOME])
    found = {
        "u": 380 * m.supernumerary[HOME].value / cost_of_living,
        "ts": m.household_savings[HOME].value / m.numeraire.value,
        "p_ex": m.numeraire.value / cost_of_living,
    }
    for g in takeda.GOODS:
        key, bought = (g, HOME), (g if g == "agr" else f"shop_{g}", HOME)
        found |= {
            f"y_{g}": b.output[key] * m.activity[key].value,
            f"c_{g}": b.household_demand[bought] * m.household_demand[bought].value,
            f"p_d_{g}": m.domestic_price[key].value / cost_of_living,
            f"p_a_{g}": m.composite_price[key].value / cost_of_living,
            f"r_y_{g}": m.output_price[key].value / cost_of_living,
        }
    for g in takeda.TRADED:
        out, back = (g, HOME, ABROAD), (g, ABROAD, HOME)
        found |= {
            f"e_{g}": b.exports[out] * pyo.value(m.shipments[out]),
            f"m_{g}": b.cif[back] * pyo.value(m.shipments[back]),
            f"p_e_{g}": m.flow_price[out].value / cost_of_living,
            f"p_m_{g}": pyo.value(m.cif_price[back]) / cost_of_living,
        }
    return found


@pytest.mark.parametrize("suffix", ["", "_fex"])
@pytest.mark.parametrize("name", ["cap_i", "rt_c", "rt_m"])
def test_takeda_published_runs(name, suffix):
    m = small_open_economy(real_exchange_rate_fixed=bool(suffix))
    shock(m, name)
    solve(m)
    sound(m)
    bench, expected = (published("results_results.csv", column) for column in ("bench", name + suffix))
    found = takeda_levels(m)
    assert set(found) == set(expected.index)
    for key, value in expected.items():
        assert 100 * (found[str(key)] - value) / bench[key] == pytest.approx(0, abs=1e-6), key


def test_the_exact_price_index_gives_the_equivalent_variation():
    m = small_open_economy(real_exchange_rate_fixed=False)
    base = State.of(m)
    shock(m, "cap_i")
    solve(m)
    table = indicators(m.benchmark, base, State.of(m), (HOME,))
    assert table.loc[HOME, "ev_usd_mn"] == pytest.approx(takeda_levels(m)["u"] - 380, rel=1e-9)


def test_goods_that_are_the_same_for_seller_and_buyer_are_refused():
    b = hosoe().benchmark()
    elasticities = [
        getattr(b, name).rename("value").reset_index().assign(parameter=name)
        for name in (
            "sigma_value_added",
            "sigma_armington",
            "sigma_sources",
            "omega_supply",
            "omega_destinations",
            "income_elasticity",
            "frisch",
        )
    ]
    table = pd.concat(elasticities, ignore_index=True).fillna({"sector": ""})
    table.loc[table["parameter"] == "omega_supply", "value"] = float("inf")
    both = Benchmark.from_sam(Sam.from_table(b.sam, 1e-9), table, numeraire_region=ABROAD)
    with pytest.raises(BenchmarkError, match="BRD from SOE to ROW is the same good wherever it is sold"):
        build_economy(both)
