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
    """Source text of a function; raises ``LookupError`` if its file has been edited since it was imported."""
    source = textwrap.dedent(inspect.getsource(function))
    if not source.startswith(f"def {function.__name__}("):
        raise LookupError(
            f"{inspect.getsourcefile(function)} has been edited since it was imported: run the tests again."
        )
    return source


def compiled(function: FunctionType, tree: ast.AST) -> CodeType:
    """The code of a changed definition of the function, with the globals of its own module."""
    names: dict[str, FunctionType] = {}
    code = compile(tree, f"<fault in {function.__name__}>", "exec")  # type: ignore[arg-type]
    exec(code, function.__globals__, names)
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
    """Code of the function with one piece of its text replaced; the piece must occur exactly once in its code.

    Raises ``LookupError``, with the function's present code, when it does not or when nothing changes.
    """
    source = source_of(function)
    place = f"{function.__module__}.{function.__name__}"
    times = source.count(old)
    if times != 1:
        reason = (
            "the equation has changed, so change the fault with it"
            if times == 0
            else "which one is meant? Give more of the line"
        )
        raise LookupError(f"{place} holds {old!r} {times} times, not once: {reason}.{_excerpt(source)}")
    changed = source.replace(old, new)
    if _without_words(changed) == _without_words(source):
        raise LookupError(
            f"{place}: {old!r} stands in words only, so that its change to {new!r} leaves the equation as it is."
            f"{_excerpt(source)}"
        )
    return compiled(function, ast.parse(changed))


def _excerpt(source: str) -> str:
    """The function's code as it stands, without its docstring."""
    return f"\nIts code now:\n{textwrap.indent(_without_words(source), '    ')}"


def _without_words(source: str) -> str:
    """Source of a definition without docstring and comments, in one layout."""
    tree = ast.parse(source)
    definition = tree.body[0]
    if isinstance(definition, ast.FunctionDef) and ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


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
