"""Every closure has every property a solution must have, and the ones with a closed form have that form."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.model.accounts import rebuild_sam
from eacu.model.checks import (
    HOMOGENEITY,
    benchmark_residuals,
    price_homogeneity,
    sam_gap,
    scale_homogeneity,
    union_neutrality,
    walras,
)
from eacu.model.choices import CHOICES, MARKETS
from eacu.model.closures import CLOSURES, Closure, ClosureError, compose, find_closure
from eacu.model.economy import build_economy
from eacu.model.engine import compile_model, solve
from eacu.model.indicators import unemployment_rate
from eacu.model.instruments import InstrumentError, set_instrument
from eacu.model.state import State
from eacu.model.swap import swap
from tests.support.synthetic import synthetic_benchmark

MEMBERS = ("RUS", "BLR", "KAZ")
COMBINED = (
    "short-run+rigid-wage",
    "steady-state+wage-curve+fixed-exchange-rate",
    "specific+savings-driven+equal-yield-sales-tax+wage-curve",
)
EVERY = (*CLOSURES, *COMBINED)
LABOUR_FORCE = 1 / 0.94
"""With 6 per cent unemployment in the benchmark."""


def union(m):
    """A common tariff of 12 per cent, none within, pooled duties, and a little of everything else."""
    for key in m.import_tariff:
        _, source, importer = key
        inside = source in MEMBERS and importer in MEMBERS
        m.import_tariff[key].set_value(0.0 if inside else 0.12 if importer in MEMBERS else 0.03)
    for r, key in zip(MEMBERS, (0.5, 0.2, 0.3), strict=True):
        m.union_member[r].set_value(1.0)
        m.pooled[r].set_value(1.0)
        m.pool_share[r].set_value(key)
    for key in m.productivity:
        m.productivity[key].set_value(0.98 if key[1] == "KAZ" else 1.01)
    m.population["BLR"].set_value(1.01)


def free_values(m):
    return {v.name: v.value for v in m.component_data_objects(pyo.Var) if not v.fixed}


# ---- properties ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_every_property_under_every_closure(name):
    m = build_economy(synthetic_benchmark(seed=1), name)
    assert benchmark_residuals(m).worst <= 1e-12
    assert solve(m).iterations == 0
    original = m.benchmark.sam.set_index(["row_region", "row_account", "column_region", "column_account"])[
        "value"
    ]
    rebuilt = rebuild_sam(m).table.set_index(list(original.index.names))["value"]
    assert set(rebuilt.index) == set(original.index)
    np.testing.assert_allclose(rebuilt.reindex(original.index), original, rtol=1e-12, atol=1e-10)
    union(m)
    assert solve(m).iterations > 0
    assert walras(m) <= 1e-12
    assert sam_gap(m) <= 1e-11
    assert price_homogeneity(m) <= HOMOGENEITY / 1e2
    assert scale_homogeneity(m) <= HOMOGENEITY / 1e2
    assert union_neutrality(m, MEMBERS) <= HOMOGENEITY / 1e2


@pytest.mark.parametrize("name", EVERY)
def test_given_the_default_solution_every_closure_finds_it_again(name):
    """Fix what a closure fixes at the values of a shocked default solution: it determines the very same one."""
    m = build_economy(synthetic_benchmark(seed=2))
    union(m)
    m.foreign_savings["KAZ"].set_value(m.foreign_savings["KAZ"].value + 2.0)
    m.foreign_savings["ROW"].set_value(m.foreign_savings["ROW"].value - 2.0)
    m.investment["RUS"].set_value(1.02)
    m.endowment["capital", "BLR"].set_value(1.03)
    m.government_savings["KAZ"].set_value(m.government_savings["KAZ"].value + 1.0)
    for key in m.migrants:
        m.migrants[key].set_value(2.0)
    solve(m)
    expected = {v.name: v.value for v in m.component_data_objects(pyo.Var)}
    find_closure(name).apply(m)
    for key in m.labour:
        m.wage_floor[key].set_value(pyo.value(m.real_wage[key]))
        expected[m.wage_floor[key].name] = m.wage_floor[key].value
    for f, o, d in m.migration_pairs:
        barrier = m.migration_barrier[f, o, d]
        barrier.set_value(pyo.value(m.take_home_wage[f, d] / m.take_home_wage[f, o]))
        expected[barrier.name] = barrier.value
    for variable in m.component_objects(pyo.Var):
        for index in variable:
            if not variable[index].fixed:
                variable[index].set_value(m.benchmark_values[variable.name][index])
    assert solve(m).iterations > 0
    assert walras(m) <= 1e-12
    found = {v.name: v.value for v in m.component_data_objects(pyo.Var)}
    np.testing.assert_allclose(list(found.values()), list(expected.values()), rtol=1e-8, atol=1e-7)


def test_every_closure_says_in_a_paragraph_what_it_does():
    for closure in CLOSURES.values():
        assert [choice.market for choice in closure.choices] == list(MARKETS)
        assert all(choice.description in closure.description for choice in closure.choices)
        assert closure.description.count(".") >= 6
        assert "\n" not in closure.description
    assert len({c.description for c in CHOICES.values()}) == len(CHOICES)
    named = {choice.name for closure in CLOSURES.values() for choice in closure.choices}
    assert named == set(CHOICES), "every choice belongs to a named closure"


# ---- labour --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elasticity", [-0.1, -0.05])
def test_the_wage_curve_has_its_elasticity(elasticity):
    m = build_economy(synthetic_benchmark(seed=1), "wage-curve")
    m.wage_curve_elasticity.set_value(elasticity)
    m.unemployment_rate["skilled", "KAZ"].set_value(0.03)
    union(m)
    solve(m)
    for f, r in m.labour:
        wage = pyo.value(m.real_wage[f, r])
        assert abs(wage - 1) > 1e-4
        assert np.log(wage) / np.log(m.unemployment[f, r].value) == pytest.approx(elasticity, rel=1e-9)
        used = sum(m.factor_value0[f, j, r] * m.factor_use[f, j, r].value for j in m.employers[f, r])
        rate = 0.03 if (f, r) == ("skilled", "KAZ") else 0.06
        employed = (1 - rate * m.unemployment[f, r].value) / (1 - rate)
        assert used == pytest.approx(employed * m.endowment0[f, r], rel=1e-10)


@pytest.mark.parametrize("productivity", [0.95, 0.99, 1.02])
def test_the_wage_curve_in_closed_form(mirror, productivity):
    r"""One good from labour alone: the real wage is productivity A, unemployment :math:`0.06\,A^{-10}`."""
    m = build_economy(mirror(), "wage-curve")
    for key in m.productivity:
        m.productivity[key].set_value(productivity)
    solve(m)
    rate = 0.06 * productivity**-10
    employment = (1 - rate) * LABOUR_FORCE
    for r in ("A", "B"):
        assert pyo.value(m.real_wage["unskilled", r]) == pytest.approx(productivity, rel=1e-10)
        assert m.unemployment["unskilled", r].value * 0.06 == pytest.approx(rate, rel=1e-9)
        assert m.activity["x", r].value == pytest.approx(productivity * employment, rel=1e-10)
        assert m.composite["x", r].value == pytest.approx(productivity * employment, rel=1e-10)
    state = State.of(m)
    assert unemployment_rate(m.benchmark, state).to_numpy() == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize("force", [0.97, 1.0, 1.1])
def test_a_binding_wage_floor_leaves_new_workers_without_jobs(force):
    r"""The floor decides how many are employed, so that :math:`(1-u)\,e = 1-\bar u` and nothing else changes."""
    m = build_economy(synthetic_benchmark(seed=1), "rigid-wage")
    before = {name: value for name, value in free_values(m).items() if not name.startswith("unemployment")}
    for key in m.labour:
        m.endowment[key].set_value(force)
    solve(m)
    for key in m.labour:
        assert m.unemployment[key].value * 0.06 == pytest.approx(1 - 0.94 / force, rel=1e-9)
        assert pyo.value(m.real_wage[key]) == pytest.approx(1, rel=1e-10)
    after = free_values(m)
    changed = {k for k, v in before.items() if after[k] != pytest.approx(v, rel=1e-9, abs=1e-7)}
    assert {name.partition("[")[0] for name in changed} <= {"off_wage_curve"}


def test_a_slack_wage_floor_is_full_employment():
    """Where workers are so few that all find jobs above the floor, the floor does not matter."""
    m = build_economy(synthetic_benchmark(seed=1), "rigid-wage")
    full = build_economy(synthetic_benchmark(seed=1))
    for key in m.labour:
        if key[1] in MEMBERS:
            m.endowment[key].set_value(0.9)
            full.endowment[key].set_value(0.9 * LABOUR_FORCE)  # those employed if nobody is idle
    solve(m)
    for r in MEMBERS:
        for f in ("unskilled", "skilled"):
            assert m.unemployment[f, r].value == pytest.approx(0, abs=1e-8)
            assert pyo.value(m.real_wage[f, r]) > 1.001
    for f in ("unskilled", "skilled"):  # abroad the floor binds: give the other model its employment
        share = (1 - 0.06 * m.unemployment[f, "ROW"].value) * LABOUR_FORCE
        full.endowment[f, "ROW"].set_value(share)
        assert pyo.value(m.real_wage[f, "ROW"]) == pytest.approx(1, rel=1e-9)
    solve(full)
    for name in ("activity", "household_demand", "factor_price", "flow_price"):
        ours, theirs = ([v.value for v in x.component(name).values()] for x in (m, full))
        np.testing.assert_allclose(ours, theirs, rtol=1e-7)


def test_a_higher_floor_costs_jobs_where_it_is_raised():
    m = build_economy(synthetic_benchmark(seed=1), "rigid-wage")
    m.wage_floor["unskilled", "KAZ"].set_value(1.03)
    solve(m)
    assert pyo.value(m.real_wage["unskilled", "KAZ"]) == pytest.approx(1.03, rel=1e-10)
    assert m.unemployment["unskilled", "KAZ"].value > 1.1
    assert walras(m) <= 1e-12


# ---- capital -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.3])
@pytest.mark.parametrize("productivity", [0.97, 1.04])
def test_steady_state_capital_in_closed_form(mirror, sigma, productivity):
    r"""One good from labour and capital, all prices one: the return is back at one, so

    .. math:: w = \Big(\frac{A^{1-\sigma}-\alpha}{1-\alpha}\Big)^{1/(1-\sigma)}, \quad y = \frac{A}{(A/w)^\sigma},
              \quad K = \frac{y}{A} A^\sigma,

    and with Cobb-Douglas :math:`K = y = A^{1/(1-\alpha)}`. Investment keeps pace with capital.
    """
    alpha, a = 0.4, productivity
    m = build_economy(mirror(capital=alpha, sigma_value_added=sigma), "steady-state")
    for key in m.productivity:
        m.productivity[key].set_value(a)
    solve(m)
    power = 1 - sigma
    wage = a ** (1 / (1 - alpha)) if sigma == 1 else ((a**power - alpha) / (1 - alpha)) ** (1 / power)
    output = a * (wage / a) ** sigma
    stock = output / a * a**sigma
    if sigma == 1:
        assert stock == pytest.approx(a ** (1 / (1 - alpha)))
    for r in ("A", "B"):
        assert m.endowment["capital", r].value == pytest.approx(stock, rel=1e-9)
        assert m.activity["x", r].value == pytest.approx(output, rel=1e-9)
        assert m.factor_price["unskilled", r].value == pytest.approx(wage, rel=1e-9)
        assert m.investment[r].value == pytest.approx(stock, rel=1e-9)


def test_capital_that_cannot_move_responds_less():
    """Le Chatelier: a subsidy raises its own sector's output, more so where capital can follow."""
    response = {}
    for name in ("short-run", "default"):
        m = build_economy(synthetic_benchmark(seed=1), name)
        for key in m.activities:
            rate = m.production_tax[key]
            m.production_tax[key].set_value(rate.value - 0.02)
            solve(m)
            response[name, key] = m.activity[key].value - 1
            rate.set_value(m.benchmark_values["production_tax"][key])
    for key in m.activities:
        assert 0 < response["short-run", key] < response["default", key]


