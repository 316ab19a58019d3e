"""Derivatives and subtotals of a solved economy, asked for by name.

Names are those of the model: a variable, a named expression, an instrument, or one of the macro indicators of
:data:`eacu.model.measures.MEASURES`. A name alone means every member; brackets choose:
``import_tariff[mvh,*,KAZ]``, ``ev_usd_mn[RUS|BLR|KAZ]``. The engine does the mathematics
(`eacu.model.engine.derivatives`, `eacu.model.engine.path`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from numpy.typing import NDArray

from .engine import CompiledSystem, compile_model
from .engine.derivatives import DerivativeError, Derivatives, Outputs, columns_of
from .engine.path import TOLERANCE, Subtotals, joined, partway
from .engine.path import subtotals as _subtotals
from .instruments import INSTRUMENTS
from .measures import MEASURES
from .names import nearest
from .state import EXPRESSIONS, State

POOL = "pool of duties"
"""Name of the joint instrument of membership, pooling and keys: none of them means anything alone."""
POOLING = ("union_member", "pooled", "pool_share")
SET_BY_EXPORTERS = ("export_tax", "quota", "over_quota_duty")
DIMENSIONS = ("instrument", "region", "partner", "sector")
"""What contributions can be grouped by; see `group_of`."""


class SelectionError(DerivativeError):
    """A name or an index does not exist; the message offers the nearest."""


@dataclass(frozen=True)
class Equations:
    """The equations behind a solution: the model, and which of its variables were fixed when it was solved."""

    model: pyo.ConcreteModel = field(repr=False)
    fixed: NDArray[np.bool_] = field(repr=False)
    given: CompiledSystem | None = field(default=None, repr=False)

    @classmethod
    def of(cls, m: pyo.ConcreteModel, system: CompiledSystem | None = None) -> Equations:
        """The model's present equations; it is compiled when first needed unless ``system`` is given."""
        fixed = [v.fixed for v in m.component_data_objects(pyo.Var)]
        return cls(m, np.array(fixed, dtype=bool), system)

    @cached_property
    def system(self) -> CompiledSystem:
        """The compiled equations.

        Raises DerivativeError when the model's closure is no longer the one of the solution.
        """
        system = self.given or compile_model(self.model)
        if system.n_equations != np.count_nonzero(~self.fixed):
            raise DerivativeError(
                "The model has been given another closure since this solution was made: solve it again."
            )
        return system

    def point(self, state: State) -> NDArray[np.float64]:
        """Values of all variables in the order of the system."""
        parts = [state[variable.name].to_numpy() for variable in self.model.component_objects(pyo.Var)]
        return np.concatenate(parts)

    def state(self, point: NDArray[np.float64], like: State) -> State:
        """Variables and named expressions at a point of the system, the inverse of :meth:`point`.

        Series are indexed as those of ``like``, another state of the same model.
        """
        values = np.concatenate([point, self._named.values(point)])
        parts = {}
        for name in (*(v.name for v in self.model.component_objects(pyo.Var)), *EXPRESSIONS):
            index = like[name].index
            parts[name] = pd.Series(values[: len(index)], index=index, name=name)
            values = values[len(index) :]
        return State(parts)

    @cached_property
    def _named(self) -> Outputs:
        """The named expressions of a state, compiled."""
        members = (v for name in EXPRESSIONS for v in self.model.component(name).values())
        return Outputs(self.system, {v.name: v for v in members})


def sensitivity(
    equations: Equations, state: State, of: str | Iterable[str], to: str | Iterable[str]
) -> pd.DataFrame:
    """Exact derivatives at a solution: one row for each member of ``of``, one column for each of ``to``.

    Raises:
        SelectionError: a name or an index is unknown, or nothing is selected.
        DerivativeError: ``to`` names a variable that the closure leaves free.
    """
    system = equations.system
    outputs = Outputs(system, expressions(equations.model, of))
    exogenous = variables(equations.model, to)
    columns = columns_of(system, exogenous, equations.fixed)
    derivatives = Derivatives(system, equations.point(state), equations.fixed)
    found = derivatives.matrix(outputs.gradients(derivatives.x), columns)
    return pd.DataFrame(found, index=list(outputs.names), columns=[v.name for v in exogenous])


