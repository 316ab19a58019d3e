"""For all tests: every worker computes on one thread, so that workers do not wait for one another's."""

from __future__ import annotations

import os

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def pytest_configure() -> None:
    """Keep more built economies than a session does: the tests of a worker ask the same ones many things."""
    from eacu.experiments.kept import KEPT

    KEPT.most = 12
