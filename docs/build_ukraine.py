"""Write docs/ukraine.md: Ukraine in the customs union, or in free trade with the European Union, and what it hangs on.

Run it as ``python docs/build_ukraine.py`` (about two minutes). The text is here, the figures are computed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from eacu.calibration.benchmark import Benchmark
from eacu.calibration.build import build_sam
from eacu.calibration.elasticities import model_elasticities
from eacu.data import base_year_folder, reader
from eacu.experiments.base_year import BaseYear, load_base_year
from eacu.experiments.run import Run, run

PAGE = Path(__file__).with_name("ukraine.md")
NAME = "ukraine"
UNION = "union-2010-07"
REGIMES = ["union-plus-ukraine", "ukraine-dcfta", "ukraine-dcfta-mfn"]
REGIONS = ["UKR", "RUS", "BLR", "KAZ", "EU"]
FACTORS = (0.5, 1.0, 2.0, 3.0)
CLOSURES = ("default", "steady-state", "wage-curve", "rigid-wage")
COLUMNS = {
    "ev_usd_mn": "EV, USD mn",
    "ev_pct_consumption": "EV, % of consumption",
    "real_gdp_pct": "real GDP, %",
    "real_wage_pct": "real wage, %",
    "terms_of_trade_pct": "terms of trade, %",
    "tariff_revenue_usd_mn": "duty collected, USD mn",
    "pool_transfer_usd_mn": "pool transfer, USD mn",
}

TEXT = """# Ukraine: the customs union or free trade with the European Union

Written by `python docs/build_ukraine.py`; the figures are computed, not typed. Static model, tariffs and pooling only, 2007,
default closure, eight regions (`--base-year ukraine`). Ukraine's table is synthetic ([how it was made](calibration.md#ukraine),
[its audit](sam_ukraine.md)).

    eacu run union-2010-07 union-plus-ukraine ukraine-dcfta ukraine-dcfta-mfn

Each regime is counted on top of `union-2010-07`, the union of the three, and shown as the change it adds to that regime.
Ukraine's tariff averages {tariff:.1f} % of imports from outside the CIS, the common external tariff on the same imports
{cet:.1f} %; trade with Russia, Belarus and Kazakhstan is free of duty in 2007 and stays so but for the last regime.

{table}

- **Joining the union raises Ukraine's tariff.** Real GDP and the real wage fall, consumer prices rise, imports turn to the
  members. Welfare rises all the same, by two things that a model of given world prices does not have or count: better
  terms of trade, and a key that is fixed while Ukraine's own imports shrink, so that it draws more than it pays in.
- **Free trade with the European Union** does little by tariffs alone: Ukraine's exports to it paid {eu_duty:.1f} % (metals, the
  largest of them, {eu_metals:.1f} %), while Ukraine gives up {revenue:.0f} % of its duty and some of its terms of trade. Real
  GDP and the real wage rise.
- **If the union answers by its ordinary tariff**, that is the largest effect on the page: at the tariffs of 2007 the free
  trade with the CIS is worth more to Ukraine than free trade with the European Union. Russia gains from its answer, by its
  terms of trade and the duty.
- Otherwise Ukraine's choice moves the three members by less than 0.1 % of their consumption.

## Trade elasticities

Ukraine, USD mn, added to the union of the three, when all Armington elasticities are multiplied. EV is the equivalent
variation; the part of it that is not the pool is what the tariff itself does.

{elasticities}

## Closures

Equivalent variation of Ukraine, USD mn, added to the union of the three, by who adjusts ([closures](closures.md)):

{closures}

**The sign of joining hangs on the labour market.** Where labour is fully employed Ukraine gains from its better terms of
trade; where the real wage does not fall, the higher tariff costs jobs and more than the whole of that gain.

## Priors of Ukraine's table

Equivalent variation of Ukraine, USD mn, added to the union of the three. The input-output coefficients that had to be
borrowed hardly matter for it; the composition of trade, which is assumed in good part, was not varied.

{priors}

## Against what others found

