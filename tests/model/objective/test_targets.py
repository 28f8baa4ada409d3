"""Id maps and boxes as targets, against pixel-by-pixel readings of the rules."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.objective import targets
from model.objective.targets import Segment

id_maps = arrays(
    np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 6)
)


@given(id_maps, st.data())
def test_each_mask_is_the_pixels_of_its_segments(ids: np.ndarray, data: st.DataObject) -> None:
    """Id 0 is void here, as is any id that is not listed."""
    listed = data.draw(st.lists(st.integers(1, 6), unique=True))
    draw_label, draw_crowd = st.integers(0, 3), st.booleans()
    segments = [Segment(i, data.draw(draw_label), data.draw(draw_crowd)) for i in listed]
    mergeable = np.array([True, False, True, False])
    expected = []
    for segment in segments:
        alike = {segment.id}
        if mergeable[segment.label]:
            alike = {s.id for s in segments if s.label == segment.label and not s.crowd}
        mask = np.isin(ids, list(alike))
        if not segment.crowd and mask.any():
            expected.append((segment.label, mask.tolist()))
    found = targets.segments_target(ids, segments, mergeable)
    got = [(int(a), b.tolist()) for a, b in zip(found.labels, found.masks, strict=True)]
    unique = {str(pair): pair for pair in expected}
    assert sorted(got) == sorted(unique.values())
    assert found.masks.sum(0).le(1).all()
    assert found.masks.shape[1:] == ids.shape


@given(arrays(np.int64, (5, 4), elements=st.integers(-2, 9)))
def test_a_class_map_gives_one_mask_a_class(classes: np.ndarray) -> None:
    found = targets.semantic_target(classes, class_count=4)
    assert found.labels.tolist() == [c for c in range(4) if (classes == c).any()]
    for label, mask in zip(found.labels, found.masks, strict=True):
        assert np.array_equal(mask, classes == int(label))


def test_an_id_map_is_taken_near_the_centre_of_each_cell() -> None:
    ids = np.arange(8 * 12).reshape(8, 12)
    assert targets.at_stride(ids).tolist() == [[26, 30, 34], [74, 78, 82]]


def test_a_class_map_of_bytes_with_255_as_void_has_no_mask_for_it() -> None:
    found = targets.semantic_target(np.array([[255, 1]], np.uint8), class_count=150)
    assert found.labels.tolist() == [1]


corner = st.floats(-20, 60)


@given(st.lists(st.tuples(corner, corner, corner, corner), max_size=5))
def test_a_box_covers_the_cells_it_touches_and_at_least_one(corners: list[tuple]) -> None:
    boxes = np.array([(min(a, b), min(c, d), max(a, b), max(c, d)) for a, c, b, d in corners])
    found = targets.boxes_target(np.arange(len(boxes)), boxes, (32, 40))
    assert found.rows.shape[1:] == (8,)
    assert found.columns.shape[1:] == (10,)
    assert found.rows.any(1).all()
    assert found.columns.any(1).all()
    kept = dict(
        zip(found.labels.tolist(), zip(found.rows, found.columns, strict=True), strict=True)
    )
    for number, (left, top, right, bottom) in enumerate(boxes.reshape(-1, 4)):
        outside = right <= 0 or bottom <= 0 or left >= 40 or top >= 32
        assert (number not in kept) == outside
        if not outside:
            both = (kept[number][0], top, bottom), (kept[number][1], left, right)
            for side, low, high in both:
                for cell, covered in enumerate(side.tolist()):
                    touched = 4 * cell < high and 4 * (cell + 1) > low
                    assert covered or not touched
                    if high > low and covered and not touched:
                        assert not any(4 * c < high and 4 * (c + 1) > low for c in range(len(side)))


def test_moving_a_target_keeps_what_it_holds() -> None:
    mask = targets.semantic_target(np.zeros((2, 2), int), 1).to("cpu")
    box = targets.boxes_target(np.array([3]), np.array([[0, 0, 4, 8.0]]), (32, 32)).to("cpu")
    assert mask.masks.all()
    assert box.rows.sum() == 2
    assert box.columns.sum() == 1
    assert box.labels.dtype == torch.int64
