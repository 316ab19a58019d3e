"""Sweeps: designs, factors, derivatives, the same answer from any number of workers, after a kill, on a cluster."""

from __future__ import annotations

import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eacu import data
from eacu.experiments.base_year import load_base_year
from eacu.experiments.regimes import load_regime
from eacu.experiments.run import run
from eacu.experiments.sensitivity import sweep, worker
from eacu.experiments.sensitivity.bands import differences
from eacu.experiments.sensitivity.bases import across
from eacu.experiments.sensitivity.closures import closure_sweep
from eacu.experiments.sensitivity.designs import METHODS, design, stroud
from eacu.experiments.sensitivity.execution import LocalPool
from eacu.experiments.sensitivity.factors import Factor, SensitivityError, load_factors
from eacu.experiments.sensitivity.kernel import Ask, make_kernel
from eacu.experiments.sensitivity.summary import bands
from eacu.experiments.sensitivity.sweep import Execution, sensitivity
from eacu.model.engine import SolveOptions
from tests.experiments.small_economy import small_base_year

CUSTOMS = load_regime("union-2010-07")
BORDERS = replace(CUSTOMS, name="borders", borders=load_regime("union-2011").borders)
REGIMES = (CUSTOMS, BORDERS)
"""The customs union as it was in 2010, and with the border costs of 2011 gone: the small economy has no oil rules."""


@pytest.fixture(scope="session")
def small_kernel():
    base = small_base_year()
    return make_kernel(Ask(REGIMES, None, base, load_factors(base.benchmark)))


# ---- designs and factors --------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_strouds_points_have_the_moments_of_degree_three(n):
    t = stroud(n)
    assert t.shape == (2 * n, n)
    assert np.allclose(t.mean(axis=0), 0.0, atol=1e-12)
    assert np.allclose(t.T @ t / len(t), np.eye(n), atol=1e-12)
    third = np.einsum("ki,kj,kl->ijl", t, t, t) / len(t)
    assert np.allclose(third, 0.0, atol=1e-12)
    assert np.abs(t).max() <= np.sqrt(2.0) + 1e-12


def test_factors_have_mean_zero_and_variance_one_in_their_own_measure():
    p = (np.arange(200_000) + 0.5) / 200_000
    for family in ("lognormal", "uniform", "triangular"):
        factor = Factor("f", ("frisch",), "all", "all", family, 0.5)
        t = factor.quantile(p)
        assert abs(t.mean()) < 1e-6
        assert t.var() == pytest.approx(1.0, rel=2e-3)
        step = 1e-6
        slope = (np.log(factor.multiplier(step)) - np.log(factor.multiplier(-step))) / (2 * step)
        assert factor.slope() == pytest.approx(slope, rel=1e-8)
        if family != "lognormal":
            assert factor.multiplier(factor.quantile(np.array([0.0, 1.0]))) == pytest.approx([0.5, 1.5])


def test_a_draw_does_not_depend_on_how_many_there_are():
    factors = load_factors(small_base_year().benchmark)
    assert np.array_equal(design("monte-carlo", factors, 40, 3)[:7], design("monte-carlo", factors, 7, 3))
    assert not np.array_equal(design("monte-carlo", factors, 7, 3), design("monte-carlo", factors, 7, 4))
    for method in METHODS:
        found = design(method, factors, 8, 5)
        assert np.isfinite(found).all()
        assert np.array_equal(found, design(method, factors, 8, 5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"acts_on": "sigma_armingtn"}, "sigma_armington"),
        ({"family": "lognormale"}, "lognormal"),
        ({"family": "uniform", "value": 1.0}, "below 1"),
        ({"value": 0.0}, "positive"),
        ({"acts_on": "frisch"}, "a and b multiply the very same frisch"),
        ({"factor": "b"}, "two factors called b"),
        ({"acts_on": "sigma_armington+iceberg"}, "row of a: .* sigma_armington and the instrument iceberg"),
        ({"acts_on": "iceberg+sigma_armington"}, "row of a: .* sigma_armington and the instrument iceberg"),
        ({"acts_on": "frisch", "sector": "agr"}, "row of a: frisch has no cell in sector agr"),
        ({"region": "RUSS"}, "row of a: .*RUS"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, change, message):
    with pytest.raises(SensitivityError, match=message):
        own_factors(tmp_path, change, {"factor": "b", "acts_on": "frisch"})


