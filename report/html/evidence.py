"""The checks of everything a report shows: the solutions', and that its parts add up. None is ever left out."""

from __future__ import annotations

import pandas as pd

from ...experiments.run import Check
from .study import ACCURACY, Study

ADD_UP = 1e-8
"""Terms of welfare must sum to the equivalent variation within this share of the largest of them."""


def checks(study: Study) -> pd.DataFrame:
    """Every check: name, of, value, tolerance, passed."""
    found = [(check, study.solved.name) for check in study.solved.checks]
    if study.against:
        found += [(check, study.against.name) for check in study.against.checks]
    whole = study.solved.name if study.against is None else f"{study.solved.name} less {study.against.name}"
    found += [(check, whole) for check in _sums(study)]
    for name, decomposed in (
        (study.solved.name, study.central),
        (getattr(study.against, "name", ""), study.other),
    ):
        if decomposed:
            accuracy = Check(
                "welfare along the path against the total", decomposed.welfare_accuracy, ACCURACY
            )
            found.append((accuracy, name))
            found.append(
                (Check("contributions against the total", decomposed.subtotals_accuracy, ACCURACY), name)
            )
    if study.readings:
        count = float(len(study.without_solution))
        found.append(
            (Check("readings without a sound solution", count, 0.0), f"{len(study.readings)} readings")
        )
    if study.band:
        missing = float(study.band.lost or bool(study.band.problem))
        found.append(
            (Check("points of the band without a solution", missing, 0.0), f"{study.band.points} points")
        )
    found += [(check, f"run {study.run_name}") for check in study.provenance]
    rows = [(check.name, of, check.value, check.tolerance, check.passed) for check, of in found]
    return pd.DataFrame(rows, columns=["name", "of", "value", "tolerance", "passed"])


def passed(study: Study) -> bool:
    """Whether every check passed."""
    return bool(checks(study)["passed"].all())


def _sums(study: Study) -> list[Check]:
    terms = study.welfare.groupby("region")["value"]
    rows = study.subtotals[study.subtotals["measure"] == "ev_usd_mn"]
    parts = rows.groupby("member")["value"]
    return [
        Check("terms of welfare sum to the equivalent variation", _gap(study, terms), ADD_UP),
        Check("contributions of instruments sum to it", _gap(study, parts), ACCURACY),
    ]


def _gap(study: Study, grouped: pd.api.typing.SeriesGroupBy) -> float:
    """Largest difference between sums and equivalent variation, relative to what is summed or USD 1 mn."""
    total = grouped.sum().reindex(study.ev.index).fillna(0.0)  # nothing moved, nothing contributed
    size = grouped.agg(lambda values: values.abs().sum()).reindex(study.ev.index).fillna(0.0).clip(lower=1.0)
    return float(((total - study.ev).abs() / size).max())
