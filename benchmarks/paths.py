"""How long do paths of years take, and what does it save to start each year from what is known of it?

Three paths of 24 years and their baseline, as ``eacu path`` solves them; the years of one path solved each from the
base year; and its last year by Ipopt, which reads the same equations and starts from the base year too.

    python benchmarks/paths.py [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for tests.support, which is not installed

LIMIT = 60.0
"""CPU seconds allowed for everything that ``eacu path`` solves: "a path of 24 years for three regimes in seconds"."""
PATHS = ("union", "union-wto", "wto-alone")
AGREEMENT, IPOPT_AGREEMENT = 1e-6, 1e-4
RESULTS = Path(__file__).parent / "results" / "paths.json"


def solve_paths(until: int) -> tuple[Any, float]:
    """The run, and its CPU seconds from reading the base year on."""
    from eacu.experiments.path_run import run_paths

    began = time.process_time()
    run = run_paths(*PATHS, until=until)
    assert run.passed
    return run, time.process_time() - began


def from_scratch(path: Any) -> tuple[float, int]:
    """Seconds and Newton steps of the years of a path, each started from the base year."""
    from eacu.model.engine import SolvedPoint, solve_system

    economy = path.economy
    system = economy.system
    path.solution(path.years[-1])  # the closure of the path
    free = system.partition.free
    seconds, steps = 0.0, 0
    for solved in path.values:
        values = solved.copy()
        values[free] = economy.start[free]
        system.values = values
        began = time.process_time()
        record = solve_system(
            system, origin=SolvedPoint(economy.start.copy(), system.parameter_values.copy())
        )
        seconds += time.process_time() - began
        steps += record.iterations
        if not np.allclose(system.values, solved, rtol=AGREEMENT, atol=AGREEMENT):
            raise AssertionError(f"{path.name}: another solution from the base year than along the path")
    return seconds, steps


def by_ipopt(path: Any) -> tuple[float, float]:
    """Seconds of set-up, and seconds for the last year from the base year, by Ipopt."""
    from tests.support.ipopt import IpoptSystem

    economy = path.economy
    system = economy.system
    path.solution(path.years[-1])  # the closure of the path
    solved = path.values[-1]
    start = np.where(system.partition.fixed, solved, economy.start)
    for variable, value in zip(system.variables, start.tolist(), strict=True):
        variable.set_value(value, skip_validation=True)
    began = time.process_time()
    ipopt = IpoptSystem(economy.model, max_wall_time=300.0)
    set_up = time.process_time() - began
    began = time.process_time()
    found = ipopt.solve({})
    seconds = time.process_time() - began
    gap = max(abs(found[name] - solved[k]) for k, name in enumerate(system.variable_names) if name in found)
    if not gap < IPOPT_AGREEMENT:
        raise AssertionError(f"Ipopt differs by {gap:.1e} in {path.years[-1]}")
    return set_up, seconds


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="until 2012; does not write the results")
    quick = parser.parse_args().quick
    run, seconds = solve_paths(2012 if quick else 2030)
    path = run["union"]
    steps = sum(check.iterations for check in path.checks)
    scratch, scratch_steps = from_scratch(path)
    set_up, each = by_ipopt(path)
    n = len(path.years)
    facts = {
        "years": n,
        "paths": len(PATHS) + 1,
        "CPU seconds": round(seconds, 1),
        "share of the limit": round(seconds / LIMIT, 3),
        "Newton steps along the path": steps,
        "Newton steps, each year from the base year": scratch_steps,
        "steps from the base year relative to along the path": round(scratch_steps / steps, 2),
        "Ipopt, time for the last year relative to a year of the engine": round(each / (scratch / n), 1),
        "Ipopt, set-up, CPU seconds": round(set_up, 1),
    }
    for name, value in facts.items():
        print(f"{name:66s} {value}")
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return int(seconds > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
