"""Cross entropy with error supports: Robinson, Cattaneo and El-Said's estimator of one table.

Every figure k (cell, account total, control) is measured with an error e_k that is the mean of a few support
points under unknown probabilities p, and the estimate minimises sum_k sum_i p_ki ln(p_ki / q_ki), q the prior
probabilities. Cells may have an additive error on the value, or a multiplicative one on the column
coefficient:

    additive        t_ij = t0_ij + e_ij
    multiplicative  t_ij = a0_ij exp(e_ij) Y_j,   a0_ij = t0_ij / sum_i t0_ij
    total           Y_j  = Y0_j + e_j,            sum_j t_ij = Y_i,  sum_i t_ij = Y_j
    control         c't  = m0 + e_m

Because of the product with Y_j this is not a linear problem, so it stands beside `solve`, not inside it. The
probabilities need not be unknowns: at the optimum they are q tilted by one number u_k per error,
p ~ q exp(u v), so that e_k = K'(u_k) with K the cumulant generating function of the support, and u_k is
the marginal cost of the error. What remains is a square system in (t, Y, u, l), solved by damped Newton:

    sum_k u_k de_k/d(t, Y) + A'l = 0,    e_k(t, Y) = K'(u_k),    A (t, Y) = 0.

Source: S. Robinson, A. Cattaneo, M. El-Said (2001), "Updating and estimating a social accounting matrix using
cross entropy methods", Economic Systems Research 13(1); the supports are those of the cesam2 model of the
GAMS Model Library (S. Robinson, 2013). A. Golan, G. Judge, D. Miller (1996), "Maximum Entropy Econometrics".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import splu

from .problem import BalanceError, ConvergenceError


@dataclass(frozen=True)
class ErrorSupport:
    """Support points of an error, in standard errors, and their prior probabilities (mean zero)."""

    points: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        p, q = np.array(self.points), np.array(self.probabilities)
        if p.shape != q.shape or (q <= 0).any() or abs(q.sum() - 1) > 1e-12 or abs(p @ q) > 1e-12:
            raise BalanceError(f"{self}: needs positive probabilities that sum to one, with prior mean zero")

    @classmethod
    def variance(cls) -> ErrorSupport:
        """Three points: prior mean zero and variance one."""
        return cls((-3.0, 0.0, 3.0), (1 / 18, 16 / 18, 1 / 18))

    @classmethod
    def normal(cls) -> ErrorSupport:
        """Five points: the first four moments of the standard normal distribution."""
        return cls((-3.0, -1.5, 0.0, 1.5, 3.0), (1 / 162, 16 / 81, 48 / 81, 16 / 81, 1 / 162))

    @classmethod
    def uniform(cls) -> ErrorSupport:
        """Seven points of equal probability: uninformative (its standard deviation is 2)."""
        return cls((-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0), (1 / 7,) * 7)

    def cumulants(self, tilt: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """K(u), K'(u) = mean and K''(u) = variance of the tilted distribution."""
        points = np.array(self.points)
        exponent = tilt[:, None] * points + np.log(self.probabilities)
        top = exponent.max(axis=1, keepdims=True)
        p = np.exp(exponent - top)
        total = p.sum(axis=1)
        p /= total[:, None]
        mean = p @ points
        return np.log(total) + top[:, 0], mean, p @ points**2 - mean**2


@dataclass(frozen=True)
class Control:
    """A macro aggregate measured with error: coefficients (indexed by cell), target, standard error."""

    name: str
    coefficients: pd.Series
    target: float
    standard_error: float


@dataclass(frozen=True)
class ErrorSupportResult:
    """Balanced `values` (by cell), account `totals`, entropy `objective`, and the effort.

    `errors` has one row per figure in the order cells, totals, controls: the estimated `error` in standard
    errors and its `tilt` (marginal entropy of the error, also per standard error).
    `imbalance`: largest |row total - column total| over the total.
    """

    values: pd.Series
    totals: pd.Series
    errors: pd.DataFrame
    objective: float
    iterations: int
    imbalance: float


def error_support_entropy(
    cells: pd.DataFrame,
    totals: pd.DataFrame,
    controls: list[Control] | None = None,
    cell_support: ErrorSupport | None = None,
    total_support: ErrorSupport | None = None,
    control_support: ErrorSupport | None = None,
    max_iterations: int = 100,
) -> ErrorSupportResult:
    """Estimate a balanced table by cross entropy with error supports.

    - `cells`: MultiIndex (row, column); columns `prior` (not zero), `standard_error` (> 0; in the unit of the
      table for an additive error, relative for a multiplicative one), `error`: "additive" or
      "multiplicative".
    - `totals`: indexed by account, every account of the table; columns `prior` and `standard_error` (> 0).
    - supports: by default `ErrorSupport.variance()` for cells, `.uniform()` for totals, `.normal()` for
      controls, the choice of the source.

    An additive cell may change its sign, a multiplicative one cannot. Raises `BalanceError` for bad input,
    `ConvergenceError` when no balanced table lies within the supports or Newton does not find it.
    """
    supports = (
        cell_support or ErrorSupport.variance(),
        total_support or ErrorSupport.uniform(),
        control_support or ErrorSupport.normal(),
    )
    system = _System.build(cells, totals, controls or [], supports)
    z, tilt, iterations = _newton(system, max_iterations)
    n = system.n
    cumulant, mean, _ = system.cumulants(tilt)
    value = pd.Series(z[:n] * system.unit, index=cells.index, name="value")
    total = pd.Series(z[n:] * system.unit, index=totals.index, name="total")
    names = [*cells.index, *totals.index, *(c.name for c in controls or [])]
    return ErrorSupportResult(
        values=value,
        totals=total,
        errors=pd.DataFrame({"error": mean, "tilt": tilt}, index=pd.Index(names, tupleize_cols=False)),
        objective=float(tilt @ mean - cumulant.sum()),
        iterations=iterations,
        imbalance=float(np.max(np.abs(system.balance @ z) / np.abs(np.tile(z[n:], 2)))),
    )


