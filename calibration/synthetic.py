"""Synthetic tables of regions without one: neighbours' technology, forced to what is observed of the region.

No input-output table of Belarus or Ukraine is published in a form that can be used here. The prior takes input
coefficients from the WIOD tables of neighbours, weighted as the named prior says (``parameters/<name>_priors``),
output from industrial statistics and national accounts, and final demand from the neighbours' patterns moved to the
household survey. :func:`.national.estimate_region` then forces the observed margins. The result is synthetic and every
use of it must say so; comparing priors shows what hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .national import CELL_LEVELS, FACTORS, USERS, VALUE_ADDED_GROUPS, Border
from .priors import gtap_prior, one_sided, with_errors
from .series import Tables, keyed, once
from .synthetic_trade import figure, places
from .trade import sector_list

PRIOR = "neighbours"
"""The named prior used for the committed SAM."""
SYNTHETIC_ERROR = {
    "use": 0.50,
    "factor": 0.30,
    "factor_tax": 0.30,
    "production_tax": 0.30,
    "domestic": 0.50,
    "demand": 0.30,
    "sales_tax": 0.20,
}
FOOD = ("agr", "dmt", "ofd")
MARGIN_IN_FOOD_PRICE = 0.25
"""Share of what households pay for food that is trade margin and tax (assumed); the SAM shows food before both."""
OTHER_PRODUCTION_TAX = 0.02
"""Other taxes on production as a share of value added (assumed)."""
SMALLEST_HOME_SHARE = 0.25
"""Least share of output sold at home in the prior: exports by customs chapter and output by branch follow different
classifications (chemical fibres, potash), and their difference can be too small."""
SALES_TAX_SPLIT = {"household": 0.85, "investment": 0.15}
"""How taxes on products less trade taxes are spread over final users (assumed)."""
WIOD_USER = {"household": ("CONS_h", "CONS_np"), "government": ("CONS_g",), "investment": ("GFCF", "INVEN")}


@dataclass(frozen=True)
class SyntheticRegion:
    """A region without a table, the prefix of its own tables (``belarus``), and the named prior of its technology."""

    region: str
    name: str
    prior: str = PRIOR


def synthetic_prior(of: SyntheticRegion, border: Border, controls: pd.Series, tables: Tables) -> pd.DataFrame:
    """The prior table of the region in million USD of 2007, cells as in :class:`.national.NationalTable`.

    Raises ValueError if the named prior is not in ``parameters/<name>_priors``.
    """
    sectors = sector_list(tables)
    technology = once(tables, _Technology, of)
    output = _output(of, controls, technology, tables)
    use = technology.inputs * output
    value_added = _value_added(output, technology, controls)
    factors = _factor_shares(tables) * value_added * (1 - OTHER_PRODUCTION_TAX)
    sales_tax = pd.Series(SALES_TAX_SPLIT) * _sales_tax_total(border, controls)
    levels = _demand_levels(controls).sub(sales_tax, fill_value=0.0)
    demand = technology.demand * levels[technology.demand.columns]
    cells = {
        "use": use.stack(),
        "factor": factors.stack(),
        "production_tax": one_sided(value_added * OTHER_PRODUCTION_TAX, left=True),
        "domestic": one_sided(
            (output - border.exports[sectors]).clip(lower=SMALLEST_HOME_SHARE * output), left=False
        ),
        "demand": demand.loc[sectors].stack(),
        "sales_tax": one_sided(sales_tax, left=True),
    }
    prior = pd.concat(cells)
    prior.index = prior.index.set_names(CELL_LEVELS)
    return with_errors(prior, SYNTHETIC_ERROR)


def output_controls(of: SyntheticRegion, tables: Tables) -> pd.Series:
    """Output of 2007 at basic prices, million USD, as controls ``output:<sector>``.

    Only for the branches marked ``control`` in ``parameters/<name>_branches``: whole branches of the industrial
    statistics whose trade follows the same classification (Belarus: power, ferrous metals, wood). Output of part of
    a year in local currency is put on a year and moved to 2007 by GDP in USD: the shares are seasonal and the level
    approximate, so the standard error is large.
    """
    output = _branch_output(of, tables)
    branches = tables(f"parameters/{of.name}_branches")
    held = sorted(set(branches.loc[branches["control"].astype(bool), "sector"]))
    return output[held].rename(index=lambda sector: f"output:{sector}")


def _branch_output(of: SyntheticRegion, tables: Tables) -> pd.Series:
    """Output by sector of the branches of industry, million USD of 2007."""
    branches = tables(f"parameters/{of.name}_branches")
    shares = branches["branch"].map(lambda branch: figure(of.name, f"branch_share {branch}", tables) / 100)
    return (branches["value"] * shares * _industrial_output(of, tables)).groupby(branches["sector"]).sum()


def _industrial_output(of: SyntheticRegion, tables: Tables) -> float:
    accounts = keyed(tables("sources/national_accounts"), "region", "item")
    billions = figure(of.name, "industrial_output", tables)
    scale = keyed(tables(f"parameters/{of.name}_industry"), "item")
    dollars = 1000 * billions / scale["local_currency_per_dollar"] * 12 / scale["months"]
    return float(dollars * accounts[of.region, "gdp"] / scale["gdp_of_the_year"])


class _Technology:
    """Weighted neighbours' coefficients at model sectors.

    ``inputs``: intermediate input per unit of output (input x activity), domestic and imported together;
    ``value_added``: per unit of output; ``demand``: pattern of each final user, summing to one.
    """

    def __init__(self, of: SyntheticRegion, tables: Tables) -> None:
        self._sectors = sector_list(tables)
        self._mapping = tables("mappings/sectors_wiod")
        pairs = pd.MultiIndex.from_frame(self._mapping[["sector", "wiod"]])
        members = pd.crosstab(pairs.get_level_values("sector"), pairs.get_level_values("wiod")).astype(float)
        self._members = members.reindex(self._sectors, fill_value=0.0)
        russia = once(tables, gtap_prior, "RUS")["prior"]
        self._russian_use = russia["use"].unstack(fill_value=0.0).reindex(self._sectors, fill_value=0.0)
        self._russian_demand = russia["demand"].unstack(fill_value=0.0).reindex(self._sectors, fill_value=0.0)
        lent = pd.concat([tables(table) for table, _ in places(of.name, "technology", tables)])
        wiod = keyed(lent, "country", "table", "row", "column")
        weights = _weights(of, sorted(set(lent["country"])), tables)
        parts = {country: self._country(wiod[str(country)]) for country in weights.index}
        self.inputs = sum(w * parts[c][0] for c, w in weights.items()) / weights.sum()
        self.value_added = sum(w * parts[c][1] for c, w in weights.items()) / weights.sum()
        self.demand = sum(w * parts[c][2] for c, w in weights.items()) / weights.sum()
        self.demand["household"] = _with_food_share(self.demand["household"], of, tables)

    def _country(self, wiod: pd.Series) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
        intermediate = _sum_tables(wiod, "intermediate_domestic", "intermediate_imported")
        final = _sum_tables(wiod, "final_domestic", "final_imported")
        output = wiod["output"].groupby("column").sum()
        added = wiod["value_added"].groupby("column").sum()
        inputs, value_added = {}, {}
        for sector in self._sectors:
            codes = [c for c in self._codes(sector) if c in output.index]
            total = output[codes].sum()
            column = intermediate.reindex(columns=codes, fill_value=0.0).sum(axis=1) / total
            inputs[sector] = self._split(column, self._russian_use[sector])
            value_added[sector] = added.reindex(codes).sum() / total
        demand = {}
        for user, columns in WIOD_USER.items():
            column = final.reindex(columns=list(columns), fill_value=0.0).sum(axis=1).clip(lower=0.0)
            pattern = self._split(column, self._russian_demand[user])
            demand[user] = pattern / pattern.sum()
        return pd.DataFrame(inputs), pd.Series(value_added), pd.DataFrame(demand)

    def _codes(self, sector: str) -> list[str]:
        """WIOD sectors whose technology a model sector takes: those it is the main part of, else any."""
        mine = self._mapping[self._mapping["sector"] == sector]
        main = mine[mine["is_main"].astype(bool)]
        return (mine if main.empty else main)["wiod"].tolist()

    def _split(self, column: pd.Series, russian: pd.Series) -> pd.Series:
        """Spread a column over WIOD rows to model sectors, inside a WIOD sector as Russia's users do."""
        weights = self._members.mul(russian, axis=0)
        unused = weights.sum() <= 0
        weights.loc[:, unused] = self._members.loc[:, unused]
        shares = weights / weights.sum()
        return shares[column.index] @ column


