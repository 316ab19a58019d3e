"""Models of strangers: what has no solution, no equation or no number must not come back solved."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest

from eacu.model.engine import (
    ConvergenceError,
    MissingValueError,
    UnsupportedModelError,
    compile_model,
    solve,
)
from eacu.model.engine.derivatives import DerivativeError, Derivatives
from tests.support.world import armington_world


def exchange(unpaid: float = 0.0) -> pyo.ConcreteModel:
    """Two consumers, two goods, Cobb-Douglas; ``unpaid`` is income in money that nobody pays."""
    m = pyo.ConcreteModel()
    m.h, m.g = pyo.Set(initialize=["a", "b"]), pyo.Set(initialize=["x", "y"])
    owned = {("a", "x"): 10.0, ("a", "y"): 0.0, ("b", "x"): 0.0, ("b", "y"): 10.0}
    share = {("a", "x"): 0.3, ("a", "y"): 0.7, ("b", "x"): 0.6, ("b", "y"): 0.4}
    m.owned = pyo.Param(m.h, m.g, initialize=owned, mutable=True)
    m.p = pyo.Var(m.g, initialize=1.0, domain=pyo.PositiveReals)
    m.income = pyo.Var(m.h, initialize=10.0, domain=pyo.PositiveReals)
    m.budget = pyo.Constraint(
        m.h, rule=lambda m, h: m.income[h] == sum(m.p[g] * m.owned[h, g] for g in m.g) + unpaid
    )
    m.market = pyo.Constraint(
        m.g,
        rule=lambda m, g: (
            sum(share[h, g] * m.income[h] for h in m.h) == m.p[g] * sum(m.owned[h, g] for h in m.h)
        ),
    )
    return m


def with_numeraire(m: pyo.ConcreteModel) -> pyo.ConcreteModel:
    m.p["x"].fix(1.0)
    m.market["x"].deactivate()
    return m


def test_an_exchange_economy_has_its_closed_form():
    m = with_numeraire(exchange())
    solve(m)
    assert m.p["y"].value == pytest.approx(0.7 / 0.6, rel=1e-10)


def test_prices_that_grow_without_end_are_no_solution():
    """Income nobody pays is worth nothing only at infinite prices; relative residuals vanish on the way there."""
    with pytest.raises(ConvergenceError):
        solve(exchange(unpaid=1.0))


def test_a_contradiction_is_no_solution_far_away():
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(initialize=1.0), pyo.Var(initialize=1.0)
    m.first = pyo.Constraint(expr=m.x - m.y == 0)
    m.second = pyo.Constraint(expr=2 * m.x - 2 * m.y == 1)
    with pytest.raises(ConvergenceError):
        solve(m)


def test_a_large_solution_is_still_one():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.e = pyo.Constraint(expr=m.x**2 == 1e16)
    solve(m)
    assert m.x.value == pytest.approx(1e8)


def test_a_second_solve_continues_from_the_first():
    m = armington_world(5, 6, seed=2)
    solve(m)
    for key in m.tariff:
        if key[1] != key[2]:
            m.tariff[key].set_value(10.0)
    record = solve(m)
    assert record.path == "shock continuation"


def test_no_derivative_where_nothing_is_solved():
    m = with_numeraire(exchange())
    system = compile_model(m)
    with pytest.raises(DerivativeError, match=r"no solution: .* is off by"):
        Derivatives(system)


def test_a_solution_outside_its_bounds_says_so():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(initialize=1.0, bounds=(0, 2))
    m.e = pyo.Constraint(expr=m.x == 3)
    assert "OUTSIDE DECLARED BOUNDS: x" in str(solve(m))


def test_a_free_integer_is_refused():
    m = pyo.ConcreteModel()
    m.n = pyo.Var(domain=pyo.Integers, initialize=1)
    m.e = pyo.Constraint(expr=10 * m.n == 3)
    with pytest.raises(UnsupportedModelError, match="n is an integer variable"):
        solve(m)


def test_a_model_without_equations_is_refused():
    with pytest.raises(UnsupportedModelError, match="no active equation"):
        solve(pyo.ConcreteModel())


def test_a_parameter_that_is_not_a_number_is_named():
    m = with_numeraire(exchange())
    m.owned["a", "x"] = float("nan")
    with pytest.raises(MissingValueError, match=r"owned\[a,x\]"):
        solve(m)
