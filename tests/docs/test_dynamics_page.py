"""The results on the page of paths are those the model gives today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.builders import load_builder

ROOT = Path(__file__).parents[2]


def test_a_number_that_has_moved_is_found():
    module = load_builder("build_dynamics")
    written = module.written("results")
    assert len(module.numbers(written)) == 3 * len(module.PATHS)
    assert module.out_of_date(written, written) == []
    moved = written.replace("| union | KAZ | -0", "| union | KAZ | -7")
    assert moved != written
    assert module.out_of_date(moved, written) == ["union KAZ"]
    assert module.out_of_date(written, "\n".join(written.splitlines()[:-1])) == ["wto-alone KAZ"]
    assert len(module.numbers(module.written("variants"))) == len(module.VARIANTS) + 2


@pytest.mark.slow
def test_the_results_of_paths_are_current():
    from eacu.experiments.path_run import run_paths

    module = load_builder("build_dynamics")
    run = run_paths(*module.PATHS)
    for part, text in {"results": module.table(run), "variants": module.variants(run)}.items():
        assert module.out_of_date(text, module.written(part)) == [], "run: python docs/build_dynamics.py"
