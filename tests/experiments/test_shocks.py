"""Shocks, quotas, schedules, targets and closures of a scenario file: what they do to the numbers, what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from eacu.experiments.policy import policy_of
from eacu.experiments.quotas import with_quota_flows
from eacu.experiments.regimes import Regime, RegimeError, load_regime
from eacu.experiments.run import Workbench, run
from eacu.experiments.shock_tables import ClosureTable, Shock, conversions, outcome_units
from eacu.model.choices import MARKETS
from eacu.model.indicators import UNITS
from eacu.model.instruments import INSTRUMENTS
from eacu.model.measures import MEASURES
from tests.experiments.small_economy import small_base_year, small_regimes

HEAD = 'title = "t"\ndescription = "d"\nquestion = "q?"\n'
UNION = '[union]\nmembers = ["RUS", "BLR", "KAZ"]\ninternal_free_trade = true\n'
DIGESTS = Path(__file__).with_name("shipped_policies.json")


@pytest.fixture
def write(tmp_path):
    def _write(text: str, name: str = "mine.toml", closure: str = 'closure = "default"\n') -> Regime:
        (tmp_path / name).write_text(HEAD + closure + text, encoding="utf-8")
        return load_regime(tmp_path / name)

    return _write


def shock(**keys) -> str:
    """A ``[[shock]]`` entry of the keys given."""
    keys = {"as" if key == "mode" else key: value for key, value in keys.items()}
    return "[[shock]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


def settings(regime: Regime) -> dict[str, pd.Series]:
    base = small_base_year()
    benchmark = with_quota_flows(base.benchmark, [regime])
    return dict(policy_of(regime, benchmark, base.schedules).settings)


def refused(regime: Regime) -> str:
    with pytest.raises(RegimeError) as caught:
        settings(regime)
    return str(caught.value)


def tariff(mode: str, value: float, unit: str, **selectors) -> str:
    return shock(instrument="import_tariff", mode=mode, value=value, unit=unit, **selectors)


CELL = ("mac", "ROW", "KAZ")
ONE = {"sector": "mac", "source": "ROW", "importer": "KAZ"}


@pytest.mark.parametrize(
    ("mode", "value", "unit", "expected"),
    [
        ("level", 12, "percent of cif value", lambda t: 0.12),
        ("level", 0.12, "ratio", lambda t: 0.12),
        ("change", 5, "percentage points", lambda t: t + 0.05),
        ("change", -0.01, "ratio", lambda t: t - 0.01),
        ("percent", 50, "percent", lambda t: 1.5 * t),
        ("factor", 0.5, "ratio", lambda t: 0.5 * t),
    ],
)
def test_each_mode_in_numbers(write, mode, value, unit, expected):
    base = small_base_year().benchmark.import_tariff
    assert base[CELL] > 0.02
    given = settings(write(tariff(mode, value, unit, **ONE)))["import_tariff"].loc[base.index]
    assert given[CELL] == pytest.approx(expected(base[CELL]), rel=1e-14)
    pd.testing.assert_series_equal(given.drop(CELL), base.drop(CELL), check_names=False)


def test_shocks_follow_the_sections_and_one_another_the_parents_first(write):
    write(
        '[[rates]]\nimporter = "KAZ"\nsector = "mac"\nsource = "ROW"\nrate_pct = 10\n'
        + tariff("factor", 2, "ratio", **ONE),
        name="base.toml",
    )
    added = tariff("change", 5, "percentage points", **ONE)
    child = write('builds_on = "base.toml"\n' + added + tariff("percent", 10, "percent", **ONE))
    assert settings(child)["import_tariff"][CELL] == pytest.approx((0.10 * 2 + 0.05) * 1.1, rel=1e-14)
    turned = write('builds_on = "base.toml"\n' + tariff("percent", 10, "percent", **ONE) + added)
    assert settings(turned)["import_tariff"][CELL] == pytest.approx(0.10 * 2 * 1.1 + 0.05, rel=1e-14)


def test_selectors_are_names_lists_and_groups(write):
    rates = settings(
        write(
            UNION
            + tariff("level", 0.5, "ratio", importer="members", exporter="outside", sector=["mac", "agr"])
        )
    )
    hit = rates["import_tariff"][rates["import_tariff"] == 0.5].index
    base = small_base_year().benchmark.import_tariff.index
    assert set(hit) == {c for c in base if c[0] in ("mac", "agr") and c[1] == "ROW" and c[2] != "ROW"}
    labour = settings(
        write(shock(instrument="endowment", mode="percent", value=2, unit="percent", factor="labour"))
    )
    assert set(labour["endowment"].index.get_level_values("factor")) == {"unskilled", "skilled"}
    assert (labour["endowment"] == 1.02).all()
    assert (
        settings(write(shock(instrument="numeraire", mode="factor", value=1.1, unit="ratio")))["numeraire"]
        == 1.1
    )


def test_a_selection_without_a_cell_says_what_there_is(write):
    message = refused(write(tariff("level", 0, "ratio", sector="pub", importer="KAZ")))
    assert message.startswith(
        "mine.toml, line 5: [[shock]] entry 1: import_tariff has no cell with sector pub, importer KAZ"
    )
    assert "With the rest as it is, sector can be agr, oil, mac" in message


def test_names_of_all_sections_are_judged_together_each_with_its_line(write):
    regime = write(
        '[tariffs]\nKZA = "cet"\n'
        + tariff("level", 0, "ratio", sector=["mac", "mca"], source="outsid")
        + tariff("level", 0, "ratio", importer="members")
        + '[[quota]]\nsector = "mac"\nexporter = "RSU"\nimporter = "KAZ"\nvolume = 1\nunit = "ratio"\n'
        "over_quota_duty_pct = 5\nrent_to_exporter = 0\n"
    )
    lines = refused(regime).splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"mine.toml, line {n}" for n in (6, 22, 12, 13, 19)]
    for line, words in zip(lines, ("'KAZ'", "'RUS'", "'mac'", "'outside'", "no union"), strict=True):
        assert words in line


def test_a_per_cent_of_nothing_and_an_illegal_value_are_refused(write):
    nothing = shock(instrument="rent", mode="percent", value=10, unit="percent")
    illegal = tariff("level", -1.5, "ratio", **ONE)
    first, second = refused(write(nothing + illegal)).splitlines()
    assert "line 8: [[shock]] entry 1: rent is zero in all" in first
    assert "line 13: [[shock]] entry 2: import_tariff would be -1.5" in second
    assert "above -1" in second


@pytest.mark.parametrize("mode", ["level", "change", "percent", "factor"])
def test_every_instrument_has_units_and_refuses_others(mode):
    for name, instrument in INSTRUMENTS.items():
        units = conversions(instrument, mode)
        assert units
        assert set(units.values()) <= {1.0, 0.01}
        for unit in units:
            Shock.model_validate({"instrument": name, "as": mode, "value": 1, "unit": unit})
        with pytest.raises(ValueError, match=f'{name} with as = "{mode}" is given in .*, not in .furlongs'):
            Shock.model_validate({"instrument": name, "as": mode, "value": 1, "unit": "furlongs"})


def test_every_outcome_has_units():
    assert {outcome_units(name)[0] for name in MEASURES} == {"percent", "USD mn", "thousand persons"}
    assert set(MEASURES) <= set(UNITS)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"instrument": "import_tarif"}, "unknown instrument 'import_tarif'; did you mean 'import_tariff'?"),
        (
            {"mode": "percnt"},
            "[[shock]] entry 1, as = 'percnt': unknown value 'percnt'; did you mean 'percent'?",
        ),
        (
            {"unit": "percent"},
            "'percent of cif value' or 'ratio', not in 'percent'; a ratio of 0.1 is 10 per cent",
        ),
        ({"region": "KAZ"}, "import_tariff has no region; it is indexed by sector, source, importer"),
        ({"exporter": "ROW", "source": "ROW"}, "another word for source"),
        ({"sector": []}, "the list is empty"),
        ({"value": "5"}, "[[shock]] entry 1, value = '5'"),
        ({"outcome": "real_gdp_pct"}, 'belongs to as = "target"'),
        ({"mode": "target"}, "needs outcome and outcome_region"),
        ({"mode": "target", "outcome": "real_gdp", "outcome_region": "KAZ"}, "did you mean 'real_gdp_pct'"),
    ],
)
def test_entries_that_make_no_sense(write, keys, expected):
    entry = {"instrument": "import_tariff", "mode": "level", "value": 5, "unit": "ratio", **keys}
    with pytest.raises(RegimeError) as caught:
        write(shock(**entry))
    assert expected in str(caught.value)


def schedule(tmp_path, text: str) -> str:
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    return '[schedules]\nown = "own.csv"\n[tariffs]\nKAZ = "own"\n'


def test_a_schedule_of_ones_own_the_closest_row_holds(write, tmp_path):
    text = "sector,source,importer,rate_pct\nall,all,KAZ,1\nall,ROW,KAZ,2\nmac,all,KAZ,3\nmac,ROW,KAZ,4\n"
    regime = write(schedule(tmp_path, text))
    rates = settings(regime)["import_tariff"]
    found = {
        key: rates[*key, "KAZ"] for key in (("agr", "RUS"), ("agr", "ROW"), ("mac", "RUS"), ("mac", "ROW"))
    }
    assert list(found.values()) == pytest.approx([0.01, 0.02, 0.03, 0.04])
    digest = regime.digest
    schedule(tmp_path, text.replace(",4\n", ",5\n"))
    assert regime.digest != digest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("importer,source,sector\nKAZ,all,all\n", ["line 1", "'rate_pct' is missing"]),
        ("importer,source,sector,rate_pct\n", ["has no rates"]),
        (
            "importer,source,sector,rate_pct\nKZA,all,all,1\nKAZ,all,mca,1\nKAZ,all,all,\nKAZ,all,agr,-100\nKAZ,all\n",
            [
                "line 2: unknown importer 'KZA'; did",
                "line 3: unknown sector 'mca'",
                "line 4: rate_pct ''",
                "line 5",
                "line 6",
            ],
        ),
        ("importer,source,sector,rate_pct\nKAZ,all,all,1\nKAZ,all,all,2\n", ["line 3", "already, in line 2"]),
        ("importer,source,sector,rate_pct\nKAZ,all,agr,1\n", ["own.csv has no rate in schedule 'own'"]),
    ],
)
def test_faults_of_a_schedule_are_told_with_their_lines(write, tmp_path, text, expected):
    message = refused(write(schedule(tmp_path, text)))
    for words in expected:
        assert words in message


def test_a_schedule_without_its_file_and_with_a_shipped_name(write, tmp_path):
    with pytest.raises(RegimeError, match=r"mine.toml, line 6: \[schedules\] own: there is no file"):
        write('[schedules]\nown = "absent.csv"\n')
    named = schedule(tmp_path, "importer,source,sector,rate_pct\nKAZ,all,all,1\n").replace("own =", "cet =")
    assert "a schedule of that name comes with eacu" in refused(write(named))


QUOTA = (
    '[[quota]]\nsector = "mac"\nexporter = "RUS"\nimporter = "KAZ"\nvolume = {volume}\nunit = "{unit}"\n'
    "over_quota_duty_pct = 400\nrent_to_exporter = {rent}\n"
)
FLOW = ("mac", "RUS", "KAZ")


def test_a_quota_in_every_unit_is_the_same_quota(write):
    fob = float(small_base_year().benchmark.fob[FLOW])
    shares = {
        unit: settings(write(QUOTA.format(volume=volume, unit=unit, rent=1)))["quota"][FLOW]
        for unit, volume in (("ratio", 0.5), ("percent", 50), ("USD mn", 0.5 * fob))
    }
    assert list(shares.values()) == pytest.approx([0.5] * 3)
    assert "has a quota already" in refused(write(2 * QUOTA.format(volume=1, unit="ratio", rent=1)))


def test_a_quota_below_the_flow_binds_and_its_rent_goes_where_it_is_said(write):
    sellers = write(QUOTA.format(volume=0.5, unit="ratio", rent=1), name="sellers.toml")
    buyers = write(QUOTA.format(volume=0.5, unit="ratio", rent=0), name="buyers.toml")
    result = run(sellers, buyers, base=small_base_year())
    assert result.passed
    assert [r.closure.name for r in result] == ["default+tariff-rate-quota"] * 2
    for name, winner, loser in (("sellers", "RUS", "KAZ"), ("buyers", "KAZ", "RUS")):
        solved = result[name]
        assert solved.solution.state["shipments"][FLOW] == pytest.approx(0.5, abs=1e-9)
        assert solved.indicators.loc[winner, "rents_usd_mn"] > 1e-3
        assert solved.indicators.loc[loser, "rents_usd_mn"] == pytest.approx(0, abs=1e-9)


def target(instrument: str, outcome: str, value: float, unit: str, **selectors) -> str:
    keys = {"mode": "target", "outcome": outcome, "outcome_region": "KAZ", "value": value, "unit": unit}
    return shock(instrument=instrument, **keys, **selectors)


def test_a_target_is_met_and_its_instrument_set_to_the_answer_meets_it_too(write):
    own = tariff("change", 5, "percentage points", importer="KAZ", source="ROW")
    capital = {"factor": "capital", "region": "KAZ"}
    regime = write(own + target("endowment", "real_gdp_pct", 1, "percent", **capital))
    (solved,) = run(regime, base=small_base_year())
    assert solved.passed
    assert solved.indicators.loc["KAZ", "real_gdp_pct"] == pytest.approx(1, abs=1e-8)
    assert "real_gdp_pct of KAZ is met by endowment" in solved.closure.name
    answer = float(solved.solution.state["endowment"]["capital", "KAZ"])
    assert answer > 1
    same = write(own + shock(instrument="endowment", mode="level", value=answer, unit="index", **capital))
    (direct,) = run(same, base=small_base_year())
    pd.testing.assert_frame_equal(direct.indicators, solved.indicators, rtol=1e-7, atol=1e-7)


def test_rates_freed_together_keep_the_ratio_of_their_powers(write):
    own = tariff("level", 10, "percent of cif value", sector="mac", importer="KAZ", source="ROW")
    freed = {"importer": "KAZ", "source": "ROW"}
    regime = write(own + target("import_tariff", "tariff_revenue_usd_mn", 20, "percent", **freed))
    (solved,) = run(regime, base=small_base_year())
    region = solved.indicators.loc["KAZ"]
    assert region["tariff_revenue_usd_mn"] == pytest.approx(
        1.2 * region["tariff_revenue_base_usd_mn"], rel=1e-9
    )
    start = settings(regime)["import_tariff"].xs("KAZ", level="importer").xs("ROW", level="source")
    rates = solved.solution.state["import_tariff"].xs("KAZ", level="importer").xs("ROW", level="source")
    powers = (1 + rates) / (1 + start.reindex(rates.index))
    assert len(powers) > 2
    assert powers.max() == pytest.approx(powers.min(), rel=1e-12)
    assert powers.max() != pytest.approx(1, abs=1e-4)
    assert solved.solution.frame()["value"].notna().all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            target("real_transfer", "real_gdp_pct", 1, "percent", region="KAZ"),
            "free already under the closure",
        ),
        (target("real_transfer", "real_gdp_pct", 1, "percent"), "freed in 4 cells, but one number"),
        (target("rent", "rents_usd_mn", 1, "percent", importer="KAZ"), "zero in the base year"),
        (
            target("wage_floor", "real_gdp_pct", 1, "percent", region="KAZ", factor="skilled"),
            "cannot be met by",
        ),
        (2 * target("endowment", "real_gdp_pct", 1, "percent", region="KAZ"), "has a target already"),
    ],
)
def test_targets_that_cannot_be_met_are_refused_before_anything_is_solved(write, text, expected):
    lines: list[str] = []
    with pytest.raises(RegimeError) as caught:
        run(write(text), base=small_base_year(), tell=lines.append)
    assert expected in str(caught.value)
    assert str(caught.value).startswith(("mine.toml, line 5", "mine.toml, line 13"))


def test_what_the_closure_leaves_free_cannot_be_set_and_the_remedy_is_named(write):
    free = shock(instrument="real_transfer", mode="change", value=1, unit="USD mn", region="KAZ")
    idle = shock(instrument="wage_floor", mode="percent", value=1, unit="percent")
    with pytest.raises(RegimeError) as caught:
        run(write(free + idle), base=small_base_year())
    first, second = str(caught.value).splitlines()
    assert (
        "line 5: [[shock]] entry 1: the model determines real_transfer at KAZ under the closure 'default'"
        in first
    )
    assert "it is fixed under budget-deficit" in first
    assert "line 11: [[shock]] entry 2: wage_floor has no effect under the closure" in second
    (solved,) = run(write(free, closure='closure = "budget-deficit"\n'), base=small_base_year())
    start = solved.solution.base["real_transfer"]["KAZ"]
    assert solved.solution.state["real_transfer"]["KAZ"] == pytest.approx(start + 1, abs=1e-9)


def test_a_closure_is_a_table_of_choices(write):
    assert set(ClosureTable.model_fields) == {*MARKETS, "swap"}
    regime = write("", closure='[closure]\nlabour = "wage-curve"\ncapital = "specific"\n')
    assert regime.closure == "wage-curve+specific"
    assert write("", closure="[closure]\n").closure == "default"
    with pytest.raises(
        RegimeError, match=r"line 5: closure.labour = 'wage-curv': unknown value .* 'wage-curve'"
    ):
        write("", closure='[closure]\nlabour = "wage-curv"\n')


def test_a_swap_of_the_closure_holds_what_it_fixes(write):
    exchange = '[closure]\nswap = [{ fix = "real_transfer[KAZ]", free = "direct_tax_retention[KAZ]" }]\n'
    more = tariff("change", 10, "percentage points", importer="KAZ", source="ROW")
    (solved,) = run(write(more, closure=exchange.replace("[closure]\n", "closure.")), base=small_base_year())
    assert solved.passed
    change = solved.solution.state["real_transfer"] - solved.solution.base["real_transfer"]
    assert change["KAZ"] == pytest.approx(0, abs=1e-9)
    assert solved.solution.state["direct_tax_retention"]["KAZ"] != pytest.approx(1, abs=1e-6)


def test_a_swap_that_leaves_the_model_unsound_is_refused(write):
    exchange = 'closure.swap = [{ fix = "flow_price[mac,KAZ,ROW]", free = "wage_floor[skilled,KAZ]" }]\n'
    regime = write("", closure=exchange)
    with pytest.raises(RegimeError, match=r"mine.toml, line 4: Swap .* refused"):
        run(regime, base=small_base_year())


def test_shipped_regimes_have_the_policy_they_had():
    """Values on the small economy, as they were before shocks existed; a change of policy data changes them."""
    base = small_base_year()
    found = {}
    for name in small_regimes():
        policy = policy_of(load_regime(name), base.benchmark, base.schedules)
        text = [f"{k} {i} {v:.10g}" for k, series in policy.settings.items() for i, v in series.items()]
        found[name] = hashlib.sha256("\n".join(text).encode()).hexdigest()
    assert found == json.loads(DIGESTS.read_text(encoding="utf-8"))


def test_a_workbench_is_shared_by_regimes_that_need_the_same(write, monkeypatch):
    made = []
    build = Workbench.__init__
    monkeypatch.setattr(
        Workbench, "__init__", lambda self, *a, **k: (made.append(1), build(self, *a, **k))[1]
    )
    first = write(tariff("change", 1, "percentage points", **ONE))
    run(first, replace(first, name="second"), base=small_base_year())
    assert len(made) == 1
