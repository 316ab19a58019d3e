r"""What productivity it would take for a path to have the effect on real GDP that somebody published.

    found = required_productivity("edb-2012")
    found.table().loc["BLR", ["own_pct", "gap_pct", "productivity_pct", "tfp_pct"]]

An inversion, not a test: the effect is imposed and what it takes is solved for. A target names a path of policy and,
for some regions, the effect :math:`e_r` on real GDP that is reached in the year :math:`T`, by equal steps from the
year :math:`t_0` on,

.. math:: Q_r(t) = \bar Q_r(t) \left(1 + e_r \frac{t - t_0 + 1}{T - t_0 + 1}\right), \qquad t_0 \le t \le T

with :math:`\bar Q` the baseline's; before :math:`t_0` it is the path's own. Real GDP of these regions is fixed and
their productivity is free, in every year (`eacu.model.growth.hold_gdp`); the policies of the path are in force, and
capital accumulates. Beside it the same path is solved with the baseline's productivity: what the model's own
mechanisms explain. The gap between the two is what productivity has to fill. All targets of a run hold together,
since one member's growth is another's market.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from pydantic import Field, field_validator, model_validator

from ..calibration.benchmark import Benchmark
from ..model.blocks.factors import LABOUR
from ..model.blocks.growth import LABOUR_AUGMENTING
from ..model.names import unknown_name
from .base_year import BaseYear
from .doing import Tell
from .growth import Growth
from .path_run import BASELINE, USUAL, Assumptions, PathRun, Prepared, loaded
from .paths import PathError, PolicyPath, load_path
from .toml_files import Table, checked, read_toml

TARGETS = Path(__file__).resolve().parent.parent / "data" / "literature" / "targets"
COLUMNS = {
    "target_pct": "effect on real GDP that is asked for, % of the baseline's in the last year",
    "own_pct": "effect of the path with the baseline's productivity, %",
    "gap_pct": "what is left to explain, percentage points",
    "productivity_pct": "productivity of labour (or of everything) needed, % above the baseline's in the last year",
    "growth_pp": "the same as extra growth a year since the effect begins, percentage points",
    "tfp_pct": "the same as total factor productivity of value added, %",
    "tfp_growth_pp": "its extra growth a year, percentage points",
}
"""Columns of :meth:`RequiredProductivity.table` and what they mean."""


class TargetError(ValueError):
    """A target that cannot be used; the message names the file, the key, the value and the remedy."""


class _TargetFile(Table):
    title: str = Field(min_length=1)
    question: str = Field(min_length=1)
    description: str = Field(min_length=1)
    path: str
    since: int
    until: int
    real_gdp_pct: dict[str, float] = Field(min_length=1)

    @field_validator("real_gdp_pct", mode="before")
    @classmethod
    def _whole_numbers_too(cls, effects: object) -> object:
        if not isinstance(effects, dict):
            return effects
        return {k: float(v) if type(v) is int else v for k, v in effects.items()}

    @model_validator(mode="after")
    def _sensible(self) -> _TargetFile:
        if self.until < self.since:
            raise ValueError(f"until = {self.until} is before since = {self.since}")
        for region, effect in self.real_gdp_pct.items():
            if not -100.0 < effect < float("inf"):
                raise ValueError(f"real_gdp_pct.{region} = {effect:g} is not a number above -100 per cent")
        return self


@dataclass(frozen=True)
class Target:
    """Effects on real GDP, per cent of the baseline's in ``until``, by region; and the path they are to come with."""

    name: str
    title: str
    description: str
    path: PolicyPath
    since: int
    until: int
    real_gdp_pct: dict[str, float]

    def require_regions(self, benchmark: Benchmark) -> None:
        """Raise :class:`TargetError` for a region that the economy does not have."""
        for region in self.real_gdp_pct:
            if region not in benchmark.regions:
                raise TargetError(
                    f"{self.name}: real_gdp_pct: {unknown_name('region', region, benchmark.regions)}. Is the path "
                    "about another base year?"
                )

    def real_gdp(self, growth: Growth, before: pd.DataFrame) -> pd.DataFrame:
        """Real GDP of the regions by year, base year = 1: the baseline's with the effect.

        In the years before :attr:`since` it is ``before``, that of the path itself, so that nothing is asked of
        productivity until the effect begins.
        """
        years = pd.Series(growth.years, index=growth.real_gdp.index)
        reached = (years - self.since + 1) / (self.until - self.since + 1)
        effects = {region: 1 + reached * pct / 100 for region, pct in self.real_gdp_pct.items()}
        imposed = growth.real_gdp[list(effects)] * pd.DataFrame(effects)
        return imposed.where(years >= self.since, before[list(effects)])


