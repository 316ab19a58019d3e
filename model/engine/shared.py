"""Powers that several terms read, computed once.

A demand such as ``(price index / price)**sigma`` enters its market, a tax base, a transport bill. In one solution
that costs little; at many points side by side powers are most of the work, and half of them are repetitions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .expressions import Part, Summand
from .terms import Index, Level, TermGroup

_BINARY = "+*/^"
_LEAVES = "vcp"


def with_shared_powers(
    levels: Sequence[tuple[Level, Index]], n_slots: int
) -> tuple[list[tuple[Level, Index]], int]:
    """The same levels, each power in them an inner row of its own that is evaluated once.

    Args:
        levels: levels in the order of evaluation, with the slots of their values (the last has none).
        n_slots: slots taken so far.

    Returns:
        Levels of powers and the rewritten ones in the order of evaluation, and the number of slots now.
    """
    slot_of: dict[Part, int] = {}
    result: list[tuple[Level, Index]] = []
    for level, targets in levels:
        before = len(slot_of)
        sums: list[list[Summand]] = [[] for _ in range(level.n_rows)]
        for group in level.groups:
            for row, term in zip(group.row.tolist(), _rewritten(group, slot_of, n_slots), strict=True):
                sums[row].append(term)
        new = list(slot_of.items())[before:]
        if new:
            powers = Level([[Summand(1.0, part)] for part, _ in new])
            result.append((powers, np.array([slot for _, slot in new], dtype=np.int64)))
        result.append((Level(sums), targets))
    return result, n_slots + len(slot_of)


def _rewritten(group: TermGroup, slot_of: dict[Part, int], n_slots: int) -> list[Summand]:
    """The terms of a group with every outermost power replaced by the slot of its value."""
    if not group.code:
        return [Summand(c, Part("")) for c in group.coefficient.tolist()]
    pieces = _outermost_powers(group.code)
    members = zip(
        group.coefficient.tolist(),
        group.slots.T.tolist(),
        group.numbers.T.tolist(),
        group.parameters.T.tolist(),
        strict=True,
    )
    terms = []
    for coefficient, slots, numbers, parameters in members:
        code = ""
        kept_slots: list[int] = []
        kept_numbers: list[float] = []
        kept_parameters: list[int] = []
        v = c = p = 0
        for piece, is_power in pieces:
            nv, nc, np_ = (piece.count(leaf) for leaf in _LEAVES)
            part = Part(
                piece, tuple(slots[v : v + nv]), tuple(numbers[c : c + nc]), tuple(parameters[p : p + np_])
            )
            v, c, p = v + nv, c + nc, p + np_
            if is_power:
                part = Part("v", (slot_of.setdefault(part, n_slots + len(slot_of)),))
            code += part.code
            kept_slots += part.slots
            kept_numbers += part.numbers
            kept_parameters += part.parameters
        terms.append(
            Summand(coefficient, Part(code, tuple(kept_slots), tuple(kept_numbers), tuple(kept_parameters)))
        )
    return terms


def _outermost_powers(code: str) -> list[tuple[str, bool]]:
    """Postfix code cut into pieces; a piece marked True is the whole code of a power that is inside no other."""
    starts: list[int] = []  # where the code of each operand on the stack begins
    spans: list[tuple[int, int]] = []
    for k, symbol in enumerate(code):
        if symbol in _LEAVES:
            starts.append(k)
        elif symbol in _BINARY:
            starts.pop()
            if symbol == "^":
                spans = [span for span in spans if span[0] < starts[-1]]
                spans.append((starts[-1], k + 1))
    pieces, end = [], 0
    for start, stop in spans:
        if start > end:
            pieces.append((code[end:start], False))
        pieces.append((code[start:stop], True))
        end = stop
    if end < len(code):
        pieces.append((code[end:], False))
    return pieces
