r"""Back-casting: does the model, given what happened to policy and growth, predict what happened to trade and duties?

The economy of 2007 is moved to a later year with the policy that came into force (a path of ``data/paths``) and the
growth of real GDP, labour and population that was observed; its trade by partner and its duties are then set beside
the observed ones. Nothing is fitted. Two naive forecasts are the yardstick:

.. math::
   \text{no change: } & \hat X_{rs} = X_{rs}, \qquad
   \text{proportional growth: } \hat X_{rs} = X_{rs}\, \frac{g_r\, g_s}{g_W},

with ``g`` the growth of real GDP of exporter, importer and world (gravity with unit elasticities); the model
without the change of policy says what policy adds. How forecasts are scored: :mod:`.backcast_scores`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd

from .. import data
from ..calibration.audit import bilateral_fob
from ..calibration.benchmark import Benchmark
from ..calibration.sam import Sam
from ..calibration.series import Tables, keyed
from ..calibration.trade import chapter_shares, sector_list
from . import backcast_scores as scoring
from .backcast_scores import GROWTH_ONLY, MODEL, NO_CHANGE, PROPORTIONAL, SAME, YEAR_KEYS, Pairs
from .doing import Tell
from .dynamics import SolvedPath
from .path_run import USUAL, Prepared, loaded

POLICY, WITHOUT = "integration", "no-union"
"""The path that came about, and the one on which policy stays what it was."""
YEARS = (2008, 2009, 2012)
"""Years whose trade inside the union was reported in full: in 2010 and 2011 Russia did not report its partners."""
FUELS_YEAR = 2012
MOSTLY_FUELS = 0.8
"""A pair with a larger share of fuels says nothing about other goods: fuels and total come from different reports."""
TRADE, RECEIPTS = "sources/trade_pairs_members_2004_2012", "sources/customs_revenue"


class BackcastError(ValueError):
    """A year that cannot be back-cast; the message says which can."""


@dataclass(frozen=True)
class Backcast:
    """Forecasts and what happened.

    ``trade``: rows (goods, year, exporter, importer), columns ``start``, ``actual`` and the forecasts
    :data:`METHODS`, million USD of 2007 or of the day; ``goods`` is ``all goods`` or ``without fuels``.
    ``duties``: rows (year, member), columns ``start_pct``, ``actual_pct``, and the models' duty received in per cent
    of imports of goods from outside the union, fob; ``share_*`` the same as shares of the members' sum. Years in which
    policy was still what it was have no row: the model's rates are those of the base year there.
    """

    trade: pd.DataFrame
    duties: pd.DataFrame
    members: tuple[str, ...]
    growth: pd.DataFrame = field(repr=False)

    @cached_property
    def pairs(self) -> dict[tuple[str, int], Pairs]:
        """The flows of every (goods, year), ready to be scored."""
        return scoring.by_year(self.trade, self.members)

    def scores(self) -> pd.DataFrame:
        """How good each forecast is pair by pair: rows (goods, year, group, method), see `backcast_scores.scores`."""
        return self._every(scoring.scores)

    def levels(self) -> pd.DataFrame:
        """Trade of whole groups: rows (goods, year, group, method), see `backcast_scores.levels`."""
        return self._every(scoring.levels)

    def comparisons(self) -> pd.DataFrame:
        """The model against others with intervals: rows (goods, year, group, measure, against).

        Years in which policy was still what it was are left out; see `backcast_scores.comparisons`.
        """
        return self._every(
            scoring.comparisons, [key for key, one in self.pairs.items() if MODEL in one.methods]
        )

    def union_shares(self) -> pd.DataFrame:
        """Share of trade between members in all trade of the members, per cent: rows (goods, year)."""
        return pd.DataFrame(
            {key: scoring.union_shares(one) for key, one in self.pairs.items()}
        ).T.rename_axis(YEAR_KEYS)

    def duty_skill(self) -> pd.DataFrame:
        """Duties against "as in 2007": rows (year, what), see `backcast_scores.duty_skill`."""
        return scoring.duty_skill(self.duties)

    def _every(
        self, measure: Callable[[Pairs], pd.DataFrame], keys: Iterable[tuple[str, int]] | None = None
    ) -> pd.DataFrame:
        parts = {key: measure(self.pairs[key]) for key in (self.pairs if keys is None else keys)}
        return pd.concat(parts, names=YEAR_KEYS) if parts else pd.DataFrame()


def backcast(
    years: Sequence[int] = YEARS,
    policy: str = POLICY,
    tables: Tables | None = None,
    tell: Tell = lambda line: None,
) -> Backcast:
    """Simulate policy and growth from the base year to the last of ``years`` and compare.

    Args:
        years: of :data:`YEARS`.
        policy: name or file of the path taken for what came about.
        tables: reader of ``data/``.
        tell: is called with lines of progress.

    Raises:
        BackcastError: a year without complete reports of trade.
        PathError, ConvergenceError: see `eacu.experiments.path_run.run_paths`.
    """
    wrong = [year for year in years if year not in YEARS]
    if wrong or not years:
        raise BackcastError(
            f"{wrong or 'no year'} cannot be back-cast: trade among the members is complete for "
            f"{', '.join(map(str, YEARS))} only (BACI; Russia did not report Kazakhstan and Belarus in 2010 and 2011)"
        )
    read = tables or data.reader()
    paths = loaded(policy), loaded(WITHOUT)
    ready = Prepared(paths, max(years), USUAL, None, None, tell)
    solved = {name: ready.baseline(path) for name, path in zip((MODEL, GROWTH_ONLY), paths, strict=True)}
    ready.work.finish()
    observed = read(TRADE).set_index(["year", "exporter", "importer"])["value"]
    members = tuple(ready.benchmark.members)
    growth = ready.growth.real_gdp.loc[list(years)]
    when = (ready.benchmark.year, *years)
    sams = {name: {year: path.solution(year, members).sam for year in when} for name, path in solved.items()}
    all_goods, without_fuels = {}, {}
    for year in years:
        grown = cast(pd.Series, growth.loc[year])  # one row: years do not repeat
        ratio = {name: _growth(of_path, year, read, fuels=True) for name, of_path in sams.items()}
        all_goods["all goods", year] = _trade(observed, ratio, grown, ready.benchmark, year)
        if year == FUELS_YEAR:
            ratio = {name: _growth(of_path, year, read, fuels=False) for name, of_path in sams.items()}
            rest = _without_fuels(observed, year, read)
            without_fuels["without fuels", year] = _trade(rest, ratio, grown, ready.benchmark, year)
    trade = pd.concat({**all_goods, **without_fuels}, names=["goods", "year", "exporter", "importer"])
    duties = _duties(solved, sams, years, observed, members, read)
    return Backcast(trade, duties, members, growth)


def _growth(sams: dict[int, Sam], year: int, tables: Tables, fuels: bool) -> pd.Series:
    """Trade in goods of a year relative to the base year, by (exporter, importer)."""
    return _by_pair(sams[year], tables, fuels) / _by_pair(sams[min(sams)], tables, fuels)


def _by_pair(sam: Sam, tables: Tables, fuels: bool) -> pd.Series:
    """Goods by (exporter, importer), fob with export tax, million USD; without fuels if asked."""
    flows = bilateral_fob(sam)
    flows = flows[flows.index.get_level_values("sector").isin(sector_list(tables, goods=True))]
    if not fuels:
        share = chapter_shares(tables)["fuels"].rename("share")
        # Sectors that the table does not list contain no goods of chapter 27.
        listed = flows.droplevel("importer").index
        flows = flows * (1 - share.reindex(listed).fillna(0.0).to_numpy())
    return flows.groupby(["exporter", "importer"]).sum()


def _trade(
    observed: pd.Series, model: dict[str, pd.Series], growth: pd.Series, b: Benchmark, year: int
) -> pd.DataFrame:
    """Start, actual and forecasts of the pairs observed in both years; the models' growth is put on the start."""
    table = pd.DataFrame({"start": observed[b.year], "actual": observed[year]}).dropna()
    exporter, importer = (table.index.get_level_values(side) for side in ("exporter", "importer"))
    world = float((growth * b.gdp).sum() / b.gdp.sum())
    table[NO_CHANGE] = table["start"]
    pair = growth[exporter].to_numpy() * growth[importer].to_numpy()
    table[PROPORTIONAL] = table["start"] * pair / world
    for name in (GROWTH_ONLY, MODEL):
        table[name] = table["start"] * model[name].reindex(table.index)
    return table


