r"""People and capital abroad, in the results of a solution.

Migrants belong to the household of their origin. What they spend where they work is part of the spending there,
and because preferences aggregate (Gorman 1961) it is worth :math:`(1-\rho) V / P^S_d` to them, :math:`P^S` being
the price of what the household there buys with one more dollar. That amount is added to the equivalent variation
of the origin and taken from that of the destination, so that a region's welfare is that of its own people.
"""

from __future__ import annotations

import pandas as pd

from ..calibration.benchmark import Benchmark
from .state import State, at


def welfare_abroad(b: Benchmark, x: State) -> pd.DataFrame:
    """What a region's people spend where they work less what guests spend here, by region.

    Columns ``ev`` (million USD at benchmark prices) and ``cv`` (at the solution's prices).
    """
    spent = x["migrant_wages"] - x["sent_home"]
    price = at(x["supernumerary_price"], spent.index, "destination")
    parts = {name: _own_less_guests(b, value) for name, value in (("ev", spent / price), ("cv", spent))}
    return pd.DataFrame(parts)


def abroad(b: Benchmark, x: State) -> pd.DataFrame:
    """Migrants, remittances and income of capital abroad, net, by region.

    Columns migrants_thousand (own people abroad less guests), remittances_usd_mn (received less sent),
    migrant_wages_usd_mn (earned abroad, after tax, less guests'), capital_abroad_usd_mn (benchmark earnings of
    own capital abroad less foreign capital), capital_income_abroad_usd_mn; money in numeraire units.
    """
    numeraire = x.scalar("numeraire")
    nothing = pd.Series(0.0, index=pd.Index(b.regions, name="region"))
    columns = {
        "migrants_thousand": _own_less_guests(b, x["migrants"]),
        "remittances_usd_mn": _own_less_guests(b, x["sent_home"]) / numeraire,
        "migrant_wages_usd_mn": _own_less_guests(b, x["migrant_wages"]) / numeraire,
        "capital_abroad_usd_mn": nothing.sub(x["capital_inflow"], fill_value=0.0),
        "capital_income_abroad_usd_mn": x["capital_income"] / numeraire,
    }
    return pd.DataFrame(columns).reindex(b.regions)


def _own_less_guests(b: Benchmark, pairs: pd.Series) -> pd.Series:
    own, guests = (
        pairs.groupby(side).sum().rename_axis("region").reindex(b.regions, fill_value=0.0)
        for side in ("origin", "destination")
    )
    return own - guests
