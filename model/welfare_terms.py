r"""The terms of the welfare decomposition on one small step between two equilibria.

Between two points every product changes by the discrete product rule, without a remainder:

.. math:: \Delta(pq) = \bar p\,\Delta q + \bar q\,\Delta p, \qquad \bar p = \tfrac12 (p_0 + p_1)

Each function here takes the two ends of a step and returns parts of the change of the household's real income,
million USD in units of the numeraire; docs/welfare.md derives them from the accounts of the equilibrium. A new
wedge, transfer or technology is one more function in :data:`TERMS`; one that is forgotten shows as a gap
between the sum and the equivalent variation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..calibration.benchmark import FINAL_USERS
from .state import at
from .welfare_snapshot import Snapshot

LEVELS = ["region", "term", "detail", "sector", "partner"]
"""Index of a decomposition: whose welfare, which term, its kind, the good (or factor) and the other region."""


@dataclass(frozen=True)
class Step:
    """The two ends of a step."""

    start: Snapshot
    end: Snapshot

    def mean(self, name: str) -> pd.Series:
        """Average over the two ends of a price or volume of :class:`Snapshot`."""
        return 0.5 * (getattr(self.start, name) + getattr(self.end, name))

    def change(self, name: str) -> pd.Series:
        """Change of a price or volume of :class:`Snapshot` from one end to the other."""
        change: pd.Series = getattr(self.end, name) - getattr(self.start, name)
        return change


@dataclass(frozen=True)
class Part:
    """One series of contributions; the level names say where region, good and partner stand in its index."""

    term: str
    detail: str
    values: pd.Series
    region: str = "region"
    sector: str | None = "sector"
    partner: str | None = None

    def labels(self) -> tuple[np.ndarray, ...]:
        """Labels of :data:`LEVELS` for every value."""
        index = self.values.index
        n = len(index)

        def level(name: str | None) -> np.ndarray:
            return np.full(n, "") if name is None else index.get_level_values(name).to_numpy(dtype=object)

        fixed = (np.full(n, self.term), np.full(n, self.detail))
        return level(self.region), *fixed, level(self.sector), level(self.partner)


def by_importer(term: str, detail: str, values: pd.Series) -> Part:
    """Contributions of trade flows to the welfare of the importer."""
    return Part(term, detail, values, region="importer", partner="source")


def by_exporter(term: str, detail: str, values: pd.Series) -> Part:
    """Contributions of trade flows to the welfare of the exporter."""
    return Part(term, detail, values, region="source", partner="importer")


def allocative(s: Step) -> Iterator[Part]:
    r"""Allocative efficiency: tax on a unit times the change of the quantity that pays it.

    .. math:: \overline{t^M p^C}\,\Delta z, \quad \overline{t^X p^F}\,\Delta z, \quad \bar\pi\,\Delta z^O, \quad
              \overline{t^Y p^Y}\,\Delta Y, \quad \overline{t^F w}\,\Delta F, \quad \overline{t^S p^Q}\,\Delta C

    What is taxed is worth more to its buyer than it costs the economy, by the tax (Harberger 1964, 1971). The duty
    :math:`\pi` on what is shipped above a quota, :math:`z^O`, is an export tax too.
    """
    shipped, final = s.change("shipped"), s.mean("sales_tax") * s.change("final")
    yield by_importer("allocative", "import tariff", s.mean("duty") * shipped)
    above = s.mean("premium") * s.change("above_quota")
    yield by_exporter("allocative", "export tax", s.mean("export_tax") * shipped + above)
    yield Part("allocative", "production tax", s.mean("production_tax") * s.change("output"))
    factors = s.mean("factor_tax") * s.change("factors")
    yield Part("allocative", "factor tax", factors.groupby(["sector", "region"], sort=False).sum())
    for user in FINAL_USERS:
        yield Part("allocative", f"sales tax, {user}", final.xs(user, level="user"))


def terms_of_trade(s: Step) -> Iterator[Part]:
    r"""Terms of trade: what the region's own exports fetch and its imports cost.

    .. math:: \sum \bar z\,\Delta(p^{fob} - d) + \sum \bar x^T \Delta p^T - \sum \bar z\,\Delta(p^{cif} - d)

    Prices are before the export duty :math:`d` on goods under oil agreements, which is in :func:`export_duties`.
    Over all regions the term nets to what the transport pool earns, which is nil.
    """
    shipped, duty = s.mean("shipped"), s.change("oil_duty")
    yield by_exporter("terms of trade", "exports", shipped * (s.change("fob") - duty))
    yield by_importer("terms of trade", "imports", -shipped * (s.change("cif") - duty))
    yield Part("terms of trade", "transport", s.mean("carried") * s.change("carrier_price"))


def pool(s: Step) -> Iterator[Part]:
    """Transfer from the pool of import duties: what the region receives less what it pays in."""
    yield Part("pool transfer", "", s.change("pool_transfer"), sector=None)


def export_duties(s: Step) -> Iterator[Part]:
    r"""Export duties on goods under oil agreements: from the buyer to the exporter, and between governments.

    .. math:: \pm \big(\bar z\,\Delta d + \bar z^O \Delta\pi\big), \qquad \Delta B

    A dearer duty, the export tax :math:`d = t^X p^F` on all that is shipped or the duty :math:`\pi` on what is shipped
    above a quota, takes from the importer what it gives to the exporter. Of that the exporter passes on :math:`B`. Both
    sum to zero over the world. That less is shipped is an allocative loss of the exporter.
    """
    paid = s.mean("shipped") * s.change("oil_duty") + s.mean("above_quota") * s.change("premium")
    yield by_exporter("oil duty transfer", "paid to the exporter", paid)
    yield by_importer("oil duty transfer", "paid to the exporter", -paid)
    yield Part("oil duty transfer", "passed on", s.change("oil_duty_transfer"), sector=None)


def rents(s: Step) -> Iterator[Part]:
    r"""Rents of quotas, barriers and mark-ups: what is received less what the same imports cost more.

    .. math:: \Delta N^{received} - \sum (\bar z\,\Delta\rho - \bar z^O \Delta\pi)

    Border prices in the terms of trade are before rents and premiums of quotas. For who holds the rents on its own
    imports the two parts leave :math:`\bar\rho\,\Delta z`, as for a tariff; a foreign holder gains what the buyer
    loses. Of the premium of a quota only what is inside the quota pays a rent; the rest pays duty
    (:func:`export_duties`).
    """
    received = s.change("rent_of_importer")
    dearer = s.mean("shipped") * s.change("rent") - s.mean("above_quota") * s.change("premium")
    yield by_importer("rents", "imports", received - dearer)
    yield by_exporter("rents", "exports", s.change("rent_of_exporter"))


def foreign_firms(s: Step) -> Iterator[Part]:
    r"""Foreign firms in services: :math:`\Delta N^F - \bar f\,\Delta(\rho p^F) = \overline{\rho p^F}\,\Delta f` and
    :math:`\Delta Y^\Pi`.

    The household that holds the rent on their presence gains where more is sold at it, as a treasury does from what is
    taxed. What their owners abroad earn is lost to the host.
    """
    dearer = s.mean("presence_volume") * s.change("presence_rent")
    yield Part("rents", "foreign firms", s.change("presence_rent_paid") - dearer)
    yield Part("foreign firms", "profits", s.change("profit_abroad"), sector=None)


def migration(s: Step) -> Iterator[Part]:
    r"""Migration: what labour that came produces, :math:`\overline{w\ell}\,\Delta M`, wages sent home, and guests.

    What migrants spend where they work is part of the destination's consumption but the welfare of their origin. It
    counts by the price of utility there; the own price of utility, by which all terms are divided, cancels.
    """
    yield Part("migration", "labour", s.mean("wage_of_moved") * s.change("labour_moved"), sector="factor")
    sent, spent = s.change("sent_home"), s.change("spent_abroad")
    price = s.mean("utility_price")
    for sign, sent_label, spent_label, own, other in (
        (-1.0, "sent home by guests", "spent by guests", "destination", "origin"),
        (1.0, "sent home to us", "spent by our people abroad", "origin", "destination"),
    ):
        place = {"region": own, "sector": "factor", "partner": other}
        value = spent * at(price.rename_axis(own), spent.index, own)
        yield Part("migration", sent_label, sign * sent, **place)
        yield Part("migration", spent_label, sign * value, **place)


def foreign_capital(s: Step) -> Iterator[Part]:
    r"""Capital of other members: what it produces here, :math:`\bar w\,\Delta k`, and the income of its owners."""
    work = s.mean("return_of_inflow") * s.change("capital_inflow")
    yield Part("foreign capital", "work", work, sector=None)
    yield Part("foreign capital", "income", s.change("capital_income"), sector=None)


def endowments(s: Step) -> Iterator[Part]:
    r"""Factors in use: :math:`\bar w\,\Delta F`, by factor; of labour, jobs and the labour force apart.

    The sum over activities is the change of what is supplied. Jobs are the wage times the change of the employed
    part of the labour force; the rest, less what came from abroad (:func:`migration`, :func:`foreign_capital`), is
    that of the region's own stock.
    """
    used = s.mean("wage") * s.change("factors")
    supply = used.groupby(["factor", "region"], sort=False).sum()
    jobs = s.mean("wage_bill_of_force") * s.change("employment_rate")
    came = s.mean("wage_of_moved") * s.change("labour_moved")
    capital = s.mean("return_of_inflow") * s.change("capital_inflow")
    capital.index = pd.MultiIndex.from_product([["capital"], capital.index], names=supply.index.names)
    stock = supply
    for other in (jobs, came, capital):  # most factors have no such part
        stock = stock - other.reindex(supply.index, fill_value=0.0)
    yield Part("endowment", "stock", stock, sector="factor")
    yield Part("endowment", "jobs", jobs, sector="factor")


def technology(s: Step) -> Iterator[Part]:
    r"""Productivity and melting: :math:`\overline{(1-t^Y) p^Y Y}\,\Delta\ln A` and
    :math:`-\overline{p^L z}\,\Delta\ln\tau`, the latter by border.

    A unit of output for the same inputs is worth its price net of tax; what no longer melts is worth what is
    paid for it, duty included.
    """
    yield Part("technology", "productivity", s.mean("revenue") * s.change("log_productivity"))
    yield by_importer("technology", "border costs", -s.mean("arriving") * s.change("log_iceberg"))


def variety(s: Step) -> Iterator[Part]:
    r"""Variety: what is paid for the goods of firms, times what more firms are worth to their buyers.

    .. math:: \frac{\overline{p^L z}}{\sigma - 1}\,\Delta\ln n, \qquad \frac{\overline{p^D d}}{\sigma - 1}\,\Delta\ln n

    One per cent more varieties make the composite of them :math:`1/(\sigma - 1)` per cent cheaper at the same prices
    (Feenstra 1994, American Economic Review 84); nil where firms do not make goods of their own.
    """
    abroad, home = s.start.layout.variety_weight
    arriving = s.mean("arriving") * abroad * s.change("log_varieties_of_seller")
    yield by_importer("variety", "imports", arriving[abroad > 0.0])
    sold = s.mean("sold_at_home") * home * s.change("log_varieties_at_home")
    yield Part("variety", "home goods", sold[home > 0.0])


def others(s: Step) -> Iterator[Part]:
    r"""What government and investment take from the household, and what the rest of the world lends.

    .. math:: -\bar p^G \Delta G - \bar p^I \Delta I + \Delta S^F

    Nil under the default closure, which fixes all three.
    """
    taken = -s.mean("paid_price") * s.change("final")
    yield Part("government", "consumption", taken.xs("government", level="user"))
    yield Part("savings", "investment", taken.xs("investment", level="user"))
    yield Part("savings", "foreign savings", s.change("foreign_savings"), sector=None)


def population(s: Step) -> Iterator[Part]:
    r"""More people: :math:`(\bar P^S \gamma - \bar P^\gamma \gamma)\,\Delta N`.

    Their committed purchases count as welfare at benchmark prices (times the price of utility, by which all terms
    are divided) and are paid for at today's.
    """
    value = s.mean("utility_price") * s.start.layout.committed - s.mean("committed_price")
    yield Part("population", "", value * s.change("population"), sector=None)


TERMS: tuple[Callable[[Step], Iterator[Part]], ...] = (
    allocative,
    terms_of_trade,
    pool,
    export_duties,
    rents,
    foreign_firms,
    migration,
    foreign_capital,
    endowments,
    technology,
    variety,
    others,
    population,
)
"""All channels of real income. Together they are the change of the household's consumption at mean prices."""
