"""Definitions that nothing else uses follow the core: they neither limit its steps nor spoil its solution."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.sparse import csr_array

from eacu.model.engine import compile_model, solve_system
from eacu.model.engine.core import core_of


def pattern(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray, int]:
    """CSC pattern of a square matrix from the variables of each equation."""
    n = len(rows)
    dense = np.zeros((n, n))
    for row, columns in enumerate(rows):
        dense[row, columns] = 1.0
    csc = csr_array(dense).tocsc()
    return csc.indices, csc.indptr, n


def test_definitions_are_peeled_off_from_the_end():
    """x0 and x1 depend on one another; x2 is defined by both, x3 by x2."""
    core = core_of(*pattern([[0, 1], [0, 1], [0, 1, 2], [2, 3]]))
    assert core.rows.tolist() == core.columns.tolist() == [True, True, False, False]
    assert core.complement.rows.tolist() == [False, False, True, True]


def test_a_recursive_model_is_all_core():
    core = core_of(*pattern([[0], [0, 1], [1, 2]]))
    assert core.rows.all() and core.columns.all()


def test_nothing_to_peel():
    core = core_of(*pattern([[0, 1, 2], [0, 1], [1, 2]]))
    assert core.rows.all() and core.columns.all()


def labour_market() -> pyo.ConcreteModel:
    """A wage and an employment that depend on one another, and a distance that the wage defines."""
    m = pyo.ConcreteModel()
    m.wage = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.work = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
    m.distance = pyo.Var(initialize=0.0)
    m.people = pyo.Var(initialize=1.0)
    m.people.fix()
    m.demand = pyo.Constraint(expr=m.work == m.wage**-0.2)
    m.supply = pyo.Constraint(expr=m.work == m.people * m.wage**0.01)
    m.curve = pyo.Constraint(expr=m.distance + m.wage**-10 == 1.0)
    return m


@pytest.mark.parametrize("people", [2.0, 40.0])
def test_an_enormous_definition_costs_no_extra_steps(people):
    m = labour_market()
    system = compile_model(m)
    core = system.partition.core
    assert [n for n, k in zip(system.equation_names, core.rows, strict=True) if not k] == ["curve"]
    system.values[system.column[id(m.people)]] = people
    record = solve_system(system)
    wage, distance = (system.values[system.column[id(v)]] for v in (m.wage, m.distance))
    assert wage == pytest.approx(people ** (-1 / 0.21), rel=1e-8)
    assert distance == pytest.approx(1.0 - wage**-10, rel=1e-10)
    assert record.path == "direct"
    assert record.iterations <= 2 + np.ceil(np.log(people) / 0.21 / 4.0)  # the step cap, and a step to polish
