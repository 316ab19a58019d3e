"""The table of what a spread comes from: each method's own words, errors beside shares, nothing that misleads."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from rich.console import Console

from eacu.report.importance_table import importance_table, percent


def printed(**measures: list[float] | list[bool]) -> str:
    """The table of two groups of one outcome."""
    shares = pd.DataFrame(
        {"regime": "r", "region": "KAZ", "indicator": "ev", "group": ["a", "b"], **measures}
    )
    out = io.StringIO()
    Console(file=out, width=250).print(importance_table(shares, ["KAZ"], "ev"))
    return out.getvalue()


def test_shares_of_sobol_have_their_errors_and_a_warning_where_they_contradict_each_other() -> None:
    text = printed(
        first=[0.87, -0.004],
        first_error=[0.4, 0.01],
        total=[0.2, 0.1],
        total_error=[0.1, 0.02],
        doubtful=[True, False],
    )
    assert "87 ± 40 %" in text and "20 ± 10 %" in text
    assert "0 ± 1 %" in text and "-0" not in text
    assert "take more --draws (r, KAZ: a)" in text
    assert "take more" not in printed(
        first=[0.8, 0.1], first_error=[0.1] * 2, total=[0.8, 0.1], total_error=[0.1] * 2, doubtful=[False] * 2
    )


def test_effects_of_morris_are_named_and_the_undefined_is_not_a_dash() -> None:
    text = printed(mu_star=[12345.6, 1e-5], sigma=[np.nan, 1e-6])
    assert "mean absolute effect from 5th to 95th percentile" in text
    assert "12,346" in text and "not defined" in text
    assert "e-" not in text, "the tolerance of the solver is no effect"


def test_first_order_shares_say_so_and_how_much_they_explain() -> None:
    text = printed(first=[0.25, 0.75], linear=[0.956, 0.956])
    assert "to first order, at the centre" in text
    assert "25 %" in text and "75 %" in text and "0.96" in text
    assert "R²" not in printed(first=[0.25, 0.75])


def test_a_share_that_does_not_exist_is_a_dash() -> None:
    assert percent(np.nan) == "–"
    assert percent(-0.001) == "0 %"
