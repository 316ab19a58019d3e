"""The sections of the report in the order of the page. None is left out: one without content says why."""

from __future__ import annotations

from .background import assumptions, data_quality, record, sources
from .sections_result import answer_section, headline_section, instruments_section, welfare_section
from .sections_trade import oil_section, revenue_section, sectors_section, trade_section
from .sections_trust import checks_section, envelope_section, robustness_section
from .study import Study
from .view import Section

SECTIONS = (
    answer_section,
    headline_section,
    welfare_section,
    instruments_section,
    sectors_section,
    trade_section,
    revenue_section,
    oil_section,
    robustness_section,
    envelope_section,
    checks_section,
    assumptions,
    data_quality,
    sources,
    record,
)


def all_sections(study: Study) -> list[Section]:
    """Every section of the study."""
    return [section(study) for section in SECTIONS]
