"""The evaluation plan of a system: arrays alone, nothing of Pyomo, so that it can be kept on disk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .expressions import Walker
from .terms import Assembly, Index, Level


@dataclass(frozen=True, eq=False)
class InnerLevel:
    """Inner rows that read variables and rows of lower levels only; ``targets`` are the slots of their values."""

    level: Level
    targets: Index
    assembly: Assembly


@dataclass(frozen=True, eq=False)
class Plan:
    """How to evaluate every equation and where each derivative goes.

    Attributes:
        level: the terms of the equations (and of the distances of complementarity conditions after them).
        assembly: where their derivatives go in the Jacobian.
        inner: the inner rows, lowest level first.
        inner_columns: column of each derivative of the inner rows, in the order they are evaluated.
        n_inner: number of inner rows.
    """

    level: Level
    assembly: Assembly
    inner: tuple[InnerLevel, ...]
    inner_columns: Index
    n_inner: int


def make_plan(walker: Walker, level: Level, rows: Index | None = None) -> Plan:
    """Plan the evaluation of what a walker has read.

    Args:
        walker: holds the inner rows.
        level: the outer sums.
        rows: row of the Jacobian for each outer sum (default: its own).
    """
    n_inner = len(walker.inner_rows)
    start, span = np.zeros(n_inner, dtype=np.int64), np.zeros(n_inner, dtype=np.int64)
    columns: Index = np.empty(0, dtype=np.int64)
    inner = []
    for own, members in inner_levels(walker):
        assembly = Assembly(own, walker.n_variables, start, span, columns)
        length = np.bincount(assembly.rows, minlength=len(members))
        start[members] = len(columns) + np.cumsum(length) - length
        span[members] = length
        columns = np.concatenate([columns, assembly.columns])
        inner.append(InnerLevel(own, members + walker.n_variables, assembly))
    assembly = Assembly(level, walker.n_variables, start, span, columns, rows)
    return Plan(level, assembly, tuple(inner), columns, n_inner)


def inner_levels(walker: Walker) -> list[tuple[Level, Index]]:
    """The inner rows that a walker has read, lowest level first: the terms of each level and the rows' numbers."""
    levels = np.array(walker.inner_levels, dtype=np.int64)
    members = [np.flatnonzero(levels == depth) for depth in range(int(levels.max(initial=-1)) + 1)]
    return [(Level([walker.inner_rows[r] for r in rows]), rows) for rows in members]
