"""Masks: the same pixels as pycocotools, and nothing unsound gets past."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco_mask

from o365seg.formats import masks
from o365seg.formats.masks import MaskError, Rle

any_mask = arrays(
    np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.integers(0, 1)
)


def to_pycocotools(rle: Rle) -> dict:
    assert isinstance(rle.counts, str)
    return {"size": list(rle.size), "counts": rle.counts.encode()}


@given(any_mask)
def test_encoding_is_pycocotools_and_decoding_brings_the_pixels_back(pixels: np.ndarray) -> None:
    rle = masks.encode_rle(pixels)
    assert to_pycocotools(rle) == coco_mask.encode(np.asfortranarray(pixels))
    assert np.array_equal(masks.decode_rle(rle), pixels)
    assert masks.rle_area(rle) == pixels.sum()


@given(any_mask)
def test_the_box_of_a_mask_is_that_of_its_pixels(pixels: np.ndarray) -> None:
    y, x = np.nonzero(pixels)
    box = masks.mask_box(masks.encode_rle(pixels))
    if not len(y):
        assert box is None
    else:
        assert box == (x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1)


@pytest.mark.parametrize(
    ("segmentation", "field", "message"),
    [
        (b'{"size": [3, 3]}', "segmentation.counts", "missing"),
        (b'[[1, 2, "x"]]', "segmentation[0][2]", "must be a number, not text"),
        (b'"abc"', "segmentation", "must be an object or a list, not text"),
        (b"[[0, null]]", "segmentation[0][1]", "must be a number, not null"),
        (b"[[1, 2, 3]]", "segmentation", "a polygon has 3 coordinates"),
    ],
)
def test_an_invalid_segmentation_names_the_place(
    segmentation: bytes, field: str, message: str
) -> None:
    with pytest.raises(MaskError, match=message) as caught:
        masks.segmentation_to_rle(msgspec.Raw(segmentation), (3, 3))
    assert caught.value.field == field


@given(any_mask)
def test_plain_counts_mean_the_same_as_compressed_ones(pixels: np.ndarray) -> None:
    rle = masks.encode_rle(pixels)
    plain = Rle(rle.size, masks.check_rle(rle).tolist())
    assert np.array_equal(masks.decode_rle(plain), pixels)
    text = msgspec.Raw(msgspec.json.encode(plain))
    assert masks.segmentation_to_rle(text, rle.size) == rle


@given(
    st.tuples(*[st.floats(-20, 60, width=32)] * 2, *[st.floats(0.5, 60, width=32)] * 2),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_a_box_covers_the_pixels_that_pycocotools_gives_it(
    bbox: tuple[float, float, float, float], size: tuple[int, int]
) -> None:
    expected = coco_mask.frPyObjects(np.array([bbox]), *size)[0]
    assert to_pycocotools(masks.box_to_rle(bbox, size)) == expected


@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=12))
def test_no_text_gets_past_that_is_not_a_mask_of_its_size(text: str) -> None:
    rle = Rle((6, 7), text)
    try:
        runs = masks.check_rle(rle)
    except MaskError:
        return
    assert runs.min() >= 0
    assert runs.sum() == 42
    packed: Any = to_pycocotools(rle)
    assert np.array_equal(masks.decode_rle(rle), coco_mask.decode(packed))


@given(st.lists(st.integers(-(2**34), 2**34), max_size=8), st.integers(0, 2**34))
def test_numbers_of_any_size_read_as_pycocotools_reads_them(steps: list[int], first: int) -> None:
    """Beyond 32 bits pycocotools reads other numbers, and so nothing beyond may get past."""
    rle = Rle((30_000, 60_000), spell([first, *steps]))
    try:
        runs = masks.check_rle(rle)
    except MaskError:
        return
    packed: Any = to_pycocotools(rle)
    assert coco_mask.area(packed) == runs[1::2].sum()


def spell(numbers: list[int]) -> str:
    """Signed numbers in the alphabet of compressed run lengths, five bits a character."""
    text = ""
    for number in numbers:
        rest = number
        while True:
            bits, rest = rest & 31, rest >> 5
            last = rest == (-1 if bits & 16 else 0)
            text += chr(48 + bits + (0 if last else 32))
            if last:
                break
    return text


def test_run_lengths_whose_sum_wraps_around_are_refused() -> None:
    with pytest.raises(MaskError):
        masks.check_rle(Rle((4, 4), [2**48] * 2**16 + [16]))  # 2^64 + 16: 16 in 64 bits
    with pytest.raises(MaskError, match="exceeds the mask"):
        masks.check_rle(Rle((4, 4), spell([2**31, 2**31])))


def test_a_number_that_pycocotools_misreads_is_refused() -> None:
    # 7 characters with a sign: 1 + (2^31 - 1) - (2^31 - 1) as we read it, and not as C does.
    text = spell([0, 1, 2**31 - 1, 0, -(2**31 - 1)])
    with pytest.raises(MaskError):
        masks.check_rle(Rle((2**15, 2**15), text))


@pytest.mark.parametrize(
    ("rle", "why"),
    [
        (Rle((4, 4), ""), "sum to 0"),
        (Rle((4, 4), "0"), "sum to 0"),
        (Rle((4, 4), "`"), "truncated"),
        (Rle((4, 4), "\x10"), "invalid character"),
        (Rle((4, 4), "é"), "invalid character"),
        (Rle((4, 4), "oooooooooooo0"), "too long"),
        (Rle((4, 4), [8, -1, 9]), "negative"),
        (Rle((4, 4), [2**40]), "out of range"),
        (Rle((4, 4), [16, 1]), "sum to 17"),
        (Rle((100_000, 100_000), [0]), "out of range"),
        (Rle((-1, -16), [16]), "out of range"),
    ],
)
def test_unsound_run_lengths_are_refused_with_the_reason(rle: Rle, why: str) -> None:
    with pytest.raises(MaskError, match=why):
        masks.check_rle(rle)


@pytest.mark.parametrize(
    ("bbox", "area"), [((1e7, 5, 9, 9), 0), ((-1e7, -1e7, 2e7, 2e7), 42), ((3, 2, 1e7, 1e7), 16)]
)
def test_a_box_may_reach_as_far_as_it_likes(
    bbox: tuple[float, float, float, float], area: int
) -> None:
    assert masks.rle_area(masks.box_to_rle(bbox, (6, 7))) == area


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(MaskError, match=r"4×3 differs from 3×4"):
        masks.check_rle(masks.encode_rle(np.ones((4, 3))), (3, 4))


@pytest.mark.parametrize(
    "text", ['"x"', "[[1,2,3]]", "[[1,2,3,4,5]]", '{"size":[2,2]}', '{"size":[3,2],"counts":[6]}']
)
def test_what_is_no_segmentation_is_refused(text: str) -> None:
    with pytest.raises(MaskError):
        masks.segmentation_to_rle(msgspec.Raw(text.encode()), (2, 2))


def test_overlapping_polygons_are_united() -> None:
    square = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0, 1.0]
    text = msgspec.Raw(msgspec.json.encode([square, square]))
    once = masks.segmentation_to_rle(msgspec.Raw(msgspec.json.encode([square])), (8, 8))
    assert masks.segmentation_to_rle(text, (8, 8)) == once
    assert masks.rle_area(once) == 16


@given(st.lists(st.integers(0, 40) | st.integers(0, 2**20), min_size=1, max_size=30).filter(sum))
def test_compressed_text_is_pycocotools(runs: list[int]) -> None:
    height = sum(runs)
    stock: Any = {"size": [height, 1], "counts": runs}
    text = masks.compress_runs(np.array(runs), (height, 1)).counts
    assert text == coco_mask.frPyObjects(stock, height, 1)["counts"].decode()


@given(st.lists(st.integers(0, 2**29), min_size=1, max_size=3))
def test_runs_that_take_more_than_pycocotools_reserves(runs: list[int]) -> None:
    text = masks.compress_runs(np.array(runs), (sum(runs), 1)).counts
    assert isinstance(text, str)
    assert masks.parse_counts(text).tolist() == runs


@given(
    st.lists(
        st.lists(st.floats(-3, 40, width=32), min_size=6, max_size=12).filter(
            lambda p: len(p) % 2 == 0
        ),
        min_size=1,
        max_size=3,
    )
)
def test_polygons_in_a_giant_image_are_drawn_as_in_a_small_one(polygons: list[list[float]]) -> None:
    small = masks.decode_rle(masks.polygons_to_rle(polygons, (50, 60)))
    giant = masks.polygons_to_rle(polygons, (20_000, 3_000))
    runs = masks.check_rle(giant, (20_000, 3_000))
    places = np.concatenate(
        [
            np.arange(end - run, end)
            for end, run in zip(np.cumsum(runs)[1::2], runs[1::2], strict=True)
        ]
        or [np.zeros(0, np.int64)]
    )
    found = np.zeros((50, 60), np.uint8)
    found[places % 20_000, places // 20_000] = 1
    assert np.array_equal(found, small)


def test_polygons_across_a_giant_image_are_refused() -> None:
    across = [[0.0, 0.0, 2_900.0, 0.0, 0.0, 19_000.0]]
    with pytest.raises(MaskError, match=r"on 20000×3000 pixels are not supported; use run lengths"):
        masks.polygons_to_rle(across, (20_000, 3_000))
    assert masks.rle_area(masks.polygons_to_rle(across, (8_000, 6_000))) > 0


@given(st.lists(st.integers(0, 3), max_size=12))
def test_canonical_runs_are_those_of_pycocotools(lengths: list[int]) -> None:
    values = np.arange(len(lengths), dtype=np.uint8) & 1
    pixels = np.repeat(values, lengths).reshape(-1, 1)
    if not pixels.size:
        return
    canonical = masks.canonical_runs(np.array(lengths, np.int64))
    size = (pixels.size, 1)
    assert masks.compress_runs(canonical, size) == masks.encode_rle(pixels)


@given(st.lists(st.integers(0, 2**24), min_size=1, max_size=6))
def test_compressed_text_is_told_from_a_longer_form(runs: list[int]) -> None:
    counts = masks.compress_runs(np.array(runs), (sum(runs), 1)).counts
    assert isinstance(counts, str)
    assert masks.is_compressed(counts, np.array(runs))
    last = (ord(counts[-1]) - 48) | 0x20  # the sign again, in one more character
    longer = counts[:-1] + chr(last + 48) + ("O" if last & 0x10 else "0")
    assert masks.parse_counts(longer).tolist() == runs
    assert not masks.is_compressed(longer, np.array(runs))
