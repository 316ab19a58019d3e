"""One build of the base year for all tests of the calibration."""

import pytest

from eacu.calibration.build import Build, build_sam
from eacu.data import table


@pytest.fixture(scope="session")
def build() -> Build:
    return build_sam(table)
