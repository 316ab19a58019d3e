"""Instruments: what a policy or a scenario may set, with index, unit and legal range.

An instrument is a variable that the closure fixes. Setting one writes numbers into fixed variables; the model
is never rebuilt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from .names import nearest


class InstrumentError(ValueError):
    """An instrument, key or value is not admissible; the message names it and offers the nearest valid one."""


@dataclass(frozen=True)
class Instrument:
    """One exogenous variable: its index levels, unit and admissible values."""

    name: str
    levels: tuple[str, ...]
    unit: str
    meaning: str
    above: float = -np.inf
    below: float = np.inf
    at_least: float = -np.inf
    at_most: float = np.inf
    of: str = ""
    """What a rate is a part of, for units in words: ``percent of cif value``."""

    def admits(self, values: pd.Series) -> pd.Series:
        """Which values lie in the legal range."""
        inside = (values > self.above) & (values < self.below)
        return inside & (values >= self.at_least) & (values <= self.at_most)

    def range_in_words(self) -> str:
        """The legal range, for messages."""
        bounds = [
            ("above", self.above),
            ("below", self.below),
            ("at least", self.at_least),
            ("at most", self.at_most),
        ]
        return (
            " and ".join(f"{word} {bound:g}" for word, bound in bounds if np.isfinite(bound)) or "any number"
        )


_FLOW = ("sector", "source", "importer")
_ACTIVITY = ("sector", "region")
_REGION = ("region",)
_LABOUR = ("factor", "region")
_MIGRATION = ("factor", "origin", "destination")

INSTRUMENTS: dict[str, Instrument] = {
    i.name: i
    for i in (
        Instrument("import_tariff", _FLOW, "rate", "duty on the cif value", above=-1, of="cif value"),
        Instrument(
            "export_tax", _FLOW, "rate", "tax on the basic value of exports", above=-1, of="basic value"
        ),
        Instrument("rent", _FLOW, "rate", "rent on the basic value of exports", above=-1, of="basic value"),
        Instrument("rent_to_exporter", _FLOW, "share", "exporter's part of the rent", at_least=0, at_most=1),
        Instrument(
            "presence_rent", _ACTIVITY, "rate", "rent on sales of foreign firms in the region", above=-1
        ),
        Instrument("quota", _FLOW, "index", "shipments free of the duty above the quota", at_least=0),
        Instrument(
            "over_quota_duty", _FLOW, "rate", "export duty above the quota", at_least=0, of="basic value"
        ),
        Instrument(
            "duty_remitted",
            ("sector", "region", "recipient"),
            "share",
            "export duty on shipments out of the union paid to the recipient's government",
            at_least=0,
            at_most=1,
        ),
        Instrument("iceberg", _FLOW, "index", "units shipped per unit arriving", above=0),
        Instrument(
            "sales_tax",
            ("user", "region"),
            "rate",
            "tax on purchases of a final user",
            above=-1,
            of="purchases",
        ),
        Instrument("production_tax", _ACTIVITY, "rate", "tax on the value of output", below=1, of="output"),
        Instrument(
            "factor_tax", _ACTIVITY, "rate", "tax on net factor payments", above=-1, of="factor payments"
        ),
        Instrument("direct_tax", _REGION, "rate", "tax on factor income", below=1, of="factor income"),
        Instrument("productivity", _ACTIVITY, "index", "output per unit of all inputs", above=0),
        Instrument("fixed_cost", _ACTIVITY, "index", "inputs that set up a firm", above=0),
        Instrument("endowment", ("factor", "region"), "index", "supply of a mobile factor", above=0),
        Instrument("factor_use", ("factor", *_ACTIVITY), "index", "stock of a specific factor", above=0),
        Instrument("population", _REGION, "index", "scales committed consumption", above=0),
        Instrument("union_member", _REGION, "0 or 1", "member of the customs union", at_least=0, at_most=1),
        Instrument("pooled", _REGION, "0 to 1", "share of extra-union duty pooled", at_least=0, at_most=1),
        Instrument("pool_share", _REGION, "share", "key of the pool", at_least=0, at_most=1),
        Instrument("numeraire", (), "index", "consumer price of the numeraire region", above=0),
        Instrument("foreign_savings", _REGION, "mn USD", "net capital inflow in numeraire units"),
        Instrument("government_savings", _REGION, "mn USD", "government savings in investment goods"),
        Instrument(
            "government_savings_ratio", _REGION, "ratio", "government savings per unit of consumption"
        ),
        Instrument("government_consumption", _REGION, "index", "volume of consumption", above=0),
        Instrument("investment", _REGION, "index", "volume of investment", above=0),
        Instrument("investment_rate", _REGION, "index", "investment per unit of capital", above=0),
        Instrument(
            "savings_rate",
            _REGION,
            "rate",
            "savings as a share of disposable income",
            below=1,
            of="disposable income",
        ),
        Instrument("capital_return", _REGION, "index", "return to capital over price of investment", above=0),
        Instrument("real_transfer", _REGION, "mn USD", "lump sum to the household in consumer goods"),
        Instrument("direct_tax_retention", _REGION, "index", "scales one less the direct tax", above=0),
        Instrument("sales_tax_power", _REGION, "index", "scales one plus the sales taxes", above=0),
        Instrument("real_exchange_rate", _REGION, "index", "border over home prices", above=0),
        Instrument(
            "unemployment_rate",
            _LABOUR,
            "rate",
            "unemployment of the benchmark",
            above=0,
            below=1,
            of="labour force",
        ),
        Instrument("unemployment", _LABOUR, "index", "unemployment over the benchmark's", at_least=0),
        Instrument("wage_floor", _LABOUR, "index", "least real consumer wage", above=0),
        Instrument("migration_barrier", _MIGRATION, "index", "wage gap at which labour moves", above=0),
        Instrument("migrants", _MIGRATION, "1000 persons", "workers abroad beyond the benchmark", at_least=0),
        Instrument("remitted", _MIGRATION, "share", "of migrants' wages sent home", at_least=0, at_most=1),
        Instrument("off_wage_curve", _LABOUR, "index", "unemployment beyond the wage curve's, benchmark = 1"),
    )
}


@dataclass(frozen=True)
class Policy:
    """A scenario as plain numbers: instrument -> series on (part of) its index, or one number for all of it.

    What is not named keeps its benchmark value.
    """

    name: str
    settings: Mapping[str, pd.Series | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Applied:
    """What a policy did: numbers written by instrument, and keys without a benchmark flow to act on."""

    written: Mapping[str, int]
    without_flow: Mapping[str, list[tuple[str, ...]]]


def reset_instruments(m: pyo.ConcreteModel) -> None:
    """Put every fixed variable back to its benchmark value."""
    for name, values in m.benchmark_values.items():
        variable = m.component(name)
        for index, value in values.items():
            if variable[index].fixed:
                variable[index].set_value(value, skip_validation=True)


def apply_policy(m: pyo.ConcreteModel, policy: Policy) -> Applied:
    """Reset all instruments to the benchmark, then write the policy's values.

    Keys of sectors and regions that exist but have no benchmark flow (a tariff on a good nobody imports from
    there) have nothing to act on; they are returned in ``without_flow``.

    Raises:
        InstrumentError: unknown instrument, sector, region, factor or user (the nearest valid one is offered);
            a missing or duplicate number; a value outside the legal range; an instrument that the closure
            leaves free; pool keys that do not sum to one; foreign savings that do not sum to zero.
    """
    reset_instruments(m)
    written: dict[str, int] = {}
    without_flow: dict[str, list[tuple[str, ...]]] = {}
    for name, values in policy.settings.items():
        written[name], without_flow[name] = set_instrument(m, name, values)
    check_consistency(m)
    return Applied(written, without_flow)


def set_instrument(
    m: pyo.ConcreteModel, name: str, values: pd.Series | float
) -> tuple[int, list[tuple[str, ...]]]:
    """Write one instrument; returns how many numbers were written and which keys have no benchmark flow.

    Raises :class:`InstrumentError` as :func:`apply_policy` does.
    """
    instrument = _find(name)
    variable = m.component(name)
    if name in m.closure.idle:
        raise InstrumentError(
            f"{name} has no effect under the closure {m.closure.name!r}, so it cannot be set. Choose a closure "
            "in which it matters; eacu closures lists them."
        )
    if not isinstance(values, pd.Series):
        values = pd.Series(float(values), index=_index(variable, instrument))
    series = _checked(m, instrument, values)
    idle = []
    for key, value in series.items():
        index = key if instrument.levels else None
        if index not in variable:
            idle.append(key if isinstance(key, tuple) else (key,))
            continue
        if not variable[index].fixed:
            raise InstrumentError(
                f"{name} at {key} is free under the closure {m.closure.name!r}: the model determines it, so it "
                "cannot be set. Choose a closure that fixes it."
            )
        variable[index].set_value(value)
    return len(series) - len(idle), idle


def check_consistency(m: pyo.ConcreteModel) -> None:
    """Keys of the pool sum to one where anything is pooled, foreign savings to zero, duties passed on at most to one.

    Raises :class:`InstrumentError`.
    """
    keys = sum(m.pool_share[r].value for r in m.R)
    if any(m.pooled[r].value > 0 for r in m.R) and abs(keys - 1) > 1e-9:
        raise InstrumentError(
            f"pool_share: the keys sum to {keys:.10g}, not 1; duties would vanish or appear."
        )
    passed_on: dict[tuple[str, str], float] = {}
    for g, r, q in m.duty_recipients:
        passed_on[g, r] = passed_on.get((g, r), 0.0) + m.duty_remitted[g, r, q].value
        if passed_on[g, r] > 1 + 1e-9:
            raise InstrumentError(
                f"duty_remitted: {r} would pass on {passed_on[g, r]:.6g} of its export duty on {g}, more than it has."
            )
    flows = [m.foreign_savings[r].value for r in m.R]
    if all(m.foreign_savings[r].fixed for r in m.R) and abs(sum(flows)) > 1e-9 * max(
        map(abs, flows), default=0
    ):
        raise InstrumentError(
            f"foreign_savings sum to {sum(flows):.6g} million USD over regions, not to zero."
        )


def _find(name: str) -> Instrument:
    if name not in INSTRUMENTS:
        raise InstrumentError(f"Unknown instrument {name!r}.{nearest(name, INSTRUMENTS)}")
    return INSTRUMENTS[name]


def _index(variable: pyo.Var, instrument: Instrument) -> pd.Index:
    if not instrument.levels:
        return pd.Index([instrument.name])
    keys = [k if isinstance(k, tuple) else (k,) for k in variable]
    index = pd.MultiIndex.from_tuples(keys, names=instrument.levels)
    return index if len(instrument.levels) > 1 else index.get_level_values(0)


def _checked(m: pyo.ConcreteModel, instrument: Instrument, values: pd.Series) -> pd.Series:
    name, levels = instrument.name, instrument.levels
    if levels and set(values.index.names) == set(levels) and len(levels) > 1:
        values = values.reorder_levels(list(levels))  # type: ignore[arg-type]
    elif values.index.nlevels != max(len(levels), 1):
        raise InstrumentError(
            f"{name} is indexed by {levels}; the series given has levels {values.index.names}."
        )
    known = {
        "sector": m.G,
        "region": m.R,
        "source": m.R,
        "importer": m.R,
        "recipient": m.R,
        "origin": m.R,
        "destination": m.R,
        "factor": m.F,
        "user": m.final_users,
    }
    for position, level in enumerate(levels):
        for label in values.index.get_level_values(position).unique():
            if label not in known[level]:
                raise InstrumentError(f"{name}: unknown {level} {label!r}.{nearest(label, known[level])}")
    if values.index.has_duplicates:
        raise InstrumentError(f"{name} is given twice at {values.index[values.index.duplicated()][0]}.")
    bad = values[~np.isfinite(values.astype(float))]
    if len(bad):
        raise InstrumentError(f"{name} at {bad.index[0]} is {bad.iloc[0]}: a missing number is not zero.")
    outside = values[~instrument.admits(values)]
    if len(outside):
        unit = f"{outside.iloc[0]:.6g}" + (f" ({outside.iloc[0]:.1%})" if instrument.unit == "rate" else "")
        raise InstrumentError(
            f"{name} at {outside.index[0]} is {unit}; {instrument.meaning} must be {instrument.range_in_words()}."
            + (
                " Likely reason: per cent written where a fraction is meant."
                if instrument.unit == "rate"
                else ""
            )
        )
    return values.astype(float)
