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
HEAD = 'title = "t"\nquestion = "q?"\ndescription = "d"\nbuilds_on = "union-2010-07"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The template as it is, with every example put to use, and the manual's examples, each a file."""
    where = tmp_path_factory.mktemp("scenarios")
    template = new_scenario("plain", folder=where).read_text(encoding="utf-8")
    (where / "full.toml").write_text(uncommented(template), encoding="utf-8")
    (where / "plain-rates.csv").write_text(EXAMPLE_RATES, encoding="utf-8")
    for name, text in re.findall(r"<!-- file: (\S+) -->\n```csv\n(.*?)```", MANUAL, flags=re.DOTALL):
        (where / name).write_text(text, encoding="utf-8")
    for number, block in enumerate(examples()):
        (where / f"manual-{number}.toml").write_text(complete(block), encoding="utf-8")
    return where


def examples() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", MANUAL, flags=re.MULTILINE | re.DOTALL)


def complete(block: str) -> str:
    """An example of the manual as a whole file."""
    if "title" in tomllib.loads(block):
        return block
    return HEAD + ("" if "closure" in tomllib.loads(block) else 'closure = "default"\n') + block


def test_the_template_and_every_example_of_the_manual_are_solved(folder):
    files = sorted(folder.glob("*.toml"))
    assert len(files) == 2 + len(examples()) > 9
    result = run(*files)
    assert result.passed
    effects = result.effects.drop(columns="plain").sub(result.effects["plain"], axis=0).abs().max()
    assert (effects[["full"]] > 0.1).all()


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
    head = HEAD + ("" if "[closure]" in text else 'closure = "default"\n')
    assert any(expected in message for message in problems(head + text))


def test_a_shock_can_choose_by_every_level_of_every_instrument():
    assert {level for instrument in INSTRUMENTS.values() for level in instrument.levels} == set(SELECTORS)
