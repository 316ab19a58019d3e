"""Labour and capital that cross borders, where the answer can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.calibration.benchmark import Benchmark, BenchmarkError
from eacu.calibration.mobility import PAIR, with_members, with_migration
from eacu.model.checks import sam_gap, walras
from eacu.model.closures import ClosureError
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.instruments import InstrumentError, set_instrument
from eacu.model.measures import MEASURES
from eacu.model.results import Solution
from tests.support.synthetic import synthetic_benchmark

MOVE = ("unskilled", "B", "A")
WORKERS = 50.0


def open_mirror(benchmark: Benchmark, remitted: float = 0.0, productivity: float = 1.0) -> Benchmark:
    """Two mirror-image regions, of which B's workers may go to A, and which are members of a union."""
    pairs = pd.DataFrame([(*MOVE, productivity, remitted)], columns=[*PAIR, "productivity", "remitted"])
    index = pd.MultiIndex.from_product([["unskilled"], ["A", "B"]], names=["factor", "region"])
    return with_migration(with_members(benchmark, ("A", "B")), pairs, pd.Series(WORKERS, index=index))


def values(m):
    return {v.name: v.value for v in m.component_data_objects(pyo.Var) if not v.fixed}


# ---- labour --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0.02, 0.1, 0.4])
def test_two_equal_regions_with_free_movement_are_one(mirror, shift):
    """Where workers live does not matter: those who are too many in B work, earn and spend in A."""
    m = build_economy(open_mirror(mirror()), "migration")
    m.endowment["unskilled", "A"].set_value(1 - shift)
    m.endowment["unskilled", "B"].set_value(1 + shift)
    solve(m)
    assert m.migrants[MOVE].value == pytest.approx(shift * WORKERS, rel=1e-9)
    for name in ("activity", "factor_price", "household_demand", "flow_price", "household_spending"):
        for index, value in m.benchmark_values[name].items():
            assert m.component(name)[index].value == pytest.approx(value, rel=1e-9)
    earned = shift * float(m.endowment0["unskilled", "A"])
    ev = Solution.from_model(m).regions["ev_usd_mn"]
    assert ev["A"] == pytest.approx(-earned, rel=1e-9)  # it lost these workers for good
    assert ev["B"] == pytest.approx(earned, rel=1e-9)  # whose they are, wherever they spend


@pytest.mark.parametrize("barrier", [0.9, 0.97])
@pytest.mark.parametrize("remitted", [0.0, 0.4, 1.0])
def test_workers_move_up_to_the_barrier(mirror, barrier, remitted):
    m = build_economy(open_mirror(mirror(capital=0.4), remitted, productivity=0.8), "migration")
    m.migration_barrier[MOVE].set_value(barrier)
    solve(m)
    assert m.migrants[MOVE].value > 0.1
    wage = {r: m.factor_price["unskilled", r].value / m.consumer_price[r].value for r in ("A", "B")}
    assert wage["A"] / wage["B"] == pytest.approx(barrier, rel=1e-10)
    regions = Solution.from_model(m).regions
    paid = m.factor_price["unskilled", "A"].value * m.endowment0["unskilled", "A"] / WORKERS
    earned = 0.8 * paid * m.migrants[MOVE].value / m.numeraire.value
    assert regions.loc["B", "migrant_wages_usd_mn"] == pytest.approx(earned, rel=1e-9)
    assert regions.loc["B", "remittances_usd_mn"] == pytest.approx(remitted * earned, rel=1e-9)
    assert regions["remittances_usd_mn"].sum() == pytest.approx(0, abs=1e-10)
    assert regions.loc["B", "migrants_thousand"] == pytest.approx(m.migrants[MOVE].value)
    assert walras(m) <= 1e-13
    assert sam_gap(m) <= 1e-12


