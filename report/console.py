"""What every command shares: errors in words with an exit code, progress, tables that are never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

FIGURE_TYPES = (".svg", ".png", ".pdf")
CHECK_FAILED, BAD_INPUT = 1, 2
"""Exit codes besides 0: a check failed or an economy could not be solved; bad input."""


@contextmanager
def errors_in_words(debug: bool) -> Iterator[None]:
    """Turn an error into its message and an exit code; with ``debug`` let the traceback through."""
    try:
        yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:
        if debug:
            raise
        kind = _exit_code(error)
        if kind is None:
            lead = f"internal error ({type(error).__name__}); please report it with the output of --debug: "
        else:
            lead = "error: "
        typer.echo("\n".join([f"eacu: {lead}{error}", *getattr(error, "__notes__", ())]), err=True)
        raise typer.Exit(kind or CHECK_FAILED) from None


def _exit_code(error: Exception) -> int | None:
    """2 for bad input, 1 for an economy that could not be solved, None for a fault of the program."""
    from ..model.checks import ReplicationError
    from ..model.engine import EngineError

    if isinstance(error, ReplicationError):
        return CHECK_FAILED
    if isinstance(error, ValueError | OSError):
        return BAD_INPUT
    return CHECK_FAILED if isinstance(error, EngineError) else None


def check_figure(file: Path | None) -> None:
    """ValueError unless a picture can be written into the file; none need be asked for."""
    if file and file.suffix not in FIGURE_TYPES:
        raise ValueError(f"--figure {file}: its ending must be one of {', '.join(FIGURE_TYPES)}")


def progress(line: str) -> None:
    """Tell how far the work has come, on standard error."""
    typer.echo(line, err=True)


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables on standard output, whatever the terminal's width: never fold or cut a number."""
    from rich.console import Console

    from .tables import full_width

    console = Console(width=full_width(list(tables)))
    for table in tables:
        console.print(table)
        console.print()
