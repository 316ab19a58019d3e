"""Write docs/command_line.md from the commands themselves.

python docs/build_command_line.py            write the page
python docs/build_command_line.py --check    say whether the page is current (exit code 1: no)
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

PAGE = Path(__file__).resolve().parent / "command_line.md"

HEAD = """# The command line

<!-- Written by docs/build_command_line.py from the commands' own help; edit that (report/cli*.py), not this page. -->

Results go to standard output, everything else to standard error, and nothing ever asks a question: every command can
stand in a script. On a terminal, long work shows a bar with what it is doing; elsewhere a line for what it has done.

New here? `eacu tutorial` writes a study that runs, and walks through it in half a minute.

## What all commands have in common

| option | |
|---|---|
| `--json` | one JSON document on standard output and nothing else there; a number that does not exist is null |
| `--quiet`, `-q` | nothing on standard error but errors |
| `--no-color` | no colours; so does the environment variable `NO_COLOR`, for good |
| `--debug` | the traceback of an error, which is otherwise told in words |
| `--help` | what the command does, its options, examples |

"""

COMPLETION = """
## Completion

`eacu --install-completion` teaches your shell (bash, zsh, fish, PowerShell) to complete commands, options and the names
of regimes, paths of policy, closures and saved runs; `eacu --show-completion` prints what it would install.
"""
COMMON = ("quiet", "no_color", "debug", "help")


def page() -> str:
    """The page as it should be."""
    from eacu.report.cli import app
    from eacu.report.console import EXIT_CODES

    commands = list(_commands(typer.main.get_command(app), ""))
    codes = [f"| {code} | {words} |" for code, words in EXIT_CODES.items()]
    contents = [f"| [`eacu {name}`](#eacu-{name.replace(' ', '-')}) | {_first(c)} |" for name, c in commands]
    return "".join(
        [
            HEAD,
            "| exit code | |\n|---|---|\n",
            "\n".join(codes),
            "\n",
            COMPLETION,
            "\n## Commands\n\n| | |\n|---|---|\n",
            "\n".join(contents),
            "\n",
            *(_section(name, command) for name, command in commands),
        ]
    )


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Every command with its full name, those of groups after one another."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _section(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name not in COMMON]
    usage = " ".join(["eacu", name, "[OPTIONS]", *(_placeholder(a) for a in arguments)])
    lines = [f"\n### eacu {name}\n", _plain(command.help), f"\n```text\n{usage}\n```\n"]
    if arguments or options:
        rows = [(f"`{_name(a)}`", a) for a in arguments]
        rows += [(", ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts)), p) for p in options]
        lines.append("| | | default |\n|---|---|---|")
        lines += [f"| {shown} | {_plain(p.help)} | {_default(p)} |" for shown, p in rows]
    examples = [line for line in (command.epilog or "").split("\n\n")[1:] if line]
    if examples:
        lines.append("\n```sh\n" + "\n".join(line.replace("\\[", "[") for line in examples) + "\n```")
    return "\n".join(lines) + "\n"


def _name(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _placeholder(argument: Any) -> str:
    several = "..." if argument.nargs == -1 and "..." not in _name(argument) else ""
    return f"{_name(argument)}{several}" if argument.required else f"[{_name(argument)}{several}]"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or value is False or not parameter.show_default:
        return ""
    if value is True and parameter.secondary_opts:
        return f"`{parameter.opts[0]}`"
    return f"`{value}`" if str(value) else ""


def _plain(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").replace("|", "\\|").split())


def _first(command: Any) -> str:
    return _plain((command.help or "").strip().partition("\n\n")[0])


def main() -> None:
    """Write the page, or compare it."""
    if "--check" in sys.argv[1:]:
        sys.exit(
            0
            if PAGE.read_text(encoding="utf-8") == page()
            else "out of date: python docs/build_command_line.py"
        )
    PAGE.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
