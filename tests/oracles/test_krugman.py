"""Monopolistic competition: the model against Krugman's economy solved on its own, and against closed formulas.

Flows of the model's base year are written down from a solution in levels; then both worlds are shocked alike.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.benchmark import Benchmark
from eacu.model.checks import walras
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.indicators import welfare
from eacu.model.state import State
from tests.support.krugman import Economy, Equilibrium

AGREEMENT = 1e-8


def world(sectors: int = 2, countries: int = 3, duties: bool = True) -> Economy:
    """Countries of unlike size, taste and distance, far enough from each other for each to keep every sector."""
    rng = np.random.default_rng(11)
    shares = rng.uniform(0.4, 0.6, (countries, sectors))
    iceberg = rng.uniform(1.6, 1.9, (sectors, countries, countries))
    duty = rng.uniform(0.0, 0.2, iceberg.shape) if duties else np.zeros(iceberg.shape)
    for r in range(countries):
        iceberg[:, r, r], duty[:, r, r] = 1.0, 0.0
    return Economy(
        labour=np.array([10.0, 4.0, 20.0])[:countries],
        shares=shares / shares.sum(axis=1, keepdims=True),
        sigma=np.array([4.0, 5.0])[:sectors],
        productivity=rng.uniform(0.97, 1.03, (countries, sectors)),
        iceberg=iceberg,
        duty=duty,
    )


@lru_cache(maxsize=8)
def base_of(economy: str) -> Equilibrium:
    return {
        "two sectors": lambda: world(),
        "one sector": lambda: world(sectors=1, duties=False),
        "two sectors without duties": lambda: world(duties=False),
    }[economy]().solve()


def cheaper_trade(given: Economy) -> Economy:
    """Trade between the first two countries melts less, that of all others more."""
    iceberg = given.iceberg.copy()
    for g in range(len(iceberg)):
        iceberg[g, 0, 1] *= 0.85
        iceberg[g, 1, 0] *= 0.9
        iceberg[g, 2, 0] *= 1.05 + 0.1 * g
        iceberg[g, 1, 2] *= 1.1
    return dataclasses.replace(given, iceberg=iceberg)


def foreign_growth(given: Economy) -> Economy:
    """The third country grows in people and productivity."""
    productivity = given.productivity.copy()
    productivity[2] *= 1.2
    return dataclasses.replace(
        given, labour=given.labour * np.array([1.0, 1.0, 1.3]), productivity=productivity
    )


def lower_duties(given: Economy) -> Economy:
    """The first two countries form a union, the third doubles its duties."""
    duty = given.duty.copy()
    duty[:, :2, :2] = 0.0
    duty[:, :2, 2] *= 2.0
    return dataclasses.replace(given, duty=duty)


SHOCKS = {f.__name__: f for f in (cheaper_trade, foreign_growth, lower_duties)}


def model_after(base: Equilibrium, given: Economy, krugman: bool = True) -> tuple[Benchmark, State]:
    """The model's equilibrium when what is given changes from that of the base to ``given``."""
    before, benchmark = base.given, base.benchmark(krugman)
    m = build_economy(benchmark)
    regions, sectors = list(benchmark.regions), list(benchmark.sectors)
    for g, r, s in m.flows:
        at = sectors.index(g), regions.index(r), regions.index(s)
        m.iceberg[g, r, s].set_value(given.iceberg[at] / before.iceberg[at])
        m.import_tariff[g, r, s].set_value(given.duty[at])
    for g, r in m.activities:
        at = regions.index(r), sectors.index(g)
        m.productivity[g, r].set_value(given.productivity[at] / before.productivity[at])
    for r in m.R:
        m.endowment["unskilled", r].set_value((given.labour / before.labour)[regions.index(r)])
    solve(m)
    assert walras(m) <= 1e-12
    return benchmark, State.of(m)


def real_absorption(b: Benchmark, x: State) -> np.ndarray:
    """Real income relative to the base; all users buy one basket, and the other users' quantities are fixed."""
    total = b.absorption.groupby("region").sum()
    return (1 + welfare(b, x)["ev_usd_mn"] / total).to_numpy()


def by_country(series: pd.Series) -> np.ndarray:
    """Sectors in columns, countries in rows."""
    return series.unstack("sector").to_numpy()


@pytest.mark.parametrize("shock", SHOCKS)
@pytest.mark.parametrize("economy", ["one sector", "two sectors"])
def test_the_model_is_krugmans_economy(economy: str, shock: str) -> None:
    """Wages, numbers of firms, trade and welfare as in the economy in levels."""
    base = base_of(economy)
    after = SHOCKS[shock](base.given).solve(start=base)
    b, x = model_after(base, after.given)
    wages = (x["factor_price"] / x["factor_price"]["unskilled", "A"]).to_numpy()
    np.testing.assert_allclose(wages, after.wages / base.wages, rtol=AGREEMENT)
    np.testing.assert_allclose(by_country(x["varieties"]), after.firms / base.firms, rtol=AGREEMENT)
    np.testing.assert_allclose(real_absorption(b, x), after.welfare / base.welfare, rtol=AGREEMENT)
    sold = (x["shipments"] * x["flow_price"] / x["factor_price"]["unskilled", "A"]).to_xarray().to_numpy()
    expected = after.sales / base.sales
    for r in range(len(base.wages)):
        expected[:, r, r] = np.nan  # sales at home are no flow of trade
    np.testing.assert_allclose(sold, expected, rtol=AGREEMENT)


