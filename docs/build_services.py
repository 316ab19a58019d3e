"""Write docs/services.md and docs/services.json: foreign firms in services, what is assumed, and what hangs on it.

Run it as ``python docs/build_services.py`` (some minutes: every assumption is solved at both ends of its band).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from eacu.model.state import State

PAGE = Path(__file__).with_name("services.md")
VALUES = Path(__file__).with_name("services.json")
OWN = {
    "presence-russia": "RUS",
    "wto-russia-services": "RUS",
    "presence-kazakhstan": "KAZ",
    "wto-kazakhstan-services": "KAZ",
    "wto-belarus-services": "BLR",
    "belarus-regulation-25": "BLR",
    "belarus-regulation-50": "BLR",
}
"""Regimes and the member whose services they are about."""
BANDED = ("presence-russia", "presence-kazakhstan", "wto-belarus-services", "belarus-regulation-25")
TERMS = ("presence-russia", "presence-kazakhstan", "belarus-regulation-25")
INDICATOR = "ev_pct_consumption"

HEAD = """# Foreign firms in services

<!-- Written by docs/build_services.py; edit that, not this page. -->

The studies that find large gains from accession to the WTO (Rutherford and Tarr 2008; Jensen, Rutherford and Tarr 2007; Jensen and
Tarr 2008; Balistreri, Olekseyuk and Tarr 2015) find most of them in services: barriers keep foreign firms out, and
every sector that buys transport, communication or finance works with fewer and dearer services than it could. A regime
with a `[[services]]` entry is solved on a base year that has this mechanism; all other regimes are untouched by it.

## The mechanism

- In transport, communication, finance and business services of Russia, Kazakhstan and Belarus there are three types of
  sellers: home firms, **foreign firms that are present**, and suppliers from across the border. Each firm in the country makes a
  variety of its own and enters as long as it pays (see `varieties` in [equations](equations.md)). The number of varieties that come
  from across the border is given.
- Users choose among all varieties with one elasticity. More firms make the same money buy more service: that is
  *productivity through variety* for the sectors that buy it.
- Foreign firms use local inputs, labour and capital, **head-office services** from abroad, and capital of their own kind. Home
  firms have such capital too. It makes the supply of either type slope upwards; without it, free entry would leave one
  type alone in the market.
- A **barrier on presence** makes foreign firms dearer. Part of it is real cost, part a rent that the base year counts among
  the incomes of households. A barrier that does not discriminate (**regulation**) costs all firms.
- What foreign firms earn on their own capital beyond the base year goes to **owners abroad**, after tax, by the share of foreign
  ownership. The base year itself books all capital income at home, because the SAM has no account for income paid abroad.

Equations, with sources, are in [equations](equations.md) (`foreign_firms`, `varieties`). The base year is divided without a
change of any total: GDP, trade, taxes and incomes are those of the SAM. The tests solve a small economy of such firms in levels, with
fixed costs and mark-ups, apart from the model's own equations, and the two agree to eight digits.

## What is observed and what is assumed

| what | where it comes from |
|---|---|
| home sales, imports, exports, inputs and factors of each service | observed or estimated: the SAM ([sam](sam.md)) |
| share of foreign firms, head-office services, supply elasticities, elasticity between varieties, ownership | **assumed**, with bands: `data/parameters/foreign_firms.csv` |
| height of barriers, what is left of them after accession, the part that is rent | **assumed**, with bands: `data/policy/services_barriers.csv` |

No figure of the second and third kind could be read in a source. The tables of the studies were not at hand; what is remembered
of the Russian ones (10 % for communication, 33 % for road and rail, 36 % for finance, 90 to 95 % for air and sea) guided
the choice and is marked as not read. Barriers of Kazakhstan and Belarus are taken to be Russia's, regulation in Belarus is
a round 20 %. Nothing was fitted to any published result.

"""
READING = """Three things are worth reading off.

**Who owns what is scarce decides most.** With free entry of home firms the price that users pay for a variety is tied to the cost
of home firms. When the barrier falls, what foreign firms save is bid up by their own expansion and ends in the return to
the capital that only they have. With owners at home the same reform is worth several times as much, and where
owners are abroad the country may lose: rents it held are gone, and profits leave. That is why entry lowers the gain
of Russia and Kazakhstan in the table: it makes demand for foreign firms more elastic, the world gains more, and more of
it goes to owners abroad. The more elastic the supply of foreign firms, the better for the host.

**Rents are not resources.** A barrier that is all rent to people at home is a tax on foreign firms; taking it away brings only
the small gain of a tax distortion and costs the country the revenue. One that wastes resources brings several times as much.

**Regulation is another matter.** A cost that all firms bear falls on the whole sector, not on the small part that is foreign;
the gain is nearly in proportion to its height, owners abroad play no part, and entry adds about a third to it.
"""
TAIL = """## Beside the published studies

`eacu reproduce` sets these regimes beside the studies ([reproduction](reproduction.md)). Belarus comes out near Balistreri,
Olekseyuk and Tarr (a quarter less regulation 5.5, half 11.7 % of consumption; accession 8.2), but only as far as 20 % is the
right height of regulation, which was not read anywhere. What accession adds to it is 2.7 there and a
small loss here. Russia (7.2) and Kazakhstan (6.7) do not come out: the sign is right for Russia in
the central case, the size is a small part of theirs even with owners at home, and Kazakhstan loses. Their models hold world prices,
have increasing returns in goods as well, and other shares, barriers and supply elasticities of foreign firms, which could not be
read; how they treat the profits of foreign owners is not known here either. To set these so that the figures meet would be
no test, and it was not done.

