"""The regimes about Ukraine: they find their base year by themselves, solve, and do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eacu.experiments.base_year import BaseYear, load_base_year
from eacu.experiments.policy import tariff_matrix
from eacu.experiments.regimes import REGIME_FOLDER, RegimeError, load_regime, regime_names
from eacu.experiments.run import Run, run
from eacu.model.checks import benchmark_residuals
from eacu.model.economy import build_economy

MEMBERS = ("RUS", "BLR", "KAZ")
REGIMES = ("ukraine-dcfta", "ukraine-dcfta-mfn", "union-plus-ukraine")


@pytest.fixture(scope="module")
def base() -> BaseYear:
    return load_base_year("ukraine")


@pytest.fixture(scope="module")
def result() -> Run:
    return run("pre-union", "union-2010-07", *REGIMES)


def test_the_regimes_stand_apart_and_name_their_base_year() -> None:
    assert sorted(regime_names(REGIME_FOLDER / "ukraine")) == sorted(REGIMES)
    assert not set(REGIMES) & set(regime_names())
    assert all(load_regime(name).base_year == "ukraine" for name in REGIMES)
    assert load_regime("union-2010-07").base_year is None
    with pytest.raises(RegimeError, match="did you mean 'union-plus-ukraine'"):
        load_regime("union-plus-ukrain")


def test_the_benchmark_with_ukraine_replicates(base: BaseYear, result: Run) -> None:
    replication = benchmark_residuals(build_economy(base.benchmark))
    replication.require()
    assert result["pre-union"].iterations == 0
    assert abs(result["pre-union"].walras) < 1e-12


def test_they_are_solved_on_their_own_base_year(result: Run) -> None:
    assert result.passed
    for regime in result:
        assert "UKR" in regime.solution.benchmark.regions
        assert regime.max_residual < 1e-9
        assert abs(regime.walras) < 1e-12
        assert regime.sam.balance_gap() < 1e-9


def test_who_is_shown(result: Run) -> None:
    """Ukraine is no member in the agreement with the European Union, but what it is about."""
    assert result.members == (*MEMBERS, "UKR")
    assert result.concerned == (*MEMBERS, "UKR", "EU")


def test_regimes_of_two_base_years_are_not_mixed(tmp_path) -> None:
    other = tmp_path / "mine.toml"
    text = (REGIME_FOLDER / "pre-union.toml").read_text(encoding="utf-8")
    other.write_text(text + '\nbase_year = "another"\n', encoding="utf-8")
    with pytest.raises(RegimeError, match=r"different base years.*another"):
        run(str(other), "ukraine-dcfta")


def test_a_base_year_without_ukraine_is_refused() -> None:
    with pytest.raises(RegimeError, match="UKR"):
        run("ukraine-dcfta", base=load_base_year())


def test_tariffs_of_the_agreement(base: BaseYear) -> None:
    old = base.benchmark.import_tariff
    new = tariff_matrix(load_regime("ukraine-dcfta"), base.benchmark, base.schedules)
    for source, importer in (("EU", "UKR"), ("UKR", "EU")):
        assert (new.xs((source, importer), level=("source", "importer")) == 0).all()
    changed = new[(new - old).abs() > 1e-9].index.droplevel("sector").unique()
    into = {importer for _, importer in changed}
    assert into == {"UKR", "EU", *MEMBERS} - {"RUS", "BLR"}  # Russia and Belarus had the common tariff before
    withdrawn = tariff_matrix(load_regime("ukraine-dcfta-mfn"), base.benchmark, base.schedules)
    for member in MEMBERS:
        mine = withdrawn.xs(("UKR", member), level=("source", "importer"))
        theirs = withdrawn.xs(("EU", member), level=("source", "importer")).reindex(mine.index)
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


def test_the_key_of_ukraine_is_its_share_of_what_the_four_would_collect(base: BaseYear) -> None:
    regime = load_regime("union-plus-ukraine")
    rates = tariff_matrix(regime, base.benchmark, base.schedules)
    flows = pd.DataFrame({"duty": rates * base.benchmark.cif.reindex(rates.index)}).reset_index()
    inside = flows["source"].isin(regime.members)
    duty = flows[flows["importer"].isin(regime.members) & ~inside].groupby("importer")["duty"].sum()
    keys = pd.Series(regime.union.keys)
    assert keys["UKR"] == pytest.approx(duty["UKR"] / duty.sum(), rel=0.01)
    three = keys[list(MEMBERS)] / keys[list(MEMBERS)].sum()
    assert three.to_dict() == pytest.approx({"RUS": 0.8797, "BLR": 0.0470, "KAZ": 0.0733}, rel=1e-9)


def test_ukraine_in_the_union(result: Run) -> None:
    """A tariff about twice as high: real GDP and wages fall, prices and duty rise, trade turns to the members."""
    change = (result["union-plus-ukraine"].indicators - result["union-2010-07"].indicators).loc["UKR"]
    assert change["real_gdp_pct"] < 0
    assert change["real_wage_pct"] < 0 < change["cpi_pct"]
    assert change["imports_intra_pct"] > 0 > change["imports_extra_pct"]
    assert change["tariff_revenue_usd_mn"] > 1000
    transfers = result["union-plus-ukraine"].indicators["pool_transfer_usd_mn"]
    assert transfers.sum() == pytest.approx(0, abs=1e-6)


def test_ukraine_and_the_european_union(result: Run) -> None:
    agreement, answered = (result[n].indicators.loc["UKR"] for n in ("ukraine-dcfta", "ukraine-dcfta-mfn"))
    alone = result["union-2010-07"].indicators.loc["UKR"]
    assert agreement["real_gdp_pct"] > alone["real_gdp_pct"]
    assert agreement["real_wage_pct"] > alone["real_wage_pct"]
    assert agreement["tariff_revenue_usd_mn"] < 0.5 * alone["tariff_revenue_usd_mn"]
    assert answered["ev_usd_mn"] < agreement["ev_usd_mn"] - 500
    assert answered["exports_intra_pct"] < -5


def test_the_page_shows_the_numbers_of_the_model(result: Run) -> None:
    """docs/ukraine.md is written by docs/build_ukraine.py; its table is what the model gives today."""
    page = (Path(__file__).parents[2] / "docs" / "ukraine.md").read_text(encoding="utf-8")
    union = result["union-2010-07"].indicators
    for regime in REGIMES:
        for region in ("UKR", "RUS"):
            row = re.search(rf"^\| {regime} {region} \| (\S+) \| (\S+) \| (\S+) \|", page, flags=re.MULTILINE)
            assert row is not None, (regime, region)
            shown = [float(cell.replace(",", "")) for cell in row.groups()]
            added = (result[regime].indicators - union).loc[region]
            columns = ["ev_usd_mn", "ev_pct_consumption", "real_gdp_pct"]
            np.testing.assert_allclose(shown, added[columns].astype(float), rtol=0.01, atol=0.006)
