"""A study of a saved run: its own regime files and closure, solved again and compared with what was saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ...experiments.base_year import BaseYear
from ...experiments.readings import Reading
from ...experiments.run import Check
from .study import Study, make_study

AGREEMENT = 1e-6
"""Largest admissible difference of an indicator from the saved one, relative to its size or to one."""


def study_of_run(
    folder: Path,
    regime: str | None = None,
    against: str | None = None,
    readings: Sequence[Reading] = (),
    closure: str | None = None,
    base: BaseYear | None = None,
    tell: Callable[[str], None] = lambda line: None,
    band: bool = True,
) -> Study:
    """The study of a regime of a saved run; a check says whether the figures of the run come out again.

    Args:
        folder: the run's folder.
        regime: which of its regimes; may be left out if it has only one.
        against, readings, closure, base, tell, band: as for `make_study`; the closure is the run's where it had one.

    Raises:
        ValueError: the folder holds no run, or the regime is not in it.
    """
    identity = folder / "run.json"
    if not identity.is_file():
        raise ValueError(f"{folder} is no folder of a saved run: it has no run.json. eacu run writes one.")
    about = json.loads(identity.read_text(encoding="utf-8"))
    names = list(about["regimes"])
    if regime is None and len(names) > 1:
        raise ValueError(f"the run {folder.name} has several regimes; name one of {', '.join(names)}")
    name = regime or names[0]
    if name not in names:
        raise ValueError(f"the run {folder.name} has no regime {name!r}; it has {', '.join(names)}")
    own = about["closures"]
    chosen = closure or (next(iter(own)) if len(own) == 1 else None)
    study = make_study(folder / "regimes" / f"{name}.toml", against, chosen, base, readings, tell, band)
    saved = pd.read_csv(folder / "indicators.csv")
    return replace(
        study, provenance=(_comparison(study, saved[saved["regime"] == name]),), run_name=folder.name
    )


def _comparison(study: Study, saved: pd.DataFrame) -> Check:
    """How far the indicators are from those saved; missing ones must be missing in both."""
    before = saved.pivot(index="region", columns="indicator", values="value")
    after = study.indicators.reindex(index=before.index, columns=before.columns)
    gap = ((after - before).abs() / before.abs().clip(lower=1.0)).where(~(after.isna() & before.isna()), 0.0)
    return Check("indicators solved again against those saved", float(gap.max().max(skipna=False)), AGREEMENT)
