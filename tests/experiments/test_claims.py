"""Claims: the file is checked, measures measure what they say, verdicts follow from the tests."""

from __future__ import annotations

import math
import tomllib

import pandas as pd
import pytest

from eacu.experiments.base_year import load_base_year
from eacu.experiments.claims import (
    CENTRAL,
    CLAIMS_FILE,
    Answer,
    Claim,
    ClaimError,
    Measure,
    Variant,
    answer_claims,
    load_claims,
    scaled,
)
from eacu.experiments.facts import FACTS_FILE, check_facts
from eacu.experiments.run import run
from eacu.experiments.services import with_services


def claim(*tests: dict, **more: object) -> Claim:
    said = {"id": "x", "claim": "X.", "said_by": "nobody", "channel": "none"}
    return Claim.model_validate({**said, "tests": tests, **more})


def stated(**more: object) -> dict:
    return {"says": "it rises", "regime": "pre-union", "region": "KAZ", "indicator": "cpi_pct", **more}


@pytest.mark.parametrize(
    ("central", "other", "verdict"),
    [
        (1.0, 1.0, "holds"),
        (1.0, -1.0, "holds, not in every variant"),
        (-1.0, 1.0, "fails, holds in some variants"),
        (-1.0, -1.0, "fails"),
        (math.nan, math.nan, "fails"),
    ],
)
def test_verdict_follows_from_the_tests(central, other, verdict):
    values = pd.DataFrame({CENTRAL: [central], "other": [other]})
    assert Answer(claim(stated(above=0)), values).verdict == verdict


def test_every_test_must_hold_in_the_same_variant():
    values = pd.DataFrame({CENTRAL: [1.0, -1.0], "other": [-1.0, 1.0]})
    assert Answer(claim(stated(above=0), stated(above=0)), values).verdict == "fails"


def test_evidence_decides_nothing():
    values = pd.DataFrame({CENTRAL: [1.0, -1.0]})
    answer = Answer(claim(stated(above=0), evidence=[stated()]), values)
    assert answer.verdict == "holds"
    assert [s["test"] for s in answer.as_dict()["statements"]] == [True, False]


def test_a_test_needs_a_bound():
    with pytest.raises(ValueError, match="neither above nor below"):
        claim(stated())


