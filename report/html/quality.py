"""How much of the result rests on figures that nobody read in a source, and what the sources are."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pandas as pd

from ... import data
from ...calibration.trade_quality import trade_quality
from .names import table
from .rows import long, records
from .study import Study

DEFINITION = (
    "The equivalent variation is split into contributions: of instruments, by who sets them, and "
    "of terms of welfare, by good and partner. Each contribution counts with its absolute size and carries the flag of "
    "the figure it rests on: for policy the poorest of the rates, shares or keys it is set by; for trade the base-year "
    "flow between importer and exporter of that good; for elasticities the poorer of the two trade elasticities of "
    "region and good. The share is the sum of absolute contributions with that flag over the sum of all that "
    "rest on such a figure. Observed: read in a source. Estimated: computed from sources. Borrowed: another country's "
    "or model's. Assumed: judged. The total trade in goods of every pair of countries is observed; estimated is which "
    "goods it consists of."
)
NOT_OBSERVED = data.QUALITIES[1:]
POLICY, FLOWS, ELASTICITIES = "policy", "trade flows", "elasticities"
LAYERS = {
    POLICY: "Rates, shares and keys of the policy",
    FLOWS: "Base-year trade flows",
    ELASTICITIES: "Trade elasticities",
}
_OIL = ("export_tax", "over_quota_duty", "duty_remitted", "quota")
_BORDERS = ("iceberg", "rent", "rent_to_exporter")
_FLAGGED_BY_TREATY = "observed"


def quality_shares(study: Study) -> pd.DataFrame:
    """Shares of the result by flag: layer, region, quality, share_pct; 100 in all for each layer and region.

    A layer that a region's result does not touch, or whose tables do not know the economy's regions and sectors,
    has no rows.
    """
    tables = _tables(study)
    columns = ["layer", "region", "quality", "share_pct"]
    if not set(study.base.benchmark.regions) <= set(tables("mappings/model_regions")["region"]):
        return pd.DataFrame(columns=columns)
    parts = []
    for layer, flagged in ((POLICY, _policy), (FLOWS, _flows), (ELASTICITIES, _elasticities)):
        rows = flagged(study, tables)
        rows = rows[rows["value"].abs() > 0]
        sums = rows["value"].abs().groupby([rows["region"], rows["quality"]]).sum().unstack().fillna(0.0)
        if sums.empty:
            continue
        sums = sums.reindex(columns=list(data.QUALITIES)).fillna(0.0)  # a flag that does not occur
        shares = 100 * sums.div(sums.sum(axis=1), axis=0)
        parts.append(long(shares, "region", "quality", "share_pct").assign(layer=layer))
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def not_observed(study: Study) -> pd.DataFrame:
    """Per cent of the result that rests on figures not read in a source: layer, region, share_pct."""
    shares = quality_shares(study)
    rest = shares[shares["quality"] != data.QUALITIES[0]]
    return pd.Series(rest.groupby(["layer", "region"], sort=False)["share_pct"].sum()).reset_index()


def source_tables(study: Study) -> pd.DataFrame:
    """The flagged tables behind base year and policy: table, figures, and how many of each quality."""
    tables, rows = _tables(study), []
    for name in _flagged_tables(study):
        counts = tables(name)["quality"].value_counts()
        rows.append(
            {
                "table": name,
                "figures": int(counts.sum()),
                **{q: int(counts.get(q, 0)) for q in data.QUALITIES},
            }
        )
    return pd.DataFrame(rows, columns=["table", "figures", *data.QUALITIES])


def citations() -> pd.DataFrame:
    """Citation keys of ``data/SOURCES.md``: key, what."""
    text = data.path("SOURCES.md").read_text(encoding="utf-8")
    section = text.partition("## Citation keys")[2].partition("\n## ")[0]
    rows = [
        (re.sub(r"[`]", "", key).strip(), re.sub(r"[*`]", "", what).strip())
        for key, what in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", section, re.MULTILINE)
    ]
    return pd.DataFrame(rows, columns=["key", "what"])


def controls(study: Study) -> pd.DataFrame:
    """Published totals against the base year's: control, region, source, target, value, deviation_pct, held.

    For the concerned regions, from the audit of the shipped base year; a control without a limit has none to hold.
    """
    own = study.solved.regime.base_year
    frame = pd.read_csv(data.path("sam/controls", data.base_year_folder(own) if own else None))
    return frame[frame["region"].isin(study.regions)].reset_index(drop=True)


def _flagged_tables(study: Study) -> list[str]:
    root = data.path("SOURCES.md").parent
    own = study.solved.regime.base_year
    roots = [root, *([data.base_year_folder(own)] if own else [])]
    files = {
        f"{folder}/{file.stem}": file
        for base in roots
        for folder in ("sources", "policy")
        for file in sorted((base / folder).glob("*.csv"))
    }
    return [name for name, file in files.items() if "quality" in file.open(encoding="utf-8").readline()]


def _tables(study: Study) -> Callable[[str], pd.DataFrame]:
    return partial(table, study)


def _worst(flags: pd.Series) -> str:
    return data.QUALITIES[max(data.QUALITIES.index(flag) for flag in flags)]


def _policy(study: Study, tables: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    rows = study.subtotals[study.subtotals["measure"] == "ev_usd_mn"].copy()
    flags = _PolicyFlags(study, tables)
    rows["quality"] = [flags.of(r.instrument, r.region) for r in records(rows)]
    return rows.assign(region=rows["member"])[["region", "value", "quality"]]


class _PolicyFlags:
    """Flags of what the regime sets, looked up in the tables it draws on."""

    def __init__(self, study: Study, tables: Callable[[str], pd.DataFrame]):
        self._regime = study.solved.regime
        self._rates = (
            tables("policy/tariffs").groupby(["schedule", "importer"])["quality"].agg(_worst).to_dict()
        )
        listed = tables("policy/exceptions").groupby(["list", "importer"])["quality"]
        self._exceptions = listed.agg(_worst).to_dict()
        self._oil = tables("policy/oil_rules").groupby("rules")["quality"].agg(_worst).to_dict()

    def of(self, instrument: str, setter: str) -> str:
        """The flag of an instrument; what the regime file itself states without a table is assumed."""
        regime = self._regime
        if instrument == "pool of duties":
            return _FLAGGED_BY_TREATY if regime.union.pooling and regime.files[0].is_file() else "assumed"
        if instrument == "import_tariff":
            return self._tariff(setter)
        if instrument in _OIL and regime.oil.rules in self._oil:
            return self._oil[regime.oil.rules]
        return "assumed"  # border costs and labour: the share that a regime removes is judged

    def _tariff(self, setter: str) -> str:
        """The poorest flag of the schedules, ceilings, exceptions and single rates behind an importer's tariff."""
        regime = self._regime
        rule = regime.tariffs.get(setter)
        schedules = [rule.schedule, *([rule.ceiling] if rule.ceiling else [])] if rule else ["pre-union"]
        owners = {setter, *([rule.of] if rule and rule.of else []), *(rule.ceiling_of if rule else ())}
        found = [
            self._rates[key] for s in schedules for o in sorted(owners) if (key := (s, o)) in self._rates
        ]
        exceptions = regime.exceptions.get(setter)
        if exceptions and (exceptions, setter) in self._exceptions:
            found.append(self._exceptions[exceptions, setter])
        if any(rate.importer == setter for rate in regime.rates) or not found:
            found.append("assumed")
        return _worst(pd.Series(found))


