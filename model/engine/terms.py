"""Levels of terms: NumPy evaluation of sums of terms and static plans for assembling their derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .expressions import Summand
from .tape import Array, Tape, compile_tape

Index = NDArray[np.int64]


@dataclass(frozen=True)
class TermGroup:
    """All terms of one shape: ``coefficient * tape(slots, numbers, parameters)`` for each member.

    ``row`` is the sum each member belongs to, ``order`` its position within that sum.
    Leaf arrays have shape (leaves of that sort, members).
    """

    tape: Tape | None  # None: the terms are plain numbers
    code: str  # what the tape was translated from
    row: Index
    order: Index
    coefficient: Array
    slots: Index
    numbers: Array
    parameters: Index

    def load(self, values: Array, parameters: Array) -> list[Array]:
        """Registers of the tape after a forward run; the last one is the value without coefficient."""
        if self.tape is None:
            return [np.ones_like(self.coefficient)]
        empty = self.coefficient
        registers = [empty] * len(self.tape.active)
        for k, register in enumerate(self.tape.variables):
            registers[register] = values[self.slots[k]]
        for k, register in enumerate(self.tape.numbers):
            registers[register] = self.numbers[k]
        for k, register in enumerate(self.tape.parameters):
            registers[register] = parameters[self.parameters[k]]
        self.tape.forward(registers)
        return registers

    def partials(self, registers: list[Array], weight: Array) -> list[Array]:
        """``weight`` times the derivative of the term with respect to each of its slots."""
        if self.tape is None:
            return []
        scale = self.coefficient * weight
        return [scale * adjoint for adjoint in self.tape.reverse(registers)]


class Level:
    """A set of sums (equations, or inner rows of one level) and their terms, grouped by shape."""

    def __init__(self, sums: Iterable[Sequence[Summand]]):
        self._lay_out(*_group(sums))

    @classmethod
    def of_groups(cls, groups: Sequence[TermGroup], n_rows: int) -> Level:
        """A level of groups that are there already."""
        level = cls.__new__(cls)
        level._lay_out(list(groups), n_rows)
        return level

    def _lay_out(self, groups: list[TermGroup], n_rows: int) -> None:
        self.groups, self.n_rows = groups, n_rows
        self.row: Index = _concatenate([g.row for g in self.groups])
        self.order: Index = _concatenate([g.order for g in self.groups])
        self.n_terms = len(self.row)
        offsets = np.cumsum([0, *(len(g.row) for g in self.groups)])
        self._spans = list(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True))
        repeats = [(g, k) for g in self.groups for k in range(len(g.slots))]
        self.entry_row: Index = _concatenate([g.row for g, _ in repeats])
        self.entry_slot: Index = _concatenate([g.slots[k] for g, k in repeats])

    def run(self, values: Array, parameters: Array) -> tuple[Array, list[list[Array]]]:
        """Value of every term, and the registers from which `derivatives` works backwards."""
        terms, kept = np.empty(self.n_terms), []
        for group, (start, stop) in zip(self.groups, self._spans, strict=True):
            registers = group.load(values, parameters)
            terms[start:stop] = group.coefficient * registers[-1]
            kept.append(registers)
        return terms, kept

    def sums(self, terms: Array) -> Array:
        """Sum the terms of each row."""
        return np.bincount(self.row, terms, self.n_rows).astype(float, copy=False)

    def derivatives(self, kept: list[list[Array]], weight: Array | None) -> Array:
        """Derivatives by entry (``entry_row``, ``entry_slot``); ``weight`` multiplies each term."""
        pieces: list[Array] = []
        for group, registers, (start, stop) in zip(self.groups, kept, self._spans, strict=True):
            own = np.ones(stop - start) if weight is None else weight[start:stop]
            pieces += group.partials(registers, own)
        return np.concatenate(pieces) if pieces else np.empty(0)


def _group(sums: Iterable[Sequence[Summand]]) -> tuple[list[TermGroup], int]:
    by_code: dict[str, tuple[list, list, list, list, list, list]] = {}
    row = -1
    for row, terms in enumerate(sums):
        for order, (coefficient, part) in enumerate(terms):
            columns = by_code.get(part.code)
            if columns is None:
                columns = by_code[part.code] = ([], [], [], [], [], [])
            columns[0].append(row)
            columns[1].append(order)
            columns[2].append(coefficient)
            columns[3].extend(part.slots)
            columns[4].extend(part.numbers)
            columns[5].extend(part.parameters)
    groups = []
    for code, (rows, orders, coefficients, slots, numbers, parameters) in by_code.items():
        n = len(rows)
        groups.append(
            TermGroup(
                tape=compile_tape(code) if code else None,
                code=code,
                row=np.array(rows, dtype=np.int64),
                order=np.array(orders, dtype=np.int64),
                coefficient=np.array(coefficients, dtype=float),
                slots=np.ascontiguousarray(np.array(slots, dtype=np.int64).reshape(n, -1).T),
                numbers=np.ascontiguousarray(np.array(numbers, dtype=float).reshape(n, -1).T),
                parameters=np.ascontiguousarray(np.array(parameters, dtype=np.int64).reshape(n, -1).T),
            )
        )
    return groups, row + 1


class Assembly:
    """Where each derivative of a level goes in a sparse matrix whose pattern never changes.

    An entry that reads a variable goes to that column. An entry that reads an inner row is multiplied by
    the row's own derivatives (chain rule), which sit in one long vector at ``span_start``/``span_length``.
    ``rows`` says in which row of the matrix each sum of the level stands (default: its own).
    """

    def __init__(
        self,
        level: Level,
        n_variables: int,
        span_start: Index,
        span_length: Index,
        columns: Index,
        rows: Index | None = None,
    ):
        is_chain = level.entry_slot >= n_variables
        self._direct: Index = np.flatnonzero(~is_chain)
        entries = np.flatnonzero(is_chain)
        inner = level.entry_slot[entries] - n_variables
        length = span_length[inner]
        self._outer: Index = np.repeat(entries, length)
        first = np.repeat(np.cumsum(length) - length, length)
        self._inner: Index = np.repeat(span_start[inner], length) + np.arange(len(first)) - first
        entry_row = level.entry_row if rows is None else rows[level.entry_row]
        row = np.concatenate([entry_row[self._direct], entry_row[self._outer]])
        column = np.concatenate([level.entry_slot[self._direct], columns[self._inner]])
        key, self._position = np.unique(row * n_variables + column, return_inverse=True)
        self.nnz = len(key)
        self.rows: Index = key // max(n_variables, 1)
        self.columns: Index = key % max(n_variables, 1)

    def gather(self, entries: Array, inner_derivatives: Array) -> Array:
        """The matrix values in row-major order."""
        chained = entries[self._outer] * inner_derivatives[self._inner]
        values = np.concatenate([entries[self._direct], chained])
        return np.bincount(self._position, values, self.nnz).astype(float, copy=False)


def _concatenate(pieces: list[Index]) -> Index:
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
