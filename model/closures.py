"""Closures: who adjusts. A closure is one choice for each market, in words and as a list of what is fixed.

The equations never change with the closure; only the list of fixed variables does. See Dewatripont and Michel
(1987) on why the choice matters.

    build_economy(benchmark, "short-run")                    a closure by name
    build_economy(benchmark, "short-run+wage-curve")         one changed by the choice for another market
    swap(model, fix="real_transfer", free="direct_tax")      one's own, on a built model (see `swap`)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyomo.environ as pyo

from .blocks import factors, migration, quotas
from .blocks.factors import dropped_market
from .choices import CHOICES, INSTRUMENTS, MARKETS, Choice, ClosureError, Fixed
from .names import nearest
from .presentation import closure_text

COMPLEMENTARITIES = {
    **factors.COMPLEMENTARITIES,
    **quotas.COMPLEMENTARITIES,
    **migration.COMPLEMENTARITIES,
}
"""Every complementarity condition -> the variable it determines."""

__all__ = ["CLOSURES", "DEFAULT", "Closure", "ClosureError", "Fixed", "compose", "find_closure"]


@dataclass(frozen=True)
class Closure:
    """A named choice of exogenous variables.

    ``fixed`` lists what is fixed besides :data:`INSTRUMENTS`; ``choices`` the choices it is composed of, by
    market, none in a closure written by hand; ``swaps`` pairs of the variables fixed and those freed since.
    """

    name: str
    description: str
    fixed: tuple[Fixed, ...]
    choices: tuple[Choice, ...] = ()
    swaps: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    @property
    def conditions(self) -> tuple[str, ...]:
        """Complementarity conditions in force."""
        return tuple(name for choice in self.choices for name in choice.conditions)

    @property
    def idle(self) -> tuple[str, ...]:
        """Instruments without effect."""
        return tuple(name for choice in self.choices for name in choice.idle)

    def __repr__(self) -> str:
        return closure_text(self)

    def apply(self, m: pyo.ConcreteModel) -> None:
        """Fix the closure's variables at their current values, free all others, and check the count.

        Raises :class:`ClosureError` unless free variables and equations are equal in number, or when the
        benchmark has nothing that a choice could act on. (The engine checks before a solve that the square
        system is structurally non-singular as well.)
        """
        for choice in self.choices:
            for needed in choice.needs:
                if not len(m.component(needed)):
                    raise ClosureError(
                        f"Closure {self.name!r}: the choice {choice.name!r} needs {needed}, and this benchmark "
                        f"has none. Attach the data (see eacu.calibration.mobility) or choose otherwise for "
                        f"the market {choice.market}."
                    )
        for variable in m.component_data_objects(pyo.Var):
            variable.unfix()
        for rule in (*(Fixed(name) for name in INSTRUMENTS), *self.fixed):
            for member in rule.members(m):
                member.fix()
        for fixed, freed in self.swaps:
            for name in fixed:
                m.find_component(name).fix()
            for name in freed:
                m.find_component(name).unfix()
        for name in COMPLEMENTARITIES:
            condition = m.component(name)
            if name in self.conditions:
                condition.activate()
            else:
                condition.deactivate()
        m.closure = self
        _check_square(m, self)


def _check_square(m: pyo.ConcreteModel, closure: Closure) -> None:
    free = Counter(v.parent_component().name for v in m.component_data_objects(pyo.Var) if not v.fixed)
    equations = Counter(
        c.parent_component().name for c in m.component_data_objects(pyo.Constraint, active=True)
    )
    check_dropped_market(m, closure.name)
    if free.total() != equations.total():
        raise ClosureError(
            f"Closure {closure.name!r} is not square: {free.total()} free variables, {equations.total()} "
            f"equations. Free: {dict(free)}. Equations: {dict(equations)}. Fix or free the difference."
        )


def check_dropped_market(m: pyo.ConcreteModel, name: str) -> None:
    """Raise :class:`ClosureError` if the wage of the market left to Walras' law is fixed."""
    factor, region = dropped_market(m.benchmark)
    if m.factor_price[factor, region].fixed:
        raise ClosureError(
            f"Closure {name!r} fixes the price of {factor} in {region}, but the market of that factor is the one "
            "left to Walras' law, which needs its price free. Leave the factor mobile, or let another come first "
            "in the benchmark."
        )


