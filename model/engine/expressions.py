"""From Pyomo expressions to sums of signed terms.

Every equation ``left == right`` becomes ``sum of terms = 0``. A *term* is a number times a product, a power
or any other smooth expression. A sum that sits inside a term (the price index inside a power, the ``1 + t``
in front of a price) becomes an *inner row*: a sum of terms of its own, whose value the outer term reads as if
it were one more variable. So the shape of a term does not depend on how long the sums inside it are, and a
whole economy has few shapes, which is what lets NumPy evaluate all terms of a shape at once (`tape`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pyomo.core.base.expression import NamedExpressionData
from pyomo.core.base.param import ParamData
from pyomo.core.base.var import VarData
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr.numvalue import NumericConstant, native_numeric_types

from .errors import UnsupportedExpressionError, UnsupportedModelError

_UNSUPPORTED, _NUMBER, _VARIABLE, _PARAMETER, _NAMED = range(5)
_SUM, _NEGATION, _MONOMIAL, _PRODUCT, _DIVISION, _POWER, _FUNCTION = range(5, 12)

_EXPRESSION_KINDS: tuple[tuple[type, int], ...] = (
    (VarData, _VARIABLE),
    (NumericConstant, _NUMBER),  # what a named Expression of a plain number holds
    (ParamData, _PARAMETER),
    (NamedExpressionData, _NAMED),
    (ne.NegationExpression, _NEGATION),
    (ne.SumExpression, _SUM),
    (ne.MonomialTermExpression, _MONOMIAL),
    (ne.ProductExpression, _PRODUCT),
    (ne.DivisionExpression, _DIVISION),
    (ne.PowExpression, _POWER),
    (ne.AbsExpression, _UNSUPPORTED),  # a UnaryFunctionExpression by inheritance, but not smooth
    (ne.UnaryFunctionExpression, _FUNCTION),
)
_FUNCTION_CODES = {"exp": "E", "log": "L", "sqrt": "Q"}


class Part(NamedTuple):
    """A factor of a term as postfix code with the slots, numbers and parameters it reads, in order.

    Codes: ``v`` variable (or inner row), ``c`` number, ``p`` parameter, ``+ * / ^`` binary operations,
    ``i`` reciprocal, ``E L Q`` exp, log and square root.
    """

    code: str
    slots: tuple[int, ...] = ()
    numbers: tuple[float, ...] = ()
    parameters: tuple[int, ...] = ()


class Summand(NamedTuple):
    """One term: ``coefficient * part``; a part with empty code stands for 1."""

    coefficient: float
    part: Part


ONE = Part("")
_Factors = list[tuple[Part, bool]]  # factors, each multiplied or (True) divided


def kind_of(cls: type) -> int:
    """The kind of node a class is, or 0 when the engine does not support it."""
    if cls in native_numeric_types:
        return _NUMBER
    return next((kind for base, kind in _EXPRESSION_KINDS if issubclass(cls, base)), _UNSUPPORTED)


def join(parts: _Factors) -> Part:
    """The product of parts, each either multiplied or (flag True) divided.

    Factors are put in one order, so ``p * x`` and ``x * p`` have the same shape.
    """
    if len(parts) == 1 and not parts[0][1]:
        return parts[0][0]
    parts.sort(key=lambda item: (item[1], item[0].code))
    code = ""
    slots: list[int] = []
    numbers: list[float] = []
    parameters: list[int] = []
    for part, divided in parts:
        if not code:
            code = part.code + ("i" if divided else "")
        else:
            code += part.code + ("/" if divided else "*")
        slots += part.slots
        numbers += part.numbers
        parameters += part.parameters
    return Part(code, tuple(slots), tuple(numbers), tuple(parameters))


class Walker:
    """Reads expressions and collects parameters and inner rows on the way.

    Args:
        variables: every variable of the model in column order; slot ``k`` is variable ``k``, and slot
            ``len(variables) + r`` is inner row ``r``.

    Attributes:
        parameters: mutable parameters met so far, in slot order.
        inner_rows: the terms of each inner row; equal sums are stored once.
        inner_levels: level of each inner row: 0 reads variables only, 1 reads rows of level 0, and so on.
    """

    def __init__(self, variables: list[VarData]):
        self.n_variables = len(variables)
        self._variable_part = {id(v): Part("v", (k,)) for k, v in enumerate(variables)}
        self._parameter_part: dict[int, Part] = {}
        self._kind: dict[type, int] = {}
        self._row_part: dict[tuple[Summand, ...], Part] = {}
        self._named_terms: dict[int, tuple[Any, list[tuple[Summand, Any]]]] = {}
        self.parameters: list[ParamData] = []
        self.inner_rows: list[tuple[Summand, ...]] = []
        self.inner_levels: list[int] = []

    # ---- sums of terms ------------------------------------------------------------------------------

    def sum_of_terms(self, *signed: tuple[float, Any]) -> list[Summand]:
        """The terms of ``sum(sign * expression)``; terms that are plain numbers are merged into one."""
        return [term for term, _ in self.terms_with_source(*signed)]

    def terms_with_source(self, *signed: tuple[float, Any]) -> list[tuple[Summand, Any]]:
        """As `sum_of_terms`, each with the node it was read from (None for the merged number).

        Sums, negations and multiples of sums (by numbers and parameters) are taken apart in reading order;
        products of variables and sums are not expanded: they are one term.
        """
        terms: list[tuple[Summand, Any]] = []
        constant = 0.0
        kinds = self._kind
        stack: list[tuple[Any, float, _Factors]] = [(node, sign, []) for sign, node in reversed(signed)]
        while stack:
            node, coefficient, outer = stack.pop()
            kind = kinds.get(node.__class__) or self._node_kind(node)
            if kind == _MONOMIAL and not outer and node.args[0].__class__ in native_numeric_types:
                number, variable = node.args
                terms.append((Summand(coefficient * number, self.variable(variable)), node))
            elif kind == _SUM:
                stack.extend((child, coefficient, outer) for child in reversed(node.args))
            elif kind == _NEGATION:
                stack.append((node.args[0], -coefficient, outer))
            elif kind == _NUMBER and not outer:
                constant += coefficient * float(node)
            elif kind == _NAMED:
                for (inner, part), source in self._named(node):
                    if part.code:
                        terms.append((Summand(coefficient * inner, _times(part, outer)), source))
                    elif outer:
                        terms.append((Summand(coefficient * inner, join(list(outer))), node))
                    else:
                        constant += coefficient * inner
            else:
                number, factors, sums = self._flatten(node)
                coefficient *= number
                if len(sums) == 1 and not sums[0][1] and not any(part.slots for part, _ in factors):
                    stack.append((sums[0][0], coefficient, [*outer, *factors]))
                    continue
                for item, divided in sums:
                    value = self.factor(item)
                    if isinstance(value, Part):
                        factors.append((value, divided))
                    else:
                        coefficient = _scale(coefficient, value, divided, node)
                factors += outer
                if factors:
                    terms.append((Summand(coefficient, join(factors)), node))
                else:
                    constant += coefficient
        terms = [item for item in terms if item[0].coefficient != 0.0]
        if constant != 0.0:
            terms.append((Summand(constant, ONE), None))
        return terms

    def _named(self, node: Any) -> list[tuple[Summand, Any]]:
        """The terms of a named Expression, read once however often it is used."""
        found = self._named_terms.get(id(node))
        if found is None:
            found = self._named_terms[id(node)] = (node, self.terms_with_source((1.0, node.expr)))
        return found[1]

    def _flatten(self, node: Any) -> tuple[float, _Factors, list[tuple[Any, bool]]]:
        """A product or quotient as a number, its factors, and its sums that are not yet read."""
        number = 1.0
        factors: _Factors = []
        sums: list[tuple[Any, bool]] = []
        kinds = self._kind
        stack = [(node, False)]
        while stack:
            item, divided = stack.pop()
            kind = kinds.get(item.__class__) or self._node_kind(item)
            if kind == _VARIABLE:
                factors.append((self.variable(item), divided))
            elif kind in (_MONOMIAL, _PRODUCT):
                left, right = item.args
                stack.append((right, divided))
                stack.append((left, divided))
            elif kind == _DIVISION:
                left, right = item.args
                stack.append((right, not divided))
                stack.append((left, divided))
            elif kind == _NUMBER:
                number = _scale(number, float(item), divided, node)
            elif kind == _NEGATION:
                number = -number
                stack.append((item.args[0], divided))
            elif kind == _NAMED and len(self._named(item)) == 1:
                (inner, part), _ = self._named(item)[0]
                number = _scale(number, inner, divided, node)
                if part.code:
                    factors.append((part, divided))
            elif kind == _NAMED or (kind == _SUM and item.is_potentially_variable()):
                sums.append((item, divided))
            else:
                value = self.factor(item)
                if isinstance(value, Part):
                    factors.append((value, divided))
                else:
                    number = _scale(number, value, divided, node)
        return number, factors, sums

    # ---- factors ------------------------------------------------------------------------------------

    def factor(self, node: Any) -> Part | float:
        """A node as one factor: a plain number when it is constant, otherwise a part."""
        kind = self._kind.get(node.__class__) or self._node_kind(node)
        if kind == _VARIABLE:
            return self.variable(node)
        if kind == _NUMBER:
            return float(node)
        if kind == _PARAMETER:
            return self._parameter(node)
        if kind == _POWER:
            return self._power(node)
        if kind == _FUNCTION:
            return self._function(node)
        return self._inner_row(self.sum_of_terms((1.0, node)))

    def variable(self, node: VarData) -> Part:
        """The slot of a variable."""
        part = self._variable_part.get(id(node))
        if part is None:
            raise UnsupportedModelError(
                f"variable {node.name} does not belong to the model: declare it as a component of it"
            )
        return part

    def _parameter(self, node: ParamData) -> Part:
        part = self._parameter_part.get(id(node))
        if part is None:
            part = self._parameter_part[id(node)] = Part("p", (), (), (len(self.parameters),))
            self.parameters.append(node)
        return part

    def _power(self, node: Any) -> Part | float:
        base, exponent = (self.factor(argument) for argument in node.args)
        if not isinstance(exponent, Part):
            if not isinstance(base, Part):
                return float(base**exponent)
            if exponent == 1.0:
                return base
        base, exponent = _as_part(base), _as_part(exponent)
        return Part(
            base.code + exponent.code + "^",
            base.slots + exponent.slots,
            base.numbers + exponent.numbers,
            base.parameters + exponent.parameters,
        )

    def _function(self, node: Any) -> Part | float:
        code = _FUNCTION_CODES.get(node.getname())
        if code is None:
            raise _unsupported(node, node.getname())
        argument = self.factor(node.args[0])
        if isinstance(argument, Part):
            return argument._replace(code=argument.code + code)
        return float(node())

    def _inner_row(self, terms: list[Summand]) -> Part | float:
        """A sum used as a factor: a number, a single part, parameter arithmetic, or a new inner row."""
        if not terms:
            return 0.0
        if len(terms) == 1:
            coefficient, part = terms[0]
            if not part.code:
                return coefficient
            return part if coefficient == 1.0 else join([(part, False), (_as_part(coefficient), False)])
        if not any(term.part.slots for term in terms):
            return _parametric_sum(terms)
        key = tuple(terms)
        found = self._row_part.get(key)
        if found is None:
            row = len(self.inner_rows)
            found = self._row_part[key] = Part("v", (self.n_variables + row,))
            self.inner_rows.append(key)
            inner = [s - self.n_variables for t in terms for s in t.part.slots if s >= self.n_variables]
            self.inner_levels.append(1 + max((self.inner_levels[r] for r in inner), default=-1))
        return found

    # ---- kinds --------------------------------------------------------------------------------------

    def _node_kind(self, node: Any) -> int:
        cls = node.__class__
        kind = kind_of(cls)
        if not kind:
            raise _unsupported(node, cls.__name__)
        self._kind[cls] = kind
        return kind


def _times(part: Part, outer: _Factors) -> Part:
    return join([(part, False), *outer]) if outer else part


def _as_part(value: Part | float) -> Part:
    return value if isinstance(value, Part) else Part("c", (), (float(value),))


def _scale(coefficient: float, value: float, divided: bool, node: Any) -> float:
    if not divided:
        return coefficient * value
    if value == 0.0:
        raise UnsupportedExpressionError(f"division by the constant zero in: {_shorten(node)}")
    return coefficient / value


def _parametric_sum(terms: list[Summand]) -> Part:
    """A sum that contains parameters and numbers only, as plain arithmetic."""
    code = ""
    numbers: list[float] = []
    parameters: list[int] = []
    for coefficient, part in terms:
        product = part if coefficient == 1.0 and part.code else _as_part(coefficient)
        if part.code and coefficient != 1.0:
            product = join([(part, False), (product, False)])
        code += product.code + ("+" if code else "")
        numbers += product.numbers
        parameters += product.parameters
    return Part(code, (), tuple(numbers), tuple(parameters))


def _unsupported(node: Any, name: str) -> UnsupportedExpressionError:
    return UnsupportedExpressionError(
        f"'{name}' in {_shorten(node)}: supported are + - * / **, exp, log, sqrt, sums and named Expressions"
    )


def _shorten(node: Any, width: int = 160) -> str:
    text = str(node)
    return text if len(text) <= width else text[: width - 3] + "..."
