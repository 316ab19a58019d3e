"""The command ``eacu claims``: what people say about the union, answered by the model."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import print_tables, progress
from .options import examples

EXAMPLES = examples("eacu claims", "eacu claims --central --json")


def claims(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of claims (default: all); docs/claims.md lists them.")
    ] = None,
    central: Annotated[
        bool, typer.Option("--central", help="The central case only: no variants, hence no band.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Answer political claims about the union, each with a verdict, a number and a band over variants."""
    from ..experiments.base_year import load_base_year
    from ..experiments.claims import ClaimError, answer_claims, load_claims
    from ..experiments.facts import check_facts
    from ..model.names import unknown_name
    from .claims_page import claims_json, claims_table, facts_table

    known, variants = load_claims()
    by_id = {claim.id: claim for claim in known}
    for name in ids or ():
        if name not in by_id:
            raise ClaimError(unknown_name("claim", name, by_id))
    chosen = [by_id[name] for name in dict.fromkeys(ids or by_id)]
    answers = answer_claims(chosen, () if central else variants, tell=progress)
    facts = [] if ids else check_facts(load_base_year().benchmark)
    if as_json:
        typer.echo(claims_json(answers, facts))
    else:
        print_tables([claims_table(answers), *([facts_table(facts)] if facts else [])])
