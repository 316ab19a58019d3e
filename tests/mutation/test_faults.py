"""Break an equation on purpose and the checks must notice; leave it alone and they must not."""

from __future__ import annotations

from collections import Counter

import pyomo.environ as pyo
import pytest

from eacu.model.blocks import trade
from eacu.model.closures import CLOSURES
from eacu.model.economy import BLOCKS, build_economy
from tests.mutation.conftest import MEMBERS
from tests.mutation.faults import SHORT_NAME, Fault, FaultError, read_faults
from tests.mutation.inject import body, rewritten
from tests.support.properties import BUILD, HELD, property_checks, shock_everything

FAULTS = read_faults()


def test_there_are_faults_of_every_block():
    blocks = Counter(fault.block for fault in FAULTS)
    assert len(FAULTS) >= 120
    for block in BLOCKS:
        name = block.__name__.rpartition(".")[2]
        assert blocks[name] >= 2, (
            f"block {name} has {blocks[name]} faults: enter at least two in {SHORT_NAME}"
        )


@pytest.mark.parametrize("closure", CLOSURES)
def test_a_sound_economy_passes_every_check(benchmark, closure):
    assert property_checks(benchmark, closure, MEMBERS) == []


@pytest.mark.parametrize(
    "closure", [c if c == "default" else pytest.param(c, marks=pytest.mark.slow) for c in CLOSURES]
)
def test_a_sound_economy_of_firms_passes_every_check(firms, closure):
    assert property_checks(firms, closure, MEMBERS) == []


@pytest.mark.parametrize("closure", CLOSURES)
def test_the_shock_moves_every_exogenous_variable(benchmark, closure):
    """What is never shocked can be wrong without anyone noticing."""
    m = build_economy(benchmark, closure)
    fixed = [v for v in m.component_data_objects(pyo.Var) if v.fixed]
    before = pyo.ComponentMap((v, v.value) for v in fixed)
    shock_everything(m, MEMBERS)
    moved = {v.parent_component().name for v in fixed if v.value != before[v]}
    still = {v.parent_component().name for v in fixed} - moved - set(HELD)
    assert not still, (
        f"enter {sorted(still)} in RATES, INDICES, AMOUNTS or HELD of tests/support/properties.py"
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_caught(benchmark, firms, fault: Fault):
    """In the economy without firms of their own, or else in the one with them."""
    idle = fault.block in ("varieties", "foreign_firms")  # there are none in the first
    failures = [] if idle else fault.failures(benchmark, MEMBERS, first_only=True)
    failures = failures or fault.failures(firms, MEMBERS, first_only=True)
    assert failures, (
        f"{fault.place}: no check notices. Add the check that does to tests/support, or, if nothing can (the change "
        "is none), take the fault out."
    )
    assert failures[0].check != BUILD, (
        f"{fault.place}: the equation can no longer be written, so no check is put to the test "
        f"({failures[0].found}). Enter a fault that leaves a model."
    )


def test_nothing_is_left_of_a_fault(benchmark):
    """The original code is back, whatever happened inside."""
    original = trade.shipments.__code__
    changed = rewritten(trade.shipments, "m.iceberg[g, r, s] * ", "")
    with pytest.raises(RuntimeError), body(trade.shipments, changed):
        assert trade.shipments.__code__ is changed
        raise RuntimeError
    assert trade.shipments.__code__ is original


def fault(function="shipments", old="m.iceberg[g, r, s] * ", new="", block="trade"):
    return Fault("a test", block, function, old, new)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            fault(old="m.melting"),
            r"trade.shipments holds 'm.melting' 0 times, not once: the equation has changed",
        ),
        (fault(old="m."), r"holds 'm.' 2 times, not once: which one is meant\?"),
        (fault(old="Units", new="Tons"), r"stands in words only"),
        (fault(function="shipping"), r"eacu.model.blocks.trade has no function 'shipping'"),
        (fault(block="traid"), r"no module eacu.model.blocks.traid"),
    ],
    ids=["gone", "ambiguous", "words", "function", "block"],
)
def test_a_fault_that_no_longer_fits_says_so(entry, message):
    with pytest.raises(FaultError, match=message) as raised:
        entry.code()
    assert str(raised.value).startswith(f'{SHORT_NAME}, [{entry.block}.{entry.function}] "a test": ')


def test_the_message_shows_the_equation_as_it_stands():
    with pytest.raises(FaultError, match=r"return m.iceberg\[g, r, s\] \* m.arrivals\[g, r, s\]"):
        fault(old="m.melting").code()


def test_an_entry_of_the_wrong_shape_is_refused(tmp_path):
    table = tmp_path / "faults.toml"
    table.write_text('[trade.shipments]\n"too little" = ["m.iceberg"]\n', encoding="utf-8")
    with pytest.raises(
        FaultError, match=r'\[trade.shipments\] "too little" is \[.m.iceberg.\]: give the text'
    ):
        read_faults(table)
