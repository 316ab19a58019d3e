"""How far the solver reaches: random shocks to everything at once on the real economy, and Ipopt on the same ones.

    python benchmarks/robustness.py                    1,000 shocks and a sample of them for Ipopt
    python benchmarks/robustness.py --processes 2      on two cores (default: all)
    python benchmarks/robustness.py --quick            60 shocks, few of them for Ipopt; writes no results

One shock, drawn from its seed: every import tariff between regions rises by up to 200 percentage points, the
productivity of every activity is multiplied by 0.5 to 1.5, and each endowment of a region drawn at random (labour,
capital, land, natural resources) by 0.1 to 10, log-uniformly.

A second family multiplies each endowment of *every* region, independently. Intermediate inputs are used in fixed
proportions, so that a region with a hundred times more labour for each unit of imported gas than before has next to
no use for the labour: wages fall to a billionth of their old level and less, where double precision hardly tells them
from nothing. Some of these shocks fail and must be diagnosed; the table says how many.

Every shock starts from one solved point: the benchmark economy in which what is fixed in absolute terms (public
consumption and savings, investment, committed consumption, foreign savings) is cut to 5 per cent. An economy with a
tenth of its factors could not pay for it in full, and no solver finds an equilibrium that does not exist.

One equation of any economy is implied by the others (Walras' law) and is left out. The model leaves out the market for
unskilled labour in the region of the numeraire. That is not enough here: what the law implies about a market is that
its excess demand *times its price* is nil, and where a wage falls to a billionth the others, to rounding, say nothing
about that market any more (the norm of the inverse Jacobian is the inverse of the wage). The shocks are therefore
solved with that market in place and the budget of that region's household left out. The equilibria are the same.

Ipopt (bundled with CasADi, exact Hessian, MUMPS) gets the same equations, start and shocks; timed is its solve
alone, to its default tolerance, against all of the engine's, continuation and diagnosis included. Seconds are those of
the processor, both work on one core, and so is the limit: other work on the machine counts for neither. As Ipopt is
slow on full shocks, it gets a sample with a time limit, and a ladder of milder ones. The exit code is 1 when a
requirement is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for tests.support, which is not installed

REQUIRED = 0.995
COMMITMENTS = 0.05
TOLERANCE = 1e-8  # Ipopt's default; the engine goes on to 1e-9 relative
RESULTS = Path(__file__).resolve().parent / "results" / "robustness.json"
SHOCKED = ("import_tariff", "productivity", "endowment", "factor_use")
FIXED_IN_ABSOLUTE_TERMS = (
    "population",
    "investment",
    "government_consumption",
    "government_savings",
    "foreign_savings",
)
CULPRITS = (
    "Running away",
    "Moving fastest",
    "Nearly undetermined",
    "Linearised here, these",
    "Linearised here, this",
)
"""A failure counts as diagnosed if one of these names what moves freely or what cannot hold together."""
ONE, ALL = "one region's endowments", "all regions' endowments"


@dataclass(frozen=True)
class Plan:
    """How many shocks of each kind; ``ladder`` is the strengths for Ipopt with the number of shocks at each."""

    shocks: int
    beyond: int
    ladder: tuple[tuple[float, int], ...]
    limit: float

    @classmethod
    def of(cls, quick: bool) -> Plan:
        """The full plan or the quick one; ``limit`` is Ipopt's in seconds for one shock."""
        if quick:
            return cls(60, 20, ((1 / 64, 4), (1.0, 4)), 20.0)
        return cls(1000, 40, ((1 / 64, 8), (1 / 16, 8), (1 / 4, 8), (1.0, 30)), 20.0)


@dataclass(frozen=True)
class Task:
    """One shock: its seed, family and strength (1 is the full one)."""

    seed: int
    family: str = ONE
    strength: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """How one shock ended. ``reached`` is the largest fraction of a failed shock that was solved."""

    task: Task
    path: str
    steps: int
    seconds: float
    residual: float | None = None
    reached: float | None = None
    diagnosis: str = ""

    @property
    def solved(self) -> bool:
        """Whether the equations hold."""
        return self.residual is not None


def drop_a_budget(m: Any) -> Any:
    """The same economy, its redundant equation another one: a budget instead of a market whose price may vanish."""
    import pyomo.environ as pyo

    from eacu.model.blocks.factors import dropped_market, market_factor

    factor, region = dropped_market(m.benchmark)
    m.market_of_dropped_factor = pyo.Constraint(expr=market_factor(m, factor, region))
    m.budget_household[region].deactivate()
    return m


