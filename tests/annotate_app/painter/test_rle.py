"""Masks as text: the same characters as pycocotools writes, and damage is noticed."""

import base64
import zlib

import numpy as np
import pytest
from playwright.sync_api import Error
from pycocotools import mask as coco

_ENCODE = """
    const mask = Uint8Array.from(atob(arg.mask), (c) => c.charCodeAt(0));
    const packed = m.packMask(mask, arg.w, arg.h);
    const back = m.unpackMask(packed, arg.w, arg.h);
    return { packed, same: back.every((v, i) => v === mask[i]) && back.length === mask.length };
"""


def _random_mask(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    density = rng.choice([0.001, 0.02, 0.5, 0.98])
    mask = (rng.random((height, width)) < density).astype(np.uint8)
    if rng.random() < 0.5:
        y, x = rng.integers(0, height), rng.integers(0, width)
        mask[y : y + height // 2 + 1, x : x + width // 2 + 1] ^= 1
    return mask


def _cases() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    shapes = [(1, 1), (1, 9), (9, 1), (2, 2), (7, 13), (64, 64), (300, 211), (5, 1000)]
    masks = [np.full(shape, value, np.uint8) for shape in shapes for value in (0, 1)]
    one = np.zeros((6, 5), np.uint8)
    for y, x in [(0, 0), (5, 4), (0, 4), (5, 0), (2, 3)]:
        masks.append(one.copy())
        masks[-1][y, x] = 1
    masks += [_random_mask(rng, *shapes[i % len(shapes)]) for i in range(80)]
    return masks


def _check(evaluate, mask: np.ndarray) -> None:
    height, width = mask.shape
    argument = {"mask": base64.b64encode(mask.tobytes()).decode(), "w": width, "h": height}
    got = evaluate("canvas/rle.js", _ENCODE, argument)
    expected = coco.encode(np.asfortranarray(mask))["counts"]
    assert isinstance(expected, bytes)
    assert got["packed"]["size"] == [height, width]
    assert got["packed"]["counts"].encode() == expected
    assert got["packed"]["crc32"] == zlib.crc32(expected)
    assert got["same"]


def test_masks_are_written_as_pycocotools_writes_them_and_read_back(evaluate):
    for mask in _cases():
        _check(evaluate, mask)


def test_a_12_megapixel_mask_is_written_the_same_way(evaluate):
    y, x = np.mgrid[0:3000, 0:4000]
    mask = ((x - 2000) ** 2 + 2 * (y - 1400) ** 2 < 1300**2) & ((x * y) % 977 != 0)
    _check(evaluate, mask.astype(np.uint8))


@pytest.mark.parametrize("text", ["", "0", "hello", "P1", "\x7f", "4oo", "4ooooooooooo0"])
def test_text_that_is_no_mask_of_this_size_is_refused(evaluate, text):
    with pytest.raises(Error, match="mask text"):
        evaluate("canvas/rle.js", "m.decodeCounts(arg, 6, 5);", text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("packed.crc32 ^= 1", "checksum"),
        ("packed.counts = packed.counts.replace('1', '2')", "checksum"),
        ("packed.size.reverse()", "size"),
    ],
)
def test_a_damaged_draft_is_refused(evaluate, change, message):
    packed = "const packed = m.packMask(new Uint8Array(30).fill(1, 7, 12), 6, 5)"
    with pytest.raises(Error, match=message):
        evaluate("canvas/rle.js", f"{packed}; {change}; m.unpackMask(packed, 6, 5);")
