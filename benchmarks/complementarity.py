"""Complementarity from bad starts: how many random problems the engine solves, and how.

    python benchmarks/complementarity.py [--processes 2]

Each problem is solved without the choice of an active set; those that fail are tried with it. Four families, seeded:

- *activities*: random economies of Scarf's kind (households with CES demands and endowments, activities that make
  one or two goods from goods and factors). Most activities stay idle, and a factor nobody is short of has no price.
- *quotas*: four countries with a quota on every flow between them; rents are income, so that each quota changes what
  the others are worth.
- *Hansen*: the economy of 26 activities in ``tests/oracles``.
- *Kojima*: the four-variable problem of Kojima and Shindo (1986), with a degenerate and a regular solution.

Logarithms of starts are normal with standard deviation ``spread``; at zero the start is the model's own.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyomo.environ as pyo

from eacu.model.engine import (
    ConvergenceError,
    SingularJacobianError,
    SolveOptions,
    compile_model,
    pair,
    solve_system,
)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for tests.oracles, which is not installed
Case = tuple[str, int, float]


def cases() -> Iterator[Case]:
    """Family, seed and spread of the start (standard deviation of its logarithms)."""
    for seed in range(90):
        yield "activities", seed, (0.5, 1.5, 3.0)[seed % 3]
    for seed in range(60):
        yield "quotas", seed, (0.0, 0.5, 1.0)[seed % 3]
    for seed in range(40):
        yield "Hansen", seed, (1.5, 3.0)[seed % 2]
    for seed in range(20):
        yield "Kojima", seed, 1.5


def activities(rng: np.random.Generator) -> pyo.ConcreteModel:
    """A random economy with activities; the first factor is wanted by everybody and is the numeraire."""
    factors, goods, runs, households = 3, int(rng.integers(4, 9)), int(rng.integers(10, 25)), 3
    n = factors + goods
    A = np.zeros((n, runs))
    for s in range(runs):
        made = rng.choice(goods, 1 + (rng.random() < 0.3), replace=False)
        A[factors + made, s] = rng.uniform(0.5, 1.5, len(made))
        used = rng.random(n) < 0.4
        used[factors + made] = False
        used[rng.integers(factors)] = True
        A[used, s] = -rng.uniform(0.05, 0.5, used.sum())
    endowment = (
        rng.uniform(0.0, 1.0, (n, households)) * np.r_[np.full(factors, 5.0), np.full(goods, 0.3)][:, None]
    )
    share = (
        rng.uniform(0.1, 1.0, (n, households)) * np.r_[1.0, np.zeros(factors - 1), np.ones(goods)][:, None]
    )
    share /= share.sum(axis=0)
    sigma = rng.uniform(0.4, 1.4, households)
    m = pyo.ConcreteModel()
    c, s, h = range(n), range(runs), range(households)
    m.p = pyo.Var(c, initialize=1.0, domain=pyo.NonNegativeReals)
    m.y = pyo.Var(s, initialize=1.0, domain=pyo.NonNegativeReals)
    m.income = pyo.Var(h, initialize=1.0, domain=pyo.PositiveReals)
    m.p[0].fix(1.0)

    def wanted(m, k, a):
        wants = [g for g in c if share[g, a] > 0]
        index = sum(float(share[g, a]) * m.p[g] ** (1 - float(sigma[a])) for g in wants)
        return m.income[a] * float(share[k, a]) * m.p[k] ** -float(sigma[a]) / index if k in wants else 0.0

    @m.Constraint(h)
    def earned(m, a):
        return m.income[a] == sum(float(endowment[k, a]) * m.p[k] for k in c)

    @m.Constraint(list(c)[1:])
    def market(m, k):
        made = sum(float(A[k, j]) * m.y[j] for j in s if A[k, j] != 0)
        return made + float(endowment[k].sum()) >= sum(wanted(m, k, a) for a in h)

    @m.Constraint(s)
    def loss(m, j):
        costs = sum(-float(A[k, j]) * m.p[k] for k in c if A[k, j] < 0)
        return costs >= sum(float(A[k, j]) * m.p[k] for k in c if A[k, j] > 0)

    for k in list(c)[1:]:
        pair(m.market[k], m.p[k])
    pair(m.loss, m.y)
    return m


def quotas(rng: np.random.Generator) -> pyo.ConcreteModel:
    """Four countries that want each other's goods under quotas; every rent is the importer's income."""
    n = 4
    m = pyo.ConcreteModel()
    flows = [(i, j) for i in range(n) for j in range(n) if i != j]
    share = rng.uniform(0.2, 1.0, (n, n))
    share /= share.sum(axis=0)
    sigma, supply = float(rng.uniform(1.5, 6.0)), rng.uniform(0.5, 2.0, n)
    m.price = pyo.Var(range(n), initialize=1.0, domain=pyo.PositiveReals)
    m.income = pyo.Var(range(n), initialize=1.0, domain=pyo.PositiveReals)
    m.flow = pyo.Var(flows, initialize=0.3, domain=pyo.PositiveReals)
    m.rent = pyo.Var(flows, initialize=0.0, domain=pyo.NonNegativeReals)
    m.price[0].fix(1.0)
    limit = {k: float(rng.uniform(0.02, 0.8) * share[k] * supply[k[1]]) for k in flows}

    def paid(m, i, j):
        return m.price[i] * (1 + m.rent[i, j]) if i != j else m.price[i]

    def wanted(m, i, j):
        index = sum(float(share[k, j]) * paid(m, k, j) ** (1 - sigma) for k in range(n))
        return float(share[i, j]) * m.income[j] * paid(m, i, j) ** -sigma / index

    m.demand = pyo.Constraint(flows, rule=lambda m, i, j: m.flow[i, j] == wanted(m, i, j))
    m.market = pyo.Constraint(
        range(1, n),
        rule=lambda m, i: float(supply[i]) == wanted(m, i, i) + sum(m.flow[i, j] for j in range(n) if j != i),
    )
    m.earned = pyo.Constraint(
        range(n),
        rule=lambda m, j: (
            m.income[j]
            == float(supply[j]) * m.price[j]
            + sum(m.rent[i, j] * m.price[i] * m.flow[i, j] for i in range(n) if i != j)
        ),
    )
    m.quota = pyo.Constraint(flows, rule=lambda m, i, j: m.flow[i, j] <= limit[i, j])
    pair(m.quota, m.rent)
    return m


def kojima(rng: np.random.Generator) -> pyo.ConcreteModel:
    """Kojima and Shindo (1986)."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(1, 5), initialize=1.0, domain=pyo.NonNegativeReals)
    a, b, c, d = (m.x[k] for k in range(1, 5))
    sides = {
        1: 3 * a**2 + 2 * a * b + 2 * b**2 + c + 3 * d - 6,
        2: 2 * a**2 + a + b**2 + 10 * c + 2 * d - 2,
        3: 3 * a**2 + a * b + 2 * b**2 + 2 * c + 9 * d - 9,
        4: a**2 + 3 * b**2 + 2 * c + 3 * d - 3,
    }
    m.f = pyo.Constraint(range(1, 5), rule=lambda m, k: sides[k] >= 0)
    pair(m.f, m.x)
    return m


