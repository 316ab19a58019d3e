"""The closing sections: assumptions, quality of the data, sources, and the record of how the page was made."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd

from ...calibration.market_structure import ARMINGTON
from ..provenance import code_version, code_words
from . import figures, quality
from .names import concerned_titles
from .rows import labelled, records
from .study import Study
from .view import Section, Table, amount, moved, words

GENERAL = (
    "A static model: it compares two equilibria of the base year's economy and says nothing about the years between.",
    "Goods of different origin are imperfect substitutes (Armington).",
    "Welfare is the equivalent variation of one household for each region: inequality within a region is not seen.",
    "Regions the model does not show on their own are in the rest of the world.",
)

NO_FLAGS = "The data tables do not flag the figures of this economy, so that no share can be given (n/a)."

MARKETS = {
    True: "Firms are competitive and price at cost.",
    False: "Market structure {}: its sectors' firms sell varieties of their own at a mark-up.",
}
"""Whether all sectors are competitive, in words."""


def assumptions(study: Study) -> Section:
    """What the result assumes: the regime in words, the closure market by market, the elasticities that matter."""
    regime, closure = study.solved.regime, study.solved.closure
    titles = concerned_titles(study)
    rows = [[words(choice.market, choice.name), words(choice.description)] for choice in closure.choices]
    tables = (
        [Table(f"Closure {closure.name}: who adjusts", ["Market", "In words"], rows, folded=True)]
        if rows
        else []
    )
    means = trade_weighted_elasticities(study)
    rows = [[words(name), *map(amount, values)] for name, values in labelled(means[list(titles)])]
    tables.append(
        Table(
            "Elasticities of substitution, means weighted by base-year imports", ["", *titles.values()], rows
        )
    )
    structure = MARKETS[study.base.market_structure == ARMINGTON].format(study.base.market_structure)
    odd = [f"W{line[1:]}" for line in study.result.log if line.startswith("warning: ")]
    text = [regime.description, *odd, structure, *GENERAL]
    if study.against:
        text.insert(1, f"The base of comparison, {study.against.name}: {study.against.regime.description}")
    return Section("assumptions", "Assumptions", text, tables=tables)


def trade_weighted_elasticities(study: Study) -> pd.DataFrame:
    """Elasticities in words by region: home against imports, and between sources; infinite ones are left out."""
    b = study.base.benchmark
    imports = b.cif.groupby(["sector", "importer"]).sum().rename_axis(["sector", "region"])
    found = {}
    for name, values in {
        "home goods against imports": b.sigma_armington,
        "between sources of imports": b.sigma_sources,
    }.items():
        finite = values[np.isfinite(values)].reindex(imports.index).dropna()
        weights = imports[finite.index]
        found[name] = (finite * weights).groupby("region").sum() / weights.groupby("region").sum()
    return pd.DataFrame(found).T


def data_quality(study: Study) -> Section:
    """The share of the result that rests on figures not read in a source; the base year against published totals."""
    shares, titles = quality.quality_shares(study), concerned_titles(study)
    plots, tables = [], []
    if len(shares):
        names = [f"{r.layer}, {titles[r.region]}" for r in records(shares)]
        plots.append(figures.quality_bars("quality", shares, pd.Series(names, shares.index)))
        tables.append(_share_table(study, shares))
    rows = [
        [
            words(r.control, str(r.source)),
            words(titles[r.region]),
            amount(r.target),
            amount(r.value),
            moved(r.deviation_pct),
            words("held" if r.held else "not held", tone="ok" if r.held else "fail"),
        ]
        for r in records(quality.controls(study))
    ]
    heading = ["Control", "Region", "Published", "Base year", "Deviation, %", ""]
    tables.append(Table("The base year against published totals", heading, rows, folded=True))
    text = quality.DEFINITION if len(shares) else NO_FLAGS
    return Section("quality", "Quality of the data", [text], plots, tables)


def _share_table(study: Study, shares: pd.DataFrame) -> Table:
    """All that is not observed, and its parts, by layer and region."""
    titles = concerned_titles(study)
    rest = quality.not_observed(study).pivot(index="layer", columns="region", values="share_pct")
    wide = shares.pivot(index=["layer", "quality"], columns="region", values="share_pct")
    rest, wide = (frame.reindex(columns=list(titles)) for frame in (rest, wide))
    totals, parts = dict(labelled(rest)), dict(labelled(wide))
    why, rows = "rests on no such figure", []
    for layer in (layer for layer in quality.LAYERS if layer in totals):
        cells = [amount(v, why) for v in totals[layer]]
        rows.append([words(quality.LAYERS[layer], "not observed, in all", "total"), *cells])
        for flag in quality.NOT_OBSERVED:
            rows.append([words(flag), *(amount(v, why) for v in parts[layer, flag])])
    caption = "Share of the result that rests on figures not read in a source, %"
    return Table(caption, ["", *titles.values()], rows)


def sources(study: Study) -> Section:
    """The flagged tables behind the model, and the works they cite."""
    tables_ = quality.source_tables(study)
    rows = [
        [
            words(r.table),
            *(amount(float(n)) for n in (r.figures, r.observed, r.estimated, r.borrowed, r.assumed)),
        ]
        for r in records(tables_)
    ]
    heading = ["Table", "Figures", "observed", "estimated", "borrowed", "assumed"]
    cited = [[words(r.key), words(r.what)] for r in records(quality.citations())]
    return Section(
        "sources",
        "Sources",
        [
            "Every figure of the tables carries its source and its quality; data/SOURCES.md tells how each was derived."
        ],
        tables=[
            Table("Works cited in the tables", ["Key", "What"], cited, folded=True),
            Table("Tables of figures and their quality", heading, rows, folded=True),
        ],
    )


def record(study: Study) -> Section:
    """What defines the page: versions, files with their hashes, closure, command."""
    regime = study.solved.regime
    files = [*regime.files, *(study.against.regime.files if study.against else ())]
    rows = [
        [words("regime file", file.name), words(_sha(file.read_bytes()))] for file in dict.fromkeys(files)
    ]
    data_hash = _sha("".join(f"{_sha(file.read_bytes())}\n" for file in study.base.files).encode())
    solve = study.solved.solution.record
    facts = {
        "program": f"eacu {_version()}, code {code_words(code_version())}",
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "data files, SHA-256 over all": data_hash,
        "solution": str(solve) if solve else "",
        "model": next((line for line in study.result.log if line.startswith("model: ")), ""),
        "base year": next((line for line in study.result.log if "replicated" in line), ""),
    }
    rows = [*([words(name), words(text)] for name, text in facts.items() if text), *rows]
    made = (
        f"Made again by: {study.command}" if study.command else "Made from Python, by make_study and write."
    )
    return Section(
        "record",
        "Record",
        [made],
        tables=[Table("What defines this page", ["", ""], rows)],
    )


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version() -> str:
    try:
        return version("eacu")
    except PackageNotFoundError:
        return "(not installed)"
