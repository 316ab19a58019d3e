"""``eacu check``: what is wrong with a SAM of one's own, everything at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import CHECK_FAILED, print_json, progress
from .options import BaseYear, examples

if TYPE_CHECKING:
    from ..calibration.sam_check import Examination, Finding

EXAMPLES = examples(
    "eacu check my-sam.csv", "eacu check my-sam.csv --json", "eacu check textbook.csv --tolerance 1e-4"
)
MARKS = {"passed": "ok  ", "failed": "FAIL", "skipped": "–   "}


def check(
    file: Annotated[Path, typer.Argument(metavar="SAM.csv", help="A SAM as CSV: long, or a square matrix.")],
    tolerance: Annotated[
        float,
        typer.Option(min=0.0, help="Largest gap between receipts and outlays, as a share of the account."),
    ] = 1e-6,
    allow_negative: Annotated[
        bool, typer.Option("--allow-negative", help="Negative cells are meant (subsidies, dissaving).")
    ] = False,
    model: Annotated[
        bool, typer.Option("--model/--no-model", help="Also build the model on a SAM that eacu can read.")
    ] = True,
    base_year: BaseYear = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Check a social accounting matrix: square, numbers, signs, unread accounts, balance; then the model on it.

    Two layouts are read: one row a payment (columns row_region, row_account, column_region, column_account, value), or
    a square matrix with the same names in the first column and the first row. Exit code 1 if a check fails, 2 if the
    file is no such table.
    """
    from ..calibration.sam_check import examine

    found = examine(file, tolerance, allow_negative)
    findings = list(found.findings)
    if model and found.own and found.passed:
        from ..experiments.sam_trial import try_sam

        findings += try_sam(found.sam, base_year, progress)
    passed = all(finding.status != "failed" for finding in findings)
    if as_json:
        print_json(_document(found, findings, passed))
    else:
        for finding in findings:
            typer.echo(f"{MARKS[finding.status]} {finding.check}: {finding.message}")
        failed = sum(finding.status == "failed" for finding in findings)
        typer.echo(
            f"\n{file}: " + ("all checks passed" if passed else f"{failed} of {len(findings)} checks FAILED")
        )
    if not passed:
        raise typer.Exit(CHECK_FAILED)


def _document(found: Examination, findings: list[Finding], passed: bool) -> dict[str, Any]:
    totals = found.sam.totals
    return {
        "file": str(found.file),
        "layout": found.layout,
        "passed": passed,
        "accounts": len(totals),
        "largest_gap": found.sam.balance_gap(),
        "checks": [
            {
                "check": finding.check,
                "status": finding.status,
                "message": finding.message,
                "cells": finding.cells.to_dict(orient="records"),
            }
            for finding in findings
        ],
    }
