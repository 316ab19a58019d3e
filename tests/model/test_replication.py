"""The benchmark is a solution, block by block and cell by cell, under every closure."""

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.calibration.sam import COLUMNS
from eacu.model.accounts import rebuild_sam
from eacu.model.checks import REPLICATION, ReplicationError, benchmark_residuals, walras
from eacu.model.closures import CLOSURES
from eacu.model.economy import BLOCKS, block_of_equation, build_economy
from eacu.model.engine import solve
from tests.support.synthetic import synthetic_benchmark

CELL = list(COLUMNS[:4])


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("seed", [2, 3])
def test_the_benchmark_is_replicated_without_a_newton_step(seed, closure):
    m = build_economy(synthetic_benchmark(seed=seed), closure)
    replication = benchmark_residuals(m)
    replication.require()
    assert replication.worst <= REPLICATION / 1e3
    in_force = set(m.closure.conditions)
    blocks = [
        b
        for b in BLOCKS
        if any(len(m.component(name)) for name in b.EQUATIONS)
        or in_force & set(getattr(b, "COMPLEMENTARITIES", ()))
    ]
    assert set(replication.by_block.index) == {b.__name__.rpartition(".")[2] for b in blocks}
    assert walras(m) <= 1e-15
    assert solve(m).iterations == 0


@pytest.mark.parametrize("options", [{}, {"taxes": False}, {"intra": ("RUS", "ROW")}])
def test_the_rebuilt_sam_equals_the_benchmark_sam_cell_by_cell(options):
    b = synthetic_benchmark(seed=5, **options)
    rebuilt = rebuild_sam(build_economy(b)).table.set_index(CELL)["value"]
    original = b.sam.set_index(CELL)["value"]
    assert set(rebuilt.index) == set(original.index)
    np.testing.assert_allclose(rebuilt.reindex(original.index), original, rtol=1e-12, atol=1e-10)


def test_every_equation_belongs_to_a_block_and_matches_its_variable_in_number(model):
    blocks = block_of_equation()
    assert {c.name for c in model.component_objects(pyo.Constraint)} <= set(blocks)
    pairs = {name: variable for block in BLOCKS for name, variable in block.EQUATIONS.items()}
    assert {c.name for c in model.component_objects(pyo.Constraint, active=True)} == set(pairs)
    for name in set(pairs) - {"numeraire_definition", "market_factor", "demand_factor"}:
        assert len(model.component(name)) == len(model.component(pairs[name])), name
    free = sum(not v.fixed for v in model.component_data_objects(pyo.Var))
    assert free == sum(len(model.component(name)) for name in pairs)


def test_a_wrong_share_is_reported_with_its_block_and_equation(benchmark):
    m = build_economy(benchmark)
    m.import_tariff["agr", "RUS", "KAZ"].set_value(m.import_tariff["agr", "RUS", "KAZ"].value + 0.01)
    with pytest.raises(ReplicationError, match=r"trade: market_flow\[agr,RUS,KAZ\]"):
        benchmark_residuals(m).require()


def test_a_hole_of_one_in_a_million_is_found():
    b = synthetic_benchmark(seed=1)
    m = build_economy(b)
    m.household_spending["RUS"].set_value(m.household_spending["RUS"].value * (1 + 1e-6))
    with pytest.raises(ReplicationError, match="households"):
        benchmark_residuals(m).require()


def test_other_shapes_of_economy():
    for regions, sectors in [
        (("A", "B"), ("x",)),
        (("A", "B"), ("x", "y")),
        (("A", "B", "C"), tuple("uvwxyz")),
    ]:
        m = build_economy(synthetic_benchmark(regions, sectors, seed=8))
        assert benchmark_residuals(m).worst <= 1e-12
        for key in m.import_tariff:
            m.import_tariff[key].set_value(0.0)
        solve(m)
        assert walras(m) <= 1e-12
