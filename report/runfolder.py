"""A run is a document: one folder holds everything that defines and everything that came out of it.

    <out>/<run id>/
        run.json            identity, versions, closures in words, seconds by phase, status, regimes not solved
        regimes/*.toml      the regime files as they were read, with the ones they build on
        data.sha256         SHA-256 of every data file used, in the format of sha256sum
        log.txt             what was done, in order
        results.parquet     tidy results of all regimes (regime, region, sector, partner, variable, ...)
        indicators.csv      macro indicators (regime, region, indicator, value)
        trade.parquet       trade creation and diversion by flow (regime, importer, partner, sector, ...)
        welfare.parquet     terms of welfare (regime, region, term, ...), if they were asked for
        sam/<regime>.csv    the social accounting matrix after each regime
        checks.json         every check with its figure, tolerance and verdict

The folder is written under a hidden temporary name and renamed when it is complete: a folder without a
leading dot is a complete run, whatever happened to the process that wrote it.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .welfare import trade_long, welfare_long

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..experiments.regimes import Regime
    from ..experiments.run import Run
    from ..model.welfare import Welfare

PACKAGES = ("eacu", "pyomo", "numpy", "scipy", "pandas", "highspy")


def save_run(run: Run, out: Path, welfare: Mapping[str, Welfare] | None = None) -> Path:
    """Write the run's folder below ``out`` and return it. The catalogue is brought up to date separately.

    ``welfare`` holds the decomposed welfare of regimes by name, if it is to be kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
    try:
        created = datetime.now(UTC)
        digests = {str(file): _sha256(file) for file in run.data_files}
        identity = _write(run, temporary, created, digests)
        _write_tables(run, temporary, welfare or {})
        temporary.chmod(0o755)
        return _rename(temporary, out, identity)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def run_folders(out: Path) -> list[Path]:
    """The complete runs below ``out``, oldest first."""
    if not out.is_dir():
        return []
    return sorted(p for p in out.iterdir() if not p.name.startswith(".") and (p / "run.json").is_file())


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


def _write(run: Run, folder: Path, created: datetime, digests: dict[str, str]) -> str:
    data_hash = hashlib.sha256("".join(f"{d}\n" for d in digests.values()).encode()).hexdigest()
    content = "".join([data_hash, *run.closures, *(regime.digest for regime in _asked(run))])
    identity = f"{created:%Y%m%dT%H%M%SZ}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    _write_inputs(run, folder, digests)
    results = pd.concat([regime.results.assign(regime=regime.name) for regime in run], ignore_index=True)
    results.to_parquet(folder / "results.parquet", index=False)
    indicators_long(run).to_csv(folder / "indicators.csv", index=False, float_format="%.17g")
    (folder / "sam").mkdir()
    for regime in run:
        regime.sam.write(folder / "sam" / f"{regime.name}.csv")
    checks = {regime.name: [check.as_dict() for check in regime.checks] for regime in run}
    _write_json(folder / "checks.json", checks)
    (folder / "log.txt").write_text("".join(f"{line}\n" for line in run.log), encoding="utf-8")
    _write_json(
        folder / "run.json",
        {
            "created": created.isoformat(timespec="seconds"),
            "status": run.status,
            "regimes": [regime.name for regime in run],
            "errors": {failure.name: failure.message for failure in run.failed},
            "closures": run.closures,
            "data_sha256": data_hash,
            "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
            "platform": platform.platform(),
            "seconds": run.seconds,
        },
    )
    return identity


def _write_tables(run: Run, folder: Path, welfare: Mapping[str, Welfare]) -> None:
    """Trade effects of all regimes, and welfare terms of those that were decomposed."""
    trade = pd.concat([trade_long(regime) for regime in run], ignore_index=True)
    trade.to_parquet(folder / "trade.parquet", index=False)
    terms = [welfare_long(regime, welfare[regime.name]) for regime in run if regime.name in welfare]
    if terms:
        pd.concat(terms, ignore_index=True).to_parquet(folder / "welfare.parquet", index=False)


def _write_inputs(run: Run, folder: Path, digests: dict[str, str]) -> None:
    (folder / "regimes").mkdir()
    for file in dict.fromkeys(file for regime in _asked(run) for file in regime.files):
        target = folder / "regimes" / file.name
        if target.exists() and target.read_bytes() != file.read_bytes():
            raise ValueError(f"two different regime files are called {file.name}; rename one of them")
        shutil.copyfile(file, target)
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    (folder / "data.sha256").write_text(lines, encoding="utf-8")


def _asked(run: Run) -> list[Regime]:
    """Every regime that was asked for, solved or not."""
    return [*(solved.regime for solved in run.solved), *(failure.regime for failure in run.failed)]


def _rename(temporary: Path, out: Path, identity: str) -> Path:
    """Give the complete folder its name; a second run within the same second gets a number."""
    for number in range(1, 1000):
        target = out / (identity if number == 1 else f"{identity}-{number}")
        try:
            return temporary.rename(target)
        except OSError:
            if not target.exists():
                raise
    raise FileExistsError(f"{out} already holds 999 runs called {identity}")


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
