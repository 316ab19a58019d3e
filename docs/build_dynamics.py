"""Write the results and the figure of docs/dynamics.md.

Run it as ``python docs/build_dynamics.py``; with ``--check`` it writes nothing and fails if the table is out of date by
more than a hundredth of a per cent.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

from eacu.experiments.growth import Growth
from eacu.experiments.path_run import PathRun, run_paths
from eacu.report.path_tables import path_figure

PAGE = Path(__file__).resolve().parent / "dynamics.md"
FIGURE = PAGE.parent / "figures" / "paths.svg"
PATHS = ("union", "union-wto", "wto-alone")
YEARS = (2011, 2020, 2030)
TOLERANCE = 0.011
MARKS = ("<!-- begin: {} -->", "<!-- end: {} -->")
VARIANTS = {
    "as above": {},
    "capital of the baseline": {"hold_capital": True},
    "capital stays in its activity": {"closure": "savings-driven+specific"},
    "investment follows the return": {"closure": "replacement"},
    "investment a fixed share of GDP": {"closure": "investment-driven"},
    "neutral progress": {"bias": "neutral"},
}
"""What is assumed instead -> arguments of run_paths."""


def table(run: PathRun) -> str:
    """The table of results as Markdown."""
    present = run.present_value()["ev_pct_consumption"]
    heading = ["path", "member", "welfare 2007-2030"]
    heading += [f"{what} {year}" for what in ("real GDP", "welfare") for year in YEARS]
    lines = [f"| {' | '.join(heading)} |", f"|{'---|' * 2}{'---:|' * (len(heading) - 2)}"]
    for path in PATHS:
        gdp, welfare = run.percent("real_gdp", path), run.percent("welfare", path)
        for region in run.members:
            cells = [present[path, region], *(f.loc[y, region] for f in (gdp, welfare) for y in YEARS)]
            lines.append(f"| {path} | {region} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return "\n".join(lines)


def variants(run: PathRun) -> str:
    """Welfare of the path ``union`` under other assumptions, as Markdown."""
    runs = {name: (run_paths("union", **options), "union") for name, options in VARIANTS.items()}
    runs["members grow as Russia after 2012"] = run_paths("union", growth=alike(run.growth)), "union"
    runs["without the pool"] = run_paths("union-no-pool"), "union-no-pool"
    heading = ["assumption", *(f"{region} {year}" for region in run.members for year in YEARS)]
    lines = [f"| {' | '.join(heading)} |", f"|---|{'---:|' * (len(heading) - 1)}"]
    for name, (other, path) in runs.items():
        welfare = other.percent("welfare", path)
        cells = [f"{welfare.loc[y, region]:.2f}" for region in run.members for y in YEARS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def alike(growth: Growth) -> Growth:
    """Every region's real GDP grows at Russia's rate after 2012."""
    gdp = growth.real_gdp.copy()
    after = gdp.loc[2013:, "RUS"] / gdp.loc[2012, "RUS"]
    for region in gdp:
        gdp.loc[2013:, region] = gdp.loc[2012, region] * after
    return replace(growth, real_gdp=gdp, resources=gdp)


def numbers(text: str) -> dict[tuple[str, ...], list[float]]:
    """Words of a row -> its numbers."""
    found = {}
    for line in text.splitlines()[2:]:
        cells = line.strip("| ").split(" | ")
        words = tuple(cell for cell in cells if not re.fullmatch(r"-?[\d.]+", cell))
        found[words] = [float(cell) for cell in cells[len(words) :]]
    return found


def written(part: str) -> str:
    """A table as the page has it."""
    begin, end = (mark.format(part) for mark in MARKS)
    return PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].strip()


def out_of_date(fresh_text: str, old_text: str) -> list[str]:
    """Rows of the page that differ from a fresh table."""
    fresh, old = numbers(fresh_text), numbers(old_text)
    rows = [key for key in fresh.keys() | old.keys() if key not in old or key not in fresh]
    rows += [
        key
        for key in fresh.keys() & old.keys()
        if any(abs(a - b) > TOLERANCE for a, b in zip(fresh[key], old[key], strict=True))
    ]
    return sorted(" ".join(key) for key in rows)


def main() -> int:
    """Write the page and the figure, or check the page."""
    run = run_paths(*PATHS)
    tables = {"results": table(run), "variants": variants(run)}
    if "--check" in sys.argv:
        stale = [row for part, text in tables.items() for row in out_of_date(text, written(part))]
        sys.stderr.writelines(f"{PAGE.name}: {row} is out of date\n" for row in stale)
        return 1 if stale else 0
    page = PAGE.read_text(encoding="utf-8")
    for part, text in tables.items():
        begin, end = (mark.format(part) for mark in MARKS)
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(page, encoding="utf-8")
    path_figure(run, FIGURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
