"""Run lengths from logits are those of the resized mask, and resizing is exact to the fraction."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from torch.nn import functional

from model.inference.mask_encoding import encode_logits
from model.inference.resize import resize_to_image
from model.network.preprocess import Placement
from o365seg.formats.masks import decode_rle

sides = st.tuples(st.integers(1, 60), st.integers(1, 60))
placements = st.builds(Placement, image=sides, input=sides)


def resize_again(grid: np.ndarray, placement: Placement) -> np.ndarray:
    """Bilinear interpolation in float64, by the hat function of each cell on each axis."""
    for axis in (0, 1):
        cells = -(-placement.input[axis] // 4)
        pixels = np.arange(placement.image[axis])
        place = (pixels + 0.5) * placement.input[axis] / 4 / len(pixels) - 0.5
        place = place.clip(0, cells - 1)[:, None]
        weights = np.maximum(0, 1 - abs(place - np.arange(cells)))
        grid = np.moveaxis(np.tensordot(weights, np.moveaxis(grid, axis, 0)[:cells], 1), 0, axis)
    return grid


def draw_grid(placement: Placement, seed: int, smooth: bool) -> np.ndarray:
    """Logits on the grid of the padded input, which is a little more than the image's part."""
    random = np.random.default_rng(seed)
    shape = tuple(8 * -(-side // 32) for side in placement.input)
    logits = random.standard_normal(shape) + random.normal()
    if smooth:
        coarse = torch.from_numpy(random.standard_normal((1, 1, 3, 3)) + random.normal() / 2)
        logits = functional.interpolate(coarse, shape, mode="bicubic")[0, 0].numpy()
    return logits.astype(np.float32)


@given(placements, st.integers(0, 2**32), st.booleans())
def test_run_lengths_are_those_of_the_resized_mask(
    placement: Placement, seed: int, smooth: bool
) -> None:
    grid = draw_grid(placement, seed, smooth)
    exact = resize_again(grid.astype(np.float64), placement)
    rle = encode_logits(grid, placement)
    found = decode_rle(rle)
    clear = abs(exact) > 1e-5
    assert np.array_equal(found[clear], exact[clear] > 0)
    packed = coco_mask.encode(np.asfortranarray(found))
    assert isinstance(rle.counts, str)
    assert rle.counts.encode() == packed["counts"]  # the shortest form, as pycocotools writes it


@given(placements, st.integers(0, 2**32))
def test_resizing_is_bilinear_with_the_images_own_scale(placement: Placement, seed: int) -> None:
    grid = draw_grid(placement, seed, smooth=False)
    got = resize_to_image(torch.from_numpy(grid)[None], placement)[0]
    assert got.shape == placement.image
    np.testing.assert_allclose(got, resize_again(grid, placement), atol=2e-4)


@pytest.mark.parametrize("value", [1.0, -1.0, 0.0])
def test_masks_of_one_value_are_everything_or_nothing(value: float) -> None:
    placement = Placement(image=(7, 9), input=(28, 36))
    found = decode_rle(encode_logits(np.full((8, 16), value, np.float32), placement))
    assert (found == (value > 0)).all()


def test_what_lies_in_the_padding_is_not_looked_at() -> None:
    placement = Placement(image=(7, 9), input=(28, 36))
    grid = np.full((8, 16), -1, np.float32)
    grid[7:] = grid[:, 9:] = 50
    assert not decode_rle(encode_logits(grid, placement)).any()
