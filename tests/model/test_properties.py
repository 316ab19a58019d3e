"""What must be true of every solution: Walras, balance, homogeneity, a neutral union; and mutations are caught."""

import numpy as np
import pyomo.environ as pyo
import pytest

from eacu.calibration.sam import SamError
from eacu.model.checks import (
    HOMOGENEITY,
    WALRAS,
    price_homogeneity,
    rebuild_sam,
    sam_gap,
    scale_homogeneity,
    union_neutrality,
    walras,
)
from eacu.model.closures import CLOSURES, COMPLEMENTARITIES
from eacu.model.economy import build_economy
from eacu.model.engine import solve
from tests.support.ipopt import ipopt_values
from tests.support.synthetic import synthetic_benchmark

MEMBERS = ("RUS", "BLR", "KAZ")

SHOCKS = {
    "import_tariff": lambda v: 0.15,
    "export_tax": lambda v: v + 0.1,
    "iceberg": lambda v: 1.05,
    "sales_tax": lambda v: v + 0.05,
    "production_tax": lambda v: v + 0.03,
    "factor_tax": lambda v: v + 0.04,
    "direct_tax": lambda v: v + 0.05,
    "productivity": lambda v: 0.97,
    "population": lambda v: 1.02,
    "investment": lambda v: 1.05,
    "government_consumption": lambda v: 0.95,
    "government_savings": lambda v: v + 1.0,
}


def shock(m, name, regions=MEMBERS):
    """Change one instrument for the members, wherever they are the last index."""
    for key in m.component(name):
        last = key[-1] if isinstance(key, tuple) else key
        if last in regions:
            variable = m.component(name)[key]
            assert variable.fixed
            variable.set_value(SHOCKS[name](variable.value))


@pytest.mark.parametrize("name", SHOCKS)
def test_every_instrument_leaves_the_dropped_market_cleared_and_the_sam_balanced(model, name):
    shock(model, name)
    record = solve(model)
    assert record.iterations > 0
    assert walras(model) <= WALRAS / 1e4
    assert sam_gap(model) <= 1e-11


@pytest.mark.parametrize("closure", CLOSURES)
def test_homogeneity_and_neutral_union(closure):
    m = build_economy(synthetic_benchmark(seed=2), closure)
    shock(m, "import_tariff")
    shock(m, "productivity", ("KAZ",))
    solve(m)
    assert price_homogeneity(m) <= HOMOGENEITY / 1e2
    assert scale_homogeneity(m) <= HOMOGENEITY / 1e2
    assert union_neutrality(m, MEMBERS) <= HOMOGENEITY / 1e2


def test_a_union_that_nobody_pays_into_is_refused():
    m = build_economy(synthetic_benchmark(seed=1, taxes=False))
    with pytest.raises(ValueError, match="nothing to share"):
        union_neutrality(m, MEMBERS)


def test_pooling_moves_exactly_the_keys_share(shocked):
    m = shocked
    for r, key in zip(MEMBERS, (0.5, 0.2, 0.3), strict=True):
        m.union_member[r].set_value(1.0)
        m.pooled[r].set_value(1.0)
        m.pool_share[r].set_value(key)
    solve(m)
    outside = {
        s: sum(pyo.value(m.duty[f]) for f in m.flows if f[2] == s and f[1] not in MEMBERS) for s in MEMBERS
    }
    total = sum(outside.values())
    assert total > 0
    for r, key in zip(MEMBERS, (0.5, 0.2, 0.3), strict=True):
        assert m.tariff_received[r].value - m.tariff_collected[r].value == pytest.approx(
            key * total - outside[r]
        )
    assert sum(pyo.value(m.pool_transfer[r]) for r in m.R) == pytest.approx(0, abs=1e-10)
    assert pyo.value(m.pool_transfer["ROW"]) == pytest.approx(0, abs=1e-12)
    pool = rebuild_sam(m).table.query("column_account == 'pool'").set_index("row_region")["value"]
    assert pool.sum() == pytest.approx(0, abs=1e-10)
    assert set(pool.index) == set(MEMBERS)


def test_the_transfer_is_worth_its_amount_to_the_receiver(model):
    """Keys that take from one member and give to another: incomes move by that amount, the world's does not."""
    m = model
    for r, key in zip(MEMBERS, (0.0, 0.0, 1.0), strict=True):
        m.union_member[r].set_value(1.0)
        m.pooled[r].set_value(1.0)
        m.pool_share[r].set_value(key)
    before = {r: m.household_spending[r].value for r in m.R}
    solve(m)
    assert m.household_spending["KAZ"].value > before["KAZ"]
    assert m.household_spending["RUS"].value < before["RUS"]
    assert walras(m) <= 1e-13


