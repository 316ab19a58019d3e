"""Write docs/findings.md: the numbers of the tariff-only model, taken apart, with what they hang on.

Run it as ``python docs/build_findings.py`` (about two minutes). The text is here, the figures are computed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.build import build_sam
from eacu.calibration.elasticities import model_elasticities
from eacu.data import table
from eacu.experiments.base_year import BaseYear, load_base_year
from eacu.experiments.run import run

PAGE = Path(__file__).with_name("findings.md")
MEMBERS = ["RUS", "BLR", "KAZ"]
REGIMES = ["union-2010-01", "union-2010-07", "wto-russia", "wto-joint", "wto-only"]
FACTORS = (0.5, 1.0, 2.0, 3.0)

TEXT = """# What the tariff-only model finds, and why

Written by `python docs/build_findings.py`; the figures are computed, not typed. Static model, 2007, default closure.

## The common tariff and the pool, apart

`union-2010-01` is the common external tariff without pooling, `union-2010-07` adds the sharing keys.

{apart}

**Kazakhstan's loss comes from the sharing keys, not from the tariff.** The higher tariff alone costs it real GDP (resources
move to protected sectors) but turns its terms of trade, because in this model goods of different countries are imperfect
substitutes and even a small country's demand moves the prices of what it buys. The two nearly cancel, and the sign of the
rest depends on the trade elasticities (below). World Bank (2012) reports -0.2 % of real income for a model of a small open
economy with given world prices and varieties: that our total is close to it is no confirmation, since the composition
differs. What both agree on: production shifts to protected sectors, wages and returns fall against consumer prices, imports
turn from the EU and China to Russia and Belarus, duty collected rises by well over half.

