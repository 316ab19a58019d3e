"""Newton in logarithms: replication, zero terms, signed variables, continuation, failure with reasons."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.model.engine import (
    ConvergenceError,
    SolvedPoint,
    SolveOptions,
    compile_model,
    solve,
    solve_system,
)
from tests.support.ipopt import ipopt_values
from tests.support.world import armington_world


def columns(system, name: str) -> np.ndarray:
    return np.array([k for k, v in enumerate(system.variables) if v.parent_component().name == name])


def foreign_tariffs(system) -> np.ndarray:
    index = [(k, system.variables[k].index()) for k in columns(system, "tariff")]
    return np.array([k for k, (_, r, s) in index if r != s])


# ---- the world economy ----------------------------------------------------------------------------------


def test_the_benchmark_replicates_without_a_step_and_without_a_change():
    m = armington_world(4, 5)
    before = {v.name: v.value for v in m.component_data_objects(pyo.Var)}
    record = solve(m)
    assert (record.status, record.iterations, record.path) == ("start is a solution", 0, "none")
    assert record.max_residual < 1e-13
    assert {v.name: v.value for v in m.component_data_objects(pyo.Var)} == before


def test_tariff_removal_agrees_with_ipopt():
    m = armington_world(3, 4)
    for g, r, s in m.tariff:
        m.tariff[g, r, s].fix(0.0)
    independent = ipopt_values(m)
    record = solve(m)
    assert record.status == "converged"
    assert record.path == "direct"
    assert record.iterations <= 6
    assert record.max_residual < 1e-11
    for v in m.component_data_objects(pyo.Var):
        if not v.fixed:
            assert v.value == pytest.approx(independent[v.name], rel=1e-9, abs=1e-12), v.name


def test_the_dropped_market_clears():
    m = armington_world(3, 4, seed=2)
    m.productivity[1, 2].fix(0.5)
    m.tariff[2, 1, 0].fix(0.8)
    solve(m)
    assert pyo.value(m.factor_demand["labour", 0]) == pytest.approx(m.endowment["labour", 0].value, rel=1e-11)


def test_homogeneity_in_the_numeraire_and_in_the_size_of_the_world():
    m = armington_world(3, 3, seed=4)
    system = compile_model(m)
    rng = np.random.default_rng(0)
    system.values[foreign_tariffs(system)] = rng.uniform(0, 0.5, len(foreign_tariffs(system)))
    solve_system(system)
    base = system.values.copy()
    numeraire = [k for k, v in enumerate(system.variables) if v is m.wage["labour", 0]]
    system.values[numeraire] = 1.1
    solve_system(system)
    nominal = system.values.copy()
    for name in ("output", "composite"):
        assert nominal[columns(system, name)] == pytest.approx(base[columns(system, name)], rel=1e-10)
    for name in ("price", "wage", "income", "revenue"):
        assert nominal[columns(system, name)] == pytest.approx(1.1 * base[columns(system, name)], rel=1e-10)
    system.values[numeraire] = 1.0
    for name in ("endowment", "foreign_savings"):
        system.values[columns(system, name)] *= 1.05
    solve_system(system)
    for name, factor in (("output", 1.05), ("composite", 1.05), ("price", 1.0), ("income", 1.05)):
        at = columns(system, name)
        assert system.values[at] == pytest.approx(factor * base[at], rel=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_harsh_shocks_are_solved(seed):
    """Removal, ten-fold tariffs, subsidies and productivity spread over three orders of magnitude."""
    system = compile_model(armington_world(5, 6, seed=seed))
    base, rng = system.values.copy(), np.random.default_rng(seed)
    tariff, productivity = foreign_tariffs(system), columns(system, "productivity")
    shocks = {
        "removal": (tariff, 0.0),
        "prohibitive": (tariff, 2.0),
        "subsidies": (tariff[::3], -0.6),
        "productivity": (productivity, np.exp(rng.normal(0, 2.5, len(productivity)))),
    }
    for name, (at, value) in shocks.items():
        system.values = base.copy()
        system.values[at] = value
        record = solve_system(system, origin=SolvedPoint(base, system.parameter_values))
        assert record.max_residual < 1e-9, name
        assert record.fallbacks == 0
        assert not record.outside_bounds


def test_many_scenarios_by_writing_vectors_equal_solving_fresh_models():
    m = armington_world(3, 3, seed=6)
    system = compile_model(m)
    base = system.values.copy()
    for rate in (0.0, 0.3, 1.0):
        system.values = base.copy()
        system.values[foreign_tariffs(system)] = rate
        solve_system(system)
        fresh = armington_world(3, 3, seed=6)
        for g, r, s in fresh.tariff:
            if r != s:
                fresh.tariff[g, r, s].fix(rate)
        solve(fresh)
        values = [v.value for v in fresh.component_data_objects(pyo.Var)]
        assert system.values == pytest.approx(np.array(values), rel=1e-9, abs=1e-10)


# ---- zero terms, signs, corners -------------------------------------------------------------------------


def test_a_positive_variable_can_go_to_exactly_zero_and_come_back():
    m = pyo.ConcreteModel()
    m.rate = pyo.Var(initialize=0.1)
    m.rate.fix()
    m.flow = pyo.Var(initialize=100.0, domain=pyo.PositiveReals)
    m.revenue = pyo.Var(initialize=10.0, domain=pyo.NonNegativeReals)
    m.demand = pyo.Constraint(expr=m.flow == 110.0 / (1 + m.rate))
    m.collect = pyo.Constraint(expr=m.revenue == m.rate * m.flow)
    assert solve(m).iterations == 0
    m.rate.fix(0.0)
    solve(m)
    assert m.revenue.value == 0.0
    assert m.flow.value == pytest.approx(110.0, rel=1e-13)
    m.rate.fix(0.25)
    solve(m)
    assert m.revenue.value == pytest.approx(22.0, rel=1e-12)


def test_a_variable_that_may_change_sign_crosses_zero():
    m = pyo.ConcreteModel()
    m.exports = pyo.Var(initialize=5.0, domain=pyo.PositiveReals)
    m.price = pyo.Var(initialize=1.0)
    m.price.fix()
    m.balance = pyo.Var(initialize=3.0)  # Reals
    m.supply = pyo.Constraint(expr=m.exports == 5.0 * m.price**2)
    m.trade = pyo.Constraint(expr=m.balance == m.price * m.exports - 2.0)
    for price in (1.0, 0.5, 1.5):
        m.price.fix(price)
        solve(m)
        assert m.balance.value == pytest.approx(5.0 * price**3 - 2.0, rel=1e-12)


@pytest.mark.parametrize(("quota", "binds"), [(20.0, False), (6.0, True)])
def test_a_quota_rent_by_fischer_burmeister(quota, binds):
    m = pyo.ConcreteModel()
    m.imports = pyo.Var(initialize=10.0, domain=pyo.PositiveReals)
    m.rent = pyo.Var(initialize=0.5, domain=pyo.NonNegativeReals)
    slack = quota - m.imports
    m.demand = pyo.Constraint(expr=m.imports == 10.0 * (1 + m.rent) ** -2)
    m.complementarity = pyo.Constraint(expr=pyo.sqrt(m.rent**2 + slack**2 + 1e-24) == m.rent + slack)
    solve(m)
    if binds:
        assert m.imports.value == pytest.approx(quota, rel=1e-9)
        assert m.rent.value == pytest.approx((10.0 / quota) ** 0.5 - 1, rel=1e-8)
    else:
        assert m.rent.value == pytest.approx(0.0, abs=1e-9)
        assert m.imports.value == pytest.approx(10.0, rel=1e-9)


def test_log_form_solves_a_power_equation_from_afar_where_levels_overflow():
    m = pyo.ConcreteModel()
    m.price = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.market = pyo.Constraint(expr=1e-30 * m.price**-9 == 5.0 * m.price**4)
    record = solve(m)
    assert m.price.value == pytest.approx((5e30) ** (-1 / 13), rel=1e-12)
    assert record.iterations <= 8


# ---- failure and its words ------------------------------------------------------------------------------


def impossible() -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    m.price = pyo.Var([1, 2], initialize=1.0, domain=pyo.PositiveReals)
    m.income = pyo.Var(initialize=2.0)
    m.income.fix()
    m.budget = pyo.Constraint(expr=m.price[1] ** 2 + m.income == m.price[1])  # no root for income 2
    m.market = pyo.Constraint(expr=m.price[2] == 3 * m.price[1])
    return m


def test_an_unsolvable_system_raises_with_the_terms_and_leaves_the_model_alone():
    m = impossible()
    with pytest.raises(ConvergenceError) as caught:
        solve(m)
    worst = caught.value.worst[0]
    assert worst.equation == "budget"
    assert {t.text for t in worst.terms} == {"price[1]**2", "income", "price[1]"}
    assert next(t.value for t in worst.terms if t.text == "income") == 2.0
    assert "budget: relative residual" in str(caught.value)
    assert caught.value.log
    assert (m.price[1].value, m.price[2].value) == (1.0, 1.0)


def test_a_missing_numeraire_is_named():
    m = armington_world(3, 2, seed=1)
    m.wage["labour", 0].unfix()
    m.left_out = pyo.Constraint(expr=m.factor_demand["labour", 0] == m.endowment["labour", 0])
    m.productivity[0, 0].fix(1.2)  # square and structurally sound, yet prices have no level
    with pytest.raises(ConvergenceError, match=r"(?s)singular.*in equal proportion.*no numeraire is fixed"):
        solve(m)


def test_continuation_along_the_shock_reaches_what_the_direct_solve_does_not():
    system = compile_model(armington_world(5, 6, seed=2))
    base = system.values.copy()
    origin = SolvedPoint(base, system.parameter_values)
    at = foreign_tariffs(system)
    system.values[at] = 10.0
    with pytest.raises(ConvergenceError):
        solve_system(system, SolveOptions(continuation=False))
    assert (system.values[at] == 10.0).all()
    record = solve_system(system, origin=origin)
    assert record.path == "shock continuation"
    assert any(line.startswith("fraction") for line in record.log)
    assert (system.values[at] == 10.0).all()
    assert system.evaluate().relative.max() < 1e-9


def test_continuation_without_a_solved_point_fades_the_residuals():
    m = armington_world(3, 3, seed=3)
    system = compile_model(m)
    system.values[foreign_tariffs(system)] = 0.5
    solve_system(system)
    expected = system.values.copy()
    fresh = compile_model(armington_world(3, 3, seed=3))
    fresh.values[foreign_tariffs(fresh)] = 0.5
    record = solve_system(fresh, SolveOptions(max_steps=2))  # too few steps to get there at once
    assert record.path == "residual continuation"
    assert fresh.values == pytest.approx(expected, rel=1e-8)


def test_continuation_moves_mutable_parameters_too_and_restores_them():
    m = pyo.ConcreteModel()
    m.share = pyo.Param(initialize=1.0, mutable=True)
    m.price = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.level = pyo.Var(initialize=0.0)
    m.first = pyo.Constraint(expr=m.price == m.share)
    m.second = pyo.Constraint(expr=m.level**3 + m.level == 30 * (m.price - 1))
    system = compile_model(m)
    solve_system(system)
    m.share.set_value(50.0)
    system.refresh()
    record = solve_system(system, SolveOptions(max_steps=8))
    assert record.path == "shock continuation"
    assert system.parameter_values.tolist() == [50.0]
    assert system.values[0] == pytest.approx(50.0)
    assert system.values[1] ** 3 + system.values[1] == pytest.approx(30 * 49.0, rel=1e-9)


# ---- the record -----------------------------------------------------------------------------------------


def test_the_record_is_frozen_and_complete():
    m = armington_world(2, 2)
    m.endowment["labour", 1].fix(1.5 * m.endowment["labour", 1].value)
    record = solve(m)
    with pytest.raises(FrozenInstanceError):
        record.iterations = 0  # type: ignore[misc]
    assert set(record.seconds) >= {"structure", "evaluate", "factorise", "solve", "total"}
    assert len(record.log) == record.iterations > 0
    assert record.worst_equation in str(record)
    assert record.equations == len(list(m.component_data_objects(pyo.Constraint)))


def test_a_solution_outside_declared_bounds_is_reported():
    m = pyo.ConcreteModel()
    m.share = pyo.Var(initialize=0.5, bounds=(0, 1))
    m.define = pyo.Constraint(expr=m.share == 1.5)
    assert solve(m).outside_bounds == ("share",)


def test_kept_factors_change_the_path_and_not_the_solution(monkeypatch):
    exact, inexact = (compile_model(armington_world(4, 5, seed=8)) for _ in range(2))
    for rate in (0.0, 0.6):
        for system, heavy in ((exact, 1e30), (inexact, 0.0)):
            monkeypatch.setattr("eacu.model.engine.linear._HEAVY", heavy)
            system.values[foreign_tariffs(system)] = rate
            assert solve_system(system).max_residual < 1e-11
        assert inexact.values == pytest.approx(exact.values, rel=1e-10, abs=1e-11)
    assert inexact.linear_solver().factorisations < exact.linear_solver().factorisations


def test_a_double_root_at_zero_is_reached_exactly():
    m = pyo.ConcreteModel()
    m.k = pyo.Var(initialize=1.0, domain=pyo.NonNegativeReals)
    m.z = pyo.Var(initialize=1.0, domain=pyo.NonNegativeReals)
    m.none = pyo.Constraint(expr=m.k * m.z == 0)
    m.alike = pyo.Constraint(expr=m.k == m.z)
    solve(m)
    assert (m.k.value, m.z.value) == (0.0, 0.0)
    assert compile_model(m).evaluate().relative.max() == 0.0


def test_a_start_outside_the_domain_is_called_that():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(initialize=-1.0)
    m.c = pyo.Constraint(expr=pyo.log(m.x) == 1)
    with pytest.raises(ConvergenceError, match="outside the domain of an equation") as caught:
        solve(m)
    assert caught.value.worst[0].equation == "c"
