"""A path of one good and one kind of labour is Solow's model: every year's output and capital by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.accumulation import CapitalRules
from eacu.experiments.dynamics import DynamicEconomy
from eacu.experiments.growth import Growth
from eacu.model.instruments import Policy

YEARS, DEPRECIATION, STOCK, SHARE = 25, 0.08, 120.0, 0.4
"""Depreciation and the stock are not those of a steady state; the share is capital's in output."""
GOVERNMENT = 10.0


@pytest.mark.parametrize("more", [1.0, 1.3, 0.6])
def test_saving_more_moves_output_and_capital_as_solow_has_it(mirror, more):
    """With Cobb-Douglas technology, one good and mirror-image regions all prices are one.

    Output is then :math:`y = k^\\alpha a^{1-\\alpha}`, investment is the saving rate times the household's income
    (value added and duty grow with output, government consumption is fixed), and the baseline, whose output
    stays one, has the productivity that offsets its capital.
    """
    b = mirror(capital=SHARE, government=GOVERNMENT)
    regions = pd.Index(b.regions, name="region")
    growth = Growth.constant(b, YEARS, pd.Series(DEPRECIATION, regions), pd.Series(STOCK, regions))
    economy = DynamicEconomy(b, growth)
    rate = (b.household_savings / economy.model.benchmark_state["disposable_income"]) * more
    years = growth.real_gdp.index
    policies = economy.policies(
        {"as before": Policy("as before"), "more": Policy("more", {"savings_rate": rate})}
    )
    before = pd.DataFrame({"as before": 1.0, "more": 0.0}, index=years)
    baseline = economy.baseline("baseline", before, policies)
    path = economy.path("path", 1 - before, policies, baseline)

    invested = float(b.investment_demand.xs("A", level="region").iloc[0])
    income = float(economy.model.benchmark_state["disposable_income"]["A"]) + GOVERNMENT
    old, new = 1.0, 1.0
    for year in years:
        a = old ** (-SHARE / (1 - SHARE))
        output = new**SHARE * a ** (1 - SHARE)
        saved = more * (income * output - GOVERNMENT) / (income - GOVERNMENT)
        expected = {"efficiency": a, "real_wage": output / a, "activity": output, "investment": saved}
        found = {
            "efficiency": path["efficiency"].loc[year, "A"],
            "real_wage": path["factor_price"].loc[year, ("unskilled", "A")],
            "activity": path["activity"].loc[year, ("x", "A")],
            "investment": path["investment"].loc[year, "A"],
        }
        assert found == pytest.approx(expected, rel=1e-8), year
        assert path["endowment"].loc[year, ("capital", "A")] == pytest.approx(new, rel=1e-9)
        assert path["composite_price"].loc[year].tolist() == pytest.approx([1.0, 1.0], abs=1e-9)
        old = (1 - DEPRECIATION) * old + invested / STOCK
        new = (1 - DEPRECIATION) * new + saved * invested / STOCK
    assert not np.isclose(old, 1.0), "the baseline was in its steady state"
    assert (more == 1.0) is bool(np.isclose(old, new))


def test_the_productivity_that_a_given_output_takes_is_that_of_the_production_function(mirror):
    r"""Output 1.04 times the given one takes :math:`a = (y / k^\alpha)^{1/(1-\alpha)}` with its own capital."""
    b = mirror(capital=SHARE, government=GOVERNMENT)
    regions = pd.Index(b.regions, name="region")
    growth = Growth.constant(b, 6, pd.Series(DEPRECIATION, regions), pd.Series(STOCK, regions))
    economy = DynamicEconomy(b, growth)
    policies = economy.policies({"as before": Policy("as before")})
    weights = pd.DataFrame({"as before": 1.0}, index=growth.real_gdp.index)
    baseline = economy.baseline("baseline", weights, policies)
    given = growth.real_gdp[["A", "B"]] * 1.04
    path = economy.path("more", weights, policies, baseline, real_gdp=given)
    capital = path["endowment"][("capital", "A")]
    expected = (1.04 / capital**SHARE) ** (1 / (1 - SHARE))
    assert np.allclose(path["efficiency"]["A"], expected, rtol=1e-8)
    assert np.allclose(path["real_gdp"], given, rtol=1e-9)
    built = baseline["endowment"][("capital", "A")]
    assert (capital.iloc[1:] > built.iloc[1:]).all(), "more output, more saving, more capital"
    assert path.passed


def test_installing_capital_costs_what_the_formula_says(mirror):
    """A baseline of constant output from a stock that is not that of a steady state, twice at another pace."""
    cost = 3.0
    b = mirror(capital=SHARE, government=GOVERNMENT)
    regions = pd.Index(b.regions, name="region")
    growth = Growth.constant(b, 8, pd.Series(DEPRECIATION, regions), pd.Series(STOCK, regions))
    economy = DynamicEconomy(b, growth, rules=CapitalRules(installation_cost=cost))
    policies = economy.policies({"as before": Policy("as before")})
    weights = pd.DataFrame({"as before": 1.0}, index=growth.real_gdp.index)
    baseline = economy.baseline("baseline", weights, policies)
    invested = float(b.investment_demand.xs("A", level="region").iloc[0])
    stock = STOCK
    for year in baseline.years:
        assert baseline["endowment"].loc[year, ("capital", "A")] == pytest.approx(stock / STOCK, rel=1e-9)
        spent = baseline["investment"].loc[year, "A"] * invested
        usual = invested / STOCK
        lost = cost / 2 * (spent / stock - usual) ** 2 * stock / usual
        stock = (1 - DEPRECIATION) * stock + spent - lost
    assert lost > 1e-3 * spent
    assert stock != pytest.approx(STOCK, rel=1e-2)
