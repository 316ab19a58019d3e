"""What a sweep says: central value, mean, spread and band of every outcome, and what the spread comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...model.indicators import UNITS
from .factors import Array, UnsolvedError
from .importance import by_salib, first_order, groups_of, linear_part
from .kernel import WALRAS, Kernel

SAMPLES = ("monte-carlo", "quasi-random")
"""Methods whose draws are a sample of the joint distribution of the factors."""
MOMENTS = ("mean", "sd", "low", "high", "positive")
BAND = (0.05, 0.95)
"""Share of draws below the two ends of a band."""
NORMAL = 1.6448536269514722
"""Standard deviations to either side that hold nine tenths of a normal distribution."""


def bands(kernel: Kernel, method: str, draws: pd.DataFrame) -> pd.DataFrame:
    """One row for each regime and outcome.

    Columns: regime, region, indicator, unit, ``central`` (no factor moved), ``mean``, ``sd``, ``low`` and ``high`` (the
    5th and 95th percentile; by quadrature the mean and 1.645 standard deviations), ``positive`` (share of draws above
    zero; by quadrature not known), ``draws``, ``failed``. The points of ``morris`` are no sample of any distribution:
    of them nothing but the central value is known.

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
        head = outcome_labels(kernel.names)
        head.insert(0, "regime", centre.name)
        frame = head.assign(central=centre.outcomes, **dict.fromkeys(MOMENTS, np.nan)).assign(
            **_moments(method, values)
        )
        frame["draws"], frame["failed"] = len(rows), len(rows) - len(good)
        parts.append(frame[frame["indicator"] != WALRAS])
    return pd.concat(parts, ignore_index=True)


def _moments(method: str, values: Array) -> dict[str, Array]:
    """What points (draws, outcomes) of a method say of the distribution of each outcome."""
    if method == "morris":
        return {}
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=0 if method == "quadrature" else 1)
    if method == "quadrature":
        return {"mean": mean, "sd": sd, "low": mean - NORMAL * sd, "high": mean + NORMAL * sd}
    low, high = np.quantile(values, BAND, axis=0)
    return {"mean": mean, "sd": sd, "low": low, "high": high, "positive": (values > 0.0).mean(axis=0)}


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
    """What the spread comes from: regime, region, indicator, unit, group and the measures of the method (`importance`).

    ``sobol``: first, first_error, total, total_error, doubtful; ``morris``: mu_star, sigma; any other method: first,
    to first order, and with a sample at hand ``linear``, the share of the outcome's variance that first order explains.

    Raises:
        UnsolvedError: ``sobol`` or ``morris`` with a failed draw, without which their formulas do not hold.
    """
    factors = kernel.ask.factors
    parts = []
    for centre in kernel.centres:
        head = outcome_labels(kernel.names)
        head.insert(0, "regime", centre.name)
        if method in ("sobol", "morris"):
            rows = draws[draws["regime"] == centre.name].sort_values("draw")
            if (rows["how"] == "failed").any():
                raise UnsolvedError(
                    f"{centre.name}: {method} needs every draw; {_reasons(rows)}. Take a smaller --spread"
                )
            measured = by_salib(method, factors, t, rows[list(kernel.names)].to_numpy(), seed)
        else:
            measured = first_order(factors, centre.gradients)
            if method in SAMPLES:
                good = draws[(draws["regime"] == centre.name) & (draws["how"] != "failed")]
                head["linear"] = linear_part(
                    centre.gradients, t[good["draw"].to_numpy()], good[list(kernel.names)].to_numpy()
                )
        for number, group in enumerate(groups_of(factors)):
            own = {name: values[:, number] for name, values in measured.items()}
            parts.append(head.assign(group=group, **own))
    table = pd.concat(parts, ignore_index=True)
    return table[table["indicator"] != WALRAS].reset_index(drop=True)


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
