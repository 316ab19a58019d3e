"""For all tests: every worker computes on one thread, so that workers do not wait for one another's."""

from __future__ import annotations

import os

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