class Laboratory:
    """The real economy compiled once, at the point where all shocks start."""

    def __init__(self) -> None:
        from eacu.experiments.base_year import load_benchmark
        from eacu.model.economy import build_economy
        from eacu.model.engine import compile_model, solve_system

        benchmark = load_benchmark()
        began = time.process_time()
        self.model = m = drop_a_budget(build_economy(benchmark))
        self.system = system = compile_model(m)
        solve_system(system)
        for name in FIXED_IN_ABSOLUTE_TERMS:
            system.values[self._columns(getattr(m, name).values())] *= COMMITMENTS
        solve_system(system)
        self.seconds = time.process_time() - began
        assert system.solved is not None
        self.start = system.solved
        self.exogenous = [v for name in SHOCKED for v in getattr(m, name).values() if v.fixed]
        flows = (i for i in m.import_tariff if i[1] != i[2])
        self._tariffs = self._columns(m.import_tariff[i] for i in flows)
        self._productivity = self._columns(m.productivity.values())
        self._factors = {
            (f, r): self._columns(
                [m.endowment[f, r]]
                if m.endowment[f, r].fixed
                else [m.factor_use[f, j, r] for j in m.employers[f, r]]
            )
            for f, r in m.factor_markets
        }
        self._regions = list(m.R)

    def _columns(self, variables: Iterable[Any]) -> np.ndarray:
        return np.array([self.system.column[id(v)] for v in variables], dtype=np.int64)

    def draw(self, task: Task) -> np.ndarray:
        """Values of all variables: the start, with the shock in the fixed ones."""
        rng = np.random.default_rng([2007, task.seed])
        x = self.start.values.copy()
        x[self._tariffs] += task.strength * rng.uniform(0.0, 2.0, len(self._tariffs))
        x[self._productivity] *= 1.0 + task.strength * rng.uniform(-0.5, 0.5, len(self._productivity))
        hit = self._regions[rng.integers(len(self._regions))]
        for (_, region), columns in self._factors.items():
            change = 10.0 ** (task.strength * rng.uniform(-1.0, 1.0))
            if task.family == ALL or region == hit:
                x[columns] *= change
        return x

    def solve(self, task: Task) -> Outcome:
        """The engine on one shock."""
        from eacu.model.engine import ConvergenceError, solve_system

        self.system.values = self.draw(task)
        began = time.process_time()
        try:
            record = solve_system(self.system, origin=self.start)
        except ConvergenceError as error:
            seconds = time.process_time() - began
            steps = sum(line.startswith("step") for line in error.log)
            found = error.diagnosis
            reached, words = (found.fraction, str(found)) if found else (None, "")
            return Outcome(task, "failed", steps, seconds, None, reached, words)
        seconds = time.process_time() - began
        return Outcome(task, record.path, record.iterations, seconds, record.max_residual)


class Peer:
    """Ipopt on the same model, its equations read once."""

    def __init__(self, laboratory: Laboratory, limit: float):
        from tests.support.ipopt import IpoptSystem

        self._laboratory = laboratory
        system = laboratory.system
        for variable, value in zip(system.variables, laboratory.start.values.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)
        began = time.process_time()
        self._ipopt = IpoptSystem(
            laboratory.model,
            laboratory.exogenous,
            max_cpu_time=limit,
            tol=TOLERANCE,
            constr_viol_tol=TOLERANCE,
        )
        self.seconds = time.process_time() - began

    def solve(self, task: Task) -> Outcome:
        """Ipopt on one shock; its solution is put into the engine's equations."""
        from tests.support.ipopt import IpoptError

        system, x = self._laboratory.system, self._laboratory.draw(task)
        values = {v.name: float(x[system.column[id(v)]]) for v in self._laboratory.exogenous}
        began = time.process_time()
        try:
            found = self._ipopt.solve(values)
        except IpoptError as error:
            return Outcome(task, str(error), 0, time.process_time() - began)
        seconds = time.process_time() - began
        for k, name in enumerate(system.variable_names):
            x[k] = found.get(name, x[k])
        return Outcome(task, "Ipopt", 0, seconds, float(system.evaluate(x).relative.max()))


_worker: Laboratory | Peer


def _start_engine() -> None:
    global _worker
    _worker = Laboratory()


def _start_peer(limit: float) -> None:
    global _worker
    _worker = Peer(Laboratory(), limit)


def _work(task: Task) -> tuple[Outcome, float]:
    return _worker.solve(task), _worker.seconds


