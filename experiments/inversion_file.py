"""An inversion as it is written: the regime, the targets and the parameters that may be moved (TOML).

title = "How much of the barriers must go?"
question = "..."
regime = "union-2011"

[[targets]]
outcome = "ev_pct_consumption"
region = "KAZ"
value = 1.5
standard_error = 0.3

[[free]]
name = "barriers removed"
low = 0.0
high = 1.0
start = 0.2
border = { kind = "ntb-resource", exporter = "members", importer = "members" }    # its share is the parameter

[[free]]
name = "productivity, %"
low = -5.0
high = 5.0
start = 0.1
shock = { instrument = "productivity", as = "percent", unit = "percent", region = "KAZ" }  # its value

[[free]]
name = "trade elasticities, factor"
low = 0.25
high = 4.0
start = 1.0
elasticity = { parameters = ["sigma_armington", "sigma_sources"] }                # multiplied
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from ..calibration.benchmark import FORMS, SECTOR_ELASTICITIES, Benchmark
from ..model.indicators import UNITS
from ..model.names import unknown_name
from .regime_tables import Border
from .regimes import Regime
from .shock_tables import OneOrMany, Shock
from .toml_files import Table, checked, read_toml

FOLDER = Path(__file__).resolve().parent.parent / "data" / "literature" / "inversions"


class InversionError(ValueError):
    """An inversion that cannot be made; the message names the file, the key and the remedy."""


class InversionTarget(Table):
    """An outcome that is wanted: an indicator of `eacu.model.indicators.UNITS`, a region, value and standard error."""

    outcome: str
    region: str
    value: float
    standard_error: float = Field(gt=0)
    source: str = ""

    @model_validator(mode="after")
    def _known(self) -> InversionTarget:
        if self.outcome not in UNITS:
            raise ValueError(unknown_name("outcome", self.outcome, UNITS))
        return self

    @property
    def name(self) -> str:
        """Outcome and region, as derivatives name them."""
        return f"{self.outcome}[{self.region}]"


class Elasticity(Table):
    """Elasticities multiplied by the parameter; regions and sectors left out mean all."""

    parameters: OneOrMany
    regions: OneOrMany = ()
    sectors: OneOrMany = ()

    @model_validator(mode="after")
    def _known(self) -> Elasticity:
        for name in self.parameters:
            if name not in (*SECTOR_ELASTICITIES, *FORMS):
                raise ValueError(unknown_name("elasticity", name, (*SECTOR_ELASTICITIES, *FORMS)))
        return self

    def on(self, b: Benchmark, factor: float) -> Benchmark:
        """The benchmark with these elasticities multiplied. Raises InversionError if none is chosen."""
        changed: dict[str, Any] = {}
        for name in self.parameters:
            values: pd.Series = getattr(b, name)
            levels = values.index.to_frame(index=False)
            keep = np.ones(len(values), dtype=bool)
            for level, wanted in (("region", self.regions), ("sector", self.sectors)):
                if wanted and level not in levels:
                    raise InversionError(f"{name} has no {level}; leave {level}s out")
                if wanted:
                    keep &= levels[level].isin(wanted).to_numpy()
            if not keep.any():
                raise InversionError(
                    f"{name}: no elasticity of {self.regions or 'any'} {self.sectors or 'any'}"
                )
            changed[name] = values.where(~keep, factor * values)
        return replace(b, **changed)

    def direction(self, cells: pd.DataFrame, b: Benchmark, factor: float) -> np.ndarray | None:
        """Change of the logarithms of elasticities with the factor that they have been multiplied by.

        Args:
            cells: `eacu.model.recalibrate.Cells` of the benchmark as it is now, with the factor.
            b: that benchmark.
            factor: its present value.

        Returns:
            One entry for each cell; None where an elasticity is moved that is no mere parameter: it chooses a
            functional form (it is 1, or one of those that need not be given), or a mark-up of firms depends on it.
        """
        chosen = cells["parameter"].isin(self.parameters)
        for level, wanted in (("region", self.regions), ("sector", self.sectors)):
            chosen &= cells[level].isin(wanted) if wanted else True
        moving = 0
        for name in self.parameters:
            values: pd.Series = getattr(b, name)
            levels = values.index.to_frame(index=False)
            keep = np.isfinite(values.to_numpy()) & (values.to_numpy() != 0.0)
            for level, wanted in (("region", self.regions), ("sector", self.sectors)):
                keep &= levels[level].isin(wanted).to_numpy() if wanted else True
            moving += int(keep.sum())
        return chosen.to_numpy(float) / factor if int(chosen.sum()) == moving else None


class FreeParameter(Table):
    """What may be moved: one of ``border`` (its share), ``shock`` (its value), ``elasticity`` (a factor)."""

    name: str
    low: float
    high: float
    start: float
    says: str = ""
    border: dict[str, Any] | None = None
    shock: dict[str, Any] | None = None
    elasticity: Elasticity | None = None

    @model_validator(mode="after")
    def _sensible(self) -> FreeParameter:
        if sum(kind is not None for kind in (self.border, self.shock, self.elasticity)) != 1:
            raise ValueError(f"{self.name}: give one of border, shock and elasticity")
        if not self.low < self.start < self.high:
            raise ValueError(
                f"{self.name}: start = {self.start:g} is not between {self.low:g} and {self.high:g}"
            )
        for theta in (self.low, self.high):
            self.entry(theta)
        if self.elasticity and self.low <= 0:
            raise ValueError(f"{self.name}: an elasticity is multiplied by more than 0; low is {self.low:g}")
        return self

    @property
    def width(self) -> float:
        """Distance between the bounds."""
        return self.high - self.low

    def entry(self, theta: float) -> Border | Shock | None:
        """The regime's entry at a value of the parameter; None for elasticities."""
        if self.border is not None:
            return Border.model_validate({**self.border, "share": theta})
        if self.shock is not None:
            return Shock.model_validate({**self.shock, "value": theta})
        return None

    def on(self, regime: Regime, theta: float) -> Regime:
        """The regime with the parameter's entry at the end of its section."""
        entry = self.entry(theta)
        if isinstance(entry, Border):
            return replace(regime, borders=(*regime.borders, entry))
        if isinstance(entry, Shock):
            return replace(regime, shocks=(*regime.shocks, entry))
        return regime


class InversionFile(Table):
    """An inversion as it is written: regime, targets and free parameters."""

    title: str = Field(min_length=1)
    question: str = Field(min_length=1)
    regime: str
    closure: str | None = None
    starts: int = Field(default=3, ge=1, le=50)
    """Least squares begin here, and from so many points less one that are spread over the bounds."""
    targets: tuple[InversionTarget, ...] = Field(min_length=1)
    free: tuple[FreeParameter, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> InversionFile:
        for names in ([t.name for t in self.targets], [p.name for p in self.free]):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{twice[0]!r} is given twice")
        return self


def inversion_names(folder: Path = FOLDER) -> list[str]:
    """Names of the shipped inversions."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def load_inversion(name: str | Path, folder: Path = FOLDER) -> InversionFile:
    """Read a shipped inversion by name, or a TOML file of your own.

    Its ``regime`` is the name of a shipped one, or a file beside it. Raises InversionError for what cannot be used.
    """
    file = Path(name) if str(name).endswith(".toml") else folder / f"{name}.toml"
    if not file.is_file():
        raise InversionError(unknown_name("inversion", str(name), inversion_names(folder)))
    found = checked(InversionFile, read_toml(file, InversionError), InversionError)
    own = file.parent / found.regime
    return found.model_copy(update={"regime": str(own)}) if found.regime.endswith(".toml") else found
