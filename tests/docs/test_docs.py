"""The documents say what the program does: code runs, links lead somewhere, the equations are current."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.support.builders import load_builder

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(document: Path, language: str) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "#")):
            assert (document.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_headings_lead_to_headings(document):
    for target in re.findall(r"\]\(([^)\s]+#[^)\s]+)\)", document.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        text = ((document.parent / file) if file else document).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
        assert anchor in anchors


def test_the_equations_page_is_current():
    module = load_builder("build_equations")
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/build_equations.py"
    assert module.page().count("```math") > 20


def test_mathematics_becomes_markdown():
    module = load_builder("build_equations")
    text = (
        "Price :math:`p` of ``x``.\n\n.. math:: p = \\sum_i\n          q_i\n\n"
        "After.\n\n.. math::\n\n    a = b\n"
    )
    assert module.markdown(text) == (
        "Price $`p`$ of `x`.\n\n```math\np = \\sum_i\nq_i\n```\n\nAfter.\n\n```math\na = b\n```"
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_python_blocks_run(document, capsys):
    for source in blocks(document, "python"):
        exec(compile(source, str(document), "exec"), {})
    if document.name == "README.md":
        printed = capsys.readouterr().out
        assert "real_gdp_pct" in printed
        assert "KAZ" in printed


def test_the_picture_shows_the_numbers_of_the_model(tmp_path):
    """The figures written in the picture are those the model gives today."""
    import eacu
    from eacu.report.plots import effects_figure

    command = re.search(
        r"`(eacu run ([^`]*) --figure (docs/figures/[^`]*))`", DOCUMENTS[0].read_text(encoding="utf-8")
    )
    drawn = effects_figure(eacu.run(*command[2].split()), tmp_path / "figure.svg")
    texts = [
        re.findall(r"<text[^>]*>([^<]*)<", path.read_text(encoding="utf-8"))
        for path in (ROOT / command[3], drawn)
    ]
    assert len(texts[0]) > 20
    assert texts[0] == texts[1], f"the picture is out of date; run: {command[1]}"


def commands() -> list[str]:
    lines = [
        line for document in DOCUMENTS for block in blocks(document, "sh") for line in block.splitlines()
    ]
    return sorted({line.partition(" #")[0].strip() for line in lines if line.startswith("eacu ")})


@pytest.mark.parametrize("command", commands())
def test_documented_commands_exist(command):
    """Every command in a document is one the program has, with options it knows."""
    from eacu.report.cli import app

    group, path, arguments = get_command(app), [], shlex.split(command)[1:]
    while arguments and arguments[0] in getattr(
        group, "commands", {}
    ):  # eacu runs delete: a command of a command
        group = group.commands[arguments[0]]
        path.append(arguments.pop(0))
    assert path, f"eacu has no command {arguments[0]}"
    answer = CliRunner().invoke(app, [*path, "--help"])
    assert answer.exit_code == 0, answer.output
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert option in answer.output


def test_ci_finds_the_commands_of_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for mark, expected in {
        "main-job": "python -m pip install . && eacu run",
        "tests": 'python -m pip install -e ".[test]" && python -m pytest',
        "site": 'python -m pip install -e ".[docs]" && python -m mkdocs build --strict',
    }.items():
        assert f"<!-- ci: {mark} -->\n```sh\n{expected}\n```\n" in text
        assert f"readme_command {mark})" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
