"""The back-cast in words: tables for the console, the page ``docs/backcast.md``, plain values for JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..experiments.backcast import (
    GROUPS,
    GROWTH_ONLY,
    METHODS,
    MODEL,
    NO_CHANGE,
    PROPORTIONAL,
    Backcast,
)
from .layout import finite, markdown, number, plain_table, records, rows_by_label

if TYPE_CHECKING:
    from rich.table import Table

SCORE_HEAD = ["goods", "year", "pairs of", "forecast", "pairs", "error %", "rmse %", "correlation", "skill %"]
DUTY_HEAD = ["year", "member", "2007", "happened", "model", "model, growth only"]
HEAD = """# Back-casting: 2007 to 2012

Does the model, given the policy that came into force and the growth that was observed, predict what happened to trade
by partner and to import duties? Nothing is fitted to it. Observed: BACI (trade), Comtrade (fuels), World Bank (duties),
all in `data/sources`. The model is moved along the path `integration` with real GDP, labour and population as observed.

Observed trade is in dollars of its day and the model's in dollars of 2007; the rise of world prices, that of oil above
all, is not in the model. So every forecast is scaled to the observed sum: what is scored is which pairs grew more than
others. Two naive forecasts are the yardstick, *no change* and *proportional growth* (each flow grows with the real GDP
of both partners over that of the world). *Error* is the mean absolute error of the logarithm, weighted by trade in
2007; *rmse* is not weighted; *skill* is the part of proportional growth's error that is avoided (negative: worse). 2010
and 2011 are left out: the members did not report each other in full.
"""


def backcast_json(found: Backcast) -> str:
    """Scores, shares of the union, duties and flows as JSON; a number that does not exist is null."""
    document = {
        "scores": records(found.scores()),
        "union_shares": records(found.union_shares()),
        "duties": records(found.duties),
        "trade": records(found.trade),
    }
    return json.dumps(finite(document), indent=1, ensure_ascii=False, allow_nan=False)


def score_rows(found: Backcast) -> list[list[str]]:
    """One row a set of pairs and a forecast."""
    columns = ["error_pct", "rmse_pct", "correlation", "skill_pct"]
    return [
        [*map(str, key), f"{row['pairs']:.0f}", *(number(row[c]) for c in columns)]
        for key, row in rows_by_label(found.scores())
    ]


def share_rows(found: Backcast) -> list[list[str]]:
    """Share of trade between members in all their trade, per cent."""
    return [
        [*map(str, key), *(number(row[c]) for c in ("start", "actual", *METHODS[1:]))]
        for key, row in rows_by_label(found.union_shares())
    ]


def duty_rows(found: Backcast, shares: bool) -> list[list[str]]:
    """Duty received: per cent of imports from outside, or share of the members' sum."""
    kinds = ("start", "actual", MODEL, GROWTH_ONLY)
    names = [f"share_{kind}" if shares else f"{kind}_pct" for kind in kinds]
    return [
        [*map(str, key), *(number(row[name]) for name in names)] for key, row in rows_by_label(found.duties)
    ]


SHARE_HEAD = ["goods", "year", "2007", "happened", *METHODS[1:]]


def backcast_tables(found: Backcast) -> list[Table]:
    """Scores, shares, duties for the console."""
    return [
        _table("Trade by partner: forecasts against what happened", SCORE_HEAD, score_rows(found), 4),
        _table("Trade between members, % of all their trade", SHARE_HEAD, share_rows(found), 2),
        _table("Import duty received, % of imports from outside", DUTY_HEAD, duty_rows(found, False), 2),
        _table("Shares of the duty received, %", DUTY_HEAD, duty_rows(found, True), 2),
    ]


def _table(title: str, head: list[str], rows: list[list[str]], labels: int) -> Table:
    table = plain_table(title, head[:labels], head[labels:])
    for row in rows:
        table.add_row(*row)
    return table


def verdict(found: Backcast) -> str:
    """What the scores of the last year say, in words that follow from the numbers."""
    scores = found.scores()
    lines = []
    for goods, year in scores.droplevel(["group", "method"]).index.unique():
        if year != scores.index.get_level_values("year").max():
            continue
        for group in GROUPS:
            errors = scores.loc[(goods, year, group), "error_pct"]
            best = str(errors.idxmin())
            rank = int(errors.rank()[MODEL])
            policy = "lowers" if errors[MODEL] < errors[GROWTH_ONLY] else "raises"
            naive = min(errors[NO_CHANGE], errors[PROPORTIONAL])
            against = (
                "beats both naive forecasts"
                if errors[MODEL] < naive
                else "does not beat both naive forecasts"
            )
            lines.append(
                f"- {goods}, {group}, {year}: the model {against} (error {number(errors[MODEL])} % against "
                f"{number(naive)} %); best is *{best}*, the model is number {rank} of {len(errors)}. Counting policy "
                f"{policy} its error by {number(abs(errors[MODEL] - errors[GROWTH_ONLY]))} points."
            )
    return "\n".join(lines) + "\n"


def backcast_page(found: Backcast, command: str) -> str:
    """The page ``docs/backcast.md``."""
    return "\n".join(
        [
            HEAD,
            f"Written by `{command}`; the figures and the verdict are computed.\n",
            "## Verdict\n",
            verdict(found),
            "## Trade by partner\n",
            markdown(SCORE_HEAD, score_rows(found)),
            "*Without fuels* leaves out pairs whose fuels were not reported in both years, or are more than 80 % of "
            "trade in one: total and fuels come from different reports there.\n",
            "## Did the union trade more with itself?\n",
            "Trade between members in per cent of all their trade in goods with the regions of the model.\n",
            markdown(SHARE_HEAD, share_rows(found)),
            "## Duties\n",
            "Import duty received (after pooling, from September 2010) in per cent of imports of goods from outside "
            "the union, fob. Receipts of 2007 are those of the base year; Kazakhstan's of 2008 and 2009 are not "
            "published.\n",
            markdown(DUTY_HEAD, duty_rows(found, shares=False)),
            "Shares of the members' sum, per cent. The model shares by the legal keys, so its shares of 2012 are "
            "an input; why the receipts that the budgets report differ from the keys is not explained here.\n",
            markdown(DUTY_HEAD, duty_rows(found, shares=True)),
        ]
    )