def _flows(study: Study, tables: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """Contributions that rest on a flow, with its flag: exports of the region or imports into it, by term."""
    rows = study.welfare[(study.welfare["sector"] != "") & (study.welfare["partner"] != "")]
    known = set(tables("mappings/sectors")["sector"])
    rows = rows[rows["sector"].isin(known)].copy()
    index = study.base.benchmark.exports.index
    flows = [key for key in index if key[0] in known]
    flags = trade_quality(pd.MultiIndex.from_tuples(flows, names=index.names), tables)
    rows["quality"] = [_flag_of_flow(flags, r.sector, r.region, r.partner) for r in records(rows)]
    return rows.dropna(subset="quality")[["region", "value", "quality"]]


def _flag_of_flow(flags: pd.Series, sector: str, region: str, partner: str) -> str | None:
    """The poorer flag of the two directions of a pair's trade in the good that exist."""
    both = [key for key in ((sector, partner, region), (sector, region, partner)) if key in flags.index]
    return _worst(pd.Series([flags[key] for key in both])) if both else None


def _elasticities(study: Study, tables: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    rows = study.welfare[study.welfare["sector"] != ""].copy()
    given = tables("sources/elasticities")
    trade = given[given["parameter"].isin(["armington", "sources"])]
    flags = trade.groupby(["region", "sector"])["quality"].agg(_worst)
    rows["quality"] = flags.reindex(pd.MultiIndex.from_frame(rows[["region", "sector"]])).to_numpy()
    return rows.dropna(subset="quality")[["region", "value", "quality"]]
