r"""Explain an equation: in words, term by term, and what moved the variable it determines.

The change of an equation between two points is split among its variables by the line integral of its own
gradient along the straight line between the points,

.. math:: c_v = \Delta v \int_0^1 \frac{\partial F}{\partial v}\, dt, \qquad \sum_v c_v = F(1) - F(0) = 0,

so the change of the variable :math:`p` that the equation determines is exactly the sum over the others of
:math:`-c_v\, \Delta p / c_p`. It says which variables moved it within this equation; which instruments are
behind them is what `eacu.model.derivatives.subtotals` tells.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.var import VarData

from .derivatives import Equations, SelectionError, select
from .economy import BLOCKS
from .engine import EngineError, Outputs
from .engine.system import equation_sides
from .names import nearest
from .presentation import explanation_html, explanation_latex, explanation_text
from .state import State

_POINTS = (8, 16, 32, 64, 128)
_ACCURATE = 1e-9


@dataclass(frozen=True)
class Explanation:
    """One equation between the benchmark and a solution.

    Attributes:
        equation: its name with index.
        block: the block of the economy it belongs to.
        words: what it says, with its formula and source.
        determines: name of the variable it is paired with, or empty.
        terms: index ``term`` (text), columns ``before``, ``after``, ``change``, in the units of the
            equation; terms of the right side have a negative sign, so every column but for rounding sums
            to zero.
        variables: index ``variable``, columns ``before``, ``after``, ``contribution``: to the change of the
            variable determined (in its units), or where there is none or it does not move to the change of the
            equation. Largest first.
        formulas: the mathematics of the equation, LaTeX.
    """

    equation: str
    block: str
    words: str
    determines: str
    terms: pd.DataFrame
    variables: pd.DataFrame
    formulas: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return explanation_text(self)

    def _repr_latex_(self) -> str:
        return explanation_latex(self)

    def _repr_html_(self) -> str:
        return explanation_html(self)


def explain(equations: Equations, base: State, state: State, text: str) -> Explanation:
    """Explain ``name[index]`` between the benchmark and a solution.

    Raises:
        SelectionError: no equation has that name or index (the nearest is offered), or several are meant.
    """
    m, system = equations.model, equations.system
    found = select(m, text, (pyo.Constraint,))
    if len(found) > 1:
        examples = ", ".join(c.name for c in found[:3])
        raise SelectionError(f"{text} means {len(found)} equations; name one, e.g. {examples}.")
    row = next((k for k, equation in enumerate(system.equations) if equation is found[0]), None)
    if row is None:
        raise SelectionError(f"{found[0].name} is not in force under the closure of this solution.")
    equation = system.equations[row]
    start, end = equations.point(base), equations.point(state)
    before, after = (system.explain(row, system.evaluate(x)).terms for x in (start, end))
    terms = pd.DataFrame(
        {"before": [t.value for t in before], "after": [t.value for t in after]},
        index=pd.Index([_rounded(t.text) for t in before], name="term"),
    )
    terms["change"] = terms["after"] - terms["before"]
    documented = documentation(equation.parent_component().name)
    determined = _paired(m, documented.determines, equation.index())
    name = "" if determined is None else determined.name
    variables = _contributions(equations, equation, start, end, name)
    formulas = documented.formulas
    return Explanation(equation.name, documented.block, documented.words, name, terms, variables, formulas)


def survey(equations: Equations, base: State, state: State, text: str) -> pd.DataFrame:
    """Members of an equation with the variable each determines, largest relative change first.

    Index ``equation``; columns ``determines``, ``before``, ``after`` (empty and NaN for a member that is paired
    with no variable). Raises SelectionError for an unknown name or index.
    """
    m, column = equations.model, equations.system.column
    start, end = equations.point(base), equations.point(state)
    rows = {}
    for equation in select(m, text, (pyo.Constraint,)):
        partner = documentation(equation.parent_component().name).determines
        variable = _paired(m, partner, equation.index())
        if variable is None:
            rows[equation.name] = ("", np.nan, np.nan)
        else:
            k = column[id(variable)]
            rows[equation.name] = (variable.name, start[k], end[k])
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["determines", "before", "after"])
    size = table[["before", "after"]].abs().max(axis=1)
    moved = (table["after"] - table["before"]).abs() / size.where(size > 0, 1.0)
    return table.loc[moved.sort_values(ascending=False, kind="stable").index].rename_axis("equation")


@dataclass(frozen=True)
class Documentation:
    """What stands beside the rule of an equation: its block, its words, the variable it is paired with."""

    block: str
    words: str
    determines: str
    formulas: tuple[str, ...] = ()
    """Its displayed mathematics, LaTeX."""


def documentation(name: str) -> Documentation:
    """The documentation of an equation of the economy.

    Raises SelectionError for an unknown name, offering the nearest.
    """
    known = {
        equation: (block, variable)
        for block in BLOCKS
        for equation, variable in {**block.EQUATIONS, **getattr(block, "COMPLEMENTARITIES", {})}.items()
    }
    if name not in known:
        raise SelectionError(f"The economy has no equation {name!r}.{nearest(name, known)}")
    block, variable = known[name]
    text = inspect.getdoc(getattr(block, name)) or ""
    return Documentation(block.__name__.rpartition(".")[2], plain(text), variable, displayed(text))


def displayed(docstring: str) -> tuple[str, ...]:
    """The formulas of a docstring's ``.. math::`` blocks, LaTeX without the indentation."""
    blocks = re.findall(r"^\.\. math::[ ]*(.*(?:\n(?:[ ]+.*|(?=\n[ ]+)))*)", docstring, flags=re.MULTILINE)
    return tuple(re.sub(r"\s*\n\s*", "\n", block.strip()) for block in blocks)


