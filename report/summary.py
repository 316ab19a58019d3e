"""The JSON face of a run: a list with one object per regime, plain numbers, every region."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..experiments.run import Run


def summary(run: Run) -> list[dict[str, Any]]:
    """One object per regime: regime, status, closure, market_structure, elasticities, errors, max_residual, walras,
    checks, regions.

    A regime without a solution comes after the others, with status ``not solved``, the message in ``errors`` and no
    figures; in all others ``errors`` is empty.

    ``regions`` maps every region to all its macro indicators (units are in the key: ``_pct`` per cent,
    ``_usd_mn`` million USD of the base year). An indicator that is not defined is null, never NaN.
    ``max_residual`` is relative, ``walras`` is the excess in the dropped market as a share of world GDP.
    """
    solved: list[dict[str, Any]] = [
        {
            "regime": regime.name,
            "errors": [],
            "status": "ok" if regime.passed else "check failed",
            "closure": regime.closure.name,
            "market_structure": run.market_structure,
            "elasticities": run.elasticities,
            "max_residual": regime.max_residual,
            "walras": regime.walras,
            "iterations": regime.iterations,
            "checks": [check.as_dict() for check in regime.checks],
            "regions": {
                str(region): {str(key): _number(value) for key, value in row.items()}
                for region, row in regime.indicators.iterrows()
            },
        }
        for regime in run
    ]
    failed: list[dict[str, Any]] = [
        {
            "regime": failure.name,
            "errors": [failure.message],
            "status": "not solved",
            "closure": failure.closure.name,
            "market_structure": run.market_structure,
            "elasticities": run.elasticities,
        }
        for failure in run.failed
    ]
    return solved + failed


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