def compose(name: str, *choices: str, summary: str = "") -> Closure:
    """The closure of the named choices; a market that none of them belongs to closes as by default.

    Args:
        name: name of the closure.
        choices: names of :data:`eacu.model.choices.CHOICES`, at most one for each market.
        summary: what the closure is for, put before the sentences of its choices.

    Raises:
        ClosureError: unknown choice, or two for the same market.
    """
    chosen: dict[str, Choice] = {}
    for key in choices:
        if key not in CHOICES:
            raise ClosureError(f"Unknown choice {key!r} in closure {name!r}.{nearest(key, CHOICES)}")
        choice = CHOICES[key]
        if chosen.setdefault(choice.market, choice) is not choice:
            raise ClosureError(
                f"Closure {name!r} closes the market for {choice.market} twice: "
                f"{chosen[choice.market].name} and {key}."
            )
    complete = tuple(chosen.get(market, offered[0]) for market, offered in MARKETS.items())
    sentences = [summary, *(choice.description for choice in complete)]
    fixed = tuple(rule for choice in complete for rule in choice.fixed)
    return Closure(name, " ".join(filter(None, sentences)), fixed, complete)


DEFAULT = compose(
    "default",
    summary="A medium run of given resources: the household's equivalent variation is the whole change of welfare.",
)

CLOSURES = {
    closure.name: closure
    for closure in (
        DEFAULT,
        compose("short-run", "specific", summary="Before capital can move."),
        compose(
            "steady-state",
            "steady-state-capital",
            "replacement",
            summary="The long run, in which capital is accumulated or worn down until it earns what it did.",
        ),
        compose("savings-driven", "savings-driven", summary="Savings decide on investment."),
        compose("wage-curve", "wage-curve", summary="Unemployment that responds to wages and wages to it."),
        compose("rigid-wage", "rigid-real-wage", summary="Real wages that do not fall."),
        compose(
            "deficit", "budget-deficit", "savings-driven", summary="A government that borrows what it lacks."
        ),
        compose(
            "equal-yield-direct-tax",
            "equal-yield-direct-tax",
            summary="A government that makes good lost duties by taxing incomes.",
        ),
        compose(
            "equal-yield-sales-tax",
            "equal-yield-sales-tax",
            summary="A government that makes good lost duties by taxing purchases.",
        ),
        compose(
            "fixed-shares",
            "budget-consumption",
            "savings-driven",
            summary="The textbook's closure: household and government save fixed shares of what they have.",
        ),
        compose(
            "union-capital",
            "mobile-in-union",
            summary="The capital of the union's members looks for the best of them.",
        ),
        compose("migration", "migration", summary="Borders open to labour."),
        compose(
            "export-quotas",
            "tariff-rate-quota",
            summary="Oil that is free of duty up to an amount, where a regime sets one.",
        ),
        compose(
            "fixed-exchange-rate",
            "real-exchange-rate",
            summary="Capital flows defend the real exchange rate.",
        ),
    )
}


def find_closure(closure: str | Closure) -> Closure:
    """The closure of that name, or one composed of names joined by ``+``.

    Each part is the name of a closure or of a choice; a later part replaces the choices of earlier ones, and
    the name of a closure stands for those of its choices that are not the default's. Raises
    :class:`ClosureError` offering the nearest name.

    Example:
        >>> [choice.name for choice in find_closure("short-run+wage-curve").choices][:2]
        ['wage-curve', 'specific']
    """
    if isinstance(closure, Closure):
        return closure
    if closure in CLOSURES:
        return CLOSURES[closure]
    chosen: dict[str, str] = {}
    for part in closure.split("+"):
        name = part.strip()
        if name in CLOSURES:
            chosen |= {c.market: c.name for c in CLOSURES[name].choices if c not in DEFAULT.choices}
        elif name in CHOICES:
            chosen[CHOICES[name].market] = name
        else:
            raise ClosureError(f"Unknown closure {name!r}.{nearest(name, [*CLOSURES, *CHOICES])}")
    return compose("+".join(part.strip() for part in closure.split("+")), *chosen.values())
