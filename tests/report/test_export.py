"""Exports: every format opened again by another program, and saying what the run says."""

from __future__ import annotations

import math
import re

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from eacu.report import export as exporter
from eacu.report.cli import app
from eacu.report.export import INDEX, KINDS, ExportError, export
from eacu.report.export_tables import tables_of
from eacu.report.latex import escape
from eacu.report.runfolder import save_run
from eacu.report.saved import open_run
from eacu.report.workbook import HEADER_ROW


@pytest.fixture(scope="module")
def saved(solved_run, tmp_path_factory):
    """The run with the welfare terms of its second regime, saved and read back."""
    out = tmp_path_factory.mktemp("export") / "runs"
    from dataclasses import replace

    run = replace(solved_run, data_files=())
    return open_run(save_run(run, out, {"union-2010-07": run["union-2010-07"].solution.welfare()}))


def table(saved, name: str) -> pd.DataFrame:
    return next(one.frame for one in tables_of(saved) if one.name == name)


def test_the_workbook_has_every_table_in_full(saved, tmp_path):
    book = openpyxl.load_workbook(export(saved, "xlsx", tmp_path / "deep" / "run.xlsx"))
    tables = tables_of(saved)
    assert book.sheetnames == ["about", *(one.name for one in tables)]
    for one in tables:
        rows = list(book[one.name].iter_rows(min_row=HEADER_ROW + 1, values_only=True))
        assert [str(cell) for cell in rows[0]] == [str(name) for name in one.frame.columns]
        assert len(rows) == len(one.frame) + 1
        for found, expected in zip(rows[1:], one.frame.itertuples(index=False), strict=True):
            for cell, value in zip(found, expected, strict=True):
                if isinstance(value, str):
                    assert (cell or "") == value
                elif pd.isna(value):
                    assert cell is None, "not defined is empty, not zero"
                else:
                    assert cell == pytest.approx(float(value), rel=1e-14)


def test_the_workbook_is_one_for_readers(saved, tmp_path):
    book = openpyxl.load_workbook(export(saved, "xlsx", tmp_path / "run.xlsx"))
    about = " ".join(str(cell) for row in book["about"].iter_rows(values_only=True) for cell in row)
    for text in (
        saved.name,
        "2007",
        "million USD",
        saved.facts["questions"]["union-2010-07"],
        "Closure".lower(),
    ):
        assert text in about
    sheet = book["effects"]
    assert sheet.freeze_panes == "D5"
    assert sheet.auto_filter.ref
    rows = {row[1].value: row for row in sheet.iter_rows(min_row=HEADER_ROW + 2) if row[2].value == "USD mn"}
    assert rows["Equivalent variation"][4].number_format == "#,##0"
    shares = {row[1].value: row for row in sheet.iter_rows(min_row=HEADER_ROW + 2) if row[2].value == "%"}
    assert shares["Real GDP"][4].number_format == "#,##0.00"
    assert sheet.column_dimensions["B"].width > 30
    assert book["sources"]["A1"].value


def test_effects_are_those_of_the_run(saved, solved_run):
    frame = table(saved, "effects").set_index(["region", "indicator", "unit"])
    value = frame.loc[("KAZ", "Equivalent variation", "USD mn"), "union-2010-07"]
    assert value == pytest.approx(solved_run["union-2010-07"].indicators.loc["KAZ", "ev_usd_mn"], rel=1e-14)


def test_welfare_terms_sum_to_the_equivalent_variation(saved, solved_run):
    frame = table(saved, "welfare").set_index("term")
    total = frame.loc["equivalent variation"].drop("regime").astype(float)
    ev = solved_run["union-2010-07"].indicators["ev_usd_mn"]
    pd.testing.assert_series_equal(total, ev[total.index].astype(float), check_names=False, rtol=1e-9)


