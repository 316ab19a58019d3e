"""What a run rests on: the code that ran, the data files with their sources, the names of regions and sectors."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from .. import data

PACKAGE = Path(__file__).resolve().parent.parent
ROOMS = ("calibration", "model", "experiments", "report")
SOURCE_COLUMNS = ("source_key", "source")
_KEY = re.compile(r"[A-Z][A-Za-z0-9_-]+")
NAMES = {"region": "model_regions.csv", "sector": "sectors.csv"}
_GIT_SECONDS = 10.0


@lru_cache(maxsize=1)
def code_version() -> dict[str, Any]:
    """The code that runs: SHA-256 over its Python files and, where it is a git checkout, the commit.

    ``commit`` is null where eacu is installed from a package, or git is missing; ``modified`` says whether tracked
    files differ from the commit. The hash tells two versions of the code apart in every case.
    """
    digest = hashlib.sha256()
    for file in sorted(file for room in ROOMS for file in (PACKAGE / room).rglob("*.py")):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--untracked-files=no")
    return {"sha256": digest.hexdigest(), "commit": commit, "modified": bool(changes) if commit else None}


def code_words(code: dict[str, Any]) -> str:
    """What `code_version` found, on one line: the beginning of the hash, and of the commit where there is one."""
    commit = f", commit {code['commit'][:12]}" if code["commit"] else ""
    return f"{code['sha256'][:12]}{commit}{' and changes' if code['modified'] else ''}"


def _git(*arguments: str) -> str | None:
    """What git answers about the checkout the package is in; None if it is not the root of one."""
    if not (PACKAGE / ".git").exists():
        return None
    command = ["git", "-C", str(PACKAGE), *arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def sources_table(files: Sequence[Path]) -> pd.DataFrame:
    """One row for each data file: rows, how many of them of each quality, citation keys (of data/SOURCES.md).

    A file that does not say (the balanced SAM, a mapping) has no count and no key: a count of zero is another thing.
    Sources that a table gives in words, row by row, are called so.
    """
    known = _known_citations()
    rows = []
    for file in dict.fromkeys(files):
        table = pd.read_csv(file)
        row: dict[str, Any] = {"file": _short(file), "rows": len(table)}
        column = next((name for name in SOURCE_COLUMNS if name in table), None)
        if column:
            texts = table[column].dropna().astype(str).unique()
            keys = [set(_KEY.findall(text)) & known.keys() for text in texts]
            words = [] if all(keys) else ["in words, row by row"]
            row["sources"] = "; ".join([*sorted(set().union(*keys)), *words])
        if "quality" in table:
            counts = table["quality"].value_counts().reindex(list(data.QUALITIES), fill_value=0)
            row |= {str(quality): int(count) for quality, count in counts.items()}
        rows.append(row)
    columns = ["file", "rows", *data.QUALITIES, "sources"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(data.QUALITIES, "Int64"))


def citations(keys: Collection[str]) -> pd.DataFrame:
    """What stands behind citation keys: key, what, where it was read, from the table in data/SOURCES.md."""
    rows = [(key, *cells) for key, cells in _known_citations().items() if key in keys]
    return pd.DataFrame(rows, columns=["key", "what", "where"])


@lru_cache(maxsize=1)
def _known_citations() -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for line in data.path("SOURCES.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3:
            plain = [cell.replace("*", "").replace("`", "") for cell in cells]
            known |= {key.strip(): (plain[1], plain[2]) for key in plain[0].split(",")}
    return known


def names_of_codes(codes: Sequence[str], kind: str, files: Sequence[Path]) -> dict[str, str]:
    """Names of regions or sectors (``kind``) in the mapping among the files, else in the one that is shipped.

    A code without a name, in a base year of one's own, is its own name.
    """
    own = [file for file in files if file.name == NAMES[kind]]
    table = pd.read_csv(own[0]) if own else data.table(f"mappings/{Path(NAMES[kind]).stem}")
    names = dict(zip(table[kind], table["title"], strict=True))
    return {code: names.get(code, code) for code in codes}


def _short(file: Path) -> str:
    """The path below ``data`` for a shipped file, else the whole path."""
    shipped = PACKAGE / "data"
    return file.relative_to(shipped).as_posix() if file.is_relative_to(shipped) else str(file)
