r"""Quotas: amounts exported free of a duty that the rest pays, from a regime's ``[[quota]]`` entries.

The volume becomes a share :math:`\kappa` of the flow of the base year: as given (``ratio``), divided by 100
(``percent``), or divided by the value of the flow at fob prices of the base year (``USD mn``). How a quota works is
told in `eacu.model.blocks.quotas`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from ..calibration.benchmark import FLOW, Benchmark
from ..model.names import unknown_name
from .energy import QUOTA_CHOICE
from .regimes import Problems, Quota, Regime, RegimeError

Flow = tuple[str, str, str]


def quota_choices(regime: Regime) -> tuple[str, ...]:
    """The choice that quotas need in the closure."""
    return (QUOTA_CHOICE,) if regime.quotas else ()


def with_quota_flows(benchmark: Benchmark, regimes: Iterable[Regime]) -> Benchmark:
    """The benchmark with every flow that a regime puts under quota among those that can be.

    A flow without a quota behaves as before; one that does not exist is left to `quota_settings` to refuse.
    """
    flows = dict.fromkeys(_flow(quota) for regime in regimes for quota in regime.quotas)
    new = tuple(f for f in flows if f not in benchmark.quota_flows and f in benchmark.exports.index)
    return replace(benchmark, quota_flows=(*benchmark.quota_flows, *new)) if new else benchmark


def quota_settings(regime: Regime, benchmark: Benchmark) -> dict[str, pd.Series | float]:
    """Instruments ``quota``, ``over_quota_duty``, ``rent_to_exporter``; none if the regime has no quota.

    Raises RegimeError for an unknown name, a flow that does not exist, a flow with two quotas.
    """
    if not regime.quotas:
        return {}
    flows = _flows(regime, benchmark)
    twice = [n for n, flow in enumerate(flows) if flow in flows[:n]]
    if twice:
        raise RegimeError(
            f"{regime.at('quota', twice[0])}: [[quota]] entry {twice[0] + 1}: {_named(flows[twice[0]])} has a quota "
            "already"
        )
    outside = [flow for flow in flows if flow not in benchmark.quota_flows]
    if outside:
        raise RegimeError(
            f"{regime.name}: this economy was made without a quota on {_named(outside[0])}; make it from "
            "with_quota_flows(benchmark, regimes), as run does"
        )
    index = pd.MultiIndex.from_tuples(flows, names=FLOW)
    volumes = [_share(quota, flow, benchmark) for quota, flow in zip(regime.quotas, flows, strict=True)]
    return {
        "quota": pd.Series(volumes, index=index),
        "over_quota_duty": pd.Series([q.over_quota_duty_pct / 100.0 for q in regime.quotas], index=index),
        "rent_to_exporter": pd.Series([q.rent_to_exporter for q in regime.quotas], index=index),
    }


def _share(quota: Quota, flow: Flow, b: Benchmark) -> float:
    if quota.unit == "USD mn":
        return quota.volume / float(b.fob[flow])
    return quota.volume / (100.0 if quota.unit == "percent" else 1.0)


def _flows(regime: Regime, b: Benchmark) -> list[Flow]:
    """The flow of each entry; raises RegimeError with every name or flow that does not exist."""
    problems = Problems()
    flows = []
    for number, quota in enumerate(regime.quotas):
        flow = _flow(quota)
        keys = {"sector": b.sectors, "exporter": b.regions, "importer": b.regions}
        before = len(problems.told)
        for (key, known), name in zip(keys.items(), flow, strict=True):
            if name not in known:
                where = f"{regime.at('quota', number, key)}: [[quota]] entry {number + 1}"
                kind = "sector" if key == "sector" else "region"
                problems.told.append(f"{where}: {unknown_name(kind, name, known)}")
        if len(problems.told) == before and flow not in b.exports.index:
            problems.told.append(
                f"{regime.at('quota', number)}: [[quota]] entry {number + 1}: the benchmark has no exports of "
                f"{_named(flow)}, so there is nothing to put under a quota. Delete it or correct it"
            )
        flows.append(flow)
    problems.refuse()
    return flows


def _flow(quota: Quota) -> Flow:
    return quota.sector, quota.exporter, quota.importer


def _named(flow: Flow) -> str:
    return f"{flow[0]} from {flow[1]} to {flow[2]}"
