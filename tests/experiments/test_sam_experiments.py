"""Other estimates of the base year: what they say today, what they refuse, and that draws differ as they should."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from eacu import data
from eacu.calibration.draws import sam_draws
from eacu.calibration.sam import WORLD, Sam
from eacu.calibration.sam_distance import BLOCKS, sam_cells, sam_distance
from eacu.experiments.sam_experiments import (
    REFERENCE,
    SamExperiment,
    SamExperimentError,
    bands,
    effects_table,
    load_experiments,
    sam_experiments,
)
from tests.support.builders import load_builder

REGIME = "union-2010-07"


@pytest.fixture(scope="module")
def trials():
    return sam_experiments(["russia"], [REGIME], draws=1, workers=2)


def test_the_page_says_what_the_experiments_say_today(trials) -> None:
    written = json.loads(load_builder("build_calibration_experiments").VALUES.read_text(encoding="utf-8"))
    page = pd.DataFrame(written["effects"]).set_index(["regime", "member", "indicator"]).loc[[REGIME]]
    found = effects_table(trials)
    assert list(found) == [REFERENCE, "russia", "draw 0"]
    pd.testing.assert_frame_equal(found, page[list(found)], rtol=1e-3, atol=1e-4, check_names=False)
    distances = {trial["name"]: trial["distance"] for trial in written["trials"]}
    for trial in trials[1:]:
        now = sam_distance(trials[0].cells, trial.cells, written["region"])["stpe_pct"]
        before = pd.Series({block: distances[trial.name][block]["stpe_pct"] for block in BLOCKS})
        pd.testing.assert_series_equal(now, before, rtol=1e-3, atol=1e-4, check_names=False)


def test_the_reference_is_the_committed_sam_and_a_draw_keeps_trade_by_pair(trials) -> None:
    committed = sam_cells(Sam.read(data.path("sam/sam_2007")))
    assert (sam_distance(committed, trials[0].cells, "KAZ")["stpe_pct"] < 1e-6).all()
    drawn = trials[2].cells
    assert sam_distance(committed, drawn, "KAZ")["stpe_pct"]["imports"] > 5

    def fob(cells: pd.Series) -> float:
        """What Kazakhstan's goods cost at Russia's border, export tax included: BACI's total, exactly."""
        goods = data.table("mappings/sectors").query("is_good")["sector"].unique()
        bought = [f"commodity:{good}" for good in goods]
        table = cells.rename("value").reset_index()
        table = table[(table["column_region"] == "KAZ") & table["column_account"].isin(bought)]
        table = table[(table["row_region"] == "RUS") & (table["row_region"] != WORLD)]
        return float(table["value"].sum())

    assert fob(drawn) == pytest.approx(fob(committed), rel=1e-6)
    assert fob(committed) == pytest.approx(11797, rel=1e-3)


def test_a_draw_made_by_another_process_is_the_draw_made_here(trials) -> None:
    (here,) = sam_draws(data.reader(), 1, seed=2007)
    pd.testing.assert_series_equal(trials[2].cells, sam_cells(here.build.sam), check_exact=True)


def test_what_cannot_be_an_experiment_is_refused_with_the_remedy(tmp_path) -> None:
    with pytest.raises(SamExperimentError, match="did you mean 'latvia'"):
        sam_experiments(["lativa"])
    with pytest.raises(SamExperimentError, match="two draws or more"):
        bands(_one_trial())
    file = tmp_path / "mine.toml"
    file.write_text('[[experiments]]\nname = "x"\nsays = "y"\nerrors = { uses = 2.0 }\n', encoding="utf-8")
    with pytest.raises(SamExperimentError, match="'use'"):
        load_experiments(file)
    idle = SamExperiment(name="idle", says="Drops a control that is not there.", without=("gpd",))
    with pytest.raises(SamExperimentError, match="matches no control"):
        sam_experiments(["idle"], [], experiments={"idle": idle})


def _one_trial():
    from eacu.experiments.sam_experiments import SamTrial

    index = pd.MultiIndex.from_tuples([("r", "RUS", "x")], names=["regime", "member", "indicator"])
    return (SamTrial(REFERENCE, "", pd.Series(dtype=float), pd.Series(1.0, index=index)),)
