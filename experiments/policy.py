"""From a regime to instrument values: tariffs, the pool and its keys, borders, energy, labour.

Each section of a regime file is turned into instruments by a module of its own: `tariffs`, `borders`, and those
named in `policy_of`. What a regime does not name keeps its benchmark value.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..calibration.benchmark import Benchmark
from ..model.instruments import Policy
from .borders import border_settings
from .energy import energy_choices, energy_settings
from .labour import labour_choices, labour_settings
from .own_schedules import with_own_schedules
from .quotas import quota_choices, quota_settings
from .regimes import Problems, Regime, RegimeError
from .schedules import PRE_UNION, Schedules
from .services import service_settings
from .shocks import Shocks
from .tariffs import check_names, tariff_matrix

__all__ = ["PRE_UNION", "Schedules", "check_names", "needed_choices", "policy_of", "tariff_matrix"]


def policy_of(regime: Regime, benchmark: Benchmark, schedules: Schedules) -> Policy:
    """Instrument values of a regime: tariffs, membership, who pools and by which keys, borders.

    Raises RegimeError as `tariff_matrix` and `border_settings` do, and when two sections set the same cell of an
    instrument.
    """
    schedules = with_own_schedules(regime, benchmark, schedules)
    problems = Problems()
    with problems.collecting():
        rates = tariff_matrix(regime, benchmark, schedules)
    with problems.collecting():
        borders = border_settings(regime, benchmark, schedules)
    with problems.collecting():
        services = service_settings(regime, benchmark, schedules)
    with problems.collecting():
        quotas = quota_settings(regime, benchmark)
    with problems.collecting():
        labour = labour_settings(regime, benchmark)
    with problems.collecting():
        shocks = Shocks(regime, benchmark)
    problems.refuse()
    regions = pd.Index(benchmark.regions, name="region")
    member = pd.Series(np.isin(regions, regime.members).astype(float), index=regions)
    settings: dict[str, pd.Series | float] = {"import_tariff": rates, "union_member": member}
    if regime.union.pooling:
        keys = [regime.union.keys[region] if region in regime.members else 0.0 for region in regions]
        settings |= {"pooled": member, "pool_share": pd.Series(keys, index=regions)}
    settings = join(regime, join(regime, settings, borders), services)
    settings |= energy_settings(regime, benchmark, schedules, settings)
    settings = join(regime, settings | labour, quotas)
    return Policy(regime.name, shocks.on(settings))


def join(
    regime: Regime, settings: dict[str, pd.Series | float], more: dict[str, pd.Series | float]
) -> dict[str, pd.Series | float]:
    """Settings of two sections of a regime together; both may set cells of one instrument, but not the same cell.

    Raises RegimeError naming the instrument and a cell that both set.
    """
    joined = dict(settings)
    for name, values in more.items():
        if name not in joined:
            joined[name] = values
            continue
        ours = joined[name]
        if not isinstance(ours, pd.Series) or not isinstance(values, pd.Series):
            raise RegimeError(f"{regime.name}: two sections set all of the instrument {name}")
        both = ours.index.intersection(values.index)
        if len(both):
            raise RegimeError(f"{regime.name}: two sections set the instrument {name} at {both[0]}")
        joined[name] = pd.concat([ours, values])
    return joined


def needed_choices(regime: Regime) -> tuple[str, ...]:
    """Choices that the regime's policy needs in its closure, e.g. ``("tariff-rate-quota",)``; none if it needs none."""
    return tuple(dict.fromkeys((*energy_choices(regime), *labour_choices(regime), *quota_choices(regime))))
