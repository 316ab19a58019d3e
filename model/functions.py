"""Functional forms in calibrated-share form: every price is relative to its benchmark value.

With benchmark prices of one and value shares that sum to one, the CES unit cost function is
``(sum share * price**(1 - sigma))**(1 / (1 - sigma))`` (Rutherford 1999, "Applied general equilibrium
modeling with MPSGE as a GAMS subsystem"). The CET revenue function of Powell and Gruen (1968) is the same
with ``sigma = -omega``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyomo.environ as pyo


def ces_price(terms: Iterable[tuple[float, Any]], sigma: float) -> Any:
    r"""Unit cost of a CES bundle: ``terms`` are pairs of a value share and a relative price.

    .. math:: p = \Big(\sum_i \theta_i p_i^{1-\sigma}\Big)^{1/(1-\sigma)}, \qquad
              p = \prod_i p_i^{\theta_i} \text{ if } \sigma = 1, \qquad
              p = \sum_i \theta_i p_i \text{ if } \sigma = 0

    A bundle with a single member costs what the member costs, whatever the elasticity. The form is chosen by the value
    that a mutable elasticity has now: it must not become or cease to be 0 or 1 afterwards (`recalibrate` sees to it).
    """
    terms = list(terms)
    if len(terms) == 1:
        return terms[0][1]
    now = pyo.value(sigma)
    if now == 0:
        return sum(share * price for share, price in terms)
    if now == 1:
        return pyo.exp(sum(share * pyo.log(price) for share, price in terms))
    return sum(share * price ** (1 - sigma) for share, price in terms) ** (1 / (1 - sigma))


def variety_price(price: Any, number: Any, sigma: float) -> Any:
    r"""Price of the composite of varieties that all cost the same, per benchmark number of them.

    .. math:: \hat p = p\, n^{1/(1-\sigma)}

    More varieties make a unit of the composite cheaper (Dixit and Stiglitz 1977). In a CES bundle of the same
    elasticity the member counts as :math:`\theta\,\hat p^{1-\sigma} = \theta\, n\, p^{1-\sigma}`.
    """
    return price * number ** (1 / (1 - sigma))


def ces_demand(activity: Any, cost: Any, price: Any, sigma: float) -> Any:
    r"""Demand for a member of a CES bundle per benchmark demand (Shephard's lemma).

    .. math:: x_i = y\, (p / p_i)^{\sigma}, \qquad x_i = y \text{ if } \sigma = 0
    """
    return activity if pyo.value(sigma) == 0 else activity * (cost / price) ** sigma


def cet_price(terms: Iterable[tuple[float, Any]], omega: float) -> Any:
    r"""Unit revenue of a composite supplied to several uses, elasticity of transformation omega >= 0.

    .. math:: p = \Big(\sum_i \theta_i p_i^{1+\omega}\Big)^{1/(1+\omega)}
    """
    return ces_price(terms, -omega)
