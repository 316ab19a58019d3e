"""How much of a result is data, elasticity, policy size and closure: the committed page and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from .layout import band, finite, markdown, number

if TYPE_CHECKING:
    from ..experiments.sensitivity.bases import Across

SHOWN = ("ev_pct_consumption", "real_gdp_pct")
NAMES = {"ev_pct_consumption": "welfare (EV), % of consumption", "real_gdp_pct": "real GDP, %"}
HEADER = (
    "member", "central", "90 % band", "SAM, % of the variance", "90 % limits", "elasticities, %", "policy size, %",
    "over closures",
)  # fmt: skip


def uncertainty_values(found: Across, members: Sequence[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows, as JSON; ``asked`` says what was drawn.

    Raises:
        KeyError: an indicator of the page is not among the outcomes.
    """
    rows = found.bands[found.bands["region"].isin(members) & found.bands["indicator"].isin(SHOWN)]
    if missing := set(SHOWN) - set(rows["indicator"]):
        raise KeyError(f"no outcome {', '.join(sorted(missing))}")
    failed = found.failed[["base", "regime", "draw", "reason"]].to_dict("records")
    document: dict[str, Any] = finite(
        {"asked": dict(asked), "failed": failed, "rows": rows.to_dict("records")}
    )
    return document


def uncertainty_page(values: Mapping[str, Any], command: str) -> str:
    """The page in Markdown."""
    asked, rows = values["asked"], values["rows"]
    parts = [_head(asked, len(values["failed"]), command), "## In short\n", *_verdicts(rows)]
    for indicator in SHOWN:
        parts.append(f"\n## {NAMES[indicator][0].upper()}{NAMES[indicator][1:]}\n")
        for regime in dict.fromkeys(row["regime"] for row in rows):
            own = [row for row in rows if (row["regime"], row["indicator"]) == (regime, indicator)]
            parts += [f"**{regime}**\n", markdown(HEADER, [_cells(row) for row in own])]
    return "\n".join(parts).rstrip() + "\n"


def _head(asked: Mapping[str, Any], failed: int, command: str) -> str:
    lost = "None was lost" if not failed else f"{failed} could not be used (the JSON says which and why)"
    sams, seed, draws, method = (asked[key] for key in ("sams", "seed", "draws", "method"))
    same = f"eacu sensitivity {' '.join(asked['regimes'])} --sams {sams} --seed {seed} --method {method}"
    return f"""# How much is data, elasticity, policy, closure?

{sams} SAMs are drawn from the stated reliabilities of the data and balanced (seed {seed}); on each the economy is built
anew and the regimes are solved for {draws} values of the elasticities and of policy sizes ({method}). {lost}.
The shares divide the variance over everything that was drawn (see [How sure is a result?](sensitivity.md)); a few SAMs
say only roughly how much the SAM contributes, hence its limits. Closures are not drawn: the last column is the range
over all of them.

Written by `{command}`; `{same}` prints the same.
"""


def _verdicts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """For each regime and member: whether the band tells the sign of welfare, and the largest source of its spread."""
    lines = []
    for row in rows:
        if row["indicator"] != SHOWN[0]:
            continue
        shares = {
            "the SAM": row["sam"],
            "elasticities": row["elasticities"],
            "the size of the policy": row["policy"],
        }
        known = {name: share for name, share in shares.items() if share is not None and isfinite(share)}
        if not known:
            continue
        source = max(known, key=lambda name: known[name])
        told = "a loss" if row["high"] < 0 else "a gain" if row["low"] > 0 else "of either sign"
        flips = row.get("closure_low") is not None and row["closure_low"] * row["closure_high"] < 0
        closure = "; closures turn its sign" if flips and told != "of either sign" else ""
        lines.append(
            f"- {row['regime']}, {row['region']}: {told} ({band(row['low'], row['high'])}), mostly from {source} "
            f"({100 * known[source]:.0f} %){closure}."
        )
    return lines


def _cells(row: Mapping[str, Any]) -> list[str]:
    over = "–"
    if row.get("closure_low") is not None:
        over = (
            f"{number(row['closure_low'])} ({row['closure_lowest']}) to "
            f"{number(row['closure_high'])} ({row['closure_highest']})"
        )
    limits = f"{_percent(row['sam_low'])} to {_percent(row['sam_high'])}"
    shares = [_percent(row[key]) for key in ("sam", "elasticities", "policy")]
    return [
        row["region"],
        number(row["central"]),
        band(row["low"], row["high"]),
        shares[0],
        limits,
        *shares[1:],
        over,
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}"
