"""docs/command_line.md is what the commands say of themselves."""

from tests.support.builders import load_builder


def test_the_page_is_current():
    module = load_builder("build_command_line")
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/build_command_line.py"


def test_the_page_has_every_command_and_all_of_its_options():
    module = load_builder("build_command_line")
    text = module.page()
    for name in ("run", "compare", "check", "tutorial", "closures"):
        assert f"### eacu {name}\n" in text
    for option in ("`--all-regions`", "`--no-model`", "`--tolerance`", "`--quiet`"):
        assert option in text
