"""The faults of faults.toml as objects."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType


@dataclass(frozen=True)
class Fault:
    """A fault in words, the function it sits in, the change of its text, and the closure in which it matters."""

    what: str
    block: str
    function: FunctionType
    old: str
    new: str
    closure: str = "default"

    @property
    def name(self) -> str:
        return f"{self.block}.{self.function.__name__}: {self.what}"


def read_faults() -> tuple[Fault, ...]:
    """All faults of the table; raises ``AttributeError`` where a function is no longer in its module."""
    table = tomllib.loads((Path(__file__).parent / "faults.toml").read_text(encoding="utf-8"))
    return tuple(
        Fault(what, block, getattr(_module(block), function), *change)
        for block, functions in table.items()
        for function, faults in functions.items()
        for what, change in faults.items()
    )


def _module(block: str) -> object:
    package = "eacu.model" if block == "functions" else "eacu.model.blocks"
    return importlib.import_module(f"{package}.{block}")
