"""Break an equation on purpose and the checks must notice; leave it alone and they must not."""

from __future__ import annotations

from collections import Counter

import pytest

from eacu.model.blocks import trade
from eacu.model.closures import CLOSURES
from eacu.model.economy import BLOCKS
from tests.mutation.conftest import MEMBERS
from tests.mutation.faults import Fault, read_faults
from tests.mutation.inject import body, rewritten
from tests.support.properties import property_checks

FAULTS = read_faults()


def test_there_are_faults_of_every_block():
    blocks = Counter(fault.block for fault in FAULTS)
    assert len(FAULTS) >= 80
    assert set(blocks) == {"functions", *(block.__name__.rpartition(".")[2] for block in BLOCKS)}


@pytest.mark.parametrize("closure", CLOSURES)
def test_a_sound_economy_passes_every_check(benchmark, closure):
    assert property_checks(benchmark, closure, MEMBERS) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_caught(benchmark, fault: Fault):
    with body(fault.function, rewritten(fault.function, fault.old, fault.new)):
        failures = property_checks(benchmark, fault.closure, MEMBERS, first_only=True)
    assert failures, f"no check notices: {fault.what}"


def test_nothing_is_left_of_a_fault(benchmark):
    """The original code is back, whatever happened inside."""
    original = trade.shipments.__code__
    changed = rewritten(trade.shipments, "m.iceberg[g, r, s] * ", "")
    with pytest.raises(RuntimeError), body(trade.shipments, changed):
        assert trade.shipments.__code__ is changed
        raise RuntimeError
    assert trade.shipments.__code__ is original


def test_a_fault_whose_equation_has_changed_is_reported():
    with pytest.raises(
        LookupError, match=r"eacu.model.blocks.trade.shipments holds 'm.melting' 0 times, not once"
    ):
        rewritten(trade.shipments, "m.melting", "")