def _weights(of: SyntheticRegion, lenders: list[str], tables: Tables) -> pd.Series:
    """Weight of each neighbour's technology: a named prior, or weights as in ``LTU=0.7,RUS=0.3``.

    Raises ValueError for an unknown name or country, and for a weight that is not a positive number.
    """
    table = f"parameters/{of.name}_priors"
    priors = tables(table)
    weights = pd.Series(priors[priors["prior"] == of.prior].set_index("country")["value"])
    if weights.empty and "=" in of.prior:
        parts = (part.partition("=") for part in of.prior.split(","))
        weights = pd.Series({country.strip(): _weight(country, text, of) for country, _, text in parts})
    if weights.empty:
        known = sorted(priors["prior"].unique())
        raise ValueError(
            f"no prior {of.prior!r} for {of.region} in data/{table}.csv; known: {known}, "
            f"or weights of {lenders} such as {lenders[0]}=0.7,{lenders[-1]}=0.3"
        )
    strangers = sorted(set(weights.index) - set(lenders))
    if strangers:
        raise ValueError(f"prior {of.prior!r} for {of.region}: no table of {strangers}; there are {lenders}")
    return weights


def _weight(country: str, text: str, of: SyntheticRegion) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = float("nan")
    if not 0 < weight < float("inf"):
        raise ValueError(
            f"prior {of.prior!r} for {of.region}: the weight of {country.strip()} is {text.strip()!r}; "
            "it must be a positive number, as in LTU=0.7,RUS=0.3"
        )
    return weight


