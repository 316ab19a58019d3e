"""load -> solve -> compare -> table, and what the objects say of themselves."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eacu
from eacu.experiments import run as runner
from eacu.experiments.economy import Comparison, Economy, compare
from eacu.experiments.regimes import RegimeError, load_regime
from eacu.model.arrays import BASE, MissingXarrayError, to_dataset
from eacu.model.closures import CLOSURES, find_closure
from eacu.model.derivatives import SelectionError
from eacu.model.explain import displayed
from eacu.model.presentation import signed
from tests.experiments.small_economy import small_base_year


@pytest.fixture(scope="module")
def economy() -> Economy:
    return Economy(small_base_year())


@pytest.fixture(scope="module")
def compared(economy) -> Comparison:
    return compare(economy.solve("union-2010-07"), economy.run("wto-joint"))


def test_four_lines(compared):
    table = compared.table("ev_usd_mn", regions=["KAZ", "ROW"])
    assert list(table.columns) == ["union-2010-07", "wto-joint", "wto-joint less union-2010-07"]
    union, wto = compared
    for region in ("KAZ", "ROW"):
        before, after = (one.indicators.loc[region, "ev_usd_mn"] for one in (union, wto))
        assert table.loc[(region, "ev_usd_mn")].tolist() == [before, after, after - before]
    assert list(compared.table().index.unique("region")) == ["RUS", "BLR", "KAZ"]
    assert not any("less" in name for name in compared.table(differences=False))


def test_the_results_are_those_of_run(economy, compared):
    """The economy that is kept and used again gives what one built for the purpose gives."""
    fresh = runner.run("wto-joint", base=economy.base)["wto-joint"]
    pd.testing.assert_frame_equal(compared["wto-joint"].indicators, fresh.indicators, rtol=1e-9, atol=1e-9)


def test_the_model_is_built_once_for_each_closure(economy, monkeypatch):
    built = []
    original = runner.Workbench.__init__

    def counted(self, base, closure, *rest, **options):
        built.append(closure.name)
        original(self, base, closure, *rest, **options)

    monkeypatch.setattr(runner.Workbench, "__init__", counted)
    own = Economy(economy.base)
    first = own.run("union-2010-07")
    second = own.run("union-2010-01")
    own.solve("union-2010-07", closure="short-run")
    assert built == ["default", "short-run"]
    assert "build" in first.seconds
    assert "build" not in second.seconds, "a run counts its own time only"
    assert any("union-2010-01" in line for line in second.log)
    assert not any("union-2010-01" in line for line in first.log)


def test_every_indicator_is_in_the_frame(compared):
    frame = compared.frame
    assert set(frame["regime"]) == {"union-2010-07", "wto-joint"}
    assert frame["unit"].notna().all()
    row = frame.query("regime == 'wto-joint' and region == 'KAZ' and indicator == 'cpi_pct'")
    assert row["value"].item() == compared["wto-joint"].indicators.loc["KAZ", "cpi_pct"]


def test_wrong_names_are_answered_with_the_nearest(compared, economy):
    with pytest.raises(ValueError, match="Did you mean 'ev_usd_mn'"):
        compared.table("ev_usd_m")
    with pytest.raises(ValueError, match="Did you mean 'KAZ'"):
        compared.table(regions=["KAS"])
    with pytest.raises(SelectionError, match="Did you mean 'market_flow'"):
        economy.equation("market_flw", "mac", "RUS", "KAZ")
    with pytest.raises(KeyError, match="it has union-2010-07, wto-joint"):
        compared["union"]


def test_only_what_belongs_together_is_compared(economy, compared):
    union = compared["union-2010-07"]
    with pytest.raises(RegimeError, match="nothing to compare"):
        compare()
    with pytest.raises(RegimeError, match="is given twice"):
        compare(union, union)
    short = economy.solve("union-2010-07", closure="short-run")
    assert list(compare(medium=union, short=short).solved) == ["medium", "short"]
    assert list(compare(union, short).solved) == ["union-2010-07 (default)", "union-2010-07 (short-run)"]
    solution = compared["wto-joint"].solution
    benchmark = solution.benchmark
    elsewhere = replace(benchmark, household_demand=1.01 * benchmark.household_demand)
    assert not elsewhere.gdp.equals(benchmark.gdp)
    other = replace(compared["wto-joint"], solution=replace(solution, benchmark=elsewhere))
    with pytest.raises(RegimeError, match="another base year"):
        compare(union, other)


def test_labelled_arrays(compared):
    data = compared.to_xarray()
    union = compared["union-2010-07"]
    assert list(data["regime"].values) == [BASE, "union-2010-07", "wto-joint"]
    imports = data["imports"]
    assert imports.dims == ("regime", "region", "sector", "partner")
    assert imports.attrs["unit"] == "mn USD, benchmark prices"
    rows = union.results[union.results["variable"] == "imports"]
    for row in rows.itertuples():
        cell = imports.sel(region=row.region, sector=row.sector, partner=row.partner)
        assert cell.sel(regime=BASE).item() == row.base
        assert cell.sel(regime="union-2010-07").item() == row.value
    assert int(np.isfinite(imports.sel(regime=BASE).values).sum()) == len(rows), (
        "no flow is missing, not zero"
    )
    assert data["real_gdp"].dims == ("regime", "region")
    assert union.solution.to_xarray()["real_gdp"].sel(regime="solution", region="KAZ").item() == (
        data["real_gdp"].sel(regime="union-2010-07", region="KAZ").item()
    )


def test_arrays_of_two_base_years_are_refused(compared):
    results = compared["union-2010-07"].results
    with pytest.raises(ValueError, match="another base year"):
        to_dataset({"one": results, "two": results.assign(base=results["base"] + 1.0)})


def test_without_xarray_the_message_says_how_to_get_it(compared, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingXarrayError, match=r"python -m pip install 'eacu\[xarray\]'"):
        compared.to_xarray()


def test_a_solution_prints_its_headline(compared):
    union = compared["union-2010-07"]
    value = union.indicators.loc["KAZ", "ev_pct_consumption"]
    for text in (repr(union), repr(union.solution)):
        (line,) = [line for line in text.splitlines() if line.startswith("welfare (equivalent variation), %")]
        assert float(line.split()[-1]) == pytest.approx(value, rel=5e-3)
        assert line.split()[-1][0] in "+-"
        revenue = next(line for line in text.splitlines() if line.startswith("tariff revenue"))
        assert "+" not in revenue, "an amount is no change"
    assert "all 4 checks passed" in repr(union)
    assert "<table" in union._repr_html_()
    assert "KAZ" in union.solution._repr_html_()


def test_a_failed_check_is_never_hidden(compared):
    union = compared["union-2010-07"]
    bad = replace(union, checks=(replace(union.checks[0], value=1.0), *union.checks[1:]))
    assert "CHECK FAILED: largest residual" in repr(bad)
    assert "CHECK FAILED" in bad._repr_html_()
    assert "passed" not in repr(bad)


def test_runs_regimes_closures_and_economies_print_in_words(economy):
    run = economy.run("union-2010-07", "wto-joint")
    assert repr(run).splitlines()[0] == "Run of 2 regimes, ok"
    assert "wto-joint" in run._repr_html_()
    regime = repr(load_regime("union-2010-07"))
    assert regime.startswith("Regime union-2010-07: Customs union with pooled duties")
    assert "shared RUS 87.97 %, BLR 4.7 %" in re.sub(r"\s+", " ", regime)
    for closure in (*CLOSURES.values(), find_closure("short-run+wage-curve")):
        for choice in closure.choices:
            assert f"{choice.market:<11} {choice.name}:" in repr(closure)
    assert repr(economy).startswith("Economy of 2007: 4 regions (RUS, BLR, KAZ, ROW)")


def test_an_equation_prints_its_mathematics_with_numbers(economy, compared):
    union = compared["union-2010-07"]
    found = union.equation("zero_profit_production", "mac", "KAZ")
    text = repr(found)
    assert r"\rho_{jr} = \Big(\sum_i \theta_{ijr}" in text
    after = found.terms["after"]
    side = f"{after.clip(lower=0).sum():,.6g}"
    assert f"here: {side} = {side}" in text
    assert side != "1", "the example should move"
    assert "base year: 1 = 1" in text
    latex = found._repr_latex_()
    assert latex.startswith("$$") and latex.endswith("$$")
    assert r"\theta_{ijr}" in latex and f"{side} = {side}" in latex
    assert latex.count(r"\begin{") == latex.count(r"\end{") == 1
    html = found._repr_html_()
    assert r"\theta_{ijr}" in html and f"here: {side} = {side}" in html
    base = economy.equation("zero_profit_production", "mac", "KAZ")
    assert (base.terms["before"] == base.terms["after"]).all()


def test_numbers_show_sign_zero_and_what_is_missing():
    shown = [signed(value) for value in (1234.5, -12.34, 1.234, -0.1234, 1e-9, 0.0, float("nan"))]
    assert shown == ["+1,234", "-12.3", "+1.23", "-0.123", "≈0", "0", "–"]


def test_formulas_are_read_whole():
    text = "Words.\n\n.. math:: a = b\n          + c\n\nMore.\n\n.. math::\n\n    d = e\n    + f\n\nEnd."
    assert displayed(text) == ("a = b\n+ c", "d = e\n+ f")


def test_the_public_face(economy, monkeypatch):
    from eacu.experiments import economy as module

    monkeypatch.setattr(module, "load_base_year", lambda folder, structure: small_base_year())
    assert isinstance(eacu.load(), Economy)
    assert eacu.compare is compare


def test_a_name_is_not_a_solved_regime():
    with pytest.raises(RegimeError, match=r"takes solved regimes, not 'wto-only'; solve it first"):
        compare("wto-only")
