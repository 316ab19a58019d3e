"""Ways from a Pyomo model to residuals and derivatives: grouped terms, templates, Pyomo's own differentiation.

    python benchmarks/compile_paths.py               print the table
    python benchmarks/compile_paths.py --quick       a smaller synthetic economy
    python benchmarks/compile_paths.py --json        the same as JSON

Measured on the real economy and on a synthetic one of 30 regions and 57 sectors, whose rules are written so that
templates can read them (parameters and sets only). Templates are given every advantage: their time is that of
building the model lazily and of ``templatize_constraint`` on every constraint, without the code that would have to
turn a template into arrays; a constraint that cannot be templated is counted as failed and costs nothing. Pyomo's
``reverse_symbolic`` is timed on a sample of the equations and scaled up. Seconds depend on the machine; the ratios
and the rates per equation relative to one another do not.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
import pyomo.core.base.constraint as constraint_module
import pyomo.environ as pyo
from pyomo.core.expr.calculus.derivatives import Modes, differentiate
from pyomo.core.expr.template_expr import templatize_constraint
from pyomo.core.expr.visitor import identify_variables

from eacu.experiments.base_year import load_benchmark
from eacu.model.economy import build_economy
from eacu.model.engine import compile_model

SAMPLE = 60
"""Equations on which Pyomo's differentiation is timed."""


