"""The sections of the report, in the order of the page: frames of a study as paragraphs, figures and tables."""

from __future__ import annotations

import pandas as pd

from . import customs, envelope, evidence, figures, headline, quality, robustness, trade, welfare_parts
from .names import region_titles, sector_titles
from .numbers import level, span
from .study import Study
from .view import Cell, Section, Table, amount, moved, words

NO_BAND = "Without readings there is no band: the report was made with --no-band."


def all_sections(study: Study) -> list[Section]:
    """Every section; none is left out, one without content says why."""
    return [
        _answer(study),
        _headline(study),
        _welfare(study),
        _instruments(study),
        _sectors(study),
        _trade(study),
        _revenue(study),
        _oil(study),
        _robustness(study),
        _envelope(study),
        _checks(study),
        *_evidence(study),
    ]


def _titles(study: Study) -> dict[str, str]:
    known = region_titles(study)
    return {region: known[region] for region in study.regions}


def _answer(study: Study) -> Section:
    return Section(
        "answer", "Question and answer", [study.solved.regime.question], quote=headline.answer(study)
    )


def _headline(study: Study) -> Section:
    frame, titles = headline.headline(study), _titles(study)
    rows = []
    for row in headline.ROWS:
        own = frame[frame["key"] == row.key].set_index("region")
        cells = [
            moved(float(r.value), span(r.low, r.high) if pd.notna(r.low) else "", str(r.reason))
            for r in own.reindex(list(titles)).itertuples()
        ]
        rows.append([words(row.heading, row.unit), *cells])
    notes = [
        "Below each figure: least and greatest value with trade, supply and factor-substitution elasticities 50 % lower "
        "and higher, one group at a time, each reading calibrated anew."
        if study.readings
        else NO_BAND
    ]
    if study.against:
        notes.append(
            f"Changes from {study.against.name} to {study.solved.name}; per cent are points of base-year amounts."
        )
    table = Table(f"Changes by region, against {_start(study)}", ["", *titles.values()], rows, notes)
    share = frame[frame["key"] == "ev_pct_consumption"]
    plot = figures.intervals("headline", share, titles, "% of household consumption")
    return Section("headline", "What happens to each member", figures=[plot], tables=[table])


def _welfare(study: Study) -> Section:
    terms, titles = welfare_parts.welfare_terms(study), _titles(study)
    table = terms.pivot(index="term", columns="region", values="value").reindex(terms["term"].unique())
    rows = [[words(str(term)), *(moved(float(row[r])) for r in titles)] for term, row in table.iterrows()]
    rows.append([words("Equivalent variation", tone="total"), *(moved(float(study.ev[r])) for r in titles)])
    sector_words = sector_titles(study)
    everyone = region_titles(study)
    details = [
        [
            words(titles[r.region]),
            words(r.term, r.detail),
            words(sector_words.get(r.sector, r.sector) or "all", everyone.get(r.partner, r.partner)),
            moved(r.value),
        ]
        for r in welfare_parts.welfare_details(study).itertuples(index=False)
    ]
    text = [
        "Through which channel households gained or lost: the equivalent variation as a sum of terms that adds up exactly.",
    ]
    return Section(
        "welfare",
        "Who gains, and through what",
        text,
        [figures.stacked_terms("welfare", terms, titles)] if len(terms) else [],
        [
            Table(
                f"Terms of the equivalent variation, USD mn at {study.year} prices",
                ["", *titles.values()],
                rows,
            ),
            Table(
                "Largest single contributions, USD mn",
                ["Region", "Term", "Good and partner", "USD mn"],
                details,
                folded=True,
            ),
        ],
    )


