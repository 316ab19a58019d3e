"""Complementarity: quotas and rents, floors, two-sided bounds, idle activities, degenerate corners, scales."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.mpec import Complementarity, complements

from benchmarks.complementarity import quotas
from eacu.model.engine import (
    ConvergenceError,
    SolveOptions,
    StructuralError,
    UnsupportedModelError,
    check_structure,
    compile_model,
    pair,
    sensitivity,
    solve,
    solve_system,
)
from eacu.model.engine.complementarity import merge
from tests.support.world import armington_world

WAYS = ("pair", "component", "component reversed")


def quota_market(way: str, unit: float = 1.0, start: float = 0.0) -> pyo.ConcreteModel:
    """Demand 10 (1 + rent)^-2 for imports under a quota; quantities times ``unit``."""
    m = pyo.ConcreteModel()
    m.imports = pyo.Var(initialize=10.0 * unit, domain=pyo.PositiveReals)
    m.rent = pyo.Var(initialize=start, domain=pyo.NonNegativeReals)
    m.limit = pyo.Var(initialize=20.0 * unit)
    m.limit.fix()
    m.demand = pyo.Constraint(expr=m.imports == 10.0 * unit * (1 + m.rent) ** -2)
    if way == "pair":
        m.quota = pyo.Constraint(expr=m.imports <= m.limit)
        pair(m.quota, m.rent)
    elif way == "component":
        m.quota = Complementarity(expr=complements(m.rent >= 0, m.imports <= m.limit))
    else:
        m.quota = Complementarity(expr=complements(m.limit - m.imports >= 0, m.rent >= 0))
    return m


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
@pytest.mark.parametrize("start", [0.0, 1e-8, 0.5, 100.0])
def test_a_quota_binding_and_slack(way, unit, start):
    m = quota_market(way, unit, start)
    system = compile_model(m)
    assert check_structure(system).is_sound
    limit = system.column[id(m.limit)]
    for quota, binds in ((20.0, False), (6.0, True), (0.01, True), (9.999, True), (11.0, False)):
        system.values[limit] = quota * unit
        record = solve_system(system)
        assert record.max_residual < 1e-9
        system.write_back(system.values)
        if binds:
            assert m.imports.value == pytest.approx(quota * unit, rel=1e-9)
            assert m.rent.value == pytest.approx((10.0 / quota) ** 0.5 - 1, rel=1e-8)
        else:
            assert m.rent.value == pytest.approx(0.0, abs=1e-12)
            assert m.imports.value == pytest.approx(10.0 * unit, rel=1e-12)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("start", [0.0, 0.5])
def test_a_quota_at_exactly_the_free_volume_has_no_rent(way, start):
    """Both sides are zero at the solution: the degenerate case."""
    m = quota_market(way, start=start)
    m.limit.fix(10.0)
    record = solve(m)
    assert m.rent.value == pytest.approx(0.0, abs=1e-8)
    assert m.imports.value == pytest.approx(10.0, rel=1e-8)
    assert record.max_residual < 1e-9


def test_the_rent_may_be_a_sum_of_money():
    m = pyo.ConcreteModel()
    m.imports = pyo.Var(initialize=4.0e5, domain=pyo.PositiveReals)
    m.rent = pyo.Var(initialize=0.0, domain=pyo.NonNegativeReals)  # million USD
    m.income = pyo.Var(initialize=2.0e6, domain=pyo.PositiveReals)
    m.limit = pyo.Var(initialize=3.0e5)
    m.limit.fix()
    m.earn = pyo.Constraint(expr=m.income == 2.0e6 + m.rent)
    m.demand = pyo.Constraint(expr=m.imports == 0.2 * m.income * (1 + m.rent / m.imports) ** -3)
    m.quota = pyo.Constraint(expr=m.imports <= m.limit)
    pair(m.quota, m.rent)
    solve(m)
    assert m.imports.value == pytest.approx(3.0e5, rel=1e-10)
    wedge = 1 + m.rent.value / 3.0e5
    assert 0.2 * (2.0e6 + m.rent.value) * wedge**-3 == pytest.approx(3.0e5, rel=1e-10)
    m.limit.fix(5.0e5)
    solve(m)
    assert m.rent.value == pytest.approx(0.0, abs=1e-6)
    assert m.imports.value == pytest.approx(4.0e5, rel=1e-10)


@pytest.mark.parametrize("way", ["pair", "component"])
@pytest.mark.parametrize(("demand", "price"), [(1.0, 1.0), (0.5, 0.8), (3.0, 1.5), (0.64, 0.8), (2.25, 1.5)])
def test_a_price_between_a_floor_and_a_ceiling(way, demand, price):
    """Supply p, demand d / p: the market clears unless the price sits at a bound, where it rations."""
    m = pyo.ConcreteModel()
    m.price = pyo.Var(initialize=1.0, bounds=(0.8, 1.5))
    m.shift = pyo.Var(initialize=demand)
    m.shift.fix()
    if way == "pair":
        m.market = pyo.Constraint(expr=m.price == m.shift / m.price)
        pair(m.market, m.price)
    else:
        excess = m.price - m.shift / m.price
        m.market = Complementarity(expr=complements(pyo.inequality(0.8, m.price, 1.5), excess))
    solve(m)
    assert m.price.value == pytest.approx(price, rel=1e-8)


def test_an_upper_bound_alone():
    """A fixed exchange rate is defended from above: at the ceiling, supply falls short of demand."""
    for sense in ("equality", "inequality"):
        for demand, expected in ((2.0, 2.0**0.5), (16.0, 2.0)):
            m = pyo.ConcreteModel()
            m.price = pyo.Var(initialize=1.0, bounds=(None, 2.0))
            if sense == "equality":
                m.market = pyo.Constraint(expr=m.price == demand / m.price)
            else:
                m.market = pyo.Constraint(expr=m.price <= demand / m.price)
            pair(m.market, m.price)
            solve(m)
            assert m.price.value == pytest.approx(expected, rel=1e-9)


def quota_world(factor: float, seed: int = 0, regions: int = 5, sectors: int = 6) -> tuple:
    """A trade model with a quota on every fourth flow; rents go to the importer's income."""
    m = armington_world(regions, sectors, seed=seed)
    flows = [key for key in m.flows if key[1] != key[2]][::4]
    m.quotas = pyo.Set(dimen=3, initialize=flows)
    m.rent = pyo.Var(m.quotas, initialize=0.0, domain=pyo.NonNegativeReals)
    m.limit = pyo.Var(m.quotas, initialize=lambda m, *k: factor * pyo.value(m.import_demand[k]))
    m.limit.fix()
    for key in flows:  # the rent is a tariff that the quota sets
        m.tariff[key].unfix()
    base = {key: m.tariff[key].value for key in flows}
    m.wedge = pyo.Constraint(m.quotas, rule=lambda m, *k: m.tariff[k] == base[k] + m.rent[k])
    m.quota = pyo.Constraint(m.quotas, rule=lambda m, *k: m.import_demand[k] <= m.limit[k])
    pair(m.quota, m.rent)
    return m, flows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [0.9, 0.3])
