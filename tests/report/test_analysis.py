"""``eacu decompose`` and ``eacu explain`` on a small economy."""

from __future__ import annotations

import json
import re

import pytest


def numbers(line: str) -> list[float]:
    return [float(text.replace(",", "")) for text in re.findall(r"-?[\d,]+\.\d+", line)]


def test_contributions_add_up_on_paper(eacu, tmp_path):
    answer = eacu("decompose", "union-2010-07")
    assert answer.exit_code == 0, answer.output
    assert "contributions sum to the totals within" in answer.stderr
    sections = re.split(r"^(\w+): contributions", answer.stdout, flags=re.MULTILINE)
    assert sections[1::2] == ["RUS", "BLR", "KAZ"]
    for section in sections[2::2]:
        rows = {line[:28].strip(): numbers(line) for line in section.splitlines() if numbers(line)}
        total = rows.pop("total")
        assert len(total) == 4
        assert "pool of duties" in rows
        assert {f"import_tariff {r} {p}" for r in ("RUS", "BLR", "KAZ") for p in ("union", "outside")} <= set(
            rows
        )
        for column, expected in enumerate(total):
            decimals = 0.1 if column == 0 else 0.001
            assert sum(row[column] for row in rows.values()) == pytest.approx(
                expected, abs=decimals * (len(rows) + 1) / 2
            )
        assert any(abs(row[0]) > 0 for row in rows.values())
    assert list(tmp_path.iterdir()) == []


def test_totals_are_those_of_the_run(eacu):
    answer = eacu("decompose", "union-2010-07", "--by", "region", "--of", "ev_usd_mn,cpi_pct", "--json")
    facts = json.loads(answer.stdout)
    (ran,) = json.loads(eacu("run", "union-2010-07", "--json", "--no-save").stdout)
    assert facts["accuracy"] <= 1e-8
    assert len(facts["indicators"]) == 8
    for name, found in facts["indicators"].items():
        indicator, region = name.removesuffix("]").split("[")
        assert found["total"] == pytest.approx(ran["regions"][region][indicator], rel=1e-7, abs=1e-9)
        parts = [part["value"] for part in found["contributions"]]
        assert sum(parts) == pytest.approx(found["total"], abs=1e-8 * max(map(abs, parts)))
        assert [part["region"] for part in found["contributions"]] == ["", "RUS", "BLR", "KAZ"]


def test_a_regime_that_changes_nothing(eacu):
    answer = eacu("decompose", "pre-union", "--all-regions")
    assert answer.exit_code == 0, answer.output
    assert "ROW: contributions" in answer.stdout
    assert json.loads(eacu("decompose", "pre-union", "--json").stdout)["accuracy"] <= 1e-8


def test_explain_prints_words_terms_and_contributions(eacu):
    answer = eacu("explain", "market_composite", "mac", "KAZ", "--rows", "3")
    assert answer.exit_code == 0, answer.output
    for text in (
        "The composite good is bought by activities",
        "market_composite[mac,KAZ], block trade, determines composite[mac,KAZ]: 1 →",
        "Terms (left side less right side",
        "What moved composite[mac,KAZ]",
        "others",
    ):
        assert text in answer.stdout
    assert eacu("explain", "market_composite", "mac,KAZ", "--rows", "3").stdout == answer.stdout
    assert re.search(r"^sum +0 +0 +0$", answer.stdout, flags=re.MULTILINE)


def test_explain_without_index_lists_the_members_that_moved_most(eacu):
    answer = eacu("explain", "zero_profit_imports", "--rows", "2")
    assert answer.exit_code == 0, answer.output
    assert "Unit cost of the import composite" in answer.stdout
    assert "largest change first" in answer.stdout
    assert answer.stdout.count("determines") == 1
    assert len(re.findall(r"^zero_profit_imports\[", answer.stdout, flags=re.MULTILINE)) == 2
    assert "determines" in eacu("explain", "market_flow", "mac", "*", "KAZ").stdout


def test_explain_an_equation_with_one_member(eacu):
    answer = eacu("explain", "numeraire_definition")
    assert answer.exit_code == 0, answer.output
    assert "consumer_price[ROW]" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("explain", "market_flw"), "Did you mean 'market_flow'?"),
        (("explain", "market_flow", "mac", "ROW", "KZA"), "Did you mean 'KAZ'?"),
        (("explain", "market_flow", "mac", "KAZ"), "has 3 index positions; 2 are given"),
        (("explain", "market_flow", "--regime", "union-2010-7"), "union-2010-07"),
        (("decompose", "union-2010-7"), "union-2010-07"),
        (("decompose", "union-2010-07", "--by", "regions"), "Did you mean 'region'?"),
        (("decompose", "union-2010-07", "--of", "ev_usd_m"), "Did you mean 'ev_usd_mn'?"),
        (("decompose", "union-2010-07", "--of", ""), "No indicator is named"),
    ],
)
def test_bad_input(eacu, arguments, expected):
    answer = eacu(*arguments)
    assert answer.exit_code == 2
    assert expected in answer.stderr
    assert "Traceback" not in answer.output
