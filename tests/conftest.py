"""For all tests: what a worker computes with, what it keeps, and in which order it tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for library in ("OMP", "OPENBLAS", "MKL"):  # one thread a worker, so that they do not wait for one another's
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

FIRST = (
    "mutation/test_faults.py",
    "model/test_closures.py",
    "docs/test_commands_run.py",
    "docs/test_docs.py",
    "model/test_rents_and_quotas.py",
    "model/test_welfare.py",
    "model/test_mechanisms_and_closures.py",
    "experiments/test_sensitivity.py",
    "experiments/test_inversion.py",
    "model/test_properties.py",
    "experiments/test_shipped.py",
    "docs/test_claims_page.py",
    "docs/test_ladder_page.py",
    "experiments/test_against_ipopt.py",
    "experiments/test_welfare_of_regimes.py",
    "experiments/test_sam_experiments.py",
    "model/test_closures_on_real_data.py",
    "docs/test_reproduction_page.py",
    "docs/test_notebooks.py",
    "report/test_tutorial.py",
    "report/test_html_report.py",
    "experiments/test_template.py",
    "experiments/test_services.py",
)
"""Files that take longest, the longest first: a file goes to one worker, and none is to begin when the others end."""


def pytest_configure() -> None:
    """Keep more built economies than a session does: the tests of a worker ask the same ones many things."""
    from eacu.experiments.kept import KEPT

    KEPT.most = 12


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, the others as they are."""
    rank = {Path(__file__).parent / file: place for place, file in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))
