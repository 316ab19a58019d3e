"""eacu: a computable general equilibrium model of the Eurasian Customs Union.

The few names most users need; everything else lives in the rooms ``data``, ``calibration``, ``model``,
``experiments`` and ``report``.

    import eacu
    result = eacu.run("union-2010-07")
    print(result.effects)

Names are imported when they are first used, so ``import eacu`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .experiments.base_year import load_benchmark
    from .experiments.regimes import Regime, load_regime, regime_names
    from .experiments.run import Run, SolvedRegime, Workbench, run

_HOME = {
    "Regime": "regimes",
    "Run": "run",
    "SolvedRegime": "run",
    "Workbench": "run",
    "load_benchmark": "base_year",
    "load_regime": "regimes",
    "regime_names": "regimes",
    "run": "run",
}

__all__ = [
    "Regime",
    "Run",
    "SolvedRegime",
    "Workbench",
    "load_benchmark",
    "load_regime",
    "regime_names",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'eacu' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f".experiments.{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
