"""The shipped base year and regimes fit together, and show the signs that a tariff-only union must show."""

from __future__ import annotations

import pytest

from eacu.experiments.base_year import load_base_year
from eacu.experiments.regimes import regime_names
from eacu.experiments.run import run

MEMBERS = ("RUS", "BLR", "KAZ")


@pytest.fixture(scope="module")
def result():
    return run(*regime_names())


def test_the_pre_union_schedule_is_the_tariff_of_the_sam():
    """Two tables say the same thing; if they disagreed, every regime would hold a spurious reform."""
    base = load_base_year()
    for member in MEMBERS:
        sam = base.benchmark.import_tariff.xs(member, level="importer")
        schedule = base.schedules.column("pre-union", member, sam.index)
        assert (sam - schedule).abs().max() < 1e-7


def test_every_shipped_regime_is_solved_and_passes(result):
    for regime in result:
        assert regime.passed
        assert regime.max_residual <= 1e-9
        assert abs(regime.walras) <= 1e-8
    assert result["pre-union"].iterations == 0


def test_kazakhstan_in_the_tariff_union(result):
    kaz = result["union-2010-07"].indicators.loc["KAZ"]
    assert kaz["tariff_revenue_usd_mn"] > 1.5 * kaz["tariff_revenue_base_usd_mn"]
    assert kaz["imports_intra_pct"] > 0 > kaz["imports_extra_pct"]
    assert -1.0 < kaz["ev_pct_consumption"] < -0.1
    imports = result["union-2010-07"].solution.trade_by_partner()
    imports = imports[(imports["variable"] == "imports") & (imports["region"] == "KAZ")].set_index("partner")
    assert imports.loc[["RUS", "BLR"], "change"].min() > 0 > imports.loc[["CHN", "EU"], "change"].max()
