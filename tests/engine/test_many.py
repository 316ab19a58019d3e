"""Many points at once against the ordinary solver and residual; derivatives by mutable parameters; flat sums."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.model.engine import compile_model, pair, solve_system
from eacu.model.engine.flat import Constants, FlatSums
from eacu.model.engine.many import ManyOutputs, ManySystem
from eacu.model.engine.parameters import ParameterDerivatives


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
    sums = flat(system)
    positive, negative = sums.sides(x[sums.reads], parameters[sums.reads_parameters])
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


def flat(system, moves=None, parameter_moves=None):
    inner = [(row.level, row.targets) for row in system.plan.inner]
    return FlatSums(inner, system.plan.level, Constants.around(system, moves, parameter_moves))


def test_what_stays_is_folded_and_changes_nothing(system):
    draw = np.random.default_rng(7)
    free = ~system.partition.fixed
    n = 3
    x = np.repeat(system.values[:, None], n, axis=1)
    x[free] *= np.exp(0.1 * draw.standard_normal((free.sum(), n)))
    x[column(system, system.model.deficit)] = [-2.0, 0.0, 3.0]  # a term that changes sides
    parameters = np.repeat(system.parameter_values[:, None], n, axis=1)
    whole = flat(system)
    folded = flat(system, np.zeros(len(free), bool), np.zeros(len(parameters), bool))
    assert len(folded.reads) == free.sum() < len(whole.reads) and not len(folded.reads_parameters)
    assert folded.n_nodes < whole.n_nodes
    expected = whole.sides(x[whole.reads], parameters[whole.reads_parameters])
    sides = folded.sides(x[folded.reads], parameters[folded.reads_parameters])
    for one, other in zip(sides, expected, strict=True):
        assert np.allclose(one, other, rtol=1e-13, atol=0.0)


def test_what_was_said_to_stay_may_not_move(system):
    m = system.model
    many = ManySystem(system, moves=np.zeros(len(system.values), bool))
    x = system.values[:, None].copy()
    parameters = system.parameter_values[:, None]
    assert many.solve(x, parameters).solved.all()
    x[column(system, m.limit)] *= 1.1
    with pytest.raises(ValueError, match="1 variables move that were said to stay"):
        many.solve(x, parameters)


def test_equal_terms_are_evaluated_once():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2), initialize={0: 1.3, 1: 0.7}, domain=pyo.PositiveReals)
    m.p = pyo.Param(mutable=True, initialize=1.7)
    power = (m.x[0] / m.x[1]) ** m.p
    m.one = pyo.Constraint(expr=power * m.x[0] == 3.0)
    m.other = pyo.Constraint(expr=5 * power * m.x[0] + m.x[1] == 7.0)
    sums = flat(compile_model(m))
    kinds = [step.code for step in sums.steps]
    assert sorted(kinds) == ["*", "-", "exp(vv)", "log"]
    assert sum(step.stop - step.start for step in sums.steps) == 2 + 1 + 1 + 1  # two logarithms
    positive, negative = sums.sides(np.array([[1.3], [0.7]]), np.array([[1.7]]))
    value = (1.3 / 0.7) ** 1.7 * 1.3
    assert positive[:, 0] == pytest.approx([value, 5 * value + 0.7])
    assert negative[:, 0] == pytest.approx([3.0, 7.0])


def test_derivatives_pass_through_powers_of_zero():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(initialize=0.0)
    m.p = pyo.Param(mutable=True, initialize=2.5)
    m.c = pyo.Constraint(expr=m.x**m.p + 2 * m.x == 0.0)
    sums = flat(compile_model(m))
    x = np.array([[0.0 + 1e-30j, 4.0 + 1e-30j]])
    values = sums.values(x, np.array([[2.5, 2.5]]))
    assert values.real[0] == pytest.approx([0.0, 32.0 + 8.0])
    assert values.imag[0] / 1e-30 == pytest.approx([2.0, 2.5 * 4.0**1.5 + 2.0])
