"""A shock that once failed on the real economy: the market that was left out had a wage of next to nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pyomo.environ as pyo
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def laboratory():
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.robustness import Laboratory
    finally:
        sys.path.remove(str(ROOT))
    return Laboratory()


def test_a_wage_of_next_to_nothing_is_solved_and_the_equation_left_out_holds(laboratory):
    from benchmarks.robustness import Task

    outcome = laboratory.solve(Task(903))
    assert outcome.solved and outcome.path == "direct"
    model, system = laboratory.model, laboratory.system
    system.write_back(system.values)
    assert model.factor_price["unskilled", "ROW"].value < 1e-12
    left, right = (pyo.value(side) for side in model.budget_household["ROW"].expr.args)
    assert left == pytest.approx(right, rel=1e-9)
