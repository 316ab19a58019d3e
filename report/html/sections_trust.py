"""How robust the answer is, what the back of an envelope says, and the checks."""

from __future__ import annotations

import pandas as pd

from . import envelope, evidence, figures, headline, robustness
from .names import concerned_titles
from .numbers import MINUS, span
from .rows import labelled, records
from .sections_result import NO_BAND
from .study import Study
from .view import Cell, Figure, Section, Table, moved, words

BY_HAND = (
    "What base-year tables and elasticities give by hand, with producer prices held fixed, beside the same item in the "
    "model. The triangle is half the sum of old and new tariff times the change of imports; the pool is the key "
    "times all duties less the own; terms of trade are the model's price index times base-year trade, a check of "
    "accounts. Where the two differ, prices and incomes that the envelope holds fixed have moved."
)
RANGE = (
    "The least and the greatest value with trade, supply and factor-substitution elasticities 50 % lower and higher, "
    "one group at a time, each time calibrated anew. A range is no band: it has no probability, and what moves at once "
    "with other things is not in it."
)


def robustness_section(study: Study) -> Section:
    """Other elasticities, other closures, and a little more of an instrument."""
    frame, titles = robustness.tornado(study), concerned_titles(study)
    plots: list[Figure] = []
    for region, name in titles.items():
        own = frame[frame["region"] == region]
        if len(own):
            central = float(study.changes["ev_pct_consumption"][region])
            plots.append(figures.tornado(f"tornado-{region}", name, own, central))
    text = (
        "What moves the answer most: elasticities 50 % lower and higher, one group at a time, and other closures."
        if study.readings
        else NO_BAND
    )
    tables = [_readings(study, frame), _ranges(study)] if study.readings else []
    return Section("robustness", "How robust is it", [text], plots, [*tables, _derivatives(study)])


def _readings(study: Study, frame: pd.DataFrame) -> Table:
    titles = concerned_titles(study)
    wide = frame.pivot(index="reading", columns="region", values="value").reindex(frame["reading"].unique())
    central = study.changes["ev_pct_consumption"]
    rows = [[words("central case", tone="total"), *(moved(float(central[r])) for r in titles)]]
    if len(wide):
        rows += [[words(reading), *map(moved, values)] for reading, values in labelled(wide[list(titles)])]
    nothing = [moved(float("nan"), reason="no solution") for _ in titles]
    rows += [
        [words(name, f"no sound solution: {why}", "fail"), *nothing]
        for name, why in study.without_solution.items()
    ]
    caption = "Welfare in every reading, % of base-year household consumption"
    return Table(caption, ["Reading", *titles.values()], rows)


def _ranges(study: Study) -> Table:
    """The least and the greatest value of each headline figure over the readings that vary elasticities."""
    titles, frame = concerned_titles(study), headline.headline(study)
    rows = []
    for row in headline.ROWS:
        own = frame[frame["key"] == row.key].set_index("region").reindex(list(titles))
        cells = [
            Cell(span(r.least, r.greatest), "" if pd.notna(r.least) else str(r.reason), number=True)
            for r in records(own)
        ]
        rows.append([words(row.heading, row.unit), *cells])
    return Table(
        "Range of the figures of the first table", ["", *titles.values()], rows, [RANGE], folded=True
    )


def _derivatives(study: Study) -> Table:
    titles, local = concerned_titles(study), robustness.local_effects(study)
    order = pd.MultiIndex.from_frame(local[["what", "size"]].drop_duplicates())
    wide = local.pivot(index=["what", "size"], columns="region", values="value").reindex(order)
    rows = [[words(what, size), *map(moved, values)] for (what, size), values in labelled(wide[list(titles)])]
    caption = (
        "A little more of an instrument: exact derivatives at the regime, USD mn of equivalent variation"
    )
    note = "External tariffs of all regions shown at once, on all sources outside the union; the largest effects only."
    return Table(caption, ["Instrument", *titles.values()], rows, [note])


def envelope_section(study: Study) -> Section:
    """The tariff triangle, the transfer of revenue and the terms of trade beside the model's result."""
    frame, titles = envelope.envelope(study), concerned_titles(study)
    wide = frame.pivot(index="item", columns="region", values=["by_hand", "model"])
    wide = wide.reindex(list(envelope.ITEMS))[
        [(kind, region) for region in titles for kind in ("by_hand", "model")]
    ]
    rows = [
        [words(envelope.ITEMS[item]), *(moved(value, reason="not by hand") for value in values)]
        for item, values in labelled(wide)
    ]
    sums = wide.sum().to_numpy(float).tolist()
    rows.append([words("Sum", "the model's is the equivalent variation", "total"), *map(moved, sums)])
    heading = ["", *(f"{title}, {kind}" for title in titles.values() for kind in ("by hand", "model"))]
    table = Table(f"Back of the envelope, USD mn at {study.year} prices", heading, rows)
    return Section("envelope", "Back of the envelope", [BY_HAND], tables=[table])


def checks_section(study: Study) -> Section:
    """Every check with its figure, its tolerance and its verdict."""
    frame = evidence.checks(study)
    rows = [
        [
            words(r.name, r.of),
            Cell(_tiny(r.value), number=True),
            Cell(_tiny(r.tolerance), number=True),
            words("passed" if r.passed else "FAILED", tone="ok" if r.passed else "fail"),
        ]
        for r in records(frame)
    ]
    failed = int((~frame["passed"]).sum())
    text = (
        f"{failed} of {len(frame)} checks FAILED: do not rely on this page."
        if failed
        else f"All {len(frame)} checks passed."
    )
    table = Table("Checks of the solutions and of this page", ["Check", "Figure", "At most", "Verdict"], rows)
    return Section("checks", "Checks", [text], tables=[table])


def _tiny(value: float) -> str:
    return f"{value:.1e}".replace("-", MINUS, 1) if value < 0 else f"{value:.1e}" if value else "0"
