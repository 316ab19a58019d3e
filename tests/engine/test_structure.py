"""What the structural check says of systems that are not square or not sound."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest

from eacu.model.engine import StructuralError, check_structure, compile_model, solve
from tests.support.world import armington_world


def factor_markets() -> pyo.ConcreteModel:
    """Labour and capital markets of one country."""
    m = pyo.ConcreteModel()
    m.r = pyo.Set(initialize=["KAZ"])
    m.wage = pyo.Var(m.r, initialize=1.0, domain=pyo.PositiveReals)
    m.capital_rent = pyo.Var(m.r, initialize=1.0, domain=pyo.PositiveReals)
    m.market_labour = pyo.Constraint(m.r, rule=lambda m, r: m.wage[r] ** 2 == 1.0)
    m.market_capital = pyo.Constraint(m.r, rule=lambda m, r: m.capital_rent[r] * m.wage[r] == 1.0)
    return m


def test_a_sound_system_is_called_sound():
    structure = check_structure(compile_model(factor_markets()))
    assert structure.is_sound
    assert str(structure) == "2 equations determine 2 variables."


def test_two_equations_for_one_variable_and_none_for_another():
    m = factor_markets()
    m.market_capital.deactivate()
    m.wage_floor = pyo.Constraint(m.r, rule=lambda m, r: m.wage[r] == 1.0)
    with pytest.raises(StructuralError) as caught:
        solve(m)
    message = str(caught.value)
    assert "market_labour[KAZ] and wage_floor[KAZ] both determine wage[KAZ]." in message
    assert "Nothing determines capital_rent[KAZ]: it appears in no active equation" in message


def test_several_variables_for_one_equation():
    m = factor_markets()
    m.market_labour.deactivate()
    structure = check_structure(compile_model(m))
    assert (structure.n_equations, structure.n_free) == (1, 2)
    assert "Nothing determines one of wage[KAZ] or capital_rent[KAZ]: only market_capital[KAZ]" in str(
        structure
    )


def test_an_equation_without_unknowns():
    m = factor_markets()
    m.wage.fix()
    m.capital_rent.fix()
    structure = check_structure(compile_model(m))
    assert structure.without_unknown == ("market_labour[KAZ]", "market_capital[KAZ]")
    assert "contains no free variable" in str(structure)


def test_a_long_overdetermined_set_is_named_in_full_up_to_six():
    m = pyo.ConcreteModel()
    m.i = pyo.RangeSet(9)
    m.price = pyo.Var(m.i, initialize=1.0)
    m.law = pyo.Constraint(m.i, rule=lambda m, i: m.price[i] == (m.price[i - 1] if i > 1 else 1.0))
    m.cap = pyo.Constraint(expr=m.price[9] == 1.0)
    structure = check_structure(compile_model(m))
    assert len(structure.overdetermined[0].equations) == 10
    assert len(structure.overdetermined[0].variables) == 9
    assert "and 4 more all determine" in str(structure)


def test_a_closure_swap_is_checked():
    m = armington_world(3, 2)
    assert check_structure(compile_model(m)).is_sound
    m.endowment["capital", 1].unfix()
    m.wage["capital", 1].fix()  # the return is given, capital adjusts
    assert check_structure(compile_model(m)).is_sound
    m.tariff[0, 0, 1].unfix()  # one unknown too many
    structure = check_structure(compile_model(m))
    assert not structure.is_sound
    assert any("tariff[0,0,1]" in c.variables for c in structure.underdetermined)
