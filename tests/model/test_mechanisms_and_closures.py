"""Migration, capital that moves between members and quotas, together with every closure that leaves them room.

Quotas alone under every closure are in test_rents_and_quotas, every closure without the three in mutation/test_faults.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest

from eacu.calibration.benchmark import Benchmark
from eacu.experiments.regimes import RegimeError
from eacu.experiments.run import run
from eacu.model.checks import REPLICATION, WALRAS
from eacu.model.closures import CLOSURES, DEFAULT, Closure, ClosureError, compose
from eacu.model.economy import build_economy
from eacu.model.engine import ConvergenceError, compile_model, solve, solve_system
from eacu.model.state import State
from eacu.model.swap import swap
from tests.mutation.conftest import MEMBERS, small_benchmark
from tests.support.properties import OPTIONS, SAM_AGREEMENT, Failure, property_checks, shock_everything
from tests.support.synthetic import synthetic_benchmark

MIGRATION, CAPITAL, QUOTA = "migration", "mobile-in-union", "tariff-rate-quota"
ALL_THREE = (MIGRATION, CAPITAL, QUOTA)
EQUAL_YIELD = "equal-yield-direct-tax"
CAPITAL_CLOSED = {"short-run": "specific", "steady-state": "steady-state-capital"}
"""Closures that say themselves where capital works, and what they say."""
NEEDED = {
    "ces-2012": MIGRATION,
    "oil-2010": QUOTA,
    "union-plus-kyrgyzstan": MIGRATION,
    "exit-belarus": MIGRATION,
}
"""Regimes -> the mechanism that each needs, whatever the closure."""
REGIMES, OTHER_MEMBERS = tuple(NEEDED), ("union-plus-kyrgyzstan", "exit-belarus")


def with_mechanisms(closure: str, *mechanisms: str) -> Closure:
    """The closure's own choices and the mechanisms; unlike a name joined by ``+``, none replaces another."""
    own = [choice.name for choice in CLOSURES[closure].choices if choice not in DEFAULT.choices]
    return compose("+".join([closure, *mechanisms]), *own, *mechanisms)


def open_to(closure: str, *mechanisms: str) -> tuple[str, ...]:
    """Those of the mechanisms whose market the closure leaves open."""
    return tuple(name for name in mechanisms if name != CAPITAL or closure not in CAPITAL_CLOSED)


@cache
def economy(build: Callable[[], Benchmark]) -> Benchmark:
    return build()


@cache
def failures(build: Callable[[], Benchmark], choices: tuple[str, ...]) -> list[Failure]:
    """Cached, as some closures differ in name only once the mechanisms are added to them."""
    return property_checks(economy(build), compose("+".join(choices), *choices), MEMBERS)


def failures_under(closure: Closure, build: Callable[[], Benchmark] = small_benchmark) -> list[Failure]:
    return failures(build, tuple(choice.name for choice in closure.choices))


@pytest.mark.parametrize("closure", CLOSURES)
def test_all_properties_hold_with_borders_open_to_labour(closure):
    assert failures_under(with_mechanisms(closure, MIGRATION)) == []


@pytest.mark.parametrize("closure", [name for name in CLOSURES if name not in CAPITAL_CLOSED])
def test_all_properties_hold_with_capital_mobile_in_the_union(closure):
    assert failures_under(with_mechanisms(closure, CAPITAL)) == []


@pytest.mark.parametrize("closure", CLOSURES)
def test_all_properties_hold_with_all_mechanisms_together(closure):
    """All three, or the two that are left where the closure says where capital works.

    On the small economy, but for the closure under which it has no equilibrium: see below.
    """
    mechanisms = open_to(closure, *ALL_THREE)
    assert len(mechanisms) == (2 if closure in CAPITAL_CLOSED else 3)
    together = with_mechanisms(closure, *mechanisms)
    assert set(mechanisms) <= {choice.name for choice in together.choices}
    build = synthetic_benchmark if closure == EQUAL_YIELD else small_benchmark
    assert failures_under(together, build) == []


@pytest.mark.parametrize("mechanisms", [(CAPITAL,), ALL_THREE])
@pytest.mark.parametrize(("closure", "own"), CAPITAL_CLOSED.items())
def test_capital_cannot_be_told_twice_where_to_work(closure, own, mechanisms):
    """The reason, and the only one, why these pairs are not among those checked."""
    with pytest.raises(ClosureError, match=f"closes the market for capital twice: {own} and {CAPITAL}"):
        with_mechanisms(closure, *mechanisms)


