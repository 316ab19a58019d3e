"""Sectors, trade created and diverted, customs revenue, and oil."""

from __future__ import annotations

import pandas as pd

from . import customs, figures, trade
from .flow_diagram import flow_diagram
from .names import concerned_titles, region_titles, sector_titles, start_words
from .numbers import change
from .rows import records
from .study import Study
from .view import Cell, Figure, Section, Table, amount, moved, words

EFFECT_WORDS = {
    "creation": "creation (new, inside)",
    "diversion": "diversion (inside instead of outside)",
    "suppression": "suppression (outside trade lost)",
    "return": "return (outside instead of inside)",
    "outside_creation": "creation outside",
    "inside_suppression": "suppression inside",
}
CUT_OFF = 0.9
"""Quantile of absolute values at which the colours of a heat map end."""
LEAST_DRAWN = 0.01
"""Trade that moves by less than this, USD mn, is not drawn."""
COLOURS = "Colours end at the ninth decile, so that one small sector does not hide the others."


def sectors_section(study: Study) -> Section:
    """Which sectors grow and shrink."""
    frame, titles, names = trade.sectors(study), concerned_titles(study), sector_titles(study)
    percent = frame.pivot(index="sector", columns="region", values="percent").reindex(list(names))
    percent = percent[list(titles)].dropna(how="all")
    dollars = frame.pivot(index="sector", columns="region", values="change").reindex_like(percent)
    plot = _coloured("sectors", "Heat map of the change of output, %.", percent, dollars, names, titles)
    rows = [
        [
            words(names[str(s)]),
            *(_both(percent.loc[s, r], dollars.loc[s, r], "not made there") for r in titles),
        ]
        for s in percent.index
    ]
    caption = f"Output, % of base-year volume; below it USD mn at {study.year} prices"
    table = Table(caption, ["", *titles.values()], rows, folded=True)
    return Section(
        "sectors", "Which sectors grow and shrink", [f"Change of output, %. {COLOURS}"], [plot], [table]
    )


def trade_section(study: Study) -> Section:
    """Trade created and diverted: effects by importer, the flow diagram, and changes by pair."""
    effects, own = trade.creation_and_diversion(study), concerned_titles(study)
    rows = [
        [words(text), *(amount(float(value), "imports nothing") for value in effects[key].reindex(list(own)))]
        for key, text in EFFECT_WORDS.items()
    ]
    caption = (
        f"Trade created and diverted, by importer, USD mn at {study.year} cif prices (volumes, none negative)"
    )
    note = "Counted good by good, then summed (Viner 1950). Volumes say where trade went, not who gained."
    viner = Table(caption, ["", *own.values()], rows, [note])
    moves, plots = trade.redirection(study), []
    if len(moves) and moves["value"].max() > LEAST_DRAWN:
        plots.append(flow_diagram("flows", moves, region_titles(study)))
    plot, table = _pairs(study)
    text = [
        "Left in the flow diagram are partners who sell less to an importer, right those who sell more; what all "
        "partners together gain or lose is a grey stream. The heat map shows the change of imports in %, importers in "
        "columns."
    ]
    return Section("trade", "Trade created and diverted", text, [*plots, plot], [viner, table])


def _pairs(study: Study) -> tuple[Figure, Table]:
    """Imports by partner (rows) and importer (columns), drawn and as a table."""
    pairs, titles, own = trade.by_pair(study), region_titles(study), concerned_titles(study)
    percent = pairs.pivot(index="partner", columns="importer", values="percent")
    percent = percent.reindex(index=[r for r in titles if r in percent.index], columns=list(own))
    dollars = pairs.pivot(index="partner", columns="importer", values="change").reindex_like(percent)
    plot = _coloured("pairs", "Heat map of the change of imports, %.", percent, dollars, titles, own)
    rows = [
        [
            words(titles[str(p)]),
            *(_both(percent.loc[p, r], dollars.loc[p, r], "itself" if p == r else "no trade") for r in own),
        ]
        for p in percent.index
    ]
    caption = (
        "Imports by partner (rows) and importer (columns): change in % of base-year volume; below it "
        f"USD mn at {study.year} cif prices"
    )
    return plot, Table(caption, ["", *own.values()], rows, folded=True)


