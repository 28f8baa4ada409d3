"""Table 10 of the paper: weights of the matching cost and of the loss, for each data set."""

from dataclasses import dataclass

BACKGROUND_WEIGHT = 0.05
"""Weight of a background slot in the cross-entropy (appendix F)."""


@dataclass(frozen=True)
class Weights:
    """The weights of Eq. 4 (λ) or Eq. 5 (μ), ≥ 0; zero disables a term."""

    cross_entropy: float
    focal: float
    dice: float
    projection: float


@dataclass(frozen=True)
class LossWeights:
    """The weights of one data set: `cost` are Table 10's μ, `loss` its λ."""

    cost: Weights
    loss: Weights


ADE20K_SEMANTIC = LossWeights(cost=Weights(1, 20, 5, 0), loss=Weights(1, 20, 5, 0))
# Unlike the loss, the cost has no focal term and dice at 1, as printed.
COCO_PANOPTIC = LossWeights(cost=Weights(1, 0, 1, 0), loss=Weights(1, 20, 5, 0))
OBJECTS365_BOXES = LossWeights(cost=Weights(1, 0, 0, 0.5), loss=Weights(1, 0, 0, 2))
