"""How fast are sweeps, and are they right?

1,000 draws of three regimes on one, two and four processes: wall and CPU seconds, draws a second, memory; a sample of
the same draws by Pyomo and Ipopt; quadrature against 10,000 draws of Monte Carlo; derivatives against differences.

    python benchmarks/sweep.py [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from copy import copy
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for tests.support, which is not installed

REGIMES = ("union-2010-07", "union-2011", "wto-joint")
RESULTS = Path(__file__).parent / "results" / "sweep.json"
AIM = 10.0
"""Seconds aimed at for 1,000 draws of three regimes on four cores."""
AGREEMENT = 1e-6


def cpu_seconds() -> float:
    """Of this process and of those it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_megabytes() -> tuple[float, float]:
    """Largest memory of this process and of any of those it has waited for; not known on Windows."""
    try:
        import resource
    except ImportError:
        return float("nan"), float("nan")
    unit = 1 / 2**20 if sys.platform == "darwin" else 1 / 1024
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    own, other = (resource.getrusage(kind).ru_maxrss * unit for kind in kinds)
    return own, other


def timed_sweep(draws: int, workers: int) -> tuple[Any, dict[str, float]]:
    """A sweep from the question to the tables, base year read before."""
    from eacu.experiments.sensitivity.sweep import Execution, sensitivity

    began, used = time.perf_counter(), cpu_seconds()
    found = sensitivity(*REGIMES, method="monte-carlo", draws=draws, seed=1, execution=Execution(workers))
    wall = time.perf_counter() - began
    for process in active_children():  # only a process that has ended counts in this one's times
        process.join()
    used = cpu_seconds() - used
    solves = draws * len(REGIMES)
    return found, {
        "wall seconds": round(wall, 1),
        "of which solving": round(found.seconds["solve"], 1),
        "CPU seconds": round(used, 1),
        "solves a second of wall time": round(solves / wall, 1),
        "failed": len(found.failed),
        "by the ordinary solver": int((found.draws["how"] == "by itself").sum()),
    }


def make(regimes: tuple[str, ...]) -> Any:
    """The kernel of a sweep."""
    from eacu.experiments.base_year import load_base_year
    from eacu.experiments.regimes import load_regime
    from eacu.experiments.sensitivity.factors import load_factors
    from eacu.experiments.sensitivity.kernel import Ask, make_kernel

    base = load_base_year()
    chosen = tuple(load_regime(name) for name in regimes)
    return make_kernel(Ask(chosen, None, base, load_factors(base.benchmark)))


def cpu_per_solve(kernel: Any, draws: int) -> float:
    """CPU seconds a solve takes in one process, kernel made."""
    from eacu.experiments.sensitivity.designs import design
    from eacu.experiments.sensitivity.worker import BLOCK, solve_block

    t = design("monte-carlo", kernel.ask.factors, draws, 1)
    began = time.process_time()
    for first in range(0, draws, BLOCK):
        solve_block(kernel, first, t[first : first + BLOCK])
    return (time.process_time() - began) / (draws * len(kernel.centres))


def by_ipopt(kernel: Any, draws: int) -> tuple[float, float, float]:
    """CPU seconds a draw takes by Ipopt with NL and set-up, and without; largest relative difference of welfare."""
    from eacu.experiments.run import economies
    from eacu.experiments.sensitivity.designs import design
    from tests.support.ipopt import IpoptSystem

    centre, ask = kernel.centres[0], kernel.ask
    ((_, bench),) = economies(ask.regimes[0], base=ask.base)
    bench.solve(ask.regimes[0])
    system, outputs = bench.system, kernel.economies[0].outputs
    t = design("monte-carlo", ask.factors, draws, 1)
    block, x, parameters = kernel.solve(centre, t)
    whole, alone, gap = 0.0, 0.0, 0.0
    welfare = [k for k, name in enumerate(kernel.names) if name.startswith("ev_usd_mn")]
    for k in range(draws):
        start = np.where(system.partition.fixed, x[:, k], centre.system.centre)
        for variable, value in zip(system.variables, start.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)
        for parameter, value in zip(system.parameters, parameters[:, k].tolist(), strict=True):
            parameter.set_value(value)
        began = time.process_time()
        ipopt = IpoptSystem(bench.model, max_wall_time=300.0)
        middle = time.process_time()
        found = ipopt.solve({})
        ended = time.process_time()
        whole, alone = whole + ended - began, alone + ended - middle
        point = np.array(
            [found.get(n, v) for n, v in zip(system.variable_names, start.tolist(), strict=True)]
        )
        theirs = outputs.values(point[:, None], parameters[:, [k]])[welfare, 0]
        gap = max(gap, float(np.abs(theirs / block.outcomes[k, welfare] - 1.0).max()))
    return whole / draws, alone / draws, gap


