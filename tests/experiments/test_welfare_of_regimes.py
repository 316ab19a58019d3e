"""The welfare decomposition on the shipped base year: a quota on the way, migrants, borders, remitted duties."""

from __future__ import annotations

import pytest

from eacu.experiments.run import Run, run
from eacu.model.welfare import Welfare

REGIMES = ("oil-2010", "ces-2012")


@pytest.fixture(scope="module")
def solved() -> Run:
    return run(*REGIMES)


@pytest.fixture(scope="module")
def found(solved) -> dict[str, Welfare]:
    return {regime.name: regime.solution.welfare() for regime in solved}


@pytest.mark.parametrize("name", REGIMES)
def test_terms_sum_to_the_equivalent_variation(solved, found, name):
    ev = solved[name].indicators["ev_usd_mn"]
    assert found[name].by().sum(axis=1).to_numpy() == pytest.approx(ev.to_numpy(), rel=1e-9)
    assert found[name].accuracy <= 1e-6


def test_what_belarus_pays_above_the_quota_russia_collects(found):
    """But for the fall of shipments, the duty on which Russia does not get."""
    table = found["oil-2010"].by("term", "detail")["rents"]
    assert table.loc["BLR", "imports"] < 0 < table.loc["RUS", "duty above quota"]
    assert table.loc["RUS", "duty above quota"] < -table.loc["BLR", "imports"]
    assert table.drop(index=["RUS", "BLR"]).abs().to_numpy().max() < 1


def test_each_mechanism_has_its_term(solved, found):
    table = found["ces-2012"].by()
    solution = solved["ces-2012"].solution
    passed_on = solution.regions["oil_duty_transfer_usd_mn"]
    assert table["oil duty transfer"]["RUS"] == pytest.approx(passed_on["RUS"], rel=0.05)
    assert table["oil duty transfer"]["BLR"] == pytest.approx(passed_on["BLR"], rel=0.05)
    assert (table.loc[["RUS", "BLR", "KAZ"], "technology"] > 0).all(), "borders are cheaper to cross"
    assert table["migration"].abs().max() > 1
    assert set(table) >= {"allocative", "terms of trade", "pool transfer", "rents"}
    assert not set(table) & {"government", "savings", "endowment", "population"}