def _without_fuels(observed: pd.Series, year: int, tables: Tables) -> pd.Series:
    """Trade less fuels in 2007 and in a year, for pairs whose fuels were reported in both and are not nearly all."""
    keys = ["exporter", "importer"]
    first = tables("sources/trade_fuels_wood")
    fuels = pd.DataFrame(
        {
            2007: first[first["good"] == "fuels"].set_index(keys)["value"],
            year: tables(f"sources/trade_fuels_{year}").set_index(keys)["value"],
        }
    ).dropna()
    total = observed.unstack("year")[[2007, year]].reindex(fuels.index)
    usable = (fuels <= MOSTLY_FUELS * total).all(axis=1)
    rest = pd.Series((total - fuels)[usable].rename_axis(columns="year").stack())
    return rest.reorder_levels([2, 0, 1])  # the year first


def _duties(
    solved: dict[str, SolvedPath],
    sams: dict[str, dict[int, Sam]],
    years: Sequence[int],
    observed: pd.Series,
    members: Sequence[str],
    tables: Tables,
) -> pd.DataFrame:
    """Import duty received in per cent of imports from outside the union, and the members' shares of it."""
    receipts = keyed(tables(RECEIPTS), "item", "year", "region")["import_duty"]
    rows: dict[tuple[int, str], dict[str, float]] = {}
    for year in years:
        published = receipts[year].reindex(list(members))
        found = {"actual": (published, _outside(observed[year], members))}
        for name, path in solved.items():
            found[name] = _received(path, sams[name], year, members, tables)
        found["start"] = _received(solved[MODEL], sams[MODEL], min(sams[MODEL]), members, tables)
        for kind, (received, imports) in found.items():
            complete = bool(received.notna().all())
            for member in members:
                rate = 100 * received[member] / imports[member]
                share = 100 * received[member] / received.sum() if complete else np.nan
                rows.setdefault((year, member), {}).update({f"{kind}_pct": rate, f"share_{kind}": share})
    table = pd.DataFrame(rows).T.rename_axis(["year", "member"])
    moved = (table[f"{MODEL}_pct"] - table[f"{GROWTH_ONLY}_pct"]).abs() > SAME * table[f"{GROWTH_ONLY}_pct"]
    return table[moved.groupby(level="year").transform("any")]


def _received(
    path: SolvedPath, sams: dict[int, Sam], year: int, members: Sequence[str], tables: Tables
) -> tuple[pd.Series, pd.Series]:
    """Duty received after any pooling, and imports of goods from outside the union, by member."""
    numeraire = float(path["numeraire"].iloc[:, 0].loc[year])
    received = cast(pd.Series, path["tariff_received"].loc[year, list(members)]) / numeraire
    return received, _outside(_by_pair(sams[year], tables, fuels=True), members)


def _outside(flows: pd.Series, members: Sequence[str]) -> pd.Series:
    """Imports of goods from outside the union by member."""
    flows = flows[~flows.index.get_level_values("exporter").isin(members)]
    return flows.groupby("importer").sum().reindex(list(members))
