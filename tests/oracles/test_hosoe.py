"""Hosoe, Gasawa and Hashimoto's models: tariffs abolished in a small country, a large one, and two; a quota."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyomo.environ as pyo
import pytest

from eacu.model.engine import compile_model, solve, solve_system
from tests.oracles.hosoe import FACTORS, GOODS, NUMERAIRE, World, build, levels, utility
from tests.oracles.reading import DATA, read_levels, read_sam
from tests.support.ipopt import ipopt_values


@dataclass(frozen=True)
class Case:
    folder: str
    sams: dict[str, str]
    world: World
    table: str
    column: str
    tolerance: float


CASES = (
    Case(
        "hosoe_stdcge",
        {"": "sam.csv"},
        "small country",
        "counterfactual_tariff_abolition_levels.csv",
        "level",
        1e-9,
    ),
    Case("hosoe_lrgcge", {"": "sam.csv"}, "large country", "results.csv", "counterfactual", 1e-8),
    Case(
        "hosoe_twocge",
        {"JPN": "sam_JPN.csv", "USA": "sam_USA.csv"},
        "two countries",
        "results.csv",
        "counterfactual",
        1e-8,
    ),
)


def model_of(case: Case) -> tuple[pyo.ConcreteModel, dict]:
    sams = {r: read_sam(case.folder, name) for r, name in case.sams.items()}
    return build(sams, case.world), sams


@pytest.fixture(params=CASES, ids=lambda case: case.folder)
def case(request) -> Case:
    return request.param


def test_benchmark_replicates_without_a_step(case):
    model, _ = model_of(case)
    record = solve(model)
    assert record.iterations == 0
    assert record.max_residual < 1e-13


def test_counterfactual_agrees_with_the_reference(case):
    model, _ = model_of(case)
    model.taum.fix(0.0)
    assert solve(model).iterations > 0
    found = levels(model)
    expected = read_levels(case.folder, case.table, case.column)
    compared = {key: value for key, value in expected.items() if key[0] not in ("UU", "Tm")}
    assert len(compared) > 40
    for key, value in compared.items():
        assert found[key] == pytest.approx(value, rel=case.tolerance), key
    assert all(model.Tm[key].value == 0.0 for key in model.Tm)  # abolished means zero, not nearly


def test_the_market_left_out_by_walras_law_clears(case):
    model, _ = model_of(case)
    model.taum.fix(0.0)
    solve(model)
    for r in model.r:
        use = sum(model.F[NUMERAIRE, j, r].value for j in GOODS)
        assert use == pytest.approx(model.FF[NUMERAIRE, r].value, rel=1e-12)


def test_numeraire_scales_prices_and_no_quantity(case):
    model, _ = model_of(case)
    model.taum.fix(0.0)
    system = compile_model(model)
    solve_system(system)
    before = levels_of(system)
    for r in model.r:
        model.pf[NUMERAIRE, r].fix(1.1)
    if case.world == "two countries":  # nominal in each country; the exchange rate ties them
        model.epsilon["USA"].fix(1.1)
    system.refresh()
    solve_system(system)
    after = levels_of(system)
    for name in ("Z", "Xp", "E", "M", "F"):
        for key, value in before.items():
            if key.startswith(f"{name}["):
                assert after[key] == pytest.approx(value, rel=1e-9), key
    assert after[f"pf[{FACTORS[0]},{next(iter(model.r))}]"] == pytest.approx(
        1.1 * before[f"pf[{FACTORS[0]},{next(iter(model.r))}]"], rel=1e-9
    )


def levels_of(system) -> dict[str, float]:
    return dict(zip(system.variable_names, system.values.tolist(), strict=True))


def test_welfare_of_the_small_country():
    case = CASES[0]
    published = json.loads((DATA / case.folder / "welfare.json").read_text())
    model, sams = model_of(case)
    base = utility(model, sams, "")
    model.taum.fix(0.0)
    solve(model)
    shocked = utility(model, sams, "")
    assert base == pytest.approx(published["UU0"], rel=1e-12)
    assert shocked == pytest.approx(published["UU_counterfactual"], rel=1e-10)
    spending = published["ep0"]  # benchmark prices are 1, so expenditure is proportional to utility
    assert spending * (shocked / base - 1) == pytest.approx(published["EV"], rel=1e-8)


@pytest.mark.parametrize("case", CASES[1:], ids=lambda case: case.folder)
def test_objective_reported_by_gams(case):
    reported = json.loads((DATA / case.folder / "objective.json").read_text())["objective_GAMS_reported"]
    model, sams = model_of(case)
    model.taum.fix(0.0)
    solve(model)
    assert sum(utility(model, sams, r) for r in sams) == pytest.approx(reported, abs=5e-5)


def test_ipopt_finds_the_same_equilibrium(case):
    model, _ = model_of(case)
    for key in model.taum:
        model.taum[key].fix(0.5 * model.taum[key].value)
    independent = ipopt_values(model)
    solve(model)
    for variable in model.component_data_objects(pyo.Var):
        if not variable.fixed:
            assert variable.value == pytest.approx(independent[variable.name], rel=1e-9), variable.name


# ---- the import quota -----------------------------------------------------------------------------------


def quota_model() -> pyo.ConcreteModel:
    return build({"": read_sam("hosoe_quocge")}, "small country", quotas=True)


def test_slack_quotas_leave_the_benchmark_alone():
    model = quota_model()
    solve(model)
    assert all(model.chi[key].value == pytest.approx(0, abs=1e-12) for key in model.chi)
    base = read_levels("hosoe_quocge", "results.csv", "benchmark")
    for key, value in levels(model).items():
        if key in base:
            assert value == pytest.approx(base[key], rel=1e-10, abs=1e-12), key


def test_a_binding_quota_agrees_with_the_reference():
    model = quota_model()
    model.Mquota["BRD", ""].fix(0.9 * model.M["BRD", ""].value)
    solve(model)
    found = levels(model) | {("RT", i): pyo.value(model.RT[i, ""]) for i in GOODS}
    expected = read_levels("hosoe_quocge", "results.csv", "counterfactual")
    compared = {key: value for key, value in expected.items() if key[0] != "UU"}
    assert len(compared) > 50
    for key, value in compared.items():
        assert found[key] == pytest.approx(value, rel=1e-8, abs=1e-12), key
    assert found["chi", "BRD"] == pytest.approx(0.105687138, rel=1e-8)
    reported = json.loads((DATA / "hosoe_quocge" / "objective.json").read_text())["objective_GAMS_reported"]
    assert utility(model, {"": read_sam("hosoe_quocge")}, "") == pytest.approx(reported, abs=5e-5)
