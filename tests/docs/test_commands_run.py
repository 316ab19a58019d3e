"""Every command that a document shows is executed.

Most of them here, one after the other, in a folder with the files that the documents speak of and on a small economy,
so that all together take seconds. A command that needs the real economy or much of it is marked slow and run on that;
what another test executes in the same form is named in `ELSEWHERE`.
"""

from __future__ import annotations

import shutil

import pytest
from typer.testing import CliRunner

from eacu.experiments import path_run
from eacu.experiments import run as runner
from eacu.report.cli import app
from tests.experiments.small_economy import small_base_year
from tests.support.documented import ROOT, arguments_of, blocks, documented_commands

COMMANDS = documented_commands()
FIRST = ("eacu new-scenario my-union --from union-2010-07", "eacu run")
"""What the others stand on: a scenario of one's own and a saved run."""
NAMES = {
    "eacu run --closure",
    "eacu run --base-year",
    "eacu run --elasticities",
    "eacu calibrate --to",
    "eacu runs query",
    "eacu runs delete",
}
"""In a sentence these name a command, they do not call it."""
ELSEWHERE = {
    "eacu tutorial": "tests/report/test_tutorial.py::test_it_says_what_each_step_does_and_which_command_does_the_same",
    "eacu decompose my-union.toml --welfare": (
        "tests/report/test_tutorial.py::test_every_command_of_its_readme_runs"
    ),
    "eacu decompose union-2010-07 --welfare": (
        "tests/report/test_welfare.py::test_terms_add_up_on_paper_and_are_drawn"
    ),
    "eacu decompose union-2010-07 --welfare --figure welfare.svg": (
        "tests/report/test_welfare.py::test_terms_add_up_on_paper_and_are_drawn"
    ),
    "eacu decompose wto-joint --by instrument,sector --of ev_usd_mn --json": (
        "tests/report/test_analysis.py::test_totals_are_those_of_the_run"
    ),
    "eacu run union-2010-07 --welfare": "tests/report/test_welfare.py::test_run_keeps_welfare_when_asked",
    "eacu path union --until 2015": "tests/report/test_cli_dynamics.py::test_tables_of_members_by_year",
    "eacu run union-2010-07 --market-structure my_table.csv": (
        "tests/report/test_cli.py::test_market_structure_is_a_table_of_ones_own_and_is_recorded"
    ),
    "eacu run union-2010-07 wto-joint wto-only --figure docs/figures/effects.svg": (
        "tests/docs/test_docs.py::test_the_picture_shows_the_numbers_of_the_model"
    ),
    "eacu decompose union-2010-07 --welfare --figure docs/figures/welfare.svg": (
        "tests/docs/test_welfare_figure.py::test_the_picture_of_welfare_is_current"
    ),
}
ELSEWHERE |= {
    "eacu import my-sam.xlsx --sheet SAM --range B3:ZZ600 --map my-map.csv --as mine --out base-years": (
        "tests/calibration/test_import_sam.py::test_excel_from_a_range_of_a_sheet"
    ),
    "eacu import gtap.har --table ASAM --map gtap-map.csv --as gtap --unit million": (
        "tests/calibration/test_import_sam.py::test_har"
    ),
    "eacu import ICIO2023_2007.csv --as icio": (
        "tests/calibration/test_import_mrio.py::test_the_shipped_sam_comes_back_from_an_icio_release_by_one_command"
    ),
    "eacu import icio-folder --as icio --format icio --as-published": (
        "tests/calibration/test_import_mrio.py::test_a_zip_and_a_folder_are_read_like_the_file"
    ),
}
REAL_ECONOMY = "needs regions, sectors or policies that only the real economy has"
MANY_SOLUTIONS = "solves many regimes or years; tests of single ones are always run"
SAME_FORM = "another command with the same options is always run"
ORDER = "needs what a slow command leaves"
SLOW = {
    "eacu calibrate": MANY_SOLUTIONS,
    "eacu calibrate --belarus russia": MANY_SOLUTIONS,
    "eacu calibrate --to base-year --belarus russia": MANY_SOLUTIONS,
    "eacu calibrate --page docs/sam.md": MANY_SOLUTIONS,
    "eacu calibrate --base-year ukraine --page docs/sam_ukraine.md": MANY_SOLUTIONS,
    "eacu calibrate --base-year ukraine --to data/ukraine --page docs/sam_ukraine.md": MANY_SOLUTIONS,
    "eacu run --base-year base-year": ORDER,
    "eacu claims": MANY_SOLUTIONS,
    "eacu claims --central --json": MANY_SOLUTIONS,
    "eacu reproduce": MANY_SOLUTIONS,
    "eacu reproduce --json": MANY_SOLUTIONS,
    "eacu path": MANY_SOLUTIONS,
    "eacu path union --json": MANY_SOLUTIONS,
    "eacu path my-path.toml --figure path.svg --table path.csv": MANY_SOLUTIONS,
    "eacu path integration --closure savings-driven+specific --until 2020": REAL_ECONOMY,
    "eacu path --target edb-2012": REAL_ECONOMY,
    "eacu path --target my-target.toml --json": MANY_SOLUTIONS,
    "eacu tutorial my-first-study": SAME_FORM,
    "eacu run ces-2012 --json --no-save --quiet > ces.json": REAL_ECONOMY,
    "eacu run ukraine-dcfta": REAL_ECONOMY,
    "eacu run union-2010-07 union-plus-ukraine ukraine-dcfta ukraine-dcfta-mfn": REAL_ECONOMY,
    "eacu run union-2010-07 --market-structure krugman": REAL_ECONOMY,
    "eacu explain market_flow mvh EU KAZ --regime wto-joint": REAL_ECONOMY,
    "eacu calibrate --base-year my-country --to my-country": MANY_SOLUTIONS,
    "eacu run union-2010-07 --base-year my-country": ORDER,
    "eacu report oil-2010 --no-band --out oil.html": SAME_FORM,
    "eacu run my-regime.toml": SAME_FORM,
    "eacu sam --base-year ukraine": SAME_FORM,
    "eacu run --welfare": MANY_SOLUTIONS,
    "eacu decompose oil-2010 --welfare --by term,detail": REAL_ECONOMY,
    "eacu decompose oil-2010 --welfare --by term,detail,partner": REAL_ECONOMY,
    "eacu decompose wto-joint --of ev_usd_mn,tariff_received_usd_mn --json": SAME_FORM,
    "eacu decompose union-2010-07 --by instrument,region,sector": SAME_FORM,
    "eacu run union-2010-07 --closure short-run+wage-curve": SAME_FORM,
    "eacu run union-2010-07 --closure mobile-in-union+migration": SAME_FORM,
    "eacu run union-2010-07 my-union.toml --closure short-run": SAME_FORM,
    "eacu check my-sam.csv": REAL_ECONOMY,
    "eacu check my-sam.csv --json": REAL_ECONOMY,
    "eacu import my-sam.csv --as mine": REAL_ECONOMY,
    "eacu run --base-year base-years/mine": ORDER,
}
HEAVY = (
    "eacu sensitivity",
    "eacu backcast",
    "eacu invert",
    "eacu calibrate",
    "eacu elasticities",
    "eacu sam-experiments",
    "eacu report",
)
"""Commands that solve dozens to thousands of economies; their own tests run them on fewer."""
REAL = (
    " --band",
    " --elasticities",
    " krugman",
    "-services",
    " presence-",
    " belarus-regulation",
    "eacu new-scenario",
)
"""Forms that need the sectors, sources or members of the real economy."""
SLOW |= {c: MANY_SOLUTIONS for c in COMMANDS if c.startswith(HEAVY) and "--no-band" not in c}
SLOW |= {c: REAL_ECONOMY for c in COMMANDS if any(form in c for form in REAL) and c not in FIRST}
SLOW = {c: why for c, why in SLOW.items() if c not in ELSEWHERE and c not in NAMES}
QUICK = [c for c in COMMANDS if c not in {*FIRST, *NAMES, *ELSEWHERE, *SLOW}]


