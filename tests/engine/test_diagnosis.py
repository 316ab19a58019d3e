"""What is said when something is wrong: worst equations, bounds, undetermined directions, contradictions."""

from __future__ import annotations

import pickle

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.model.engine import (
    ConvergenceError,
    SingularJacobianError,
    SolvedPoint,
    compile_model,
    diagnose,
    solve,
    solve_system,
)
from tests.support.world import armington_world


def without_numeraire() -> pyo.ConcreteModel:
    """Square and structurally sound, yet prices have no level; at its solution."""
    m = armington_world(3, 2, seed=1)
    m.wage["labour", 0].unfix()
    m.left_out = pyo.Constraint(expr=m.factor_demand["labour", 0] == m.endowment["labour", 0])
    return m


def test_a_missing_numeraire_is_found_although_the_start_is_a_solution():
    m = without_numeraire()
    with pytest.raises(SingularJacobianError, match=r"wage.*move together in equal proportion.*no numeraire"):
        solve(m)
    direction = diagnose(compile_model(m)).undetermined
    nominal = {"wage", "price", "income", "revenue", "value_added_price", "composite_price"}
    assert {name.partition("[")[0] for name in direction.variables} == nominal
    assert min(direction.variables.values()) == pytest.approx(1.0, abs=1e-6)
    assert {"market_output", "income_household"} <= {n.partition("[")[0] for n in direction.equations}


def test_a_sound_system_is_checked_once_and_takes_no_step():
    system = compile_model(armington_world(3, 2, seed=1))
    assert solve_system(system).iterations == 0
    done = system.linear_solver().factorisations
    assert done == 1
    assert solve_system(system).iterations == 0
    assert system.linear_solver().factorisations == done
    assert diagnose(system).undetermined is None
    assert str(diagnose(system)).startswith("Every equation holds.")


def test_two_variables_that_only_matter_together_are_named():
    m = pyo.ConcreteModel()
    m.tax, m.subsidy = pyo.Var(initialize=1.0), pyo.Var(initialize=1.0)
    m.price = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.cost = pyo.Constraint(expr=m.price == 1 + m.tax - m.subsidy)
    m.margin = pyo.Constraint(expr=m.tax - m.subsidy == 0)
    m.again = pyo.Constraint(expr=2 * m.tax - 2 * m.subsidy == 0)
    with pytest.raises(SingularJacobianError, match=r"tax \(\+1\), subsidy \(\+1\) move together"):
        solve(m)
    found = diagnose(compile_model(m)).undetermined
    assert set(found.equations) == {"margin", "again"}


def scarce_land() -> pyo.ConcreteModel:
    """Bread needs wheat, wheat needs land, of which there is too little; cloth has nothing to do with it."""
    m = pyo.ConcreteModel()
    m.land = pyo.Var(initialize=1.0, bounds=(0, 3))
    m.wheat, m.bread = (pyo.Var(initialize=1.0, domain=pyo.NonNegativeReals) for _ in range(2))
    m.cloth = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.wool = pyo.Var(initialize=2.0, domain=pyo.PositiveReals)
    m.hunger = pyo.Var(initialize=8.0)
    m.hunger.fix()
    m.need = pyo.Constraint(expr=m.bread == m.hunger)
    m.bake = pyo.Constraint(expr=m.bread == m.wheat)
    m.grow = pyo.Constraint(expr=m.wheat == m.land)
    m.weave = pyo.Constraint(expr=m.cloth == 0.5 * m.wool)
    m.shear = pyo.Constraint(expr=m.wool * m.cloth == 3.0)
    return m


def test_the_smallest_contradiction_names_equations_and_the_bound():
    found = diagnose(compile_model(scarce_land())).conflict
    assert set(found.equations) == {"need", "bake", "grow"}
    assert list(found.bounds) == ["land upper bound"]
    assert found.smallest
    assert found.error == pytest.approx(np.log(8.0 / 3.0), rel=1e-9)
    assert not found.far
    assert abs(found.bounds["land upper bound"]) == pytest.approx(1.0)
    assert "land upper bound" in str(found)


