"""Where the time of ``eacu run`` goes: import, load, build, compile, solve; and Ipopt on the same model.

    python benchmarks/startup_split.py              print the split
    python benchmarks/startup_split.py --json       the same as JSON

Wall-clock seconds depend on the machine, so every phase is also given as a ratio: to the limit that the whole
``eacu run`` must keep, and the solve to Ipopt's on the same Pyomo model with the same shock in the same process.
The exit code is 1 when the whole run misses its limit. Ipopt comes with the extra ``test``; run from the
repository's root.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for tests.support, which is not installed

LIMIT_SECONDS = 15.0
REGIME = "union-2010-07"


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of wall time and the result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def whole_run() -> float:
    """``eacu run`` as a user starts it, in a process of its own."""
    command = [sys.executable, "-m", "eacu", "run", "--no-save"]
    seconds, _ = timed(lambda: subprocess.run(command, check=True, capture_output=True))
    return seconds


def split() -> dict[str, float]:
    """Seconds by phase in one process, from a cold start; the warm regime is solved a second time."""
    phases: dict[str, float] = {}
    phases["import"], runner = timed(_import_runner)
    from eacu.experiments.regimes import load_regime

    phases["load"], base = timed(runner.load_base_year)
    _, bench = timed(lambda: runner.Workbench(base))
    phases |= bench.seconds
    regime = load_regime(REGIME)
    _, solved = timed(lambda: bench.solve(regime))
    phases["first solve"] = solved.solution.record.seconds["total"]
    phases["regime, warm, with results and checks"], again = timed(lambda: bench.solve(regime))
    phases["solve, warm"] = again.solution.record.seconds["total"]
    return phases


def _import_runner() -> Any:
    from eacu.experiments import run

    return run


def ipopt_seconds() -> dict[str, float]:
    """Ipopt from the benchmark on the same model and shock: with and without writing and reading the NL file."""
    from eacu.experiments.policy import policy_of
    from eacu.experiments.regimes import load_regime
    from eacu.experiments.run import load_base_year
    from eacu.model.economy import build_economy
    from eacu.model.engine import compile_model, solve_system
    from eacu.model.instruments import apply_policy
    from tests.support.ipopt import ipopt_values

    base = load_base_year()
    model = build_economy(base.benchmark)
    apply_policy(model, policy_of(load_regime(REGIME), base.benchmark, base.schedules))
    ipopt, values = timed(lambda: ipopt_values(model))
    engine, system = timed(lambda: _compile_and_solve(model, compile_model, solve_system))
    ours = dict(zip(system.variable_names, system.values, strict=True))
    difference = max(abs(values[name] - ours[name]) / max(1.0, abs(ours[name])) for name in values)
    return {"ipopt": ipopt, "engine": engine, "largest relative difference": difference}


def _compile_and_solve(model: Any, compile_model: Any, solve_system: Any) -> Any:
    system = compile_model(model)
    solve_system(system)
    return system


def main() -> int:
    """Measure, print, and compare with the limit."""
    parser = argparse.ArgumentParser(description="Where the time of eacu run goes.")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    as_json = parser.parse_args().json
    total, phases, cross = whole_run(), split(), ipopt_seconds()
    ratio = cross["engine"] / cross["ipopt"]
    if as_json:
        facts = {
            "limit": LIMIT_SECONDS,
            "eacu run": total,
            "phases": phases,
            "same model": cross,
            "ratio": ratio,
        }
        print(json.dumps(facts, indent=2))
    else:
        print(
            f"{'eacu run, start to finish':42s}{total:8.2f} s{total / LIMIT_SECONDS:8.0%} of {LIMIT_SECONDS:g} s"
        )
        for phase, seconds in phases.items():
            print(f"  {phase:40s}{seconds:8.3f} s{seconds / LIMIT_SECONDS:8.1%}")
        print(f"{'Ipopt, same model and shock (with NL)':42s}{cross['ipopt']:8.2f} s")
        print(
            f"{'engine, same model and shock (with compile)':42s}{cross['engine']:8.2f} s{ratio:8.0%} of Ipopt"
        )
        print(f"largest relative difference of a variable {cross['largest relative difference']:.1e}")
    return int(total > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