def test_firms_flock_to_the_larger_market() -> None:
    """Krugman's (1980, section III) home market effect: of a good that it likes more a country makes more than that.

    Two countries, mirror images of each other: each spends two thirds on one of two sectors. When taste moves further
    apart, firms of a sector move more than in proportion to demand.
    """
    taste = 2 / 3
    shares = np.array([[taste, 1 - taste], [1 - taste, taste]])
    iceberg = np.full((2, 2, 2), 1.5)
    iceberg[:, [0, 1], [0, 1]] = 1.0
    given = Economy(np.ones(2), shares, np.array([4.0, 4.0]), np.ones((2, 2)), iceberg, np.zeros((2, 2, 2)))
    found = given.solve()
    ratio, demand = found.firms[0, 0] / found.firms[1, 0], shares[0, 0] / shares[1, 0]
    melt = 1.5 ** (1 - 4.0)
    assert ratio == pytest.approx((demand - melt) / (1 - demand * melt))
    _, x = model_after(found, dataclasses.replace(given, iceberg=np.where(iceberg > 1, 1.4, 1.0)))
    melt = 1.4 ** (1 - 4.0)
    now = ratio * x["varieties"]["x", "A"] / x["varieties"]["x", "B"]
    assert now == pytest.approx((demand - melt) / (1 - demand * melt), rel=AGREEMENT)


@pytest.mark.parametrize("krugman", [True, False], ids=["Krugman", "Armington"])
@pytest.mark.parametrize("shock", ["cheaper_trade", "foreign_growth"])
def test_the_gain_from_trade_is_that_of_the_share_at_home(shock: str, krugman: bool) -> None:
    r"""One sector, one factor: real income changes by :math:`\hat\lambda^{-1/(\sigma-1)}`, whatever the structure.

    Arkolakis, Costinot and Rodriguez-Clare (2012), American Economic Review 102, proposition 1, for shocks abroad. The
    first two countries are those to which nothing happens at home.
    """
    base = base_of("one sector")
    b, x = model_after(base, SHOCKS[shock](base.given), krugman)
    share = (x["domestic_demand"] * x["domestic_price"] / (x["composite"] * x["composite_price"])).to_numpy()
    formula = share ** (-1 / (base.given.sigma[0] - 1))
    there = slice(0, 2) if shock == "foreign_growth" else slice(0, 3)
    assert np.abs(np.log(formula[there])).min() > 1e-3
    np.testing.assert_allclose(real_absorption(b, x)[there], formula[there], rtol=AGREEMENT)


def test_more_people_at_home_are_worth_more_varieties() -> None:
    r"""With one sector real income of a growing country is :math:`\hat L\,(\hat L/\hat\lambda)^{1/(\sigma-1)}`."""
    base = base_of("one sector")
    given = dataclasses.replace(base.given, labour=base.given.labour * np.array([1.2, 1.0, 1.0]))
    b, x = model_after(base, given)
    share = (x["domestic_demand"] * x["domestic_price"] / (x["composite"] * x["composite_price"])).iloc[0]
    found = real_absorption(b, x)[0]
    assert found == pytest.approx(1.2 * (1.2 / share) ** (1 / (base.given.sigma[0] - 1)), rel=AGREEMENT)


@pytest.mark.parametrize("krugman", [True, False], ids=["Krugman", "Armington"])
def test_with_several_sectors_employment_counts_too(krugman: bool) -> None:
    r"""Real income changes by :math:`\prod_g (\hat r_g^{\delta}/\hat\lambda_g)^{\beta_g/(\sigma_g-1)}`.

    :math:`r` is employment and :math:`\delta` one under monopolistic competition with free entry, nil under perfect
    competition: Costinot and Rodriguez-Clare (2014), Handbook of International Economics 4, ch. 4 (one factor, no
    intermediates).
    """
    base = base_of("two sectors without duties")
    b, x = model_after(base, cheaper_trade(base.given), krugman)
    value = x["composite"] * x["composite_price"]
    share = by_country(x["domestic_demand"] * x["domestic_price"] / value)
    workers = by_country(x["factor_use"].droplevel("factor"))
    assert np.abs(np.log(workers)).max() > 1e-2
    power = base.given.shares / (base.given.sigma - 1)
    entry = workers if krugman else np.ones_like(workers)
    formula = np.prod((entry / share) ** power, axis=1)
    np.testing.assert_allclose(real_absorption(b, x), formula, rtol=AGREEMENT)
