"""`compile_model`: any square Pyomo equilibrium model -> `CompiledSystem`.

Why expanded equations are walked and their terms grouped by shape, rather than constraint templates read: on the
real economy, of 3,037 equations when this was measured, templates could read 2,107 (the rules of eight constraints
iterate over sets or look an index up, which is how sparse flows are written), and the model cannot be built lazily
at all; a rule that compares an index may even be read wrongly without an error. Where they can be read templates
are the faster way to set up. ``benchmarks/compile_paths.py``, seconds on one core, templates without the code they
would still need:

==============================  =============  ==================
set-up                          real economy   30 x 57, synthetic
==============================  =============  ==================
equations                       3,037          10,320
grouped terms                   0.49           2.8
grouped, plan on disk           0.14           1.3
templates, best case            fails          1.1 with the build
Pyomo reverse_symbolic          0.98           8.0
Pyomo's own build               0.74           3.9
==============================  =============  ==================

One residual and Jacobian takes 4.4 ms and 9.0 ms, 630 and 1,500 times less than `reverse_symbolic`. There is no
second path: what cannot be compiled is refused by the name of the equation, its index and the operation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyomo.common.gc_manager import PauseGC
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import Constraint, ConstraintData
from pyomo.core.base.objective import Objective
from pyomo.core.base.var import Var, VarData
from pyomo.core.expr.numvalue import is_potentially_variable
from pyomo.mpec.complementarity import ComplementarityData

from . import cache
from .complementarity import Declared, Signed, components, declared_pairs, read_component, read_pair
from .errors import UnsupportedExpressionError, UnsupportedModelError
from .expressions import Summand, Walker
from .forms import scaled_conditions
from .plan import Plan, make_plan
from .system import CompiledSystem, equation_sides, rows_of_sums
from .terms import Level


def compile_model(model: BlockData, cached: bool = True) -> CompiledSystem:
    """Compile every active equation of a Pyomo model into vectorised NumPy code.

    The expanded equations are walked once. Terms of the same shape, over all equations, are evaluated
    together; derivatives are exact and exist for fixed variables too.

    Args:
        model: a ConcreteModel (or Block) whose active Constraints are equalities in its own variables, or
            complementarity conditions (Pyomo `Complementarity`, or any constraint under `pair`).
            Fixed Vars are instruments or exogenous; Params may be mutable or not; named Expressions are
            read through.
        cached: whether the plan of a large model may be kept on disk and read from there (see `cache`).

    Returns:
        The compiled system, loaded with the model's current values.

    Raises:
        UnsupportedModelError: an unpaired inequality, an active objective that is not constant, a variable from
            outside the model.
        UnsupportedExpressionError: an operation other than + - * / **, exp, log, sqrt; the message names
            the equation and the operation.
        MissingValueError: a variable or parameter without a value.

    Example:
        >>> import pyomo.environ as pyo
        >>> m = pyo.ConcreteModel()
        >>> m.price = pyo.Var(initialize=1.0, domain=pyo.PositiveReals)
        >>> m.endowment = pyo.Var(initialize=2.0)
        >>> m.endowment.fix()
        >>> m.market = pyo.Constraint(expr=m.endowment == 2.0 * m.price ** -0.5)
        >>> system = compile_model(m)
        >>> system.n_equations, system.variable_names
        (1, ('price', 'endowment'))
        >>> system.jacobian().toarray()
        array([[1., 1.]])
    """
    with PauseGC():  # the walk makes many small objects and no cycles
        return _compile(model, cached)


@dataclass(frozen=True)
class _Gathered:
    """The sums to compile: both sides of each equation, then the distances of complementarity conditions."""

    variables: list[VarData]
    equations: list[ConstraintData | ComplementarityData]
    sides: list[Signed]
    conditions: dict[int, Declared]

    @property
    def rows(self) -> list[int]:
        """The equation each sum belongs to."""
        return rows_of_sums(len(self.equations), self.conditions).tolist()


def _compile(model: BlockData, cached: bool) -> CompiledSystem:
    _refuse_objective(model)
    found = _gather(model)
    if not found.equations:
        raise UnsupportedModelError(
            "the model has no active equation. An AbstractModel must be made concrete first: create_instance()"
        )
    discrete = [v.name for v in found.variables if not v.fixed and not v.is_continuous()]
    if discrete:
        raise UnsupportedModelError(
            f"{discrete[0]} is an integer variable and free: fix it or make it continuous"
        )
    walker = Walker(found.variables)
    plan = _plan(found, walker, cached and len(found.equations) >= cache.FEWEST_EQUATIONS)
    system = CompiledSystem(
        model, found.variables, found.equations, walker, plan.level, found.sides, found.conditions, plan
    )
    if found.conditions:
        system.conditions = scaled_conditions(system)
    return system


def _plan(found: _Gathered, walker: Walker, cached: bool) -> Plan:
    """The plan from the disk, or made by a walk over the expressions."""
    rows = found.rows
    fingerprint = cache.Fingerprint(found.variables, found.sides, rows) if cached else None
    kept = None if fingerprint is None else cache.load(fingerprint)
    if kept is not None:
        plan, walker.parameters = kept
        return plan
    terms = [_read(walker, found.equations[row], side) for row, side in zip(rows, found.sides, strict=True)]
    plan = make_plan(walker, Level(terms), np.array(rows, dtype=np.int64))
    if fingerprint is not None:
        cache.store(fingerprint, plan, walker.parameters)
    return plan


def _gather(model: BlockData) -> _Gathered:
    found = _Gathered(list(model.component_data_objects(Var, descend_into=True)), [], [], {})
    partner = declared_pairs(model)
    for constraint in model.component_data_objects(Constraint, active=True, descend_into=True):
        if id(constraint) in partner:
            declared = read_pair(constraint, partner[id(constraint)])
            found.conditions[len(found.equations)] = declared
            found.sides.append(declared.function)
        elif constraint.equality:
            left, right = equation_sides(constraint)
            found.sides.append(((1.0, left), (-1.0, right)))
        else:
            raise _inequality(constraint)
        found.equations.append(constraint)
    for component in components(model):
        read = read_component(component)
        if isinstance(read, Declared):
            found.conditions[len(found.equations)] = read
        found.sides.append(read.function if isinstance(read, Declared) else read)
        found.equations.append(component)
    for condition in found.conditions.values():
        found.sides.extend(d for d in (condition.lower, condition.upper) if d is not None)
    return found


def _read(walker: Walker, equation: ConstraintData | ComplementarityData, signed: Signed) -> list[Summand]:
    try:
        return walker.sum_of_terms(*signed)
    except UnsupportedExpressionError as error:
        raise UnsupportedExpressionError(f"equation {equation.name} cannot be compiled: {error}") from error
    except UnsupportedModelError as error:
        raise UnsupportedModelError(f"equation {equation.name} cannot be compiled: {error}") from error


def _inequality(constraint: ConstraintData) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{constraint.name} is an inequality ({constraint.expr}): an equilibrium model is a square system of "
        "equations. Pair it with the variable that is free while it binds (engine.pair), write it as a Pyomo "
        "Complementarity, or deactivate it."
    )


def _refuse_objective(model: BlockData) -> None:
    for objective in model.component_data_objects(Objective, active=True, descend_into=True):
        if is_potentially_variable(objective.expr):
            raise UnsupportedModelError(
                f"objective {objective.name} is active and not constant: the engine solves square systems of "
                "equations. Deactivate it, or define utility by an equation."
            )
