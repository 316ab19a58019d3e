"""Exchange what is exogenous in a built economy, checked before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyomo.environ as pyo
from pyomo.core.base.var import VarData

from .closures import Closure, ClosureError, check_dropped_market
from .derivatives import SelectionError, variables
from .economy import BLOCKS
from .engine import CompiledSystem, Structure, check_structure, compile_model
from .engine.structure import Conflict


def swap(
    m: pyo.ConcreteModel,
    fix: str | Sequence[str],
    free: str | Sequence[str],
    system: CompiledSystem | None = None,
) -> Closure:
    """Fix some variables at their present values and free others instead.

    Args:
        m: an economy; its values are not changed.
        fix: what becomes exogenous: ``"real_transfer"`` (all members), ``"real_transfer[KAZ]"``,
            ``"endowment[capital,*]"``, or several of these.
        free: what becomes endogenous, written the same way.
        system: the compiled model, if there is one (it is refreshed); else the model is compiled for the check.

    Returns:
        The new closure, also set as ``m.closure``.

    Raises:
        ClosureError: no such variable; one that is fixed (free) already; a swap that leaves the model not
            square or structurally singular, in words that name the equations and variables concerned. The
            model is as it was before.

    Example:
        Kazakhstan's government keeps the transfer and lets the direct tax pay for it:

            swap(model, fix="real_transfer[KAZ]", free="direct_tax[KAZ]")
    """
    to_fix, to_free = _listed(fix), _listed(free)
    words = f"Swap (fix {', '.join(to_fix)}; free {', '.join(to_free)})"
    try:
        fixing, freeing = variables(m, to_fix), variables(m, to_free)
    except SelectionError as error:
        raise ClosureError(f"{words}: {error}") from error
    _require_change(m, words, fixing, fixed=False)
    _require_change(m, words, freeing, fixed=True)
    try:
        _set(fixing, freeing)
        _check(m, words, {v.name for v in (*fixing, *freeing)}, system)
    except Exception:
        _set(freeing, fixing)
        if system is not None:
            system.refresh()
        raise
    old: Closure = m.closure
    m.closure = replace(
        old,
        name=f"{old.name} ({', '.join(to_fix)} for {', '.join(to_free)})",
        description=f"{old.description} Swapped: {', '.join(to_fix)} fixed instead of {', '.join(to_free)}.",
        swaps=(*old.swaps, (tuple(v.name for v in fixing), tuple(v.name for v in freeing))),
    )
    return m.closure


def _listed(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _set(fixing: Iterable[VarData], freeing: Iterable[VarData]) -> None:
    for variable in fixing:
        variable.fix()
    for variable in freeing:
        variable.unfix()


def _require_change(m: pyo.ConcreteModel, words: str, found: Iterable[VarData], fixed: bool) -> None:
    """Every variable is fixed (free) at present, else there is nothing to swap."""
    already = [v.name for v in found if v.fixed is not fixed]
    if already:
        now, wanted = ("free", "fixed") if fixed else ("fixed", "free")
        more = f" and {len(already) - 1} more" if len(already) > 1 else ""
        raise ClosureError(
            f"{words} refused; the model is unchanged: {already[0]}{more} is {now} already under the closure "
            f"{m.closure.name!r}. Name variables that are {wanted}."
        )


def _check(m: pyo.ConcreteModel, words: str, changed: set[str], system: CompiledSystem | None) -> None:
    check_dropped_market(m, m.closure.name)
    compiled = system or compile_model(m)
    compiled.refresh()
    structure = check_structure(compiled)
    if not structure.is_sound:
        raise ClosureError(
            f"{words} refused; the model is unchanged.\n{_about(structure, changed)}\n"
            "Each variable that is freed needs an equation that can determine it, each one fixed leaves one idle."
        )


def _about(structure: Structure, changed: set[str]) -> Structure:
    """The findings with what the swap concerns named first: a general equilibrium connects almost everything."""
    determines = {equation: variable for block in BLOCKS for equation, variable in block.EQUATIONS.items()}

    def distant(name: str) -> bool:
        equation, bracket, index = name.partition("[")
        return name not in changed and f"{determines.get(equation)}{bracket}{index}" not in changed

    def ordered(conflicts: tuple[Conflict, ...]) -> tuple[Conflict, ...]:
        return tuple(
            Conflict(tuple(sorted(c.equations, key=distant)), tuple(sorted(c.variables, key=distant)))
            for c in conflicts
        )

    return replace(
        structure,
        overdetermined=ordered(structure.overdetermined),
        underdetermined=ordered(structure.underdetermined),
    )
