"""Write docs/regime_effects.md: what every shipped regime does to each member, and why.

Run it as ``python docs/build_regimes.py`` (under a minute). The figures are computed; each sentence on a sign names the
sign it explains, and the page is not written when the model says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eacu.experiments.base_year import BaseYear, load_base_year
from eacu.experiments.policy import needed_choices
from eacu.experiments.regimes import load_regime
from eacu.experiments.run import Workbench, run

if TYPE_CHECKING:
    from eacu.experiments.run import Run, SolvedRegime

PAGE = Path(__file__).with_name("regime_effects.md")
REGIONS = ["RUS", "BLR", "KAZ", "KGZ"]
WELFARE, OUTPUT = "ev_pct_consumption", "real_gdp_pct"
BASELINE = "pre-union"


@dataclass(frozen=True)
class Note:
    """Why a step has the signs it has.

    ``signs`` are those of the equivalent variation against the regime it builds on, by region; ``+`` or ``-``.
    """

    regime: str
    signs: dict[str, str]
    text: str


NOTES = (
    Note(
        "union-2010-01",
        {"RUS": "+", "BLR": "+", "KAZ": "+", "KGZ": "+"},
        "Kazakhstan takes over a tariff nearly twice its own. Its real GDP falls, because protection draws resources to what it "
        "makes dearly; its terms of trade rise, because it buys less abroad, and outweigh that. Russia and Belarus sell "
        "more there. The gains are small and hang on the trade elasticities ([findings](findings.md)).",
    ),
    Note(
        "union-2010-07",
        {"RUS": "-", "BLR": "+", "KAZ": "-"},
        "The keys redistribute what the tariff collects. Belarus receives more than it collects, Kazakhstan less, because with the "
        "whole common tariff its share of collections exceeds its key of 7.33 %.",
    ),
    Note(
        "union-2010-transition",
        {"RUS": "-", "BLR": "-", "KAZ": "+"},
        "Kazakhstan gains by its exceptions twice: buyers pay less, and it collects less for a pool from which its key stays the "
        "same. They halve what it pays in. The others lose what it no longer pays.",
    ),
    Note(
        "union-2011",
        {"RUS": "+", "BLR": "-", "KAZ": "+"},
        "Shorter waiting is a gain for all members: most for Kazakhstan, whose goods waited at Russia's customs; between Russia and "
        "Belarus there was no customs clearance left to remove (table below: `union-2011` against `oil-2011`). But the oil rules of 2011 cost Belarus more than that. Measured against 2007, "
        "when it paid 29 % of the crude duty and kept the duty on its products, it now saves the former and hands the latter to "
        "Russia, which gains by it. Against market prices for oil the rules of 2011 are a large gain (`oil-2011` against "
        "`oil-market`).",
    ),
    Note(
        "ces-2012",
        {"RUS": "+", "BLR": "+", "KAZ": "+", "KGZ": "-"},
        "A fifth of the non-tariff barriers goes. Real costs saved are a gain, rents given up mostly a transfer. In per cent the "
        "order is Belarus, Kazakhstan, Russia, as in the study of Knobel et al. (2019: 4.8, 1.7, 0.8 % of consumption with "
        "services, time costs and increasing returns; no target of this model). Kyrgyzstan, outside, loses sales to members. Workers go from "
        "Kazakhstan to Russia until the ratio of wages has fallen by one per cent: Kazakhstan's real GDP, what is made at home, falls; "
        "its welfare, which counts those abroad, hardly changes.",
    ),
    Note(
        "ces-2012-open",
        {"RUS": "+", "BLR": "+", "KAZ": "+", "KGZ": "+"},
        "Easing trade with outsiders adds most for Russia and Kazakhstan, which buy most from them; in the published study too "
        "the extension enlarges the gain most for those two (3.6, 6.3 % and Belarus 7.2 %).",
    ),
    Note(
        "union-plus-kyrgyzstan",
        {"RUS": "-", "BLR": "-", "KAZ": "-", "KGZ": "+"},
        "Kyrgyzstan's tariff rises more than fourfold, which by itself hurts; but its key of 1.9 % gives it many times what it collects, since "
        "the pool of 2007 is large beside its economy, and that transfer is most of its gain; easier borders are the rest. The old "
        "members pay it. The size follows from a key agreed for the pool of 2015 being applied to the economy of 2007. The transfer "
        "also raises real wages, so that nobody more leaves for Russia; what free movement means to those already there is not "
        "counted.",
    ),
    Note(
        "exit-belarus",
        {"RUS": "+", "BLR": "-", "KAZ": "+"},
        "Crude at full duty and gas at the market price take from Belarus most of what the union gives it; Russia receives it. Kazakhstan "
        "gains because Belarus turns to Kazakh oil and gas, which pay no Russian duty; Russian pipelines may not let it, and then "
        "that gain does not exist.",
    ),
    Note(
        "wto-russia",
        {"RUS": "-", "BLR": "-"},
        "Lower tariffs raise real GDP in Russia and lower its terms of trade, because foreign demand for its goods falls in "
        "price; the latter weighs more here. Belarus loses part of the pool's transfer, for the pool shrinks.",
    ),
    Note(
        "wto-russia-2015",
        {"RUS": "+", "BLR": "+"},
        "Seven twelfths of the way: the effects lie between those of `union-2010-07` and `wto-russia`.",
    ),
    Note(
        "wto-russia-access",
        {"RUS": "+", "BLR": "-", "KAZ": "-"},
        "Buyers abroad pay less for Russian metals and chemicals, take more, and let Russian exporters have part of the difference. "
        "Belarus and Kazakhstan sell the same goods and lose.",
    ),
    Note(
        "wto-kazakhstan-2015",
        {"KAZ": "+", "RUS": "-", "BLR": "-"},
        "Kazakhstan's own bound rates are lower: it collects less for the same key, and its exporters gain abroad. The others "
        "lose what it no longer pays into the pool.",
    ),
    Note(
        "wto-belarus",
        {"BLR": "+"},
        "No tariff changes; the gain is that of exporters, above all of potash.",
    ),
    Note(
        "wto-joint",
        {"KAZ": "+", "RUS": "-", "BLR": "-"},
        "As `wto-russia` and Kazakhstan's accession together, without market access.",
    ),
    Note(
        "ces-wto",
        {"BLR": "+", "KAZ": "+", "KGZ": "-"},
        "The common economic space under the bound rates, with the energy rules of 2007. Set beside `wto-only` it is what the whole "
        "union adds to accession: little for Russia, much for the two small members, nearly all of it by borders and barriers.",
    ),
    Note(
        "wto-only",
        {"RUS": "-", "BLR": "-", "KAZ": "-"},
        "Without a union there is no transfer from the pool and no free ride on a partner's tariff: each loses a little by the "
        "terms of trade, and real GDP rises in all three. Set beside `wto-joint`, the union is worth its keys to Belarus.",
    ),
)

PAIRS = (
    ("union-2011", "oil-2011", "the inner borders (and the exceptions that remain)"),
    ("oil-2011", "oil-market", "oil and gas at the rules of 2011 instead of market prices"),
    ("wto-joint", "wto-only", "tariffs and pool of the union, when all have joined the WTO anyway"),
    ("ces-wto", "wto-only", "the whole union but its energy rules, when all have joined the WTO anyway"),
)
"""Regimes worth comparing that do not build on each other: first less second, and what the difference is."""

TEXT = """# What the regimes do

