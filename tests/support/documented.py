"""The commands that the documents show, each once, with the document it stands in."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "data").glob("*.md")),
]
IN_TEXT = re.compile(r"`(eacu [a-z-]+ [^`]+)`")
"""A command with arguments in a sentence; ``eacu run`` alone is only its name."""


def blocks(document: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def documented_commands() -> dict[str, str]:
    """Every command shown, without its comment, and the name of the first document that shows it."""
    found: dict[str, str] = {}
    for document in DOCUMENTS:
        for command in shown_in(document):
            found.setdefault(command, document.name)
    return found


def shown_in(document: Path) -> list[str]:
    """Commands of shell blocks, indented blocks and sentences; a word in capitals stands for something else."""
    text = document.read_text(encoding="utf-8")
    lines = [line for block in blocks(document, "(?:sh|console)") for line in block.splitlines()]
    lines += re.findall(r"^ {4}(eacu .*)$", text, flags=re.MULTILINE)
    commands = [
        line.removeprefix("$ ").partition(" #")[0].strip() for line in [*lines, *IN_TEXT.findall(text)]
    ]
    return [c for c in commands if c.startswith("eacu ") and not re.search(r"\s[A-Z]{3,}$", c)]


def arguments_of(command: str) -> list[str]:
    """What the program gets to see: the words after its name, up to a redirection by the shell."""
    words = shlex.split(command)[1:]
    return words[: words.index(">")] if ">" in words else words