@pytest.mark.parametrize("seed", [1, 2])
def test_closed_borders_leave_the_model_as_it_was(seed):
    """Behind high barriers nobody moves; without the data there is nobody who could."""
    b = synthetic_benchmark(seed=seed)
    alone = replace(
        b,
        members=(),
        workers=b.workers[:0],
        migrant_productivity=b.migrant_productivity[:0],
        remitted=b.remitted[:0],
    )
    solved = []
    for benchmark, closure in ((b, "migration"), (b, "default"), (alone, "default")):
        m = build_economy(benchmark, closure)
        for key in m.migration_pairs:
            m.migration_barrier[key].set_value(100.0)
        for n, key in enumerate(m.import_tariff):
            m.import_tariff[key].set_value(0.03 * (n % 5))
        solve(m)
        assert all(v.value == pytest.approx(0, abs=1e-9) for v in m.migrants.values())
        solved.append(values(m))
    shared = list(solved[2])
    for other in solved[:2]:
        np.testing.assert_allclose(
            [other[k] for k in shared], [solved[2][k] for k in shared], rtol=1e-9, atol=1e-9
        )


def test_remittances_net_to_zero_for_the_world():
    m = build_economy(synthetic_benchmark(seed=1))
    for n, key in enumerate(m.migrants):
        m.migrants[key].set_value(1.0 + n)  # a given number, in a closure without free movement
    solve(m)
    solution = Solution.from_model(m)
    regions = solution.regions
    assert regions["remittances_usd_mn"].abs().max() > 0.1
    for name in ("remittances_usd_mn", "migrant_wages_usd_mn", "migrants_thousand"):
        assert regions[name].sum() == pytest.approx(0, abs=1e-9)
    account = solution.sam.table
    sent = account[account["row_account"] == "wages"]["value"].sum()
    received = account[account["column_account"] == "wages"]["value"].sum()
    assert sent == pytest.approx(received, rel=1e-12)
    assert sent == pytest.approx(solution.state["sent_home"].sum(), rel=1e-12)
    for name in ("ev_usd_mn", "remittances_usd_mn", "migrants_thousand"):
        for r in m.R:
            assert pyo.value(MEASURES[name](m, r)) == pytest.approx(regions.loc[r, name], rel=1e-9, abs=1e-9)


def test_rising_unemployment_keeps_workers_away():
    """The wage counts by the chance of earning it (Harris and Todaro 1970)."""
    m = build_economy(synthetic_benchmark(seed=1), "migration+rigid-wage")
    for key in m.migration_pairs:
        m.migration_barrier[key].set_value(0.97)
    solve(m)
    key = max(m.migrants, key=lambda k: m.migrants[k].value)
    assert m.migrants[key].value > 1
    factor, origin, destination = key
    chance = {
        r: pyo.value(m.real_wage[factor, r] * m.employment_rate[factor, r]) for r in (origin, destination)
    }
    assert chance[destination] / chance[origin] == pytest.approx(0.97, rel=1e-9)


# ---- capital -------------------------------------------------------------------------------------------


def test_equal_shocks_move_no_capital_between_equal_members(mirror):
    solved = {}
    for closure in ("default", "mobile-in-union"):
        m = build_economy(open_mirror(mirror(capital=0.4)), closure)
        for key in m.productivity:
            m.productivity[key].set_value(1.07)
        solve(m)
        solved[closure] = {name: v for name, v in values(m).items() if not name.startswith("capital")}
        assert all(v.value == pytest.approx(0, abs=1e-9) for v in m.capital_inflow.values())
    shared = solved["default"]
    np.testing.assert_allclose(
        [solved["mobile-in-union"][k] for k in shared], list(shared.values()), rtol=1e-9, atol=1e-9
    )


