"""The runner: replicate first, refuse what is wrong before solving, and solve each regime from the benchmark."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eacu.experiments import run as module
from eacu.experiments.base_year import BaseYear
from eacu.experiments.kept import KEPT
from eacu.experiments.policy import tariff_matrix
from eacu.experiments.regimes import RegimeError, load_regime
from eacu.experiments.run import BOUNDS_CHECK, RESIDUAL_CHECK, SAM_CHECK, WALRAS_CHECK, Check, Workbench, run
from eacu.model.checks import ReplicationError
from eacu.model.closures import CLOSURES, ClosureError
from eacu.model.engine import ConvergenceError, EngineError
from tests.experiments.small_economy import MEMBERS, small_base_year, small_regimes

HEAD = 'title = "A test"\ndescription = "A test."\nquestion = "Does it work?"\n'


@pytest.fixture(autouse=True)
def nothing_built_before():
    """What these tests break must reach the economy that is built."""
    KEPT.clear()


@pytest.fixture(scope="module")
def base() -> BaseYear:
    return small_base_year()


@pytest.fixture(scope="module")
def bench(base) -> Workbench:
    return Workbench(base)


@pytest.fixture(scope="module")
def result(base):
    assert {"union-2010-07", "union-2010-transition", "wto-joint", "wto-russia-2015"} <= set(small_regimes())
    return run(*small_regimes(), base=base)


def regime_file(folder: Path, text: str, closure: str = "default") -> Path:
    file = folder / "mine.toml"
    file.write_text(f'{HEAD}closure = "{closure}"\n{text}', encoding="utf-8")
    return file


def test_the_baseline_takes_no_step_and_changes_nothing(result):
    baseline = result["pre-union"]
    assert baseline.iterations == 0
    assert baseline.results["change"].abs().max() == pytest.approx(0.0, abs=1e-9)


def test_every_regime_passes_its_checks(result):
    for regime in result:
        assert regime.passed
        assert {check.name for check in regime.checks} == {
            RESIDUAL_CHECK,
            WALRAS_CHECK,
            SAM_CHECK,
            BOUNDS_CHECK,
        }
        assert regime.max_residual <= 1e-9
        assert abs(regime.walras) <= 1e-8
        assert regime.sam.balance_gap() <= 1e-6


def test_the_solution_holds_the_regime_that_was_asked_for(base, result):
    for regime in result:
        state = regime.solution.state
        expected = tariff_matrix(regime.regime, base.benchmark, base.schedules)
        pd.testing.assert_series_equal(
            state["import_tariff"].reindex(expected.index), expected, check_names=False, rtol=1e-15
        )
        pooling = regime.regime.union.pooling
        for region in base.benchmark.regions:
            assert state["pooled"][region] == float(pooling and region in MEMBERS)
            assert state["union_member"][region] == float(region in regime.regime.members)
            key = regime.regime.union.keys[region] if pooling and region in MEMBERS else 0.0
            assert state["pool_share"][region] == key


def test_pooled_duties_are_paid_out_by_the_keys(result):
    union = result["union-2010-07"]
    table = union.indicators.loc[list(MEMBERS)]
    assert table["pool_transfer_usd_mn"].sum() == pytest.approx(0.0, abs=1e-9)
    received = table["tariff_received_usd_mn"] / table["tariff_received_usd_mn"].sum()
    for member, key in union.regime.union.keys.items():
        assert received[member] == pytest.approx(key, rel=1e-9)


def test_regimes_do_not_depend_on_their_order(base, bench, result):
    backwards = run(*reversed(small_regimes()), base=base)
    for regime in result:
        pd.testing.assert_frame_equal(
            regime.indicators, backwards[regime.name].indicators, atol=1e-8, rtol=1e-8
        )


def test_effects_show_members_in_rows_and_regimes_in_columns(result):
    effects = result.effects
    assert list(effects.columns) == small_regimes()
    assert effects.index.unique("member").tolist() == list(MEMBERS)
    value = result["wto-joint"].indicators.loc["BLR", "cpi_pct"]
    assert effects.loc[("BLR", "cpi_pct"), "wto-joint"] == value


def test_a_regime_without_a_union_counts_the_members_of_2010_as_intra(result):
    assert result["wto-only"].regime.members == ()
    assert result["wto-only"].solution.members == MEMBERS


def test_closures_can_be_overridden_and_are_recorded(base, result):
    other = run("union-2010-07", closure="short-run", base=base)
    assert other.closures == {"short-run": CLOSURES["short-run"].description}
    default = result["union-2010-07"].indicators["real_gdp_pct"]
    assert (other["union-2010-07"].indicators["real_gdp_pct"] - default).abs().max() > 1e-3


def test_regimes_with_different_closures_run_side_by_side(base, result, tmp_path):
    mine = regime_file(tmp_path, 'builds_on = "union-2010-07"\n', closure="short-run")
    both = run("union-2010-07", mine, base=base)
    assert [regime.closure.name for regime in both] == ["default", "short-run"]
    pd.testing.assert_frame_equal(both["union-2010-07"].indicators, result["union-2010-07"].indicators)


def test_unknown_names_are_refused_before_anything_is_built(base, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "Workbench", lambda *_: pytest.fail("the economy was built"))
    with pytest.raises(RegimeError, match="did you mean 'union-2010-07'"):
        run("pre-union", "union-2010-7", base=base)
    with pytest.raises(RegimeError, match=r"unknown region 'KZA'; did you mean 'KAZ'\?"):
        run("pre-union", regime_file(tmp_path, '[tariffs]\nKZA = "cet"\n'), base=base)
    with pytest.raises(RegimeError, match=r"mine.toml, line 4: .*Did you mean 'default'\?"):
        run(regime_file(tmp_path, "", closure="defualt"), base=base)
    with pytest.raises(ClosureError, match=r"Did you mean 'short-run'\?"):
        run("pre-union", closure="shortrun", base=base)
    with pytest.raises(RegimeError, match="named 2 times"):
        run("pre-union", "pre-union", base=base)
    with pytest.raises(RegimeError, match="no regime is named"):
        run(base=base)


def test_an_economy_that_does_not_replicate_is_refused(base, monkeypatch):
    real = module.build_economy

    def spoilt(*arguments):
        model = real(*arguments)
        model.import_tariff["mac", "RUS", "KAZ"].set_value(0.5)
        return model

    monkeypatch.setattr(module, "build_economy", spoilt)
    with pytest.raises(ReplicationError, match="does not reproduce its benchmark"):
        Workbench(base)


def test_a_compiler_that_gets_an_equation_wrong_is_caught(base, monkeypatch):
    """A wrong derivative or exponent is invisible at the benchmark, where every price is one."""
    real = module.compile_model

    def wrong(model):
        system = real(model)
        evaluate = system.evaluate
        kind = [name.startswith("market_flow") for name in system.equation_names]

        def tampered(x=None):
            at = evaluate(x)
            if x is not None and not np.array_equal(x, system.values):
                at.positive[kind] *= 1.01
            return at

        system.evaluate = tampered
        return system

    monkeypatch.setattr(module, "compile_model", wrong)
    with pytest.raises(EngineError, match=r"market_flow\[.* differs from Pyomo's by"):
        Workbench(base)


def test_a_regime_that_cannot_be_solved_is_named(bench, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ConvergenceError("no solution", [], [])

    monkeypatch.setattr(module, "solve_system", fail)
    with pytest.raises(ConvergenceError) as caught:
        bench.solve(load_regime("union-2010-07"))
    assert caught.value.__notes__ == ["The regime was union-2010-07, closure default."]


@pytest.fixture
def unsolvable(monkeypatch):
    """The second regime that is solved from the benchmark has no solution."""
    real, calls = module.solve_system, []

    def fail_once(*arguments, **options):
        calls.append(1 if options else 0)
        if options and sum(calls) == 2:
            raise ConvergenceError("no solution", [], [])
        return real(*arguments, **options)

    monkeypatch.setattr(module, "solve_system", fail_once)


def test_a_regime_without_a_solution_does_not_lose_the_others(base, result, unsolvable):
    found = run("union-2010-01", "union-2010-07", "wto-joint", base=base)
    assert [regime.name for regime in found] == ["union-2010-01", "wto-joint"]
    assert not found.passed
    assert found.status == "not solved"
    (failure,) = found.failed
    assert failure.name == "union-2010-07"
    assert failure.message.startswith("no solution\n")
    assert failure.message.endswith("\nThe regime was union-2010-07, closure default.")
    with pytest.raises(KeyError, match=r"'union-2010-07' was not solved: no solution"):
        found["union-2010-07"]
    for regime in found:
        assert regime.passed
        pd.testing.assert_frame_equal(regime.indicators, result[regime.name].indicators, atol=1e-8)


def test_a_run_goes_to_another_process_and_comes_back_the_same(base, unsolvable):
    sent = run("union-2010-01", "union-2010-07", base=base)
    found = pickle.loads(pickle.dumps(sent))
    (one,), (same,) = sent.solved, found.solved
    assert same.solution.record == one.solution.record
    assert same.checks == one.checks
    pd.testing.assert_frame_equal(same.indicators, one.indicators, check_exact=True)
    pd.testing.assert_frame_equal(same.results, one.results, check_exact=True)
    pd.testing.assert_frame_equal(same.sam.table, one.sam.table, check_exact=True)
    assert found.status == "not solved"
    assert found.failed[0].message == sent.failed[0].message


def test_if_no_regime_is_solved_the_error_is_raised(base, monkeypatch):
    real = module.solve_system

    def fail(*arguments, **options):
        if options:
            raise ConvergenceError("no solution", [], [])
        return real(*arguments, **options)

    monkeypatch.setattr(module, "solve_system", fail)
    with pytest.raises(ConvergenceError):
        run("union-2010-01", "union-2010-07", base=base)


def test_the_closure_gets_the_choices_that_the_policy_needs(monkeypatch):
    """They replace what is left as by default, and nothing that was chosen."""
    union = load_regime("union-2010-07")
    assert module._closure_of(union, None).name == "default"
    monkeypatch.setattr(module, "needed_choices", lambda regime: ("wage-curve", "specific"))
    assert module._closure_of(union, None).name == "default+wage-curve+specific"
    chosen = module._closure_of(union, "rigid-wage")
    assert chosen.name == "rigid-wage+specific"
    assert [choice.name for choice in chosen.choices][:2] == ["rigid-real-wage", "specific"]


def test_a_failed_solve_does_not_spoil_the_next_one(base, result):
    bench = Workbench(base)
    real = bench._system.evaluate
    bench._system.evaluate = lambda x=None: (_ for _ in ()).throw(EngineError("interrupted"))
    with pytest.raises(EngineError):
        bench.solve(load_regime("wto-joint"))
    bench._system.evaluate = real
    again = bench.solve(load_regime("union-2010-07"))
    pd.testing.assert_frame_equal(again.indicators, result["union-2010-07"].indicators, atol=1e-8)


@pytest.mark.parametrize(
    ("value", "passed"), [(1e-9, True), (-1e-9, True), (1.1e-9, False), (float("nan"), False)]
)
def test_a_check_is_passed_only_by_a_number_within_its_tolerance(value, passed):
    check = Check("name", value, 1e-9)
    assert check.passed is passed
    assert check.as_dict()["value"] == (value if value == value else None)


def test_one_failed_check_fails_the_run(result):
    first, *others = result.solved
    spoilt = replace(first, checks=(Check("largest residual", 1.0, 1e-9),))
    assert result.passed
    assert not replace(result, solved=(spoilt, *others)).passed


def test_a_shared_market_for_capital_does_not_outlive_membership():
    with pytest.raises(RegimeError, match="capital moves between BLR, KAZ, RUS, whoever is a member"):
        run("exit-belarus", closure="mobile-in-union")
