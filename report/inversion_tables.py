"""What an inversion found, as tables for the console."""

from __future__ import annotations

from math import isinf, isnan
from typing import TYPE_CHECKING

from .layout import number, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from ..experiments.inversion import Inversion


def inversion_tables(found: Inversion) -> list[Table]:
    """Parameters with their standard errors, and targets with what was reached."""
    parameters = plain_table(
        f"{found.problem.title} ({found.method}, {found.solves} solves)",
        ("parameter",),
        ("value", "standard error", "with misfit", "low", "high"),
    )
    for name, row in found.parameters.iterrows():
        error = "at its bound" if row["at_bound"] else uncertainty(float(row["standard_error"]))
        wider = "\u2013" if row["at_bound"] else uncertainty(float(row["with_misfit"]))
        values = number(row["value"]), error, wider, number(row["low"]), number(row["high"])
        parameters.add_row(str(name), *values)
    targets = plain_table(
        f"Targets, misfit {number(found.misfit)}, {found.freedom} degree(s) of freedom",
        ("target",),
        ("wanted", "standard error", "reached", "gap"),
    )
    for name, row in found.targets.iterrows():
        columns = ("wanted", "standard_error", "reached", "gap")
        targets.add_row(str(name), *(number(row[column]) for column in columns))
    return [parameters, targets]


def uncertainty(error: float) -> str:
    """A standard error in words where it is no number."""
    return "not identified" if isinf(error) else "\u2013" if isnan(error) else number(error)