def test_many_binding_quotas_in_a_trade_model(factor, seed):
    m, flows = quota_world(factor, seed)
    assert len(flows) >= 20
    record = solve(m)
    assert record.path == "direct"
    binding = [k for k in flows if m.rent[k].value > 1e-9]
    assert len(binding) >= 20
    for k in flows:
        volume = pyo.value(m.import_demand[k]) / m.limit[k].value
        assert m.rent[k].value >= 0.0
        assert volume == pytest.approx(1.0, rel=1e-8) if k in binding else volume <= 1.0 + 1e-8
    # the same economy with the rents as ordinary tariffs and no quotas
    twin = armington_world(5, 6, seed=seed)
    for k in flows:
        twin.tariff[k].fix(m.tariff[k].value)
    solve(twin)
    for g, r in twin.price:
        assert twin.price[g, r].value == pytest.approx(m.price[g, r].value, rel=1e-7)


def test_quotas_that_do_not_bind_replicate_without_a_step():
    m, _ = quota_world(1.5)
    assert solve(m).iterations == 0
    m, _ = quota_world(1.0)  # every one degenerate
    assert solve(m).iterations == 0


def test_some_quotas_bind_and_others_do_not():
    m, flows = quota_world(1.0, seed=4)
    rng = np.random.default_rng(4)
    for k in flows:
        m.limit[k].fix(m.limit[k].value * rng.uniform(0.4, 1.6))
    solve(m)
    rents = np.array([m.rent[k].value for k in flows])
    slack = np.array([1 - pyo.value(m.import_demand[k]) / m.limit[k].value for k in flows])
    assert (rents > 1e-6).sum() >= 5
    assert (rents == 0.0).sum() >= 5
    assert np.minimum(rents, slack) == pytest.approx(np.zeros(len(flows)), abs=1e-9)


