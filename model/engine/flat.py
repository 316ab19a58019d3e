r"""Sums of terms laid flat for evaluation at many points side by side.

For one solution the terms of a shape are evaluated at once (`terms`). At many points side by side arithmetic is what
costs, and most of it is needless: tax rates and base-year shares that no point varies, powers and products that several
equations read. So the sums are rewritten as a list of *nodes*, each a row of one array of shape (nodes, points):

- what does not vary is folded into the numbers that stand before the terms;
- equal powers, products and inner rows are one node; :math:`x^a` is :math:`e^{a \ln x}` with the logarithm shared;
- nodes of one kind that need one another's results least are evaluated together, and every sum is one row of a sparse
  matrix over the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from .system import CompiledSystem
from .tape import Array
from .terms import Index, Level, TermGroup

Mask = NDArray[np.bool_]

ONE = 0
"""The node that is 1 at every point."""
_SUM = "sum"
_OPERATIONS = {"*": np.multiply, "/": np.divide, "+": np.add, "-": np.subtract}
_POWER_BY_NODE, _POWER_BY_NUMBER, _SCALED_SUM = "exp(vv)", "exp(vc)", "cv+cv"
_NEVER_NEGATIVE = ("exp", "sqrt", _POWER_BY_NODE, _POWER_BY_NUMBER)
_DIFFERENCES = re.compile(r"log|\+*-+|\++")
"""Kinds of nodes that may have either sign although what they read has not: logarithms and their sums."""


@dataclass(frozen=True)
class Constants:
    """What stays as it is at every point: the variables and parameters that vary, and the values of all of them."""

    values: Array
    parameters: Array
    varies: Mask
    parameter_varies: Mask
    not_negative: Mask
    """Variables that no point makes negative."""

    @classmethod
    def around(cls, system: CompiledSystem, moves: Mask | None, parameter_moves: Mask | None) -> Constants:
        """Unknowns vary, and of the rest what is said to move (default: everything)."""
        moves = np.ones(len(system.values), bool) if moves is None else moves | ~system.partition.fixed
        given = system.parameter_values
        parameter_moves = np.ones(len(given), bool) if parameter_moves is None else parameter_moves
        positive = system.positive_domain & (system.values > 0.0)  # logarithms are what is solved for
        return cls(system.values.copy(), given.copy(), moves, parameter_moves, positive)

    @classmethod
    def none(cls, n_variables: int, n_parameters: int) -> Constants:
        """Everything varies."""
        return cls(
            np.zeros(n_variables),
            np.zeros(n_parameters),
            np.ones(n_variables, bool),
            np.ones(n_parameters, bool),
            np.zeros(n_variables, bool),
        )


@dataclass(frozen=True)
class Step:
    """Nodes ``start .. stop`` of one kind: the nodes that each reads (readers' row, nodes), and numbers likewise."""

    code: str
    start: int
    stop: int
    reads: Index
    numbers: Array
    matrix: csr_array | None = None


@dataclass(frozen=True)
class _Product:
    """``scale`` times nodes over nodes; every array has one entry for each member of a group of terms."""

    scale: Array
    up: tuple[Index, ...] = ()
    down: tuple[Index, ...] = ()

    @property
    def is_number(self) -> bool:
        return not self.up and not self.down


class FlatSums:
    """Sums at many points.

    Args:
        inner: levels of inner rows, lowest first, and the slots of their values.
        outer: the sums wanted.
        constants: what does not vary.

    Attributes:
        reads: variables that are read; the rest is folded.
        reads_parameters: parameters that are read.
        steps, n_nodes: nodes of one kind that are evaluated together, in order; how many nodes there are.
    """

    def __init__(self, inner: Sequence[tuple[Level, Index]], outer: Level, constants: Constants):
        graph = _Graph(inner, constants)
        for level, targets in inner:
            graph.define(level, targets)
        row, node, coefficient = graph.entries(outer)
        self.reads: Index = np.flatnonzero(constants.varies)
        self.reads_parameters: Index = np.flatnonzero(constants.parameter_varies)
        place, self.steps, self.n_nodes = graph.lay_out()
        self._up, self._down = (
            csr_array(
                (np.abs(coefficient[side]), (row[side], place[node[side]])),
                shape=(outer.n_rows, self.n_nodes),
            )
            for side in (coefficient > 0.0, coefficient < 0.0)
        )
        read = np.unique(node)
        self._unsure: Index = np.sort(place[read[~graph.not_negative()[read]]])

    def sides(self, x: Array, parameters: Array) -> tuple[Array, Array]:
        """Sum of the positive terms and of the absolute values of the negative ones, each (sums, points).

        Args:
            x: values of the variables that are read, shape (reads, points).
            parameters: likewise.
        """
        nodes = self._evaluate(x, parameters)
        below = self._unsure[(nodes[self._unsure] < 0.0).any(axis=1)]
        if not len(below):
            return self._up @ nodes, self._down @ nodes
        size = -np.minimum(nodes[below], 0.0)
        nodes[below] = np.maximum(nodes[below], 0.0)
        return (
            self._up @ nodes + self._down[:, below] @ size,
            self._down @ nodes + self._up[:, below] @ size,
        )

    def values(self, x: Array, parameters: Array) -> Array:
        """The sums, shape (sums, points); complex numbers carry a derivative in their imaginary part."""
        nodes = self._evaluate(x, parameters)
        return self._up @ nodes - self._down @ nodes

    def _evaluate(self, x: Array, parameters: Array) -> Array:
        nodes = np.empty((self.n_nodes, x.shape[1]), dtype=np.result_type(x, parameters))
        nodes[ONE] = 1.0
        first = 1 + len(x)
        nodes[1:first] = x
        nodes[first : first + len(parameters)] = parameters
        with np.errstate(all="ignore"):
            for step in self.steps:
                _run(step, nodes)
        return nodes


def _run(step: Step, nodes: Array) -> None:
    out = nodes[step.start : step.stop]
    if step.matrix is not None:
        out[:] = step.matrix @ nodes
        return
    np.take(nodes, step.reads[0], axis=0, out=out, mode="clip")
    if step.code in ("exp", "log", "sqrt"):
        getattr(np, step.code)(out, out=out)
    elif step.code == _SCALED_SUM:
        out *= step.numbers[0][:, None]
        out += step.numbers[1][:, None] * nodes[step.reads[1]]
    elif step.code in (_POWER_BY_NODE, _POWER_BY_NUMBER):
        exponent = nodes[step.reads[1]] if step.code == _POWER_BY_NODE else step.numbers[0][:, None]
        is_zero = np.isneginf(out.real) & (exponent.real > 0.0) if out.dtype.kind == "c" else None
        np.exp(np.multiply(out, exponent, out=out), out=out)
        if is_zero is not None:
            out[is_zero] = 0.0  # the complex logarithm of zero times a number is not a number
    else:
        for operation, read in zip(step.code, step.reads[1:], strict=True):
            _OPERATIONS[operation](out, nodes[read], out=out)


class _Graph:
    """The nodes while they are found; a node's number is its place among all that were found before."""

    def __init__(self, inner: Sequence[tuple[Level, Index]], constants: Constants):
        n_slots = max((int(targets.max()) + 1 for _, targets in inner), default=0)
        n_variables = len(constants.values)
        free = np.flatnonzero(constants.varies)
        self._node: Index = np.full(max(n_slots, n_variables), -1, dtype=np.int64)
        self._node[free] = 1 + np.arange(len(free))
        self._constant = np.zeros(len(self._node))
        self._constant[:n_variables] = constants.values
        given = np.flatnonzero(constants.parameter_varies)
        self._parameter_node: Index = np.full(len(constants.parameters), -1, dtype=np.int64)
        self._parameter_node[given] = 1 + len(free) + np.arange(len(given))
        self._parameter = constants.parameters
        self._given = 1 + len(free) + len(given)
        self._n = self._given
        self._known: dict[str, dict[tuple[float, ...], int]] = {}
        self._batches: list[Step] = []
        self._sums: list[tuple[Index, Index, Array]] = []
        self._depth: list[Index] = [np.zeros(self._given, dtype=np.int64)]
        given_sign = np.zeros(self._given, dtype=bool)
        given_sign[ONE] = True
        given_sign[1 : 1 + len(free)] = constants.not_negative[free]
        self._not_negative: list[Mask] = [given_sign]

    # ---- sums ---------------------------------------------------------------------------------------

    def define(self, level: Level, targets: Index) -> None:
        """Make the inner rows of a level known: a number, another node, or a sum of its own."""
        row, node, coefficient = self.entries(level)
        order = np.argsort(row, kind="stable")
        row, node, coefficient = row[order], node[order], coefficient[order]
        varies = np.bincount(row, node != ONE, level.n_rows) > 0
        self._constant[targets] = np.bincount(row, coefficient, level.n_rows)
        count = np.bincount(row, minlength=level.n_rows)
        is_alias = varies & (count == 1)
        alias = is_alias[row] & (coefficient == 1.0)
        is_alias[:] = False
        is_alias[row[alias]] = True
        self._node[targets[row[alias]]] = node[alias]
        new = np.flatnonzero(varies & ~is_alias)
        numbers: Index = self._n + np.arange(len(new))
        self._node[targets[new]] = numbers
        self._n += len(new)
        own = (varies & ~is_alias)[row]
        place = np.full(level.n_rows, -1, dtype=np.int64)
        place[new] = np.arange(len(new))
        self._sums.append((numbers[place[row[own]]], node[own], coefficient[own]))
        depth = np.zeros(len(new), dtype=np.int64)
        np.maximum.at(depth, place[row[own]], self._depths()[node[own]])
        self._depth.append(depth + 1)
        unsure = ~self.not_negative()[node[own]] | (coefficient[own] < 0.0)
        self._not_negative.append(np.bincount(place[row[own]], unsure, len(new)) == 0)

    def entries(self, level: Level) -> tuple[Index, Index, Array]:
        """The sums of a level over nodes: row, node and coefficient of each entry."""
        pieces: list[tuple[Index, Index, Array]] = []
        for group in level.groups:
            for members, product in self._products(group):
                scale = group.coefficient[members] * product.scale
                pieces.append(
                    (group.row[members], self._as_node(replace(product, scale=_ones(scale))), scale)
                )
        if not pieces:
            nothing: Index = np.empty(0, dtype=np.int64)
            return nothing, nothing, np.empty(0)
        row, node, coefficient = (np.concatenate(column) for column in zip(*pieces, strict=True))
        return row, node, coefficient

    # ---- terms --------------------------------------------------------------------------------------

    def _products(self, group: TermGroup) -> list[tuple[Index, _Product]]:
        """Members of a group whose leaves vary alike, and what the term is for them without its coefficient."""
        n = len(group.row)
        if not group.code:
            return [(np.arange(n), _Product(np.ones(n)))]
        leaves = {"v": iter(group.slots), "c": iter(group.numbers), "p": iter(group.parameters)}
        table = [(symbol, next(leaves[symbol])) for symbol in group.code if symbol in leaves]
        pattern = np.zeros(n, dtype=np.int64)
        for symbol, leaf in table:
            pattern = 2 * pattern + (self._nodes(symbol, leaf) >= 0)
        found = []
        for kind in np.unique(pattern):
            members = np.flatnonzero(pattern == kind)
            found.append((members, self._walk(group.code, [(s, leaf[members]) for s, leaf in table])))
        return found

    def _nodes(self, symbol: str, leaf: Any) -> Index:
        if symbol == "c":
            return np.full(len(leaf), -1, dtype=np.int64)
        return self._node[leaf] if symbol == "v" else self._parameter_node[leaf]

    def _walk(self, code: str, table: list[tuple[str, Any]]) -> _Product:
        leaves, stack = iter(table), []
        for symbol in code:
            if symbol in "vcp":
                stack.append(self._leaf(*next(leaves)))
            elif symbol in "+*/^":
                right, left = stack.pop(), stack.pop()
                stack.append(self._binary(symbol, left, right))
            else:
                stack.append(self._unary(symbol, stack.pop()))
        return stack.pop()

    def _leaf(self, symbol: str, leaf: Any) -> _Product:
        nodes = self._nodes(symbol, leaf)
        if nodes[0] >= 0:
            return self._single(nodes)
        if symbol == "c":
            return _Product(leaf)
        return _Product((self._constant if symbol == "v" else self._parameter)[leaf])

    def _binary(self, symbol: str, left: _Product, right: _Product) -> _Product:
        with np.errstate(all="ignore"):
            if symbol == "*":
                return _Product(left.scale * right.scale, left.up + right.up, left.down + right.down)
            if symbol == "/":
                return _Product(left.scale / right.scale, left.up + right.down, left.down + right.up)
            if symbol == "+":
                if left.is_number and right.is_number:
                    return _Product(left.scale + right.scale)
                nodes = [self._as_node(replace(side, scale=_ones(side.scale))) for side in (left, right)]
                return self._single(
                    self._register(_SCALED_SUM, np.array(nodes), np.array([left.scale, right.scale]))
                )
            if left.is_number and right.is_number:
                return _Product(np.power(left.scale, right.scale))
        return self._power(left, right)

    def _power(self, base: _Product, exponent: _Product) -> _Product:
        scale = _ones(base.scale)
        if exponent.is_number and (base.scale > 0.0).all():
            scale, base = np.power(base.scale, exponent.scale), replace(base, scale=scale)
        logarithm = self._logarithm(base)
        if exponent.is_number:
            power = self._register(_POWER_BY_NUMBER, logarithm[None], exponent.scale[None])
        else:
            power = self._register(_POWER_BY_NODE, np.array([logarithm, self._as_node(exponent)]))
        return _Product(scale, (power,))

    def _logarithm(self, of: _Product) -> Index:
        """The node of each member's logarithm: that of a quotient from those of its parts, which others read too."""
        if not (of.scale == 1.0).all() or not of.up:
            return self._register("log", self._as_node(of)[None])
        parts = [self._register("log", node[None]) for node in (*of.up, *of.down)]
        if len(parts) == 1:
            return parts[0]
        return self._register("+" * (len(of.up) - 1) + "-" * len(of.down), np.array(parts))

    def _unary(self, symbol: str, of: _Product) -> _Product:
        name = {"E": "exp", "L": "log", "Q": "sqrt"}.get(symbol)
        with np.errstate(all="ignore"):
            if name is None:
                return _Product(1.0 / of.scale, of.down, of.up)
            if of.is_number:
                return _Product(getattr(np, name)(of.scale))
        return self._single(self._register(name, self._as_node(of)[None]))

    @staticmethod
    def _single(node: Index) -> _Product:
        return _Product(np.ones(len(node)), (node,))

    # ---- nodes --------------------------------------------------------------------------------------

    def _as_node(self, product: _Product) -> Index:
        """The node of each member's product, made if it is new."""
        n = len(product.scale)
        up, down = np.sort(product.up, axis=0), np.sort(product.down, axis=0)
        if not product.up:
            node = np.full(n, ONE, dtype=np.int64)
            if product.down:
                node = self._register("/" * len(down), np.array([node, *down]))
        elif len(up) == 1 and not product.down:
            node = up[0]
        else:
            node = self._register("*" * (len(up) - 1) + "/" * len(down), np.array([*up, *down]))
        if (product.scale == 1.0).all():
            return node
        zero = np.zeros(n)
        return self._register(_SCALED_SUM, np.array([node, np.full(n, ONE)]), np.array([product.scale, zero]))

    def _register(self, code: str, reads: Index, numbers: Array | None = None) -> Index:
        """Nodes of one kind, shape (members,); members that read the same are one node."""
        numbers = np.empty((0, reads.shape[1])) if numbers is None else numbers
        keys, first, inverse = np.unique(
            np.concatenate([reads, numbers]).T, axis=0, return_index=True, return_inverse=True
        )
        known = self._known.setdefault(code, {})
        node = np.empty(len(keys), dtype=np.int64)
        new: list[int] = []
        for k, key in enumerate(map(tuple, keys.tolist())):
            if key not in known:
                known[key] = self._n + len(new)
                new.append(k)
            node[k] = known[key]
        if new:
            members = first[new]
            own = reads[:, members]
            self._batches.append(Step(code, self._n, self._n + len(new), own, numbers[:, members]))
            depth = self._depths()[own].max(axis=0) + 1
            self._depth.append(depth)
            sure = self.not_negative()[own].all(axis=0) & (numbers[:, members] >= 0.0).all(axis=0)
            known_sign = np.full(len(new), code in _NEVER_NEGATIVE) | (
                sure & (_DIFFERENCES.fullmatch(code) is None)
            )
            self._not_negative.append(known_sign)
            self._n += len(new)
        return node[inverse.reshape(-1)]

    def _depths(self) -> Index:
        if len(self._depth) > 1:
            self._depth = [np.concatenate(self._depth)]
        return self._depth[0]

    def not_negative(self) -> Mask:
        """Nodes that cannot be negative, whatever the point."""
        if len(self._not_negative) > 1:
            self._not_negative = [np.concatenate(self._not_negative)]
        return self._not_negative[0]

    # ---- order --------------------------------------------------------------------------------------

    def lay_out(self) -> tuple[Index, list[Step], int]:
        """Place of each node, the steps in their order, the number of nodes."""
        depth = self._depths()
        place: Index = np.full(self._n, -1, dtype=np.int64)
        place[: self._given] = np.arange(self._given)
        pieces: dict[tuple[int, str], list[tuple[Index, Step | None, Index]]] = {}
        for batch in self._batches:
            own = np.arange(batch.start, batch.stop)
            for d in np.unique(depth[own]):
                members = np.flatnonzero(depth[own] == d)
                pieces.setdefault((int(d), batch.code), []).append((own[members], batch, members))
        in_sums = np.unique(np.concatenate([numbers for numbers, _, _ in self._sums] or [place[:0]]))
        for d in np.unique(depth[in_sums]):
            pieces[int(d), _SUM] = [(in_sums[depth[in_sums] == d], None, place[:0])]
        end = self._given
        steps: list[tuple[str, int, int, list[tuple[Index, Step | None, Index]]]] = []
        for (_, code), parts in sorted(pieces.items(), key=lambda item: item[0]):
            nodes = np.concatenate([nodes for nodes, _, _ in parts])
            place[nodes] = end + np.arange(len(nodes))
            steps.append((code, end, end + len(nodes), parts))
            end += len(nodes)
        row, node, coefficient = (
            np.concatenate([piece[k] for piece in self._sums] or [np.empty(0, dtype=np.int64)])
            for k in range(3)
        )
        whole = csr_array((coefficient, (place[row], place[node])), shape=(self._n, self._n))
        return place, [self._step(place, whole, *step) for step in steps], self._n

    def _step(
        self,
        place: Index,
        whole: csr_array,
        code: str,
        start: int,
        stop: int,
        parts: list[tuple[Index, Step | None, Index]],
    ) -> Step:
        if code == _SUM:
            nothing: Index = np.empty((0, 0), dtype=np.int64)
            return Step(code, start, stop, nothing, np.empty((0, 0)), whole[start:stop])
        reads = np.concatenate(
            [place[batch.reads[:, members]] for _, batch, members in parts if batch], axis=1
        )
        numbers = np.concatenate([batch.numbers[:, members] for _, batch, members in parts if batch], axis=1)
        return Step(code, start, stop, reads, numbers)


def _ones(like: Array) -> Array:
    return np.ones(len(like))
