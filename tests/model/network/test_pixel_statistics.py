"""Which mean and standard deviation an image is standardised with."""

import pytest
import torch

from model.network.pixel_statistics import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    pretraining_statistics,
    with_pixel_statistics,
)

HALF = (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("backbone", "weights", "mean", "std"),
    [
        ("resnet50", "resnet50.tv_in1k", IMAGENET_MEAN, IMAGENET_STD),
        ("tf_efficientnet_lite0", "weights/lite0.safetensors", HALF, HALF),
        ("vit_base_patch16_224", "vit_base_patch16_224.mae", IMAGENET_MEAN, IMAGENET_STD),
        ("vit_base_patch16_224", "mine.pth", HALF, HALF),  # timm's record of that name
        ("vit_base_patch16_224.mae", "mine.pth", IMAGENET_MEAN, IMAGENET_STD),
        ("vitdet_b", "mae.pth", IMAGENET_MEAN, IMAGENET_STD),
        ("tf_efficientnet_lite0", "resnet50.pth", HALF, HALF),  # a file, in spite of its name
    ],
)
def test_they_are_those_of_the_weights_or_else_of_the_backbone(
    backbone: str, weights: str, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    assert pretraining_statistics(backbone, weights) == (mean, std)


def test_weights_saved_without_them_get_imagenet_s() -> None:
    found = with_pixel_statistics({"a": torch.zeros(1)})
    assert set(found) == {"a", "pixel_mean", "pixel_std"}
    torch.testing.assert_close(found["pixel_mean"].flatten(), 255 * torch.tensor(IMAGENET_MEAN))
    own = {"pixel_mean": torch.ones(3, 1, 1), "pixel_std": torch.ones(3, 1, 1)}
    assert with_pixel_statistics(own) == own