def quadrature_against_sample(draws: int, workers: int) -> dict[str, float]:
    """Largest distance of the two in standard errors of the sample, and of their standard deviations, by outcome."""
    from eacu.experiments.sensitivity.sweep import Execution, sensitivity

    where = Execution(workers)
    sample = sensitivity("union-2011", method="monte-carlo", draws=draws, seed=2, execution=where).bands
    points = sensitivity("union-2011", method="quadrature", execution=where).bands
    rows = sample.merge(points, on=["regime", "region", "indicator"], suffixes=("", "_q"))
    rows = rows[rows["sd"] > 1e-6 * rows["central"].abs().clip(lower=1e-3)]
    welfare = rows[rows["indicator"] == "ev_usd_mn"]
    error = rows["sd"] / np.sqrt(draws)
    apart = (rows["mean"] - rows["mean_q"]).abs()
    return {
        "draws": draws,
        "outcomes compared": len(rows),
        "means apart, in standard errors of the sample, median": round(float((apart / error).median()), 2),
        "means apart, in standard errors of the sample, 95th percentile": round(
            float((apart / error).quantile(0.95)), 2
        ),
        "means apart, in standard deviations, largest": round(float((apart / rows["sd"]).max()), 4),
        "welfare: means apart, in standard errors, largest": round(
            float(((welfare["mean"] - welfare["mean_q"]).abs() / (welfare["sd"] / np.sqrt(draws))).max()), 2
        ),
        "welfare: standard deviations apart, largest, per cent": round(
            float(100 * (welfare["sd_q"] / welfare["sd"] - 1).abs().max()), 1
        ),
    }


def against_differences(kernel: Any) -> float:
    """Largest distance of an exact derivative from a fourth-order difference, relative to the outcome's largest one.

    Outcomes of the members: what the union does to the GDP of the rest of the world is a hundred-thousandth of a per
    cent, which differences of solutions with twelve digits cannot tell.
    """
    members = kernel.ask.base.benchmark.members
    own = np.array([name.rstrip("]").partition("[")[2] in members for name in kernel.names])
    from eacu.model.engine import SolveOptions

    n, h, worst = len(kernel.ask.factors), 8e-3, 0.0
    t = np.concatenate([step * h * np.eye(n) for step in (1.0, -1.0, 2.0, -2.0)])
    for centre in kernel.centres:
        system = copy(centre.system)
        system.options = SolveOptions(accept=1e-12)
        values = np.concatenate(
            [
                kernel.solve(replace(centre, system=system), t[k : k + 32])[0].outcomes
                for k in range(0, len(t), 32)
            ]
        )
        one, other, two, far = (values[k * n : (k + 1) * n] for k in range(4))
        difference = ((8.0 * (one - other) - (two - far)) / (12.0 * h)).T
        size = np.abs(centre.gradients).max(axis=1)
        moved = own & (size > 1e-6)
        gap = np.abs(difference - centre.gradients)[moved].max(axis=1) / size[moved]
        worst = max(worst, float(gap.max()))
    return worst


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the draws; does not write the results"
    )
    quick = parser.parse_args().quick
    draws, sample = (100, 1000) if quick else (1000, 10_000)
    facts: dict[str, Any] = {"regimes": list(REGIMES), "draws": draws}
    if hasattr(os, "getloadavg"):
        facts["other processes wanting a core at the start (load)"] = round(os.getloadavg()[0], 1)

    def note(name: str, value: Any) -> None:
        facts[name] = value
        print(f"{name:70s} {value}", flush=True)

    kernel = make(REGIMES)
    each = cpu_per_solve(kernel, 96)
    note("CPU milliseconds a solve, one process, kernel made", round(1e3 * each, 1))
    gap = against_differences(kernel)
    note("exact derivatives against differences, largest distance", float(f"{gap:.1e}"))
    whole, alone, apart = by_ipopt(kernel, 2 if quick else 5)
    note("Pyomo and Ipopt, CPU seconds a draw", round(whole, 2))
    note("Pyomo and Ipopt, relative to ours", round(whole / each))
    note("Ipopt without reading the model, relative to ours", round(alone / each))
    note("Ipopt's welfare, largest relative difference", float(f"{apart:.1e}"))
    sweeps = {}
    for workers in (4, 2, 1):
        _, sweeps[workers] = timed_sweep(draws, workers)
        note(f"{workers} processes", sweeps[workers])
    solving = {n: s["of which solving"] for n, s in sweeps.items()}
    note("efficiency of solving from 1 to 4 processes", round(solving[1] / (4 * solving[4]), 2))
    note("share of the 10 s aimed at, 4 processes", round(sweeps[4]["wall seconds"] / AIM, 2))
    note("quadrature against Monte Carlo", quadrature_against_sample(sample, 4))
    own, other = peak_megabytes()
    note("peak memory, main process and largest worker, MB", [round(own), round(other)])
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return int(gap > AGREEMENT)


if __name__ == "__main__":
    sys.exit(main())
