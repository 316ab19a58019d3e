"""What a sweep says: central value, mean, spread and band of every outcome, and what the spread comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...model.indicators import UNITS
from .designs import salib_problem
from .factors import Array, Factor, UnsolvedError
from .kernel import WALRAS, Kernel

BAND = (0.05, 0.95)
"""Share of draws below the two ends of a band."""
NORMAL = 1.6448536269514722
"""Standard deviations to either side that hold nine tenths of a normal distribution."""


def bands(kernel: Kernel, draws: pd.DataFrame, quadrature: bool) -> pd.DataFrame:
    """One row for each regime and outcome.

    Columns: regime, region, indicator, unit, ``central`` (no factor moved), ``mean``, ``sd``, ``low`` and ``high`` (the
    5th and 95th percentile; by quadrature the mean and 1.645 standard deviations), ``positive`` (share of draws above
    zero; by quadrature not known), ``draws``, ``failed``.

    Raises:
        UnsolvedError: of some regime fewer than two draws were solved.
    """
    parts = []
    for centre in kernel.centres:
        rows = draws[draws["regime"] == centre.name]
        good = rows[rows["how"] != "failed"]
        if len(good) < 2:
            raise UnsolvedError(f"{centre.name}: {len(good)} of {len(rows)} draws solved; {_reasons(rows)}")
        values = good[list(kernel.names)].to_numpy()
        mean, sd = values.mean(axis=0), values.std(axis=0, ddof=0 if quadrature else 1)
        if quadrature:
            low, high, positive = mean - NORMAL * sd, mean + NORMAL * sd, np.full(len(mean), np.nan)
        else:
            low, high = np.quantile(values, BAND, axis=0)
            positive = (values > 0.0).mean(axis=0)
        frame = pd.DataFrame(
            {
                "central": centre.outcomes,
                "mean": mean,
                "sd": sd,
                "low": low,
                "high": high,
                "positive": positive,
            }
        )
        head = outcome_labels(kernel.names)
        head.insert(0, "regime", centre.name)
        frame = pd.concat([head, frame], axis=1)
        frame["draws"], frame["failed"] = len(rows), len(rows) - len(good)
        parts.append(frame[frame["indicator"] != WALRAS])
    return pd.concat(parts, ignore_index=True)


def local(kernel: Kernel) -> pd.DataFrame:
    """Exact derivatives: regime, region, indicator, unit, factor, ``per_sd`` (change for one standard deviation)."""
    parts = []
    for centre in kernel.centres:
        head = outcome_labels(kernel.names)
        head.insert(0, "regime", centre.name)
        for k, factor in enumerate(kernel.ask.factors):
            parts.append(head.assign(factor=factor.name, group=factor.group, per_sd=centre.gradients[:, k]))
    table = pd.concat(parts, ignore_index=True)
    return table[table["indicator"] != WALRAS].reset_index(drop=True)


def local_bands(kernel: Kernel) -> pd.DataFrame:
    """Bands to first order, as `bands`: a standard deviation is the root of the sum of squared derivatives."""
    parts = []
    for centre in kernel.centres:
        sd = np.sqrt(np.square(centre.gradients).sum(axis=1))
        head = outcome_labels(kernel.names)
        head.insert(0, "regime", centre.name)
        value = centre.outcomes
        parts.append(
            head.assign(
                central=value, mean=value, sd=sd, low=value - NORMAL * sd, high=value + NORMAL * sd,
                positive=np.nan, draws=0, failed=0,
            )
        )  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table[table["indicator"] != WALRAS].reset_index(drop=True)


def shares(kernel: Kernel, method: str, t: Array, draws: pd.DataFrame, seed: int) -> pd.DataFrame:
    """What the spread comes from: regime, region, indicator, group and the measures of the method.

    ``sobol``: ``first`` and ``total`` (shares of the variance, with ``first_error``, ``total_error``); ``morris``:
    ``mu_star`` and ``sigma`` of elementary effects; any other method: ``first``, the group's share of the variance to
    first order, from the exact derivatives.

    Raises:
        UnsolvedError: ``sobol`` or ``morris`` with a failed draw, without which their formulas do not hold.
    """
    factors = kernel.ask.factors
    groups = list(dict.fromkeys(f.group for f in factors))
    parts = []
    for k, centre in enumerate(kernel.centres):
        head = outcome_labels(kernel.names)
        head.insert(0, "regime", centre.name)
        if method in ("sobol", "morris"):
            rows = draws[draws["regime"] == centre.name].sort_values("draw")
            if (rows["how"] == "failed").any():
                raise UnsolvedError(
                    f"{centre.name}: {method} needs every draw; {_reasons(rows)}. Take a smaller --spread"
                )
            measured = _by_salib(method, factors, t, rows[list(kernel.names)].to_numpy(), seed)
        else:
            measured = _first_order(factors, groups, kernel.centres[k].gradients)
        for number, group in enumerate(groups):
            own = {name: values[:, number] for name, values in measured.items()}
            parts.append(head.assign(group=group, **own))
    table = pd.concat(parts, ignore_index=True)
    return table[table["indicator"] != WALRAS].reset_index(drop=True)


def _first_order(factors: Sequence[Factor], groups: Sequence[str], gradients: Array) -> dict[str, Array]:
    squares = np.square(gradients)
    total = squares.sum(axis=1)
    columns = [squares[:, [f.group == group for f in factors]].sum(axis=1) for group in groups]
    with np.errstate(all="ignore"):
        return {"first": np.column_stack([c / total for c in columns])}


def _by_salib(method: str, factors: Sequence[Factor], t: Array, values: Array, seed: int) -> dict[str, Array]:
    from SALib.analyze import morris, sobol

    problem = salib_problem(factors)
    found: list[Any] = []
    for column in values.T:
        if np.ptp(column) <= 1e-12 * max(1.0, np.abs(column).max()):
            found.append(None)  # an outcome that nothing moves has no variance to share out
        elif method == "sobol":
            found.append(
                sobol.analyze(problem, column, calc_second_order=False, num_resamples=100, seed=seed)
            )
        else:
            found.append(
                morris.analyze(
                    problem, np.asarray(_probabilities(factors, t)), column, num_levels=4, seed=seed
                )
            )
    names = {"sobol": {"S1": "first", "S1_conf": "first_error", "ST": "total", "ST_conf": "total_error"}}.get(
        method, {"mu_star": "mu_star", "sigma": "sigma"}
    )
    n = len(dict.fromkeys(f.group for f in factors))
    return {
        ours: np.array(
            [np.full(n, np.nan) if f is None else np.asarray(f[theirs], dtype=float) for f in found]
        )
        for theirs, ours in names.items()
    }


def _probabilities(factors: Sequence[Factor], t: Array) -> Array:
    from scipy import stats

    columns = []
    for k, factor in enumerate(factors):
        if factor.family == "lognormal":
            columns.append(stats.norm.cdf(t[:, k]))
        else:
            columns.append(np.interp(t[:, k], factor.quantile(GRID), GRID))
    return np.column_stack(columns)


GRID = np.linspace(0.0, 1.0, 20001)


def outcome_labels(names: Sequence[str]) -> pd.DataFrame:
    """Region, indicator and unit of each outcome."""
    split = [name.rstrip("]").partition("[") for name in names]
    indicator = [name for name, _, _ in split]
    units = [
        UNITS[name].partition(" ")[0].replace("mn", "USD mn") if name in UNITS else "" for name in indicator
    ]
    return pd.DataFrame({"region": [region for _, _, region in split], "indicator": indicator, "unit": units})


def _reasons(rows: pd.DataFrame) -> str:
    failed = rows[rows["how"] == "failed"]
    if failed.empty:
        return "none failed"
    return f"{len(failed)} draws have no solution, the first: {failed['reason'].iloc[0]}"