def _instruments(study: Study) -> Section:
    parts, titles = welfare_parts.instrument_contributions(study), _titles(study)
    plots = [
        figures.waterfall(f"instruments-{region}", name, own, float(study.ev[region]))
        for region, name in titles.items()
        if len(own := parts[parts["member"] == region])
    ]
    table = parts.pivot(index="group", columns="member", values="value").reindex(parts["group"].unique())
    rows = [[words(str(group)), *(moved(float(row[r])) for r in titles)] for group, row in table.iterrows()]
    rows.append([words("Equivalent variation", tone="total"), *(moved(float(study.ev[r])) for r in titles)])
    text = [
        "Which policy did it: each instrument's exact contribution along the path on which all of them move together, "
        "so that contributions add up and depend on no order. The pool of duties moves last."
        if plots
        else "No instrument of policy differs between the regime and its base of comparison, so there is nothing to split."
    ]
    tables = [
        Table("Contributions to the equivalent variation, USD mn", ["Instrument", *titles.values()], rows)
    ]
    return Section("instruments", "Which instrument did it", text, plots, tables if plots else [])


def _sectors(study: Study) -> Section:
    frame, titles, names = trade.sectors(study), _titles(study), sector_titles(study)
    percent = frame.pivot(index="sector", columns="region", values="percent").reindex(list(names))[
        list(titles)
    ]
    dollars = frame.pivot(index="sector", columns="region", values="change").reindex(list(names))[
        list(titles)
    ]
    percent, dollars = percent.dropna(how="all"), dollars.dropna(how="all")
    shown = percent.set_axis([names[s] for s in percent.index]).set_axis(
        [titles[r] for r in percent.columns], axis=1
    )
    hover = percent.copy().astype(object)
    for sector in percent.index:
        for region in percent.columns:
            value = percent.loc[sector, region]
            hover.loc[sector, region] = (
                f"{names[sector]}, {titles[region]}: {_pct(value)}, {_usd(dollars.loc[sector, region])}"
            )
    reason = "not made there in the base year"
    rows = [
        [
            words(names[s]),
            *(moved(float(percent.loc[s, r]), _usd(dollars.loc[s, r], blank=True), reason) for r in titles),
        ]
        for s in percent.index
    ]
    plot = figures.heatmap(
        "sectors",
        shown,
        hover,
        "Heat map of the change of output by sector and region, %.",
        "%",
        _reach(percent),
    )
    caption = f"Output, % of base-year volume; below it USD mn at {study.year} prices"
    return Section(
        "sectors",
        "Which sectors grow and shrink",
        ["Colours are cut off at the ninth decile, so that one small sector does not hide the others."],
        [plot],
        [Table(caption, ["", *titles.values()], rows, folded=True)],
    )


def _reach(values: pd.DataFrame) -> float:
    """Where colours are cut off."""
    return float(values.abs().stack().quantile(0.9)) or float(values.abs().max().max()) or 1.0


def _pct(value: float) -> str:
    return f"{moved(value).text} %"


def _usd(value: float, blank: bool = False) -> str:
    return (
        "" if blank and pd.isna(value) else f"{moved(value).text} USD mn" if not blank else moved(value).text
    )


def _trade(study: Study) -> Section:
    effects, pairs, titles = trade.creation_and_diversion(study), trade.by_pair(study), region_titles(study)
    own = _titles(study)
    headings = {
        "creation": "creation (new, inside)",
        "diversion": "diversion (inside instead of outside)",
        "suppression": "suppression (outside trade lost)",
        "return": "return (outside instead of inside)",
        "outside_creation": "creation outside",
        "inside_suppression": "suppression inside",
    }
    rows = [
        [
            words(words_),
            *(
                amount(float(effects.loc[r, key]))
                if r in effects.index
                else moved(float("nan"), reason="imports nothing")
                for r in own
            ),
        ]
        for key, words_ in headings.items()
    ]
    viner = Table(
        f"Trade created and diverted, by importer, USD mn at {study.year} cif prices (volumes, none negative)",
        ["", *own.values()],
        rows,
        ["Counted good by good, then summed (Viner 1950). Volumes say where trade went, not who gained."],
    )
    moves = trade.redirection(study)
    plots = []
    if len(moves) and moves["value"].max() > 0.01:
        plots.append(figures.flow_diagram("flows", moves, titles))
    percent = pairs.pivot(index="importer", columns="partner", values="percent").reindex(index=list(own))
    percent = percent.reindex(columns=[r for r in titles if r in percent.columns])
    dollars = pairs.pivot(index="importer", columns="partner", values="change").reindex_like(percent)
    hover = percent.copy().astype(object)
    for importer in percent.index:
        for partner in percent.columns:
            value = percent.loc[importer, partner]
            hover.loc[importer, partner] = (
                ""
                if pd.isna(value)
                else f"{titles[importer]} from {titles[partner]}: {_pct(value)}, {_usd(dollars.loc[importer, partner])}"
            )
    shown = percent.T.set_axis([titles[r] for r in percent.columns]).set_axis(
        [titles[r] for r in percent.index], axis=1
    )
    plots.append(
        figures.heatmap(
            "pairs",
            shown,
            hover.T,
            "Heat map of the change of imports by partner and importer, %.",
            "%",
            _reach(percent),
        )
    )
    matrix = [
        [
            words(titles[partner]),
            *(
                moved(float(dollars.loc[r, partner]), f"{moved(float(percent.loc[r, partner])).text} %" if pd.notna(percent.loc[r, partner]) else "",
                      "itself" if r == partner else "no such trade")
                for r in own
            ),
        ]
        for partner in percent.columns
    ]  # fmt: skip
    table = Table(f"Imports by partner (rows) and importer (columns): change in USD mn at {study.year} cif prices; below it % of base-year volume",
                  ["", *own.values()], matrix, folded=True)  # fmt: skip
    text = [
        "In the flow diagram the partners on the left sell less to each importer and those on the right more; what all "
        "partners together gain or lose is a stream of its own. The heat map has importers in columns."
    ]
    return Section("trade", "Trade created and diverted", text, plots, [viner, table])