OWN = {
    "factor": "a",
    "acts_on": "sigma_armington",
    "sector": "all",
    "region": "all",
    "family": "lognormal",
    "value": 0.2,
    "unit": "sd",
    "source": "me",
    "quality": "assumed",
    "comment": "none",
}
"""What rows of a table of one's own are unless a test says otherwise."""


def own_factors(folder, *rows):
    pd.DataFrame([OWN | row for row in rows]).to_csv(folder / "own.csv", index=False)
    return load_factors(small_base_year().benchmark, file=folder / "own.csv")


def test_a_factor_of_policy_moves_the_goods_and_importers_it_names_and_no_others(tmp_path):
    """Each variable's value at a draw is known by hand: the regime's change times the multipliers of its cell."""
    factors = own_factors(
        tmp_path,
        {"factor": "b", "acts_on": "iceberg"},
        {"factor": "c", "acts_on": "iceberg", "region": "KAZ"},
        {"factor": "d", "acts_on": "iceberg", "sector": "each", "region": "BLR"},
        {"factor": "e", "acts_on": "sigma_armington"},
    )
    kernel = make_kernel(Ask((BORDERS,), None, small_base_year(), factors))
    centre = kernel.centres[0]
    t = np.random.default_rng(4).normal(size=(1, len(factors)))
    drawn = kernel.solve(centre, t)[1][:, 0]
    bench = worker._benches(kernel)["borders"]
    size = {f.name: float(np.exp(f.spread * t[0, k])) for k, f in enumerate(factors)}
    seen = set()
    for (sector, _, importer), variable in bench.model.iceberg.items():
        slot = bench.system.column[id(variable)]
        before = bench.model.benchmark_values["iceberg"][sector, _, importer]
        change = centre.system.centre[slot] - before
        own = {"KAZ": size["c"], "BLR": size[f"d[{sector}]"]}.get(importer, 1.0)
        assert drawn[slot] == pytest.approx(before + change * size["b"] * own, rel=1e-12)
        if change:
            seen.add(importer)
    assert {"KAZ", "BLR", "RUS"} <= seen
    ev = kernel.names.index("ev_pct_consumption[KAZ]")
    assert centre.gradients[ev, 0] != pytest.approx(centre.gradients[ev, 1], rel=1e-2)


def test_factors_on_one_cell_are_multiplied(tmp_path):
    """A level of all goods and one of each: the derivative of the level is the sum of the others' over goods."""
    factors = own_factors(
        tmp_path,
        {"factor": "level", "acts_on": "sigma_armington+sigma_sources"},
        {"factor": "own", "acts_on": "sigma_armington+sigma_sources", "sector": "each"},
    )
    kernel = make_kernel(Ask((CUSTOMS,), None, small_base_year(), factors))
    centre = kernel.centres[0]
    t = np.arange(1.0, 1.0 + len(factors))[None, :] / 10.0
    multipliers, _ = kernel.multipliers(centre, t)
    cells = kernel.economies[0].recalibration.cells.table
    place = {f.sector: k for k, f in enumerate(factors)}
    for multiplier, cell in zip(multipliers[:, 0], cells.itertuples(), strict=True):
        trade = cell.parameter in ("sigma_armington", "sigma_sources")
        expected = np.exp(0.2 * (t[0, 0] + t[0, place[cell.sector]])) if trade else 1.0
        assert multiplier == pytest.approx(expected, rel=1e-12)
    assert np.allclose(centre.gradients[:, 0], centre.gradients[:, 1:].sum(axis=1), rtol=1e-9, atol=1e-12)


# ---- solutions ------------------------------------------------------------------------------------------


