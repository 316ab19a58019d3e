"""eacu: a computable general equilibrium model of the Eurasian Customs Union.

The few names most users need; everything else lives in the rooms ``data``, ``calibration``, ``model``,
``experiments`` and ``report``.

    import eacu
    economy = eacu.load()
    union = economy.solve("union-2010-07")
    eacu.compare(union, economy.solve("wto-only")).table()

or, for several regimes at once, ``eacu.run("union-2010-07", "wto-only").effects``.

Names are imported when they are first used, so ``import eacu`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .experiments.base_year import load_benchmark
    from .experiments.economy import Comparison, Economy, compare, load
    from .experiments.regimes import Regime, load_regime, regime_names
    from .experiments.run import Run, SolvedRegime, Workbench, run
    from .report.saved import open_run

_HOME = {
    "Comparison": "experiments.economy",
    "Economy": "experiments.economy",
    "Regime": "experiments.regimes",
    "Run": "experiments.run",
    "SolvedRegime": "experiments.run",
    "Workbench": "experiments.run",
    "compare": "experiments.economy",
    "load": "experiments.economy",
    "load_benchmark": "experiments.base_year",
    "load_regime": "experiments.regimes",
    "open_run": "report.saved",
    "regime_names": "experiments.regimes",
    "run": "experiments.run",
}

__all__ = [
    "Comparison",
    "Economy",
    "Regime",
    "Run",
    "SolvedRegime",
    "Workbench",
    "compare",
    "load",
    "load_benchmark",
    "load_regime",
    "open_run",
    "regime_names",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'eacu' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
