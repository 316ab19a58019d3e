"""What reading a checked TOML file has in common: problems of the schema in the words of the file's author."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from .names import unknown_name


def describe(problem: Any, tables: Mapping[str, type[BaseModel]], heading: str = "[{}]") -> str:
    """One pydantic problem: where, what is wrong, and for an unknown key the nearest valid one.

    ``tables`` are the schemas by the name of their table, that of the file itself by ``""``; ``heading`` is how
    a table is written (``[[{}]]`` for entries of a list).
    """
    path = [str(part) for part in problem["loc"]]
    key, where = path[-1] if path else "", ".".join(path)
    if problem["type"] == "extra_forbidden":
        table = path[0] if len(path) > 1 else ""
        message = unknown_name("key", key, tables[table].model_fields)
        return f"{heading.format(table)}: {message}" if table else message
    if problem["type"] == "missing":
        return f"the key {where} is missing"
    if problem["type"] == "value_error":
        reason = problem["msg"].removeprefix("Value error, ")
        return f"{where}: {reason}" if where else reason
    return f"{where} = {problem['input']!r}: {problem['msg']}"
