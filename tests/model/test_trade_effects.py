"""Trade creation and diversion: definitions on a case worked by hand, and sums on a solved economy."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from eacu.model.economy import build_economy
from eacu.model.engine import solve
from eacu.model.results import Solution
from eacu.model.state import State
from eacu.model.trade_effects import EFFECTS, trade_effects
from tests.support.synthetic import synthetic_benchmark

MEMBERS = ("RUS", "BLR", "KAZ")


@pytest.fixture(scope="module")
def union() -> Solution:
    """Free trade inside, a tariff of twelve per cent outside."""
    m = build_economy(synthetic_benchmark(seed=1))
    for key in m.import_tariff:
        if key[2] in MEMBERS and key[1] != key[2]:
            m.import_tariff[key].set_value(0.0 if key[1] in MEMBERS else 0.12)
    solve(m)
    return Solution.from_model(m, None, MEMBERS)


def by_hand(b, importer: str, sector: str, changes: dict[str, float], home: float = 0.0) -> pd.Series:
    """Effects when imports of one good by one importer change by these amounts and nothing else does."""
    shipments = pd.Series(1.0, index=b.cif.index)
    for source, change in changes.items():
        flow = (sector, source, importer)
        shipments[flow] = 1 + change / b.cif[flow]
    domestic = pd.Series(1.0, index=b.domestic_sales.index)
    domestic[sector, importer] = 1 + home / b.domestic_sales[sector, importer]
    x = State({"shipments": shipments, "domestic_demand": domestic})
    return trade_effects(b, x, MEMBERS).loc[importer, sector]


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [
        (3.0, -1.0, {"creation": 2.0, "diversion": 1.0}),
        (1.0, -3.0, {"diversion": 1.0, "suppression": 2.0}),
        (2.0, 0.5, {"creation": 2.0, "outside_creation": 0.5}),
        (-2.0, 0.5, {"return": 0.5, "inside_suppression": 1.5}),
        (-0.5, 2.0, {"return": 0.5, "outside_creation": 1.5}),
        (-1.0, -2.0, {"inside_suppression": 1.0, "suppression": 2.0}),
        (0.0, 0.0, {}),
    ],
)
def test_definitions(inside, outside, expected):
    b = synthetic_benchmark(seed=1)
    flows = [k for k in b.cif.index if k[2] == "KAZ" and k[0] == "mac"]
    assert {"RUS", "ROW"} <= {source for _, source, _ in flows}
    found = by_hand(b, "KAZ", "mac", {"RUS": inside, "ROW": outside}, home=-0.25)
    assert found[["inside_change", "outside_change", "home_change"]].tolist() == pytest.approx(
        [inside, outside, -0.25]
    )
    for name in EFFECTS:
        assert found[name] == pytest.approx(expected.get(name, 0.0), abs=1e-9), name


def test_effects_are_volumes_that_add_up(union):
    found = union.trade_effects()
    assert (found[list(EFFECTS)] >= 0).all(axis=None)
    inside = found["creation"] + found["diversion"] - found["return"] - found["inside_suppression"]
    outside = found["outside_creation"] + found["return"] - found["diversion"] - found["suppression"]
    assert inside.to_numpy() == pytest.approx(found["inside_change"].to_numpy(), abs=1e-9)
    assert outside.to_numpy() == pytest.approx(found["outside_change"].to_numpy(), abs=1e-9)
    assert found.loc[list(MEMBERS), "diversion"].sum() > 0.1
    assert found.loc[list(MEMBERS), "creation"].sum() > 0.1
    assert (found.loc["ROW", ["inside_change", "creation", "diversion"]] == 0).all(axis=None)


def test_the_world_outside_agrees_with_the_solution(union):
    """Sums over partners are the changes of imports that the tidy results report."""
    found = union.trade_effects()
    frame = union.frame().query("variable == 'imports' and region != partner")
    expected = frame.groupby("region")["change"].sum()
    total = (found["inside_change"] + found["outside_change"]).groupby("importer").sum()
    assert total.reindex(expected.index).to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)


def test_parts_of_partners_add_up_to_their_change_and_to_the_group(union):
    flows = union.trade_effects_by_partner()
    assert flows[list(EFFECTS)].sum(axis=1).to_numpy() == pytest.approx(flows["change"].to_numpy(), abs=1e-9)
    sums = flows.groupby(["importer", "sector"])[["diversion", "return"]].sum()
    assert sums.abs().to_numpy().max() < 1e-9
    group = union.trade_effects()
    inside = flows[flows["group"] == "inside"].groupby(["importer", "sector"])["diversion"].sum()
    assert inside.to_numpy() == pytest.approx(group["diversion"].reindex(inside.index).to_numpy(), abs=1e-9)


def test_unknown_member(union):
    with pytest.raises(ValueError, match="Did you mean 'RUS'"):
        replace(union, members=("RSU", "BLR")).trade_effects()
