"""Mean and standard deviation of the pixels that a backbone was pretrained with."""

from collections.abc import Mapping
from pathlib import Path

import timm
import torch

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # RGB, of pixels of 0 to 1
IMAGENET_STD = (0.229, 0.224, 0.225)


def pretraining_statistics(
    backbone: str, weights: str | Path
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation (RGB, of pixels of 0 to 1) that pretrained weights expect.

    Args:
        backbone: The backbone's name in a configuration, with or without timm's tag.
        weights: A name of weights in timm; or a file, which does not say, so that timm's record of
            `backbone` counts. ViTDet's are MAE's: ImageNet's.
    """
    for name in (str(weights), backbone):
        known = timm.get_pretrained_cfg(name) if timm.is_model_pretrained(name) else None
        if known is not None:
            return known.mean, known.std
    return IMAGENET_MEAN, IMAGENET_STD


def with_pixel_statistics(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A network's weights; version 0.1.0 did not save the statistics, which were ImageNet's."""
    values = {"pixel_mean": IMAGENET_MEAN, "pixel_std": IMAGENET_STD}
    return {name: 255 * torch.tensor(v)[:, None, None] for name, v in values.items()} | dict(
        weights
    )
