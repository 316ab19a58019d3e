"""Values of many expressions at once, without derivatives: what a model says of itself at its present point.

Pyomo walks an expression's tree each time its value is asked for. The results of one solution ask for thousands;
read once into terms of the same shape (see `expressions`), all are evaluated together, some thirty times faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pyomo.common.gc_manager import PauseGC
from pyomo.core.base.var import VarData

from .errors import MissingValueError
from .expressions import Walker
from .plan import inner_levels
from .tape import Array
from .terms import Level


class Readout:
    """Expressions of a model's variables, compiled to be evaluated together.

    Args:
        variables: every variable that the expressions may read.
        expressions: named Expression members or any expressions of those variables, in the order of the values.

    Raises:
        UnsupportedModelError: an expression reads a variable that is not among them.
        UnsupportedExpressionError: an operation that the engine does not know.
    """

    def __init__(self, variables: Sequence[VarData], expressions: Iterable[Any]):
        with PauseGC():
            walker = Walker(list(variables))
            self._sums = Level([walker.sum_of_terms((1.0, node)) for node in expressions])
        self._variables = tuple(variables)
        self._parameters = tuple(walker.parameters)
        self._inner = inner_levels(walker)
        self._n_inner = len(walker.inner_rows)

    def values(self) -> tuple[Array, Array]:
        """The variables' present values and the expressions', shapes (variables,) and (expressions,).

        Raises:
            MissingValueError: a variable or parameter has no value.
        """
        x = _values_of(self._variables)
        parameters = _values_of(self._parameters)
        slots = np.concatenate([x, np.empty(self._n_inner)])
        with np.errstate(all="ignore"):  # what has no value becomes NaN, which no check lets pass
            for level, rows in self._inner:
                terms, _ = level.run(slots, parameters)
                slots[len(x) + rows] = level.sums(terms)
            terms, _ = self._sums.run(slots, parameters)
            return x, self._sums.sums(terms)


def _values_of(data: Sequence[Any]) -> Array:
    numbers = [item.value for item in data]
    if None in numbers:
        raise MissingValueError(f"{data[numbers.index(None)].name} has no value")
    return np.array(numbers, dtype=float)
