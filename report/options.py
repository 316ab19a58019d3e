"""The options that commands share, and the application that gives every command the ones all of them have.

``--quiet``, ``--no-color`` and ``--debug`` need no word in a command: `CommandLine` adds them to each that is
registered and puts the command into a console session that obeys them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from .completion import closures, regimes, regimes_and_runs
from .console import errors_in_words, session

Json = Annotated[bool, typer.Option("--json", help="Print only JSON, all regions.")]
AllRegions = Annotated[bool, typer.Option("--all-regions", help="Show every region, not only members.")]
Closure = Annotated[
    str | None,
    typer.Option(help="Solve under this closure instead of the regimes' own.", autocompletion=closures),
]
Regime = Annotated[
    str,
    typer.Argument(help="Name of a regime (see: eacu regimes) or a .toml file.", autocompletion=regimes),
]
RegimesOrRuns = Annotated[list[str], typer.Argument(autocompletion=regimes_and_runs)]
BaseYear = Annotated[
    str | None,
    typer.Option(help="Another base year: ukraine (eight regions), or a folder of eacu calibrate or import."),
]
MarketStructure = Annotated[
    str | None,
    typer.Option(help="How sectors compete: armington (default), krugman, or a csv file of your own."),
]
Band = Annotated[
    bool, typer.Option("--band", help="Add bands over elasticities and policy sizes (see: eacu sensitivity).")
]
Elasticities = Annotated[
    str | None,
    typer.Option(
        help="Trade elasticities: envisage (default), gtap, broda-weinstein, survey-low, survey-median, "
        "survey-high, low, high."
    ),
]
Figure = Annotated[Path | None, typer.Option(help="Draw the result into this .svg, .png or .pdf.")]
Table = Annotated[Path | None, typer.Option(help="Write the result, tidy, into this .csv or .parquet.")]
Out = Annotated[Path, typer.Option("--out", help="Folder that holds the run folders and their catalogue.")]

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="No colours; the variable NO_COLOR says the same for good.")
]
COMMON: dict[str, Any] = {"quiet": Quiet, "no_color": NoColor, "debug": Debug}
"""The options of every command: name of the parameter and its type."""

Command = Callable[..., Any]


class CommandLine(typer.Typer):
    """An application (or group of commands) whose commands all have the :data:`COMMON` options."""

    def command(self, *arguments: Any, **options: Any) -> Callable[[Command], Command]:  # type: ignore[override]
        """Register a command, as `typer.Typer.command` does."""
        register = super().command(*arguments, **options)

        def decorate(command: Command) -> Command:
            register(with_common_options(command))
            return command

        return decorate

    def add_typer(self, typer_instance: typer.Typer, **options: Any) -> None:
        """Add a group of commands; they, too, get the common options."""
        for info in typer_instance.registered_commands:
            if info.callback and not isinstance(typer_instance, CommandLine):
                info.callback = with_common_options(info.callback)
        super().add_typer(typer_instance, **options)


def with_common_options(command: Command) -> Command:
    """The command with the :data:`COMMON` options it does not have itself, run as they say."""
    signature = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    added = [name for name in COMMON if name not in signature.parameters]

    @wraps(command)
    def run(**values: Any) -> Any:
        own = {name: value for name, value in values.items() if name not in added}
        with (
            session(values["quiet"], not values["no_color"], values["debug"]),
            errors_in_words(values["debug"]),
        ):
            return command(**own)

    parameters = [
        parameter.replace(annotation=hints.get(name, parameter.annotation))
        for name, parameter in signature.parameters.items()
    ]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=COMMON[name])
        for name in added
    ]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = signature.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
    return run


def examples(*commands: str) -> str:
    """The epilog of a command's help: one example a line."""
    lines = ["Examples:" if len(commands) > 1 else "Example:", *commands]
    return "\n\n".join(line.replace("[", r"\[") for line in lines)
