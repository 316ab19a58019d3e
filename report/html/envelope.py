r"""The back of the envelope: what a desk officer would compute from base-year tables, beside the model's result.

Producer prices are held fixed and the bundle of home goods and imports keeps its volume. A tariff that goes from
:math:`t_0` to :math:`t_1` changes the landed price of a flow by :math:`\hat p = \ln\frac{1+t_1}{1+t_0}`; with base-year
shares :math:`\theta` of sources in imports and :math:`\mu` of imports in the bundle, and the benchmark's elasticities,

.. math:: \hat P_I = \sum_f \theta_f \hat p_f, \qquad
          \Delta M_f = \bar M_f \big(e^{-\sigma_s(\hat p_f - \hat P_I) - \sigma_a(1-\mu)\hat P_I} - 1\big)

The tariff triangle (with the rectangle of the old tariff) is :math:`\sum_f \tfrac12 (t_0 + t_1) \Delta M_f` (Harberger
1964, as the allocative term of `eacu.model.welfare_terms`); the pool is the key times all members' duty on imports from
outside less the own duty at these volumes. Terms of trade cannot be had by hand: the model's price index times
base-year trade is set beside the term, a check of the accounts rather than a forecast.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...model.state import State, at
from .study import Study

ITEMS = {
    "tariff triangle": "Tariff triangle and rectangle",
    "pool": "Transfer through the pool of duties",
    "terms of trade": "Terms of trade, export duties included",
    "passed on": "Duties passed on between governments",
    "border costs": "Lower border costs",
    "rest": "Everything else",
}
"""Items of the envelope in words."""


def envelope(study: Study) -> pd.DataFrame:
    """By region and item: region, item, by_hand, model (million USD).

    ``model`` is the same item in the decomposition of welfare; over the items it sums to the equivalent variation.
    The item *rest* has no figure by hand (NaN).
    """
    imports = _imports_by_hand(study)
    hand = pd.DataFrame(
        {
            "tariff triangle": _triangle(study, imports),
            "pool": _pool(study, imports),
            "terms of trade": _terms_of_trade(study),
            "passed on": _passed_on(study),
            "border costs": _border_costs(study),
            "rest": pd.Series(np.nan, index=list(study.base.benchmark.regions)),
        }
    )
    rows = [
        (region, item, float(hand[item][region]), value)
        for region in study.regions
        for item, value in _by_model(study, region).items()
    ]
    return pd.DataFrame(rows, columns=["region", "item", "by_hand", "model"])


def _by_model(study: Study, region: str) -> dict[str, float]:
    own = study.welfare[study.welfare["region"] == region]
    term, detail, value = own["term"], own["detail"], own["value"]
    chosen = {
        "tariff triangle": (term == "allocative") & (detail == "import tariff"),
        "pool": term == "pool transfer",
        "terms of trade": (term == "terms of trade")
        | ((term == "oil duty transfer") & (detail != "passed on")),
        "passed on": (term == "oil duty transfer") & (detail == "passed on"),
        "border costs": (term == "technology") & (detail == "border costs"),
    }
    found = {item: float(value[rows].sum()) for item, rows in chosen.items()}
    return {**found, "rest": float(study.ev[region]) - sum(found.values())}


def _imports_by_hand(study: Study) -> pd.Series:
    """Import volumes by flow after the change of tariffs, million USD at base-year cif prices."""
    b = study.base.benchmark
    before, after = _tariffs(study, study.base_state), _tariffs(study, study.solved.solution.state)
    price = np.log((1 + after) / (1 + before))
    landed = b.cif * (1 + b.import_tariff.reindex(b.cif.index))
    keys = [b.cif.index.get_level_values(k) for k in ("sector", "importer")]
    imports = landed.groupby(keys).transform("sum")
    index = (landed / imports * price).groupby(keys).transform("sum")
    home = (
        b.domestic_sales.reindex(pd.MultiIndex.from_arrays(keys)).fillna(0.0).to_numpy()
    )  # not made at home
    share = imports / (imports + home)
    sources, armington = (
        elasticity.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy()
        for elasticity in (b.sigma_sources, b.sigma_armington)
    )
    response = sources * (price - index) + np.where(index == 0.0, 0.0, armington * (1 - share) * index)
    return b.cif * np.exp(-response)


def _tariffs(study: Study, state: State) -> pd.Series:
    return state["import_tariff"].reindex(study.base.benchmark.cif.index)


def _triangle(study: Study, imports: pd.Series) -> pd.Series:
    before, after = _tariffs(study, study.base_state), _tariffs(study, study.solved.solution.state)
    gain = 0.5 * (before + after) * (imports - study.base.benchmark.cif)
    return _by_importer(study, gain)


def _pool(study: Study, imports: pd.Series) -> pd.Series:
    """What the keys give less what is paid in, in the regime less in its base of comparison."""
    regime = _paid_out(study, study.solved.solution.state, imports)
    return regime - _paid_out(study, study.base_state, study.base.benchmark.cif)


def _paid_out(study: Study, state: State, imports: pd.Series) -> pd.Series:
    source, importer = (imports.index.get_level_values(k) for k in ("source", "importer"))
    member = state["union_member"]
    inside = member.reindex(source).to_numpy() * member.reindex(importer).to_numpy()
    duty = _by_importer(study, _tariffs(study, state) * imports * (1 - inside))
    paid_in = duty * state["pooled"].reindex(duty.index)
    return state["pool_share"].reindex(duty.index) * paid_in.sum() - paid_in


def _terms_of_trade(study: Study) -> pd.Series:
    """The change of the index times the mean of base-year exports and imports, trade with itself left out."""
    b = study.base.benchmark
    abroad = np.asarray(b.cif.index.get_level_values("source") != b.cif.index.get_level_values("importer"))
    exports = b.fob[abroad].groupby("source").sum().reindex(b.regions)
    imports = b.cif[abroad].groupby("importer").sum().reindex(b.regions)
    return study.changes["terms_of_trade_pct"] / 100 * 0.5 * (exports + imports)


def _passed_on(study: Study) -> pd.Series:
    """Shares remitted times base-year export duty at the regime's rates, received less paid."""
    return _remitted(study, study.solved.solution.state) - _remitted(study, study.base_state)


def _remitted(study: Study, state: State) -> pd.Series:
    b = study.base.benchmark
    rate = state["export_tax"].reindex(b.exports.index)
    source, importer = (rate.index.get_level_values(k) for k in ("source", "importer"))
    member = state["union_member"]
    outside = 1 - member.reindex(source).to_numpy() * member.reindex(importer).to_numpy()
    duty = (rate * b.exports * outside).groupby(["sector", "source"]).sum().rename_axis(["sector", "region"])
    share = state["duty_remitted"]
    passed = share * at(duty.rename("export duty"), share.index, "sector", "region")
    received = passed.groupby("recipient").sum().reindex(b.regions, fill_value=0.0)
    paid = passed.groupby("region").sum().reindex(b.regions, fill_value=0.0)
    return received - paid


def _border_costs(study: Study) -> pd.Series:
    b = study.base.benchmark
    after, before = study.solved.solution.state["iceberg"], study.base_state["iceberg"]
    saved = -(after / before).map(np.log).reindex(b.cif.index) * b.cif
    return _by_importer(study, saved)


def _by_importer(study: Study, flows: pd.Series) -> pd.Series:
    return flows.groupby("importer").sum().reindex(list(study.base.benchmark.regions), fill_value=0.0)
