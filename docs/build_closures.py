"""Write docs/closures.md from the closures themselves, with the union of July 2010 solved under each of them.

python docs/build_closures.py            write the page
python docs/build_closures.py --check    say whether the page is current (exit code 1: no)
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from textwrap import fill

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "closures.md"
REGIME = "union-2010-07"
SAM_TOLERANCE = 1e-6

HEAD = """# Closures

<!-- Written by docs/build_closures.py from model/choices.py and model/closures.py; edit those, not this page. -->

A model has more variables than equations. A *closure* says which variables are given, and thereby who adjusts when
policy changes. The equations are the same under all closures: a closure is a list of variables that are fixed (and,
for the wage floor, migration and quotas, conditions put in force), composed of one choice for each market.

```sh
eacu closures                                     # all of them, in words
eacu closures short-run                           # one of them, with what it fixes
eacu run union-2010-07 --closure steady-state
eacu run union-2010-07 --closure short-run+wage-curve
eacu run union-2010-07 --closure mobile-in-union+migration   # one market for the members' capital and labour
```

Names joined by `+` are combined from left to right: each is the name of a closure, which stands for those of its
choices that are not the default's, or of a single choice.
"""

SWAPPING = """## One's own

`swap` exchanges single variables of a built economy. A swap that leaves the system without a unique solution by its
structure is refused in words, and the model stays as it was.

```python
from eacu.experiments.base_year import load_benchmark
from eacu.model.closures import ClosureError
from eacu.model.economy import build_economy
from eacu.model.swap import swap

economy = build_economy(load_benchmark())
swap(economy, fix="real_transfer[KAZ]", free="direct_tax[KAZ]")  # equal yield in one country only
try:
    swap(economy, fix="investment_rate[RUS]", free="population[KAZ]")
except ClosureError as refusal:
    print(refusal)
```
"""


@cache
def effects() -> dict[str, dict[str, tuple[float, float]]]:
    """Equivalent variation under each closure: member -> (million USD, % of household consumption).

    Raises RuntimeError if a solution fails one of the checks of ``eacu run``, ReplicationError if the benchmark
    is no solution under a closure.
    """
    from eacu.experiments.base_year import load_base_year
    from eacu.experiments.policy import policy_of
    from eacu.experiments.regimes import load_regime
    from eacu.model.checks import REPLICATION, WALRAS, benchmark_residuals
    from eacu.model.closures import CLOSURES
    from eacu.model.economy import build_economy
    from eacu.model.engine import compile_model, solve_system
    from eacu.model.instruments import apply_policy
    from eacu.model.results import Solution

    base, regime = load_base_year(), load_regime(REGIME)
    policy = policy_of(regime, base.benchmark, base.schedules)
    m = build_economy(base.benchmark)
    system = compile_model(m)
    compiled_for: tuple[str, ...] = ()
    found = {}
    for name, closure in CLOSURES.items():
        for variable, values in m.benchmark_values.items():
            m.component(variable).set_values(values)
        closure.apply(m)
        benchmark_residuals(m).require()
        apply_policy(m, policy)
        if closure.conditions != compiled_for:
            system, compiled_for = compile_model(m), closure.conditions
        system.refresh()
        record = solve_system(system)
        system.write_back(system.values)
        solution = Solution.from_model(m, record, regime.members, system)
        gap = solution.sam.balance_gap()
        if record.max_residual > REPLICATION or abs(solution.walras) > WALRAS or gap > SAM_TOLERANCE:
            raise RuntimeError(
                f"{REGIME} under {name}: {record}, Walras {solution.walras:.1e}, SAM {gap:.1e}"
            )
        rows = solution.regions.loc[list(regime.members), ["ev_usd_mn", "ev_pct_consumption"]]
        found[name] = {str(r): (float(row.iloc[0]), float(row.iloc[1])) for r, row in rows.iterrows()}
    return found


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, overview(), table(), *paragraphs(), SWAPPING])


def overview() -> str:
    """Which choice each closure takes in each market; the default's are left blank."""
    from eacu.model.choices import MARKETS
    from eacu.model.closures import CLOSURES, DEFAULT

    lines = [
        "## Which closure chooses what\n",
        f"| closure | {' | '.join(MARKETS)} |",
        f"|---{'|---' * len(MARKETS)}|",
    ]
    for closure in CLOSURES.values():
        usual = closure is not DEFAULT
        cells = ["" if usual and choice in DEFAULT.choices else choice.name for choice in closure.choices]
        lines.append(f"| `{closure.name}` | {' | '.join(cells)} |")
    lines.append("\nWhere nothing is said the choice is the default's. All choices, the default's first:\n")
    for market, choices in MARKETS.items():
        lines.append(f"- **{market}**: {', '.join(f'`{choice.name}`' for choice in choices)}")
    return "\n".join(lines) + "\n"


def table() -> str:
    """Welfare by member under each closure."""
    results = effects()
    members = list(next(iter(results.values())))
    heads = [f"{member}, mn USD | %" for member in members]
    lines = [
        "## What the choice does to the answer\n",
        f"Equivalent variation of the household under `{REGIME}`, million USD and per cent of its consumption in\n"
        "2007. It counts consumption alone: where investment, the stock of capital or foreign debt adjust, part of\n"
        "the effect lies outside it (see the paragraphs below).\n",
        f"| closure | {' | '.join(heads)} |",
        f"|---{'|---:|---:' * len(members)}|",
    ]
    for name, row in results.items():
        cells = [f"{row[member][0]:,.0f} | {round(row[member][1], 2) + 0.0:+.2f}" for member in members]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def paragraphs() -> list[str]:
    """Each closure in words."""
    from eacu.model.closures import CLOSURES

    return [
        f"## `{c.name}`\n\n{fill(c.description, 120, break_on_hyphens=False)}\n" for c in CLOSURES.values()
    ]


def main(arguments: list[str]) -> int:
    """Write or check the page; returns the exit code."""
    text = page()
    current = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    if arguments == ["--check"]:
        if text != current:
            print(f"{PAGE} is out of date; run: python docs/build_closures.py", file=sys.stderr)
        return int(text != current)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
