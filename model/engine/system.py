"""The compiled system: residuals, exact sparse Jacobian, and the split into free and fixed variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.param import ParamData
from pyomo.core.base.var import VarData
from pyomo.core.expr.relational_expr import InequalityExpression
from pyomo.mpec.complementarity import ComplementarityData
from scipy.sparse import csr_array

from .complementarity import Conditions, Declared, Merged, Signed, merge
from .core import Part, core_of
from .errors import EquationResidual, MissingValueError, Term
from .expressions import Walker
from .linear import PairedSolver
from .plan import Plan, make_plan
from .record import SolvedPoint
from .tape import Array
from .terms import Index, Level


@dataclass(frozen=True)
class Evaluation:
    """The equations at one point.

    Attributes:
        x: values of all variables, shape (variables,).
        terms: value of every term of every equation, shape (terms,).
        positive: sum of the positive terms of each equation, shape (equations,).
        negative: sum of the absolute values of the negative terms, shape (equations,).
        distance: what complementarity conditions keep from their bounds, shape (distances,).
        conditions: the rows that are complementarity conditions; their own terms are their function F.
    """

    x: Array
    terms: Array
    positive: Array
    negative: Array
    inner_kept: list[list[list[Array]]]
    kept: list[list[Array]]
    distance: Array
    conditions: Conditions | None = None

    @property
    def residual(self) -> Array:
        """``left - right`` of each equation, in its units; of a condition what it lacks to hold."""
        residual = self.positive - self.negative
        if self.conditions is not None:
            residual[self.conditions.rows] = self._merged.value * self._condition_size
        return residual

    @property
    def is_finite(self) -> bool:
        """Whether every equation has a value here."""
        sums = (self.positive, self.negative, self.distance)
        return all(bool(np.isfinite(values).all()) for values in sums)

    @cached_property
    def relative(self) -> Array:
        """Scale-free residual ``|P - N| / max(P, N)``; 0 where both sides are exactly zero.

        For a complementarity condition it is the Fischer-Burmeister function of F over the size of its terms
        and of the scaled distance to the bound.
        """
        largest = np.maximum(self.positive, self.negative)
        relative = np.abs(self.positive - self.negative) / np.where(largest > 0.0, largest, 1.0)
        if self.conditions is not None:
            relative[self.conditions.rows] = np.abs(self._merged.value)
        return relative

    @cached_property
    def _condition_size(self) -> Array:
        """Size of the function F of each condition."""
        assert self.conditions is not None
        positive, negative = self.positive[self.conditions.rows], self.negative[self.conditions.rows]
        both = (positive > 0.0) & (negative > 0.0)
        return np.where(both, np.maximum(positive, negative), self.conditions.floor)

    @cached_property
    def _merged(self) -> Merged:
        """The conditions from F relative to its terms."""
        assert self.conditions is not None
        rows = self.conditions.rows
        function = (self.positive - self.negative)[rows] / self._condition_size
        return merge(self.conditions, self.distance, function)

    @cached_property
    def side_weights(self) -> Array | None:
        """Derivative of `residual` by each sum of the system; None if it is 1 throughout."""
        if self.conditions is None:
            return None
        weights = np.ones(len(self.positive) + len(self.distance))
        weights[self.conditions.rows] = self._merged.by_function
        slack = np.zeros(len(self.distance))
        for which in (self.conditions.lower, self.conditions.upper):
            has = which >= 0
            slack[which[has]] = self._condition_size[has]
        weights[len(self.positive) :] = slack * self._merged.by_distance
        return weights


@dataclass(frozen=True)
class Partition:
    """Which variables the equations determine now, and the Jacobian pattern of those columns (CSC)."""

    fixed: NDArray[np.bool_]
    free: Index
    take: Index  # positions in the full Jacobian's data, column by column
    indices: Index
    indptr: Index
    n_equations: int

    @cached_property
    def core(self) -> Part:
        """Equations and free variables that depend on one another (see `core`)."""
        return core_of(self.indices, self.indptr, self.n_equations)


class CompiledSystem:
    """A square system of equations compiled from a Pyomo model; made by `compile_model`.

    Attributes:
        model: the Pyomo model.
        variables: all variables, free and fixed, in column order.
        equations: all active equations in row order.
        values: current value of every variable, shape (variables,). A scenario is a write to the entries
            of fixed variables (or ``Var.fix(value)`` followed by `refresh`).
        positive_domain: variables whose domain or lower bound keeps them non-negative.
        plan: how to evaluate the equations, in arrays alone.
        conditions: complementarity conditions, if there are any; ``limits`` says which variables they keep
            between which bounds.
        solved: the point solved last, from which continuation starts.
        column: position of each variable, by ``id(var_data)``.
        jacobian_indptr, jacobian_indices: CSR pattern of the Jacobian over all variables.
    """

    def __init__(
        self,
        model: BlockData,
        variables: Sequence[VarData],
        equations: Sequence[ConstraintData | ComplementarityData],
        walker: Walker,
        equation_level: Level,
        sides: Sequence[Signed] | None = None,
        conditions: Mapping[int, Declared] | None = None,
        plan: Plan | None = None,
    ):
        self.model = model  # Pyomo data refer to their model weakly: without it they would lose their names
        self.variables = tuple(variables)
        self.equations = tuple(equations)
        self._parameters: tuple[ParamData, ...] = tuple(walker.parameters)
        self._walker = walker
        self._sides = sides
        declared = conditions or {}
        self.plan = plan or make_plan(walker, equation_level, rows_of_sums(len(equations), declared))
        self._level, self._assembly = self.plan.level, self.plan.assembly
        counts = np.bincount(self._assembly.rows, minlength=len(equations))
        self.jacobian_indptr: Index = np.concatenate([[0], np.cumsum(counts)])
        self.jacobian_indices: Index = self._assembly.columns
        lower = [v.lb for v in variables]
        self.positive_domain = np.array([b is not None and b >= 0.0 for b in lower], dtype=bool)
        upper = [v.ub for v in variables]
        self._lower = np.array([-np.inf if b is None else b for b in lower], dtype=float)
        self._upper = np.array([np.inf if b is None else b for b in upper], dtype=float)
        self.limits = self._limits(declared)
        self.conditions: Conditions | None = _conditions(declared) if declared else None
        self._linear: tuple[Partition, PairedSolver] | None = None
        self.solved: SolvedPoint | None = None
        self.checked: Partition | None = None  # the partition whose structure was found sound
        self.regular: Partition | None = None  # the partition whose Jacobian was found regular at a solution
        self.column = {id(v): k for k, v in enumerate(variables)}
        self.values: Array = np.full(len(variables), np.nan)
        self.parameter_values: Array = np.empty(0)
        self.partition = self._partition(np.zeros(len(variables), dtype=bool))
        self.refresh()

    def _limits(self, declared: Mapping[int, Declared]) -> tuple[NDArray[np.bool_], Array, Array]:
        n = len(self.variables)
        limited, lower, upper = np.zeros(n, dtype=bool), np.full(n, -np.inf), np.full(n, np.inf)
        column = {id(v): k for k, v in enumerate(self.variables)}
        for condition in declared.values():
            for variable, low, high in condition.limits:
                k = column[id(variable)]
                limited[k], lower[k], upper[k] = True, max(lower[k], low), min(upper[k], high)
        return limited, np.maximum(lower, self._lower), np.minimum(upper, self._upper)

    # ---- data ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read values of variables and mutable parameters, and what is fixed, from the Pyomo model.

        Needs no recompilation: fixing, unfixing or changing a value costs one pass over the variables.

        Raises:
            MissingValueError: a variable or parameter has no value.
        """
        values = [v.value for v in self.variables]
        if None in values:
            names = [v.name for v, value in zip(self.variables, values, strict=True) if value is None]
            raise MissingValueError(
                f"{_have(names, 'variable')} no value: {_some(names)}. Give free variables a starting value "
                "(the benchmark) and fixed variables the value they are fixed at."
            )
        self.values = np.array(values, dtype=float)
        if not np.isfinite(self.values).all():
            names = [self.variables[k].name for k in np.flatnonzero(~np.isfinite(self.values))]
            raise MissingValueError(f"{_have(names, 'variable')} a value that is not finite: {_some(names)}")
        fixed = np.fromiter((v.fixed for v in self.variables), dtype=bool, count=len(self.variables))
        if not np.array_equal(fixed, self.partition.fixed):
            self.partition = self._partition(fixed)
        numbers = [p.value for p in self._parameters]
        if None in numbers:
            names = [p.name for p, n in zip(self._parameters, numbers, strict=True) if n is None]
            raise MissingValueError(f"{_have(names, 'parameter')} no value: {_some(names)}")
        self.parameter_values = np.array(numbers, dtype=float)
        if not np.isfinite(self.parameter_values).all():
            odd = np.flatnonzero(~np.isfinite(self.parameter_values))
            names = [self._parameters[k].name for k in odd]
            raise MissingValueError(f"{_have(names, 'parameter')} a value that is not finite: {_some(names)}")

    def write_back(self, x: Array) -> None:
        """Write values of the free variables into the Pyomo model; fixed variables are not touched."""
        self.values = x.copy()
        for k in self.partition.free.tolist():
            self.variables[k].set_value(float(x[k]), skip_validation=True)

    def _partition(self, fixed: NDArray[np.bool_]) -> Partition:
        free = np.flatnonzero(~fixed)
        positions = csr_array(
            (np.arange(1, self.nnz + 1), self.jacobian_indices, self.jacobian_indptr),
            shape=(self.n_equations, len(self.variables)),
        )
        columns = positions.tocsc()[:, free]
        columns.sort_indices()
        return Partition(
            fixed=fixed,
            free=free,
            take=columns.data.astype(np.int64) - 1,
            indices=columns.indices,
            indptr=columns.indptr,
            n_equations=self.n_equations,
        )

    @property
    def parameters(self) -> tuple[ParamData, ...]:
        """Mutable parameters in slot order."""
        return self._parameters

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Declared lower and upper bounds of all variables."""
        return self._lower, self._upper

    def outside_bounds(self, x: Array) -> tuple[str, ...]:
        """Free variables whose value lies outside the bounds declared in the model."""
        slack = 1e-9 * np.maximum(1.0, np.abs(x))
        outside = (x < self._lower - slack) | (x > self._upper + slack)
        return tuple(self.variable_names[k] for k in self.partition.free if outside[k])

    # ---- sizes and names ----------------------------------------------------------------------------

    @property
    def n_equations(self) -> int:
        """Number of active equations."""
        return len(self.equations)

    @property
    def nnz(self) -> int:
        """Number of structural non-zeros of the Jacobian over all variables."""
        return self._assembly.nnz

    @property
    def n_shapes(self) -> int:
        """Number of distinct term shapes, a measure of how well the model vectorises."""
        return len(self._level.groups) + sum(len(inner.level.groups) for inner in self.plan.inner)

    @cached_property
    def equation_names(self) -> tuple[str, ...]:
        """Names of the equations in row order."""
        return tuple(c.name for c in self.equations)

    @cached_property
    def variable_names(self) -> tuple[str, ...]:
        """Names of the variables in column order."""
        return tuple(v.name for v in self.variables)

    def linear_solver(self) -> PairedSolver:
        """The linear solver of the present partition; it keeps its pairing and ordering between solves."""
        if self._linear is None or self._linear[0] is not self.partition:
            self._linear = (self.partition, PairedSolver(self.partition.indices, self.partition.indptr))
        return self._linear[1]

    # ---- evaluation ---------------------------------------------------------------------------------

    def evaluate(self, x: Array | None = None) -> Evaluation:
        """Evaluate every term of every equation at ``x`` (all variables; default: the current values)."""
        x = self.values if x is None else x
        values = np.empty(len(x) + self.plan.n_inner)
        values[: len(x)] = x
        inner_kept = []
        with np.errstate(all="ignore"):  # a trial point may leave the domain; callers check is_finite
            for row in self.plan.inner:
                terms, kept = row.level.run(values, self.parameter_values)
                values[row.targets] = row.level.sums(terms)
                inner_kept.append(kept)
            terms, kept = self._level.run(values, self.parameter_values)
            positive = self._level.sums(np.maximum(terms, 0.0))
            negative = self._level.sums(np.maximum(-terms, 0.0))
            distance = positive[self.n_equations :] - negative[self.n_equations :]
        positive, negative = positive[: self.n_equations], negative[: self.n_equations]
        return Evaluation(x, terms, positive, negative, inner_kept, kept, distance, self.conditions)

    def term_weights(self, positive: Array, negative: Array, terms: Array) -> Array:
        """Spread a weight per sum and side over the terms: ``positive`` on positive terms and so on.

        The sums are the equations and, after them, the distances of complementarity conditions. A term that
        is exactly zero belongs to neither side; it gets the harmonic mean of the two weights.
        """
        up, down = positive[self._level.row], negative[self._level.row]
        with np.errstate(all="ignore"):
            neither = 2.0 / (1.0 / up + 1.0 / down)
        return np.where(terms > 0.0, up, np.where(terms < 0.0, down, neither))

    def jacobian_data(self, at: Evaluation, weights: Array | None = None) -> Array:
        """Values of the Jacobian over all variables in CSR order.

        Args:
            at: where to differentiate.
            weights: multiplies the derivative of each term (see `term_weights`); without it the result is
                the derivative of ``at.residual``.
        """
        if weights is None and at.side_weights is not None:
            weights = at.side_weights[self._level.row]
        inner = np.empty(len(self.plan.inner_columns))
        filled = 0
        with np.errstate(all="ignore"):
            for row, kept in zip(self.plan.inner, at.inner_kept, strict=True):
                data = row.assembly.gather(row.level.derivatives(kept, None), inner)
                inner[filled : filled + row.assembly.nnz] = data
                filled += row.assembly.nnz
            return self._assembly.gather(self._level.derivatives(at.kept, weights), inner)

    def jacobian(self, x: Array | None = None) -> csr_array:
        """Exact Jacobian of ``left - right`` over all variables, shape (equations, variables)."""
        data = self.jacobian_data(self.evaluate(x))
        shape = (self.n_equations, len(self.variables))
        return csr_array((data, self.jacobian_indices, self.jacobian_indptr), shape=shape)

    # ---- explanation --------------------------------------------------------------------------------

    def explain(self, row: int, at: Evaluation | None = None) -> EquationResidual:
        """The terms of one equation with their values: what it says and what it weighs.

        Raises:
            IndexError: there is no such equation.
        """
        at = self.evaluate() if at is None else at
        terms = self._terms_of(row, at)
        if at.conditions is not None:
            for which in np.flatnonzero(at.conditions.rows == row).tolist():
                for bound in (at.conditions.lower[which], at.conditions.upper[which]):
                    if bound >= 0:
                        distance = self._terms_of(self.n_equations + int(bound), at)
                        terms += [Term(f"(distance to the bound) {t.text}", t.value) for t in distance]
        return EquationResidual(self.equation_names[row], float(at.relative[row]), tuple(terms))

    def _terms_of(self, sum_: int, at: Evaluation) -> list[Term]:
        members = np.flatnonzero(self._level.row == sum_)
        values = at.terms[members[np.argsort(self._level.order[members])]]
        assert self._sides is not None
        sources = [node for _, node in self._walker.terms_with_source(*self._sides[sum_])]
        texts = ["constants" if node is None else _clip(str(node)) for node in sources]
        return [Term(text, float(value)) for text, value in zip(texts, values, strict=True)]


def rows_of_sums(n: int, declared: Mapping[int, Declared]) -> Index:
    """Equation to which each sum belongs: equations first, then the distances of each condition."""
    distances = [row for row, c in declared.items() for d in (c.lower, c.upper) if d is not None]
    return np.array([*range(n), *distances], dtype=np.int64)


def _conditions(declared: Mapping[int, Declared]) -> Conditions:
    """Where each condition finds its distances; scales are still one."""
    lower, upper, count = [], [], 0
    for condition in declared.values():
        lower.append(count)
        upper.append(-1 if condition.upper is None else count + 1)
        count += 1 if condition.upper is None else 2
    return Conditions(
        np.array(list(declared), dtype=np.int64),
        np.array(lower, dtype=np.int64),
        np.array(upper, dtype=np.int64),
        np.ones(count),
        np.ones(len(declared)),
    )


def equation_sides(equation: ConstraintData) -> tuple[object, object]:
    """The two sides of an equation as the modeller wrote them; of an inequality the larger one first."""
    sides = equation.expr.args
    if isinstance(equation.expr, InequalityExpression):
        return sides[1], sides[0]
    return sides[0], sides[1]  # of a ranged expression lower <= body <= upper: lower and body


def _have(names: Sequence[str], noun: str) -> str:
    return f"1 {noun} has" if len(names) == 1 else f"{len(names)} {noun}s have"


def _some(names: Sequence[str], limit: int = 8) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, ... ({len(names) - limit} more)"


def _clip(text: str, width: int = 110) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
