"""Indicators and tidy tables."""

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.model.accounts import payments
from eacu.model.engine import solve
from eacu.model.indicators import UNITS, nominal_gdp
from eacu.model.results import COLUMNS, Solution

MEMBERS = ("RUS", "BLR", "KAZ")


@pytest.fixture
def solution(shocked):
    return Solution.from_model(shocked, solve(shocked), MEMBERS)


def test_nothing_changes_in_the_benchmark(model):
    s = Solution.from_model(model, None, MEMBERS)
    changes = s.regions[[c for c in s.regions if c.endswith("_pct") and "rate" not in c]]
    assert changes.abs().max(axis=None) < 1e-9
    assert s.regions["ev_usd_mn"].abs().max() < 1e-9
    assert s.regions["cv_usd_mn"].abs().max() < 1e-9
    pd.testing.assert_series_equal(
        s.regions["tariff_revenue_base_usd_mn"], s.regions["tariff_revenue_usd_mn"], check_names=False
    )
    pd.testing.assert_series_equal(s.regions["nominal_gdp_usd_mn"], s.benchmark.gdp, check_names=False)
    frame = s.frame()
    assert frame["change"].abs().max() < 1e-8


def test_every_indicator_has_a_unit_and_every_region_a_row(solution):
    assert list(solution.regions.columns) == list(UNITS)
    assert list(solution.regions.index) == list(solution.benchmark.regions)


def test_gdp_from_expenditure_equals_gdp_from_income(solution):
    p = solution.payments
    for r in solution.benchmark.regions:
        income = (
            p.factor_value.groupby("region").sum()[r]
            + p.production_tax.groupby("region").sum()[r]
            + p.factor_tax.groupby("region").sum()[r]
            + p.sales_tax.groupby("region").sum()[r]
            + p.export_tax.groupby("source").sum()[r]
            + p.duty.groupby("importer").sum()[r]
        )
        assert nominal_gdp(p)[r] == pytest.approx(income, rel=1e-10)


def test_trade_balances_are_minus_foreign_savings(solution):
    p, b = solution.payments, solution.benchmark
    for r in b.regions:
        balance = (
            p.fob.groupby("source").sum()[r]
            + p.margin_supply.groupby("region").sum()[r]
            - p.cif.groupby("importer").sum()[r]
        )
        assert balance == pytest.approx(-b.foreign_savings[r], abs=1e-8)


def test_real_gdp_and_consumption_by_hand(solution):
    b, x = solution.benchmark, solution.state
    r = "KAZ"
    tax = 1 + b.sales_tax
    total = 0.0
    for g in b.sectors:
        if (g, r) in b.household_demand.index:
            total += b.household_demand[g, r] * tax["household", r] * x["household_demand"][g, r]
            total += b.government_demand[g, r] * tax["government", r]
            total += b.investment_demand[g, r] * tax["investment", r]
    for (g, source, importer), shipped in x["shipments"].items():
        if source == r:
            total += b.fob[g, source, importer] * shipped
        if importer == r:
            total -= b.cif[g, source, importer] * shipped
    for (g, region), sold in x["carrier_supply"].items():
        if region == r:
            total += b.margin_supply[g, r] * sold
    assert solution.regions.loc[r, "real_gdp_pct"] == pytest.approx(100 * (total / b.gdp[r] - 1), abs=1e-9)


def test_customs_indicators_by_hand(shocked):
    m = shocked
    for r, key in zip(MEMBERS, (0.6, 0.1, 0.3), strict=True):
        m.union_member[r].set_value(1.0)
        m.pooled[r].set_value(1.0)
        m.pool_share[r].set_value(key)
    solve(m)
    m.numeraire.set_value(1.3)  # dollars of constant purchasing power whatever the price level
    solve(m)
    s = Solution.from_model(m)
    assert s.members == MEMBERS
    collected = sum(pyo.value(m.duty[k]) for k in m.flows if k[2] == "KAZ") / 1.3
    row = s.regions.loc["KAZ"]
    assert row["tariff_revenue_usd_mn"] == pytest.approx(collected)
    assert row["tariff_received_usd_mn"] == pytest.approx(m.tariff_received["KAZ"].value / 1.3)
    assert row["pool_transfer_usd_mn"] == pytest.approx(
        row["tariff_received_usd_mn"] - row["tariff_revenue_usd_mn"]
    )
    assert row["tariff_rate_extra_pct"] == pytest.approx(12.0)
    assert s.regions["pool_transfer_usd_mn"].sum() == pytest.approx(0, abs=1e-9)


