"""Deliberate faults: a function of the model runs with another body, and its source file stays as it is."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType

Function = Callable[..., object]


def source_of(function: Function) -> str:
    """Source text of a function."""
    return textwrap.dedent(inspect.getsource(function))


def compiled(function: FunctionType, tree: ast.AST) -> CodeType:
    """The code of a changed definition of the function, with the globals of its own module."""
    names: dict[str, FunctionType] = {}
    exec(compile(tree, f"<fault in {function.__name__}>", "exec"), function.__globals__, names)  # type: ignore[arg-type]
    return names[function.__name__].__code__


@contextmanager
def body(function: FunctionType, code: CodeType) -> Iterator[None]:
    """Let the function run other code, wherever it has been imported, until the block is left."""
    original = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = original


def rewritten(function: FunctionType, old: str, new: str) -> CodeType:
    """Code of the function with one piece of its text replaced; the piece must occur exactly once."""
    source = source_of(function)
    times = source.count(old)
    if times != 1:
        raise LookupError(
            f"{function.__module__}.{function.__name__} holds {old!r} {times} times, not once: the equation has "
            "changed, so change the fault with it."
        )
    return compiled(function, ast.parse(source.replace(old, new)))


@dataclass(frozen=True)
class Mutant:
    """One small change to a function's syntax tree."""

    function: FunctionType
    line: int
    change: str
    code: CodeType

    @property
    def name(self) -> str:
        module = self.function.__module__.rpartition(".")[2]
        return f"{module}.{self.function.__name__} {self.change}"


SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}


def mutants(function: FunctionType) -> Iterator[Mutant]:
    """Each arithmetic operation of the function in turn: another operator, its left or its right side alone."""
    source = source_of(function)
    for position in range(len(_operations(ast.parse(source)))):
        for kind in ("swap", "drop left", "drop right"):
            tree = ast.parse(source)
            target = _operations(tree)[position]
            before = ast.unparse(target)
            changed = _Replace(target, kind).visit(tree)
            ast.fix_missing_locations(changed)
            change = f"{kind}: {before}"
            yield Mutant(function, target.lineno, change, compiled(function, changed))


def _operations(tree: ast.AST) -> list[ast.BinOp]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.BinOp) and type(n.op) in SWAPPED]


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.BinOp, kind: str) -> None:
        self.target, self.kind = target, kind

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if node is not self.target:
            return self.generic_visit(node)
        if self.kind == "swap":
            return ast.copy_location(ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right), node)
        return node.right if self.kind == "drop left" else node.left
