"""SAM experiments in words: tables for the console, a page of Markdown, plain values for JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from ..calibration.sam_distance import BLOCKS, cell_name, sam_distance
from ..experiments.sam_experiments import REFERENCE, SamTrial, bands, effects_table
from ..model.indicators import UNITS
from .layout import band, finite, markdown, number, plain_table, records, rows_by_label

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

SHOWN = ("ev_pct_consumption", "real_gdp_pct", "exports_intra_pct")
"""Indicators of the printed tables; JSON has all."""
WIDEST = 12


def is_draw(trial: SamTrial) -> bool:
    """Whether the trial is a SAM drawn at random."""
    return trial.name.startswith("draw ")


def experiments_json(trials: Sequence[SamTrial], region: str) -> str:
    """Distances, results and bands as JSON; a number that does not exist is null."""
    reference, *others = trials
    effects = effects_table(trials)
    document: dict[str, Any] = {
        "region": region,
        "trials": [
            {
                "name": trial.name,
                "says": trial.says,
                "distance": sam_distance(reference.cells, trial.cells, region).to_dict(orient="index"),
            }
            for trial in others
        ],
        "effects": records(effects),
        "bands": records(bands(trials)) if sum(map(is_draw, others)) > 1 else [],
    }
    return json.dumps(finite(document), indent=1, ensure_ascii=False, allow_nan=False)


def distance_rows(trials: Sequence[SamTrial], region: str) -> list[list[str]]:
    """One row a trial: its distance from the committed SAM in every block, per cent."""
    reference, *others = trials
    return [
        [trial.name, *map(number, sam_distance(reference.cells, trial.cells, region)["stpe_pct"])]
        for trial in others
    ]


def widest_cells(trials: Sequence[SamTrial], region: str) -> list[list[str]]:
    """The cells of a region on which the named experiments (not the draws) disagree most."""
    import pandas as pd

    cells = pd.DataFrame({t.name: t.cells for t in trials if not is_draw(t)}).fillna(
        0.0
    )  # no cell: no payment
    cells = cells[cells.index.get_level_values("column_region") == region]
    spread = (cells.max(axis=1) - cells.min(axis=1)).nlargest(WIDEST).index
    rows = []
    for key in spread:
        row = cells.loc[key]
        low, high = str(row.idxmin()), str(row.idxmax())
        rows.append(
            [
                cell_name(key),
                number(row[REFERENCE]),
                f"{number(row[low])} ({low})",
                f"{number(row[high])} ({high})",
            ]
        )
    return rows


def effect_rows(trials: Sequence[SamTrial], regime: str, indicator: str) -> list[list[str]]:
    """One row a named experiment (not draws), one column a member."""
    table = effects_table([t for t in trials if not is_draw(t)])
    chosen = cast("pd.DataFrame", table.xs((regime, indicator), level=("regime", "indicator")))
    return [[str(name), *map(number, chosen[name])] for name in chosen]


def members_of(trials: Sequence[SamTrial], regime: str) -> list[str]:
    """Members of a regime, in the order of the results."""
    index = trials[0].effects.index
    return list(dict.fromkeys(index[index.get_level_values("regime") == regime].get_level_values("member")))


def regimes_of(trials: Sequence[SamTrial]) -> list[str]:
    """The regimes solved, in order."""
    return list(dict.fromkeys(trials[0].effects.index.get_level_values("regime")))


def band_rows(trials: Sequence[SamTrial]) -> list[list[str]]:
    """One row a result: committed, mean and standard deviation of the draws, and their 90 per cent band."""
    found = bands(trials)
    rows = []
    for (regime, member, indicator), row in rows_by_label(found):
        if indicator in SHOWN:
            values = [number(row[name]) for name in (REFERENCE, "mean", "standard deviation")]
            rows.append([f"{regime}", str(member), str(indicator), *values, band(row["5 %"], row["95 %"])])
    return rows


BAND_HEAD = ["regime", "member", "indicator", REFERENCE, "mean", "sd", "90 % band"]


def experiment_tables(trials: Sequence[SamTrial], region: str) -> list[Table]:
    """Distance of each SAM, results side by side, bands."""
    found = []
    table = plain_table(f"Distance from the committed SAM, {region}, % of each block", ("SAM",), BLOCKS)
    for row in distance_rows(trials, region):
        table.add_row(*row)
    found.append(table)
    for regime in regimes_of(trials):
        for indicator in SHOWN:
            table = plain_table(
                f"{regime}: {indicator}, {UNITS[indicator]}", ("SAM",), members_of(trials, regime)
            )
            for row in effect_rows(trials, regime, indicator):
                table.add_row(*row)
            found.append(table)
    if sum(map(is_draw, trials)) > 1:
        table = plain_table(f"{sum(map(is_draw, trials))} SAMs drawn at random", BAND_HEAD[:3], BAND_HEAD[3:])
        for row in band_rows(trials):
            table.add_row(*row)
        found.append(table)
    return found


def experiments_page(trials: Sequence[SamTrial], region: str, command: str) -> str:
    """The part of ``docs/calibration_experiments.md`` about SAMs."""
    named = [t for t in trials if not is_draw(t)]
    draws = sum(map(is_draw, trials))
    parts = [
        "## Other estimates of the base year\n",
        f"Written by `{command}`. Each SAM departs from the committed one in one thing; all hold the exact controls "
        "(trade by pair, sector balances).\n",
        markdown(["SAM", "departs in"], [[f"`{t.name}`", t.says] for t in named[1:]]),
        f"**How far they are from the committed SAM**, {region}: sum of absolute changes in per cent of each block.\n",
        markdown(["SAM", *BLOCKS], distance_rows([t for t in trials if not is_draw(t)], region)),
        f"**The cells of {region} on which they disagree most**, USD mn.\n",
        markdown(["cell", REFERENCE, "least", "most"], widest_cells(trials, region)),
    ]
    for regime in regimes_of(trials):
        for indicator in SHOWN[:2]:
            parts.append(f"**`{regime}`: {indicator}**, {UNITS[indicator]}\n")
            parts.append(
                markdown(["SAM", *members_of(trials, regime)], effect_rows(trials, regime, indicator))
            )
    if draws > 1:
        parts += [
            "## SAMs drawn from the reliabilities\n",
            f"{draws} SAMs, every prior cell and soft control moved at random by its standard error and balanced "
            "again (`eacu.calibration.draws`).\n",
            markdown(BAND_HEAD, band_rows(trials)),
        ]
    return "\n".join(parts)
