"""Every arithmetic operation of every equation, broken in turn: minutes of work, so not by default."""

from __future__ import annotations

from types import FunctionType

import pytest

from eacu.model import functions
from eacu.model.economy import BLOCKS
from tests.mutation.conftest import MEMBERS
from tests.mutation.inject import body, mutants
from tests.support.properties import property_checks

FUNCTIONS = [
    function
    for module in (*BLOCKS, functions)
    for function in vars(module).values()
    if isinstance(function, FunctionType) and function.__module__ == module.__name__
]
CLOSURES = ("default", "migration+mobile-in-union+tariff-rate-quota")
"""The second puts in force what the first leaves idle."""
EQUIVALENT = {
    # the allowance for rounding in a comparison of income elasticities with their limit
    "households._les_of_region swap: -frisch * (1 + 1e-12)",
    "households._les_of_region drop right: -frisch * (1 + 1e-12)",
    "households._les_of_region swap: 1 + 1e-12",
    "households._les_of_region drop right: 1 + 1e-12",
    # what members own stands on both sides, and nothing ever remains outside
    "capital.balance_capital swap: m.endowment0[CAPITAL, r] * m.endowment[CAPITAL, r]",
    "capital.balance_capital drop left: m.endowment0[CAPITAL, r] * m.endowment[CAPITAL, r]",
    "capital.balance_capital swap: sum(owned.values()) + m.capital_outside[u]",
    "capital.balance_capital swap: owned[r] + m.capital_inflow[r]",
}
"""Changes that change nothing."""


def test_there_is_much_to_break():
    assert sum(1 for function in FUNCTIONS for _ in mutants(function)) > 600


@pytest.mark.slow
@pytest.mark.parametrize(
    "function", FUNCTIONS, ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__name__}"
)
def test_no_broken_operation_goes_unnoticed(benchmark, firms, function):
    survivors = []
    for mutant in mutants(function):
        with body(mutant.function, mutant.code):
            noticed = any(
                property_checks(b, c, MEMBERS, first_only=True) for b in (benchmark, firms) for c in CLOSURES
            )
        if not noticed and mutant.name not in EQUIVALENT:
            survivors.append(f"line {mutant.line}: {mutant.change}")
    assert not survivors