def test_terms_of_trade_by_hand(solution):
    b, x, p = solution.benchmark, solution.state, solution.payments
    r = "BLR"
    q = x["shipments"]
    out = [k for k in b.exports.index if k[1] == r and k[2] != r]
    into = [k for k in b.exports.index if k[2] == r and k[1] != r]
    carriers = [k for k in b.margin_supply.index if k[1] == r]

    def fisher(triples):
        v0, v1, quantity = (np.array(part) for part in zip(*triples, strict=True))
        price = v1 / (v0 * quantity)
        return np.sqrt((price @ v0) / v0.sum() * (v1.sum() / (v0 @ quantity)))

    sold = [(b.fob[k], p.fob[k], q[k]) for k in out]
    sold += [(b.margin_supply[k], p.margin_supply[k], x["carrier_supply"][k]) for k in carriers]
    bought = [(b.cif[k], p.cif[k], q[k]) for k in into]
    expected = 100 * (fisher(sold) / fisher(bought) - 1)
    assert solution.regions.loc[r, "terms_of_trade_pct"] == pytest.approx(expected, abs=1e-9)


def test_prices_are_reported_relative_to_the_numeraire(shocked):
    solve(shocked)
    first = Solution.from_model(shocked, None, MEMBERS)
    shocked.numeraire.set_value(1.7)
    solve(shocked)
    second = Solution.from_model(shocked, None, MEMBERS)
    pd.testing.assert_frame_equal(first.regions, second.regions, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(first.frame()["value"], second.frame()["value"], rtol=1e-8, atol=1e-8)


def test_intra_and_extra_trade_add_up(solution):
    b, x = solution.benchmark, solution.state
    for r in MEMBERS:
        own = b.cif.index.get_level_values("importer") == r
        inside = own & b.cif.index.get_level_values("source").isin(MEMBERS)
        before = b.cif[inside].sum()
        after = (b.cif * x["shipments"])[inside].sum()
        assert solution.regions.loc[r, "imports_intra_pct"] == pytest.approx(100 * (after / before - 1))
    with pytest.raises(ValueError, match=r"Unknown union member 'KAS'. Did you mean 'KAZ'"):
        _ = Solution(b, "default", solution.base, x, None, ("KAS",)).regions


def test_the_tidy_frame(solution):
    frame = solution.frame()
    assert list(frame.columns) == COLUMNS
    assert not frame.duplicated(["region", "sector", "partner", "variable"]).any()
    assert frame[["base", "value", "change"]].notna().all(axis=None)
    output = solution.output_by_sector()
    assert len(output) == len(solution.benchmark.output)
    trade = solution.trade_by_partner()
    exports = trade[trade["variable"] == "exports"]["base"].sum()
    assert exports == pytest.approx(solution.benchmark.fob.sum())


def test_a_solution_is_frozen(solution, shocked):
    before = solution.regions.copy()
    shocked.import_tariff["agr", "RUS", "KAZ"].set_value(0.9)
    solve(shocked)
    fresh = Solution(
        solution.benchmark, solution.closure, solution.base, solution.state, solution.record, solution.members
    )
    pd.testing.assert_frame_equal(fresh.regions, before)
    assert solution.sam.balance_gap() < 1e-11
    assert abs(solution.walras) < 1e-12
    assert payments(solution.benchmark, solution.base).duty.sum() == pytest.approx(
        (solution.benchmark.cif * solution.benchmark.import_tariff).sum()
    )
