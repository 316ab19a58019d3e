"""Inversion: known parameters come back, a swap agrees with least squares, what the targets cannot tell is named."""

from __future__ import annotations

import numpy as np
import pytest

from eacu.experiments.identification import combinations, plausibility, standard_errors
from eacu.experiments.inversion import EXACT, LEAST_SQUARES, _Economy, invert
from eacu.experiments.inversion_file import (
    InversionError,
    InversionFile,
    inversion_names,
    load_inversion,
)
from tests.experiments.small_economy import small_base_year

REGIME = "union-2010-01"
BORDER = {"instrument": "iceberg", "as": "percent", "unit": "percent", "exporter": ["members"]}
FREE = {
    "borders": {"low": -20.0, "high": 10.0, "start": -1.0, "shock": {**BORDER, "importer": ["members"]}},
    "productivity": {
        "low": -5.0,
        "high": 5.0,
        "start": 0.1,
        "shock": {"instrument": "productivity", "as": "percent", "unit": "percent", "region": ["KAZ"]},
    },
    "elasticities": {
        "low": 0.4,
        "high": 2.5,
        "start": 1.0,
        "elasticity": {"parameters": ("sigma_armington", "sigma_sources")},
    },
    "russian borders": {
        "low": -20.0,
        "high": 10.0,
        "start": -1.0,
        "shock": {**BORDER, "exporter": ["RUS"], "importer": ["KAZ"]},
    },
}
TARGETS = (("ev_pct_consumption", "KAZ"), ("real_gdp_pct", "KAZ"), ("real_gdp_pct", "RUS"))


def problem(free: list[str], values: list[float], error: float = 0.1) -> InversionFile:
    wanted = zip(TARGETS, values, strict=False)
    return InversionFile.model_validate(
        {
            "title": "t",
            "question": "q",
            "regime": REGIME,
            "starts": 1,
            "targets": tuple(
                {"outcome": o, "region": r, "value": float(v), "standard_error": error}
                for (o, r), v in wanted
            ),
            "free": tuple({"name": name, **FREE[name]} for name in free),
        }
    )


def outcomes(free: list[str], theta: list[float], n: int) -> np.ndarray:
    """What the economy answers at known parameters: a synthetic outcome."""
    return _Economy(problem(free, [0.0] * n), small_base_year(), lambda line: None).outcomes(np.array(theta))


def test_known_parameters_are_recovered_from_a_synthetic_outcome() -> None:
    free, truth = ["borders", "elasticities"], [-3.0, 1.1]
    found = invert(problem(free, outcomes(free, truth, 3).tolist()), small_base_year())
    assert found.method == LEAST_SQUARES
    np.testing.assert_allclose(found.parameters["value"], truth, rtol=1e-4)
    assert found.misfit < 1e-6
    weighted = found.jacobian.to_numpy() / 0.1
    covariance = np.linalg.inv(weighted.T @ weighted)
    np.testing.assert_allclose(found.parameters["standard_error"], np.sqrt(np.diag(covariance)), rtol=1e-6)


def test_a_square_problem_is_swapped_and_agrees_with_the_truth() -> None:
    free, truth = ["borders", "productivity"], [-4.0, 0.7]
    found = invert(problem(free, outcomes(free, truth, 2).tolist()), small_base_year())
    assert found.method == EXACT
    assert found.solves == 2, "one solve with the closure swapped, one to see that it is true"
    np.testing.assert_allclose(found.parameters["value"], truth, rtol=1e-7)


def test_exact_derivatives_are_those_of_differences() -> None:
    free = ["borders", "productivity"]
    economy = _Economy(problem(free, [0.0, 0.0, 0.0]), small_base_year(), lambda line: None)
    theta = np.array([-4.0, 0.7])
    exact = economy.jacobian(theta)
    numerical = np.column_stack([economy._numerical(theta, n) for n in range(2)])
    np.testing.assert_allclose(exact, numerical, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("parameters", "exact"),
    [
        (
            ("sigma_armington", "sigma_sources", "omega_supply", "sigma_value_added", "income_elasticity"),
            True,
        ),
        (("sigma_consumption",), False),
    ],
)
def test_derivatives_by_elasticities_are_those_of_differences(parameters, exact, monkeypatch) -> None:
    own = {**FREE["elasticities"], "elasticity": {"parameters": parameters}}
    monkeypatch.setitem(FREE, "elasticities", own)
    free = ["borders", "elasticities"]
    economy = _Economy(problem(free, [0.0, 0.0, 0.0]), small_base_year(), lambda line: None)
    theta, h = np.array([-4.0, 1.2]), 0.02
    found = economy._by_elasticity(theta, 1)
    if not exact:
        assert found is None, "an elasticity of one chooses the functional form"
        return
    solves = economy.solves
    np.testing.assert_allclose(economy.jacobian(theta)[:, 1], found, rtol=1e-12)
    assert economy.solves == solves, "no solve is needed for exact derivatives"
    one, other, two, far = (economy.outcomes(theta + np.array([0.0, k * h])) for k in (1, -1, 2, -2))
    difference = (8.0 * (one - other) - (two - far)) / (12.0 * h)
    np.testing.assert_allclose(found, difference, rtol=1e-6, atol=1e-6 * np.abs(found).max())