Written by `python docs/build_regimes.py`; the figures are computed, not typed. Static model, base year 2007, closure `default`
with the choices a regime needs. What each regime counts: [regimes](regimes.md) and `eacu regimes NAME`.

## Against the base year

Equivalent variation in % of household consumption (EV) and real GDP in %.

{levels}

## What each step adds

The same EV against the regime that a regime builds on.

{steps}

Other differences worth a look:

{pairs}

## Why

{notes}

## Kazakhstan's tariff with and without exceptions

Duty collected on imports from outside the union, % of their value: {kaz}. The World Bank (2012) reports that Kazakhstan's
trade-weighted tariff rose from 5.3 to 9.5 % *with* exceptions; on the imports that pay duty the schedule `cet` gives 9.5 %
*without* them, so that the tariff with exceptions is too low here by about the difference between the two figures above.

## How far the borders can be trusted

Ad valorem equivalents of borders, the share of them that goes away, exceptions by sector and gains of market access are estimates
or assumptions, marked as such in `data/policy` with their sources. Published are ranges: a day of waiting costs 0.6 to 2.1 % of the
value (Hummels and Schaur 2013), non-tariff barriers take 15 to 30 % of mutual exports (Eurasian Development Bank's survey). EV, % of
consumption, of half the waiting time (`union-2011` less `oil-2011`) and of a fifth of the barriers with the movement of workers
(`ces-2012` less `union-2011`) at both ends:

{ranges}

Effects are nearly proportional to the costs and to the share that goes away, so that a reader with another share can scale them.

Market access: `wto-russia-access` raises Russia's exports of metals and chemicals to third countries by USD {access} bn at prices of
2007. A study with the trade model of the World Bank puts all that anti-dumping measures cost Russian exports, mostly steel and
fertilisers, at about USD 3 bn (acemap.info 416132880, 2016). So the assumed price gains are of a plausible size, at the cautious end.
"""


COSTS = {"low": (0.6, 15.0), "high": (2.1, 30.0)}
"""Ends of the published ranges: per cent of the value for a day of waiting, and for non-tariff barriers."""


def main() -> None:
    """Solve every regime and write the page."""
    PAGE.write_text(page(run(*regimes())), encoding="utf-8")


def at_cost(base: BaseYear, day_pct: float, barrier_pct: float) -> BaseYear:
    """The base year with another cost of borders: each day of waiting and each barrier at one rate for all goods.

    What does not wait (energy) stays at nil. The days are those in the comment of each row.
    """
    costs = base.schedules.table("border_costs").copy()
    kind, paid = costs.index.get_level_values("kind"), costs["ave_pct"] > 0
    days = costs["comment"].str.extract(r"^([\d.]+) days")[0].astype(float)
    waiting = (kind == "time") & paid
    costs.loc[waiting, "ave_pct"] = days[waiting] * day_pct
    costs.loc[kind.isin(["ntb-resource", "ntb-rent"]) & paid, "ave_pct"] = barrier_pct / 2
    tables = {**base.schedules.tables, "border_costs": costs}
    return replace(base, schedules=replace(base.schedules, tables=tables))


def cost_ranges(solved: Run) -> pd.DataFrame:
    """EV of shorter waiting and of lower barriers at the low end, as shipped, and at the high end."""
    shipped = {name: _welfare(solved[name]) for name in ("oil-2011", "union-2011", "ces-2012")}
    found: dict[str, dict[str, pd.Series]] = {"low": {}, "as shipped": shipped, "high": {}}
    base = load_base_year()
    for name in ("union-2011", "ces-2012"):
        regime = load_regime(name)
        bench = Workbench(base, "+".join([regime.closure, *needed_choices(regime)]))
        for end, costs in COSTS.items():
            bench.base = at_cost(base, *costs)
            found[end][name] = _welfare(bench.solve(regime))
    rows = {}
    for end, ev in found.items():
        waiting = (ev["union-2011"] - shipped["oil-2011"]).add_prefix("waiting ")
        rows[end] = pd.concat([waiting, (ev["ces-2012"] - ev["union-2011"]).add_prefix("barriers ")])
    return pd.DataFrame(rows).T


def _welfare(regime: SolvedRegime) -> pd.Series:
    return regime.indicators[WELFARE].loc[REGIONS[:3]]


def regimes() -> list[str]:
    """The baseline, every regime that has a note, in the order of the notes, and those compared."""
    named = [BASELINE, *(note.regime for note in NOTES), *(name for pair in PAIRS for name in pair[:2])]
    return list(dict.fromkeys(named))


def page(solved: Run) -> str:
    """The page from solved regimes.

    Raises ValueError when a sign is not the one that a note explains.
    """
    steps = welfare_steps(solved)
    for note in NOTES:
        _require_signs(note, steps)
    return TEXT.format(
        levels=_markdown(_levels(solved), "regime", 2),
        steps=_markdown(steps, "regime", 3),
        access=f"{_new_exports(solved) / 1000:.2f}",
        kaz=_kazakh_tariff(solved),
        ranges=_markdown(cost_ranges(solved), "cost", 2),
        pairs=_markdown(_pairs(solved), "difference", 3),
        notes="\n\n".join(f"**`{note.regime}`** {_members(note, steps)} {note.text}" for note in NOTES),
    )


def welfare_steps(solved: Run) -> pd.DataFrame:
    """EV of each regime less that of the regime it builds on, % of consumption; rows regimes, columns regions."""
    rows = {}
    for note in NOTES:
        regime = solved[note.regime]
        before = solved[regime.regime.builds_on or BASELINE]
        rows[f"{note.regime} on {before.name}"] = (
            regime.indicators.loc[REGIONS, WELFARE] - before.indicators.loc[REGIONS, WELFARE]
        )
    return pd.DataFrame(rows).T


def _pairs(solved: Run) -> pd.DataFrame:
    rows = {
        f"{what}: {first} less {second}": solved[first].indicators.loc[REGIONS, WELFARE]
        - solved[second].indicators.loc[REGIONS, WELFARE]
        for first, second, what in PAIRS
    }
    return pd.DataFrame(rows).T


def _new_exports(solved: Run) -> float:
    """What better access adds to Russia's exports of metals and chemicals to third countries, USD mn."""

    def sold(name: str) -> float:
        table = solved[name].results
        wanted = (table["variable"] == "exports") & (table["region"] == "RUS")
        wanted &= table["partner"].isin(["EU", "CHN", "ROW"]) & table["sector"].isin(["fem", "nfm", "chm"])
        return float(table.loc[wanted, "value"].sum())

    return sold("wto-russia-access") - sold("wto-russia")


def _kazakh_tariff(solved: Run) -> str:
    """Kazakhstan's average duty in 2007 and under the tariff with more and fewer exceptions, in words."""
    before = solved["union-2010-07"].indicators["tariff_rate_extra_base_pct"].loc["KAZ"]
    words = {
        "union-2010-07": "under the whole common tariff",
        "union-2010-transition": "with the exceptions of 2010",
        "union-2011": "with those of 2011",
    }
    rates = {name: solved[name].indicators["tariff_rate_extra_pct"].loc["KAZ"] for name in words}
    return ", ".join(
        [f"{before:.2f} in 2007", *(f"{rates[name]:.2f} {text}" for name, text in words.items())]
    )


def _levels(solved: Run) -> pd.DataFrame:
    rows = {
        note.regime: {
            f"{region} {name}": float(solved[note.regime].indicators[key].loc[region])
            for region in REGIONS
            for name, key in (("EV", WELFARE), ("GDP", OUTPUT))
        }
        for note in NOTES
    }
    return pd.DataFrame(rows).T


def _step(note: Note, steps: pd.DataFrame) -> pd.Series:
    return next(row for name, row in steps.iterrows() if str(name).startswith(f"{note.regime} on "))


def _require_signs(note: Note, steps: pd.DataFrame) -> None:
    for region, sign in note.signs.items():
        value = float(_step(note, steps)[region])
        if (value > 0) != (sign == "+"):
            raise ValueError(
                f"{note.regime}: the note explains why {region} has the sign {sign}, the model gives {value:+.4f} % of "
                "consumption; rewrite the note"
            )


def _members(note: Note, steps: pd.DataFrame) -> str:
    step = _step(note, steps)
    return "(" + ", ".join(f"{region} {step[region]:+.2f}" for region in note.signs) + ")."


def _markdown(frame: pd.DataFrame, corner: str, decimals: int) -> str:
    lines = [f"| {corner} | " + " | ".join(frame.columns) + " |", "|---|" + "---:|" * frame.shape[1]]
    for name, row in frame.iterrows():
        cells = [f"{0.0 if abs(v) < 0.5 * 10**-decimals else v:.{decimals}f}" for v in row]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
