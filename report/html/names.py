"""Words for the codes of regions, sectors, instruments and welfare terms."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from ... import data
from ...model.welfare import ORDER
from .study import Study

INSTRUMENT_WORDS = {
    "import_tariff": "import tariffs",
    "export_tax": "export duties",
    "over_quota_duty": "duty above the quota",
    "quota": "duty-free quota",
    "rent": "rents of barriers and mark-ups",
    "rent_to_exporter": "who holds the rents",
    "duty_remitted": "duties passed on",
    "iceberg": "border and barrier costs",
    "migration_barrier": "barriers to migration",
    "pool of duties": "pool of duties",
}
TERM_WORDS = {
    "allocative": "allocation of resources under taxes",
    "terms of trade": "terms of trade",
    "pool transfer": "pool of duties",
    "oil duty transfer": "export duties on oil",
    "rents": "rents",
    "migration": "migration",
    "foreign capital": "foreign capital",
    "endowment": "more or fewer resources",
    "variety": "more or fewer varieties",
    "population": "population",
    "government": "public consumption",
    "savings": "investment and foreign savings",
}
DETAIL_WORDS = {
    ("technology", "productivity"): "productivity",
    ("technology", "border costs"): "border costs",
}
"""Terms whose details are things apart, by term and detail."""


def region_titles(study: Study) -> dict[str, str]:
    """Titles of the economy's regions; a region that the tables do not name keeps its code."""
    names = table(study, "mappings/model_regions")
    titles = {
        code: title.partition(" (")[0] for code, title in zip(names["region"], names["title"], strict=True)
    }
    return {region: titles.get(region, region) for region in study.base.benchmark.regions}


def sector_titles(study: Study) -> dict[str, str]:
    """Short titles of the economy's sectors; a sector that the tables do not name keeps its code."""
    names = table(study, "mappings/sectors").drop_duplicates("sector")
    short = (
        names["title"]
        .str.partition(" (")[0]
        .str.replace(r", (other transport equipment|dwellings)$", "", regex=True)
    )
    titles = dict(zip(names["sector"], short, strict=True))
    return {sector: titles.get(sector, sector) for sector in study.base.benchmark.sectors}


def instrument_words(name: str) -> str:
    """An instrument in words; its code with blanks where there are none."""
    return INSTRUMENT_WORDS.get(name, name.replace("_", " "))


def term_words(term: str, detail: str) -> str:
    """A term of welfare, or a detail that is a thing apart, by the one name it has in sentences, plots and tables."""
    return DETAIL_WORDS.get((term, detail), TERM_WORDS.get(term, term))


def terms_in_words(welfare: pd.DataFrame) -> pd.Series:
    """The name of the term of each row (columns term, detail), as an ordered category in the order of tables."""
    names = [term_words(t, d) for t, d in zip(welfare["term"], welfare["detail"], strict=True)]
    return pd.Series(pd.Categorical(names, TERM_ORDER, ordered=True), welfare.index)


def _term_order() -> list[str]:
    details = {term: [words for (own, _), words in DETAIL_WORDS.items() if own == term] for term in ORDER}
    return [words for term in ORDER for words in details[term] or [TERM_WORDS.get(term, term)]]


TERM_ORDER = _term_order()
"""Names of all terms of welfare in the order of tables."""


def table(study: Study, name: str) -> pd.DataFrame:
    """A data table of the study's base year, read once."""
    return _read(study.solved.regime.base_year, name)


@lru_cache(maxsize=64)
def _read(own: str | None, name: str) -> pd.DataFrame:
    return data.reader(data.base_year_folder(own) if own else None)(name)


def concerned_titles(study: Study) -> dict[str, str]:
    """Titles of the regions that the report is about, in their order."""
    known = region_titles(study)
    return {region: known[region] for region in study.regions}


def start_words(study: Study) -> str:
    """The base of comparison: a regime's name, or the base year."""
    return study.against.name if study.against else str(study.year)
