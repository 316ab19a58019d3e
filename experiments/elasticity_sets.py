"""Named sets of trade elasticities: how much of a result is an elasticity?

``data/parameters/elasticity_sets.toml`` says what each set is and where it is from. A set changes the elasticities
between home and imported goods and between sources; everything else of the base year stays, so that the model still
reproduces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from .. import data
from ..calibration.benchmark import Benchmark
from ..calibration.elasticities import PARAMETER
from ..calibration.trade import sector_list
from ..model.names import unknown_name
from .base_year import ENVISAGE, BaseYear, load_base_year
from .doing import Tell, Work
from .run import run
from .toml_files import Table, checked, read_toml

SETS_FILE = Path(__file__).resolve().parent.parent / "data" / "parameters" / "elasticity_sets.toml"
ROWS = "sources/elasticity_sets"
TRADE = ("sigma_armington", "sigma_sources")


class ElasticityError(ValueError):
    """A set of elasticities that cannot be used; the message names the file, the set and the remedy."""


class ElasticitySet(Table):
    """A named set: ``rows`` of the table, a ``factor`` on all, or the ``mean`` that the members' imports shall have."""

    name: str
    says: str
    source: str
    quality: Literal["observed", "estimated", "borrowed", "assumed"]
    rows: bool = False
    factor: float | None = Field(default=None, gt=0)
    mean: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> ElasticitySet:
        if sum((self.rows, self.factor is not None, self.mean is not None)) != 1:
            raise ValueError(f"{self.name}: give one of rows = true, factor and mean")
        return self

    def on(self, b: Benchmark) -> Benchmark:
        """The benchmark with the elasticities of the set."""
        if self.rows:
            return _with_rows(b, self.name)
        factor = self.factor if self.factor is not None else float(self.mean or 0.0) / mean_elasticity(b)
        if factor == 1.0:
            return b
        return replace(b, **{name: factor * getattr(b, name) for name in TRADE})


class _File(Table):
    sets: tuple[ElasticitySet, ...]


@lru_cache(maxsize=4)
def elasticity_sets(file: Path = SETS_FILE) -> dict[str, ElasticitySet]:
    """The sets of a file by name. Raises ElasticityError for a key, a number or a name that cannot be."""
    return {one.name: one for one in checked(_File, read_toml(file, ElasticityError), ElasticityError).sets}


def with_elasticities(base: BaseYear, name: str) -> BaseYear:
    """The base year with the trade elasticities of a named set.

    Raises ElasticityError for an unknown name, the nearest is offered; and where firms compete monopolistically, for
    their elasticity of substitution is part of the market structure.
    """
    sets = elasticity_sets()
    if name not in sets:
        raise ElasticityError(unknown_name("set of elasticities", name, sets))
    if base.elasticities != ENVISAGE:
        raise ElasticityError(
            f"the base year has the elasticities {base.elasticities!r} already; start from its own"
        )
    if base.benchmark.increasing_returns:
        raise ElasticityError(
            f"elasticities {name!r}: the base year has the market structure {base.market_structure}, whose "
            "elasticities are set with it; choose one of --elasticities and --market-structure"
        )
    files = (SETS_FILE, *((data.path(ROWS),) if sets[name].rows else ()))
    return replace(
        base, benchmark=sets[name].on(base.benchmark), files=(*base.files, *files), elasticities=name
    )


def mean_elasticity(b: Benchmark) -> float:
    """Members' elasticity between home and imported goods, weighted by their landed imports of goods."""
    goods = sector_list(data.table, goods=True)
    imports = b.landed.groupby(["sector", "importer"]).sum().rename_axis(["sector", "region"])
    levels = imports.index.get_level_values
    imports = imports[levels("region").isin(b.members) & levels("sector").isin(goods)]
    sigma = b.sigma_armington.reindex(imports.index)
    return float((sigma * imports).sum() / imports.sum())


def _with_rows(b: Benchmark, name: str) -> Benchmark:
    """Elasticities of a set by sector; sectors it does not have keep theirs."""
    table = data.table(ROWS)
    table = table[table["set"] == name]
    if table.empty:
        raise ElasticityError(f"the set {name!r} has no rows in data/{ROWS}.csv")
    changed: dict[str, Any] = {}
    for parameter, values in table.groupby("parameter"):
        by_sector = values.set_index("sector")["value"]
        old: pd.Series = getattr(b, PARAMETER[str(parameter)])
        sectors = old.index.get_level_values("sector")
        new = pd.Series(by_sector.reindex(sectors).to_numpy(), index=old.index, dtype=float, name=old.name)
        changed[PARAMETER[str(parameter)]] = new.where(new.notna(), old)
    return replace(b, **changed)


def compare_elasticities(
    regimes: Sequence[str],
    names: Sequence[str] | None = None,
    base: BaseYear | None = None,
    tell: Tell = lambda line: None,
) -> pd.DataFrame:
    """Results under every set: rows (regime, member, indicator), one column a set.

    Raises ElasticityError for an unknown set, and what `eacu.experiments.run.run` raises.
    """
    base = base or load_base_year()
    chosen = list(elasticity_sets()) if names is None else list(names)
    work = Work(tell, len(chosen))
    found = {}
    for name in chosen:
        solved = run(*regimes, base=with_elasticities(base, name), tell=work.part(name))
        parts = {one.name: one.indicators.loc[list(solved.members)].stack() for one in solved}
        found[name] = pd.concat(parts, names=["regime", "member", "indicator"])
    work.finish()
    return pd.DataFrame(found)
