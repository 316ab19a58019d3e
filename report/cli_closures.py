"""``eacu closures``: who adjusts, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .console import print_json
from .options import examples

if TYPE_CHECKING:
    from ..model.closures import Closure

EXAMPLES = examples("eacu closures", "eacu closures short-run+wage-curve", "eacu closures --json")
WIDTH = 96


def closures(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One closure, or several names joined by +, e.g. short-run+wage-curve. Default: all.",
            show_default=False,
            autocompletion=completion.closures,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """List the closures, or say what one fixes and what adjusts."""
    from ..model.choices import MARKETS
    from ..model.closures import CLOSURES, find_closure

    if as_json:
        print_json([_facts(c) for c in ([find_closure(name)] if name else CLOSURES.values())])
        return
    if name is not None:
        _describe(find_closure(name))
        return
    for closure in CLOSURES.values():
        typer.echo(f"{closure.name}\n{_filled(closure.description)}\n")
    typer.echo("Choices by market (join names by +, e.g. --closure short-run+wage-curve):")
    for market, choices in MARKETS.items():
        typer.echo(f"    {market:12}{' | '.join(choice.name for choice in choices)}")


def _facts(closure: Closure) -> dict[str, Any]:
    choices = [
        {
            "market": choice.market,
            "choice": choice.name,
            "fixed": [_named(rule.name, rule.only) for rule in choice.fixed],
            "conditions": list(choice.conditions),
        }
        for choice in closure.choices
    ]
    return {"name": closure.name, "description": closure.description, "choices": choices}


def _describe(closure: Closure) -> None:
    typer.echo(f"{closure.name}\n{_filled(closure.description)}\n\nFixed, besides policy:")
    for choice in closure.choices:
        fixed = [_named(rule.name, rule.only) for rule in choice.fixed]
        typer.echo(f"    {choice.market}: {choice.name}")
        if fixed:
            typer.echo(_filled(", ".join(fixed), "        "))
        if choice.conditions:
            typer.echo(_filled(f"in force: {', '.join(choice.conditions)}", "        "))


def _named(name: str, only: tuple[tuple[str, ...] | None, ...]) -> str:
    return f"{name}[{','.join('|'.join(part) if part else '*' for part in only)}]" if only else name


def _filled(text: str, indent: str = "    ") -> str:
    from textwrap import fill

    return fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
