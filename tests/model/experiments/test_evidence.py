"""What co-training does on the synthetic trio: the smallest of the paper's claims, from scratch.

About seven minutes on two idle cores, so only where `O365SEG_EVIDENCE` names a folder for the
runs. What is there already is not trained again: a test that was stopped goes on.
"""

import os
from pathlib import Path

import pytest

from model.experiments.columns import Column, Role
from model.experiments.run import Place, run_table, scored_so_far, wanted_columns
from model.experiments.synthetic_recipe import small_recipe
from model.experiments.table_text import markdown
from model.experiments.tables import ALL, Row, Run, Table
from o365seg.formats.json_files import write_json_atomic

ALONE, TOGETHER = Run((Role.ADE,)), Run(ALL)
# The rows of table 1 that this is about, and the one column.
SEMANTIC = Table(
    1,
    "Separate and co-trained models",
    (Column.ADE_SEMANTIC,),
    (
        Row("R50 separate", {Column.ADE_SEMANTIC: ALONE}),
        Row("R50 co-trained", {Column.ADE_SEMANTIC: TOGETHER}),
    ),
)


@pytest.mark.slow
@pytest.mark.skipif("O365SEG_EVIDENCE" not in os.environ, reason="O365SEG_EVIDENCE is not set")
def test_co_training_learns_the_small_semantic_set() -> None:
    """Learns at all: far above the mean IoU of one class everywhere, at most 1/9.

    Both models have seen the small set's images equally often.
    """
    recipe = small_recipe()
    place = Place(Path(os.environ["O365SEG_EVIDENCE"]), "cpu")
    found = run_table(SEMANTIC, recipe, range(1), place)
    together = found[TOGETHER][0][Column.ADE_SEMANTIC]
    alone = found[ALONE][0][Column.ADE_SEMANTIC]
    assert together is not None
    assert alone is not None
    assert together > 0.2
    assert together > alone


def test_a_table_of_a_sweep_under_way_says_how_many_seeds(tmp_path: Path) -> None:
    """Runs that are trained and scored count; one that is neither is left out, not trained."""
    recipe, place = small_recipe(), Place(tmp_path, "cpu")
    assert scored_so_far(SEMANTIC, recipe, range(3), place) == {ALONE: [], TOGETHER: []}
    folder = place.of(TOGETHER, 0)
    folder.mkdir(parents=True)
    # Scores without a finished model beside them are somebody else's.
    write_json_atomic(folder / "scores.json", {str(Column.ADE_SEMANTIC): 0.5})
    assert scored_so_far(SEMANTIC, recipe, range(3), place)[TOGETHER] == []
    assert set(wanted_columns(SEMANTIC, recipe)) == {ALONE, TOGETHER}


def test_a_mean_of_fewer_seeds_says_so() -> None:
    values = {
        ALONE: [{Column.ADE_SEMANTIC: value} for value in (0.1, 0.2)],
        TOGETHER: [{Column.ADE_SEMANTIC: value} for value in (0.3, 0.4, 0.5)],
    }
    text = markdown(SEMANTIC, small_recipe(), values, range(3))
    assert "| R50 separate | 15.0 ± 7.1 (n = 2) |" in text
    assert "| R50 co-trained | 40.0 ± 10.0 |" in text
