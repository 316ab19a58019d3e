"""Balancing against solutions made by other programs (see SOURCE.txt next to each data set)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.balancing import BalanceProblem, Control, error_support_entropy, solve

DATA = Path(__file__).parents[1] / "oracles" / "data"


def test_sambal_weighted_least_squares() -> None:
    """Zenios, Drud and Mulvey: weights 1/prior on known cells and totals, two cells and totals unknown."""
    table = pd.read_csv(DATA / "sambal" / "cells.csv", index_col=["row", "column"])
    totals = pd.read_csv(DATA / "sambal" / "totals.csv", index_col="account")
    known = totals["prior"].dropna()
    cells = pd.DataFrame(
        {"prior": table["prior"].fillna(1.0), "standard_error": np.sqrt(table["prior"]).fillna(np.inf)}
    )
    problem = BalanceProblem(cells)
    problem.account_balance()
    problem.totals("row", known, np.sqrt(known), name="total")
    result = solve(problem, "least_squares")
    assert result.objective == pytest.approx(3.968220361763, rel=1e-11)
    np.testing.assert_allclose(result.values, table["balanced"], rtol=1e-8)
    np.testing.assert_allclose(
        result.values.groupby("row").sum()[totals.index], totals["balanced"], rtol=1e-8
    )


def cesam2() -> tuple[pd.DataFrame, pd.DataFrame, list[Control], pd.DataFrame, pd.DataFrame]:
    table = pd.read_csv(DATA / "cesam2" / "cells.csv", index_col=["row", "column"])
    accounts = pd.read_csv(DATA / "cesam2" / "totals.csv", index_col="account")
    multiplicative = table["prior_type"] == "coefficient"
    cells = pd.DataFrame(
        {
            "prior": table["prior"],
            "standard_error": np.where(multiplicative, 0.25, 0.25 * table["prior"].abs()),
            "error": np.where(multiplicative, "multiplicative", "additive"),
        }
    )
    totals = pd.DataFrame({"prior": accounts["target"], "standard_error": 0.05 * accounts["target"]})

    def control(name: str, coefficients: dict[tuple[str, str], float]) -> Control:
        series = pd.Series(coefficients)
        target = float((series * table["prior"].loc[series.index]).sum())
        return Control(name, series, target, 0.05 * target)

    controls = [
        control("GDP at factor cost", {("FAC", "ACT"): 1.0}),
        control(
            "GDP",
            {("FAC", "ACT"): 1.0, ("GOV", "ACT"): 1.0, ("ACT", "GOV"): -1.0, ("GOV", "COM"): 1.0},
        ),
    ]
    return cells, totals, controls, table, accounts


def test_cesam2_cross_entropy_with_error_supports() -> None:
    """Robinson, Cattaneo and El-Said: the whole table, the totals and the entropy GAMS reports (0.508)."""
    cells, totals, controls, table, accounts = cesam2()
    result = error_support_entropy(cells, totals, controls)
    assert result.objective == pytest.approx(0.50796042, abs=1e-8)
    assert result.objective == pytest.approx(0.508, abs=5e-4)
    np.testing.assert_allclose(result.values, table["balanced"], rtol=1e-9)
    np.testing.assert_allclose(result.totals, accounts["balanced"], rtol=1e-9)
    assert result.imbalance < 1e-12


def test_cesam2_has_no_unit() -> None:
    """The same table in another currency gives the same entropy and proportional cells."""
    cells, totals, controls, table, _ = cesam2()
    cells.loc[cells["error"] == "additive", "standard_error"] *= 1e4
    cells["prior"] *= 1e4
    totals *= 1e4
    controls = [Control(c.name, c.coefficients, c.target * 1e4, c.standard_error * 1e4) for c in controls]
    result = error_support_entropy(cells, totals, controls)
    assert result.objective == pytest.approx(0.50796042, abs=1e-8)
    np.testing.assert_allclose(result.values / 1e4, table["balanced"], rtol=1e-9)


def test_cesam2_balanced_prior_is_kept() -> None:
    """A balanced table with its own totals costs no entropy, with and without controls."""
    cells, totals, _, table, accounts = cesam2()
    cells["prior"], totals["prior"] = table["balanced"], accounts["balanced"]
    result = error_support_entropy(cells, totals)
    assert abs(result.objective) < 1e-12
    np.testing.assert_allclose(result.values, table["balanced"], rtol=1e-9)
