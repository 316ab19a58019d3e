"""Rents, tariff-rate quotas and duties passed on: small cases whose answer is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.benchmark import FLOW, BenchmarkError
from eacu.model.closures import CLOSURES, ClosureError
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.instruments import InstrumentError, Policy, apply_policy
from eacu.model.results import Solution
from tests.mutation.conftest import small_benchmark
from tests.support.energy_principles import quota_gap
from tests.support.properties import property_checks, shock_everything
from tests.support.synthetic import synthetic_benchmark

QUOTA = "tariff-rate-quota"
FLOW_UNDER_QUOTA = ("x", "A", "B")
REAL = ("activity", "shipments", "household_demand", "domestic_demand", "composite")


def on(flow: tuple[str, str, str], value: float) -> pd.Series:
    return pd.Series([value], index=pd.MultiIndex.from_tuples([flow], names=FLOW))


def solved(model, **settings) -> Solution:
    apply_policy(model, Policy("case", settings))
    record = solve(model)
    return Solution.from_model(model, record, ("A",))


def largest_difference(first: Solution, second: Solution, names=REAL) -> float:
    return max(float((first.state[n] - second.state[n]).abs().max()) for n in names)


@pytest.fixture
def economy(mirror):
    """Two mirror-image regions; A's exports to B may be put under a quota, its duties passed on to B."""
    benchmark = replace(
        mirror(capital=0.3), quota_flows=(FLOW_UNDER_QUOTA,), duty_remittances=(("x", "A", "B"),)
    )
    return lambda closure="default": build_economy(benchmark, closure)


@pytest.fixture
def taxed(economy):
    """The economy with a plain export tax, which rents and quotas are compared with."""
    model = economy()
    return lambda rate: solved(model, export_tax=on(FLOW_UNDER_QUOTA, rate))


def test_a_rent_of_the_exporter_is_an_export_tax_by_another_name(economy, taxed):
    tax = taxed(0.2)
    rent = solved(economy(), rent=on(FLOW_UNDER_QUOTA, 0.2), rent_to_exporter=on(FLOW_UNDER_QUOTA, 1.0))
    assert largest_difference(rent, tax) < 1e-10
    assert rent.regions.loc["A", "rents_usd_mn"] == pytest.approx(
        tax.regions.loc["A", "export_duty_usd_mn"], rel=1e-9
    )
    assert rent.regions.loc["A", "export_duty_usd_mn"] == 0
    assert rent.regions.loc["B", "rents_usd_mn"] == 0


def test_a_rent_of_the_importer_is_a_tariff_by_another_name(economy):
    model = economy()
    rate = model.benchmark.import_tariff[FLOW_UNDER_QUOTA]
    assert rate > 0
    rent = solved(model, rent=on(FLOW_UNDER_QUOTA, 0.2))
    tariff = solved(model, import_tariff=on(FLOW_UNDER_QUOTA, (1 + rate) * 1.2 - 1))
    assert largest_difference(rent, tariff) < 1e-10
    fob = 20.0 * rent.state["shipments"][FLOW_UNDER_QUOTA] * rent.state["flow_price"][FLOW_UNDER_QUOTA]
    assert rent.payments.rent_income["B"] == pytest.approx(0.2 * fob)
    assert rent.payments.rent_income["A"] == 0


def test_a_shared_rent_moves_income_in_proportion(economy):
    model = economy()
    share = solved(model, rent=on(FLOW_UNDER_QUOTA, 0.2), rent_to_exporter=on(FLOW_UNDER_QUOTA, 0.25))
    paid = float(share.payments.rent.sum())
    assert paid > 0
    assert share.payments.rent_income["A"] == pytest.approx(0.25 * paid)
    assert share.payments.rent_income["B"] == pytest.approx(0.75 * paid)


