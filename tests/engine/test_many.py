"""Many points at once against the ordinary solver and residual; derivatives by mutable parameters; shared powers."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.model.engine import compile_model, pair, solve_system
from eacu.model.engine.many import ManyOutputs, ManySums, ManySystem
from eacu.model.engine.parameters import ParameterDerivatives
from eacu.model.engine.shared import _outermost_powers


def economy() -> pyo.ConcreteModel:
    """Two goods with a quota on one of them: powers, sums in powers, a condition, a variable of either sign."""
    m = pyo.ConcreteModel()
    m.goods = pyo.Set(initialize=["wheat", "cloth"])
    m.demand_elasticity = pyo.Param(m.goods, mutable=True, initialize={"wheat": 0.8, "cloth": 1.4})
    m.supply_elasticity = pyo.Param(m.goods, mutable=True, initialize={"wheat": 0.5, "cloth": 0.9})
    m.price = pyo.Var(m.goods, initialize=1.0, domain=pyo.PositiveReals)
    m.imports = pyo.Var(m.goods, initialize=20.0, domain=pyo.PositiveReals)
    m.basket = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.deficit = pyo.Var(initialize=0.0)
    m.rent = pyo.Var(initialize=0.1, domain=pyo.NonNegativeReals)
    m.limit = pyo.Var(initialize=15.0)
    m.world = pyo.Var(initialize=1.0)
    m.limit.fix()
    m.world.fix()
    e, s = m.demand_elasticity, m.supply_elasticity
    m.border_wheat = pyo.Constraint(expr=m.price["wheat"] == m.world * (1 + m.rent))
    m.border_cloth = pyo.Constraint(expr=m.price["cloth"] == m.world)
    m.definition = pyo.Constraint(
        expr=m.basket == sum(0.5 * m.price[g] ** (1 - e[g]) for g in m.goods) ** (1 / (1 - e["wheat"]))
    )

    @m.Constraint(m.goods)
    def market(m, g):
        return 50 * (m.basket / m.price[g]) ** e[g] == 30 * m.price[g] ** s[g] + m.imports[g]

    m.payments = pyo.Constraint(expr=m.deficit == m.world * sum(m.imports[g] for g in m.goods) - 40)
    m.quota = pyo.Constraint(expr=m.imports["wheat"] <= m.limit)
    pair(m.quota, m.rent)
    return m


@pytest.fixture(scope="module")
def system():
    compiled = compile_model(economy())
    solve_system(compiled)
    return compiled


def column(system, variable):
    return system.column[id(variable)]


def test_every_point_is_the_ordinary_solvers_solution(system):
    m, many = system.model, ManySystem(system)
    draw = np.random.default_rng(4)
    n = 12
    parameters = many.parameters[:, None] * np.exp(0.3 * draw.standard_normal((len(many.parameters), n)))
    x = np.repeat(many.centre[:, None], n, axis=1)
    x[column(system, m.limit)] = np.linspace(10.0, 30.0, n)  # the quota binds for the smaller ones
    found = many.solve(x, parameters, most=60)
    binding = []
    for k in range(n):
        own = compile_model(economy())
        own.parameter_values = parameters[:, k].copy()
        own.values = np.where(own.partition.fixed, x[:, k], own.values)
        solve_system(own)
        binding.append(own.values[column(own, own.model.rent)] > 0.0)
        if found.solved[k]:
            assert found.relative[k] <= many.options.accept
            assert np.allclose(found.x[:, k], own.values, rtol=1e-7, atol=1e-7)
    assert any(binding)
    assert found.solved[np.array(binding)].all(), "where the quota binds as at the centre"
    unsolved = found.relative[~found.solved]
    assert not (unsolved <= many.options.accept).any(), "what is not solved is not called so"


def test_sides_and_outputs_are_those_of_one_point_at_a_time(system):
    draw = np.random.default_rng(5)
    m, n = system.model, 4
    x = system.values[:, None] * np.exp(0.1 * draw.standard_normal((len(system.values), n)))
    parameters = system.parameter_values[:, None] * np.exp(
        0.1 * draw.standard_normal((len(system.parameters), n))
    )
    positive, negative = ManySums.of(system).sides(x, parameters)
    m.elsewhere = pyo.Param(mutable=True, initialize=3.0)  # no equation reads it
    spent = m.elsewhere * sum(m.price[g] ** m.demand_elasticity[g] * m.imports[g] for g in m.goods)
    values = ManyOutputs(system, [spent, m.deficit]).values(x, parameters)
    kept = system.parameter_values
    names = {p.name: k for k, p in enumerate(system.parameters)}
    try:
        for k in range(n):
            system.parameter_values = parameters[:, k].copy()
            at = system.evaluate(x[:, k])
            assert np.allclose(positive[: system.n_equations, k], at.positive, rtol=1e-13)
            assert np.allclose(negative[: system.n_equations, k], at.negative, rtol=1e-13)
            by_hand = 3.0 * sum(
                x[column(system, m.price[g]), k] ** parameters[names[f"demand_elasticity[{g}]"], k]
                * x[column(system, m.imports[g]), k]
                for g in m.goods
            )
            assert values[0, k] == pytest.approx(by_hand)
    finally:
        system.parameter_values = kept


def test_derivatives_by_parameters_agree_with_differences(system):
    draw = np.random.default_rng(6)
    x = system.values * np.exp(0.1 * draw.standard_normal(len(system.values)))
    exact = ParameterDerivatives(system).columns(x).toarray()
    kept, h = system.parameter_values, 1e-6
    try:
        for k in range(len(kept)):
            ends = []
            for sign in (1.0, -1.0):
                system.parameter_values = kept + sign * h * (np.arange(len(kept)) == k)
                ends.append(system.evaluate(x).residual)
            assert np.allclose(exact[:, k], (ends[0] - ends[1]) / (2 * h), rtol=1e-6, atol=1e-7)
    finally:
        system.parameter_values = kept
    assert (np.abs(exact).max(axis=0) > 0.0).all()


def test_powers_inside_powers_stay_with_the_outer_one():
    assert _outermost_powers("vvp^*") == [("v", False), ("vp^", True), ("*", False)]
    assert _outermost_powers("vp^p^v*") == [("vp^p^", True), ("v*", False)]
    assert _outermost_powers("vp^vc^*") == [("vp^", True), ("vc^", True), ("*", False)]
    assert _outermost_powers("vvp^/c^v*") == [("vvp^/c^", True), ("v*", False)]
    assert _outermost_powers("vv*") == [("vv*", False)]
