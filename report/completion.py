"""What the shell offers when a word is completed: regimes, closures, saved runs, the user's own files."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")


def regimes(incomplete: str) -> list[str]:
    """Names of regimes, and .toml files of the folder one is in."""
    from ..experiments.regimes import all_regime_names

    names = [*all_regime_names(), *sorted(str(file) for file in Path().glob("*.toml"))]
    return [name for name in names if name.startswith(incomplete)]


def paths(incomplete: str) -> list[str]:
    """Names of paths of policy, and .toml files of the folder one is in."""
    from ..experiments.paths import path_names

    names = [*path_names(), *sorted(str(file) for file in Path().glob("*.toml"))]
    return [name for name in names if name.startswith(incomplete)]


def saved_runs(incomplete: str) -> list[str]:
    """Names of the runs saved in ``runs``, newest first."""
    found = [file.parent.name for file in RUNS.glob("*/run.json") if not file.parent.name.startswith(".")]
    return [name for name in sorted(found, reverse=True) if name.startswith(incomplete)]


def regimes_and_runs(incomplete: str) -> list[str]:
    """What can be compared."""
    return [*regimes(incomplete), *saved_runs(incomplete)]


def closures(incomplete: str) -> list[str]:
    """Closures, and choices for single markets after a ``+``."""
    from ..model.choices import MARKETS
    from ..model.closures import CLOSURES

    before, plus, last = incomplete.rpartition("+")
    names = [*CLOSURES, *(choice.name for choices in MARKETS.values() for choice in choices)]
    return [f"{before}{plus}{name}" for name in dict.fromkeys(names) if name.startswith(last)]
