"""The productivity that a target requires, as a table and as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .layout import finite, number, titled_table

if TYPE_CHECKING:
    from rich.table import Table

    from ..experiments.required_productivity import RequiredProductivity

HEADINGS = {
    "target_pct": "asked for",
    "own_pct": "explained",
    "gap_pct": "gap",
    "productivity_pct": "productivity",
    "growth_pp": "a year",
    "tfp_pct": "TFP",
    "tfp_growth_pp": "a year",
}


def required_table(found: RequiredProductivity) -> Table:
    """One row a region: the effect on real GDP asked for, what the path explains of it, what productivity must do."""
    target = found.target
    table = titled_table(
        f"{target.name}: real GDP of {target.until} and the productivity it takes, % above {found.run.baseline.name}",
        list(HEADINGS.values()),
    )
    for region, row in found.table().iterrows():
        table.add_row(str(region), *(number(float(row[column])) for column in HEADINGS))
    return table


def required_json(found: RequiredProductivity) -> dict[str, Any]:
    """Target, baseline, the table with the meaning of its columns, productivity by year, checks."""
    from ..experiments.required_productivity import COLUMNS

    checks = found.run.checks()
    productivity = found.productivity()
    rows = [{"region": str(region), **row.to_dict()} for region, row in found.table().iterrows()]
    document = {
        "target": found.target.name,
        "title": found.target.title,
        "path": found.target.path.name,
        "baseline": found.run.baseline.name,
        "closure": found.run.closure,
        "since": found.target.since,
        "until": found.target.until,
        "columns": COLUMNS,
        "rows": rows,
        "productivity_pct": {
            str(region): {str(year): float(v) for year, v in productivity[region].items()}
            for region in productivity
        },
        "passed": found.passed,
        "max_residual": float(checks["residual"].max()),
        "max_walras": float(checks["walras"].abs().max()),
    }
    plain: dict[str, Any] = finite(document)
    return plain
