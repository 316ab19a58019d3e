"""The back-cast in words: tables for the console, the page ``docs/backcast.md``, plain values for JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..experiments.backcast_scores import (
    ERROR,
    GROWTH_ONLY,
    INSIDE,
    LEVEL,
    METHODS,
    MODEL,
    NAIVE,
    RMSE,
    SHARE,
)
from .layout import band, finite, markdown, number, plain_table, records, rows_by_label

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from ..experiments.backcast import Backcast

SCORE_HEAD = ["goods", "year", "pairs of", "forecast", "pairs", "error %", "rmse %", "correlation", "skill %"]
DUTY_HEAD = ["year", "member", "2007", "happened", "model", "model, growth only"]
HEAD = """# Back-casting: 2007 to 2012

Does the model, given the policy that came into force and the growth that was observed, predict what happened to trade
by partner and to import duties? Nothing is fitted to it. Observed: BACI (trade), Comtrade (fuels), World Bank (duties),
all in `data/sources`. The model is moved along the path `integration` with real GDP, labour and population as observed.

Two naive forecasts are the yardstick, *no change* and *proportional growth* (each flow grows with the real GDP of both
partners over that of the world). The model without the change of policy says what policy adds.

**One scale.** Observed trade is in dollars of its day and the model's in dollars of 2007; the rise of world prices,
that of oil above all, is not in the model. So each forecast is multiplied by one number, the same for every pair, which
gives all pairs together the observed sum. That number is the only thing taken from the outcome. Groups of pairs are not
scaled to their own sums: whether the union as a whole trades more with itself is part of what is forecast.

**Measures**, the smaller the better. *Error*: mean absolute error of the logarithm, weighted by trade in 2007. *Rmse*:
root mean square of the same, every pair counting alike. *Level*: error of the group's sum. *Share*: error of the share
of trade inside the union, in points. *Skill*: part of proportional growth's error that is avoided (negative: worse).

**Chance.** Thirty pairs of seven regions are few. Each difference of the model from the better of the naive forecasts
(better after the event, for that group and measure: the harder test) has a 90 % interval from 4,000 resamples of whole
clusters, all pairs of an exporter or all pairs of an importer; the interval spans both. Where it holds zero, the
verdict is *not distinguishable*. 2010 and 2011 are left out: the members did not report each other in full. Policy was
the same in 2008 and 2009 as in 2007, so there the model without a change of policy is the model.
"""


def backcast_json(found: Backcast) -> str:
    """Scores, shares of the union, duties and flows as JSON; a number that does not exist is null."""
    document = {
        "scores": records(found.scores()),
        "levels": records(found.levels()),
        "union_shares": records(found.union_shares()),
        "comparisons": _comparison_records(found.comparisons()),
        "duty_skill": records(found.duty_skill()),
        "duties": records(found.duties),
        "trade": records(found.trade),
    }
    return json.dumps(finite(document), indent=1, ensure_ascii=False, allow_nan=False)


def _comparison_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of numbers with their verdict in words."""
    numbers = records(table.drop(columns="verdict", errors="ignore"))
    return [row | {"verdict": word} for row, word in zip(numbers, table.get("verdict", ()), strict=True)]


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
    tables = [
        _table(
            "Model and naive forecasts, 90 % intervals",
            VERDICT_HEAD[:10],
            [row[:10] for row in verdict_rows(found)],
            4,
        ),
        _table("Trade of groups of pairs, after one scale", LEVEL_HEAD, level_rows(found), 4),
        _table("Trade by partner: forecasts against what happened", SCORE_HEAD, score_rows(found), 4),
        _table("Trade between members, % of all their trade", SHARE_HEAD, share_rows(found), 2),
        _table("Import duty received, % of imports from outside", DUTY_HEAD, duty_rows(found, False), 2),
        _table("Shares of the duty received, %", DUTY_HEAD, duty_rows(found, True), 2),
        _table("Duties: mean error in points against as in 2007", SKILL_HEAD, skill_rows(found), 2),
    ]
    return [table for table in tables if table.row_count]


