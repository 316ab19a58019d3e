"""The economy of one year of a path: the static economy with the block ``growth``.

The static model is not touched: its equations, its closures and its checks stay what they are, and a path is a
sequence of its equilibria. What is free and what is fixed differs between the baseline and other runs by one
exchange a region, real GDP for the productivity shifter (`hold_gdp`, `hold_efficiency`).
"""

from __future__ import annotations

from collections.abc import Collection

import pyomo.environ as pyo

from ..calibration.benchmark import Benchmark
from .blocks import growth
from .blocks.growth import BIASES, LABOUR_AUGMENTING
from .closures import Closure, ClosureError
from .economy import build_economy
from .names import nearest
from .state import State


def build_growing_economy(
    benchmark: Benchmark, closure: str | Closure = "savings-driven", bias: str = LABOUR_AUGMENTING
) -> pyo.ConcreteModel:
    """Build the static economy under a closure and add the block ``growth``, its shifter fixed.

    Args:
        benchmark: flows, rates and elasticities of the base year.
        closure: as for `eacu.model.economy.build_economy`; labour must be a mobile factor of given supply.
        bias: ``"labour"`` if progress makes labour more productive, ``"neutral"`` if all inputs alike.

    Raises:
        ClosureError: the closure or the bias is unknown, or the closure leaves free what growth would determine.
    """
    if bias not in BIASES:
        raise ClosureError(f"Unknown bias of progress {bias!r}.{nearest(bias, BIASES)}")
    m = build_economy(benchmark, closure)
    if bias == LABOUR_AUGMENTING and "wage_floor_binds" in m.closure.conditions:
        raise ClosureError(
            f"Closure {m.closure.name!r} lets employment adjust at a given wage. Real GDP then says how much labour "
            "works, but not whether more hands or better ones. Use progress that is neutral, or a wage curve."
        )
    growth.add_variables(m)
    growth.add_equations(m, bias)
    shifted = [m.endowment[key] for key in m.labour]
    if bias != LABOUR_AUGMENTING:
        shifted += list(m.productivity.values())
    for variable in shifted:
        if not variable.fixed:
            raise ClosureError(
                f"Closure {m.closure.name!r} leaves {variable.name} free, which grows with productivity in a path. "
                "Choose a closure that gives the supply of labour."
            )
        variable.unfix()
    m.labour_force.fix()
    for component in m.component_objects(pyo.Var):
        if component.name not in m.benchmark_values:
            m.benchmark_values[component.name] = {index: component[index].value for index in component}
    m.benchmark_state = State.of(m)
    hold_efficiency(m)
    return m


def hold_gdp(m: pyo.ConcreteModel, regions: Collection[str]) -> None:
    """Real GDP of the regions is given and their productivity follows; elsewhere it is the other way round.

    All regions make the closure of a baseline; some of them ask what productivity they would need; none is
    :func:`hold_efficiency`.
    """
    for region in m.R:
        given, follows = m.real_gdp[region], m.efficiency[region]
        if region not in regions:
            given, follows = follows, given
        given.fix()
        follows.unfix()


def hold_efficiency(m: pyo.ConcreteModel) -> None:
    """Productivity of every region is given and real GDP follows."""
    hold_gdp(m, ())