def test_what_can_hold_has_no_contradiction():
    m = scarce_land()
    m.hunger.fix(2.0)
    assert diagnose(compile_model(m)).conflict is None


def test_the_set_is_smallest_among_many_equations():
    """A contradiction of two equations hidden in a hundred consistent ones."""
    m = pyo.ConcreteModel()
    m.K = pyo.RangeSet(100)
    m.x = pyo.Var(m.K, initialize=1.0, domain=pyo.PositiveReals)
    m.y = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.chain = pyo.Constraint(m.K, rule=lambda m, k: m.x[k] == 1.5 * (m.x[k - 1] if k > 1 else m.y) ** 0.5)
    m.one = pyo.Constraint(expr=m.x[60] * m.y == 2.0)
    m.two = pyo.Constraint(expr=m.x[60] * m.y == 3.0)
    found = diagnose(compile_model(m)).conflict
    assert set(found.equations) == {"one", "two"}
    assert found.smallest


def test_variables_at_bounds_are_listed():
    m = scarce_land()
    m.land.set_value(3.0)
    m.wheat.set_value(0.0)
    found = diagnose(compile_model(m))
    assert {(b.variable, b.bound) for b in found.at_bounds} == {("land", "upper"), ("wheat", "lower")}
    assert "land = 3 (upper bound)" in str(found)


def test_a_failed_solve_carries_its_diagnosis_through_pickle():
    m = pyo.ConcreteModel()
    m.price = pyo.Var([1, 2], initialize=1.0, domain=pyo.PositiveReals)
    m.income = pyo.Var(initialize=0.1)
    m.income.fix()
    m.budget = pyo.Constraint(expr=m.price[1] ** 2 + m.income == m.price[1])  # a root up to income 1/4
    m.market = pyo.Constraint(expr=m.price[2] == 3 * m.price[1])
    system = compile_model(m)
    solve_system(system)
    origin = SolvedPoint(system.values.copy(), system.parameter_values)
    system.values[system.column[id(m.income)]] = 1.0
    with pytest.raises(ConvergenceError) as caught:
        solve_system(system, origin=origin)
    diagnosis = caught.value.diagnosis
    assert 0.1 <= diagnosis.fraction <= (0.25 - 0.1) / 0.9
    assert diagnosis.worst[0].equation == "budget"
    assert "Largest fraction of the shock that was solved: 0.1" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.log == caught.value.log


def test_the_point_of_singularity_is_described_even_if_the_best_point_is_elsewhere():
    m = without_numeraire()
    m.productivity[0, 0].fix(1.2)
    with pytest.raises(ConvergenceError) as caught:
        solve(m)
    assert caught.value.diagnosis.undetermined.strength > 1e12


def test_what_runs_away_where_no_equilibrium_lies_beyond_is_named():
    """At most 10 workers find a use however little they earn: a labour force of 12 has no wage."""
    m = pyo.ConcreteModel()
    m.wage = pyo.Var(initialize=0.25, domain=pyo.PositiveReals)
    m.output = pyo.Var(initialize=8.0, domain=pyo.PositiveReals)
    m.workers = pyo.Var(initialize=8.0, domain=pyo.PositiveReals)
    m.workers.fix()
    m.use = pyo.Constraint(expr=m.output * (1 + m.wage) == 10)
    m.market = pyo.Constraint(expr=m.output * (1 + 0.5 * m.wage) == m.workers * (1 + 0.5 * m.wage))
    solve(m)
    m.workers.fix(12.0)
    with pytest.raises(ConvergenceError) as caught:
        solve(m)
    found = caught.value.diagnosis
    assert next(iter(found.fastest)) == "wage" and found.fastest["wage"] < 0.0
    assert found.fraction == pytest.approx(np.log(10 / 8) / np.log(12 / 8), abs=0.01)
    assert "Running away as the shock advances: wage to zero" in str(found)
