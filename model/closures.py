"""Closures: who adjusts. A closure is a paragraph in words and the list of variables it fixes.

The equations never change with the closure; only the list of fixed variables does. Instruments (taxes, border
costs, keys, ...) are fixed in every closure. See Dewatripont and Michel (1987) on why the choice matters.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyomo.environ as pyo
from pyomo.core.base.var import VarData

from .blocks.factors import dropped_market

INSTRUMENTS = (
    "import_tariff",
    "export_tax",
    "iceberg",
    "sales_tax",
    "production_tax",
    "factor_tax",
    "direct_tax",
    "productivity",
    "population",
    "union_member",
    "pooled",
    "pool_share",
    "numeraire",
)
"""Variables that no equation determines: fixed in every closure."""


class ClosureError(ValueError):
    """The closure is unknown or does not leave a square model; the message counts variables and equations."""


@dataclass(frozen=True)
class Fixed:
    """Fix the variable ``name`` at its current value where each index agrees with ``only``.

    ``only`` holds one entry for each index position from the left: a tuple of admissible values, or None for
    any.
    """

    name: str
    only: tuple[tuple[str, ...] | None, ...] = ()

    def members(self, m: pyo.ConcreteModel) -> Iterator[VarData]:
        """The variables meant; raises :class:`ClosureError` when the model has no such variable."""
        variable = m.component(self.name)
        if not isinstance(variable, pyo.Var):
            raise ClosureError(f"Closure: the model has no variable {self.name!r}.")
        for index in variable:
            key = index if isinstance(index, tuple) else (index,)
            if all(a is None or k in a for k, a in zip(key, self.only, strict=False)):
                yield variable[index]


@dataclass(frozen=True)
class Closure:
    """A named choice of exogenous variables.

    ``fixed`` lists what is fixed besides :data:`INSTRUMENTS`.
    """

    name: str
    description: str
    fixed: tuple[Fixed, ...]

    def apply(self, m: pyo.ConcreteModel) -> None:
        """Fix the closure's variables at their current values, free all others, and check the count.

        Raises :class:`ClosureError` unless free variables and equations are equal in number. (The engine
        checks before a solve that the square system is structurally non-singular as well.)
        """
        for variable in m.component_data_objects(pyo.Var):
            variable.unfix()
        for rule in (*(Fixed(name) for name in INSTRUMENTS), *self.fixed):
            for member in rule.members(m):
                member.fix()
        m.closure = self
        _check_square(m, self)


def _check_square(m: pyo.ConcreteModel, closure: Closure) -> None:
    free = Counter(v.parent_component().name for v in m.component_data_objects(pyo.Var) if not v.fixed)
    equations = Counter(
        c.parent_component().name for c in m.component_data_objects(pyo.Constraint, active=True)
    )
    factor, region = dropped_market(m.benchmark)
    if m.factor_price[factor, region].fixed:
        raise ClosureError(
            f"Closure {closure.name!r} makes {factor} in {region} specific, but its market is the one left to "
            "Walras' law and must be that of a mobile factor. Let another factor come first in the benchmark."
        )
    if free.total() != equations.total():
        raise ClosureError(
            f"Closure {closure.name!r} is not square: {free.total()} free variables, {equations.total()} "
            f"equations. Free: {dict(free)}. Equations: {dict(equations)}. Fix or free the difference."
        )


def mobile(*factors: str) -> tuple[Fixed, ...]:
    """Factors that move between activities until they earn the same everywhere; the endowment is given."""
    return Fixed("rental_premium", (factors,)), Fixed("endowment", (factors,))


def specific(*factors: str) -> tuple[Fixed, ...]:
    """Factors that stay in their activity; the market price is only a unit and the premium carries the return."""
    return Fixed("factor_use", (factors,)), Fixed("factor_price", (factors,))


_BUDGETS = (Fixed("government_consumption"), Fixed("government_savings"), Fixed("foreign_savings"))

DEFAULT = Closure(
    "default",
    "Unskilled and skilled labour and capital move freely between the activities of a region and are fully "
    "employed; land and natural resources stay where they are. Government consumption, government savings (in "
    "investment goods) and investment are fixed in real terms; a lump-sum transfer balances the government's "
    "budget and household savings pay for investment. Foreign savings are fixed in units of the numeraire, so "
    "the real exchange rate adjusts. The household's equivalent variation is therefore the whole change of "
    "welfare.",
    (
        *mobile("unskilled", "skilled", "capital"),
        *specific("land", "resources"),
        *_BUDGETS,
        Fixed("investment"),
    ),
)

SHORT_RUN = Closure(
    "short-run",
    "As the default, but capital stays in its activity: the return to capital differs between activities and "
    "only labour moves.",
    (
        *mobile("unskilled", "skilled"),
        *specific("capital", "land", "resources"),
        *_BUDGETS,
        Fixed("investment"),
    ),
)

SAVINGS_DRIVEN = Closure(
    "savings-driven",
    "As the default, but the household saves a fixed share of its disposable income and investment follows "
    "savings.",
    (
        *mobile("unskilled", "skilled", "capital"),
        *specific("land", "resources"),
        *_BUDGETS,
        Fixed("savings_rate"),
    ),
)

CLOSURES = {closure.name: closure for closure in (DEFAULT, SHORT_RUN, SAVINGS_DRIVEN)}


def find_closure(closure: str | Closure) -> Closure:
    """The closure of that name; raises :class:`ClosureError` offering the nearest name."""
    if isinstance(closure, Closure):
        return closure
    if closure not in CLOSURES:
        raise ClosureError(f"Unknown closure {closure!r}.{nearest(closure, CLOSURES)}")
    return CLOSURES[closure]


def nearest(name: str, known: Iterable[str]) -> str:
    """' Did you mean ...?' with the closest known name, else the list of known names."""
    known = list(known)
    close = difflib.get_close_matches(str(name), known, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(known)}."
