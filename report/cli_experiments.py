"""Commands about how far to trust a result: ``eacu sam-experiments``, ``eacu backcast``, ``eacu invert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import print_tables, progress
from .options import BaseYear, examples

SAM_EXAMPLES = examples(
    "eacu sam-experiments russia poland --regime union-2010-07",
    "eacu sam-experiments --draws 20 --seed 7 --json > sams.json",
    "eacu sam-experiments --list",
)
ELASTICITIES_EXAMPLES = examples(
    "eacu elasticities", "eacu elasticities gtap low high --regime union-2010-07", "eacu elasticities --json"
)
INVERT_EXAMPLES = examples("eacu invert my-targets.toml", "eacu invert edb-2012-barriers --json")
BACKCAST_EXAMPLES = examples("eacu backcast", "eacu backcast --year 2012 --json")


def sam_experiments(
    names: Annotated[
        list[str] | None, typer.Argument(help="Experiments (default: all; see --list).", show_default=False)
    ] = None,
    regime: Annotated[
        list[str] | None,
        typer.Option(
            "--regime", help="Regime to solve on every SAM; may be repeated. Default: three of them."
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Number of SAMs drawn at random from the reliabilities.", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the draws.", min=0)] = 2007,
    region: Annotated[str, typer.Option(help="Region whose table is compared cell by cell.")] = "BLR",
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Your own file of experiments, like data/sam/experiments.toml."),
    ] = None,
    only_sams: Annotated[
        bool, typer.Option("--only-sams", help="Compare the SAMs and solve no regime.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes on this machine (default: one for each core).", min=1)
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the experiments and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Estimate the base year in other ways and solve regimes on each: how much of a result is the data."""
    from ..experiments.sam_experiments import EXPERIMENTS_FILE, REGIMES, SamExperimentError, load_experiments
    from ..experiments.sam_experiments import sam_experiments as solve
    from ..experiments.sensitivity.execution import cores
    from .console import print_json
    from .sam_experiments_page import experiment_tables, experiments_json

    known = load_experiments(file or EXPERIMENTS_FILE)
    if list_them:
        rows = [one.model_dump() for one in known.values()]
        if as_json:
            print_json(rows)
        else:
            for one in known.values():
                typer.echo(f"{one.name}\n    {one.says}")
        return
    if only_sams and regime:
        raise SamExperimentError("--only-sams solves no regime, but --regime names one; drop one of them")
    regimes = () if only_sams else tuple(regime or REGIMES)
    workers = workers or cores()
    trials = solve(names, regimes, draws, seed, experiments=known, workers=workers, tell=progress)
    if as_json:
        typer.echo(experiments_json(trials, region))
    else:
        print_tables(experiment_tables(trials, region))


def backcast(
    year: Annotated[
        list[int] | None,
        typer.Option("--year", help="Year to forecast: 2008, 2009 or 2012; may be repeated. Default: all."),
    ] = None,
    path: Annotated[
        str,
        typer.Option(help="Path of policy taken for what came about (eacu path --list), or a .toml file."),
    ] = "integration",
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Forecast trade by partner and duties from 2007 by policy and growth, and score it against what happened."""
    from ..experiments.backcast import YEARS
    from ..experiments.backcast import backcast as simulate
    from .backcast_page import backcast_json, backcast_tables

    found = simulate(sorted(set(year)) if year else YEARS, path, tell=progress)
    if as_json:
        typer.echo(backcast_json(found))
    else:
        print_tables(backcast_tables(found))


def invert(
    file: Annotated[
        str,
        typer.Argument(
            help="TOML file with regime, targets and free parameters, or the name of a shipped one."
        ),
    ],
    base_year: BaseYear = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Find the border cut, productivity or elasticity that gives a published effect; say what is not identified."""
    from ..experiments.base_year import load_base_year
    from ..experiments.inversion import invert as find
    from .console import print_json
    from .inversion_tables import inversion_tables
    from .layout import finite

    found = find(file, load_base_year(base_year) if base_year else None, tell=progress)
    if as_json:
        print_json(finite(found.as_dict()))
        return
    print_tables(inversion_tables(found))
    for line in found.statements:
        typer.echo(line)


def elasticities(
    names: Annotated[
        list[str] | None, typer.Argument(help="Sets (default: all).", show_default=False)
    ] = None,
    regime: Annotated[
        list[str] | None,
        typer.Option(
            "--regime", help="Solve this regime under each set; may be repeated. Without: list the sets."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """List the named sets of trade elasticities, or compare results under them."""
    from ..experiments.elasticity_sets import ElasticityError, compare_elasticities, elasticity_sets
    from ..experiments.run import base_of, load_all
    from ..model.names import unknown_name
    from .elasticities_page import elasticities_json, elasticities_tables, set_rows

    sets = elasticity_sets()
    for name in names or ():
        if name not in sets:
            raise ElasticityError(unknown_name("set of elasticities", name, sets))
    chosen = {name: sets[name] for name in names or sets}
    base = base_of(load_all(regime) if regime else [])
    table = compare_elasticities(regime, list(chosen), base, tell=progress) if regime else None
    if as_json:
        typer.echo(elasticities_json(chosen.values(), base.benchmark, table))
    elif table is not None:
        print_tables(elasticities_tables(table))
    else:
        for name, mean, says, source, quality in set_rows(chosen.values(), base.benchmark):
            typer.echo(f"{name} (mean {mean})\n    {says}\n    {source}, {quality}")