# ---- government and investment -------------------------------------------------------------------------


@pytest.mark.parametrize("tax", ["direct", "sales"])
def test_equal_yield_raises_exactly_the_old_revenue_in_real_terms(tax):
    """Revenue read off the SAM buys what it bought: consumption, savings and transfer of the benchmark."""
    m = build_economy(synthetic_benchmark(seed=1), f"equal-yield-{tax}-tax")
    union(m)
    solve(m)
    b, sam = m.benchmark, rebuild_sam(m).table
    into = sam[(sam["row_account"] == "government") & (sam["column_account"] != "household")]
    revenue = into.groupby("row_region")["value"].sum()
    others = ("production", "factor", "export")
    for r in m.R:
        basket = {
            m.government_price[r].value: float(m.government_consumption0[r]),
            m.investment_price[r].value: b.government_savings[r],
            m.consumer_price[r].value: b.transfer[r],
        }
        assert sum(basket.values()) == pytest.approx(b.tax_revenue.loc[r].sum(), rel=1e-9)
        cost = sum(price * amount for price, amount in basket.items())
        assert revenue[r] == pytest.approx(cost, rel=1e-10)
        power, retention = m.sales_tax_power[r].value, m.direct_tax_retention[r].value
        moved, still = (retention, power) if tax == "direct" else (power, retention)
        assert abs(moved - 1) > 1e-4
        assert still == 1
    assert all(b.tax_revenue[kind].abs().sum() > 0 for kind in others)