def _table(title: str, head: list[str], rows: list[list[str]], labels: int) -> Table:
    table = plain_table(title, head[:labels], head[labels:])
    for row in rows:
        table.add_row(*row)
    return table


MEASURE_UNIT = {ERROR: "%", RMSE: "%", LEVEL: "%", SHARE: "points"}


def verdict_rows(found: Backcast) -> list[list[str]]:
    """One row a set of pairs and a measure: the model against the best naive forecast and against growth only."""
    table = _comparison_records(found.comparisons())
    without = {_place(row): row for row in table if row["against"] == GROWTH_ONLY}
    rows = []
    for row in table:
        if row["against"] not in NAIVE:
            continue
        policy = without[_place(row)]
        rows.append(
            [
                *_place(row),
                number(row["model"]),
                f"{number(row['other'])} ({row['against']})",
                number(row["difference"]),
                band(row["low"], row["high"]),
                row["verdict"],
                f"{row['rank']:.0f} of {row['of']:.0f}",
                number(policy["difference"]),
                f"{band(policy['low'], policy['high'])}: {policy['verdict']}",
            ]
        )
    return rows


def _place(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return row["goods"], str(row["year"]), row["group"], row["measure"]


VERDICT_HEAD = [
    *(
        "goods",
        "year",
        "pairs of",
        "measure",
        "model",
        "best naive",
        "difference",
        "90 % interval",
        "model is",
    ),
    *("rank", "policy adds", "90 % interval"),
]
LEVEL_HEAD = ["goods", "year", "trade", "forecast", "forecast, bn USD", "happened, bn USD", "level error %"]
SKILL_HEAD = ["year", "of", "error: as in 2007", "error: growth only", "error: model", "skill %", "members"]


def level_rows(found: Backcast) -> list[list[str]]:
    """One row a group and a forecast."""
    return [
        [
            *map(str, key),
            number(row["forecast"] / 1e3),
            number(row["actual"] / 1e3),
            number(row["level_pct"]),
        ]
        for key, row in rows_by_label(found.levels())
    ]


def skill_rows(found: Backcast) -> list[list[str]]:
    """Duties against "as in 2007"."""
    columns = ["unchanged", GROWTH_ONLY, MODEL, "skill_pct"]
    return [
        [*map(str, key), *(number(row[name]) for name in columns), f"{row['members']:.0f}"]
        for key, row in rows_by_label(found.duty_skill())
    ]


def verdict(found: Backcast) -> str:
    """What the comparisons say, in words that follow from the numbers."""
    table = _comparison_records(found.comparisons())
    naive = [row for row in table if row["against"] in NAIVE]
    lines = [_summary(naive)] if naive else ["- Policy was the same as in 2007: there is nothing to compare."]
    for row in naive:
        if row["measure"] == SHARE:
            lines.append(_share_line(found, row))
    for row in naive:
        if row["measure"] == LEVEL and row["group"] == INSIDE:
            lines.append(
                f"- {row['goods']}, level of trade {row['group']}, {row['year']}: error {number(row['model'])} % "
                f"against {number(row['other'])} % of {row['against']}; the model is number {row['rank']:.0f} of "
                f"{row['of']:.0f}. Difference {_difference(row)}."
            )
    for row in naive:
        if row["measure"] == ERROR:
            lines.append(_pairs_line(row, next(r for r in naive if _place(r) == (*_place(row)[:3], RMSE))))
    for (year, what), row in rows_by_label(found.duty_skill()):
        lines.append(
            f"- {'duty rates' if what == 'rate' else 'shares of the duties'}, {year}: the model avoids "
            f"{number(row['skill_pct'])} % of the error of leaving them as in 2007 "
            f"({number(row[MODEL])} against {number(row['unchanged'])} points)"
            + ("; but its shares are the legal keys, an input." if what == "share" else ".")
        )
    return "\n".join(lines) + "\n"


def _summary(rows: list[dict[str, Any]]) -> str:
    counts = {word: sum(row["verdict"] == word for row in rows) for word in ("better", "worse")}
    return (
        f"- Of {len(rows)} comparisons with the best naive forecast the model is distinguishably better in "
        f"{counts['better']} and worse in {counts['worse']}; "
        f"by the bare numbers it is nearer in {sum(row['difference'] < 0 for row in rows)}."
    )


def _share_line(found: Backcast, row: dict[str, Any]) -> str:
    shares = found.union_shares().loc[(row["goods"], row["year"])]
    others = ", ".join(f"{name} {number(shares[name])}" for name in METHODS[:-1])
    place = "the worst" if row["rank"] == row["of"] else f"number {row['rank']:.0f}"
    side = "too high" if shares[MODEL] > shares["actual"] else "too low"
    away = abs(shares[MODEL] - shares["actual"]) > abs(shares[GROWTH_ONLY] - shares["actual"])
    return (
        f"- {row['goods']}, share of trade inside the union, {row['year']}: happened {number(shares['actual'])} %; the "
        f"model says {number(shares[MODEL])} %, {number(row['model'])} points {side} ({others}). It is {place} of "
        f"{row['of']:.0f}; counting policy moves it {'away from' if away else 'towards'} what happened. "
        f"Its error less that of {row['against']}: {_difference(row)}."
    )


def _pairs_line(error: dict[str, Any], rmse: dict[str, Any]) -> str:
    note = "" if error["measures_agree"] else " **The two measures disagree.**"
    return (
        f"- {error['goods']}, {error['group']}, {error['year']}: error {number(error['model'])} % against "
        f"{number(error['other'])} % of {error['against']}, difference {_difference(error)}; rmse "
        f"{number(rmse['model'])} % against {number(rmse['other'])} % of {rmse['against']}, difference "
        f"{_difference(rmse)}.{note}"
    )


def _difference(row: dict[str, Any]) -> str:
    return f"{number(row['difference'])} ({band(row['low'], row['high'])}): {row['verdict']}"


def backcast_page(found: Backcast, command: str) -> str:
    """The page ``docs/backcast.md``."""
    return "\n".join(
        [
            HEAD,
            f"Written by `{command}`; the figures and the verdict are computed.\n",
            "## Verdict\n",
            verdict(found),
            "## Model and naive forecasts\n",
            "*Difference*: the model's measure less that of the naive forecast nearest to what happened; below zero "
            "the model is nearer. *Policy adds*: the model's less its own without policy. *Rank* among all four.\n",
            markdown(VERDICT_HEAD, verdict_rows(found)),
            "## Trade of groups\n",
            "After the one scale; the sum over all pairs is therefore the observed one.\n",
            markdown(LEVEL_HEAD, level_rows(found)),
            "## Trade by partner\n",
            markdown(SCORE_HEAD, score_rows(found)),
            "*Without fuels* leaves out pairs whose fuels were not reported in both years, or are more than 80 % of "
            "trade in one: total and fuels come from different reports there.\n",
            "## Did the union trade more with itself?\n",
            "Trade between members in per cent of all their trade in goods with the regions of the model.\n",
            markdown(SHARE_HEAD, share_rows(found)),
            "## Duties\n",
            "Import duty received (after pooling, from September 2010) in per cent of imports of goods from outside "
            "the union, fob. Receipts of 2007 are those of the base year. Years before the union are left out: the "
            "model's rates are those of 2007 there.\n",
            markdown(DUTY_HEAD, duty_rows(found, shares=False)),
            "Shares of the members' sum, per cent. The model shares by the legal keys, so its shares of 2012 are "
            "an input; why the receipts that the budgets report differ from the keys is not explained here.\n",
            markdown(DUTY_HEAD, duty_rows(found, shares=True)),
            "Mean absolute error over the members, in points, and the part of the error of *as in 2007* that the model "
            "avoids. Three members are too few for an interval.\n",
            markdown(SKILL_HEAD, skill_rows(found)),
        ]
    )
