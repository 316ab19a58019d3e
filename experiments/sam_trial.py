"""Whether the model can be built on a SAM: benchmark parameters, then the replication of the base year.

A trial says more than a balance: rates that cannot be (a tax without a base), elasticities that nobody gave, an
equation that does not hold at the benchmark.
"""

from __future__ import annotations

from ..calibration.benchmark import Benchmark, BenchmarkError
from ..calibration.elasticities import model_elasticities
from ..calibration.sam import Sam, SamError
from ..calibration.sam_check import Finding
from ..data import base_year_folder, reader
from ..model.checks import REPLICATION, ReplicationError, benchmark_residuals
from ..model.economy import build_economy
from .doing import Tell, Work


def try_sam(sam: Sam, base_year: str | None = None, tell: Tell = lambda line: None) -> tuple[Finding, ...]:
    """Build the benchmark and the economy on a SAM that balances.

    Elasticities are those shipped, or of ``base_year`` (a name or a folder). A SAM with regions or sectors that have no
    elasticities cannot be tried; the finding names them. Raises TableError for an unknown base year.
    """
    work = Work(tell, 2)
    work.at("reading rates off the SAM")
    elasticities = model_elasticities(reader(base_year_folder(base_year) if base_year else None))
    known = set(elasticities["region"]), set(elasticities["sector"])
    strangers = [
        name
        for names, there in ((sam.regions, known[0]), (sam.sectors, known[1]))
        for name in names
        if name not in there
    ]
    if strangers:
        what = f"no elasticities for {', '.join(strangers)}; give a folder with your own by --base-year"
        return (Finding("benchmark", "skipped", what),)
    try:
        benchmark = Benchmark.from_sam(sam, elasticities)
        work.at("building the economy")
        replication = benchmark_residuals(build_economy(benchmark))
    except (BenchmarkError, SamError) as error:
        return (Finding("benchmark", "failed", str(error)),)
    finally:
        work.finish()
    found = Finding(
        "benchmark", "passed", "every rate has a base and is admissible, every elasticity is there"
    )
    try:
        replication.require()
    except ReplicationError as error:
        return found, Finding("replication", "failed", str(error))
    words = (
        f"all {len(replication.equations):,} equations hold at the base year, "
        f"largest residual {replication.worst:.1e} of its terms (at most {REPLICATION:g})"
    )
    return found, Finding("replication", "passed", words)
