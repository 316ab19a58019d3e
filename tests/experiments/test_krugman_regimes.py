"""Shipped regimes with firms entering, on the shipped base year."""

from __future__ import annotations

from pathlib import Path

import pyomo.environ as pyo
import pytest

import eacu
from eacu import data
from eacu.calibration.market_structure import TABLE, MarketStructure
from eacu.experiments.base_year import load_base_year, with_structure
from eacu.experiments.market_structure import feedback
from eacu.experiments.policy import policy_of
from eacu.experiments.regimes import load_regime
from eacu.experiments.run import SolvedRegime, Workbench
from eacu.model.closures import CLOSURES
from tests.support.ipopt import IpoptSystem

RELATIVE = 1e-8
REGIME, OTHER = "union-2010-07", "wto-only"


@pytest.fixture(scope="module")
def workbench() -> Workbench:
    return Workbench(load_base_year(market_structure="krugman"))


@pytest.fixture(scope="module")
def solved(workbench: Workbench) -> dict[str, SolvedRegime]:
    return {name: workbench.solve(load_regime(name)) for name in (REGIME, OTHER)}


@pytest.mark.parametrize("name", [REGIME, OTHER])
def test_firms_enter_and_every_check_passes(solved: dict[str, SolvedRegime], name: str) -> None:
    firms = solved[name].solution.state["varieties"]
    assert solved[name].passed
    assert firms.min() < 0.95
    assert firms.max() > 1.01


@pytest.mark.parametrize("name", [REGIME, OTHER])
def test_the_page_shows_what_is_found(solved: dict[str, SolvedRegime], name: str) -> None:
    """The rows ``krugman`` of docs/market_structure.md, three decimals."""
    page = (Path(eacu.__file__).parent / "docs" / "market_structure.md").read_text(encoding="utf-8")
    block = page[page.index(f"| `{name}` | armington |") :]
    row = next(line for line in block.splitlines() if "**krugman**" in line)
    shown = [float(cell) for cell in row.split("|")[3:6]]
    found = solved[name].indicators.loc[["RUS", "BLR", "KAZ"], "ev_pct_consumption"]
    assert found.to_numpy() == pytest.approx(shown, abs=6e-4)


def test_welfare_is_the_sum_of_its_terms(solved: dict[str, SolvedRegime]) -> None:
    found = solved[OTHER].solution.welfare()
    assert found.accuracy <= 1e-7
    table = found.by("term")
    assert table.sum(axis=1).to_numpy() == pytest.approx(found.total.to_numpy(), rel=1e-9)
    assert abs(table.loc["RUS", "variety"]) > 100.0


@pytest.mark.slow
def test_every_variable_agrees_with_ipopt(workbench: Workbench) -> None:
    """As in test_against_ipopt, with free entry; quickly on a small economy in model/test_varieties."""
    model = workbench.model
    policy = policy_of(load_regime(REGIME), workbench.base.benchmark, workbench.base.schedules)
    moved = [v for name in policy.settings for v in model.component(name).values()]
    workbench.solve(load_regime("pre-union"))
    ipopt = IpoptSystem(model, exogenous=moved)
    free = [v for v in model.component_data_objects(pyo.Var) if not v.fixed]
    before = {v.name: v.value for v in free}
    workbench.solve(load_regime(REGIME))
    ours = {v.name: v.value for v in free}
    theirs = ipopt.solve({v.name: v.value for v in moved})
    assert set(theirs) == set(ours)
    gaps = {n: abs(theirs[n] - x) / max(abs(x), abs(before[n]), 1e-300) for n, x in ours.items()}
    worst = max(gaps, key=gaps.__getitem__)
    assert gaps[worst] <= RELATIVE, f"{worst}: eacu {ours[worst]!r}, Ipopt {theirs[worst]!r}"


@pytest.mark.slow
def test_without_capital_of_their_own_sectors_do_not_come_to_rest() -> None:
    """Why the shipped table has specific capital: without it a firm that enters draws others in."""
    structure = MarketStructure.from_table(data.table(TABLE), "krugman")
    base = load_base_year()
    assert feedback(with_structure(base, structure).benchmark) < 1
    assert feedback(with_structure(base, structure.changed(specific_capital=0.0)).benchmark) > 1


@pytest.mark.slow
@pytest.mark.parametrize("closure", CLOSURES)
def test_every_closure_solves_with_firms_entering(closure: str) -> None:
    assert Workbench(load_base_year(market_structure="krugman"), closure).solve(load_regime(OTHER)).passed