@pytest.mark.parametrize("other", ["equal-yield-direct-tax", "budget-deficit"])
def test_who_pays_lump_sum_does_not_matter(other):
    """A tax that distorts nothing, or debt that the household saves for, is as good as a transfer."""
    solved = []
    for name in ("default", other):
        m = build_economy(synthetic_benchmark(seed=3), name)
        union(m)
        solve(m)
        solved.append(State.of(m))
    for name in ("household_demand", "activity", "composite_price", "household_spending"):
        np.testing.assert_allclose(solved[0][name], solved[1][name], rtol=1e-9)
    assert (solved[0]["transfer"] - solved[1]["transfer"]).abs().max() > 0.1


def test_a_deficit_crowds_out_investment_that_follows_savings():
    m = build_economy(synthetic_benchmark(seed=1), "deficit")
    m.government_consumption["KAZ"].set_value(1.1)
    solve(m)
    base = m.benchmark_values["government_savings"]["KAZ"]
    assert m.government_savings["KAZ"].value < base
    assert m.investment["KAZ"].value < 1
    assert m.real_transfer["KAZ"].value == m.benchmark_values["real_transfer"]["KAZ"]


# ---- external ------------------------------------------------------------------------------------------


def test_a_fixed_real_exchange_rate_is_held_by_foreign_savings():
    m = build_economy(synthetic_benchmark(seed=1), "fixed-exchange-rate")
    b = m.benchmark
    union(m)
    solve(m)
    savings = {r: m.foreign_savings[r].value for r in m.R}
    assert sum(savings.values()) == pytest.approx(float(b.foreign_savings.sum()), abs=1e-9)
    assert min(abs(savings[r] - b.foreign_savings[r]) for r in m.R) > 1e-3
    state = State.of(m)
    for s in MEMBERS:
        border = b.cif[(b.cif.index.get_level_values(1) != s) & (b.cif.index.get_level_values(2) == s)]
        home = b.domestic_sales.xs(s, level="region")
        border_price = (border * state["cif_price"].reindex(border.index)).sum() / border.sum()
        home_price = (
            home * state["domestic_price"].xs(s, level="region").reindex(home.index)
        ).sum() / home.sum()
        assert border_price / home_price == pytest.approx(1, rel=1e-10)


