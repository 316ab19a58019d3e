"""What every command shares: errors in words with an exit code, progress, tables that are never cut, JSON."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import typer

from ..experiments.doing import Doing

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

FIGURE_TYPES = (".svg", ".png", ".pdf")
TABLE_TYPES = (".csv", ".parquet")
CHECK_FAILED, BAD_INPUT, INTERNAL_ERROR = 1, 2, 70
"""Exit codes besides 0, see :data:`EXIT_CODES`; 70 is ``EX_SOFTWARE`` of the system's sysexits.h."""
EXIT_CODES = {
    0: "all is well",
    CHECK_FAILED: "a check failed, or an economy could not be solved",
    BAD_INPUT: "bad input: a name, a value, an option or a file",
    INTERNAL_ERROR: "a fault of the program; --debug shows where",
    130: "interrupted from the keyboard",
}


@dataclass
class _Session:
    """What one command was asked for: nothing but errors on standard error, no colours; and its progress bar."""

    quiet: bool = False
    color: bool = True
    debug: bool = False
    bar: Progress | None = None


_session = _Session()


@contextmanager
def session(quiet: bool, color: bool, debug: bool = False) -> Iterator[None]:
    """Everything printed inside is printed as the user asked."""
    global _session
    before, _session = _session, _Session(quiet, color, debug)
    try:
        yield
    finally:
        _end_bar()
        _session = before


@contextmanager
def errors_in_words(debug: bool) -> Iterator[None]:
    """Turn an error into its message and an exit code; with ``debug`` print the traceback too."""
    try:
        yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:
        _end_bar()
        if debug:
            traceback.print_exc()
        code = _exit_code(error)
        if code == INTERNAL_ERROR:
            first = str(error).partition("\n")[0]
            lines = [f"internal error ({type(error).__name__}): {first}; run with --debug to see where"]
        else:
            lines = [f"error: {unsolved_in_words(error)}"]
        typer.echo("\n".join(["eacu: " + lines[0], *lines[1:]]), err=True)
        raise typer.Exit(code) from None


def unsolved_in_words(error: Exception) -> str:
    """An error with its notes; of a regime without a solution, unless ``--debug`` asks for all of the diagnosis, only
    which one it was, how much of its shock was solved, and what probably is behind it."""
    from ..model.engine import ConvergenceError

    notes = getattr(error, "__notes__", ())
    if _session.debug or not isinstance(error, ConvergenceError) or error.diagnosis is None:
        return "\n".join([str(error), *notes])
    found = error.diagnosis
    part = f"{100 * found.fraction:.3g} %" if found.fraction else "No part"
    moving = next(iter(found.fastest), None)
    worst = error.worst[0].equation if error.worst else None
    culprit = f"{moving} moved fastest there" if moving else f"the worst equation is {worst}" if worst else ""
    return " ".join(
        [
            "no solution was found.",
            *notes,
            f"{part} of what it changes was solved before the economy could not follow.",
            f"Look first at the largest rate, quantity or target of the regime{f': {culprit}' if culprit else ''}; "
            "make it smaller, or run again with --debug for the whole diagnosis.",
        ]
    )


def _exit_code(error: Exception) -> int:
    """See :data:`EXIT_CODES`."""
    from ..model.checks import ReplicationError
    from ..model.engine import EngineError

    if isinstance(error, ReplicationError):  # a ValueError, but not of the user's making
        return CHECK_FAILED
    if isinstance(error, ValueError | OSError):
        return BAD_INPUT
    return CHECK_FAILED if isinstance(error, EngineError) else INTERNAL_ERROR


NO_MATPLOTLIB = "pictures need matplotlib: python -m pip install matplotlib"


def check_figure(file: Path | None) -> None:
    """ValueError unless a picture can be written into the file; none need be asked for.

    Before anything is solved: a missing library should not cost the user the time of a run.
    """
    if file is None:
        return
    if file.suffix not in FIGURE_TYPES:
        raise ValueError(f"--figure {file}: its ending must be one of {', '.join(FIGURE_TYPES)}")
    if find_spec("matplotlib") is None:
        raise ValueError(f"--figure {file}: {NO_MATPLOTLIB}")


def check_table(file: Path | None) -> None:
    """ValueError unless a table can be written into the file; none need be asked for."""
    if file and file.suffix not in TABLE_TYPES:
        raise ValueError(f"--table {file}: its ending must be {' or '.join(TABLE_TYPES)}")


def write_table(frame: pd.DataFrame, file: Path) -> None:
    """Write a tidy frame into a .csv or .parquet, under a temporary name until it is complete."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.partial")
    if file.suffix == ".csv":
        frame.to_csv(temporary, index=False, lineterminator="\n")
    else:
        frame.to_parquet(temporary, index=False)
    temporary.replace(file)
    progress(f"written to {file}")


def progress(line: str) -> None:
    """Tell how far the work has come, on standard error; the ``tell`` of every long experiment.

    A `Doing` moves the progress bar, which exists only on a terminal. Other lines say what was done: they are printed,
    but not while a bar says the same. Nothing is told with ``--quiet``.
    """
    if _session.quiet:
        return
    if isinstance(line, Doing):
        _move_bar(line)
    elif _session.bar is None:
        typer.echo(line, err=True)


@contextmanager
def doing(line: str) -> Iterator[None]:
    """Show on a terminal that something of unknown length is being done."""
    progress(Doing(line))
    try:
        yield
    finally:
        _end_bar()


def _move_bar(line: Doing) -> None:
    if line.share is not None and line.share >= 1.0:
        _end_bar()
        return
    if not _is_terminal():
        return
    if _session.bar is None:
        _session.bar = _new_bar()
        _session.bar.add_task(line, total=None)
        _session.bar.start()
    task = _session.bar.task_ids[0]
    if line.share is None:
        _session.bar.update(task, description=line)
    else:
        _session.bar.update(task, description=line, total=1.0, completed=line.share)


def _new_bar() -> Progress:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=_console(stderr=True),
        transient=True,
        redirect_stdout=False,
    )


def _end_bar() -> None:
    if _session.bar is not None:
        _session.bar.stop()
        _session.bar = None


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _console(width: int | None = None, stderr: bool = False) -> Console:
    """A console in the colours asked for; Rich itself honours the variable NO_COLOR."""
    from rich.console import Console

    return Console(width=width, stderr=stderr, no_color=None if _session.color else True)


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables on standard output, whatever the terminal's width: never fold or cut a number."""
    from .tables import full_width

    _end_bar()
    console = _console(width=full_width(list(tables)))
    for table in tables:
        console.print(table)
        console.print()


def print_json(document: Any) -> None:
    """Print one JSON document on standard output; a number that does not exist is null."""
    import json

    from .layout import finite

    _end_bar()
    unicode = "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
    typer.echo(json.dumps(finite(document), indent=2, ensure_ascii=not unicode, allow_nan=False))