@pytest.mark.parametrize("binds", [True, False])
def test_derivatives_pass_through_a_condition(binds):
    m = quota_market("pair")
    m.limit.fix(6.0 if binds else 20.0)
    system = compile_model(m)
    solve_system(system)
    found = sensitivity(system, of=[m.rent, m.imports], to=[m.limit])["limit"]
    expected = -0.5 * 10**0.5 * 6.0**-1.5 if binds else 0.0
    assert found["rent"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert found["imports"] == pytest.approx(float(binds), rel=1e-9, abs=1e-12)


def test_the_jacobian_of_conditions_is_that_of_the_residual():
    m, _ = quota_world(0.9, regions=3, sectors=3)
    m.price[0, 0].setlb(0.5)
    system = compile_model(m)
    rng = np.random.default_rng(1)
    x = system.values * np.exp(0.1 * rng.standard_normal(len(system.values)))
    x[[system.column[id(v)] for v in m.rent.values()]] = 0.05 * rng.random(len(m.rent))
    at, J = system.evaluate(x), system.jacobian(x)
    direction = rng.standard_normal(len(x)) * np.abs(x)
    h = 1e-6
    plus, minus = (system.evaluate(x + s * h * direction) for s in (1, -1))
    conditions, size = system.conditions, np.maximum(at.positive, at.negative)

    def residual(point):  # in units that do not move with the point
        value = point.positive - point.negative
        rows = conditions.rows
        value[rows] = size[rows] * merge(conditions, point.distance, value[rows] / size[rows]).value
        return value

    slope = (residual(plus) - residual(minus)) / (2 * h)
    assert residual(at) == pytest.approx(at.residual, rel=1e-13)
    assert J @ direction == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_refusals_name_the_fault():
    m = quota_market("pair")
    m.free = pyo.Var(initialize=1.0)
    m.other = pyo.Constraint(expr=m.free >= 3.0)
    with pytest.raises(UnsupportedModelError, match=r"other is an inequality.*Pair it"):
        compile_model(m)
    pair(m.other, m.free)
    with pytest.raises(UnsupportedModelError, match="free, which has no bound"):
        compile_model(m)
    m.free.setlb(0.0)
    m.free.setub(9.0)
    with pytest.raises(UnsupportedModelError, match="bounded on both sides"):
        compile_model(m)
    m.many = pyo.Constraint([1, 2], rule=lambda m, k: m.free >= k)
    m.few = pyo.Var([1], initialize=1.0)
    with pytest.raises(UnsupportedModelError, match="no member 2"):
        pair(m.many, m.few)
    with pytest.raises(UnsupportedModelError, match="one is indexed"):
        pair(m.many, m.free)
    m.fixed = pyo.Var(initialize=0.0, bounds=(0, None))
    n = pyo.ConcreteModel()
    n.x = pyo.Var(initialize=1.0, bounds=(0, None))
    n.bad = Complementarity(expr=complements(n.x >= 0, n.x**2))
    with pytest.raises(UnsupportedModelError, match="1 finite bounds"):
        compile_model(n)


def test_a_condition_whose_variable_is_fixed_is_one_equation_too_many():
    m = quota_market("pair")
    m.rent.fix(0.0)
    with pytest.raises(StructuralError, match="quota"):
        solve(m)


def test_a_deactivated_condition_is_out_of_force_and_a_clone_keeps_its_pairs():
    m = quota_market("pair")
    m.limit.fix(6.0)
    twin = m.clone()
    m.quota.deactivate()
    m.rent.fix(0.0)
    solve(m)
    assert m.imports.value == pytest.approx(10.0)
    solve(twin)
    assert twin.imports.value == pytest.approx(6.0)
    assert m.rent.value == 0.0


def test_explain_shows_the_function_and_the_distance_to_the_bound():
    m = quota_market("pair")
    system = compile_model(m)
    found = system.explain(system.equation_names.index("quota"))
    assert [(t.text, t.value) for t in found.terms] == [
        ("limit", 20.0),
        ("imports", -10.0),
        ("(distance to the bound) rent", 0.0),
    ]


def test_interacting_quotas_are_solved_by_choosing_which_bind():
    """From this start neither Newton nor continuation finds the pattern of the twelve quotas."""
    m = quotas(np.random.default_rng([45, 6]))
    with pytest.raises(ConvergenceError):
        solve(m)
    record = solve(m, SolveOptions(active_set=True))
    assert record.path == "active set"
    assert any("held binding" in line for line in record.log)
    slack = np.array([1 - m.flow[k].value / pyo.value(m.quota[k].upper) for k in m.rent])
    rents = np.array([m.rent[k].value for k in m.rent])
    assert np.minimum(rents, slack) == pytest.approx(np.zeros(12), abs=1e-8)
    assert 0 < (rents > 1e-6).sum() < 12
    for equation in (*m.market.values(), *m.demand.values(), *m.earned.values()):
        assert pyo.value(equation.body) == pytest.approx(pyo.value(equation.upper), rel=1e-8, abs=1e-8)


def test_the_choice_of_what_binds_never_claims_a_solution_where_there_is_none():
    m = pyo.ConcreteModel()
    m.rent = pyo.Var(initialize=1.0, domain=pyo.NonNegativeReals)
    m.imports = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.demand = pyo.Constraint(expr=m.imports == 8.0 + m.rent)  # a Giffen good: no rent can ration it
    m.quota = pyo.Constraint(expr=m.imports <= 6.0)
    pair(m.quota, m.rent)
    with pytest.raises(ConvergenceError) as caught:
        solve(m, SolveOptions(active_set=True))
    assert any("held binding" in line for line in caught.value.log)
    assert m.rent.value == 1.0
