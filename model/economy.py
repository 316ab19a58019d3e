"""The economy: all blocks put together into one square Pyomo model of nonlinear equations.

Every price and activity variable is one in the benchmark; payments are million USD. Instruments and other
exogenous quantities are variables that a closure fixes.
"""

from __future__ import annotations

from collections.abc import Hashable
from types import ModuleType

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from ..calibration.benchmark import Benchmark
from . import sets
from .blocks import (
    capital,
    customs_union,
    export_duties,
    external,
    factors,
    foreign_firms,
    government,
    households,
    investment,
    migration,
    production,
    quotas,
    rents,
    supply,
    taxes,
    trade,
    transport,
    varieties,
)
from .closures import Closure, find_closure
from .state import State

BLOCKS: tuple[ModuleType, ...] = (
    production,
    supply,
    varieties,
    foreign_firms,
    trade,
    transport,
    quotas,
    rents,
    migration,
    capital,
    households,
    factors,
    taxes,
    customs_union,
    export_duties,
    government,
    investment,
    external,
)
"""In an order in which every block finds the named expressions of earlier ones."""


def block_of_equation() -> dict[str, str]:
    """Name of every equation -> the name of its block."""
    return {
        name: block.__name__.rpartition(".")[2]
        for block in BLOCKS
        for name in (*block.EQUATIONS, *getattr(block, "COMPLEMENTARITIES", ()))
    }


def build_economy(benchmark: Benchmark, closure: str | Closure = "default") -> pyo.ConcreteModel:
    """Build the model at its benchmark point and apply a closure.

    Args:
        benchmark: flows, rates and elasticities of the base year.
        closure: name of a closure in :data:`eacu.model.closures.CLOSURES`, or one of your own.

    Returns:
        A square Pyomo model: as many free variables as equations. It carries
        ``model.benchmark``, ``model.closure`` and the benchmark point (``model.benchmark_values`` by variable
        and index, ``model.benchmark_state`` as series).

    Raises:
        ClosureError: unknown closure, or one that does not leave the model square.
        KeyError: the benchmark lacks a number that a block needs.
    """
    with PauseGC():  # nearly all objects made here stay: looking through them takes a third of the time
        m = _declared(benchmark)
        for block in BLOCKS:
            block.add_equations(m)
        m.benchmark_values = _values(m)
        m.benchmark_state = State.of(m)
        find_closure(closure).apply(m)
    return m


def benchmark_values(benchmark: Benchmark) -> dict[str, dict[Hashable, float]]:
    """Value of every variable in the base year by index, instruments among them, without building equations."""
    return _values(_declared(benchmark))


def _declared(benchmark: Benchmark) -> pyo.ConcreteModel:
    """Sets, parameters and variables at their benchmark values; no equations yet."""
    m = pyo.ConcreteModel(name="eacu")
    m.benchmark = benchmark
    sets.add(m, benchmark)
    for block in BLOCKS:
        if hasattr(block, "add_variables"):
            block.add_variables(m, benchmark)
    return m


def _values(m: pyo.ConcreteModel) -> dict[str, dict[Hashable, float]]:
    return {
        variable.name: {index: variable[index].value for index in variable}
        for variable in m.component_objects(pyo.Var)
    }
