"""Write docs/energy.md: the oil and gas rules, what each does to Belarus and Russia, beside what is published.

python docs/build_energy.py            write the page (under a minute)
python docs/build_energy.py --check    say whether the page is current (exit code 1: no)
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

PAGE = Path(__file__).with_name("energy.md")
REGIMES = ("union-2010-07", "oil-free", "oil-2010", "oil-2011", "oil-market")
ROWS = {
    "crude from Russia, Mt": ("crude_mt", 1),
    "of it above the quota, Mt": ("crude_over_quota_mt", 1),
    "duty on crude, mn USD": ("crude_duty_usd_mn", -1),
    "rent of the quota, mn USD": ("quota_rent_usd_mn", -1),
    "duty on Belarusian products, mn USD": ("product_duty_usd_mn", -1),
    "of it passed on to Russia, mn USD": ("passed_on_usd_mn", -1),
    "rent on gas, mn USD": ("gas_rent_usd_mn", -1),
    "refining in Belarus, 2007 = 1": ("refining", 2),
    "Belarus: equivalent variation, mn USD": ("ev_BLR", -1),
    "Russia: equivalent variation, mn USD": ("ev_RUS", -1),
}

HEAD = """# Oil and gas

<!-- Written by docs/build_energy.py from solved regimes; edit that, not this page. -->

Russia taxes exports of crude oil and gas, and spares Belarus. How it does so changed nearly every year, and each
change was worth more to Belarus than the whole common tariff. Three mechanisms of the model carry the rules:

- a **tariff-rate quota** on crude (`quota`, `over_quota_duty`; closure choice `tariff-rate-quota`): in 2010 an
  amount of 6.3 Mt was free of duty. Not used up, the quota does nothing; used up, buyers pay a premium on it that
  is a rent; exceeded, all is bought at the price with duty, and who is let into the quota keeps the difference.
  The rent is the importer's household's unless `rent_to_exporter` says otherwise;
- **duties passed on** (`duty_remitted`): from 2011 Belarus pays the export duty on products sold outside the union
  to the Russian budget. It nets to zero over the world and is an indicator of its own, `oil_duty_transfer_usd_mn`;
- a **rent** on a flow (`rent`): gas at what Gazprom earns in Europe after export duty and transport, the mark-up
  going to the seller.

Duties in USD/t enter as rates on the price of the same year without duty (`data/policy/energy_prices.csv`),
applied to the flows of 2007: their weight is that of the year, the tonnes and dollars are those of 2007. A tonne
of crude is dearer in 2012 than in the table by a factor of about 1.3. Rules and figures, each with its source, are
in `data/policy/oil_rules.csv`.
"""


def results() -> tuple[pd.DataFrame, float]:
    """One column a regime, one row an item of ROWS; and Belarusian GDP of 2007."""
    from eacu.experiments.base_year import load_base_year
    from eacu.experiments.energy import in_tonnes
    from eacu.experiments.run import run

    base = load_base_year()
    columns = {}
    for solved in run(*REGIMES):
        solution = solved.solution
        column = in_tonnes(solution, base.schedules)
        column["gas_rent_usd_mn"] = solution.payments.rent["gas", "RUS", "BLR"]
        column["refining"] = solution.state["activity"]["ppr", "BLR"]
        for region in ("BLR", "RUS"):
            column[f"ev_{region}"] = solution.regions.loc[region, "ev_usd_mn"]
        columns[solved.name] = column
    return pd.DataFrame(columns), float(base.benchmark.gdp["BLR"])


def at_the_base_years_rate() -> pd.Series:
    """Belarus's equivalent variation were the full duty on crude the one that the base year has for other buyers."""
    from eacu.experiments.base_year import load_base_year
    from eacu.experiments.policy import needed_choices, policy_of
    from eacu.experiments.regimes import load_regime
    from eacu.model.economy import build_economy
    from eacu.model.engine import solve
    from eacu.model.instruments import Policy, apply_policy
    from eacu.model.results import Solution

    base = load_base_year()
    crude, rate = ("oil", "RUS", "BLR"), float(base.benchmark.export_tax["oil", "RUS", "EU"])
    found = {}
    for name, instrument in (("oil-2010", "over_quota_duty"), ("oil-market", "export_tax")):
        regime = load_regime(name)
        settings = dict(policy_of(regime, base.benchmark, base.schedules).settings)
        changed = settings[instrument].copy()
        changed[crude] = rate
        model = build_economy(base.benchmark, "+".join(("default", *needed_choices(regime))))
        apply_policy(model, Policy(name, {**settings, instrument: changed}))
        record = solve(model)
        found[name] = Solution.from_model(model, record).regions.loc["BLR", "ev_usd_mn"]
    return pd.Series(found)