def test_a_draw_is_the_equilibrium_of_an_economy_built_with_its_elasticities(small_kernel):
    """The whole chain from a draw to outcomes against a benchmark with other elasticities, built and solved anew."""
    kernel, base = small_kernel, small_base_year()
    factors = kernel.ask.factors
    t = design("monte-carlo", factors, 3, 11)
    t[:, [f.is_shock for f in factors]] = 0.0
    table = worker.solve_block(kernel, 0, t)
    assert (table["how"] == "side by side").all()
    assert (table["residual"] <= SolveOptions().accept).all()
    recalibration = kernel.economies[0].recalibration
    cells = recalibration.cells.table
    for draw in range(len(t)):
        multipliers, _ = kernel.multipliers(kernel.centres[0], t[[draw]])
        value = pd.Series(recalibration.elasticities(multipliers)[:, 0], index=cells.index)
        changed = {}
        for name, rows in cells.groupby("parameter"):
            levels = ["region"] if name == "frisch" else ["sector", "region"]
            series = getattr(base.benchmark, name).copy()
            for index, key in zip(rows.index, rows[levels].itertuples(index=False, name=None), strict=True):
                series.loc[key if len(levels) > 1 else key[0]] = value[index]
            changed[name] = series
        anew = run(*REGIMES, base=replace(base, benchmark=replace(base.benchmark, **changed)))
        for solved in anew:
            row = table[(table["regime"] == solved.name) & (table["draw"] == draw)].iloc[0]
            for name in ("ev_usd_mn", "real_gdp_pct", "tariff_received_usd_mn"):
                for region in base.benchmark.regions:
                    theirs = float(solved.indicators.loc[region, name])
                    assert row[f"{name}[{region}]"] == pytest.approx(theirs, rel=1e-6, abs=1e-7)


def test_derivatives_agree_with_finite_differences(small_kernel):
    """Every factor, every outcome of a regime: a fourth-order difference of full solutions."""
    kernel = small_kernel
    centre = kernel.centres[1]
    tight = replace_options(centre, SolveOptions(accept=1e-12))
    n = len(kernel.ask.factors)
    h = 2e-3
    t = np.concatenate([step * h * np.eye(n) for step in (1.0, -1.0, 2.0, -2.0)])
    values = kernel.solve(tight, t)[0].outcomes
    one, other, two, far = (values[k * n : (k + 1) * n] for k in range(4))
    difference = ((8.0 * (one - other) - (two - far)) / (12.0 * h)).T
    size = np.abs(centre.gradients).max(axis=1, keepdims=True)
    moved = size[:, 0] > 1e-6
    assert moved.sum() > 20
    assert np.abs(difference - centre.gradients)[moved].max() <= 1e-6 * size[moved].max()
    assert (np.abs(difference - centre.gradients)[moved] <= 1e-6 * size[moved]).all()


def replace_options(centre, options):
    from copy import copy

    system = copy(centre.system)
    system.options = options
    return replace(centre, system=system)


def test_what_the_chord_does_not_solve_the_ordinary_solver_does(small_kernel, monkeypatch):
    kernel = small_kernel
    t = design("monte-carlo", kernel.ask.factors, 2, 11)
    expected = worker.solve_block(kernel, 0, t)
    few = tuple(replace(c, system=_lazy(c.system)) for c in kernel.centres)
    found = worker.solve_block(replace(kernel, centres=few), 0, t)
    assert set(found["how"]) == {"by itself"}
    names = list(kernel.names[:-1])
    assert np.allclose(found[names], expected[names], rtol=1e-6, atol=1e-6)


def _lazy(system):
    from copy import copy

    lazy = copy(system)
    lazy.solve = lambda x, parameters: system.solve(x, parameters, most=0)
    return lazy


def test_a_draw_without_a_solution_is_kept_with_its_reason(small_kernel, monkeypatch):
    from eacu.model.engine import ConvergenceError

    def fails(*_, **__):
        raise ConvergenceError("no solution was found: on purpose.", (), (), None)

    kernel = replace(
        small_kernel, centres=tuple(replace(c, system=_lazy(c.system)) for c in small_kernel.centres[:1])
    )
    monkeypatch.setattr(worker, "solve_system", fails)
    table = worker.solve_block(kernel, 0, design("monte-carlo", kernel.ask.factors, 2, 11))
    assert list(table["how"]) == ["failed", "failed"]
    assert table["reason"].str.contains("on purpose").all()
    assert table[list(kernel.names)].isna().all(axis=None)
    with pytest.raises(SensitivityError, match="on purpose"):
        bands(kernel, "monte-carlo", table)


