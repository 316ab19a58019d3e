"""Prior national tables taken from GTAP, in the shape :func:`.national.estimate_region` balances.

GTAP's account of a good holds activity and commodity together, with domestic and imported goods merged. They are
separated here: domestic sales are what the sector's costs leave after exports; taxes on intermediate inputs, which
GTAP records by using sector, join the production tax of that sector; taxes on final purchases become one sales tax
per final user.
"""

from __future__ import annotations

import pandas as pd

from .national import CELL_LEVELS, FACTORS, USERS
from .series import Tables, entries, keyed
from .trade import sector_list

GTAP_FACTOR = dict(zip(FACTORS, ("UnSkLab", "SkLab", "Capital", "Land", "NatRes"), strict=True))
GTAP_USER = dict(zip(USERS, ("PRIV", "GOV", "INV"), strict=True))

CELL_ERROR = {
    "use": 0.30,
    "factor": 0.25,
    "factor_tax": 0.25,
    "production_tax": 0.25,
    "domestic": 0.50,
    "demand": 0.25,
    "sales_tax": 0.10,
}
"""Relative standard error of a prior cell by kind. Domestic sales are a residual and carry little information."""

SMALLEST_CELL = 1e-7
"""Cells below this share of GDP are dropped: GTAP's fitting leaves traces (1e-6 USD) where nothing is traded."""


def gtap_prior(region: str, tables: Tables) -> pd.DataFrame:
    """The prior of one GTAP region; index (item, row, column), columns ``prior`` and ``standard_error``."""
    sam = tables("sources/gtap_sam")
    sam = sam[sam["region"] == region].pivot_table(
        index="row", columns="column", values="value", fill_value=0.0
    )
    goods = sector_list(tables)
    use = sam.loc[goods, goods]
    factors = sam.loc[list(GTAP_FACTOR.values()), goods].set_axis(list(FACTORS))
    demand = sam.loc[goods, list(GTAP_USER.values())].set_axis(list(USERS), axis=1)
    paid = sam[goods].T  # by sector, one column per account that it pays
    factor_tax = paid["vtax"].clip(lower=0.0)
    subsidy = paid["vtax"] - factor_tax  # land subsidies: they join the production tax
    taxes = paid["ptax"] + paid["itax"] + subsidy
    cost = use.sum() + factors.sum() + factor_tax + taxes
    exports = sam["BoP"].loc[goods] - paid["etax"] + sam["ITT"].loc[goods]
    sales_tax = sam[list(GTAP_USER.values())].T["itax"].set_axis(list(USERS))
    cells = {
        "use": use.stack(),
        "factor": factors.stack(),
        "factor_tax": one_sided(factor_tax, left=True),
        "production_tax": one_sided(taxes, left=True),
        "domestic": one_sided((cost - exports).clip(lower=0.0), left=False),
        "demand": demand.stack(),
        "sales_tax": one_sided(sales_tax, left=True),
    }
    prior = pd.Series(pd.concat(cells))
    prior.index = prior.index.set_names(CELL_LEVELS)
    return with_errors(_reallocated(prior, region, tables))


def _reallocated(prior: pd.Series, region: str, tables: Tables) -> pd.Series:
    """Move a share of a sector (its costs, its sales at home, what others buy of it) to another sector.

    For regions whose GTAP table follows another classification; ``data/parameters/gtap_reallocation.csv``.
    """
    rules = tables("parameters/gtap_reallocation")
    for (origin, target), share in entries(keyed(rules[rules["region"] == region], "from", "to")):
        for level in ("row", "column"):
            inside = prior.index.get_level_values(level) == origin
            moved = prior[inside] * share
            names = moved.index.to_frame(index=False).replace({level: {origin: target}})
            moved.index = pd.MultiIndex.from_frame(names)
            prior = prior.where(~inside, prior * (1 - share)).add(moved, fill_value=0.0)
    return prior


def with_errors(prior: pd.Series, error: dict[str, float] | None = None) -> pd.DataFrame:
    """Drop traces and give every cell the standard error of its kind."""
    error = CELL_ERROR if error is None else error
    income = prior[prior.index.get_level_values("item").isin(["factor", "production_tax", "sales_tax"])].sum()
    prior = prior[prior.abs() > SMALLEST_CELL * income]
    relative = prior.index.get_level_values("item").map(error)
    return pd.DataFrame({"prior": prior, "standard_error": prior.abs() * relative.astype(float)})


def one_sided(values: pd.Series, *, left: bool) -> pd.Series:
    """Cells that have only one name besides the item: the other key is the empty string."""
    keys = [("", g) if left else (g, "") for g in values.index]
    return pd.Series(values.to_numpy(float), index=pd.MultiIndex.from_tuples(keys))


def without(whole: pd.DataFrame, part: pd.Series) -> pd.DataFrame:
    """A prior less another region's balanced cells (Belarus out of GTAP's rest of the world)."""
    rest = whole["prior"] - part.reindex(whole.index).fillna(0.0)
    keep = rest / whole["prior"] > 0.5
    prior = whole["prior"].where(~keep, rest)  # a cell that would lose its bulk is left as it is
    return whole.assign(prior=prior)
