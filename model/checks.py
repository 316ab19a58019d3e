"""Checks of the economy: benchmark replication by block, Walras, homogeneity, a union that changes nothing.

Each returns the measured number; callers compare it with the tolerance named here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import pyomo.environ as pyo
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.expr.numeric_expr import MonomialTermExpression, NegationExpression, SumExpression

from .accounts import rebuild_sam
from .economy import block_of_equation
from .engine import solve
from .engine.complementarity import declared_pairs
from .instruments import Policy, apply_policy, reset_instruments
from .state import State

REPLICATION = 1e-9
"""Largest admissible relative residual of any equation at the benchmark point."""
WALRAS = 1e-8
"""Largest admissible excess demand in the dropped market, share of world GDP."""
HOMOGENEITY = 1e-9
"""Largest admissible relative change of a quantity when only the price level changes."""

Solver = Callable[[pyo.ConcreteModel], object]


class ReplicationError(ValueError):
    """The model does not reproduce its benchmark; the message lists the worst equation of each block."""


@dataclass(frozen=True)
class Replication:
    """Residuals at the model's present point.

    ``equations`` has one row an equation: block, equation, name, residual (left minus right), relative
    (residual over the sum of its positive or its negative terms, whichever is larger).
    """

    equations: pd.DataFrame

    @property
    def worst(self) -> float:
        """Largest relative residual."""
        return float(self.equations["relative"].max())

    @property
    def by_block(self) -> pd.DataFrame:
        """Number of equations and the largest relative residual of each block, with the equation's name."""
        groups = self.equations.groupby("block", sort=False)
        worst = self.equations.loc[groups["relative"].idxmax()].set_index("block")
        return pd.DataFrame(
            {"equations": groups.size(), "relative": worst["relative"], "name": worst["name"]}
        )

    def require(self, tolerance: float = REPLICATION) -> None:
        """Raise :class:`ReplicationError` if any equation is off by more than the tolerance."""
        if self.worst <= tolerance:
            return
        lines = [
            f"  {block}: {row.name_of} off by {row.relative:.2e}"
            for block, row in self.by_block.rename(columns={"name": "name_of"}).iterrows()
            if row.relative > tolerance
        ]
        raise ReplicationError(
            f"The model does not reproduce its benchmark within {tolerance:g} of each equation's size:\n"
            + "\n".join(lines)
            + "\nLikely reasons: a SAM that is not balanced, a share that does not match its flow, an instrument "
            "left at a scenario's value."
        )


ADDED = "added"
"""Block of equations that somebody added to the economy, such as that of a target."""


def benchmark_residuals(m: pyo.ConcreteModel) -> Replication:
    """Residual of every equation at the model's present point, which should be the benchmark."""
    blocks = block_of_equation()
    conditions = declared_pairs(m)
    rows = []
    for constraint in m.component_data_objects(pyo.Constraint, active=True):
        equation = constraint.parent_component().name
        residual, relative = relative_residual(constraint)
        variable = conditions.get(id(constraint))
        if variable is not None and variable.value == variable.lb and residual > 0:
            residual = relative = 0.0  # at its lower bound the condition may be slack
        block = blocks.get(equation, ADDED)
        rows.append((block, equation, constraint.name, residual, relative))
    return Replication(pd.DataFrame(rows, columns=["block", "equation", "name", "residual", "relative"]))


def relative_residual(constraint: ConstraintData) -> tuple[float, float]:
    """Left minus right side, and the same relative to the larger of positive and negative terms."""
    terms = [value for node in (constraint.body,) for value in _terms(node)] + [-pyo.value(constraint.upper)]
    positive = sum(t for t in terms if t > 0)
    negative = -sum(t for t in terms if t < 0)
    size = max(positive, negative)
    residual = positive - negative
    return residual, abs(residual) / size if size > 0 else 0.0


def _terms(node: object) -> list[float]:
    """Values of the summands of an expression, sums inside sums taken apart."""
    if isinstance(node, SumExpression) and not isinstance(node, MonomialTermExpression):
        return [value for argument in node.args for value in _terms(argument)]
    if isinstance(node, NegationExpression):
        return [-value for value in _terms(node.args[0])]
    return [pyo.value(node)]


def walras(m: pyo.ConcreteModel) -> float:
    """|Excess demand| of the dropped market over world GDP at the model's present point."""
    return abs(float(pyo.value(m.walras)))


