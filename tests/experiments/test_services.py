"""Barriers to services: what a regime's entries become, what they bring, and that the page says so."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu import data
from eacu.calibration.benchmark import BenchmarkError
from eacu.calibration.foreign_firms import MOST_SPECIFIC, TABLE, firm_parameters, with_foreign_firms
from eacu.experiments.base_year import BaseYear, load_base_year
from eacu.experiments.policy import policy_of
from eacu.experiments.regimes import Regime, RegimeError, load_regime
from eacu.experiments.run import SolvedRegime, Workbench, run
from eacu.experiments.services import base_rent, with_services
from eacu.model.services import productivity_of_users, service_prices
from tests.support.builders import DOCS
from tests.support.ipopt import IpoptSystem

SHOWN = {"presence-russia": "RUS", "wto-kazakhstan-services": "KAZ", "belarus-regulation-25": "BLR"}
HOST = ("fbs", "RUS")


@lru_cache(maxsize=1)
def divided() -> BaseYear:
    return with_services(load_base_year())


@lru_cache(maxsize=1)
def bench() -> Workbench:
    return Workbench(divided())


@lru_cache(maxsize=8)
def solved(name: str) -> SolvedRegime:
    return bench().solve(load_regime(name))


def written(tmp_path, entry: str) -> Regime:
    head = 'title = "t"\nquestion = "q"\ndescription = "d"\nclosure = "default"\n'
    head += 'builds_on = "pre-union"\n\n[[services]]\n'
    file = tmp_path / "mine.toml"
    file.write_text(head + entry, encoding="utf-8")
    return load_regime(file)


def test_dividing_services_changes_no_total() -> None:
    before, after = load_base_year().benchmark, divided().benchmark
    pd.testing.assert_series_equal(after.gdp, before.gdp)
    pd.testing.assert_frame_equal(after.tax_revenue, before.tax_revenue)
    pd.testing.assert_series_equal(after.landed, before.landed)
    fees = after.foreign_sales * after.presence_rent / (1 + after.presence_rent)
    earned = after.factor_value.groupby("region").sum().add(fees.groupby("region").sum(), fill_value=0.0)
    np.testing.assert_allclose(earned, before.factor_value.groupby("region").sum(), rtol=1e-12)
    share = after.foreign_sales[HOST] / (after.foreign_sales[HOST] + after.domestic_sales[HOST])
    assert share == pytest.approx(firm_parameters(data.table(TABLE), after.regions).loc[HOST, "share"])


def test_firms_that_do_not_fit_the_base_year_are_refused() -> None:
    base = load_base_year()
    firms = firm_parameters(data.table(TABLE), base.benchmark.regions).assign(head_office=0.9)
    with pytest.raises(BenchmarkError, match="head-office services"):
        with_foreign_firms(base.benchmark, firms, base_rent(base.schedules))


def test_specific_capital_is_what_the_supply_elasticity_asks_for() -> None:
    """Of the shipped figures none is held back; one that asks for more capital than there is gets nearly all of it."""
    base = load_base_year()
    firms = firm_parameters(data.table(TABLE), base.benchmark.regions)
    for (g, r), row in firms.iterrows():
        for activity, supply in ((g, row["supply_home"]), (f"{g}-foreign", row["supply_foreign"])):
            b = divided().benchmark
            paid = b.factor_value[:, activity, r]
            part = paid["specific_capital"] / paid.sum()
            cost = b.output[activity, r] * (1 - b.production_tax[activity, r])
            v = paid.sum() * (1 + b.factor_tax[activity, r]) / cost
            assert b.sigma_value_added[activity, r] * (1 - part) / (v * part) == pytest.approx(supply)
    rigid = with_foreign_firms(base.benchmark, firms.assign(supply_home=0.1), base_rent(base.schedules))
    paid = rigid.factor_value[:, "fbs", "RUS"]
    assert paid["specific_capital"] / (paid["capital"] + paid["specific_capital"]) == pytest.approx(
        MOST_SPECIFIC
    )


def test_a_missing_parameter_is_named() -> None:
    table = data.table(TABLE)
    gap = table[~((table["parameter"] == "sigma") & (table["region"] == "KAZ") & (table["sector"] == "cmm"))]
    with pytest.raises(BenchmarkError, match="sigma of cmm in KAZ is missing"):
        firm_parameters(gap, ("RUS", "BLR", "KAZ"))


def test_a_barrier_becomes_cost_and_rent() -> None:
    """Half of 35 per cent being a rent, cost and rent each fall by the root of 1.35."""
    settings = policy_of(load_regime("presence-russia"), divided().benchmark, divided().schedules).settings
    assert settings["productivity"]["fbs-foreign", "RUS"] == pytest.approx(math.sqrt(1.35))
    assert settings["presence_rent"][HOST] == pytest.approx(0.0, abs=1e-12)
    assert divided().benchmark.presence_rent[HOST] == pytest.approx(math.sqrt(1.35) - 1)
    assert settings["presence_rent"]["trn", "RUS"] == pytest.approx(math.sqrt(1.15) - 1)  # what is left of it


def test_regulation_costs_all_sellers() -> None:
    settings = policy_of(
        load_regime("belarus-regulation-50"), divided().benchmark, divided().schedules
    ).settings
    for activity in ("fbs", "fbs-foreign", "trd"):
        assert settings["productivity"][activity, "BLR"] == pytest.approx(1.2 / 1.1)
    assert settings["iceberg"]["fbs", "EU", "BLR"] == pytest.approx(1.1 / 1.2)
    assert "presence_rent" not in settings


def test_the_inner_borders_of_the_union_are_those_between_members() -> None:
    base = divided()
    settings = policy_of(load_regime("ces-services"), base.benchmark, base.schedules).settings
    assert settings["iceberg"]["fbs", "RUS", "KAZ"] == pytest.approx(1.1 / 1.2)
    assert ("fbs", "EU", "KAZ") not in settings["iceberg"].index


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('barrier = "presence"\nregion = "RUS"\n', "give either share"),
        ('barrier = "presence"\nregion = "RUS"\nshare = 2.0\n', "not between -1 and 1"),
        ('barrier = "presence"\nregion = "RUS"\nshare = 1.0\nsource = "EU"\n', "source belongs to"),
        ('barrier = "presense"\nregion = "RUS"\nshare = 1.0\n', "presense"),
    ],
)
def test_an_entry_that_means_nothing_is_refused(tmp_path, entry, message) -> None:
    with pytest.raises(RegimeError, match=message):
        written(tmp_path, entry)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('barrier = "presence"\nregion = "RUX"\nshare = 1.0\n', "RUX"),
        ('barrier = "regulation"\nregion = "KAZ"\nshare = 1.0\n', "no row for regulation in KAZ"),
        ('barrier = "presence"\nregion = "RUS"\nsectors = "agr"\nshare = 1.0\n', "agr"),
    ],
)
def test_an_entry_without_data_is_refused(tmp_path, entry, message) -> None:
    with pytest.raises(RegimeError, match=message):
        policy_of(written(tmp_path, entry), divided().benchmark, divided().schedules)


def test_a_base_year_without_foreign_firms_is_refused() -> None:
    base = load_base_year()
    with pytest.raises(RegimeError, match="needs a benchmark with foreign firms"):
        policy_of(load_regime("presence-russia"), base.benchmark, base.schedules)


def test_a_run_divides_services_only_for_regimes_that_need_it() -> None:
    both = run("pre-union", "presence-kazakhstan", base=load_base_year())
    assert both.passed
    assert both["pre-union"].iterations == 0
    assert not len(both["pre-union"].solution.benchmark.foreign_sales)
    assert len(both["presence-kazakhstan"].solution.benchmark.foreign_sales)


def test_foreign_firms_enter_and_users_gain_variety() -> None:
    one = solved("presence-russia")
    assert one.passed
    b, x = one.solution.benchmark, one.solution.state
    found = service_prices(b, x).xs("RUS", level="region")
    assert (found["foreign_firms"] > 1.2).all()
    assert (found["home_firms"] < 1).all()
    assert (found["price"] < 1).all()
    assert (x["profit_abroad"]["RUS"] < 0) and abs(x["profit_abroad"].sum()) < 1e-6
    price = float(x["composite_price"][HOST])
    assert found.loc["fbs", "price"] == pytest.approx(price / x["consumer_price"]["RUS"])
    users = productivity_of_users(b, x)
    gain = np.log1p(service_prices(b, x)["gain_from_variety_pct"] / 100)
    bought = b.intermediate.loc[:, "mac", "RUS"].reindex(["trn", "cmm", "fbs"])
    part = bought / (b.output["mac", "RUS"] * (1 - b.production_tax["mac", "RUS"]))
    expected = 100 * float((part * gain.xs("RUS", level="region").reindex(part.index)).sum())
    assert users["mac", "RUS"] == pytest.approx(expected)


def test_welfare_terms_add_up_with_rents_profits_and_varieties() -> None:
    found = solved("presence-kazakhstan").solution.welfare(tolerance=1e-5)
    terms = found.by()
    np.testing.assert_allclose(terms.sum(axis=1), found.total, atol=1e-6)
    assert found.accuracy < 1e-5
    assert terms.loc["KAZ", "foreign firms"] < 0 < terms.loc["KAZ", "technology"]
    assert abs(terms.loc["KAZ", "variety"]) > 1


def test_owners_at_home_keep_the_gain() -> None:
    """The same reform with the foreign firms' own capital owned at home: worth more to the country."""
    base = load_base_year()
    firms = firm_parameters(data.table(TABLE), base.benchmark.regions).assign(foreign_ownership=0.0)
    own = replace(base, benchmark=with_foreign_firms(base.benchmark, firms, base_rent(base.schedules)))
    kept = Workbench(own).solve(load_regime("presence-russia")).indicators.loc["RUS", "ev_usd_mn"]
    lost = solved("presence-russia")
    profits = lost.solution.state["profit_abroad"]["RUS"]
    assert kept - lost.indicators.loc["RUS", "ev_usd_mn"] > 0.9 * -profits > 0


