"""Reading TOML with positions: each value has its line, and each problem is told with it."""

from __future__ import annotations

import pytest
from pydantic import Field

from eacu.experiments.regimes import RegimeError, load_regime
from eacu.experiments.toml_files import Table, checked, line_numbers, read_toml

TEXT = '''title = "x" # title
a.b = 1
[tariffs]
KAZ = { schedule = "cet", of = [1,
  2] }
"q k" = 3
[[shock]]
sector = [
 # a comment
 "agr",
 "oil"]
[[shock]]
x = """
[tariffs]
"""
[shock.sub]
y = 1
[[shock.deep]]
z = 1
[[shock.deep]]
z = 2
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 1),
        (("a", "b"), 2),
        (("tariffs",), 3),
        (("tariffs", "KAZ", "schedule"), 4),
        (("tariffs", "KAZ", "of", 1), 5),
        (("tariffs", "q k"), 6),
        (("shock", 0), 7),
        (("shock", 0, "sector", 1), 11),
        (("shock", 1, "x"), 13),
        (("shock", 1, "sub", "y"), 17),
        (("shock", 1, "deep", 1), 20),
        (("shock", 1, "deep", 1, "z"), 21),
    ],
)
def test_every_value_has_its_line(place, line):
    assert line_numbers(TEXT)[place] == line


def test_what_is_not_written_stands_where_its_table_does(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text(TEXT, encoding="utf-8")
    source = read_toml(file, ValueError)
    assert source.at(("shock", 1, "sub", "absent")) == "a.toml, line 16"
    assert source.at(("absent",)) == "a.toml"


class Inner(Table):
    n: int
    items: tuple[float, ...] = ()


class Outer(Table):
    title: str
    one: Inner | None = None
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = Field(default_factory=dict)


def test_all_problems_are_told_at_once_each_with_its_line(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(
        'titel = "x"\n[one]\nn = "3"\n[[many]]\nn = 1\n[[many]]\nn = 1\nitmes = []\n'
        "[named.x]\nn = 1\nitems = [\n1.0,\ntrue]\n",
        encoding="utf-8",
    )
    with pytest.raises(KeyError) as caught:
        checked(Outer, read_toml(file, KeyError), KeyError)
    assert sorted(caught.value.args[0].splitlines()) == sorted(
        [
            "bad.toml, line 1: unknown key 'titel'; did you mean 'title'? Valid: title, one, many, named.",
            "bad.toml, line 3: one.n = '3': Input should be a valid integer",
            "bad.toml, line 8: [[many]] entry 2: unknown key 'itmes'; did you mean 'items'? Valid: n, items.",
            "bad.toml, line 13: named.x.items entry 2 = True: Input should be a valid number",
        ]
    )


HEAD = 'title = "t"\ndescription = "d"\nquestion = "q?"\nclosure = "default"\n'


def test_an_entry_after_inherited_ones_is_told_with_its_own_line(tmp_path):
    rate = '[[rates]]\nimporter = "KAZ"\nsector = "agr"\nrate_pct = {}\n'
    (tmp_path / "base.toml").write_text(HEAD + rate.format(3), encoding="utf-8")
    child = tmp_path / "child.toml"
    child.write_text(HEAD + 'builds_on = "base.toml"\n' + rate.format(-100), encoding="utf-8")
    with pytest.raises(
        RegimeError, match=r"^child.toml, line 9: \[\[rates\]\] entry 1, rate_pct: -100 is not a legal"
    ):
        load_regime(child)
    child.write_text(HEAD + 'builds_on = "base.toml"\n' + rate.format(2), encoding="utf-8")
    regime = load_regime(child)
    assert regime.at("rates", 0, "sector") == "base.toml, line 7"
    assert regime.at("rates", 1, "sector") == "child.toml, line 8"


def test_an_unknown_parent_does_not_hide_other_problems(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(HEAD + 'builds_on = "unoin-2010-07"\n[oil]\nrule = "2010"\n', encoding="utf-8")
    with pytest.raises(RegimeError) as caught:
        load_regime(file)
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        "mine.toml, line 5: builds_on: unknown regime 'unoin-2010-07'; did you mean 'union-"
    )
    assert second.startswith("mine.toml, line 7: [oil]: unknown key 'rule'; did you mean 'rules'?")
