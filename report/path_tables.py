"""Tables, JSON and figure of paths: effects by year on each member, welfare in present value, checks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from .console import NO_MATPLOTLIB
from .plots import COLOURS, MissingPlotsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ..experiments.path_run import PathRun

SHOWN = (
    ("real_gdp", "Real GDP"),
    ("welfare", "Welfare (equivalent variation)"),
    ("consumption", "Consumption"),
    ("capital_stock", "Capital stock"),
)
"""Variables of the printed table and of the figure's panels (the first two), with their headings."""
TABLE_YEARS = 7


def path_tables(run: PathRun, regions: Sequence[str]) -> list[Table]:
    """A table for each path: changes against the baseline by region and variable (rows) in some years (columns)."""
    frame = run.frame().set_index(["path", "variable", "region", "year"])["percent"].sort_index()
    years = shown_years(run.years)
    tables = []
    for path in run:
        title = f"{path.name}: change against {run.baseline.name} in the same year, %"
        table = _table(title, [str(year) for year in years])
        for region in regions:
            table.add_row(Text(region, style="bold"))
            for variable, heading in SHOWN:
                values = [frame.loc[path.name, variable, region, year] for year in years]
                table.add_row(f"  {heading}", *(_cell(value, 2) for value in values))
            table.add_section()
        tables.append(table)
    return tables


def present_value_table(run: PathRun, regions: Sequence[str], discount: float) -> Table:
    """Welfare of all years in present value: one row a region, two columns a path."""
    found = run.present_value(discount)
    span = f"{run.years[0]}-{run.years[-1]}"
    title = f"Welfare {span} in present value at {100 * discount:.3g} % a year: mn USD, and % of consumption"
    table = _table(title, [text for path in run for text in (path.name, "%")])
    for region in regions:
        cells = [
            text
            for path in run
            for text in (
                _cell(found["ev_usd_mn"][path.name, region], 0),
                _cell(found["ev_pct_consumption"][path.name, region], 2),
            )
        ]
        table.add_row(region, *cells)
    return table


def checks_line(run: PathRun) -> str:
    """One sentence: the largest residual and the largest excess demand over all years of all paths."""
    checks = run.checks()
    verdict = "all within tolerance" if run.passed else "NOT all within tolerance"
    return (
        f"Checks of {len(checks)} years: largest residual {checks['residual'].max():.1e}, largest excess demand in "
        f"the dropped market {checks['walras'].abs().max():.1e} of world GDP; {verdict}."
    )


def shown_years(years: Sequence[int]) -> list[int]:
    """At most :data:`TABLE_YEARS` years, the last among them, the first (where nothing differs) not."""
    later = list(years[1:]) or list(years)
    step = max(1, math.ceil(len(later) / TABLE_YEARS))
    return sorted({*later[::-1][::step]})


def path_json(run: PathRun, discount: float) -> dict[str, Any]:
    """Everything of a run as plain numbers: baseline, closure, paths with checks, rows, present values.

    ``rows`` are those of `PathRun.frame`; a percentage of nothing is null.
    """
    checks = run.checks()
    paths = [
        {
            "path": path.name,
            "title": run.policies[path.name].title,
            "status": "ok" if path.passed else "check failed",
            "regimes": {
                str(year): {str(name): float(w) for name, w in row.items() if w > 0}
                for year, row in path.weights.iterrows()
            },
            "iterations": int(own["iterations"].sum()),
            "max_residual": float(own["residual"].max()),
            "max_walras": float(own["walras"].abs().max()),
            "seconds": float(own["seconds"].sum()),
        }
        for path in (run.baseline, *run.paths)
        for own in (checks[checks["path"] == path.name],)
    ]
    return {
        "baseline": run.baseline.name,
        "closure": run.closure,
        "years": list(run.years),
        "paths": paths,
        "rows": _records(run.frame()),
        "discount": discount,
        "present_value": _records(run.present_value(discount).reset_index()),
        "seconds": run.seconds,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): None if isinstance(v, float) and not math.isfinite(v) else v for key, v in record.items()}
        for record in frame.to_dict(orient="records")
    ]


def path_figure(run: PathRun, file: Path) -> Path:
    """Draw real GDP and welfare of each member against the baseline, a line a path, into .svg, .png or .pdf.

    Raises MissingPlotsError without matplotlib.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPlotsError(NO_MATPLOTLIB) from error
    frame = run.frame().set_index(["path", "variable", "region", "year"])["percent"].sort_index()
    style: dict[str, Any] = {"svg.hashsalt": "eacu", "svg.fonttype": "none", "font.size": 9.0}
    with rc_context(style):  # type: ignore[arg-type]
        figure = Figure(figsize=(8.6, 1.2 + 1.9 * 2), layout="constrained")
        panels = figure.subplots(2, len(run.members), sharex=True, sharey="row", squeeze=False)
        for row, (variable, heading) in enumerate(SHOWN[:2]):
            for column, region in enumerate(run.members):
                axes = panels[row, column]
                for number, path in enumerate(run):
                    line = frame.loc[path.name, variable, region]
                    colour = COLOURS[number % len(COLOURS)]
                    axes.plot(line.index, line.to_numpy(), label=path.name, color=colour, linewidth=1.6)
                axes.axhline(0, color="black", linewidth=0.7)
                axes.set_title(f"{region}: {heading}, %" if column == 0 else region, loc="left", fontsize=9.5)
                axes.spines[["top", "right"]].set_visible(False)
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if file.suffix == ".svg" else None
        figure.savefig(file, dpi=160, metadata=metadata)
    return file


def _cell(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
