"""Random SAMs: the spread is that of the stated reliabilities, what is exact stays, and a draw is its seed's."""

import numpy as np
import pandas as pd
import pytest

from eacu.calibration.balancing import BalanceError, BalanceProblem, solve
from eacu.calibration.draws import random_errors
from eacu.calibration.series import Tables, once, remembered


def small_problem() -> BalanceProblem:
    """Three flows that sum to 100 exactly; the first two are also known to sum to 62 give or take 2."""
    cells = pd.DataFrame(
        {"prior": [30.0, 30.0, 40.0], "standard_error": [1.5, 0.9, 1.2]}, index=pd.Index(["a", "b", "c"])
    )
    problem = BalanceProblem(cells)
    problem.constraint("total", pd.Series(1.0, index=["a", "b", "c"]), 100.0)
    problem.constraint("pair", pd.Series(1.0, index=["a", "b"]), 62.0, 2.0)
    return problem


def test_draws_have_the_covariance_of_the_posterior() -> None:
    problem = small_problem()
    drawn = np.array(
        [
            solve(random_errors(1, k)("x", problem), method="least_squares").values.to_numpy()
            for k in range(300)
        ]
    )
    # Normal prior and observation, exact restriction: textbook conditional distribution.
    precision = np.diag(1 / np.array([1.5, 0.9, 1.2]) ** 2) + np.outer([1, 1, 0], [1, 1, 0]) / 4.0
    free = np.linalg.inv(precision)
    ones = np.ones(3)
    posterior = free - np.outer(free @ ones, free @ ones) / (ones @ free @ ones)
    np.testing.assert_allclose(drawn.sum(axis=1), 100.0, rtol=1e-9)
    np.testing.assert_allclose(np.cov(drawn.T), posterior, atol=0.2 * posterior.max())
    exact = solve(problem, method="least_squares").values
    np.testing.assert_allclose(drawn.mean(axis=0), exact, atol=4 * np.sqrt(posterior.max() / 300))


def test_a_draw_depends_on_seed_number_and_problem_only() -> None:
    problem = small_problem()

    def drawn(seed: int, number: int, name: str) -> pd.Series:
        return random_errors(seed, number)(name, problem).cells["prior"]

    first = drawn(7, 3, "RUS")
    pd.testing.assert_series_equal(first, drawn(7, 3, "RUS"))
    for other in (drawn(8, 3, "RUS"), drawn(7, 4, "RUS"), drawn(7, 3, "KAZ")):
        assert (first != other).all()


def test_restated_problems_keep_their_matrix_and_refuse_other_cells() -> None:
    problem = small_problem()
    kept = problem.restated(keep=np.array([True, False]))
    assert list(kept.names) == ["total"]
    assert list(problem.names) == ["total", "pair"]
    with pytest.raises(BalanceError, match="not those of the problem"):
        problem.restated(problem.cells.iloc[:2])


def test_a_linear_program_begun_at_another_basis_ends_where_it_would() -> None:
    random = np.random.default_rng(3)
    size = 12
    index = pd.MultiIndex.from_product([range(size), range(size)], names=["row", "column"])
    prior = random.uniform(1.0, 9.0, len(index))
    problem = BalanceProblem(pd.DataFrame({"prior": prior, "standard_error": 0.2 * prior}, index=index))
    problem.totals("row", 1.1 * problem.cells["prior"].groupby("row").sum(), name="row")
    columns = 1.1 * problem.cells["prior"].groupby("column").sum()
    problem.totals("column", columns, standard_error=0.02 * columns, name="column")
    basis = solve(problem, method="least_absolute").basis
    assert basis is not None
    cold = solve(random_errors(1, 0)("x", problem), method="least_absolute")
    warm = solve(random_errors(1, 0, {"x": basis})("x", problem), method="least_absolute")
    again = solve(problem.restated(start=basis), method="least_absolute")
    assert (again.iterations, solve(problem, method="least_absolute").iterations > 0) == (0, True)
    assert warm.objective == pytest.approx(cold.objective, rel=1e-10)
    assert warm.max_violation <= 1e-9
    smaller = problem.restated(keep=np.arange(2 * size) > 0, start=basis)
    assert solve(smaller, method="least_absolute").objective > 0.0, "a basis of another shape is left alone"


def test_what_is_made_of_remembered_tables_is_made_once_and_tables_are_copies() -> None:
    read: list[str] = []

    def tables(name: str) -> pd.DataFrame:
        read.append(name)
        return pd.DataFrame({"value": [1.0]})

    made: list[str] = []

    def total(name: str, reader: Tables) -> float:
        made.append(name)
        return float(reader(name)["value"].sum())

    own = remembered(tables)
    copy = own("a")
    copy["value"] = 5.0
    assert [once(own, total, "a"), once(own, total, "a"), once(own, total, "b")] == [1.0, 1.0, 1.0]
    assert (read, made) == (["a", "b"], ["a", "b"])
    assert remembered(own) is own
    once(tables, total, "a"), once(tables, total, "a")
    assert made == ["a", "b", "a", "a"], "a reader without a memory may have other tables next time"
