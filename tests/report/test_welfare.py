"""``eacu decompose --welfare`` and ``eacu trade``: tables, JSON, picture, run folder."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from eacu.report.catalogue import query
from eacu.report.runfolder import save_run


def numbers(line: str) -> list[float]:
    return [float(text.replace(",", "")) for text in re.findall(r"-?[\d,]+\.\d+", line)]


def test_terms_add_up_on_paper_and_are_drawn(eacu, tmp_path):
    answer = eacu("decompose", "union-2010-07", "--welfare", "--figure", "welfare.svg")
    assert answer.exit_code == 0, answer.output
    assert "terms sum to the equivalent variation" in answer.stderr
    rows = {line[:24].strip(): numbers(line) for line in answer.stdout.splitlines() if numbers(line)}
    total = rows.pop("equivalent variation")
    assert {"allocative", "terms of trade", "pool transfer"} <= set(rows)
    for column, expected in enumerate(total):
        parts = sum(row[column] for row in rows.values())
        assert parts == pytest.approx(expected, abs=0.05 * (len(rows) + 1))
    picture = (tmp_path / "welfare.svg").read_text(encoding="utf-8")
    texts = re.findall(r"<text[^>]*>([^<]*)<", picture)
    assert {"RUS", "BLR", "KAZ", "allocative", "pool transfer", "equivalent variation"} <= set(texts)
    assert {f"{value:.0f}".replace("-0", "0") for value in total} <= set(texts)


def test_json_holds_every_region_and_adds_up(eacu):
    answer = eacu("decompose", "union-2010-07", "--welfare", "--by", "term,detail,sector", "--json")
    facts = json.loads(answer.stdout)
    (ran,) = json.loads(eacu("run", "union-2010-07", "--json", "--no-save").stdout)
    assert facts["accuracy"] <= 1e-7
    assert set(facts["regions"]) == {"RUS", "BLR", "KAZ", "ROW"}
    for region, found in facts["regions"].items():
        assert found["ev_usd_mn"] == pytest.approx(ran["regions"][region]["ev_usd_mn"], rel=1e-9)
        assert sum(term["value"] for term in found["terms"]) == pytest.approx(found["ev_usd_mn"], rel=1e-9)
        assert {"term", "detail", "sector"} <= set(found["terms"][0])


def test_nothing_to_decompose_and_nothing_to_draw(eacu):
    answer = eacu("decompose", "pre-union", "--welfare")
    assert answer.exit_code == 0, answer.output
    assert "equivalent variation" in answer.stdout
    answer = eacu("decompose", "pre-union", "--welfare", "--figure", "welfare.svg")
    assert answer.exit_code == 2
    assert "nothing to draw" in answer.stderr


@pytest.mark.parametrize("by", ["sector", "partner", "sector,partner"])
def test_trade_tables_show_their_sums(eacu, by):
    answer = eacu("trade", "union-2010-07", "--by", by)
    assert answer.exit_code == 0, answer.output
    sections = re.split(r"^(\w+): change of imports", answer.stdout, flags=re.MULTILINE)
    assert sections[1::2] == ["RUS", "BLR", "KAZ"]
    for section in sections[2::2]:
        rows = [numbers(line) for line in section.splitlines() if numbers(line)]
        *parts, total = rows
        for column, expected in enumerate(total):
            shown = sum(row[column] for row in parts)
            assert shown == pytest.approx(expected, abs=0.05 * (len(rows) + 30))


def test_trade_json_is_the_solution(eacu, run):
    facts = json.loads(eacu("trade", "union-2010-07", "--by", "partner", "--json").stdout)
    flows = run["union-2010-07"].solution.trade_effects_by_partner()
    expected = flows[(flows["importer"] == "KAZ") & (flows["partner"] == "RUS")]["diversion"].sum()
    (found,) = [row for row in facts["importers"]["KAZ"] if row["partner"] == "RUS"]
    assert found["diversion"] == pytest.approx(expected, rel=1e-6)
    assert facts["members"] == ["RUS", "BLR", "KAZ"]


def test_a_run_keeps_trade_and_on_demand_welfare(run, tmp_path):
    out = tmp_path / "runs"
    union = run["union-2010-07"]
    found = union.solution.welfare()
    folder = save_run(run, out, {"union-2010-07": found})
    kept = pd.read_parquet(folder / "welfare.parquet")
    assert set(kept["regime"]) == {"union-2010-07"}
    sums = kept.groupby("region")["value"].sum()
    assert sums["KAZ"] == pytest.approx(union.indicators.loc["KAZ", "ev_usd_mn"], rel=1e-9)
    answer = query(out, "select sum(value) as ev from welfare where region = 'KAZ'")
    assert answer["ev"].item() == pytest.approx(sums["KAZ"], rel=1e-9)
    traded = query(out, "select sum(change) as change from trade where regime = 'union-2010-07'")
    expected = union.solution.trade_effects_by_partner()["change"].sum()
    assert traded["change"].item() == pytest.approx(expected, rel=1e-9)


def test_run_keeps_welfare_when_asked(eacu, tmp_path):
    answer = eacu("run", "union-2010-07", "--welfare")
    assert answer.exit_code == 0, answer.output
    (folder,) = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    assert (folder / "welfare.parquet").is_file()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("decompose", "union-2010-07", "--welfare", "--by", "terms"), "Did you mean 'term'?"),
        (("decompose", "union-2010-07", "--figure", "a.svg"), "together with --welfare"),
        (("decompose", "union-2010-07", "--welfare", "--figure", "a.txt"), "one of .svg, .png, .pdf"),
        (("trade", "union-2010-07", "--by", "sectors"), "Did you mean 'sector'?"),
        (("trade", "union-2010-07", "--by", ""), "No dimension is named"),
        (("run", "union-2010-07", "--welfare", "--no-save"), "drop one of them"),
    ],
)
def test_bad_input(eacu, arguments, expected):
    answer = eacu(*arguments)
    assert answer.exit_code == 2
    assert expected in answer.stderr
    assert "Traceback" not in answer.output
