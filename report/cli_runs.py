"""``eacu runs list|show|query|delete``: the saved runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .completion import saved_runs
from .console import CHECK_FAILED, print_json, print_tables, progress
from .options import CommandLine, Out, examples, with_common_options

if TYPE_CHECKING:
    import pandas as pd

    from .saved import SavedRun

Json = Annotated[bool, typer.Option("--json", help="Print only JSON.")]
Name = Annotated[
    str,
    typer.Argument(help="A run: its name, the beginning of it, or latest.", autocompletion=saved_runs),
]
Sql = Annotated[
    str, typer.Argument(help="SQL over runs, checks, indicators, results, trade, welfare, bands.")
]
DEFAULT_OUT = Path("runs")
QUERY_EXAMPLES = examples("""eacu query "select * from indicators where region = 'KAZ'" """.strip())
_LIST = (
    "select run, created, status, closure, array_to_string(regimes, ' ') as regimes, problem from runs "
    "order by created desc nulls last, run desc"
)

app = CommandLine(help="The saved runs: list, show, query, delete.", invoke_without_command=True)


@app.callback()
@with_common_options
def _runs(context: typer.Context, out: Out = DEFAULT_OUT, as_json: Json = False) -> None:
    """The saved runs. Without a command: list them."""
    if context.invoked_subcommand is None:
        list_runs(out, as_json)


@app.command("list", epilog=examples("eacu runs list", "eacu runs list --out studies/runs --json"))
def list_runs(out: Out = DEFAULT_OUT, as_json: Json = False) -> None:
    """List the saved runs, newest first."""
    _print_query(out, _LIST, as_json)


@app.command(
    epilog=examples("""eacu runs query "select run, regimes from runs where status = 'ok'" """.strip())
)
def query(sql: Sql, out: Out = DEFAULT_OUT, as_json: Json = False) -> None:
    """Answer a SQL query over all saved runs, e.g. "select * from indicators where region = 'KAZ'"."""
    _print_query(out, sql, as_json)


@app.command(epilog=examples("eacu runs show latest", "eacu runs show latest --json"))
def show(name: Name = "latest", out: Out = DEFAULT_OUT, as_json: Json = False) -> None:
    """Show one run: what was asked, on which data and code, what came out, and whether its files are intact.

    Exit code 1 when a check failed, a regime was not solved or a file was changed since.
    """
    from .cli_bands import print_bands
    from .saved import open_run
    from .tables import checks_table, effects_table

    run = open_run(name, out)
    problems = run.problems()
    if as_json:
        rows = (
            {}
            if run.bands is None
            else {"bands": run.facts["bands"] | {"rows": run.bands.to_dict("records")}}
        )
        print_json({"run": run.name, **run.facts, **rows, "problems": problems})
    else:
        typer.echo("\n".join(_facts(run)) + "\n")
        print_tables(
            [effects_table(list(run), run.concerned, run.facts["base_year"]), checks_table(list(run))]
        )
        if run.bands is not None:
            about = run.facts["bands"]
            print_bands(
                run.bands, run.concerned, f"What is uncertain, {about['method']}: {about['draws']} draws"
            )
        typer.echo("\n".join(f"DAMAGED: {problem}" for problem in problems) or "All files are intact.")
    if problems or run.facts["status"] != "ok":
        raise typer.Exit(CHECK_FAILED)


@app.command(epilog=examples("eacu runs delete latest --dry-run"))
def delete(
    names: Annotated[list[str], typer.Argument(help="Runs: names, beginnings of names, or latest.")],
    out: Out = DEFAULT_OUT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    as_json: Json = False,
) -> None:
    """Delete runs, all that are named or, if one of the names is wrong, none. Nothing is asked."""
    from .store import delete_runs, find_run

    if dry_run:
        folders = list(dict.fromkeys(find_run(out, name) for name in names))
    else:
        folders = [out / deleted for deleted in delete_runs(out, names)]
    if as_json:
        print_json({"would delete" if dry_run else "deleted": [str(folder) for folder in folders]})
    for folder in () if as_json else folders:
        if dry_run:
            typer.echo(f"would delete {folder}")
        else:
            progress(f"deleted {folder}")


def _facts(run: SavedRun) -> list[str]:
    from .provenance import code_words

    facts = run.facts
    lines = [
        f"run       {run.name}, {facts['created']}, {facts['status']}",
        f"base year {facts['base_year']}, {len(run.regions)} regions, {len(run.sectors)} sectors, "
        f"market structure {facts['market_structure']}, elasticities {facts.get('elasticities', 'not recorded')}, "
        f"data {facts['data_sha256'][:12]}",
        f"code      eacu {facts['versions']['eacu']}, {code_words(facts['code'])}",
        f"solved in {sum(facts['seconds'].values()):.1f} s",
    ]
    lines += [
        f"regime    {name}: {facts['titles'][name]}\n          {facts['questions'][name]}"
        for name in facts["regimes"]
    ]
    lines += [f"closure   {name}: {text}" for name, text in facts["closures"].items()]
    return lines + [f"NOT SOLVED {name}: {reason}" for name, reason in facts["errors"].items()]


def _print_query(out: Path, sql: str, as_json: bool) -> None:
    from .catalogue import query as ask

    if not out.is_dir():
        raise FileNotFoundError(f"there is no folder {out} with saved runs; eacu run writes one")
    answer = ask(out, sql)
    if as_json:
        print_json(json.loads(answer.to_json(orient="records", date_format="iso", double_precision=15)))
    else:
        typer.echo("no rows" if answer.empty else _without_empty_columns(answer).to_string(index=False))


def _without_empty_columns(answer: pd.DataFrame) -> pd.DataFrame:
    """The answer without the column of problems where there are none."""
    quiet = "problem" in answer and answer["problem"].isna().all()
    return answer.drop(columns="problem") if quiet else answer
