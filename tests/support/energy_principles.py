"""Rents, quotas and export duties of a solution, worked out again from rates, prices and quantities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from eacu.calibration.benchmark import Benchmark
from eacu.model.state import State

FLOWS_UNDER_QUOTA = 3


def with_energy_rules(b: Benchmark) -> Benchmark:
    """The benchmark with three flows that a quota may apply to and duties that may be passed on.

    The flows have the first region as their source, then the others. Every region, one outside the union too,
    passes duties on two goods on to the next.
    """
    foreign = [flow for flow in b.exports.index if flow[1] != flow[2]]
    flows = tuple(sorted(foreign, key=lambda flow: (b.regions.index(flow[1]), foreign.index(flow))))
    recipients = dict(zip(b.regions, (*b.regions[1:], b.regions[0]), strict=True))
    sold = {r: list(dict.fromkeys(g for g, source, _ in foreign if source == r)) for r in b.regions}
    pairs = [(g, r, recipients[r]) for r in b.regions for g in sold[r][:2] if recipients[r] != r]
    return replace(b, quota_flows=flows[:FLOWS_UNDER_QUOTA], duty_remittances=tuple(pairs))


def shock_energy_rules(m: pyo.ConcreteModel, rng: np.random.Generator) -> None:
    """Rents on all flows, shared at random; one quota that is not used up, one that binds, one that is exceeded."""
    for key in m.flows:
        m.rent[key].set_value(rng.uniform(-0.02, 0.08))
        m.rent_to_exporter[key].set_value(rng.uniform(0.0, 1.0))
    for variable in m.duty_remitted.values():
        variable.set_value(rng.uniform(0.1, 0.5))
    cases = ((3.0, 0.5), (0.5, 5.0), (0.3, 0.06))
    for n, key in enumerate(m.quota_flows):
        quota, duty = cases[n % len(cases)]
        m.quota[key].set_value(quota * rng.uniform(0.9, 1.1))
        m.over_quota_duty[key].set_value(duty * rng.uniform(0.9, 1.1))


def markup(b: Benchmark, x: State) -> pd.Series:
    """What buyers pay at fob above the basic price, as a rate on it: export tax, rent, premium of a quota."""
    flows = b.exports.index
    extra = premium(x).reindex(flows, fill_value=0.0)
    return x["export_tax"].reindex(flows) + x["rent"].reindex(flows) + extra


def premium(x: State) -> pd.Series:
    """What the quota adds to the price: the duty times the quota's scarcity, by flow under quota."""
    return x["quota_scarcity"] * x["over_quota_duty"]


def rents_and_duties(b: Benchmark, x: State) -> dict[str, float]:
    """Everything paid above the basic price reaches a household as rent or a government as duty."""
    flows = b.exports.index
    basic = b.exports * x["shipments"].reindex(flows) * x["flow_price"].reindex(flows)
    above = basic * markup(b, x)
    free = (x["quota"] / x["shipments"].reindex(x["quota"].index)).clip(upper=1.0)
    over = (1 - free).reindex(flows, fill_value=0.0)
    duty = basic * (x["export_tax"].reindex(flows) + premium(x).reindex(flows, fill_value=0.0) * over)
    rent = above - duty
    share = x["rent_to_exporter"].reindex(flows)
    sold = (share * rent).groupby("source").sum().reindex(b.regions, fill_value=0.0)
    bought = ((1 - share) * rent).groupby("importer").sum().reindex(b.regions, fill_value=0.0)
    size = float(b.gdp.min()) * x.scalar("numeraire")
    return {
        "export duties": _gap(x["export_duty"], duty, size),
        "rents paid": _gap(x["rent_paid"], rent, size),
        "rents received": _gap(x["rent_income"], sold + bought, size),
        "duties passed on": _gap(x["oil_duty_transfer"], _passed_on(b, x, duty), size),
        "duties passed on sum to zero": abs(float(x["oil_duty_transfer"].sum())) / size,
    }


def _passed_on(b: Benchmark, x: State, duty: pd.Series) -> pd.Series:
    """Net receipt of other governments' export duties, summed case by case."""
    member = x["union_member"]
    net = dict.fromkeys(b.regions, 0.0)
    for (g, r, q), share in x["duty_remitted"].items():
        for (good, source, importer), value in duty.items():
            if (good, source) == (g, r) and not (member[source] == 1 and member[importer] == 1):
                net[q] += share * value
                net[r] -= share * value
    return pd.Series(net)


def _gap(found: pd.Series, expected: pd.Series, size: float) -> float:
    difference = (found - expected.reindex(found.index)).abs().to_numpy(dtype=float)
    return float(np.max(difference, initial=0.0)) / size


def quota_gap(x: State) -> float:
    """Largest departure from a tariff-rate quota: shipments fall short and there is no premium, or they equal the
    quota at a premium up to the duty, or they exceed it and pay the duty."""
    slack = x["quota"] - x["shipments"].reindex(x["quota"].index)
    scarcity = x["quota_scarcity"]
    gap = np.where(slack > 0, np.minimum(slack, scarcity), np.minimum(-slack, 1 - scarcity))
    return float(max(np.abs(gap).max(), -scarcity.min(), scarcity.max() - 1))
