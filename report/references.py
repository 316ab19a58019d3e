"""Regimes whose question compares with another regime, where a table shows changes against something else."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..experiments.regimes import Regime


def other_references(regimes: Iterable[Regime], shown: Collection[str] = ()) -> list[str]:
    """One line for each regime whose question compares with a regime that is not among those ``shown``."""
    return [
        f"{regime.name}: its question compares with {regime.reference}: "
        f"eacu compare {_word(regime, regime.reference)} {_word(regime, regime.name)}"
        for regime in regimes
        if regime.reference and regime.reference not in shown
    ]


def _word(regime: Regime, name: str) -> str:
    """How the command line names a regime: a shipped one by name, a file of one's own by its path."""
    from ..experiments.regimes import all_regime_names

    if name in all_regime_names():
        return name
    return str(regime.against if name == regime.reference else regime.files[-1])
