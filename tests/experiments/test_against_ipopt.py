"""Every shipped regime, solved a second time by Ipopt from the same Pyomo model and the same starting point."""

import pyomo.environ as pyo
import pytest

from eacu.experiments.base_year import load_base_year
from eacu.experiments.regimes import load_regime, regime_names
from eacu.experiments.run import Workbench
from tests.support.ipopt import IpoptSystem

RELATIVE = 1e-8
POLICY = ("import_tariff", "union_member", "pooled", "pool_share")


@pytest.fixture(scope="module")
def workbench() -> Workbench:
    return Workbench(load_base_year())


@pytest.fixture(scope="module")
def ipopt(workbench: Workbench) -> IpoptSystem:
    workbench.solve(load_regime("pre-union"))
    return IpoptSystem(workbench.model, exogenous=policy_variables(workbench.model))


def policy_variables(model: pyo.ConcreteModel) -> list:
    return [v for name in POLICY for v in model.component(name).values()]


@pytest.mark.parametrize("name", [n for n in regime_names() if n != "pre-union"])
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
