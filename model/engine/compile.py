"""`compile_model`: any square Pyomo equilibrium model -> `CompiledSystem`."""

from __future__ import annotations

from pyomo.common.gc_manager import PauseGC
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import Constraint, ConstraintData
from pyomo.core.base.objective import Objective
from pyomo.core.base.var import Var
from pyomo.core.expr.numvalue import is_potentially_variable
from pyomo.mpec.complementarity import ComplementarityData

from .complementarity import Declared, Signed, components, declared_pairs, read_component, read_pair
from .errors import UnsupportedExpressionError, UnsupportedModelError
from .expressions import Summand, Walker
from .forms import scaled_conditions
from .system import CompiledSystem, equation_sides
from .terms import Level


def compile_model(model: BlockData) -> CompiledSystem:
    """Compile every active equation of a Pyomo model into vectorised NumPy code.

    The expanded equations are walked once. Terms of the same shape, over all equations, are evaluated
    together; derivatives are exact and exist for fixed variables too.

    Args:
        model: a ConcreteModel (or Block) whose active Constraints are equalities in its own variables, or
            complementarity conditions (Pyomo `Complementarity`, or any constraint under `pair`).
            Fixed Vars are instruments or exogenous; Params may be mutable or not; named Expressions are
            read through.

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
        return _compile(model)


def _compile(model: BlockData) -> CompiledSystem:
    _refuse_objective(model)
    variables = list(model.component_data_objects(Var, descend_into=True))
    constraints = list(model.component_data_objects(Constraint, active=True, descend_into=True))
    partner = declared_pairs(model)
    equations: list[ConstraintData | ComplementarityData] = []
    sides: list[Signed] = []
    conditions: dict[int, Declared] = {}
    for constraint in constraints:
        declared = read_pair(constraint, partner[id(constraint)]) if id(constraint) in partner else None
        if declared is not None:
            conditions[len(equations)] = declared
        elif not constraint.equality:
            raise _inequality(constraint)
        left, right = equation_sides(constraint)
        sides.append(((1.0, left), (-1.0, right)) if declared is None else declared.function)
        equations.append(constraint)
    for component in components(model):
        read = read_component(component)
        if isinstance(read, Declared):
            conditions[len(equations)] = read
        sides.append(read.function if isinstance(read, Declared) else read)
        equations.append(component)
    walker = Walker(variables)
    rows: list[int] = list(range(len(equations)))
    for row, condition in conditions.items():
        for distance in (condition.lower, condition.upper):
            if distance is not None:
                sides.append(distance)
                rows.append(row)
    level = Level([_read(walker, equations[row], signed) for row, signed in zip(rows, sides, strict=True)])
    system = CompiledSystem(model, variables, equations, walker, level, sides, conditions)
    if conditions:
        system.conditions = scaled_conditions(system)
    return system


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