| study | what | Ukraine | this model, default | with a rigid real wage |
|---|---|---:|---:|---:|
| Movchan, Giucci (2011), German Advisory Group / IER Kyiv, PP/05/2011; abstract at ier.com.ua | joins the customs union; welfare, medium run | -0.5 % | {union:+.2f} % | {union_rigid:+.2f} % |
| the same | joins the customs union; welfare, long run | -3.7 % | not modelled | |
| the same | simple free trade with the EU; welfare, medium run | +1.3 % | {dcfta:+.2f} % | {dcfta_rigid:+.2f} % |
| Frey, Olekseyuk (FIW working paper), abstract | free trade with the EU, tariffs, one-country model | small, may be negative once lost duty is made up by taxes | {dcfta:+.2f} % | {dcfta_rigid:+.2f} % |
| EDB Centre for Integration Studies (2012), press | joins union and economic space, 2030; GDP | +6 % | not comparable: technology and co-operation, macro-econometric | |

**Movchan and Giucci are reproduced in sign and size if the real wage is rigid, and in neither sign if labour is fully
employed.** How their model closes cannot be read in the abstract, so this may be chance. The cause they name for the loss in
the union, a higher tariff that diverts trade, is here under every closure and costs real GDP; but here goods of different
countries are imperfect substitutes, Ukraine's tariff improves its terms of trade by {tot:+.2f} %, and the pool adds to it.
Three times the trade elasticities leave less than half of the gain that is not the pool's. That tariffs alone bring little
in free trade with the European Union, and may cost, is what Frey and Olekseyuk find.

## What is not counted