def sam_gap(m: pyo.ConcreteModel) -> float:
    """Largest relative imbalance of the SAM rebuilt from the model's present point."""
    return rebuild_sam(m).balance_gap()


QUANTITIES = (
    "activity",
    "factor_use",
    "composite",
    "household_demand",
    "arrivals",
    "shipments",
    "domestic_demand",
    "carrier_supply",
    "transport_volume",
    "government_consumption",
    "investment",
)
"""Variables and expressions that are quantities: unchanged by the price level."""

PRICES = (
    "output_price",
    "value_added_price",
    "domestic_price",
    "export_price",
    "flow_price",
    "carrier_price",
    "transport_price",
    "import_price",
    "composite_price",
    "rental",
    "consumer_price",
    "government_price",
    "investment_price",
)
"""Variables and expressions that are prices: proportional to the numeraire."""

RATIOS = (
    "employment_rate",
    "quota_scarcity",
    "savings_rate",
    "investment_rate",
    "capital_return",
    "real_exchange_rate",
    "sales_tax_power",
    "direct_tax_retention",
)
"""Variables and expressions that neither the price level nor the size of the world changes."""

EXTENSIVE = (
    "endowment",
    "population",
    "government_consumption",
    "investment",
    "factor_use",
    "quota",
    "fixed_cost",
)
EXTENSIVE_AMOUNTS = (
    "government_savings",
    "foreign_savings",
    "real_transfer",
    "migrants",
    "capital_inflow",
)


def price_homogeneity(m: pyo.ConcreteModel, factor: float = 1.1, solver: Solver = solve) -> float:
    """Multiply the numeraire and measure the largest relative departure from homogeneity of degree zero.

    Starts from the model's present solution; quantities must not change and prices must scale by ``factor``.
    The model is left at the scaled solution.
    """
    before = State.of(m)
    m.numeraire.set_value(m.numeraire.value * factor)
    solver(m)
    after = State.of(m)
    same = (*QUANTITIES, *RATIOS)
    return max(_departure(before, after, same, 1.0), _departure(before, after, PRICES, factor))


def scale_homogeneity(m: pyo.ConcreteModel, factor: float = 1.05, solver: Solver = solve) -> float:
    """Multiply every extensive exogenous variable and measure the departure from constant returns.

    Endowments, specific stocks, population and the fixed volumes and savings are scaled; all quantities must
    scale with them and no price may change.
    """
    before = State.of(m)
    for name in (*EXTENSIVE, *EXTENSIVE_AMOUNTS):
        variable = m.component(name)
        for index in variable:
            if variable[index].fixed:
                variable[index].set_value(variable[index].value * factor)
    solver(m)
    after = State.of(m)
    same = (*PRICES, *RATIOS)
    return max(_departure(before, after, QUANTITIES, factor), _departure(before, after, same, 1.0))


def union_neutrality(m: pyo.ConcreteModel, members: Sequence[str], solver: Solver = solve) -> float:
    """A union with unchanged tariffs whose keys equal the members' own collections must change nothing.

    Returns the largest relative change of any quantity or price against the benchmark. Raises ``ValueError``
    if the members collect no duty on imports from outside.
    """
    reset_instruments(m)
    solver(m)
    before = State.of(m)
    b = m.benchmark
    duty = (b.cif * b.import_tariff).reset_index(name="duty")
    outside = duty["importer"].isin(list(members)) & ~duty["source"].isin(list(members))
    collected = duty[outside].groupby("importer")["duty"].sum().reindex(list(members), fill_value=0.0)
    if not collected.sum() > 0:
        raise ValueError(
            f"{tuple(members)} collect no duty on imports from outside: there is nothing to share."
        )
    ones = pd.Series(1.0, index=pd.Index(list(members), name="region"))
    keys = (collected / collected.sum()).rename_axis("region")
    apply_policy(m, Policy("neutral union", {"union_member": ones, "pooled": ones, "pool_share": keys}))
    solver(m)
    after = State.of(m)
    return _departure(before, after, (*QUANTITIES, *PRICES, *RATIOS), 1.0)


def _departure(before: State, after: State, names: Sequence[str], factor: float) -> float:
    changes = [(after[n] / (factor * before[n]) - 1).abs().max() for n in names if len(before[n])]
    return float(max(changes))
