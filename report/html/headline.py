"""The answer in three sentences, and the headline table: what happened to each member, with a band."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..drawn_sams import held_fixed
from .names import region_titles, terms_in_words
from .numbers import change, level, span
from .rows import labelled
from .study import Study


@dataclass(frozen=True)
class Row:
    """One indicator of the headline table."""

    key: str
    heading: str
    unit: str


ROWS = (
    Row("ev_pct_consumption", "Welfare (equivalent variation)", "% of base-year household consumption"),
    Row("ev_usd_mn", "Welfare (equivalent variation)", "USD mn at base-year prices"),
    Row("real_gdp_pct", "Real GDP", "% of base-year GDP"),
    Row("consumption_pct", "Household consumption", "% of base-year volume"),
    Row("cpi_pct", "Consumer prices", "% of base-year prices, against the rest of the world"),
    Row("real_wage_pct", "Real wage", "% of the base-year wage"),
    Row("imports_intra_pct", "Imports from members", "% of base-year volume"),
    Row("imports_extra_pct", "Imports from outside", "% of base-year volume"),
    Row("exports_intra_pct", "Exports to members", "% of base-year volume"),
    Row("exports_extra_pct", "Exports to outside", "% of base-year volume"),
    Row("terms_of_trade_pct", "Terms of trade", "% of the base-year index"),
    Row("tariff_received_usd_mn", "Import duty after sharing", "USD mn"),
)
NOTICEABLE = 0.01
"""A change of welfare below this per cent of consumption is called no noticeable one."""
WORTH_NAMING = 0.1
"""A term that works against the sum is named from this part of the sum on."""
NO_TRADE = "no such trade in the base year"


def headline(study: Study) -> pd.DataFrame:
    """Changes: key, heading, unit, region, value, low, high, least, greatest, reason.

    ``low`` and ``high`` are the ends of the 90 per cent band over elasticities and policy sizes (`StudyBand`); NaN
    where there is none. ``least`` and ``greatest`` are the range over the central case and the readings that vary
    elasticities, one group at a time; NaN without readings. ``reason`` says why a value does not exist.
    """
    moved = study.variation
    extremes = (
        moved[moved["elasticities"].astype(bool)]
        .groupby(["indicator", "region"])["value"]
        .agg(["min", "max"])
    )
    rows = []
    for row in ROWS:
        for region in study.regions:
            value = float(study.changes[row.key][region])
            least = greatest = float("nan")
            if (row.key, region) in extremes.index:
                least = min(value, float(extremes["min"][row.key, region]))
                greatest = max(value, float(extremes["max"][row.key, region]))
            reason = "" if pd.notna(value) else NO_TRADE
            ends = band_of_change(study, row.key, region)
            rows.append((row.key, row.heading, row.unit, region, value, *ends, least, greatest, reason))
    columns = ["key", "heading", "unit", "region", "value", "low", "high", "least", "greatest", "reason"]
    return pd.DataFrame(rows, columns=columns)


def band_of_change(study: Study, key: str, region: str) -> tuple[float, float]:
    """The ends of the band of a change; NaN for a figure that has none.

    Of a regime against the base year the sweep has levels for revenue: what the base year had is taken off.
    """
    if study.band is None:
        return float("nan"), float("nan")
    low, high = study.band.ends(key, region)
    start = 0.0 if study.against else float(study.base_indicators[key][region])
    return low - start, high - start


def held_fixed_words(study: Study) -> str:
    """What the band leaves out, and how far drawn SAMs move the same welfare."""
    central = {(study.solved.name, region): float(_share(study)[region]) for region in study.regions}
    return held_fixed(central, region_titles(study), span)


def answer(study: Study) -> list[str]:
    """Three sentences by rule: who gains how much; the term that did most of it; how far the signs can be trusted."""
    return [_who(study), _why(study), _how_sure(study)]


def _who(study: Study) -> str:
    titles, share = region_titles(study), _share(study)
    noticed = _noticed(share)
    told = [
        f"{titles[region]} {'gains' if value > 0 else 'loses'} USD {level(abs(study.ev[region]))} mn a year "
        f"({change(value)} % of household consumption)"
        for region, value in zip(map(str, noticed.index), noticed, strict=True)
    ]
    quiet = [
        f"{titles[region]} (USD {change(float(study.ev[region]))} mn)"
        for region in study.regions
        if region not in noticed.index
    ]
    if quiet:
        told.append(f"for {_listed(quiet)} the change is less than {NOTICEABLE:g} % of consumption")
    base = study.against.name if study.against else f"the base year {study.year}"
    if study.asked_against:
        base += ", the regime that the question compares with"
    return f"Against {base}, in equivalent variation at prices of {study.year}: {'; '.join(told)}."


def _why(study: Study) -> str:
    titles, told = region_titles(study), []
    for region in list(map(str, _noticed(_share(study)).index))[:2]:
        own = study.welfare[study.welfare["region"] == region]
        terms = own["value"].groupby(terms_in_words(own).astype(str)).sum()
        same_way = terms[terms * study.ev[region] > 0].sort_values(key=abs, ascending=False)
        against = terms[terms * study.ev[region] < 0].sort_values(key=abs, ascending=False)
        text = f"for {titles[region]}, {same_way.index[0]} (USD {change(same_way.iloc[0])} mn)"
        if not against.empty and abs(against.iloc[0]) >= WORTH_NAMING * abs(study.ev[region]):
            text += f", against {against.index[0]} (USD {change(against.iloc[0])} mn)"
        told.append(text)
    return (
        f"The largest part is, {'; '.join(told)}."
        if told
        else "No term of welfare moves any of them noticeably."
    )


def _how_sure(study: Study) -> str:
    if study.band is None:
        return "No sensitivity band was computed, so nothing is said here about how far the signs can be trusted."
    if study.band.problem:
        return f"There is no sensitivity band, so nothing is said here of the signs: {study.band.problem}."
    titles, table = region_titles(study), headline(study)
    share = table[table["key"] == "ev_pct_consumption"].set_index("region")
    noticed = share[share["value"].abs() >= NOTICEABLE]
    missing = study.without_solution
    lacking = f" {len(missing)} of {len(study.readings)} readings had no sound solution." if missing else ""
    tail = f"{_other_closure(study)}.{lacking} {held_fixed_words(study)}"
    if noticed.empty:
        widest = level(share[["low", "high"]].abs().max().max())
        return (
            f"The 90 % band over elasticities and policy sizes stays within {widest} % of consumption{tail}"
        )
    same_sign = noticed["low"] * noticed["high"] > 0
    firm, loose = ([titles[str(r)] for r in noticed.index[rows]] for rows in (same_sign, ~same_sign))
    verdicts = [f"the sign holds for {_listed(firm)}"] if firm else []
    verdicts += [f"the sign is open for {_listed(loose)}"] if loose else []
    bands = [f"{titles[r]} {span(low, high)} %" for r, (low, high) in labelled(noticed[["low", "high"]])]
    told = f"{' and '.join(verdicts)} ({'; '.join(bands)} of consumption)"
    return f"In the 90 % band over elasticities and policy sizes {told}{tail}"


def _other_closure(study: Study) -> str:
    """The closure that moves the answer most, which is not in the band; nothing if no other closure was solved."""
    moved = study.variation
    moved = moved[~moved["elasticities"].astype(bool) & (moved["indicator"] == "ev_pct_consumption")]
    moved = moved[moved["region"].isin(study.regions)]
    if moved.empty:
        return ""
    distance = moved["value"].astype(float) - moved["region"].map(_share(study)).astype(float)
    farthest = moved.iloc[int(distance.abs().to_numpy().argmax())]
    where = region_titles(study)[str(farthest["region"])]
    return (
        f"; of other closures, which are not in the band, \u201c{farthest['reading']}\u201d moves it most: {where} "
        f"{change(float(farthest['value']))} %"
    )


def _share(study: Study) -> pd.Series:
    return study.changes.loc[list(study.regions), "ev_pct_consumption"]


def _noticed(share: pd.Series) -> pd.Series:
    """Noticeable changes, the largest first."""
    return share[share.abs() >= NOTICEABLE].sort_values(key=abs, ascending=False)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
