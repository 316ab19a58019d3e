"""The HTML report: its frames add up, its page is whole and honest, and a real browser shows it at every width."""

from __future__ import annotations

import html
import json
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from eacu import data
from eacu.calibration.trade_quality import trade_quality
from eacu.experiments.readings import READINGS, solve_readings
from eacu.experiments.run import Check
from eacu.experiments.sensitivity import sweep
from eacu.experiments.sensitivity.summary import NORMAL
from eacu.report.cli import app
from eacu.report.html import (
    customs,
    envelope,
    evidence,
    figures,
    headline,
    names,
    numbers,
    page,
    quality,
    robustness,
    saved,
    trade,
    welfare_parts,
)
from eacu.report.html import study as study_module
from eacu.report.html.bands import StudyBand
from eacu.report.html.sections import SECTIONS
from eacu.report.html.sections_result import headline_section
from eacu.report.html.sections_trust import robustness_section
from eacu.report.provenance import code_version
from eacu.report.runfolder import save_run
from tests.experiments.small_economy import small_base_year
from tests.support.browser import open_browser, why_no_browser

REGIME, AGAINST = "wto-joint", "union-2010-07"
ELASTICITIES = READINGS[:2]


@pytest.fixture(scope="module")
def compared():
    """Accession to the WTO against the union of July 2010, with two readings."""
    return make_study(REGIME, AGAINST, base=small_base_year(), readings=ELASTICITIES)