def test_a_combination_that_the_target_cannot_tell_is_named() -> None:
    free = ["borders", "russian borders"]
    found = invert(problem(free, outcomes(free, [-1.5, -1.2], 1).tolist()), small_base_year())
    assert found.misfit < 1e-6
    assert np.isinf(found.parameters["standard_error"]).all()
    (blind,) = [c for c in found.combinations if not c.identified]
    assert found.jacobian.to_numpy() @ (blind.weights.to_numpy() * 30.0) == pytest.approx(0.0, abs=1e-6)
    (told,) = found.statements
    assert told.startswith("Not identified: ")
    assert "borders" in told
    assert "russian borders" in told


def test_a_bound_that_binds_and_a_target_out_of_reach_are_told() -> None:
    found = invert(problem(["borders"], [1000.0]), small_base_year())
    assert found.parameters.loc["borders", "at_bound"]
    assert np.isnan(found.parameters.loc["borders", "standard_error"])
    said = " ".join(found.statements)
    assert found.freedom == 1 and found.plausibility == 0.0 and "Rejected: a misfit of" in said
    assert "borders is at its bound, -20: the targets ask for less" in said
    assert "ev_pct_consumption[KAZ] cannot be met" in said


def test_every_start_is_tried_until_the_targets_are_met_and_a_misfit_widens_the_errors(monkeypatch) -> None:
    own = problem(["borders"], [0.1, 3.0]).model_copy(update={"starts": 3})
    told: list[str] = []
    found = invert(own, small_base_year(), told.append)
    assert [line[:8] for line in told if line.startswith("start")] == ["start 1:", "start 2:", "start 3:"]
    assert len(found.minima) == 1, "the ends are alike"
    assert found.misfit == pytest.approx(found.minima[0].misfit)
    row = found.parameters.loc["borders"]
    assert found.freedom == 1 and found.misfit > 1.0
    assert row["with_misfit"] == pytest.approx(row["standard_error"] * np.sqrt(found.misfit))
    assert plausibility(3.841, 1) == pytest.approx(0.05, abs=1e-4)  # the usual table
    assert np.isnan(plausibility(3.0, 0))


def test_standard_errors_of_parameters_that_are_seen_by_halves() -> None:
    scaled = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    errors = standard_errors(scaled, np.array([False, False, False]))
    assert errors[0] == pytest.approx(0.5)
    assert np.isinf(errors[1:]).all()
    held = standard_errors(scaled, np.array([False, False, True]))
    assert held[:2] == pytest.approx([0.5, 1.0])
    assert np.isnan(held[2])
    named = combinations(scaled, ["a", "b", "c"])
    assert [c.identified for c in named] == [True, True, False]
    assert "b up by 1.00 of its range and c down by 1.00" in named[2].in_words() or (
        "c up by 1.00 of its range and b down by 1.00" in named[2].in_words()
    )


def test_what_cannot_be_inverted_is_refused_with_the_remedy(tmp_path) -> None:
    assert inversion_names() == ["edb-2012-barriers", "edb-2012-productivity", "knobel-2019-barriers"]
    assert len(load_inversion("edb-2012-barriers").free) == 3
    with pytest.raises(InversionError, match="edb-2012-barriers"):
        load_inversion("edb-2012-barrier")
    file = tmp_path / "mine.toml"
    good = (
        'title = "t"\nquestion = "q"\nregime = "union-2010-01"\n'
        '[[targets]]\noutcome = "real_gdp_pct"\nregion = "KAZ"\nvalue = 1.0\nstandard_error = 0.1\n'
        '[[free]]\nname = "f"\nlow = 0.5\nhigh = 2.0\nstart = 1.0\n'
        'elasticity = { parameters = ["sigma_armington"] }\n'
    )
    for old, new, message in (
        ("real_gdp_pct", "real_gpd_pct", "real_gdp_pct"),
        ("standard_error = 0.1", "standard_error = 0.0", "greater than 0"),
        ("start = 1.0", "start = 3.0", "not between"),
        ("sigma_armington", "sigma_armingtn", "sigma_armington"),
        ("low = 0.5", "low = -0.5", "more than 0"),
    ):
        file.write_text(good.replace(old, new), encoding="utf-8")
        with pytest.raises(InversionError, match=message):
            load_inversion(file)
    file.write_text(good.replace('"KAZ"', '"KZA"'), encoding="utf-8")
    with pytest.raises(InversionError, match="KAZ"):
        invert(file.as_posix(), small_base_year())
