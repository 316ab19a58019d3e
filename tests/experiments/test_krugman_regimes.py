"""Shipped regimes with firms entering, on the shipped base year."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest

from eacu.experiments.base_year import load_base_year
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
@pytest.mark.parametrize("closure", CLOSURES)
def test_every_closure_solves_with_firms_entering(closure: str) -> None:
    assert Workbench(load_base_year(market_structure="krugman"), closure).solve(load_regime(OTHER)).passed
