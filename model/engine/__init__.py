"""The engine: any square Pyomo equilibrium model, compiled to NumPy and solved by Newton in logarithms.

`solve` takes a model and writes the solution into it. For many scenarios of one model, `compile_model` once
and call `solve_system` after each change of the fixed variables.
"""

from . import startup as _startup  # noqa: F401  before anything imports SciPy
from .compile import compile_model
from .complementarity import pair
from .derivatives import DerivativeError, Derivatives, Outputs, sensitivity
from .diagnosis import Contradiction, Diagnosis, diagnose
from .errors import (
    ConvergenceError,
    EngineError,
    EquationResidual,
    MissingValueError,
    SingularJacobianError,
    StructuralError,
    Term,
    UnsupportedExpressionError,
    UnsupportedModelError,
)
from .path import AccuracyError, Subtotals, subtotals
from .record import SolvedPoint, SolveOptions, SolveRecord
from .solve import solve, solve_system
from .structure import Structure, check_structure, require_sound
from .system import CompiledSystem

__all__ = [
    "AccuracyError",
    "CompiledSystem",
    "Contradiction",
    "ConvergenceError",
    "DerivativeError",
    "Derivatives",
    "Diagnosis",
    "EngineError",
    "EquationResidual",
    "MissingValueError",
    "Outputs",
    "SingularJacobianError",
    "SolveOptions",
    "SolveRecord",
    "SolvedPoint",
    "StructuralError",
    "Structure",
    "Subtotals",
    "Term",
    "UnsupportedExpressionError",
    "UnsupportedModelError",
    "check_structure",
    "compile_model",
    "diagnose",
    "pair",
    "require_sound",
    "sensitivity",
    "solve",
    "solve_system",
    "subtotals",
]