The price of gas; Russian oil and products free of export duty (at the rates of 2007 about USD {oil_duty:,.0f} mn of duty on
sales to Ukraine, a transfer that membership would have brought at Russia's cost); borders, standards and services; the
quotas on farm goods in the agreement with the European Union; and the compensation that Ukraine would owe in the WTO for
raising bound rates.
"""


def main() -> None:
    """Compute every table and write the page."""
    base = load_base_year(NAME)
    solved = run(UNION, *REGIMES, base=base)
    ukraine = {name: _added(solved, name).loc["UKR"] for name in REGIMES}
    duty = solved["ukraine-dcfta"].indicators.loc["UKR"]
    average = _average_tariffs(base)
    closures, spent = _closures(base), _consumption(base)
    page = TEXT.format(
        table=_markdown(_table(solved)),
        elasticities=_markdown(_elasticities(base)),
        priors=_markdown(_priors(base)),
        closures=_markdown(closures),
        union_rigid=100 * closures.loc["rigid-wage", "union-plus-ukraine"] / spent,
        dcfta_rigid=100 * closures.loc["rigid-wage", "ukraine-dcfta"] / spent,
        tariff=average["pre-union"],
        cet=average["cet"],
        eu_duty=100 * _european_tariff(base),
        eu_metals=100 * _european_tariff(base, "fem"),
        revenue=100 * (1 - duty["tariff_revenue_usd_mn"] / duty["tariff_revenue_base_usd_mn"]),
        union=ukraine["union-plus-ukraine"]["ev_pct_consumption"],
        dcfta=ukraine["ukraine-dcfta"]["ev_pct_consumption"],
        tot=ukraine["union-plus-ukraine"]["terms_of_trade_pct"],
        oil_duty=_russian_oil_duty(base),
    )
    PAGE.write_text(page, encoding="utf-8")


def _added(solved: Run, regime: str) -> pd.DataFrame:
    """What a regime adds to the union of the three: indicators less those of the union, by region."""
    columns = list(COLUMNS)
    return solved[regime].indicators[columns] - solved[UNION].indicators[columns]


def _table(solved: Run) -> pd.DataFrame:
    rows = {f"{name} {r}": _added(solved, name).loc[r] for name in REGIMES for r in REGIONS}
    return pd.DataFrame(rows).T.rename(columns=COLUMNS)


def _average_tariffs(base: BaseYear) -> pd.Series:
    """Ukraine's average tariff on goods from the EU, China and the rest of the world by schedule, per cent."""
    cif = base.benchmark.cif.xs("UKR", level="importer")
    cif = cif[cif.index.get_level_values("source").isin(["EU", "CHN", "ROW"])]
    goods = reader(None)("mappings/sectors").query("is_good")["sector"].unique()
    cif = cif[cif.index.get_level_values("sector").isin(goods)]
    rates = {s: base.schedules.column(s, "UKR", cif.index) for s in ("pre-union", "cet")}
    return pd.Series({s: 100 * (cif * rate).sum() / cif.sum() for s, rate in rates.items()})


def _european_tariff(base: BaseYear, *sectors: str) -> float:
    """The European Union's average tariff on goods from Ukraine, of some sectors or of all, ratio."""
    goods = list(sectors) or reader(None)("mappings/sectors").query("is_good")["sector"].unique().tolist()
    cif, rate = (
        s.xs(("UKR", "EU"), level=("source", "importer")).reindex(goods)
        for s in (base.benchmark.cif, base.benchmark.import_tariff)
    )
    return float((cif * rate).sum() / cif.sum())


def _russian_oil_duty(base: BaseYear) -> float:
    """Russian export duty on crude and products for Ukraine in the base year, USD mn."""
    benchmark = base.benchmark
    flows = [(g, "RUS", "UKR") for g in ("oil", "ppr")]
    rate = benchmark.export_tax[flows]
    return float((benchmark.fob[flows] * rate / (1 + rate)).sum())


def _elasticities(base: BaseYear) -> pd.DataFrame:
    rows, b = {}, base.benchmark
    for factor in FACTORS:
        scaled = replace(
            b, sigma_armington=factor * b.sigma_armington, sigma_sources=factor * b.sigma_sources
        )
        solved = run(UNION, *REGIMES, base=replace(base, benchmark=scaled))
        added = {name: _added(solved, name).loc["UKR"] for name in REGIMES}
        row = {f"{name}, EV": added[name]["ev_usd_mn"] for name in REGIMES}
        joined = added["union-plus-ukraine"]
        row["union-plus-ukraine, pool"] = joined["pool_transfer_usd_mn"]
        row["union-plus-ukraine, EV less pool"] = joined["ev_usd_mn"] - joined["pool_transfer_usd_mn"]
        rows[f"x {factor:g}"] = row
    return pd.DataFrame(rows).T


def _closures(base: BaseYear) -> pd.DataFrame:
    rows = {}
    for closure in CLOSURES:
        solved = run(UNION, *REGIMES, base=base, closure=closure)
        rows[closure] = {name: _added(solved, name).loc["UKR", "ev_usd_mn"] for name in REGIMES}
    return pd.DataFrame(rows).T


def _consumption(base: BaseYear) -> float:
    """What Ukraine's household spends in the base year, USD mn; what EV in per cent refers to."""
    solved = run("pre-union", UNION, base=base)[UNION].indicators.loc["UKR"]
    return float(100 * solved["ev_usd_mn"] / solved["ev_pct_consumption"])


def _priors(base: BaseYear) -> pd.DataFrame:
    tables, b = reader(base_year_folder(NAME)), base.benchmark
    rows = {}
    for prior in ("neighbours", "russia", "west"):
        sam = build_sam(tables, {"ukraine": prior}).sam
        own = Benchmark.from_sam(
            sam, model_elasticities(tables), regions=b.regions, sectors=b.sectors, factors=b.factors
        )
        solved = run(UNION, *REGIMES, base=replace(base, benchmark=own))
        rows[prior] = {name: _added(solved, name).loc["UKR", "ev_usd_mn"] for name in REGIMES}
    return pd.DataFrame(rows).T


def _markdown(frame: pd.DataFrame) -> str:
    def cell(value: float) -> str:
        return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2f}"

    lines = ["| | " + " | ".join(map(str, frame.columns)) + " |", "|---|" + "---:|" * frame.shape[1]]
    lines += [f"| {name} | " + " | ".join(cell(v) for v in row) + " |" for name, row in frame.iterrows()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
