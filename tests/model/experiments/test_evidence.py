"""The paper's claim on the synthetic trio, from scratch: with masks of other classes beside them,
boxes become masks, and the small semantic set gains.

About an hour of one idle core, so only where `O365SEG_EVIDENCE` names a folder for the runs.
What is there already is not trained again: a test that was stopped goes on.
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

ALONE, BOXES, TOGETHER = Run((Role.ADE,)), Run((Role.O365,)), Run(ALL)
COLUMNS = (Column.ADE_SEMANTIC, Column.O365_INSTANCE)
# The rows of table 1 that this is about, and their two columns.
CLAIM = Table(
    1,
    "Separate and co-trained models",
    COLUMNS,
    (
        Row("R50 separate", dict(zip(COLUMNS, (ALONE, BOXES), strict=True))),
        Row("R50 co-trained", dict.fromkeys(COLUMNS, TOGETHER)),
    ),
)

SEMANTIC = Table(
    1,
    CLAIM.title,
    COLUMNS[:1],
    tuple(Row(row.name, {COLUMNS[0]: row.runs[COLUMNS[0]]}) for row in CLAIM.rows),
)


@pytest.mark.slow
@pytest.mark.skipif("O365SEG_EVIDENCE" not in os.environ, reason="O365SEG_EVIDENCE is not set")
@pytest.mark.timeout(7200)
def test_co_training_turns_boxes_into_masks_and_lifts_the_small_set() -> None:
    """Each set's images are seen as often alone as together."""
    place = Place(Path(os.environ["O365SEG_EVIDENCE"]), "cpu")
    found = run_table(CLAIM, small_recipe(), range(1), place)
    together = found[TOGETHER][0]
    for column, alone, least, ratio in (
        (Column.ADE_SEMANTIC, ALONE, 0.6, 3),
        (Column.O365_INSTANCE, BOXES, 0.35, 5),
    ):
        score, before = together[column], found[alone][0][column]
        assert score is not None
        assert before is not None
        assert score > least
        assert score > ratio * before


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