def test_capital_inflow_is_a_real_appreciation():
    m = build_economy(synthetic_benchmark(seed=1))
    for r, amount in (("KAZ", 3.0), ("ROW", -3.0)):
        m.foreign_savings[r].set_value(m.foreign_savings[r].value + amount)
    solve(m)
    assert m.real_exchange_rate["KAZ"].value < 1
    assert m.foreign_savings_gap.value == pytest.approx(0, abs=1e-9)
    assert "ROW" not in m.real_exchange_rate


# ---- composing, setting, swapping ----------------------------------------------------------------------


def chosen(closure: Closure) -> SimpleNamespace:
    return SimpleNamespace(**{choice.market: choice.name for choice in closure.choices})


def test_closures_compose():
    c = chosen(find_closure("short-run+wage-curve"))
    assert (c.labour, c.capital, c.investment) == ("wage-curve", "specific", "investment-driven")
    c = chosen(find_closure("steady-state+savings-driven"))
    assert (c.capital, c.investment) == ("steady-state-capital", "savings-driven")
    assert chosen(find_closure("steady-state")).investment == "replacement"
    assert find_closure(" short-run + mobile ").fixed == CLOSURES["default"].fixed
    with pytest.raises(ClosureError, match=r"Unknown closure 'wage-curv'. Did you mean 'wage-curve'"):
        find_closure("short-run+wage-curv")
    with pytest.raises(ClosureError, match="closes the market for capital twice: mobile and specific"):
        compose("torn", "mobile", "specific")
    with pytest.raises(ClosureError, match="Unknown choice 'short-run'"):
        compose("odd", "short-run")


