"""Values and derivatives of compiled equations against Pyomo's own, and what compilation refuses."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.expr.calculus.derivatives import Modes, differentiate

from eacu.model.engine import (
    MissingValueError,
    UnsupportedExpressionError,
    UnsupportedModelError,
    compile_model,
    solve,
)
from tests.support.world import armington_world


def all_nodes() -> pyo.ConcreteModel:
    """Every supported operation, nested and repeated, over Vars, Params, named Expressions and numbers."""
    m = pyo.ConcreteModel()
    m.i = pyo.Set(initialize=[1, 2, 3, 4])
    m.x = pyo.Var(m.i, domain=pyo.PositiveReals)
    m.y = pyo.Var(m.i)
    m.a = pyo.Param(m.i, mutable=True, initialize={1: 0.3, 2: 1.7, 3: 2.4, 4: 0.9})
    m.b = pyo.Param(m.i, initialize={1: 0.5, 2: 0.1, 3: 0.7, 4: 0.2})
    m.twice = pyo.Expression(m.i, rule=lambda m, i: 2 * m.x[i])
    m.mixed = pyo.Expression(expr=m.x[1] * m.x[2] - m.a[1] * m.y[3] + 4)
    x, y, a, b = m.x, m.y, m.a, m.b
    index = sum(b[i] * x[i] ** (1 - a[2]) for i in m.i)
    rows = [
        x[1] + 2 == 3 * x[2] - x[3],
        x[1] * a[1] - (x[2] + y[1]) == -(x[3] - y[2]),
        x[1] == index ** (1 / (1 - a[2])),
        x[1] * index ** (a[3] / (1 - a[2])) / x[2] ** a[3] == y[4],
        m.twice[1] * m.twice[2] / m.twice[3] == m.mixed,
        2 * m.mixed - m.mixed * m.mixed == a[4] * (x[1] - 3 * y[1]) / 7,
        pyo.exp(y[1] * x[1] / 3) == pyo.log(x[2] + x[3] * x[4]) + pyo.sqrt(x[4]),
        pyo.exp(pyo.log(x[1]) * a[1]) == x[1] ** x[2] + 2 ** y[1] + a[2] ** (y[2] + x[3]),
        x[1] ** 2 * x[1] ** -1 * x[1] == 1 / x[2] + 1 / (x[2] * x[3]) - y[1] ** 3,
        (1 + y[1]) * x[1] * (1 + y[1]) == (x[2] - x[3]) * (x[2] + x[3]) / (1 + a[1] + a[2]),
        (x[1] / x[2]) ** a[1] * (x[3] / (x[4] * a[4])) ** (a[2] - 1) == 2 * pyo.exp(-y[1]),
        sum((x[i] + y[i]) * (x[i] - a[i] * y[i]) for i in m.i) == (a[1] + 1) ** 2 * x[1],
        x[1] * (sum(x[i] for i in m.i) - 3) - y[2] * -2.5 == 0,
    ]
    m.rows = pyo.ConstraintList()
    for row in rows:
        m.rows.add(row)
    m.ranged = pyo.Constraint(expr=(5, x[1] + a[1] * y[1], 5))
    return m


def put_random_point(m: pyo.ConcreteModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for i in m.i:
        m.x[i].set_value(rng.uniform(0.3, 3.0))
        m.y[i].set_value(rng.uniform(0.2, 1.5))


@pytest.mark.parametrize("seed", range(5))
def test_values_and_derivatives_agree_with_pyomo_at_random_points(seed):
    m = all_nodes()
    put_random_point(m, seed)
    m.y[2].fix()
    system = compile_model(m)
    residual = system.evaluate().residual
    jacobian = system.jacobian().toarray()
    for row, equation in enumerate(system.equations):
        body = equation.expr.args[0] - equation.expr.args[1]
        assert residual[row] == pytest.approx(pyo.value(body), rel=1e-12, abs=1e-12), equation.name
        used = [v for v in system.variables if jacobian[row, system.column[id(v)]] != 0.0]
        exact = differentiate(body, wrt_list=list(system.variables), mode=Modes.reverse_numeric)
        assert jacobian[row] == pytest.approx(np.array(exact, dtype=float), rel=1e-11, abs=1e-11), (
            equation.name
        )
        symbolic = differentiate(body, wrt=used[0], mode=Modes.reverse_symbolic)
        assert jacobian[row, system.column[id(used[0])]] == pytest.approx(pyo.value(symbolic), rel=1e-11)


def test_derivatives_agree_with_finite_differences_for_fixed_variables_too():
    m = armington_world(3, 2, seed=5)
    system = compile_model(m)
    rng = np.random.default_rng(1)
    x = system.values * np.exp(rng.normal(0, 0.1, len(system.values)))
    jacobian = system.jacobian(x).toarray()
    fixed = np.flatnonzero(system.partition.fixed)
    assert len(fixed) > 20
    for column in [*fixed[:20], *system.partition.free[:20]]:
        h = 1e-5 * max(1.0, abs(x[column]))
        up, down = x.copy(), x.copy()
        up[column] += h
        down[column] -= h
        slope = (system.evaluate(up).residual - system.evaluate(down).residual) / (2 * h)
        assert jacobian[:, column] == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_reading_through_a_named_expression_equals_writing_it_out():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2], initialize={1: 1.5, 2: 0.4})
    m.named = pyo.Expression(expr=m.x[1] ** 2 - m.x[2])
    m.through = pyo.Constraint(expr=3 * m.named == m.x[2])
    m.out = pyo.Constraint(expr=3 * (m.x[1] ** 2 - m.x[2]) == m.x[2])
    system = compile_model(m)
    at = system.evaluate()
    assert at.residual[0] == at.residual[1]
    assert at.positive[0] == pytest.approx(3 * 1.5**2)  # taken apart into terms: 3 x1**2 against 4 x2
    assert at.negative[0] == pytest.approx(4 * 0.4)
    jacobian = system.jacobian().toarray()
    assert (jacobian[0] == jacobian[1]).all()


def test_shape_count_does_not_grow_with_the_model():
    small, large = compile_model(armington_world(2, 3)), compile_model(armington_world(5, 8))
    assert large.n_equations > 5 * small.n_equations
    assert large.n_shapes == small.n_shapes


def test_refresh_sees_new_values_of_params_and_fixed_variables():
    m = all_nodes()
    put_random_point(m, 0)
    m.y[2].fix()
    system = compile_model(m)
    partition = system.partition
    for change in (lambda: m.a[2].set_value(3.1), lambda: m.y[2].fix(0.77), lambda: m.x[1].set_value(2.2)):
        change()
        system.refresh()
        fresh = compile_model(m)
        assert (system.evaluate().residual == fresh.evaluate().residual).all()
        assert (system.jacobian() != fresh.jacobian()).nnz == 0
    assert system.partition is partition  # values alone do not touch the split into free and fixed


def test_fixing_and_unfixing_only_repartitions():
    m = all_nodes()
    put_random_point(m, 0)
    system = compile_model(m)
    full = system.jacobian().toarray()
    for fixed in ({"x[1]", "y[3]"}, {"x[1]"}, set(), {"y[1]", "y[2]", "y[3]", "y[4]"}):
        for v in system.variables:
            v.fixed = v.name in fixed
        system.refresh()
        p = system.partition
        assert {system.variable_names[k] for k in np.flatnonzero(p.fixed)} == fixed
        data = system.jacobian_data(system.evaluate())[p.take]
        rebuilt = np.zeros((system.n_equations, len(p.free)))
        rebuilt[p.indices, np.repeat(np.arange(len(p.free)), np.diff(p.indptr))] = data
        assert (rebuilt == full[:, p.free]).all()


def test_explain_lists_each_term_with_its_value():
    m = pyo.ConcreteModel()
    m.price, m.quantity = pyo.Var(initialize=2.0), pyo.Var(initialize=3.0)
    m.income = pyo.Constraint(expr=0 * m.price + m.price * m.quantity + 4 * m.price == 10 - 1)
    found = compile_model(m).explain(0)
    assert {(t.text, t.value) for t in found.terms} == {
        ("price*quantity", 6.0),
        ("4*price", 8.0),
        ("constants", -9.0),
    }
    assert found.relative == pytest.approx(5 / 14)
    assert "income: relative residual" in str(found)


def base_model() -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2], initialize=1.0, domain=pyo.PositiveReals)
    m.first = pyo.Constraint(expr=m.x[1] == 1.0)
    return m


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (lambda m: abs(m.x[1]), "AbsExpression"),
        (lambda m: pyo.sin(m.x[1]), "sin"),
        (lambda m: pyo.Expr_if(m.x[1] >= 1, m.x[2], 1.0), "Expr_ifExpression"),
        (lambda m: m.x[2] * pyo.tanh(m.x[1] * 2), "tanh"),
    ],
)
def test_unsupported_operations_are_refused_by_equation_index_and_name(operation, word):
    m = base_model()
    m.bad = pyo.Constraint(["KAZ"], rule=lambda m, r: m.x[2] == operation(m))
    with pytest.raises(UnsupportedExpressionError, match=r"equation bad\[KAZ\].*" + word):
        compile_model(m)


def test_an_inequality_is_refused_by_name():
    m = base_model()
    m.quota = pyo.Constraint(expr=m.x[2] <= 3.0)
    with pytest.raises(UnsupportedModelError, match="quota is an inequality"):
        compile_model(m)


def test_an_objective_is_refused_unless_constant():
    m = base_model()
    m.utility = pyo.Objective(expr=3.0)
    compile_model(m)
    m.utility.deactivate()
    m.welfare = pyo.Objective(expr=m.x[1])
    with pytest.raises(UnsupportedModelError, match="objective welfare"):
        compile_model(m)


def test_a_variable_of_another_model_is_refused():
    m, other = base_model(), base_model()
    m.bad = pyo.Constraint(expr=m.x[2] == other.x[1] * 2)
    with pytest.raises(UnsupportedModelError, match=r"equation bad .*x\[1\] does not belong"):
        compile_model(m)


def test_division_by_the_constant_zero_is_refused():
    m = base_model()
    m.zero = pyo.Param(initialize=0.0)
    m.bad = pyo.Constraint(expr=m.x[2] * (1 / (m.x[1] - m.x[1] * 0 + 1)) == 1 / (0.0 * m.x[1]))
    with pytest.raises(UnsupportedExpressionError, match=r"equation bad.*zero"):
        compile_model(m)


def test_missing_and_infinite_values_are_named():
    m = base_model()
    m.second = pyo.Constraint(expr=m.x[2] == 1.0)
    m.x[2].set_value(None)
    with pytest.raises(MissingValueError, match=r"1 variable has no value: x\[2\]"):
        compile_model(m)
    m.x[2].set_value(float("nan"), skip_validation=True)
    with pytest.raises(MissingValueError, match=r"not finite: x\[2\]"):
        compile_model(m)


@pytest.mark.parametrize(
    "equation",
    [
        lambda m: m.x[2] == m.share,
        lambda m: m.x[2] == m.share * m.x[1] ** 2 - m.nested,
        lambda m: m.x[2] ** m.share == 1 / (m.share + m.parts[2]),
        lambda m: pyo.log(m.share) * m.x[2] == m.parts[1] * m.x[1] + m.parts[1],
    ],
)
def test_a_named_expression_may_be_a_number(equation):
    m = base_model()
    m.x[1].set_value(1.3)
    m.share = pyo.Expression(expr=0.3)
    m.parts = pyo.Expression([1, 2], initialize={1: 0, 2: 2})
    m.nested = pyo.Expression(expr=m.share * m.x[1] + m.share**2 + pyo.exp(m.share))
    m.c = pyo.Constraint(expr=equation(m))
    residual = compile_model(m).evaluate().residual[1]
    left, right = (pyo.value(side) for side in m.c.expr.args)
    assert residual == pytest.approx(left - right, rel=1e-14)


def test_jagged_sets_and_members_of_any_shape():
    """Sums over sets that differ by member, indices of different lengths, blocks within blocks."""
    m = pyo.ConcreteModel()
    m.R = pyo.Set(initialize=["RUS", "BLR", "KAZ"])
    partners = {"RUS": ["BLR", "KAZ"], "BLR": ["RUS"], "KAZ": []}
    m.partners = pyo.Set(m.R, initialize=partners)
    m.shapes = pyo.Set(dimen=None, initialize=["world", ("RUS", 1), ("BLR", "x", 2.5)])
    m.x = pyo.Var(m.R, initialize={"RUS": 1.5, "BLR": 2.0, "KAZ": 0.7}, domain=pyo.PositiveReals)
    m.y = pyo.Var(m.shapes, initialize=1.2)
    m.sum = pyo.Constraint(m.R, rule=lambda m, r: m.x[r] == 1 + sum(0.1 * m.x[s] ** 2 for s in m.partners[r]))
    m.mixed = pyo.Constraint(
        m.shapes, rule=lambda m, *k: m.y[k if len(k) > 1 else k[0]] == m.x["RUS"] * len(k)
    )
    m.block = pyo.Block(m.R)
    for r in m.R:
        m.block[r].z = pyo.Var(initialize=0.3)
        m.block[r].tie = pyo.Constraint(expr=m.block[r].z * m.x[r] == m.y["world"])
    system = compile_model(m)
    equations = list(m.component_data_objects(pyo.Constraint))
    expected = [pyo.value(c.expr.args[0]) - pyo.value(c.expr.args[1]) for c in equations]
    assert system.evaluate().residual == pytest.approx(np.array(expected), rel=1e-14)
    check = solve(m)
    assert check.max_residual < 1e-9
