"""The documents say what the program does: code runs, links lead somewhere, the equations are current."""

from __future__ import annotations

import importlib.util
import json
import math
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def load_builder(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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

    name, *arguments = shlex.split(command)[1:]
    answer = CliRunner().invoke(app, [name, "--help"])
    assert answer.exit_code == 0, answer.output
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert option in answer.output


def test_ci_finds_the_commands_of_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for mark, expected in {
        "main-job": "python -m pip install . && eacu run",
        "tests": 'python -m pip install -e ".[test]" && python -m pytest',
    }.items():
        assert f"<!-- ci: {mark} -->\n```sh\n{expected}\n```\n" in text
        assert f"readme_command {mark})" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_claims_page_is_current():
    """Solve every claim in every variant again: same verdicts, same numbers to a thousandth of their band."""
    module = load_builder("build_claims")
    written = json.loads(module.VALUES.read_text(encoding="utf-8"))
    page, values = module.build()
    fresh = json.loads(values)
    assert [c["id"] for c in written["claims"]] == [c["id"] for c in fresh["claims"]]
    for old, new in zip(written["claims"], fresh["claims"], strict=True):
        assert old["verdict"] == new["verdict"], f"{old['id']}: run python docs/build_claims.py"
        assert old["number"] == pytest.approx(new["number"], rel=1e-3, abs=1e-4), old["id"]
        assert [s["says"] for s in old["statements"]] == [s["says"] for s in new["statements"]]
        for before, after in zip(old["statements"], new["statements"], strict=True):
            assert before["values"] == pytest.approx(after["values"], rel=1e-3, abs=1e-3), before["says"]
    assert written["facts"] == fresh["facts"]
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == [x for x in module.PAGE.read_text(encoding="utf-8").splitlines() if x.startswith("#")]


def test_the_reproduction_page_is_current():
    """Solve every study's scenario again: same verdicts, same figures to a thousandth."""
    module = load_builder("build_reproduction")
    written = json.loads(module.VALUES.read_text(encoding="utf-8"))
    page, values = module.build()
    fresh = json.loads(values)
    for old, new in zip(written["rows"], fresh["rows"], strict=True):
        name = f"{old['study']}: {old['metric']}; run python docs/build_reproduction.py"
        figures = ("ours", "ours_low", "ours_high")
        before, after = ([math.nan if row[k] is None else row[k] for k in figures] for row in (old, new))
        assert before == pytest.approx(after, rel=1e-3, abs=1e-4, nan_ok=True), name
        assert {k: v for k, v in old.items() if k not in figures} == {
            k: v for k, v in new.items() if k not in figures
        }
    assert written["verdicts"] == fresh["verdicts"]
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == [x for x in module.PAGE.read_text(encoding="utf-8").splitlines() if x.startswith("#")]
