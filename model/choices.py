"""Who adjusts, market by market. A choice is a sentence in words and the list of variables it fixes.

Each of the markets offers a few choices; a closure takes one from each (see ``closures``). The equations
are the same under all of them. Instruments (taxes, border costs, keys, ...) are fixed in every closure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyomo.environ as pyo
from pyomo.core.base.var import VarData

from .blocks.factors import CAPITAL, LABOUR, SPECIFIC_CAPITAL

INSTRUMENTS = (
    "import_tariff",
    "export_tax",
    "rent",
    "rent_to_exporter",
    "presence_rent",
    "quota",
    "over_quota_duty",
    "duty_remitted",
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
    "unemployment_rate",
    "wage_floor",
    "migration_barrier",
    "remitted",
    "fixed_cost",
)
"""Variables that no equation determines: fixed in every closure."""

IMMOBILE = ("land", "resources", SPECIFIC_CAPITAL)
"""Factors that never leave their activity."""


class ClosureError(ValueError):
    """A closure or swap is unknown or leaves no square, sound model; the message says what clashes or lacks."""


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
class Choice:
    """How one market closes.

    ``fixed`` lists what it fixes; ``conditions`` the complementarity conditions it puts in force; ``idle`` the
    instruments that have no effect under it, so that setting one is refused; ``needs`` the sets of the model
    that must not be empty for it to mean anything.
    """

    market: str
    name: str
    description: str
    fixed: tuple[Fixed, ...]
    conditions: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def mobile(*factors: str) -> tuple[Fixed, ...]:
    """Factors that move between activities until they earn the same everywhere; the endowment is given."""
    return Fixed("rental_premium", (factors,)), Fixed("endowment", (factors,))


def specific(*factors: str) -> tuple[Fixed, ...]:
    """Factors that stay in their activity; the market price is only a unit and the premium carries the return."""
    return Fixed("factor_use", (factors,)), Fixed("factor_price", (factors,))


_AT_HOME = (Fixed("capital_inflow"), Fixed("union_capital_price"))
"""No capital crosses a border."""


def _budget(*adjusts: str) -> tuple[Fixed, ...]:
    """The government's consumption and every item of its budget but those that adjust."""
    items = ("government_savings", "real_transfer", "direct_tax_retention", "sales_tax_power")
    return tuple(Fixed(name) for name in ("government_consumption", *items) if name not in adjusts)


_LABOUR = (
    Choice(
        "labour",
        "full-employment",
        "Labour is employed at the benchmark's rate and moves freely between the activities of a region; wages "
        "clear its markets.",
        (*mobile(*LABOUR), Fixed("unemployment")),
        idle=("unemployment_rate", "wage_floor"),
    ),
    Choice(
        "labour",
        "wage-curve",
        "Labour moves freely between the activities of a region. Its real consumer wage is tied to unemployment "
        "by a wage curve of elasticity -0.1 (Blanchflower and Oswald 1994): ten per cent more unemployment, 6.6 "
        "instead of 6 per cent of the labour force, goes with a real wage one per cent lower. Jobs and wages "
        "share a shock; the time of those out of work is given no value.",
        (*mobile(*LABOUR), Fixed("off_wage_curve")),
        idle=("wage_floor",),
    ),
    Choice(
        "labour",
        "rigid-real-wage",
        "Labour moves freely between the activities of a region. Its real consumer wage cannot fall below the "
        "benchmark's: either the floor binds and unemployment adjusts, or unemployment is nil and the wage is "
        "above the floor (complementarity). Shocks show in jobs rather than wages; the time of those out of "
        "work is given no value.",
        mobile(*LABOUR),
        conditions=("wage_floor_binds",),
    ),
)

_CAPITAL = (
    Choice(
        "capital",
        "mobile",
        "The stock of capital of a region is given and moves freely between its activities; land and natural "
        "resources stay where they are.",
        (*mobile(CAPITAL), *specific(*IMMOBILE), *_AT_HOME),
    ),
    Choice(
        "capital",
        "specific",
        "Capital, like land and natural resources, stays in its activity and earns there what it can: a few "
        "years, in which only labour moves.",
        (*specific(CAPITAL, *IMMOBILE), *_AT_HOME),
    ),
    Choice(
        "capital",
        "steady-state-capital",
        "The return to capital over the price of investment goods is back at its benchmark level and the stock "
        "of capital of each region adjusts, as after decades of accumulation; capital moves freely between "
        "activities, land and natural resources do not. New capital belongs to the region's household; what was "
        "given up to accumulate it is not counted, so that welfare is an upper bound (Harrison, Rutherford and "
        "Tarr 1997).",
        (Fixed("rental_premium", ((CAPITAL,),)), Fixed("capital_return"), *specific(*IMMOBILE), *_AT_HOME),
    ),
    Choice(
        "capital",
        "mobile-in-union",
        "The capital of a region is given. That of the members of the union works in whichever of them it earns "
        "most, until its price relative to the benchmark is the same in all; its income goes to the owner, who "
        "pays tax on it at home. Within a region capital moves freely between activities; land and natural "
        "resources stay where they are.",
        (
            *mobile(CAPITAL),
            *specific(*IMMOBILE),
            Fixed("capital_price_gap"),
            Fixed("capital_outside"),
        ),
        needs=("capital_union",),
    ),
)

