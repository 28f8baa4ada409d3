"""Pixels of every kind as RGB: in the painter, in pictures and in training the same."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from o365seg.formats import records
from o365seg.images.image_files import check_image, open_upright
from o365seg.images.rgb import to_rgb

RAMP = np.arange(48 * 64).reshape(48, 64)


def grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values)


def cmyk() -> Image.Image:
    channels = [np.roll(RAMP % 256, shift, axis=1) for shift in range(4)]
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8), "CMYK")


KINDS: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "16.png": (lambda: grey(RAMP.astype(np.uint16)), "16-bit values 0 to 3071"),
    "16.tif": (lambda: grey((RAMP + 500).astype(np.uint16)), "16-bit values 500 to 3571"),
    "32.tif": (lambda: grey((RAMP - 10).astype(np.int32)), "32-bit values -10 to 3061"),
    "float.tif": (lambda: grey((RAMP / 3071).astype(np.float32)), "floating-point values 0 to 1"),
    "cmyk.jpg": (cmyk, "CMYK converted to RGB without a colour profile"),
    "cmyk.tif": (cmyk, "CMYK converted to RGB without a colour profile"),
}


@pytest.mark.parametrize("name", KINDS)
def test_painter_pictures_and_training_show_the_same(name: str, tmp_path: Path) -> None:
    read_pixels = pytest.importorskip("model.data.image_reading").read_pixels
    make, words = KINDS[name]
    make().save(tmp_path / name)
    record = records.Image(id=1, width=64, height=48, file_name=name)
    checked, copy = check_image(tmp_path, record)
    assert words in str(checked.note)
    assert checked.media_type == "image/png"
    shown = Image.open(io.BytesIO(copy or b""))
    assert shown.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(shown), np.asarray(open_upright(tmp_path, record)))
    np.testing.assert_array_equal(np.asarray(shown), read_pixels(tmp_path / name, (48, 64)))


@pytest.mark.parametrize("name", ["16.png", "16.tif", "32.tif", "float.tif"])
def test_the_smallest_value_is_black_and_the_largest_white(name: str) -> None:
    pixels = np.asarray(to_rgb(KINDS[name][0]())[0])
    np.testing.assert_array_equal(pixels[..., 0], np.round(RAMP / 3071 * 255))
    assert (pixels == pixels[..., :1]).all()


def test_values_that_are_not_finite_and_images_of_one_value_are_black() -> None:
    values = np.array([[np.nan, 1, 3], [np.inf, -np.inf, 2]], np.float32)
    pixels, words = to_rgb(grey(values))
    assert np.asarray(pixels)[..., 0].tolist() == [[0, 0, 255], [0, 0, 128]]
    assert words is not None
    assert words.startswith("floating-point values 1 to 3 ")
    assert not np.asarray(to_rgb(grey(np.full((2, 2), 7, np.uint16)))[0]).any()
    assert not np.asarray(to_rgb(grey(np.full((2, 2), np.nan, np.float32)))[0]).any()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_other_images_stay_as_pillow_converts_them(mode: str) -> None:
    image = grey((RAMP % 256).astype(np.uint8)).convert(mode)
    pixels, words = to_rgb(image)
    assert words is None
    np.testing.assert_array_equal(np.asarray(pixels), np.asarray(image.convert("RGB")))
