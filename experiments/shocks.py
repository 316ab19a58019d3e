"""Shocks: any instrument of the model set, changed or scaled by a regime's ``[[shock]]`` entries.

Order: first the sections of the regime (tariffs, single rates, borders, energy, labour, quotas), then the shocks,
those of the regime it builds on before its own, each in the order of the file and on top of what is there by then. With
present value :math:`x`, given value :math:`v`:

==========  =====================================
level       :math:`x' = v`
change      :math:`x' = x + v`
percent     :math:`x' = x\\,(1 + v / 100)`
factor      :math:`x' = v\\,x`
target      x is freed, see `eacu.experiments.targets`
==========  =====================================
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from ..calibration.benchmark import Benchmark
from ..model.blocks.factors import LABOUR
from ..model.choices import CHOICES
from ..model.economy import benchmark_values
from ..model.instruments import INSTRUMENTS
from ..model.names import unknown_name
from .borders import GROUPS, goods
from .regimes import Problems, Regime, RegimeError, Shock

Settings = dict[str, "pd.Series | float"]
REGION_LEVELS = ("region", "source", "importer", "origin", "destination", "recipient")
TARGET = "target"
SHOWN = 12
"""How many names an error lists."""


class Shocks:
    """The shocks of a regime with the cells that each acts on.

    Raises RegimeError with every entry that names something unknown or selects nothing.
    """

    def __init__(self, regime: Regime, benchmark: Benchmark):
        self.regime = regime
        self.values = instrument_values(benchmark) if regime.shocks else {}
        self.cells: list[pd.Index] = []
        problems = Problems()
        for number, shock in enumerate(regime.shocks):
            with problems.collecting():
                self.cells.append(selected(shock, number, regime, benchmark, self.values[shock.instrument]))
        problems.refuse()

    def on(self, settings: Settings) -> Settings:
        """The settings with the shocks on top, targets apart.

        Raises RegimeError with every entry that changes nothing or leads to a value that is not legal.
        """
        result, problems = dict(settings), Problems()
        for number, (shock, cells) in enumerate(zip(self.regime.shocks, self.cells, strict=True)):
            if shock.mode == TARGET:
                continue
            with problems.collecting():
                new = _changed(shock, number, self.regime, self.present(result, shock.instrument)[cells])
                result[shock.instrument] = _laid_over(
                    shock.instrument, self.present(result, shock.instrument), result, new
                )
        problems.refuse()
        return result

    def present(self, settings: Settings, name: str) -> pd.Series:
        """An instrument as the regime has it by now: the base year's values under what has been set."""
        present = self.values[name].copy()
        if name in settings:
            given = settings[name]
            if not isinstance(given, pd.Series):
                return present * 0.0 + given
            there = given.index.intersection(present.index)
            present[there] = given[there]
        return present


def refuse_determined(
    regime: Regime, m: pyo.ConcreteModel, freed: Collection[tuple[str, tuple[str, ...]]]
) -> None:
    """Refuse shocks to what the closure leaves to the model to determine, or what has no effect under it.

    ``freed`` are the cells that targets free on purpose. Raises RegimeError with every such entry and the choices
    under which it could be set.
    """
    problems = Problems()
    chosen = Shocks(regime, m.benchmark).cells if regime.shocks else []
    for number, (shock, cells) in enumerate(zip(regime.shocks, chosen, strict=True)):
        name, where = shock.instrument, f"{regime.at('shock', number)}: [[shock]] entry {number + 1}"
        if name in m.closure.idle:
            problems.told.append(
                f"{where}: {name} has no effect under the closure {m.closure.name!r}. Choose one in which it matters; "
                "eacu closures lists them"
            )
            continue
        variable = m.component(name)
        keys = (
            [cell if isinstance(cell, tuple) else (cell,) for cell in cells]
            if INSTRUMENTS[name].levels
            else [()]
        )
        free = [k for k in keys if not variable[k if k else None].fixed and (name, k) not in freed]
        if free and shock.mode != TARGET:
            fixing = [c.name for c in CHOICES.values() if any(rule.name == name for rule in c.fixed)]
            remedy = f"; it is fixed under {', '.join(fixing)}" if fixing else ""
            problems.told.append(
                f"{where}: the model determines {name} at {', '.join(free[0])} under the closure "
                f"{m.closure.name!r}, so it cannot be set{remedy}"
            )
    problems.refuse()


_known_values: list[tuple[Benchmark, dict[str, pd.Series]]] = []
"""The values of the benchmark asked for last: reading them takes a second, and a run asks several times."""


def instrument_values(benchmark: Benchmark) -> dict[str, pd.Series]:
    """Every instrument's value in the base year, on its own index."""
    if not (_known_values and _known_values[0][0] is benchmark):
        found = benchmark_values(benchmark)
        _known_values[:] = [(benchmark, {name: _series(name, found[name]) for name in INSTRUMENTS})]
    return _known_values[0][1]