def run(tasks: Sequence[Task], processes: int, limit: float | None = None) -> tuple[list[Outcome], float]:
    """Outcomes of all shocks in order, by the engine or (with a limit) by Ipopt; and the seconds of set-up."""
    start, arguments = (_start_engine, ()) if limit is None else (_start_peer, (limit,))
    with get_context("spawn").Pool(processes, start, arguments) as pool:  # type: ignore[arg-type]
        done = pool.map(_work, tasks, chunksize=1)
    return [outcome for outcome, _ in done], max(seconds for _, seconds in done)


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts, shares and times by path."""
    rows = {}
    for path in sorted({o.path for o in outcomes}):
        own = [o for o in outcomes if o.path == path]
        rows[path] = {
            "count": len(own),
            "share": len(own) / len(outcomes),
            "mean seconds": round(float(np.mean([o.seconds for o in own])), 3),
            "largest seconds": round(max(o.seconds for o in own), 3),
            "mean steps": round(float(np.mean([o.steps for o in own])), 1),
        }
    solved = [o for o in outcomes if o.solved]
    return {
        "shocks": len(outcomes),
        "solved": len(solved),
        "mean seconds": round(float(np.mean([o.seconds for o in outcomes])), 3),
        "largest residual": max((o.residual for o in solved if o.residual is not None), default=None),
        "paths": rows,
        "failures": [failure(o) for o in outcomes if o.path == "failed"],
    }


def failure(outcome: Outcome) -> dict[str, Any]:
    """A failed shock and the first lines of its diagnosis."""
    lines = [line.strip()[:200] for line in outcome.diagnosis.splitlines()]
    kept = [
        line
        for line in lines
        if line.startswith(("Largest", "Running", "Moving", "Nearly", "Linearised", "At a bound"))
    ]
    return {
        "seed": outcome.task.seed,
        "fraction solved": outcome.reached,
        "worst": lines[1] if len(lines) > 1 else None,
        "found": kept,
        "diagnosed": bool(lines[1:] and any(line.startswith(CULPRITS) for line in kept)),
    }


def compare(plan: Plan, processes: int) -> list[dict[str, Any]]:
    """Both solvers on the ladder of strengths."""
    tasks = [Task(seed, ONE, strength) for strength, n in plan.ladder for seed in range(n)]
    ours, _ = run(tasks, processes)
    theirs, seconds = run(tasks, processes, plan.limit)
    rows = []
    for strength, n in plan.ladder:
        mine = [o for o in ours if o.task.strength == strength]
        other = [o for o in theirs if o.task.strength == strength]
        time_of = [sum(o.seconds for o in group) / n for group in (mine, other)]
        rows.append(
            {
                "strength": strength,
                "shocks": n,
                "engine solved": sum(o.solved for o in mine),
                "ipopt solved": sum(o.solved for o in other),
                "engine mean seconds": round(time_of[0], 3),
                "ipopt mean seconds": round(time_of[1], 3),
                "ratio of time": round(time_of[1] / time_of[0], 1),
                "ipopt time limit": plan.limit,
                "ipopt set-up seconds": round(seconds, 1),
            }
        )
    return rows


def show_family(family: str, block: dict[str, Any]) -> None:
    """Print how one family of shocks ended."""
    print(f"\n{family}: {block['solved']} of {block['shocks']} solved")
    print(f"  {'':24s}{'share':>8s}{'mean s':>9s}{'max s':>9s}{'steps':>8s}")
    for path, row in block["paths"].items():
        print(
            f"  {path:24s}{row['share']:8.1%}{row['mean seconds']:9.2f}{row['largest seconds']:9.2f}"
            f"{row['mean steps']:8.1f}"
        )
    for item in block["failures"]:
        print(f"  seed {item['seed']}: solved up to {item['fraction solved']}; {item['worst']}")
    sys.stdout.flush()


def show_ladder(rows: Sequence[dict[str, Any]]) -> None:
    """Print both solvers on the same shocks."""
    print(
        "\nthe same shocks, and milder ones, with Ipopt (time for each shock; at the limit it counts as failed)"
    )
    print(
        f"  {'strength':>9s}{'shocks':>8s}{'engine':>8s}{'Ipopt':>8s}{'engine s':>10s}{'Ipopt s':>10s}{'ratio':>8s}"
    )
    for row in rows:
        print(
            f"  {row['strength']:9.3f}{row['shocks']:8d}{row['engine solved']:8d}{row['ipopt solved']:8d}"
            f"{row['engine mean seconds']:10.2f}{row['ipopt mean seconds']:10.2f}{row['ratio of time']:8.1f}"
        )


def main() -> int:
    """Run, print, write, and compare with what is required."""
    parser = argparse.ArgumentParser(
        description="Random shocks to everything at once; Ipopt on the same ones."
    )
    parser.add_argument("--quick", action="store_true", help="60 shocks; does not write the results")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="default: one for each core"
    )
    arguments = parser.parse_args()
    plan, processes = Plan.of(arguments.quick), arguments.processes
    began = time.perf_counter()
    facts: dict[str, Any] = {"plan": asdict(plan)}
    for family, n in ((ONE, plan.shocks), (ALL, plan.beyond)):
        outcomes, facts["engine set-up seconds"] = run([Task(seed, family) for seed in range(n)], processes)
        facts[family] = summary(outcomes)
        show_family(family, facts[family])
    facts["ipopt"] = compare(plan, processes)
    show_ladder(facts["ipopt"])
    failures = facts[ONE]["failures"] + facts[ALL]["failures"]
    share = facts[ONE]["solved"] / facts[ONE]["shocks"]
    met = {
        f"at least {REQUIRED:.1%} solved": share >= REQUIRED,
        "every failure diagnosed": all(item["diagnosed"] for item in failures),
        "at least as many as Ipopt": all(r["engine solved"] >= r["ipopt solved"] for r in facts["ipopt"]),
        "in less time": all(r["ratio of time"] > 1.0 for r in facts["ipopt"]),
    }
    print(f"\n{time.perf_counter() - began:.0f} s in all")
    for requirement, holds in met.items():
        print(f"  {'yes' if holds else 'NO '}  {requirement}")
    if not arguments.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(facts | {"required": met}, indent=1) + "\n", encoding="utf-8")
    return int(not all(met.values()))


if __name__ == "__main__":
    sys.exit(main())
