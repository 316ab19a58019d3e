"""Stating a balancing problem: what is accepted, what is refused and how the refusal reads."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from eacu.calibration.balancing import (
    METHODS,
    BalanceError,
    BalanceProblem,
    Control,
    ErrorSupport,
    InfeasibleError,
    error_support_entropy,
    find_conflict,
    solve,
)


def cells(**prior: float) -> pd.DataFrame:
    values = pd.Series(prior)
    return pd.DataFrame({"prior": values, "standard_error": 0.1 * values.abs()})


def table() -> BalanceProblem:
    index = pd.MultiIndex.from_product([["a", "b"], ["u", "v", "w"]], names=["row", "column"])
    prior = pd.Series([10.0, 20, 30, 5, 15, 25], index)
    return BalanceProblem(pd.DataFrame({"prior": prior, "standard_error": 0.2 * prior}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prior": np.nan}, r"prior is NaN or infinite: 'x' = nan"),
        ({"prior": np.inf}, r"prior is NaN or infinite: 'x' = inf"),
        ({"prior": 0.0}, r"prior is zero.*'x' = 0.0"),
        ({"standard_error": np.nan}, r"standard error is NaN or negative: 'x'"),
        ({"standard_error": -1.0}, r"standard error is NaN or negative: 'x' = -1.0"),
    ],
)
def test_bad_cell_is_named(change: dict[str, float], message: str) -> None:
    frame = cells(x=1.0, y=2.0)
    for column, value in change.items():
        frame.loc["x", column] = value
    with pytest.raises(BalanceError, match=message):
        BalanceProblem(frame)


def test_bad_tables_are_refused() -> None:
    with pytest.raises(BalanceError, match="given twice: 'x'"):
        BalanceProblem(pd.concat([cells(x=1.0), cells(x=2.0)]))
    with pytest.raises(BalanceError, match="no column standard_error"):
        BalanceProblem(cells(x=1.0)[["prior"]])
    with pytest.raises(BalanceError, match="empty"):
        BalanceProblem(cells(x=1.0).iloc[:0])
    with pytest.raises(BalanceError, match="floor is 1"):
        BalanceProblem(cells(x=1.0), floor=1.0)


@pytest.mark.parametrize(
    ("coefficients", "target", "error", "message"),
    [
        ({"x": 1.0, "z": 1.0}, 1.0, 0.0, r"'c': not among the cells of the problem: 'z'"),
        ({"x": np.nan}, 1.0, 0.0, r"'c': a coefficient is NaN"),
        ({"x": 1.0}, np.nan, 0.0, r"target is NaN or infinite: 'c' = "),
        ({"x": 1.0}, 1.0, -1.0, r"standard error must be finite, >= 0: 'c' = "),
        ({"x": 1.0}, 1.0, np.inf, r"standard error must be finite, >= 0: 'c' = "),
        ({"x": 0.0}, 1.0, 0.0, r"no cell has a coefficient: 'c'"),
    ],
)
def test_bad_constraint_is_named(
    coefficients: dict[str, float], target: float, error: float, message: str
) -> None:
    problem = BalanceProblem(cells(x=1.0, y=2.0))
    with pytest.raises(BalanceError, match=message):
        problem.constraint("c", pd.Series(coefficients), target, error)
    assert len(problem.names) == 0


def test_names_are_unique_and_shapes_checked() -> None:
    problem = BalanceProblem(cells(x=1.0, y=2.0))
    problem.constraint("c", pd.Series({"x": 1.0}), 1.0)
    with pytest.raises(BalanceError, match="used twice: 'c'"):
        problem.constraint("c", pd.Series({"y": 1.0}), 2.0)
    with pytest.raises(BalanceError, match="a cell is named twice: 'x'"):
        problem.constraint("d", pd.Series([1.0, 1.0], index=["x", "x"]), 1.0)
    with pytest.raises(BalanceError, match=r"matrix is 1 x 3"):
        problem.constraints(["d"], sparse.csr_array(np.ones((1, 3))), [1.0])
    with pytest.raises(BalanceError, match="coefficient is NaN or infinite: 'e'"):
        problem.constraints(["d", "e"], sparse.csr_array([[1.0, 2.0], [np.inf, 0.0]]), [1.0, 1.0])
    with pytest.raises(BalanceError, match="2 targets for 1 names"):
        problem.constraints(["d"], sparse.csr_array(np.ones((1, 2))), [1.0, 2.0])
    with pytest.raises(BalanceError, match="choose one of least_squares"):
        solve(problem, "ras")  # type: ignore[arg-type]


def test_totals_build_the_matrix_they_say() -> None:
    problem = table()
    problem.totals("row", pd.Series({"a": 66.0, "b": 44.0}), name="row")
    problem.totals(
        "column", pd.Series({"w": 50.0, "u": 16.0}), pd.Series({"u": 2.0, "w": 1.0}), name="column"
    )
    assert problem.names.tolist() == ["row a", "row b", "column w", "column u"]
    expected = [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 0, 1, 0, 0, 1], [1, 0, 0, 1, 0, 0]]
    np.testing.assert_array_equal(problem.matrix.toarray(), expected)
    np.testing.assert_array_equal(problem.targets, [66, 44, 50, 16])
    np.testing.assert_array_equal(problem.constraint_errors, [0, 0, 1, 2])
    group = pd.Series(["g", "g", "h", "h", "h", "h"], problem.cells.index)
    problem.totals(group, pd.Series({"g": 30.0}), name="group")
    np.testing.assert_array_equal(problem.matrix.toarray()[-1], [1, 1, 0, 0, 0, 0])
    with pytest.raises(BalanceError, match="whose label no cell carries: 'c' = "):
        problem.totals("row", pd.Series({"c": 1.0}), name="again")
    with pytest.raises(BalanceError, match="no standard error for this target: 'b'"):
        problem.totals("row", pd.Series({"a": 1.0, "b": 1.0}), pd.Series({"a": 1.0}), name="again")
    with pytest.raises(BalanceError, match=r"no index level \['region'\]"):
        problem.totals("region", pd.Series({"a": 1.0}))


def test_account_balance_of_region_account_pairs() -> None:
    index = pd.MultiIndex.from_tuples(
        [("R", "x", "R", "y"), ("R", "y", "S", "x"), ("S", "x", "R", "x"), ("R", "x", "R", "x")],
        names=["row_region", "row_account", "column_region", "column_account"],
    )
    prior = pd.Series([1.0, 2.0, 3.0, 9.0], index)
    problem = BalanceProblem(pd.DataFrame({"prior": prior, "standard_error": prior / 10}))
    problem.account_balance(["row_region", "row_account"], ["column_region", "column_account"])
    assert problem.names.tolist() == ["balance R x", "balance R y", "balance S x"]
    # the last cell is paid by an account to itself and cannot unbalance it
    expected = [[1, 0, -1, 0], [-1, 1, 0, 0], [0, -1, 1, 0]]
    np.testing.assert_array_equal(problem.matrix.toarray(), expected)
    for method in METHODS:
        values = solve(problem, method).values
        np.testing.assert_allclose(values.iloc[:3], values.iloc[0], rtol=1e-9)
        assert values.iloc[3] == 9.0


def test_one_sided_account_is_refused_unless_signs_differ() -> None:
    index = pd.MultiIndex.from_tuples([("s1", "cap"), ("s2", "cap")], names=["row", "column"])
    frame = pd.DataFrame({"prior": [3.0, 2.0], "standard_error": 1.0}, index)
    with pytest.raises(BalanceError, match="one side only and cannot balance: 'cap'"):
        BalanceProblem(frame).account_balance(accounts=["cap"])
    frame["prior"] = [3.0, -2.0]
    problem = BalanceProblem(frame)
    problem.account_balance(accounts=["cap"])
    np.testing.assert_allclose(solve(problem).values, [2.5, -2.5])


@pytest.mark.parametrize("method", METHODS)
def test_conflict_names_the_smallest_contradicting_set(method: str) -> None:
    """Rows ask for 110, columns for 120; three more constraints are innocent."""
    problem = table()
    problem.totals("row", pd.Series({"a": 66.0, "b": 44.0}), name="row")
    problem.totals("column", pd.Series({"u": 20.0, "v": 40.0, "w": 60.0}), name="column")
    problem.constraint("innocent", pd.Series({("a", "u"): 1.0, ("b", "v"): 1.0}), 26.0)
    problem.constraint("soft", pd.Series({("a", "v"): 1.0}), 21.0, 1.0)
    with pytest.raises(InfeasibleError) as refusal:
        solve(problem, method)  # type: ignore[arg-type]
    conflict = refusal.value.conflict
    assert sorted(conflict.together) == ["column u", "column v", "column w", "row a", "row b"]
    assert conflict.violations["violation"].abs().sum() == pytest.approx(10.0)
    assert "cannot hold together: row a, row b, column u, column v, column w" in str(refusal.value)


@pytest.mark.parametrize("method", METHODS)
def test_conflict_with_signs_and_with_fixed_cells(method: str) -> None:
    by_sign = BalanceProblem(cells(x=1.0, y=2.0))
    by_sign.constraint("sum", pd.Series({"x": 1.0, "y": 1.0}), 3.0)
    by_sign.constraint("negative", pd.Series({"x": 1.0, "y": 1.0}), -1.0, 1.0)  # soft: only pulls
    assert find_conflict(by_sign) is None
    assert solve(by_sign, method).max_violation <= 1e-9  # type: ignore[arg-type]
    by_sign.constraint("too much", pd.Series({"x": 1.0}), 4.0)
    with pytest.raises(InfeasibleError, match="sum, too much"):
        solve(by_sign, method)  # type: ignore[arg-type]
    frame = cells(x=1.0, y=2.0)
    frame["standard_error"] = 0.0
    fixed = BalanceProblem(frame)
    fixed.constraint("sum", pd.Series({"x": 1.0, "y": 1.0}), 4.0)
    with pytest.raises(InfeasibleError, match="nearest: sum = 3 instead of 4"):
        solve(fixed, method)  # type: ignore[arg-type]


def test_report_shows_adjustments_and_controls() -> None:
    problem = table()
    problem.totals("row", pd.Series({"a": 66.0, "b": 44.0}), name="row")
    problem.totals("column", pd.Series({"w": 50.0}), 1.0, name="column")
    result = solve(problem)
    text = result.report(top=2)
    assert "6 cells (6 moved), 2 exact and 1 soft constraints" in text
    assert "column w" in text
    sizes = result.adjustments["change"].abs()
    assert sizes.is_monotonic_decreasing
    row = result.constraints.loc["row a"]
    assert row["before"] == pytest.approx(60.0)
    assert row["after"] == pytest.approx(66.0, rel=1e-12)
    largest = result.adjustments.iloc[0]
    assert largest["change"] / (0.2 * largest["prior"]) == pytest.approx(largest["standard_errors"])


def test_error_support_input_is_checked() -> None:
    with pytest.raises(BalanceError, match="prior mean zero"):
        ErrorSupport((-1.0, 2.0), (0.5, 0.5))
    index = pd.MultiIndex.from_tuples([("a", "b"), ("b", "a")], names=["row", "column"])
    good = pd.DataFrame({"prior": [9.0, 11.0], "standard_error": [1.0, 1.0], "error": "additive"}, index)
    totals = pd.DataFrame({"prior": [10.0, 10.0], "standard_error": [1.0, 1.0]}, index=["a", "b"])
    assert error_support_entropy(good, totals).values.tolist() == pytest.approx([10.0, 10.0])
    with pytest.raises(BalanceError, match="additive or multiplicative"):
        error_support_entropy(good.assign(error="none"), totals)
    with pytest.raises(BalanceError, match="prior != 0"):
        error_support_entropy(good.assign(prior=[0.0, 1.0]), totals)
    with pytest.raises(BalanceError, match="no total for an account"):
        error_support_entropy(good, totals.iloc[:1])
    with pytest.raises(BalanceError, match="control 'c'"):
        error_support_entropy(good, totals, [Control("c", pd.Series({("a", "z"): 1.0}), 1.0, 1.0)])
    with pytest.raises(BalanceError, match="lies within the error supports"):
        error_support_entropy(good.assign(prior=[2.0, 18.0]), totals)


def test_without_a_floor_a_total_of_zero_empties_its_cells() -> None:
    problem = BalanceProblem(cells(x=1.0, y=2.0, z=3.0), floor=0.0)
    problem.constraint("nothing", pd.Series({"x": 1.0, "y": 1.0}), 0.0)
    assert solve(problem, "least_squares").values.tolist() == [0.0, 0.0, 3.0]
    assert solve(problem, "least_absolute").values.tolist() == [0.0, 0.0, 3.0]
    floored = BalanceProblem(cells(x=1.0, y=2.0, z=3.0))
    floored.constraint("nothing", pd.Series({"x": 1.0, "y": 1.0}), 0.0)
    with pytest.raises(InfeasibleError, match="nothing"):
        solve(floored)
