"""The welfare decomposition: sums, known answers, convergence, and that nothing is forgotten."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from eacu.calibration.market_structure import MarketStructure, with_market_structure
from eacu.model import welfare as module
from eacu.model.closures import CLOSURES
from eacu.model.derivatives import POOLING, legs
from eacu.model.economy import build_economy
from eacu.model.engine import compile_model, solve_system
from eacu.model.results import Solution
from eacu.model.welfare import ORDER, Path, Piece, Welfare
from eacu.model.welfare_terms import (
    TERMS,
    allocative,
    export_duties,
    foreign_capital,
    migration,
    pool,
    terms_of_trade,
)
from tests.support.properties import shock_everything
from tests.support.synthetic import synthetic_benchmark

MEMBERS = ("RUS", "KAZ")
ROUGH = {"tolerance": 1e-3, "most_points": 8}


def solved(benchmark, change, closure="default", members=MEMBERS) -> Solution:
    """The solution of the economy after ``change(model)``."""
    m = build_economy(benchmark, closure)
    system = compile_model(m)
    solve_system(system)
    change(m)
    system.refresh()
    record = solve_system(system)
    system.write_back(system.values)
    return Solution.from_model(m, record, members, system)


def half_of_every_shock(m) -> None:
    """Every exogenous variable moved by half of what the property checks do to it; the pool of duties wholly."""
    shock_everything(m, MEMBERS)
    for variable in m.component_data_objects(pyo.Var):
        name = variable.parent_component().name
        if variable.fixed and name not in POOLING:
            start = m.benchmark_values[name][variable.index()]
            variable.set_value(start + 0.5 * (variable.value - start))


def decomposed(solution: Solution, **options) -> Welfare:
    return module.decompose(solution._equations(), solution.base, solution.state, **options)


@pytest.fixture(scope="module")
def small():
    return synthetic_benchmark(("RUS", "KAZ", "ROW"), ("oil", "mac", "trn"), seed=1)


@pytest.fixture(scope="module")
def firms(small):
    """The same with a sector under monopolistic competition."""
    row = {"sector": "mac", "structure": "krugman", "sigma": 2.5, "specific_capital": 0.5}
    return with_market_structure(small, MarketStructure.from_table(pd.DataFrame([row]), "test"))


@pytest.fixture(scope="module")
def shocked(small) -> Solution:
    """Every instrument moved, duties pooled; labour and capital move between regions."""
    return solved(small, half_of_every_shock, "migration+mobile-in-union")


@pytest.mark.parametrize("closure", ["default", "savings-driven"])
def test_with_varieties_the_terms_sum_to_the_equivalent_variation(firms, closure):
    """Without the variety term they do not, and where firms make no goods of their own it does not occur."""
    solution = solved(firms, half_of_every_shock, closure)
    found = decomposed(solution, **ROUGH)
    ev = solution.regions["ev_usd_mn"]
    assert found.by("term").sum(axis=1).to_numpy() == pytest.approx(ev.to_numpy(), rel=1e-9)
    assert found.accuracy <= 1e-3, "before what is left over is spread"
    assert set(found.terms.loc[found.terms["term"] == "variety", "sector"]) == {"mac"}
    assert found.by("term")["variety"].abs().min() > 0.01


@pytest.mark.parametrize("closure", [*CLOSURES, "short-run+wage-curve+deficit+migration"])
def test_terms_sum_to_the_equivalent_variation_under_every_closure(small, closure):
    solution = solved(small, half_of_every_shock, closure)
    found = decomposed(solution, **ROUGH)
    ev = solution.regions["ev_usd_mn"]
    assert ev.abs().min() > 0.01
    assert found.by("term").sum(axis=1).to_numpy() == pytest.approx(ev.to_numpy(), rel=1e-9)
    assert found.accuracy <= 1e-3, "before what is left over is spread"
    assert set(found.terms["term"]) <= set(ORDER)


def leg_of(solution: Solution, number: int) -> Path:
    equations = solution._equations()
    start, end = legs(equations, solution.base, solution.state)[number]
    return Path(equations, solution.base, start, end)


@pytest.fixture(scope="module")
def leg(shocked) -> Path:
    """The first leg of the shock: everything but the pool."""
    return leg_of(shocked, 0)


@pytest.fixture(scope="module")
def pieces(leg) -> list[Piece]:
    """All of the leg in 2, 4 and 8 steps."""
    return [Piece(leg, 0.0, 1.0, steps) for steps in (2, 4, 8)]


def gap(piece: Piece, leg: Path, values: np.ndarray) -> np.ndarray:
    return np.abs(leg.by_term(values).sum(axis=1) - piece.total)


def test_without_extrapolation_the_steps_converge_at_second_order(leg, pieces):
    gaps = [gap(piece, leg, piece.plain)[: len(MEMBERS)] for piece in pieces]  # the third region hardly moves
    assert gaps[0].min() > 1e-4
    for coarse, fine in pairwise(gaps):
        assert coarse / fine == pytest.approx(4.0, rel=0.15)
    errors = [float(np.abs(piece.plain - pieces[-1].best).sum()) for piece in pieces]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)


def test_extrapolation_is_far_more_accurate(leg, pieces):
    finest = pieces[-1]
    assert gap(finest, leg, finest.best).max() < 1e-3 * gap(finest, leg, finest.plain).max()
    errors = [float(piece.error.max()) for piece in pieces]
    assert errors == sorted(errors, reverse=True)


def test_every_term_is_needed(leg, pieces):
    """With all terms the gap is small; without any one of them it is not."""
    piece = pieces[-1]
    largest = np.abs(leg.by_term(piece.best)).max()
    assert gap(piece, leg, piece.best).max() < 1e-6 * largest
    terms = leg.labels.get_level_values("term")
    assert {part.term for term in TERMS for part in term(leg.step(0.0, 1.0))} == set(ORDER)
    assert set(terms) == set(ORDER) - {"variety"}  # nobody makes varieties in the small economy
    for term in set(terms) - {"pool transfer", "foreign firms"}:  # the small economy has no foreign firms
        assert gap(piece, leg, np.where(terms == term, 0.0, piece.best)).max() > 1e-5 * largest, term


def test_the_world_neither_gains_nor_loses_by_its_terms_of_trade(leg, pieces):
    """In money and in the limit of small steps: what one region is paid another pays."""
    sums, sizes = [], []
    for piece in pieces:
        parts = [part.values for ends in piece.cut(piece.steps) for part in terms_of_trade(leg.step(*ends))]
        sums.append(abs(sum(part.sum() for part in parts)))
        sizes.append(sum(part.abs().sum() for part in parts))
    assert sums[-1] < 1e-3 * sizes[-1]
    for coarse, fine in pairwise(sums):
        assert coarse / fine == pytest.approx(4.0, rel=0.3)


@pytest.mark.parametrize("term", [pool, export_duties])
def test_transfers_between_governments_sum_to_zero(shocked, term):
    number = 1 if term is pool else 0
    *_, part = term(leg_of(shocked, number).step(0.0, 1.0))
    assert part.detail == ("" if term is pool else "passed on")
    assert part.values.abs().max() > 0.1
    assert part.values.sum() == pytest.approx(0.0, abs=1e-9)


def test_what_importers_pay_in_export_duty_exporters_get_flow_by_flow(leg):
    exporter, importer = (p for p in export_duties(leg.step(0.0, 1.0)) if p.detail == "paid to the exporter")
    assert (exporter.region, importer.region) == ("source", "importer")
    assert exporter.values.abs().max() > 0.1
    assert (exporter.values + importer.values).abs().max() == 0.0


def test_wages_sent_home_and_capital_income_sum_to_zero(leg):
    step = leg.step(0.0, 1.0)
    sent = [part.values.sum() for part in migration(step) if part.detail.startswith("sent home")]
    assert abs(sent[0]) > 0.1
    assert sum(sent) == pytest.approx(0.0, abs=1e-9)
    (income,) = (part.values for part in foreign_capital(step) if part.detail == "income")
    assert income.abs().max() > 1e-3
    assert income.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.fixture(scope="module")
def quotas(small) -> Solution:
    """Every instrument moved, and three quotas: one is not used up, one binds, one is exceeded."""

    def with_quotas(m):
        half_of_every_shock(m)
        for flow, quota, duty in zip(m.quota_flows, (1.9, 0.8, 0.5), (0.5, 5.0, 0.06), strict=True):
            m.quota[flow].set_value(quota)
            m.over_quota_duty[flow].set_value(duty)

    solution = solved(small, with_quotas, "tariff-rate-quota")
    scarcity = solution.state["quota_scarcity"].to_numpy()
    assert scarcity[0] == 0.0
    assert 0.0 < scarcity[1] < 1.0
    assert scarcity[2] == 1.0
    return solution


def test_kinks_of_the_path_are_found(quotas):
    """Quotas that begin to bind and are exceeded on the way: the pieces around them are cut until it tells no more."""
    found = decomposed(quotas, tolerance=1e-5)
    assert found.accuracy <= 1e-5
    assert found.by()["rents"].abs().max() > 0.1


def test_what_an_exporter_collects_is_wedge_and_quantity(quotas):
    """By flow, with its export tax and above its quota."""
    step = leg_of(quotas, 0).step(0.0, 1.0)
    flows = list(quotas.benchmark.quota_flows)
    assert step.end.above_quota[flows].to_numpy()[[0, 1]] == pytest.approx(0.0, abs=1e-6)
    assert step.end.above_quota[flows].to_numpy()[2] > 0.1
    wedge = next(part for part in export_duties(step) if part.region == "source")
    quantity = next(part for part in allocative(step) if part.detail == "export tax")
    ends = (snapshot.on_flows(snapshot.price("export_duty")) for snapshot in (step.start, step.end))
    before, after = (duty[flows].to_numpy() for duty in ends)
    assert np.abs(after - before).min() > 1e-3
    assert (wedge.values + quantity.values)[flows].to_numpy() == pytest.approx(after - before, abs=1e-6)


def test_nothing_changes_nothing(small):
    for change in (lambda m: None, lambda m: m.numeraire.set_value(1.1)):
        found = decomposed(solved(small, change))
        assert found.total.abs().max() < 1e-8
        assert found.by().abs().to_numpy().max(initial=0.0) < 1e-8
        assert found.accuracy < 1e-7


def test_levels_are_sums_of_finer_ones(shocked):
    found = decomposed(shocked, **ROUGH)
    fine = found.by("term", "detail", "sector", "partner")
    assert fine.T.groupby("term").sum().T.to_numpy() == pytest.approx(
        found.by()[sorted(found.by())].to_numpy(), abs=1e-9
    )
    assert {"import tariff", "export tax", "sales tax, household"} <= set(
        found.by("term", "detail")["allocative"]
    )
    partners = found.terms.query("term == 'terms of trade' and detail == 'imports'")
    assert set(partners["partner"]) == {"RUS", "KAZ", "ROW"}
    assert "agree with the total" in str(found)


# ---- a small open economy: region A of the mirror economy against a world of fixed prices ----


@pytest.fixture
def small_open(mirror):
    """Region B buys and sells one good of one price, made from labour: its prices do not move."""

    def build(**numbers):
        b = mirror(**numbers)
        perfect = {}
        for name in ("sigma_armington", "omega_supply"):
            series = getattr(b, name).copy()
            series.loc[("x", "B")] = np.inf
            perfect[name] = series
        return replace(b, **perfect)

    return build


def terms_of_a(solution: Solution) -> tuple[pd.Series, float]:
    """Terms of region A above rounding, and its equivalent variation."""
    found = decomposed(solution, tolerance=1e-7)
    assert found.accuracy <= 1e-7
    terms = found.by().loc["A"]
    return terms[terms.abs() > 1e-8], float(solution.regions.loc["A", "ev_usd_mn"])


def test_a_tariff_of_a_small_country_is_a_triangle(small_open):
    rate = 0.02
    solution = solved(
        small_open(tariff=0.0), lambda m: m.import_tariff["x", "B", "A"].set_value(rate), members=("A", "B")
    )
    terms, ev = terms_of_a(solution)
    assert list(terms.index) == ["allocative"]
    lost = 20.0 * (solution.state["shipments"]["x", "B", "A"] - 1)
    assert ev < 0
    assert ev == pytest.approx(0.5 * rate * lost, rel=0.02)


def test_a_rent_kept_at_home_costs_what_a_tariff_costs(small_open):
    """And one that foreigners keep costs its whole amount."""
    flow, rate = ("x", "B", "A"), 0.05
    terms = {}
    for name, holder in (("import_tariff", 0.0), ("rent", 0.0), ("rent", 1.0)):

        def change(m, name=name, holder=holder):
            m.component(name)[flow].set_value(rate)
            m.rent_to_exporter[flow].set_value(holder)

        solution = solved(small_open(tariff=0.0), change, members=("A", "B"))
        terms[name, holder], ev = terms_of_a(solution)
        assert terms[name, holder].sum() == pytest.approx(ev, rel=1e-9)
    assert list(terms["import_tariff", 0.0].index) == ["allocative"]
    assert list(terms["rent", 0.0].index) == list(terms["rent", 1.0].index) == ["rents"]
    assert terms["rent", 0.0]["rents"] == pytest.approx(terms["import_tariff", 0.0]["allocative"], rel=1e-6)
    paid = rate * 20.0 * (1 + solution.state["shipments"][flow]) / 2
    assert terms["rent", 1.0]["rents"] == pytest.approx(-paid, rel=0.02)


FLOW = ("x", "B", "A")


def under_agreement(b):
    """The benchmark with the import of region A named as one that a quota may apply to."""
    return replace(b, quota_flows=(FLOW,))


def taxed(m) -> None:
    m.export_tax[FLOW].set_value(0.05)


def test_an_export_duty_is_what_one_region_pays_the_other(small_open):
    """The seller's price is given, so that the importer bears it all; without an agreement it is terms of trade."""
    b = small_open(tariff=0.0)
    solution = solved(under_agreement(b), taxed, members=("A", "B"))
    found = decomposed(solution)
    duty = found.by("term", "detail")["oil duty transfer"]["paid to the exporter"]
    paid = 0.05 * 20.0 * (1 + solution.state["shipments"][FLOW]) / 2
    assert duty["B"] == pytest.approx(paid, rel=1e-2)
    assert duty["A"] == pytest.approx(-paid, rel=0.02)
    rows = found.terms.query("term == 'oil duty transfer'").set_index(["region", "sector", "partner"])[
        "value"
    ]
    assert set(rows.index) == {("A", "x", "B"), ("B", "x", "A")}
    prices = solution.state["supernumerary_price"]
    worth = duty * (1 + prices / solution.state.scalar("numeraire")) / 2
    assert worth.sum() == pytest.approx(0.0, abs=1e-3 * paid), "but for the price of what it buys, zero"
    terms, _ = terms_of_a(solution)
    assert list(terms.index) == ["oil duty transfer"], "and nothing of it stands elsewhere"
    plain, _ = terms_of_a(solved(b, taxed, members=("A", "B")))
    assert list(plain.index) == ["terms of trade"]
    assert plain["terms of trade"] == pytest.approx(terms["oil duty transfer"], rel=1e-9)


