"""Designs and measures of importance against functions whose indices are known."""

from __future__ import annotations

import numpy as np
import pytest

from eacu.experiments.sensitivity.designs import design, rounded
from eacu.experiments.sensitivity.factors import ROOTS, Factor
from eacu.experiments.sensitivity.importance import by_salib, first_order, linear_part

UNIFORM = [Factor(name, ("frisch",), "all", "all", "uniform", 0.5) for name in ("third", "first", "second")]
"""Names not in the order of the alphabet, so that a sorted group cannot go unnoticed."""


def ishigami(t: np.ndarray, a: float = 7.0, b: float = 0.1) -> np.ndarray:
    """Ishigami and Homma (1990) of three factors, uniform between plus and minus pi."""
    x = np.pi * t / ROOTS["uniform"]
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices(a: float = 7.0, b: float = 0.1) -> tuple[list[float], list[float]]:
    """Its shares alone and with others, by integration."""
    one, two = 0.5 * (1.0 + b * np.pi**4 / 5.0) ** 2, a**2 / 8.0
    both = 8.0 * b**2 * np.pi**8 / 225.0
    total = one + two + both
    return [one / total, two / total, 0.0], [(one + both) / total, two / total, both / total]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sobol_finds_the_indices_of_ishigami_within_their_errors(seed: int) -> None:
    alone, together = ishigami_indices()
    t = design("sobol", UNIFORM, 1000, seed)
    assert len(t) == 1024 * (3 + 2)
    outcomes = np.column_stack([ishigami(t), -3.0 * ishigami(t) + 5.0, np.ones(len(t))])
    found = by_salib("sobol", UNIFORM, t, outcomes, seed)
    for row in (0, 1):  # a share does not depend on units
        for measure, expected in (("first", alone), ("total", together)):
            error = found[f"{measure}_error"][row]
            assert (np.abs(found[measure][row] - expected) <= 1.2 * error).all()
            assert (error < 0.15).all()
    assert not found["doubtful"][:2].any()
    assert np.isnan(found["first"][2]).all(), "what nothing moves has no variance to share out"


def test_errors_of_sobol_indices_fall_with_the_root_of_the_draws() -> None:
    errors = []
    for draws in (256, 4096):
        t = design("sobol", UNIFORM, draws, 3)
        errors.append(by_salib("sobol", UNIFORM, t, ishigami(t)[:, None], 3)["first_error"][0])
    assert errors[0][:2] / errors[1][:2] == pytest.approx([4.0, 4.0], rel=0.4)


def test_a_group_is_one_factor_of_several_variables() -> None:
    """The first and third of Ishigami's together explain all that the second does not."""
    factors = [Factor(name, ("frisch",), "all", "all", "uniform", 0.5) for name in ("p[1]", "a", "p[3]")]
    _, together = ishigami_indices()
    t = design("sobol", factors, 1024, 1)
    assert len(t) == 1024 * (2 + 2)
    found = by_salib("sobol", factors, t, ishigami(t)[:, None], 1)
    expected = [1.0 - together[1], together[1]]
    for measure in ("first", "total"):
        assert (np.abs(found[measure][0] - expected) <= 1.2 * found[f"{measure}_error"][0]).all()


def test_too_few_draws_are_seen_where_the_share_with_others_is_below_that_alone() -> None:
    """Values that no function has: what changes with one factor is half of what all the others together give."""
    t = design("sobol", UNIFORM, 256, 1)
    values = np.random.default_rng(1).normal(
        size=(256, 5)
    )  # a row of the first sample, three mixed, the second
    values[:, 1] = values[:, 0] + 0.5 * values[:, 4]
    values[:, 2] = values[:, 0]
    found = by_salib("sobol", UNIFORM, t, values.reshape(-1, 1), 1)
    assert found["first"][0][0] > 0.4
    assert found["total"][0][0] < 0.2
    assert found["doubtful"][0].tolist() == [True, False, False]


def test_effects_of_morris_are_those_from_the_5th_to_the_95th_percentile() -> None:
    slopes = np.array([2.0, -3.0, 0.5])
    t = design("morris", UNIFORM, 20, 4)
    found = by_salib("morris", UNIFORM, t, (t @ slopes)[:, None], 4)
    width = UNIFORM[0].quantile(np.array(0.95)) - UNIFORM[0].quantile(np.array(0.05))
    assert found["mu_star"][0] == pytest.approx(np.abs(slopes) * width)
    assert found["sigma"][0] == pytest.approx(0.0, abs=1e-12)
    curved = by_salib("morris", UNIFORM, t, ishigami(t)[:, None], 4)
    assert curved["sigma"][0][0] > 0.5, "the first and third of Ishigami's work together"


def test_the_spread_of_effects_of_a_group_is_not_defined() -> None:
    factors = [Factor(name, ("frisch",), "all", "all", "lognormal", 0.5) for name in ("p[1]", "a", "p[3]")]
    t = design("morris", factors, 10, 4)
    found = by_salib("morris", factors, t, t.sum(axis=1)[:, None], 4)
    assert np.isnan(found["sigma"][0]).tolist() == [True, False]
    assert (found["mu_star"][0] > 0.0).all()


def test_probabilities_are_the_inverse_of_quantiles() -> None:
    p = np.linspace(0.01, 0.99, 21)
    for family in ("lognormal", "uniform", "triangular"):
        factor = Factor("f", ("frisch",), "all", "all", family, 0.5)
        assert factor.probability(factor.quantile(p)) == pytest.approx(p)


def test_draws_are_rounded_up_only_where_points_come_in_powers_of_two() -> None:
    assert [rounded("sobol", n) for n in (2, 3, 64, 65)] == [2, 4, 64, 128]
    assert rounded("quasi-random", 200) == 256
    assert rounded("monte-carlo", 200) == rounded("morris", 200) == 200


def test_the_linear_part_is_all_of_a_line_and_less_of_a_curve() -> None:
    t = np.random.default_rng(3).normal(size=(4000, 3))
    gradients = np.array([[1.0, 2.0, -1.0], [1.0, 2.0, -1.0], [0.0, 0.0, 0.0]])
    line = t @ gradients[0]
    found = linear_part(gradients, t, np.column_stack([line, line + t[:, 0] ** 2, np.ones(len(t))]))
    assert found[0] == pytest.approx(1.0)
    assert found[1] == pytest.approx(
        6.0 / 8.0, abs=0.05
    )  # the variance of the square of a normal variable is two
    assert np.isnan(found[2])
    assert first_order(UNIFORM, gradients)["first"][0] == pytest.approx([1 / 6, 4 / 6, 1 / 6])