def test_a_binding_quota_is_the_tax_that_keeps_buyers_to_it(economy, taxed):
    """Inside the quota nothing is paid, and the premium is what a tax would have to be to halve shipments' fall."""
    target = taxed(0.25)
    amount = float(target.state["shipments"][FLOW_UNDER_QUOTA])
    assert amount < 0.95
    model = economy(QUOTA)
    for share in (1.0, 0.0):
        quota = solved(
            model,
            quota=on(FLOW_UNDER_QUOTA, amount),
            over_quota_duty=on(FLOW_UNDER_QUOTA, 0.9),
            rent_to_exporter=on(FLOW_UNDER_QUOTA, share),
        )
        assert quota.state["shipments"][FLOW_UNDER_QUOTA] == pytest.approx(amount, rel=1e-9)
        assert 0 < quota.state["quota_scarcity"][FLOW_UNDER_QUOTA] < 1
        if share == 1:  # the exporter gets the rent, as his government would the tax
            assert quota.state["quota_premium"][FLOW_UNDER_QUOTA] == pytest.approx(0.25, rel=1e-8)
            assert largest_difference(quota, target) < 1e-9
        holder = "A" if share == 1 else "B"
        assert quota.payments.rent_income[holder] == pytest.approx(float(quota.payments.rent.sum()))
        assert quota.payments.export_tax[FLOW_UNDER_QUOTA] == pytest.approx(0.0, abs=1e-9)


def test_a_quota_that_is_not_used_up_does_nothing(economy):
    plain = solved(economy())
    model = economy(QUOTA)
    free = float(plain.state["shipments"][FLOW_UNDER_QUOTA])
    slack = solved(model, quota=on(FLOW_UNDER_QUOTA, 1.02 * free), over_quota_duty=on(FLOW_UNDER_QUOTA, 0.3))
    assert largest_difference(slack, plain) < 1e-10
    assert slack.state["quota_premium"][FLOW_UNDER_QUOTA] == 0
    assert slack.payments.rent.sum() == 0


@pytest.mark.parametrize("quota", [0.0, 0.3])
def test_above_the_quota_buyers_pay_the_duty_at_the_margin(economy, taxed, quota):
    """All is shipped as under the full tax; the rent is what it would have been on the amount inside the quota."""
    full = taxed(0.2)
    model = economy(QUOTA)
    found = solved(
        model,
        quota=on(FLOW_UNDER_QUOTA, quota),
        over_quota_duty=on(FLOW_UNDER_QUOTA, 0.2),
        rent_to_exporter=1.0,
    )
    assert largest_difference(found, full) < 1e-9
    shipped = full.state["shipments"][FLOW_UNDER_QUOTA]
    assert found.state["quota_scarcity"][FLOW_UNDER_QUOTA] == pytest.approx(1.0)
    assert found.state["quota_premium"][FLOW_UNDER_QUOTA] == pytest.approx(0.2)
    tax = full.payments.export_tax[FLOW_UNDER_QUOTA]
    assert found.payments.rent_income["A"] == pytest.approx(tax * quota / shipped, abs=1e-9)
    assert found.payments.export_tax[FLOW_UNDER_QUOTA] == pytest.approx(tax * (1 - quota / shipped))


def test_a_quota_given_to_buyers_makes_them_richer_by_its_rent(economy, taxed):
    """The same duty with a duty-free amount held by the importer is worth about its rent to him."""
    full = taxed(0.2)
    model = economy(QUOTA)
    found = solved(model, quota=on(FLOW_UNDER_QUOTA, 0.3), over_quota_duty=on(FLOW_UNDER_QUOTA, 0.2))
    rent = float(found.payments.rent_income["B"])
    gain = found.regions.loc["B", "ev_usd_mn"] - full.regions.loc["B", "ev_usd_mn"]
    assert rent == pytest.approx(0.2 * 20.0 * 0.3 * found.state["flow_price"][FLOW_UNDER_QUOTA])
    assert gain == pytest.approx(rent, rel=0.15)


