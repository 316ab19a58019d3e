"""``eacu tutorial``: a study folder that runs, and a walk through it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import CHECK_FAILED, doing, print_json, print_tables, progress
from .options import examples

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = examples("eacu tutorial", "eacu tutorial my-first-study")


class _Walk:
    """The steps taken: each is announced in words with the command that does the same, and remembered."""

    def __init__(self, aloud: bool):
        self.aloud = aloud
        self.steps: list[dict[str, Any]] = []
        self._began = time.perf_counter()

    def step(self, words: str, command: str = "") -> None:
        """Announce the next step."""
        self.steps.append({"step": words, "command": command})
        if self.aloud:
            typer.echo(f"{len(self.steps)}. {words}")
            typer.echo(f"   $ {command}\n" if command else "")

    def show(self, *tables: Table) -> None:
        """Print what a step found."""
        if self.aloud:
            print_tables(tables)

    @property
    def seconds(self) -> float:
        """Time since the walk began."""
        return time.perf_counter() - self._began


def tutorial(
    folder: Annotated[Path, typer.Argument(help="A new folder for the study.")] = Path("eacu-tutorial"),
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON: steps, files, seconds.")] = False,
) -> None:
    """Write a study folder and walk through it: a policy of your own, solved, compared, explained. Half a minute.

    The folder holds a README, a regime to change, the study in Python, and the questions with the model's answers.
    """
    from ..experiments.run import run
    from .compare import comparison_table, of_run, shown_indicators, side_by_side
    from .runfolder import save_run
    from .tables import checks_table, effects_table
    from .tutorial_folder import AGREED, MINE, write_answers, write_folder
    from .welfare import welfare_table

    walk = _Walk(aloud=not as_json)
    scenario = f"{MINE}.toml"
    files = write_folder(folder)
    walk.step(f"A study folder: {', '.join(file.name for file in files)}", f"cd {folder}")
    walk.step(
        "Solve the union as agreed and your own (no tariff on cars), and check both",
        f"eacu run {AGREED} {scenario}",
    )
    result = run(AGREED, folder / scenario, tell=progress)
    year = result.solved[0].solution.benchmark.year
    walk.show(
        effects_table(list(result), result.concerned, year),
        checks_table(list(result)),
    )
    walk.step(
        "What does your change do? Subtract the first from the second", f"eacu compare {AGREED} {scenario}"
    )
    shown = shown_indicators(["ev_usd_mn", "ev_pct_consumption", "real_gdp_pct", "tariff_received_usd_mn"])
    walk.show(comparison_table(side_by_side(of_run(result)), result.members, shown))
    walk.step("Why does welfare change? Its terms sum to it", f"eacu decompose {scenario} --welfare")
    with doing("splitting welfare along the path to the solution"):
        terms = result[MINE].solution.welfare()
    walk.show(welfare_table(terms, ["term"], result.members))
    walk.step("Keep the run with its inputs, checks and results; any SQL can be asked of it", "eacu runs")
    saved = save_run(result, folder / "runs", {MINE: terms})
    answers = write_answers(folder, result, terms, saved)
    walk.step(f"The questions of this study and their answers are in {answers}; next: {folder / 'README.md'}")
    if as_json:
        names = [str(file) for file in sorted((*files, answers, saved))]
        print_json({"folder": str(folder), "files": names, "steps": walk.steps, "seconds": walk.seconds})
    progress(f"done in {walk.seconds:.0f} s")
    if not result.passed:
        raise typer.Exit(CHECK_FAILED)
