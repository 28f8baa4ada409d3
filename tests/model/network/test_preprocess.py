"""Images as the network takes them, and where they lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.network.preprocess import resize_and_pad

sides = st.integers(1, 150)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


@given(sides, sides)
def test_native_size_only_pads(height: int, width: int) -> None:
    image = noise(height, width)
    pixels, placement = resize_and_pad(image, None)
    assert placement.image == placement.input == (height, width)
    assert all(side % 32 == 0 for side in pixels.shape[1:])
    assert 0 <= pixels.shape[1] - height < 32
    assert 0 <= pixels.shape[2] - width < 32
    assert np.array_equal(pixels[:, :height, :width].permute(1, 2, 0), image)
    padding = pixels.permute(1, 2, 0).numpy()[height:]
    assert (padding == (124, 116, 104)).all()


@given(sides, sides, st.sampled_from([32, 64, 96]))
def test_fixed_size_brings_the_longest_side_to_it(height: int, width: int, size: int) -> None:
    pixels, placement = resize_and_pad(noise(height, width), size)
    assert pixels.shape == (3, size, size)
    assert max(placement.input) == size
    assert min(placement.input) >= 1
    scale = size / max(height, width)
    for before, after in zip(placement.image, placement.input, strict=True):
        assert abs(after - before * scale) <= 0.5 or after == 1


def test_the_papers_size_is_the_default() -> None:
    pixels, placement = resize_and_pad(noise(30, 60))
    assert pixels.shape == (3, 1024, 1024)
    assert placement.input == (512, 1024)


def test_sizes_and_images_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        resize_and_pad(noise(3, 3), 100)
    with pytest.raises(ValueError, match="RGB image"):
        resize_and_pad(np.zeros((3, 3), np.uint8))
    with pytest.raises(ValueError, match="RGB image"):
        resize_and_pad(np.zeros((0, 3, 3), np.uint8))