@dataclass(frozen=True)
class _System:
    """The estimation problem in arrays; z = (cells, totals), amounts in units of the mean total."""

    n: int  # number of cells
    unit: float
    column: np.ndarray  # position of each cell's column total in the totals
    multiplicative: np.ndarray  # which cells
    coefficient: np.ndarray  # a0 of each cell
    measure: sparse.csr_array  # figure x z: the linear part of every error (zero rows for multiplicative)
    prior: np.ndarray  # of each figure, subtracted from the linear part
    error: np.ndarray  # standard error of each figure
    balance: sparse.csr_array  # A
    sizes: tuple[int, int, int]
    supports: tuple[ErrorSupport, ErrorSupport, ErrorSupport]
    start: np.ndarray

    @classmethod
    def build(
        cls,
        cells: pd.DataFrame,
        totals: pd.DataFrame,
        controls: list[Control],
        supports: tuple[ErrorSupport, ErrorSupport, ErrorSupport],
    ) -> _System:
        rows, columns = _checked(cells, totals, controls)
        n, m, k = len(cells), len(totals), len(controls)
        prior = cells["prior"].to_numpy(float)
        unit = float(totals["prior"].abs().mean())
        multiplicative = (cells["error"] == "multiplicative").to_numpy()
        column_sum = np.bincount(columns, weights=prior, minlength=m)[columns]
        aggregate = np.zeros((k, n))
        for i, control in enumerate(controls):
            aggregate[i, cells.index.get_indexer(control.coefficients.index)] = control.coefficients
        unit_matrix = sparse.eye_array(m)
        cell = np.arange(n)
        received = sparse.csr_array((np.ones(n), (rows, cell)), shape=(m, n))
        paid = sparse.csr_array((np.ones(n), (columns, cell)), shape=(m, n))
        measure = sparse.block_array(
            [
                [sparse.diags_array((~multiplicative).astype(float)), None],
                [None, unit_matrix],
                [sparse.csr_array(aggregate), None],
            ][: 3 if k else 2]
        )
        # the linear part of a multiplicative cell is empty, its prior stands in a0
        figures = np.concatenate([prior * ~multiplicative, totals["prior"], [c.target for c in controls]])
        errors = np.concatenate(
            [cells["standard_error"], totals["standard_error"], [c.standard_error for c in controls]]
        )
        in_units = np.concatenate([~multiplicative, np.ones(m + k, bool)])
        return cls(
            n=n,
            unit=unit,
            column=columns,
            multiplicative=np.flatnonzero(multiplicative),
            coefficient=prior / column_sum,
            measure=sparse.csr_array(measure),
            prior=figures / unit,
            error=np.where(in_units, errors / unit, errors),
            balance=sparse.csr_array(sparse.block_array([[received, -unit_matrix], [paid, -unit_matrix]])),
            sizes=(n, m, k),
            supports=supports,
            start=np.concatenate([prior, totals["prior"]]) / unit,
        )

    def cumulants(self, tilt: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """K, K', K'' of every figure."""
        parts = np.split(tilt, np.cumsum(self.sizes)[:-1])
        pieces = [s.cumulants(t) for s, t in zip(self.supports, parts, strict=True)]
        K, mean, variance = (np.concatenate(p) for p in zip(*pieces, strict=True))
        return K, mean, variance

    def errors(self, z: np.ndarray) -> np.ndarray:
        """e_k(z) in standard errors."""
        e = self.measure @ z - self.prior
        k = self.multiplicative
        e[k] = np.log(z[k] / (self.coefficient[k] * z[self.n + self.column[k]]))
        return e / self.error

    def jacobian(self, z: np.ndarray) -> sparse.csr_array:
        """de_k/dz in standard errors."""
        k = self.multiplicative
        total = self.n + self.column[k]
        entries = np.concatenate([1 / z[k], -1 / z[total]])
        logs = sparse.csr_array(
            (entries, (np.concatenate([k, k]), np.concatenate([k, total]))), shape=self.measure.shape
        )
        return sparse.csr_array(sparse.diags_array(1 / self.error) @ (self.measure + logs))

    def curvature(self, z: np.ndarray, tilt: np.ndarray) -> np.ndarray:
        """Diagonal of sum_k u_k d2e_k/dz2: only the logarithms curve, -1/t^2 and +1/Y^2."""
        k = self.multiplicative
        weight = tilt[k] / self.error[k]
        diagonal = np.zeros(len(z))
        diagonal[k] = -weight / z[k] ** 2
        total = self.n + self.column[k]
        np.add.at(diagonal, total, weight / z[total] ** 2)
        return diagonal

    def residual(self, z: np.ndarray, tilt: np.ndarray, multipliers: np.ndarray) -> np.ndarray:
        """Stationarity, error definitions and balance, stacked."""
        stationary = self.jacobian(z).T @ tilt + self.balance.T @ multipliers
        return np.concatenate([stationary, self.errors(z) - self.cumulants(tilt)[1], self.balance @ z])


def _newton(system: _System, max_iterations: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Damped Newton on the square system; steps never turn the sign of what stands in a logarithm."""
    z, tilt = system.start.copy(), np.zeros(len(system.error))
    multipliers = np.zeros(system.balance.shape[0])
    logged = np.union1d(system.multiplicative, system.n + system.column[system.multiplicative])
    # one balance row follows from the others (all rows and all columns add to the same sum)
    ridge = sparse.diags_array(np.full(len(multipliers), -1e-12))
    cuts = np.cumsum([len(z), len(tilt)])
    before = system.residual(z, tilt, multipliers)
    for iteration in range(max_iterations):  # noqa: B007 (returned below)
        J = system.jacobian(z)
        matrix = sparse.block_array(
            [
                [sparse.diags_array(system.curvature(z, tilt)), J.T, system.balance.T],
                [J, sparse.diags_array(-system.cumulants(tilt)[2]), None],
                [system.balance, None, ridge],
            ],
            format="csc",
        )
        dz, dtilt, dmultipliers = np.split(splu(matrix).solve(-before), cuts)
        fall = np.max(-dz[logged] / z[logged], initial=0.0)
        step = min(1.0, 0.9 / fall) if fall > 0 else 1.0
        for _ in range(40):
            trial = (z + step * dz, tilt + step * dtilt, multipliers + step * dmultipliers)
            after = system.residual(*trial)
            if np.linalg.norm(after) <= (1 - 1e-4 * step) * np.linalg.norm(before):
                break
            step /= 2
        else:
            break  # rounding: nothing more to gain (or truly stuck; the gate below tells)
        (z, tilt, multipliers), before = trial, after
    scale = max(1.0, float(np.abs(system.jacobian(z).T).dot(np.abs(tilt)).max()))
    stationary, definitions, imbalance = np.split(np.abs(before), cuts)
    worst = max(stationary.max() / scale, definitions.max(), imbalance.max())
    if not worst <= 1e-9:
        raise ConvergenceError(
            f"error_support_entropy: largest residual {worst:.1e} after {iteration} iterations. "
            "Likely no balanced table lies within the error supports: widen the standard errors, first of "
            "the accounts whose row and column totals differ most."
        )
    return z, tilt, iteration


def _checked(
    cells: pd.DataFrame, totals: pd.DataFrame, controls: list[Control]
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of each cell's row and column account; raises `BalanceError` for bad input."""
    if cells.index.nlevels != 2 or cells.index.has_duplicates or totals.index.has_duplicates:
        raise BalanceError(
            "error_support_entropy: cells need a unique (row, column) index, totals a unique index"
        )
    for where, table in (("cells", cells), ("totals", totals)):
        figures = table[["prior", "standard_error"]]
        prior, error = figures.to_numpy(float).T
        bad = ~(np.isfinite(prior) & np.isfinite(error)) | (prior == 0) | (error <= 0)
        if bad.any():
            raise BalanceError(f"{where}: needs prior != 0 and standard_error > 0:\n{figures[bad].head()}")
    strange = ~cells["error"].isin(["additive", "multiplicative"])
    if strange.any():
        raise BalanceError(f"cells: error must be additive or multiplicative:\n{cells[strange].head()}")
    rows = totals.index.get_indexer(cells.index.get_level_values(0))
    columns = totals.index.get_indexer(cells.index.get_level_values(1))
    lost = cells.index[(rows < 0) | (columns < 0)]
    if len(lost):
        raise BalanceError(f"totals: no total for an account of cells {list(lost[:5])}")
    idle = totals.index[~(np.isin(np.arange(len(totals)), rows) & np.isin(np.arange(len(totals)), columns))]
    if len(idle):
        raise BalanceError(f"totals: accounts without both a row and a column of cells: {list(idle)}")
    for control in controls:
        unknown = control.coefficients.index.difference(cells.index)
        if len(unknown) or not control.coefficients.notna().all():
            raise BalanceError(f"control {control.name!r}: NaN, or not among the cells: {list(unknown)}")
        if not (np.isfinite(control.target) and control.standard_error > 0):
            raise BalanceError(f"control {control.name!r}: needs a finite target and standard error > 0")
    return rows, columns
