"""Hansen and Scarf: 14 of 26 activities stay idle."""

from __future__ import annotations

import json

import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.model.engine import solve
from tests.oracles.hansen_scarf import FOLDER, NUMERAIRE, build


@pytest.mark.parametrize("start", [1.0, 0.3, 5.0])
def test_prices_activities_and_incomes(start):
    m = build()
    for variable in (*m.p.values(), *m.y.values(), *m.income.values()):
        if not variable.fixed:
            variable.set_value(start)
    record = solve(m)
    assert record.max_residual < 1e-9
    expected = pd.read_csv(FOLDER / "solution_own_solver.csv", index_col=["variable", "index"])["value"]
    assert len(expected) == 14 + 26 + 4
    for (name, key), value in expected.items():
        assert m.component(name)[key].value == pytest.approx(value, rel=1e-9, abs=1e-9), (name, key)
    idle = [s for s in m.s if m.y[s].value < 1e-8]
    assert len(idle) == 14
    assert all(pyo.value(m.loss[s]) > 1e-3 for s in idle)  # they would lose money, not merely earn nothing
    assert all(abs(pyo.value(m.loss[s])) < 1e-10 for s in m.s if s not in idle)
    reference = json.loads((FOLDER / "reference.json").read_text())["incomes_asserted_by_GAMSPy_example"]
    for agent, income in reference.items():
        assert m.income[agent].value == pytest.approx(income, rel=1e-11)


def test_the_market_left_out_by_walras_law_clears():
    m = build()
    solve(m)
    assert pyo.value(m.excess_supply[NUMERAIRE]) == pytest.approx(0, abs=1e-10)


def test_the_numeraire_scales_prices_only():
    m = build()
    solve(m)
    before = {v.name: v.value for v in m.component_data_objects(pyo.Var)}
    m.p[NUMERAIRE].fix(1.1)
    solve(m)
    for v in m.component_data_objects(pyo.Var):
        scale = 1.0 if v.name.startswith("y[") else 1.1
        assert v.value == pytest.approx(scale * before[v.name], rel=1e-9, abs=1e-9), v.name