## What remains

- Heights of barriers, shares of foreign firms and their elasticity of supply: one table read in a source would replace a band.
- Foreign firms are not told apart by origin, so that freedom of establishment inside the union (`ces-services`) counts
  trade across the border only.
- Suppliers across the border bring no new varieties; a barrier on them is all real cost.
- Mobile capital of foreign firms is hired at home, and their own stays as it was: no capital flows in, in the short run or in
  `steady-state`, although returns on it multiply.
- Sectors that make goods are at constant returns in these regimes unless `--market-structure krugman` says otherwise.
"""


def central() -> tuple[pd.DataFrame, dict[str, Any]]:
    """Indicators of every regime for its member, and solutions of those whose terms are shown."""
    from eacu.experiments.run import run

    solved = {one.name: one for one in run(*OWN)}
    columns = [INDICATOR, "ev_pct_gdp", "real_gdp_pct", "terms_of_trade_pct", "real_wage_pct"]
    table = pd.DataFrame({name: solved[name].indicators.loc[r, columns] for name, r in OWN.items()}).T
    return table.astype(float), {name: one.solution for name, one in solved.items()}


def build() -> tuple[str, dict[str, Any]]:
    """The page and its figures."""
    from eacu.experiments.base_year import load_base_year
    from eacu.experiments.service_bands import bands
    from eacu.model.services import productivity_of_users, service_prices

    table, solutions = central()
    band = bands(load_base_year(), [(name, OWN[name]) for name in BANDED], INDICATOR)
    terms = {name: solutions[name].welfare().by().loc[OWN[name]] for name in TERMS}
    firms, users = {}, {}
    for name in ("presence-russia", "presence-kazakhstan"):
        b, x = solutions[name].benchmark, solutions[name].state
        firms[name] = service_prices(b, x).xs(OWN[name], level="region")
        firms[name]["foreign_return"] = _return_on_specific(x, OWN[name], firms[name].index)
        users[name] = productivity_of_users(b, x).xs(OWN[name], level="region").nlargest(4)
    page = [HEAD, "## Results\n", RESULTS, _markdown(table.round(2), ["regime", *WORDS]), _note()]
    page += ["\n## Firms\n", FIRMS, *(_firms(name, frame, users[name]) for name, frame in firms.items())]
    page += ["## Where the gain comes from\n", WHERE, _markdown(pd.DataFrame(terms).T.round(0), None)]
    page += [
        "\n## What hangs on the assumptions\n",
        BANDS,
        _markdown(_flat(band.round(2)), None),
        "",
        READING,
        TAIL,
    ]
    values = {
        "central": table.round(6).to_dict(orient="index"),
        "bands": {" ".join(key).strip(): row.round(6).to_dict() for key, row in band.iterrows()},
    }
    return "\n".join(page), values


RESULTS = """Equivalent variation of the member whose services change, against the base year, default closure. `presence-*` lowers the
barriers on foreign firms alone; `wto-*-services` adds tariffs and market access.
"""
WORDS = ("EV % of consumption", "EV % of GDP", "real GDP %", "terms of trade %", "real wage %")
FIRMS = """Output of firms of each type relative to the base year, the share of foreign firms in what users pay, what more
varieties alone are worth at given prices of firms, and the return on the capital that only foreign firms have, as a
multiple of the base year's at given consumer prices.

The multiples are large because this is a **short run in which no foreign capital enters**: the stock of that capital is
what it was, and whoever owns it earns what the lower barrier leaves. Returns of that size would draw more of it
in. The closure `steady-state` does not count that either: it lets mobile capital adjust and leaves this stock fixed.
"""
WHERE = "Terms of the equivalent variation, million USD; they sum to it exactly ([welfare](welfare.md)).\n"
BANDS = """Equivalent variation, % of consumption, with one assumption at a time at the end of its band.
"""


def _note() -> str:
    return "\nBelarus's regimes are counted on the base year's tariff, which accession leaves alone.\n"


def _flat(band: pd.DataFrame) -> pd.DataFrame:
    """The two levels of the index in one."""
    return band.set_axis([f"{words}: {end}" if end else words for words, end in band.index])


def _firms(name: str, frame: pd.DataFrame, users: pd.Series) -> str:
    shown = frame[
        [
            "home_firms",
            "foreign_firms",
            "foreign_share_pct",
            "gain_from_variety_pct",
            "price",
            "foreign_return",
        ]
    ].round(2)
    most = ", ".join(f"`{sector}` {value:.2f} %" for sector, value in users.items())
    return f"`{name}`:\n\n{_markdown(shown, None)}\n\nUsers that gain most productivity through variety: {most}.\n"


def _return_on_specific(x: State, region: str, services: pd.Index) -> list[float]:
    """Return on foreign firms' specific capital over consumer prices, as a multiple of the base year's."""
    price = float(x["consumer_price"][region])
    return [float(x["rental"]["specific_capital", f"{g}-foreign", region]) / price for g in services]


def _markdown(table: pd.DataFrame, heading: list[str] | None) -> str:
    heading = heading or ["", *map(str, table.columns)]
    lines = [f"| {' | '.join(heading)} |", "|" + "---|" * len(heading)]
    return "\n".join(
        [*lines, *(f"| {name} | {' | '.join(map(str, row))} |" for name, *row in table.itertuples())]
    )


if __name__ == "__main__":
    text, numbers = build()
    PAGE.write_text(text, encoding="utf-8")
    VALUES.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")
