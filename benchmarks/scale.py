"""How the engine grows: the model's own equations on synthetic worlds of three sizes, and Ipopt on the same ones.

    python benchmarks/scale.py                 7x20, 12x57 and 30x57 (regions x sectors)
    python benchmarks/scale.py --quick         7x20 only; writes no results
    python benchmarks/scale.py --limit 300     seconds that Ipopt's process may take at each size (default 600)

The worlds are drawn by ``tests/support/synthetic.py``: every sector trades between four fifths of all pairs of
regions, so they are denser than real ones. The shock halves every import tariff and changes the productivity of
every activity by up to 10 per cent. Each solver has a process of its own for each size; start-up is included: import,
building the Pyomo model, compiling it (without a plan on disk) or writing NL and setting up CasADi, and the solve to
Ipopt's default tolerance (the engine always goes on to 1e-9). Drawing the world is not: both need it. All times
are CPU seconds of all threads, since other programs may share the machine; the limit is wall time.

The floor is the least that Newton's method can cost: its iterations times one factorisation in the kept order. It is
compared with a second shock, when the order of elimination is known; finding it is part of the first solve.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for tests.support, which is not installed

SIZES = ((7, 20), (12, 57), (30, 57))
TOLERANCE = 1e-8  # Ipopt's default
REPEATS = 5
RATIO_AIM, FLOOR_AIM = 5.0, 1.3
RESULTS = Path(__file__).resolve().parent / "results" / "scale.json"


def _world(size: tuple[int, int]) -> tuple[Any, float, float]:
    """A synthetic world, and the seconds until everything is imported that builds a model and to draw the world."""
    from eacu.model.economy import build_economy  # noqa: F401, its import is start-up
    from tests.support.synthetic import synthetic_benchmark

    imported = time.process_time()
    regions, sectors = (
        tuple(f"{letter}{k:02d}" for k in range(n)) for letter, n in zip("RS", size, strict=True)
    )
    drawing, benchmark = _timed(lambda: synthetic_benchmark(regions, sectors))
    return benchmark, imported, drawing


def _shock(model: Any, seed: int) -> dict[str, float]:
    """New values of the exogenous variables that the shock changes, by name."""
    rng = np.random.default_rng(seed)
    values = {v.name: 0.5 * v.value for v in model.import_tariff.values()}
    return values | {v.name: v.value * rng.uniform(0.9, 1.1) for v in model.productivity.values()}


def _timed(work: Any) -> tuple[float, Any]:
    """CPU seconds and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def _peak() -> float:
    """Largest memory of this process in MB (Linux counts in kB, macOS in bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024.0 if sys.platform == "linux" else 1024.0**2
    )


def engine(size: tuple[int, int], pipe: Connection) -> None:
    """Measure the engine in this process and send what was found."""
    os.environ["EACU_CACHE_DIR"] = "off"
    benchmark, imported, drawing = _world(size)
    from eacu.model.economy import build_economy
    from eacu.model.engine import compile_model, solve_system

    building, model = _timed(lambda: build_economy(benchmark))
    compiling, system = _timed(lambda: compile_model(model))
    named = dict(zip(system.variable_names, range(len(system.values)), strict=True))
    shocks = [_shock(model, seed) for seed in (1, 2)]

    def solve(shock: dict[str, float]) -> Any:
        for name, value in shock.items():
            system.values[named[name]] = value
        return solve_system(system)

    solving, record = _timed(lambda: solve(shocks[0]))
    values = dict(zip(system.variable_names, system.values.tolist(), strict=True))
    again, second = _timed(lambda: solve(shocks[1]))
    evaluating = median(_timed(lambda: system.jacobian_data(system.evaluate()))[0] for _ in range(REPEATS))
    solver = system.linear_solver()
    factorising = median(_timed(solver.refactorise)[0] for _ in range(REPEATS))
    floor = second.iterations * factorising
    facts = {
        "equations": system.n_equations,
        "jacobian entries": system.nnz,
        "draw the world": drawing,
        "import": imported,
        "build": building,
        "compile": compiling,
        "residual and jacobian": evaluating,
        "factorise": factorising,
        "solve": solving,
        "iterations": record.iterations,
        "total": imported + building + compiling + solving,
        "second solve": again,
        "second iterations": second.iterations,
        "solve over floor": again / floor,
        "peak MB": _peak(),
    }
    pipe.send((facts, values))


def ipopt(size: tuple[int, int], pipe: Connection) -> None:
    """Measure Pyomo, NL, CasADi and Ipopt in this process and send what was found."""
    benchmark, imported, _ = _world(size)
    from eacu.model.economy import build_economy
    from tests.support.ipopt import IpoptError, IpoptSystem

    building, model = _timed(lambda: build_economy(benchmark))
    for name, value in _shock(model, 1).items():
        model.find_component(name).set_value(value)
    reading, system = _timed(lambda: IpoptSystem(model, tol=TOLERANCE, constr_viol_tol=TOLERANCE))
    try:
        solving, values = _timed(lambda: system.solve({}))
    except IpoptError as error:
        pipe.send(({"failed": str(error)}, {}))
        return
    facts = {"import": imported, "build": building, "set-up": reading, "solve": solving}
    pipe.send((facts | {"total": sum(facts.values()), "peak MB": _peak()}, values))


def measure(work: Any, size: tuple[int, int], limit: float | None) -> tuple[dict[str, Any], dict[str, float]]:
    """Run one solver in a process of its own, ended at the limit."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(size, there))
    process.start()
    there.close()
    try:
        if here.poll(limit):
            return here.recv()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process.terminate()
        process.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"failed": f"not finished in {limit:g} s", "used": used}, {}
    except EOFError:
        return {"failed": "ended without a result"}, {}
    finally:
        process.terminate()
        process.join()


