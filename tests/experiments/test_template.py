"""The scenario template, the schema for editors and the manual: everything they show is accepted and runs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema.validators import validator_for

from eacu.experiments.regimes import REGIME_FOLDER, RegimeError, load_regime
from eacu.experiments.run import run
from eacu.experiments.shock_tables import SELECTORS
from eacu.experiments.template import (
    EXAMPLE_RATES,
    SCHEMA_BESIDE,
    SCHEMA_FILE,
    new_scenario,
    schema_text,
    uncommented,
)
from eacu.model.instruments import INSTRUMENTS

MANUAL = (Path(__file__).parents[2] / "docs" / "regimes.md").read_text(encoding="utf-8")
HEAD = 'title = "t"\nquestion = "q?"\ndescription = "d"\nbuilds_on = "{}"\n'
CLOSURE = 'closure = "default"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The template as it is, with every example put to use, and the examples of the manual."""
    where = tmp_path_factory.mktemp("scenarios")
    template = new_scenario("plain", folder=where).read_text(encoding="utf-8")
    (where / "full.toml").write_text(uncommented(template), encoding="utf-8")
    (where / "plain-rates.csv").write_text(EXAMPLE_RATES, encoding="utf-8")
    for name, text in re.findall(r"<!-- file: (\S+) -->\n```csv\n(.*?)```", MANUAL, flags=re.DOTALL):
        (where / name).write_text(text, encoding="utf-8")
    parent = "union-2010-07"
    for number, block in enumerate(examples()):
        keys = tomllib.loads(block)
        head = "" if "title" in keys else HEAD.format(parent) + ("" if "closure" in keys else CLOSURE)
        kind = "manual" if "title" in keys else "part"
        (where / f"{kind}-{number}.toml").write_text(head + block, encoding="utf-8")
        parent = parent if "title" in keys else f"part-{number}.toml"
    return where


def examples() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", MANUAL, flags=re.MULTILINE | re.DOTALL)


def test_the_template_and_every_example_of_the_manual_are_solved(folder):
    """Examples of the manual that are parts of a file build on one another, so that the last holds them all."""
    last = max(folder.glob("part-*.toml"), key=lambda file: int(file.stem.removeprefix("part-")))
    whole = sorted(folder.glob("manual-*.toml"))
    assert len(whole) + len(list(folder.glob("part-*.toml"))) == len(examples()) > 7
    regime = load_regime(last)
    assert {"target", "change", "percent"} == {shock.mode for shock in regime.shocks}
    assert regime.swaps
    assert regime.quotas
    result = run(folder / "plain.toml", folder / "full.toml", *whole, last)
    assert result.passed
    other = result.effects.drop(columns="plain").sub(result.effects["plain"], axis=0).abs().max()
    assert (other > 0.01).all()


def test_the_template_shows_every_table(folder):
    full = load_regime(folder / "full.toml")
    assert full.members == ("RUS", "BLR", "KAZ", "KGZ")
    assert full.schedules
    assert full.quotas
    assert full.borders
    assert {shock.mode for shock in full.shocks} == {"change", "percent", "target"}
    plain = load_regime(folder / "plain.toml")
    assert (plain.builds_on, plain.shocks, plain.closure) == ("union-2010-07", (), "default")


def test_a_template_never_overwrites_and_knows_its_parent(tmp_path):
    file = new_scenario("mine", "ces-2012", tmp_path)
    assert load_regime(file).builds_on == "ces-2012"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="left as it is"):
        new_scenario("mine.toml", folder=tmp_path)
    assert file.read_text(encoding="utf-8") == "mine"
    with pytest.raises(RegimeError, match="did you mean 'ces-2012'"):
        new_scenario("other", "ces-2021", tmp_path)
    with pytest.raises(RegimeError, match="no name for a scenario"):
        new_scenario("../other", folder=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.toml", SCHEMA_BESIDE}


def test_the_committed_schema_is_current():
    command = "eacu new-scenario --schema > data/regimes/schema.json"
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), f"run: {command}"


def problems(text: str) -> list[str]:
    schema = json.loads(schema_text())
    validator = validator_for(schema)(schema)
    return [error.message for error in validator.iter_errors(tomllib.loads(text))]


def test_the_schema_accepts_what_the_reader_accepts(folder):
    files = [*REGIME_FOLDER.rglob("*.toml"), *folder.glob("*.toml")]
    assert len(files) > 25
    for file in files:
        assert problems(file.read_text(encoding="utf-8")) == [], file.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clossure = 1\n", "clossure"),
        ('[[shock]]\ninstrument = "import_tarif"\nas = "level"\nvalue = 1\nunit = "ratio"\n', "import_tarif"),
        ('[[shock]]\ninstrument = "rent"\nas = "level"\nvalue = 1\n', "'unit' is a required property"),
        ('[closure]\nlabour = "wage-curv"\n', "wage-curv"),
        ("[tariffs]\nKAZ = 5\n", "5 is not valid"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text, expected):
    head = HEAD.format("union-2010-07") + ("" if "[closure]" in text else CLOSURE)
    assert any(expected in message for message in problems(head + text))


def test_a_shock_can_choose_by_every_level_of_every_instrument():
    assert {level for instrument in INSTRUMENTS.values() for level in instrument.levels} == set(SELECTORS)
