"""From a SAM and elasticities to the benchmark: rates, totals, refusals."""

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.benchmark import FINAL_USERS, Benchmark, BenchmarkError
from eacu.calibration.sam import Sam
from tests.support.synthetic import synthetic_benchmark, synthetic_elasticities, synthetic_sam


@pytest.fixture(scope="module")
def sam():
    return synthetic_sam(seed=3)


@pytest.fixture(scope="module")
def benchmark():
    return synthetic_benchmark(seed=3)


def paid(sam, row_account, column_account, row_region=None, column_region=None):
    t = sam.table
    chosen = (t["row_account"] == row_account) & (t["column_account"] == column_account)
    if row_region:
        chosen &= t["row_region"] == row_region
    if column_region:
        chosen &= t["column_region"] == column_region
    return t.loc[chosen, "value"].sum()


def test_rates_times_bases_return_the_tax_payments(sam, benchmark):
    b = benchmark
    duty = (b.cif * b.import_tariff).groupby("importer").sum()
    for s in b.regions:
        cells = sam.table[
            (sam.table["row_region"] == s) & sam.table["row_account"].str.startswith("tax:import")
        ]
        assert duty[s] == pytest.approx(cells["value"].sum(), rel=1e-12)
        for user in FINAL_USERS:
            base = b.final_demand(user).groupby("region").sum()[s]
            assert b.sales_tax[user, s] * base == pytest.approx(paid(sam, "tax:sales", user, s), abs=1e-10)
    for (j, r), output in b.output.items():
        account = f"activity:{j}"
        assert b.production_tax[j, r] * output == pytest.approx(
            paid(sam, "tax:production", account, r), abs=1e-10
        )
        factors = b.factor_value.xs((j, r), level=("sector", "region")).sum()
        assert b.factor_tax[j, r] * factors == pytest.approx(paid(sam, "tax:factor", account, r), abs=1e-10)


def test_tax_revenue_is_what_the_government_receives(sam, benchmark):
    for r in benchmark.regions:
        for tax in ("production", "factor", "sales", "export", "direct"):
            received = paid(sam, "government", f"tax:{tax}", r)
            assert benchmark.tax_revenue.loc[r, tax] == pytest.approx(received, abs=1e-9)
        duties = [paid(sam, "government", f"tax:import:{s}", r) for s in benchmark.regions]
        assert benchmark.tax_revenue.loc[r, "import"] == pytest.approx(sum(duties), abs=1e-9)


def test_output_and_absorption_are_the_account_totals(sam, benchmark):
    totals = sam.totals["row_total"]
    for (g, r), value in benchmark.output.items():
        assert value == pytest.approx(totals[r, f"activity:{g}"], rel=1e-12)
    for (g, r), value in benchmark.absorption.items():
        assert value == pytest.approx(totals[r, f"commodity:{g}"], rel=1e-12)


def test_gdp_by_expenditure_equals_gdp_by_income(sam, benchmark):
    t = sam.table
    for r in benchmark.regions:
        factors = t[(t["row_region"] == r) & t["row_account"].str.startswith("factor:")]["value"].sum()
        taxes = t[(t["row_region"] == r) & t["row_account"].str.startswith("tax:")]["value"].sum()
        direct = paid(sam, "tax:direct", "household", r)
        assert benchmark.gdp[r] == pytest.approx(factors + taxes - direct, rel=1e-12)


def test_the_series_are_sparse_and_ordered(benchmark):
    b = benchmark
    assert (b.exports > 0).all()
    assert (b.margin > 0).all()
    assert ("oil", "BLR") not in b.output.index
    assert ("oil", "BLR") not in b.domestic_sales.index
    assert ("oil", "BLR") in b.absorption.index
    assert not b.exports.index.get_level_values("sector").isin(["pub"]).any()
    assert {(r, s) for _, r, s in b.exports.index if r == s} == {("ROW", "ROW")}
    order = [(b.sectors.index(g), b.regions.index(r), b.regions.index(s)) for g, r, s in b.exports.index]
    assert order == sorted(order)
    assert b.foreign_savings.sum() == pytest.approx(0, abs=1e-9)


def test_intra_regional_trade_is_not_domestic_sales(sam, benchmark):
    assert benchmark.exports["agr", "ROW", "ROW"] == pytest.approx(
        paid(sam, "activity:agr", "intra:agr", "ROW")
    )
    home = paid(sam, "activity:agr", "commodity:agr", "ROW", "ROW")
    assert benchmark.domestic_sales["agr", "ROW"] == pytest.approx(home)


def test_a_missing_elasticity_names_parameter_and_key(sam):
    table = synthetic_elasticities(sam)
    gone = (table["parameter"] == "sigma_sources") & (table["region"] == "KAZ") & (table["sector"] == "mac")
    with pytest.raises(BenchmarkError, match=r"sigma_sources is missing.*\('mac', 'KAZ'\)"):
        Benchmark.from_sam(sam, table[~gone])


def test_faulty_elasticities_are_refused(sam):
    table = synthetic_elasticities(sam)
    with pytest.raises(BenchmarkError, match="given twice"):
        Benchmark.from_sam(sam, pd.concat([table, table.iloc[[0]]]))
    with pytest.raises(BenchmarkError, match="unknown parameter"):
        Benchmark.from_sam(sam, table.replace("frisch", "frish"))
    with pytest.raises(BenchmarkError, match="zero or more"):
        Benchmark.from_sam(sam, table.assign(value=table["value"].where(table.index != 0, -1.0)))
    with pytest.raises(BenchmarkError, match="zero or more"):
        Benchmark.from_sam(sam, table.assign(value=table["value"].where(table.index != 0, np.nan)))
    with pytest.raises(BenchmarkError, match="frisch must be -1 or below"):
        Benchmark.from_sam(sam, table.assign(value=table["value"].mask(table["parameter"] == "frisch", 2.0)))
    with pytest.raises(BenchmarkError, match=r"column\(s\) \['value'\] are missing"):
        Benchmark.from_sam(sam, table.drop(columns="value"))


def test_an_export_subsidy_of_the_whole_value_is_refused(sam):
    """The seller would be paid more than the buyer's price: the fob price is not positive."""
    t = sam.table.copy()
    flow = t[
        (t["row_account"] == "activity:agr") & (t["row_region"] == "RUS") & (t["column_region"] == "KAZ")
    ]
    assert len(flow) == 1
    value = float(flow["value"].iloc[0])
    subsidy = pd.DataFrame(
        [("RUS", "tax:export", "KAZ", "commodity:agr", -1.2 * value)], columns=list(t.columns)
    )
    same = (t["row_account"] == "tax:export") & (t["row_region"] == "RUS") & (t["column_region"] == "KAZ")
    t = pd.concat([t[~(same & (t["column_account"] == "commodity:agr"))], subsidy])
    with pytest.raises(BenchmarkError, match=r"export_tax at \('agr', 'RUS', 'KAZ'\) is -120.0%"):
        Benchmark.from_sam(Sam(t), synthetic_elasticities(sam))


def test_wrong_orders_and_numeraire_are_refused(sam):
    table = synthetic_elasticities(sam)
    with pytest.raises(BenchmarkError, match="regions asked for"):
        Benchmark.from_sam(sam, table, regions=("RUS", "BLR"))
    with pytest.raises(BenchmarkError, match="Numeraire region 'EU'"):
        Benchmark.from_sam(sam, table, numeraire_region="EU")
    assert Benchmark.from_sam(sam, table).numeraire_region == "ROW"
