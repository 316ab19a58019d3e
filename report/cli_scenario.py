"""``eacu new-scenario``: a commented scenario file that runs as it is, and the schema for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import print_json
from .options import examples

DEFAULT_PARENT = "union-2010-07"
EXAMPLES = examples(
    "eacu new-scenario my-union",
    "eacu new-scenario my-accession --from wto-russia",
    "eacu new-scenario --schema > eacu-scenario.schema.json",
)


def new_scenario(
    name: Annotated[
        str | None, typer.Argument(help="Name of the scenario; NAME.toml is written.", show_default=False)
    ] = None,
    parent: Annotated[
        str, typer.Option("--from", help="The regime that it builds on (see: eacu regimes).")
    ] = DEFAULT_PARENT,
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path(),
    schema: Annotated[
        bool, typer.Option("--schema", help="Only print the JSON Schema of scenario files.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON: the file written.")] = False,
) -> None:
    """Write a commented scenario file that runs as it is, and its JSON Schema for editors beside it."""
    from ..experiments.template import new_scenario as write
    from ..experiments.template import schema_text

    if schema:
        typer.echo(schema_text(), nl=False)
        return
    if name is None:
        raise ValueError("the name of the scenario is missing, e.g. eacu new-scenario my-union")
    file = write(name, parent, folder)
    if as_json:
        print_json({"file": str(file), "builds_on": parent})
    else:
        typer.echo(f"written: {file}\nrun it: eacu run {file}")