def target_names(folder: Path = TARGETS) -> list[str]:
    """Names of the shipped targets."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def load_target(name: str | Path, folder: Path = TARGETS) -> Target:
    """Read a target by name (``"edb-2012"``) or from a file of your own (``"my-target.toml"``).

    Its ``path`` is the name of a shipped path, or a file beside the target.

    Raises:
        TargetError: the name is unknown, the TOML is malformed, a key is unknown, missing or illegal.
        PathError, RegimeError: its path cannot be used.
    """
    file = Path(name) if str(name).endswith(".toml") else folder / f"{name}.toml"
    if not file.is_file():
        raise TargetError(unknown_name("target", str(name), target_names(folder)))
    found = checked(_TargetFile, read_toml(file, TargetError), TargetError)
    own = found.path.endswith(".toml")
    return Target(
        name=file.stem,
        title=found.title.strip(),
        description=found.description.strip(),
        path=load_path(file.parent / found.path if own else found.path),
        since=found.since,
        until=found.until,
        real_gdp_pct=dict(found.real_gdp_pct),
    )


@dataclass(frozen=True)
class RequiredProductivity:
    """A target and three paths: the baseline, the policies alone, the policies with the productivity required.

    ``run`` holds the paths, the second named as the target's path, the third ``required``.
    """

    target: Target
    run: PathRun
    tfp_share: pd.Series
    """Growth of total factor productivity of value added for one per cent of the shifter, by region."""

    REQUIRED = "required"

    @property
    def passed(self) -> bool:
        """Whether every year of every path passed its checks."""
        return self.run.passed

    def productivity(self) -> pd.DataFrame:
        """Productivity required, per cent above the baseline's, by year (rows) and region of the target."""
        return self.run.percent("productivity", self.REQUIRED)[list(self.target.real_gdp_pct)]

    def table(self) -> pd.DataFrame:
        """One row a region of the target, columns :data:`COLUMNS`."""
        regions, last = list(self.target.real_gdp_pct), self.target.until
        years = last - self.target.since + 1
        own = self.run.percent("real_gdp", self.target.path.name).loc[last, regions]
        level = 1 + self.productivity().loc[last] / 100
        tfp = level ** self.tfp_share[regions]
        frame = pd.DataFrame(index=pd.Index(regions, name="region"))
        frame["target_pct"] = pd.Series(self.target.real_gdp_pct)
        frame["own_pct"] = own
        frame["gap_pct"] = frame["target_pct"] - own
        frame["productivity_pct"] = 100 * (level - 1)
        frame["growth_pp"] = 100 * (level ** (1 / years) - 1)
        frame["tfp_pct"] = 100 * (tfp - 1)
        frame["tfp_growth_pp"] = 100 * (tfp ** (1 / years) - 1)
        return frame[list(COLUMNS)]


def required_productivity(
    target: str | Path | Target,
    baseline: str | Path | PolicyPath = BASELINE,
    assumptions: Assumptions = USUAL,
    base: BaseYear | None = None,
    growth: Growth | None = None,
    tell: Tell = lambda line: None,
) -> RequiredProductivity:
    """Solve for the productivity that a target requires.

    Args:
        target: a shipped target by name, a TOML file of your own, or a :class:`Target`.
        baseline: the path that effects are counted against.
        assumptions: closure of every year, kind of progress, rules of capital.
        base, growth: as in `eacu.experiments.path_run.run_paths`.
        tell: is called with each line of progress.

    Raises:
        TargetError: the target cannot be used, or does not fit the economy.
        PathError, RegimeError, GrowthError, ClosureError, ConvergenceError: as `run_paths`.
    """
    wanted = target if isinstance(target, Target) else load_target(target)
    reference = loaded(baseline)
    own = wanted.path
    if RequiredProductivity.REQUIRED in (own.name, reference.name) or own.name == reference.name:
        raise PathError(
            f"{wanted.name}: its path is named {own.name!r}, its baseline {reference.name!r}; the names must differ, "
            f"also from {RequiredProductivity.REQUIRED!r}"
        )
    imposed = replace(own, name=RequiredProductivity.REQUIRED)
    ready = Prepared([reference, own], wanted.until, assumptions, base, growth, tell)
    wanted.require_regions(ready.benchmark)
    solved = ready.baseline(reference)
    alone = ready.path(own, solved)
    real_gdp = wanted.real_gdp(ready.growth, before=alone["real_gdp"])
    required = ready.path(imposed, solved, real_gdp=real_gdp)
    run = ready.result(solved, [alone, required], [reference, own, imposed])
    return RequiredProductivity(wanted, run, tfp_share(ready.benchmark, assumptions.bias))


def tfp_share(benchmark: Benchmark, bias: str) -> pd.Series:
    r"""Growth of total factor productivity of value added for one per cent of the shifter, by region.

    If labour becomes more productive, its share of factor income (Uzawa 1961); if every activity does, the sum of
    outputs over value added (Domar 1961, "On the measurement of technological change"; Hulten 1978). Exact for
    constant shares, otherwise to a first order, at the base year's shares.
    """
    earned = benchmark.factor_value.groupby(["factor", "region"]).sum()
    value_added = earned.groupby("region").sum()
    if bias == LABOUR_AUGMENTING:
        own = earned[earned.index.get_level_values("factor").isin(LABOUR)].groupby("region").sum()
    else:
        own = benchmark.output.groupby("region").sum()
    return (own / value_added).reindex(benchmark.regions)
