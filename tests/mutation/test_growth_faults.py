"""Every arithmetic operation of growth and accumulation, broken in turn, is noticed."""

from __future__ import annotations

from types import FunctionType

import numpy as np
import pytest

from eacu.experiments.accumulation import Accumulation, CapitalRules
from eacu.experiments.dynamics import DynamicEconomy, SolvedPath
from eacu.model.blocks import growth
from eacu.model.engine import EngineError
from tests.mutation.inject import body, mutants
from tests.support.growing import benchmark, investment, solved, tariffs, uneven

BLOCK = [
    function
    for function in vars(growth).values()
    if isinstance(function, FunctionType) and function.__name__.startswith("definition_")
]
CLOSURES = ("replacement", "replacement+specific")
ELASTICITY, COST = 2.0, 0.7
"""Of investment and of its division; with one, a power that is forgotten would not show. And of installation."""
RULES = CapitalRules(ELASTICITY, ELASTICITY, COST)


def faults(closure: str, bias: str) -> list[str]:
    """What is wrong with a growing economy, by definitions worked out again here."""
    try:
        economy = DynamicEconomy(benchmark(), uneven(4), closure, bias, RULES)
        paths = solved(economy, tariffs(0.3))
    except (EngineError, ValueError, ArithmeticError, AttributeError, TypeError, RuntimeWarning) as error:
        return [type(error).__name__]
    return [name for path in paths for name, wrong in checks(economy, path, bias).items() if wrong]


def checks(economy: DynamicEconomy, path: SolvedPath, bias: str) -> dict[str, bool]:
    """Name of a definition -> whether the path breaks it."""
    grown, year = economy.growth, path.years[-1]
    found = path.solution(year).regions
    labour = path["labour_force"]
    regions = labour.columns.get_level_values(1)
    shifter = path["efficiency"]
    per_head = (path["endowment"][labour.columns] / labour).to_numpy()
    expected = shifter[regions].to_numpy() if bias == "labour" else np.ones_like(per_head)
    wrong = {
        "labour force": not np.allclose(labour, grown.labour_force[regions]),
        "efficiency": not np.allclose(per_head, expected),
        "real GDP": not np.allclose(path["real_gdp"].loc[year], 1 + found["real_gdp_pct"] / 100),
        "consumption": not np.allclose(
            path["consumption_volume"].loc[year], 1 + found["consumption_pct"] / 100
        ),
        "welfare": not np.allclose(path["welfare"].loc[year], 1 + found["ev_pct_consumption"] / 100),
    }
    if bias == "neutral":
        keys = path["productivity"].columns.get_level_values(1)
        wrong["productivity"] = not np.allclose(path["productivity"], shifter[keys])
    return wrong | capital(economy, path)


def capital(economy: DynamicEconomy, path: SolvedPath) -> dict[str, bool]:
    """The law of motion of capital, in million USD of the base year."""
    b, grown = benchmark(), economy.growth
    value = b.factor_value.xs("capital", level="factor")
    worth = value / value.groupby("region").transform("sum")
    use = path["factor_use"].xs("capital", axis=1)[worth.index]
    premium = path["rental_premium"].xs("capital", axis=1)[worth.index]
    region = use.columns.get_level_values(1)
    stock = path["endowment"].xs("capital", axis=1) * grown.capital_stock
    invested = (path["investment"] * investment(b))[stock.columns]
    usual = investment(b)[stock.columns] / grown.capital_stock[stock.columns]
    lost = COST / 2 * (invested / stock - usual) ** 2 * stock / usual
    invested = invested - lost
    after = (1 - grown.depreciation) * stock + invested
    wrong = {"stock": not np.allclose(stock.iloc[1:], after[stock.columns].iloc[:-1])}
    if economy.capital.specific:
        pull = use * worth * premium**ELASTICITY
        share = pull / pull.T.groupby(level=1).transform("sum").T
        new = share.to_numpy() * (invested / grown.capital_stock)[region].to_numpy() / worth.to_numpy()
        kept = (1 - grown.depreciation[region]).to_numpy() * use.to_numpy()
        wrong["division of new capital"] = not np.allclose(use.iloc[1:], (kept + new)[:-1])
    if economy.capital.by_return:
        rate = path["investment"] / path["endowment"].xs("capital", axis=1)[path["investment"].columns]
        pace = rate.to_numpy()[1:], path["capital_return"][rate.columns].to_numpy()[:-1] ** ELASTICITY
        wrong["pace of investment"] = not np.allclose(*pace)
    return wrong


@pytest.mark.parametrize(
    ("closure", "bias"),
    [
        ("savings-driven", "labour"),
        ("savings-driven+specific", "neutral"),
        ("replacement+specific", "labour"),
    ],
)
def test_a_sound_economy_has_no_fault(closure, bias):
    assert faults(closure, bias) == []


@pytest.mark.slow
@pytest.mark.parametrize("function", BLOCK, ids=lambda f: f.__name__)
def test_no_broken_equation_goes_unnoticed(function):
    bias = "neutral" if function is growth.definition_productivity else "labour"
    survivors = []
    for mutant in mutants(function):
        with body(mutant.function, mutant.code):
            if not faults("savings-driven", bias):
                survivors.append(mutant.name)
    assert not survivors


@pytest.mark.slow
@pytest.mark.parametrize("name", ["__init__", "write", "following", "_installed"])
def test_no_broken_law_of_motion_goes_unnoticed(name):
    function = vars(Accumulation)[name]
    survivors = []
    for mutant in mutants(function):
        with body(mutant.function, mutant.code):
            if not any(faults(closure, "labour") for closure in CLOSURES):
                survivors.append(mutant.name)
    assert not survivors


def test_there_is_something_to_break():
    assert (
        sum(
            len(list(mutants(f)))
            for f in (*BLOCK, *map(vars(Accumulation).get, ("write", "following", "_installed")))
        )
        > 20
    )