def _sum_tables(wiod: pd.Series, first: str, second: str) -> pd.DataFrame:
    return wiod[first].unstack(fill_value=0.0).add(wiod[second].unstack(fill_value=0.0), fill_value=0.0)


def _with_food_share(pattern: pd.Series, of: SyntheticRegion, tables: Tables) -> pd.Series:
    """Move a consumption pattern to the observed share of food and drink."""
    survey = figure(of.name, "household_food_share", tables)
    share = survey / 100 * (1 - MARGIN_IN_FOOD_PRICE)
    food = pattern.index.isin(FOOD)
    return pd.concat(
        [pattern[food] / pattern[food].sum() * share, pattern[~food] / pattern[~food].sum() * (1 - share)]
    ).reindex(pattern.index)


def _output(of: SyntheticRegion, controls: pd.Series, technology: _Technology, tables: Tables) -> pd.Series:
    """Prior output by sector: industrial branches where published, else value added over its coefficient."""
    russia = once(tables, gtap_prior, "RUS")["prior"]["factor"].groupby("column").sum()
    output = _branch_output(of, tables).reindex(sector_list(tables), fill_value=0.0)
    for group, members in VALUE_ADDED_GROUPS.items():
        if group == "C-E":
            continue
        weights = russia[list(members)] / russia[list(members)].sum()
        output[list(members)] = (
            controls[f"value_added:{group}"] * weights / technology.value_added[list(members)]
        )
    return output


def _value_added(output: pd.Series, technology: _Technology, controls: pd.Series) -> pd.Series:
    """Value added by sector: neighbours' coefficients, scaled to each group of the national accounts."""
    added = output * technology.value_added.clip(lower=0.02)
    for group, members in VALUE_ADDED_GROUPS.items():
        inside = list(members)
        added[inside] *= controls[f"value_added:{group}"] / added[inside].sum()
    return added


def _factor_shares(tables: Tables) -> pd.DataFrame:
    """Factor shares by sector (factor x sector), borrowed from Russia, no resource rent outside extraction."""
    russia = once(tables, gtap_prior, "RUS")["prior"]["factor"].unstack(fill_value=0.0).reindex(list(FACTORS))
    return russia / russia.sum()


def _demand_levels(controls: pd.Series) -> pd.Series:
    """Final demand by user at purchaser prices."""
    names = ["household_consumption", "government_consumption", "capital_formation"]
    return controls[names].set_axis(list(USERS))


def _sales_tax_total(border: Border, controls: pd.Series) -> float:
    """Taxes on products other than duties: GDP less value added less import duty less export tax."""
    value_added = sum(controls[f"value_added:{group}"] for group in VALUE_ADDED_GROUPS)
    return float(controls["gdp"] - value_added - border.duty.sum() - border.export_tax.sum())