def _series(name: str, values: dict[object, float]) -> pd.Series:
    levels = INSTRUMENTS[name].levels
    if not levels:
        return pd.Series(list(values.values()), index=pd.Index([name]))
    keys = [key if isinstance(key, tuple) else (key,) for key in values]
    index = (
        pd.MultiIndex.from_tuples(keys, names=levels)
        if keys
        else pd.MultiIndex.from_arrays([[]] * len(levels), names=levels)
    )
    flat = index if len(levels) > 1 else index.get_level_values(0)
    return pd.Series(list(values.values()), index=flat, dtype=float)


def selected(shock: Shock, number: int, regime: Regime, benchmark: Benchmark, values: pd.Series) -> pd.Index:
    """The cells of the instrument that the selectors of an entry choose.

    Raises RegimeError for unknown names, and for a choice of which the base year has no cell, naming what there is.
    """
    wanted: dict[str, list[str]] = {}
    problems = Problems()
    for level in INSTRUMENTS[shock.instrument].levels:
        key = "exporter" if level == "source" and shock.exporter else level
        where = f"{regime.at('shock', number, key)}: [[shock]] entry {number + 1}: {key}"
        with problems.collecting():
            wanted[level] = _labels(
                shock.chosen(level), _known(level, regime, benchmark, values), level, where
            )
    problems.refuse()
    if not wanted:
        return values.index
    fits = {
        level: values.index.get_level_values(level).isin(labels) if labels else np.full(len(values), True)
        for level, labels in wanted.items()
    }
    chosen = np.logical_and.reduce(list(fits.values()))
    if not chosen.any():
        raise RegimeError(
            f"{regime.at('shock', number)}: [[shock]] entry {number + 1}: {shock.instrument} has no cell with "
            f"{_in_words(shock, wanted)}, so the entry would change nothing. {_what_exists(values, fits)}"
        )
    return values.index[chosen]


def _labels(
    names: tuple[str, ...], known_groups: tuple[list[str], dict[str, list[str]]], level: str, where: str
) -> list[str]:
    """The labels that names and groups stand for; none for all."""
    known, groups = known_groups
    found: list[str] = []
    for name in names:
        if name in groups:
            if not groups[name]:
                raise RegimeError(f"{where} = {name!r}: the group is empty, for the regime has no union")
            found += groups[name]
        elif name in known:
            found.append(name)
        else:
            kind = "region" if level in REGION_LEVELS else level
            raise RegimeError(f"{where}: {unknown_name(kind, name, (*groups, *known))}")
    return found


def _known(
    level: str, regime: Regime, b: Benchmark, values: pd.Series
) -> tuple[list[str], dict[str, list[str]]]:
    """The labels of an index level, and the groups of them that have a name."""
    if level in REGION_LEVELS:
        outside = [r for r in b.regions if r not in regime.members]
        return list(b.regions), dict(zip(GROUPS, (list(regime.members), outside), strict=True))
    if level == "sector":
        carried = goods(b)
        return list(b.sectors), {"goods": carried, "services": [g for g in b.sectors if g not in carried]}
    if level == "factor":
        return list(b.factors), {"labour": list(LABOUR)}
    return [str(label) for label in values.index.get_level_values(level).unique()], {}


def _in_words(shock: Shock, wanted: dict[str, list[str]]) -> str:
    return ", ".join(
        f"{level} {' or '.join(shock.chosen(level))}" for level, labels in wanted.items() if labels
    )


def _what_exists(values: pd.Series, fits: dict[str, np.ndarray]) -> str:
    """For each selector: what it could name if the others stay."""
    told = []
    for level, own in fits.items():
        if own.all():
            continue
        others = np.logical_and.reduce([fit for name, fit in fits.items() if name != level] or [own | True])
        there = list(dict.fromkeys(values.index[others].get_level_values(level)))
        if there:
            more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
            told.append(f"With the rest as it is, {level} can be {', '.join(there[:SHOWN])}{more}.")
    return " ".join(told) or "The base year has none of them: change two of the selectors."


def _changed(shock: Shock, number: int, regime: Regime, present: pd.Series) -> pd.Series:
    where = f"{regime.at('shock', number, 'value')}: [[shock]] entry {number + 1}"
    if shock.mode in ("percent", "factor"):
        if not present.any():
            raise RegimeError(
                f"{where}: {shock.instrument} is zero in all {len(present)} cells chosen, and a {shock.mode} of zero "
                'is zero. Use as = "level" or as = "change"'
            )
        new = present * shock.native
    else:
        new = present * 0.0 + shock.native + (present if shock.mode == "change" else 0.0)
    instrument = INSTRUMENTS[shock.instrument]
    illegal = new[~instrument.admits(new)]
    if len(illegal):
        raise RegimeError(
            f"{where}: {shock.instrument} would be {illegal.iloc[0]:.6g} at {illegal.index[0]}, but it must be "
            f"{instrument.range_in_words()} ({instrument.meaning}; {instrument.unit})"
        )
    return new


def _laid_over(name: str, present: pd.Series, settings: Settings, new: pd.Series) -> pd.Series | float:
    """What is set of an instrument, with the new cells instead of or besides the old."""
    if not INSTRUMENTS[name].levels:
        return float(new.iloc[0])
    given = settings.get(name, new)
    if not isinstance(given, pd.Series):
        given = present
    return pd.concat([given.drop(given.index.intersection(new.index)), new])