def plain(docstring: str) -> str:
    """A docstring with its mathematics as plain LaTeX lines."""
    text = re.sub(r"^( *)\.\. math:: *", r"\1    ", docstring, flags=re.MULTILINE)
    text = re.sub(r":math:`([^`]+)`", r"\1", text).replace("``", "")
    return re.sub(r"\n\s*\n\s*\n", "\n\n", text).strip()


def _paired(m: pyo.ConcreteModel, name: str, index: object) -> VarData | None:
    """The variable an equation determines; None where the pairing is not one of names and equal indices."""
    component = m.component(name)
    return component[index] if isinstance(component, pyo.Var) and index in component else None


def _rounded(text: str) -> str:
    """The text of a term with its numbers cut to four digits."""
    return re.sub(r"\d+\.\d{4,}(e[-+]?\d+)?", lambda number: f"{float(number[0]):.4g}", text)


def _contributions(
    equations: Equations, equation: ConstraintData, start: np.ndarray, end: np.ndarray, determined: str
) -> pd.DataFrame:
    left: Any
    right: Any
    left, right = equation_sides(equation)
    rows = Outputs(equations.system, {equation.name: left - right})
    change = end - start
    size = float(max(rows.sizes(start)[0], rows.sizes(end)[0]))
    for n in _POINTS:
        parts = change * _mean_gradient(rows, start, end, n)
        if abs(parts.sum() - (rows.values(end) - rows.values(start))[0]) <= _ACCURATE * size:
            break
    else:
        raise EngineError(f"{equation.name} bends too sharply between the two points to be decomposed")
    found = np.unique(rows.gradients(end).nonzero()[1])
    names = [equations.system.variable_names[k] for k in found]
    table = pd.DataFrame(
        {"before": start[found], "after": end[found], "contribution": parts[found]},
        index=pd.Index(names, name="variable"),
    )
    if determined in table.index:
        before, after, own = (float(number) for number in table.loc[determined].to_numpy())
        if abs(own) > _ACCURATE * size:
            table = table.drop(index=determined)
            table["contribution"] *= -(after - before) / own
    return table.sort_values("contribution", key=abs, ascending=False, kind="stable")


def _mean_gradient(rows: Outputs, start: np.ndarray, end: np.ndarray, n: int) -> np.ndarray:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    total = np.zeros(len(start))
    for node, weight in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
        total += weight * rows.gradients(start + node * (end - start)).toarray().ravel()
    return total
