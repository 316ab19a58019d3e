"""Compiled plans kept on disk, by a fingerprint of everything that the plan depends on.

The fingerprint is taken from the expressions themselves: every operation, number, variable and parameter in
order. So a plan can never be used for a model with another structure; the price is a walk over the expressions,
which takes about a third of the time of compiling them (figures in `compile`). The files live in the user's
cache folder; ``EACU_CACHE_DIR`` names another one, or ``off`` for none. A file that is missing, damaged or of
another version is rebuilt without a word; one that cannot be written is done without.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import pickle
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pyomo.core.base.expression import NamedExpressionData
from pyomo.core.base.param import ParamData
from pyomo.core.base.var import VarData
from pyomo.core.expr.numvalue import native_numeric_types

from .complementarity import Signed
from .plan import Plan

FEWEST_EQUATIONS = 500
"""Smaller systems compile faster than a file is read."""
MOST_FILES = 40
"""Of the plans on disk only as many are kept, those used last."""
_MAGIC = b"eacu plan 1\n"
_DIGEST = 32


class Fingerprint:
    """The identity of a system's structure.

    Attributes:
        key: hexadecimal digest.
        parameters: mutable parameters in the order in which they are met.
    """

    def __init__(self, variables: Sequence[VarData], sides: Iterable[Signed], rows: Sequence[int]):
        self.parameters: list[ParamData] = []
        tokens: list[Any] = [len(variables), *rows]
        self._read(tokens, {id(v): k for k, v in enumerate(variables)}, sides)
        # version 2 of the format writes no references, so equal tokens give equal bytes
        content = hashlib.blake2b(marshal.dumps(tokens, 2), digest_size=_DIGEST)
        content.update(_engine().encode())
        self.key = content.hexdigest()

    def _read(self, tokens: list[Any], column: dict[int, int], sides: Iterable[Signed]) -> None:
        """One token for each node in prefix order with its number of arguments, so no two structures agree."""
        parameter: dict[int, int] = {}
        named: dict[int, int] = {}
        names: dict[type, str] = {}
        add = tokens.append
        stack: list[Any] = []
        for signed in sides:
            add(len(signed))
            for sign, node in signed:
                add(float(sign))
                stack.append(node)
                while stack:
                    node = stack.pop()
                    cls = node.__class__
                    if cls is float:
                        add(node)
                        continue
                    known = column.get(id(node))
                    if known is not None:
                        add(known)
                        continue
                    if cls in native_numeric_types:
                        add(float(node))
                        continue
                    name = names.get(cls)
                    if name is None:
                        name = names[cls] = _token(cls)
                    if name == "parameter":
                        tokens += (name, parameter.setdefault(id(node), len(parameter)))
                        if len(parameter) > len(self.parameters):
                            self.parameters.append(node)
                        continue
                    if name == "named":
                        seen = named.get(id(node))
                        if seen is not None:
                            tokens += ("again", seen)
                            continue
                        named[id(node)] = len(named)
                    elif name.endswith("FunctionExpression"):
                        name = f"{name} {node.getname()}"
                    arguments = getattr(node, "args", None)
                    if arguments is None:  # a leaf the engine does not know: the walk will refuse it
                        tokens += (name, str(node))
                        continue
                    tokens += (name, len(arguments))
                    stack.extend(arguments)


def _token(cls: type) -> str:
    if issubclass(cls, ParamData):
        return "parameter"
    if issubclass(cls, NamedExpressionData):
        return "named"
    return cls.__name__


@lru_cache(maxsize=1)
def _engine() -> str:
    """What makes plans of one program unfit for another: versions and the engine's own text."""
    folder = Path(__file__).parent
    sources = ("expressions", "terms", "tape", "plan", "compile", "complementarity", "cache")
    text = b"".join((folder / f"{name}.py").read_bytes() for name in sources)
    return f"{sys.version_info[:2]} {np.__version__} {version('pyomo')} {hashlib.blake2b(text).hexdigest()}"


def folder() -> Path | None:
    """Where plans are kept; None if ``EACU_CACHE_DIR`` is ``off``."""
    named = os.environ.get("EACU_CACHE_DIR")
    if named is not None:
        return None if named.strip().lower() in ("off", "") else Path(named)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    return base / "eacu" / "plans"


def load(fingerprint: Fingerprint) -> tuple[Plan, list[ParamData]] | None:
    """The plan of this structure with its parameters in slot order; None if there is no sound file."""
    place = folder()
    if place is None:
        return None
    path = place / f"{fingerprint.key}.plan"
    try:
        content = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    head = len(_MAGIC) + _DIGEST
    payload = content[head:]
    if content[:head] != _MAGIC + hashlib.blake2b(payload, digest_size=_DIGEST).digest():
        return None
    plan, order = pickle.loads(payload)  # only what this program wrote has the right digest
    return plan, [fingerprint.parameters[k] for k in order]


def store(fingerprint: Fingerprint, plan: Plan, parameters: Sequence[ParamData]) -> None:
    """Keep a plan; a folder that cannot be written to is no error."""
    place = folder()
    if place is None:
        return
    order = {id(p): k for k, p in enumerate(fingerprint.parameters)}
    payload = pickle.dumps((plan, [order[id(p)] for p in parameters]), protocol=5)
    digest = hashlib.blake2b(payload, digest_size=_DIGEST).digest()
    try:
        place.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(_MAGIC + digest + payload)
            Path(name).replace(place / f"{fingerprint.key}.plan")
        finally:
            Path(name).unlink(missing_ok=True)
        _prune(place)
    except OSError:
        return


def _prune(place: Path) -> None:
    files = sorted(place.glob("*.plan"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[MOST_FILES:]:
        path.unlink(missing_ok=True)