def make_study(*names, **options):
    """As the module's own, all in this process."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr(sweep, "cores", lambda: 1)
        return study_module.make_study(*names, **options)


@pytest.fixture(scope="module")
def study(compared):
    """The same regime against the base year."""
    found = make_study(REGIME, study_module.BASE_YEAR, base=small_base_year(), readings=())
    return replace(compared, against=None, other=None, band=found.band)


@pytest.fixture(scope="module")
def at_rest():
    """A regime that changes nothing."""
    return study_module.make_study("pre-union", base=small_base_year(), readings=(), band=False)


@pytest.fixture(params=["study", "compared", "at_rest"])
def each(request):
    return request.getfixturevalue(request.param)


def sums(frame, by):
    return frame.groupby(by, sort=False)["value"].sum()


def test_terms_of_welfare_sum_to_the_equivalent_variation(each):
    found = sums(welfare_parts.welfare_terms(each), "region").reindex(each.ev.index).fillna(0.0)
    assert found.to_numpy() == pytest.approx(each.ev.to_numpy(), rel=1e-9, abs=1e-9)


def test_contributions_of_instruments_sum_to_the_equivalent_variation(each):
    found = sums(welfare_parts.instrument_contributions(each), "member").reindex(each.ev.index).fillna(0.0)
    assert found.to_numpy() == pytest.approx(each.ev.to_numpy(), rel=1e-5, abs=1e-5)


def test_a_comparison_is_the_difference_of_two_changes(compared, study):
    union = compared.against.indicators.loc[list(compared.regions), "ev_usd_mn"]
    assert compared.ev.to_numpy() == pytest.approx((study.ev - union).to_numpy(), abs=1e-9)
    assert not np.allclose(compared.ev, study.ev)


def test_the_headline_has_its_value_inside_the_range(study):
    frame = headline.headline(study)
    assert set(frame["region"]) == set(study.regions)
    told = frame.dropna(subset=["value"])
    assert (told["least"] <= told["value"]).all()
    assert (told["value"] <= told["greatest"]).all()
    assert (told["greatest"] > told["least"]).any()
    assert (frame["reason"] != "").equals(frame["value"].isna())
    one = study.found[ELASTICITIES[0].name][REGIME].indicators.loc["KAZ", "real_gdp_pct"]
    row = told.set_index(["key", "region"]).loc[("real_gdp_pct", "KAZ")]
    assert one in (pytest.approx(row["least"]), pytest.approx(row["greatest"]))


@pytest.mark.parametrize("name", ["study", "compared"])
def test_the_band_is_that_of_the_figure_it_stands_under(name, request):
    study = request.getfixturevalue(name)
    table = study.band.table.set_index(["indicator", "region"])
    told = headline.headline(study).dropna(subset=["low"])
    assert {"ev_pct_consumption", "real_gdp_pct", "tariff_received_usd_mn"} <= set(told["key"])
    for row in told.to_dict("records"):
        start = 0.0 if study.against else float(study.base_indicators[row["key"]][row["region"]])
        found = table.loc[(row["key"], row["region"])]
        assert row["value"] == pytest.approx(found["central"] - start, rel=1e-6, abs=1e-6)
        assert row["low"] == pytest.approx(found["mean"] - NORMAL * found["sd"] - start, abs=1e-9)
        assert row["low"] <= row["value"] <= row["high"]


def test_a_band_is_called_a_band_and_a_range_a_range(study):
    first, *_ = headline_section(study).tables
    assert f"over {study.band.points} points" in first.notes[0]
    assert "the SAM is held fixed" in first.notes[0]
    assert "Real wage" in first.notes[1]
    _, ranges, _ = robustness_section(study).tables
    assert "no band" in ranges.notes[0]
    nothing = replace(study, band=StudyBand(study.band.table[:0], problem="3 points have no solution"))
    assert "3 points have no solution" in headline_section(nothing).tables[0].notes[0]
    assert "3 points have no solution" in headline.answer(nothing)[2]
    fewer = replace(study, band=replace(study.band, lost=2))
    assert "2 of the points" in headline_section(fewer).tables[0].notes[-1]
    assert evidence.passed(study)
    assert not evidence.passed(fewer)
    assert not evidence.passed(nothing)


def test_three_sentences_say_who_why_and_how_sure(each):
    answer = headline.answer(each)
    assert len(answer) == 3
    assert "equivalent variation" in answer[0]
    for region, share in each.changes.loc[list(each.regions), "ev_pct_consumption"].items():
        title = {"RUS": "Russia", "BLR": "Belarus", "KAZ": "Kazakhstan"}[region]
        if abs(share) >= headline.NOTICEABLE:
            verb = "gains" if share > 0 else "loses"
            assert f"{title} {verb} USD {numbers.level(abs(each.ev[region]))} mn" in answer[0]
            assert f"({numbers.change(share)} % of household consumption)" in answer[0]
        else:
            assert title in answer[0].partition("the change is less than")[0]
    assert ("No sensitivity band" in answer[2]) is (each.band is None)
    assert ("SAM is held fixed" in answer[2]) is (each.band is not None)


def test_sectors_are_the_tidy_results(study):
    frame = trade.sectors(study).set_index(["region", "sector"])
    output = study.solved.solution.output_by_sector().set_index(["region", "sector"])
    own = output.loc[list(study.regions)]
    assert frame["change"].reindex(own.index).to_numpy() == pytest.approx(own["change"].to_numpy(), abs=1e-9)
    assert frame["percent"].reindex(own.index).to_numpy() == pytest.approx(
        own["percent"].to_numpy(), abs=1e-9
    )


def test_what_leaves_one_partner_arrives_at_another(each):
    moves = trade.redirection(each)
    assert (moves["value"] > 0).all()
    for importer, own in moves.groupby("importer"):
        balance = sums(own, "side")
        assert balance["from"] == pytest.approx(balance["to"]), importer


def test_creation_and_diversion_are_the_models(study, compared):
    model = study.solved.solution.trade_effects().groupby("importer")[["creation", "diversion"]].sum()
    found = trade.creation_and_diversion(study)
    assert found["diversion"].to_numpy() == pytest.approx(model["diversion"].reindex(found.index).to_numpy())
    assert not np.allclose(trade.creation_and_diversion(compared), found)


def test_revenue_before_and_after_sharing(study):
    frame = customs.revenue(study)
    assert (frame["received"] - frame["collected"]).to_numpy() == pytest.approx(frame["transfer"].to_numpy())
    assert frame["transfer"].sum() == pytest.approx(0.0, abs=1e-6)
    base = study.base.benchmark
    duty = (base.import_tariff * base.cif).groupby("importer").sum()
    assert frame["before"].to_numpy() == pytest.approx(duty[list(study.regions)].to_numpy())


def test_oil_is_told_only_where_its_rules_differ(study):
    assert not customs.oil_rules_differ(study)
    values = dict(study.solved.solution.state.values)
    values["export_tax"] = values["export_tax"].copy()
    values["export_tax"].loc["oil"] += 0.1
    state = replace(study.solved.solution.state, values=values)
    solution = replace(study.solved.solution, state=state)
    assert customs.oil_rules_differ(replace(study, solved=replace(study.solved, solution=solution)))


def test_the_tornado_starts_at_the_central_case(study):
    frame = robustness.tornado(study)
    assert set(frame["reading"]) == {reading.name for reading in ELASTICITIES}
    assert (frame["value"] - frame["central"]).to_numpy() == pytest.approx(frame["distance"].to_numpy())
    central = study.changes["ev_pct_consumption"]
    assert frame["central"].to_numpy() == pytest.approx(central[frame["region"]].to_numpy())


def test_local_effects_are_the_exact_derivatives(study):
    frame = robustness.local_effects(study)
    one = frame[frame["what"].str.startswith("Border costs")].set_index("region")["value"]
    members = "RUS|BLR|KAZ"
    exact = study.solved.solution.sensitivity("ev_usd_mn[KAZ]", f"iceberg[*,{members},{members}]").T
    own = [name for name in exact.index if re.match(r"iceberg\[\w+,(\w+),(?!\1\])", name)]
    assert one["KAZ"] == pytest.approx(-0.01 * float(exact.loc[own].sum().iloc[0]))


def test_the_envelope_sums_and_is_nothing_without_a_change(each):
    frame = envelope.envelope(each)
    model = frame.groupby("region", sort=False)["model"].sum()
    assert model[list(each.regions)].to_numpy() == pytest.approx(each.ev.to_numpy(), rel=1e-9, abs=1e-9)
    pool = frame[frame["item"] == "pool"]["by_hand"]
    assert pool.sum() == pytest.approx(0.0, abs=1e-6)
    if each.solved.name == "pre-union":
        assert frame["by_hand"].fillna(0.0).abs().max() == 0.0


def test_the_triangle_by_hand_for_one_importer(study):
    b, state, base = study.base.benchmark, study.solved.solution.state, study.base_state
    total = 0.0
    for sector in b.sectors:
        flows = [f for f in b.cif.index if f[0] == sector and f[2] == "KAZ"]
        if not flows:
            continue
        old, new = ([float(s["import_tariff"][f]) for f in flows] for s in (base, state))
        landed = [float(b.cif[f]) * (1 + t) for f, t in zip(flows, old, strict=True)]
        price = [np.log((1 + t) / (1 + u)) for t, u in zip(new, old, strict=True)]
        index = sum(v * p for v, p in zip(landed, price, strict=True)) / sum(landed)
        home = float(b.domestic_sales.get((sector, "KAZ"), 0.0))
        outer = home / (home + sum(landed)) * float(b.sigma_armington[sector, "KAZ"]) * index
        for f, p, t, u in zip(flows, price, new, old, strict=True):
            volume = float(b.cif[f]) * np.exp(-float(b.sigma_sources[sector, "KAZ"]) * (p - index) - outer)
            total += (t + u) / 2 * (volume - float(b.cif[f]))
    frame = envelope.envelope(study).set_index(["region", "item"])["by_hand"]
    assert frame["KAZ", "tariff triangle"] == pytest.approx(total, rel=1e-9)


def test_every_check_is_told_and_a_failed_one_is_not_hidden(study):
    frame = evidence.checks(study)
    assert {check.name for check in study.solved.checks} <= set(frame["name"])
    assert evidence.passed(study)
    first, *others = study.solved.checks
    spoilt = replace(study, solved=replace(study.solved, checks=(Check(first.name, 1.0, 1e-9), *others)))
    assert not evidence.passed(spoilt)
    text = page.render(spoilt)
    assert f"1 of {len(frame)} checks failed" in text
    assert "FAILED" in text
    unsolved = replace(study, found={**study.found, ELASTICITIES[0].name: "no equilibrium"})
    assert not evidence.passed(unsolved)
    first_table, *_ = robustness_section(unsolved).tables
    assert any("no equilibrium" in row[0].below for row in first_table.rows)


def test_shares_of_the_result_by_quality_are_complete(study):
    frame = quality.quality_shares(study)
    assert set(frame["quality"]) == set(data.QUALITIES)
    whole = frame.groupby(["layer", "region"])["share_pct"].sum()
    assert whole.to_numpy() == pytest.approx(100.0)
    assert set(frame["layer"]) == set(quality.LAYERS)


def test_quality_of_trade_flows_follows_how_they_were_made():
    flows = [
        ("oil", "RUS", "BLR"),  # reported by chapter
        ("chm", "EU", "RUS"),  # composition of the pair in WIOD
        ("chm", "KAZ", "BLR"),  # spread by gravity
        ("trn", "BLR", "EU"),  # Lithuania's pattern
        ("lgt", "CHN", "KGZ"),  # a pair that was overridden
    ]
    found = trade_quality(
        pd.MultiIndex.from_tuples(flows, names=["sector", "source", "importer"]), data.table
    )
    assert found.tolist() == ["observed", "observed", "estimated", "borrowed", "assumed"]
    with pytest.raises(KeyError, match="no sector 'xyz'"):
        trade_quality(pd.MultiIndex.from_tuples([("xyz", "RUS", "EU")]), data.table)


def test_citations_are_read_from_the_manual():
    frame = quality.citations().set_index("key")["what"]
    assert "GTAP 9" in frame["GTAP9"]
    assert len(frame) > 20


def test_a_reading_without_a_solution_is_a_reason_in_words(study):
    bad = replace(ELASTICITIES[0], closure="union-capital+steady-state")
    found = solve_readings([study.solved.regime], [bad], study.base)
    assert found[bad.name] is not None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-9, "0"),
        (0.00234567, "+0.00235"),
        (-9.996, "−10.0"),
        (-0.5, "−0.500"),
        (12345.6, "+12,300"),
        (float("nan"), "n/a"),
    ],
)
def test_three_digits_a_sign_and_zero_apart_from_missing(value, text):
    assert numbers.change(value) == text


class Outline(HTMLParser):
    """Sections, cells and addresses of a page."""

    def __init__(self):
        super().__init__()
        self.sections, self.addresses, self.rows = [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "section":
            self.sections.append(given["id"])
        self.addresses += [given[name] for name in ("src", "href") if given.get(name)]


@pytest.mark.parametrize("name", ["compared", "at_rest"])
def test_the_page_is_whole(name, request):
    study = request.getfixturevalue(name)
    text = page.render(study)
    outline = Outline()
    outline.feed(text)
    assert len(outline.sections) == len(set(outline.sections)) == len(SECTIONS)
    assert all(address.startswith(("#", "data:")) for address in outline.addresses)
    assert len(text) < 5_000_000
    assert f"base year {study.year}" in text
    for key, specification in re.findall(r'data-plot="plot-([\w-]+)">(.*?)</script>', text, re.DOTALL):
        assert json.loads(specification)["data"], key


def test_the_file_appears_complete_or_not_at_all(at_rest, tmp_path, monkeypatch):
    file = page.write(at_rest, tmp_path / "new" / "report.html")
    assert file.read_text(encoding="utf-8").endswith("</html>")
    monkeypatch.setattr(page.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        page.write(at_rest, tmp_path / "other.html")
    assert sorted(f.name for f in tmp_path.rglob("*.html")) == ["report.html"]


def test_the_command_writes_the_page(at_rest, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(study_module, "make_study", lambda *a, **k: asked.append((a, k)) or at_rest)
    file = tmp_path / "page.html"
    answer = CliRunner().invoke(app, ["report", "pre-union", "--no-band", "--quiet", "--out", str(file)])
    assert answer.exit_code == 0
    assert file.is_file()
    assert answer.stderr == ""
    assert asked[0][0][0] == "pre-union"
    assert asked[0][0][4] == ()
    assert asked[0][0][6] is False
    spoilt = replace(at_rest, provenance=(Check("a figure", 1.0, 0.1),), run_name="x")
    monkeypatch.setattr(study_module, "make_study", lambda *a, **k: spoilt)
    answer = CliRunner().invoke(app, ["report", "pre-union", "--out", str(file)])
    assert answer.exit_code == 1
    assert "a check failed" in answer.stderr
    assert CliRunner().invoke(app, ["report"]).exit_code == 2
    monkeypatch.undo()
    answer = CliRunner().invoke(app, ["report", "unoin-2010-07"])
    assert answer.exit_code == 2
    assert "union-2010-07" in answer.stderr


def test_a_saved_run_is_solved_again_and_compared(study, tmp_path, monkeypatch):
    folder = save_run(study.result, tmp_path)
    monkeypatch.setattr(saved, "make_study", lambda file, *a, **k: asked.append(file) or study)
    asked = []
    again = saved.study_of_run(folder, REGIME)
    assert asked == [folder / "regimes" / f"{REGIME}.toml"]
    assert evidence.passed(again)
    assert again.run_name == folder.name
    table = pd.read_csv(folder / "indicators.csv")
    table.loc[table["indicator"] == "ev_usd_mn", "value"] += 1.0
    table.to_csv(folder / "indicators.csv", index=False)
    assert not evidence.passed(saved.study_of_run(folder, REGIME))
    with pytest.raises(ValueError, match="several regimes"):
        saved.study_of_run(folder)
    with pytest.raises(ValueError, match="has no regime"):
        saved.study_of_run(folder, "oil-2010")
    with pytest.raises(ValueError, match=r"has no run\.json"):
        saved.study_of_run(tmp_path, REGIME)


@pytest.mark.skipif(bool(why_no_browser()), reason=why_no_browser() or "a browser is there")
def test_a_browser_shows_the_page_at_every_width(compared, tmp_path):
    file = page.write(compared, tmp_path / "report.html")
    plots = len(re.findall(r"data-plot=", file.read_text(encoding="utf-8")))
    with open_browser() as browser:
        for width, scheme in ((1400, "light"), (375, "dark")):
            browser.open(file, width, scheme)
            browser.ask("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            assert browser.ask("return document.querySelectorAll('.plot svg.main-svg').length") >= plots
            assert browser.ask("return document.documentElement.scrollWidth") <= width
            assert browser.ask(_SPILLED) == []
            assert browser.ask(_CUT) == []
            assert browser.ask(_UNREADABLE) == []
            paper = browser.ask("return getComputedStyle(document.body).backgroundColor")
            assert (paper == "rgb(255, 255, 255)") is (scheme == "light")
        assert browser.console() == []
        assert set(browser.requests()) == {file.resolve().as_uri()}
        browser.media("print")
        assert browser.ask("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert browser.ask("return getComputedStyle(document.querySelector('nav')).display") == "none"
        assert browser.printed().startswith(b"%PDF")


_SPILLED = """
const edge = document.documentElement.clientWidth + 1;
return [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > edge && !e.closest(".scroll") && !e.closest("svg"))
  .map((e) => e.tagName + "." + e.className);