@pytest.fixture(scope="module")
def solved_once():
    """Economies are built and regimes solved once for all commands."""
    build, known = runner.Workbench, {}

    def once(key, make):
        return known[key] if key in known else known.setdefault(key, make())

    def workbench(base, closure="default", tell=lambda line: None, swaps=(), targets=()):
        key = (base.benchmark.sectors, base.benchmark.quota_flows, base.market_structure, base.files)
        key += (str(closure), tuple(swaps), tuple(targets))
        return once(key, lambda: remembering(build(base, closure, tell, swaps, targets), key))

    def remembering(bench, key):
        solve = bench.solve
        bench.solve = lambda regime: once((key, repr(regime)), lambda: solve(regime))
        return bench

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "Workbench", workbench)
        yield


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the files that documents name, made of what they and the repository hold."""
    place = tmp_path_factory.mktemp("study")
    path, target = blocks(ROOT / "docs" / "dynamics.md", "toml")
    (place / "my-path.toml").write_text(path, encoding="utf-8")
    (place / "my-target.toml").write_text(target, encoding="utf-8")
    (place / "textbook.csv").write_text(",farm,house\nfarm,0,5\nhouse,5,0\n", encoding="utf-8")
    shutil.copy(ROOT / "data" / "sam" / "sam_2007.csv", place / "my-sam.csv")
    shutil.copytree(ROOT / "data" / "ukraine", place / "my-country")
    for folder in ("docs/figures", "data/ukraine"):
        (place / folder).mkdir(parents=True)
    return place


def execute(command):
    answer = CliRunner().invoke(app, arguments_of(command))
    assert answer.exit_code == 0, f"{command} (shown in {COMMANDS.get(command)}): {answer.output}"
    return answer


@pytest.fixture(scope="module")
def small_study(solved_once, prepared):
    """The small economy in that folder, after the commands that the others stand on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(prepared)
        patch.setattr(runner, "load_base_year", small_base_year)
        patch.setattr(path_run, "load_base_year", small_base_year)
        for command in FIRST:
            execute(command)
        shutil.copy("my-union.toml", "my-regime.toml")
        shutil.copytree("runs", "studies/runs")
        yield


@pytest.mark.parametrize("command", QUICK)
def test_a_documented_command_runs(small_study, command):
    execute(command)


@pytest.mark.slow
@pytest.mark.parametrize("command", SLOW)
def test_a_heavy_documented_command_runs(prepared, command, monkeypatch):
    monkeypatch.chdir(prepared)
    if not (prepared / "my-union.toml").exists():
        execute(FIRST[0])
        shutil.copy("my-union.toml", "my-regime.toml")
    execute(command)


def test_every_exception_is_a_command_that_is_shown():
    """No leftover of a document that has changed; what stands first is shown too."""
    assert {*FIRST, *NAMES, *ELSEWHERE, *SLOW} <= set(COMMANDS)


@pytest.mark.parametrize("place", ELSEWHERE.values())
def test_the_test_named_is_there(place):
    file, _, name = place.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
