"""Write docs/claims.md and docs/claims.json: the claims about the union, answered by the model.

Run it as ``python docs/build_claims.py`` (a minute or two). ``eacu claims`` prints the same.
"""

from __future__ import annotations

from pathlib import Path

from eacu.experiments.base_year import load_base_year
from eacu.experiments.claims import answer_claims, load_claims
from eacu.experiments.facts import check_facts
from eacu.report.claims_page import claims_json, claims_page

PAGE = Path(__file__).with_name("claims.md")
VALUES = Path(__file__).with_name("claims.json")


def build(variants_used: int | None = None) -> tuple[str, str]:
    """The page and the JSON; with the first few variants only, if that is asked for."""
    claims, variants = load_claims()
    variants = variants[:variants_used]
    base = load_base_year()
    answers, facts = answer_claims(claims, variants, base), check_facts(base.benchmark)
    return claims_page(answers, facts, "python docs/build_claims.py"), claims_json(answers, facts)


if __name__ == "__main__":
    page, values = build()
    PAGE.write_text(page, encoding="utf-8")
    VALUES.write_text(values + "\n", encoding="utf-8")