def number(value: float, digits: int) -> str:
    """A number for the table; ``digits`` -1 rounds to tens."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:,.{max(digits, 0)}f}"


def page() -> str:
    """The whole page."""
    found, gdp = results()
    lines = [
        "## What the rules do",
        "",
        "Each regime is the union of July 2010 with other energy rules; `union-2010-07` keeps those of 2007. Changes",
        "are against the base year of 2007.",
        "",
        f"| | {' | '.join(f'`{name}`' for name in REGIMES)} |",
        f"|---{'|---:' * len(REGIMES)}|",
    ]
    for words, (item, digits) in ROWS.items():
        cells = " | ".join(number(found.loc[item, name], digits) for name in REGIMES)
        lines.append(f"| {words} | {cells} |")
    return "\n".join([HEAD, *lines, "", *comparison(found.loc["ev_BLR"], found, gdp), ""])


DOUBTS = """The rules of 2011 leave Belarus worse off than those of 2007 in the table. By the duties alone they did: in
2007 Belarus paid 0.293 of the duty on crude, about USD 1.2 bn on 19 Mt, and kept 2.1 bn of duty on products; in 2011 it
neither paid nor kept any. The base year understates what it paid, 0.6 bn: GTAP's export tax puts the full duty on
crude at 41 % of the price without it where the year's figures give 69 %, and so Belarus's part at 9 instead of 20 %.
The regimes replace the rate and do not inherit the fault; comparisons with `union-2010-07` and the base year do.

Also not counted: Belarus's own crude, whose export pays no duty here; the refineries' capacity of 23 Mt (BP), which no
regime exceeds; oil from Venezuela in 2010 and 2011, beyond what buyers find elsewhere when Russian crude becomes
dearer; the Russian duty on crude sold to others, which stays that of the base year. The price of gas is changed for
Belarus only."""


def comparison(ev: pd.Series, found: pd.DataFrame, gdp: float) -> list[str]:
    """What is published beside what the model says; nothing is fitted to it."""
    cost_free, cost_before = ev["oil-2010"] - ev["oil-free"], ev["oil-2010"] - ev["union-2010-07"]
    worth = ev["oil-2011"] - ev["oil-market"]
    tonnes = found.loc["crude_mt"]
    rows = (
        (
            "loss of Belarus by the rules of 2010",
            "about USD 2 bn in the year (IMF envoy, 22 September 2010)",
            f"USD {-cost_before / 1000:.1f} bn against the rules of 2007, {-cost_free / 1000:.1f} bn against all "
            "crude free of duty",
        ),
        (
            "crude from Russia under them",
            "about 12.6 Mt, after 20 to 21 Mt in 2009",
            f"{tonnes['oil-2010']:.1f} Mt, after {tonnes['oil-free']:.1f} Mt free of duty",
        ),
        (
            "worth of the preferences of 2011 to 2013, net",
            "6 to 10 % of GDP (about 10 % in 2013: Knobel, Gaidar Institute)",
            f"{100 * worth / gdp:.1f} % of the GDP of 2007, USD {worth / 1000:.1f} bn",
        ),
        (
            "duty on products passed on",
            "USD 3.5 bn in eleven months of 2012",
            f"USD {found.loc['passed_on_usd_mn', 'oil-2011'] / 1000:.1f} bn at the volumes and prices of 2007",
        ),
    )
    low = at_the_base_years_rate()
    rate = (
        "The rate of duty matters most. Were the full duty that which the base year has for other buyers, 41 %\n"
        "instead of 91 (2010) and 101 % (2012), the rules of 2010 would cost "
        f"{(ev['oil-free'] - low['oil-2010']) / 1000:.1f} bn against crude free of duty,\nand the preferences of 2011 "
        f"to 2013 be worth {100 * (ev['oil-2011'] - low['oil-market']) / gdp:.1f} % of GDP."
    )
    table = ["| | published | model |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return [
        "## Beside what is published",
        "",
        "Nothing here was fitted to these figures.",
        "",
        *table,
        "",
        rate,
        "",
        DOUBTS,
    ]


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print(
            "docs/energy.md is current"
            if current
            else "docs/energy.md is out of date: python docs/build_energy.py"
        )
        sys.exit(0 if current else 1)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE}")
