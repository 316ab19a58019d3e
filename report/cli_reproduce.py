"""The command ``eacu reproduce``: published estimates set beside the model's own."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import errors_in_words, print_tables, progress


def reproduce(
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Set published estimates of the union and of WTO accession beside ours, with a verdict by rule."""
    with errors_in_words(debug):
        from ..experiments.reproduce import reproduce as set_beside
        from .reproduction_page import reproduction_json, reproduction_table

        rows = set_beside(tell=progress)
        if as_json:
            typer.echo(reproduction_json(rows))
        else:
            print_tables([reproduction_table(rows)])