def test_capital_looks_for_the_better_member(mirror):
    m = build_economy(open_mirror(mirror(capital=0.4)), "mobile-in-union")
    m.productivity["x", "A"].set_value(1.05)
    solve(m)
    solution = Solution.from_model(m)
    regions = solution.regions
    moved = m.capital_inflow["A"].value
    assert moved > 0.1
    assert m.capital_inflow["B"].value == pytest.approx(-moved, rel=1e-10)
    assert m.factor_price["capital", "A"].value == pytest.approx(
        m.factor_price["capital", "B"].value, rel=1e-11
    )
    income = moved * m.factor_price["capital", "A"].value / m.numeraire.value
    assert regions.loc["B", "capital_income_abroad_usd_mn"] == pytest.approx(income, rel=1e-10)
    assert regions["capital_income_abroad_usd_mn"].sum() == pytest.approx(0, abs=1e-10)
    stock = float(m.endowment0["capital", "A"])
    assert regions.loc["A", "capital_stock_pct"] == pytest.approx(100 * moved / stock, rel=1e-10)
    cells = solution.sam.table.query("column_account == 'capital-income'").set_index("row_region")["value"]
    assert cells["B"] == pytest.approx(-cells["A"], rel=1e-12)
    assert walras(m) <= 1e-13


def test_capital_at_home_earns_less_than_where_it_may_move(mirror):
    """Moving to where it earns more raises the income of the world."""
    total = {}
    for closure in ("mobile", "mobile-in-union"):
        m = build_economy(open_mirror(mirror(capital=0.4)), closure)
        m.productivity["x", "A"].set_value(1.05)
        solve(m)
        total[closure] = Solution.from_model(m).regions["ev_usd_mn"].sum()
    assert total["mobile-in-union"] > total["mobile"] > 0


def test_a_union_of_one_is_a_closed_market(mirror):
    m = build_economy(with_members(open_mirror(mirror(capital=0.4)), ("A",)), "mobile-in-union")
    m.productivity["x", "A"].set_value(1.05)
    solve(m)
    assert m.capital_inflow["A"].value == pytest.approx(0, abs=1e-9)


# ---- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["migration", "mobile-in-union"])
def test_a_closure_without_its_data_is_refused(mirror, choice):
    with pytest.raises(ClosureError, match=rf"the choice '{choice}' needs .* and this benchmark has none"):
        build_economy(mirror(capital=0.4), choice)


def test_the_barrier_is_idle_where_nobody_may_move(mirror):
    m = build_economy(open_mirror(mirror()))
    with pytest.raises(InstrumentError, match="migration_barrier has no effect under the closure 'default'"):
        set_instrument(m, "migration_barrier", 0.9)
    number = pd.Series({MOVE: 3.0}).rename_axis(PAIR)
    assert set_instrument(m, "migrants", number) == (1, [])
    with pytest.raises(InstrumentError, match="unknown destination 'C'"):
        set_instrument(m, "migrants", pd.Series({("unskilled", "B", "C"): 3.0}).rename_axis(PAIR))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("unskilled", "B", "B", 1.0, 0.5)], "leads nowhere"),
        ([("unskilled", "C", "A", 1.0, 0.5)], "names unskilled in C"),
        ([("unskilled", "B", "A", 1.0, 0.5)] * 2, "given twice"),
        ([("unskilled", "B", "A", 1.0, 0.5), ("unskilled", "A", "B", 1.0, 0.5)], "closes a circle"),
        ([("unskilled", "B", "A", 0.0, 0.5)], "productivity .* must be positive"),
        ([("unskilled", "B", "A", 1.0, 1.5)], "remitted .* must be between 0 and 1"),
    ],
)
def test_pairs_that_make_no_sense_are_refused(mirror, pairs, message):
    table = pd.DataFrame(pairs, columns=[*PAIR, "productivity", "remitted"])
    index = pd.MultiIndex.from_product([["unskilled"], ["A", "B"]], names=["factor", "region"])
    with pytest.raises(BenchmarkError, match=message):
        with_migration(mirror(), table, pd.Series(1.0, index=index))


def test_workers_must_be_known(mirror):
    table = pd.DataFrame([(*MOVE, 1.0, 0.5)], columns=[*PAIR, "productivity", "remitted"])
    known = pd.Series({("unskilled", "A"): 1.0}).rename_axis(["factor", "region"])
    with pytest.raises(BenchmarkError, match=r"workers .* of \('unskilled', 'B'\) is nan"):
        with_migration(mirror(), table, known)
