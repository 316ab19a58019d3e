r"""Varieties: firms under monopolistic competition each make a good of their own, and enter until profit is nil.

In the sectors that the benchmark lists under ``increasing_returns`` every firm makes one variety (Krugman 1980;
Dixit and Stiglitz 1977, the large group). To sell :math:`q` units a firm needs :math:`(q + f)/A` bundles of inputs
at the unit cost :math:`c`, of which :math:`f` is the fixed cost of being there. All buyers substitute between any two
varieties with the elasticity :math:`\sigma > 1`; a firm is small, so that is the elasticity of its demand, at
home and abroad. Then

.. math:: p = \frac{\sigma}{\sigma-1}\,\frac{c}{A}, \qquad
          p\,q = \frac{c}{A}\,(q + f) \;\Longrightarrow\; q = (\sigma - 1)\, f

The mark-up is constant and so is the size of a firm. The productivity :math:`A` of a sector lowers the fixed and the
variable cost alike, so it does not change the size either. Two consequences carry the block. The inputs of all
:math:`n` firms are :math:`n (q + f)/A = n\,\sigma f/A`, in proportion to their output: the cost of a unit of the
sector's output is that of constant returns (``production``), the mark-up being what pays the fixed cost. And output
is the number of firms times their size, so that relative to the benchmark the number of firms is output over the fixed
cost (``free_entry``). That is an instrument: a dearer licence makes for fewer and larger firms.

What differs is demand. A composite is worth more the more varieties it is made of: every origin enters the nests of
``trade`` with its number of varieties,

.. math:: P = \Big(\sum_r \theta_r\, n_r\, p_r^{1-\sigma}\Big)^{1/(1-\sigma)}, \qquad
          q_r = n_r \Big(\frac{P}{p_r}\Big)^{\sigma} Q

with :math:`q_r` what all firms of :math:`r` sell together. Both nests have the same :math:`\sigma`, so that home and
foreign varieties are in one nest, and a firm's good is the same at home and abroad (infinite ``omega_supply``).

Transport, tax and duty are taken to be in proportion to the firm's price, as an iceberg cost is: only then is the
mark-up the same in all markets. Without a sector in the list there are no variables and no equations here.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from ...calibration.benchmark import Benchmark, BenchmarkError
from ..functions import variety_price
from ..sets import positive

EQUATIONS = {"free_entry": "varieties"}


def add_variables(m: pyo.ConcreteModel, benchmark: Benchmark) -> None:
    """Number of varieties of each sector under monopolistic competition; instrument fixed_cost, that of a firm.

    Raises BenchmarkError where the benchmark's elasticities are not those of monopolistic competition.
    """
    for activity in benchmark.increasing_returns:
        _require_one_nest(benchmark, *activity)
    m.increasing_returns = pyo.Set(dimen=2, initialize=list(benchmark.increasing_returns))
    m.varieties = positive(m.increasing_returns)
    m.fixed_cost = positive(m.increasing_returns)


def add_equations(m: pyo.ConcreteModel) -> None:
    """The equation of the block."""
    m.free_entry = pyo.Constraint(m.increasing_returns, rule=free_entry)


def free_entry(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    r"""Firms enter until none makes a profit; their size is that of the fixed cost, their number follows output.

    .. math:: n_{gr}\, f_{gr} = y_{gr}

    Source: Krugman (1980), American Economic Review 70.
    """
    return m.varieties[g, r] * m.fixed_cost[g, r] == m.activity[g, r]


def number(m: pyo.ConcreteModel, g: str, r: str) -> Any:
    """Varieties of an origin relative to the benchmark; one where the origin makes a single good."""
    return m.varieties[g, r] if (g, r) in m.increasing_returns else 1


def price_of_varieties(m: pyo.ConcreteModel, g: str, r: str, price: Any, sigma: float) -> Any:
    """Price of the composite of an origin's varieties, each at ``price``; ``price`` itself where it makes one good."""
    return variety_price(price, m.varieties[g, r], sigma) if (g, r) in m.increasing_returns else price


def _require_one_nest(b: Benchmark, g: str, r: str) -> None:
    """Refuse a sector without output, one sold at several prices, or varieties in nests of unlike elasticity."""
    where = f"increasing_returns: sector {g} of {r}"
    if (g, r) not in b.output.index:
        raise BenchmarkError(f"{where} makes nothing in the benchmark; take it out of the list.")
    buyers = [s for k, source, s in b.exports.index if (k, source) == (g, r)]
    if (g, r) not in b.domestic_sales.index and (len(buyers) > 1 or (g, r) in b.margin_supply.index):
        raise BenchmarkError(f"{where} sells nothing at home, so that nothing makes its prices abroad one.")
    if b.omega_supply[g, r] != float("inf") and (g, r) in b.domestic_sales.index and buyers:
        raise BenchmarkError(
            f"{where} has omega_supply {b.omega_supply[g, r]:g}: a firm's good must be the same at home and abroad "
            "(inf). with_market_structure sets it."
        )
    nests = {f"sigma_sources of {s}": b.sigma_sources[g, s] for s in buyers}
    nests |= {f"sigma_armington of {s}": b.sigma_armington[g, s] for s in {r, *buyers}}
    unlike = {name: value for name, value in nests.items() if not 1.0 < value < float("inf")}
    if unlike or len(set(nests.values())) > 1:
        raise BenchmarkError(
            f"{where} needs one elasticity between varieties, above 1 and the same in both nests of all buyers; found "
            f"{dict(sorted((unlike or nests).items()))}. with_market_structure sets it."
        )
