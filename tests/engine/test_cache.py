"""Plans kept on disk: used when the structure is the same, never otherwise, and rebuilt when damaged."""

from __future__ import annotations

import os

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.model.engine import cache, compile_model, pair, solve_system
from eacu.model.engine.cache import Fingerprint, folder
from tests.support.world import armington_world


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("EACU_CACHE_DIR", str(tmp_path / "plans"))
    monkeypatch.setattr(cache, "FEWEST_EQUATIONS", 1)
    return tmp_path / "plans"


def no_walk(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("the expressions were walked although their plan is on disk")

    monkeypatch.setattr("eacu.model.engine.compile._read", refuse)


def market(share: float = 0.4, mutable: tuple[float, float] = (2.0, 3.0)) -> pyo.ConcreteModel:
    """Two mutable parameters, a named expression, a sum in a power, a condition."""
    m = pyo.ConcreteModel()
    m.p = pyo.Var([1, 2], initialize=1.1, domain=pyo.PositiveReals)
    m.rent = pyo.Var(initialize=0.2, domain=pyo.NonNegativeReals)
    m.elasticity = pyo.Param(initialize=mutable[0], mutable=True)
    m.size = pyo.Param(initialize=mutable[1], mutable=True)
    m.cost_index = pyo.Expression(expr=(share * m.p[1] + (1 - share) * m.p[2]) ** m.elasticity)
    m.one = pyo.Constraint(expr=m.cost_index == m.size * m.p[1])
    m.two = pyo.Constraint(expr=m.p[2] * m.cost_index == m.size / (1 + m.rent))
    m.limit = pyo.Constraint(expr=m.p[1] + m.p[2] <= 1.5 * m.size)
    pair(m.limit, m.rent)
    return m


def test_a_plan_is_read_back_and_gives_the_same_numbers(place, monkeypatch):
    first = compile_model(market())
    assert len(list(place.glob("*.plan"))) == 1
    assert not list(place.glob("*.part"))
    no_walk(monkeypatch)
    again = compile_model(market(mutable=(1.7, 2.5)))  # other values of parameters, the same structure
    assert sorted(again.parameter_values.tolist()) == [1.7, 2.5]
    again.parameter_values = first.parameter_values
    x = np.array([1.3, 0.7, 0.1])
    assert (again.jacobian(x).toarray() == first.jacobian(x).toarray()).all()
    assert (again.evaluate(x).residual == first.evaluate(x).residual).all()
    assert again.explain(0).terms[0].text == first.explain(0).terms[0].text


def test_parameters_find_their_places(place, monkeypatch):
    compile_model(market())
    uncached = compile_model(market(mutable=(1.7, 2.5)), cached=False)
    no_walk(monkeypatch)
    cached = compile_model(market(mutable=(1.7, 2.5)))
    assert cached.parameter_values.tolist() == uncached.parameter_values.tolist()
    assert (cached.evaluate().residual == uncached.evaluate().residual).all()


def test_a_world_solves_the_same_from_disk(place, monkeypatch):
    values = []
    for cached in (False, True, True):
        m = armington_world(3, 3, seed=5)
        m.productivity[0, 0].fix(1.3)
        system = compile_model(m, cached=cached)
        solve_system(system)
        values.append(system.values)
    assert (values[0] == values[1]).all()
    assert (values[0] == values[2]).all()


def key(m: pyo.ConcreteModel) -> str:
    variables = list(m.component_data_objects(pyo.Var))
    sides = [
        ((1.0, c.expr.args[0]), (-1.0, c.expr.args[1])) for c in m.component_data_objects(pyo.Constraint)
    ]
    return Fingerprint(variables, sides, list(range(len(sides)))).key


def small(change: str = "") -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(initialize=1.0), pyo.Var(initialize=2.0)
    m.a = pyo.Param(initialize=2.0, mutable=change != "constant")
    m.b = pyo.Param(initialize=2.0, mutable=True)
    m.e = pyo.Expression(expr=m.x * m.y if change != "expression" else m.x * m.x)
    if change == "unused":
        m.z = pyo.Var(initialize=1.0)
    first, second = (m.y, m.x) if change == "variables" else (m.x, m.y)
    power = {"number": 1.5000000000000002, "parameter": m.b}.get(change, 1.5)
    m.one = pyo.Constraint(expr=first**power + m.a * m.e == m.b * second)
    function = pyo.log if change == "function" else pyo.exp
    m.two = pyo.Constraint(expr=function(m.x) == (m.a if change != "which parameter" else m.b) + m.e)
    if change == "order":
        m.del_component("one")
        m.one = pyo.Constraint(expr=m.x**1.5 + m.a * m.e == m.b * m.y)
    return m


def test_every_change_of_the_structure_changes_the_key():
    changes = ["variables", "number", "parameter", "constant", "expression", "function", "unused", "order"]
    keys = [key(small(change)) for change in ("", *changes, "which parameter")]
    assert len(set(keys)) == len(keys)
    assert key(small()) == keys[0]


def test_values_do_not_change_the_key():
    m = small()
    m.a.set_value(7.0)
    m.x.set_value(5.0)
    m.x.fix()
    assert key(m) == key(small())


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "other version", "not ours"])
def test_a_damaged_file_is_rebuilt(place, damage):
    expected = compile_model(market()).evaluate().residual
    [path] = place.glob("*.plan")
    sound = path.read_bytes()
    content = {
        "truncated": sound[: len(sound) // 2],
        "flipped": sound[:200] + bytes([sound[200] ^ 1]) + sound[201:],
        "empty": b"",
        "other version": sound.replace(b"plan 1", b"plan 0", 1),
        "not ours": b"x" * 5000,
    }[damage]
    path.write_bytes(content)
    assert (compile_model(market()).evaluate().residual == expected).all()
    assert path.read_bytes()[:12] == sound[:12]
    assert len(path.read_bytes()) == len(sound)


def test_a_folder_that_cannot_be_used_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "FEWEST_EQUATIONS", 1)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EACU_CACHE_DIR", str(tmp_path / "file"))
    assert compile_model(market()).n_equations == 3
    monkeypatch.setenv("EACU_CACHE_DIR", "off")
    assert folder() is None
    assert compile_model(market()).n_equations == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_small_models_leave_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("EACU_CACHE_DIR", str(tmp_path))
    compile_model(market())
    assert not list(tmp_path.iterdir())


def test_only_the_plans_used_last_are_kept(place, monkeypatch):
    monkeypatch.setattr(cache, "MOST_FILES", 3)
    for k in range(3):
        compile_model(market(share=0.1 + 0.1 * k))
        for path in place.glob("*.plan"):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 100))
    compile_model(market(share=0.1))  # used again
    compile_model(market(share=0.9))
    assert len(list(place.glob("*.plan"))) == 3
    no_walk(monkeypatch)
    compile_model(market(share=0.1))
    with pytest.raises(AssertionError, match="walked"):
        compile_model(market(share=0.2))