@pytest.mark.slow
def test_ipopt_agrees() -> None:
    """Every variable of a regime with services, solved a second time from the same Pyomo model."""
    bench().solve(load_regime("pre-union"))
    model = bench().model
    policy = policy_of(load_regime("wto-kazakhstan-services"), divided().benchmark, divided().schedules)
    moved = [v for name in policy.settings for v in model.component(name).values()]
    ipopt = IpoptSystem(model, exogenous=moved)
    free = [v for v in model.component_data_objects(pyo.Var) if not v.fixed]
    before = {v.name: v.value for v in free}
    bench().solve(load_regime("wto-kazakhstan-services"))
    ours = {v.name: v.value for v in free}
    theirs = ipopt.solve({v.name: v.value for v in moved})
    assert set(theirs) == set(ours)
    size = {n: max(abs(value), abs(before[n])) for n, value in ours.items()}
    gaps = {n: abs(theirs[n] - ours[n]) / size[n] for n in ours if size[n] > 0}
    assert max(gaps.values()) <= 1e-8


def test_the_page_has_todays_figures() -> None:
    """Central figures of docs/services.md; the bands are solved by docs/build_services.py."""
    page = json.loads((DOCS / "services.json").read_text(encoding="utf-8"))["central"]
    for name, region in SHOWN.items():
        found = solved(name).indicators.loc[region, list(page[name])]
        assert found.to_dict() == pytest.approx(page[name], rel=1e-3, abs=1e-4), "run docs/build_services.py"
