"""What every method must do on random sparse problems, and the optimality conditions of each."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from eacu.calibration.balancing import METHODS, BalanceProblem, BalanceResult, solve

SEEDS = range(12)


def random_problem(
    seed: int, noise: float = 0.5, unit: float = 1.0, fixed: bool = True, unknown: bool = False
) -> BalanceProblem:
    """A square sparse table with signed entries, redundant exact totals, exact and soft mixed constraints.

    Feasible by construction: the exact targets are those of a table with the signs of the prior.
    """
    rng = np.random.default_rng(seed)
    accounts = int(rng.integers(5, 25))
    filled = rng.random((accounts, accounts)) < 0.35
    filled[np.arange(accounts), (np.arange(accounts) + 1) % accounts] = True
    row, column = np.nonzero(filled)
    n = len(row)
    index = pd.MultiIndex.from_arrays([row, column], names=["row", "column"])
    prior = pd.Series(np.exp(rng.normal(0, 2, n)) * np.where(rng.random(n) < 0.1, -1, 1), index)
    reliability = 10 ** rng.uniform(-1.3, -0.3, n)
    truth = prior * np.exp(rng.normal(0, noise, n))
    if fixed:
        still = rng.random(n) < 0.04
        truth[still], reliability[still] = prior[still], 0.0
    if unknown:
        reliability[(rng.random(n) < 0.05) & (reliability > 0)] = np.inf
    error = reliability * prior.abs()
    problem = BalanceProblem(pd.DataFrame({"prior": prior * unit, "standard_error": error * unit}))
    truth = truth * unit
    problem.totals("row", truth.groupby("row").sum(), name="row")
    problem.totals("column", truth.groupby("column").sum(), name="column")
    mixed = sparse.csr_array(rng.normal(size=(6, n)) * (rng.random((6, n)) < 0.2))
    aggregates = mixed @ truth.to_numpy()
    problem.constraints([f"exact {i}" for i in range(3)], mixed[:3], aggregates[:3])
    problem.constraints(
        [f"soft {i}" for i in range(3)], mixed[3:], aggregates[3:] * 1.1, 0.05 * np.abs(aggregates[3:])
    )
    return problem


def assert_optimal(problem: BalanceProblem, result: BalanceResult) -> None:
    """First-order conditions, sufficient because every objective is convex.

    With pull = A' dual and g the derivative of the objective: pull = g on cells above their floor, pull <= g
    (seen in the direction of the sign) at the floor; a soft constraint's dual is the slope of its penalty.
    """
    prior, error = problem.cells["prior"].to_numpy(), problem.cells["standard_error"].to_numpy()
    ratio = result.values.to_numpy() / prior
    certainty = np.divide(prior, error, out=np.zeros_like(prior), where=error > 0)
    pull = problem.matrix.T @ result.dual.to_numpy() * prior  # by ratio
    slack = problem.targets - problem.matrix @ result.values.to_numpy()
    size = 1 + abs(problem.matrix.T) @ np.abs(result.dual.to_numpy()) * np.abs(prior)
    at_floor, free = ratio - problem.floor <= 1e-9, error > 0
    inside = free & ~at_floor
    soft = problem.constraint_errors > 0
    t = problem.constraint_errors[soft]
    if result.method == "least_absolute":
        weight = np.abs(certainty)
        moved = inside & (np.abs(ratio - 1) > 1e-9)
        np.testing.assert_allclose((pull - weight * np.sign(ratio - 1))[moved] / size[moved], 0, atol=1e-7)
        assert (np.abs(pull[inside]) <= weight[inside] + 1e-7 * size[inside]).all()
        assert (pull[free & at_floor] <= -weight[free & at_floor] + 1e-7 * size[free & at_floor]).all()
        missed = np.abs(slack[soft]) > 1e-9 * problem.flow(result.values.to_numpy())[soft]
        dual = result.dual.to_numpy()[soft] * t
        np.testing.assert_allclose(dual[missed], np.sign(slack[soft][missed]), atol=1e-7)
        assert (np.abs(dual) <= 1 + 1e-7).all()
        return
    slope = ratio - 1 if result.method == "least_squares" else np.log(ratio)
    gap = (pull - 2 * certainty**2 * slope) / size
    np.testing.assert_allclose(gap[inside], 0, atol=1e-8)
    assert (gap[free & at_floor] <= 1e-8).all()
    np.testing.assert_allclose(result.dual.to_numpy()[soft], 2 * slack[soft] / t**2, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", METHODS)
def test_constraints_hold_signs_stay_and_solution_is_optimal(method: str, seed: int, unknown: bool) -> None:
    problem = random_problem(seed, unknown=unknown)
    result = solve(problem, method)  # type: ignore[arg-type]
    prior = problem.cells["prior"]
    exact = problem.constraint_errors == 0
    residual = np.abs(problem.matrix @ result.values.to_numpy() - problem.targets)
    assert (residual[exact] <= 1e-9 * np.abs(problem.matrix)[exact] @ np.abs(result.values.to_numpy())).all()
    assert result.values.index.equals(prior.index)
    assert (result.values / prior >= problem.floor * (1 - 1e-12)).all()
    fixed = problem.cells["standard_error"] == 0
    assert (result.values[fixed] == prior[fixed]).all()
    assert_optimal(problem, result)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("method", METHODS)
def test_large_shocks_drive_cells_to_the_floor_and_stay_optimal(method: str, seed: int) -> None:
    problem = random_problem(seed, noise=2.0)
    result = solve(problem, method)  # type: ignore[arg-type]
    assert result.max_violation <= 1e-9
    assert_optimal(problem, result)


def test_the_hard_cases_do_meet_the_floor() -> None:
    """Guards the test above: without cells at the floor it would not test the bound."""
    counts = [
        (r.values / r.adjustments["prior"].reindex(r.values.index) < 1.001e-6).sum()
        for r in (solve(random_problem(s, noise=2.0), "least_squares") for s in range(6))
    ]
    assert sum(counts) >= 10


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", METHODS)
def test_balanced_prior_is_returned_unchanged(method: str, seed: int) -> None:
    first = random_problem(seed, fixed=False)
    prior = first.cells["prior"]
    problem = BalanceProblem(first.cells)
    problem.constraints(
        first.names.tolist(), first.matrix, first.matrix @ prior.to_numpy(), first.constraint_errors
    )
    result = solve(problem, method)  # type: ignore[arg-type]
    np.testing.assert_allclose(result.values, prior, rtol=1e-14)
    assert result.objective == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
@pytest.mark.parametrize("method", ["least_squares", "cross_entropy"])
@pytest.mark.parametrize("seed", range(4))
def test_unit_of_account_does_not_matter(method: str, seed: int, unit: float) -> None:
    one = solve(random_problem(seed), method)  # type: ignore[arg-type]
    other = solve(random_problem(seed, unit=unit), method)  # type: ignore[arg-type]
    np.testing.assert_allclose(other.values / unit, one.values, rtol=1e-8, atol=1e-12)
    assert other.objective == pytest.approx(one.objective, rel=1e-9)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
@pytest.mark.parametrize("seed", range(4))
def test_unit_of_account_does_not_matter_for_least_absolute(seed: int, unit: float) -> None:
    """The minimiser need not be unique, the minimum is."""
    one = solve(random_problem(seed), "least_absolute")
    other = solve(random_problem(seed, unit=unit), "least_absolute")
    assert other.objective == pytest.approx(one.objective, rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_only_relative_reliability_matters_without_soft_constraints(method: str) -> None:
    problem = random_problem(3)
    exact = problem.constraint_errors == 0
    results = []
    for factor in (1.0, 100.0):
        cells = problem.cells.assign(standard_error=problem.cells["standard_error"] * factor)
        copy = BalanceProblem(cells)
        copy.constraints(problem.names[exact].tolist(), problem.matrix[exact], problem.targets[exact])
        results.append(solve(copy, method))  # type: ignore[arg-type]
    np.testing.assert_allclose(results[1].values, results[0].values, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_cross_entropy_equals_least_squares_for_small_adjustments(seed: int) -> None:
    squares = solve(random_problem(seed, noise=1e-6, fixed=False), "least_squares")
    first = random_problem(seed, noise=1e-6, fixed=False)
    soft = first.constraint_errors > 0
    assert soft.any()
    problem = BalanceProblem(first.cells)
    problem.constraints(first.names[~soft].tolist(), first.matrix[~soft], first.targets[~soft])
    squares, entropy = solve(problem, "least_squares"), solve(problem, "cross_entropy")
    change = squares.values - problem.cells["prior"]
    np.testing.assert_allclose(
        entropy.values - problem.cells["prior"], change, atol=1e-4 * change.abs().max()
    )
    assert entropy.objective == pytest.approx(squares.objective, rel=1e-4)


def test_dual_is_the_derivative_of_the_objective() -> None:
    for method in ("least_squares", "cross_entropy"):
        objective = []
        for shift in (-1e-4, 0.0, 1e-4):
            frame = pd.DataFrame({"prior": [3.0, 5.0, -2.0], "standard_error": [0.3, 1.0, 0.5]}, list("xyz"))
            problem = BalanceProblem(frame)
            problem.constraint("sum", pd.Series(1.0, list("xyz")), 8.0 + shift)
            problem.constraint("soft", pd.Series({"x": 1.0, "y": -1.0}), -1.0, 0.4)
            result = solve(problem, method)  # type: ignore[arg-type]
            objective.append(result.objective)
            if shift == 0:
                dual = result.dual["sum"]
        assert dual == pytest.approx((objective[2] - objective[0]) / 2e-4, rel=1e-6)


def test_least_squares_closed_form_and_least_absolute_vertex() -> None:
    """x + y = 12 from (4, 6), standard errors (1, 2): shares of the gap by variance; L1 moves the looser."""
    frame = pd.DataFrame({"prior": [4.0, 6.0], "standard_error": [1.0, 2.0]}, list("xy"))
    problem = BalanceProblem(frame)
    problem.constraint("sum", pd.Series(1.0, list("xy")), 12.0)
    np.testing.assert_allclose(solve(problem, "least_squares").values, [4.4, 7.6], rtol=1e-14)
    np.testing.assert_allclose(solve(problem, "least_absolute").values, [4.0, 8.0], rtol=1e-14)
    # cross entropy: x = 4 exp(l/4), y = 6 exp(4l/6)
    x, y = solve(problem, "cross_entropy").values
    assert 4 * np.log(x / 4) == pytest.approx(1.5 * np.log(y / 6), rel=1e-12)


def test_ras_is_cross_entropy_with_equal_weights() -> None:
    """With s^2 = x0 and given margins, cross entropy is the biproportional (RAS) solution."""
    rng = np.random.default_rng(7)
    prior = rng.uniform(1, 9, (5, 4))
    rows, columns = rng.uniform(10, 30, 5), rng.uniform(10, 30, 4)
    columns *= rows.sum() / columns.sum()
    balanced = prior.copy()
    for _ in range(2000):
        balanced *= (rows / balanced.sum(axis=1))[:, None]
        balanced *= columns / balanced.sum(axis=0)
    index = pd.MultiIndex.from_product([range(5), range(4)], names=["row", "column"])
    cells = pd.Series(prior.ravel(), index)
    problem = BalanceProblem(pd.DataFrame({"prior": cells, "standard_error": np.sqrt(cells)}))
    problem.totals("row", pd.Series(rows), name="row")
    problem.totals("column", pd.Series(columns), name="column")
    result = solve(problem, "cross_entropy")
    np.testing.assert_allclose(result.values.to_numpy().reshape(5, 4), balanced, rtol=1e-10)
