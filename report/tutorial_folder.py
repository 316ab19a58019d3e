"""The study folder of ``eacu tutorial``: the files that are written as they are, and the answers computed for it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from .layout import markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..experiments.run import Run
    from ..model.welfare import Welfare

TEMPLATES = Path(__file__).parent / "tutorial"
ANSWERS = "questions.md"
AGREED, MINE = "union-2010-07", "my-union"
CARS = "mvh"


def write_folder(folder: Path) -> list[Path]:
    """Write the files of the study (all but the answers) into a new folder, and return them.

    The folder appears complete or not at all. Raises FileExistsError if there is something already.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileExistsError(
            f"{folder} exists already and is not empty; name another folder: eacu tutorial FOLDER"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        temporary.chmod(0o755)
        for file in sorted(TEMPLATES.iterdir()):
            if file.is_file() and file.name != ANSWERS:
                shutil.copyfile(file, temporary / file.name)
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return sorted(folder.iterdir())


def write_answers(folder: Path, run: Run, terms: Welfare, saved: Path) -> Path:
    """Fill the page of questions with what the run answers, and return it."""
    members = run.members
    text = Template((TEMPLATES / ANSWERS).read_text(encoding="utf-8")).substitute(
        run=saved.relative_to(folder).as_posix(),
        welfare=_pair(run, members, {"ev_usd_mn": "USD mn", "ev_pct_consumption": "% of consumption"}),
        revenue=_pair(run, members, {"tariff_received_usd_mn": "USD mn"}),
        output=_output(run, members),
        terms=_terms(terms, members),
    )
    page = folder / ANSWERS
    temporary = page.with_suffix(".partial")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(page)
    return page


def _pair(run: Run, members: Sequence[str], indicators: dict[str, str]) -> str:
    """Both regimes and the difference, a row for each member and indicator."""
    rows = []
    for member in members:
        for key, unit in indicators.items():
            agreed, mine = (float(run[name].indicators[key].loc[member]) for name in (AGREED, MINE))
            rows.append([member, unit, _number(agreed), _number(mine), _number(mine - agreed, "+")])
    return markdown(["member", "unit", AGREED, MINE, "difference"], rows).strip()


def _output(run: Run, members: Sequence[str]) -> str:
    rows = []
    for member in members:
        changes = [_output_of_cars(run, name, member) for name in (AGREED, MINE)]
        rows.append([member, "%", *(_number(change, "+") for change in changes)])
    return markdown(["member", "unit", AGREED, MINE], rows).strip()


def _output_of_cars(run: Run, regime: str, member: str) -> float:
    results = run[regime].results
    chosen = results["variable"].eq("output") & results["sector"].eq(CARS) & results["region"].eq(member)
    return float(results.loc[chosen, "percent"].item())


def _terms(terms: Welfare, members: Sequence[str]) -> str:
    table = terms.by("term").loc[list(members)].T
    rows = [
        [str(term), *(_number(row[m], "+") for m in members)] for term, row in table.iterrows() if row.any()
    ]
    total = ["**equivalent variation**", *(_number(terms.total[m], "+") for m in members)]
    return markdown(["USD mn", *members], [*rows, total]).strip()


def _number(value: float, sign: str = "-") -> str:
    """Three significant digits, with thousands separated."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:{sign},.{digits}f}"