def _coloured(
    key: str,
    label: str,
    percent: pd.DataFrame,
    dollars: pd.DataFrame,
    rows: dict[str, str],
    columns: dict[str, str],
) -> Figure:
    """A heat map of per cent that tells dollars too where one points at it."""
    hover = pd.DataFrame(
        [
            [
                ""
                if pd.isna(percent.loc[i, j])
                else f"{rows[i]}, {columns[j]}: {change(percent.loc[i, j])} %, "
                f"USD {change(dollars.loc[i, j])} mn"
                for j in percent.columns
            ]
            for i in percent.index
        ]
    )
    shown = percent.rename(index=rows, columns=columns)
    size = pd.Series(percent.abs().to_numpy().ravel()).dropna()
    reach = float(size.quantile(CUT_OFF)) or float(size.max()) or 1.0
    return figures.heatmap(key, shown, hover, label, reach)


def _both(percent: float, dollars: float, reason: str) -> Cell:
    """A change in per cent with the dollars below it."""
    return moved(float(percent), "" if pd.isna(dollars) else change(float(dollars)), reason)


def revenue_section(study: Study) -> Section:
    """Customs revenue before and after sharing."""
    frame, titles = customs.revenue(study), concerned_titles(study)
    rows = [
        [
            words(titles[r.region]),
            amount(r.before),
            amount(r.collected),
            moved(r.transfer),
            amount(r.received),
            moved(r.change),
        ]
        for r in records(frame)
    ]
    union = study.solved.regime.union
    keys = ", ".join(f"{concerned_titles(study)[r]} {100 * key:.4g} %" for r, key in union.keys.items())
    text = [
        f"Import duties are pooled and shared by the keys {keys}."
        if union.pooling
        else "No pool of duties: each country keeps what it collects."
    ]
    heading = [
        "",
        f"Received, {start_words(study)}",
        "Collected at own border",
        "Through the pool",
        "Received after sharing",
        "Change received",
    ]
    table = Table("Import duty, USD mn in units of the numeraire", heading, rows)
    plot = figures.revenue_bars("revenue", frame, titles)
    return Section("revenue", "Customs revenue before and after sharing", text, [plot], [table])


def oil_section(study: Study) -> Section:
    """Oil and gas, or why there is nothing to show."""
    title = "Oil and gas"
    if not customs.oil_rules_differ(study):
        return Section("oil", title, [customs.SAME_RULES])
    titles, physical, money = concerned_titles(study), customs.oil_trade(study), customs.oil_money(study)
    tables = []
    if len(physical):
        rows = [
            [words(r.item, r.unit), amount(r.before), amount(r.after), moved(r.after - r.before)]
            for r in records(physical)
        ]
        heading = ["", start_words(study), study.solved.name, "Change"]
        tables.append(Table("The oil trade between Russia and Belarus", heading, rows))
    rows = [
        [
            words(titles[r.region]),
            moved(r.export_duty_usd_mn),
            moved(r.oil_duty_transfer_usd_mn),
            moved(r.rents_usd_mn),
            moved(r.refining_pct, reason="no refining"),
        ]
        for r in records(money)
    ]
    heading = ["", "Export duty collected", "Duties passed on, net", "Rents", "Output of oil products, %"]
    note = "Export duty on all goods, gas included. Duties passed on: from other governments, less own passed on."
    tables.append(Table("Changes, USD mn in units of the numeraire", heading, rows, [note]))
    text = [
        "Duties in USD/t enter as rates at prices of their own year; tonnes and dollars are those of the base year."
    ]
    return Section("oil", title, text, tables=tables)
