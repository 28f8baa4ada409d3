"""Large-scale jitter: image, ids and boxes stay together, whatever is drawn."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.data.augment import Augmentation, Axis, augment, draw_view
from model.data.samples import (
    BoxGroundTruth,
    ClassGroundTruth,
    GroundTruth,
    Sample,
    SegmentGroundTruth,
)
from model.network.preprocess import PADDING
from model.objective.targets import BoxTarget, MaskTarget, Segment, at_stride

AUGMENTATION = Augmentation(size=128, scale=(0.1, 2.0))
NONE = np.zeros(2, bool)


def sample_of(image: np.ndarray, truth: GroundTruth) -> Sample:
    return Sample(image, truth, 1, Path("x.png"))


def masks_of(target: MaskTarget | BoxTarget) -> MaskTarget:
    assert isinstance(target, MaskTarget)
    return target


def boxes_of(target: MaskTarget | BoxTarget) -> BoxTarget:
    assert isinstance(target, BoxTarget)
    return target


def coordinates(height: int, width: int) -> np.ndarray:
    """An image that says of each pixel where it is: red its row, green its column (as shares)."""
    rows, columns = np.mgrid[:height, :width]
    shares = [255 * (rows + 0.5) / height, 255 * (columns + 0.5) / width, np.zeros_like(rows)]
    return np.stack(shares, -1).round().astype(np.uint8)


shapes = st.tuples(st.integers(20, 300), st.integers(20, 300))


@given(shapes, st.integers(0, 10**6))
def test_a_pixel_shows_what_its_place_in_the_image_has(shape, seed):
    rows, columns = draw_view(shape, AUGMENTATION, np.random.default_rng(seed))
    truth = ClassGroundTruth(np.zeros(shape, np.int16))
    example = augment(
        sample_of(coordinates(*shape), truth), AUGMENTATION, NONE, np.random.default_rng(seed)
    )
    image = example.image.numpy().astype(float)
    for axis, plane, length in ((rows, image[0], shape[0]), (columns, image[1].T, shape[1])):
        shown = plane[: axis.shown, : (columns if axis is rows else rows).shown]
        expected = 255 * (axis.sources(np.arange(axis.shown)) + 0.5) / length
        # A pixel of the image is 255 / length grey levels; resampling may be one off either way.
        tolerance = 255 / length * max(1, axis.length / axis.resized) + 2
        assert np.abs(shown - expected[:, None]).max() <= tolerance


@given(shapes, st.integers(0, 10**6))
def test_the_mask_grid_is_the_id_map_seen_through_the_same_view(shape, seed):
    """Oracle: the whole id map, looked up pixel by pixel, then taken at stride 4."""
    random = np.random.default_rng(seed)
    ids = np.repeat(np.repeat(random.integers(0, 5, (30, 30)), 10, 0), 10, 1)[
        : shape[0], : shape[1]
    ]
    ids = ids.astype(np.int32)
    segments = tuple(Segment(number, number % 2, crowd=number == 3) for number in range(1, 5))
    example = augment(
        sample_of(np.zeros((*shape, 3), np.uint8), SegmentGroundTruth(ids, segments)),
        AUGMENTATION,
        NONE,
        np.random.default_rng(seed),
    )
    rows, columns = draw_view(shape, AUGMENTATION, np.random.default_rng(seed))
    whole = np.full((128, 128), -1)
    row, column = (axis.sources(np.arange(axis.shown)) for axis in (rows, columns))
    whole[: rows.shown, : columns.shown] = ids[row[:, None], column]
    grid = at_stride(whole)
    masks = masks_of(example.target)
    expected = [grid == segment.id for segment in segments if not segment.crowd]
    expected = [mask for mask in expected if mask.any()]
    assert len(masks.masks) == len(expected)
    assert all((a == b).all() for a, b in zip(masks.masks.numpy(), expected, strict=True))


@given(shapes, st.integers(0, 10**6))
def test_boxes_go_where_their_pixels_go(shape, seed):
    random = np.random.default_rng(seed + 1)
    low = random.uniform(0, 0.9, (4, 2)) * shape[::-1]
    high = low + random.uniform(0.05, 1, (4, 2)) * (np.array(shape[::-1]) - low)
    boxes = np.concatenate([np.floor(low), np.ceil(high)], 1)
    example = augment(
        sample_of(np.zeros((*shape, 3), np.uint8), BoxGroundTruth(np.arange(4), boxes)),
        AUGMENTATION,
        np.zeros(4, bool),
        np.random.default_rng(seed),
    )
    target = boxes_of(example.target)
    rows, columns = draw_view(shape, AUGMENTATION, np.random.default_rng(seed))
    for axis, projections, (first, last) in (
        (rows, target.rows, (1, 3)),
        (columns, target.columns, (0, 2)),
    ):
        sources = axis.sources(np.arange(axis.shown))
        for label, projection in zip(target.labels.tolist(), projections.numpy(), strict=True):
            inside = (sources >= boxes[label, first]) & (sources < boxes[label, last])
            cells = np.zeros(32, bool)
            cells[np.flatnonzero(inside) // 4] = True
            assert not (cells & ~projection).any()  # every pixel of the box is in its projection
            assert (
                projection.sum() <= cells.sum() + 2
            )  # which is no more than a cell wider each way


@given(shapes, st.integers(0, 10**6))
def test_a_box_is_dropped_just_where_none_of_it_is_shown(shape, seed):
    rows, columns = draw_view(shape, AUGMENTATION, np.random.default_rng(seed))
    boxes = np.array(
        [[x, y, x + 1, y + 1] for x in range(0, shape[1], 7) for y in range(0, shape[0], 7)], float
    )
    example = augment(
        sample_of(np.zeros((*shape, 3), np.uint8), BoxGroundTruth(np.arange(len(boxes)), boxes)),
        AUGMENTATION,
        np.zeros(len(boxes), bool),
        np.random.default_rng(seed),
    )

    def shows(axis: Axis, low: np.ndarray) -> np.ndarray:
        end = axis.start + axis.shown * axis.length / axis.resized
        return (low + 1 > axis.start) & (low < end)

    shown = np.flatnonzero(shows(columns, boxes[:, 0]) & shows(rows, boxes[:, 1]))
    ends = [axis.start + axis.shown * axis.length / axis.resized for axis in (columns, rows)]
    on_the_border = np.flatnonzero(np.isclose(boxes[:, :2], ends).any(1))  # rounding may decide
    kept = boxes_of(example.target).labels.tolist()
    assert set(kept) ^ set(shown) <= set(on_the_border)


@given(shapes, st.integers(0, 10**6))
def test_the_aspect_is_kept_and_the_scale_in_its_range(shape, seed):
    rows, columns = draw_view(shape, AUGMENTATION, np.random.default_rng(seed))
    factors = [axis.resized / axis.length for axis in (rows, columns)]
    # Sides are rounded to whole pixels, of the image in the window or of the input.
    slack = [0.5 / min(axis.length, axis.resized) + 0.5 / axis.resized for axis in (rows, columns)]
    assert abs(factors[0] / factors[1] - 1) <= 3 * sum(slack) + 1e-9
    largest = max(f * length / 128 for f, length in zip(factors, shape, strict=True))
    assert 0.1 * 0.9 <= largest <= 2.0 * 1.05
    for axis, length in ((rows, shape[0]), (columns, shape[1])):
        assert 0 <= axis.start <= axis.start + axis.length <= length
        assert axis.shown == min(axis.resized, 128)


def test_padding_is_at_the_bottom_and_the_right_in_the_mean_colour_and_of_no_mask():
    image = np.full((50, 100, 3), 7, np.uint8)
    truth = ClassGroundTruth(np.zeros((50, 100), np.int16))
    small = Augmentation(size=128, scale=(0.5, 0.5))
    example = augment(sample_of(image, truth), small, NONE, np.random.default_rng(0))
    assert (example.image[:, :32, :64] == 7).all()
    expected = torch.tensor(PADDING, dtype=torch.uint8)[:, None, None]
    assert (example.image[:, 32:] == expected).all()
    assert (example.image[:, :, 64:] == expected).all()
    masks = masks_of(example.target).masks
    assert masks[0, :8, :16].all()
    assert masks.sum() == 8 * 16


def test_half_of_the_images_are_flipped_and_all_parts_are_shown():
    random = np.random.default_rng(0)
    views = [draw_view((100, 100), AUGMENTATION, random) for _ in range(2000)]
    flips = sum(columns.flipped for _, columns in views)
    assert 900 < flips < 1100
    assert not any(rows.flipped for rows, _ in views)
    cropped = [rows for rows, _ in views if rows.length < 100]
    assert min(axis.start for axis in cropped) == 0
    assert any(axis.start + axis.length == 100 for axis in cropped)


def test_equal_seeds_give_equal_examples_and_others_give_others():
    image = coordinates(90, 120)
    sample = sample_of(image, ClassGroundTruth(np.zeros((90, 120), np.int16)))
    first, again, other = (
        augment(sample, AUGMENTATION, NONE, np.random.default_rng(seed)).image for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_segments_of_a_merged_class_become_one_mask():
    ids = np.repeat([[1, 2, 3, 3]], 4, 0).repeat(32, 0).repeat(32, 1).astype(np.int32)
    truth = SegmentGroundTruth(ids, (Segment(1, 1), Segment(2, 1), Segment(3, 0)))
    whole = Augmentation(size=128, scale=(1, 1), flip=0)
    sample = sample_of(np.zeros((128, 128, 3), np.uint8), truth)
    target = masks_of(
        augment(sample, whole, np.array([False, True]), np.random.default_rng(0)).target
    )
    assert target.labels.tolist() == [1, 0]
    assert target.masks.sum((1, 2)).tolist() == [512, 512]


def test_an_input_that_the_network_cannot_take_is_refused():
    with pytest.raises(ValueError, match="multiple of 32"):
        draw_view((10, 10), Augmentation(size=100), np.random.default_rng(0))
