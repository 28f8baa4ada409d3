"""The synthetic trio: what it promises of its images, its truth and its text vectors."""

import numpy as np
import pytest

from model.data.samples import BoxGroundTruth, ClassGroundTruth, SegmentGroundTruth
from model.datasets.synthetic import SHAPES, Synthetic, Which, synthetic_text
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError


@pytest.mark.parametrize("which", list(Which))
def test_an_image_is_the_same_each_time_and_no_other(which: Which) -> None:
    data = Synthetic(which)
    again, other = Synthetic(which)[3].image, Synthetic(which, seed=1)[3].image
    assert (data[3].image == again).all()
    assert (data[3].image != data[4].image).any()
    assert (data[3].image != other).any()
    assert (data[3].image != Synthetic(which, "val")[3].image).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(24, 24), (50, 30), (200, 200)])
def test_no_shape_is_like_its_box(shape: str, size: tuple[int, int]) -> None:
    v, u = (2 * np.mgrid[: size[0], : size[1]] + 1).astype(float)
    filled = SHAPES[shape](u / size[1] - 1, v / size[0] - 1).mean()
    assert 0.37 <= filled <= 0.55


def test_semantic_truth_names_every_pixel() -> None:
    data = Synthetic(Which.SEMANTIC)
    for index in range(5):
        truth = data[index].ground_truth
        assert isinstance(truth, ClassGroundTruth)
        assert truth.classes.min() >= 0
        assert truth.classes.max() < len(data.vocabulary)


def test_panoptic_truth_names_every_segment() -> None:
    data = Synthetic(Which.PANOPTIC)
    for index in range(5):
        truth = data[index].ground_truth
        assert isinstance(truth, SegmentGroundTruth)
        assert {s.id for s in truth.segments} == set(np.unique(truth.ids).tolist())
        labels = [s.label for s in truth.segments if not data.vocabulary.is_thing[s.label]]
        assert len(labels) == len(set(labels))  # of stuff there is one segment a class


def test_boxes_are_those_of_the_instances() -> None:
    boxes, instances = Synthetic(Which.BOXES), Synthetic(Which.INSTANCES)
    assert boxes.vocabulary.names == instances.vocabulary.names
    for index in range(5):
        weak, full = boxes[index], instances[index]
        assert (weak.image == full.image).all()
        assert isinstance(weak.ground_truth, BoxGroundTruth)
        assert isinstance(full.ground_truth, SegmentGroundTruth)
        assert len(weak.ground_truth.boxes) == len(full.ground_truth.segments)
        for box, segment in zip(weak.ground_truth.boxes, full.ground_truth.segments, strict=True):
            left, top, right, bottom = box.astype(int)
            mask = full.ground_truth.ids == segment.id
            assert mask[top:bottom, left:right].sum() == mask.sum()
            assert mask[top].any()
            assert mask[:, left].any()
            assert mask[bottom - 1].any()
            assert mask[:, right - 1].any()


def test_synonyms_are_near_each_other_and_nothing_else_is() -> None:
    names = ("ring", "hoop", "cross", "plus", "stripes", "horizontal lines")
    vectors = synthetic_text(Vocabulary(names, (True,) * 6), 256)
    alike = vectors @ vectors.T
    np.testing.assert_allclose(np.diag(alike), 1, atol=1e-6)
    pairs = alike.reshape(3, 2, 3, 2)[np.arange(3), 0, np.arange(3), 1]
    assert pairs.min() > 0.85
    alike[np.eye(6, dtype=bool) | np.kron(np.eye(3), np.ones((2, 2))).astype(bool)] = 0
    assert alike.max() < 0.6


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(InputError, match="'giraffe' is not a class"):
        synthetic_text(Vocabulary(("ring", "giraffe"), (True, True)), 64)
