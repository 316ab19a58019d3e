"""A run is a document: one folder holds everything that defines and everything that came out of it.

    <out>/<run id>/
        run.json            format, identity, versions and code, base year, closures in words, market structure,
                            seconds by phase, status, regimes not solved, names of codes, and size and SHA-256
                            of every other file
        regimes/*.toml      the regime files as they were read, with the ones they build on
        data.sha256         SHA-256 of every data file used, in the format of sha256sum
        sources.csv         what those files rest on: citation keys, and rows by quality
        log.txt             what was done, in order
        results.parquet     tidy results of all regimes (regime, region, sector, partner, variable, ...)
        indicators.csv      macro indicators (regime, region, indicator, value)
        trade.parquet       trade creation and diversion by flow (regime, importer, partner, sector, ...)
        welfare.parquet     terms of welfare (regime, region, term, ...), if they were asked for
        bands.parquet       mean, spread and 90 % band of each indicator (regime, region, indicator, ...), if they were
                            asked for; in run.json under ``bands`` how they were made and what is held fixed
        sam/<regime>.csv    the social accounting matrix after each regime
        checks.json         every check with its figure, tolerance and verdict

How a folder becomes a run, whatever happens to the process that writes it, is told in `eacu.report.store`;
`eacu.report.saved` reads one back.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..experiments.regimes import load_regime
from .drawn_sams import HELD
from .provenance import code_version, names_of_codes, sources_table
from .store import FORMAT, draft, run_folders
from .welfare import trade_long, welfare_long

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..experiments.regimes import Regime
    from ..experiments.run import Run
    from ..experiments.sensitivity.sweep import Sensitivity
    from ..model.welfare import Welfare

PACKAGES = ("eacu", "pyomo", "numpy", "scipy", "pandas", "highspy")
RUN_FILE = "run.json"

__all__ = ["indicators_long", "manifest", "run_folders", "save_run"]


def save_run(
    run: Run,
    out: Path,
    welfare: Mapping[str, Welfare] | None = None,
    bands: Sensitivity | None = None,
) -> Path:
    """Write the run's folder below ``out`` and return it.

    ``welfare`` holds the decomposed welfare of regimes by name, ``bands`` a sweep over the same regimes, if these are
    to be kept. Raises StoreError when the
    folder of runs cannot be changed, ValueError when two regime files of one name differ.
    """
    created = datetime.now(UTC)
    digests = {str(file): _sha256(file) for file in run.data_files}
    with draft(out) as new:
        data_hash = _write_inputs(run, new.folder, digests)
        _write_tables(run, new.folder, welfare or {})
        facts = {**_facts(run, created), "data_sha256": data_hash}
        if bands is not None:
            bands.bands.to_parquet(new.folder / "bands.parquet", index=False)
            facts["bands"] = _facts_of_bands(bands)
        facts["files"] = manifest(new.folder)
        _write_json(new.folder / RUN_FILE, facts)
        asked = (regime.digest for regime in _asked(run))
        content = "".join([data_hash, *run.closures, run.market_structure, run.elasticities, *asked])
        return new.publish(f"{created:%Y%m%dT%H%M%SZ}-{hashlib.sha256(content.encode()).hexdigest()[:8]}")


def manifest(folder: Path) -> dict[str, dict[str, int | str]]:
    """Size and SHA-256 of every file of a run's folder but its ``run.json``."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / RUN_FILE)
    return {
        file.relative_to(folder).as_posix(): {"bytes": file.stat().st_size, "sha256": _sha256(file)}
        for file in files
    }


def indicators_long(run: Run) -> pd.DataFrame:
    """Macro indicators of all regimes as (regime, region, indicator, value)."""
    frames = [
        regime.indicators.rename_axis("region")
        .reset_index()
        .melt(id_vars="region", var_name="indicator")
        .assign(regime=regime.name)
        for regime in run
    ]
    return pd.concat(frames, ignore_index=True)[["regime", "region", "indicator", "value"]]


def _facts(run: Run, created: datetime) -> dict[str, Any]:
    """What ``run.json`` says of the run itself."""
    benchmark = run.solved[0].solution.benchmark
    return {
        "format": FORMAT,
        "created": created.isoformat(timespec="seconds"),
        "status": run.status,
        "base_year": benchmark.year,
        "regimes": [regime.name for regime in run],
        "titles": {regime.name: regime.title for regime in _asked(run)},
        "questions": {regime.name: regime.question for regime in _asked(run)},
        "members": list(run.members),
        "concerned": list(run.concerned),
        "regions": names_of_codes(benchmark.regions, "region", run.data_files),
        "sectors": names_of_codes(benchmark.sectors, "sector", run.data_files),
        "errors": {failure.name: failure.message for failure in run.failed},
        "closures": run.closures,
        "market_structure": run.market_structure,
        "elasticities": run.elasticities,
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "code": code_version(),
        "platform": platform.platform(),
        "seconds": run.seconds,
    }


def _facts_of_bands(bands: Sensitivity) -> dict[str, Any]:
    """What ``run.json`` says of how the bands were made."""
    factors = {
        f.name: {"acts_on": list(f.acts_on), "family": f.family, "spread": f.spread} for f in bands.factors
    }
    return {
        "method": bands.method,
        "draws": len(bands.t),
        "failed": len(bands.failed),
        "holds": HELD,
        "factors": factors,
    }


def _write_tables(run: Run, folder: Path, welfare: Mapping[str, Welfare]) -> None:
    """Results, indicators, SAMs and checks of all regimes, and welfare terms of those that were decomposed."""
    results = pd.concat([regime.results.assign(regime=regime.name) for regime in run], ignore_index=True)
    results.to_parquet(folder / "results.parquet", index=False)
    indicators_long(run).to_csv(folder / "indicators.csv", index=False, float_format="%.17g")
    trade = pd.concat([trade_long(regime) for regime in run], ignore_index=True)
    trade.to_parquet(folder / "trade.parquet", index=False)
    terms = [welfare_long(regime, welfare[regime.name]) for regime in run if regime.name in welfare]
    if terms:
        pd.concat(terms, ignore_index=True).to_parquet(folder / "welfare.parquet", index=False)
    (folder / "sam").mkdir()
    for regime in run:
        regime.sam.write(folder / "sam" / f"{regime.name}.csv")
    checks = {regime.name: [check.as_dict() for check in regime.checks] for regime in run}
    _write_json(folder / "checks.json", checks)
    (folder / "log.txt").write_text("".join(f"{line}\n" for line in run.log), encoding="utf-8")


def _write_inputs(run: Run, folder: Path, digests: dict[str, str]) -> str:
    """The regime files, and what the data files were; returns one hash over all data files."""
    (folder / "regimes").mkdir()
    asked = _asked(run)
    asked += [load_regime(regime.against) for regime in asked if regime.against]
    for file in dict.fromkeys(file for regime in asked for file in regime.files):
        target = folder / "regimes" / file.name
        if target.exists() and target.read_bytes() != file.read_bytes():
            raise ValueError(f"two different regime files are called {file.name}; rename one of them")
        shutil.copyfile(file, target)
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    (folder / "data.sha256").write_text(lines, encoding="utf-8")
    sources_table(run.data_files).to_csv(folder / "sources.csv", index=False)
    return hashlib.sha256("".join(f"{d}\n" for d in digests.values()).encode()).hexdigest()


def _asked(run: Run) -> list[Regime]:
    """Every regime that was asked for, solved or not."""
    return [*(solved.regime for solved in run.solved), *(failure.regime for failure in run.failed)]


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
