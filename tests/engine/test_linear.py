"""The sparse solver: accuracy on badly scaled matrices, reuse of the ordering, singular matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csc_array, eye_array, random_array

from eacu.model.engine.errors import SingularJacobianError
from eacu.model.engine.linear import PairedSolver, structural_matching


def random_matrix(n: int, seed: int) -> csc_array:
    """Sparse, row-permuted and badly scaled, but regular."""
    rng = np.random.default_rng(seed)
    body = random_array((n, n), density=min(1.0, 4 / n), rng=rng) + 2 * eye_array(n)
    rows = np.exp(rng.normal(0, 6, n))
    scaled = csc_array(body.multiply(rows[:, None]))[rng.permutation(n), :].tocsc()
    scaled.sort_indices()
    return scaled


@pytest.mark.parametrize("n", [1, 5, 300])
def test_solves_and_solves_again_with_new_values(n):
    matrix = random_matrix(n, seed=n)
    solver = PairedSolver(matrix.indices, matrix.indptr)
    rng = np.random.default_rng(0)
    for _ in range(3):
        data = matrix.data * np.exp(rng.normal(0, 0.2, matrix.nnz))
        exact = rng.normal(size=n)
        again = csc_array((data, matrix.indices, matrix.indptr), shape=(n, n))
        solver.factorise(data)
        assert solver.solve(again @ exact) == pytest.approx(exact, rel=1e-8, abs=1e-8)


def test_falls_back_when_the_kept_pairing_no_longer_suits():
    dense = np.array([[1.0, 1e-14, 3.0], [1e-14, 1.0, 2.0], [2.0, 1.0, 1.0]])
    matrix = csc_array(dense)
    solver = PairedSolver(matrix.indices, matrix.indptr)
    solver.factorise(matrix.data)
    turned = csc_array(np.array([[1e-18, 1.0, 1.0], [1.0, 1e-18, 2.0], [1.0, 1.0, 1e-18]]))
    solver.factorise(turned.data)
    exact = np.array([1.0, -2.0, 3.0])
    assert solver.solve(turned @ exact) == pytest.approx(exact, rel=1e-10)


def test_a_singular_matrix_is_refused():
    matrix = csc_array(np.array([[1.0, 1.0], [2.0, 2.0]]))
    solver = PairedSolver(matrix.indices, matrix.indptr)
    with pytest.raises(SingularJacobianError):
        solver.factorise(matrix.data)
        solver.solve(np.array([1.0, 1.0]))
    left, right = solver.null_vectors()
    assert abs(right[0] + right[1]) < 1e-6  # x1 and x2 can move against one another
    assert abs(left[0] + left[1]) < 1e-6  # after row scaling the equations are equal


def test_an_empty_row_is_refused():
    matrix = csc_array(np.array([[1.0, 1.0], [1.0, 2.0]]))
    solver = PairedSolver(matrix.indices, matrix.indptr)
    with pytest.raises(SingularJacobianError, match="empty or non-finite row"):
        solver.factorise(np.array([1.0, 0.0, 1.0, 0.0]))


def test_structural_matching_leaves_over_what_cannot_be_paired():
    pattern = csc_array(np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1]]))
    row_of = structural_matching(pattern.indices, pattern.indptr, 3)
    assert sorted(row_of.tolist()) == [-1, 0, 2]


def test_heavy_factors_are_kept_as_a_preconditioner(monkeypatch):
    monkeypatch.setattr("eacu.model.engine.linear._HEAVY", 0)
    n = 200
    matrix = random_matrix(n, seed=3)
    solver = PairedSolver(matrix.indices, matrix.indptr)
    rng = np.random.default_rng(0)
    for spread in (0.0, 0.02, 0.05):
        data = matrix.data * np.exp(rng.normal(0, spread, matrix.nnz))
        again = csc_array((data, matrix.indices, matrix.indptr), shape=(n, n))
        exact = rng.normal(size=n)
        solver.factorise(data)
        assert solver.solve(again @ exact) == pytest.approx(exact, rel=1e-3, abs=1e-3)  # an inexact step
    assert solver.factorisations == 1
    assert not solver.is_fresh
    unlike = rng.normal(size=matrix.nnz)  # the old factors say nothing about this one
    again = csc_array((unlike, matrix.indices, matrix.indptr), shape=(n, n))
    solver.factorise(unlike)
    exact = rng.normal(size=n)
    assert solver.solve(again @ exact) == pytest.approx(exact, rel=1e-6, abs=1e-6)
    assert solver.is_fresh
    assert solver.factorisations > 1


def test_rows_about_small_numbers_are_as_accurate_as_the_others():
    """With a solution of 1e12 in one half, an error of 1e-3 in the other hides in any norm of the whole."""
    n, half = 300, 150
    off = np.full(half - 1, 0.25)
    block = np.diag(np.ones(half)) + np.diag(off, 1) + np.diag(off, -1)
    matrix = csc_array(np.kron(np.eye(2), block))
    solver = PairedSolver(matrix.indices, matrix.indptr)
    solver.factorise(matrix.data)  # the order is that of a harmless matrix
    diagonal = matrix.indices == np.repeat(np.arange(n), np.diff(matrix.indptr))
    data = np.where(diagonal & (matrix.indices >= half), 1e-7, matrix.data)
    again = csc_array((data, matrix.indices, matrix.indptr), shape=(n, n))
    exact = np.concatenate([np.full(half, 1e12), np.random.default_rng(3).normal(size=half)])
    solver.factorise(data)
    b = again @ exact
    x = solver.solve(b)
    size = abs(again) @ np.abs(x) + np.abs(b)
    assert float((np.abs(again @ x - b) / size).max()) < 1e-13
    assert x[half:] == pytest.approx(exact[half:], abs=1e-6)
