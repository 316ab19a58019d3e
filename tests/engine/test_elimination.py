"""Elimination of local unknowns: the same answers as SuperLU, and refusal where no pivot is good enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import block_array, coo_array, csr_array, diags_array, random_array
from scipy.sparse.linalg import splu

from eacu.model.engine import elimination
from eacu.model.engine.elimination import Elimination, UnstableOrderError


def economy(n_local: int, n_central: int, seed: int) -> csr_array:
    """Many local unknowns that touch a few central ones, and central ones that all depend on one another."""
    rng = np.random.default_rng(seed)
    local = diags_array(rng.uniform(1.0, 2.0, n_local)) + 0.1 * random_array(
        (n_local, n_local), density=1 / n_local, rng=rng
    )
    upper = random_array((n_local, n_central), density=3 / n_central, rng=rng)
    lower = random_array((n_central, n_local), density=3 / n_central, rng=rng)
    centre = coo_array(rng.normal(size=(n_central, n_central)) + n_central * np.eye(n_central))
    return csr_array(block_array([[local, upper], [lower, centre]]))


@pytest.mark.parametrize(("n_local", "n_central"), [(40, 20), (400, 30), (3000, 150)])
def test_the_same_solution_as_superlu(n_local, n_central):
    matrix = economy(n_local, n_central, seed=n_local)
    b = np.random.default_rng(1).normal(size=matrix.shape[0])
    order = Elimination(matrix)
    assert order.factorise(matrix.data).solve(b) == pytest.approx(
        splu(matrix.tocsc()).solve(b), rel=1e-9, abs=1e-9
    )


def test_what_is_local_is_eliminated_and_the_centre_stays_dense():
    order = Elimination(economy(3000, 150, seed=2))
    assert 1 <= order.dense < 400
    assert order.work < 3150**3 / 3 / 100


def test_the_order_serves_other_values_of_the_pattern():
    matrix = economy(400, 120, seed=3)
    order = Elimination(matrix)
    rng = np.random.default_rng(4)
    exact = rng.normal(size=matrix.shape[0])
    for _ in range(3):
        other = csr_array(
            (matrix.data * np.exp(rng.normal(0, 0.3, matrix.nnz)), matrix.indices, matrix.indptr),
            shape=matrix.shape,
        )
        found = order.factorise(other.data).solve(other @ exact)
        assert found == pytest.approx(exact, rel=1e-8, abs=1e-8)


def test_a_small_diagonal_entry_is_no_pivot():
    """Pivoting on the tiny entries would lose all digits of the solution."""
    matrix = economy(400, 120, seed=5)
    tiny = np.flatnonzero(np.random.default_rng(6).random(400) < 0.3)
    values = matrix.tolil()
    for k in tiny.tolist():
        values[k, k] = 1e-14
        values[k, 400 + k % 120] = 1.0
        values[400 + k % 120, k] = 1.0
    awkward = csr_array(values.tocsr())
    b = np.ones(awkward.shape[0])
    x = Elimination(awkward).factorise(awkward.data).solve(b)
    reference = splu(awkward.tocsc()).solve(b)
    assert x == pytest.approx(reference, rel=1e-7, abs=1e-7 * np.abs(reference).max())


@pytest.mark.parametrize("value", [0.0, 1e-12, np.nan])
def test_a_pivot_that_vanishes_later_asks_for_a_new_order(value):
    matrix = economy(400, 120, seed=7)
    order = Elimination(matrix)
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    data = matrix.data.copy()
    data[(row == matrix.indices) & (row < 400)] = value
    with pytest.raises(UnstableOrderError):
        order.factorise(data)


def test_a_singular_dense_rest_is_refused(monkeypatch):
    monkeypatch.setattr(elimination, "_SMALL", 10)
    matrix = csr_array(np.ones((4, 4)))
    with pytest.raises(UnstableOrderError):
        Elimination(matrix).factorise(matrix.data)
