"""How much of a result is closure: the same regimes under every closure that the model offers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from ...model.closures import CLOSURES, ClosureError
from ...model.engine import EngineError
from ...model.instruments import InstrumentError
from ...model.measures import MEASURES
from ..base_year import BaseYear
from ..doing import Doing, Tell
from ..regimes import Regime, RegimeError
from ..run import Run, load_all, run
from .execution import LocalPool
from .factors import SensitivityError

COLUMNS = ["regime", "closure", "region", "indicator", "value", "reason"]


def closure_sweep(
    *regimes: str | Path | Regime,
    closures: Sequence[str] = tuple(CLOSURES),
    base: BaseYear | None = None,
    pool: LocalPool | None = None,
    tell: Tell = lambda line: None,
) -> pd.DataFrame:
    """Outcomes of each regime under each closure; the processes of ``pool``, if there is one, share the closures.

    Returns:
        Columns regime, closure, region, indicator, value, reason. Where a regime cannot be asked under a closure,
        or has no solution there, there is one row with the reason and no value.

    Raises:
        SensitivityError: no closure gives any result.
        RegimeError: a regime cannot be read.
    """
    chosen = tuple(load_all(regimes))
    parts: dict[str, pd.DataFrame] = {}

    def keep(closure: str, rows: pd.DataFrame) -> None:
        parts[closure] = rows
        tell(Doing(f"{len(parts)} of {len(closures)} closures solved", len(parts) / len(closures)))

    tell(Doing(f"solving under {len(closures)} closures", 0.0))
    (pool or LocalPool(1)).each(_under, {name: (chosen, name, base) for name in closures}, keep)
    parts_in_order = [parts[name] for name in closures]
    table = pd.concat(parts_in_order, ignore_index=True)
    if table["value"].isna().all():
        raise SensitivityError(f"no closure gives a result; under {closures[0]}: {table['reason'].iloc[0]}")
    return table


def _under(regimes: tuple[Regime, ...], closure: str, base: BaseYear | None) -> pd.DataFrame:
    """The rows of one closure, on one thread: the same figures whoever else is at work."""
    try:
        with threadpool_limits(1):
            return _rows(run(*regimes, closure=closure, base=base), closure)
    except (EngineError, RegimeError, ClosureError, InstrumentError) as error:
        first = str(error).partition("\n")[0]
        return pd.DataFrame([{"regime": "all", "closure": closure, "reason": first}], columns=COLUMNS)


def _rows(found: Run, closure: str) -> pd.DataFrame:
    parts = []
    for solved in found:
        frame = solved.indicators[[name for name in MEASURES if name in solved.indicators]]
        long = frame.rename_axis("region").reset_index().melt("region", var_name="indicator")
        parts.append(long.assign(regime=solved.name, closure=closure, reason="")[COLUMNS])
    lost = [
        {"regime": f.name, "closure": closure, "reason": f.message.partition("\n")[0]} for f in found.failed
    ]
    if lost:
        parts.append(pd.DataFrame(lost, columns=COLUMNS))
    return pd.concat(parts, ignore_index=True)