def subtotals(
    equations: Equations,
    base: State,
    state: State,
    of: str | Iterable[str],
    by: Sequence[str] = DIMENSIONS[:3],
    members: Sequence[str] = (),
    tolerance: float = TOLERANCE,
) -> Subtotals:
    """Contribution of each group of instruments to the change from the benchmark to a solution.

    Args:
        equations: the equations behind the solution.
        base: benchmark.
        state: solution.
        of: indicators, variables, named expressions.
        by: what groups are made of, some of :data:`DIMENSIONS`.
        members: the union, for the dimension ``partner``.
        tolerance: accuracy, see `eacu.model.engine.path.Subtotals`.

    The path has two legs, each a straight line in the instruments: first everything but the pool of duties,
    then the pool. Pooling moves money, and what it moves depends on the tariffs in force; taken together on one
    line, the pool would be credited with part of what the tariffs collect. Keys and members of a pool that is empty at
    an end take their value of the other end at once, which changes nothing there: on a line of its own a key would
    share out less than is paid in. So does a quota, and the duty above it grows from nil.

    Raises:
        SelectionError: an unknown name, index or dimension.
        AccuracyError, ConvergenceError: see `eacu.model.engine.path.subtotals`.
    """
    m, system = equations.model, equations.system
    for name in by:
        if name not in DIMENSIONS:
            raise SelectionError(f"Unknown dimension {name!r}.{nearest(name, DIMENSIONS)}")
    outputs = Outputs(system, expressions(m, of))
    path = legs(equations, base, state)
    start, end = path[0][0], path[-1][1]
    changed = np.flatnonzero(equations.fixed & (start != end))
    labels = [group_of(*_name_and_index(system.variables[k]), by, members) for k in changed]
    groups: dict[tuple[str, ...], list[int]] = {key: [] for key in _ordered(labels, m, by)}
    for label, column in zip(labels, changed.tolist(), strict=True):
        groups[label].append(column)
    named = {" ".join(filter(None, label)): columns for label, columns in groups.items()}
    parts = [_subtotals(system, *ends, named, outputs, tolerance, equations.fixed) for ends in path]
    found = reduce(joined, parts)
    found.contributions.index = (
        pd.MultiIndex.from_tuples(list(groups), names=list(by)) if groups else pd.Index([])
    )
    return found


