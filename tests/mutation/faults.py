"""The faults of faults.toml as objects: found in the model's source and put into it."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

from eacu.calibration.benchmark import Benchmark
from tests.mutation.inject import body, rewritten
from tests.support.properties import Failure, property_checks

TABLE = Path(__file__).parent / "faults.toml"
SHORT_NAME = "tests/mutation/faults.toml"


class FaultError(LookupError):
    """An entry of faults.toml does not fit the model's source; the message says which and what to do."""


@dataclass(frozen=True)
class Fault:
    """A fault in words, the function it sits in, the change of its text, and the closure in which it matters."""

    what: str
    block: str
    function: str
    old: str
    new: str
    closure: str = "default"

    @property
    def name(self) -> str:
        return f"{self.block}.{self.function}: {self.what}"

    @property
    def place(self) -> str:
        """Where the entry stands, for messages."""
        return f'{SHORT_NAME}, [{self.block}.{self.function}] "{self.what}"'

    def target(self) -> FunctionType:
        """The function to spoil; raises :class:`FaultError` if the model no longer has it."""
        package = "eacu.model" if self.block == "functions" else "eacu.model.blocks"
        try:
            module = importlib.import_module(f"{package}.{self.block}")
        except ModuleNotFoundError:
            raise FaultError(
                f"{self.place}: there is no module {package}.{self.block}. Was the block renamed? "
                "Rename the heading with it."
            ) from None
        function = getattr(module, self.function, None)
        if not isinstance(function, FunctionType):
            raise FaultError(
                f"{self.place}: {module.__name__} has no function {self.function!r}. Was the equation renamed or "
                "taken out? Rename the heading or take out the entry."
            )
        return function

    def code(self) -> CodeType:
        """Code of the spoiled function; raises :class:`FaultError` if its text no longer fits the entry."""
        try:
            return rewritten(self.target(), self.old, self.new)
        except LookupError as error:
            raise error if isinstance(error, FaultError) else FaultError(f"{self.place}: {error}") from None

    def failures(self, benchmark: Benchmark, members: tuple[str, ...], first_only: bool) -> list[Failure]:
        """What the property checks say of an economy with this fault."""
        with body(self.target(), self.code()):
            return property_checks(benchmark, self.closure, members, first_only)


def read_faults(path: Path = TABLE) -> tuple[Fault, ...]:
    """All faults of the table; raises :class:`FaultError` where an entry is not two or three texts."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        _fault(block, function, what, change)
        for block, functions in table.items()
        for function, faults in functions.items()
        for what, change in faults.items()
    )


def _fault(block: str, function: str, what: str, change: object) -> Fault:
    texts = change if isinstance(change, list) and all(isinstance(text, str) for text in change) else []
    if len(texts) not in (2, 3):
        raise FaultError(
            f'{SHORT_NAME}, [{block}.{function}] "{what}" is {change!r}: give the text that is replaced, what '
            "replaces it and, if the fault shows in one closure only, its name."
        )
    return Fault(what, block, function, *texts)
