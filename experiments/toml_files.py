"""Reading a user's TOML file: values, the line each was written on, and every problem of the file in one message.

`tomllib` reads the values; the concrete syntax tree of tree-sitter says where each key, entry and element stands
(no TOML reader for Python gives both). A schema is a pydantic model; its problems are told in the words of the
file's author, each with its line and, for an unknown key, the nearest valid one.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from textwrap import shorten
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import tree_sitter
import tree_sitter_toml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ..model.names import closest, unknown_name

Place = tuple[str | int, ...]
"""Where a value stands in a file: ``("rates", 1, "sector")`` is the sector of the second entry of ``[[rates]]``."""
Schema = TypeVar("Schema", bound=BaseModel)
Error = Callable[[str], ValueError]


class Table(BaseModel):
    """A TOML table in which an unknown key is an error and numbers are never read from strings."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _arrays_are_tuples(cls, table: Any) -> Any:
        if isinstance(table, dict):
            return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
        return table


@dataclass(frozen=True)
class TomlFile:
    """The values of a TOML file and the line of every key, entry of a list and element of an array."""

    file: Path
    values: dict[str, Any] = field(repr=False)
    lines: Mapping[Place, int] = field(repr=False)

    def line(self, place: Place) -> int | None:
        """Line of a value, or of the innermost table around it that is written; None where nothing is."""
        return next(
            (self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), None
        )

    def at(self, place: Place) -> str:
        """The file's name and the line, for messages: ``mine.toml, line 7``."""
        line = self.line(place)
        return f"{self.file.name}, line {line}" if line else self.file.name


def read_toml(file: Path, error: Error) -> TomlFile:
    """Read a file; raises ``error`` with line and column if it is no valid TOML."""
    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise error(f"{file.name} is not valid TOML: {_syntax_in_words(problem)}") from problem
    return TomlFile(file, values, line_numbers(text))


_SYNTAX = {
    "Invalid value": 'what stands after = is no value; text needs quotes, as in title = "Free trade"',
    "Expected '=' after a key": "a key must be followed by = and a value",
    "Expected newline or end of document after a statement": "something follows a value that is complete; a line "
    "holds one key, and text needs quotes on both sides",
    "Cannot overwrite a value": "a key is given twice in this table",
    "Unclosed array": "a list lacks its closing ]",
    "Illegal character '\\n'": "a text lacks its closing quote, or stands on several lines without triple quotes",
    "Unterminated string": "a text lacks its closing quote",
    "Cannot declare": "a section with this name is there already; write [[name]] for entries of a list",
}
"""What messages of `tomllib` mean to somebody who has never read the rules of TOML, by their beginning."""


def _syntax_in_words(problem: ValueError) -> str:
    text = str(problem)
    words = next((words for start, words in _SYNTAX.items() if text.startswith(start)), "")
    where = text.rpartition("(")[2].rstrip(")") if text.endswith(")") else ""
    return f"{where}: {words} ({text.rpartition(' (')[0]})" if words and where else text


def checked(schema: type[Schema], source: TomlFile, error: Error) -> Schema:
    """The file as an object of its schema; raises ``error`` with all problems of the file."""
    try:
        return schema.model_validate(source.values)
    except ValidationError as problem:
        raise error("\n".join(problems_of(problem, schema, source.at))) from problem


def problems_of(
    error: ValidationError,
    schema: type[BaseModel],
    at: Callable[[Place], str],
    skip: Sequence[str] = (),
    own: Callable[[Place], Place] = lambda place: place,
) -> list[str]:
    """Every problem of a validation in words, each once and with its place, in the order of the schema.

    ``skip`` are types of problem that are left out; ``own`` makes a place that of the author's file, where what was
    checked holds more than that. A key that is missing because it is misspelt is told once, as misspelt.
    """
    problems = [problem for problem in error.errors() if problem["type"] not in skip]
    places = [own(_written(problem["loc"], schema)) for problem in problems]
    misspelt = {
        (*place[:-1], closest(str(place[-1]), _fields(_model(_annotation_at(schema, place[:-1])) or schema)))
        for problem, place in zip(problems, places, strict=True)
        if problem["type"] == "extra_forbidden"
    }
    told = []
    for problem, place in zip(problems, places, strict=True):
        if problem["type"] != "missing" or place not in misspelt:
            told.append(f"{at(place)}: {_in_words(problem, place, schema)}")
    return list(dict.fromkeys(told))


def _in_words(problem: Any, place: Place, schema: type[BaseModel]) -> str:
    key, where = str(place[-1]) if place else "", _key_in_words(place, schema)
    if problem["type"] == "extra_forbidden":
        table = heading(place[:-1], schema)
        known = _model(_annotation_at(schema, place[:-1])) or schema
        message = unknown_name("key", key, _fields(known))
        return f"{table}: {message}" if table else message
    if problem["type"] == "missing":
        return f"the key {where} is missing"
    if problem["type"] in ("value_error", "assertion_error"):
        reason = problem["msg"].removeprefix("Value error, ")
        return f"{where}: {reason}" if where else reason
    if problem["type"] == "literal_error":
        valid = [str(v) for v in get_args(_plain(_annotation_at(schema, place)))]
        return f"{where} = {problem['input']!r}: {unknown_name('value', str(problem['input']), valid)}"
    return f"{where} = {shorten(repr(problem['input']), 60)}: {problem['msg']}"


