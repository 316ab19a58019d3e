r"""How good forecasts of trade are, and whether one is better than another or only seems so.

Observed trade is in dollars of its day, forecasts in dollars of the first year. So a forecast :math:`\hat X_p` of the
pairs :math:`p` of one kind of goods and one year is multiplied by **one** number, the same for every pair,

.. math:: \kappa = \sum_p X_p \Big/ \sum_p \hat X_p ,

and that is the only thing taken from the outcome. With :math:`e_p = \ln(\kappa \hat X_p / X_p)` and the flows of the
first year as weights :math:`w_p`, these measures are taken, in each the smaller the better:

- ``error`` of a group of pairs: :math:`100 \sum_p w_p |e_p| / \sum_p w_p`;
- ``rmse`` of a group: :math:`100 \sqrt{\operatorname{mean} e_p^2}`, every pair counting the same;
- ``level`` of a group: :math:`100\,|\ln(\sum_p \kappa \hat X_p / \sum_p X_p)|`, whether the group as a whole was
  foreseen (of all pairs it is zero by construction and left out);
- ``share``: distance between the forecast and the actual share of trade inside the union in all trade, in points;
  :math:`\kappa` plays no part in it.

Whether a difference is more than chance is asked of a bootstrap (:func:`comparisons`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

NO_CHANGE, PROPORTIONAL = "no change", "proportional growth"
MODEL, GROWTH_ONLY = "model, policy and growth", "model, growth only"
METHODS = (NO_CHANGE, PROPORTIONAL, GROWTH_ONLY, MODEL)
NAIVE = (NO_CHANGE, PROPORTIONAL)
GROUPS = ("all pairs", "between members", "members' other exports", "members' other imports")
ALL, INSIDE = GROUPS[:2]
ERROR, RMSE, LEVEL, SHARE = "error", "rmse", "level", "share"
BETTER, WORSE, UNCLEAR = "better", "worse", "not distinguishable"
DRAWS, SEED = 4000, 20072012
INTERVAL = (0.05, 0.95)
"""Quantiles of the bootstrap: a 90 % interval."""
SAME = 1e-6
"""Two forecasts that differ by less than this part of every flow are one forecast."""
YEAR_KEYS = ["goods", "year"]

Measured = dict[tuple[str, str], dict[str, np.ndarray]]
"""By group and measure, then by method: one value a row of weights."""


@dataclass(frozen=True)
class Pairs:
    """The flows of one kind of goods in one year.

    ``flows``: rows (exporter, importer), columns ``start``, ``actual`` and the forecasts ``methods``, any unit.
    ``groups``: which rows are in each of :data:`GROUPS`.
    """

    flows: pd.DataFrame
    groups: dict[str, np.ndarray]
    methods: tuple[str, ...]

    @classmethod
    def of(cls, flows: pd.DataFrame, members: tuple[str, ...]) -> Pairs:
        """Sort pairs into groups; a forecast with policy that equals the one without it is left out."""
        exporter = flows.index.get_level_values("exporter").isin(members)
        importer = flows.index.get_level_values("importer").isin(members)
        inside = (exporter | importer, exporter & importer, exporter & ~importer, ~exporter & importer)
        groups = {name: np.asarray(rows) for name, rows in zip(GROUPS, inside, strict=True)}
        idle = bool(((flows[MODEL] - flows[GROWTH_ONLY]).abs() <= SAME * flows[GROWTH_ONLY]).all())
        return cls(flows, groups, METHODS[:-1] if idle else METHODS)

    def measures(self, weights: np.ndarray) -> Measured:
        """All measures for each row of ``weights`` (draws by pairs): how often every pair is counted."""
        weights = weights * self.groups[ALL]
        start, actual = (self.flows[name].to_numpy(float) for name in ("start", "actual"))
        found: Measured = {}
        for method in self.methods:
            forecast = self.flows[method].to_numpy(float)
            with np.errstate(invalid="ignore", divide="ignore"):  # a draw without a pair of the group: NaN
                scale = (weights @ actual) / (weights @ forecast)
                error = np.log(scale[:, None] * forecast / actual)
                for group, rows in self.groups.items():
                    counted = weights * rows
                    value, number = counted * start, counted.sum(axis=1)
                    mean = (value * np.abs(error)).sum(axis=1) / value.sum(axis=1)
                    square = (counted * error**2).sum(axis=1) / number
                    found.setdefault((group, ERROR), {})[method] = 100 * mean
                    found.setdefault((group, RMSE), {})[method] = 100 * np.sqrt(square)
                    if group != ALL:
                        level = np.log(scale * (counted @ forecast) / (counted @ actual))
                        found.setdefault((group, LEVEL), {})[method] = 100 * np.abs(level)
                inside = weights * self.groups[INSIDE]
                share = (inside @ forecast) / (weights @ forecast)
                happened = (inside @ actual) / (weights @ actual)
                found.setdefault((INSIDE, SHARE), {})[method] = 100 * np.abs(share - happened)
        return found

    def once(self) -> Measured:
        """All measures with every pair counted once."""
        return self.measures(np.ones((1, len(self.flows))))

    def resampled(self, side: str, draws: int, seed: int) -> np.ndarray:
        """Weights of ``draws`` samples of whole clusters: all pairs of an ``exporter``, or of an ``importer``."""
        names, cluster = np.unique(self.flows.index.get_level_values(side).astype(str), return_inverse=True)
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
        return drawn[:, cluster].astype(float)


def by_year(trade: pd.DataFrame, members: tuple[str, ...]) -> dict[tuple[str, int], Pairs]:
    """The pairs of every kind of goods and year of a frame with rows (goods, year, exporter, importer)."""
    return {
        cast(tuple[str, int], key): Pairs.of(rows.droplevel([0, 1]), members)
        for key, rows in trade.groupby(level=YEAR_KEYS, sort=False)
    }


def scores(pairs: Pairs) -> pd.DataFrame:
    """Measures pair by pair: rows (group, method).

    Columns ``pairs``, ``error_pct`` and ``rmse_pct`` (see the module), ``correlation`` of the forecast and actual
    growth in logs (NaN where a forecast has none), ``skill_pct``: the part of proportional growth's error that is
    avoided, in per cent; below zero the forecast is worse.
    """
    once = pairs.once()
    rows = {}
    for group, chosen in pairs.groups.items():
        flows = pairs.flows[chosen]
        actual = pd.Series(np.log(flows["actual"] / flows["start"]))
        usual = float(once[group, ERROR][PROPORTIONAL][0])
        for method in pairs.methods:
            growth = pd.Series(np.log(flows[method] / flows["start"]))
            error = float(once[group, ERROR][method][0])
            rows[group, method] = {
                "pairs": float(len(flows)),
                "error_pct": error,
                "rmse_pct": float(once[group, RMSE][method][0]),
                "correlation": float(growth.corr(actual)) if growth.std() > 1e-9 else np.nan,
                "skill_pct": 100 * (1 - error / usual),
            }
    return _rows(rows, ["group", "method"])


def levels(pairs: Pairs) -> pd.DataFrame:
    """Trade of every group as forecast and as it was: rows (group, method).

    ``forecast`` and ``actual`` in million USD of the day after the one scale, ``level_pct`` the forecast's distance in
    per cent of logs (above zero: too much trade was forecast).
    """
    whole = pairs.flows[pairs.groups[ALL]]
    rows = {}
    for group in GROUPS[1:]:
        flows = pairs.flows[pairs.groups[group]].sum()
        for method in pairs.methods:
            forecast = float(flows[method] * whole["actual"].sum() / whole[method].sum())
            rows[group, method] = {
                "forecast": forecast,
                "actual": float(flows["actual"]),
                "level_pct": 100 * float(np.log(forecast / flows["actual"])),
            }
    return _rows(rows, ["group", "method"])


def union_shares(pairs: Pairs) -> pd.Series:
    """Trade between members in per cent of all trade of the members: ``start``, ``actual`` and every forecast."""
    chosen = pairs.flows[["start", "actual", *pairs.methods]]
    return 100 * chosen[pairs.groups[INSIDE]].sum() / chosen[pairs.groups[ALL]].sum()


def comparisons(pairs: Pairs, draws: int = DRAWS, seed: int = SEED) -> pd.DataFrame:
    """The model against the best naive forecast, and against itself without policy: rows (group, measure, against).

    Pairs of one exporter, or of one importer, share what happens to it, so whole clusters are drawn with replacement,
    once by exporter and once by importer; scale, shares and levels are computed anew in every draw. ``low`` and
    ``high`` span both 90 % intervals of ``difference`` (the model's measure less the other's; below zero the model is
    nearer). The verdict is ``better`` or ``worse`` if zero lies outside, else ``not distinguishable``. Seven regions
    are few clusters; in 200 simulated cases in which neither forecast was better, with shocks of exporters and
    importers of 0.2 and of pairs of 0.3 in logs, 4 to 12 of 100 verdicts on pairs and 1 on levels said otherwise (10
    would be right for a 90 % interval).

    The best naive forecast is chosen after the event, for each group and measure: the model is measured against the
    harder one. ``measures_agree`` is 1 if the difference has the same sign in ``error`` and ``rmse`` of the group.
    """
    model = pairs.methods[-1]
    once = pairs.once()
    drawn = [pairs.measures(pairs.resampled(side, draws, seed)) for side in ("exporter", "importer")]
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for (group, measure), values in once.items():
        best = min(NAIVE, key=lambda name: values[name][0])
        for other in (best, GROWTH_ONLY):
            if other == model:
                continue
            difference = float(values[model][0] - values[other][0])
            spans = [
                np.nanquantile(one[group, measure][model] - one[group, measure][other], INTERVAL)
                for one in drawn
            ]
            low, high = float(min(s[0] for s in spans)), float(max(s[1] for s in spans))
            rows[group, measure, other] = {
                "model": float(values[model][0]),
                "other": float(values[other][0]),
                "difference": difference,
                "low": low,
                "high": high,
                "rank": float(sum(v[0] < values[model][0] for v in values.values()) + 1),
                "of": float(len(values)),
                "verdict": verdict_of(low, high),
            }
    table = _rows(rows, ["group", "measure", "against"])
    nearer = {(g, m): r["difference"] < 0 for (g, m, against), r in rows.items() if against in NAIVE}
    same = [float(nearer[group, ERROR] == nearer[group, RMSE]) for group, _, _ in rows]
    return table.assign(measures_agree=same)


def duty_skill(duties: pd.DataFrame) -> pd.DataFrame:
    """How near duties came, against "as in 2007": rows (year, ``rate`` or ``share``).

    ``duties`` as in `eacu.experiments.backcast.Backcast`. Columns: the mean absolute error over the members whose
    duties are known, in points, of ``unchanged`` (the first year's figure), :data:`GROWTH_ONLY` and :data:`MODEL`;
    ``skill_pct``, the part of the error of ``unchanged`` that the model avoids; ``members``, how many were compared:
    three at most, too few for an interval.
    """
    rows = {}
    for year, known in duties.groupby(level="year"):
        for what, name in (("rate", "{}_pct"), ("share", "share_{}")):
            part = known[known[name.format("actual")].notna()]
            if part.empty:
                continue
            actual = part[name.format("actual")]
            missed = {
                method: float((part[name.format(column)] - actual).abs().mean())
                for method, column in (("unchanged", "start"), (GROWTH_ONLY, GROWTH_ONLY), (MODEL, MODEL))
            }
            skill = 100 * (1 - missed[MODEL] / missed["unchanged"])
            rows[year, what] = {**missed, "skill_pct": skill, "members": float(len(part))}
    return _rows(rows, ["year", "what"])


def verdict_of(low: float, high: float) -> str:
    """What an interval of a difference in errors says."""
    return BETTER if high < 0 else WORSE if low > 0 else UNCLEAR


def _rows(rows: dict, names: list[str]) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame()
    index = pd.MultiIndex.from_tuples(list(rows), names=names)
    return pd.DataFrame(list(rows.values()), index=index)
