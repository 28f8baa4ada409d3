"""Table 10 of the paper: what each part of the matching cost and of the loss weighs, a data set."""

from dataclasses import dataclass

BACKGROUND_WEIGHT = 0.05
"""What a background slot counts in the cross-entropy (appendix F)."""


@dataclass(frozen=True)
class Weights:
    """The weights of one sum, Eq. 4 (λ) or Eq. 5 (μ); zero leaves a part out."""

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
# No focal in the cost and dice at 1, unlike the loss: so it is printed.
COCO_PANOPTIC = LossWeights(cost=Weights(1, 0, 1, 0), loss=Weights(1, 20, 5, 0))
OBJECTS365_BOXES = LossWeights(cost=Weights(1, 0, 0, 0.5), loss=Weights(1, 0, 0, 2))