def _key_in_words(place: Place, schema: type[BaseModel]) -> str:
    """A key as the author of the file sees it: ``rate_pct`` in ``[[rates]] entry 2``, or ``union.members``."""
    number = next((n for n, part in enumerate(place) if isinstance(part, int)), None)
    if number is None or get_origin(_plain(_annotation_at(schema, place[:number]))) is not tuple:
        return ".".join(map(str, place))
    if number == 1 and _model(_annotation_at(schema, place[:2])):
        rest = _key_in_words_plain(place[2:])
        return heading(place[:2], schema) + (f", {rest}" if rest else "")
    return _key_in_words_plain(place)


def _key_in_words_plain(place: Place) -> str:
    """Keys joined by dots, positions counted from one."""
    words = [f"entry {part + 1}" if isinstance(part, int) else part for part in place]
    return ".".join(words).replace(".entry", " entry").replace("entry.", "entry ")


def heading(place: Place, schema: type[BaseModel]) -> str:
    """How the table at a place is written in the file: ``[union]``, ``[[rates]] entry 2``, ``""`` for the file."""
    if not place:
        return ""
    first = _plain(_annotation_at(schema, place[:1]))
    if get_origin(first) is tuple:
        number = f" entry {place[1] + 1}" if len(place) > 1 and isinstance(place[1], int) else ""
        return f"[[{place[0]}]]{number}"
    return f"[{place[0]}]" + "".join(f" {part}" for part in place[1:])


def _written(location: Place, schema: type[BaseModel]) -> Place:
    """A location of pydantic without the tags that it adds for the branches of a union of types."""
    place: Place = ()
    for part in location:
        if _step(_annotation_at(schema, place), part) is not None or part == location[-1]:
            place = (*place, part)
    return place


def _annotation_at(schema: type[BaseModel], place: Place) -> Any:
    """The type that the schema gives to what stands at a place; the last known one where it knows nothing."""
    found: Any = schema
    for part in place:
        found = _step(found, part) or found
    return found


def _step(annotation: Any, part: str | int) -> Any:
    """The type one key or one position further in; None if the schema has nothing there."""
    plain = _plain(annotation)
    model = _model(plain)
    if model is not None and part in _fields(model):
        return _fields(model)[str(part)]
    if get_origin(plain) is dict and isinstance(part, str):
        return get_args(plain)[1]
    if get_origin(plain) is tuple and isinstance(part, int):
        return get_args(plain)[0]
    return None


def _plain(annotation: Any) -> Any:
    """A type without ``Annotated`` and ``| None``; of several branches the one with structure."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        branches = [_plain(branch) for branch in get_args(annotation) if branch is not type(None)]
        return next((b for b in branches if _model(b) or get_origin(b)), branches[0])
    return annotation


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """The keys of a table as they are written, with their types."""
    return {f.alias or name: f.annotation for name, f in model.model_fields.items()}


def _model(annotation: Any) -> type[BaseModel] | None:
    plain = _plain(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None


def line_numbers(text: str) -> dict[Place, int]:
    """Line of every table, key, entry and element of a valid TOML text, counted from 1."""
    lines: dict[Place, int] = {}
    entries: Counter[Place] = Counter()
    root = _parser().parse(text.encode()).root_node
    for node in root.named_children:
        if node.type == "pair":
            _pair(node, (), lines)
        elif node.type in ("table", "table_array_element"):
            header, *pairs = (child for child in node.named_children if child.type != "comment")
            place = _open_table(_keys(header), node, entries, lines)
            for pair in pairs:
                _pair(pair, place, lines)
    return lines


def _open_table(
    keys: tuple[str, ...], node: tree_sitter.Node, entries: Counter[Place], lines: dict[Place, int]
) -> Place:
    """The place that ``[a.b]`` or ``[[a.b]]`` opens, in the latest entry of every list on the way."""
    place: Place = ()
    for number, key in enumerate(keys, start=1):
        place = (*place, key)
        lines.setdefault(place, node.start_point.row + 1)
        if number == len(keys) and node.type == "table_array_element":
            entries[place] += 1
        if entries[place]:
            place = (*place, entries[place] - 1)
            lines.setdefault(place, node.start_point.row + 1)
    return place


def _pair(node: tree_sitter.Node, place: Place, lines: dict[Place, int]) -> None:
    key, *values = (child for child in node.named_children if child.type != "comment")
    for part in _keys(key):
        place = (*place, part)
        lines.setdefault(place, node.start_point.row + 1)
    for value in values:
        _value(value, place, lines)


def _value(node: tree_sitter.Node, place: Place, lines: dict[Place, int]) -> None:
    children = [child for child in node.named_children if child.type != "comment"]
    if node.type == "inline_table":
        for pair in children:
            _pair(pair, place, lines)
    elif node.type == "array":
        for number, element in enumerate(children):
            lines[*place, number] = element.start_point.row + 1
            _value(element, (*place, number), lines)


def _keys(node: tree_sitter.Node) -> tuple[str, ...]:
    """The parts of a bare, quoted or dotted key, as `tomllib` reads them."""
    if node.type == "dotted_key":
        return tuple(part for child in node.named_children for part in _keys(child))
    text = (node.text or b"").decode()
    return (next(iter(tomllib.loads(f"{text} = 0"))),)


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