def test_trade_effects_are_those_by_importer(saved, solved_run):
    """Shares of flows, signed by partner, add up to the effects that the model counts good by good."""
    frame = table(saved, "trade_effects")
    ours = frame[frame["regime"] == "union-2010-07"].set_index("importer")
    effects = solved_run["union-2010-07"].solution.trade_effects().groupby("importer").sum()
    for column in (
        "creation",
        "diversion",
        "suppression",
        "return",
        "outside creation",
        "inside suppression",
    ):
        for importer in ours.index:
            expected = effects.loc[importer, column.replace(" ", "_")]
            found = ours.loc[importer, column]
            if importer in saved.members:
                assert found == pytest.approx(expected, abs=1e-6 * effects.abs().max().max())
            else:  # nobody is inside a union of which the importer is no member: not defined
                assert expected == 0 if pd.isna(found) else found == pytest.approx(expected, rel=1e-9)
    assert ours["diversion"].max() > 0


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_folder_of_tables_reads_back(saved, tmp_path, kind):
    folder = export(saved, kind, tmp_path / "tables")
    index = pd.read_csv(folder / INDEX)
    assert index["table"].tolist() == [one.name for one in tables_of(saved)]
    read = pd.read_csv if kind == "csv" else pd.read_parquet
    pd.testing.assert_frame_equal(
        read(folder / f"results.{kind}").fillna({"sector": "", "partner": ""}), saved.results
    )


def test_latex_has_the_numbers_and_no_raw_sign(saved, tmp_path):
    folder = export(saved, "latex", tmp_path / "latex")
    assert {file.stem for file in folder.glob("*.tex")} == {
        "effects",
        "welfare",
        "sectors",
        "trade_effects",
        "checks",
    }
    for file in folder.glob("*.tex"):
        text = file.read_text(encoding="utf-8")
        assert text.count(r"\begin{") == text.count(r"\end{") > 0
        assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
        body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
        assert not re.search(r"(?<!\\)[%#_]", re.sub(r"\\label\{[^}]*\}", "", body))
        columns = len(re.search(r"\{([lr]+)\}", body)[1])
        rows = [line for line in body.splitlines() if line.endswith(r"\\") and r"\multicolumn" not in line]
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows if r"\caption" not in row} == {columns}
    ev = saved["union-2010-07"].indicators.loc["KAZ", "ev_usd_mn"]
    shown = f"{abs(ev):,.0f}".replace(",", "{,}" if ev < 0 else ",")
    latex = (folder / "effects.tex").read_text(encoding="utf-8")
    assert re.search(rf"KAZ & Equivalent variation & USD mn & .*{re.escape(shown)}", latex)


def test_latex_escapes_what_it_must():
    assert escape(r"50 % of A_b & {c} #1 \x ~^$") == (
        r"50 \% of A\_b \& \{c\} \#1 \textbackslash{}x \textasciitilde{}\textasciicircum{}\$"
    )


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_plots(saved, tmp_path, kind, start):
    folder = export(saved, kind, tmp_path / "plots")
    for name in ("effects", "welfare-union-2010-07"):
        assert (folder / f"{name}.{kind}").read_bytes().startswith(start)
    if kind == "svg":
        ev = saved["union-2010-07"].indicators.loc["KAZ", "ev_pct_consumption"]
        assert f"{ev:.2f}" in (folder / "effects.svg").read_text(encoding="utf-8")


def test_an_export_is_complete_or_absent(saved, tmp_path, monkeypatch):
    folder = export(saved, "csv", tmp_path / "tables")
    before = (folder / "effects.csv").read_bytes()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(exporter, "tables_of", fail)
    with pytest.raises(KeyboardInterrupt):
        export(saved, "csv", folder)
    monkeypatch.undo()
    assert (folder / "effects.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]
    assert export(saved, "latex", folder) == folder, "an earlier export gives way"
    assert not (folder / "effects.csv").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(ExportError, match="no earlier export"):
        export(saved, "csv", tmp_path / "mine")


def test_the_command(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = str(saved.folder.parent)
    answer = CliRunner().invoke(
        app, ["export", saved.name[:20], "--out", runs, "--to", "xlsx", "--to", "csv"]
    )
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.split() == [f"{saved.name}.xlsx", f"{saved.name}-csv"]
    assert (tmp_path / f"{saved.name}.xlsx").is_file()
    wrong = CliRunner().invoke(app, ["export", "--out", runs, "--to", "word"])
    assert wrong.exit_code == 2
    assert f"choose from {', '.join(KINDS)}" in wrong.stderr


def test_numbers_that_are_not_defined_stay_so(saved):
    """The example has an indicator without a value; no table may call it zero."""
    frame = table(saved, "indicators")
    assert frame["value"].isna().sum() == saved.indicators["value"].isna().sum() > 0
    assert not any(math.isinf(value) for value in frame["value"])
