"""Shipped regimes, solved a second time by Ipopt from the same Pyomo model and the same starting point.

All that are solved under the default closure; those with complementarity conditions (a quota, migration) are no
systems of smooth equations, and the conditions have tests of their own.
"""

import pyomo.environ as pyo
import pytest

from eacu.experiments.base_year import load_base_year
from eacu.experiments.policy import needed_choices, policy_of
from eacu.experiments.regimes import load_regime, regime_names
from eacu.experiments.run import Workbench
from tests.support.ipopt import IpoptSystem

RELATIVE = 1e-8
QUICK = ("union-2011", "wto-kazakhstan-2015")
"""Between them every kind of policy; the others are as slow and add no mechanism."""


def smooth_regimes() -> list[str]:
    """Regimes of the shipped base year, besides the baseline, that need no choice beyond the default closure's."""
    regimes = [load_regime(name) for name in regime_names() if name != "pre-union"]
    return [r.name for r in regimes if not needed_choices(r) and not getattr(r, "base_year", None)]


@pytest.fixture(scope="module")
def workbench() -> Workbench:
    return Workbench(load_base_year())


@pytest.fixture(scope="module")
def ipopt(workbench: Workbench) -> IpoptSystem:
    workbench.solve(load_regime("pre-union"))
    return IpoptSystem(workbench.model, exogenous=policy_variables(workbench.model))


def policy_variables(model: pyo.ConcreteModel) -> list:
    base = load_base_year()
    policies = [policy_of(load_regime(name), base.benchmark, base.schedules) for name in smooth_regimes()]
    names = dict.fromkeys(name for policy in policies for name in policy.settings)
    return [v for name in names for v in model.component(name).values()]


def marked(name: str) -> object:
    return pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)


@pytest.mark.parametrize("name", [marked(name) for name in smooth_regimes()])
def test_every_variable_agrees_with_ipopt(workbench: Workbench, ipopt: IpoptSystem, name: str) -> None:
    model = workbench.model
    workbench.solve(load_regime("pre-union"))
    free = [v for v in model.component_data_objects(pyo.Var) if not v.fixed]
    benchmark = {v.name: v.value for v in free}
    workbench.solve(load_regime(name))
    ours = {v.name: v.value for v in free}
    theirs = ipopt.solve({v.name: v.value for v in policy_variables(model)})
    assert set(theirs) == set(ours)
    size = {n: max(abs(value), abs(benchmark[n])) for n, value in ours.items()}
    gaps = {n: abs(theirs[n] - ours[n]) / size[n] for n in ours if size[n] > 0}
    worst = max(gaps, key=gaps.__getitem__)
    assert gaps[worst] <= RELATIVE, f"{worst}: eacu {ours[worst]!r}, Ipopt {theirs[worst]!r}"
