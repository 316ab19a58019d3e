"""Expressions read together have the values that Pyomo gives each of them."""

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.model.economy import build_economy
from eacu.model.engine.errors import MissingValueError
from eacu.model.engine.readout import Readout
from eacu.model.state import EXPRESSIONS, State
from tests.support.synthetic import synthetic_benchmark


@pytest.fixture
def moved():
    """A small economy away from its benchmark, where every price is one."""
    m = build_economy(synthetic_benchmark())
    draw = np.random.default_rng(3)
    for variable in m.component_data_objects(pyo.Var):
        variable.set_value(variable.value * np.exp(draw.normal(0.0, 0.1)), skip_validation=True)
    return m


def test_every_expression_of_the_state_is_pyomo_s(moved):
    state = State.of(moved)
    for name in EXPRESSIONS:
        own = [member(exception=True) for member in moved.component(name).values()]
        size = 1.0 if name == "walras" else np.abs(own).max(initial=1e-12)
        assert np.abs(state[name].to_numpy() - own).max(initial=0.0) <= 1e-12 * size, name


def test_a_changed_expression_is_read_again(moved):
    key = next(iter(moved.rent_paid))
    before = State.of(moved)["rent_paid"]
    moved.rent_paid[key] = 7.0 * moved.activity[next(iter(moved.activities))]
    after = State.of(moved)["rent_paid"]
    assert after.iloc[0] == pytest.approx(7.0 * moved.activity[next(iter(moved.activities))].value)
    assert (after.iloc[1:] == before.iloc[1:]).all()


def test_a_variable_without_a_value_is_named():
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(initialize=2.0), pyo.Var()
    m.f = pyo.Expression(expr=m.x**2 + m.y)
    with pytest.raises(MissingValueError, match="y has no value"):
        Readout([m.x, m.y], [m.f]).values()
