"""The option ``--band`` of ``eacu run`` and ``eacu compare``, and what is said of draws without a solution."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import typer

from .console import print_tables, progress

if TYPE_CHECKING:
    import pandas as pd

    from ..experiments.base_year import BaseYear
    from ..experiments.run import Run
    from ..experiments.sensitivity.sweep import Sensitivity


def bands_of(
    result: Run, closure: str | None, base: BaseYear | None, market_structure: str | None
) -> Sensitivity:
    """The bands of the regimes of a run, on the same base year and under the same closures."""
    from ..experiments.base_year import with_structure
    from ..experiments.run import base_of
    from ..experiments.sensitivity.bands import regime_bands

    regimes = [solved.regime for solved in result]
    base = base or base_of(regimes)
    if market_structure is not None:
        base = with_structure(base, market_structure)
    return regime_bands(*regimes, closure=closure, base=base, tell=progress)


def difference_bands(names: Sequence[str], closure: str | None, base_year: str | None) -> Sensitivity:
    """Bands of the differences to the first regime, and what their spread comes from."""
    from ..experiments.base_year import load_base_year
    from ..experiments.regimes import load_regime
    from ..experiments.sensitivity.bands import differences, regime_bands

    base = load_base_year(base_year) if base_year else None
    regimes = [load_regime(name) for name in names]
    return differences(regime_bands(*regimes, closure=closure, base=base, tell=progress))


def with_bands(document: list[dict[str, Any]], found: Sensitivity) -> list[dict[str, Any]]:
    """The summary of a run, each regime with its bands."""
    rows = {name: part.to_dict("records") for name, part in found.bands.groupby("regime")}
    return [
        entry | {"bands": rows[entry["regime"]]} if entry["regime"] in rows else entry for entry in document
    ]


def print_bands(bands: pd.DataFrame, regions: Sequence[str], what: str) -> None:
    """Print the bands of the outcomes that are shown by default, and under them what is held fixed."""
    from .sensitivity_tables import SHOWN, bands_table

    print_tables([bands_table(bands, regions, SHOWN, what)])
    print_held_fixed(bands, regions)


def print_held_fixed(bands: pd.DataFrame, regions: Sequence[str]) -> None:
    """What a band leaves out, in words."""
    from .drawn_sams import INDICATOR, held_fixed
    from .sensitivity_tables import significant

    rows = bands[(bands["indicator"] == INDICATOR) & bands["region"].isin(regions)]
    places = zip(rows["regime"], rows["region"], strict=True)
    central = dict(zip(places, rows["central"], strict=True))
    words = held_fixed(central, span=lambda low, high: f"{significant(low)} to {significant(high)}")
    typer.echo(fill(words, width=80))


def report_failed(failed: pd.DataFrame, where: str = "") -> bool:
    """Say on standard error that draws have no solution; whether there are any."""
    if failed.empty:
        return False
    first = failed.iloc[0]
    typer.echo(
        f"eacu: error: {where}{len(failed)} draws have no solution and are left out of the bands; the first is draw "
        f"{first['draw']} of {first['regime']}: {first['reason']}",
        err=True,
    )
    return True