**The sign of the Kazakh pool transfer is an open question.** The keys of 2010 (87.97, 4.70, 7.33) are set against the
collections of the 2007 economy: the model has Kazakhstan collect {kaz_share:.1f} % of the union's duties, so it pays in. In 2012
collections were about 89.5, 3.65, 6.9 %, by which Kazakhstan received a little more than it paid (derived from a statement
of Belarus' State Control Committee), and in the first quarter of 2011 its share of imports from outside was 4.1 %. Part of
the gap is Kazakhstan's exemptions from the common tariff, which are in `union-2010-transition` and halve what it pays in
([regime effects](regime_effects.md)); part is the growth of Russian imports from 2007 to 2012. Belarus gains from the keys in the model and in 2012 alike.

## Imports of Kazakhstan by partner, union-2010-01

{partners}

## Trade elasticities

Equivalent variation in million USD when all Armington elasticities (home against imports, and between sources) are multiplied:

{elasticities}

Terms of trade explain the losses of Russia and Belarus from their own tariff cuts: foreign buyers' demand for a country's
goods falls in price, so a country that imports more must sell more and cheaper. With twice the elasticities Russia's loss
turns into a gain. Constant-returns models of a small open economy, which have no such effect, find 0.1 % of GDP to 1.2 % of
consumption for Russia. Read the sign of any member's welfare below about 0.1 % of consumption as not determined.

## In whose prices foreign savings are fixed

Foreign savings are held fixed in units of the numeraire, the consumer prices of the rest of the world unless another region is
named. A model needs some such unit, and with balanced external accounts it would not matter. But Russia's external surplus
of the base year is {lent_RUS:.0f} billion USD and Kazakhstan's {lent_KAZ:.1f} billion. A lender that cuts its tariffs finds its own
prices fall against those abroad: the same foreign prices' worth of lending then takes more of its own goods. Part of what is
called terms of trade is this revaluation of the surplus. Equivalent variation in % of consumption, by the region whose
consumer prices are the unit (each member's row in *own* is solved with its own prices as the unit):

{numeraires}

Between the prices of the rest of the world and those of the European Union there is next to no difference; between them and the
lender's own there is one as large as the effect of a tariff itself, and for small effects it decides the sign. No
unit is the right one: the default was not chosen for what it yields, and none is because it matches a published figure. Small open
economy models avoid the choice, because their world prices are one price.

## The synthetic table of Belarus

Equivalent variation in % of consumption under three priors for the Belarusian input-output table:

{priors}
"""


def main() -> None:
    """Compute every table and write the page."""
    base = load_base_year()
    solved = run(*REGIMES, base=base)
    page = TEXT.format(
        apart=_markdown(_apart(solved)),
        kaz_share=_collection_share(solved["union-2010-07"].indicators),
        partners=_markdown(_partners(solved["union-2010-01"])),
        elasticities=_markdown(_elasticities(base)),
        numeraires=_markdown(_numeraires(base), digits=3),
        **{f"lent_{member}": _lent(base, member) for member in ("RUS", "KAZ")},
        priors=_markdown(_priors(base)),
    )
    PAGE.write_text(page, encoding="utf-8")


def _apart(solved: object) -> pd.DataFrame:
    names = {
        "ev_usd_mn": "EV, USD mn",
        "ev_pct_consumption": "EV, % of consumption",
        "real_gdp_pct": "real GDP, %",
    }
    names |= {"terms_of_trade_pct": "terms of trade, %", "pool_transfer_usd_mn": "pool transfer, USD mn"}
    rows = {}
    for regime in ("union-2010-01", "union-2010-07"):
        for member in MEMBERS:
            found = solved[regime].indicators.loc[member, list(names)]  # type: ignore[index]
            rows[f"{regime} {member}"] = found.rename(names)
    return pd.DataFrame(rows).T


def _collection_share(indicators: pd.DataFrame) -> float:
    collected = indicators.loc[MEMBERS, "tariff_revenue_usd_mn"]
    return float(100 * collected["KAZ"] / collected.sum())


def _partners(regime: object) -> pd.DataFrame:
    trade = regime.solution.trade_by_partner()  # type: ignore[attr-defined]
    imports = trade[(trade["variable"] == "imports") & (trade["region"] == "KAZ")].set_index("partner")
    shown = imports[["base", "change", "percent"]].set_axis(
        ["2007, USD mn", "change, USD mn", "change, %"], axis=1
    )
    return shown.loc[["RUS", "BLR", "KGZ", "EU", "CHN", "ROW"]]


def _elasticities(base: BaseYear) -> pd.DataFrame:
    rows = {}
    for factor in FACTORS:
        b = base.benchmark
        scaled = replace(
            b, sigma_armington=factor * b.sigma_armington, sigma_sources=factor * b.sigma_sources
        )
        solved = run(*REGIMES, base=replace(base, benchmark=scaled))
        rows[f"x {factor:g}"] = pd.Series(
            {f"{m} {r}": solved[r].indicators.loc[m, "ev_usd_mn"] for r, m in _SHOWN}
        )
    return pd.DataFrame(rows).T


_SHOWN = [
    ("union-2010-01", "KAZ"),
    ("union-2010-07", "KAZ"),
    ("wto-joint", "RUS"),
    ("wto-only", "RUS"),
    ("wto-only", "BLR"),
]


def _lent(base: BaseYear, member: str) -> float:
    """External surplus of the base year, billion USD: what the region lends abroad."""
    return -float(base.benchmark.foreign_savings[member]) / 1000


def _numeraires(base: BaseYear) -> pd.DataFrame:
    """Welfare of the members by the region whose consumer prices are the unit of foreign savings."""
    units = ("ROW", "EU", *MEMBERS)
    solved = {
        unit: run(
            *_UNIT_REGIMES, base=replace(base, benchmark=replace(base.benchmark, numeraire_region=unit))
        )
        for unit in units
    }
    rows = {}
    for regime in _UNIT_REGIMES:
        for member in MEMBERS:
            found = {
                unit: solved[unit][regime].indicators.loc[member, "ev_pct_consumption"] for unit in units
            }
            rows[f"{regime} {member}"] = pd.Series(
                {"ROW": found["ROW"], "EU": found["EU"], "own": found[member]}
            )
    return pd.DataFrame(rows).T


_UNIT_REGIMES = ("union-2010-01", "union-2010-07", "wto-only")


def _priors(base: BaseYear) -> pd.DataFrame:
    rows = {}
    for prior in ("neighbours", "baltic", "russia"):
        sam = build_sam(table, {"belarus": prior}).sam
        b = base.benchmark
        benchmark = Benchmark.from_sam(
            sam, model_elasticities(table), regions=b.regions, sectors=b.sectors, factors=b.factors
        )
        solved = run("union-2010-07", "wto-only", base=replace(base, benchmark=benchmark))
        rows[prior] = pd.Series(
            {f"{m} {r.name}": r.indicators.loc[m, "ev_pct_consumption"] for r in solved for m in MEMBERS}
        )
    return pd.DataFrame(rows).T


def _markdown(frame: pd.DataFrame, digits: int = 2) -> str:
    def cell(value: float) -> str:
        small = f"{value:.{digits}f}"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else small

    lines = ["| | " + " | ".join(map(str, frame.columns)) + " |", "|---|" + "---:|" * frame.shape[1]]
    lines += [
        f"| {name} | " + " | ".join(cell(v) for v in row) + " |"
        for name, row in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
