r"""How far published elasticities differ: the spreads of ``data/parameters/distributions.csv`` that have a source.

An error of a borrowed elasticity has two parts. One is common to all sectors, the *level*: studies differ by method.
The other is a sector's own: countries differ in what they trade under its name.
"""

from math import log, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from ...data import table
from .elasticities import NEIGHBOURS
from .raw import read_raw

FEWEST_PRODUCTS = 5
"""A country's median over fewer products of a sector says more of the products than of the sector."""


def range_spread(low: float, high: float) -> float:
    r"""Standard deviation of the logarithm if a published range holds nine tenths: its ends 5th and 95th percentile.

    .. math:: \sigma = \frac{\log(high / low)}{2 \cdot 1.645}

    That the range holds nine tenths is an assumption: surveys do not say what share theirs holds.
    """
    return log(high / low) / (2.0 * float(norm.ppf(0.95)))


def between_countries(root: Path) -> tuple[float, float]:
    r"""Standard deviations of the logarithm of elasticities between neighbouring countries: common, and by sector.

    Medians over products of the logarithm of elasticities (Broda and Weinstein 2006) of sector :math:`i` in country
    :math:`c`, in the sectors with :data:`FEWEST_PRODUCTS` or more in each country, by a two-way analysis of variance:

    .. math:: \operatorname{median} \log \sigma_{ic} = \mu_i + a_c + u_{ic}

    Returns:
        The standard deviations of :math:`a_c`, a country's level, and of :math:`u_{ic}`.
    """
    raw = read_raw(
        root,
        "elasticities/broda_weinstein2006_sigma_hs3_neighbours.csv",
        dtype={"HS0_2d": str, "HS0_3d": str},
    )
    chapters = table("mappings/sectors_hs2").set_index("hs2")["sector"]
    raw = (
        raw[raw["iso3c"].isin(NEIGHBOURS)].assign(sector=raw["HS0_2d"].map(chapters)).dropna(subset="sector")
    )
    cells = raw.assign(log=np.log(raw["sigma"])).groupby(["sector", "iso3c"])["log"]
    enough = (cells.size().unstack() >= FEWEST_PRODUCTS).all(axis=1)
    return two_way(cells.median().unstack()[enough])


def two_way(logs: pd.DataFrame) -> tuple[float, float]:
    """Standard deviations of the column effect and of what rows and columns leave, by analysis of variance."""
    rows, columns = logs.shape
    left = logs.sub(logs.mean(axis=1), axis=0).sub(logs.mean(axis=0), axis=1) + logs.to_numpy().mean()
    own = float(np.square(left.to_numpy()).sum()) / ((rows - 1) * (columns - 1))
    common = float(logs.mean(axis=0).var(ddof=1)) - own / rows
    return sqrt(max(common, 0.0)), sqrt(own)