def _revenue(study: Study) -> Section:
    frame, titles = customs.revenue(study), _titles(study)
    rows = [
        [
            words(titles[r.region]),
            amount(r.before),
            amount(r.collected),
            moved(r.transfer),
            amount(r.received),
            moved(r.change),
        ]
        for r in frame.itertuples(index=False)
    ]
    keys = study.solved.regime.union
    text = [
        f"Import duties are pooled and shared by the keys {', '.join(f'{r} {100 * k:.4g} %' for r, k in keys.keys.items())}."
        if keys.pooling
        else "No pool of duties: each country keeps what it collects."
    ]
    table = Table(
        "Import duty, USD mn in units of the numeraire",
        [
            "",
            f"Received, {_start(study)}",
            "Collected at own border",
            "Through the pool",
            "Received after sharing",
            "Change received",
        ],
        rows,
    )
    return Section(
        "revenue",
        "Customs revenue before and after sharing",
        text,
        [figures.revenue_bars("revenue", frame, titles)],
        [table],
    )


def _oil(study: Study) -> Section:
    title = "Oil and gas"
    if not customs.oil_rules_differ(study):
        return Section("oil", title, [customs.SAME_RULES])
    titles, physical, money = _titles(study), customs.oil_trade(study), customs.oil_money(study)
    tables = []
    if len(physical):
        rows = [
            [words(r.item, r.unit), amount(r.before), amount(r.after), moved(r.after - r.before)]
            for r in physical.itertuples(index=False)
        ]
        tables.append(
            Table(
                "The oil trade between Russia and Belarus",
                ["", _start(study), study.solved.name, "Change"],
                rows,
            )
        )
    heads = ["", "Export duty collected", "Duties passed on, net", "Rents", "Output of oil products, %"]
    rows = [
        [
            words(titles[r.region]),
            moved(r.export_duty_usd_mn),
            moved(r.oil_duty_transfer_usd_mn),
            moved(r.rents_usd_mn),
            moved(r.refining_pct, reason="no refining"),
        ]
        for r in money.itertuples(index=False)
    ]
    notes = [
        "Export duty on all goods, gas included. Duties passed on: received from other governments less own passed on."
    ]
    tables.append(Table("Changes, USD mn in units of the numeraire", heads, rows, notes))
    text = [
        "Duties in USD/t enter as rates at prices of their own year; tonnes and dollars are those of the base year."
    ]
    return Section("oil", title, text, tables=tables)


