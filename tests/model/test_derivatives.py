"""Derivatives and subtotals of the economy by name."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.model.closures import find_closure
from eacu.model.derivatives import POOL, SelectionError, expressions, group_of
from eacu.model.economy import build_economy
from eacu.model.engine import (
    DerivativeError,
    Outputs,
    SolveOptions,
    compile_model,
    solve_system,
)
from eacu.model.indicators import UNITS
from eacu.model.instruments import INSTRUMENTS
from eacu.model.measures import MEASURES
from eacu.model.results import Solution
from tests.support.synthetic import synthetic_benchmark

MEMBERS = ("RUS", "BLR", "KAZ")
KEYS = {"RUS": 0.6, "BLR": 0.1, "KAZ": 0.3}
PRECISE = SolveOptions(accept=1e-13, tolerance=1e-14)
STEP = 1e-4


@pytest.fixture(scope="module")
def economy():
    """A small union: free internal trade, a common tariff of 12 %, duties pooled and shared."""
    m = build_economy(synthetic_benchmark(seed=1))
    system = compile_model(m)
    solve_system(system)
    for key in m.import_tariff:
        if key[2] in MEMBERS and key[1] != key[2]:
            m.import_tariff[key].set_value(0.0 if key[1] in MEMBERS else 0.12)
    for r in MEMBERS:
        m.union_member[r].set_value(1.0)
        m.pooled[r].set_value(1.0)
        m.pool_share[r].set_value(KEYS[r])
    system.refresh()
    record = solve_system(system, PRECISE)
    system.write_back(system.values)
    return system, Solution.from_model(m, record, MEMBERS, system)


@pytest.fixture(scope="module")
def solution(economy) -> Solution:
    return economy[1]


def test_measures_are_the_indicators(economy):
    system, solution = economy
    m = solution.equations.model
    found = Outputs(system, expressions(m, list(MEASURES)))
    values = dict(zip(found.names, found.values(solution.equations.point(solution.state)), strict=True))
    assert len(values) == len(MEASURES) * len(m.R)
    assert set(MEASURES) <= set(UNITS)
    for name in MEASURES:
        for r in m.R:
            size = max(1.0, abs(solution.regions.loc[r, name]))
            assert values[f"{name}[{r}]"] == pytest.approx(solution.regions.loc[r, name], abs=1e-9 * size)


def test_derivatives_equal_central_differences_of_full_solves(economy):
    """One member of every instrument the closure fixes, all indicators, some variables and expressions."""
    system, solution = economy
    m = solution.equations.model
    of = [*MEASURES, "composite_price[mac,KAZ]", "activity", "shipments[mac|agr,ROW,*]", "walras"]
    names = [next((v for v in m.component(n).values() if v.fixed), None) for n in INSTRUMENTS]
    chosen = [v for v in names if v is not None]
    assert len(chosen) >= 19
    found = solution.sensitivity(of, [v.name for v in chosen])
    outputs = Outputs(system, expressions(m, of))
    point = solution.equations.point(solution.state)
    size = outputs.sizes(point)
    for variable in chosen:
        column = system.column[id(variable)]
        step = STEP * max(1.0, abs(point[column]))
        ends = [_solved(system, point, column, sign * step) for sign in (2, 1, -1, -2)]
        far, near, near_back, far_back = (outputs.values(x) for x in ends)
        difference = (8 * (near - near_back) - (far - far_back)) / (12 * step)
        gap = np.abs(found[variable.name] - difference)
        assert (gap <= 1e-6 * np.abs(difference) + 1e-9 * size).all(), variable.name


def _solved(system, point, column, step):
    kept = system.values
    try:
        system.values = point.copy()
        system.values[column] += step
        solve_system(system, PRECISE)
        return system.values.copy()
    finally:
        system.values = kept


def test_few_and_many_instruments_give_the_same_derivatives(solution):
    many = solution.sensitivity("ev_usd_mn[KAZ]", "import_tariff[*,*,KAZ]")
    assert many.shape[1] > 5
    few = solution.sensitivity(["ev_usd_mn", "activity"], "import_tariff[*,ROW,KAZ]")
    pd.testing.assert_frame_equal(many[few.columns], few.loc[["ev_usd_mn[KAZ]"]], rtol=1e-9)


def test_a_solution_keeps_its_own_derivatives(economy):
    """Neither another regime nor another closure of the model changes what a solution answers."""
    m = build_economy(synthetic_benchmark(seed=1))
    system = compile_model(m)
    solve_system(system)
    first = Solution.from_model(m, None, MEMBERS, system)
    before = first.sensitivity("ev_usd_mn[RUS]", "productivity[mac,*]")
    for key in m.import_tariff:
        m.import_tariff[key].set_value(0.3)
    find_closure("short-run").apply(m)
    system.refresh()
    solve_system(system)
    pd.testing.assert_frame_equal(first.sensitivity("ev_usd_mn[RUS]", "productivity[mac,*]"), before)
    with pytest.raises(DerivativeError, match=r"endowment\[capital,RUS\] is free"):
        Solution.from_model(m, None, MEMBERS, system).sensitivity("ev_usd_mn", "endowment[capital,RUS]")


def test_a_solution_without_a_compiled_system_compiles_one(economy):
    _, solution = economy
    own = Solution.from_model(solution.equations.model, None, MEMBERS)
    expected = solution.sensitivity("cpi_pct", "export_tax[mac,*,KAZ]")
    pd.testing.assert_frame_equal(own.sensitivity("cpi_pct", "export_tax[mac,*,KAZ]"), expected, rtol=1e-9)


def test_a_pickled_solution_says_that_it_lost_its_equations(solution):
    copy = pickle.loads(pickle.dumps(replace(solution, record=None)))
    pd.testing.assert_frame_equal(copy.regions, solution.regions)
    with pytest.raises(DerivativeError, match="solve it again"):
        copy.sensitivity("ev_usd_mn", "productivity")


def test_contributions_sum_to_the_total(solution):
    found = solution.subtotals(list(MEASURES))
    collected, exported = (
        solution.base["tariff_collected"],
        solution.base["export_duty"].groupby("source").sum(),
    )
    base = {
        "tariff_revenue_usd_mn": collected,
        "tariff_received_usd_mn": collected,
        "export_duty_usd_mn": exported,
    }
    for name in MEASURES:
        for r in solution.benchmark.regions:
            start = base[name][r] if name in base else 0.0
            expected = solution.regions.loc[r, name] - start
            assert found.total[f"{name}[{r}]"] == pytest.approx(expected, rel=1e-7, abs=1e-8)
    gap = (found.contributions.sum() - found.total).abs()
    largest = found.contributions.abs().max()
    assert (gap <= 1e-8 * largest + 1e-14 * 1e4).all()
    assert found.accuracy <= 1e-8
    assert [tuple(label) for label in found.contributions.index] == [
        *[("import_tariff", r, partner) for r in MEMBERS for partner in ("union", "outside")],
        (POOL, "", ""),
    ]
    assert (found.contributions.loc[:, [f"ev_usd_mn[{r}]" for r in MEMBERS]].abs().max() > 1e-3).all()


def test_what_is_paid_into_the_pool_is_paid_out_all_along_the_path(solution):
    names = [f"pool_transfer_usd_mn[{r}]" for r in solution.benchmark.regions]
    found = solution.subtotals("pool_transfer_usd_mn")
    sums = found.contributions[names].sum(axis=1)
    assert found.contributions.abs().max(axis=None) > 1
    assert sums.abs().max() < 1e-8


def test_finer_groups_add_up_to_coarser_ones(solution):
    of = ["ev_usd_mn[RUS|KAZ]", "activity[mac,BLR]"]
    fine = solution.subtotals(of, by=["instrument", "region", "sector"]).contributions
    coarse = solution.subtotals(of, by=["instrument", "region"]).contributions
    pd.testing.assert_frame_equal(
        fine.groupby(["instrument", "region"], sort=False).sum().sort_index(),
        coarse.sort_index(),
        rtol=1e-7,
        atol=1e-9,
    )
    alone = solution.subtotals(of, by=["instrument"])
    assert list(alone.contributions.index) == [("import_tariff",), (POOL,)]


def test_no_change_has_no_contributions(economy):
    still = replace(economy[1], state=economy[1].base)
    found = still.subtotals()
    assert found.contributions.empty
    assert found.points == 0
    assert found.total.abs().max() < 1e-8
    assert "sum equals total" in str(found)


@pytest.mark.parametrize(
    ("name", "index", "expected"),
    [
        ("import_tariff", ("mac", "ROW", "KAZ"), ("import_tariff", "KAZ", "outside", "mac")),
        ("import_tariff", ("mac", "RUS", "KAZ"), ("import_tariff", "KAZ", "union", "mac")),
        ("iceberg", ("mac", "RUS", "ROW"), ("iceberg", "ROW", "union", "mac")),
        ("export_tax", ("oil", "RUS", "BLR"), ("export_tax", "RUS", "union", "oil")),
        ("productivity", ("mac", "BLR"), ("productivity", "BLR", "", "mac")),
        ("sales_tax", ("household", "BLR"), ("sales_tax", "BLR", "", "")),
        ("pool_share", ("BLR",), (POOL, "", "", "")),
        ("numeraire", (), ("numeraire", "", "", "")),
        ("rental", ("land", "agr", "BLR"), ("rental", "", "", "")),
    ],
)
def test_groups(name, index, expected):
    assert group_of(name, index, ("instrument", "region", "partner", "sector"), MEMBERS) == expected


@pytest.mark.parametrize(
    ("of", "to", "message"),
    [
        ("ev_usd_m", "import_tariff", "no expression or var 'ev_usd_m'. Did you mean 'ev_usd_mn'"),
        ("ev_usd_mn[KZA]", "import_tariff", "ev_usd_mn: no 'KZA' at index position 1. Did you mean 'KAZ'"),
        ("ev_usd_mn", "import_tarif", "no var 'import_tarif'. Did you mean 'import_tariff'"),
        ("ev_usd_mn", "import_tariff[mac,KAZ]", "has 3 index positions; 2 are given"),
        ("ev_usd_mn", "import_tariff[mac,KAZ,KAZ]", r"selects nothing"),
        ("ev_usd_mn", "import_tariff[mac", "not a name with an index"),
        ("ev_usd_mn", "numeraire[1]", "numeraire has no index"),
        ([], "import_tariff", "No name is given"),
    ],
)
def test_selection_errors(solution, of, to, message):
    with pytest.raises(SelectionError) as caught:
        solution.sensitivity(of, to)
    assert message in str(caught.value)


def test_unknown_dimension(solution):
    with pytest.raises(SelectionError, match="Unknown dimension 'importer'"):
        solution.subtotals(by=["importer"])


def test_free_variables_are_no_instruments(solution):
    with pytest.raises(DerivativeError, match=r"activity\[.*\] is free: the model determines it"):
        solution.sensitivity("ev_usd_mn", "activity")


def test_measures_can_be_an_objective(solution):
    """They are ordinary expressions of the model."""
    m = solution.equations.model
    assert isinstance(pyo.value(MEASURES["ev_usd_mn"](m, "KAZ")), float)