# ---- execution ------------------------------------------------------------------------------------------


def blocks_of(t):
    size = worker.BLOCK
    return {n: t[n * size : (n + 1) * size] for n in range(-(-len(t) // size))}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes by other means")
def test_a_worker_that_dies_is_replaced_and_no_draw_is_lost_or_changed(small_kernel):
    t = design("monte-carlo", small_kernel.ask.factors, 5 * worker.BLOCK, 2)
    alone: dict[int, pd.DataFrame] = {}
    LocalPool(1).run(small_kernel, blocks_of(t), alone.__setitem__)
    together: dict[int, pd.DataFrame] = {}
    killed = []
    pool = LocalPool(2)

    def keep(number, table):
        assert number not in together, "a block came twice"
        together[number] = table
        if not killed:
            killed.append(next(iter(pool._pool._processes)))
            os.kill(killed[0], signal.SIGKILL)

    try:
        pool.run(small_kernel, blocks_of(t), keep)
        assert killed[0] not in pool._pool._processes
    finally:
        pool.close()
    assert sorted(together) == sorted(alone)
    for number, table in alone.items():
        pd.testing.assert_frame_equal(together[number], table, check_exact=True)


def test_a_sweep_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(tmp_path, small_kernel, monkeypatch):
    monkeypatch.setattr(sweep, "make_kernel", lambda ask, tell: small_kernel)
    ask = {"draws": 5 * worker.BLOCK - 3, "method": "monte-carlo", "seed": 9, "base": small_base_year()}
    whole = sensitivity(*REGIMES, **ask, execution=Execution(1, folder=tmp_path / "whole"))

    def stops(line):
        if "solving" in line and len(list((tmp_path / "cut").glob("block-*.parquet"))) == 2:
            raise KeyboardInterrupt

    cut = Execution(1, folder=tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        sensitivity(*REGIMES, **ask, execution=cut, tell=stops)
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cut").glob("block-*.parquet")}
    assert len(kept) == 2
    with pytest.raises(SensitivityError, match="--resume"):
        sensitivity(*REGIMES, **ask, execution=cut)
    with pytest.raises(SensitivityError, match="seed"):
        sensitivity(*REGIMES, **(ask | {"seed": 10}), execution=replace(cut, resume=True))
    again = sensitivity(*REGIMES, **ask, execution=replace(cut, resume=True))
    pd.testing.assert_frame_equal(again.draws, whole.draws, check_exact=True)
    pd.testing.assert_frame_equal(again.bands, whole.bands, check_exact=True)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept, "finished blocks are left alone"
    assert list(whole.draws["draw"].value_counts().unique()) == [len(REGIMES)]


def test_a_kept_sweep_can_be_analysed_mended_and_given_more_draws(tmp_path, small_kernel, monkeypatch):
    monkeypatch.setattr(sweep, "make_kernel", lambda ask, tell: small_kernel)
    ask = {"method": "monte-carlo", "seed": 9, "base": small_base_year()}
    kept = Execution(1, folder=tmp_path / "kept")
    first = sensitivity(*REGIMES, **ask, draws=worker.BLOCK + 3, execution=kept)
    factors = pd.read_parquet(tmp_path / "kept" / "factors.parquet")
    assert list(factors.columns) == ["draw", *(factor.name for factor in first.factors)]
    last = len(first.factors) - 1
    assert factors.iloc[5, 1 + last] == pytest.approx(first.factors[last].multiplier(first.t[5, last]))

    again = replace(kept, resume=True)
    block = tmp_path / "kept" / "block-000000.parquet"
    before = block.stat().st_mtime_ns
    more = sensitivity(*REGIMES, **ask, draws=2 * worker.BLOCK + 3, execution=again)
    assert block.stat().st_mtime_ns == before, "whole blocks are left alone"
    whole = sensitivity(*REGIMES, **ask, draws=2 * worker.BLOCK + 3, execution=Execution(1))
    pd.testing.assert_frame_equal(more.draws, whole.draws, check_exact=True)
    with pytest.raises(SensitivityError, match="draws"):
        sensitivity(*REGIMES, **ask, draws=worker.BLOCK, execution=again)

    block.write_bytes(block.read_bytes()[:-50])
    with pytest.raises(SensitivityError, match=r"block-000000\.parquet cannot be read.*Delete it") as told:
        sensitivity(*REGIMES, **ask, draws=2 * worker.BLOCK + 3, execution=again)
    assert "--resume" in str(told.value)
    block.unlink()
    mended = sensitivity(*REGIMES, **ask, draws=2 * worker.BLOCK + 3, execution=again)
    pd.testing.assert_frame_equal(mended.draws, whole.draws, check_exact=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes by other means")
def test_a_dask_cluster_gives_the_same_though_all_its_workers_die_in_turn(small_kernel):
    distributed = pytest.importorskip("distributed")
    from eacu.experiments.sensitivity.execution import DaskPool

    t = design("monte-carlo", small_kernel.ask.factors, 6 * worker.BLOCK, 2)
    alone: dict[int, pd.DataFrame] = {}
    LocalPool(1).run(small_kernel, blocks_of(t), alone.__setitem__)
    found: dict[int, pd.DataFrame] = {}
    killed = []

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        pool = DaskPool(cluster.scheduler_address)
        first = list(pool._client.run(os.getpid).values())

        def keep(number, table):
            assert number not in found, "a block came twice"
            found[number] = table
            if len(killed) < len(first):
                killed.append(first[len(killed)])
                os.kill(killed[-1], signal.SIGKILL)

        pool.run(small_kernel, blocks_of(t), keep)
        pool.close()
    assert killed == first and sorted(found) == sorted(alone)
    for number, table in alone.items():
        pd.testing.assert_frame_equal(found[number], table, check_exact=True)


# ---- methods --------------------------------------------------------------------------------------------


@pytest.fixture
def quick(small_kernel, monkeypatch):
    """`sensitivity` on the small economy, its kernel made once for all tests that vary everything."""

    def ask(method, **options):
        if not options.get("factors"):
            monkeypatch.setattr(sweep, "make_kernel", lambda ask, tell: small_kernel)
        return sensitivity(*REGIMES, method=method, base=small_base_year(), execution=Execution(1), **options)

    return ask


def test_quadrature_and_first_order_bands_agree_with_a_sample(quick):
    sample = quick("quasi-random", draws=256, seed=1).bands.set_index(["regime", "region", "indicator"])
    by_quadrature = quick("quadrature").bands.set_index(["regime", "region", "indicator"])
    first_order = quick("local").bands.set_index(["regime", "region", "indicator"])
    moving = sample["sd"] > 1e-3 * sample["sd"].groupby("indicator").transform("max")
    error = sample["sd"] / np.sqrt(sample["draws"])
    apart = (sample["mean"] - by_quadrature["mean"]).abs()[moving] / error[moving]
    assert apart.max() < 4.0
    assert np.allclose(by_quadrature["sd"][moving], sample["sd"][moving], rtol=0.25)
    assert np.allclose(first_order["sd"][moving], sample["sd"][moving], rtol=0.35)


@pytest.fixture(scope="module")
def few_kernel():
    """Three groups of factors that matter each."""
    base = small_base_year()
    factors = load_factors(base.benchmark, ["trade_level", "destinations", "border_costs"])
    return make_kernel(Ask((BORDERS,), None, base, factors))


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_importance_by_salib_finds_what_the_derivatives_find(method, few_kernel, monkeypatch):
    monkeypatch.setattr(sweep, "make_kernel", lambda ask, tell: few_kernel)
    factors = [f.name for f in few_kernel.ask.factors]
    ask = {"base": small_base_year(), "factors": factors, "execution": Execution(1)}
    found = sensitivity(BORDERS, method=method, draws=30, seed=2, **ask)
    exact = sensitivity(BORDERS, method="local", **ask).shares.rename(columns={"first": "first_order"})
    keys = ["region", "indicator", "group"]
    rows = found.shares.merge(exact, on=keys, suffixes=("", "_of_exact"))
    rows = rows[(rows["indicator"] == "ev_usd_mn") & rows["region"].isin(["BLR", "KAZ"])]
    if method == "sobol":
        assert len(found.t) == 32 * (3 + 2), "30 draws are rounded up to a power of two"
        expected = rows["first_order"]
        assert (abs(rows["total"] - expected) < 0.1 + rows["total_error"]).all()
        assert not rows["doubtful"].any()
        assert found.bands["sd"].notna().all()
    else:
        order = rows.sort_values(["region", "mu_star"])["group"].tolist()
        assert order == rows.sort_values(["region", "first_order"])["group"].tolist()
        assert found.bands[["mean", "sd", "low", "high", "positive"]].isna().all(axis=None)
        assert found.bands["central"].notna().all()


def test_the_linear_part_of_a_sample_is_that_of_the_derivatives(few_kernel, monkeypatch):
    monkeypatch.setattr(sweep, "make_kernel", lambda ask, tell: few_kernel)
    factors = [f.name for f in few_kernel.ask.factors]
    ask = {"base": small_base_year(), "factors": factors, "execution": Execution(1), "method": "quasi-random"}
    found = sensitivity(BORDERS, draws=64, seed=2, **ask)
    rows = found.shares[(found.shares["indicator"] == "ev_usd_mn") & (found.shares["region"] == "KAZ")]
    slopes = found.derivatives[
        (found.derivatives["indicator"] == "ev_usd_mn") & (found.derivatives["region"] == "KAZ")
    ].set_index("factor")["per_sd"]
    actual = found.draws.sort_values("draw")["ev_usd_mn[KAZ]"].to_numpy()
    left = actual - found.t @ slopes[factors].to_numpy()
    assert rows["linear"].unique() == pytest.approx([1.0 - left.var() / actual.var()])
    assert 0.8 < rows["linear"].iloc[0] < 1.0


def test_unknown_words_and_impossible_questions_are_refused(quick):
    with pytest.raises(SensitivityError, match="unknown method 'sobel'"):
        quick("sobel")
    with pytest.raises(SensitivityError, match="trade"):
        quick("quadrature", factors=["trad"])
    with pytest.raises(SensitivityError, match="1 draws"):
        quick("monte-carlo", draws=1)


@pytest.mark.slow
def test_on_real_data_every_draw_is_solved_and_quadrature_agrees_with_a_sample():
    ask = {"base": load_base_year(), "execution": Execution(2)}
    sample = sensitivity("union-2011", method="monte-carlo", draws=1000, seed=1, **ask)
    assert (sample.draws["how"] != "failed").all()
    two = sensitivity("union-2011", method="quadrature", **ask).bands
    rows = sample.bands.merge(two, on=["regime", "region", "indicator"], suffixes=("", "_q"))
    rows = rows[(rows["indicator"] == "ev_usd_mn") & rows["region"].isin(["RUS", "BLR", "KAZ"])]
    assert ((rows["mean"] - rows["mean_q"]).abs() < 4 * rows["sd"] / np.sqrt(1000)).all()
    assert np.allclose(rows["sd"], rows["sd_q"], rtol=0.15)


LEVELS = ("trade", "value_added")
"""Factors of single sectors beside which stands a level that is common to all."""


def with_variance_in(folder, suffix):
    """The shipped table with each elasticity's variance all in the sectors' own factors ("") or all in the levels."""
    table = data.table("parameters/distributions").set_index("factor")
    for name in LEVELS:
        both = table.loc[[name, f"{name}_level"], "value"]
        table.loc[name + suffix, "value"] = np.sqrt((both**2).sum())
    dropped = [name + ("_level" if suffix == "" else "") for name in LEVELS]
    table.drop(dropped).reset_index().to_csv(folder / "own.csv", index=False)
    return folder / "own.csv"


@pytest.mark.slow
def test_what_correlation_does_to_bands_is_as_the_page_says(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "sensitivity.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)`, ([A-Z]{3}) \|(.+)\|$", page, flags=re.MULTILINE)
    assert len(rows) == 4
    for column, suffix in enumerate(("", None, "_level")):
        table = None if suffix is None else with_variance_in(tmp_path, suffix)
        ask = {"method": "quadrature", "table": table, "execution": Execution(2)}
        found = sensitivity("union-2010-07", "union-2011", **ask).bands
        found = found[found["indicator"] == "ev_pct_consumption"].set_index(["regime", "region"])
        for regime, region, cells in rows:
            ends = [float(end) for end in cells.split("|")[column].split(" to ")]
            assert found.loc[(regime, region), ["low", "high"]].tolist() == pytest.approx(ends, abs=0.006)


def test_bands_of_differences_are_those_of_the_same_points(quick):
    both = quick("quadrature")
    found = differences(both).bands.set_index(["region", "indicator"])
    wide = both.draws.pivot_table(index="draw", columns="regime", values="ev_usd_mn[KAZ]")
    gap = wide["borders"] - wide["union-2010-07"]
    row = found.loc[("KAZ", "ev_usd_mn")]
    assert row["regime"] == "borders minus union-2010-07"
    assert (row["mean"], row["sd"]) == pytest.approx((gap.mean(), gap.std(ddof=0)))
    alone = both.bands.set_index(["regime", "region", "indicator"])["central"]
    apart = alone["borders", "KAZ", "ev_usd_mn"] - alone["union-2010-07", "KAZ", "ev_usd_mn"]
    assert row["central"] == pytest.approx(apart)
    by_factor = both.derivatives.query("indicator == 'ev_usd_mn' and region == 'KAZ'")
    wide = by_factor.pivot(index=["group", "factor"], columns="regime", values="per_sd")
    square = (wide["borders"] - wide["union-2010-07"]).pow(2).groupby("group").sum()
    shares = differences(both).shares.query("indicator == 'ev_usd_mn' and region == 'KAZ'")
    shares = shares.set_index("group")["first"]
    assert shares.to_numpy() == pytest.approx((square / square.sum())[shares.index].to_numpy())
    with pytest.raises(SensitivityError, match="two regimes"):
        differences(both, ["borders"])


def test_closures_are_swept_and_what_cannot_be_asked_has_its_reason():
    ask = {"closures": ("default", "short-run", "no-such"), "base": small_base_year()}
    found = closure_sweep(CUSTOMS, **ask)
    pool = LocalPool(2)
    try:
        together = closure_sweep(CUSTOMS, **ask, pool=pool)
    finally:
        pool.close()
    pd.testing.assert_frame_equal(together, found, check_exact=True)
    values = found[(found["indicator"] == "ev_usd_mn") & (found["region"] == "KAZ")].set_index("closure")[
        "value"
    ]
    by_hand = run(CUSTOMS, closure="short-run", base=small_base_year())["union-2010-07"]
    assert values["short-run"] == pytest.approx(float(by_hand.indicators.loc["KAZ", "ev_usd_mn"]))
    assert values["default"] != pytest.approx(values["short-run"])
    assert found[found["closure"] == "no-such"]["reason"].str.contains("Unknown closure").all()


def test_the_share_of_the_sam_is_the_variance_between_base_years():
    base = small_base_year()
    richer = replace(base.benchmark, import_tariff=base.benchmark.import_tariff * 1.0)
    ask = {"method": "quadrature", "factors": ["destinations"], "execution": Execution(1)}
    alike = across({"one": base, "same": replace(base, benchmark=richer)}, CUSTOMS, **ask).bands
    assert alike["sam"].max() == pytest.approx(0.0, abs=1e-12)
    flat = replace(base.benchmark, sigma_armington=0.5 * base.benchmark.sigma_armington)
    found = across({"one": base, "flat": replace(base, benchmark=flat)}, CUSTOMS, **ask)
    row = found.bands.set_index(["region", "indicator"]).loc[("KAZ", "ev_usd_mn")]
    one, two = (
        each.bands.set_index(["region", "indicator"]).loc[("KAZ", "ev_usd_mn")]
        for each in found.each.values()
    )
    pooled = np.concatenate([each.draws["ev_usd_mn[KAZ]"].to_numpy() for each in found.each.values()])
    assert (row["mean"], row["sd"]) == pytest.approx((pooled.mean(), pooled.std()))
    between = ((one["mean"] - two["mean"]) / 2.0) ** 2
    assert row["sam"] == pytest.approx(between / pooled.var())
    with pytest.raises(SensitivityError, match="two base years"):
        across({"one": base}, CUSTOMS)
    with pytest.raises(SensitivityError, match="morris gives no variance"):
        across({"one": base, "flat": base}, CUSTOMS, method="morris")
