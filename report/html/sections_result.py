"""The answer, the headline table, the terms of welfare and the contributions of instruments."""

from __future__ import annotations

import pandas as pd

from . import figures, headline, welfare_parts
from .names import concerned_titles, region_titles, sector_titles, start_words, term_words
from .numbers import span
from .rows import labelled, records
from .study import Study
from .view import Cell, Section, Table, moved, words

NO_BAND = "No band and no range: the report was made with --no-band."
BAND = (
    "Below a figure its 90 % band: mean and 1.645 standard deviations, by quadrature over {points} points, all "
    "elasticities and policy sizes at once (eacu run --band; their distributions are assumptions)."
)
NO_BAND_OF = "{rows} have no band: the sweep does not follow them. Their range stands in “How robust is it”."
LOST = "{lost} of the points have no solution and are left out, so that the band is too narrow."
POOL_TWICE = (
    "The pool of duties has another figure here than among the terms of welfare: there it is the money that the pool "
    "pays out less what is paid in; here it is all that sharing sets in motion, so also the prices and trade that this "
    "money moves."
)
NOTHING_MOVED = (
    "No instrument of policy differs between the regime and its base of comparison: nothing to split."
)


def answer_section(study: Study) -> Section:
    """The regime's question, and the answer in three sentences."""
    quote = headline.answer(study)
    return Section("answer", "Question and answer", [study.solved.regime.question], quote=quote)


def headline_section(study: Study) -> Section:
    """What happens to each region, with the band."""
    frame, titles = headline.headline(study), concerned_titles(study)
    rows = []
    for row in headline.ROWS:
        own = frame[frame["key"] == row.key].set_index("region").reindex(list(titles))
        cells = [
            moved(float(r.value), span(r.low, r.high) if pd.notna(r.low) else "", str(r.reason))
            for r in records(own)
        ]
        rows.append([words(row.heading, row.unit), *cells])
    notes = _band_notes(study, frame)
    if study.against:
        notes.append(
            f"Changes from {study.against.name} to {study.solved.name}; per cent are points of base-year amounts."
        )
    table = Table(f"Changes by region, against {start_words(study)}", ["", *titles.values()], rows, notes)
    share = frame[frame["key"] == "ev_pct_consumption"]
    plot = figures.intervals("headline", share, titles, "% of household consumption")
    return Section("headline", "What happens to each member", figures=[plot], tables=[table])


def _band_notes(study: Study, frame: pd.DataFrame) -> list[str]:
    """What the band is, what it leaves out, and which figures have none."""
    if study.band is None:
        return [NO_BAND]
    if study.band.problem:
        return [f"No band: {study.band.problem}."]
    notes = [f"{BAND.format(points=study.band.points)} {headline.held_fixed_words(study)}"]
    without = frame[frame["low"].isna() & frame["value"].notna()]["heading"]
    if len(without):
        notes.append(NO_BAND_OF.format(rows=", ".join(dict.fromkeys(without))))
    return [*notes, *([LOST.format(lost=study.band.lost)] if study.band.lost else [])]


def welfare_section(study: Study) -> Section:
    """Who gains, and through what: terms that sum to the equivalent variation."""
    terms, titles = welfare_parts.welfare_terms(study), concerned_titles(study)
    table = terms.pivot(index="term", columns="region", values="value")
    table = table.reindex(index=terms["term"].unique(), columns=list(titles))
    rows = [[words(term), *map(moved, values)] for term, values in labelled(table)]
    rows.append(_sum_row(study))
    caption = f"Terms of the equivalent variation, USD mn at {study.year} prices"
    details = Table(
        "Largest single contributions, USD mn",
        ["Region", "Term", "Good and partner", "USD mn"],
        _details(study),
        folded=True,
    )
    text = [
        "Through which channel households gained or lost: the equivalent variation as a sum of terms that adds up "
        "exactly."
    ]
    plots = [figures.stacked_terms("welfare", terms, titles)] if len(terms) else []
    tables = [Table(caption, ["", *titles.values()], rows), details]
    return Section("welfare", "Who gains, and through what", text, plots, tables)


def instruments_section(study: Study) -> Section:
    """Which instrument did it: contributions that sum to the equivalent variation."""
    parts, titles = welfare_parts.instrument_contributions(study), concerned_titles(study)
    title = "Which instrument did it"
    if parts.empty:
        return Section("instruments", title, [NOTHING_MOVED])
    plots = [
        figures.waterfall(
            f"instruments-{region}", name, parts[parts["member"] == region], float(study.ev[region])
        )
        for region, name in titles.items()
    ]
    table = parts.pivot(index="group", columns="member", values="value").reindex(parts["group"].unique())
    rows = [[words(group), *map(moved, values)] for group, values in labelled(table[list(titles)])]
    rows.append(_sum_row(study))
    text = [
        "Which policy did it: each instrument's exact contribution along the path on which all of them move together, "
        "so that contributions add up and depend on no order. The pool of duties moves last."
    ]
    if parts["group"].str.startswith("pool of duties").any():
        text.append(POOL_TWICE)
    caption = "Contributions to the equivalent variation, USD mn"
    return Section(
        "instruments", title, text, plots, [Table(caption, ["Instrument", *titles.values()], rows)]
    )


def _sum_row(study: Study) -> list[Cell]:
    return [words("Equivalent variation", tone="total"), *(moved(float(v)) for v in study.ev)]


def _details(study: Study) -> list[list[Cell]]:
    titles, sectors = region_titles(study), sector_titles(study)
    return [
        [
            words(titles[r.region]),
            words(term_words(r.term, r.detail), r.detail if r.detail != term_words(r.term, r.detail) else ""),
            words(sectors.get(r.sector, r.sector) or "all goods", titles.get(r.partner, r.partner)),
            moved(r.value),
        ]
        for r in records(welfare_parts.welfare_details(study))
    ]