def test_a_duty_above_no_quota_at_all_is_an_export_tax(small_open):
    """Term by term, and of what a quota lets in free of duty the importer keeps the rent."""
    b = under_agreement(small_open(tariff=0.0))

    def above(quota):
        def change(m):
            m.quota[FLOW].set_value(quota)
            m.over_quota_duty[FLOW].set_value(0.05)

        return solved(b, change, "tariff-rate-quota", members=("A", "B"))

    levels = ("term", "detail", "sector", "partner")
    tax = decomposed(solved(b, taxed, members=("A", "B"))).by(*levels)
    nothing_free = decomposed(above(0.0)).by(*levels)
    assert set(nothing_free) == set(tax)
    assert nothing_free[list(tax)].to_numpy() == pytest.approx(tax.to_numpy(), abs=1e-6)
    half = decomposed(above(0.5))
    assert half.accuracy <= 1e-7
    duty = half.by()["oil duty transfer"]
    full = tax["oil duty transfer"].sum(axis=1)
    shipped = 0.5 * (1 + solved(b, taxed, members=("A", "B")).state["shipments"][FLOW])
    assert duty["B"] / full["B"] == pytest.approx((shipped - 0.5) / shipped, rel=0.02)
    assert "rents" not in half.by() or half.by()["rents"].abs().max() < 1e-6, "the holder is the buyer"


