"""Migration and capital between members, worked out again from wages, workers and prices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from eacu.calibration.benchmark import Benchmark
from eacu.model.state import State, at

PAIRS = ("factor", "origin", "destination")


def _wage_per_worker(b: Benchmark, index: pd.Index, side: str) -> pd.Series:
    """Benchmark wage, million USD per thousand workers, of the origin or destination of each pair."""
    wages = b.factor_value.groupby(["factor", "region"]).sum()
    each = (
        (wages.reindex(b.workers.index) / b.workers).rename_axis(["factor", side]).rename("wage per worker")
    )
    return at(each, index, "factor", side)


def _tax_left(x: State) -> pd.Series:
    return ((1 - x["direct_tax"]) * x["direct_tax_retention"]).rename_axis("region").rename("left after tax")


def moved(b: Benchmark, x: State, factors: pd.Index) -> pd.Series:
    """Labour and capital that have come from abroad, net, at benchmark prices, by (factor, region)."""
    n = x["migrants"]
    come = n * b.migrant_productivity.reindex(n.index) * _wage_per_worker(b, n.index, "destination")
    left = n * _wage_per_worker(b, n.index, "origin")
    capital = pd.concat({"capital": x["capital_inflow"]}, names=["factor"])
    parts = (
        come.groupby(["factor", "destination"]).sum(),
        -left.groupby(["factor", "origin"]).sum(),
        capital,
    )
    total = pd.Series(0.0, index=factors)
    for part in parts:
        total = total.add(part.rename_axis(["factor", "region"]).reindex(factors, fill_value=0.0))
    return total


def wages_of_migrants(b: Benchmark, x: State) -> pd.Series:
    """After tax, where they are earned, by pair."""
    n = x["migrants"]
    rate = x["unemployment_rate"]
    jobs = ((1 - rate * x["unemployment"]) / (1 - rate)).rename_axis(["factor", "destination"]).rename("jobs")
    wage = x["factor_price"].rename_axis(["factor", "destination"])
    paid = n * b.migrant_productivity.reindex(n.index) * _wage_per_worker(b, n.index, "destination")
    paid = paid * at(wage, n.index, "factor", "destination") * at(jobs, n.index, "factor", "destination")
    return paid * at(_tax_left(x).rename_axis("destination"), n.index, "destination")


def money_from_abroad(b: Benchmark, x: State) -> tuple[pd.Series, pd.Series, pd.Series]:
    """By region: wages that residents do not earn here less what their own send; guests' spending; capital income."""
    wages = wages_of_migrants(b, x)
    sent = wages * x["remitted"]
    guests = _at_side(b, wages, "destination")
    net = _at_side(b, sent, "origin") - guests
    price = x["union_capital_price"].sum() * x.scalar("numeraire")
    capital = -(x["capital_inflow"] * price).reindex(b.regions, fill_value=0.0)
    return net, _at_side(b, wages - sent, "destination"), capital


def _at_side(b: Benchmark, pairs: pd.Series, side: str) -> pd.Series:
    return pairs.groupby(side).sum().rename_axis("region").reindex(b.regions, fill_value=0.0)


def mobility(b: Benchmark, x: State) -> dict[str, float]:
    """Wages of migrants and what they send home; the world receives what it pays; capital's price and balance."""
    wages = wages_of_migrants(b, x)
    size = max(float(wages.abs().max()), 1e-9) if len(wages) else 1.0
    union = x["union_capital_price"].sum() * x.scalar("numeraire")
    price = x["factor_price"]
    real = take_home_wage(b, x, x["consumer_price"])
    members = x["capital_inflow"].index
    earned = pd.Series([price["capital", r] for r in members], index=members, dtype=float)
    gap = earned / (x["capital_price_gap"] * union) - 1 if len(members) else earned
    outside = x["capital_inflow"].sum() - x["capital_outside"].sum()
    stock = b.factor_value.groupby("factor").sum()["capital"] if len(members) else 1.0
    return {
        "take-home wage": _worst(x["take_home_wage"] / real.reindex(x["take_home_wage"].index) - 1),
        "wages of migrants": _worst((x["migrant_wages"] - wages) / size),
        "wages sent home": _worst((x["sent_home"] - wages * x["remitted"]) / size),
        "price of capital in the union": _worst(gap),
        "capital of the union": abs(float(outside)) / stock,
        "income of capital": abs(float(x["capital_income"].sum() + outside * union)) / stock,
    }


def take_home_wage(b: Benchmark, x: State, consumer_price: pd.Series) -> pd.Series:
    """Real wage after tax, times the chance of a job, relative to the benchmark."""
    rate = x["unemployment_rate"]
    jobs = (1 - rate * x["unemployment"]) / (1 - rate)
    power = _tax_left(x) / (1 - b.direct_tax)
    wage = x["factor_price"].reindex(jobs.index) * jobs
    return (wage * at((power / consumer_price).rename("real"), jobs.index, "region")).rename("take-home wage")


def barrier_gap(b: Benchmark, x: State, consumer_price: pd.Series) -> float:
    """Where the barrier is in force: migrants are nil or the wage ratio is at the barrier, none is negative."""
    n = x["migrants"]
    take_home = take_home_wage(b, x, consumer_price)
    sides = {
        side: at(take_home.rename_axis(["factor", side]), n.index, "factor", side)
        for side in ("origin", "destination")
    }
    slack = x["migration_barrier"] * sides["origin"] / sides["destination"] - 1
    scale = at(b.workers.rename_axis(["factor", "origin"]).rename("workers"), n.index, "factor", "origin")
    return _worst(pd.Series(np.minimum(n / scale, slack), index=n.index))


def shock_mobility(m: pyo.ConcreteModel, rng: np.random.Generator) -> None:
    """Barriers, remitted shares, given numbers of migrants and capital abroad that sums to nil."""
    for key in m.migration_pairs:
        factor, origin, _ = key
        m.migration_barrier[key].set_value(rng.uniform(0.95, 1.02))
        m.remitted[key].set_value(rng.uniform(0.0, 1.0))
        if m.migrants[key].fixed:
            m.migrants[key].set_value(float(m.benchmark.workers[factor, origin]) * rng.uniform(0.0, 0.05))
    members = list(m.capital_union)
    if members and all(m.capital_inflow[r].fixed for r in members):
        stock = float(m.endowment0["capital", members[0]])
        for r in members[1:]:
            m.capital_inflow[r].set_value(stock * rng.uniform(-0.03, 0.03))
        m.capital_inflow[members[0]].set_value(-sum(m.capital_inflow[r].value for r in members[1:]))
    for part in (m.capital_price_gap, m.union_capital_price):
        for variable in part.values():
            if variable.fixed:
                variable.set_value(rng.uniform(0.95, 1.05))


def _worst(gaps: pd.Series) -> float:
    return float(np.max(gaps.abs().to_numpy(dtype=float), initial=0.0))
