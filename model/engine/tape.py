"""Vectorised evaluation of all terms of one shape, with reverse-mode derivatives.

A shape is postfix code (see `expressions.Part`). It is translated once into a short list of register
operations; each operation then works on the whole vector of terms of that shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_BINARY = "+*/^"
_UNARY = "iELQ"


@dataclass(frozen=True)
class Operation:
    """``out = code(left, right)`` on registers; ``right`` is -1 for a unary operation."""

    code: str
    left: int
    right: int
    out: int


@dataclass(frozen=True)
class Tape:
    """The register program of one shape.

    Registers ``0 .. n_leaves-1`` are the leaves in reading order. ``variables``, ``numbers`` and
    ``parameters`` name the leaf registers of each sort; ``active`` says which registers depend on a variable.
    """

    variables: tuple[int, ...]
    numbers: tuple[int, ...]
    parameters: tuple[int, ...]
    operations: tuple[Operation, ...]
    active: tuple[bool, ...]

    def forward(self, registers: list[Array]) -> Array:
        """Run the program on registers that hold the leaves; fills the rest and returns the value."""
        for op in self.operations:
            left = registers[op.left]
            registers[op.out] = _apply(op.code, left, registers[op.right] if op.right >= 0 else left)
        return registers[-1]

    def reverse(self, registers: list[Array]) -> list[Array]:
        """Partial derivatives of the value with respect to each variable leaf, after `forward`."""
        adjoint: list[Array | None] = [None] * len(registers)
        adjoint[-1] = np.ones_like(registers[-1])
        for op in reversed(self.operations):
            if not self.active[op.out]:
                continue
            seed = adjoint[op.out]
            assert seed is not None  # every register is read exactly once
            if self.active[op.left]:
                adjoint[op.left] = _push_left(op, seed, registers)
            if op.right >= 0 and self.active[op.right]:
                adjoint[op.right] = _push_right(op, seed, registers)
        return [leaf for leaf in (adjoint[k] for k in self.variables) if leaf is not None]


def _apply(code: str, left: Array, right: Array) -> Array:
    if code == "*":
        return left * right
    if code == "^":
        return np.power(left, right)
    if code == "/":
        return left / right
    if code == "+":
        return left + right
    if code == "i":
        return 1.0 / left
    if code == "E":
        return np.exp(left)
    if code == "L":
        return np.log(left)
    return np.sqrt(left)


def _push_left(op: Operation, seed: Array, registers: list[Array]) -> Array:
    left, out = registers[op.left], registers[op.out]
    if op.code == "*":
        return seed * registers[op.right]
    if op.code == "^":
        exponent = registers[op.right]
        if np.all(left != 0.0):
            return seed * exponent * (out / left)
        return seed * exponent * np.power(left, exponent - 1.0)
    if op.code == "/":
        return seed / registers[op.right]
    if op.code == "+":
        return seed
    if op.code == "i":
        return -seed * out * out
    if op.code == "E":
        return seed * out
    if op.code == "L":
        return seed / left
    return 0.5 * seed / out


def _push_right(op: Operation, seed: Array, registers: list[Array]) -> Array:
    left, right, out = registers[op.left], registers[op.right], registers[op.out]
    if op.code == "*":
        return seed * left
    if op.code == "^":
        # x**y at x = 0 < y does not move with y; the product below would be 0 * -inf
        return seed * np.where(out == 0.0, 0.0, out * np.log(np.where(out == 0.0, 1.0, left)))
    if op.code == "/":
        return -seed * out / right
    return seed


@lru_cache(maxsize=4096)
def compile_tape(code: str) -> Tape:
    """Translate postfix code into a register program; equal codes share one program."""
    leaves = [c for c in code if c in "vcp"]
    active = [c == "v" for c in leaves]
    operations: list[Operation] = []
    stack: list[int] = []
    next_leaf, next_register = 0, len(leaves)
    for symbol in code:
        if symbol in "vcp":
            stack.append(next_leaf)
            next_leaf += 1
            continue
        right = stack.pop() if symbol in _BINARY else -1
        left = stack.pop()
        operations.append(Operation(symbol, left, right, next_register))
        active.append(active[left] or (right >= 0 and active[right]))
        stack.append(next_register)
        next_register += 1
    if len(stack) != 1 or any(s not in _BINARY + _UNARY + "vcp" for s in code):
        raise ValueError(f"'{code}' is not the postfix code of one expression")
    positions = {kind: tuple(k for k, c in enumerate(leaves) if c == kind) for kind in "vcp"}
    return Tape(positions["v"], positions["c"], positions["p"], tuple(operations), tuple(active))