def test_duties_passed_on_change_hands_and_net_to_zero(economy):
    model = economy()
    kept = solved(model, export_tax=on(FLOW_UNDER_QUOTA, 0.2))
    passed = solved(
        model,
        export_tax=on(FLOW_UNDER_QUOTA, 0.2),
        duty_remitted=pd.Series({("x", "A", "B"): 0.5}).rename_axis(["sector", "region", "recipient"]),
    )
    transfer = passed.payments.duty_transfer
    assert transfer["B"] == pytest.approx(0.5 * passed.payments.export_tax[FLOW_UNDER_QUOTA])
    assert transfer["A"] == -transfer["B"]
    assert kept.payments.duty_transfer.abs().max() == 0
    assert passed.regions.loc["A", "export_duty_usd_mn"] > 0  # still collected in A
    change = (passed.regions["ev_usd_mn"] - kept.regions["ev_usd_mn"]) / transfer["B"]
    assert change["B"] == pytest.approx(1.0, abs=0.15)  # less what its own spending does to prices
    assert change["A"] == pytest.approx(-1.0, abs=0.15)


def test_duty_on_trade_between_members_is_not_passed_on(economy):
    both = pd.Series(1.0, index=pd.Index(["A", "B"], name="region"))
    found = solved(
        economy(),
        export_tax=on(FLOW_UNDER_QUOTA, 0.2),
        union_member=both,
        duty_remitted=pd.Series({("x", "A", "B"): 1.0}).rename_axis(["sector", "region", "recipient"]),
    )
    assert found.payments.export_tax[FLOW_UNDER_QUOTA] > 0
    assert found.payments.duty_transfer.abs().max() == 0


@pytest.mark.parametrize("closure", CLOSURES)
def test_all_properties_hold_with_quotas_in_force(closure):
    """The shock has one quota that is not used up, one that binds and one that is exceeded."""
    assert property_checks(small_benchmark(), f"{closure}+{QUOTA}", ("RUS", "BLR")) == []


@pytest.mark.parametrize("build", [synthetic_benchmark, small_benchmark])
def test_the_shock_has_a_quota_of_each_kind(build):
    """Else the checks of quotas, and the faults put into them, would not be put to the test."""
    model = build_economy(build(), QUOTA)
    shock_everything(model, ("RUS", "BLR"))
    solve(model)
    state = Solution.from_model(model).state
    assert quota_gap(state) < 1e-9
    scarcity = state["quota_scarcity"].to_numpy()
    kinds = np.where(scarcity > 1 - 1e-9, "above", np.where(scarcity > 1e-9, "binding", "slack"))
    assert sorted(kinds) == ["above", "binding", "slack"]


def test_no_more_than_all_duty_can_be_passed_on(benchmark):
    cases = tuple(("agr", "RUS", recipient) for recipient in ("BLR", "KAZ"))
    model = build_economy(replace(benchmark, duty_remittances=cases))
    share = pd.Series(0.6, index=pd.MultiIndex.from_tuples(cases, names=["sector", "region", "recipient"]))
    with pytest.raises(InstrumentError, match=r"RUS would pass on 1.2 of its export duty on agr"):
        apply_policy(model, Policy("p", {"duty_remitted": share}))
    apply_policy(model, Policy("p", {"duty_remitted": share / 2}))


def test_refusals(economy, mirror):
    with pytest.raises(ClosureError, match="needs quota_flows"):
        build_economy(mirror(), QUOTA)
    with pytest.raises(BenchmarkError, match="is no flow of the benchmark"):
        build_economy(replace(mirror(), quota_flows=(("x", "A", "A"),)))
    with pytest.raises(BenchmarkError, match="another region that receives"):
        build_economy(replace(mirror(), duty_remittances=(("x", "A", "A"),)))
    with pytest.raises(InstrumentError, match="quota has no effect"):
        apply_policy(economy(), Policy("p", {"quota": on(FLOW_UNDER_QUOTA, 0.5)}))
    with pytest.raises(InstrumentError, match="must be at least 0"):
        apply_policy(economy(QUOTA), Policy("p", {"over_quota_duty": on(FLOW_UNDER_QUOTA, -0.1)}))
