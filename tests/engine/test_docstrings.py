"""The examples in the engine's docstrings are run."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["compile", "complementarity", "diagnosis", "solve"])
def test_examples_hold(module):
    # by path: the package exports a function `solve` that hides the module of that name
    result = doctest.testmod(importlib.import_module(f"eacu.model.engine.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