_INVESTMENT = (
    Choice(
        "investment",
        "investment-driven",
        "The volume of investment is fixed and household savings pay for what other savings leave uncovered.",
        (Fixed("investment"),),
    ),
    Choice(
        "investment",
        "savings-driven",
        "The household saves a fixed share of its disposable income and investment follows savings; welfare "
        "counts consumption only, not what investment will be worth later.",
        (Fixed("savings_rate"),),
    ),
    Choice(
        "investment",
        "replacement",
        "Investment keeps pace with the stock of capital, which it replaces and equips for growth; household "
        "savings pay for what other savings leave uncovered.",
        (Fixed("investment_rate"),),
    ),
)

_GOVERNMENT = (
    Choice(
        "government",
        "transfer",
        "Government consumption and savings are fixed in real terms and a lump-sum transfer to the household "
        "balances the budget, so that public money lost or gained is the household's.",
        _budget("real_transfer"),
    ),
    Choice(
        "government",
        "budget-deficit",
        "Government consumption, the real transfer and all tax rates are fixed and the government's savings "
        "balance its budget. Where investment follows savings a deficit crowds it out; where investment is "
        "fixed the household saves what the government does not, and the outcome is that of a transfer.",
        _budget("government_savings"),
    ),
    Choice(
        "government",
        "equal-yield-direct-tax",
        "Government consumption, savings and transfer are fixed in real terms and the direct tax on factor "
        "income makes up for lost revenue (equal yield). With factor supplies that do not respond to it the tax "
        "distorts nothing, and the outcome is that of a transfer.",
        _budget("direct_tax_retention"),
    ),
    Choice(
        "government",
        "equal-yield-sales-tax",
        "Government consumption, savings and transfer are fixed in real terms and one factor on the power of the "
        "sales taxes (one plus the rate) of all final users makes up for lost revenue (equal yield). As long as "
        "investment is fixed and labour fully employed, a tax on all purchases alike is paid like a lump sum.",
        _budget("sales_tax_power"),
    ),
    Choice(
        "government",
        "budget-consumption",
        "Tax rates and the real transfer are fixed, and government consumption and savings share what is left of "
        "revenue in fixed proportion, so that public consumption bears what the treasury loses; welfare does not "
        "count it.",
        tuple(
            Fixed(name)
            for name in (
                "government_savings_ratio",
                "real_transfer",
                "direct_tax_retention",
                "sales_tax_power",
            )
        ),
    ),
)

_EXTERNAL = (
    Choice(
        "external",
        "foreign-savings",
        "Foreign savings are fixed in units of the numeraire (consumer prices of the numeraire region) and the real "
        "exchange rate adjusts. What a region with a surplus lends is worth more of its own goods when its prices "
        "fall against those, and welfare holds that.",
        (Fixed("foreign_savings"),),
    ),
    Choice(
        "external",
        "real-exchange-rate",
        "The real exchange rate, the price of imports at the border over that of home goods, is fixed in every "
        "region but the closing one (the numeraire region). Foreign savings adjust, and the closing region lends "
        "what the others borrow. What is borrowed is spent now and repaid outside the model, so that welfare "
        "holds a gain or loss that is not one of efficiency.",
        (Fixed("real_exchange_rate"), Fixed("foreign_savings_gap")),
    ),
)

_QUOTA = (
    Choice(
        "quota",
        "no-quota",
        "No export is under a tariff-rate quota.",
        (Fixed("quota_scarcity"),),
        idle=("quota", "over_quota_duty"),
    ),
    Choice(
        "quota",
        "tariff-rate-quota",
        "Exports under a tariff-rate quota pay the exporter's duty on what is shipped above the quota: either the "
        "quota is not used up, or it binds and its premium is a rent, or more is shipped and the premium equals "
        "the duty (complementarity).",
        (),
        conditions=("quota_binds",),
        needs=("quota_flows",),
    ),
)

_MIGRATION = (
    Choice(
        "migration",
        "no-migration",
        "Nobody moves to work abroad who did not in the base year, unless a number of migrants is set.",
        (Fixed("migrants"),),
        idle=("migration_barrier",),
    ),
    Choice(
        "migration",
        "migration",
        "Labour moves between the regions that the benchmark names, one way each, until the real wage after tax "
        "at home is that of the destination over a barrier, or nobody moves (complementarity). Migrants belong "
        "to the household of their origin, send part of their wage home and spend the rest where they work. The "
        "barrier costs no goods, so that the gain of those who move is an upper bound.",
        (),
        conditions=("migration_barrier_binds",),
        needs=("migration_pairs",),
    ),
)

MARKETS: dict[str, tuple[Choice, ...]] = {
    "labour": _LABOUR,
    "capital": _CAPITAL,
    "investment": _INVESTMENT,
    "government": _GOVERNMENT,
    "external": _EXTERNAL,
    "migration": _MIGRATION,
    "quota": _QUOTA,
}
"""The choices of each market, that of the default closure first."""

CHOICES = {choice.name: choice for choices in MARKETS.values() for choice in choices}
