"""What is known of each trade flow: read in a source, estimated inside observed margins, borrowed or assumed.

The flags follow the estimate in `.trade`: which good goes to which partner is observed where WIOD gives a pair's
composition or where a reported chapter (fuels, wood) is most of what the exporter sells of the good; a pair that was
overridden is assumed; services of a region without a table have the pattern of another country; everything else is
spread by gravity inside observed totals of pairs, exporters and importers.
"""

from __future__ import annotations

import pandas as pd

from .regions import Regions
from .series import Tables, entries
from .trade import CHAPTER_COVER, chapter_shares, sector_list

FLOW = ["sector", "source", "importer"]


def trade_quality(flows: pd.MultiIndex, tables: Tables) -> pd.Series:
    """Quality of every flow (sector, source, importer): observed, estimated, borrowed or assumed.

    Args:
        flows: the flows asked for, levels sector, source, importer.
        tables: loader of the tables that the flows were estimated from.

    Raises:
        KeyError: a flow's sector is not in the mapping of sectors.
    """
    frame = flows.to_frame(index=False).set_axis(FLOW, axis=1)
    goods, known = set(sector_list(tables, goods=True)), set(sector_list(tables))
    unknown = sorted(set(frame["sector"]) - known)
    if unknown:
        raise KeyError(f"mappings/sectors has no sector {unknown[0]!r}; it has {', '.join(sorted(known))}")
    frame["quality"] = "estimated"
    is_good = frame["sector"].isin(goods)
    made_up = list(Regions.of(tables).synthetic)
    frame.loc[~is_good & (frame["source"].isin(made_up) | frame["importer"].isin(made_up)), "quality"] = (
        "borrowed"
    )
    pairs = pd.MultiIndex.from_frame(frame[["source", "importer"]])
    frame.loc[is_good & (pairs.isin(_wiod_pairs(tables)) | _in_chapter(frame, tables)), "quality"] = (
        "observed"
    )
    overridden = tables("parameters/trade_overrides").set_index(["exporter", "importer"]).index
    frame.loc[is_good & pairs.isin(overridden), "quality"] = "assumed"
    return pd.Series(frame["quality"].to_numpy(), index=flows, name="quality")


def _wiod_pairs(tables: Tables) -> pd.MultiIndex:
    """Pairs whose composition by industry is taken from WIOD: Russia with the EU and with China, both ways."""
    wiod = tables("sources/wiod_trade").replace({"exporter": {"EU27": "EU"}, "importer": {"EU27": "EU"}})
    pairs = wiod[["exporter", "importer"]].drop_duplicates()
    russian = (pairs == "RUS").any(axis=1) & ~(pairs == "ROW").any(axis=1)
    return pd.MultiIndex.from_frame(pairs[russian])


def _in_chapter(frame: pd.DataFrame, tables: Tables) -> pd.Series:
    """Whether a reported chapter is at least half of what the exporter sells of the good."""
    share = chapter_shares(tables)
    chapter = tables("sources/trade_fuels_wood")
    reported = {(row.good, row.exporter, row.importer) for row in chapter[chapter["value"] > 0].itertuples()}
    covered = {
        (sector, exporter): good for (good, sector, exporter), part in entries(share) if part >= CHAPTER_COVER
    }
    return pd.Series(
        [
            (covered.get((row.sector, row.source), ""), row.source, row.importer) in reported
            for row in frame.itertuples(index=False)
        ],
        index=frame.index,
    )