def compare(size: tuple[int, int], limit: float) -> dict[str, Any]:
    """Both solvers on one world."""
    ours, values = measure(engine, size, None)
    theirs, others = measure(ipopt, size, limit)
    row: dict[str, Any] = {
        "size": "x".join(map(str, size)),
        "engine": _rounded(ours),
        "ipopt": _rounded(theirs),
    }
    if "failed" in ours:
        raise RuntimeError(f"the engine at {row['size']}: {ours['failed']}")
    if "total" in theirs:
        row["ipopt over engine"] = round(theirs["total"] / ours["total"], 2)
        shared = ("import", "build")
        own = [facts["total"] - sum(facts[name] for name in shared) for facts in (theirs, ours)]
        row["without import and build"] = round(own[0] / own[1], 2)
        row["largest relative difference"] = max(
            abs(values[name] - value) / max(1.0, abs(value)) for name, value in others.items()
        )
    elif "used" in theirs:
        row["ipopt over engine, at least"] = round(
            (theirs["used"] - ours["draw the world"]) / ours["total"], 2
        )
    return row


def _rounded(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in facts.items()}


def show(row: dict[str, Any]) -> None:
    """Print one size."""
    ours, theirs = row["engine"], row["ipopt"]
    print(f"\n{row['size']}: {ours['equations']:,} equations, {ours['jacobian entries']:,} Jacobian entries")
    for name in ("import", "build", "compile", "residual and jacobian", "factorise", "solve", "total"):
        print(f"  {name:28s}{ours[name]:10.3f} s")
    print(f"  {'peak memory':28s}{ours['peak MB']:10.0f} MB")
    print(f"  {'solve over its floor':28s}{ours['solve over floor']:10.2f}   (aim {FLOOR_AIM:g})")
    if "failed" in theirs:
        print(
            f"  Ipopt: {theirs['failed']} ({theirs.get('used', 0.0):.0f} CPU seconds, drawing the world included)"
        )
    else:
        parts = ", ".join(f"{name} {theirs[name]:.1f}" for name in ("build", "set-up", "solve"))
        print(f"  {'Ipopt, total':28s}{theirs['total']:10.3f} s  ({parts}; {theirs['peak MB']:.0f} MB)")
        print(f"  largest relative difference of a variable {row['largest relative difference']:.1e}")
    for name, ratio in row.items():
        if name.startswith("ipopt over"):
            print(f"  {name:28s}{ratio:10.1f}   (aim {RATIO_AIM:g})")
    sys.stdout.flush()
    if "without import and build" in row:
        print(f"  {'without import and build':28s}{row['without import and build']:10.1f}")


def main() -> int:
    """Measure, print and write; 1 if two solvers disagree on a solution."""
    parser = argparse.ArgumentParser(description="Three sizes of world, the engine and Ipopt.")
    parser.add_argument("--quick", action="store_true", help="the smallest size only; writes no results")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for Ipopt at each size")
    arguments = parser.parse_args()
    rows = []
    for size in SIZES[:1] if arguments.quick else SIZES:
        rows.append(compare(size, arguments.limit))
        show(rows[-1])
    if not arguments.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(any(row.get("largest relative difference", 0.0) > 1e-5 for row in rows))


if __name__ == "__main__":
    sys.exit(main())
