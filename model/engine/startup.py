"""Imported first: SciPy without the second that Pyomo adds to its import.

Pyomo watches for the import of SciPy and then imports scipy.stats, scipy.spatial and scipy.integrate as well
(``pyomo.common.dependencies``), which neither it nor the engine needs here. So SciPy's top level is imported
once while that watcher is set aside; Pyomo still resolves its own references when something uses them.
"""

from __future__ import annotations

import sys

import pyomo.common.dependencies  # noqa: F401  sets the watcher up; with SciPy already there it would act at once


def _import_scipy_alone() -> None:
    watchers = [f for f in sys.meta_path if type(f).__name__ == "DeferredImportCallbackFinder"]
    for watcher in watchers:
        sys.meta_path.remove(watcher)
    try:
        import scipy  # noqa: F401
    finally:
        sys.meta_path[:0] = watchers


if "scipy" not in sys.modules:
    _import_scipy_alone()