def _robustness(study: Study) -> Section:
    titles, plots, tables = _titles(study), [], []
    frame = robustness.tornado(study)
    for region, name in titles.items():
        own = frame[frame["region"] == region]
        if len(own):
            central = float(study.changes.loc[region, "ev_pct_consumption"])
            plots.append(figures.tornado(f"tornado-{region}", name, own, central))
    if len(frame):
        wide = frame.pivot(index="reading", columns="region", values="value").reindex(
            frame["reading"].unique()
        )
        rows = [
            [
                words("central case", tone="total"),
                *(moved(float(study.changes.loc[r, "ev_pct_consumption"])) for r in titles),
            ]
        ]
        rows += [
            [words(str(reading)), *(moved(float(row[r])) for r in titles)] for reading, row in wide.iterrows()
        ]
        rows += [
            [words(name, "no sound solution: " + why, "fail"), *(moved(float("nan")) for _ in titles)]
            for name, why in study.without_solution.items()
        ]
        tables.append(
            Table(
                "Welfare in every reading, % of base-year household consumption",
                ["Reading", *titles.values()],
                rows,
            )
        )
    local = robustness.local_effects(study)
    wide = local.pivot(index=["what", "size"], columns="region", values="value").reindex(
        pd.MultiIndex.from_frame(local[["what", "size"]].drop_duplicates())
    )
    rows = [
        [words(what, size), *(moved(float(row[r])) for r in titles)] for (what, size), row in wide.iterrows()
    ]
    tables.append(
        Table(
            "A little more of an instrument: exact derivatives at the regime, USD mn of equivalent variation",
            ["Instrument", *titles.values()],
            rows,
            [
                "External tariffs of all regions shown at once, on all sources outside the union; the largest effects only."
            ],
        )
    )
    text = ["What moves the answer most: other elasticities (half and one and a half of the central ones) and other closures."
            if study.readings else NO_BAND]  # fmt: skip
    return Section("robustness", "How robust is it", text, plots, tables)


def _envelope(study: Study) -> Section:
    frame, titles = envelope.envelope(study), _titles(study)
    wide = frame.pivot(index="item", columns="region", values=["by_hand", "model"]).reindex(
        list(envelope.ITEMS)
    )
    places = [(kind, region) for region in titles for kind in ("by_hand", "model")]
    rows = [
        [
            words(envelope.ITEMS[str(item)]),
            *(moved(float(row[place]), reason="not by hand") for place in places),
        ]
        for item, row in wide.iterrows()
    ]
    sums = wide.sum()
    rows.append(
        [
            words("Sum", "the model's is the equivalent variation", "total"),
            *(moved(float(sums[p])) for p in places),
        ]
    )
    heading = ["", *(f"{name}, {kind}" for name in titles.values() for kind in ("by hand", "model"))]
    text = [
        "What base-year tables and elasticities give by hand, with producer prices held fixed, beside the same item in the "
        "model. The triangle is half the sum of old and new tariff times the change of imports; the pool is the key times "
        "all duties less the own; terms of trade are the model's price index times base-year trade, a check of accounts. "
        "Where the two differ, prices and incomes that the envelope holds fixed have moved."
    ]
    table = Table(f"Back of the envelope, USD mn at {study.year} prices", heading, rows)
    return Section("envelope", "Back of the envelope", text, tables=[table])


def _checks(study: Study) -> Section:
    frame = evidence.checks(study)
    rows = [
        [
            words(r.name, r.of),
            Cell(f"{r.value:.1e}" if r.value else "0", number=True),
            Cell(f"{r.tolerance:.0e}" if r.tolerance else "0", number=True),
            words("passed" if r.passed else "FAILED", tone="ok" if r.passed else "fail"),
        ]
        for r in frame.itertuples(index=False)
    ]
    failed = int((~frame["passed"]).sum())
    text = [
        f"All {len(frame)} checks passed."
        if not failed
        else f"{failed} of {len(frame)} checks FAILED: do not rely on this page."
    ]
    table = Table("Checks of the solutions and of this page", ["Check", "Figure", "At most", "Verdict"], rows)
    return Section("checks", "Checks", text, tables=[table])


def _evidence(study: Study) -> list[Section]:
    from .background import assumptions, data_quality, record, sources

    return [assumptions(study), data_quality(study), sources(study), record(study)]


def _start(study: Study) -> str:
    return study.against.name if study.against else str(study.year)
