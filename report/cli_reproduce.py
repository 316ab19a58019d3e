"""The command ``eacu reproduce``: published estimates set beside the model's own."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import print_tables, progress
from .options import examples

EXAMPLES = examples("eacu reproduce", "eacu reproduce --json")


def reproduce(
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Set published estimates of the union and of WTO accession beside ours, with a verdict by rule."""
    from ..experiments.reproduce import reproduce as set_beside
    from .reproduction_page import reproduction_json, reproduction_table

    rows = set_beside(tell=progress)
    if as_json:
        typer.echo(reproduction_json(rows))
    else:
        print_tables([reproduction_table(rows)])