@pytest.mark.parametrize(
    ("build", "mechanisms"),
    [
        (small_benchmark, (MIGRATION,)),
        (small_benchmark, (CAPITAL,)),
        (small_benchmark, ALL_THREE),
        (synthetic_benchmark, ALL_THREE),
    ],
)
def test_the_shock_puts_the_mechanisms_to_use(build, mechanisms):
    """Else the properties would hold for want of anybody who moves."""
    model = build_economy(economy(build), with_mechanisms("default", *mechanisms))
    shock_everything(model, MEMBERS)
    solve(model, OPTIONS)
    x = State.of(model)
    if MIGRATION in mechanisms:
        assert x["migrants"].max() > 1.0  # thousand workers
    if CAPITAL in mechanisms:
        assert x["capital_inflow"].abs().max() > 1.0  # million USD
    if QUOTA in mechanisms:
        binding = x["quota_scarcity"].between(1e-6, 1 - 1e-6)
        assert binding.any()
        assert x["quota_scarcity"].max() == pytest.approx(1.0)


def test_a_tax_base_that_can_leave_may_not_bear_the_shock():
    """Why the small economy is not asked for all three under an equal-yield direct tax: it has no equilibrium.

    The tax of Belarus is raised by hand and the transfer that it pays for is measured instead. Workers and
    capital leave, and its household has nothing left above its committed purchases (the linear expenditure system
    has no demand below them) while the transfer is still far below what the closure demands.
    """
    model = build_economy(economy(small_benchmark), with_mechanisms(EQUAL_YIELD, *ALL_THREE))
    shock_everything(model, MEMBERS)
    system = compile_model(model)
    with pytest.raises(ConvergenceError) as caught:
        solve_system(system, OPTIONS)
    # args, not match=: the whole message searches for the equations in conflict, which takes seconds
    assert "no solution was found" in caught.value.args[0]
    required = model.real_transfer["BLR"].value
    swap(model, fix="direct_tax_retention[BLR]", free="real_transfer[BLR]", system=system)
    path = []
    for retention in (1.0, 0.9, 0.84, 0.83):
        model.direct_tax_retention["BLR"].set_value(retention)
        system.refresh()
        solve_system(system)
        system.write_back(system.values)
        emigrants = sum(v.value for (_, origin, _), v in model.migrants.items() if origin == "BLR")
        path.append(
            (retention, emigrants, -model.capital_inflow["BLR"].value, model.real_transfer["BLR"].value)
        )
    frame = pd.DataFrame(path, columns=["retention", "emigrants", "capital abroad", "transfer"])
    steps = frame.set_index("retention").diff().iloc[1:]
    assert (steps > 0).all(axis=None)
    assert 0 < model.supernumerary["BLR"].value < 0.01
    assert frame["transfer"].iloc[-1] < required - 5.0  # million USD, of which 15 are required


@pytest.mark.slow
@pytest.mark.parametrize("closure", CLOSURES)
def test_shipped_regimes_with_mechanisms_solve_under_every_closure(closure):
    """Migration, quotas and another membership on the real base year, the regime's own choices added.

    A membership that is not the capital market's is left to the test below.
    """
    own = {choice.name for choice in CLOSURES[closure].choices if choice not in DEFAULT.choices}
    asked = [name for name in REGIMES if CAPITAL not in own or name not in OTHER_MEMBERS]
    result = run(*asked, closure=closure)
    assert [failure.message for failure in result.failed] == []
    assert [regime.name for regime in result] == asked
    for regime in result:
        choices = {choice.name for choice in regime.closure.choices}
        assert own | {NEEDED[regime.name]} <= choices
        assert regime.iterations > 0
        assert regime.solution.record.max_residual <= REPLICATION
        assert abs(regime.walras) <= WALRAS
        assert regime.sam.balance_gap() <= SAM_AGREEMENT
        assert regime.passed


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER_MEMBERS)
def test_a_union_of_others_than_share_capital_is_refused(name):
    """The reason, and the only one, why these regimes are not solved with capital mobile in the union."""
    with pytest.raises(
        RegimeError, match=f"{name}: its members are .* under the choice {CAPITAL} capital moves"
    ):
        run(name, closure="union-capital")
