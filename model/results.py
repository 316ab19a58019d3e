"""The solution: everything that defines a result, and tidy tables of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd
import pyomo.environ as pyo

from ..calibration.benchmark import Benchmark
from ..calibration.sam import Sam
from . import derivatives as _derivatives
from . import explain as _explain
from . import indicators as _indicators
from . import trade_effects as _trade_effects
from . import welfare as _welfare
from .accounts import Payments, payments, sam_of
from .arrays import to_dataset
from .engine import CompiledSystem, SolveRecord, Subtotals
from .presentation import headline_html, headline_text
from .state import State

if TYPE_CHECKING:
    import xarray

COLUMNS = ["region", "sector", "partner", "variable", "unit", "base", "value", "change", "percent"]
REAL = "mn USD, benchmark prices"
MONEY = "mn USD, numeraire units"
INDEX = "benchmark = 1, numeraire units"


@dataclass(frozen=True)
class Solution:
    """A solved economy: benchmark, closure, values, the record of the solve.

    Build one with :meth:`from_model` right after a solve; later changes of the model do not touch it.
    """

    benchmark: Benchmark
    closure: str
    base: State
    """The benchmark point."""
    state: State
    """Values of every variable, and of the named expressions that results need."""
    record: SolveRecord | None
    members: tuple[str, ...] = field(default=())
    """Regions counted as the union in indicators."""
    equations: _derivatives.Equations | None = field(default=None, repr=False, compare=False)
    """What derivatives, subtotals and explanations are made from; not kept when the solution is pickled."""

    @classmethod
    def from_model(
        cls,
        m: pyo.ConcreteModel,
        record: SolveRecord | None = None,
        members: Sequence[str] = (),
        system: CompiledSystem | None = None,
    ) -> Solution:
        """Freeze the model's present values.

        ``members`` are the regions of the customs union for the split of trade into intra and extra; by
        default those that ``union_member`` marks. ``system`` is the compiled model, where there is one:
        derivatives then need no compilation.
        """
        chosen = tuple(members) or tuple(r for r in m.R if m.union_member[r].value > 0)
        equations = _derivatives.Equations.of(m, system)
        return cls(m.benchmark, m.closure.name, m.benchmark_state, State.of(m), record, chosen, equations)

    def __repr__(self) -> str:
        table = headline_text(self.regions, self.members)
        solved = str(self.record) if self.record else "values of a model, not the record of a solve"
        return (
            f"Solution under closure {self.closure}, change against {self.benchmark.year}\n{table}\n"
            f"dropped market {self.walras:.1e} of world GDP; {solved}"
        )

    def _repr_html_(self) -> str:
        return headline_html(self.regions, self.members)

    def to_xarray(self) -> xarray.Dataset:
        """The results as labelled arrays over region, sector, partner (`eacu.model.arrays.to_dataset`).

        Their first dimension ``regime`` holds the base year and this ``solution``. Raises MissingXarrayError
        without xarray.
        """
        return to_dataset({"solution": self.frame()})

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "equations": None}

    @cached_property
    def payments(self) -> Payments:
        """Payments at the solution's prices, million USD."""
        return payments(self.benchmark, self.state)

    @cached_property
    def sam(self) -> Sam:
        """The social accounting matrix of the solution; raises ``SamError`` if it does not balance."""
        return sam_of(self.payments)

    @property
    def walras(self) -> float:
        """Excess demand of the dropped market as a share of benchmark world GDP."""
        return self.state.scalar("walras")

    @cached_property
    def regions(self) -> pd.DataFrame:
        """Macro indicators by region; :data:`eacu.model.indicators.UNITS` defines each column."""
        return _indicators.indicators(self.benchmark, self.base, self.state, self.members)

    def sensitivity(self, of: str | Iterable[str], to: str | Iterable[str]) -> pd.DataFrame:
        """Exact derivatives at this solution.

        Args:
            of: indicators of :data:`eacu.model.measures.MEASURES`, variables, named expressions.
            to: instruments, or other variables the closure fixes. A name means all members, brackets choose:
                ``import_tariff[mvh,*,RUS|KAZ]``.

        Returns:
            One row for each member of ``of``, one column for each member of ``to``; units are those of the
            row per unit of the column (a rate of 1 is 100 per cent).

        Raises:
            SelectionError: an unknown name or index; DerivativeError: ``to`` names a free variable, or the
                solution came without its equations.
        """
        return _derivatives.sensitivity(self._equations(), self.state, of, to)

    def subtotals(
        self,
        of: str | Iterable[str] = ("ev_usd_mn", "ev_pct_consumption", "real_gdp_pct", "cpi_pct"),
        by: Sequence[str] = ("instrument", "region", "partner"),
        tolerance: float = 1e-8,
    ) -> Subtotals:
        """What each group of instruments contributes to the change from the benchmark to this solution.

        ``of`` as in :meth:`sensitivity`; ``by`` and the path are those of
        :func:`eacu.model.derivatives.subtotals`. Contributions sum to the total within ``tolerance`` of the
        largest of them. Raises ``SelectionError``, ``AccuracyError``, or ``ConvergenceError`` when a point of
        the path has no solution.
        """
        equations = self._equations()
        return _derivatives.subtotals(equations, self.base, self.state, of, by, self.members, tolerance)

    def welfare(self, tolerance: float = _welfare.TOLERANCE) -> _welfare.Welfare:
        """The equivalent variation of every region split into terms that sum to it, see `eacu.model.welfare`.

        Raises ``ConvergenceError`` when a point of the path has no solution.
        """
        return _welfare.decompose(self._equations(), self.base, self.state, tolerance)

    def trade_effects(self) -> pd.DataFrame:
        """Trade creation and diversion by importer and good, see `eacu.model.trade_effects`."""
        return _trade_effects.trade_effects(self.benchmark, self.state, self.members)

    def trade_effects_by_partner(self) -> pd.DataFrame:
        """The same shared out to partners, one row for each trade flow."""
        return _trade_effects.trade_effects_by_partner(self.benchmark, self.state, self.members)

    def explain(self, equation: str) -> _explain.Explanation:
        """One equation, e.g. ``market_flow[mvh,EU,KAZ]``, between the benchmark and this solution.

        Raises ``SelectionError`` for an unknown name or index, offering the nearest.
        """
        return _explain.explain(self._equations(), self.base, self.state, equation)

    def survey(self, equation: str) -> pd.DataFrame:
        """Members of an equation with the variable each determines, before and after, largest move first.

        Raises ``SelectionError`` for an unknown name or index, offering the nearest.
        """
        return _explain.survey(self._equations(), self.base, self.state, equation)

    def _equations(self) -> _derivatives.Equations:
        if self.equations is None:
            raise _derivatives.DerivativeError(
                "This solution came without its equations (it was pickled or built by hand): solve it again."
            )
        return self.equations

    def frame(self) -> pd.DataFrame:
        """Every result as one tidy table: region, sector, partner, variable, unit, base, value, change, percent.

        ``partner`` is the destination of exports, the source of imports, else empty; so is ``sector`` for
        regional variables. ``percent`` is NaN where the base is zero.
        """
        parts = [*self._volumes(), *self._prices(), *self._macro()]
        frame = pd.concat(parts, ignore_index=True)
        frame["change"] = frame["value"] - frame["base"]
        frame["percent"] = 100 * frame["change"] / frame["base"].where(frame["base"] != 0)
        return frame[COLUMNS]

    def output_by_sector(self) -> pd.DataFrame:
        """Output by sector and region at benchmark prices: base, value, change, percent."""
        return self._select("output")

    def trade_by_partner(self) -> pd.DataFrame:
        """Exports (fob) and imports (cif) at benchmark prices by region and partner, all sectors."""
        frame = self.frame()
        trade = frame[frame["variable"].isin(["exports", "imports"])]
        sums = (
            trade.groupby(["variable", "region", "partner"], sort=False)[["base", "value"]]
            .sum()
            .reset_index()
        )
        sums["change"] = sums["value"] - sums["base"]
        sums["percent"] = 100 * sums["change"] / sums["base"]
        return sums

    def _select(self, variable: str) -> pd.DataFrame:
        frame = self.frame()
        return frame[frame["variable"] == variable].reset_index(drop=True)

    def _volumes(self) -> Iterator[pd.DataFrame]:
        b, x = self.benchmark, self.state
        tax = (
            1
            + b.sales_tax["household"].reindex(b.household_demand.index.get_level_values("region")).to_numpy()
        )
        consumption = b.household_demand * tax
        yield _rows("output", REAL, b.output, b.output * x["activity"])
        yield _rows("absorption", REAL, b.absorption, b.absorption * x["composite"])
        yield _rows("domestic_sales", REAL, b.domestic_sales, b.domestic_sales * x["domestic_demand"])
        yield _rows("household_demand", REAL, consumption, consumption * x["household_demand"])
        yield _rows("exports", REAL, b.fob, b.fob * x["shipments"], region="source", partner="importer")
        yield _rows("imports", REAL, b.cif, b.cif * x["shipments"], region="importer", partner="source")
        for f in b.factors:
            use = b.factor_value.xs(f, level="factor")
            yield _rows(f"use_of_{f}", REAL, use, use * x["factor_use"].xs(f, level="factor"))

    def _prices(self) -> Iterator[pd.DataFrame]:
        base, x, numeraire = self.base, self.state, self.state.scalar("numeraire")
        for name in ("output_price", "domestic_price", "composite_price", "import_price"):
            yield _rows(name, INDEX, base[name], x[name] / numeraire)
        yield _rows(
            "cif_price",
            INDEX,
            base["cif_price"],
            x["cif_price"] / numeraire,
            region="importer",
            partner="source",
        )
        rate = _rows(
            "import_tariff",
            "rate",
            base["import_tariff"],
            x["import_tariff"],
            region="importer",
            partner="source",
        )
        yield rate
        for f in self.benchmark.factors:
            ratio = _indicators.average_return(self.benchmark, x, [f]).dropna() / numeraire
            yield _rows(f"return_to_{f}", INDEX, ratio * 0 + 1, ratio)

    def _macro(self) -> Iterator[pd.DataFrame]:
        b, base, x = self.benchmark, self.base, self.state
        numeraire = x.scalar("numeraire")
        yield _rows("real_gdp", REAL, b.gdp, _indicators.real_gdp(b, x))
        yield _rows("nominal_gdp", MONEY, b.gdp, _indicators.nominal_gdp(self.payments) / numeraire)
        for name in (
            "household_spending",
            "household_savings",
            "transfer",
            "government_income",
            "tariff_collected",
            "tariff_received",
            "pool_transfer",
            "oil_duty_transfer",
            "rent_income",
            "factor_income",
        ):
            yield _rows(name, MONEY, base[name], x[name] / numeraire)
        for name in ("consumer_price", "government_price", "investment_price"):
            yield _rows(name, INDEX, base[name], x[name] / numeraire)
        for name in ("investment", "government_consumption"):
            yield _rows(name, "volume, benchmark = 1", base[name], x[name])


def _rows(
    variable: str, unit: str, base: pd.Series, value: pd.Series, region: str = "region", partner: str = ""
) -> pd.DataFrame:
    index = base.index
    levels = {
        "region": index.get_level_values(region),
        "sector": index.get_level_values("sector") if "sector" in index.names else "",
        "partner": index.get_level_values(partner) if partner else "",
    }
    numbers = {"base": base.to_numpy(), "value": value.reindex(index).to_numpy()}
    return pd.DataFrame({**levels, "variable": variable, "unit": unit, **numbers}, index=range(len(base)))
