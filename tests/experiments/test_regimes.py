"""Regime files: what is shipped is sound, what is wrong is refused in words that help."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from eacu.experiments.regimes import REGIME_FOLDER, RegimeError, all_regime_names, load_regime, regime_names

HEAD = 'title = "A test"\ndescription = "A test."\nquestion = "Does it work?"\nclosure = "default"\n'
UNION = '[union]\nmembers = ["RUS", "KAZ"]\npooling = true\n'


@pytest.fixture
def write(tmp_path):
    def _write(text: str, name: str = "mine.toml", head: str = HEAD) -> Path:
        file = tmp_path / name
        file.write_text(head + text, encoding="utf-8")
        return file

    return _write


def refused(file: Path) -> str:
    with pytest.raises(RegimeError) as caught:
        load_regime(file)
    return str(caught.value)


@pytest.mark.parametrize("name", regime_names())
def test_every_shipped_regime_loads(name):
    regime = load_regime(name)
    assert regime.name == name
    assert regime.question.endswith("?")
    if regime.union.pooling:
        assert sum(regime.union.keys.values()) == pytest.approx(1.0, abs=1e-12)


def test_shipped_names_start_with_the_baseline():
    assert regime_names()[0] == "pre-union"
    assert set(regime_names()) == {file.stem for file in REGIME_FOLDER.glob("*.toml")}


def test_pre_union_changes_nothing():
    regime = load_regime("pre-union")
    assert (regime.tariffs, regime.members, regime.rates) == ({}, (), ())


def test_the_union_shares_duties_by_the_agreed_keys():
    union = load_regime("union-2010-07").union
    assert union.members == ("RUS", "BLR", "KAZ")
    assert union.internal_free_trade
    assert union.keys == {"RUS": 0.8797, "BLR": 0.0470, "KAZ": 0.0733}


def test_a_regime_inherits_what_it_builds_on():
    joint, union = load_regime("wto-joint"), load_regime("union-2010-07")
    assert joint.union == union.union
    assert joint.tariffs["KAZ"].schedule == "cet"
    assert joint.tariffs["KAZ"].ceiling == "wto-bound"
    assert [file.stem for file in joint.files] == ["pre-union", "union-2010-01", "union-2010-07", "wto-joint"]


def test_pooling_can_be_switched_off_on_top_of_the_union(write):
    regime = load_regime(write('builds_on = "union-2010-07"\n[union]\npooling = false\n'))
    assert regime.members == ("RUS", "BLR", "KAZ")
    assert regime.union.internal_free_trade
    assert not regime.union.pooling


def test_a_union_can_be_dissolved(write):
    regime = load_regime(write('builds_on = "union-2010-07"\n[union]\nmembers = []\n'))
    assert regime.members == ()
    assert not regime.union.pooling


def test_another_membership_needs_its_own_keys(write):
    message = refused(write('builds_on = "union-2010-07"\n[union]\nmembers = ["RUS", "KAZ"]\n'))
    assert "no share for member KAZ" in message


def test_a_regime_may_build_on_a_file_beside_it(write):
    write('builds_on = "union-2010-07"\n', name="base.toml")
    regime = load_regime(write('builds_on = "base.toml"\n[tariffs]\nKAZ = "pre-union"\n'))
    assert regime.tariffs["KAZ"].schedule == "pre-union"
    assert regime.tariffs["RUS"].schedule == "cet"


def test_unknown_regime_name_offers_the_nearest():
    with pytest.raises(RegimeError, match="unknown regime 'unoin-2010-07'; did you mean 'union-2010-07'"):
        load_regime("unoin-2010-07")


def test_missing_file_is_named(tmp_path):
    assert "absent.toml" in refused(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('clossure = "x"\n', "unknown key 'clossure'; did you mean 'closure'?"),
        ('[union]\nmembrs = ["RUS", "KAZ"]\n', "[union]: unknown key 'membrs'; did you mean 'members'?"),
        ('[tariffs]\nKAZ = { schedle = "cet" }\n', "unknown key 'schedle'; did you mean 'schedule'?"),
        (
            '[[rates]]\nimporter = "KAZ"\nsector = "agr"\nrate = 3\n',
            "unknown key 'rate'; did you mean 'rate_pct'?",
        ),
    ],
)
def test_unknown_key_offers_the_nearest(write, text, expected):
    message = refused(write(text))
    assert expected in message
    assert message.startswith("mine.toml")


@pytest.mark.parametrize("key", ["title", "description", "question", "closure"])
def test_mandatory_keys(write, key):
    head = "".join(line + "\n" for line in HEAD.splitlines() if not line.startswith(key))
    assert f"the key {key} is missing" in refused(write("", head=head))


@pytest.mark.parametrize("rate", ["-100", "-150", "nan", "inf"])
def test_rate_at_or_below_minus_100_per_cent(write, rate):
    message = refused(write(f'[[rates]]\nimporter = "KAZ"\nsector = "agr"\nrate_pct = {rate}\n'))
    assert "above -100 per cent" in message
    assert "rate_pct" in message


def test_a_rate_may_be_a_whole_number(write):
    regime = load_regime(write('[[rates]]\nimporter = "KAZ"\nsector = "agr"\nrate_pct = -5\n'))
    assert regime.rates[0].rate_pct == -5.0


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("{ RUS = 0.9, KAZ = 0.2 }", "keys sum to 1.1, not 1"),
        ("{ RUS = 0.9, KAZ = 0.099 }", "keys sum to 0.999, not 1"),
        ("{ RUS = 1 }", "no share for member KAZ"),
        ("{ RUS = 0.9, KAZ = 0.05, BLR = 0.05 }", "BLR, which is not a member"),
        ("{ RUS = 1.2, KAZ = -0.2 }", "not between 0 and 1"),
        ("{ RUS = 90, KAZ = 10 }", "write 0.8797 for 87.97 %"),
    ],
)
def test_sharing_keys(write, keys, expected):
    assert expected in refused(write(f"{UNION}keys = {keys}\n"))


def test_weights_are_keys_after_division_by_their_sum(write):
    regime = load_regime(write(f"{UNION}weights = {{ RUS = 87.97, KAZ = 7 }}\n"))
    assert regime.union.keys == {"RUS": 87.97 / 94.97, "KAZ": 7 / 94.97}
    child = load_regime(write('builds_on = "mine.toml"\n', name="child.toml"))
    assert child.union.keys == regime.union.keys
    other = 'builds_on = "union-2010-07"\n[union]\nweights = { RUS = 1, BLR = 1, KAZ = 2 }\n'
    assert load_regime(write(other, name="other.toml")).union.keys["KAZ"] == 0.5


BORDER = '[[borders]]\nkind = "{kind}"\nexporter = "members"\nimporter = ["EU", "CHN"]\n{rest}\n'


def test_the_sections_of_a_child_are_laid_over_its_parents(write):
    write(
        'builds_on = "union-2010-07"\n[exceptions]\nKAZ = "a"\nBLR = "b"\n[oil]\nrules = "2010"\n'
        "[labour]\nmobility = true\nbarrier_cut_pct = 2\n" + BORDER.format(kind="time", rest="cut_pct = 1"),
        name="base.toml",
    )
    child = load_regime(
        write(
            'builds_on = "base.toml"\n[exceptions]\nBLR = "none"\n[gas]\nprice = "market"\n'
            "[labour]\nbarrier_cut_pct = 50\n"
            + BORDER.format(kind="ntb-rent", rest="share = 0.5\nrent_to_exporter = 1")
        )
    )
    assert child.exceptions == {"KAZ": "a", "BLR": "none"}
    assert (child.oil.rules, child.gas.price) == ("2010", "market")
    assert (child.labour.mobility, child.labour.barrier_cut_pct) == (True, 50.0)
    assert [border.kind for border in child.borders] == ["time", "ntb-rent"]
    assert child.borders[0].exporter == ("members",)
    assert child.borders[1].importer == ("EU", "CHN")


@pytest.mark.parametrize(
    ("kind", "rest", "expected"),
    [
        ("tim", "cut_pct = 1", "entry 1, kind = 'tim'"),
        ("time", "", "either cut_pct"),
        ("time", "cut_pct = 1\nshare = 1", "either cut_pct"),
        ("time", "cut_pct = 100", "not between -100 and 100"),
        ("time", "share = 50", "write 0.5 for one half"),
        ("ntb-rent", "share = 0.5", "needs rent_to_exporter"),
        ("time", "share = 0.5\nrent_to_exporter = 1", "belongs to kind ntb-rent"),
        ("time", "cutpct = 1", "unknown key 'cutpct'; did you mean 'cut_pct'?"),
    ],
)
def test_borders_that_make_no_sense(write, kind, rest, expected):
    assert expected in refused(write(BORDER.format(kind=kind, rest=rest)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[union]\nmembers = ["RUS", "RUS"]\n', "names a region twice"),
        ('[union]\nmembers = ["RUS"]\n', "at least two members"),
        ("[union]\npooling = true\n", "members is empty"),
        ('[union]\nmembers = ["RUS", "KAZ"]\nkeys = { RUS = 0.5, KAZ = 0.5 }\n', "pooling = false"),
        ('[tariffs]\nKAZ = { schedule = "cet", ceiling_of = "RUS" }\n', "without a ceiling"),
        ('[tariffs]\nKAZ = { schedule = "cet", year = 2015 }\n', "year is given without a ceiling"),
        ("[tariffs]\nKAZ = 5\n", "tariffs.KAZ = 5"),
        (f"{UNION}weights = {{ RUS = 0, KAZ = 0 }}\n", "weights sum to zero"),
        (f"{UNION}weights = {{ RUS = 2, KAZ = -1 }}\n", "none of them negative"),
        (f"{UNION}weights = {{ RUS = 2, KAZ = 1 }}\nkeys = {{ RUS = 0.5, KAZ = 0.5 }}\n", "both given"),
        ('[oil]\nrules = "2009"\n', "oil.rules = '2009'"),
        ("[labour]\nmobility = true\nbarrier_cut_pct = 101\n", "not between 0 and below 100"),
        ("[exceptions]\nKAZ = 3\n", "exceptions.KAZ = 3"),
        ('union = 3\nbuilds_on = "union-2010-07"\n', "union = 3"),
        ("title = \n", "not valid TOML"),
        ('builds_on = "mine.toml"\n', "in a circle: mine -> mine"),
        ('builds_on = "unon-2010-07"\n', "did you mean 'union-2010-07'?"),
    ],
)
def test_contradictions(write, text, expected):
    assert expected in refused(write(text))


def test_the_manual_shows_a_regime_that_loads(tmp_path):
    manual = (Path(__file__).parents[2] / "docs" / "regimes.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in manual.split("```toml\n")[1:]]
    complete = [block for block in blocks if "title" in tomllib.loads(block)]
    assert complete, "docs/regimes.md shows no complete regime"
    for number, block in enumerate(complete):
        file = tmp_path / f"example-{number}.toml"
        file.write_text(block, encoding="utf-8")
        assert load_regime(file).question


def test_a_question_may_compare_with_another_regime(tmp_path):
    base = load_regime("union-2010-07")
    assert base.reference is None
    assert load_regime("ces-2012").reference == "oil-2011"
    for name in all_regime_names():
        regime = load_regime(name)
        if regime.reference:
            assert load_regime(regime.against).name == regime.reference != name
    text = 'title = "t"\nquestion = "q"\ndescription = "d"\nclosure = "default"\nbuilds_on = "wto-joint"\n'
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    assert load_regime(own).reference is None, "what the parent compares with is not inherited"
    own.write_text(text + 'against = "union-2010-7"\n', encoding="utf-8")
    with pytest.raises(RegimeError, match=r"line 6: against: .*did you mean 'union-2010-07'"):
        load_regime(own)
    own.write_text(text + 'against = "own.toml"\n', encoding="utf-8")
    with pytest.raises(RegimeError, match="is this regime itself"):
        load_regime(own)