def test_instruments_without_effect_are_refused():
    m = build_economy(synthetic_benchmark(seed=1))
    floor = pd.Series({("unskilled", "KAZ"): 1.1}).rename_axis(["factor", "region"])
    with pytest.raises(InstrumentError, match="wage_floor has no effect under the closure 'default'"):
        set_instrument(m, "wage_floor", floor)
    CLOSURES["rigid-wage"].apply(m)
    set_instrument(m, "wage_floor", floor)
    assert m.wage_floor["unskilled", "KAZ"].value == 1.1


@pytest.mark.parametrize("compiled", [False, True])
def test_a_swap_changes_what_adjusts(model, compiled):
    system = compile_model(model) if compiled else None
    closure = swap(model, fix="real_transfer[KAZ]", free="direct_tax[KAZ]", system=system)
    assert model.closure is closure
    assert closure.name == "default (real_transfer[KAZ] for direct_tax[KAZ])"
    assert "real_transfer[KAZ] fixed instead of direct_tax[KAZ]" in closure.description
    union(model)
    solve(model)
    assert model.real_transfer["KAZ"].value == model.benchmark_values["real_transfer"]["KAZ"]
    assert model.direct_tax["KAZ"].value != model.benchmark_values["direct_tax"]["KAZ"]
    assert walras(model) <= 1e-12
    again = build_economy(model.benchmark, closure)
    assert free_values(again).keys() == free_values(model).keys()


@pytest.mark.parametrize(
    ("fix", "free", "message"),
    [
        ("real_transfr", "direct_tax", "Did you mean 'real_transfer'"),
        ("real_transfer[KAS]", "direct_tax[KAZ]", "Did you mean 'KAZ'"),
        (
            "investment[KAZ]",
            "direct_tax[KAZ]",
            r"investment\[KAZ\] is fixed already under the closure 'default'",
        ),
        ("real_transfer", "transfer", r"transfer\[RUS\] and 3 more is free already"),
        (
            "activity[mac,RUS]",
            ["productivity[mac,RUS]", "productivity[mac,KAZ]"],
            r"Nothing determines one of productivity\[mac,RUS\], productivity\[mac,KAZ\], "
            r".*: only zero_profit_production\[mac,RUS\], ",
        ),
        (
            "investment_rate[RUS]",
            "wage_floor[unskilled,RUS]",
            r"definition_investment_rate\[RUS\] contains no free variable",
        ),
        ("factor_price[unskilled,ROW]", "endowment[unskilled,ROW]", "left to Walras' law"),
    ],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_swap_that_cannot_work_leaves_the_model_alone(model, fix, free, message, compiled):
    system = compile_model(model) if compiled else None
    before, closure = free_values(model), model.closure
    partition = system.partition.fixed.copy() if compiled else None
    with pytest.raises(ClosureError, match=message):
        swap(model, fix=fix, free=free, system=system)
    assert free_values(model) == before
    assert model.closure is closure
    if compiled:
        np.testing.assert_array_equal(system.partition.fixed, partition)
    assert solve(model).iterations == 0
