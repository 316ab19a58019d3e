"""Market structure: the table, what it does to a benchmark, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.benchmark import BenchmarkError
from eacu.calibration.market_structure import (
    COLUMNS,
    SPECIFIC,
    MarketStructure,
    market_structure,
    with_market_structure,
)
from eacu.calibration.sam import Sam
from eacu.experiments.base_year import load_base_year, load_benchmark, with_structure
from eacu.experiments.run import run
from eacu.model.blocks.varieties import add_variables
from eacu.model.economy import build_economy

ROW = {
    "sector": "mac",
    "structure": "krugman",
    "sigma": 5.0,
    "specific_capital": 0.5,
    "source": "x",
    "quality": "assumed",
}


def table(**changes: object) -> pd.DataFrame:
    return pd.DataFrame([{**ROW, **changes}])


def structure(**changes: object) -> MarketStructure:
    return MarketStructure.from_table(table(**changes), "own.csv")


def test_what_is_not_in_the_table_stays_and_the_money_is_the_same() -> None:
    """Elasticities of the sector change, capital is divided; output, incomes and every other sector do not."""
    before, after = load_benchmark(), with_market_structure(load_benchmark(), structure())
    assert set(after.increasing_returns) == {key for key in before.output.index if key[0] == "mac"}
    assert (after.sigma_sources.xs("mac") == 5.0).all()
    assert (after.sigma_armington.xs("mac") == 5.0).all()
    assert np.isinf(after.omega_supply.xs("mac")).all()
    others = [g for g in before.sectors if g != "mac"]
    for name in ("sigma_sources", "sigma_armington", "omega_supply"):
        pd.testing.assert_series_equal(getattr(after, name)[others], getattr(before, name)[others])
    apart = after.factor_value.xs(SPECIFIC, level="factor")
    assert set(apart.index.get_level_values("sector")) == {"mac"}
    capital = before.factor_value.xs("capital", level="factor").reindex(apart.index)
    np.testing.assert_allclose(apart, 0.5 * capital)
    keys = ["sector", "region"]
    pd.testing.assert_series_equal(
        after.factor_value.groupby(keys).sum(), before.factor_value.groupby(keys).sum()
    )
    sam = Sam.from_table(after.sam, 1e-9)
    assert sam.balance_gap() <= 1e-9
    assert f"factor:{SPECIFIC}" in set(sam.table["row_account"])


def test_armington_leaves_a_benchmark_as_it_is() -> None:
    base = load_base_year()
    assert with_structure(base, "armington") is base
    assert len(build_economy(base.benchmark).varieties) == 0


def test_a_run_records_its_market_structure(tmp_path) -> None:
    """By name and by file; the file is among the data files of the run."""
    file = tmp_path / "firms.csv"
    pd.DataFrame([ROW])[list(COLUMNS)].to_csv(file, index=False)
    own, shipped = with_structure(load_base_year(), file), with_structure(load_base_year(), "krugman")
    assert own.market_structure == str(file)
    assert own.files[-1] == file
    assert shipped.market_structure == "krugman"
    assert shipped.files[-1].name == "market_structure.csv"
    result = run("union-2010-07", base=own)
    assert result.passed
    assert result.market_structure == str(file)
    with pytest.raises(BenchmarkError, match="already has the market structure"):
        run("union-2010-07", base=own, market_structure="krugman")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (table().drop(columns="sigma"), r"own.csv: column\(s\) \['sigma'\] are missing"),
        (pd.concat([table(), table()]), "sector mac stands in two rows"),
        (table(structure="cournot"), "sector mac: unknown structure 'cournot'; known are"),
        (table(sigma=1.0), "sector mac: sigma is 1; it must be above 1"),
        (table(specific_capital=1.0), "specific_capital is 1; it must be at least 0 and below 1"),
        (table(sigma=np.nan), "sector mac: sigma is nan"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(BenchmarkError, match=message):
        MarketStructure.from_table(rows, "own.csv")


def test_an_unknown_name_or_sector_is_refused() -> None:
    with pytest.raises(BenchmarkError, match="no market structure 'melits': neither one of"):
        market_structure("melits", lambda name: table())
    with pytest.raises(BenchmarkError, match="sector 'cars' is not one of"):
        with_market_structure(load_benchmark(), structure(sector="cars"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"omega_supply": 4.0}, "must be the same at home and abroad"),
        ({"sigma_armington": 2.0}, "needs one elasticity between varieties"),
        ({"sigma_sources": 0.5}, "above 1"),
    ],
)
def test_the_model_refuses_firms_without_their_elasticities(change: dict, message: str) -> None:
    b = with_market_structure(load_benchmark(), structure())
    ((name, value),) = change.items()
    series = getattr(b, name).copy()
    series["mac", "RUS"] = value
    with pytest.raises(BenchmarkError, match=message):
        add_variables(None, replace(b, **{name: series}))


def test_entry_can_be_left_out_and_numbers_changed() -> None:
    found = structure().without_entry()
    b = with_market_structure(load_benchmark(), found)
    assert b.increasing_returns == ()
    assert (b.sigma_sources.xs("mac") == 5.0).all()
    assert structure().changed(sigma=3.0).table["sigma"].tolist() == [3.0]
