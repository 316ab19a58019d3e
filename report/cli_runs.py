"""``eacu runs list|show|query|delete``: the saved runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import CHECK_FAILED, errors_in_words, print_tables, progress

if TYPE_CHECKING:
    import pandas as pd

    from .saved import SavedRun

Out = Annotated[Path, typer.Option("--out", help="Folder that holds the run folders.")]
Json = Annotated[bool, typer.Option("--json", help="Print only JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Name = Annotated[str, typer.Argument(help="A run: its name, the beginning of it, or latest.")]
Sql = Annotated[str, typer.Argument(help="SQL over runs, checks, indicators, results, trade, welfare.")]
DEFAULT_OUT = Path("runs")
_LIST = (
    "select run, created, status, closure, array_to_string(regimes, ' ') as regimes, problem from runs "
    "order by created desc nulls last, run desc"
)

app = typer.Typer(help="The saved runs: list, show, query, delete.", invoke_without_command=True)


@app.callback()
def _runs(
    context: typer.Context, out: Out = DEFAULT_OUT, as_json: Json = False, debug: Debug = False
) -> None:
    """The saved runs. Without a command: list them."""
    if context.invoked_subcommand is None:
        list_runs(out, as_json, debug)


@app.command("list")
def list_runs(out: Out = DEFAULT_OUT, as_json: Json = False, debug: Debug = False) -> None:
    """List the saved runs, newest first."""
    _print_query(out, _LIST, as_json, debug)


@app.command()
def query(sql: Sql, out: Out = DEFAULT_OUT, as_json: Json = False, debug: Debug = False) -> None:
    """Answer a SQL query over all saved runs, e.g. "select * from indicators where region = 'KAZ'"."""
    _print_query(out, sql, as_json, debug)


@app.command()
def show(name: Name = "latest", out: Out = DEFAULT_OUT, as_json: Json = False, debug: Debug = False) -> None:
    """Show one run: what was asked, on which data and code, what came out, and whether its files are intact.

    Exit code 1 when a check failed, a regime was not solved or a file was changed since.
    """
    with errors_in_words(debug):
        from .saved import open_run
        from .tables import checks_table, effects_table

        run = open_run(name, out)
        problems = run.problems()
        if as_json:
            typer.echo(json.dumps({"run": run.name, **run.facts, "problems": problems}, indent=2))
        else:
            typer.echo("\n".join(_facts(run)) + "\n")
            print_tables([effects_table(list(run), run.concerned), checks_table(list(run))])
            typer.echo("\n".join(f"DAMAGED: {problem}" for problem in problems) or "All files are intact.")
    if problems or run.facts["status"] != "ok":
        raise typer.Exit(CHECK_FAILED)


@app.command()
def delete(
    names: Annotated[list[str], typer.Argument(help="Runs: names, beginnings of names, or latest.")],
    out: Out = DEFAULT_OUT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    debug: Debug = False,
) -> None:
    """Delete runs, all that are named or, if one of the names is wrong, none. Nothing is asked."""
    with errors_in_words(debug):
        from .store import delete_runs, find_run

        if dry_run:
            for folder in dict.fromkeys(find_run(out, name) for name in names):
                typer.echo(f"would delete {folder}")
        else:
            for deleted in delete_runs(out, names):
                progress(f"deleted {out / deleted}")


def _facts(run: SavedRun) -> list[str]:
    facts = run.facts
    code = facts["code"]
    commit = (
        f", commit {code['commit'][:12]}{' and changes' if code['modified'] else ''}"
        if code["commit"]
        else ""
    )
    lines = [
        f"run       {run.name}, {facts['created']}, {facts['status']}",
        f"base year {facts['base_year']}, {len(run.regions)} regions, {len(run.sectors)} sectors, "
        f"data {facts['data_sha256'][:12]}",
        f"code      eacu {facts['versions']['eacu']}, {code['sha256'][:12]}{commit}",
        f"solved in {sum(facts['seconds'].values()):.1f} s",
    ]
    lines += [
        f"regime    {name}: {facts['titles'][name]}\n          {facts['questions'][name]}"
        for name in facts["regimes"]
    ]
    lines += [f"closure   {name}: {text}" for name, text in facts["closures"].items()]
    return lines + [f"NOT SOLVED {name}: {reason}" for name, reason in facts["errors"].items()]


def _print_query(out: Path, sql: str, as_json: bool, debug: bool) -> None:
    with errors_in_words(debug):
        from .catalogue import query as ask

        if not out.is_dir():
            raise FileNotFoundError(f"there is no folder {out} with saved runs; eacu run writes one")
        answer = ask(out, sql)
        if as_json:
            typer.echo(answer.to_json(orient="records", date_format="iso", indent=2, force_ascii=False))
        else:
            typer.echo("no rows" if answer.empty else _without_empty_columns(answer).to_string(index=False))


def _without_empty_columns(answer: pd.DataFrame) -> pd.DataFrame:
    """The answer without the column of problems where there are none."""
    quiet = "problem" in answer and answer["problem"].isna().all()
    return answer.drop(columns="problem") if quiet else answer