def trade_model(regions: int, sectors: int) -> pyo.ConcreteModel:
    """A world economy in rules that templates can read; every price and activity is one in the benchmark."""
    rng = np.random.default_rng(0)
    m = pyo.ConcreteModel()
    m.R, m.G = pyo.RangeSet(regions), pyo.RangeSet(sectors)
    m.sources = pyo.Set(
        m.G,
        m.R,
        initialize=lambda m, g, s: sorted(
            {s, *(1 + rng.choice(regions, regions // 2, replace=False)).tolist()}
        ),
    )
    flows = [(g, r, s) for g in m.G for s in m.R for r in m.sources[g, s]]
    m.flows = pyo.Set(dimen=3, initialize=flows)
    buyers: dict[tuple[int, int], list[int]] = {(g, r): [] for g in m.G for r in m.R}
    for g, r, s in flows:
        buyers[g, r].append(s)
    m.buyers = pyo.Set(m.G, m.R, initialize=lambda m, g, r: buyers[g, r])
    m.flow = pyo.Param(m.flows, initialize=lambda m, *k: rng.uniform(1, 5))
    m.use = pyo.Param(m.G, m.G, m.R, initialize=lambda m, *k: rng.uniform(0.1, 1))
    m.sigma = pyo.Param(m.G, initialize=lambda m, g: rng.uniform(2, 6))
    one = {"domain": pyo.PositiveReals, "initialize": 1.0}
    m.output, m.price = pyo.Var(m.G, m.R, **one), pyo.Var(m.G, m.R, **one)
    m.cost, m.composite = pyo.Var(m.G, m.R, **one), pyo.Var(m.G, m.R, **one)
    m.buyer_price, m.demand = pyo.Var(m.G, m.R, **one), pyo.Var(m.G, m.R, **one)
    m.wage, m.income = pyo.Var(m.R, **one), pyo.Var(m.R, **one)
    m.tariff = pyo.Var(m.flows, initialize=0.1)
    m.tariff.fix()

    @m.Constraint(m.G, m.R)
    def unit_cost(m, g, r):
        return m.cost[g, r] == sum(m.use[k, g, r] * m.buyer_price[k, r] for k in m.G) + m.wage[r]

    @m.Constraint(m.G, m.R)
    def zero_profit(m, g, r):
        return m.price[g, r] == m.cost[g, r] ** 0.9

    @m.Constraint(m.G, m.R)
    def price_index(m, g, s):
        inside = sum(
            m.flow[g, r, s] * ((1 + m.tariff[g, r, s]) * m.price[g, r]) ** (1 - m.sigma[g])
            for r in m.sources[g, s]
        )
        return m.buyer_price[g, s] == inside ** (1 / (1 - m.sigma[g]))

    @m.Constraint(m.G, m.R)
    def market_output(m, g, r):
        return m.output[g, r] == sum(
            m.flow[g, r, s]
            * m.composite[g, s]
            * (m.buyer_price[g, s] / ((1 + m.tariff[g, r, s]) * m.price[g, r])) ** m.sigma[g]
            for s in m.buyers[g, r]
        )

    @m.Constraint(m.G, m.R)
    def market_composite(m, g, r):
        return m.composite[g, r] == sum(m.use[g, k, r] * m.output[k, r] for k in m.G) + m.demand[g, r]

    @m.Constraint(m.G, m.R)
    def household(m, g, r):
        return m.demand[g, r] * m.buyer_price[g, r] == m.income[r]

    @m.Constraint(m.R)
    def income_household(m, r):
        return m.income[r] == m.wage[r] * 10.0

    @m.Constraint(m.R)
    def market_labour(m, r):
        return sum(m.output[g, r] * m.wage[r] for g in m.G) == m.income[r]

    return m


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Least wall time of some runs, and the last result."""
    best, result = float("inf"), None
    for _ in range(repeats):
        gc.collect()
        began = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - began)
    return best, result


@contextlib.contextmanager
def lazily() -> Iterator[None]:
    """Pyomo builds constraints as templates."""
    before = constraint_module.TEMPLATIZE_CONSTRAINTS
    constraint_module.TEMPLATIZE_CONSTRAINTS = True
    try:
        yield
    finally:
        constraint_module.TEMPLATIZE_CONSTRAINTS = before


def measure(build: Callable[[], pyo.ConcreteModel]) -> dict[str, Any]:
    """Every path on one model."""
    build_seconds, model = timed(build)
    found: dict[str, Any] = {"build": build_seconds}
    found |= grouped(model)
    found |= templates(model, build)
    found |= symbolic(model)
    return found


def grouped(model: pyo.ConcreteModel) -> dict[str, Any]:
    """The engine's path, without and with the plan on disk."""
    seconds, system = timed(lambda: compile_model(model, cached=False), 3)
    with tempfile.TemporaryDirectory() as place, mock.patch.dict(os.environ, {"EACU_CACHE_DIR": place}):
        compile_model(model)
        cached, _ = timed(lambda: compile_model(model), 3)
    evaluation, _ = timed(lambda: system.jacobian_data(system.evaluate()), 10)
    return {
        "equations": system.n_equations,
        "non-zeros": system.nnz,
        "term shapes": system.n_shapes,
        "grouped": seconds,
        "grouped, plan on disk": cached,
        "grouped, one residual + Jacobian": evaluation,
    }


def templates(model: pyo.ConcreteModel, build: Callable[[], pyo.ConcreteModel]) -> dict[str, Any]:
    """The least that templates can cost, and how many equations they can read at all."""
    read, lost = [], []
    began = time.perf_counter()
    for constraint in model.component_objects(pyo.Constraint, active=True):
        try:
            templatize_constraint(constraint)
            read.append(constraint)
        except Exception:  # Pyomo raises whatever the rule raises
            lost.append(constraint)
    seconds = time.perf_counter() - began
    try:
        with lazily():
            lazy, _ = timed(build)
    except Exception:
        lazy = None
    return {
        "templates: lazy build": lazy,
        "templates: templatize": seconds,
        "templates: equations read": sum(len(c) for c in read),
        "templates: constraints lost": [c.name for c in lost],
    }


def symbolic(model: pyo.ConcreteModel) -> dict[str, Any]:
    """Pyomo's reverse symbolic differentiation on a sample, scaled to the model."""
    equations = list(model.component_data_objects(pyo.Constraint, active=True))
    rng = np.random.default_rng(0)
    sample = [equations[k] for k in rng.choice(len(equations), min(SAMPLE, len(equations)), replace=False)]
    scale = len(equations) / len(sample)
    variables = [list(identify_variables(c.body)) for c in sample]
    setup, derivatives = timed(
        lambda: [
            differentiate(c.body, wrt_list=v, mode=Modes.reverse_symbolic)
            for c, v in zip(sample, variables, strict=True)
        ]
    )
    evaluation, _ = timed(
        lambda: [pyo.value(c.body) for c in sample] + [pyo.value(d) for row in derivatives for d in row]
    )
    return {"symbolic": setup * scale, "symbolic, one residual + Jacobian": evaluation * scale}


def table(results: dict[str, dict[str, Any]]) -> str:
    """The figures as text: seconds, equations per second, ratio to the grouped path."""
    lines = []
    for name, r in results.items():
        n = r["equations"]
        lines += [
            "",
            f"{name}: {n:,} equations, {r['non-zeros']:,} non-zeros, {r['term shapes']} term shapes "
            f"(Pyomo build {r['build']:.2f} s)",
            f"  {'set-up':42}{'seconds':>9}{'equations/s':>14}{'ratio':>8}",
        ]
        rows = [
            ("grouped terms", r["grouped"], n),
            ("grouped terms, plan on disk", r["grouped, plan on disk"], n),
            (
                "templates (best case, no code generated)",
                r["templates: templatize"],
                r["templates: equations read"],
            ),
            ("Pyomo reverse_symbolic (scaled sample)", r["symbolic"], n),
        ]
        for label, seconds, count in rows:
            lines.append(f"  {label:42}{seconds:9.3f}{count / seconds:14,.0f}{seconds / r['grouped']:8.2f}")
        lost = r["templates: constraints lost"]
        lines.append(
            f"  templates read {r['templates: equations read']:,} of {n:,} equations"
            + (f"; they cannot read {', '.join(lost)}" if lost else "")
        )
        lazy = r["templates: lazy build"]
        if lazy is None:
            lines.append("  building the model as templates fails")
        else:
            both, ours = lazy + r["templates: templatize"], r["build"] + r["grouped"]
            lines.append(
                f"  build + set-up: templates {both:.2f} s, grouped {ours:.2f} s (ratio {both / ours:.2f})"
            )
        ours, other = (r[f"{way}, one residual + Jacobian"] for way in ("grouped", "symbolic"))
        lines.append(
            f"  one residual + Jacobian: grouped {1e3 * ours:.2f} ms, reverse_symbolic {1e3 * other:,.0f} ms "
            f"(ratio {other / ours:,.0f})"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="10 regions and 20 sectors instead of 30 and 57")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    logging.getLogger("pyomo").setLevel(logging.CRITICAL)  # it reports every rule that templates cannot read
    regions, sectors = (10, 20) if options.quick else (30, 57)
    benchmark = load_benchmark()
    results = {
        "real economy": measure(lambda: build_economy(benchmark)),
        f"synthetic economy {regions} x {sectors}": measure(lambda: trade_model(regions, sectors)),
    }
    print(json.dumps(results, indent=2) if options.json else table(results))


if __name__ == "__main__":
    main()