MUTATIONS = {
    "duty is paid by the importer but only half is collected": (
        "income_tariff_collected",
        lambda m, r: m.tariff_collected[r] == 0.5 * sum(m.duty[g, s, r] for g, s in m.import_flows_of[r]),
    ),
    "part of the pool vanishes": (
        "income_tariff_received",
        lambda m, r: m.tariff_received[r] == 0.9 * m.tariff_collected[r],
    ),
    "household income leaves out the transfer": (
        "income_household",
        lambda m, r: (
            m.disposable_income[r] == (1 - m.direct_tax[r]) * m.factor_income[r] + m.benchmark.transfer[r]
        ),
    ),
    "investment is not paid by foreign savings' price": (
        "budget_savings",
        lambda m, r: (
            m.investment0[r] * m.investment[r] * m.investment_price[r]
            == m.household_savings[r] + m.government_savings[r] + m.foreign_savings[r]
        ),
    ),
    "a melted unit is not shipped": (
        "market_flow",
        lambda m, g, r, s: m.flow_supply[g, r, s] == m.arrivals[g, r, s],
    ),
    "investment goods are not bought": (
        "market_composite",
        lambda m, i, r: (
            m.absorption0[i, r] * m.composite[i, r]
            == sum(m.intermediate0[i, j, r] * m.activity[j, r] for j in m.users[i, r])
            + (m.household_demand0[i, r] * m.household_demand[i, r] if (i, r) in m.household_goods else 0)
            + (m.government_demand0[i, r] if (i, r) in m.government_goods else 0)
            + (m.investment_demand0[i, r] if (i, r) in m.investment_goods else 0)
        ),
    ),
    "factor demand ignores the premium of its own tax": (
        "demand_factor",
        lambda m, f, j, r: (
            m.factor_use[f, j, r]
            == m.activity[j, r] * (m.value_added_price[j, r] / m.rental[f, j, r]) ** m.sigma_value_added[j, r]
        ),
    ),
}


def _solution_is_refused(m, without_duties):
    """Shock the model and say whether the dropped market or the rebuilt SAM betrays a fault."""
    if without_duties:  # a mutation of duties must hold in the benchmark to be insidious
        for key in m.import_tariff:
            m.import_tariff[key].set_value(0.0)
    for name in (
        "import_tariff",
        "iceberg",
        "factor_tax",
        "investment",
        "government_savings",
        "productivity",
    ):
        shock(m, name)
    solve(m)
    try:
        rebuild_sam(m)
    except SamError:
        return True
    return walras(m) > WALRAS


@pytest.mark.parametrize("description", [None, *MUTATIONS])
def test_only_a_broken_equation_is_caught(model, description):
    """Each mutation betrays itself after a shock; the model as it is (None) passes the same trial."""
    m = model
    name = None
    if description is not None:
        name, rule = MUTATIONS[description]
        old = m.component(name)
        index = old.index_set()
        m.del_component(old)
        m.add_component(name, pyo.Constraint(index, rule=rule))
    caught = _solution_is_refused(m, name in ("income_tariff_collected", "income_tariff_received"))
    assert caught is (description is not None)


@pytest.mark.parametrize("closure", CLOSURES)
def test_ipopt_finds_the_same_solution(closure):
    m, other = (build_economy(synthetic_benchmark(seed=1), closure) for _ in range(2))
    for economy in (m, other):
        shock(economy, "import_tariff")
        shock(economy, "export_tax")
    solve(m)
    free = {v.name: v.value for v in m.component_data_objects(pyo.Var) if not v.fixed}
    for name in m.closure.conditions:  # Ipopt knows equations only: it is told which conditions do not bind
        for key, condition in m.component(name).items():
            variable = m.component(COMPLEMENTARITIES[name])[key]
            if variable.value < 1e-9:
                assert pyo.value(condition.body) >= pyo.value(condition.upper) - 1e-9
                other.component(name)[key].deactivate()
                other.component(COMPLEMENTARITIES[name])[key].fix(0.0)
                del free[variable.name]
    expected = ipopt_values(other)
    assert set(free) <= set(expected)
    ours = np.array(list(free.values()))
    theirs = np.array([expected[name] for name in free])
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8)
