"""Explanations of equations: words, terms, what moved the variable."""

from __future__ import annotations

import pytest

from eacu.model.derivatives import SelectionError
from eacu.model.economy import BLOCKS, build_economy
from eacu.model.engine import compile_model, solve_system
from eacu.model.explain import documentation, plain
from eacu.model.results import Solution
from tests.support.synthetic import synthetic_benchmark


@pytest.fixture(scope="module")
def solution() -> Solution:
    m = build_economy(synthetic_benchmark(seed=1))
    system = compile_model(m)
    solve_system(system)
    for key in m.import_tariff:
        m.import_tariff[key].set_value(0.25 if key[2] == "KAZ" else 0.1)
    system.refresh()
    record = solve_system(system)
    system.write_back(system.values)
    return Solution.from_model(m, record, system=system)


def test_the_terms_of_an_equation(solution):
    found = solution.explain("market_composite[mac,KAZ]")
    assert (found.block, found.determines) == ("trade", "composite[mac,KAZ]")
    assert "bought by activities, household, government and investment" in found.words
    absorption = solution.benchmark.absorption["mac", "KAZ"]
    own = next(text for text in found.terms.index if "*composite[mac,KAZ]" in text)
    before, after, change = found.terms.loc[own]
    assert before == pytest.approx(absorption, rel=1e-12)
    assert after == pytest.approx(absorption * solution.state["composite"]["mac", "KAZ"], rel=1e-12)
    assert change == pytest.approx(after - before, rel=1e-12)
    assert found.terms.sum().abs().max() < 1e-9 * absorption
    assert len(found.terms) > 4


def test_contributions_sum_to_the_change_of_the_variable(solution):
    """Checked on equations of every kind of curvature."""
    for name in (
        "zero_profit_imports[mac,KAZ]",
        "zero_profit_armington[mac,KAZ]",
        "market_composite[agr,RUS]",
        "market_flow[mac,ROW,KAZ]",
        "income_tariff_collected[KAZ]",
        "demand_household[agr,BLR]",
    ):
        found = solution.explain(name)
        component, _, index = found.determines.removesuffix("]").partition("[")
        key = tuple(index.split(","))
        where = key if len(key) > 1 else key[0]
        change = solution.state[component][where] - solution.base[component][where]
        assert abs(change) > 1e-6, name
        assert found.variables["contribution"].sum() == pytest.approx(change, rel=1e-6), name
        assert found.determines not in found.variables.index


def test_contributions_by_hand(solution):
    """Revenue of a flow's duty is a product; with one factor moving a factor's part is its own change."""
    found = solution.explain("income_tariff_received[RUS]")
    collected = solution.state["tariff_collected"]["RUS"] - solution.base["tariff_collected"]["RUS"]
    assert found.variables.loc["tariff_collected[RUS]", "contribution"] == pytest.approx(collected, rel=1e-9)
    tariffs = solution.explain("income_tariff_collected[KAZ]").variables
    assert tariffs.filter(like="import_tariff", axis=0)["contribution"].gt(0).any()


def test_an_equation_without_a_paired_variable(solution):
    found = solution.explain("numeraire_definition[ROW]")
    assert found.determines == ""
    assert list(found.variables.index.sort_values()) == ["consumer_price[ROW]", "numeraire"]
    assert found.variables["contribution"].sum() == pytest.approx(0.0, abs=1e-12)


def test_survey_puts_the_largest_change_first(solution):
    table = solution.survey("zero_profit_armington")
    moves = (table["after"] / table["before"] - 1).abs()
    assert moves.is_monotonic_decreasing
    assert len(table) == len(solution.benchmark.absorption)
    assert table["determines"].str.startswith("composite_price[").all()
    assert list(solution.survey("market_flow[mac,ROW,*]")["determines"].str[:16].unique()) == [
        "flow_price[mac,R"
    ]


def test_every_equation_is_documented():
    for block in BLOCKS:
        for name in block.EQUATIONS:
            found = documentation(name)
            assert found.words, name
            assert ":math:" not in found.words
            assert "``" not in found.words


def test_docstrings_become_plain_text():
    text = "Price :math:`p` of ``x``.\n\n.. math:: p = q\n          + r\n\nAfter."
    assert plain(text) == "Price p of x.\n\n    p = q\n          + r\n\nAfter."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("market_flw[mac,ROW,KAZ]", "Did you mean 'market_flow'"),
        ("market_flow[mac,ROW,KZA]", "no 'KZA' at index position 3. Did you mean 'KAZ'"),
        ("market_flow", "means"),
        ("market_flow[mac,KAZ]", "has 3 index positions; 2 are given"),
    ],
)
def test_errors_offer_the_nearest(solution, text, message):
    with pytest.raises(SelectionError) as caught:
        solution.explain(text)
    assert message in str(caught.value)
    with pytest.raises(SelectionError, match="Did you mean 'market_flow'"):
        documentation("market_flou")
