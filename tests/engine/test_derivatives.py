"""Derivatives and subtotals of any compiled system: closed forms, both directions, kinks, refusals."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.model.engine import (
    AccuracyError,
    DerivativeError,
    Derivatives,
    Outputs,
    compile_model,
    pair,
    sensitivity,
    solve_system,
    subtotals,
)
from eacu.model.engine.derivatives import members
from tests.oracles.reading import DATA
from tests.oracles.test_simple_models import stylized_johansen
from tests.support.world import armington_world

JOHANSEN = {
    "Y": "Y",
    "PF_labor": "PF[labor]",
    "PF_capital": "PF[capital]",
    "PC_s2": "PC[s2]",
    "XCOM_s1": "XCOM[s1]",
    "XCOM_s2": "XCOM[s2]",
}


def johansen_subtotals(labour: float, capital: float):
    """Stylized Johansen: both factors grow at once; contributions of each in per cent of the base."""
    m = stylized_johansen()
    system = compile_model(m)
    solve_system(system)
    start = system.values.copy()
    m.XF["labor"].fix(labour * m.XF["labor"].value)
    m.XF["capital"].fix(capital * m.XF["capital"].value)
    system.refresh()
    solve_system(system)
    of = Outputs(system, {v.name: v for v in members([m.Y, m.PF, m.PC, m.XCOM])})
    groups = {f: [system.column[id(m.XF[f])]] for f in m.f}
    kept = system.values.copy()
    found = subtotals(system, start, system.values, groups, of, tolerance=1e-10)
    assert np.array_equal(system.values, kept)
    return found, 100 * found.contributions / found.start, 100 * found.total / found.start


@pytest.mark.parametrize(("sim", "labour", "capital"), [("sim1", 1.1, 1.0), ("sim2", 1.1, 1.2)])
def test_subtotals_of_stylized_johansen_equal_the_closed_form(sim, labour, capital):
    found, parts, total = johansen_subtotals(labour, capital)
    exact = pd.read_csv(DATA / "sj_stylized_johansen" / "exact_closed_form.csv").query("sim == @sim")
    assert len(exact) == 6
    for row in exact.itertuples(index=False):
        name = JOHANSEN[row.variable]
        assert total[name] == pytest.approx(row.total_pct_exact, abs=1e-9), name
        assert parts.loc["labor", name] == pytest.approx(row.subtotal_labor_exact, abs=1e-9), name
        assert parts.loc["capital", name] == pytest.approx(row.subtotal_capital_exact, abs=1e-9), name
    assert found.accuracy <= 1e-10
    gap = (found.contributions.sum() - found.total).abs()
    assert (gap <= 1e-8 * found.contributions.abs().max()).all()


def test_subtotals_of_stylized_johansen_agree_with_gempack():
    _, parts, total = johansen_subtotals(1.1, 1.2)
    table = pd.read_csv(DATA / "sj_stylized_johansen" / "results.csv", keep_default_na=False)
    table = table[table["sim"] == "sim2"]
    assert len(table) == 5
    for row in table.itertuples(index=False):
        name = JOHANSEN[row.variable.removeprefix("p_") + (f"_{row.element}" if row.element else "")]
        for ours, printed in (
            (total[name], row.total_pct),
            (parts.loc["labor", name], row.subtotal_labor),
            (parts.loc["capital", name], row.subtotal_capital),
        ):
            assert ours == pytest.approx(float(printed), rel=2e-4), name


def test_elasticities_of_stylized_johansen():
    """Y = L**0.6 K**0.4 and the wage is proportional to Y / L: logarithmic derivatives at any point."""
    m = stylized_johansen()
    m.XF["labor"].fix(5.0)
    system = compile_model(m)
    solve_system(system)
    system.write_back(system.values)
    found = sensitivity(system, of=[m.Y, m.PF], to=[m.XF])
    stock = {f"XF[{f}]": m.XF[f].value for f in m.f}
    level = {v.name: v.value for v in members([m.Y, m.PF])}
    elasticity = found.mul(pd.Series(stock), axis=1).div(pd.Series(level), axis=0)
    expected = pd.DataFrame(
        [[0.6, 0.4], [-0.4, 0.4], [0.6, -0.6]], index=list(level), columns=["XF[labor]", "XF[capital]"]
    )
    pd.testing.assert_frame_equal(elasticity, expected, rtol=1e-11)


@pytest.fixture(scope="module")
def world():
    m = armington_world(3, 4, seed=3)
    system = compile_model(m)
    for key in m.tariff:
        if key[1] != key[2]:
            m.tariff[key].set_value(0.3)
    system.refresh()
    solve_system(system)
    return m, system


def test_both_directions_agree(world):
    m, system = world
    of = Outputs(system, {v.name: v for v in members([m.income, m.price, m.import_demand])})
    columns = [system.column[id(m.tariff[key])] for key in m.tariff]
    derivatives = Derivatives(system)
    gradients = of.gradients(derivatives.x)
    direct = np.array([gradients @ derivatives.push(row) for row in np.eye(len(system.variables))[columns]]).T
    adjoint = np.array([derivatives.pull(row)[columns] for row in gradients.toarray()])
    assert np.abs(direct).max() > 0.1
    np.testing.assert_allclose(adjoint, direct, rtol=1e-10, atol=1e-11)
    np.testing.assert_array_equal(derivatives.matrix(gradients, columns[:2]), direct[:, :2])
    np.testing.assert_array_equal(derivatives.matrix(gradients[[0], :], columns), adjoint[:1])


def test_an_instrument_differentiated_by_itself(world):
    m, system = world
    key = next(iter(m.tariff))
    assert sensitivity(system, [m.tariff[key]], [m.tariff[key]]).iloc[0, 0] == 1.0


def test_refusals(world):
    m, system = world
    with pytest.raises(DerivativeError, match=r"income\[0\] is free: the model determines it"):
        sensitivity(system, [m.price], [m.income])
    with pytest.raises(DerivativeError, match="at least one"):
        sensitivity(system, [m.price], [])
    other = pyo.ConcreteModel()
    other.x = pyo.Var(initialize=1.0)
    with pytest.raises(DerivativeError, match="x is not a variable of this system"):
        sensitivity(system, [m.price], [other.x])


def kinked() -> tuple[pyo.ConcreteModel, object]:
    """Rent of a quota of 0.7 on a demand x: max(0, x - 0.7), a kink on the way from 0 to 1."""
    m = pyo.ConcreteModel()
    m.x, m.quota = pyo.Var(initialize=0.0), pyo.Var(initialize=0.7)
    m.rent = pyo.Var(initialize=0.0)
    m.x.fix()
    m.quota.fix()
    excess = m.x - m.quota
    m.definition = pyo.Constraint(expr=2 * m.rent == excess + pyo.sqrt(excess**2 + 1e-24))
    return m, compile_model(m)


def kinked_subtotals(**choices):
    m, system = kinked()
    solve_system(system)
    start = system.values.copy()
    m.x.fix(1.0)
    m.quota.fix(0.6)
    system.refresh()
    solve_system(system)
    groups = {name: [system.column[id(m.component(name))]] for name in ("x", "quota")}
    return subtotals(system, start, system.values, groups, Outputs(system, {"rent": m.rent}), **choices)


def test_a_kink_of_the_path_is_found():
    """The quota binds from t* = 0.7/1.1 on; then the rent rises by 1 with demand, by 0.1 with the quota."""
    found = kinked_subtotals()
    share = 1 - 0.7 / 1.1
    assert found.contributions.loc["x", "rent"] == pytest.approx(share, rel=1e-8)
    assert found.contributions.loc["quota", "rent"] == pytest.approx(0.1 * share, rel=1e-8)
    assert found.accuracy <= 1e-8


def test_accuracy_that_cannot_be_reached_is_an_error(monkeypatch):
    monkeypatch.setattr("eacu.model.engine.path.MOST_PIECES", 4)
    with pytest.raises(AccuracyError, match=r"subtotals of rent are accurate to \d.* only \(asked: 1e-08\)"):
        kinked_subtotals()


def test_groups_must_hold_every_change_once(world):
    m, system = kinked()
    solve_system(system)
    start = system.values.copy()
    end = start + 0.1
    x, quota, rent = (system.column[id(v)] for v in (m.x, m.quota, m.rent))
    of = Outputs(system, {"rent": m.rent})
    for groups, message in (
        ({"demand": [x]}, "quota changes but belongs to no group"),
        ({"demand": [x, quota], "again": [x]}, "x belongs to more than one group"),
        ({"demand": [x, quota, rent]}, "rent is free"),
    ):
        with pytest.raises(DerivativeError, match=message):
            subtotals(system, start, end, groups, of)


def quota(limit: float):
    """Imports 10 (1 + rent)**-2 under a quota; the rent is sqrt(10 / limit) - 1 where the quota binds."""
    m = pyo.ConcreteModel()
    m.imports = pyo.Var(initialize=10.0, domain=pyo.PositiveReals)
    m.rent = pyo.Var(initialize=0.0, domain=pyo.NonNegativeReals)
    m.limit = pyo.Var(initialize=limit)
    m.limit.fix()
    m.demand = pyo.Constraint(expr=m.imports == 10.0 * (1 + m.rent) ** -2)
    m.quota = pyo.Constraint(expr=m.imports <= m.limit)
    pair(m.quota, m.rent)
    system = compile_model(m)
    solve_system(system)
    return m, system


@pytest.mark.parametrize(("limit", "slope"), [(6.0, -0.5 * 10**0.5 * 6.0**-1.5), (12.0, 0.0)])
def test_derivatives_of_a_complementarity(limit, slope):
    m, system = quota(limit)
    found = sensitivity(system, of=[m.rent, m.imports], to=[m.limit])["limit"]
    assert found["rent"] == pytest.approx(slope, rel=1e-9, abs=1e-12)
    assert found["imports"] == pytest.approx(1.0 if limit < 10 else 0.0, rel=1e-9, abs=1e-12)


def test_subtotals_when_a_quota_begins_to_bind_on_the_way():
    m, system = quota(12.0)
    start = system.values.copy()
    m.limit.fix(6.0)
    system.refresh()
    solve_system(system)
    groups = {"limit": [system.column[id(m.limit)]]}
    found = subtotals(system, start, system.values, groups, Outputs(system, {"rent": m.rent}))
    assert found.total["rent"] == pytest.approx((10 / 6) ** 0.5 - 1, rel=1e-9)
    assert found.contributions.loc["limit", "rent"] == pytest.approx(found.total["rent"], rel=1e-8)
    assert found.accuracy <= 1e-8


def test_the_example_of_the_docstring_holds():
    result = doctest.testmod(importlib.import_module("eacu.model.engine.derivatives"))
    assert (result.attempted > 0, result.failed) == (True, 0)


def test_one_component_need_not_be_in_a_list():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2], initialize=2.0)
    m.t = pyo.Var(initialize=1.0)
    m.t.fix()
    m.c = pyo.Constraint([1, 2], rule=lambda m, i: m.x[i] == m.t * i * 2 / i)
    system = compile_model(m)
    assert sensitivity(system, of=m.x, to=m.t)["t"].tolist() == [2.0, 2.0]
    with pytest.raises(DerivativeError, match="is no Var or named Expression"):
        sensitivity(system, of=["price"], to=m.t)
