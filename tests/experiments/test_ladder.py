"""The ladder as data: what a rung compares, and what is refused."""

from __future__ import annotations

import pytest

from eacu.experiments.ladder import LadderError, climb, load_ladder
from eacu.experiments.run import run
from eacu.report.ladder_page import published_figures
from tests.experiments.small_economy import small_base_year

WORDS = "title = 'T'\ntext = 'x'\nassumption = 'y'\n"


def ladder(tmp_path, *rungs: str):
    file = tmp_path / "ladder.toml"
    heads = (f"[[rungs]]\nid = '{n}'\n{WORDS}{rung}\n" for n, rung in enumerate(rungs))
    file.write_text("".join(heads), encoding="utf-8")
    return load_ladder(file)


def test_a_rung_is_the_difference_of_two_economies(tmp_path):
    base = small_base_year()
    found = climb(
        ladder(
            tmp_path,
            "regime = 'union-2010-01'",
            "regime = 'union-2010-07'\nminus = 'union-2010-01'",
            "regime = 'union-2010-07'\nclosure = 'steady-state'\nminus = 'union-2010-07'\nminus_closure = 'default'",
            "missing = 'it'",
        ),
        base,
    )
    members, column = ["RUS", "BLR", "KAZ"], "ev_pct_consumption"
    usual = run("union-2010-01", "union-2010-07", base=base)
    late = run("union-2010-07", closure="steady-state", base=base)
    first, second = (
        usual[name].indicators.loc[members, column] for name in ("union-2010-01", "union-2010-07")
    )
    third = late["union-2010-07"].indicators.loc[members, column]
    assert list(found) == ["0", "1", "2"]
    for name, expected in {"0": first, "1": second - first, "2": third - second}.items():
        assert found[name][column].to_numpy() == pytest.approx(expected.to_numpy())
        assert abs(expected).max() > 1e-4


@pytest.mark.parametrize(
    ("rungs", "message"),
    [
        (["regime = 'a'\nmissing = 'b'"], "give one of regime, inversion and missing"),
        ([""], "give one of regime, inversion and missing"),
        (["regime = 'a'\nminus_closure = 'b'"], "need minus"),
        (
            ["regime = 'a'\nchain = true", "regime = 'b'\nminus = 'c'\nchain = true"],
            "minus is 'c' and not 'a'",
        ),
        (["regime = 'a'\npublished = [9999]"], "the estimate 9999 is not in reproduction.toml"),
        (["regime = 'a'\nregimes = 'b'"], "regimes"),
        (["regime = "], "not valid TOML"),
    ],
)
def test_a_bad_ladder_is_refused(tmp_path, rungs, message):
    with pytest.raises(LadderError, match=message):
        ladder(tmp_path, *rungs)


def test_a_rung_given_twice_is_refused(tmp_path):
    file = tmp_path / "ladder.toml"
    file.write_text(f"[[rungs]]\nid = 'a'\n{WORDS}regime = 'b'\n" * 2, encoding="utf-8")
    with pytest.raises(LadderError, match="'a' is given twice"):
        load_ladder(file)


def test_only_figures_read_in_their_source_and_in_a_unit_of_their_own_are_drawn(tmp_path):
    (rung,) = ladder(tmp_path, "regime = 'a'\npublished = [1, 2, 3, 4, 17]")
    common = {"member": "Russia", "evidence": "read", "unit": "% of GDP", "published": "2"}
    rows = {
        1: common,
        2: common | {"evidence": "not read"},
        3: common | {"unit": "USD bn per year"},
        4: common | {"published": "6 to 9"},
        17: common | {"member": "Belarus"},
    }
    assert published_figures(rung, rows, "RUS") == [("% of GDP", 2.0)]