def test_an_unknown_indicator_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'cpi_pct'"):
        claim(stated(indicator="cpi_pc", above=0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claims = 3", "claims.*valid tuple"),
        ("claims = [", "not valid TOML"),
        (
            "variants = [{ name = 'a', elasticity = 2 }]\nclaims = []",
            r"line 1: \[\[variants\]\] entry 1: unknown key 'elasticity'; did you mean",
        ),
        ("variants = [{ name = 'a' }, { name = 'a' }]\nclaims = []", "variant 'a' is given twice"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, message):
    file = tmp_path / "claims.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ClaimError, match=message):
        load_claims(file)


@pytest.fixture(scope="module")
def solved():
    return run("union-2010-07", "union-2010-01")


def test_measures_agree_with_the_results(solved):
    frame = solved["union-2010-07"].results
    cars = frame.query("variable == 'exports' and region == 'RUS' and partner == 'KAZ' and sector == 'mvh'")
    chosen = {"regime": "union-2010-07", "region": "RUS", "variable": "exports"}
    measure = Measure(**chosen, partners=("KAZ",), sectors=("mvh",))
    assert measure.of(solved) == pytest.approx(cars["percent"].item(), rel=1e-12)
    steel = frame.query("variable == 'output' and region == 'RUS' and sector in ('fem', 'nfm')")
    measure = Measure(
        regime="union-2010-07", region="RUS", variable="output", sectors=("fem", "nfm"), unit="change"
    )
    assert measure.of(solved) == pytest.approx(steel["change"].sum(), rel=1e-12)


def test_a_difference_of_regimes_and_a_lead_over_others(solved):
    welfare = {r.name: r.indicators["ev_pct_consumption"] for r in solved}
    common = {"regime": "union-2010-07", "indicator": "ev_pct_consumption"}
    pool = Measure(**common, region="KAZ", minus="union-2010-01")
    expected = welfare["union-2010-07"]["KAZ"] - welfare["union-2010-01"]["KAZ"]
    assert pool.of(solved) == pytest.approx(expected, rel=1e-12)
    lead = Measure(**common, region="BLR", lead_over=("RUS", "KAZ"))
    found = welfare["union-2010-07"]
    assert lead.of(solved) == pytest.approx(found["BLR"] - max(found["RUS"], found["KAZ"]), rel=1e-12)


def test_trade_of_an_aggregate_with_itself_is_not_trade(solved):
    measure = Measure(regime="union-2010-07", region="EU", variable="imports", unit="change")
    frame = solved["union-2010-07"].results.query("variable == 'imports' and region == 'EU'")
    assert measure.of(solved) == pytest.approx(frame.query("partner != 'EU'")["change"].sum(), rel=1e-9)


def test_a_measure_of_nothing_is_an_error(solved):
    measure = Measure(regime="union-2010-07", region="KAZ", variable="output", sectors=("cars",))
    with pytest.raises(ClaimError, match="nothing matches"):
        measure.of(solved)


def test_variants_change_the_answer():
    one = claim(
        {**stated(above=0), "regime": "union-2010-01", "indicator": "ev_usd_mn"},
    )
    (answer,) = answer_claims([one], [Variant(name="stiff", trade_elasticities=0.5)])
    low, high = answer.band
    assert answer.number == low < high, "trade elasticities decide on Kazakhstan's terms of trade"


def test_the_shipped_claims_name_regimes_and_goods_that_exist():
    claims, variants = load_claims()
    assert len(claims) >= 14
    assert len(variants) >= 4
    assert len(tomllib.loads(CLAIMS_FILE.read_text(encoding="utf-8"))["claims"]) == len(claims)


def test_facts_are_those_of_the_benchmark():
    benchmark = load_base_year().benchmark
    facts = {fact.says: fact for fact in check_facts(benchmark)}
    gdp = next(f for says, f in facts.items() if says.startswith("GDP"))
    assert gdp.value == pytest.approx(benchmark.gdp[["RUS", "BLR", "KAZ"]].sum() / 1e6)
    belarus = next(f for says, f in facts.items() if says.startswith("Belarus: share"))
    assert belarus.agrees
    assert belarus.value == pytest.approx(48.1, abs=2.0)


def test_an_unknown_fact_is_refused(tmp_path):
    file = tmp_path / "facts.toml"
    file.write_text(
        FACTS_FILE.read_text(encoding="utf-8").replace("population_mn", "population"), encoding="utf-8"
    )
    with pytest.raises(ClaimError, match="did you mean 'population_mn'"):
        check_facts(load_base_year().benchmark, file)


def test_the_test_that_decides_gives_the_number():
    values = pd.DataFrame({CENTRAL: [1.0, -2.0, -3.0], "other": [1.0, 4.0, 5.0]})
    answer = Answer(claim(stated(above=0), stated(above=0), stated(above=0)), values)
    assert (answer.number, answer.band) == (-2.0, (-2.0, 4.0))
    assert answer.verdict == "fails, holds in some variants"


def test_an_effect_too_small_to_notice_is_none():
    small = pd.DataFrame({CENTRAL: [0.003], "other": [-0.04]})
    large = pd.DataFrame({CENTRAL: [0.003], "other": [-0.06]})
    said = claim(stated(above=0), noticeable=0.05)
    assert Answer(said, small).verdict == "no noticeable effect"
    assert Answer(said, large).verdict == "holds, not in every variant"


def test_scaled_elasticities_reach_services_divided_by_type_of_firm():
    base = load_base_year()
    central = with_services(base).benchmark.sigma_armington
    for factor in (0.5, 1.5):
        found = with_services(scaled(base, factor)).benchmark.sigma_armington
        for service in ("trn", "cmm", "fbs"):
            assert found[service, "RUS"] - 1 == pytest.approx(factor * (central[service, "RUS"] - 1))
        assert found["ppr", "RUS"] == pytest.approx(factor * central["ppr", "RUS"])


def test_a_relative_measure_is_per_cent_of_the_other_regime():
    common = {"regime": "union-2010-01", "region": "KAZ", "variable": "imports", "minus": "union-2010-07"}
    measure = Measure(**common, relative=True)
    solved = run("union-2010-01", "union-2010-07")
    tables = [
        r.results[(r.results["variable"] == "imports") & (r.results["region"] == "KAZ")] for r in solved
    ]
    one, other = (t[t["partner"] != "KAZ"]["value"].sum() for t in tables)
    assert measure.of(solved) == pytest.approx(100 * (one / other - 1), rel=1e-9)
    with pytest.raises(ValueError, match="relative needs minus"):
        Measure(**{**common, "minus": None}, relative=True)