def test_a_gift_is_worth_itself(small_open):
    def give(m):
        m.foreign_savings["A"].set_value(5.0)
        m.foreign_savings["B"].set_value(-5.0)

    solution = solved(small_open(tariff=0.0), give, members=("A", "B"))
    terms, ev = terms_of_a(solution)
    assert list(terms.index) == ["savings"]
    price = solution.state["supernumerary_price"]["A"]
    assert 5.0 / price < ev < 5.0, "home goods become dearer on the way"


@pytest.mark.parametrize(("name", "key"), [("endowment", ("unskilled", "A")), ("productivity", ("x", "A"))])
def test_one_per_cent_more_is_its_own_term(small_open, name, key):
    solution = solved(
        small_open(tariff=0.0), lambda m: m.component(name)[key].set_value(1.01), members=("A", "B")
    )
    terms, ev = terms_of_a(solution)
    assert list(terms.index) == ["endowment" if name == "endowment" else "technology"]
    wages = solution.state["factor_price"]["unskilled", "A"] * 1.01
    assert 1.0 * min(wages, 1.0) * 0.99 < ev < 1.0 * 1.01, "one per cent of an income of 100"


def test_what_no_longer_melts_is_worth_what_was_paid_for_it(small_open):
    solution = solved(
        small_open(tariff=0.0), lambda m: m.iceberg["x", "B", "A"].set_value(0.99), members=("A", "B")
    )
    terms, ev = terms_of_a(solution)
    assert list(terms.index) == ["technology"]
    shipped = solution.state["shipments"]["x", "B", "A"]
    assert ev == pytest.approx(-np.log(0.99) * 20.0 * (1 + shipped) / 2, rel=5e-3)


def test_more_people_live_on_the_same_income(small_open):
    """At unchanged prices the committed purchases of ten per cent more people are what the others give up."""
    solution = solved(small_open(tariff=0.0), lambda m: m.population["A"].set_value(1.1), members=("A", "B"))
    found = decomposed(solution)
    assert found.points == 1, found.accuracy
    assert found.total["A"] == pytest.approx(0.0, abs=1e-8)
    assert found.by().abs().to_numpy().max(initial=0.0) < 1e-7
