"""What does a drawn SAM cost, and what would a warm start save?

For every balancing problem of the SAM, draws are solved from cold and from the solution of the undrawn figures: cross
entropy (Newton on the dual, multipliers) and least absolute deviations (HiGHS, basis). Then whole draws, with and
without remembering what no draw moves. CPU seconds.

    python benchmarks/sam_draws.py [--draws 10]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "sam_draws.json"
SEED = 1


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """An answer and the CPU seconds it took."""
    began = time.process_time()
    answer = work()
    return answer, time.process_time() - began


def problems(tables: Any) -> dict[str, Any]:
    """Every balancing problem of the SAM by name, as it is stated."""
    from eacu.calibration.build import build_sam

    found = {}

    def keep(name: str, problem: Any) -> Any:
        found[name] = problem
        return problem

    build_sam(tables, vary=keep)
    return found


def newton(stated: dict[str, Any], draws: int) -> dict[str, float]:
    """Cross entropy on the dual, from zero and from the multipliers of the undrawn figures."""
    from eacu.calibration.balancing.dual_newton import SETTLED, cross_entropy_ratio, solve_dual
    from eacu.calibration.draws import random_errors

    sums = {"cold steps": 0.0, "warm steps": 0.0, "cold seconds": 0.0, "warm seconds": 0.0, "apart": 0.0}
    sums |= {"left to the interior point method, cold": 0, "left to the interior point method, warm": 0}
    for name, problem in stated.items():
        start = solve_dual(problem, cross_entropy_ratio, 200).multipliers
        for number in range(draws):
            drawn = random_errors(SEED, number)(name, problem)
            cold, cold_seconds = timed(lambda p=drawn: solve_dual(p, cross_entropy_ratio, 200))
            warm, warm_seconds = timed(lambda p=drawn, s=start: solve_dual(p, cross_entropy_ratio, 200, s))
            sums["cold steps"] += cold.iterations / draws
            sums["warm steps"] += warm.iterations / draws
            sums["cold seconds"] += cold_seconds / draws
            sums["warm seconds"] += warm_seconds / draws
            sums["left to the interior point method, cold"] += cold.residual > SETTLED
            sums["left to the interior point method, warm"] += warm.residual > SETTLED
            if max(cold.residual, warm.residual) <= SETTLED:
                sums["apart"] = max(sums["apart"], float(np.abs(warm.x / cold.x - 1).max()))
    return sums


def simplex(stated: dict[str, Any], draws: int) -> dict[str, float]:
    """Least absolute deviations by HiGHS, from nothing and from the basis of the undrawn figures."""
    from eacu.calibration.balancing import solve
    from eacu.calibration.draws import random_errors

    sums = {"cold steps": 0.0, "warm steps": 0.0, "cold seconds": 0.0, "warm seconds": 0.0, "apart": 0.0}
    for name, problem in stated.items():
        basis = solve(problem, "least_absolute").basis
        for number in range(draws):
            from_nothing = random_errors(SEED, number)(name, problem)
            begun = random_errors(SEED, number, {name: basis})(name, problem)
            cold, cold_seconds = timed(lambda p=from_nothing: solve(p, "least_absolute"))
            warm, warm_seconds = timed(lambda p=begun: solve(p, "least_absolute"))
            sums["cold steps"] += cold.iterations / draws
            sums["warm steps"] += warm.iterations / draws
            sums["cold seconds"] += cold_seconds / draws
            sums["warm seconds"] += warm_seconds / draws
            sums["apart"] = max(sums["apart"], abs(warm.objective / cold.objective - 1))
    return sums


def whole(draws: int) -> dict[str, float]:
    """Seconds of a whole draw: everything made anew, and with what no draw moves remembered."""
    from eacu import data
    from eacu.calibration.build import build_sam
    from eacu.calibration.draws import random_errors, sam_draws

    tables = data.reader()
    _, anew = timed(lambda: [build_sam(tables, vary=random_errors(SEED, k)) for k in range(draws)])
    began = sam_draws(tables, draws + 1, SEED)
    _, first = timed(lambda: next(began))
    _, others = timed(lambda: list(began))
    return {"anew": anew / draws, "first": first, "every further one": others / draws}


def main() -> None:
    """Print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10)
    draws = parser.parse_args().draws
    from eacu import data

    stated = problems(data.reader())
    found = {
        "draws": draws,
        "problems": {name: [len(p.cells), len(p.names)] for name, p in stated.items()},
        "cross entropy, Newton on the dual": newton(stated, draws),
        "least absolute deviations, HiGHS": simplex(stated, draws),
        "seconds of a whole draw": whole(draws),
    }
    for key in ("cross entropy, Newton on the dual", "least absolute deviations, HiGHS"):
        part = found[key]
        part["steps, cold over warm"] = part["cold steps"] / part["warm steps"]
        part["seconds, cold over warm"] = part["cold seconds"] / part["warm seconds"]
    text = json.dumps(found, indent=1) + "\n"
    print(text, end="")
    part = RESULTS.with_suffix(".tmp")
    part.write_text(text, encoding="utf-8")
    part.replace(RESULTS)


if __name__ == "__main__":
    main()