def hansen(_: np.random.Generator) -> pyo.ConcreteModel:
    """Hansen's economy of 26 activities (see its test)."""
    from tests.oracles.hansen_scarf import build

    return build()


FAMILIES = {"activities": activities, "quotas": quotas, "Kojima": kojima, "Hansen": hansen}


def attempt(case: Case, options: SolveOptions) -> tuple[Case, str, float]:
    """Family and so on, how the problem was solved ("failed" if it was not), and seconds."""
    family, seed, spread = case
    rng = np.random.default_rng([seed, len(family)])
    system = compile_model(FAMILIES[family](rng))
    free = system.partition.free
    if spread > 0.0:
        system.values[free] = np.exp(spread * rng.standard_normal(len(free)))
    began = time.perf_counter()
    try:
        path = solve_system(system, options).path
    except (ConvergenceError, SingularJacobianError):
        path = "failed"
    return case, path, time.perf_counter() - began


def main() -> None:
    """Print problems solved without and with the active set, and the mean seconds of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=2)
    processes = parser.parse_args().processes
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        without = list(pool.map(partial(attempt, options=SolveOptions()), cases()))
        failed = [case for case, path, _ in without if path == "failed"]
        again = list(pool.map(partial(attempt, options=SolveOptions(active_set=True)), failed))
    rows: dict[tuple[str, float], list[float]] = defaultdict(lambda: [0, 0, 0.0, 0, 0.0])
    for (family, _, spread), path, seconds in without:
        row = rows[family, spread]
        row[0] += 1
        row[1] += path != "failed"
        row[2] += seconds
    for (family, _, spread), path, seconds in again:
        row = rows[family, spread]
        row[3] += path != "failed"
        row[4] += seconds
    print(
        "| family | spread | problems | solved without | mean s | then by the active set | mean s of the rest |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for (family, spread), (n, solved, seconds, gained, more) in rows.items():
        rest = f"{more / (n - solved):.1f}" if n > solved else ""
        print(f"| {family} | {spread} | {n} | {solved} | {seconds / n:.2f} | {gained} | {rest} |")


if __name__ == "__main__":
    main()
