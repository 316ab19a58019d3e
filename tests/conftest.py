"""For all tests: what a worker computes with, what it keeps, and which tests go to one worker together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for library in ("OMP", "OPENBLAS", "MKL"):  # one thread a worker, so that they do not wait for one another's
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

SPREAD = (
    "docs/test_docs.py",
    "docs/test_notebooks.py",
    "model/test_closures.py",
    "model/test_known_answers.py",
    "model/test_mobility.py",
    "model/test_properties.py",
    "model/test_replication.py",
    "model/test_rents_and_quotas.py",
    "mutation/test_faults.py",
    "report/test_cli.py",
    "report/test_cli_dynamics.py",
)
"""Files of many tests that share nothing: these follow the others one by one, so that no worker ends before the rest.

The tests of any other file go to one worker, which makes what they share once."""


def pytest_configure() -> None:
    """Keep more built economies than a session does: the tests of a worker ask the same ones many things."""
    from eacu.experiments.kept import KEPT

    KEPT.most = 12


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell pytest-xdist which tests belong together (``--dist=loadgroup``)."""
    here = Path(__file__).parent
    for item in items:
        file = item.path.relative_to(here).as_posix()
        if file not in SPREAD:
            item.add_marker(pytest.mark.xdist_group(file))
