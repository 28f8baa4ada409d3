"""Outputs of the network, which MERGE, the losses and inference take.

B is the batch, N the proposals (queries), K the classes of the vocabulary in use, and (h, w) the
mask grid, a quarter of the input's height and width (stride 4).
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Proposals:
    """N mask proposals with class scores (paper, section 3.1): one decoder layer's prediction.

    Attributes:
        logits: (B, N, K + 1) float, class logits; the last is the background's (section 3.4).
        masks: (B, N, h, w) float, mask logits before the sigmoid.
    """

    logits: torch.Tensor
    masks: torch.Tensor


@dataclass(frozen=True)
class Outputs:
    """Outputs of a forward pass.

    Attributes:
        layers: Proposals of each supervised decoder layer, in order (appendix E); in evaluation
            mode, only those of the last layer.
    """

    layers: tuple[Proposals, ...]

    @property
    def final(self) -> Proposals:
        """Proposals of the last layer."""
        return self.layers[-1]