"""
"""Elements that stick out of the page; tables may, inside the box in which they scroll."""
_CUT = """
return ["headline", "welfare", "robustness"].map((key) => document.querySelector(`#table-${key}-1`).closest(".scroll"))
  .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.querySelector("table").id);
"""
"""Tables of the answer whose last column would be cut at the edge of the page."""
_UNREADABLE = """
const light = (text) => {
  const [r, g, b] = text.match(/[\\d.]+/g).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const paper = light(getComputedStyle(document.body).backgroundColor);
const contrast = (e) => {
  const ink = light(getComputedStyle(e).color);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
};
return [...document.querySelectorAll("td, th, p, h1, h2, summary, small")]
  .filter((e) => e.textContent.trim() && (contrast(e) < 4.5 || parseFloat(getComputedStyle(e).fontSize) < 11))
  .map((e) => e.tagName + ": " + e.textContent.trim().slice(0, 40));
"""
"""Texts with less contrast than 4.5 to 1 (WCAG 2, level AA) or smaller than 11 pixels."""


def test_without_a_word_the_page_compares_with_what_the_question_names(compared, monkeypatch):
    asked = []

    def stop(*regimes, **_):
        asked.append([regime.name for regime in regimes])
        raise InterruptedError

    monkeypatch.setattr(study_module, "run", stop)
    for against in (None, study_module.BASE_YEAR, "pre-union"):
        with pytest.raises(InterruptedError):
            study_module.make_study(REGIME, against, base=compared.base)
    assert asked == [[REGIME, AGAINST], [REGIME], [REGIME, "pre-union"]]
    assert f"Against {AGAINST}, the regime that the question compares with" in headline.answer(compared)[0]
    assert "as its question asks" in page.render(compared)


def test_the_page_names_the_command_that_makes_it_again(at_rest, tmp_path, monkeypatch):
    monkeypatch.setattr(study_module, "make_study", lambda *a, **k: at_rest)
    monkeypatch.setattr("eacu.experiments.base_year.load_base_year", lambda *_: at_rest.base)
    file = tmp_path / "page.html"
    given = ["report", "my own.toml", "--closure", "short-run", "--base-year", "ukraine"]
    given += ["--market-structure", "krugman", "--against", "base-year", "--no-band"]
    answer = CliRunner().invoke(app, [*given, "--out", str(file)])
    assert answer.exit_code == 0, answer.stderr
    text = html.unescape(file.read_text(encoding="utf-8")).replace("\u00a0", " ")
    told = re.search(r"Made again by: (eacu .*?)</p>", text)[1]
    assert sorted(shlex.split(told)[1:]) == sorted(given)
    assert code_version()["sha256"][:12] in text


def test_a_term_has_one_name_in_sentence_plot_and_table():
    frame = pd.DataFrame({"term": ["technology"] * 2, "detail": ["productivity", "border costs"]})
    assert names.terms_in_words(frame).tolist() == ["productivity", "border costs"]
    assert len(set(names.TERM_ORDER)) == len(names.TERM_ORDER) <= len(figures.TERMS)


def test_the_sentence_names_the_closure_that_moves_the_answer_most(compared):
    moved = compared.variation.assign(elasticities=False, reading="unemployment responds")
    told = replace(compared)
    told.__dict__["variation"] = moved
    assert "\u201cunemployment responds\u201d moves it most: " in headline._other_closure(told)
    assert headline._other_closure(compared) == ""