def legs(
    equations: Equations, base: State, state: State
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The ends of the straight lines that lead from the benchmark to a solution, see :func:`subtotals`.

    One line, or two if the pool of duties and something else changes. Raises ConvergenceError if there is no
    solution where the two meet.
    """
    system = equations.system
    start, end = _ends(equations, base, state)
    changed = np.flatnonzero(equations.fixed & (start != end))
    pool = {k for k in changed.tolist() if _name_and_index(system.variables[k])[0] in POOLING}
    others = [k for k in changed.tolist() if k not in pool]
    if not (pool and others):
        return [(start, end)]
    middle = partway(system, start, end, others, equations.fixed)
    return [(start, middle), (middle, end)]


def group_of(name: str, index: tuple[str, ...], by: Sequence[str], members: Sequence[str]) -> tuple[str, ...]:
    """The group of one instrument by the chosen dimensions; a dimension it lacks is empty.

    ``instrument`` is its name, membership, pooling and keys being one. ``region`` is who sets it: the importer
    for what is levied at its border, the exporter for export taxes and quotas. ``partner`` is the class of the other
    side of a flow, "union" or "outside"; ``sector`` the good.
    """
    if name in POOLING:
        return tuple(POOL if dimension == "instrument" else "" for dimension in by)
    levels = INSTRUMENTS[name].levels if name in INSTRUMENTS else ()
    at = dict(zip(levels, index, strict=False))
    if "destination" in at:  # who lets workers in is like an importer
        at |= {"importer": at["destination"], "source": at["origin"]}
    owner, other = ("source", "importer") if name in SET_BY_EXPORTERS else ("importer", "source")
    partner = ("union" if at[other] in members else "outside") if other in at else ""
    known = {
        "instrument": name,
        "region": at.get(owner) or at.get("region") or "",
        "partner": partner,
        "sector": at.get("sector") or "",
    }
    return tuple(known[dimension] for dimension in by)


def expressions(m: pyo.ConcreteModel, names: str | Iterable[str]) -> dict[str, object]:
    """The expressions meant by names of indicators, variables and named expressions.

    Raises SelectionError for an unknown name or index, or when nothing is named.
    """
    found: dict[str, object] = {}
    for text in _listed(names):
        name, pattern = _parsed(text)
        if name in MEASURES:
            regions = _chosen(name, pattern, [(r,) for r in m.R])
            found |= {f"{name}[{r}]": MEASURES[name](m, str(r)) for (r,) in regions}
        else:
            found |= {item.name: item for item in select(m, text, (pyo.Var, pyo.Expression), MEASURES)}
    return found


def variables(m: pyo.ConcreteModel, names: str | Iterable[str]) -> list[pyo.Var]:
    """The variables meant by names; raises SelectionError as `expressions` does."""
    found = {v.name: v for text in _listed(names) for v in select(m, text, (pyo.Var,))}
    return list(found.values())


def select(m: pyo.ConcreteModel, text: str, kinds: tuple[type, ...], others: Iterable[str] = ()) -> list:
    """Members of a component of the model chosen by ``name`` or ``name[index,...]``.

    Each position of the index is a label, several joined by ``|``, or ``*`` for any.

    Raises:
        SelectionError: the model has no such component of these kinds (the nearest name is offered, ``others``
            being names that are valid too), a label does not exist, or nothing is selected.
    """
    name, pattern = _parsed(text)
    component = m.component(name)
    if component is None or component.ctype not in kinds:
        what = " or ".join(sorted(kind.__name__.lower() for kind in kinds))
        known = [*others, *(c.name for c in m.component_objects(kinds))]
        raise SelectionError(f"The model has no {what} {name!r}.{nearest(name, known)}")
    if not component.is_indexed():
        if pattern:
            raise SelectionError(f"{name} has no index, but {text!r} gives one.")
        return [component]
    keys = {key if isinstance(key, tuple) else (key,): key for key in component}
    return [component[keys[key]] for key in _chosen(name, pattern, list(keys))]


def _listed(names: str | Iterable[str]) -> list[str]:
    listed = [names] if isinstance(names, str) else list(names)
    if not listed:
        raise SelectionError("No name is given: name at least one indicator, variable or instrument.")
    return listed


def _parsed(text: str) -> tuple[str, tuple[str, ...]]:
    name, bracket, rest = text.strip().partition("[")
    if bracket and not rest.endswith("]"):
        raise SelectionError(f"{text!r} is not a name with an index; write for example {name}[KAZ].")
    return name, tuple(part.strip() for part in rest.removesuffix("]").split(",")) if bracket else ()


def _chosen(
    name: str, pattern: Sequence[str], keys: Sequence[tuple[Hashable, ...]]
) -> list[tuple[Hashable, ...]]:
    if not pattern:
        return list(keys)
    width = len(keys[0]) if keys else len(pattern)
    if len(pattern) != width:
        raise SelectionError(f"{name} has {width} index positions; {len(pattern)} are given.")
    wanted = [None if part == "*" else part.split("|") for part in pattern]
    for position, labels in enumerate(wanted):
        known = list(dict.fromkeys(str(key[position]) for key in keys))
        for label in labels or ():
            if label not in known:
                raise SelectionError(
                    f"{name}: no {label!r} at index position {position + 1}.{nearest(label, known)}"
                )
    chosen = [key for key in keys if all(w is None or str(k) in w for k, w in zip(key, wanted, strict=True))]
    if not chosen:
        raise SelectionError(f"{name}[{','.join(pattern)}] selects nothing: there is no such flow.")
    return chosen


def _name_and_index(variable: pyo.Var) -> tuple[str, tuple[str, ...]]:
    index = variable.index()
    key = index if isinstance(index, tuple) else () if index is None else (index,)
    return variable.parent_component().name, key


def _ordered(
    labels: Iterable[tuple[str, ...]], m: pyo.ConcreteModel, by: Sequence[str]
) -> list[tuple[str, ...]]:
    """Groups with the pool last, then regions and sectors in the order of the economy."""
    place = {name: n for n, name in enumerate((*INSTRUMENTS, *m.R, *m.G, "union", "outside"))}
    place[POOL] = len(place)
    return sorted(dict.fromkeys(labels), key=lambda label: [place.get(part, -1) for part in label])


def _ends(equations: Equations, base: State, state: State) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the path, with what means nothing at one end set to its value of the other.

    Nothing in the two solutions changes thereby: members and keys matter only where duties are pooled or passed on,
    and a quota without a duty above it lets everything through.
    """
    m, column = equations.model, equations.system.column
    start, end = equations.point(base), equations.point(state)

    def places(*names: str) -> list[int]:
        return [column[id(v)] for name in names for v in m.component(name).values()]

    uses, terms = places("pooled", "duty_remitted"), places("union_member", "pool_share")
    if not start[uses].any():
        start[terms] = end[terms]
    elif not end[uses].any():
        end[terms] = start[terms]
    if "quota_binds" in m.closure.conditions and not start[places("over_quota_duty")].any():
        quota = places("quota")
        start[quota] = end[quota]
        start[places("quota_scarcity")] = np.where(end[quota] < 1.0, 1.0, 0.0)  # the benchmark's flow is one
    return start, end
