"""``eacu closures``: who adjusts, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .console import errors_in_words

if TYPE_CHECKING:
    from ..model.closures import Closure

WIDTH = 96


def closures(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One closure, or several names joined by +, e.g. short-run+wage-curve. Default: all.",
            show_default=False,
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """List the closures, or say what one fixes and what adjusts."""
    with errors_in_words(debug):
        from ..model.choices import MARKETS
        from ..model.closures import CLOSURES, find_closure

        if name is not None:
            _describe(find_closure(name))
            return
        for closure in CLOSURES.values():
            typer.echo(f"{closure.name}\n{_filled(closure.description)}\n")
        typer.echo("Choices by market (join names by +, e.g. --closure short-run+wage-curve):")
        for market, choices in MARKETS.items():
            typer.echo(f"    {market:12}{' | '.join(choice.name for choice in choices)}")


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
