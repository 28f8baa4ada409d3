"""Table 10, row by row as it is printed."""

import dataclasses

import pytest

from model.objective import loss_weights
from model.objective.loss_weights import LossWeights

# μ_ce μ_focal μ_dice μ_proj λ_ce λ_focal λ_dice λ_proj
TABLE_10 = """
ADE20K_SEMANTIC   1 20 5 0    1 20 5 0
COCO_PANOPTIC     1  0 1 0    1 20 5 0
OBJECTS365_BOXES  1  0 0 0.5  1  0 0 2
"""


@pytest.mark.parametrize("row", TABLE_10.strip().splitlines())
def test_weights_are_the_papers(row: str) -> None:
    name, *printed = row.split()
    weights: LossWeights = getattr(loss_weights, name)
    held = dataclasses.astuple(weights.cost) + dataclasses.astuple(weights.loss)
    assert held == tuple(map(float, printed))


def test_the_background_counts_a_twentieth() -> None:
    assert loss_weights.BACKGROUND_WEIGHT == 0.05
