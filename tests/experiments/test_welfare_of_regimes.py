"""The welfare decomposition on the shipped base year: a quota on the way, migrants, borders, duties on oil."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eacu.experiments.run import Run, run
from eacu.model.welfare import Welfare

REGIMES = ("oil-2010", "oil-2011", "oil-market", "ces-2012", "exit-belarus")
CRUDE = ("oil", "RUS", "BLR")


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


@pytest.mark.parametrize("name", ["oil-2010", "oil-market", "exit-belarus"])
def test_what_belarus_pays_in_duty_on_crude_russia_collects(solved, found, name):
    """Above a quota or on all of it; Russia's revenue is that less the duty on what is no longer shipped."""
    terms = (
        found[name].terms.set_index(["region", "term", "detail", "sector", "partner"])["value"].sort_index()
    )
    crude, russia, belarus = CRUDE
    received = terms[russia, "oil duty transfer", "paid to the exporter", crude, belarus].sum()
    paid = terms[belarus, "oil duty transfer", "paid to the exporter", crude, russia].sum()
    assert paid < 0 < received
    assert received == pytest.approx(-paid, rel=0.05), "but for the prices of what each buys"
    lost = terms[russia, "allocative", "export tax", crude, belarus].sum()
    solution = solved[name].solution
    b, numeraire = solution.benchmark, solution.state.scalar("numeraire")
    revenue = solution.payments.export_tax[CRUDE] / numeraire - b.exports[CRUDE] * b.export_tax[CRUDE]
    assert lost < 0
    assert received + lost == pytest.approx(revenue, rel=0.05)


@pytest.mark.parametrize("name", REGIMES)
def test_duties_on_oil_are_nil_in_sum(found, name):
    table = found[name].by("term", "detail")["oil duty transfer"]
    for detail in table:
        assert table[detail].abs().max() > 500
        assert abs(table[detail].sum()) < 0.02 * table[detail].abs().sum(), detail


def test_a_quota_whose_rent_its_buyer_holds_is_no_rent_between_regions(found):
    assert "rents" not in found["oil-2010"].by() or found["oil-2010"].by()["rents"].abs().max() < 1


def test_the_table_of_the_page_is_current(found):
    page = (Path(__file__).parents[2] / "docs" / "welfare.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| ([A-Z]{3}) \| (.*) \|$", page, flags=re.MULTILINE)
    assert len(rows) == 8
    for regime, region, cells in rows:
        written = [float(cell.replace(",", "")) for cell in cells.split(" | ")]
        terms = found[regime].by("term", "detail").loc[region]
        term, detail = (terms.index.get_level_values(level) for level in ("term", "detail"))
        columns = [terms[term == name].sum() for name in ("allocative", "terms of trade", "pool transfer")]
        columns += [terms[detail == name].sum() for name in ("paid to the exporter", "passed on")]
        columns.append(terms[term == "rents"].sum())
        total = found[regime].total[region]
        assert written == pytest.approx([*columns, total - sum(columns), total], abs=1.0), (regime, region)


def test_each_mechanism_has_its_term(solved, found):
    table, detailed = found["ces-2012"].by(), found["ces-2012"].by("term", "detail")
    solution = solved["ces-2012"].solution
    passed_on, term = solution.regions["oil_duty_transfer_usd_mn"], detailed["oil duty transfer"]["passed on"]
    assert term["RUS"] == pytest.approx(passed_on["RUS"], rel=0.05)
    assert term["BLR"] == pytest.approx(passed_on["BLR"], rel=0.05)
    assert (table.loc[["RUS", "BLR", "KAZ"], "technology"] > 0).all(), "borders are cheaper to cross"
    assert table["migration"].abs().max() > 1
    assert set(table) >= {"allocative", "terms of trade", "pool transfer", "rents"}
    assert not set(table) & {"government", "savings", "endowment", "population"}
