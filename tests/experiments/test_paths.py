"""Paths as data: what is in force when, phases, shares of a year, and what is refused."""

from __future__ import annotations

import pytest

from eacu.experiments.paths import PATH_FOLDER, PathError, load_path, path_names
from eacu.experiments.regimes import RegimeError

HEAD = 'title = "A test"\ndescription = "A test."\nquestion = "Does it work?"\n'
FIRST = '[[in_force]]\nsince = 2007\nregime = "pre-union"\n'


@pytest.fixture
def write(tmp_path):
    def written(text: str, head: str = HEAD):
        file = tmp_path / "own.toml"
        file.write_text(head + text, encoding="utf-8")
        return file

    return written


@pytest.mark.parametrize("name", path_names())
def test_every_shipped_path_covers_every_year(name):
    path = load_path(name)
    table = path.table(range(2007, 2031))
    assert table.sum(axis=1).tolist() == pytest.approx([1.0] * 24)
    assert (table >= 0).all().all()
    assert table.loc[2007, "pre-union"] == 1
    assert path.title and path.question and path.description
    assert path.file == PATH_FOLDER / f"{name}.toml"


def test_the_baseline_is_listed_first():
    assert path_names()[0] == "no-union"


def test_the_union_of_2010_is_half_a_year_of_each():
    path = load_path("union")
    assert path.weights(2009) == {"pre-union": 1.0}
    assert path.weights(2010) == {"union-2010-01": 0.5, "union-2010-07": 0.5}
    assert path.weights(2011) == path.weights(2030) == {"union-2010-07": 1.0}
    assert path.members == ("RUS", "BLR", "KAZ")


def test_a_phase_comes_in_equal_steps_and_ends_on_time():
    path = load_path("wto-alone")
    shares = [path.weights(year).get("wto-only", 0.0) for year in range(2011, 2022)]
    assert shares == pytest.approx([0, *(n / 9 for n in range(1, 10)), 1])


def test_a_phase_to_a_mixture(write):
    path = load_path(
        write(
            FIRST + "[[in_force]]\nsince = 2008\nphased_until = 2009\n"
            "shares = { pre-union = 0.5, union-2010-07 = 0.5 }\n"
        )
    )
    assert path.weights(2008) == pytest.approx({"pre-union": 0.75, "union-2010-07": 0.25})
    assert path.weights(2009) == {"pre-union": 0.5, "union-2010-07": 0.5}


REFUSED = {
    "unknown key": (FIRST + 'reglme = "pre-union"\n', "unknown key 'reglme'; did you mean 'regime'"),
    "neither": ("[[in_force]]\nsince = 2007\n", "name either regime or shares"),
    "both": (FIRST + "shares = { pre-union = 1.0 }\n", "name either regime or shares"),
    "shares": (
        "[[in_force]]\nsince = 2007\nshares = { pre-union = 0.5, wto-only = 0.4 }\n",
        "shares sum to 0.9, not 1",
    ),
    "negative": (
        "[[in_force]]\nsince = 2007\nshares = { pre-union = 1.5, wto-only = -0.5 }\n",
        "not above 0",
    ),
    "order": (FIRST + '[[in_force]]\nsince = 2006\nregime = "wto-only"\n', "order by year"),
    "phase backwards": (
        FIRST + '[[in_force]]\nsince = 2010\nregime = "wto-only"\nphased_until = 2010\n',
        "is not after since",
    ),
    "phase overlaps": (
        FIRST
        + '[[in_force]]\nsince = 2010\nregime = "wto-only"\nphased_until = 2020\n'
        + '[[in_force]]\nsince = 2015\nregime = "pre-union"\n',
        "phased until 2020, but since 2015",
    ),
    "phase from nothing": (FIRST + "phased_until = 2010\n", "nothing before it"),
    "text for a year": ('[[in_force]]\nsince = "2007"\nregime = "pre-union"\n', "entry 1, since = '2007'"),
    "no entry": ("in_force = []\n", "in_force"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_words(write, case):
    text, message = REFUSED[case]
    with pytest.raises(PathError, match=message.replace("(", r"\(")) as caught:
        load_path(write(text))
    assert "own.toml" in str(caught.value)


def test_a_missing_title_is_named(write):
    with pytest.raises(PathError, match="the key title is missing"):
        load_path(write(FIRST, head='description = "x"\nquestion = "x"\n'))


def test_broken_toml_is_named(write):
    with pytest.raises(PathError, match=r"own\.toml is not valid TOML"):
        load_path(write("since = \n"))


def test_an_unknown_path_gets_the_nearest_name():
    with pytest.raises(PathError, match="did you mean 'union-wto'"):
        load_path("union-wot")


def test_an_unknown_regime_gets_the_nearest_name(write):
    with pytest.raises(RegimeError, match="did you mean 'wto-only'"):
        load_path(write('[[in_force]]\nsince = 2007\nregime = "wto-olny"\n'))


def test_before_the_first_entry_nothing_is_in_force(write):
    with pytest.raises(PathError, match="nothing is in force in 2006"):
        load_path(write(FIRST)).weights(2006)


def test_a_path_may_name_a_regime_of_one_s_own(write, tmp_path):
    own = 'title = "t"\ndescription = "d"\nquestion = "q"\nclosure = "default"\nbuilds_on = "pre-union"\n'
    (tmp_path / "mine.toml").write_text(own, encoding="utf-8")
    path = load_path(write('[[in_force]]\nsince = 2007\nregime = "mine.toml"\n'))
    assert path.weights(2007) == {"mine.toml": 1.0}
    assert path.regimes["mine.toml"].name == "mine"
